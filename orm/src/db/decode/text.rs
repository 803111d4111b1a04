//! Days, times, decimals and UUIDs that a database keeps as text, in Django's forms.

use super::{Bad, Read};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use rust_decimal::Decimal;
use uuid::Uuid;

fn two(bytes: &[u8], at: usize) -> Option<u32> {
    let (tens, ones) = (bytes.get(at)?.wrapping_sub(b'0'), bytes.get(at + 1)?.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then_some(u32::from(tens) * 10 + u32::from(ones))
}

fn bad(text: &str) -> Bad {
    let short: String = text.chars().take(60).collect();
    Bad::Value("a text of another form", short)
}

fn date_in(bytes: &[u8]) -> Option<NaiveDate> {
    let year = two(bytes, 0)? * 100 + two(bytes, 2)?;
    let (month, day) = (two(bytes, 5)?, two(bytes, 8)?);
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

/// `HH:MM[:SS[.ffffff]]`; digits after the sixth must be zeros, since they could not be kept.
fn time_in(bytes: &[u8]) -> Option<NaiveTime> {
    let (hour, minute) = (two(bytes, 0)?, two(bytes, 3)?);
    if bytes[2] != b':' {
        return None;
    }
    let (mut second, mut micros) = (0, 0);
    if bytes.len() > 5 {
        second = two(bytes, 6)?;
        if bytes[5] != b':' {
            return None;
        }
        if bytes.len() > 8 {
            let digits = bytes.get(9..)?;
            if bytes[8] != b'.' || digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
                return None;
            }
            if digits.iter().skip(6).any(|digit| *digit != b'0') {
                return None;
            }
            for place in 0..6 {
                micros = micros * 10 + digits.get(place).map_or(0, |digit| u32::from(digit - b'0'));
            }
        }
    }
    NaiveTime::from_hms_micro_opt(hour, minute, second, micros)
}

fn timestamp_in(bytes: &[u8]) -> Option<NaiveDateTime> {
    if bytes.len() == 10 {
        return date_in(bytes)?.and_hms_opt(0, 0, 0);
    }
    if !matches!(bytes.get(10)?, b' ' | b'T') {
        return None;
    }
    Some(date_in(&bytes[..10])?.and_time(time_in(&bytes[11..])?))
}

pub(in crate::db) fn date(text: &str) -> Read<NaiveDate> {
    date_in(text.as_bytes()).ok_or_else(|| bad(text))
}

pub(in crate::db) fn time(text: &str) -> Read<NaiveTime> {
    time_in(text.as_bytes()).ok_or_else(|| bad(text))
}

pub(super) fn timestamp(text: &str) -> Read<NaiveDateTime> {
    timestamp_in(text.as_bytes()).ok_or_else(|| bad(text))
}

/// An instant: without an offset it is UTC, which is what Django writes.
pub(in crate::db) fn datetime(text: &str) -> Read<NaiveDateTime> {
    if let Some(stamp) = timestamp_in(text.as_bytes()) {
        return Ok(stamp);
    }
    let spaced = text.replacen(' ', "T", 1);
    match chrono::DateTime::parse_from_rfc3339(&spaced) {
        Ok(instant) if instant.timestamp_subsec_nanos() % 1_000 == 0 => Ok(instant.naive_utc()),
        _ => Err(bad(text)),
    }
}

pub(super) fn decimal(text: &str) -> Read<Decimal> {
    // Zeros behind the last digit may be more than a decimal has place for.
    let shortest = || text.contains('.').then(|| text.trim_end_matches('0').trim_end_matches('.'));
    let exact = Decimal::from_str_exact(text).ok();
    exact.or_else(|| Decimal::from_str_exact(shortest()?).ok()).ok_or_else(|| bad(text))
}

pub(super) fn ip(text: &str) -> Read<std::net::IpAddr> {
    text.parse().map_err(|_| bad(text))
}

pub(super) fn uuid(text: &str) -> Read<Uuid> {
    Uuid::try_parse(text).map_err(|_| bad(text))
}

pub(super) fn json(text: &str) -> Read<serde_json::Value> {
    serde_json::from_str(text).map_err(|_| bad(text))
}
