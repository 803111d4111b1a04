//! SQL types as databases write them, as column types.

use crate::schema::ColumnType;
use crate::sql::Dialect;

/// What the text of a type says.
pub(super) struct Read {
    pub(super) ty: ColumnType,
    /// Something that the type does not say, or that the column type does not.
    pub(super) note: Option<String>,
}

/// Name and numbers of `numeric(8, 2)`; what follows the parenthesis belongs to the name.
fn parts(text: &str) -> (String, Vec<u32>) {
    let text = text.trim().to_ascii_lowercase();
    let Some((name, rest)) = text.split_once('(') else { return (text, Vec::new()) };
    let (numbers, after) = rest.split_once(')').unwrap_or((rest, ""));
    let numbers = numbers.split(',').filter_map(|number| number.trim().parse().ok()).collect();
    (format!("{}{after}", name.trim_end()).split_whitespace().collect::<Vec<_>>().join(" "), numbers)
}

/// The type that a column of this SQL type has.
pub(super) fn column_type(dialect: Dialect, sql: &str) -> Read {
    let (name, numbers) = parts(sql);
    let plain = |ty: ColumnType| Read { ty, note: None };
    let custom = || {
        let only = |of: bool| of.then(|| sql.to_owned());
        let (sqlite, postgres) = (dialect == Dialect::Sqlite, dialect == Dialect::Postgres);
        Read {
            ty: ColumnType::Custom {
                sqlite: only(sqlite),
                postgres: only(postgres),
                mysql: only(!sqlite && !postgres),
            },
            note: None,
        }
    };
    let char = |length: Option<&u32>| {
        length.filter(|length| **length > 0).map(|length| ColumnType::Char { max_length: *length })
    };
    let decimal = |numbers: &[u32]| match *numbers {
        [max_digits, decimal_places] if decimal_places <= max_digits && max_digits > 0 => {
            Some(ColumnType::Decimal { max_digits, decimal_places })
        }
        [max_digits] if max_digits > 0 => Some(ColumnType::Decimal { max_digits, decimal_places: 0 }),
        _ => None,
    };
    match dialect {
        Dialect::Sqlite => match name.as_str() {
            "bool" | "boolean" => plain(ColumnType::Bool),
            "smallint" | "int2" | "tinyint" => plain(ColumnType::SmallInt),
            "int" | "integer" | "int4" | "mediumint" => plain(ColumnType::Integer),
            "bigint" | "int8" => plain(ColumnType::BigInt),
            "smallint unsigned" => plain(ColumnType::PositiveSmallInt),
            "integer unsigned" | "int unsigned" => plain(ColumnType::PositiveInteger),
            "bigint unsigned" | "unsigned big int" => plain(ColumnType::PositiveBigInt),
            "real" | "double" | "double precision" | "float" => plain(ColumnType::Double),
            "varchar" | "nvarchar" | "character varying" | "character" | "nchar" | "char" => match numbers.first() {
                Some(32) if name == "char" => plain(ColumnType::Uuid),
                Some(39) if name == "char" => plain(ColumnType::Ip),
                length => plain(char(length).unwrap_or(ColumnType::Text)),
            },
            "text" | "clob" | "ntext" => plain(ColumnType::Text),
            "decimal" | "numeric" | "money" => match decimal(&numbers) {
                Some(ty) => plain(ty),
                None => Read {
                    ty: ColumnType::Decimal { max_digits: 15, decimal_places: 5 },
                    note: Some("the database does not say how many digits it has; 15 and 5 are a guess".to_owned()),
                },
            },
            "date" => plain(ColumnType::Date),
            "time" => plain(ColumnType::Time),
            "datetime" | "timestamp" => plain(ColumnType::DateTime),
            "blob" | "image" => plain(ColumnType::Binary),
            _ => custom(),
        },
        Dialect::Postgres => match name.as_str() {
            "boolean" => plain(ColumnType::Bool),
            "smallint" => plain(ColumnType::SmallInt),
            "integer" => plain(ColumnType::Integer),
            "bigint" => plain(ColumnType::BigInt),
            "real" => plain(ColumnType::Real),
            "double precision" => plain(ColumnType::Double),
            "character varying" | "varchar" => plain(char(numbers.first()).unwrap_or(ColumnType::Text)),
            "text" => plain(ColumnType::Text),
            "numeric" => decimal(&numbers).map_or_else(custom, plain),
            "date" => plain(ColumnType::Date),
            "time without time zone" | "time" => plain(ColumnType::Time),
            "timestamp with time zone" => plain(ColumnType::DateTime),
            "timestamp without time zone" | "timestamp" => plain(ColumnType::NaiveDateTime),
            "interval" => plain(ColumnType::Duration),
            "uuid" => plain(ColumnType::Uuid),
            "bytea" => plain(ColumnType::Binary),
            "jsonb" => plain(ColumnType::Json),
            "inet" => plain(ColumnType::Ip),
            // As the database says it.
            "char" | "bpchar" | "character" | "varchar[]" => {
                let postgres = match numbers.first() {
                    Some(length) if name == "varchar[]" => format!("character varying({length})[]"),
                    Some(length) => format!("character({length})"),
                    None if name == "varchar[]" => "character varying[]".to_owned(),
                    None if name == "bpchar" => name,
                    None => "character(1)".to_owned(),
                };
                plain(ColumnType::Custom { sqlite: None, postgres: Some(postgres), mysql: None })
            }
            _ => custom(),
        },
        Dialect::MariaDb | Dialect::MySql => match (name.as_str(), numbers.as_slice()) {
            ("tinyint", [1]) | ("bool", _) => plain(ColumnType::Bool),
            ("tinyint" | "smallint", _) => plain(ColumnType::SmallInt),
            ("mediumint" | "int" | "integer", _) => plain(ColumnType::Integer),
            ("bigint", _) => plain(ColumnType::BigInt),
            ("smallint unsigned", _) => plain(ColumnType::PositiveSmallInt),
            ("int unsigned" | "integer unsigned", _) => plain(ColumnType::PositiveInteger),
            ("bigint unsigned", _) => plain(ColumnType::PositiveBigInt),
            ("float", []) => plain(ColumnType::Real),
            ("double" | "double precision", []) => plain(ColumnType::Double),
            ("varchar", [length]) => plain(char(Some(length)).unwrap_or(ColumnType::Text)),
            ("char", [32]) => plain(ColumnType::Uuid),
            ("char", [39]) => plain(ColumnType::Ip),
            ("longtext", _) => plain(ColumnType::Text),
            ("json", _) => plain(ColumnType::Json),
            ("decimal" | "numeric", numbers) => decimal(numbers).map_or_else(custom, plain),
            ("date", _) => plain(ColumnType::Date),
            ("time", [6]) => plain(ColumnType::Time),
            ("datetime", [6]) => plain(ColumnType::DateTime),
            ("uuid", _) => plain(ColumnType::Uuid),
            ("longblob", _) => plain(ColumnType::Binary),
            _ => custom(),
        },
    }
}
