//! Some of the rows of a to-many relation: narrowed, ordered and cut sets.

use super::{JoinedRows, PathNode, Scope, Sub, ToMany, Within, link};
use crate::{
    Expression, FieldType, Q,
    family::IsNumber,
    model::{Model, RowPart},
    query::{
        Append, Ex, IntoQ, OrderKeys, Prefetch, PrefetchSelection, Related, RelatedSelection, Selectable, Selection,
        StartsWith, aggregated, read_beside, read_related,
    },
    tree::{Aggregate, Aggregation, Expr, Join, JoinKind, ModelRef, Path, Select, Selected, Step},
};
use std::{marker::PhantomData, sync::Arc};

/// Some of the rows of a [`ToMany`].
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let (db, log) = db.recording();
/// let authors = Author::objects().prefetch(|a| a.books.filter(|b| b.active).limit(1)).all(&db).await?;
/// assert_eq!(authors[1].books.get()?[0].title, "Compilers");
/// log.assert_queries(2);
/// # Ok(()) }
/// ```
#[must_use = "related rows are asked for by `.any(..)`, `.count()` and the like, or loaded by `prefetch`"]
pub struct Set<S, M> {
    relation: ToMany<S, M>,
    /// The rows by their own conditions; what ties them to their owner is added where the set is used.
    select: Select,
    related: Vec<Related>,
    below: Vec<Arc<Prefetch>>,
}

/// Some of the rows of a [`ToMany`], and values beside each: what [`Set::annotate`] gives.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let dearest = Author::objects().all_with(|a| a.books.limit(1).annotate(|b| (b.price * 2, b.author.name)), &db).await?;
/// let (book, twice, author) = &dearest[0].1[0];
/// assert_eq!((*twice, author), (book.price * Decimal::from(2), &dearest[0].0.name));
/// # Ok(()) }
/// ```
#[must_use = "it is read by `all_with`"]
pub struct AnnotatedSet<S, M, O> {
    set: Set<S, M>,
    row: PhantomData<O>,
}

impl<S: Scope, M: Model, O: StartsWith<M>> AnnotatedSet<S, M, O> {
    pub(crate) fn into_prefetch(self) -> (Vec<Step>, Prefetch) {
        let (way, prefetch) = self.set.into_prefetch();
        (way, Prefetch { ops: read_beside::<M, O>(), ..prefetch })
    }
}

impl<R, S: Scope<Root = R>, M: Model + RowPart> JoinedRows<R> for Set<S, M> {
    type Row = M;

    fn joined(self) -> (Path, Step, Select) {
        (self.relation.owner().path(), self.relation.step(), self.select)
    }
}

impl<S: Scope, M: Model> Set<S, M> {
    /// The rows of the relation that count.
    pub(super) fn usual(relation: ToMany<S, M>) -> Self {
        let select = Select::usual(ModelRef::Static(M::meta()));
        Set { relation, select, related: Vec::new(), below: Vec::new() }
    }

    /// All rows of the relation.
    pub(super) fn whole(relation: ToMany<S, M>) -> Self {
        let select = Select::all(ModelRef::Static(M::meta()));
        Set { relation, select, related: Vec::new(), below: Vec::new() }
    }

    fn handles() -> M::Fields<Within<S::Root, M>> {
        M::fields_at(PathNode::root(M::meta(), 0))
    }

    /// The rows for which the condition is true as well.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let few = Author::objects().values(|a| a.books.filter(|b| b.active).filter(|b| b.price.lt(5)).count());
    /// assert_eq!(few.all(&db).await?, [1, 0, 0]);
    /// # Ok(()) }
    /// ```
    pub fn filter<C, Q2>(mut self, condition: C) -> Self
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> Q2,
        Q2: IntoQ<Sub<S::Root, M>>,
    {
        if self.select.is_sliced() {
            let why = "a set is filtered before it is cut: `.filter(..)` stands before `.limit(..)` and `.offset(..)`";
            self.select.add_filter(Expr::invalid(why));
        }
        self.select.add_filter(condition(Self::handles()).into_q().into_expr());
        self
    }

    /// The rows in this order instead of the model's own: for `prefetch`, and for [`Set::scalar`].
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let query = Author::objects().prefetch(|a| a.books.filter(|b| b.active).order_by(|b| b.title.desc()));
    /// assert_eq!(query.all(&db).await?[0].books.get()?[0].title, "Sketches");
    /// # Ok(()) }
    /// ```
    pub fn order_by<C, K>(mut self, keys: C) -> Self
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> K,
        K: OrderKeys<Sub<S::Root, M>>,
    {
        if self.select.is_sliced() {
            let why =
                "a set is put in order before it is cut: `.order_by(..)` stands before `.limit(..)` and `.offset(..)`";
            self.select.add_filter(Expr::invalid(why));
        }
        self.select.order.clear();
        self.select.default_order = false;
        keys(Self::handles()).add_to(&mut self.select.order);
        self
    }

    /// The first `count` rows at most, for each row that the set belongs to: for `prefetch`.
    ///
    /// SQL: `ROW_NUMBER() OVER (PARTITION BY author_id ORDER BY ..) <= 3`, in a derived table.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let query = Author::objects().prefetch(|a| a.books.order_by(|b| b.price.asc()).limit(1));
    /// assert_eq!(query.all(&db).await?[0].books.get()?[0].title, "Sketches");
    /// # Ok(()) }
    /// ```
    pub fn limit(mut self, count: u64) -> Self {
        self.select.limit = Some(self.select.limit.map_or(count, |limit| limit.min(count)));
        self
    }

    /// Without the first `count` rows, for each row that the set belongs to: for `prefetch`, and for [`Set::scalar`]. After `offset`,
    /// `limit` counts the rows that are left: `.offset(3).limit(3)` is the fourth to the sixth.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let authors = Author::objects().prefetch(|a| a.books.order_by(|b| b.price.desc()).offset(1).limit(1)).all(&db).await?;
    /// let second: Vec<&str> = authors.iter().flat_map(|a| a.books.get().unwrap()).map(|b| b.title.as_str()).collect();
    /// assert_eq!(second, ["Sketches", "COBOL"]);
    /// # Ok(()) }
    /// ```
    pub fn offset(mut self, count: u64) -> Self {
        self.select.offset = Some(self.select.offset.unwrap_or(0).saturating_add(count));
        self.select.limit = self.select.limit.map(|limit| limit.saturating_sub(count));
        self
    }

    /// The rows with rows that they are related to, by one more query per relation: for `prefetch`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let query = Author::objects().prefetch(|a| a.books.order_by(|b| b.id.asc()).prefetch(|b| b.tags));
    /// assert_eq!(query.all(&db).await?[1].books.get()?[1].tags.get()?.len(), 2);
    /// # Ok(()) }
    /// ```
    pub fn prefetch<C, L>(mut self, relations: C) -> Self
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> L,
        L: PrefetchSelection,
    {
        relations(Self::handles()).add_to(&mut self.below);
        self
    }

    /// The rows with rows that they point to, loaded in the same query: for `prefetch`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let query = Author::objects().prefetch(|a| a.books.filter(|b| b.id.eq(4)).select_related(|b| b.editor));
    /// let ada = query.first(&db).await?.unwrap();
    /// assert_eq!(ada.books.get()?[0].editor.as_ref().unwrap().get()?.name, "Grace Hopper");
    /// # Ok(()) }
    /// ```
    pub fn select_related<C, L>(mut self, relations: C) -> Self
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> L,
        L: RelatedSelection,
    {
        relations(Self::handles()).add_to(&mut self.related);
        self.select.related.clear();
        self.related.iter().for_each(|related| related.paths(&mut self.select.related));
        self
    }

    /// The rows with these values beside each: for [`all_with`](crate::QuerySet::all_with), which gives them as pairs. The rows are
    /// narrowed and ordered before.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let authors: Vec<(Author, Vec<(Book, i64)>)> = Author::objects()
    ///     .order_by(|a| a.id.asc())
    ///     .all_with(|a| a.books.order_by(|b| b.id.asc()).annotate(|b| b.tags.count()), &db)
    ///     .await?;
    /// let tags: Vec<i64> = authors[0].1.iter().map(|(_, tags)| *tags).collect();
    /// assert_eq!(tags, [2, 0]);
    /// # Ok(()) }
    /// ```
    pub fn annotate<C, V>(mut self, values: C) -> AnnotatedSet<S, M, <M as Append<V::Parts>>::Row>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> V,
        V: Selection<Sub<S::Root, M>>,
        M: Append<V::Parts>,
    {
        self.select.selection.extend(values(Self::handles()).into_list().into_iter().map(Selected::Expr));
        AnnotatedSet { set: self, row: PhantomData }
    }

    pub(crate) fn into_prefetch(self) -> (Vec<Step>, Prefetch) {
        let Set { relation, select, related, below } = self;
        let prefetch =
            Prefetch { step: relation.step(), ops: read_related::<M>(), select, related, below, asked: true };
        (relation.owner().path().steps.to_vec(), prefetch)
    }

    /// The set as a query inside the one that its owner stands in.
    fn tied(mut self) -> Select {
        let owner = self.relation.owner().path();
        let link = link(&owner, &self.relation.step(), &self.select.model, 0, 1, 1);
        let tie = match link.through {
            Some((model, tie)) => {
                self.select.joins.push(Join::of(model, JoinKind::Inner, link.on));
                tie
            }
            None => link.on,
        };
        self.select.filter = Some(match self.select.filter.take() {
            Some(filter) => tie.and(filter),
            None => tie,
        });
        self.select.related.clear();
        self.select
    }

    /// Whether there is a row.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let planning = Author::objects().filter(|a| a.books.filter(|b| b.published.is_null()).exists());
    /// assert_eq!(planning.get(&db).await?.name, "Ada Lovelace");
    /// # Ok(()) }
    /// ```
    pub fn exists(self) -> Q<S::Root> {
        let step = self.relation.step();
        if let (true, false, Some(labelled)) = (step.has_key(), self.select.is_sliced(), step.labelled()) {
            // The keys of the rows are found once, whatever their number, where comparing them row by row would convert each.
            let owner = self.relation.owner().path();
            return Q::from_expr(labelled.among(&owner, &step, self.select));
        }
        let mut select = self.tied();
        select.selection.clear();
        (select.order, select.default_order) = (Vec::new(), false);
        Q::from_expr(Expr::Exists(Box::new(select)))
    }

    /// One value of the first row, in the order that was asked for; `None` when there is no row.
    ///
    /// SQL: `(SELECT title FROM .. ORDER BY .. LIMIT 1)`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let latest = Author::objects().annotate(|a| a.books.order_by(|b| b.published.desc().nulls_last()).scalar(|b| b.title));
    /// let titles: Vec<Option<String>> = latest.all(&db).await?.into_iter().map(|(_, title)| title).collect();
    /// assert_eq!(titles, [Some("Notes".to_owned()), Some("COBOL".to_owned()), None]);
    /// # Ok(()) }
    /// ```
    pub fn scalar<C, E>(self, value: C) -> Ex<S::Root, <E::Value as FieldType>::Nullable>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> E,
        E: Expression<Root = Sub<S::Root, M>>,
    {
        let value = value(Self::handles()).into_expr();
        let mut select = self.tied();
        select.selection = vec![Selected::Expr(value)];
        select.limit = Some(select.limit.map_or(1, |limit| limit.min(1)));
        Ex::new(Expr::Scalar(Box::new(select)))
    }

    /// How many rows there are.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let shelved = Author::objects().filter(|a| a.books.filter(|b| b.active).count().gte(2));
    /// assert_eq!(shelved.get(&db).await?.name, "Ada Lovelace");
    /// # Ok(()) }
    /// ```
    pub fn count(self) -> Ex<S::Root, i64> {
        self.value(Expr::row_count())
    }

    /// The sum; `None` when there is no row.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let prices = Author::objects().values(|a| a.books.filter(|b| b.active).sum(|b| b.price * 2));
    /// assert_eq!(prices.all(&db).await?[1], Some(Decimal::from(80)));
    /// # Ok(()) }
    /// ```
    pub fn sum<C, E>(self, value: C) -> Ex<S::Root, Option<<<E::Value as FieldType>::Family as IsNumber>::Sum>>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> E,
        E: Expression,
        <E::Value as FieldType>::Family: IsNumber,
    {
        self.over(Aggregate::Sum, value)
    }

    /// The mean; `None` when there is no row.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let views = Author::objects().values(|a| a.books.filter(|b| b.active).avg(|b| b.views));
    /// assert_eq!(views.all(&db).await?[1], Some(30.0));
    /// # Ok(()) }
    /// ```
    pub fn avg<C, E>(self, value: C) -> Ex<S::Root, Option<<<E::Value as FieldType>::Family as IsNumber>::Avg>>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> E,
        E: Expression,
        <E::Value as FieldType>::Family: IsNumber,
    {
        self.over(Aggregate::Avg, value)
    }

    /// The smallest value; `None` when there is no row.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let views = Author::objects().values(|a| a.books.filter(|b| b.active).min(|b| b.views));
    /// assert_eq!(views.all(&db).await?[1], Some(30));
    /// # Ok(()) }
    /// ```
    pub fn min<C, E>(self, value: C) -> Ex<S::Root, <E::Value as FieldType>::Nullable>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> E,
        E: Expression,
    {
        self.over(Aggregate::Min, value)
    }

    /// The largest value; `None` when there is no row.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let views = Author::objects().values(|a| a.books.filter(|b| !b.active).max(|b| b.views));
    /// assert_eq!(views.all(&db).await?[1], Some(0));
    /// # Ok(()) }
    /// ```
    pub fn max<C, E>(self, value: C) -> Ex<S::Root, <E::Value as FieldType>::Nullable>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> E,
        E: Expression,
    {
        self.over(Aggregate::Max, value)
    }

    /// Any aggregate over the rows, and what is computed of aggregates:
    /// `a.books.aggregate(|b| b.title.join(", ").order_by(b.title.asc()).or("none"))`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let kinds = Author::objects().values(|a| a.books.filter(|b| b.active).aggregate(|b| b.views.count().distinct()));
    /// assert_eq!(kinds.all(&db).await?, [2, 1, 0]);
    /// # Ok(()) }
    /// ```
    pub fn aggregate<C, A>(self, aggregate: C) -> Ex<S::Root, A::Part>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> A,
        A: Selectable<Sub<S::Root, M>>,
    {
        self.value(aggregated(aggregate(Self::handles()).into_selected()))
    }

    fn over<C, E, T>(self, function: Aggregate, value: C) -> Ex<S::Root, T>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> E,
        E: Expression,
    {
        let on = value(Self::handles()).into_expr();
        self.value(Expr::Aggregate(Box::new(Aggregation::of(function, [on]))))
    }

    fn value<T>(self, expr: Expr) -> Ex<S::Root, T> {
        if self.select.is_sliced() {
            return Ex::new(Expr::invalid(
                "a set with a limit or an offset is for `prefetch`: it cannot be counted or summed",
            ));
        }
        let mut select = self.tied();
        (select.order, select.default_order) = (Vec::new(), false);
        select.selection = vec![Selected::Expr(expr)];
        Ex::new(Expr::Scalar(Box::new(select)))
    }
}
