//! Values of PostgreSQL's types as text, as PostgreSQL reads them: bound so, and written so where they are defaults.

use super::{PgValue, Range};
use crate::{Code, Error, Result, Value};
use chrono::NaiveDateTime;
use std::ops::Bound;

impl PgValue {
    /// The text form.
    ///
    /// # Errors
    /// For values that have none: spans of time that are too long.
    pub(crate) fn literal(&self) -> Result<String> {
        match self {
            PgValue::Text(text) => Ok(text.clone()),
            PgValue::HStore(pairs) => {
                let pair = |(key, value): (&String, &Option<String>)| match value {
                    Some(value) => format!("{}=>{}", quoted(key), quoted(value)),
                    None => format!("{}=>NULL", quoted(key)),
                };
                Ok(pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
            }
            PgValue::Array(values) => {
                Ok(format!("{{{}}}", values.iter().map(part).collect::<Result<Vec<_>>>()?.join(",")))
            }
            PgValue::Range(Range::Empty) => Ok("empty".to_owned()),
            PgValue::Range(Range::Between(low, high)) => {
                let end = |bound: &Bound<Value>| super::inside(bound).map_or(Ok(String::new()), part);
                let (left, right) = Range::signs(low, high).split_at(1);
                Ok(format!("{left}{},{}{right}", end(low)?, end(high)?))
            }
        }
    }
}

/// A value within an array or a range.
fn part(value: &Value) -> Result<String> {
    let stamp = |stamp: &NaiveDateTime| stamp.format("%Y-%m-%d %H:%M:%S%.6f").to_string();
    Ok(match value {
        Value::Null(_) => "NULL".to_owned(),
        Value::Bool(it) => it.to_string(),
        Value::I16(it) => it.to_string(),
        Value::I32(it) => it.to_string(),
        Value::I64(it) => it.to_string(),
        Value::F32(it) => it.to_string(),
        Value::F64(it) => it.to_string(),
        Value::Decimal(it) => it.to_string(),
        Value::Text(it) => quoted(it),
        Value::Bytes(it) => quoted(&it.iter().fold("\\x".to_owned(), |text, byte| format!("{text}{byte:02x}"))),
        Value::Date(it) => it.to_string(),
        Value::Time(it) => quoted(&it.format("%H:%M:%S%.6f").to_string()),
        Value::Timestamp(it) => quoted(&stamp(it)),
        Value::DateTime(it) => quoted(&format!("{}+00", stamp(&it.naive_utc()))),
        Value::Duration(it) => quoted(&format!("{} microseconds", Value::micros(*it)?)),
        Value::Uuid(it) => it.to_string(),
        Value::Ip(it) => it.to_string(),
        Value::Json(it) => quoted(&it.to_string()),
        Value::Postgres(_, own) => quoted(&own.literal()?),
        Value::List(..) => return Err(Error::new(Code::Unsupported, "a list cannot hold lists")),
    })
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
