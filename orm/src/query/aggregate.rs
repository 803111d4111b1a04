//! Grouping: keys first, then aggregates per group.

use super::{
    Agg, Ex, IntoQ, OrderBy, QuerySet, Window,
    selection::{Append, Row, Selection, select_values},
};
use crate::{
    Model,
    tree::{Aggregate, Aggregation, Expr, Selected},
};
use std::marker::PhantomData;

/// How many rows there are, in a group or in all: an aggregate for `aggregate` and `group_by(..).annotate(..)`.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let per_author = Book::objects().group_by(|b| b.author.name).annotate(|_| count()).order_by(|(name, _)| name.asc());
/// assert_eq!(per_author.all(&db).await?, [("Ada Lovelace".to_owned(), 2), ("Grace Hopper".to_owned(), 2)]);
/// # Ok(()) }
/// ```
pub fn count() -> CountAll {
    CountAll(())
}

/// What [`count`] gives.
#[derive(Debug, Clone, Copy)]
pub struct CountAll(());

impl CountAll {
    pub(super) fn expr(self) -> Expr {
        Expr::row_count()
    }

    /// Over the rows of the window, instead of making one row of them.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let beside = Book::objects().values(|b| (b.title, count().over(orm::window().partition_by(b.author.key()))));
    /// assert_eq!(beside.filter(|(_, n)| n.eq(2)).count(&db).await?, 4);
    /// # Ok(()) }
    /// ```
    pub fn over<R>(self, window: Window<R>) -> Ex<R, i64> {
        Agg::<R, i64>::new(Aggregation::of(Aggregate::Count, [])).over(window)
    }

    /// The fewest rows first: groups in the order of their size, which need not be selected.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let rarest = Book::objects().group_by(|b| b.active).keys().order_by(|_| count().asc());
    /// assert_eq!(rarest.all(&db).await?, [false, true]);
    /// # Ok(()) }
    /// ```
    pub fn asc<R>(self) -> OrderBy<R> {
        OrderBy::new(self.expr(), false)
    }

    /// The most rows first.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let usual = Book::objects().group_by(|b| b.active).keys().order_by(|_| count().desc());
    /// assert_eq!(usual.first(&db).await?, Some(true));
    /// # Ok(()) }
    /// ```
    pub fn desc<R>(self) -> OrderBy<R> {
        OrderBy::new(self.expr(), true)
    }

    /// Only the rows for which the condition is true. SQL: `COUNT(*) FILTER (WHERE ..)`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let (all, dear) = Book::objects().aggregate(|b| (count(), count().filter(b.price.gt(10)))).get(&db).await?;
    /// assert_eq!((all, dear), (4, 2));
    /// # Ok(()) }
    /// ```
    pub fn filter<R, C: IntoQ<R>>(self, condition: C) -> Agg<R, i64> {
        Agg::new(Aggregation::of(Aggregate::Count, [])).filter(condition)
    }
}

/// A query whose rows are grouped by keys; `annotate` says what is computed per group.
///
/// The model's own ordering never takes part in grouping.
#[must_use = "groups are read by `.annotate(..)`, and that by `.all(&db).await`"]
pub struct Grouped<M: Model, O, K, R = M> {
    query: QuerySet<M, O, R>,
    keys: Vec<Expr>,
    _keys: PhantomData<fn() -> K>,
}

impl<M: Model, O: Row, R: 'static> QuerySet<M, O, R> {
    /// Groups the rows by one or more expressions.
    ///
    /// SQL: `SELECT status, COUNT(*) FROM .. GROUP BY status`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let busy = Book::objects()
    ///     .group_by(|b| b.author.name)
    ///     .annotate(|b| (count(), b.views.sum()))
    ///     .filter(|(_, _, views)| views.gt(20));
    /// assert_eq!(busy.all(&db).await?, [("Grace Hopper".to_owned(), 2, Some(30))]);
    /// # Ok(()) }
    /// ```
    pub fn group_by<C, K>(mut self, keys: C) -> Grouped<M, O, K::Row, R>
    where
        C: FnOnce(O::Handles<R>) -> K,
        K: Selection<R>,
    {
        self.select_mut().settle_rows();
        let selection = &self.select().selection;
        let keys = keys(self.handles()).into_list().into_iter().map(|key| key.with_selected(selection)).collect();
        Grouped { query: self, keys, _keys: PhantomData }
    }
}

impl<M: Model, O: Row, K: Row, R: 'static> Grouped<M, O, K, R> {
    /// Computes aggregates per group; a row holds the keys, then the aggregates. A `filter` after it is SQL's HAVING.
    ///
    /// ```
    /// # use library::*;
    /// let query = Book::objects().group_by(|b| b.active).annotate(|b| b.views.max()).filter(|(_, most)| most.gt(9));
    /// let sql = query.to_sql(Dialect::Sqlite)?;
    /// assert!(sql.contains(r#"GROUP BY 1 HAVING MAX("views") > ?"#), "{sql}");
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn annotate<C, A>(self, aggregates: C) -> QuerySet<M, <K as Append<A::Parts>>::Row, R>
    where
        C: FnOnce(O::Handles<R>) -> A,
        A: Selection<R>,
        K: Append<A::Parts>,
    {
        let selection = &self.query.select().selection;
        let aggregates = aggregates(self.query.handles()).into_list().into_iter();
        let aggregates: Vec<Expr> = aggregates.map(|expr| expr.with_selected(selection)).collect();
        let keys = self.keys.len() as u16;
        let mut select = self.query.into_select();
        (select.order, select.default_order) = (Vec::new(), false);
        select_values(&mut select, self.keys);
        select.selection.extend(aggregates.into_iter().map(Selected::Expr));
        select.group_by = Some((0..keys).collect());
        QuerySet::from_select(select)
    }

    /// The keys of the groups alone.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let active = Book::objects().group_by(|b| b.active).keys().order_by(|active| active.asc());
    /// assert_eq!(active.all(&db).await?, [false, true]);
    /// # Ok(()) }
    /// ```
    pub fn keys(self) -> QuerySet<M, K, R> {
        let keys = self.keys.len() as u16;
        let mut select = self.query.into_select();
        (select.order, select.default_order) = (Vec::new(), false);
        select_values(&mut select, self.keys);
        select.group_by = Some((0..keys).collect());
        QuerySet::from_select(select)
    }
}
