//! Aggregates: one value of many rows.

use super::Expression;
use crate::{
    FieldType,
    family::{Bool, Integer, IsNumber, IsText},
    query::{IntoQ, OrderKeys},
    tree::{Aggregate, Aggregation, Expr},
};
use std::marker::PhantomData;

/// One value of many rows: methods of every [`Expression`], for [`aggregate`](crate::QuerySet::aggregate), for groups, and for
/// sets of related rows.
///
/// NULLs take no part. Each gives an [`Agg`], which can be narrowed by a [`filter`](Agg::filter), and `or` says what it is when
/// there is no row.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let all = Book::objects().aggregate(|b| (b.views.sum(), b.price.max(), b.views.sum().filter(b.price.gt(100)).or(0)));
/// assert_eq!(all.get(&db).await?, (Some(45), Some(Decimal::from(40)), 0));
/// # Ok(()) }
/// ```
pub trait AggregateExpression: Expression {
    /// The sum over the rows; `None` when there is none. An aggregate: for `aggregate` and groups.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let views: Option<i64> = Book::objects().aggregate(|b| b.views.sum()).get(&db).await?;
    /// assert_eq!(views, Some(45));
    /// # Ok(()) }
    /// ```
    fn sum(self) -> Agg<Self::Root, Option<<<Self::Value as FieldType>::Family as IsNumber>::Sum>>
    where
        <Self::Value as FieldType>::Family: IsNumber,
    {
        aggregate(Aggregate::Sum, self)
    }

    /// The mean over the rows; `None` when there is none. An aggregate: for `aggregate` and groups.
    ///
    /// That of decimals has four digits more than they have, on every database; that of whole numbers is a float.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().aggregate(|b| b.views.avg()).get(&db).await?, Some(11.25));
    /// # Ok(()) }
    /// ```
    fn avg(self) -> Agg<Self::Root, Option<<<Self::Value as FieldType>::Family as IsNumber>::Avg>>
    where
        <Self::Value as FieldType>::Family: IsNumber,
    {
        aggregate(Aggregate::Avg, self)
    }

    /// The smallest value of the rows; `None` when there is none. An aggregate: for `aggregate` and groups.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().aggregate(|b| b.published.min()).get(&db).await?, NaiveDate::from_ymd_opt(1843, 9, 1));
    /// # Ok(()) }
    /// ```
    fn min(self) -> Agg<Self::Root, <Self::Value as FieldType>::Nullable> {
        aggregate(Aggregate::Min, self)
    }

    /// The largest value of the rows; `None` when there is none. An aggregate: for `aggregate` and groups.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().aggregate(|b| b.views.max()).get(&db).await?, Some(30));
    /// # Ok(()) }
    /// ```
    fn max(self) -> Agg<Self::Root, <Self::Value as FieldType>::Nullable> {
        aggregate(Aggregate::Max, self)
    }

    /// How many rows have a value. An aggregate: for `aggregate` and groups.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().aggregate(|b| (count(), b.published.count())).get(&db).await?, (4, 3));
    /// # Ok(()) }
    /// ```
    fn count(self) -> Agg<Self::Root, i64> {
        aggregate(Aggregate::Count, self)
    }

    /// How many different values there are. An aggregate: for `aggregate` and groups.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().aggregate(|b| b.author.id.count_distinct()).get(&db).await?, 2);
    /// # Ok(()) }
    /// ```
    fn count_distinct(self) -> Agg<Self::Root, i64> {
        self.count().distinct()
    }

    /// The standard deviation of all values; `None` when there is none.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let spread = Book::objects().aggregate(|b| b.views.std_dev()).get(&db).await?;
    /// assert_eq!(spread.map(|it| it.round()), Some(11.0));
    /// # Ok(()) }
    /// ```
    fn std_dev(self) -> Agg<Self::Root, Option<f64>>
    where
        <Self::Value as FieldType>::Family: IsNumber,
    {
        aggregate(Aggregate::StdDev, self)
    }

    /// The standard deviation of what the values are a sample of; `None` when there are fewer than two.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let spread = Book::objects().filter(|b| b.id.eq(1)).aggregate(|b| b.views.std_dev_sample()).get(&db).await?;
    /// assert_eq!(spread, None);
    /// # Ok(()) }
    /// ```
    fn std_dev_sample(self) -> Agg<Self::Root, Option<f64>>
    where
        <Self::Value as FieldType>::Family: IsNumber,
    {
        aggregate(Aggregate::StdDevSample, self)
    }

    /// The variance of all values; `None` when there is none.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let spread = Book::objects().filter(|b| b.id.lte(2)).aggregate(|b| b.views.variance()).get(&db).await?;
    /// assert_eq!(spread, Some(100.0)); // of 10 and 30
    /// # Ok(()) }
    /// ```
    fn variance(self) -> Agg<Self::Root, Option<f64>>
    where
        <Self::Value as FieldType>::Family: IsNumber,
    {
        aggregate(Aggregate::Variance, self)
    }

    /// The variance of what the values are a sample of; `None` when there are fewer than two.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let spread = Book::objects().filter(|b| b.id.lte(2)).aggregate(|b| b.views.variance_sample()).get(&db).await?;
    /// assert_eq!(spread, Some(200.0)); // of 10 and 30
    /// # Ok(()) }
    /// ```
    fn variance_sample(self) -> Agg<Self::Root, Option<f64>>
    where
        <Self::Value as FieldType>::Family: IsNumber,
    {
        aggregate(Aggregate::VarianceSample, self)
    }

    /// The bits that all values have; `None` when there is none.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let bits = Book::objects().filter(|b| b.views.gt(0)).aggregate(|b| b.views.bit_and_all());
    /// assert_eq!(bits.get(&db).await?, Some(0)); // of 10, 30 and 5
    /// # Ok(()) }
    /// ```
    fn bit_and_all(self) -> Agg<Self::Root, <Self::Value as FieldType>::Nullable>
    where
        Self::Value: FieldType<Family = Integer>,
    {
        aggregate(Aggregate::BitAnd, self)
    }

    /// The bits that one of the values has; `None` when there is none.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().aggregate(|b| b.views.bit_or_all()).get(&db).await?, Some(31)); // of 10, 30, 0 and 5
    /// # Ok(()) }
    /// ```
    fn bit_or_all(self) -> Agg<Self::Root, <Self::Value as FieldType>::Nullable>
    where
        Self::Value: FieldType<Family = Integer>,
    {
        aggregate(Aggregate::BitOr, self)
    }

    /// The bits that an odd number of the values has; `None` when there is none.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().aggregate(|b| b.views.bit_xor_all()).get(&db).await?, Some(17)); // of 10, 30, 0 and 5
    /// # Ok(()) }
    /// ```
    fn bit_xor_all(self) -> Agg<Self::Root, <Self::Value as FieldType>::Nullable>
    where
        Self::Value: FieldType<Family = Integer>,
    {
        aggregate(Aggregate::BitXor, self)
    }

    /// One of the values, whichever; `None` only when there is none.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let per_author = Book::objects().group_by(|b| b.author.id).annotate(|b| b.author.name.any_value());
    /// assert_eq!(per_author.order_by(|(id, _)| id.asc()).all(&db).await?[0], (1, Some("Ada Lovelace".to_owned())));
    /// # Ok(()) }
    /// ```
    fn any_value(self) -> Agg<Self::Root, <Self::Value as FieldType>::Nullable> {
        aggregate(Aggregate::Any, self)
    }

    /// Whether all values are true; `None` when there is none. SQL: `BOOL_AND` on PostgreSQL.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let all = Book::objects().aggregate(|b| (b.active.all_true(), b.price.gt(1).as_value().all_true())).get(&db).await?;
    /// assert_eq!(all, (Some(false), Some(true)));
    /// # Ok(()) }
    /// ```
    fn all_true(self) -> Agg<Self::Root, Option<bool>>
    where
        Self::Value: FieldType<Family = Bool>,
    {
        aggregate(Aggregate::AllTrue, self)
    }

    /// Whether some value is true; `None` when there is none. SQL: `BOOL_OR` on PostgreSQL.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().aggregate(|b| b.active.any_true()).get(&db).await?, Some(true));
    /// # Ok(()) }
    /// ```
    fn any_true(self) -> Agg<Self::Root, Option<bool>>
    where
        Self::Value: FieldType<Family = Bool>,
    {
        aggregate(Aggregate::AnyTrue, self)
    }

    /// The texts of the rows as one, with a separator between them, in the order of [`Agg::order_by`]; `None` when there is none.
    ///
    /// SQL: `STRING_AGG` on PostgreSQL, `GROUP_CONCAT` on MariaDB and MySQL.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let titles = Book::objects().aggregate(|b| b.title.join(", ").order_by(b.title.asc()).filter(b.active));
    /// assert_eq!(titles.get(&db).await?.as_deref(), Some("Compilers, Notes, Sketches"));
    /// # Ok(()) }
    /// ```
    fn join<T: Into<String>>(self, separator: T) -> Agg<Self::Root, Option<String>>
    where
        <Self::Value as FieldType>::Family: IsText,
    {
        let separator = Expr::Value(crate::Value::Text(separator.into()));
        Agg::new(Aggregation::of(Aggregate::Join, [self.into_expr(), separator]))
    }
}

impl<E: Expression> AggregateExpression for E {}

fn aggregate<E: Expression, T>(function: Aggregate, on: E) -> Agg<E::Root, T> {
    Agg::new(Aggregation::of(function, [on.into_expr()]))
}

/// An aggregate over the rows of the query `R`, with a value of type `T`: what [`AggregateExpression`]'s methods give.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let counts = Book::objects().aggregate(|b| (count(), count().filter(b.price.lt(10)), b.author.id.count().distinct()));
/// assert_eq!(counts.get(&db).await?, (4, 2, 2));
/// # Ok(()) }
/// ```
#[must_use = "an aggregate does nothing before a query selects it"]
pub struct Agg<R, T> {
    aggregation: Aggregation,
    _type: PhantomData<fn() -> (R, T)>,
}

impl<R, T> Agg<R, T> {
    pub(crate) fn new(aggregation: Aggregation) -> Self {
        Agg { aggregation, _type: PhantomData }
    }

    pub(crate) fn into_untyped(self) -> Expr {
        Expr::Aggregate(Box::new(self.aggregation))
    }

    /// Over the rows for which the condition is true as well. SQL: `SUM(..) FILTER (WHERE ..)`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let views = Book::objects().aggregate(|b| b.views.sum().filter(b.active).filter(b.price.lt(20)));
    /// assert_eq!(views.get(&db).await?, Some(15));
    /// # Ok(()) }
    /// ```
    pub fn filter<C: IntoQ<R>>(mut self, condition: C) -> Self {
        let condition = condition.into_q().into_expr();
        self.aggregation.filter = Some(match self.aggregation.filter.take() {
            Some(filter) => filter.and(condition),
            None => condition,
        });
        self
    }

    /// Over each different value once. SQL: `SUM(DISTINCT ..)`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let authors = Book::objects().aggregate(|b| b.author.name.join(" & ").distinct().order_by(b.author.name.asc()));
    /// assert_eq!(authors.get(&db).await?.as_deref(), Some("Ada Lovelace & Grace Hopper"));
    /// # Ok(()) }
    /// ```
    pub fn distinct(mut self) -> Self {
        self.aggregation.distinct = true;
        self
    }

    /// In this order: for [`join`](AggregateExpression::join), where the order is part of the value.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let titles = Book::objects().aggregate(|b| b.title.join(" < ").order_by((b.active.desc(), b.price.asc())));
    /// assert_eq!(titles.get(&db).await?.as_deref(), Some("Sketches < Notes < Compilers < COBOL"));
    /// # Ok(()) }
    /// ```
    pub fn order_by<K: OrderKeys<R>>(mut self, keys: K) -> Self {
        self.aggregation.order.clear();
        keys.add_to(&mut self.aggregation.order);
        self
    }
}

impl<R, T> Clone for Agg<R, T> {
    fn clone(&self) -> Self {
        Agg::new(self.aggregation.clone())
    }
}

impl<R: 'static, T: FieldType> Expression for Agg<R, T> {
    type Root = R;
    type Value = T;

    fn into_expr(self) -> Expr {
        self.into_untyped()
    }
}
