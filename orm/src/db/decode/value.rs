//! Values that are in memory, read like cells: of drafts, edits, and what comes from outside.

use super::{Bad, Decode, Read};
use crate::{PgValue, Range, Value};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::net::IpAddr;
use uuid::Uuid;

fn other<T>(value: &Value) -> Read<T> {
    Err(match value {
        Value::Null(_) => Bad::Null,
        _ => Bad::Found(format!("a value of kind {:?}", value.kind())),
    })
}

macro_rules! read {
    ($($name:ident -> $type:ty { $($pattern:pat => $value:expr),+ $(,)? })+) => {$(
        fn $name(self) -> Read<$type> {
            match self {
                $($pattern => Ok($value),)+
                value => other(value),
            }
        }
    )+};
}

impl Decode for &Value {
    read! {
        bool -> bool { Value::Bool(value) => *value }
        i64 -> i64 {
            Value::I16(value) => i64::from(*value),
            Value::I32(value) => i64::from(*value),
            Value::I64(value) => *value,
        }
        f64 -> f64 {
            Value::F32(value) => f64::from(*value),
            Value::F64(value) => *value,
        }
        decimal -> Decimal { Value::Decimal(value) => *value }
        decimal_rounded -> Decimal { Value::Decimal(value) => *value }

        bytes -> Vec<u8> { Value::Bytes(value) => value.clone() }
        date -> NaiveDate { Value::Date(value) => *value }
        time -> NaiveTime { Value::Time(value) => *value }
        timestamp -> NaiveDateTime { Value::Timestamp(value) => *value }
        datetime -> DateTime<Utc> { Value::DateTime(value) => *value }
        duration -> TimeDelta { Value::Duration(value) => *value }
        uuid -> Uuid { Value::Uuid(value) => *value }
        ip -> IpAddr { Value::Ip(value) => *value }
        json -> serde_json::Value { Value::Json(value) => value.clone() }
    }

    fn text(self) -> Read<String> {
        match (self, self.own()) {
            (Value::Text(text), _) | (_, Some(PgValue::Text(text))) => Ok(text.clone()),
            _ => other(self),
        }
    }

    fn array(self) -> Read<Vec<Value>> {
        match self.own() {
            Some(PgValue::Array(elements)) => Ok(elements.clone()),
            _ => other(self),
        }
    }

    fn range(self) -> Read<Range<Value>> {
        match self.own() {
            Some(PgValue::Range(range)) => Ok(range.clone()),
            _ => other(self),
        }
    }

    fn hstore(self) -> Read<BTreeMap<String, Option<String>>> {
        match self.own() {
            Some(PgValue::HStore(pairs)) => Ok(pairs.clone()),
            _ => other(self),
        }
    }

    fn search_vector(self) -> Read<String> {
        self.text()
    }
}
