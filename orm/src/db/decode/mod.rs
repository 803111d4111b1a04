//! How the cells of each back end are read.

#[cfg(all(test, feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod fuzz;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
pub(super) mod postgres;
#[cfg(feature = "postgres")]
mod postgres_types;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "sqlite", feature = "mysql"))]
pub(super) mod text;
mod value;

use crate::{Range, Value};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::net::IpAddr;
use uuid::Uuid;

/// Why a cell could not be read; the cell adds its place and what was wanted.
pub(super) enum Bad {
    /// The row has no such column.
    Missing,
    /// It is NULL.
    #[allow(dead_code, reason = "without a back end there are no rows")]
    Null,
    /// It holds something else.
    #[allow(dead_code, reason = "without a back end there are no rows")]
    Found(String),
    /// It holds a value of another form: what form, and the value, which no message shows.
    #[allow(dead_code, reason = "without a back end there are no rows")]
    Value(&'static str, String),
}

type Read<T> = Result<T, Bad>;

/// What each back end's raw value can be read as.
pub(super) trait Decode: Sized {
    fn bool(self) -> Read<bool>;
    fn i64(self) -> Read<i64>;
    fn f64(self) -> Read<f64>;
    fn decimal(self) -> Read<Decimal>;
    fn decimal_rounded(self) -> Read<Decimal>;
    fn text(self) -> Read<String>;
    fn bytes(self) -> Read<Vec<u8>>;
    fn date(self) -> Read<NaiveDate>;
    fn time(self) -> Read<NaiveTime>;
    fn timestamp(self) -> Read<NaiveDateTime>;
    fn datetime(self) -> Read<DateTime<Utc>>;
    fn duration(self) -> Read<TimeDelta>;
    fn uuid(self) -> Read<Uuid>;
    fn ip(self) -> Read<IpAddr>;
    fn json(self) -> Read<serde_json::Value>;

    fn array(self) -> Read<Vec<Value>> {
        Err(foreign())
    }

    fn range(self) -> Read<Range<Value>> {
        Err(foreign())
    }

    fn hstore(self) -> Read<BTreeMap<String, Option<String>>> {
        Err(foreign())
    }

    fn search_vector(self) -> Read<String> {
        Err(foreign())
    }

    fn i16(self) -> Read<i16> {
        let wide = self.i64()?;
        i16::try_from(wide).map_err(|_| out_of_range(wide))
    }

    fn i32(self) -> Read<i32> {
        let wide = self.i64()?;
        i32::try_from(wide).map_err(|_| out_of_range(wide))
    }

    fn f32(self) -> Read<f32> {
        let wide = self.f64()?;
        let narrow = wide as f32;
        if narrow.is_infinite() && wide.is_finite() { Err(out_of_range(wide)) } else { Ok(narrow) }
    }
}

#[cold]
fn foreign() -> Bad {
    Bad::Found("a value of a database without this type".to_owned())
}

#[cold]
fn out_of_range(value: impl std::fmt::Display) -> Bad {
    Bad::Value("a number out of its range", value.to_string())
}

/// What there is instead of a decimal, where a database has counted in floats.
pub(super) const INEXACT: &str = "a float that is no exact decimal";

/// The decimal that a float of at most 15 digits stands for; the 16th and 17th are noise.
#[cfg(any(feature = "sqlite", feature = "mysql"))]
fn decimal_of_float(value: f64, rounded: bool) -> Read<Decimal> {
    let not_exact = || Bad::Value(INEXACT, value.to_string());
    if !value.is_finite() {
        return Err(not_exact());
    }
    // Rust prints the fewest digits that read back as the same float.
    let mut text = format!("{value:e}");
    let digits = text.split('e').next().unwrap_or_default().bytes().filter(u8::is_ascii_digit).count();
    if digits > 15 {
        if !rounded {
            return Err(not_exact());
        }
        text = format!("{value:.14e}");
    }
    match Decimal::from_scientific(&text) {
        // `1e3` is read with a negative scale brought to zero; what rounds away is not ours to drop.
        Ok(decimal) if rounded || decimal.to_string().parse::<f64>() == Ok(value) => Ok(decimal.normalize()),
        _ => Err(not_exact()),
    }
}
