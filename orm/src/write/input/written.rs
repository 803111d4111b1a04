//! What serde wrote of a row: under the names of fields, and in the forms that input has.

use super::{Given, Input, Json, mistake, read_field};
use crate::{
    Code, Kind, PgKind, Untyped, ValidationError, Value,
    model::{Choice, FieldMeta, ModelMeta},
    value::base64,
};
use serde_json::Map;

impl Input {
    /// The values that are to be read, and what tells of another row than the one that is changed. What nobody may set is passed over.
    pub(super) fn of_fields(
        &self,
        meta: &ModelMeta,
        changed: Option<&[Value]>,
    ) -> (Vec<(String, Given)>, Vec<ValidationError>) {
        let (outside, own) = self.given.split_at(self.given.len() - self.own);
        let (mut given, mut mistakes) = (Vec::with_capacity(self.given.len()), Vec::new());
        let mut found = Vec::with_capacity(outside.len());
        for (name, value) in outside {
            match value {
                Given::Json(json) => find(meta, &mut vec![name], json, &mut found),
                Given::Text(_) => given.push((name.clone(), value.clone())),
            }
        }
        for found in found {
            let (field, json) = match found {
                Found::Field(field, json) => (field, value(field, json)),
                Found::Unknown(name, json) => {
                    given.push((name, Given::Json(json.clone())));
                    continue;
                }
            };
            let names_the_row = field.options.version || field.columns().any(|column| meta.key.contains(&column));
            match changed.filter(|_| names_the_row) {
                Some(row) => mistakes.extend(another_row(meta, field, &json, row)),
                None if own.iter().any(|(name, _)| *name == *field.name) => {}
                None if self.not_editable(meta, field, false, changed.is_some()).is_some() => {}
                None => given.push((field.name.to_string(), Given::Json(json))),
            }
        }
        given.extend_from_slice(own);
        (given, mistakes)
    }
}

/// What an entry of the row is.
enum Found<'a> {
    Field(&'a FieldMeta, &'a Json),
    Unknown(String, &'a Json),
}

/// Finds the field that is written at a path; at that of a part, the fields of the part.
fn find<'a>(meta: &'a ModelMeta, path: &mut Vec<&'a str>, json: &'a Json, out: &mut Vec<Found<'a>>) {
    if let Some(place) = meta.written.iter().position(|known| known == path) {
        return out.push(Found::Field(&meta.fields[place], json));
    }
    match json {
        Json::Object(part) if meta.written.iter().any(|known| known.starts_with(path)) => {
            for (name, json) in part {
                path.push(name);
                find(meta, path, json, out);
                path.pop();
            }
        }
        _ => out.push(Found::Unknown(path.join("."), json)),
    }
}

/// What is wrong where a key or a version is not that of the row.
fn another_row(meta: &ModelMeta, field: &FieldMeta, json: &Json, row: &[Value]) -> Option<ValidationError> {
    let given = Untyped::Json(json);
    let read = match read_field(meta, field, given, false) {
        Ok(read) => read,
        Err(error) => return Some(mistake(meta, field, &error, given)),
    };
    let name = &*field.name;
    match field.columns().zip(read).all(|(column, value)| row[usize::from(column)] == value) {
        true => None,
        false if field.options.version => {
            let message = format!("`{name}`: this `{}` was changed since it was read", meta.name);
            Some(ValidationError::new(name, Code::Stale, message))
        }
        false => {
            let message = format!("`{name}` is the key of another row");
            Some(ValidationError::new(name, Code::NotEditable, message).param("reason", "key"))
        }
    }
}

/// The value of a field as input takes it; of a related row its key.
fn value(field: &FieldMeta, json: &Json) -> Json {
    if field.generic.is_some() {
        return generic(json).unwrap_or_else(|| json.clone());
    }
    let Some(relation) = field.relation.as_ref().filter(|_| field.column_count > 0) else {
        return field.column.map_or_else(|| json.clone(), |shape| plain(shape.kind, shape.written, json));
    };
    let target = relation.target();
    let ends = field.ends(&target);
    match json {
        Json::Object(row) => key_of(&target, ends, row),
        Json::Array(parts) if ends.len() > 1 => {
            let parts = if parts.len() == ends.len() { parts.clone() } else { flat(parts) };
            let rest = parts.iter().skip(ends.len()).cloned();
            let known = ends.iter().zip(&parts).map(|(&column, part)| of_column(&target, column, part));
            Some(known.chain(rest).collect())
        }
        _ => None,
    }
    .unwrap_or_else(|| match *ends {
        [column] => of_column(&target, column, json),
        _ => json.clone(),
    })
}

/// A key of several keys as one list.
fn flat(parts: &[Json]) -> Vec<Json> {
    let list = |part: &Json| part.as_array().map_or_else(|| vec![part.clone()], |parts| flat(parts));
    parts.iter().flat_map(list).collect()
}

/// What a foreign key holds of a row that is written whole.
fn key_of(target: &ModelMeta, ends: &[u16], row: &Map<String, Json>) -> Option<Json> {
    let mut key = Vec::with_capacity(ends.len());
    let mut fields: Vec<u16> = ends.iter().map(|&column| target.columns[usize::from(column)].field).collect();
    fields.dedup();
    for place in fields.into_iter().map(usize::from) {
        let (first, below) = target.written.get(place)?.split_first()?;
        let json = below.iter().try_fold(row.get(*first)?, |json, name| json.get(*name))?;
        match (value(&target.fields[place], json), target.fields[place].column_count) {
            (Json::Array(parts), 2..) => key.extend(parts),
            (part, _) => key.push(part),
        }
    }
    if ends.len() == 1 { key.pop() } else { Some(key.into()) }
}

/// The value of one column of a key.
fn of_column(meta: &ModelMeta, column: u16, json: &Json) -> Json {
    let field = &meta.fields[usize::from(meta.columns[usize::from(column)].field)];
    match (&field.column, &field.relation) {
        (Some(shape), _) => plain(shape.kind, shape.written, json),
        (None, Some(relation)) => {
            let target = relation.target();
            of_column(&target, field.ends(&target)[usize::from(column - field.first_column)], json)
        }
        (None, None) => json.clone(),
    }
}

/// A label and a key that is text, whatever the key of that model is.
fn generic(json: &Json) -> Option<Json> {
    let (model, key) = (json.get("model")?.as_str()?, json.get("key")?.as_str()?);
    Some(format!("{model}:{key}").into())
}

/// A value that is no relation. What serde writes as input takes it stays as it is.
fn plain(kind: Kind, choices: &[Choice], json: &Json) -> Json {
    let other = match (kind, json) {
        (Kind::Postgres(PgKind::Array(of)), Json::Array(elements)) => {
            Some(elements.iter().map(|element| plain(*of, choices, element)).collect())
        }
        (_, Json::String(name)) => {
            choices.iter().find(|choice| choice.written == name).map(|choice| choice.value.to_json())
        }
        // What is none of the choices stands in the variant for all others.
        (_, Json::Object(variant)) if !choices.is_empty() && variant.len() == 1 => variant.values().next().cloned(),
        (Kind::Bytes, Json::Array(bytes)) => {
            let bytes = bytes.iter().map(|byte| byte.as_u64().and_then(|byte| u8::try_from(byte).ok()));
            bytes.collect::<Option<Vec<u8>>>().map(|bytes| base64::encode(&bytes, base64::LETTERS, true).into())
        }
        (Kind::Duration, Json::Array(parts)) => span(parts).map(Json::from),
        _ => None,
    };
    other.unwrap_or_else(|| json.clone())
}

/// A span of time, which is written as its seconds and, never negative, its nanoseconds.
fn span(parts: &[Json]) -> Option<String> {
    let [seconds, nanos] = parts else { return None };
    let (seconds, nanos) = (i128::from(seconds.as_i64()?), i128::from(nanos.as_u64()?));
    if nanos >= 1_000_000_000 || nanos % 1_000 != 0 {
        return None;
    }
    let micros = seconds * 1_000_000 + nanos / 1_000;
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    Some(format!("{sign}PT{}.{:06}S", micros / 1_000_000, micros % 1_000_000))
}
