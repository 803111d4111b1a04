//! How to find out whether a statement was done, on databases that cannot roll DDL back.

use super::Recheck;
use crate::condition::Value;
use crate::sql::{Dialect, literal};

/// A query over `information_schema` that gives a row if the thing is (or is not) there.
fn exists(dialect: Dialect, view: &str, conditions: &[(&str, &str)], wanted: bool) -> Recheck {
    if dialect.capabilities().transactional_ddl {
        return Recheck::Ask;
    }
    let mut sql = format!("SELECT 1 FROM information_schema.{view} WHERE table_schema = DATABASE()");
    for (column, value) in conditions {
        match literal(dialect, &Value::Text((*value).to_owned()), None) {
            Ok(value) => sql += &format!(" AND {column} = {value}"),
            Err(_) => return Recheck::Ask,
        }
    }
    Recheck::Query(if wanted {
        format!("{sql} LIMIT 1")
    } else {
        format!("SELECT 1 FROM DUAL WHERE NOT EXISTS ({sql})")
    })
}

pub(super) fn table(dialect: Dialect, table: &str, wanted: bool) -> Recheck {
    exists(dialect, "tables", &[("table_name", table)], wanted)
}

pub(super) fn column(dialect: Dialect, table: &str, column: &str, wanted: bool) -> Recheck {
    exists(dialect, "columns", &[("table_name", table), ("column_name", column)], wanted)
}

pub(super) fn index(dialect: Dialect, table: &str, name: &str, wanted: bool) -> Recheck {
    exists(dialect, "statistics", &[("table_name", table), ("index_name", name)], wanted)
}

pub(super) fn constraint(dialect: Dialect, table: &str, name: &str, wanted: bool) -> Recheck {
    exists(dialect, "table_constraints", &[("table_name", table), ("constraint_name", name)], wanted)
}
