//! How to find out whether a statement was done, on databases that cannot roll DDL back.

use super::Recheck;
use crate::condition::Value;
use crate::sql::{Dialect, literal};

/// A query over `information_schema` that gives a row if the thing is (or is not) there.
fn exists(dialect: Dialect, view: &str, conditions: &[(&str, &str)], wanted: bool) -> Recheck {
    let schema = match dialect {
        // There, a migration is in one transaction.
        Dialect::Sqlite => return Recheck::Ask,
        Dialect::Postgres => "CURRENT_SCHEMA()",
        Dialect::MariaDb | Dialect::MySql => "DATABASE()",
    };
    let mut sql = format!("SELECT 1 FROM information_schema.{view} WHERE table_schema = {schema}");
    for (column, value) in conditions {
        match literal(dialect, &Value::Text((*value).to_owned()), None) {
            Ok(value) => sql += &format!(" AND {column} = {value}"),
            Err(_) => return Recheck::Ask,
        }
    }
    Recheck::Query(if wanted { format!("{sql} LIMIT 1") } else { absent(&sql) })
}

fn absent(sql: &str) -> String {
    format!("SELECT 1 FROM (SELECT COUNT(*) AS n FROM ({sql}) AS found) AS counted WHERE n = 0")
}

pub(super) fn table(dialect: Dialect, table: &str, wanted: bool) -> Recheck {
    exists(dialect, "tables", &[("table_name", table)], wanted)
}

pub(super) fn column(dialect: Dialect, table: &str, column: &str, wanted: bool) -> Recheck {
    exists(dialect, "columns", &[("table_name", table), ("column_name", column)], wanted)
}

pub(super) fn index(dialect: Dialect, table: &str, name: &str, wanted: bool) -> Recheck {
    if dialect != Dialect::Postgres {
        return exists(dialect, "statistics", &[("table_name", table), ("index_name", name)], wanted);
    }
    let Ok(name) = literal(dialect, &Value::Text(name.to_owned()), None) else { return Recheck::Ask };
    let sql = format!(
        "SELECT 1 FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid WHERE c.relname = {name} AND pg_table_is_visible(c.oid)"
    );
    Recheck::Query(if wanted { format!("{sql} AND i.indisvalid") } else { absent(&sql) })
}

pub(super) fn constraint(dialect: Dialect, table: &str, name: &str, wanted: bool) -> Recheck {
    exists(dialect, "table_constraints", &[("table_name", table), ("constraint_name", name)], wanted)
}
