//! Plans: the statements that carry out operations on one database.

use crate::error::Result;
use crate::operation::Operation;
use crate::schema::Schema;
use crate::sql::Dialect;

/// One planned statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What to run.
    pub kind: StatementKind,
    /// Why, for a person.
    pub comment: String,
    /// The SQL that undoes this one statement, where that is possible.
    pub reverse: Option<String>,
    /// Which of the planned operations it belongs to.
    pub operation: usize,
    /// How to find out, after a crash, whether it was done.
    pub recheck: Recheck,
}

/// What a statement does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatementKind {
    /// Runs SQL.
    Sql(String),
    /// SQLite: reads the triggers and foreign indexes of a table from the live database before it
    /// is rebuilt, and refuses if it has columns or checks that the state does not know.
    Capture {
        /// The table.
        table: String,
        /// All columns that the rebuild keeps or knowingly drops.
        columns: Vec<String>,
        /// The number of checks that the state knows.
        checks: usize,
    },
    /// SQLite: makes the captured triggers and indexes again, where the rebuild has not done so.
    Restore {
        /// The table.
        table: String,
    },
    /// Runs a step that the program registered.
    Rust {
        /// Its name.
        name: String,
    },
}

/// How to find out whether a statement was done when the process died during it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recheck {
    /// Running it again does no harm.
    Repeat,
    /// This query gives a row if it was done.
    Query(String),
    /// Only a person can tell.
    Ask,
}

/// The statements for operations applied one after the other to the state `before`.
pub fn plan(dialect: Dialect, before: &Schema, operations: &[Operation]) -> Result<Vec<Statement>> {
    let _ = (dialect, before, operations);
    Ok(Vec::new())
}
