//! JSON documents, compared by what they say.

use super::Given;
use serde_json::Value;

fn both(one: Option<String>, other: Option<String>, test: fn(&Value, &Value) -> bool) -> Given<bool> {
    let (Some(one), Some(other)) = (one, other) else { return Given(Ok(None)) };
    let read = |text: &str| serde_json::from_str::<Value>(text).map_err(|error| format!("malformed JSON: {error}"));
    Given(read(&one).and_then(|one| Ok(Some(test(&one, &read(&other)?)))))
}

pub(super) fn equal(one: Option<String>, other: Option<String>) -> Given<bool> {
    both(one, other, is_equal)
}

pub(super) fn contains(document: Option<String>, part: Option<String>) -> Given<bool> {
    both(document, part, |document, part| match (document, part) {
        // A single value counts as found in a list, at the outermost level only.
        (Value::Array(elements), part) if !part.is_array() && !part.is_object() => {
            elements.iter().any(|element| is_equal(element, part))
        }
        _ => holds(document, part),
    })
}

/// The document with the blanks that it has elsewhere. The order of its keys, and its numbers, stay as they are.
pub(super) fn written(document: Option<String>) -> Option<String> {
    let document = document?;
    let mut out = String::with_capacity(document.len() + document.len() / 8);
    let mut rest = document.as_str();
    while let Some(letter) = rest.chars().next() {
        let taken = if letter == '"' { length_of_text(rest) } else { letter.len_utf8() };
        let (part, after) = rest.split_at(taken);
        rest = after;
        match letter {
            '"' if part.contains('\\') => match serde_json::from_str::<String>(part) {
                Ok(text) => out.push_str(&Value::from(text).to_string()),
                Err(_) => out.push_str(part),
            },
            ',' | ':' => {
                out.push(letter);
                out.push(' ');
            }
            ' ' | '\t' | '\n' | '\r' => {}
            _ => out.push_str(part),
        }
    }
    Some(out)
}

/// How many bytes the text at the beginning has, with its quotes.
fn length_of_text(from: &str) -> usize {
    let mut escaped = false;
    let end = from.bytes().enumerate().skip(1).find(|&(_, byte)| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(from.len(), |(at, _)| at + 1)
}

/// The texts of a list; NULLs among them take no part.
pub(super) fn join(list: Option<String>, separator: String) -> Option<String> {
    let list: Vec<Value> = serde_json::from_str(&list?).ok()?;
    let mut texts = list.into_iter().filter_map(|value| match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    });
    let first = texts.next()?;
    Some(texts.fold(first, |joined, text| joined + &separator + &text))
}

fn is_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || (one.is_f64() || other.is_f64()) && one.as_f64() == other.as_f64()
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| is_equal(value, other)))
        }
        _ => one == other,
    }
}

/// Every key and element of the part is found in the document.
fn holds(document: &Value, part: &Value) -> bool {
    match (document, part) {
        (Value::Object(document), Value::Object(part)) => {
            part.iter().all(|(key, part)| document.get(key).is_some_and(|value| holds(value, part)))
        }
        (Value::Array(document), Value::Array(part)) => {
            part.iter().all(|part| document.iter().any(|element| holds(element, part)))
        }
        _ => is_equal(document, part),
    }
}
