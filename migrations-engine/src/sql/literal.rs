//! Constants as SQL, in the form in which the column stores them.

use crate::condition::Value;
use crate::error::{Result, fail};
use crate::schema::ColumnType;
use crate::sql::Dialect;

/// Text between quotes.
fn quoted(dialect: Dialect, text: &str) -> Result<String> {
    if text.contains('\0') {
        fail!(M003, "text with a zero character cannot be written in SQL");
    }
    let text = text.replace('\'', "''");
    Ok(format!("'{}'", if dialect.capabilities().backslash_escapes { text.replace('\\', "\\\\") } else { text }))
}

/// A constant as SQL; `ty` is the type of the column it meets, if that is known.
pub(crate) fn literal(dialect: Dialect, value: &Value, ty: Option<&ColumnType>) -> Result<String> {
    let postgres = dialect.capabilities().boolean;
    let cast = |text: String, ty: &str| if postgres { format!("{text}::{ty}") } else { text };
    let misfit =
        || fail!(M003, "`{value}` does not fit a column of type {}", ty.map_or_else(String::new, ToString::to_string));
    match value {
        Value::Null => Ok("NULL".to_owned()),
        Value::Bool(truth) => match ty {
            Some(ty) if *ty != ColumnType::Bool && !matches!(ty, ColumnType::Custom { .. }) => misfit(),
            _ if postgres => Ok(if *truth { "true" } else { "false" }.to_owned()),
            _ => Ok(if *truth { "1" } else { "0" }.to_owned()),
        },
        Value::Int(number) => match ty {
            Some(ColumnType::Bool) if postgres && (0..=1).contains(number) => {
                Ok(if *number == 1 { "true" } else { "false" }.to_owned())
            }
            Some(
                ColumnType::Date
                | ColumnType::Time
                | ColumnType::DateTime
                | ColumnType::NaiveDateTime
                | ColumnType::Uuid,
            ) => misfit(),
            _ => Ok(number.to_string()),
        },
        Value::Number(digits) => Ok(digits.clone()),
        Value::Text(text) => match ty {
            Some(
                ty @ (ColumnType::Date
                | ColumnType::Time
                | ColumnType::DateTime
                | ColumnType::NaiveDateTime
                | ColumnType::Uuid
                | ColumnType::Duration
                | ColumnType::Json),
            ) => literal(dialect, &Value::typed(ty.keyword(), text)?, Some(ty)),
            Some(ColumnType::Bool) => misfit(),
            Some(ty) if ty.is_integer() => misfit(),
            _ => quoted(dialect, text),
        },
        Value::Date(text) => Ok(cast(format!("'{text}'"), "date")),
        Value::Time(text) => Ok(cast(format!("'{text}'"), "time")),
        Value::DateTime(text) if postgres => Ok(format!("'{text}+00:00'::timestamptz")),
        Value::DateTime(text) => Ok(format!("'{text}'")),
        Value::Timestamp(text) => Ok(cast(format!("'{text}'"), "timestamp")),
        Value::Duration(us) if postgres => Ok(format!("'{us} microseconds'::interval")),
        Value::Duration(us) => Ok(us.to_string()),
        Value::Uuid(text) => match dialect.column_type(&ColumnType::Uuid)?.as_str() {
            "uuid" => Ok(cast(format!("'{text}'"), "uuid")),
            _ => Ok(format!("'{}'", text.replace('-', ""))),
        },
        Value::Bytes(bytes) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            Ok(if postgres { format!("'\\x{hex}'::bytea") } else { format!("X'{hex}'") })
        }
        Value::Json(text) => Ok(cast(quoted(dialect, text)?, "jsonb")),
    }
}
