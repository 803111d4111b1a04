//! Tables as a database's own catalog describes them: names, types and expressions as its SQL.

use crate::schema::{Deferrable, OnDelete};

/// A table or view.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) view: bool,
    pub(crate) comment: Option<String>,
    pub(crate) columns: Vec<Column>,
    /// Columns of the key, in its order.
    pub(crate) primary_key: Vec<String>,
    /// Only where the key has a name of its own.
    pub(crate) primary_key_name: Option<String>,
    pub(crate) uniques: Vec<Unique>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) checks: Vec<Check>,
    pub(crate) foreign_keys: Vec<ForeignKey>,
    pub(crate) exclusions: Vec<Exclusion>,
    /// What the state has no place for: about what, and what it is.
    pub(crate) notes: Vec<(String, String)>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// As the database writes it.
    pub(crate) ty: String,
    pub(crate) null: bool,
    /// The database numbers rows.
    pub(crate) auto: bool,
    pub(crate) default: Option<String>,
    /// The expression, and whether it is stored.
    pub(crate) generated: Option<(String, bool)>,
    /// Only one that is not the column's usual.
    pub(crate) collation: Option<String>,
    pub(crate) comment: Option<String>,
    /// The values of a type that lists them.
    pub(crate) choices: Vec<String>,
}

/// A unique constraint over plain columns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unique {
    pub(crate) name: Option<String>,
    pub(crate) columns: Vec<String>,
    pub(crate) include: Vec<String>,
    pub(crate) nulls_equal: bool,
    pub(crate) deferrable: Option<Deferrable>,
}

#[derive(Debug, Clone)]
pub(crate) struct Index {
    pub(crate) name: String,
    /// Its `CREATE INDEX`.
    pub(crate) sql: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Check {
    pub(crate) name: Option<String>,
    pub(crate) sql: String,
}

/// A constraint that excludes pairs of rows.
#[derive(Debug, Clone)]
pub(crate) struct Exclusion {
    pub(crate) name: String,
    /// `EXCLUDE ..`
    pub(crate) sql: String,
}

#[derive(Debug, Clone)]
pub(crate) struct ForeignKey {
    pub(crate) name: Option<String>,
    pub(crate) columns: Vec<String>,
    pub(crate) to_table: String,
    /// Empty if the key is meant.
    pub(crate) to_columns: Vec<String>,
    pub(crate) on_delete: OnDelete,
}

/// The rule that a catalog writes in words.
pub(super) fn on_delete(words: &str) -> OnDelete {
    match words.to_ascii_uppercase().as_str() {
        "CASCADE" => OnDelete::Cascade,
        "RESTRICT" => OnDelete::Restrict,
        "SET NULL" => OnDelete::SetNull,
        "SET DEFAULT" => OnDelete::SetDefault,
        _ => OnDelete::DoNothing,
    }
}

/// The columns of `UNIQUE (..) INCLUDE (..)`.
pub(crate) fn included(definition: &str) -> Vec<String> {
    let Some((_, list)) = definition.split_once(" INCLUDE (") else { return Vec::new() };
    let list = list.split(')').next().unwrap_or_default();
    list.split(", ").map(|name| name.trim_matches('"').replace("\"\"", "\"")).collect()
}

/// When a constraint of this definition is checked.
pub(crate) fn deferrable(definition: &str) -> Option<Deferrable> {
    match definition.split_once(" DEFERRABLE") {
        Some((_, rest)) if rest.contains("INITIALLY DEFERRED") => Some(Deferrable::Deferred),
        Some(_) => Some(Deferrable::Immediate),
        None => None,
    }
}
