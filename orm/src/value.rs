//! Values on their way to the database: what a statement binds.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::sync::Arc;
use uuid::Uuid;

/// The kinds of value that every supported database can store, each in one documented form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
    /// A JSON document.
    Json,
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
    /// See [`Kind::Json`].
    Json(serde_json::Value),
    /// Many values of one kind, bound as one: an array on PostgreSQL, a JSON array elsewhere.
    List(Kind, Arc<[Value]>),
}

impl Value {
    /// The kind of this value (of its elements, for a list).
    ///
    /// ```
    /// use orm::{Kind, Value};
    /// assert_eq!(Value::I64(7).kind(), Kind::I64);
    /// ```
    pub fn kind(&self) -> Kind {
        match self {
            Value::Null(kind) | Value::List(kind, _) => *kind,
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
            Value::Json(_) => Kind::Json,
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

    /// About how many bytes it is bound as.
    #[cfg(feature = "sqlite")]
    pub(crate) fn size(&self) -> usize {
        match self {
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::Json(document) => size_of_json(document),
            Value::List(_, values) => values.iter().map(Value::size).sum(),
            _ => 16,
        }
    }
}

#[cfg(feature = "sqlite")]
fn size_of_json(document: &serde_json::Value) -> usize {
    match document {
        serde_json::Value::String(text) => text.len() + 2,
        serde_json::Value::Array(parts) => parts.iter().map(size_of_json).sum::<usize>() + parts.len(),
        serde_json::Value::Object(parts) => parts.iter().map(|(name, part)| name.len() + 4 + size_of_json(part)).sum(),
        _ => 8,
    }
}
