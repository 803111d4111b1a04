//! Columns as fields of a struct: types, and what their attributes say.

use super::expression::constant;
use migrations_engine::{
    condition::{Expr, Function, Value},
    schema::{ColumnType, Field, OnDelete},
};

/// A field of a struct.
#[derive(Default)]
pub(super) struct Line {
    /// What cannot be said, and what to look at.
    pub(super) notes: Vec<String>,
    pub(super) attributes: Vec<String>,
    /// As it is written, `r#type` for one.
    pub(super) ident: String,
    pub(super) ty: String,
    /// No field of the library's stands for it: it is written as a comment.
    pub(super) out: bool,
}

/// A column's type in Rust: its text, what the attributes say, and what is not the same.
pub(super) struct RustType {
    pub(super) text: String,
    pub(super) attributes: Vec<String>,
    pub(super) note: Option<String>,
}

/// The Rust type for a column; none if there is none.
pub(super) fn rust_type(ty: &ColumnType) -> Option<RustType> {
    let plain = |text: &str| Some(RustType { text: text.to_owned(), attributes: Vec::new(), note: None });
    match ty {
        ColumnType::Bool => plain("bool"),
        ColumnType::SmallInt => plain("i16"),
        ColumnType::Integer => plain("i32"),
        ColumnType::BigInt => plain("i64"),
        ColumnType::PositiveSmallInt => plain("u16"),
        ColumnType::PositiveInteger => plain("u32"),
        ColumnType::PositiveBigInt => plain("u64"),
        ColumnType::Real => plain("f32"),
        ColumnType::Double => plain("f64"),
        ColumnType::Char { max_length } => Some(RustType {
            text: "String".to_owned(),
            attributes: vec![format!("max_length = {max_length}")],
            note: None,
        }),
        ColumnType::Text => plain("String"),
        ColumnType::Decimal { max_digits, decimal_places } if *max_digits <= 28 => Some(RustType {
            text: "Decimal".to_owned(),
            attributes: vec![format!("max_digits = {max_digits}, decimal_places = {decimal_places}")],
            note: None,
        }),
        ColumnType::Date => plain("NaiveDate"),
        ColumnType::Time => plain("NaiveTime"),
        ColumnType::DateTime => plain("DateTime<Utc>"),
        ColumnType::NaiveDateTime => plain("NaiveDateTime"),
        ColumnType::Duration => plain("TimeDelta"),
        ColumnType::Uuid => plain("Uuid"),
        ColumnType::Binary => plain("Vec<u8>"),
        ColumnType::Json => plain("serde_json::Value"),
        ColumnType::Ip => plain("IpAddr"),
        ColumnType::Custom { sqlite, postgres, mysql } => {
            let sql = sqlite.as_ref().or(postgres.as_ref()).or(mysql.as_ref())?;
            if let Some(own) = postgres.as_deref().and_then(own) {
                return plain(&own);
            }
            if let Some((text, limit)) = postgres.as_deref().and_then(limited) {
                return Some(RustType { text, attributes: vec![limit], note: None });
            }
            let by_name = alike(sql).or_else(|| affinity(sql).filter(|_| sqlite.is_some()));
            let alike = rust_type(&by_name?)?;
            let note = match sql.as_str() {
                "" => "the database gives it no type: is it text?".to_owned(),
                "numeric" | "decimal" => {
                    format!("its type is `{sql}`, which does not say how many digits it has; 15 and 5 are a guess")
                }
                sql => format!("its type is `{sql}`; a migration would make another of the same values"),
            };
            Some(RustType { note: Some(note), ..alike })
        }
        ColumnType::Decimal { .. } | ColumnType::Related => None,
    }
}

/// An array of texts of a limited length, or of decimals with so many digits, and what says that.
fn limited(sql: &str) -> Option<(String, String)> {
    let (name, sizes) = sql.strip_suffix(")[]")?.split_once('(')?;
    let sizes: Vec<u32> = sizes.split(',').map(|size| size.trim().parse().ok()).collect::<Option<_>>()?;
    match (name, sizes.as_slice()) {
        ("character varying", [most]) => Some(("Vec<String>".to_owned(), format!("max_length = {most}"))),
        ("numeric", [digits @ ..=28, places]) if places <= digits => {
            Some(("Vec<Decimal>".to_owned(), format!("max_digits = {digits}, decimal_places = {places}")))
        }
        _ => None,
    }
}

/// The Rust type of a type that PostgreSQL alone has.
fn own(sql: &str) -> Option<String> {
    let range = |of: &str| Some(format!("orm::postgres::Range<{of}>"));
    match sql {
        "hstore" => Some("orm::postgres::HStore".to_owned()),
        "tsvector" => Some("orm::postgres::SearchVector".to_owned()),
        "int4range" => range("i32"),
        "int8range" => range("i64"),
        "numrange" => range("Decimal"),
        "daterange" => range("NaiveDate"),
        "tsrange" => range("NaiveDateTime"),
        "tstzrange" => range("DateTime<Utc>"),
        _ => {
            let element = match sql.strip_suffix("[]")? {
                "boolean" => "bool",
                "smallint" => "i16",
                "integer" => "i32",
                "bigint" => "i64",
                "real" => "f32",
                "double precision" => "f64",
                "numeric" => "Decimal",
                "text" => "String",
                "bytea" => "Vec<u8>",
                "date" => "NaiveDate",
                "time without time zone" => "NaiveTime",
                "timestamp without time zone" => "NaiveDateTime",
                "timestamp with time zone" => "DateTime<Utc>",
                "interval" => "TimeDelta",
                "uuid" => "Uuid",
                "jsonb" => "serde_json::Value",
                _ => return None,
            };
            Some(format!("Vec<{element}>"))
        }
    }
}

/// The column type whose values those of a type of the database's own can be read as.
fn alike(sql: &str) -> Option<ColumnType> {
    let (name, rest) = sql.split_once('(').unwrap_or((sql, ""));
    // MariaDB says of whole numbers how wide they are shown: `tinyint(3) unsigned`.
    let (numbers, after) = rest.split_once(')').unwrap_or((rest, ""));
    let name = format!("{}{after}", name.trim());
    let name = name.trim_end_matches(" zerofill");
    let mut sizes = numbers.split(',').map(|size| size.trim().parse().ok());
    let (length, scale) = (sizes.next().flatten(), sizes.next().flatten().unwrap_or(0));
    let text = |length: Option<u32>| length.map_or(ColumnType::Text, |max_length| ColumnType::Char { max_length });
    Some(match name.to_ascii_lowercase().as_str() {
        "character" | "char" | "nchar" => text(length),
        "" | "text" | "mediumtext" | "tinytext" | "citext" | "name" => ColumnType::Text,
        "datetime" | "timestamp" => ColumnType::DateTime,
        "time" => ColumnType::Time,
        "blob" | "mediumblob" | "tinyblob" | "varbinary" | "binary" => ColumnType::Binary,
        "float" | "float unsigned" => ColumnType::Real,
        "double" | "double unsigned" => ColumnType::Double,
        "decimal unsigned" => ColumnType::Decimal { max_digits: length?, decimal_places: scale },
        "year" | "tinyint unsigned" => ColumnType::SmallInt,
        "smallint unsigned" => ColumnType::PositiveSmallInt,
        "mediumint unsigned" => ColumnType::Integer,
        "int unsigned" => ColumnType::PositiveInteger,
        "bigint unsigned" => ColumnType::PositiveBigInt,
        // The chosen ones, with commas between.
        "set" => ColumnType::Text,
        "json" => ColumnType::Json,
        "numeric" | "decimal" if numbers.is_empty() => ColumnType::Decimal { max_digits: 15, decimal_places: 5 },
        _ => return None,
    })
}

/// What SQLite stores in a column of a type that it does not know. Numbers of any kind, its last choice, are none of ours.
fn affinity(sql: &str) -> Option<ColumnType> {
    let sql = sql.to_ascii_uppercase();
    let says = |words: &[&str]| words.iter().any(|word| sql.contains(word));
    Some(match () {
        () if says(&["INT"]) => ColumnType::BigInt,
        () if says(&["CHAR", "CLOB", "TEXT"]) => ColumnType::Text,
        () if says(&["BLOB"]) => ColumnType::Binary,
        () if says(&["REAL", "FLOA", "DOUB"]) => ColumnType::Double,
        () => return None,
    })
}

/// A type as the database writes it.
pub(super) fn sql_type(ty: &ColumnType) -> String {
    match ty {
        ColumnType::Custom { sqlite, postgres, mysql } => {
            sqlite.as_ref().or(postgres.as_ref()).or(mysql.as_ref()).cloned().unwrap_or_default()
        }
        other => other.to_string(),
    }
}

/// `db_default = ..`, if the database gives one.
pub(super) fn db_default(field: &Field) -> Option<String> {
    let expr = field.db_default.as_ref()?;
    let written = match expr {
        Expr::Call { function: Function::Now, .. } if field.ty == ColumnType::DateTime => "now".to_owned(),
        Expr::Value(value @ (Value::Bool(_) | Value::Int(_) | Value::Text(_)))
            if field.ty.is_text() || field.ty == ColumnType::Bool || field.ty.is_integer() =>
        {
            constant(value, &field.ty)?
        }
        other => format!("sql({:?})", other.to_string()),
    };
    Some(format!("db_default = {written}"))
}

/// `on_delete = ..`, where it is not the usual.
pub(super) fn on_delete(rule: OnDelete) -> Option<String> {
    let word = match rule {
        OnDelete::Restrict => return None,
        OnDelete::Cascade => "cascade",
        OnDelete::Protect => "protect",
        OnDelete::SetNull => "set_null",
        OnDelete::SetDefault => "set_default",
        OnDelete::DoNothing => "do_nothing",
    };
    Some(format!("on_delete = {word}"))
}
