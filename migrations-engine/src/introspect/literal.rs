//! Constants and patterns as databases write them.

use super::parse::Unread;
use crate::condition::Value;

/// A number without zeros at its end.
pub(super) fn plain_number(digits: &str) -> Result<Value, Unread> {
    let digits = match digits.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|b| b.is_ascii_digit()) => {
            let fraction = fraction.trim_end_matches('0');
            if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
        }
        _ => digits.to_owned(),
    };
    Value::number(&digits).map_err(|error| error.message().to_owned())
}

/// PostgreSQL's text of a span: `3 days 04:05:06.789`.
pub(super) fn interval(text: &str) -> Result<Value, Unread> {
    let unread = || format!("the span `{text}` is not understood");
    let mut micros: i64 = 0;
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let add = if let Some((hours, rest)) = word.trim_start_matches('-').split_once(':') {
            let (minutes, seconds) = rest.split_once(':').ok_or_else(unread)?;
            let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
            let number = |text: &str| text.parse::<i64>().map_err(|_| unread());
            let micros = number(&format!("{fraction:0<6}"))?;
            let total = (number(hours)? * 60 + number(minutes)?) * 60 + number(seconds)?;
            let total = total.checked_mul(1_000_000).and_then(|total| total.checked_add(micros)).ok_or_else(unread)?;
            if word.starts_with('-') { -total } else { total }
        } else {
            let number: i64 = word.parse().map_err(|_| unread())?;
            let unit = match words.next() {
                Some("day" | "days") => 86_400_000_000,
                Some("microsecond" | "microseconds") => 1,
                Some("second" | "seconds") => 1_000_000,
                _ => return Err(unread()),
            };
            number.checked_mul(unit).ok_or_else(unread)?
        };
        micros = micros.checked_add(add).ok_or_else(unread)?;
    }
    Ok(Value::Duration(micros))
}

/// A LIKE pattern in the engine's notation, in which a backslash takes the next character as it is.
pub(super) fn from_like(pattern: &str, escape: Option<char>) -> String {
    let mut out = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if Some(c) == escape {
            match chars.next() {
                Some(next @ ('%' | '_' | '\\')) => out.extend(['\\', next]),
                Some(next) => out.push(next),
                None => {}
            }
        } else if c == '\\' {
            out.push_str("\\\\");
        } else {
            out.push(c);
        }
    }
    out
}

/// A GLOB pattern in the engine's notation.
pub(super) fn from_glob(pattern: &str) -> Result<String, Unread> {
    let mut out = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' => out.push('%'),
            '?' => out.push('_'),
            '%' | '_' | '\\' => out.extend(['\\', c]),
            '[' => {
                match (chars.next(), chars.next()) {
                    (Some(only), Some(']')) => out.push(only),
                    _ => return Err(format!("the pattern `{pattern}` is not understood")),
                };
            }
            c => out.push(c),
        }
    }
    Ok(out)
}
