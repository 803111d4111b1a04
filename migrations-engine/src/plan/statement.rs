//! What a plan is made of: statements, with what undoes them and what they need.

use std::collections::BTreeSet;

use super::Requirement;
use crate::schema::Schema;

/// One planned statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What to run.
    pub kind: StatementKind,
    /// Why, for a person; empty where there is nothing to tell.
    pub comment: String,
    /// The SQL that undoes this one statement, where that is possible; empty if there is nothing to undo.
    pub reverse: Option<String>,
    /// Whether it is undone only together with the next, by what undoes that.
    pub with_next: bool,
    /// Which of the planned operations it belongs to.
    pub operation: usize,
    /// The same number for all statements that do one thing: an operation may be undone by several others.
    pub step: usize,
    /// How to find out, after a crash, whether it was done.
    pub recheck: Recheck,
    /// SQLite: must run while `foreign_keys` is off, or it would delete rows that refer to others.
    pub foreign_keys_off: bool,
    /// What must hold of the rows, or it fails.
    pub requires: Vec<Requirement>,
    /// A query that gives a row if it is to be run; else nothing is to be done. Only the server knows.
    pub only_if: Option<String>,
    /// What its operation changes: `table` where one is made, renamed or dropped, `table.column` for a column.
    /// `None` where that is not known (SQL written by hand, a Rust step).
    pub changes: Option<BTreeSet<String>>,
}

/// What a statement does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatementKind {
    /// Runs SQL.
    Sql(String),
    /// SQLite: reads the triggers and foreign indexes of a table from the live database before it
    /// is rebuilt, and refuses if it has more than the state knows.
    Capture {
        /// The table.
        table: String,
        /// What the state knows of it.
        known: Box<Known>,
    },
    /// SQLite: makes the captured triggers and indexes again, where the rebuild has not done so,
    /// and tries every view.
    Restore {
        /// The table.
        table: String,
    },
    /// SQLite: does nothing yet. The table is written anew once, with what the operations after it change.
    Together {
        /// The table.
        table: String,
    },
    /// Does nothing: only the rows are looked at, for what the statement requires of them.
    Look {
        /// The table.
        table: String,
    },
    /// Runs a step that the program registered, with the state as it is then.
    Rust {
        /// Its name.
        name: String,
        /// The schema that the step works on.
        state: Box<Schema>,
    },
}

/// What a state knows of a table: whatever else the table has is carried into the one that takes its place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// The columns before.
    pub before: KnownColumns,
    /// The columns as they are to be.
    pub to: KnownColumns,
    /// The names of all indexes.
    pub indexes: Vec<String>,
    /// The columns of each unique key.
    pub uniques: Vec<Vec<String>>,
    /// All checks.
    pub checks: Vec<KnownCheck>,
    /// The columns of each unique key that is to be there afterwards.
    pub to_uniques: Vec<Vec<String>>,
    /// All checks that are to be there afterwards.
    pub to_checks: Vec<KnownCheck>,
    /// Whether rows have a number beside their columns, before and afterwards: SQLite's `rowid`.
    pub numbered_beside: bool,
    /// The columns of unique keys that are not to be there afterwards, whatever they are made by.
    pub gone: Vec<Vec<String>>,
}

/// What is said of the columns of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownColumns {
    /// All columns.
    pub columns: Vec<String>,
    /// Those that have a default.
    pub defaults: Vec<String>,
    /// Those that have a collation of their own.
    pub collations: Vec<String>,
    /// Those that are computed.
    pub generated: Vec<String>,
    /// The columns of each foreign key, and the table it leads to.
    pub references: Vec<(Vec<String>, String)>,
}

/// A check that the state knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCheck {
    /// Its name, if it is not that of a column.
    pub name: Option<String>,
    /// Its condition.
    pub sql: String,
}

/// How to find out whether a statement was done when the process died during it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recheck {
    /// It is one transaction with the note of it: what is not noted was not done.
    Noted,
    /// Running it again does no harm.
    Repeat,
    /// This query gives a row if it was done.
    Query(String),
    /// The first gives a row if it was done; if not, the second clears away what it left.
    Clear {
        /// A query.
        done: String,
        /// A statement that does no harm where there is nothing to clear.
        clear: String,
    },
    /// Only a person can tell.
    Ask,
}

impl Statement {
    /// The SQL, with what it depends on, or for other kinds a comment that says what happens.
    pub fn sql(&self) -> String {
        match (&self.kind, &self.only_if) {
            (StatementKind::Sql(sql), Some(query)) if sql.contains(" CONCURRENTLY ") => {
                format!("-- only if this gives a row: {query}\n{sql}")
            }
            (StatementKind::Sql(sql), Some(query)) => guarded(sql, query),
            (StatementKind::Sql(sql), None) => sql.clone(),
            (kind, _) => kind.comment(),
        }
    }
}

/// SQL that is run if a query gives a row, as one statement of PostgreSQL.
pub(super) fn guarded(sql: &str, query: &str) -> String {
    format!("DO $orm$ BEGIN IF EXISTS ({query}) THEN {sql}; END IF; END $orm$")
}

impl StatementKind {
    fn comment(&self) -> String {
        match self {
            StatementKind::Sql(sql) => sql.clone(),
            StatementKind::Capture { table, .. } => {
                format!("-- remember the triggers and indexes that hang on \"{table}\" in the live database")
            }
            StatementKind::Restore { table } => {
                format!("-- make the remembered triggers and indexes of \"{table}\" again; try every view")
            }
            StatementKind::Together { table } => format!("-- \"{table}\" is written anew below, once for all of this"),
            StatementKind::Look { table } => format!("-- look whether every row of \"{table}\" fits"),
            StatementKind::Rust { name, .. } => format!("-- run the Rust step `{name}`"),
        }
    }
}
