//! Handles of relations that lead to any number of rows: sets, never joins.

use super::{AnnotatedSet, At, PathNode, Scope, Set, Sub};
use crate::{
    Expression, FieldType, Q,
    family::IsNumber,
    model::{Model, ModelMeta, RowPart},
    query::{Append, Ex, IntoQ, OrderKeys, PrefetchSelection, RelatedSelection, Selectable, Selection},
    tree::{BinaryOp, Expr, ModelRef, Path, Select, Selected, Step},
};
use std::marker::PhantomData;

/// The rows of `M` that belong to a row: what `a.books` is in a closure.
///
/// A set: what is asked of it is a subquery of its own, so that nothing is ever multiplied.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let query = Author::objects()
///     .filter(|a| a.books.any(|b| b.active))
///     .annotate(|a| (a.books.count(), a.books.filter(|b| b.active).max(|b| b.price)))
///     .order_by(|(_, _, dearest)| dearest.desc());
/// let (author, books, dearest) = query.first(&db).await?.unwrap();
/// assert_eq!((author.name.as_str(), books, dearest), ("Grace Hopper", 2, Some(Decimal::from(40))));
/// # Ok(()) }
/// ```
pub struct ToMany<S, M> {
    at: &'static PathNode,
    field: u16,
    /// The model whose field it is, where that leads to this one.
    reverse: Option<&'static ModelMeta>,
    _type: PhantomData<fn() -> (S, M)>,
}

impl<S, M> Clone for ToMany<S, M> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S, M> Copy for ToMany<S, M> {}

/// The scope of the rows of a set that belongs to a row of the query `R`.
pub type Within<R, M> = At<Sub<R, M>>;

impl<S: Scope, M: Model> ToMany<S, M> {
    pub(crate) fn new(at: &'static PathNode, field: u16) -> Self {
        ToMany { at, field, reverse: None, _type: PhantomData }
    }

    /// The rows whose field `key` of `model`, a foreign key or a many-to-many, leads to the model at the path's end.
    pub(super) fn reversed(at: &'static PathNode, model: &'static ModelMeta, key: u16) -> Self {
        ToMany { at, field: key, reverse: Some(model), _type: PhantomData }
    }

    pub(crate) fn step(self) -> Step {
        let (reverse, model, end) = match self.reverse {
            Some(model) => (true, model, self.at.model()),
            None => (false, self.at.model(), M::meta()),
        };
        // A generic foreign key leads to whatever model is asked for.
        let end = model.fields[usize::from(self.field)].generic.map(|_| ModelRef::Static(end));
        Step { reverse, end, ..Step::new(ModelRef::Static(model), self.field) }
    }

    pub(crate) fn owner(self) -> &'static PathNode {
        self.at
    }

    pub(super) fn field_index(self) -> u16 {
        self.field
    }

    /// The rows of the set for which the condition is true.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let shelved = Author::objects().values(|a| (a.name, a.books.filter(|b| b.active).count()));
    /// assert_eq!(shelved.all(&db).await?[1], ("Grace Hopper".to_owned(), 1));
    /// # Ok(()) }
    /// ```
    pub fn filter<C, Q2>(self, condition: C) -> Set<S, M>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> Q2,
        Q2: IntoQ<Sub<S::Root, M>>,
    {
        self.set().filter(condition)
    }

    /// The whole set.
    ///
    /// ```
    /// # use library::*;
    /// let whole = Author::objects().prefetch(|a| a.books.set()); // the same as `a.books`
    /// ```
    pub fn set(self) -> Set<S, M> {
        Set::usual(self)
    }

    /// All rows of the relation, those too that the `filter` of their model leaves out.
    ///
    /// ```
    /// use orm::prelude::*;
    ///
    /// orm::app! { pub cellar { Shelf, Bottle } }
    ///
    /// #[derive(Model, Debug)]
    /// pub struct Shelf {
    ///     pub id: i64,
    ///     pub bottles: HasMany<Bottle>,
    /// }
    ///
    /// #[derive(Model, Debug)]
    /// #[model(filter = |b| b.drunk.is_null())]
    /// pub struct Bottle {
    ///     pub id: i64,
    ///     pub drunk: Option<NaiveDate>,
    ///     pub shelf: ForeignKey<Shelf>,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[cellar()]).await?;
    /// let shelf = Shelf::draft().create(&db).await?;
    /// Bottle::draft().drunk(NaiveDate::from_ymd_opt(2026, 1, 1)).shelf(&shelf).create(&db).await?;
    /// let counts = Shelf::objects().values(|s| (s.bottles.count(), s.bottles.unfiltered().count()));
    /// assert_eq!(counts.get(&db).await?, (0, 1));
    /// # Ok(()) }
    /// ```
    pub fn unfiltered(self) -> Set<S, M> {
        Set::whole(self)
    }

    /// The rows of the set in this order: for `prefetch`, and for [`Set::scalar`].
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let dearest = Author::objects().values(|a| a.books.order_by(|b| b.price.desc()).scalar(|b| b.title));
    /// assert_eq!(dearest.all(&db).await?, [Some("Notes".to_owned()), Some("Compilers".to_owned()), None]);
    /// # Ok(()) }
    /// ```
    pub fn order_by<C, K>(self, keys: C) -> Set<S, M>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> K,
        K: OrderKeys<Sub<S::Root, M>>,
    {
        self.set().order_by(keys)
    }

    /// The first `count` rows of the set at most, for each row that it belongs to: for `prefetch`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let authors = Author::objects().prefetch(|a| a.books.limit(1)).all(&db).await?;
    /// assert_eq!(authors[0].books.get()?.len(), 1);
    /// # Ok(()) }
    /// ```
    pub fn limit(self, count: u64) -> Set<S, M> {
        self.set().limit(count)
    }

    /// The rows with these values beside each, for [`all_with`](crate::QuerySet::all_with): see [`Set::annotate`].
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let authors = Author::objects().order_by(|a| a.id.asc()).all_with(|a| a.books.annotate(|b| b.tags.count()), &db).await?;
    /// assert_eq!(authors[0].1.iter().map(|(_, tags)| tags).sum::<i64>(), 2);
    /// # Ok(()) }
    /// ```
    pub fn annotate<C, V>(self, values: C) -> AnnotatedSet<S, M, <M as Append<V::Parts>>::Row>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> V,
        V: Selection<Sub<S::Root, M>>,
        M: Append<V::Parts>,
    {
        self.set().annotate(values)
    }

    /// Without the first `count` rows of the set, for each row that it belongs to: see [`Set::offset`].
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let others = Author::objects().prefetch(|a| a.books.offset(1)).all(&db).await?;
    /// assert_eq!(others[0].books.get()?.len(), 1);
    /// # Ok(()) }
    /// ```
    pub fn offset(self, count: u64) -> Set<S, M> {
        self.set().offset(count)
    }

    /// The rows of the set with rows that they are related to: for `prefetch`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let authors = Author::objects().prefetch(|a| a.books.prefetch(|b| b.tags)).all(&db).await?;
    /// assert!(authors[0].books.get()?[0].tags.is_loaded());
    /// # Ok(()) }
    /// ```
    pub fn prefetch<C, L>(self, relations: C) -> Set<S, M>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> L,
        L: PrefetchSelection,
    {
        self.set().prefetch(relations)
    }

    /// The rows of the set with rows that they point to, loaded in the same query: for `prefetch`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let authors = Author::objects().prefetch(|a| a.books.select_related(|b| b.editor)).all(&db).await?;
    /// let edited = authors[1].books.get()?.iter().find_map(|book| book.editor.as_ref());
    /// assert_eq!(edited.unwrap().get()?.name, "Ada Lovelace");
    /// # Ok(()) }
    /// ```
    pub fn select_related<C, L>(self, relations: C) -> Set<S, M>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> L,
        L: RelatedSelection,
    {
        self.set().select_related(relations)
    }

    /// Whether the condition is true for some row of the set. SQL: `EXISTS (..)`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let dear = Author::objects().filter(|a| a.books.any(|b| b.price.gt(20) & b.active));
    /// assert_eq!(dear.get(&db).await?.name, "Grace Hopper"); // each author once, whatever the number of books
    /// # Ok(()) }
    /// ```
    pub fn any<C, Q2>(self, condition: C) -> Q<S::Root>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> Q2,
        Q2: IntoQ<Sub<S::Root, M>>,
    {
        self.filter(condition).exists()
    }

    /// Whether the condition is true for no row of the set. SQL: `NOT EXISTS (..)`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let without_dear = Author::objects().filter(|a| a.books.none(|b| b.price.gt(20)));
    /// assert_eq!(without_dear.count(&db).await?, 2);
    /// # Ok(()) }
    /// ```
    pub fn none<C, Q2>(self, condition: C) -> Q<S::Root>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> Q2,
        Q2: IntoQ<Sub<S::Root, M>>,
    {
        !self.any(condition)
    }

    /// Whether the condition is true for every row of the set; so it is for an empty one. SQL: `NOT EXISTS (.. IS NOT TRUE)`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let all_shelved = Author::objects().filter(|a| a.books.exists() & a.books.all(|b| b.active));
    /// assert_eq!(all_shelved.get(&db).await?.name, "Ada Lovelace");
    /// # Ok(()) }
    /// ```
    pub fn all<C, Q2>(self, condition: C) -> Q<S::Root>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> Q2,
        Q2: IntoQ<Sub<S::Root, M>>,
    {
        !self.any(|row| !condition(row).into_q())
    }

    /// Whether the set has a row.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Author::objects().exclude(|a| a.books.exists()).get(&db).await?.name, "Nobody");
    /// # Ok(()) }
    /// ```
    pub fn exists(self) -> Q<S::Root> {
        self.set().exists()
    }

    /// How many rows the set has.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let counts = Author::objects().values(|a| a.books.count());
    /// assert_eq!(counts.all(&db).await?, [2, 2, 0]);
    /// # Ok(()) }
    /// ```
    pub fn count(self) -> Ex<S::Root, i64> {
        self.set().count()
    }

    /// The sum over the set; `None` when it is empty.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let views = Author::objects().values(|a| a.books.sum(|b| b.views));
    /// assert_eq!(views.all(&db).await?, [Some(15), Some(30), None]);
    /// # Ok(()) }
    /// ```
    pub fn sum<C, E>(self, value: C) -> Ex<S::Root, Option<<<E::Value as FieldType>::Family as IsNumber>::Sum>>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> E,
        E: Expression,
        <E::Value as FieldType>::Family: IsNumber,
    {
        self.set().sum(value)
    }

    /// The mean over the set; `None` when it is empty.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let views = Author::objects().values(|a| a.books.avg(|b| b.views));
    /// assert_eq!(views.all(&db).await?, [Some(7.5), Some(15.0), None]);
    /// # Ok(()) }
    /// ```
    pub fn avg<C, E>(self, value: C) -> Ex<S::Root, Option<<<E::Value as FieldType>::Family as IsNumber>::Avg>>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> E,
        E: Expression,
        <E::Value as FieldType>::Family: IsNumber,
    {
        self.set().avg(value)
    }

    /// The smallest value in the set; `None` when it is empty.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let first = Author::objects().values(|a| a.books.min(|b| b.published.year()));
    /// assert_eq!(first.all(&db).await?, [Some(1843), Some(1952), None]);
    /// # Ok(()) }
    /// ```
    pub fn min<C, E>(self, value: C) -> Ex<S::Root, <E::Value as FieldType>::Nullable>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> E,
        E: Expression,
    {
        self.set().min(value)
    }

    /// Any aggregate over the set; those that have no method of their own, too.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let titles = Author::objects().values(|a| a.books.aggregate(|b| b.title.join(", ").order_by(b.title.asc())));
    /// assert_eq!(titles.all(&db).await?, [Some("Notes, Sketches".to_owned()), Some("COBOL, Compilers".to_owned()), None]);
    /// # Ok(()) }
    /// ```
    pub fn aggregate<C, A>(self, aggregate: C) -> Ex<S::Root, A::Part>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> A,
        A: Selectable<Sub<S::Root, M>>,
    {
        self.set().aggregate(aggregate)
    }

    /// The largest value in the set; `None` when it is empty.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let most = Author::objects().values(|a| a.books.max(|b| b.views));
    /// assert_eq!(most.all(&db).await?, [Some(10), Some(30), None]);
    /// # Ok(()) }
    /// ```
    pub fn max<C, E>(self, value: C) -> Ex<S::Root, <E::Value as FieldType>::Nullable>
    where
        C: FnOnce(M::Fields<Within<S::Root, M>>) -> E,
        E: Expression,
    {
        self.set().max(value)
    }
}

/// How the rows at the far end of a to-many relation hang together with its owner.
pub(crate) struct Link {
    /// The model between the two sides, and what ties it to the owner.
    pub(crate) through: Option<(ModelRef, Expr)>,
    /// What ties the far end to the model between, or to the owner.
    pub(crate) on: Expr,
}

/// Links the model at `source` (and the one between, if any, at `between`) to the owner, which stands `levels` queries out.
pub(crate) fn link(owner: &Path, step: &Step, target: &ModelRef, source: u16, between: u16, levels: u8) -> Link {
    let field = step.field();
    let refuse =
        |what: &str| Link { through: None, on: Expr::invalid(format!("`{}.{}` {what}", step.model.name, field.name)) };
    let Some(model) = step.start() else { return refuse("is not a relation") };
    let columns_at = |source: u16, model: &ModelRef, columns: Vec<u16>| -> Vec<Expr> {
        let column = |column| Expr::Column { path: Path::source(source), model: model.clone(), column };
        columns.into_iter().map(column).collect()
    };
    let of_owner = |columns: &mut dyn Iterator<Item = u16>| -> Vec<Expr> {
        columns.map(|column| Expr::Column { path: owner.clone(), model: model.clone(), column }.outer(levels)).collect()
    };
    if let (true, Some(labelled)) = (step.has_key(), step.labelled()) {
        let pair = labelled.pair(columns_at(source, target, target.key.clone()));
        return Link { through: None, on: equal(of_owner(&mut field.columns()), pair.into()) };
    }
    let foreign_key = |source: u16, model: &ModelRef, field: u16| {
        columns_at(source, model, model.fields[field as usize].columns().collect())
    };
    if let Some(through) = step.between() {
        let middle = through.model();
        let ends = |field: u16, model: &ModelRef| middle.fields[usize::from(field)].ends(model).to_vec();
        let owner_key = of_owner(&mut ends(through.source, &model).into_iter());
        let target_key = columns_at(source, target, ends(through.target, target));
        let tie = equal(foreign_key(between, &middle, through.source), owner_key);
        let on = equal(foreign_key(between, &middle, through.target), target_key);
        return Link { through: Some((middle, tie)), on };
    }
    match step.foreign_key() {
        Some(key) => {
            let field = &target.fields[usize::from(key)];
            let owner_key = of_owner(&mut field.ends(&model).iter().copied());
            let generic = field.generic.and_then(|_| step.labelled());
            let held = match generic {
                Some(labelled) => labelled.pair(owner_key).into(),
                None => owner_key,
            };
            Link { through: None, on: equal(foreign_key(source, target, key), held) }
        }
        None => refuse("has no foreign key on the other side"),
    }
}

impl Link {
    /// Links with those of the related rows of `owner` only that `rows` has.
    pub(crate) fn narrow(&mut self, owner: &Path, step: &Step, rows: Select, source: u16, between: u16) {
        if rows.is_sliced() {
            self.on = match first_of(owner, step, rows) {
                Some((model, column, first)) => {
                    let key = Expr::Column { path: Path::source(source), model, column };
                    std::mem::replace(&mut self.on, Expr::And(Vec::new())).and(key.binary(BinaryOp::Eq, first))
                }
                None => Expr::invalid(
                    "joined rows are cut to the first of each in an order, `.order_by(..).limit(1)`, of a model with a key of one \
                     column and a foreign key to the other: load others by `prefetch`, or join by `join_query`",
                ),
            };
            return;
        }
        let Some(filter) = &rows.filter else { return };
        if let (Some(through), Some((middle, tie))) = (step.between(), &mut self.through) {
            // Of the rows between only those count that lead to one.
            let far = middle.fields[usize::from(through.target)].columns();
            let at = |column| Expr::Column { path: Path::source(between), model: middle.clone(), column };
            let ends = middle.fields[usize::from(through.target)].ends(&rows.model).to_vec();
            let among = Expr::InQuery(far.map(at).collect(), columns_of(rows, &ends));
            *tie = std::mem::replace(tie, Expr::And(Vec::new())).and(among);
            return;
        }
        let mut plain = true;
        filter.visit(0, &mut |expr, depth| {
            plain &= !matches!(expr, Expr::Column { path, .. } if depth == 0 && !path.steps.is_empty());
        });
        let condition = if plain {
            // The columns of the set are those of the join, and the query around it is the one that it stands in.
            let mut here = filter.clone().below(&Path::source(source));
            here.update(0, &mut |expr, depth| {
                if let Expr::Outer(levels, _) = expr
                    && depth <= 0
                    && depth + i32::from(*levels) > 0
                {
                    *levels -= 1;
                }
            });
            here
        } else {
            let at = |&column: &u16| Expr::Column { path: Path::source(source), model: rows.model.clone(), column };
            let key = rows.model.key.clone();
            Expr::InQuery(key.iter().map(at).collect(), columns_of(rows, &key))
        };
        self.on = std::mem::replace(&mut self.on, Expr::And(Vec::new())).and(condition);
    }
}

/// The key of the one row that is wanted of each owner, as a query for it.
fn first_of(owner: &Path, step: &Step, mut rows: Select) -> Option<(ModelRef, u16, Expr)> {
    let (model, Some(1), &[key]) = (rows.model.clone(), rows.limit, &rows.model.key[..]) else { return None };
    if step.between().is_some() || rows.order.is_empty() {
        return None;
    }
    let tie = link(owner, step, &model, 0, 1, 1).on;
    rows.filter = Some(match rows.filter.take() {
        Some(filter) => tie.and(filter),
        None => tie,
    });
    rows.selection = vec![Selected::Expr(Expr::own(model.clone(), key))];
    rows.related.clear();
    Some((model, key, Expr::Scalar(Box::new(rows))))
}

/// Columns of these rows, as a query.
fn columns_of(mut rows: Select, columns: &[u16]) -> Box<Select> {
    let model = rows.model.clone();
    rows.selection = columns.iter().map(|&column| Selected::Expr(Expr::own(model.clone(), column))).collect();
    rows.related.clear();
    (rows.order, rows.default_order) = (Vec::new(), false);
    Box::new(rows)
}

/// Related rows that a query joins: those of a relation, or some of them.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let tagged = Book::objects().join(|b| b.tags.filter(|t| t.slug.eq("history"))).order_by(|(b, _)| b.id.asc());
/// assert_eq!(tagged.first(&db).await?.unwrap().0.title, "Notes");
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of related rows of a query over `{R}`",
    label = "expected a relation to many rows, or some of them: `a.books.filter(..)`",
    note = "a relation to one row is followed where it is used, `b.author.name`, or loaded by `select_related(|b| b.author)`"
)]
pub trait JoinedRows<R> {
    /// The model of the related rows.
    type Row: Model + RowPart;

    /// Where the relation begins, which it is, and which of its rows.
    #[doc(hidden)]
    fn joined(self) -> (Path, Step, Select);
}

impl<R, S: Scope<Root = R>, M: Model + RowPart> JoinedRows<R> for ToMany<S, M> {
    type Row = M;

    fn joined(self) -> (Path, Step, Select) {
        let usual = Select::usual(ModelRef::Static(M::meta()));
        (self.owner().path(), self.step(), Select { filter: usual.filter, ..Select::bare(usual.model) })
    }
}

fn equal(left: Vec<Expr>, right: Vec<Expr>) -> Expr {
    let mut parts: Vec<Expr> =
        left.into_iter().zip(right).map(|(left, right)| left.binary(BinaryOp::Eq, right)).collect();
    if parts.len() == 1 { parts.remove(0) } else { Expr::And(parts) }
}
