//! Days and times: their parts, their beginnings, their zone, and what lies between two.

use super::{Alike, Ex, Expression, Operand, Plain, call};
use crate::{
    FieldType, Kind, Null, Value,
    family::{DateTime as Moments, Duration as Span, HasDate, HasTime},
    tree::{BinaryOp, Expr, Function, Unit},
};
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use std::borrow::Cow;

/// What can be asked of days and times: methods of every [`Expression`] whose values are such.
///
/// A part is a number, the same on every database. Instants (`DateTime<Utc>`) are read in UTC, unless
/// [`at`](DateExpression::at) says another zone. `+` and `-` move a day or an instant by a span of time:
/// `b.created + TimeDelta::days(30)`.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let old = Book::objects().filter(|b| b.published.year().lt(1900));
/// assert_eq!(old.get(&db).await?.title, "Notes");
/// let months = Book::objects().values(|b| b.published.trunc(DateUnit::Month)).order_by(|month| month.asc());
/// assert_eq!(months.all(&db).await?[0], NaiveDate::from_ymd_opt(1843, 9, 1));
/// let kept = Book::objects().filter(|b| (b.created + TimeDelta::days(30)).lt(now()));
/// assert_eq!(kept.count(&db).await?, 4);
/// # Ok(()) }
/// ```
pub trait DateExpression: Expression {
    /// The year. A comparison with a number is written as a range, so that an index on the column serves.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let years = Book::objects().values(|b| b.published.year()).order_by(|year| year.asc());
    /// assert_eq!(years.all(&db).await?, [Some(1843), Some(1952), Some(1959), None]);
    /// # Ok(()) }
    /// ```
    fn year(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasDate,
    {
        call(Function::Year, self)
    }

    /// The year that the ISO week belongs to: the days around New Year may count to the other one.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.published.iso_year().eq(1959)).get(&db).await?.title, "COBOL");
    /// # Ok(()) }
    /// ```
    fn iso_year(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasDate,
    {
        call(Function::IsoYear, self)
    }

    /// The quarter of the year, from 1.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.published.quarter().eq(2)).get(&db).await?.title, "Compilers");
    /// # Ok(()) }
    /// ```
    fn quarter(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasDate,
    {
        call(Function::Quarter, self)
    }

    /// The month, from 1.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.published.month().eq(12)).get(&db).await?.title, "COBOL");
    /// # Ok(()) }
    /// ```
    fn month(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasDate,
    {
        call(Function::Month, self)
    }

    /// The ISO week, from 1 to 53: weeks begin on Monday, and the first one holds the first Thursday of its year.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.published.week().eq(53)).get(&db).await?.title, "COBOL");
    /// # Ok(()) }
    /// ```
    fn week(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasDate,
    {
        call(Function::Week, self)
    }

    /// The day of the month, from 1.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.published.day().eq(31)).get(&db).await?.title, "COBOL");
    /// # Ok(()) }
    /// ```
    fn day(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasDate,
    {
        call(Function::Day, self)
    }

    /// The day of the week, from 1 for Sunday to 7 for Saturday, as Django's `week_day` counts.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.published.week_day().eq(5)).get(&db).await?.title, "COBOL");
    /// # Ok(()) }
    /// ```
    fn week_day(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasDate,
    {
        call(Function::WeekDay, self)
    }

    /// The day of the week, from 1 for Monday to 7 for Sunday.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.published.iso_week_day().eq(4)).get(&db).await?.title, "COBOL");
    /// # Ok(()) }
    /// ```
    fn iso_week_day(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasDate,
    {
        call(Function::IsoWeekDay, self)
    }

    /// The hour.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.created.hour().eq(12)).count(&db).await?, 4);
    /// # Ok(()) }
    /// ```
    fn hour(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasTime,
    {
        call(Function::Hour, self)
    }

    /// The minute.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.created.minute().eq(30)).count(&db).await?, 4);
    /// # Ok(()) }
    /// ```
    fn minute(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasTime,
    {
        call(Function::Minute, self)
    }

    /// The second, without its fraction.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.created.second().eq(0)).count(&db).await?, 4);
    /// # Ok(()) }
    /// ```
    fn second(self) -> Ex<Self::Root, Alike<Self, i32>>
    where
        <Self::Value as FieldType>::Family: HasTime,
    {
        call(Function::Second, self)
    }

    /// The day of a date with a time. A comparison with a day is written as a range, so that an index on the column serves.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let day = NaiveDate::from_ymd_opt(2026, 1, 2).unwrap();
    /// assert_eq!(Book::objects().filter(|b| b.created.date().eq(day)).get(&db).await?.title, "Compilers");
    /// # Ok(()) }
    /// ```
    fn date(self) -> Ex<Self::Root, Alike<Self, NaiveDate>>
    where
        Self::Value: FieldType<Family = Moments>,
    {
        call(Function::Date, self)
    }

    /// The time of day of a date with a time.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap();
    /// assert_eq!(Book::objects().filter(|b| b.created.time().gt(noon)).count(&db).await?, 4);
    /// # Ok(()) }
    /// ```
    fn time(self) -> Ex<Self::Root, Alike<Self, NaiveTime>>
    where
        Self::Value: FieldType<Family = Moments>,
    {
        call(Function::Time, self)
    }

    /// The beginning of the year, quarter, month, week (Monday), day, hour, minute or second that it falls into: what to group
    /// by. A day has no [`TimeUnit`], a time of day no [`DateUnit`].
    ///
    /// SQL: `date_trunc('month', created)` on PostgreSQL.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let per_month = Book::objects().group_by(|b| b.created.trunc(DateUnit::Month)).annotate(|_| count());
    /// let (month, books) = per_month.get(&db).await?;
    /// assert_eq!((month.to_string().as_str(), books), ("2026-01-01 00:00:00 UTC", 4));
    /// # Ok(()) }
    /// ```
    fn trunc<U: TruncTo<<Self::Value as FieldType>::Family>>(self, unit: U) -> Ex<Self::Root, Self::Value> {
        call(Function::Trunc(unit.into()), self)
    }

    /// An instant as the clocks of a [`Zone`] show it: a `NaiveDateTime`, of which parts and days are then taken.
    ///
    /// PostgreSQL knows the names of zones; MariaDB and MySQL know them when their zone tables are loaded, and the query fails
    /// when they are not; on SQLite they are those of the system's own files, `/usr/share/zoneinfo`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let tokyo = chrono::FixedOffset::east_opt(9 * 3600).unwrap();
    /// let hours = Book::objects().values(|b| b.created.at(tokyo).hour());
    /// assert_eq!(hours.first(&db).await?, Some(21));
    /// let days = Book::objects().group_by(|b| b.created.at(orm::Zone::named("Asia/Tokyo")).date()).annotate(|_| count());
    /// assert!(days.to_sql(Dialect::Postgres)?.contains("AT TIME ZONE"));
    /// # Ok(()) }
    /// ```
    fn at<Z: Into<Zone>>(self, zone: Z) -> Ex<Self::Root, Alike<Self, NaiveDateTime>>
    where
        Self::Value: FieldType<Plain = DateTime<Utc>>,
    {
        let zone = match zone.into().0 {
            ZoneKind::Offset(offset) => Value::Duration(TimeDelta::seconds(offset.local_minus_utc().into())),
            ZoneKind::Named(name) => Value::Text(name.into_owned()),
        };
        Ex::new(Expr::Call(Function::AtZone, vec![self.into_expr(), Expr::Value(zone)]))
    }

    /// The span of time since another day or time of the same type: negative when it comes later.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let ages = Book::objects().order_by(|b| b.id.asc()).values(|b| b.published.since(b.author.born));
    /// assert_eq!(ages.first(&db).await?.flatten(), Some(TimeDelta::days(10_127)));
    /// let long_ago = Book::objects().filter(|b| b.published.since(b.author.born).gt(TimeDelta::days(365 * 50)));
    /// assert_eq!(long_ago.get(&db).await?.title, "COBOL");
    /// # Ok(()) }
    /// ```
    #[allow(clippy::type_complexity, reason = "one type, which says whether there is a value")]
    fn since<O: Operand<Self::Root, Plain<Self>>>(
        self,
        earlier: O,
    ) -> Ex<Self::Root, <<<Self::Value as FieldType>::Nullness as Null>::Or<O::Null> as Null>::Wrap<TimeDelta>>
    where
        <Self::Value as FieldType>::Family: HasDate,
    {
        Ex::new(Expr::Call(Function::Since, vec![self.into_expr(), earlier.into_operand()]))
    }

    /// A span of time as a number of seconds, with its fraction.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let spans = Book::objects().filter(|b| b.id.eq(2)).values(|b| (b.created + TimeDelta::milliseconds(1500)).since(b.created).total_seconds());
    /// assert_eq!(spans.get(&db).await?, 1.5);
    /// # Ok(()) }
    /// ```
    fn total_seconds(self) -> Ex<Self::Root, Alike<Self, f64>>
    where
        Self::Value: FieldType<Family = Span>,
    {
        in_units(self.into_expr(), 1e6)
    }

    /// A span of time as a number of days of 24 hours, with its fraction: `floor()` counts whole ones.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let ages = Book::objects().order_by(|b| b.id.asc()).values(|b| b.published.since(b.author.born).total_days());
    /// assert_eq!(ages.first(&db).await?.flatten(), Some(10_127.0));
    /// // Spans as numbers are grouped and averaged as such.
    /// let years = Book::objects().aggregate(|b| (b.published.since(b.author.born).total_days() / 365.25).floor().avg());
    /// assert_eq!(years.get(&db).await?.map(f64::round), Some(42.0));
    /// # Ok(()) }
    /// ```
    fn total_days(self) -> Ex<Self::Root, Alike<Self, f64>>
    where
        Self::Value: FieldType<Family = Span>,
    {
        in_units(self.into_expr(), 86_400e6)
    }

    /// A span of time as a number of microseconds, in which it is exact.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let spans = Book::objects().filter(|b| b.id.eq(2)).values(|b| (b.created + TimeDelta::seconds(1)).since(b.created).total_microseconds());
    /// assert_eq!(spans.get(&db).await?, 1_000_000);
    /// # Ok(()) }
    /// ```
    fn total_microseconds(self) -> Ex<Self::Root, Alike<Self, i64>>
    where
        Self::Value: FieldType<Family = Span>,
    {
        call(Function::Micros, self)
    }
}

fn in_units<R, T>(span: Expr, unit: f64) -> Ex<R, T> {
    let micros = Expr::Cast(Box::new(Expr::Call(Function::Micros, vec![span])), Kind::F64);
    Ex::new(micros.binary(BinaryOp::Div, Expr::Value(Value::F64(unit))))
}

impl<E: Expression> DateExpression for E {}

/// What a day is truncated to, and a day with a time.
///
/// ```
/// # use library::*;
/// let weeks = Book::objects().values(|b| b.published.trunc(DateUnit::Week));
/// assert!(weeks.to_sql(Dialect::Postgres)?.contains("date_trunc('week', \"published\")"));
/// # Ok::<(), orm::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateUnit {
    /// The first of January.
    Year,
    /// The first of January, April, July or October.
    Quarter,
    /// The first of the month.
    Month,
    /// Monday.
    Week,
    /// Midnight.
    Day,
}

/// What a time is truncated to.
///
/// ```
/// # use library::*;
/// let hours = Book::objects().values(|b| b.created.trunc(TimeUnit::Hour));
/// assert!(hours.to_sql(Dialect::Postgres)?.contains("date_trunc('hour', \"created\")"));
/// # Ok::<(), orm::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    /// The full hour.
    Hour,
    /// The full minute.
    Minute,
    /// The full second.
    Second,
}

impl From<DateUnit> for Unit {
    fn from(unit: DateUnit) -> Unit {
        match unit {
            DateUnit::Year => Unit::Year,
            DateUnit::Quarter => Unit::Quarter,
            DateUnit::Month => Unit::Month,
            DateUnit::Week => Unit::Week,
            DateUnit::Day => Unit::Day,
        }
    }
}

impl From<TimeUnit> for Unit {
    fn from(unit: TimeUnit) -> Unit {
        match unit {
            TimeUnit::Hour => Unit::Hour,
            TimeUnit::Minute => Unit::Minute,
            TimeUnit::Second => Unit::Second,
        }
    }
}

/// A unit that values of a family can be truncated to.
///
/// ```
/// # use library::*;
/// // `b.published.trunc(TimeUnit::Hour)` does not compile: a day has no hours.
/// let hours = Book::objects().values(|b| b.created.trunc(TimeUnit::Hour));
/// ```
#[diagnostic::on_unimplemented(
    message = "values of `{F}` cannot be truncated to a `{Self}`",
    label = "days take a `DateUnit`, times of day a `TimeUnit`, and dates with a time both"
)]
pub trait TruncTo<F>: Into<Unit> {}
impl TruncTo<crate::family::Date> for DateUnit {}
impl TruncTo<Moments> for DateUnit {}
impl TruncTo<Moments> for TimeUnit {}
impl TruncTo<crate::family::Time> for TimeUnit {}

/// A time zone: a fixed offset, or the name of one.
///
/// ```
/// use orm::Zone;
/// let berlin = Zone::named("Europe/Berlin");
/// let offset: Zone = chrono::FixedOffset::east_opt(3600).unwrap().into();
/// assert_ne!(berlin, offset);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(ZoneKind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum ZoneKind {
    Offset(FixedOffset),
    Named(Cow<'static, str>),
}

impl Zone {
    /// A zone of the database's own list, such as `Europe/Berlin`, with its summer times; or an offset, such as `+02:00`, which
    /// every database knows. SQLite has no such list: there it is the system's, in `/usr/share/zoneinfo`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let local = Book::objects().values(|b| b.created.at(orm::Zone::named("Europe/Berlin")).hour());
    /// assert_eq!(local.first(&db).await?, Some(13));
    /// let nowhere = Book::objects().values(|b| b.created.at(orm::Zone::named("Europe/Berlim")).hour());
    /// assert_eq!(nowhere.all(&db).await.unwrap_err().code(), orm::Code::UnknownZone);
    /// let local = Book::objects().values(|b| b.created.at(orm::Zone::named("+09:00")).hour());
    /// assert_eq!(local.first(&db).await?, Some(21));
    /// # Ok(()) }
    /// ```
    pub fn named(name: impl Into<Cow<'static, str>>) -> Zone {
        Zone(ZoneKind::Named(name.into()))
    }
}

impl From<FixedOffset> for Zone {
    fn from(offset: FixedOffset) -> Zone {
        Zone(ZoneKind::Offset(offset))
    }
}

impl From<Utc> for Zone {
    fn from(_: Utc) -> Zone {
        Zone(ZoneKind::Offset(chrono::Offset::fix(&Utc)))
    }
}
