//! Values of PostgreSQL's types in JSON: arrays are lists, hstore an object, a range `{"lower": 1, "upper": 5, "bounds": "[)"}` or
//! `{"empty": true}`, the others text.

use super::{PgKind, PgValue, Range, wrong};
use crate::{Kind, Result, Untyped, Value};
use serde_json::{Value as Json, json};
use std::ops::Bound;

impl PgValue {
    pub(crate) fn to_json(&self) -> Json {
        match self {
            PgValue::Array(values) => values.iter().map(Value::to_json).collect(),
            PgValue::HStore(pairs) => pairs.iter().map(|(key, value)| (key.clone(), json!(value))).collect(),
            PgValue::Text(text) => Json::from(text.as_str()),
            PgValue::Range(Range::Empty) => json!({"empty": true}),
            PgValue::Range(Range::Between(low, high)) => {
                let end = |bound: &Bound<Value>| super::inside(bound).map_or(Json::Null, Value::to_json);
                json!({"lower": end(low), "upper": end(high), "bounds": Range::signs(low, high)})
            }
        }
    }
}

impl PgKind {
    /// Reads a value from outside: JSON, or a text that is JSON where the type has no other form.
    pub(crate) fn read(&'static self, given: Untyped<'_>) -> Result<Value> {
        let wrong = || wrong(Kind::Postgres(self));
        if let PgKind::Enum(_) | PgKind::SearchVector | PgKind::SearchQuery = self {
            let text = given.as_text().ok_or_else(wrong)?;
            return Ok(Value::Postgres(self, Box::new(PgValue::Text(text.to_owned()))));
        }
        let parsed;
        let json = match (given, given.as_text()) {
            // The text of a document: a form's, and that of a fixture which Django has written.
            (_, Some(text)) => {
                parsed = serde_json::from_str(text).map_err(|_| wrong())?;
                &parsed
            }
            (Untyped::Json(json), None) => json,
            (Untyped::Text(_), None) => return Err(wrong()),
        };
        let in_text = given.as_text().is_some();
        let read = |json: &Json, kind: Kind| match json {
            Json::Null => Ok(Value::Null(kind)),
            // In such a text Django writes everything as text.
            Json::String(text) if in_text && kind != Kind::Json => Untyped::Text(text).read(kind),
            json => Untyped::Json(json).read(kind),
        };
        let value = match (self, json) {
            (PgKind::Array(of), Json::Array(elements)) => {
                PgValue::Array(elements.iter().map(|element| read(element, *of)).collect::<Result<_>>()?)
            }
            (PgKind::Range(of), Json::Array(ends)) => match &ends[..] {
                [low, high] => PgValue::Range(Range::Between(
                    bound(low, *of, Bound::Included)?,
                    bound(high, *of, Bound::Excluded)?,
                )),
                _ => return Err(wrong()),
            },
            (PgKind::Range(of), Json::Object(range)) => {
                if range.get("empty") == Some(&Json::Bool(true)) {
                    PgValue::Range(Range::Empty)
                } else {
                    let signs = range.get("bounds").map_or(Some("[)"), Json::as_str).ok_or_else(wrong)?;
                    let end = |name: &str| match range.get(name) {
                        None | Some(Json::Null) => Ok(None),
                        Some(json) => read(json, *of).map(Some),
                    };
                    let range = Range::of_signs(end("lower")?, end("upper")?, signs);
                    PgValue::Range(range.ok_or_else(wrong)?)
                }
            }
            (PgKind::HStore, Json::Object(pairs)) => {
                let text = |(key, value): (&String, &Json)| match value {
                    Json::Null => Ok((key.clone(), None)),
                    Json::String(text) => Ok((key.clone(), Some(text.clone()))),
                    _ => Err(wrong()),
                };
                PgValue::HStore(pairs.iter().map(text).collect::<Result<_>>()?)
            }
            _ => return Err(wrong()),
        };
        Ok(Value::Postgres(self, Box::new(value)))
    }
}

fn bound(json: &Json, kind: Kind, bound: fn(Value) -> Bound<Value>) -> Result<Bound<Value>> {
    if json.is_null() { Ok(Bound::Unbounded) } else { Untyped::Json(json).read(kind).map(bound) }
}
