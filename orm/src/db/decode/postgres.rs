//! PostgreSQL's binary values, told apart by their type's oid.

use super::{Bad, Decode, Read, out_of_range, postgres_types};
use crate::{Kind, Range, Value};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use diesel::pg::PgValue;
use rust_decimal::Decimal;
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use uuid::Uuid;

// The oids of built-in types, which PostgreSQL never changes (`pg_type.dat`).
const BOOL: u32 = 16;
const BYTEA: u32 = 17;
const INT8: u32 = 20;
const INT2: u32 = 21;
const INT4: u32 = 23;
const OID: u32 = 26;
const JSON: u32 = 114;
const FLOAT4: u32 = 700;
const FLOAT8: u32 = 701;
const DATE: u32 = 1082;
const TIME: u32 = 1083;
const TIMESTAMP: u32 = 1114;
const TIMESTAMPTZ: u32 = 1184;
const INTERVAL: u32 = 1186;
const NUMERIC: u32 = 1700;
const UUID: u32 = 2950;
const INET: u32 = 869;
const JSONB: u32 = 3802;
const TSVECTOR: u32 = 3614;
/// `"char"`, name, text, xml, unknown, char(n), varchar.
const TEXTS: [u32; 7] = [18, 19, 25, 142, 705, 1042, 1043];
/// Types made by users and extensions (enums, citext) start here; their binary form is mostly text.
const FIRST_OWN: u32 = 16_384;

const DAYS_TO_2000: i64 = 10_957;
const MICROS_TO_2000: i64 = DAYS_TO_2000 * 86_400_000_000;

/// The bytes of a value, with the oid of its type, which it costs the driver as much to tell as to find the value.
#[derive(Clone, Copy)]
pub(in crate::db) struct Typed<'a> {
    bytes: &'a [u8],
    oid: u32,
}

impl<'a> Typed<'a> {
    /// The bytes of a value inside another one.
    pub(super) fn inside(oid: u32, bytes: &'a [u8]) -> Typed<'a> {
        Typed { bytes, oid }
    }

    /// The value, in the form that its type says.
    pub(super) fn value(self) -> Read<Value> {
        Ok(match self.oid {
            BOOL => Value::Bool(self.bool()?),
            INT2 => Value::I16(self.i16()?),
            INT4 => Value::I32(self.i32()?),
            INT8 | OID => Value::I64(self.i64()?),
            FLOAT4 => Value::F32(self.f32()?),
            FLOAT8 => Value::F64(self.f64()?),
            NUMERIC => Value::Decimal(self.decimal()?),
            BYTEA => Value::Bytes(self.bytes()?),
            DATE => Value::Date(self.date()?),
            TIME => Value::Time(self.time()?),
            TIMESTAMP => Value::Timestamp(self.timestamp()?),
            TIMESTAMPTZ => Value::DateTime(self.datetime()?),
            INTERVAL => Value::Duration(self.duration()?),
            UUID => Value::Uuid(self.uuid()?),
            INET => Value::Ip(self.ip()?),
            JSON | JSONB => Value::Json(self.json()?),
            _ => Value::Text(self.text()?),
        })
    }

    /// NULL of the type.
    pub(super) fn null(oid: u32) -> Value {
        Value::Null(match oid {
            BOOL => Kind::Bool,
            INT2 => Kind::I16,
            INT4 => Kind::I32,
            INT8 | OID => Kind::I64,
            FLOAT4 => Kind::F32,
            FLOAT8 => Kind::F64,
            NUMERIC => Kind::Decimal,
            BYTEA => Kind::Bytes,
            DATE => Kind::Date,
            TIME => Kind::Time,
            TIMESTAMP => Kind::Timestamp,
            TIMESTAMPTZ => Kind::DateTime,
            INTERVAL => Kind::Duration,
            UUID => Kind::Uuid,
            INET => Kind::Ip,
            JSON | JSONB => Kind::Json,
            _ => Kind::Text,
        })
    }
}

/// The oids of an answer's columns, each asked for when its first value is read.
pub(in crate::db) struct Oids(SmallVec<[AtomicU32; 16]>);

impl Oids {
    pub(in crate::db) fn new(columns: usize) -> Oids {
        Oids((0..columns).map(|_| AtomicU32::new(0)).collect())
    }

    /// A value of the column.
    #[inline]
    pub(in crate::db) fn typed<'a>(&self, column: usize, value: &'a PgValue<'_>) -> Typed<'a> {
        let bytes = value.as_bytes();
        let Some(known) = self.0.get(column) else { return Typed { bytes, oid: value.get_oid().get() } };
        let mut oid = known.load(Relaxed);
        // No type has the oid 0.
        if oid == 0 {
            oid = value.get_oid().get();
            known.store(oid, Relaxed);
        }
        Typed { bytes, oid }
    }
}

#[cold]
fn found(value: &Typed<'_>) -> Bad {
    let name = match value.oid {
        BOOL => "a boolean",
        BYTEA => "bytes",
        INT8 => "a bigint",
        INT2 => "a smallint",
        INT4 => "an integer",
        JSON => "json",
        JSONB => "jsonb",
        FLOAT4 => "a real",
        FLOAT8 => "a double precision number",
        DATE => "a date",
        TIME => "a time",
        TIMESTAMP => "a timestamp",
        TIMESTAMPTZ => "a timestamp with time zone",
        INTERVAL => "an interval",
        NUMERIC => "a numeric",
        UUID => "a uuid",
        INET => "an inet",
        other if TEXTS.contains(&other) => "text",
        other => return Bad::Found(format!("a value of the type with oid {other}")),
    };
    Bad::Found(name.to_owned())
}

fn fixed<const N: usize>(value: &Typed<'_>) -> Read<[u8; N]> {
    value.bytes.try_into().map_err(|_| Bad::Found(format!("{} bytes instead of {N}", value.bytes.len())))
}

fn stamp(value: &Typed<'_>) -> Read<NaiveDateTime> {
    let micros = i64::from_be_bytes(fixed(value)?);
    micros
        .checked_add(MICROS_TO_2000)
        .filter(|_| micros != i64::MAX && micros != i64::MIN)
        .and_then(DateTime::from_timestamp_micros)
        .map(|instant| instant.naive_utc())
        .ok_or_else(|| Bad::Found("a moment that is infinite or out of range".to_owned()))
}

/// The binary form of `numeric`: `numeric_send` in PostgreSQL's `numeric.c`.
fn numeric(bytes: &[u8]) -> Option<Decimal> {
    let word = |at: usize| bytes.get(at..at + 2).map(|pair| i16::from_be_bytes([pair[0], pair[1]]));
    let (count, weight, sign, scale) = (word(0)?, i32::from(word(2)?), word(4)? as u16, i32::from(word(6)?));
    let mut mantissa: i128 = 0;
    for index in 0..usize::try_from(count).ok()? {
        mantissa = mantissa.checked_mul(10_000)?.checked_add(i128::from(word(8 + index * 2)?))?;
    }
    let mut have = (i32::from(count) - 1 - weight) * 4;
    if mantissa == 0 {
        have = scale;
    }
    // Digits beyond the displayed scale are zeros that fill the last group of four.
    while have > scale {
        if mantissa % 10 != 0 {
            return None;
        }
        mantissa /= 10;
        have -= 1;
    }
    let wanted = scale.min(28);
    while have < wanted {
        match mantissa.checked_mul(10).filter(|wide| *wide < 1 << 96) {
            Some(wide) => mantissa = wide,
            // Trailing zeros that do not fit are no digits.
            None if have >= 0 => break,
            None => return None,
        }
        have += 1;
    }
    while have > 28 || (mantissa >= 1 << 96 && have > 0) {
        if mantissa % 10 != 0 {
            return None;
        }
        mantissa /= 10;
        have -= 1;
    }
    let signed = match sign {
        0 => mantissa,
        0x4000 => -mantissa,
        _ => return None,
    };
    Decimal::try_from_i128_with_scale(signed, u32::try_from(have).ok()?).ok()
}

fn json_text<'a>(value: &Typed<'a>) -> Read<&'a [u8]> {
    match (value.oid, value.bytes) {
        (JSON, bytes) => Ok(bytes),
        (JSONB, [1, bytes @ ..]) => Ok(bytes),
        _ => Err(found(value)),
    }
}

impl Decode for Typed<'_> {
    #[inline]
    fn bool(self) -> Read<bool> {
        if self.oid == BOOL { Ok(fixed::<1>(&self)?[0] != 0) } else { Err(found(&self)) }
    }

    #[inline]
    fn i64(self) -> Read<i64> {
        match self.oid {
            INT8 => Ok(i64::from_be_bytes(fixed(&self)?)),
            INT4 => Ok(i64::from(i32::from_be_bytes(fixed(&self)?))),
            INT2 => Ok(i64::from(i16::from_be_bytes(fixed(&self)?))),
            OID => Ok(i64::from(u32::from_be_bytes(fixed(&self)?))),
            // SUM over bigint.
            NUMERIC => {
                let decimal = self.decimal()?;
                if decimal.fract().is_zero() { i64::try_from(decimal).ok() } else { None }
                    .ok_or_else(|| out_of_range(decimal))
            }
            _ => Err(found(&self)),
        }
    }

    #[inline]
    fn f64(self) -> Read<f64> {
        match self.oid {
            FLOAT8 => Ok(f64::from_be_bytes(fixed(&self)?)),
            FLOAT4 => Ok(f64::from(f32::from_be_bytes(fixed(&self)?))),
            INT2 | INT4 | INT8 => self.i64().map(|wide| wide as f64),
            _ => Err(found(&self)),
        }
    }

    #[inline]
    fn f32(self) -> Read<f32> {
        match self.oid {
            FLOAT4 => Ok(f32::from_be_bytes(fixed(&self)?)),
            _ => {
                let wide = self.f64()?;
                let narrow = wide as f32;
                if narrow.is_infinite() && wide.is_finite() { Err(out_of_range(wide)) } else { Ok(narrow) }
            }
        }
    }

    fn decimal(self) -> Read<Decimal> {
        match self.oid {
            NUMERIC => numeric(self.bytes)
                .ok_or_else(|| Bad::Found("a numeric that is no number or has more than 28 digits".to_owned())),
            INT2 | INT4 | INT8 => self.i64().map(Decimal::from),
            _ => Err(found(&self)),
        }
    }

    fn decimal_rounded(self) -> Read<Decimal> {
        match self.oid {
            FLOAT4 | FLOAT8 => {
                let wide = self.f64()?;
                Decimal::from_scientific(&format!("{wide:.14e}"))
                    .map(|it| it.normalize())
                    .map_err(|_| out_of_range(wide))
            }
            _ => self.decimal(),
        }
    }

    #[inline]
    fn text(self) -> Read<String> {
        if TEXTS.contains(&self.oid) || self.oid >= FIRST_OWN {
            std::str::from_utf8(self.bytes).map(str::to_owned).map_err(|_| found(&self))
        } else {
            Err(found(&self))
        }
    }

    fn bytes(self) -> Read<Vec<u8>> {
        if self.oid == BYTEA { Ok(self.bytes.to_vec()) } else { Err(found(&self)) }
    }

    fn date(self) -> Read<NaiveDate> {
        if self.oid != DATE {
            return Err(found(&self));
        }
        let days = i64::from(i32::from_be_bytes(fixed(&self)?)) + DAYS_TO_2000;
        DateTime::from_timestamp(days * 86_400, 0)
            .map(|instant| instant.date_naive())
            .ok_or_else(|| Bad::Found("a date that is infinite or out of range".to_owned()))
    }

    fn time(self) -> Read<NaiveTime> {
        if self.oid != TIME {
            return Err(found(&self));
        }
        let micros = i64::from_be_bytes(fixed(&self)?);
        let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
        u32::try_from(seconds)
            .ok()
            .zip(u32::try_from(rest).ok())
            .and_then(|(seconds, rest)| NaiveTime::from_num_seconds_from_midnight_opt(seconds, rest * 1_000))
            .ok_or_else(|| Bad::Found("the time 24:00:00, or none of a day".to_owned()))
    }

    fn timestamp(self) -> Read<NaiveDateTime> {
        if self.oid == TIMESTAMP { stamp(&self) } else { Err(found(&self)) }
    }

    fn datetime(self) -> Read<DateTime<Utc>> {
        if self.oid == TIMESTAMPTZ { stamp(&self).map(|stamp| stamp.and_utc()) } else { Err(found(&self)) }
    }

    fn duration(self) -> Read<TimeDelta> {
        match self.oid {
            INTERVAL => {
                let bytes: [u8; 16] = fixed(&self)?;
                let part =
                    |from: usize| i32::from_be_bytes([bytes[from], bytes[from + 1], bytes[from + 2], bytes[from + 3]]);
                let (micros, days, months) =
                    ((i64::from(part(0)) << 32) | i64::from(part(4) as u32), part(8), part(12));
                if months != 0 {
                    return Err(Bad::Found("an interval in months, which have no fixed length".to_owned()));
                }
                TimeDelta::microseconds(micros)
                    .checked_add(&TimeDelta::days(i64::from(days)))
                    .ok_or_else(|| Bad::Found("an interval that is out of range".to_owned()))
            }
            INT8 => self.i64().map(TimeDelta::microseconds),
            _ => Err(found(&self)),
        }
    }

    fn uuid(self) -> Read<Uuid> {
        if self.oid == UUID { fixed(&self).map(Uuid::from_bytes) } else { Err(found(&self)) }
    }

    fn ip(self) -> Read<IpAddr> {
        if self.oid != INET {
            return Err(found(&self));
        }
        // The family, the bits of the network, whether it is one, the length, and the address.
        match *self.bytes {
            [2, 32, _, 4, a, b, c, d] => Ok(IpAddr::from([a, b, c, d])),
            [3, 128, _, 16, ref address @ ..] => match <[u8; 16]>::try_from(address) {
                Ok(address) => Ok(IpAddr::from(address)),
                Err(_) => Err(Bad::Found("an address of a strange length".to_owned())),
            },
            _ => Err(Bad::Found("a network, which is more than one address".to_owned())),
        }
    }

    fn json(self) -> Read<serde_json::Value> {
        let text = json_text(&self)?;
        serde_json::from_slice(text).map_err(|error| Bad::Found(format!("JSON that cannot be read ({error})")))
    }

    fn array(self) -> Read<Vec<Value>> {
        postgres_types::array(self.bytes)
    }

    fn range(self) -> Read<Range<Value>> {
        postgres_types::range(self.oid, self.bytes).unwrap_or_else(|| Err(found(&self)))
    }

    fn hstore(self) -> Read<BTreeMap<String, Option<String>>> {
        if self.oid >= FIRST_OWN { postgres_types::hstore(self.bytes) } else { Err(found(&self)) }
    }

    fn search_vector(self) -> Read<String> {
        if self.oid == TSVECTOR { postgres_types::search_vector(self.bytes) } else { Err(found(&self)) }
    }
}
