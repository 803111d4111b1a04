//! Whatever a server or a file holds is read or refused: random bytes here, and many more of them by `.ci/full fuzz`.

use super::{Bad, Decode, decimal_of_float, postgres::Typed, text};
use crate::Value;
use bolero::check;
use diesel::mysql::{MysqlType, MysqlValue};

/// Asks for a value in every way there is. Each gives one, or says in short why not.
fn ask<D: Decode>(value: impl Fn() -> D) {
    fn told<T>(read: Result<T, Bad>) {
        if let Err(Bad::Found(why) | Bad::Value(_, why)) = read {
            assert!(why.chars().count() < 400, "{why}");
        }
    }
    told(value().bool());
    told(value().i16());
    told(value().i32());
    told(value().i64());
    told(value().f32());
    told(value().f64());
    told(value().decimal());
    told(value().decimal_rounded());
    told(value().text());
    told(value().bytes());
    told(value().date());
    told(value().time());
    told(value().timestamp());
    told(value().datetime());
    told(value().duration());
    told(value().uuid());
    told(value().ip());
    told(value().json());
    told(value().array());
    told(value().range());
    told(value().hstore());
    told(value().search_vector());
}

/// The types that are told apart, those of arrays and `hstore` by one that a user made.
const OIDS: [u32; 28] = [
    16, 17, 18, 20, 21, 23, 25, 26, 114, 700, 701, 869, 1082, 1083, 1114, 1184, 1186, 1700, 2950, 3614, 3802, 3904,
    3906, 3908, 3910, 3912, 3926, 16_500,
];

#[test]
fn bytes_of_postgres() {
    check!().with_type::<(u8, Vec<u8>)>().for_each(|(kind, bytes)| {
        let typed = Typed::inside(OIDS[usize::from(*kind) % OIDS.len()], bytes);
        ask(|| typed);
        let _ = typed.value();
    });
}

const TYPES: [MysqlType; 20] = [
    MysqlType::Tiny,
    MysqlType::UnsignedTiny,
    MysqlType::Short,
    MysqlType::UnsignedShort,
    MysqlType::Long,
    MysqlType::UnsignedLong,
    MysqlType::LongLong,
    MysqlType::UnsignedLongLong,
    MysqlType::Float,
    MysqlType::Double,
    MysqlType::Numeric,
    MysqlType::Time,
    MysqlType::Date,
    MysqlType::DateTime,
    MysqlType::Timestamp,
    MysqlType::String,
    MysqlType::Blob,
    MysqlType::Bit,
    MysqlType::Set,
    MysqlType::Enum,
];

#[test]
fn bytes_of_mysql() {
    check!().with_type::<(u8, Vec<u8>)>().for_each(|(kind, bytes)| {
        ask(|| MysqlValue::new(bytes, TYPES[usize::from(*kind) % TYPES.len()]));
    });
}

#[test]
fn texts() {
    check!().for_each(|bytes| {
        let Ok(written) = std::str::from_utf8(bytes) else { return };
        // What was read is read from its usual form again.
        if let Ok(date) = text::date(written) {
            assert_eq!(text::date(&date.to_string()).ok(), Some(date));
        }
        if let Ok(time) = text::time(written) {
            assert_eq!(text::time(&time.to_string()).ok(), Some(time));
        }
        if let Ok(stamp) = text::timestamp(written) {
            assert_eq!(text::datetime(&stamp.to_string()).ok(), Some(stamp));
        }
        let _ = text::datetime(written);
        if let Ok(decimal) = text::decimal(written) {
            assert_eq!(text::decimal(&decimal.to_string()).ok(), Some(decimal));
        }
        if let Ok(ip) = text::ip(written) {
            assert_eq!(text::ip(&ip.to_string()).ok(), Some(ip));
        }
        let _ = text::uuid(written);
        if let Ok(json) = text::json(written) {
            assert_eq!(text::json(&json.to_string()).ok(), Some(json));
        }
    });
}

#[test]
fn floats_for_decimals() {
    check!().with_type::<u64>().for_each(|bits| {
        let float = f64::from_bits(*bits);
        let _ = decimal_of_float(float, true);
        if let Ok(decimal) = decimal_of_float(float, false) {
            assert_eq!(decimal.to_string().parse::<f64>(), Ok(float));
        }
    });
}

#[test]
fn values_in_memory() {
    check!().for_each(|bytes| {
        let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes) else { return };
        let value = match value {
            serde_json::Value::String(text) => Value::Text(text),
            other => Value::Json(other),
        };
        ask(|| &value);
    });
}
