//! Ranges of numbers, days and moments.

use crate::{Cell, FieldType, Kind, NotNull, PgKind, PgValue, Plain, Range, Result, Value, family};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use rust_decimal::Decimal;

/// What ranges can be of: `i32`, `i64`, `Decimal`, `NaiveDate`, `NaiveDateTime` and `DateTime<Utc>`.
///
/// ```
/// fn is_bound<T: orm::postgres::InRange>(_: T) {}
/// is_bound(5_i32);
/// ```
#[diagnostic::on_unimplemented(
    message = "there are no ranges of `{Self}`",
    label = "PostgreSQL has ranges of `i32`, `i64`, `Decimal`, `NaiveDate`, `NaiveDateTime` and `DateTime<Utc>`"
)]
pub trait InRange: Plain + Clone {
    /// The kind of their ranges.
    #[doc(hidden)]
    const RANGE: &'static PgKind;
}

macro_rules! ranges {
    ($($type:ty: $kind:ident;)+) => {$(
        impl InRange for $type {
            const RANGE: &'static PgKind = &PgKind::Range(Kind::$kind);
        }
    )+};
}

ranges! {
    i32: I32;
    i64: I64;
    Decimal: Decimal;
    NaiveDate: Date;
    NaiveDateTime: Timestamp;
    DateTime<Utc>: DateTime;
}

impl<T: InRange> FieldType for Range<T> {
    type Plain = Self;
    type Nullable = Option<Self>;
    type Nullness = NotNull;
    type Family = family::Range<T>;
    const KIND: Kind = Kind::Postgres(T::RANGE);

    fn to_value(&self) -> Result<Value> {
        let range = self.as_ref().try_map(T::to_value)?;
        Ok(Value::Postgres(T::RANGE, Box::new(PgValue::Range(range))))
    }

    fn from_cell(cell: &Cell<'_>) -> Result<Self> {
        cell.range()?.try_map(|bound| T::from_cell(&Cell::of(&[bound].as_slice())))
    }
}
impl<T: InRange> Plain for Range<T> {}

/// That a type is a range, and of what.
///
/// ```
/// use orm::postgres::{IsRange, Range};
/// fn all<R: IsRange>() -> Range<R::Bound> {
///     (..).into()
/// }
/// assert!(all::<Range<i32>>().contains(&7));
/// ```
pub trait IsRange: Plain {
    /// What its bounds are.
    type Bound: InRange;
}

impl<T: InRange> IsRange for Range<T> {
    type Bound = T;
}
