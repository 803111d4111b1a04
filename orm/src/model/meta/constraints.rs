//! The constraints and indexes of a model, as its metadata has them.

use crate::{
    model::Deferrable,
    tree::{Expr, Order},
};

/// A unique key over several fields, over expressions, or with a condition.
#[derive(Debug, Clone, PartialEq)]
pub struct UniqueMeta {
    /// Its name, when it was given one.
    pub name: Option<&'static str>,
    /// The fields, as indices.
    pub fields: Vec<u16>,
    /// Only among rows for which this is true.
    pub condition: Option<Expr>,
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
    /// How PostgreSQL keeps it, `gin` for one; other databases have their usual index.
    pub method: Option<&'static str>,
}

/// A check constraint.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckMeta {
    /// Its name.
    pub name: &'static str,
    /// What has to be true of every row (or unknown).
    pub condition: Expr,
}

/// A constraint that excludes pairs of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct ExcludeMeta {
    /// Its name.
    pub name: &'static str,
    /// What is never true of two different rows, the columns of the second one being those of the source 1.
    pub pair: Expr,
    /// Only among rows for which this is true.
    pub condition: Option<Expr>,
    /// The access method; without it `gist`.
    pub method: Option<&'static str>,
    /// When it is checked, if not just at each statement.
    pub deferrable: Option<Deferrable>,
}
