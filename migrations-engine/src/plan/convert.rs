//! How PostgreSQL converts the values of a column whose type changes.

use super::table::Column;
use crate::schema::ColumnType;

/// How values are converted where PostgreSQL has no conversion of its own on assignment, or one that
/// would lose something silently. What has no conversion at all goes through text: a row whose value
/// does not fit stops the migration.
pub(super) fn using(old: &Column, new: &Column, quoted: &str) -> String {
    use ColumnType::{Bool, Custom, Date, DateTime, Decimal, Double, Duration, NaiveDateTime, Real};
    let number = |ty: &ColumnType| ty.is_integer() || matches!(ty, Real | Double | Decimal { .. });
    let cast = match (&old.ty, &new.ty) {
        (old, new) if old.is_text() && new.is_text() => return String::new(),
        (old, new) if number(old) && number(new) => return String::new(),
        (Bool, new) if number(new) => format!("{quoted}::integer"),
        (old, Bool) if number(old) => format!("({quoted} <> 0)"),
        (Duration, new) if number(new) => format!("(EXTRACT(EPOCH FROM {quoted}) * 1000000)::bigint"),
        (old, Duration) if number(old) => format!("({quoted} * INTERVAL '1 microsecond')"),
        (DateTime, NaiveDateTime) | (NaiveDateTime, DateTime) => format!("{quoted} AT TIME ZONE 'UTC'"),
        (DateTime, Date) => format!("({quoted} AT TIME ZONE 'UTC')::date"),
        (Date, DateTime) => format!("{quoted}::timestamp AT TIME ZONE 'UTC'"),
        (old, _) if old.is_text() => format!("{quoted}::{}", new.sql_type),
        (Date, NaiveDateTime) | (NaiveDateTime, Date) | (Custom { .. }, _) | (_, Custom { .. }) => {
            format!("{quoted}::{}", new.sql_type)
        }
        (_, new) if new.is_text() => format!("{quoted}::text"),
        _ => format!("{quoted}::text::{}", new.sql_type),
    };
    format!(" USING {cast}")
}
