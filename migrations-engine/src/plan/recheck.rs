//! How to find out whether a statement was done, where it is not one transaction with the note of it.

use super::{Recheck, Statement, StatementKind};
use crate::condition::Value;
use crate::sql::{Dialect, literal};

/// A query over `information_schema` that gives a row if the thing is (or is not) there.
fn exists(dialect: Dialect, view: &str, conditions: &[(&str, &str)], wanted: bool) -> Recheck {
    let schema = match dialect {
        // There, all but SQL by hand is noted in its transaction.
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

/// A query that gives a row if the key of a table is over these columns; over none, if there is no key.
pub(super) fn primary_key(dialect: Dialect, table: &str, columns: &[String]) -> Recheck {
    if columns.is_empty() {
        return exists(dialect, "statistics", &[("table_name", table), ("index_name", "PRIMARY")], false);
    }
    let text = |text: String| literal(dialect, &Value::Text(text), None);
    let (Ok(table), Ok(columns)) = (text(table.to_owned()), text(columns.join("\n"))) else { return Recheck::Ask };
    Recheck::Query(format!(
        "SELECT 1 FROM (SELECT GROUP_CONCAT(column_name ORDER BY seq_in_index SEPARATOR '\n') AS names \
         FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = {table} \
         AND index_name = 'PRIMARY') AS found WHERE names = {columns}"
    ))
}

/// Where DDL can be rolled back, what a transaction takes is done in one with its note.
pub(super) fn with_notes(dialect: Dialect, statements: &mut [Statement]) {
    if !dialect.capabilities().transactional_ddl {
        return;
    }
    for statement in statements {
        let noted = match &statement.kind {
            StatementKind::Sql(sql) => takes_transaction(sql, statement.changes.is_none()),
            // It commits as it likes.
            StatementKind::Rust { .. } => false,
            StatementKind::Capture { .. }
            | StatementKind::Restore { .. }
            | StatementKind::Together { .. }
            | StatementKind::Look { .. } => true,
        };
        if noted {
            statement.recheck = Recheck::Noted;
        }
    }
}

/// Whether SQL can be run in a transaction and means the same there. Of what is written by hand that is known of single
/// statements that write rows.
pub(crate) fn takes_transaction(sql: &str, by_hand: bool) -> bool {
    let mut words = sql.split_whitespace().map(str::to_ascii_uppercase);
    let first = words.next().unwrap_or_default();
    if by_hand {
        let one = !sql.trim_end().trim_end_matches(';').contains(';');
        return one && matches!(first.as_str(), "INSERT" | "UPDATE" | "DELETE");
    }
    let index = words.find(|word| word != "UNIQUE").is_some_and(|word| word == "INDEX");
    !(index && words.next().is_some_and(|word| word == "CONCURRENTLY"))
}
