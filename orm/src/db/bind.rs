//! Values on their way into a statement, in the storage form of each database.
//!
//! Times finer than a microsecond are cut to microseconds, downwards in absolute time, the same way for every
//! database, so that what is stored equals what [`truncated`] says.

use crate::{Code, Error, Kind, Value};
use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use diesel::{
    QueryResult,
    backend::Backend,
    query_builder::AstPass,
    serialize::{IsNull, Output, Result as ToSqlResult, ToSql},
    sql_types,
};
use rust_decimal::Decimal;

/// A back end that knows the storage form of each kind of value.
pub(super) trait Binds: Backend + Sized {
    /// Whose placeholders it has.
    const DIALECT: crate::Dialect;

    /// Binds one value, whose placeholder is in the text.
    fn push<'b>(pass: &mut AstPass<'_, 'b, Self>, value: &'b Value) -> QueryResult<()>;
}

macro_rules! to_sql {
    ($backend:ty, $write:path: $($sql:ident),+) => {$(
        impl ToSql<sql_types::$sql, $backend> for Value {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, $backend>) -> ToSqlResult {
                $write(self, out)
            }
        }
    )+};
}

/// Days, times and spans as all three databases store them: in whole microseconds.
///
/// ```
/// # use orm::{Value, truncated};
/// let fine = chrono::NaiveTime::from_hms_nano_opt(1, 2, 3, 4_999).unwrap();
/// assert_eq!(truncated(Value::Time(fine)), Value::Time(chrono::NaiveTime::from_hms_nano_opt(1, 2, 3, 4_000).unwrap()));
/// ```
pub fn truncated(value: Value) -> Value {
    match value {
        Value::Time(time) => Value::Time(micros_of(time)),
        Value::Timestamp(stamp) => Value::Timestamp(stamp.date().and_time(micros_of(stamp.time()))),
        Value::DateTime(instant) => {
            let naive = instant.naive_utc();
            Value::DateTime(naive.date().and_time(micros_of(naive.time())).and_utc())
        }
        Value::Duration(span) => Value::Duration(match Value::micros(span) {
            Ok(micros) => TimeDelta::microseconds(micros),
            Err(_) => span,
        }),
        other => other,
    }
}

/// A leap second has no place in any of the databases: it becomes the last microsecond before it.
fn micros_of(time: NaiveTime) -> NaiveTime {
    let nanos = time.nanosecond().min(999_999_999);
    time.with_nanosecond(nanos / 1_000 * 1_000).unwrap_or(time)
}

fn push_two(out: &mut String, number: u32) {
    out.push(char::from(b'0' + (number / 10 % 10) as u8));
    out.push(char::from(b'0' + (number % 10) as u8));
}

fn write_date(out: &mut String, date: NaiveDate) -> Result<(), Error> {
    let year = Value::year(date)?;
    push_two(out, year / 100);
    push_two(out, year % 100);
    out.push('-');
    push_two(out, date.month());
    out.push('-');
    push_two(out, date.day());
    Ok(())
}

/// Django's form: six digits of a second, or none.
fn write_time(out: &mut String, time: NaiveTime) {
    push_two(out, time.hour());
    out.push(':');
    push_two(out, time.minute());
    out.push(':');
    push_two(out, time.second());
    let micros = micros_of(time).nanosecond() / 1_000;
    if micros > 0 {
        out.push('.');
        push_two(out, micros / 10_000);
        push_two(out, micros / 100 % 100);
        push_two(out, micros % 100);
    }
}

pub(super) fn timestamp_text(stamp: NaiveDateTime) -> Result<String, Error> {
    let mut out = String::with_capacity(26);
    write_date(&mut out, stamp.date())?;
    out.push(' ');
    write_time(&mut out, stamp.time());
    Ok(out)
}

pub(super) fn date_text(date: NaiveDate) -> Result<String, Error> {
    let mut out = String::with_capacity(10);
    write_date(&mut out, date)?;
    Ok(out)
}

pub(super) fn time_text(time: NaiveTime) -> String {
    let mut out = String::with_capacity(15);
    write_time(&mut out, time);
    out
}

#[cold]
fn no_list() -> Error {
    Error::new(Code::Unsupported, "a list cannot hold lists")
}

/// A list, or a list of rows, as one JSON text, its elements in the storage form that the column has.
fn list_text(values: &[Value], float: fn(f64) -> serde_json::Value) -> Result<String, Error> {
    list_json(values, float).map(|list| list.to_string())
}

fn list_json(values: &[Value], float: fn(f64) -> serde_json::Value) -> Result<serde_json::Value, Error> {
    use serde_json::Value as Json;
    let element = |value: &Value| -> Result<Json, Error> {
        Ok(match value {
            Value::Null(_) => Json::Null,
            Value::Bool(v) => Json::from(i32::from(*v)),
            Value::I16(v) => Json::from(*v),
            Value::I32(v) => Json::from(*v),
            Value::I64(v) => Json::from(*v),
            Value::F32(v) => float(f64::from(*v)),
            Value::F64(v) => float(*v),
            Value::Decimal(v) => Json::from(v.to_string()),
            Value::Text(v) => Json::from(v.as_str()),
            Value::Date(v) => Json::from(date_text(*v)?),
            Value::Time(v) => Json::from(time_text(*v)),
            Value::Timestamp(v) => Json::from(timestamp_text(*v)?),
            Value::DateTime(v) => Json::from(timestamp_text(v.naive_utc())?),
            Value::Duration(v) => Json::from(Value::micros(*v)?),
            Value::Uuid(v) => Json::from(v.simple().to_string()),
            Value::Ip(v) => Json::from(v.to_string()),
            Value::Json(v) => Json::from(v.to_string()),
            Value::Bytes(v) => Json::from(v.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
            Value::List(row) => list_json(&row.values, float)?,
            Value::Postgres(..) => return Err(no_list()),
        })
    };
    Ok(Json::Array(values.iter().map(element).collect::<Result<_, _>>()?))
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use super::*;
    use diesel::sqlite::Sqlite;

    impl Binds for Sqlite {
        const DIALECT: crate::Dialect = crate::Dialect::Sqlite;

        fn push<'b>(pass: &mut AstPass<'_, 'b, Self>, value: &'b Value) -> QueryResult<()> {
            match value {
                // What most keys are: it is stored as it stands, and there is nothing to check.
                Value::I64(number) => return pass.push_bind_param_value_only::<sql_types::BigInt, i64>(number),
                Value::List(..) => return pass.push_bind_param_value_only::<sql_types::Text, Value>(value),
                _ => {}
            }
            match value.kind() {
                Kind::Bool | Kind::I16 | Kind::I32 => {
                    pass.push_bind_param_value_only::<sql_types::Integer, Value>(value)
                }
                Kind::I64 | Kind::Duration => pass.push_bind_param_value_only::<sql_types::BigInt, Value>(value),
                Kind::F32 | Kind::F64 => pass.push_bind_param_value_only::<sql_types::Double, Value>(value),
                Kind::Bytes => pass.push_bind_param_value_only::<sql_types::Binary, Value>(value),
                Kind::Decimal
                | Kind::Text
                | Kind::Date
                | Kind::Time
                | Kind::Timestamp
                | Kind::DateTime
                | Kind::Uuid
                | Kind::Ip
                | Kind::Json
                | Kind::Postgres(_) => pass.push_bind_param_value_only::<sql_types::Text, Value>(value),
            }
        }
    }

    to_sql!(Sqlite, write: Integer, BigInt, Double, Binary, Text);

    fn write<'b>(value: &'b Value, out: &mut Output<'b, '_, Sqlite>) -> ToSqlResult {
        value.storable(crate::Dialect::Sqlite)?;
        match value {
            Value::Null(_) => return Ok(IsNull::Yes),
            Value::Bool(v) => out.set_value(i32::from(*v)),
            Value::I16(v) => out.set_value(i32::from(*v)),
            Value::I32(v) => out.set_value(*v),
            Value::I64(v) => out.set_value(*v),
            Value::F32(v) => out.set_value(f64::from(*v)),
            Value::F64(v) => out.set_value(*v),
            Value::Text(v) => out.set_value(v.as_str()),
            Value::Bytes(v) => out.set_value(v.as_slice()),
            Value::Decimal(v) => out.set_value(v.to_string()),
            Value::Date(v) => out.set_value(date_text(*v)?),
            Value::Time(v) => out.set_value(time_text(*v)),
            Value::Timestamp(v) => out.set_value(timestamp_text(*v)?),
            Value::DateTime(v) => out.set_value(timestamp_text(v.naive_utc())?),
            Value::Duration(v) => out.set_value(Value::micros(*v)?),
            Value::Uuid(v) => out.set_value(v.simple().to_string()),
            Value::Ip(v) => out.set_value(v.to_string()),
            Value::Json(v) => out.set_value(v.to_string()),
            Value::Postgres(own, _) => return Err(own.refused(crate::Dialect::Sqlite).into()),
            Value::List(list) => out.set_value(list_text(&list.values, |float| (float.to_bits() as i64).into())?),
        }
        Ok(IsNull::No)
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use super::*;
    use crate::{PgKind, PgValue};
    use diesel::pg::Pg;
    use std::io::Write;

    impl Binds for Pg {
        const DIALECT: crate::Dialect = crate::Dialect::Postgres;

        fn push<'b>(pass: &mut AstPass<'_, 'b, Self>, value: &'b Value) -> QueryResult<()> {
            use sql_types as sql;
            macro_rules! push {
                ($($kind:ident => $sql:ident),+) => {
                    match form(value) {
                        $((Kind::$kind, false) => pass.push_bind_param_value_only::<sql::$sql, Value>(value),
                        (Kind::$kind, true) => pass.push_bind_param_value_only::<sql::Array<sql::$sql>, Value>(value),)+
                        (Kind::Postgres(_), _) => Err(diesel::result::Error::SerializationError(no_list().into())),
                    }
                };
            }
            push!(Bool => Bool, I16 => SmallInt, I32 => Integer, I64 => BigInt, F32 => Float, F64 => Double,
                Decimal => Numeric, Text => Text, Bytes => Binary, Date => Date, Time => Time, Timestamp => Timestamp,
                DateTime => Timestamptz, Duration => Interval, Uuid => Uuid, Ip => Inet, Json => Jsonb)
        }
    }

    to_sql!(Pg, write_scalar: Bool, SmallInt, Integer, BigInt, Float, Double, Numeric, Text, Binary, Date, Time,
        Timestamp, Timestamptz, Interval, Uuid, Inet, Jsonb);

    /// The plain kind that a value is bound as, and whether as an array of it: what PostgreSQL alone has is text, which the
    /// statement converts.
    fn form(value: &Value) -> (Kind, bool) {
        let list = matches!(value, Value::List(..));
        match value.kind() {
            Kind::Postgres(PgKind::Array(Kind::Postgres(_))) => (Kind::Text, true),
            Kind::Postgres(PgKind::Array(of)) => (*of, true),
            Kind::Postgres(PgKind::Enum(_)) => (Kind::Text, list),
            Kind::Postgres(_) if !list => (Kind::Text, false),
            plain => (plain, list),
        }
    }

    fn write_scalar(value: &Value, out: &mut Output<'_, '_, Pg>) -> ToSqlResult {
        write(value, out)
    }

    macro_rules! arrays {
        ($($sql:ident = $oid:literal),+) => {$(
            impl ToSql<sql_types::Array<sql_types::$sql>, Pg> for Value {
                fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> ToSqlResult {
                    write_list(self, $oid, out)
                }
            }
        )+};
    }
    // The oids of the element types, which PostgreSQL never changes (`pg_type.dat`).
    arrays!(
        Bool = 16,
        SmallInt = 21,
        Integer = 23,
        BigInt = 20,
        Float = 700,
        Double = 701,
        Numeric = 1700,
        Text = 25,
        Binary = 17,
        Date = 1082,
        Time = 1083,
        Timestamp = 1114,
        Timestamptz = 1184,
        Interval = 1186,
        Uuid = 2950,
        Inet = 869,
        Jsonb = 3802
    );

    /// PostgreSQL counts time from here.
    const EPOCH: NaiveDate = match NaiveDate::from_ymd_opt(2000, 1, 1) {
        Some(date) => date,
        None => NaiveDate::MIN,
    };

    fn stamp_micros(stamp: NaiveDateTime) -> Result<i64, Error> {
        Value::micros(stamp.date().and_time(micros_of(stamp.time())) - EPOCH.and_time(NaiveTime::MIN))
    }

    fn write(value: &Value, out: &mut impl Write) -> ToSqlResult {
        value.storable(crate::Dialect::Postgres)?;
        match value {
            Value::Null(_) => return Ok(IsNull::Yes),
            Value::Bool(v) => out.write_all(&[u8::from(*v)])?,
            Value::I16(v) => out.write_all(&v.to_be_bytes())?,
            Value::I32(v) => out.write_all(&v.to_be_bytes())?,
            Value::I64(v) => out.write_all(&v.to_be_bytes())?,
            Value::F32(v) => out.write_all(&v.to_be_bytes())?,
            Value::F64(v) => out.write_all(&v.to_be_bytes())?,
            Value::Text(v) => out.write_all(v.as_bytes())?,
            Value::Bytes(v) => out.write_all(v)?,
            Value::Decimal(v) => write_numeric(v, out)?,
            Value::Date(v) => {
                let days = i32::try_from((*v - EPOCH).num_days())?;
                out.write_all(&days.to_be_bytes())?;
            }
            Value::Time(v) => {
                let since = micros_of(*v) - NaiveTime::MIN;
                out.write_all(&Value::micros(since)?.to_be_bytes())?;
            }
            Value::Timestamp(v) => out.write_all(&stamp_micros(*v)?.to_be_bytes())?,
            Value::DateTime(v) => out.write_all(&stamp_micros(v.naive_utc())?.to_be_bytes())?,
            Value::Duration(v) => {
                // Microseconds, then days and months, which a span of exact length does not use.
                out.write_all(&Value::micros(*v)?.to_be_bytes())?;
                out.write_all(&[0; 8])?;
            }
            Value::Uuid(v) => out.write_all(v.as_bytes())?,
            // The family, the bits of the network, that it is a host, and the address: `network_send` in `network.c`.
            Value::Ip(std::net::IpAddr::V4(v)) => {
                out.write_all(&[2, 32, 0, 4])?;
                out.write_all(&v.octets())?;
            }
            Value::Ip(std::net::IpAddr::V6(v)) => {
                out.write_all(&[3, 128, 0, 16])?;
                out.write_all(&v.octets())?;
            }
            Value::Json(v) => {
                out.write_all(&[1])?;
                serde_json::to_writer(out, v)?;
            }
            Value::Postgres(_, own) => match &**own {
                PgValue::Array(_) => return Err(no_list().into()),
                own => out.write_all(own.literal()?.as_bytes())?,
            },
            Value::List(..) => return Err(no_list().into()),
        }
        Ok(IsNull::No)
    }

    /// The binary form of arrays: `array_recv` in PostgreSQL's `arrayfuncs.c`.
    fn write_list(value: &Value, oid: u32, out: &mut Output<'_, '_, Pg>) -> ToSqlResult {
        let values = match (value, value.own()) {
            (Value::List(list), _) => &list.values[..],
            (_, Some(PgValue::Array(values))) => &values[..],
            _ => return Ok(IsNull::Yes),
        };
        let has_null = values.iter().any(Value::is_null);
        out.write_all(&1i32.to_be_bytes())?;
        out.write_all(&i32::from(has_null).to_be_bytes())?;
        out.write_all(&oid.to_be_bytes())?;
        out.write_all(&i32::try_from(values.len())?.to_be_bytes())?;
        out.write_all(&1i32.to_be_bytes())?;
        let mut buffer = Vec::new();
        for value in values.iter() {
            buffer.clear();
            match write(value, &mut buffer)? {
                IsNull::Yes => out.write_all(&(-1i32).to_be_bytes())?,
                IsNull::No => {
                    out.write_all(&i32::try_from(buffer.len())?.to_be_bytes())?;
                    out.write_all(&buffer)?;
                }
            }
        }
        Ok(IsNull::No)
    }

    /// The binary form of `numeric`: `numeric_recv` in PostgreSQL's `numeric.c`.
    fn write_numeric(value: &Decimal, out: &mut impl Write) -> std::io::Result<()> {
        let scale = value.scale();
        let padding = (4 - scale % 4) % 4;
        // At most 96 bits times a thousand: no overflow.
        let mut rest = value.mantissa().unsigned_abs() * 10u128.pow(padding);
        let mut groups = [0u16; 10];
        let mut count = 0;
        while rest > 0 {
            groups[count] = (rest % 10_000) as u16;
            rest /= 10_000;
            count += 1;
        }
        let fraction = ((scale + padding) / 4) as i16;
        let weight = count as i16 - fraction - 1;
        let zeros = groups[..count].iter().take_while(|group| **group == 0).count();
        let digits = &groups[zeros..count];
        out.write_all(&(digits.len() as i16).to_be_bytes())?;
        out.write_all(&if digits.is_empty() { 0 } else { weight }.to_be_bytes())?;
        let negative = value.is_sign_negative() && !digits.is_empty();
        out.write_all(&if negative { 0x4000u16 } else { 0 }.to_be_bytes())?;
        out.write_all(&(scale as u16).to_be_bytes())?;
        for group in digits.iter().rev() {
            out.write_all(&group.to_be_bytes())?;
        }
        Ok(())
    }
}

#[cfg(feature = "mysql")]
mod mysql {
    use super::*;
    use diesel::mysql::{
        Mysql,
        data_types::{MysqlTime, MysqlTimestampType},
    };
    use std::io::Write;

    impl Binds for Mysql {
        const DIALECT: crate::Dialect = crate::Dialect::MariaDb;

        fn push<'b>(pass: &mut AstPass<'_, 'b, Self>, value: &'b Value) -> QueryResult<()> {
            if let Value::List(..) = value {
                return pass.push_bind_param_value_only::<sql_types::Text, Value>(value);
            }
            match value.kind() {
                Kind::Bool => pass.push_bind_param_value_only::<sql_types::TinyInt, Value>(value),
                Kind::I16 => pass.push_bind_param_value_only::<sql_types::SmallInt, Value>(value),
                Kind::I32 => pass.push_bind_param_value_only::<sql_types::Integer, Value>(value),
                Kind::I64 | Kind::Duration => pass.push_bind_param_value_only::<sql_types::BigInt, Value>(value),
                Kind::F32 => pass.push_bind_param_value_only::<sql_types::Float, Value>(value),
                Kind::F64 => pass.push_bind_param_value_only::<sql_types::Double, Value>(value),
                Kind::Decimal => pass.push_bind_param_value_only::<sql_types::Numeric, Value>(value),
                Kind::Text | Kind::Uuid | Kind::Ip | Kind::Json | Kind::Postgres(_) => {
                    pass.push_bind_param_value_only::<sql_types::Text, Value>(value)
                }
                Kind::Bytes => pass.push_bind_param_value_only::<sql_types::Binary, Value>(value),
                Kind::Date => pass.push_bind_param_value_only::<sql_types::Date, Value>(value),
                Kind::Time => pass.push_bind_param_value_only::<sql_types::Time, Value>(value),
                Kind::Timestamp | Kind::DateTime => {
                    pass.push_bind_param_value_only::<sql_types::Timestamp, Value>(value)
                }
            }
        }
    }

    to_sql!(Mysql, write: TinyInt, SmallInt, Integer, BigInt, Float, Double, Numeric, Text, Binary, Date, Time,
        Timestamp);

    fn time(time: NaiveTime, date: Option<NaiveDate>) -> Result<MysqlTime, Error> {
        let time = micros_of(time);
        let (year, month, day) = match date {
            Some(date) => (Value::year(date)?, date.month(), date.day()),
            None => (0, 0, 0),
        };
        let kind = match date {
            Some(_) => MysqlTimestampType::MYSQL_TIMESTAMP_DATETIME,
            None => MysqlTimestampType::MYSQL_TIMESTAMP_TIME,
        };
        let micros = (time.nanosecond() / 1_000).into();
        Ok(MysqlTime::new(year, month, day, time.hour(), time.minute(), time.second(), micros, false, kind, 0))
    }

    fn write(value: &Value, out: &mut Output<'_, '_, Mysql>) -> ToSqlResult {
        value.storable(crate::Dialect::MariaDb)?;
        match value {
            Value::Null(_) => return Ok(IsNull::Yes),
            Value::Bool(v) => out.write_all(&[u8::from(*v)])?,
            Value::I16(v) => out.write_all(&v.to_ne_bytes())?,
            Value::I32(v) => out.write_all(&v.to_ne_bytes())?,
            Value::I64(v) => out.write_all(&v.to_ne_bytes())?,
            Value::F32(v) => out.write_all(&v.to_ne_bytes())?,
            Value::F64(v) => out.write_all(&v.to_ne_bytes())?,
            Value::Text(v) => out.write_all(v.as_bytes())?,
            Value::Bytes(v) => out.write_all(v)?,
            Value::Decimal(v) => write!(out, "{v}")?,
            Value::Date(v) => out.write_all(&time(NaiveTime::MIN, Some(*v))?.serialize())?,
            Value::Time(v) => out.write_all(&time(*v, None)?.serialize())?,
            Value::Timestamp(v) => out.write_all(&time(v.time(), Some(v.date()))?.serialize())?,
            Value::DateTime(v) => {
                let v = v.naive_utc();
                out.write_all(&time(v.time(), Some(v.date()))?.serialize())?;
            }
            Value::Duration(v) => out.write_all(&Value::micros(*v)?.to_ne_bytes())?,
            // MariaDB's `uuid` type takes this form too, and a `char(32)` column, MySQL's and Django's, only this one.
            Value::Uuid(v) => write!(out, "{}", v.simple())?,
            Value::Ip(v) => write!(out, "{v}")?,
            Value::Json(v) => serde_json::to_writer(out, v)?,
            Value::Postgres(own, _) => return Err(own.refused(crate::Dialect::MariaDb).into()),
            Value::List(list) => out.write_all(list_text(&list.values, Into::into)?.as_bytes())?,
        }
        Ok(IsNull::No)
    }
}
