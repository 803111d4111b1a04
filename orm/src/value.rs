//! Values on their way to the database: what a statement binds.

pub(crate) mod base64;
mod json;
mod postgres;
pub(crate) mod untyped;

pub use postgres::{PgKind, PgValue, Range};
pub use untyped::Untyped;

use crate::{Code, Dialect, Error, Result};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::sync::Arc;
use uuid::Uuid;

/// The kinds of value that every supported database can store, each in one documented form, and those of PostgreSQL alone.
///
/// In JSON a kind is a word: `"i64"`, `"text"`, `"text[]"` for an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
#[non_exhaustive]
pub enum Kind {
    /// `bool`.
    Bool,
    /// `i16`.
    I16,
    /// `i32`.
    I32,
    /// `i64`.
    I64,
    /// `f32`.
    F32,
    /// `f64`.
    F64,
    /// An exact decimal.
    Decimal,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// A day.
    Date,
    /// A time of day, in microseconds.
    Time,
    /// A date and time of day without a zone, in microseconds.
    Timestamp,
    /// An instant in UTC, in microseconds.
    DateTime,
    /// A span of time, in microseconds.
    Duration,
    /// A UUID.
    Uuid,
    /// An IP address.
    Ip,
    /// A JSON document.
    Json,
    /// What PostgreSQL alone has.
    Postgres(&'static PgKind),
}

/// Values of a row's key or of one field, of which there is mostly one: then they take no allocation.
pub(crate) type Values = SmallVec<[Value; 1]>;

/// One value that a statement binds, in one of the forms of [`Kind`].
///
/// A person meets it when a type of their own implements [`FieldType`](crate::FieldType); elsewhere values are Rust's own.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// NULL, of a kind: PostgreSQL wants to know which.
    Null(Kind),
    /// See [`Kind::Bool`].
    Bool(bool),
    /// See [`Kind::I16`].
    I16(i16),
    /// See [`Kind::I32`].
    I32(i32),
    /// See [`Kind::I64`].
    I64(i64),
    /// See [`Kind::F32`].
    F32(f32),
    /// See [`Kind::F64`].
    F64(f64),
    /// See [`Kind::Decimal`].
    Decimal(Decimal),
    /// See [`Kind::Text`].
    Text(String),
    /// See [`Kind::Bytes`].
    Bytes(Vec<u8>),
    /// See [`Kind::Date`].
    Date(NaiveDate),
    /// See [`Kind::Time`].
    Time(NaiveTime),
    /// See [`Kind::Timestamp`].
    Timestamp(NaiveDateTime),
    /// See [`Kind::DateTime`].
    DateTime(DateTime<Utc>),
    /// See [`Kind::Duration`].
    Duration(TimeDelta),
    /// See [`Kind::Uuid`].
    Uuid(Uuid),
    /// See [`Kind::Ip`].
    Ip(std::net::IpAddr),
    /// See [`Kind::Json`].
    Json(serde_json::Value),
    /// See [`Kind::Postgres`].
    Postgres(&'static PgKind, Box<PgValue>),
    /// Many values of one kind, bound as one: an array on PostgreSQL, a JSON array elsewhere.
    List(Arc<List>),
}

/// Many values of one kind: see [`Value::List`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct List {
    /// What they are; NULL can be one of them.
    pub kind: Kind,
    /// The values.
    pub values: Vec<Value>,
}

impl Kind {
    /// The least and the greatest number, of whole numbers.
    pub(crate) fn whole_range(self) -> Option<(i64, i64)> {
        match self {
            Kind::I16 => Some((i16::MIN.into(), i16::MAX.into())),
            Kind::I32 => Some((i32::MIN.into(), i32::MAX.into())),
            Kind::I64 => Some((i64::MIN, i64::MAX)),
            _ => None,
        }
    }
}

impl Value {
    /// Many values of one kind, to be bound as one.
    ///
    /// ```
    /// use orm::{Kind, Value};
    /// assert_eq!(Value::list(Kind::I64, [Value::I64(7), Value::I64(9)]).kind(), Kind::I64);
    /// ```
    pub fn list(kind: Kind, values: impl IntoIterator<Item = Value>) -> Value {
        Value::List(Arc::new(List { kind, values: values.into_iter().collect() }))
    }

    /// The kind of this value (of its elements, for a list).
    ///
    /// ```
    /// use orm::{Kind, Value};
    /// assert_eq!(Value::I64(7).kind(), Kind::I64);
    /// ```
    pub fn kind(&self) -> Kind {
        match self {
            Value::Null(kind) => *kind,
            Value::List(list) => list.kind,
            Value::Bool(_) => Kind::Bool,
            Value::I16(_) => Kind::I16,
            Value::I32(_) => Kind::I32,
            Value::I64(_) => Kind::I64,
            Value::F32(_) => Kind::F32,
            Value::F64(_) => Kind::F64,
            Value::Decimal(_) => Kind::Decimal,
            Value::Text(_) => Kind::Text,
            Value::Bytes(_) => Kind::Bytes,
            Value::Date(_) => Kind::Date,
            Value::Time(_) => Kind::Time,
            Value::Timestamp(_) => Kind::Timestamp,
            Value::DateTime(_) => Kind::DateTime,
            Value::Duration(_) => Kind::Duration,
            Value::Uuid(_) => Kind::Uuid,
            Value::Ip(_) => Kind::Ip,
            Value::Json(_) => Kind::Json,
            Value::Postgres(kind, _) => Kind::Postgres(kind),
        }
    }

    /// Whether this is NULL.
    ///
    /// ```
    /// use orm::{Kind, Value};
    /// assert!(Value::Null(Kind::Text).is_null());
    /// ```
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null(_))
    }

    /// What it is of the values that PostgreSQL alone has.
    pub(crate) fn own(&self) -> Option<&PgValue> {
        match self {
            Value::Postgres(_, value) => Some(value),
            _ => None,
        }
    }

    /// Refuses a value that the database would not keep as it is.
    pub(crate) fn storable(&self, dialect: Dialect) -> Result<()> {
        let can = dialect.capabilities();
        match self {
            Value::Decimal(number) => exact(number, dialect),
            Value::F32(number) if !number.is_finite() => storable_float(f64::from(*number), dialect),
            Value::F64(number) if !number.is_finite() => storable_float(*number, dialect),
            Value::Text(text) if !can.nul && text.contains('\0') => Err(nul(dialect)),
            Value::Json(document) if !can.nul && holds_nul(document) => Err(nul(dialect)),
            Value::Date(date) => Value::year(*date).map(drop),
            Value::Timestamp(stamp) => Value::year(stamp.date()).map(drop),
            Value::DateTime(instant) => Value::year(instant.date_naive()).map(drop),
            Value::Duration(span) => Value::micros(*span).map(drop),
            Value::List(list) => list.values.iter().try_for_each(|value| value.storable(dialect)),
            Value::Postgres(kind, value) => {
                kind.known_to(dialect)?;
                value.parts().try_for_each(|value| value.storable(dialect))?;
                match value.texts().any(|text| text.contains('\0')) {
                    true => Err(nul(dialect)),
                    false => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// The year of a date, if it is one that all databases keep.
    pub(crate) fn year(date: NaiveDate) -> Result<u32> {
        u32::try_from(date.year()).ok().filter(|year| (1..=9999).contains(year)).ok_or_else(|| {
            let hint = "dates reach from 0001-01-01 to 9999-12-31";
            Error::new(Code::OutOfRange, "the year cannot be stored").with_hint(hint)
        })
    }

    /// A span in whole microseconds, cut towards the past.
    pub(crate) fn micros(span: TimeDelta) -> Result<i64> {
        let whole = span.num_seconds().checked_mul(1_000_000);
        let part = i64::from(span.subsec_nanos()).div_euclid(1_000);
        whole
            .and_then(|whole| whole.checked_add(part))
            .ok_or_else(|| Error::new(Code::OutOfRange, "the span of time is too long to be stored"))
    }

    /// About how many bytes it is bound as.
    pub(crate) fn size(&self) -> usize {
        match self {
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::Json(document) => size_of_json(document),
            Value::List(list) => list.values.iter().map(Value::size).sum(),
            _ => 16,
        }
    }
}

fn exact(number: &Decimal, dialect: Dialect) -> Result<()> {
    let limit = dialect.capabilities().decimal_digits;
    let exact = number.normalize();
    let digits = exact.mantissa().unsigned_abs().checked_ilog10().map_or(1, |log| log + 1).max(exact.scale());
    if digits <= limit {
        return Ok(());
    }
    let what = format!("the decimal has {digits} digits, where {dialect} keeps {limit} exactly");
    Err(Error::new(Code::InexactDecimal, what)
        .with_hint("round it first, keep it as text, or use PostgreSQL or MariaDB"))
}

#[cold]
fn storable_float(number: f64, dialect: Dialect) -> Result<()> {
    let can = dialect.capabilities();
    let what = match number.is_nan() {
        true if !can.nan => "no number (NaN)",
        false if !can.infinity => "infinite",
        _ => return Ok(()),
    };
    Err(Error::new(Code::InvalidValue, format!("the float is {what}, which {dialect} cannot store"))
        .with_hint("store `None` instead, or use PostgreSQL"))
}

#[cold]
fn nul(dialect: Dialect) -> Error {
    let what = format!("the text has the character U+0000, which {dialect} cannot store");
    Error::new(Code::InvalidValue, what).with_hint("remove it, or keep the value as bytes")
}

fn holds_nul(document: &serde_json::Value) -> bool {
    match document {
        serde_json::Value::String(text) => text.contains('\0'),
        serde_json::Value::Array(parts) => parts.iter().any(holds_nul),
        serde_json::Value::Object(parts) => parts.iter().any(|(name, part)| name.contains('\0') || holds_nul(part)),
        _ => false,
    }
}

fn size_of_json(document: &serde_json::Value) -> usize {
    match document {
        serde_json::Value::String(text) => text.len() + 2,
        serde_json::Value::Array(parts) => parts.iter().map(size_of_json).sum::<usize>() + parts.len(),
        serde_json::Value::Object(parts) => parts.iter().map(|(name, part)| name.len() + 4 + size_of_json(part)).sum(),
        _ => 8,
    }
}
