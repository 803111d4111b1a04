//! MariaDB's and MySQL's values: numbers in little-endian bytes, the rest as text or MYSQL_TIME.

use super::{Bad, Decode, Read, decimal_of_float, out_of_range, text};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use diesel::{
    deserialize::FromSql,
    mysql::{Mysql, MysqlType, MysqlValue, data_types::MysqlTime},
    sql_types,
};
use rust_decimal::Decimal;
use std::net::IpAddr;
use uuid::Uuid;

#[cold]
fn found(value: &MysqlValue<'_>) -> Bad {
    match value.value_type() {
        MysqlType::String | MysqlType::Numeric | MysqlType::Enum | MysqlType::Set => {
            Bad::Value("a text", String::from_utf8_lossy(value.as_bytes()).chars().take(60).collect())
        }
        MysqlType::Blob => Bad::Found(format!("{} bytes", value.as_bytes().len())),
        other => Bad::Found(format!("a value of the type {other:?}")),
    }
}

fn integer(value: &MysqlValue<'_>) -> Read<i64> {
    use MysqlType::{
        Long, LongLong, Numeric, Short, Tiny, UnsignedLong, UnsignedLongLong, UnsignedShort, UnsignedTiny,
    };
    let bytes = value.as_bytes();
    let mut wide = [0; 8];
    match value.value_type() {
        // Whatever the width, the driver hands over 64 bits.
        Tiny | Short | Long | LongLong | UnsignedTiny | UnsignedShort | UnsignedLong if bytes.len() == 8 => {
            wide.copy_from_slice(bytes);
            Ok(i64::from_le_bytes(wide))
        }
        UnsignedLongLong if bytes.len() == 8 => {
            wide.copy_from_slice(bytes);
            let unsigned = u64::from_le_bytes(wide);
            i64::try_from(unsigned).map_err(|_| out_of_range(unsigned))
        }
        // SUM over integers.
        Numeric => {
            let decimal = with_text(value, text::decimal)?;
            if decimal.fract().is_zero() { i64::try_from(decimal).ok() } else { None }
                .ok_or_else(|| out_of_range(decimal))
        }
        _ => Err(found(value)),
    }
}

fn with_text<T>(value: &MysqlValue<'_>, read: impl FnOnce(&str) -> Read<T>) -> Read<T> {
    match value.value_type() {
        // Columns with a binary collation are flagged like bytes.
        MysqlType::String | MysqlType::Blob | MysqlType::Numeric | MysqlType::Enum | MysqlType::Set => {
            read(std::str::from_utf8(value.as_bytes()).map_err(|_| found(value))?)
        }
        _ => Err(found(value)),
    }
}

fn moment(value: MysqlValue<'_>) -> Read<MysqlTime> {
    match value.value_type() {
        MysqlType::Date | MysqlType::DateTime | MysqlType::Timestamp | MysqlType::Time => {
            <MysqlTime as FromSql<sql_types::Timestamp, Mysql>>::from_sql(value)
                .map_err(|error| Bad::Found(error.to_string()))
        }
        _ => Err(found(&value)),
    }
}

fn date_of(time: &MysqlTime) -> Read<NaiveDate> {
    i32::try_from(time.year)
        .ok()
        .and_then(|year| NaiveDate::from_ymd_opt(year, time.month, time.day))
        .ok_or_else(|| Bad::Value("a date that is none", format!("{:04}-{:02}-{:02}", time.year, time.month, time.day)))
}

fn time_of(time: &MysqlTime) -> Read<NaiveTime> {
    u32::try_from(time.second_part)
        .ok()
        .and_then(|micros| NaiveTime::from_hms_micro_opt(time.hour, time.minute, time.second, micros))
        .ok_or_else(|| {
            Bad::Value("a time that is none", format!("{}:{:02}:{:02}", time.hour, time.minute, time.second))
        })
}

fn float(value: &MysqlValue<'_>) -> Read<f64> {
    let bytes = value.as_bytes();
    match (value.value_type(), bytes.len()) {
        (MysqlType::Float, 4) => Ok(f64::from(f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))),
        (MysqlType::Double, 8) => {
            let mut wide = [0; 8];
            wide.copy_from_slice(bytes);
            Ok(f64::from_le_bytes(wide))
        }
        _ => integer(value).map(|wide| wide as f64),
    }
}

fn decimal(value: &MysqlValue<'_>, rounded: bool) -> Read<Decimal> {
    match value.value_type() {
        MysqlType::Numeric | MysqlType::String => with_text(value, text::decimal),
        MysqlType::Double | MysqlType::Float if rounded => decimal_of_float(float(value)?, true),
        MysqlType::Double | MysqlType::Float => Err(found(value)),
        _ => integer(value).map(Decimal::from),
    }
}

impl Decode for MysqlValue<'_> {
    fn bool(self) -> Read<bool> {
        match integer(&self)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(out_of_range(other)),
        }
    }

    fn i64(self) -> Read<i64> {
        integer(&self)
    }

    fn f64(self) -> Read<f64> {
        float(&self)
    }

    fn decimal(self) -> Read<Decimal> {
        decimal(&self, false)
    }

    fn decimal_rounded(self) -> Read<Decimal> {
        decimal(&self, true)
    }

    fn text(self) -> Read<String> {
        with_text(&self, |text| Ok(text.to_owned()))
    }

    fn bytes(self) -> Read<Vec<u8>> {
        match self.value_type() {
            MysqlType::Blob => Ok(self.as_bytes().to_vec()),
            _ => Err(found(&self)),
        }
    }

    fn date(self) -> Read<NaiveDate> {
        date_of(&moment(self)?)
    }

    fn time(self) -> Read<NaiveTime> {
        let time = moment(self)?;
        if time.neg || time.day > 0 {
            return Err(Bad::Found("a time outside of one day".to_owned()));
        }
        time_of(&time)
    }

    fn timestamp(self) -> Read<NaiveDateTime> {
        let time = moment(self)?;
        Ok(date_of(&time)?.and_time(time_of(&time)?))
    }

    fn datetime(self) -> Read<DateTime<Utc>> {
        self.timestamp().map(|stamp| stamp.and_utc())
    }

    fn duration(self) -> Read<TimeDelta> {
        integer(&self).map(TimeDelta::microseconds)
    }

    fn uuid(self) -> Read<Uuid> {
        with_text(&self, text::uuid)
    }

    fn ip(self) -> Read<IpAddr> {
        with_text(&self, text::ip)
    }

    fn json(self) -> Read<serde_json::Value> {
        with_text(&self, text::json)
    }
}
