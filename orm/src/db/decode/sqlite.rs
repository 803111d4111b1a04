//! SQLite's values: five storage classes, the rest as text or integers in Django's forms.

use super::{Bad, Decode, Read, decimal_of_float, out_of_range, text};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use diesel::{
    deserialize::FromSql,
    sql_types,
    sqlite::{Sqlite, SqliteType},
};
use rust_decimal::Decimal;
use std::net::IpAddr;
use uuid::Uuid;

type Value<'r, 's, 'q> = diesel::sqlite::SqliteValue<'r, 's, 'q>;

/// A value where Diesel has put it: it is larger than it looks, and to move it costs more than to read it.
type Cell<'v, 'r, 's, 'q> = &'v mut Option<Value<'r, 's, 'q>>;

#[inline]
fn integer(cell: Cell<'_, '_, '_, '_>) -> Read<i64> {
    let Some(value) = cell else { return Err(Bad::Null) };
    match value.value_type() {
        Some(SqliteType::Long) => Ok(value.read_long()),
        _ => Err(found(value)),
    }
}

fn with_text<T>(cell: Cell<'_, '_, '_, '_>, read: impl FnOnce(&str) -> Read<T>) -> Read<T> {
    let Some(value) = cell else { return Err(Bad::Null) };
    match value.value_type() {
        Some(SqliteType::Text) => read(value.read_text()),
        _ => Err(found(value)),
    }
}

#[cold]
fn found(value: &mut Value<'_, '_, '_>) -> Bad {
    match value.value_type() {
        None => Bad::Null,
        Some(SqliteType::Binary) => Bad::Found(format!("{} bytes", value.read_blob().len())),
        Some(SqliteType::Text) => Bad::Value("a text", value.read_text().chars().take(60).collect()),
        Some(SqliteType::Float | SqliteType::Double) => Bad::Value("a float", value.read_double().to_string()),
        Some(SqliteType::SmallInt | SqliteType::Integer | SqliteType::Long) => {
            Bad::Value("an integer", value.read_long().to_string())
        }
    }
}

fn decimal(cell: Cell<'_, '_, '_, '_>, rounded: bool) -> Read<Decimal> {
    let Some(value) = cell else { return Err(Bad::Null) };
    match value.value_type() {
        Some(SqliteType::Long) => Ok(Decimal::from(value.read_long())),
        Some(SqliteType::Double) => decimal_of_float(value.read_double(), rounded),
        Some(SqliteType::Text) => text::decimal(value.read_text()),
        _ => Err(found(value)),
    }
}

impl Decode for Cell<'_, '_, '_, '_> {
    #[inline]
    fn bool(self) -> Read<bool> {
        match integer(self)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(out_of_range(other)),
        }
    }

    #[inline]
    fn i64(self) -> Read<i64> {
        integer(self)
    }

    #[inline]
    fn f64(self) -> Read<f64> {
        let Some(value) = self else { return Err(Bad::Null) };
        match value.value_type() {
            Some(SqliteType::Double | SqliteType::Long) => Ok(value.read_double()),
            _ => Err(found(value)),
        }
    }

    fn decimal(self) -> Read<Decimal> {
        decimal(self, false)
    }

    fn decimal_rounded(self) -> Read<Decimal> {
        decimal(self, true)
    }

    #[inline]
    fn text(self) -> Read<String> {
        let Some(value) = self else { return Err(Bad::Null) };
        match value.value_type() {
            // Diesel's own reading refuses text that is not UTF-8, where `read_text` would alter it.
            Some(SqliteType::Text) => <String as FromSql<sql_types::Text, Sqlite>>::from_nullable_sql(self.take())
                .map_err(|error| Bad::Found(format!("text that is not UTF-8 ({error})"))),
            _ => Err(found(value)),
        }
    }

    fn bytes(self) -> Read<Vec<u8>> {
        let Some(value) = self else { return Err(Bad::Null) };
        match value.value_type() {
            Some(SqliteType::Binary) => Ok(value.read_blob().to_vec()),
            _ => Err(found(value)),
        }
    }

    fn date(self) -> Read<NaiveDate> {
        with_text(self, text::date)
    }

    fn time(self) -> Read<NaiveTime> {
        with_text(self, text::time)
    }

    fn timestamp(self) -> Read<NaiveDateTime> {
        with_text(self, text::timestamp)
    }

    fn datetime(self) -> Read<DateTime<Utc>> {
        with_text(self, text::datetime).map(|stamp| stamp.and_utc())
    }

    fn duration(self) -> Read<TimeDelta> {
        integer(self).map(TimeDelta::microseconds)
    }

    fn uuid(self) -> Read<Uuid> {
        with_text(self, text::uuid)
    }

    fn ip(self) -> Read<IpAddr> {
        with_text(self, text::ip)
    }

    fn json(self) -> Read<serde_json::Value> {
        with_text(self, text::json)
    }
}
