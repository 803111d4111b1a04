//! Writes as data.

use super::{Expr, ModelRef, Select};
use crate::Value;

/// Rows to insert.
#[derive(Debug, Clone, PartialEq)]
pub struct Insert {
    /// Into which model.
    pub model: ModelRef,
    /// The columns that are given.
    pub columns: Vec<u16>,
    /// What they are given, row after row, each as long as `columns`; without columns there is one row.
    pub values: NewValues,
    /// What to do when a row with the same key exists.
    pub conflict: Option<Conflict>,
    /// The columns to give back, where the database can.
    pub returning: Vec<u16>,
    /// Whether it runs in a savepoint that is undone when it fails, on a table without triggers. SQLite then need not be able to
    /// undo the statement alone, for which it copies what it changes (`INSERT OR FAIL`).
    pub in_savepoint: bool,
}

/// What new rows are given.
#[derive(Debug, Clone, PartialEq)]
pub enum NewValues {
    /// Values alone.
    Known(Vec<Value>),
    /// Also what the database computes, of no row.
    Computed(Vec<Expr>),
}

/// What to do when a row with the same key exists.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// The columns of the key; none stands for any unique key.
    pub target: Vec<u16>,
    /// What to set on the existing row; nothing leaves it as it is.
    pub update: Vec<Assignment>,
}

/// A column and its new value.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The column.
    pub column: u16,
    /// The value.
    pub value: Expr,
}

impl Assignment {
    /// What counts the version of a row up by one; none where it is set, or where there is no version.
    pub fn next_version(model: &ModelRef, set: &[Assignment]) -> Option<Assignment> {
        let column = model.version.filter(|version| set.iter().all(|assignment| assignment.column != *version))?;
        // Without a bind, so that a statement with new values for many rows binds those alone.
        let pieces = vec!["".into(), " + 1".into()];
        let value = Expr::Raw { pieces, parts: vec![Expr::own(model.clone(), column)] };
        Some(Assignment { column, value })
    }
}

/// Rows to change.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// Which rows: the model, conditions and slice of this query.
    pub rows: Select,
    /// What to set.
    pub set: Vec<Assignment>,
    /// The columns to give back, where the database can.
    pub returning: Vec<u16>,
}

/// Rows to change, each by values of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateRows {
    /// Of which model.
    pub model: ModelRef,
    /// The columns that tell the rows apart.
    pub key: Vec<u16>,
    /// The other columns that are given of each row.
    pub given: Vec<u16>,
    /// What to set: [`Expr::Proposed`] is what is given, and a column the row that is there.
    pub set: Vec<Assignment>,
    /// What has to be true of a row for it to be changed.
    pub within: Option<Expr>,
    /// The values, row after row: those of the key, then the others that are given.
    pub values: Vec<Value>,
}

/// Rows to delete.
#[derive(Debug, Clone, PartialEq)]
pub struct Delete {
    /// Which rows: the model, conditions and slice of this query.
    pub rows: Select,
    /// The columns to give back, where the database can.
    pub returning: Vec<u16>,
}
