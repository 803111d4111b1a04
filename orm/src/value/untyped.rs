//! One value from outside, read as what a column holds.

use super::{Kind, PgKind, Value, base64};
use crate::{Code, Error, Result};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};
use rust_decimal::Decimal;
use serde_json::Value as Json;

/// A value from outside: from a JSON document, or text as a form sends it.
///
/// JSON is taken strictly: a number is a number. What JSON has no form for is text, as in forms: decimals (also as numbers of at
/// most 15 digits), dates (`2026-01-31`), times (`12:30:00`), instants with their offset (`2026-01-31T12:30:00Z`), spans of time
/// (`3 04:05:06.5` or `P3DT4H5M6.5S`), UUIDs, and bytes (base64).
///
/// ```
/// use orm::{FieldType, Untyped};
/// use serde_json::json;
///
/// assert_eq!(i32::from_untyped(Untyped::Text("42"))?, 42);
/// assert_eq!(Option::<i32>::from_untyped(Untyped::Text(""))?, None);
/// assert!(i32::from_untyped(Untyped::Json(&json!("42"))).is_err());
/// # Ok::<(), orm::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub enum Untyped<'a> {
    /// From a JSON document.
    Json(&'a Json),
    /// Text.
    Text(&'a str),
}

impl<'a> Untyped<'a> {
    /// Whether this is no value: null, or a form's empty text.
    ///
    /// ```
    /// assert!(orm::Untyped::Text("").is_nothing());
    /// assert!(!orm::Untyped::Text(" ").is_nothing());
    /// ```
    pub fn is_nothing(self) -> bool {
        match self {
            Untyped::Json(json) => json.is_null(),
            Untyped::Text(text) => text.is_empty(),
        }
    }

    /// The value in one of the forms that databases store.
    ///
    /// # Errors
    /// [`Code::MissingValue`], [`Code::InvalidValue`], [`Code::OutOfRange`] or [`Code::InexactDecimal`].
    ///
    /// ```
    /// use orm::{Kind, Untyped, Value};
    /// assert_eq!(Untyped::Text("true").read(Kind::Bool)?, Value::Bool(true));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn read(self, kind: Kind) -> Result<Value> {
        match (kind, self) {
            (Kind::Json, Untyped::Json(json)) => return Ok(Value::Json(json.clone())),
            (Kind::Text, Untyped::Text(text)) => return text_value(text),
            _ if self.is_nothing() => return Err(Error::new(Code::MissingValue, "a value is required")),
            _ => {}
        }
        Ok(match kind {
            Kind::Bool => Value::Bool(self.bool()?),
            Kind::I16 => Value::I16(self.integer()?),
            Kind::I32 => Value::I32(self.integer()?),
            Kind::I64 => Value::I64(self.integer()?),
            Kind::F32 => Value::F32(self.single()?),
            Kind::F64 => Value::F64(self.float()?),
            Kind::Decimal => Value::Decimal(self.decimal()?),
            Kind::Text => return text_value(self.text(kind)?),
            Kind::Bytes => Value::Bytes(self.parse(kind, base64::decode)?),
            Kind::Date => Value::Date(self.parse(kind, date)?),
            Kind::Time => Value::Time(self.parse(kind, time)?),
            Kind::Timestamp => Value::Timestamp(self.parse(kind, timestamp)?),
            Kind::DateTime => Value::DateTime(self.instant()?),
            Kind::Duration => Value::Duration(self.parse(kind, duration)?),
            Kind::Uuid => Value::Uuid(self.parse(kind, |text| uuid::Uuid::try_parse(text).ok())?),
            Kind::Ip => Value::Ip(self.parse(kind, |text| text.parse().ok())?),
            Kind::Json => Value::Json(self.parse(kind, |text| serde_json::from_str(text).ok())?),
            Kind::Postgres(own) => return own.read(self),
        })
    }

    fn text(self, kind: Kind) -> Result<&'a str> {
        self.as_text().ok_or_else(|| wrong(kind))
    }

    pub(crate) fn as_text(self) -> Option<&'a str> {
        match self {
            Untyped::Text(text) => Some(text),
            Untyped::Json(json) => json.as_str(),
        }
    }

    fn parse<T>(self, kind: Kind, read: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        read(self.text(kind)?.trim()).ok_or_else(|| wrong(kind))
    }

    fn bool(self) -> Result<bool> {
        match self {
            Untyped::Json(Json::Bool(value)) => Ok(*value),
            Untyped::Json(_) => Err(wrong(Kind::Bool)),
            Untyped::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "on" | "yes" => Ok(true),
                "false" | "0" | "off" | "no" => Ok(false),
                _ => Err(wrong(Kind::Bool)),
            },
        }
    }

    fn integer<T: TryFrom<i128>>(self) -> Result<T> {
        let wide = match self {
            Untyped::Json(Json::Number(number)) => {
                number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
            }
            Untyped::Json(_) => None,
            Untyped::Text(text) => match text.trim().parse::<i128>() {
                Ok(number) => Some(number),
                Err(error) if is_overflow(&error) => return Err(out_of_range()),
                Err(_) => None,
            },
        };
        T::try_from(wide.ok_or_else(|| wrong(Kind::I64))?).map_err(|_| out_of_range())
    }

    fn float(self) -> Result<f64> {
        let number = match self {
            Untyped::Json(json) => json.as_f64(),
            Untyped::Text(text) => text.trim().parse::<f64>().ok(),
        };
        match number {
            Some(number) if number.is_finite() => Ok(number),
            Some(number) if number.is_infinite() && self.has_digits() => Err(out_of_range()),
            _ => Err(wrong(Kind::F64)),
        }
    }

    fn single(self) -> Result<f32> {
        let narrow = self.float()? as f32;
        if narrow.is_finite() { Ok(narrow) } else { Err(out_of_range()) }
    }

    fn has_digits(self) -> bool {
        matches!(self, Untyped::Text(text) if text.contains(|letter: char| letter.is_ascii_digit()))
    }

    fn decimal(self) -> Result<Decimal> {
        let text = match self {
            Untyped::Text(text) => text.trim().to_owned(),
            Untyped::Json(Json::String(text)) => text.trim().to_owned(),
            Untyped::Json(Json::Number(number)) => {
                let text = number.to_string();
                // A JSON number with a point has been through a float, which keeps 15 digits.
                if number.is_f64() && text.bytes().filter(u8::is_ascii_digit).count() > 15 {
                    return Err(Error::new(
                        Code::InexactDecimal,
                        "a number of more than 15 digits is not exact in JSON",
                    )
                    .with_hint("write it as text"));
                }
                text
            }
            Untyped::Json(_) => return Err(wrong(Kind::Decimal)),
        };
        if !is_number(&text) {
            return Err(wrong(Kind::Decimal));
        }
        let exponent = text.contains(['e', 'E']);
        let read = if exponent { Decimal::from_scientific(&text) } else { Decimal::from_str_exact(&text) };
        read.map_err(|error| match error {
            rust_decimal::Error::Underflow | rust_decimal::Error::ScaleExceedsMaximumPrecision(_) => {
                Error::new(Code::InexactDecimal, "the number has more digits after the point than can be kept")
            }
            _ => out_of_range(),
        })
    }

    fn instant(self) -> Result<DateTime<Utc>> {
        let text = self.text(Kind::DateTime)?.trim();
        let read = DateTime::parse_from_rfc3339(&text.replacen(' ', "T", 1));
        match read {
            Ok(instant) => {
                let instant = instant.with_timezone(&Utc);
                if (1..=9999).contains(&instant.year()) { Ok(instant) } else { Err(out_of_range()) }
            }
            Err(_) if timestamp(text).is_some() => Err(Error::new(Code::InvalidValue, "the time has no offset")
                .with_hint("add `Z`, or an offset like `+02:00`")),
            Err(_) => Err(wrong(Kind::DateTime)),
        }
    }
}

/// What is expected of a kind, for people.
pub(crate) fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "true or false",
        Kind::I16 | Kind::I32 | Kind::I64 => "a whole number",
        Kind::F32 | Kind::F64 => "a number",
        Kind::Decimal => "a decimal number",
        Kind::Text => "text",
        Kind::Bytes => "bytes in base64",
        Kind::Date => "a date, YYYY-MM-DD",
        Kind::Time => "a time, HH:MM:SS",
        Kind::Timestamp => "a date and time, YYYY-MM-DDTHH:MM:SS",
        Kind::DateTime => "a date and time with an offset, YYYY-MM-DDTHH:MM:SSZ",
        Kind::Duration => "a span of time, D HH:MM:SS",
        Kind::Uuid => "a UUID",
        Kind::Ip => "an IP address",
        Kind::Json => "a JSON document",
        Kind::Postgres(PgKind::Array(_)) => "a list, [.., ..]",
        Kind::Postgres(PgKind::Range(_)) => "a range, {\"lower\": .., \"upper\": .., \"bounds\": \"[)\"}",
        Kind::Postgres(PgKind::HStore) => "an object of texts",
        Kind::Postgres(PgKind::SearchVector | PgKind::SearchQuery | PgKind::Enum(_)) => "text",
    }
}

pub(super) fn wrong(kind: Kind) -> Error {
    Error::new(Code::InvalidValue, format!("expected {}", expected(kind)))
}

fn out_of_range() -> Error {
    Error::new(Code::OutOfRange, "the value is outside the range of the field")
}

/// `-12.5`, `1e3`.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = |text: &'_ str| text.strip_prefix(['+', '-']).unwrap_or(text).to_owned();
    let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let number = unsigned(number);
    let (whole, after) = number.split_once('.').unwrap_or((&number, "0"));
    digits(whole) && digits(after) && digits(&unsigned(exponent))
}

fn is_overflow(error: &std::num::ParseIntError) -> bool {
    matches!(error.kind(), std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow)
}

fn text_value(text: &str) -> Result<Value> {
    // PostgreSQL keeps no such text, so that none of the databases is given one.
    match text.contains('\0') {
        true => Err(Error::new(Code::InvalidValue, "the text has a NUL character in it")),
        false => Ok(Value::Text(text.to_owned())),
    }
}

fn date(text: &str) -> Option<NaiveDate> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    // `%Y` takes signs and any number of digits.
    (text.len() == 10 && (1..=9999).contains(&day.year())).then_some(day)
}

fn time(text: &str) -> Option<NaiveTime> {
    let forms = ["%H:%M:%S%.f", "%H:%M"];
    let clock = forms.iter().find_map(|form| NaiveTime::parse_from_str(text, form).ok())?;
    // Leap seconds have no place in a database.
    (clock.nanosecond() < 1_000_000_000).then_some(clock)
}

/// A day alone is its midnight.
fn timestamp(text: &str) -> Option<NaiveDateTime> {
    let (day, clock) = text.split_once(['T', ' ']).unwrap_or((text, "00:00"));
    Some(date(day)?.and_time(time(clock)?))
}

/// `[D ]HH:MM:SS[.ffffff]`, or the ISO form `P1DT2H3M4.5S`, both perhaps with a minus. Before days it is about the days alone, as Django
/// writes them: `-1 23:00:00` is an hour less than nothing.
fn duration(text: &str) -> Option<TimeDelta> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let signed = |micros: i128| if negative { -micros } else { micros };
    let micros = match (unsigned.strip_prefix('P'), unsigned.split_once(' ')) {
        (Some(iso), _) => signed(iso_micros(iso)?),
        // Nobody writes `-0` for the days alone: it is said of the whole.
        (None, Some((days, clock))) if !days.is_empty() && days.bytes().all(|digit| digit == b'0') => {
            signed(clock_micros(clock)?)
        }
        (None, Some((days, clock))) => signed(in_micros(days, 86_400)?) + clock_micros(clock)?,
        (None, None) => signed(clock_micros(unsigned)?),
    };
    Some(TimeDelta::microseconds(i64::try_from(micros).ok()?))
}

/// `HH:MM:SS[.ffffff]`, of any number of hours.
fn clock_micros(clock: &str) -> Option<i128> {
    let mut parts = clock.splitn(3, ':');
    let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
    let places = [(hours, 3_600), (minutes, 60), (seconds, 1)];
    places.iter().try_fold(0, |sum, (text, unit)| Some(sum + in_micros(text, *unit)?))
}

fn iso_micros(iso: &str) -> Option<i128> {
    let (days, clock) = iso.split_once('T').unwrap_or((iso, ""));
    if days.is_empty() && clock.is_empty() {
        return None;
    }
    let mut sum = 0;
    for (part, units) in [(days, &[('W', 604_800), ('D', 86_400)][..]), (clock, &[('H', 3_600), ('M', 60), ('S', 1)])] {
        let mut rest = part;
        for (letter, unit) in units {
            if let Some((number, after)) = rest.split_once(*letter) {
                sum += in_micros(number, *unit)?;
                rest = after;
            }
        }
        if !rest.is_empty() {
            return None;
        }
    }
    Some(sum)
}

/// `12` or `12.5` units, in microseconds.
fn in_micros(text: &str, unit: i64) -> Option<i128> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let micros = Decimal::from_str_exact(text).ok()?.checked_mul(Decimal::from(unit * 1_000_000))?;
    if micros.fract().is_zero() { i128::try_from(micros).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time_have_two_forms() {
        let micros = |text| duration(text).and_then(|span| span.num_microseconds());
        assert_eq!(micros("3 04:05:06.000007"), Some(273_906_000_007));
        assert_eq!(micros("-00:00:01.5"), Some(-1_500_000));
        assert_eq!(micros("-1 23:59:59.999999"), Some(-1));
        assert_eq!(micros("-1 00:00:00"), Some(-86_400_000_000));
        assert_eq!(micros("-0 00:00:01"), Some(-1_000_000));
        assert_eq!(micros("-P1DT1H"), Some(-90_000_000_000));
        assert_eq!(micros("P3DT4H5M6.000007S"), Some(273_906_000_007));
        assert_eq!(micros("P1W"), Some(604_800_000_000));
        for wrong in [
            "",
            "P",
            "PT",
            "4",
            "P1S",
            "1:2",
            "1:2:3:4",
            "PT1.0000001S",
            "P99999999999999D",
            "1 -1:00:00",
            "--1 00:00:00",
            "- 00:00:00",
        ] {
            assert_eq!(micros(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn dates_and_times_are_as_in_iso() {
        for wrong in ["2026-1-1", "2026-02-30", "+2026-01-01", "10000-01-01", "0000-01-01", "31.12.2026"] {
            assert_eq!(date(wrong), None, "{wrong}");
        }
        assert_eq!(time("23:59:60.5"), None);
        assert!(timestamp("2026-01-31 12:30").is_some());
        assert!(Untyped::Text("2026-01-31T12:30:00").instant().is_err());
        assert!(Untyped::Text("2026-01-31 12:30:00+02:00").instant().is_ok());
    }
}
