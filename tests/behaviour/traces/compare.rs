//! What was recorded, beside what the database gives here.

use super::pack::{list, moment, text};
use orm::{Value, dynamic::DynRow};
use serde_json::Value as Json;

/// Floats are compared so far.
const TOLERANCE: f64 = 1e-9;

fn number(value: &Value) -> Option<f64> {
    Some(match value {
        Value::I16(it) => f64::from(*it),
        Value::I32(it) => f64::from(*it),
        Value::I64(it) => *it as f64,
        Value::F32(it) => f64::from(*it),
        Value::F64(it) => *it,
        Value::Decimal(it) => it.to_string().parse().ok()?,
        _ => return None,
    })
}

fn near(one: f64, two: f64) -> bool {
    (one - two).abs() <= TOLERANCE * one.abs().max(two.abs()).max(1e-3)
}

/// Whether a value is what a recorded literal says.
pub fn same(value: &Value, literal: &Json) -> bool {
    match literal {
        // A value in a document is what Python makes of it.
        _ if matches!(value, Value::Json(_)) => json_alike(value, literal),
        Json::Null => value.is_null(),
        Json::Bool(truth) => matches!(value, Value::Bool(it) if it == truth),
        Json::Number(wanted) => wanted.as_f64().zip(number(value)).is_some_and(|(one, two)| near(one, two)),
        Json::String(wanted) => match value {
            Value::Text(it) => it == wanted,
            Value::Uuid(it) => it.to_string() == *wanted,
            _ => false,
        },
        Json::Object(_) => tagged(value, literal),
        Json::Array(_) => false,
    }
}

/// Whether a document is what a recorded literal says: numbers are what they are worth.
fn json_alike(value: &Value, literal: &Json) -> bool {
    fn alike(ours: &Json, wanted: &Json) -> bool {
        match (ours, wanted) {
            (Json::Number(ours), Json::Number(wanted)) => {
                ours.as_f64().zip(wanted.as_f64()).is_some_and(|(one, two)| near(one, two))
            }
            (Json::Array(ours), Json::Array(wanted)) => {
                ours.len() == wanted.len() && ours.iter().zip(wanted).all(|(ours, wanted)| alike(ours, wanted))
            }
            (Json::Object(ours), Json::Object(wanted)) => {
                ours.len() == wanted.len()
                    && ours.iter().all(|(key, ours)| wanted.get(key).is_some_and(|wanted| alike(ours, wanted)))
            }
            _ => ours == wanted,
        }
    }
    let Value::Json(ours) = value else {
        return false;
    };
    alike(ours, literal.get("$json").unwrap_or(literal))
}

/// Means and quotients of decimals have four digits more here than what they are made of, and Django's come from floats.
fn near_decimal(value: &Value, one: f64, two: f64) -> bool {
    near(one, two) || matches!(value, Value::Decimal(_)) && (one - two).abs() < 2e-6
}

fn tagged(value: &Value, literal: &Json) -> bool {
    let Some((tag, inner)) = literal.as_object().and_then(|map| map.iter().next()) else {
        return false;
    };
    match (tag.as_str(), value) {
        ("$dec", value) => {
            text(inner).parse().ok().zip(number(value)).is_some_and(|(one, two)| near_decimal(value, one, two))
        }
        ("$date", Value::Date(it)) => it.to_string() == text(inner),
        ("$time", Value::Time(it)) => text(inner).parse() == Ok(*it),
        // What is asked for in a zone comes as the clocks there show it.
        ("$datetime", Value::Timestamp(it)) => {
            let local = chrono::DateTime::parse_from_rfc3339(text(inner)).map(|moment| moment.naive_local());
            moment(text(inner)) == Some(it.and_utc()) || local == Ok(*it)
        }
        ("$datetime", Value::DateTime(it)) => moment(text(inner)) == Some(*it),
        ("$duration_us", Value::Duration(it)) => inner.as_i64() == it.num_microseconds(),
        ("$uuid", Value::Uuid(it)) => it.to_string() == text(inner),
        ("$hex", Value::Bytes(it)) => it.iter().map(|byte| format!("{byte:02x}")).collect::<String>() == text(inner),
        ("$obj", value) => same(value, &literal["pk"]),
        _ => false,
    }
}

/// What one recorded row has to say of one of ours.
type Same<'a> = &'a dyn Fn(&DynRow, &Json) -> bool;

/// Whether the rows are the recorded ones, in their order as far as it counts.
pub fn rows(ours: &[DynRow], wanted: &[Json], order: &str, ties: &[Json], same: Same<'_>) -> bool {
    if ours.len() != wanted.len() {
        return false;
    }
    match order {
        "total" => ours.iter().zip(wanted).all(|(row, wanted)| same(row, wanted)),
        "ties" => {
            let mut from = 0;
            ties.iter().all(|size| {
                let to = from + size.as_u64().unwrap_or_default() as usize;
                let group = any_order(&ours[from..to], &wanted[from..to], same);
                from = to;
                group
            })
        }
        _ => any_order(ours, wanted, same),
    }
}

fn any_order(ours: &[DynRow], wanted: &[Json], same: Same<'_>) -> bool {
    let mut left: Vec<&Json> = wanted.iter().collect();
    ours.iter().all(|row| match left.iter().position(|wanted| same(row, wanted)) {
        Some(place) => {
            left.swap_remove(place);
            true
        }
        None => false,
    })
}

/// Whether the value under the name that Django gives it is this.
pub fn is(row: &DynRow, name: &str, wanted: &Json) -> bool {
    let name = super::translate::plain(name);
    holds(row, &name, wanted) || row.get(&name).is_none() && holds(row, &format!("{name}_s"), wanted)
}

/// Whether a value of a row is this; a key of several parts stands under a name for each.
fn holds(row: &DynRow, name: &str, wanted: &Json) -> bool {
    match (row.get(name), wanted) {
        (Some(value), _) => same(value, wanted),
        (None, Json::Array(parts)) => {
            let parts = parts.iter().enumerate();
            parts.into_iter().all(|(at, part)| row.get(&format!("{name}_{at}")).is_some_and(|value| same(value, part)))
        }
        (None, _) => false,
    }
}

/// Whether values of a row, by their names, are these.
pub fn named(row: &DynRow, names: &[String], wanted: &[Json]) -> bool {
    names.len() == wanted.len() && names.iter().zip(wanted).all(|(name, wanted)| holds(row, name, wanted))
}

/// Whether a row is the recorded instance: its key, and what was annotated to it.
pub fn instance(row: &DynRow, key: &[String], wanted: &Json) -> bool {
    let keys: Vec<Json> = match &wanted["pk"] {
        Json::Array(parts) => parts.clone(),
        one => vec![one.clone()],
    };
    let annotated = wanted["ann"].as_object().is_none_or(|map| map.iter().all(|(name, wanted)| is(row, name, wanted)));
    named(row, key, &keys) && annotated
}

/// The rows of a recorded result.
pub fn wanted(expect: &Json) -> Vec<Json> {
    match text(&expect["kind"]) {
        "instance" | "dict" | "tuple" | "named1" => vec![expect["row"].clone()],
        "value" => vec![expect["value"].clone()],
        "none" => Vec::new(),
        _ => list(&expect["rows"]).to_vec(),
    }
}
