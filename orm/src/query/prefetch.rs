//! `prefetch`: related rows by one more query per relation, whatever the number of rows that they belong to.

use super::{
    QuerySet, Related, Row,
    erased::{self, RowOps, read_related},
    load,
};
use crate::{
    Access, Connection, Error, Executor, Kind, Model, Operation, Result,
    field::{At, Declared, PathNode, Scope, Set, ToAny, ToMany, ToOne},
    model::{GenericKey, Reader, Target, models},
    tree::{Expr, ModelRef, Select, Step},
};
use smallvec::SmallVec;
use std::{panic::Location, sync::Arc};

/// A relation whose rows are loaded after those that they belong to, and what is loaded after them in turn.
#[derive(Debug, Clone)]
pub struct Prefetch {
    /// The relation, from the model that the rows are hung under.
    pub(crate) step: Step,
    pub(crate) ops: &'static RowOps,
    /// Which rows, in which order.
    pub(crate) select: Select,
    /// What is selected beside them.
    pub(crate) related: Vec<Related>,
    pub(crate) below: Vec<Arc<Prefetch>>,
    /// Whether the relation was asked for itself, or lies on the way to one that was.
    pub(crate) asked: bool,
}

impl Prefetch {
    /// All rows of a relation.
    fn whole(step: Step, target: ModelRef, ops: &'static RowOps, asked: bool) -> Prefetch {
        Prefetch { step, ops, select: Select::all(target), related: Vec::new(), below: Vec::new(), asked }
    }
}

/// Relations whose rows are loaded: `a.books`, `b.author.books`, `a.books.filter(..).order_by(..)`, or a tuple of them.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let (db, log) = db.recording();
/// let books = Book::objects().prefetch(|b| (b.tags, b.author.country)).order_by(|b| b.id.asc()).all(&db).await?;
/// assert_eq!(books[0].tags.get()?.len(), 2);
/// assert_eq!(books[0].author.get()?.country.get()?.code, "UK");
/// log.assert_queries(4);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a relation",
    label = "`prefetch` takes relations, such as `a.books` or `a.books.filter(|b| ..)`, or a tuple of them"
)]
pub trait PrefetchSelection {
    /// Adds the relations, and those on the way to them.
    #[doc(hidden)]
    fn add_to(self, out: &mut Vec<Arc<Prefetch>>);
}

/// A relation, or some of its rows: `a.books`, `b.author`, `a.books.filter(..)`.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let book = Book::get(1, &db).await?;
/// assert_eq!(book.rows_of(|b| b.author).get(&db).await?.name, "Ada Lovelace");
/// assert_eq!(book.rows_of(|b| b.tags.filter(|t| t.slug.eq("maths"))).count(&db).await?, 1);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a relation",
    label = "expected a relation, such as `a.books` or `a.books.filter(|b| ..)`"
)]
pub trait RelationRows {
    /// The model of the rows.
    type Target: Model;

    /// The relation, and the steps on the way to the model that it starts from.
    #[doc(hidden)]
    fn into_prefetch(self) -> (Vec<Step>, Prefetch);
}

impl<S: Scope, T: Scope, K: Target> RelationRows for ToOne<S, T, K> {
    type Target = K::Model;

    fn into_prefetch(self) -> (Vec<Step>, Prefetch) {
        let mut way = self.target().path().steps.to_vec();
        way.pop();
        (way, Prefetch::whole(self.step(), ModelRef::Static(K::Model::meta()), read_related::<K::Model>(), true))
    }
}

impl<S: Scope, M: Model> RelationRows for ToMany<S, M> {
    type Target = M;

    fn into_prefetch(self) -> (Vec<Step>, Prefetch) {
        self.set().into_prefetch()
    }
}

impl<S: Scope, M: Model> RelationRows for Set<S, M> {
    type Target = M;

    fn into_prefetch(self) -> (Vec<Step>, Prefetch) {
        Set::into_prefetch(self)
    }
}

macro_rules! selections {
    ($([$($generics:tt)*] $type:ty;)+) => {$(
        impl<$($generics)*> PrefetchSelection for $type {
            fn add_to(self, out: &mut Vec<Arc<Prefetch>>) {
                let (way, prefetch) = RelationRows::into_prefetch(self);
                insert(out, prefetch, &way);
            }
        }
    )+};
}

selections! {
    [S: Scope, T: Scope, K: Target] ToOne<S, T, K>;
    [S: Declared, M: Model] ToMany<S, M>;
    [S: Declared, M: Model] Set<S, M>;
}

/// The rows that a generic foreign key leads to, of whichever models: one query for each that is there.
impl<S: Declared, T: Scope, K: GenericKey> PrefetchSelection for ToAny<S, T, K> {
    fn add_to(self, out: &mut Vec<Arc<Prefetch>>) {
        let at = self.owner();
        let Some(shape) = at.model().fields[usize::from(self.field_index())].generic else { return };
        for model in models() {
            let kinds: SmallVec<[Kind; 2]> =
                model.key.iter().map(|&column| model.columns[usize::from(column)].kind).collect();
            if let (true, Some(ops)) = (shape.holds(&kinds), model.ops) {
                let target = ModelRef::Static(model);
                let step = Step::new(ModelRef::Static(at.model()), self.field_index());
                let step = Step { end: Some(target.clone()), ..step };
                // Rows of a model that are asked for by themselves come instead.
                insert(out, Prefetch::whole(step, target, ops, false), &at.path().steps);
            }
        }
    }
}

/// The rows of a relation of one row: what `Model::rows_of` gives.
#[track_caller]
pub(crate) fn rows_of<M: Model, F: RelationRows>(owner: &M, relation: F) -> QuerySet<F::Target> {
    let (way, prefetch) = relation.into_prefetch();
    if !way.is_empty() {
        let mut select = prefetch.select;
        select.add_filter(Expr::invalid(
            "`rows_of` takes a relation of the row itself, without a path before it".to_owned(),
        ));
        return QuerySet::from_select(select);
    }
    if !prefetch.step.reverse
        && let Some(held) = owner.held(prefetch.step.field)
    {
        held.asked_for(prefetch.step.has_key() && prefetch.step.end.is_none(), Location::caller());
    }
    match load::rows_of(prefetch, owner) {
        Ok((select, related, prefetches)) => QuerySet::with_related(select, related, prefetches),
        Err(error) => {
            let mut select = Select::all(ModelRef::Static(F::Target::meta()));
            select.add_filter(Expr::refused(&error));
            QuerySet::from_select(select)
        }
    }
}

/// Puts a relation under the ones on the way to it.
fn insert(level: &mut Vec<Arc<Prefetch>>, prefetch: Prefetch, way: &[Step]) {
    let mut whole = prefetch;
    for step in way.iter().rev() {
        let relation = &step.model.fields[usize::from(step.field)].relation;
        let Some(target) = relation.as_ref().map(|relation| relation.target()) else { return };
        let Some(ops) = target.ops else { return };
        let below = vec![Arc::new(whole)];
        whole = Prefetch { below, ..Prefetch::whole(step.clone(), target, ops, false) };
    }
    merge(level, Arc::new(whole));
}

/// Adds a relation to those that are there: one that is there already has the same rows, and what hangs below comes together.
fn merge(level: &mut Vec<Arc<Prefetch>>, new: Arc<Prefetch>) {
    let Some(old) = level.iter_mut().find(|old| old.step == new.step) else { return level.push(new) };
    let (old, new) = (Arc::make_mut(old), Arc::unwrap_or_clone(new));
    if old.asked && new.asked && old.select != new.select {
        let (model, field) = (&old.step.model.name, &old.step.field().name);
        old.select.add_filter(Expr::invalid(format!(
            "`{model}.{field}` is prefetched twice, with different rows, and a row has place for one list: prefetch it once, by \
             `.filter(|row| one | other)`, or read the others by `.all_with(|row| row.{field}.filter(..), &db)`"
        )));
    } else if new.asked {
        (old.select, old.related, old.asked) = (new.select, new.related, true);
    }
    new.below.into_iter().for_each(|below| merge(&mut old.below, below));
}

/// Refuses what cannot be said before anything is read: the rows that it belongs to come first.
pub(super) fn check(plans: &[Arc<Prefetch>]) -> Result<()> {
    plans.iter().try_for_each(|plan| {
        let parts = match &plan.select.filter {
            Some(Expr::And(parts)) => parts,
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        match parts.iter().find(|part| matches!(part, Expr::Invalid(..))) {
            Some(Expr::Invalid(code, why)) => Err(Error::new(*code, &**why).with_model(plan.step.model.name.clone())),
            _ => check(&plan.below),
        }
    })
}

macro_rules! tuples {
    ($(($($part:ident . $index:tt),+))+) => {$(
        impl<$($part: PrefetchSelection),+> PrefetchSelection for ($($part,)+) {
            fn add_to(self, out: &mut Vec<Arc<Prefetch>>) {
                $(self.$index.add_to(out);)+
            }
        }
    )+};
}

tuples! {
    (A.0)
    (A.0, B.1)
    (A.0, B.1, C.2)
    (A.0, B.1, C.2, D.3)
    (A.0, B.1, C.2, D.3, E.4)
    (A.0, B.1, C.2, D.3, E.4, F.5)
    (A.0, B.1, C.2, D.3, E.4, F.5, G.6)
    (A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7)
}

/// A row that is an `M`, or begins with one: what related rows can be hung under.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// // The rows begin with an author, under whom the books are hung.
/// let rows = Author::objects().annotate(|a| a.books.count()).prefetch(|a| a.books).all(&db).await?;
/// assert_eq!((rows[0].0.books.get()?.len(), rows[0].1), (2, 2));
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "the rows of this query hold no `{M}` to hang related rows under",
    label = "`prefetch` needs rows that are, or begin with, a `{M}`"
)]
pub trait StartsWith<M>: Sized + Send + Sync + 'static {
    /// Reads such a row.
    #[doc(hidden)]
    fn read_whole(row: &mut Reader<'_, '_>) -> Result<Self>;

    /// The `M`.
    #[doc(hidden)]
    fn start(&self) -> &M;

    /// The `M`.
    #[doc(hidden)]
    fn start_mut(&mut self) -> &mut M;
}

impl<M: Model> StartsWith<M> for M {
    fn read_whole(row: &mut Reader<'_, '_>) -> Result<Self> {
        row.model()
    }

    fn start(&self) -> &M {
        self
    }

    fn start_mut(&mut self) -> &mut M {
        self
    }
}

macro_rules! starts {
    ($(($($part:ident),+))+) => {$(
        impl<M: Model, $($part: Send + Sync + 'static),+> StartsWith<M> for (M, $($part),+)
        where
            Self: Row,
        {
            fn read_whole(row: &mut Reader<'_, '_>) -> Result<Self> {
                Row::read(row)
            }

            fn start(&self) -> &M {
                &self.0
            }

            fn start_mut(&mut self) -> &mut M {
                &mut self.0
            }
        }
    )+};
}

starts! { (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) (A, B, C, D, E, F, G) (A, B, C, D, E, F, G, H) }

impl<M: Model, O: Row + StartsWith<M>, R: 'static> QuerySet<M, O, R> {
    /// Loads the rows of relations as well, by one more query per relation whatever the number of rows.
    ///
    /// A relation can be narrowed, ordered and cut per row, and go on below:
    /// `.prefetch(|a| (a.country, a.books.filter(|b| b.active).order_by(|b| b.title.asc()).limit(3).prefetch(|b| b.tags)))`.
    /// A relation that is named twice is loaded once; with different filters it is refused, as a row has place for one list.
    /// Along a path the rows hang where they belong: after `.prefetch(|b| b.author.books)` it is
    /// `book.author.get()?.books.get()?`.
    ///
    /// SQL: `SELECT .. FROM book WHERE author_id = ANY(..)`, with all keys as one bind.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let (db, log) = db.recording();
    /// let authors = Author::objects()
    ///     .prefetch(|a| (a.country, a.books.filter(|b| b.active).order_by(|b| b.title.asc()).limit(3).prefetch(|b| b.tags)))
    ///     .all(&db)
    ///     .await?;
    /// let titles: Vec<&str> = authors[0].books.get()?.iter().map(|book| book.title.as_str()).collect();
    /// assert_eq!(titles, ["Notes", "Sketches"]);
    /// assert_eq!(authors[0].books.get()?[0].tags.get()?[0].slug, "history");
    /// log.assert_queries(4);
    /// # Ok(()) }
    /// ```
    pub fn prefetch<C, L>(mut self, relations: C) -> Self
    where
        C: FnOnce(M::Fields<At<R>>) -> L,
        L: PrefetchSelection,
    {
        relations(M::fields_at(PathNode::root(M::meta(), 0))).add_to(self.prefetches_mut());
        self
    }
}

/// Loads related rows for rows that one already has: `orm::prefetch_all(&mut authors, |a| a.books, &db)`.
///
/// The relations are as for [`QuerySet::prefetch`]. When it fails, the rows are as they were.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let mut authors = Author::objects().all(&db).await?;
/// orm::prefetch_all(&mut authors, |a| a.books.order_by(|b| b.id.asc()), &db).await?;
/// assert_eq!(authors[1].books.get()?[0].title, "Compilers");
/// # Ok(()) }
/// ```
pub fn prefetch_all<M, C, L, E>(rows: &mut [M], relations: C, ex: &E) -> impl Future<Output = Result<()>> + Send
where
    M: Model,
    C: FnOnce(M::Fields<At<M>>) -> L,
    L: PrefetchSelection,
    E: Executor,
{
    load_under(rows, relations, ex)
}

/// [`prefetch_all`]; what the future holds is sure to be `Send`, whatever the closure captures.
pub(crate) fn load_under<M, C, L, E>(rows: &mut [M], relations: C, ex: &E) -> impl Future<Output = Result<()>> + Send
where
    M: Model,
    C: FnOnce(M::Fields<At<M>>) -> L,
    L: PrefetchSelection,
    E: Executor,
{
    let mut plans = Vec::new();
    relations(M::fields()).add_to(&mut plans);
    async move {
        check(&plans)?;
        let jobs = Arc::new(load::collect(&plans, &erased::all(rows))?);
        let filled = ex.run(Load { jobs: jobs.clone() }).await?;
        load::attach(&mut erased::all_mut(rows), &jobs, filled);
        Ok(())
    }
}

/// Loads what jobs ask for.
pub(super) struct Load {
    pub(super) jobs: Arc<Vec<load::Job>>,
}

impl Operation for Load {
    type Output = Vec<load::Filled>;

    fn access(&self) -> Access {
        Access::Read
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Vec<load::Filled>> {
        load::load(conn, &self.jobs).await
    }
}
