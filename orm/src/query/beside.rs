//! Related rows beside each row, in lists of their own, for relations that have no place in it.

use super::{QuerySet, RelationRows, StartsWith, erased, load, prefetch::Load, prefetch::Prefetch, prefetch::check};
use crate::{
    Code, Error, Executor, Model, Result,
    field::{AnnotatedSet, At, Scope, Set, ToMany},
    model::RowPart,
    tree::Step,
};
use std::{fmt, sync::Arc};

/// A relation to any number of rows, or some of them: `a.books`, `u.reverse::<Post>()`, `a.books.filter(..)`.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let countries = Country::objects().all_with(|c| c.reverse::<Author>().order_by(|a| a.name.desc()), &db).await?;
/// assert_eq!(countries[0].1[0].name, "Nobody");
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a relation to many rows",
    label = "expected a relation to many rows, such as `a.books` or `u.reverse::<Post>()`"
)]
pub trait ManyRows {
    /// What stands in a list: a row, or one with values beside it.
    type Listed: Send + Sync + 'static;

    /// The relation, and the steps on the way to the model that it starts from.
    #[doc(hidden)]
    fn into_many(self) -> (Vec<Step>, Prefetch);
}

impl<S: Scope, M: Model> ManyRows for ToMany<S, M> {
    type Listed = M;

    fn into_many(self) -> (Vec<Step>, Prefetch) {
        self.into_prefetch()
    }
}

impl<S: Scope, M: Model> ManyRows for Set<S, M> {
    type Listed = M;

    fn into_many(self) -> (Vec<Step>, Prefetch) {
        Set::into_prefetch(self)
    }
}

impl<S: Scope, M: Model, O: StartsWith<M>> ManyRows for AnnotatedSet<S, M, O> {
    type Listed = O;

    fn into_many(self) -> (Vec<Step>, Prefetch) {
        self.into_prefetch()
    }
}

/// What stands beside each row: a relation to many rows, or a tuple of up to four of them; one relation may be among them twice.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let authors: Vec<(Author, Vec<Book>, Vec<Book>)> = Author::objects()
///     .all_with(|a| (a.books.filter(|b| b.active), a.books.filter(|b| !b.active)), &db)
///     .await?;
/// assert_eq!((authors[1].1.len(), authors[1].2.len()), (1, 1));
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a relation to many rows nor a tuple of them",
    label = "expected a relation to many rows, such as `a.books`, or up to four of them: `(a.books, a.books.limit(1))`"
)]
pub trait BesideRows {
    /// A row, and a list for each relation.
    type Row<M: Model>;

    /// The relations, with the steps on the way to the model that each starts from.
    #[doc(hidden)]
    fn plans(self) -> Vec<(Vec<Step>, Prefetch)>;

    /// Puts the lists beside the rows; `None` when a list would be needed twice.
    #[doc(hidden)]
    fn beside<M: Model>(rows: Vec<M>, lists: &mut Lists<'_>) -> Option<Vec<Self::Row<M>>>;
}

/// What was loaded for each relation.
#[doc(hidden)]
pub struct Lists<'a> {
    jobs: std::slice::Iter<'a, load::Job>,
    filled: std::vec::IntoIter<load::Filled>,
}

impl fmt::Debug for Lists<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lists")
    }
}

impl Lists<'_> {
    /// The lists of the next relation, one for each row.
    fn next<O: Send + Sync + 'static>(&mut self) -> Option<std::vec::IntoIter<Vec<O>>> {
        Some(load::apart(self.jobs.next()?, self.filled.next()?)?.into_iter())
    }
}

impl<F: ManyRows> BesideRows for F {
    type Row<M: Model> = (M, Vec<F::Listed>);

    fn plans(self) -> Vec<(Vec<Step>, Prefetch)> {
        vec![self.into_many()]
    }

    fn beside<M: Model>(rows: Vec<M>, lists: &mut Lists<'_>) -> Option<Vec<Self::Row<M>>> {
        Some(rows.into_iter().zip(lists.next::<F::Listed>()?).collect())
    }
}

impl<A: ManyRows, B: ManyRows> BesideRows for (A, B) {
    type Row<M: Model> = (M, Vec<A::Listed>, Vec<B::Listed>);

    fn plans(self) -> Vec<(Vec<Step>, Prefetch)> {
        vec![self.0.into_many(), self.1.into_many()]
    }

    fn beside<M: Model>(rows: Vec<M>, lists: &mut Lists<'_>) -> Option<Vec<Self::Row<M>>> {
        let (mut first, mut second) = (lists.next::<A::Listed>()?, lists.next::<B::Listed>()?);
        rows.into_iter().map(|row| Some((row, first.next()?, second.next()?))).collect()
    }
}

impl<A: ManyRows, B: ManyRows, C: ManyRows> BesideRows for (A, B, C) {
    type Row<M: Model> = (M, Vec<A::Listed>, Vec<B::Listed>, Vec<C::Listed>);

    fn plans(self) -> Vec<(Vec<Step>, Prefetch)> {
        vec![self.0.into_many(), self.1.into_many(), self.2.into_many()]
    }

    fn beside<M: Model>(rows: Vec<M>, lists: &mut Lists<'_>) -> Option<Vec<Self::Row<M>>> {
        let (mut first, mut second, mut third) =
            (lists.next::<A::Listed>()?, lists.next::<B::Listed>()?, lists.next::<C::Listed>()?);
        rows.into_iter().map(|row| Some((row, first.next()?, second.next()?, third.next()?))).collect()
    }
}

impl<A: ManyRows, B: ManyRows, C: ManyRows, D: ManyRows> BesideRows for (A, B, C, D) {
    type Row<M: Model> = (M, Vec<A::Listed>, Vec<B::Listed>, Vec<C::Listed>, Vec<D::Listed>);

    fn plans(self) -> Vec<(Vec<Step>, Prefetch)> {
        vec![self.0.into_many(), self.1.into_many(), self.2.into_many(), self.3.into_many()]
    }

    fn beside<M: Model>(rows: Vec<M>, lists: &mut Lists<'_>) -> Option<Vec<Self::Row<M>>> {
        let (mut first, mut second, mut third, mut fourth) = (
            lists.next::<A::Listed>()?,
            lists.next::<B::Listed>()?,
            lists.next::<C::Listed>()?,
            lists.next::<D::Listed>()?,
        );
        rows.into_iter().map(|row| Some((row, first.next()?, second.next()?, third.next()?, fourth.next()?))).collect()
    }
}

impl<M: Model + RowPart> QuerySet<M> {
    /// The rows, each with those of a relation beside it, or of up to four: for relations that have no field in the row, and for other
    /// rows of one relation, `.all_with(|a| (a.books.filter(..), a.books.limit(3)), &db)`. It takes one statement more for each,
    /// whatever the number of rows.
    ///
    /// # Errors
    /// Those of [`all`](QuerySet::all).
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let (db, log) = db.recording();
    /// let countries: Vec<(Country, Vec<Author>)> =
    ///     Country::objects().order_by(|c| c.code.asc()).all_with(|c| c.reverse::<Author>(), &db).await?;
    /// assert_eq!((countries[0].0.code.as_str(), countries[0].1.len()), ("UK", 2));
    /// log.assert_queries(2);
    /// # Ok(()) }
    /// ```
    pub fn all_with<C, F, E>(self, relations: C, ex: &E) -> impl Future<Output = Result<Vec<F::Row<M>>>> + Send
    where
        C: FnOnce(M::Fields<At<M>>) -> F,
        F: BesideRows,
        F::Row<M>: Send,
        E: Executor,
    {
        let relations = relations(M::fields()).plans();
        async move {
            let wrong = |what: &str| Err(Error::new(Code::BadQuery, what).with_model(M::meta().name.clone()));
            if relations.iter().any(|(way, _)| !way.is_empty()) {
                return wrong("`all_with` takes a relation of the row itself, without a path before it");
            }
            if relations.iter().any(|(_, prefetch)| prefetch.step.is_to_one()) {
                return wrong("`all_with` takes a relation to many rows: the row of this one is loaded by `prefetch`");
            }
            let plans: Vec<Arc<Prefetch>> = relations.into_iter().map(|(_, prefetch)| Arc::new(prefetch)).collect();
            check(&plans)?;
            let rows = self.all(ex).await?;
            let jobs = Arc::new(load::collect(&plans, &erased::all(&rows))?);
            let filled = ex.run(Load { jobs: jobs.clone() }).await?;
            let mut lists = Lists { jobs: jobs.iter(), filled: filled.into_iter() };
            match F::beside(rows, &mut lists) {
                Some(beside) => Ok(beside),
                None => wrong("this query gives a row twice, and its related rows can be beside only one of them"),
            }
        }
    }
}
