//! Column types, and their one-word text form.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, error, fail};

/// What a column holds. How each database stores it is in [`Dialect::column_type`](crate::Dialect::column_type).
///
/// In files a type is one word: `bigint`, `char(200)`, `decimal(8, 2)`, `positive integer`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ColumnType {
    /// True or false: `bool`.
    Bool,
    /// 16 bits: `smallint`.
    SmallInt,
    /// 32 bits: `integer`.
    Integer,
    /// 64 bits: `bigint`.
    BigInt,
    /// 0 to 32 767: `positive smallint`.
    PositiveSmallInt,
    /// 0 to 2 147 483 647: `positive integer`.
    PositiveInteger,
    /// 0 to 9 223 372 036 854 775 807: `positive bigint`.
    PositiveBigInt,
    /// 32-bit floating point: `real`.
    Real,
    /// 64-bit floating point: `double`.
    Double,
    /// Text of a limited number of characters: `char(200)`.
    Char {
        /// Most characters.
        max_length: u32,
    },
    /// Text of any length: `text`.
    Text,
    /// Exact decimal: `decimal(8, 2)`.
    Decimal {
        /// Digits in all.
        max_digits: u32,
        /// Digits after the point.
        decimal_places: u32,
    },
    /// `date`
    Date,
    /// Time of day, microseconds: `time`.
    Time,
    /// A moment, UTC, microseconds: `datetime`.
    DateTime,
    /// Date and time without a zone, microseconds: `timestamp`.
    NaiveDateTime,
    /// A span of time, microseconds: `duration`.
    Duration,
    /// `uuid`
    Uuid,
    /// Bytes: `binary`.
    Binary,
    /// `json`
    Json,
    /// An IP address, version 4 or 6: `ip`.
    Ip,
    /// Whatever the column it refers to holds; only for fields with a relation: `related`.
    Related,
    /// A type written out per database; a database without an entry refuses it.
    Custom {
        /// SQL type on SQLite.
        sqlite: Option<String>,
        /// SQL type on PostgreSQL.
        postgres: Option<String>,
        /// SQL type on MariaDB and MySQL.
        mysql: Option<String>,
    },
}

impl ColumnType {
    /// Whether values are text, compared with a collation.
    pub fn is_text(&self) -> bool {
        matches!(self, ColumnType::Char { .. } | ColumnType::Text)
    }

    /// Whether values are whole numbers.
    pub fn is_integer(&self) -> bool {
        matches!(self, ColumnType::SmallInt | ColumnType::Integer | ColumnType::BigInt) || self.is_positive()
    }

    /// Whether values are numbers.
    pub fn is_number(&self) -> bool {
        self.is_integer() || matches!(self, ColumnType::Real | ColumnType::Double | ColumnType::Decimal { .. })
    }

    /// Whether it is one of the types that hold no negative numbers.
    pub fn is_positive(&self) -> bool {
        matches!(self, ColumnType::PositiveSmallInt | ColumnType::PositiveInteger | ColumnType::PositiveBigInt)
    }
}

const PLAIN: &[(&str, ColumnType)] = &[
    ("bool", ColumnType::Bool),
    ("smallint", ColumnType::SmallInt),
    ("integer", ColumnType::Integer),
    ("bigint", ColumnType::BigInt),
    ("positive smallint", ColumnType::PositiveSmallInt),
    ("positive integer", ColumnType::PositiveInteger),
    ("positive bigint", ColumnType::PositiveBigInt),
    ("real", ColumnType::Real),
    ("double", ColumnType::Double),
    ("text", ColumnType::Text),
    ("date", ColumnType::Date),
    ("time", ColumnType::Time),
    ("datetime", ColumnType::DateTime),
    ("timestamp", ColumnType::NaiveDateTime),
    ("duration", ColumnType::Duration),
    ("uuid", ColumnType::Uuid),
    ("binary", ColumnType::Binary),
    ("json", ColumnType::Json),
    ("ip", ColumnType::Ip),
    ("related", ColumnType::Related),
];

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ColumnType::Char { max_length } => write!(f, "char({max_length})"),
            ColumnType::Decimal { max_digits, decimal_places } => write!(f, "decimal({max_digits}, {decimal_places})"),
            ColumnType::Custom { sqlite, postgres, mysql } => {
                let text = sqlite.as_ref().or(postgres.as_ref()).or(mysql.as_ref());
                write!(f, "custom {}", text.map_or("", String::as_str))
            }
            plain => match PLAIN.iter().find(|(_, ty)| ty == plain) {
                Some((name, _)) => f.write_str(name),
                None => Ok(()),
            },
        }
    }
}

impl FromStr for ColumnType {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let bad = || error!(M004, "`{text}` is not a column type");
        let word = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((_, ty)) = PLAIN.iter().find(|(name, _)| *name == word) {
            return Ok(ty.clone());
        }
        let (name, args) = word.strip_suffix(')').and_then(|word| word.split_once('(')).ok_or_else(bad)?;
        let args =
            args.split(',').map(|arg| arg.trim().parse::<u32>()).collect::<Result<Vec<_>, _>>().map_err(|_| bad())?;
        match (name.trim(), args.as_slice()) {
            ("char", [max_length]) if *max_length > 0 => Ok(ColumnType::Char { max_length: *max_length }),
            ("decimal", [max_digits, decimal_places]) if max_digits >= decimal_places && *max_digits > 0 => {
                Ok(ColumnType::Decimal { max_digits: *max_digits, decimal_places: *decimal_places })
            }
            _ => fail!(M004, "`{text}` is not a column type"),
        }
    }
}

/// A type in a file: a word, or a table of SQL types per database.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Repr {
    Word(String),
    Custom(BTreeMap<String, String>),
}

impl Serialize for ColumnType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let repr = match self {
            ColumnType::Custom { sqlite, postgres, mysql } => Repr::Custom(
                [("sqlite", sqlite), ("postgres", postgres), ("mysql", mysql)]
                    .into_iter()
                    .filter_map(|(name, text)| Some((name.to_owned(), text.clone()?)))
                    .collect(),
            ),
            plain => Repr::Word(plain.to_string()),
        };
        repr.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ColumnType {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        match Repr::deserialize(deserializer)? {
            Repr::Word(word) => word.parse().map_err(D::Error::custom),
            Repr::Custom(mut texts) => {
                let ty = ColumnType::Custom {
                    sqlite: texts.remove("sqlite"),
                    postgres: texts.remove("postgres"),
                    mysql: texts.remove("mysql"),
                };
                match texts.into_keys().next() {
                    Some(unknown) => Err(D::Error::custom(format!("a custom type has no entry for `{unknown}`"))),
                    None => Ok(ty),
                }
            }
        }
    }
}
