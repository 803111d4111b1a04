//! The rules of fields: what a value that fits its column has to be besides.

use super::check::refuse;
use crate::{
    Cell, Code, FieldType, Result, ValidationError, Value,
    model::{Format, ModelMeta, Rules},
};
use email_address::{EmailAddress, Options};
use regex::Regex;
use serde_json::json;
use std::{
    cmp::Ordering,
    collections::HashMap,
    net::IpAddr,
    sync::{LazyLock, PoisonError, RwLock},
};

/// Refuses a value that a rule of its field does not allow. NULL is no value, and meets them all.
pub(super) fn follow(meta: &ModelMeta, column: u16, rules: &Rules, value: &Value) -> Result<()> {
    match followed(meta, column, rules, value) {
        // A pattern that is none is the program's mistake.
        Err(error) if rules.told.any() && error.code() != Code::BadModel => {
            let mistake = error.validation().first().cloned().unwrap_or_else(|| super::check::as_data(&error));
            Err(super::check::refused(meta, column, rules.told.of(mistake)))
        }
        done => done,
    }
}

fn followed(meta: &ModelMeta, column: u16, rules: &Rules, value: &Value) -> Result<()> {
    if value.is_null() {
        return Ok(());
    }
    if let Value::Text(text) = value {
        follow_text(meta, column, rules, text)?;
    }
    let (min, max) = (rules.min.map(|min| min()), rules.max.map(|max| max()));
    let below = min.as_ref().is_some_and(|min| order(value, min) == Some(Ordering::Less));
    let above = max.as_ref().is_some_and(|max| order(value, max) == Some(Ordering::Greater));
    if below || above {
        let what = match (&min, &max) {
            (Some(min), Some(max)) => format!("is not from {} to {}", shown(min), shown(max)),
            (Some(min), None) => format!("is less than {}", shown(min)),
            (None, Some(max)) => format!("is more than {}", shown(max)),
            (None, None) => String::new(),
        };
        let bounds = [("min", min), ("max", max)];
        let params = bounds.into_iter().filter_map(|(name, bound)| Some((name, bound?.to_json())));
        return Err(refuse(meta, column, Code::OutOfRange, &what, params));
    }
    match rules.own {
        Some(own) => own(value).map_err(|mistake| super::check::refused(meta, column, mistake)),
        None => Ok(()),
    }
}

fn follow_text(meta: &ModelMeta, column: u16, rules: &Rules, text: &str) -> Result<()> {
    if let Some(least) = rules.min_length {
        let length = text.chars().take(least as usize).count();
        if length < least as usize {
            let what = match length {
                0 => "is empty".to_owned(),
                length => format!("has {length} characters, where its `min_length` is {least}"),
            };
            return Err(refuse(
                meta,
                column,
                Code::TooShort,
                &what,
                [("limit", json!(least)), ("length", json!(length))],
            ));
        }
    }
    if let Some(format) = rules.format.filter(|format| !is_of(text, *format)) {
        let what = match format {
            Format::Email => "is no email address",
            Format::Url => "is no URL, such as `https://example.org/page`",
            Format::Slug => "has other signs than ASCII letters, digits, `-` and `_`",
            Format::Ip => "is no IP address",
        };
        return Err(refuse(meta, column, Code::BadFormat, what, [("format", json!(format.as_str()))]));
    }
    match rules.pattern {
        Some(pattern) if !matches(meta, column, pattern, text)? => Err(refuse(
            meta,
            column,
            Code::BadFormat,
            "is not of the form that is asked for",
            [("pattern", json!(pattern))],
        )),
        _ => Ok(()),
    }
}

fn is_of(text: &str, format: Format) -> bool {
    match format {
        Format::Email => is_email(text),
        Format::Url => is_url(text),
        Format::Slug => {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        }
        Format::Ip => text.parse::<IpAddr>().is_ok(),
    }
}

fn is_email(text: &str) -> bool {
    let options = Options::default().without_display_text();
    let Ok(address) = EmailAddress::parse_with_options(text, options) else { return false };
    let domain = address.domain();
    domain.contains('.') || domain == "localhost" || domain.starts_with('[')
}

/// Scheme, host and port of RFC 3986, section 3; of the rest only that it has no blanks.
fn is_url(text: &str) -> bool {
    static URL: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let host = r"(?:\[[0-9A-Fa-f:.]+\]|[\p{L}\p{N}](?:[\p{L}\p{N}._-]*[\p{L}\p{N}])?\.?)";
        Regex::new(&format!(r"^(?i:https?|ftps?)://(?:[^\s/?#@]+@)?({host})(?::(\d{{1,5}}))?(?:[/?#]\S*)?$")).ok()
    });
    let Some(parts) = URL.as_ref().and_then(|url| url.captures(text)) else { return false };
    let port = parts.get(2).is_none_or(|port| port.as_str().parse::<u16>().is_ok());
    let host = parts.get(1).map_or("", |host| host.as_str());
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => port && address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => port && host.trim_end_matches('.').split('.').all(|label| (1..=63).contains(&label.chars().count())),
    }
}

/// Why a pattern is no regular expression, if it is none.
pub(crate) fn wrong_pattern(pattern: &'static str) -> Option<String> {
    Regex::new(pattern).err().map(|error| error.to_string())
}

/// Whether a pattern is found in a text; each is compiled once.
fn matches(meta: &ModelMeta, column: u16, pattern: &'static str, text: &str) -> Result<bool> {
    static KNOWN: LazyLock<RwLock<HashMap<&'static str, Regex>>> = LazyLock::new(RwLock::default);
    if let Some(regex) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(pattern) {
        return Ok(regex.is_match(text));
    }
    let regex = Regex::new(pattern).map_err(|error| {
        refuse(meta, column, Code::BadModel, "has a `pattern` that is no regular expression", []).with_source(error)
    })?;
    let found = regex.is_match(text);
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).insert(pattern, regex);
    Ok(found)
}

/// Which of two values of one kind comes first; nothing for kinds without an order, and for what is no number.
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::I16(left), Value::I16(right)) => Some(left.cmp(right)),
        (Value::I32(left), Value::I32(right)) => Some(left.cmp(right)),
        (Value::I64(left), Value::I64(right)) => Some(left.cmp(right)),
        (Value::F32(left), Value::F32(right)) => left.partial_cmp(right),
        (Value::F64(left), Value::F64(right)) => left.partial_cmp(right),
        (Value::Decimal(left), Value::Decimal(right)) => Some(left.cmp(right)),
        (Value::Date(left), Value::Date(right)) => Some(left.cmp(right)),
        (Value::Time(left), Value::Time(right)) => Some(left.cmp(right)),
        (Value::Timestamp(left), Value::Timestamp(right)) => Some(left.cmp(right)),
        (Value::DateTime(left), Value::DateTime(right)) => Some(left.cmp(right)),
        (Value::Duration(left), Value::Duration(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// A bound as a person reads it.
fn shown(bound: &Value) -> String {
    match bound.to_json() {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}

/// A function of the person's own, as a rule: it is given the value as the field's type has it.
///
/// ```
/// use orm::{ValidationError, Value};
/// let even = |n: &i32| if n % 2 == 0 { Ok(()) } else { Err(ValidationError::from("not even")) };
/// assert!(orm::__private::validated::<i32, _>(&Value::I32(3), even).is_err());
/// ```
pub fn validated<T: FieldType, E: Into<ValidationError>>(
    value: &Value,
    rule: impl FnOnce(&T::Plain) -> Result<(), E>,
) -> Result<(), ValidationError> {
    match T::Plain::from_cell(&Cell::of(&std::slice::from_ref(value))) {
        Ok(value) => rule(&value).map_err(Into::into),
        Err(error) => Err(ValidationError::of_row(error.code(), error.message())),
    }
}
