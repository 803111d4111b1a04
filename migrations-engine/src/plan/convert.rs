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
        // A cast would cut what is too long; an assignment refuses it.
        (_, _) if is_list(&old.sql_type) && is_list(&new.sql_type) && is_limited(&new.sql_type) => {
            return String::new();
        }
        (_, _) if is_list(&new.sql_type) && is_limited(&new.sql_type) => format!("{quoted}::text::text[]"),
        (old, _) if is_limited(&new.sql_type) => match old.is_text() {
            true => return String::new(),
            false => format!("{quoted}::text"),
        },
        (Custom { .. }, Custom { .. }) if is_same_but_for_numbers(&old.sql_type, &new.sql_type) => {
            return String::new();
        }
        (old, _) if old.is_text() => format!("{quoted}::{}", new.sql_type),
        (Custom { .. }, Custom { .. }) if is_own(&old.sql_type) && is_own(&new.sql_type) => {
            format!("{quoted}::text::{}", new.sql_type)
        }
        (Date, NaiveDateTime) | (NaiveDateTime, Date) | (Custom { .. }, _) | (_, Custom { .. }) => {
            format!("{quoted}::{}", new.sql_type)
        }
        (_, new) if new.is_text() => format!("{quoted}::text"),
        _ => format!("{quoted}::text::{}", new.sql_type),
    };
    format!(" USING {cast}")
}

/// The name of a type, without its numbers.
fn base(sql_type: &str) -> String {
    sql_type.split('(').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether two types differ in a length or a precision alone.
fn is_same_but_for_numbers(one: &str, other: &str) -> bool {
    base(one) == base(other) && is_list(one) == is_list(other)
}

fn is_list(sql_type: &str) -> bool {
    sql_type.trim_end().ends_with("[]")
}

/// Whether a type is text of a limited length, or a list of such.
fn is_limited(sql_type: &str) -> bool {
    matches!(base(sql_type).as_str(), "varchar" | "character varying" | "char" | "character" | "bpchar")
}

/// Whether a type is likely to be an enum of the database's own, or a list of such: between two of them there is no cast.
fn is_own(sql_type: &str) -> bool {
    const OTHERS: &str = " bit varbit bool boolean box bytea cidr circle citext cube date datemultirange daterange decimal float4 \
        float8 geography geometry hstore inet int2 int4 int4multirange int4range int8 int8multirange int8range integer interval json jsonb \
        jsonpath line lquery lseg ltree ltxtquery macaddr macaddr8 money name numeric nummultirange numrange oid path pg_lsn point polygon \
        real regclass smallint bigint serial bigserial text time timestamp timestamptz timetz tsmultirange tsquery tsrange tstzmultirange \
        tstzrange tsvector uuid vector xml xid ";
    let name = base(sql_type);
    let name = name.trim_end_matches("[]");
    !name.contains(' ') && !OTHERS.contains(&format!(" {name} ")) && !is_limited(name)
}
