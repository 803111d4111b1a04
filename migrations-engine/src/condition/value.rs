//! Constants of the notation and their canonical text.

use crate::error::{Result, fail};

/// A constant. Text inside is canonical, so that equal values compare equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// `42`
    Int(i64),
    /// `1.50`, `2.5e-3`: the digits as written, so nothing is rounded
    Number(String),
    /// `'text'`
    Text(String),
    /// `date '2024-02-29'`
    Date(String),
    /// `time '12:30:00.5'`
    Time(String),
    /// `datetime '2024-02-29 12:30:00'`, UTC
    DateTime(String),
    /// `timestamp '2024-02-29 12:30:00'`, without a time zone
    Timestamp(String),
    /// `duration '90s'`, microseconds
    Duration(i64),
    /// `uuid '6ba7b810-9dad-11d1-80b4-00c04fd430c8'`
    Uuid(String),
    /// `bytes 'cafe'`
    Bytes(Vec<u8>),
    /// `json '{"a": 1}'`: the text as given
    Json(String),
}

fn digits(text: &str, len: usize) -> Option<u32> {
    (text.len() == len && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

fn date(text: &str) -> Option<String> {
    let mut parts = text.splitn(3, '-');
    let (y, m, d) = (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    let last = match m {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    (y > 0 && (1..=last).contains(&d)).then(|| text.to_owned())
}

fn time(text: &str) -> Option<String> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.splitn(3, ':');
    let (h, m) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let s = parts.next().map_or(Some(0), |s| digits(s, 2))?;
    if h > 23 || m > 59 || s > 59 || fraction.len() > 6 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    Some(if fraction.is_empty() { format!("{h:02}:{m:02}:{s:02}") } else { format!("{h:02}:{m:02}:{s:02}.{fraction}") })
}

fn date_time(text: &str, zone: bool) -> Option<String> {
    let text = if zone {
        text.strip_suffix('Z')
            .or_else(|| text.strip_suffix("+00:00"))
            .or_else(|| text.strip_suffix("+00"))
            .unwrap_or(text)
    } else {
        text
    };
    match text.split_once(['T', ' ']) {
        Some((day, clock)) => Some(format!("{} {}", date(day)?, time(clock.trim())?)),
        None => Some(format!("{} 00:00:00", date(text)?)),
    }
}

fn duration(text: &str) -> Option<i64> {
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor: i64 = match unit {
        "us" => 1,
        "ms" => 1_000,
        "" | "s" => 1_000_000,
        "min" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 86_400_000_000,
        _ => return None,
    };
    let number = number.trim();
    if let Some((whole, fraction)) = number.split_once('.') {
        let fraction = fraction.trim_end_matches('0');
        let scale = 10_i64.checked_pow(fraction.len().try_into().ok()?)?;
        let negative = whole.starts_with('-');
        let part = if fraction.is_empty() { 0 } else { fraction.parse::<i64>().ok().filter(|n| *n >= 0)? };
        if (part.checked_mul(factor)?) % scale != 0 {
            return None;
        }
        let part = part * factor / scale;
        return whole.parse::<i64>().ok()?.checked_mul(factor)?.checked_add(if negative { -part } else { part });
    }
    number.parse::<i64>().ok()?.checked_mul(factor)
}

fn uuid(text: &str) -> Option<String> {
    let hex: String = text.chars().filter(|c| *c != '-').collect::<String>().to_ascii_lowercase();
    (hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
        .then(|| format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]))
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

/// Whether the text is a plain decimal or exponent number.
pub(crate) fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    let all = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    all(whole) && fraction.is_none_or(all) && exponent.is_none_or(|e| all(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

impl Value {
    /// A date from `YYYY-MM-DD`.
    pub fn date(text: &str) -> Result<Self> {
        Self::typed("date", text)
    }

    /// A UTC date-time from `YYYY-MM-DD HH:MM:SS.ffffff`, with `T` and `Z` if liked.
    pub fn date_time(text: &str) -> Result<Self> {
        Self::typed("datetime", text)
    }

    /// A UUID from its hexadecimal digits, with or without dashes.
    pub fn uuid(text: &str) -> Result<Self> {
        Self::typed("uuid", text)
    }

    /// A number from its decimal digits; whole numbers that fit become [`Value::Int`].
    pub fn number(text: &str) -> Result<Self> {
        if let Ok(int) = text.parse::<i64>()
            && !text.starts_with('+')
        {
            return Ok(Value::Int(int));
        }
        if is_number(text) { Ok(Value::Number(text.to_owned())) } else { fail!(M003, "`{text}` is not a number") }
    }

    /// A typed value as in the notation: a keyword and its text.
    pub(crate) fn typed(keyword: &str, text: &str) -> Result<Self> {
        let value = match keyword {
            "date" => date(text).map(Value::Date),
            "time" => time(text).map(Value::Time),
            "datetime" => date_time(text, true).map(Value::DateTime),
            "timestamp" => date_time(text, false).map(Value::Timestamp),
            "duration" => duration(text).map(Value::Duration),
            "uuid" => uuid(text).map(Value::Uuid),
            "bytes" => bytes(text).map(Value::Bytes),
            "json" => Some(Value::Json(text.to_owned())),
            _ => None,
        };
        match value {
            Some(value) => Ok(value),
            None => fail!(M003, "`{text}` is not a {keyword}"),
        }
    }
}
