//! What kinds have in common, and what a written value is where a kind is expected.

use crate::{Code, Error, Kind, PgKind, Result, Untyped, Value, value::untyped::expected};
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
    Ip,
    Json,
    Postgres(&'static PgKind),
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
        Kind::Ip => Family::Ip,
        Kind::Json => Family::Json,
        Kind::Postgres(own) => Family::Postgres(own),
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
        Kind::Ip => "an IP address",
        Kind::Json => "a JSON document",
        Kind::Postgres(PgKind::Array(_)) => "an array",
        Kind::Postgres(PgKind::Range(_)) => "a range",
        Kind::Postgres(PgKind::HStore) => "an hstore",
        Kind::Postgres(PgKind::SearchVector) => "a search vector",
        Kind::Postgres(PgKind::SearchQuery) => "a search query",
        Kind::Postgres(PgKind::Enum(_)) => "an enum",
    }
}

/// What a written value is where a kind is expected, in the forms of [`Value::to_json`] and, since query strings hold nothing but
/// text, of text. A number that the kind cannot hold stays the number that it is, so that it compares as numbers do; a time without
/// an offset is one in UTC.
///
/// # Errors
/// When it is of another form; the value itself is not shown.
pub(super) fn value(json: &Json, kind: Kind) -> Result<Value> {
    let wrong = || Error::new(Code::InvalidValue, format!("expected {}", expected(kind)));
    match (json, kind) {
        (Json::Number(number), Kind::Text) => Ok(Value::Text(number.to_string())),
        (Json::Number(number), Kind::Bool) => Untyped::Text(&number.to_string()).read(kind),
        // A form's empty text is no value; here it is one, of another kind.
        (Json::String(text), _) if text.is_empty() && !matches!(kind, Kind::Text | Kind::Bytes | Kind::Json) => {
            Err(wrong())
        }
        (Json::String(text), Kind::Bool) => Untyped::Text(text).read(kind),
        (Json::String(_) | Json::Number(_), _) if family(kind) == Family::Number => {
            number(json, kind).ok_or_else(wrong)
        }
        (Json::String(_), Kind::DateTime) => {
            Value::from_json(json, kind).or_else(|error| match Value::from_json(json, Kind::Timestamp) {
                Ok(Value::Timestamp(time)) => Ok(Value::DateTime(time.and_utc())),
                _ => Err(error),
            })
        }
        _ => Value::from_json(json, kind),
    }
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

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
            let midnight = value(&json!("2020-01-31T00:00:00Z"), Kind::DateTime).unwrap();
            assert_eq!(value(&json!(text), Kind::DateTime).unwrap(), midnight, "{text}");
        }
        for text in ["", "0000-01-01", "+10000-01-01", "2020-02-30", "2020-01-31T25:00:00Z", "now"] {
            assert!(value(&json!(text), Kind::DateTime).is_err(), "{text}");
        }
    }
}
