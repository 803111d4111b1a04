//! Which constants a column can hold: looked at before one is written to a migration, and before a migration is run.

use super::ColumnType;
use crate::condition::{Expr, Function, Value, is_number};
use crate::error::{Result, error, fail};

impl ColumnType {
    /// The constant as this type holds it; NULL stays NULL.
    ///
    /// # Errors
    /// `M003` with what is wrong, and a hint with how values of the type are written.
    ///
    /// ```
    /// use migrations_engine::{condition::Value, schema::ColumnType};
    /// let price: ColumnType = "decimal(4, 2)".parse()?;
    /// assert_eq!(price.hold(&Value::Number("19.90".into()))?, Value::Number("19.90".into()));
    /// let refused = price.hold(&Value::Int(100)).unwrap_err();
    /// assert_eq!(refused.message(), "`100` has 3 digits before the point, where decimal(4, 2) has room for 2");
    /// assert_eq!(ColumnType::Date.hold(&Value::from("2024-02-29"))?, Value::Date("2024-02-29".into()));
    /// assert!(ColumnType::Date.hold(&Value::from("soon")).unwrap_err().hint().unwrap().contains("date '2024-02-29'"));
    /// # Ok::<(), migrations_engine::Error>(())
    /// ```
    pub fn hold(&self, value: &Value) -> Result<Value> {
        self.held(value).map_err(|error| error.with_hint(format!("write {}", self.spelling())))
    }

    /// How constants of this type are written in the notation.
    pub fn spelling(&self) -> String {
        let text = match self {
            ColumnType::Bool => "true or false",
            ColumnType::PositiveSmallInt => "a whole number from 0 to 32767, such as 42",
            ColumnType::SmallInt => "a whole number from -32768 to 32767, such as 42",
            ColumnType::PositiveInteger => "a whole number from 0 to 2147483647, such as 42",
            ColumnType::Integer => "a whole number from -2147483648 to 2147483647, such as 42",
            ColumnType::PositiveBigInt => "a whole number from 0 on, such as 42",
            ColumnType::BigInt => "a whole number, such as 42",
            ColumnType::Real | ColumnType::Double => "a number, such as 1.5 or 2e-3",
            ColumnType::Decimal { max_digits, decimal_places } => {
                return format!(
                    "a number of at most {} digits before the point and {decimal_places} after it, such as 1.5",
                    max_digits - decimal_places
                );
            }
            ColumnType::Char { max_length } => {
                return format!("text of at most {max_length} characters, such as 'text'");
            }
            ColumnType::Text => "text, such as 'text'",
            ColumnType::Date => "a day, such as date '2024-02-29'",
            ColumnType::Time => "a time of day, such as time '12:30:00'",
            ColumnType::DateTime => "a moment in UTC, such as datetime '2024-02-29 12:30:00', or now()",
            ColumnType::NaiveDateTime => "a day and time without a zone, such as timestamp '2024-02-29 12:30:00'",
            ColumnType::Duration => "a span of time, such as duration '90s', with us, ms, s, min, h or d",
            ColumnType::Uuid => "a UUID, such as uuid '6ba7b810-9dad-11d1-80b4-00c04fd430c8'",
            ColumnType::Binary => "bytes in hexadecimal digits, such as bytes 'cafe'",
            ColumnType::Json => "a JSON document, such as json '{\"a\": 1}'",
            ColumnType::Ip => "an IP address, such as '192.0.2.1' or '2001:db8::1'",
            ColumnType::Related => "the key of the row it refers to",
            ColumnType::Custom { .. } => "a value as the database's own type has it",
        };
        text.to_owned()
    }

    fn held(&self, value: &Value) -> Result<Value> {
        let other = || fail!(M003, "`{value}` is no value for {self}");
        match (self, value) {
            (_, Value::Null) | (ColumnType::Related | ColumnType::Custom { .. }, _) => Ok(value.clone()),
            // As the databases without a type for truth keep it.
            (ColumnType::Bool, Value::Bool(_) | Value::Int(0 | 1)) => Ok(value.clone()),
            (ty, Value::Int(number)) if ty.is_integer() => match ty.range() {
                Some((least, most)) if !(least..=most).contains(number) => {
                    fail!(M003, "`{number}` is outside the range of {self}, {least} to {most}")
                }
                _ => Ok(value.clone()),
            },
            (ColumnType::Real, Value::Int(_) | Value::Number(_)) if number(value).abs() > f64::from(f32::MAX) => {
                fail!(M003, "`{value}` is outside the range of {self}")
            }
            (ColumnType::Double, Value::Number(_)) if !number(value).is_finite() => {
                fail!(M003, "`{value}` is outside the range of {self}")
            }
            (ColumnType::Real | ColumnType::Double, Value::Int(_) | Value::Number(_)) => Ok(value.clone()),
            (ColumnType::Decimal { max_digits, decimal_places }, Value::Int(_) | Value::Number(_)) => {
                let Some((before, after)) = digits(&value.to_string()) else { return other() };
                let room = max_digits - decimal_places;
                if before > room as usize {
                    fail!(M003, "`{value}` has {before} digits before the point, where {self} has room for {room}");
                }
                if after > *decimal_places as usize {
                    fail!(M003, "`{value}` has {after} digits after the point, where {self} keeps {decimal_places}");
                }
                Ok(value.clone())
            }
            // As some databases tell the defaults of their columns.
            (ColumnType::Real | ColumnType::Double | ColumnType::Decimal { .. }, Value::Text(text))
                if is_number(text) =>
            {
                self.held(&Value::number(text)?).map(|_| value.clone())
            }
            (ColumnType::Char { .. } | ColumnType::Text, Value::Text(text)) if text.contains('\0') => {
                fail!(M003, "text with a zero character fits no column")
            }
            (ColumnType::Char { max_length }, Value::Text(text)) => match text.chars().count() {
                length if length > *max_length as usize => {
                    fail!(M003, "`{value}` has {length} characters, where {self} has room for {max_length}")
                }
                _ => Ok(value.clone()),
            },
            (ColumnType::Text, Value::Text(_))
            | (ColumnType::Date, Value::Date(_))
            | (ColumnType::Time, Value::Time(_))
            | (ColumnType::DateTime, Value::DateTime(_))
            | (ColumnType::NaiveDateTime, Value::Timestamp(_))
            | (ColumnType::Duration, Value::Duration(_))
            | (ColumnType::Uuid, Value::Uuid(_))
            | (ColumnType::Binary, Value::Bytes(_)) => Ok(value.clone()),
            // On databases without a type of their own for spans, the number of microseconds.
            (ColumnType::Duration, Value::Int(microseconds)) => Ok(Value::Duration(*microseconds)),
            (ColumnType::Json, Value::Json(text)) => match serde_json::from_str::<serde::de::IgnoredAny>(text) {
                Ok(_) => Ok(value.clone()),
                Err(error) => fail!(M003, "`{value}` is not JSON: {error}"),
            },
            (ColumnType::Ip, Value::Text(text)) => match text.parse::<std::net::IpAddr>() {
                Ok(_) => Ok(value.clone()),
                Err(_) => fail!(M003, "`{text}` is not an IP address"),
            },
            (
                ColumnType::Date
                | ColumnType::Time
                | ColumnType::DateTime
                | ColumnType::NaiveDateTime
                | ColumnType::Uuid
                | ColumnType::Duration
                | ColumnType::Json,
                Value::Text(text),
            ) => self.held(&Value::typed(self.keyword(), text)?),
            _ => other(),
        }
    }

    /// The notation's keyword for a type whose values are written as text.
    pub(crate) fn keyword(&self) -> &'static str {
        match self {
            ColumnType::Date => "date",
            ColumnType::Time => "time",
            ColumnType::DateTime => "datetime",
            ColumnType::NaiveDateTime => "timestamp",
            ColumnType::Duration => "duration",
            ColumnType::Uuid => "uuid",
            ColumnType::Binary => "bytes",
            _ => "json",
        }
    }

    /// The whole numbers that it holds, if it holds only such.
    pub(crate) fn range(&self) -> Option<(i64, i64)> {
        Some(match self {
            ColumnType::SmallInt => (i16::MIN.into(), i16::MAX.into()),
            ColumnType::PositiveSmallInt => (0, i16::MAX.into()),
            ColumnType::Integer => (i32::MIN.into(), i32::MAX.into()),
            ColumnType::PositiveInteger => (0, i32::MAX.into()),
            ColumnType::BigInt => (i64::MIN, i64::MAX),
            ColumnType::PositiveBigInt => (0, i64::MAX),
            _ => return None,
        })
    }

    /// `M003` if an expression that fills the column would give a constant that it cannot hold.
    pub(crate) fn hold_all(&self, expr: &Expr) -> Result<()> {
        match expr {
            Expr::Value(value) => self.held(value).map(drop),
            Expr::Case { when, otherwise } => {
                let results = when.iter().map(|(_, result)| result).chain(otherwise.as_deref());
                results.into_iter().try_for_each(|result| self.hold_all(result))
            }
            Expr::Call { function: Function::Coalesce | Function::Greatest | Function::Least, args } => {
                args.iter().try_for_each(|arg| self.hold_all(arg))
            }
            // `2023-02-30` is no day, and neither is the number that it comes to.
            Expr::Binary { .. } | Expr::Negate(_) if expr.is_constant() && !self.is_number() && !self.is_text() => {
                Err(error!(M003, "`{expr}` is no value for {self}"))
            }
            _ => Ok(()),
        }
        .map_err(|error| error.with_hint(format!("write {}", self.spelling())))
    }
}

fn number(value: &Value) -> f64 {
    value.to_string().parse().unwrap_or(f64::NAN)
}

/// How many digits a decimal number has before its point and after it, without zeros that say nothing.
fn digits(text: &str) -> Option<(usize, usize)> {
    let text = text.trim_start_matches('-');
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i64 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0');
    if significant.is_empty() {
        return Some((0, 0));
    }
    let leading = i64::try_from(all.len() - significant.len()).ok()?;
    let point = i64::try_from(whole.len()).ok()?.checked_add(exponent)?.checked_sub(leading)?;
    let kept = i64::try_from(significant.trim_end_matches('0').len()).ok()?;
    Some((usize::try_from(point.max(0)).ok()?, usize::try_from(kept.checked_sub(point)?.max(0)).ok()?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn digits_before_and_after_the_point_are_those_that_count() {
        for (text, wanted) in [
            ("0", (0, 0)),
            ("0.00", (0, 0)),
            ("100", (3, 0)),
            ("-100.50", (3, 1)),
            ("007.0", (1, 0)),
            ("0.05", (0, 2)),
            ("1e3", (4, 0)),
            ("1.25e1", (2, 1)),
            ("25e-4", (0, 4)),
        ] {
            assert_eq!(digits(text), Some(wanted), "{text}");
        }
        assert_eq!(digits("1e99999999999999999999"), None);
    }

    #[test]
    fn each_type_takes_its_own_constants_and_no_others() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            ("bool", &["true", "false", "1", "null"], &["2", "'yes'", "'true'"]),
            ("smallint", &["-32768", "32767"], &["32768", "1.5", "'1'", "true"]),
            ("positive integer", &["0", "2147483647"], &["-1", "2147483648"]),
            ("bigint", &["9223372036854775807"], &["9223372036854775808"]),
            ("real", &["1", "1.5e38", "'1.5'"], &["1e39", "'1e39'", "'much'"]),
            ("double", &["1e300"], &["1e999", "true"]),
            (
                "decimal(4, 2)",
                &["99.99", "-99.99", "1.500", "5"],
                &["100", "0.001", "'100'", "'dear'", "1e99999999999999999999"],
            ),
            ("char(3)", &["'abc'", "'äöü'", "''"], &["'abcd'", "5", "true"]),
            ("text", &["'anything'"], &["5", "date '2024-02-29'"]),
            (
                "date",
                &["date '2024-02-29'", "'2024-02-29'"],
                &["'2023-02-29'", "2023-02-28", "'soon'", "5", "datetime '2024-02-29'"],
            ),
            ("time", &["'12:30'", "time '12:30:00.5'"], &["'25:00'", "date '2024-02-29'"]),
            (
                "datetime",
                &["'2024-02-29 12:00:00'", "'2024-02-29T12:00:00Z'"],
                &["'2024-02-30 12:00:00'", "date '2024-02-29'"],
            ),
            ("timestamp", &["timestamp '2024-02-29 12:00:00'"], &["datetime '2024-02-29 12:00:00'"]),
            ("duration", &["duration '90s'", "'1.5h'", "5"], &["'soon'"]),
            ("uuid", &["'6ba7b8109dad11d180b400c04fd430c8'"], &["'6ba7'", "5"]),
            ("binary", &["bytes 'cafe'"], &["'cafe'"]),
            ("json", &["json '[1, {\"a\": null}]'", "'5'"], &["json '{'", "'nope'", "5"]),
            ("ip", &["'192.0.2.1'", "'::1'"], &["'192.0.2'", "'host'"]),
        ];
        for (ty, fitting, misfits) in cases {
            let ty: ColumnType = ty.parse().unwrap();
            for text in *fitting {
                let expr: Expr = text.parse().unwrap();
                assert!(ty.hold_all(&expr).is_ok(), "{ty} {text}: {:?}", ty.hold_all(&expr));
            }
            for text in *misfits {
                let expr: Expr = text.parse().unwrap();
                let error = ty.hold_all(&expr).expect_err(text);
                assert_eq!(error.code(), "M003", "{ty} {text}");
                assert!(error.hint().is_some_and(|hint| hint.starts_with("write ")), "{ty} {text}: {error}");
            }
        }
        let one_of: Expr = "case when pages > 1 then 'long' else 'short one' end".parse().unwrap();
        assert!(ColumnType::Char { max_length: 5 }.hold_all(&one_of).is_err());
        assert!(ColumnType::Char { max_length: 9 }.hold_all(&one_of).is_ok());
    }
}
