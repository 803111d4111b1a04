//! Querysets: which rows of a model, in which form and order. Building one runs nothing.

use super::{
    IntoQ, Prefetch, Related, RelatedSelection,
    selection::{Append, OrderKeys, Row, Selection},
};
use crate::{
    Dialect, Model, Result, compile,
    field::{JoinedRows, PathNode, link},
    model::RowPart,
    tree::{Expr, Join, JoinKind, ModelRef, Order, Path, Select, Selected},
};
use std::{marker::PhantomData, sync::Arc};

/// A query over the model `M` whose rows are of type `O`, at first `M` itself.
///
/// Every method gives a new queryset; nothing runs before a terminal such as [`all`](QuerySet::all) is awaited. `R` tells
/// queries inside others apart from those that stand alone.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let shelf = Book::objects().filter(|b| b.active); // runs nothing
/// let cheap = shelf.clone().filter(|b| b.price.lt(20)).order_by(|b| b.title.asc());
/// assert_eq!(shelf.count(&db).await?, 3);
/// assert_eq!(cheap.values(|b| b.title).all(&db).await?, ["Notes", "Sketches"]);
/// # Ok(()) }
/// ```
#[must_use = "a query does nothing before `.all(&db).await`, or another method that runs it"]
pub struct QuerySet<M, O = M, R = M> {
    /// Boxed, since a queryset moves with every method.
    select: Box<Select>,
    related: Vec<Related>,
    prefetches: Vec<Arc<Prefetch>>,
    skips: Skips,
    #[allow(clippy::type_complexity, reason = "three markers")]
    _type: PhantomData<fn() -> (M, O, R)>,
}

/// What the writes of a query go without.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Skips {
    pub(crate) validation: bool,
    pub(crate) hooks: bool,
    /// Deletions of children.
    pub(crate) parents: bool,
}

impl<M, O, R> Clone for QuerySet<M, O, R> {
    fn clone(&self) -> Self {
        let (select, related, prefetches) = (self.select.clone(), self.related.clone(), self.prefetches.clone());
        QuerySet { select, related, prefetches, skips: self.skips, _type: PhantomData }
    }
}

impl<M: Model> QuerySet<M> {
    /// The rows that count.
    pub(crate) fn usual_rows() -> Self {
        QuerySet::from_select(Select::usual(ModelRef::Static(M::meta())))
    }

    pub(crate) fn all_rows() -> Self {
        QuerySet::from_select(Select::all(ModelRef::Static(M::meta())))
    }
}

impl<M: Model, O, R> QuerySet<M, O, R> {
    pub(crate) fn from_select(select: Select) -> Self {
        QuerySet::with_related(select, Vec::new(), Vec::new())
    }

    pub(super) fn with_related(select: Select, related: Vec<Related>, prefetches: Vec<Arc<Prefetch>>) -> Self {
        QuerySet { select: Box::new(select), related, prefetches, skips: Skips::default(), _type: PhantomData }
    }

    pub(super) fn retype<P>(self) -> QuerySet<M, P, R> {
        self.moved()
    }

    /// The same query under other markers.
    pub(super) fn moved<P, S>(self) -> QuerySet<M, P, S> {
        let QuerySet { select, related, prefetches, skips, .. } = self;
        QuerySet { select, related, prefetches, skips, _type: PhantomData }
    }

    /// The query as data.
    ///
    /// ```
    /// # use library::*;
    /// let select = Book::objects().limit(3).into_select();
    /// assert_eq!(select.limit, Some(3));
    /// ```
    pub fn into_select(self) -> Select {
        *self.select
    }

    /// Writes by this query go without what the rules of fields and the model's `validate` say of new values.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let changed = Book::objects().filter(|b| b.views.gt(5)).skip_validation().update(|b| b.views.set(0), &db).await?;
    /// assert_eq!(changed, 2);
    /// # Ok(()) }
    /// ```
    pub fn skip_validation(self) -> Self {
        QuerySet { skips: Skips { validation: true, ..self.skips }, ..self }
    }

    /// Writes and deletions by this query go without what the model does around them: see [`Hooks`](crate::Hooks).
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| !b.active).skip_hooks().delete(&db).await?.per_model["library.Book"], 1);
    /// # Ok(()) }
    /// ```
    pub fn skip_hooks(self) -> Self {
        QuerySet { skips: Skips { hooks: true, ..self.skips }, ..self }
    }

    /// Deletions by this query leave the rows of the parent: see [`Child`](crate::Child).
    ///
    /// ```
    /// # use orm::prelude::*;
    /// # mod places {
    /// #     use orm::prelude::*;
    /// #     orm::app! { pub places { Place, Bar } }
    /// #     #[derive(Model)]
    /// #     pub struct Place { pub id: i64, pub name: String }
    /// #     #[derive(Model)]
    /// #     pub struct Bar {
    /// #         #[field(primary_key, parent)]
    /// #         pub place: OneToOne<Place>,
    /// #     }
    /// # }
    /// # use places::{Bar, Place};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[places::places()]).await?;
    /// Bar::draft().place(Place::draft().name("Joe's")).create(&db).await?;
    /// assert_eq!(Bar::objects().keep_parents().delete(&db).await?.total, 1);
    /// assert_eq!(Place::objects().count(&db).await?, 1);
    /// # Ok(()) }
    /// ```
    pub fn keep_parents(self) -> Self
    where
        M: crate::Child,
    {
        QuerySet { skips: Skips { parents: true, ..self.skips }, ..self }
    }

    /// What its writes go without.
    pub(crate) fn skips(&self) -> Skips {
        self.skips
    }

    pub(crate) fn select_mut(&mut self) -> &mut Select {
        &mut self.select
    }

    pub(crate) fn select(&self) -> &Select {
        &self.select
    }

    pub(super) fn prefetches_mut(&mut self) -> &mut Vec<Arc<Prefetch>> {
        &mut self.prefetches
    }

    pub(super) fn prefetches(&self) -> &[Arc<Prefetch>] {
        &self.prefetches
    }

    pub(crate) fn related(&self) -> &[Related] {
        &self.related
    }

    /// The first `count` rows at most. SQL: `LIMIT`.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().order_by(|b| b.id.asc()).limit(10).limit(2); // the smaller counts
    /// assert!(query.to_sql(Dialect::Postgres)?.ends_with(r#"ORDER BY "id" LIMIT $1"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn limit(mut self, count: u64) -> Self {
        self.select.limit = Some(self.select.limit.map_or(count, |limit| limit.min(count)));
        self
    }

    /// Without the first `count` rows. SQL: `OFFSET`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let later = Book::objects().order_by(|b| b.id.asc()).offset(3);
    /// assert_eq!(later.values(|b| b.title).all(&db).await?, ["Sketches"]);
    /// # Ok(()) }
    /// ```
    pub fn offset(mut self, count: u64) -> Self {
        self.select.offset = Some(self.select.offset.unwrap_or(0).saturating_add(count));
        self.select.limit = self.select.limit.map(|limit| limit.saturating_sub(count));
        self
    }

    /// Every different row once. SQL: `SELECT DISTINCT`.
    ///
    /// It can be ordered by what is selected only: where rows that were equal differ in something else, they have no place.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let authors = Book::objects().values(|b| b.author.name).distinct().order_by(|name| name.asc());
    /// assert_eq!(authors.all(&db).await?, ["Ada Lovelace", "Grace Hopper"]);
    /// # Ok(()) }
    /// ```
    pub fn distinct(mut self) -> Self {
        self.select.settle_slice();
        self.select.distinct = true;
        self
    }

    /// No row at all; no statement is run.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let (db, log) = db.recording();
    /// assert!(Book::objects().none().all(&db).await?.is_empty());
    /// log.assert_queries(0);
    /// # Ok(()) }
    /// ```
    pub fn none(mut self) -> Self {
        self.select.empty = true;
        self
    }

    /// Locks the rows until the transaction ends. SQL: `FOR UPDATE`; on SQLite, where a transaction that writes has the whole
    /// database to itself, nothing.
    ///
    /// # Errors
    /// [`Code::BadQuery`](crate::Code::BadQuery) where it runs outside of a transaction, which would lock nothing.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().filter(|b| b.id.eq(1)).for_update();
    /// assert!(query.to_sql(Dialect::Postgres)?.ends_with("FOR UPDATE"));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn for_update(mut self) -> Self {
        (self.select.for_update, self.select.lets_refer) = (true, false);
        self
    }

    /// The rows in no particular order, not even the model's own.
    ///
    /// ```
    /// # use library::*;
    /// assert!(Author::objects().to_sql(Dialect::Sqlite)?.ends_with(r#"ORDER BY "name""#)); // the model says so
    /// assert!(!Author::objects().unordered().to_sql(Dialect::Sqlite)?.contains("ORDER BY"));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn unordered(mut self) -> Self {
        self.select.settle_slice();
        self.select.order.clear();
        self.select.default_order = false;
        self
    }

    /// The rows in the opposite order; an unordered query is turned by its key, and a slice keeps its rows.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let names = Author::objects().reverse().values(|a| a.name).all(&db).await?;
    /// assert_eq!(names, ["Nobody", "Grace Hopper", "Ada Lovelace"]);
    /// # Ok(()) }
    /// ```
    pub fn reverse(mut self) -> Self {
        self.select.settle_slice();
        self.select.order = compile::effective_order(&self.select, true).into_owned();
        for order in &mut self.select.order {
            order.descending = !order.descending;
            order.nulls_first = order.nulls_first.map(|first| !first);
        }
        self
    }

    /// The SQL of the query in a dialect, with placeholders; no connection is needed.
    ///
    /// # Errors
    /// [`Code::Unsupported`](crate::Code::Unsupported) when the database cannot do it, [`Code::BadQuery`](crate::Code::BadQuery)
    /// when the query means nothing.
    ///
    /// ```
    /// # use library::*;
    /// let sql = Tag::objects().filter(|t| t.slug.eq("code")).values(|t| t.name).unordered().to_sql(Dialect::Postgres)?;
    /// assert_eq!(sql, r#"SELECT "name" FROM "library_tag" WHERE "slug" = $1"#);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn to_sql(&self, dialect: Dialect) -> Result<String> {
        Ok(compile::select(&self.select, dialect)?.sql(dialect))
    }
}

impl<M: Model, O: Row, R: 'static> QuerySet<M, O, R> {
    pub(super) fn handles(&self) -> O::Handles<R> {
        O::handles(&self.select)
    }

    /// The rows for which the condition is true. SQL: `WHERE`; after `group_by(..).annotate(..)`, HAVING.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let books = Book::objects().filter(|b| b.active & b.author.country.code.eq("UK")).filter(|b| b.price.gt(5));
    /// assert_eq!(books.get(&db).await?.title, "Notes");
    /// # Ok(()) }
    /// ```
    pub fn filter<C, Q>(mut self, condition: C) -> Self
    where
        C: FnOnce(O::Handles<R>) -> Q,
        Q: IntoQ<R>,
    {
        let condition = condition(self.handles()).into_q().into_expr();
        self.select.narrow(condition);
        self
    }

    /// The rows for which the condition is not true: exactly those that `filter` leaves out.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let not_old = Book::objects().exclude(|b| b.published.year().lt(1900));
    /// assert_eq!(not_old.count(&db).await?, 3); // also the one without a date
    /// # Ok(()) }
    /// ```
    pub fn exclude<C, Q>(self, condition: C) -> Self
    where
        C: FnOnce(O::Handles<R>) -> Q,
        Q: IntoQ<R>,
    {
        self.filter(|handles| !condition(handles).into_q())
    }

    /// The rows in this order instead of any other.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let books = Book::objects().order_by(|b| (b.author.name.desc(), b.price.asc()));
    /// assert_eq!(books.values(|b| b.title).all(&db).await?, ["COBOL", "Compilers", "Sketches", "Notes"]);
    /// # Ok(()) }
    /// ```
    pub fn order_by<C, K>(mut self, keys: C) -> Self
    where
        C: FnOnce(O::Handles<R>) -> K,
        K: OrderKeys<R>,
    {
        let mut order: Vec<Order> = Vec::new();
        keys(self.handles()).add_to(&mut order);
        if self.select.is_sliced() {
            let why = "`order_by` after `limit` or `offset` would change which rows are left: order first";
            self.select.add_filter(Expr::invalid(why));
        }
        self.select.settle_order(&order);
        self.select.order = order;
        self.select.default_order = false;
        self
    }

    /// Only these values of each row, as a tuple, or as the value itself when there is one.
    ///
    /// SQL: `SELECT title, author.name FROM ..`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let pairs: Vec<(String, Option<String>)> =
    ///     Book::objects().order_by(|b| b.id.asc()).values(|b| (b.title, b.editor.name)).all(&db).await?;
    /// assert_eq!(pairs[1], ("Compilers".to_owned(), Some("Ada Lovelace".to_owned())));
    /// # Ok(()) }
    /// ```
    pub fn values<C, V>(self, values: C) -> QuerySet<M, V::Row, R>
    where
        C: FnOnce(O::Handles<R>) -> V,
        V: Selection<R>,
    {
        let list = values(self.handles()).into_list();
        self.selecting(list)
    }

    /// These values of each row, read as rows of another type.
    pub(super) fn selecting<P>(mut self, list: Vec<Expr>) -> QuerySet<M, P, R> {
        self.select.settle_for(&list);
        // Different rows that were cut off stay those rows, and so do those in the order of a value that is left out.
        if self.select.distinct && (self.select.is_sliced() || self.select.is_ordered_beside(&list)) {
            self.select.derive();
        }
        self.select.reselect(list);
        self.related.clear();
        self.prefetches.clear();
        self.retype()
    }

    /// The row and these values beside it.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let authors = Author::objects()
    ///     .annotate(|a| (a.books.count(), a.books.sum(|b| b.views)))
    ///     .filter(|(_, n, _)| n.gt(0))
    ///     .order_by(|(a, _, views)| (views.desc(), a.name.asc()));
    /// let (author, books, views) = authors.first(&db).await?.unwrap();
    /// assert_eq!((author.name.as_str(), books, views), ("Grace Hopper", 2, Some(30)));
    /// # Ok(()) }
    /// ```
    pub fn annotate<C, V>(mut self, values: C) -> QuerySet<M, <O as Append<V::Parts>>::Row, R>
    where
        C: FnOnce(O::Handles<R>) -> V,
        V: Selection<R>,
        O: Append<V::Parts>,
    {
        let list = values(self.handles()).into_list();
        self.select.settle_for(&list);
        for expr in list {
            let expr = expr.with_selected(&self.select.selection);
            self.select.selection.push(Selected::Expr(expr));
        }
        self.retype()
    }
}

impl<M: Model + RowPart, O: Row, R: 'static> QuerySet<M, O, R> {
    /// Loads related rows in the same query, as deep as the paths go: `.select_related(|b| (b.author.country, b.editor))`.
    ///
    /// SQL: a JOIN per relation.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let book = Book::objects().filter(|b| b.id.eq(2)).select_related(|b| (b.author.country, b.editor)).get(&db).await?;
    /// assert_eq!(book.author.get()?.country.get()?.code, "US");
    /// assert_eq!(book.editor.as_ref().unwrap().get()?.name, "Ada Lovelace");
    /// # Ok(()) }
    /// ```
    pub fn select_related<C, L>(mut self, relations: C) -> Self
    where
        C: FnOnce(M::Fields<crate::field::At<R>>) -> L,
        L: RelatedSelection,
    {
        let relations = relations(M::fields_at(PathNode::root(M::meta(), 0)));
        relations.add_to(&mut self.related);
        self.select.related.clear();
        for related in &self.related {
            related.paths(&mut self.select.related);
        }
        self
    }

    /// Pairs of each row with each of its related rows, or with each of some of them. The one form that multiplies rows.
    ///
    /// To go on from windows, slices, different rows or unions of pairs, take `.values(|(a, b)| ..)` of them first.
    ///
    /// SQL: `JOIN`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let pairs = Author::objects().join(|a| a.books).order_by(|(_, b)| b.id.asc()).all(&db).await?;
    /// assert_eq!(pairs.len(), 4);
    /// assert_eq!((pairs[3].0.name.as_str(), pairs[3].1.title.as_str()), ("Ada Lovelace", "Sketches"));
    /// # Ok(()) }
    /// ```
    pub fn join<C, J>(self, relation: C) -> QuerySet<M, <O as Append<(J::Row,)>>::Row, R>
    where
        C: FnOnce(O::Handles<R>) -> J,
        J: JoinedRows<R>,
        O: Append<(J::Row,)>,
    {
        self.join_as(relation, JoinKind::Inner).retype()
    }

    /// Pairs as [`join`](QuerySet::join) makes them, and rows without related rows once, with `None`. SQL: `LEFT JOIN`.
    ///
    /// A part of the related rows, `a.books.filter(..)`, leaves no row out: the condition is one of the join. The first of each in an order
    /// is one: `a.books.order_by(|b| b.price.desc()).limit(1)`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let pairs: Vec<(Author, Option<Book>)> = Author::objects().left_join(|a| a.books).all(&db).await?;
    /// assert_eq!(pairs.iter().filter(|(_, book)| book.is_none()).count(), 1);
    /// let cheap = Author::objects().left_join(|a| a.books.filter(|b| b.price.lt(5))).order_by(|(a, _)| a.id.asc());
    /// let titles: Vec<Option<String>> = cheap.all(&db).await?.into_iter().map(|(_, book)| Some(book?.title)).collect();
    /// assert_eq!(titles, [Some("Sketches".to_owned()), None, None]);
    /// # Ok(()) }
    /// ```
    pub fn left_join<C, J>(self, relation: C) -> QuerySet<M, <O as Append<(Option<J::Row>,)>>::Row, R>
    where
        C: FnOnce(O::Handles<R>) -> J,
        J: JoinedRows<R>,
        O: Append<(Option<J::Row>,)>,
    {
        self.join_as(relation, JoinKind::Left).retype()
    }

    fn join_as<C, J>(mut self, relation: C, kind: JoinKind) -> Self
    where
        C: FnOnce(O::Handles<R>) -> J,
        J: JoinedRows<R>,
    {
        self.select.settle();
        let (owner, step, rows) = relation(self.handles()).joined();
        let model = rows.model.clone();
        // A many-to-many takes two sources: the model between comes first.
        let next = self.select.joins.len() as u16 + 1;
        let source = if step.between().is_some() { next + 1 } else { next };
        let mut link = link(&owner, &step, &model, source, next, 0);
        link.narrow(&owner, &step, rows, source, next);
        if let Some((model, on)) = link.through {
            self.select.joins.push(Join::of(model, kind, on));
        }
        self.select.joins.push(Join::of(model.clone(), kind, link.on));
        self.select.selection.push(Selected::Model { path: Path::source(source), model });
        self
    }
}

/// One page of the rows of a query.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let page = Book::objects().order_by(|b| b.id.asc()).page(2, 3, &db).await?;
/// assert_eq!((page.rows.len(), page.total, page.pages()), (1, 4, 2));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Page<O> {
    /// The rows of the page.
    pub rows: Vec<O>,
    /// The number of the page, from 1.
    pub number: u64,
    /// How many rows a page has.
    pub size: u64,
    /// How many rows there are in all.
    pub total: u64,
}

impl<O> Page<O> {
    /// How many pages there are; an empty query has one.
    ///
    /// ```
    /// let page = orm::Page { rows: vec!['a'], number: 3, size: 10, total: 21 };
    /// assert_eq!((page.pages(), page.has_next(), page.has_previous()), (3, false, true));
    /// ```
    pub fn pages(&self) -> u64 {
        self.total.div_ceil(self.size.max(1)).max(1)
    }

    /// Whether a page follows.
    ///
    /// ```
    /// let page = orm::Page { rows: vec!['a', 'b'], number: 1, size: 2, total: 3 };
    /// assert!(page.has_next());
    /// ```
    pub fn has_next(&self) -> bool {
        self.number < self.pages()
    }

    /// Whether a page goes before.
    ///
    /// ```
    /// let page = orm::Page { rows: vec!['a', 'b'], number: 1, size: 2, total: 3 };
    /// assert!(!page.has_previous());
    /// ```
    pub fn has_previous(&self) -> bool {
        self.number > 1
    }
}
