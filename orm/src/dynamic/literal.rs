//! Values in JSON: how each kind is written, and what a written value is where a kind is expected.

use crate::{Code, Error, Kind, Result, Value};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde_json::Value as Json;

/// What kinds have in common: only values of one family are compared with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Bool,
    Number,
    Text,
    Bytes,
    Date,
    Time,
    DateTime,
    Duration,
    Uuid,
    Json,
}

pub(super) fn family(kind: Kind) -> Family {
    match kind {
        Kind::Bool => Family::Bool,
        Kind::I16 | Kind::I32 | Kind::I64 | Kind::F32 | Kind::F64 | Kind::Decimal => Family::Number,
        Kind::Text => Family::Text,
        Kind::Bytes => Family::Bytes,
        Kind::Date => Family::Date,
        Kind::Time => Family::Time,
        Kind::Timestamp | Kind::DateTime => Family::DateTime,
        Kind::Duration => Family::Duration,
        Kind::Uuid => Family::Uuid,
        Kind::Json => Family::Json,
    }
}

/// The name of a kind in errors, with its article.
pub(super) fn called(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "a truth value",
        Kind::I16 | Kind::I32 | Kind::I64 => "a whole number",
        Kind::F32 | Kind::F64 => "a number",
        Kind::Decimal => "a decimal",
        Kind::Text => "a text",
        Kind::Bytes => "bytes",
        Kind::Date => "a date",
        Kind::Time => "a time of day",
        Kind::Timestamp => "a date with a time",
        Kind::DateTime => "an instant",
        Kind::Duration => "a span of time",
        Kind::Uuid => "a UUID",
        Kind::Json => "a JSON document",
    }
}

/// How a value of the kind is written.
fn form(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "write true or false",
        Kind::I16 | Kind::I32 | Kind::I64 | Kind::F32 | Kind::F64 => "write a number, such as 12",
        Kind::Decimal => "write a number, or its digits as text: \"12.50\"",
        Kind::Text => "write a text between quotes",
        Kind::Bytes => "write two hexadecimal digits for each byte: \"00ff\"",
        Kind::Date => "write \"2020-01-31\"",
        Kind::Time => "write \"10:30:00\"",
        Kind::Timestamp => "write \"2020-01-31T10:30:00\"",
        Kind::DateTime => "write \"2020-01-31T10:30:00Z\"",
        Kind::Duration => "write the number of its microseconds",
        Kind::Uuid => "write \"67e55044-10b1-426f-9247-bb680e5fe0c8\"",
        Kind::Json => "write `{\"value\": ..}`",
    }
}

/// A value in JSON, as [`value`] reads it.
pub(super) fn to_json(value: &Value) -> Json {
    match value {
        Value::Null(_) => Json::Null,
        Value::List(_, values) => values.iter().map(to_json).collect(),
        Value::Bool(it) => Json::from(*it),
        Value::I16(it) => Json::from(*it),
        Value::I32(it) => Json::from(*it),
        Value::I64(it) => Json::from(*it),
        Value::F32(it) => Json::from(*it),
        Value::F64(it) => Json::from(*it),
        Value::Decimal(it) => Json::from(it.to_string()),
        Value::Text(it) => Json::from(it.as_str()),
        Value::Bytes(it) => Json::from(it.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        Value::Date(it) => Json::from(it.to_string()),
        Value::Time(it) => Json::from(it.to_string()),
        Value::Timestamp(it) => Json::from(it.format("%Y-%m-%dT%H:%M:%S%.f").to_string()),
        Value::DateTime(it) => Json::from(it.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string()),
        Value::Duration(it) => Json::from(it.num_microseconds()),
        Value::Uuid(it) => Json::from(it.to_string()),
        Value::Json(it) => it.clone(),
    }
}

/// What a written value is where a kind is expected. A number that the kind cannot hold stays the number that it is, so that it
/// compares as numbers do.
///
/// # Errors
/// When it is of another form; the value itself is not shown.
pub(super) fn value(json: &Json, kind: Kind) -> Result<Value> {
    if json.is_null() {
        return Ok(Value::Null(kind));
    }
    let read = match kind {
        Kind::Bool => bool(json).map(Value::Bool),
        Kind::I16 | Kind::I32 | Kind::I64 | Kind::F32 | Kind::F64 | Kind::Decimal => number(json, kind),
        Kind::Text => match json {
            Json::Number(number) => Some(Value::Text(number.to_string())),
            json => json.as_str().map(|text| Value::Text(text.to_owned())),
        },
        Kind::Bytes => json.as_str().and_then(bytes).map(Value::Bytes),
        Kind::Date => json.as_str().and_then(date).map(Value::Date),
        Kind::Time => json.as_str().and_then(time).map(Value::Time),
        Kind::Timestamp => json.as_str().and_then(timestamp).map(Value::Timestamp),
        Kind::DateTime => json.as_str().and_then(instant).map(Value::DateTime),
        Kind::Duration => json.as_i64().map(|count| Value::Duration(TimeDelta::microseconds(count))),
        Kind::Uuid => json.as_str().and_then(|text| text.parse().ok()).map(Value::Uuid),
        Kind::Json => Some(Value::Json(json.clone())),
    };
    read.ok_or_else(|| Error::new(Code::InvalidValue, format!("a value is not {}", called(kind))).with_hint(form(kind)))
}

/// What a written value is where nothing is known of what it should be; NULL has no type there.
pub(super) fn plain(json: &Json) -> Result<Value> {
    match json {
        Json::Null => Err(Error::new(Code::BadQuery, "NULL stands where nothing says of which type it is")
            .with_hint("write `{\"typed\": [\"text\", null]}`")),
        Json::Bool(it) => Ok(Value::Bool(*it)),
        Json::Number(number) if number.is_i64() => value(json, Kind::I64),
        Json::Number(number) if number.is_u64() => value(json, Kind::Decimal),
        Json::Number(_) => value(json, Kind::F64),
        Json::String(text) => Ok(Value::Text(text.clone())),
        Json::Array(_) | Json::Object(_) => Ok(Value::Json(json.clone())),
    }
}

fn bool(json: &Json) -> Option<bool> {
    match json {
        Json::Bool(it) => Some(*it),
        Json::Number(number) => match number.as_i64()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
        Json::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn number(json: &Json, kind: Kind) -> Option<Value> {
    let text = match json {
        Json::Number(number) => number.to_string(),
        // Query strings and forms hold nothing but text.
        Json::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    let decimal = || match text.parse::<Decimal>() {
        Ok(decimal) => Some(decimal),
        Err(_) => Decimal::from_scientific(&text).ok(),
    };
    let float = || text.parse::<f64>().ok().filter(|float| float.is_finite());
    if let Ok(whole) = text.parse::<i64>() {
        return Some(match kind {
            Kind::I16 => i16::try_from(whole).map_or(Value::I64(whole), Value::I16),
            Kind::I32 => i32::try_from(whole).map_or(Value::I64(whole), Value::I32),
            Kind::F32 | Kind::F64 => Value::F64(whole as f64),
            Kind::Decimal => Value::Decimal(whole.into()),
            _ => Value::I64(whole),
        });
    }
    match kind {
        Kind::F32 | Kind::F64 => float().map(Value::F64),
        Kind::Decimal => decimal().map(Value::Decimal).or_else(|| float().map(Value::F64)),
        // Larger than any, or with a fraction: no whole number is equal to it, and it has a place among them.
        _ => float().map(Value::F64),
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

/// The years that all databases have.
fn usual(day: NaiveDate) -> bool {
    (1..=9999).contains(&day.year())
}

fn date(text: &str) -> Option<NaiveDate> {
    text.parse().ok().filter(|day| usual(*day))
}

fn time(text: &str) -> Option<NaiveTime> {
    ["%H:%M:%S%.f", "%H:%M"].iter().find_map(|form| NaiveTime::parse_from_str(text, form).ok())
}

fn timestamp(text: &str) -> Option<NaiveDateTime> {
    let forms = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let read = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let read = read.or_else(|| date(text).map(|day| day.and_time(NaiveTime::MIN)));
    read.filter(|time| usual(time.date()))
}

fn instant(text: &str) -> Option<DateTime<Utc>> {
    let with_offset =
        DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%:z"));
    let read = with_offset.ok().map(|time| time.to_utc()).or_else(|| timestamp(text).map(|time| time.and_utc()));
    read.filter(|time| usual(time.date_naive()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_is_read_again() {
        let now = instant("2020-02-29T23:59:59.250001Z").unwrap();
        let values = [
            Value::Null(Kind::Date),
            Value::Bool(true),
            Value::I16(-7),
            Value::I32(7),
            Value::I64(i64::MIN),
            Value::F64(0.1),
            Value::Decimal("-12.500".parse().unwrap()),
            Value::Text("é\0\"".to_owned()),
            Value::Bytes(vec![0, 255]),
            Value::Date(now.date_naive()),
            Value::Time(now.time()),
            Value::Timestamp(now.naive_utc()),
            Value::DateTime(now),
            Value::Duration(TimeDelta::microseconds(-1)),
            Value::Uuid(uuid::Uuid::from_u128(7)),
            Value::Json(json!({"a": [1, null]})),
        ];
        for written in values {
            assert_eq!(value(&to_json(&written), written.kind()).unwrap(), written);
        }
    }

    #[test]
    fn numbers_stay_what_they_are() {
        assert_eq!(value(&json!(70_000), Kind::I16).unwrap(), Value::I64(70_000));
        assert_eq!(value(&json!(2.5), Kind::I32).unwrap(), Value::F64(2.5));
        assert_eq!(value(&json!("12.50"), Kind::Decimal).unwrap(), Value::Decimal("12.50".parse().unwrap()));
        assert_eq!(value(&json!(u64::MAX), Kind::I64).unwrap(), Value::F64(u64::MAX as f64));
        for wrong in [json!("x"), json!([1]), json!(true), json!("NaN"), json!("")] {
            assert_eq!(value(&wrong, Kind::I64).unwrap_err().code(), Code::InvalidValue, "{wrong}");
        }
    }

    #[test]
    fn times_have_several_forms() {
        for text in ["2020-01-31", "2020-01-31T00:00", "2020-01-31 00:00:00", "2020-01-31T01:00:00+01:00"] {
            assert_eq!(instant(text).unwrap().to_rfc3339(), "2020-01-31T00:00:00+00:00", "{text}");
        }
        for text in ["", "0000-01-01", "+10000-01-01", "2020-02-30", "2020-01-31T25:00:00Z", "now"] {
            assert!(instant(text).is_none(), "{text}");
        }
    }
}
