//! The constraints and indexes of a model, as its metadata has them.

use crate::{
    Code, ValidationError,
    model::Deferrable,
    tree::{Expr, Order},
};

/// What people are told where a constraint is not met, if not what the library says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// `message = ".."`.
    pub message: Option<&'static str>,
    /// `code = ".."`.
    pub code: Option<&'static str>,
}

impl Told {
    /// The mistake in these words.
    pub(crate) fn of(self, mistake: ValidationError) -> ValidationError {
        ValidationError {
            code: self.code.map_or(mistake.code, Code::Own),
            message: self.message.map_or(mistake.message, str::to_owned),
            ..mistake
        }
    }

    /// Whether something is said.
    pub(crate) fn any(self) -> bool {
        self.message.is_some() || self.code.is_some()
    }
}

/// A unique key over several fields, over expressions, or with a condition.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UniqueMeta {
    /// Its name, when it was given one.
    pub name: Option<&'static str>,
    /// The fields, as indices; none where it is over expressions.
    pub fields: Vec<u16>,
    /// The expressions; none where it is over fields.
    pub expressions: Vec<Order>,
    /// Only among rows for which this is true.
    pub condition: Option<Expr>,
    /// Fields that are stored beside the key, as indices.
    pub include: Vec<u16>,
    /// When it is checked, if not just at each statement.
    pub deferrable: Option<Deferrable>,
    /// Two NULLs count as equal.
    pub nulls_equal: bool,
    /// What people are told.
    pub told: Told,
}

impl UniqueMeta {
    /// Whether a row can be found by it: it is over fields, of all rows, and checked at each statement.
    pub(crate) fn names_a_row(&self) -> bool {
        !self.fields.is_empty() && self.condition.is_none() && self.deferrable.is_none()
    }
}

/// An index.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexMeta {
    /// Its name, when it was given one.
    pub name: Option<&'static str>,
    /// What is indexed.
    pub keys: Vec<Order>,
    /// Only rows for which this is true.
    pub condition: Option<Expr>,
    /// Fields that are stored beside the keys, as indices.
    pub include: Vec<u16>,
    /// How PostgreSQL keeps it, `gin` for one; other databases have their usual index.
    pub method: Option<&'static str>,
    /// PostgreSQL's classes of operators: one for all keys, or one for each; an empty one is the usual one.
    pub opclass: Vec<&'static str>,
}

/// A check constraint.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckMeta {
    /// Its name.
    pub name: &'static str,
    /// Whether that is its name in the database; else the table's stands before it.
    pub without_table: bool,
    /// What has to be true of every row (or unknown).
    pub condition: Expr,
    /// What people are told.
    pub told: Told,
}

/// A constraint that excludes pairs of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct ExcludeMeta {
    /// Its name.
    pub name: &'static str,
    /// Whether that is its name in the database; else the table's stands before it.
    pub without_table: bool,
    /// What is never true of two different rows, the columns of the second one being those of the source 1.
    pub pair: Expr,
    /// Only among rows for which this is true.
    pub condition: Option<Expr>,
    /// The access method; without it `gist`.
    pub method: Option<&'static str>,
    /// When it is checked, if not just at each statement.
    pub deferrable: Option<Deferrable>,
}
