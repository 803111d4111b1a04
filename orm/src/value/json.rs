//! Values in JSON: each kind is written in one form, and read again from it.

use super::{Untyped, base64, untyped::wrong};
use crate::{Kind, Result, Value};
use chrono::TimeDelta;
use serde_json::Value as Json;

impl Value {
    /// The value in JSON, in the form that [`Untyped`] reads: what JSON has no form for is text. Decimals keep their digits, bytes
    /// are base64, a span of time is `3 04:05:06.5`; a list is an array.
    ///
    /// ```
    /// use orm::{Kind, Untyped, Value};
    /// let span = Value::Duration(chrono::TimeDelta::milliseconds(273_906_500));
    /// assert_eq!(span.to_json(), serde_json::json!("3 04:05:06.500000"));
    /// assert_eq!(Untyped::Json(&span.to_json()).read(Kind::Duration)?, span);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn to_json(&self) -> Json {
        match self {
            Value::Null(_) => Json::Null,
            Value::List(list) => list.values.iter().map(Value::to_json).collect(),
            Value::Bool(it) => Json::from(*it),
            Value::I16(it) => Json::from(*it),
            Value::I32(it) => Json::from(*it),
            Value::I64(it) => Json::from(*it),
            Value::F32(it) => Json::from(*it),
            Value::F64(it) => Json::from(*it),
            Value::Decimal(it) => Json::from(it.to_string()),
            Value::Text(it) => Json::from(it.as_str()),
            Value::Bytes(it) => Json::from(base64::encode(it, base64::LETTERS, true)),
            Value::Date(it) => Json::from(it.to_string()),
            Value::Time(it) => Json::from(it.to_string()),
            Value::Timestamp(it) => Json::from(it.format("%Y-%m-%dT%H:%M:%S%.f").to_string()),
            Value::DateTime(it) => Json::from(it.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string()),
            Value::Duration(it) => Json::from(span(*it)),
            Value::Uuid(it) => Json::from(it.to_string()),
            Value::Ip(it) => Json::from(it.to_string()),
            Value::Json(it) => it.clone(),
            Value::Postgres(_, it) => it.to_json(),
        }
    }

    /// What [`Value::to_json`] has written of a kind.
    ///
    /// # Errors
    /// When it is of another form; the value itself is not shown.
    pub(crate) fn from_json(json: &Json, kind: Kind) -> Result<Value> {
        match (json, kind) {
            (Json::Null, _) => Ok(Value::Null(kind)),
            (Json::String(text), Kind::Text) => Ok(Value::Text(text.clone())),
            (_, Kind::Text) => Err(wrong(kind)),
            _ => Untyped::Json(json).read(kind),
        }
    }
}

/// `[-]D HH:MM:SS[.ffffff]`, as Django writes it: only the days are below zero, and the time of day is added to them.
fn span(span: TimeDelta) -> String {
    let micros = span.subsec_nanos() / 1_000;
    let (seconds, micros) = (span.num_seconds() - i64::from(micros < 0), micros.rem_euclid(1_000_000));
    let (days, clock) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (hours, minutes, seconds) = (clock / 3_600, clock / 60 % 60, clock % 60);
    match micros {
        0 => format!("{days} {hours:02}:{minutes:02}:{seconds:02}"),
        micros => format!("{days} {hours:02}:{minutes:02}:{seconds:02}.{micros:06}"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_is_read_again() {
        let now = chrono::DateTime::from_timestamp_micros(1_583_020_799_250_001).unwrap();
        let micros = |count| Value::Duration(TimeDelta::microseconds(count));
        let values = [
            Value::Null(Kind::Date),
            Value::Bool(true),
            Value::I16(-7),
            Value::I32(7),
            Value::I64(i64::MIN),
            Value::F64(0.1),
            Value::Decimal("-12.500".parse().unwrap()),
            Value::Text("é\0\"".to_owned()),
            Value::Bytes(vec![0, 255, 254, 253]),
            Value::Date(now.date_naive()),
            Value::Time(now.time()),
            Value::Timestamp(now.naive_utc()),
            Value::DateTime(now),
            micros(0),
            micros(-1),
            micros(-90_000_000_000),
            micros(-86_400_000_000),
            micros(i64::MIN + 1),
            micros(273_906_000_007),
            Value::Uuid(uuid::Uuid::from_u128(7)),
            Value::Json(json!({"a": [1, null]})),
        ];
        for written in values {
            assert_eq!(Value::from_json(&written.to_json(), written.kind()).unwrap(), written);
        }
    }
    #[test]
    fn spans_are_written_as_django_writes_them() {
        for (micros, text) in [
            (0, "0 00:00:00"),
            (1, "0 00:00:00.000001"),
            (-1, "-1 23:59:59.999999"),
            (-1_000_000, "-1 23:59:59"),
            (-86_400_000_000, "-1 00:00:00"),
            (-86_400_000_001, "-2 23:59:59.999999"),
            (90_061_000_001, "1 01:01:01.000001"),
            (-90_061_000_001, "-2 22:58:58.999999"),
        ] {
            assert_eq!(span(TimeDelta::microseconds(micros)), text);
        }
    }
}
