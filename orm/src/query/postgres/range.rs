//! Ranges.

use super::{call, condition};
use crate::{
    Ex, Expression, FieldType, NotNull, Operand, Q, Range,
    field::postgres::{InRange, IsRange},
    query::{expression::Plain, operand::bind},
    tree::{Expr, PgFunction},
};

type Bound<E> = <Plain<E> as IsRange>::Bound;

/// What can be asked of ranges: methods of every [`Expression`] whose values are [`Range`]s. PostgreSQL only.
///
/// [`contains`](Expression::contains) asks whether all of another range is in it. Rust's own ranges can stand beside one.
///
/// ```
/// use orm::{Dialect, postgres::Range, prelude::*};
///
/// orm::app! { pub hotel { Stay } }
///
/// #[derive(Model)]
/// pub struct Stay {
///     pub id: i64,
///     pub nights: Range<NaiveDate>,
///     pub guests: Option<Range<i32>>,
/// }
///
/// let day = |day| NaiveDate::from_ymd_opt(2026, 5, day).unwrap();
/// let taken = Stay::objects().filter(|s| s.nights.overlap(day(1)..day(8)) & s.guests.contains_value(2));
/// assert!(taken.to_sql(Dialect::Postgres)?.contains(r#"("nights" && CAST($1 AS daterange))"#));
/// # Ok::<(), orm::Error>(())
/// ```
#[allow(clippy::wrong_self_convention, reason = "handles are small values that conditions are made of")]
pub trait RangeExpression: Expression<Value: FieldType<Plain: IsRange>> {
    /// Whether a value, or that of another expression, lies in it. SQL: `@>`.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub hotel { Stay } }
    /// # #[derive(Model)]
    /// # pub struct Stay { pub id: i64, pub nights: orm::postgres::Range<NaiveDate>, pub guests: orm::postgres::Range<i32> }
    /// let query = Stay::objects().filter(|s| s.guests.contains_value(2));
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"("guests" @> $1)"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn contains_value<O: Operand<Self::Root, Bound<Self>>>(self, value: O) -> Q<Self::Root> {
        condition(PgFunction::Contains, [self.into_expr(), value.into_operand()])
    }

    /// Whether all of it is in the other range. SQL: `<@`.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub hotel { Stay } }
    /// # #[derive(Model)]
    /// # pub struct Stay { pub id: i64, pub nights: orm::postgres::Range<NaiveDate>, pub guests: orm::postgres::Range<i32> }
    /// let query = Stay::objects().filter(|s| s.guests.contained_by(2..4));
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"("guests" <@ CAST($1 AS int4range))"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn contained_by<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        condition(PgFunction::ContainedBy, [self.into_expr(), other.into_operand()])
    }

    /// Whether both have something in common. SQL: `&&`.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub hotel { Stay } }
    /// # #[derive(Model)]
    /// # pub struct Stay { pub id: i64, pub nights: orm::postgres::Range<NaiveDate>, pub guests: orm::postgres::Range<i32> }
    /// let query = Stay::objects().filter(|s| s.guests.overlap(2..4));
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"("guests" && CAST($1 AS int4range))"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn overlap<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        condition(PgFunction::Overlap, [self.into_expr(), other.into_operand()])
    }

    /// Whether all of it is before the other range. SQL: `<<`.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub hotel { Stay } }
    /// # #[derive(Model)]
    /// # pub struct Stay { pub id: i64, pub nights: orm::postgres::Range<NaiveDate>, pub guests: orm::postgres::Range<i32> }
    /// let query = Stay::objects().filter(|s| s.guests.fully_lt(2..4));
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"("guests" << CAST($1 AS int4range))"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn fully_lt<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        condition(PgFunction::FullyLess, [self.into_expr(), other.into_operand()])
    }

    /// Whether all of it is behind the other range. SQL: `>>`.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub hotel { Stay } }
    /// # #[derive(Model)]
    /// # pub struct Stay { pub id: i64, pub nights: orm::postgres::Range<NaiveDate>, pub guests: orm::postgres::Range<i32> }
    /// let query = Stay::objects().filter(|s| s.guests.fully_gt(2..4));
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"("guests" >> CAST($1 AS int4range))"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn fully_gt<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        condition(PgFunction::FullyGreater, [self.into_expr(), other.into_operand()])
    }

    /// Whether nothing of it is before the other range. SQL: `&>`.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub hotel { Stay } }
    /// # #[derive(Model)]
    /// # pub struct Stay { pub id: i64, pub nights: orm::postgres::Range<NaiveDate>, pub guests: orm::postgres::Range<i32> }
    /// let query = Stay::objects().filter(|s| s.guests.not_lt(2..4));
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"("guests" &> CAST($1 AS int4range))"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn not_lt<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        condition(PgFunction::NotLess, [self.into_expr(), other.into_operand()])
    }

    /// Whether nothing of it is behind the other range. SQL: `&<`.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub hotel { Stay } }
    /// # #[derive(Model)]
    /// # pub struct Stay { pub id: i64, pub nights: orm::postgres::Range<NaiveDate>, pub guests: orm::postgres::Range<i32> }
    /// let query = Stay::objects().filter(|s| s.guests.not_gt(2..4));
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"("guests" &< CAST($1 AS int4range))"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn not_gt<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        condition(PgFunction::NotGreater, [self.into_expr(), other.into_operand()])
    }

    /// Whether both lie side by side, with nothing between them. SQL: `-|-`.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub hotel { Stay } }
    /// # #[derive(Model)]
    /// # pub struct Stay { pub id: i64, pub nights: orm::postgres::Range<NaiveDate>, pub guests: orm::postgres::Range<i32> }
    /// let query = Stay::objects().filter(|s| s.guests.adjacent_to(2..4));
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"("guests" -|- CAST($1 AS int4range))"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn adjacent_to<O: Operand<Self::Root, Plain<Self>>>(self, other: O) -> Q<Self::Root> {
        condition(PgFunction::Adjacent, [self.into_expr(), other.into_operand()])
    }

    /// Where it begins; NULL without a beginning, and for an empty range. SQL: `LOWER(..)`.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub hotel { Stay } }
    /// # #[derive(Model)]
    /// # pub struct Stay { pub id: i64, pub nights: orm::postgres::Range<NaiveDate>, pub guests: orm::postgres::Range<i32> }
    /// let query = Stay::objects().filter(|s| s.guests.start().gte(2)).order_by(|s| s.nights.start().desc());
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"LOWER("guests") >= $1 ORDER BY LOWER("nights") DESC"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn start(self) -> Ex<Self::Root, Option<Bound<Self>>> {
        call(PgFunction::RangeStart, [self.into_expr()])
    }

    /// Where it ends; NULL without an end, and for an empty range. SQL: `UPPER(..)`.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub hotel { Stay } }
    /// # #[derive(Model)]
    /// # pub struct Stay { pub id: i64, pub nights: orm::postgres::Range<NaiveDate>, pub guests: orm::postgres::Range<i32> }
    /// let query = Stay::objects().filter(|s| s.guests.end().gte(2)).order_by(|s| s.nights.end().desc());
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"UPPER("guests") >= $1 ORDER BY UPPER("nights") DESC"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn end(self) -> Ex<Self::Root, Option<Bound<Self>>> {
        call(PgFunction::RangeEnd, [self.into_expr()])
    }

    /// Whether there is nothing in it. SQL: `ISEMPTY(..)`.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub hotel { Stay } }
    /// # #[derive(Model)]
    /// # pub struct Stay { pub id: i64, pub nights: orm::postgres::Range<NaiveDate>, pub guests: orm::postgres::Range<i32> }
    /// let query = Stay::objects().filter(|s| s.guests.is_empty());
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"ISEMPTY("guests")"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn is_empty(self) -> Q<Self::Root> {
        condition(PgFunction::RangeIsEmpty, [self.into_expr()])
    }

    /// Whether the beginning itself lies in it. SQL: `LOWER_INC(..)`.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub hotel { Stay } }
    /// # #[derive(Model)]
    /// # pub struct Stay { pub id: i64, pub nights: orm::postgres::Range<NaiveDate>, pub guests: orm::postgres::Range<i32> }
    /// let query = Stay::objects().filter(|s| s.guests.start_included());
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"LOWER_INC("guests")"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn start_included(self) -> Q<Self::Root> {
        condition(PgFunction::StartIncluded, [self.into_expr()])
    }

    /// Whether the end itself lies in it. SQL: `UPPER_INC(..)`.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub hotel { Stay } }
    /// # #[derive(Model)]
    /// # pub struct Stay { pub id: i64, pub nights: orm::postgres::Range<NaiveDate>, pub guests: orm::postgres::Range<i32> }
    /// let query = Stay::objects().filter(|s| s.guests.end_included());
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"UPPER_INC("guests")"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn end_included(self) -> Q<Self::Root> {
        condition(PgFunction::EndIncluded, [self.into_expr()])
    }

    /// Whether it has no beginning. SQL: `LOWER_INF(..)`.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub hotel { Stay } }
    /// # #[derive(Model)]
    /// # pub struct Stay { pub id: i64, pub nights: orm::postgres::Range<NaiveDate>, pub guests: orm::postgres::Range<i32> }
    /// let query = Stay::objects().filter(|s| s.guests.start_unbounded());
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"LOWER_INF("guests")"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn start_unbounded(self) -> Q<Self::Root> {
        condition(PgFunction::StartUnbounded, [self.into_expr()])
    }

    /// Whether it has no end. SQL: `UPPER_INF(..)`.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub hotel { Stay } }
    /// # #[derive(Model)]
    /// # pub struct Stay { pub id: i64, pub nights: orm::postgres::Range<NaiveDate>, pub guests: orm::postgres::Range<i32> }
    /// let query = Stay::objects().filter(|s| s.guests.end_unbounded());
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"UPPER_INF("guests")"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn end_unbounded(self) -> Q<Self::Root> {
        condition(PgFunction::EndUnbounded, [self.into_expr()])
    }
}

impl<E: Expression<Value: FieldType<Plain: IsRange>>> RangeExpression for E {}

macro_rules! ranges_of_rust {
    ($($range:ident)+) => {$(
        impl<R, T: InRange> Operand<R, Range<T>> for std::ops::$range<T> {
            type Null = NotNull;
            type NullAsDivisor = NotNull;

            fn into_operand(self) -> Expr {
                bind(&Range::from(self))
            }
        }
    )+};
}

ranges_of_rust! { Range RangeInclusive RangeFrom RangeTo RangeToInclusive }
