//! What must hold of the rows before a statement can be done: found out before anything runs.
//!
//! A database that cannot roll DDL back would otherwise stop in the middle of a migration, and the others
//! would answer with words of their own.

use super::table::{Check, Column, ForeignKey, Table, TableIndex, Unique};
use super::{Fill, Planner};
use crate::schema::ColumnType;
use crate::sql::Dialect;

/// Something that must hold of the rows, or the statement fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Gives a row if it does not hold.
    pub query: String,
    /// What is in the way.
    pub obstacle: String,
    /// What to do about it.
    pub remedy: String,
    /// What it speaks of, as in [`Statement::changes`](super::Statement::changes): what others change is looked at
    /// only after them.
    pub about: Vec<String>,
    /// Whether the query may read the whole table.
    pub scans: bool,
    /// Whether the query only makes sense after other statements of the same operation (a column is renamed).
    pub late: bool,
}

impl Requirement {
    fn new(query: String, obstacle: String, remedy: impl Into<String>) -> Self {
        Requirement { query, obstacle, remedy: remedy.into(), about: Vec::new(), scans: true, late: false }
    }

    /// The same, of these columns of a table.
    fn about<'a>(mut self, table: &str, columns: impl IntoIterator<Item = &'a String>) -> Self {
        self.about.push(table.to_owned());
        self.about.extend(columns.into_iter().map(|column| format!("{table}.{column}")));
        self
    }
}

fn any(dialect: Dialect, table: &str, condition: &str) -> String {
    format!("SELECT 1 FROM {} WHERE {condition} LIMIT 1", dialect.quote(table))
}

/// A new column without NULL and without a value for the rows that are there.
pub(super) fn value(planner: &Planner, table: &str, column: &Column, fill: Option<&Fill>) -> Option<Requirement> {
    let quoted = planner.dialect.quote(table);
    let given = fill.is_some() || column.default.is_some() || column.generated.is_some() || column.auto;
    if !column.null && !given {
        let field = planner.field.as_deref().unwrap_or("app.Model.field");
        let remedy = format!(
            "give them one: `fill = \"..\"` in the operation, or, when the migration is undone, `migrate --default {field}=<value>`; or delete the rows first: DELETE FROM {quoted}"
        );
        let obstacle = format!("`{table}` has rows, and its new column `{}` needs a value in each", column.name);
        let query = format!("SELECT 1 FROM {quoted} LIMIT 1");
        return Some(Requirement { scans: false, ..Requirement::new(query, obstacle, remedy) }.about(table, []));
    }
    None
}

/// One value for all rows of a column that is unique.
pub(super) fn single_row(dialect: Dialect, table: &str, column: &str) -> Requirement {
    let query = format!("SELECT 1 FROM {} LIMIT 1 OFFSET 1", dialect.quote(table));
    let obstacle =
        format!("`{table}` has several rows, which cannot all have the same value in the unique column `{column}`");
    let remedy = "add the column without `unique`, give each row a value of its own by a data step, and make it unique in a later migration; or delete rows first";
    Requirement { scans: false, ..Requirement::new(query, obstacle, remedy) }.about(table, [])
}

/// A column that is to be without NULL.
pub(super) fn no_null(planner: &Planner, table: &str, column: &String) -> Requirement {
    let field = planner.field.as_deref().unwrap_or("app.Model.field");
    Requirement::new(
        any(planner.dialect, table, &format!("{} IS NULL", planner.dialect.quote(column))),
        format!("`{table}` has rows with NULL in `{column}`, which is to be without"),
        format!(
            "give them a value: `fill = \"..\"` in the operation, or, when the migration is undone, `migrate --default {field}=<value>`"
        ),
    )
    .about(table, [column])
}

/// Columns that are to be unique together.
pub(super) fn distinct(dialect: Dialect, table: &str, unique: &Unique) -> Requirement {
    let columns = dialect.quote_all(unique.columns.iter().map(String::as_str));
    let mut known = String::new();
    if !unique.nulls_equal {
        let parts: Vec<String> =
            unique.columns.iter().map(|column| format!("{} IS NOT NULL", dialect.quote(column))).collect();
        known = format!(" WHERE {}", parts.join(" AND "));
    }
    Requirement::new(
        format!("SELECT 1 FROM {}{known} GROUP BY {columns} HAVING COUNT(*) > 1 LIMIT 1", dialect.quote(table)),
        format!("`{table}` has rows with equal values in {}, which is to be unique", unique.columns.join(", ")),
        "make the values different, or delete the rows that are too many, and migrate again",
    )
    .about(table, &unique.columns)
}

/// A unique index over plain columns.
pub(super) fn distinct_index(dialect: Dialect, old: &Table, new: &Table, index: &TableIndex) -> Option<Requirement> {
    let there = |column: &String| old.columns.iter().any(|other| other.name == *column);
    let plain = index.suffix.is_empty() && !index.on.contains('(') && index.columns.iter().all(there);
    let columns: Vec<String> = index.columns.iter().cloned().collect();
    let unique = Unique { columns, nulls_equal: false, suffix: String::new() };
    (index.unique && plain).then(|| distinct(dialect, &new.name, &unique))
}

/// A check that is to hold.
pub(super) fn holds(dialect: Dialect, table: &str, name: &str, check: &Check) -> Requirement {
    Requirement::new(
        any(dialect, table, &format!("NOT ({})", check.sql)),
        format!("`{table}` has rows that break the check `{name}`: {}", check.sql),
        "correct the rows and migrate again",
    )
    .about(table, &check.columns)
}

/// A foreign key over columns with values.
pub(super) fn targets(dialect: Dialect, table: &str, key: &ForeignKey) -> Requirement {
    let pairs = key.columns.iter().zip(&key.to_columns);
    let known: Vec<String> =
        key.columns.iter().map(|column| format!("s.{} IS NOT NULL", dialect.quote(column))).collect();
    let joined: Vec<String> =
        pairs.map(|(from, to)| format!("t.{} = s.{}", dialect.quote(to), dialect.quote(from))).collect();
    let (source, target) = (dialect.quote(table), dialect.quote(&key.to_table));
    let query = format!(
        "SELECT 1 FROM {source} AS s WHERE {} AND NOT EXISTS (SELECT 1 FROM {target} AS t WHERE {}) LIMIT 1",
        known.join(" AND "),
        joined.join(" AND ")
    );
    Requirement::new(
        query,
        format!("`{table}` has rows whose {} refers to no row of `{}`", key.columns.join(", "), key.to_table),
        "correct the references or delete those rows, and migrate again",
    )
    .about(table, &key.columns)
    .about(&key.to_table, &key.to_columns)
}

/// A foreign key over a new column in which all rows have the same value.
pub(super) fn target(dialect: Dialect, table: &str, key: &ForeignKey, value: &str) -> Option<Requirement> {
    let [to] = key.to_columns.as_slice() else { return None };
    let (source, target) = (dialect.quote(table), dialect.quote(&key.to_table));
    let query = format!(
        "SELECT 1 FROM {source} WHERE NOT EXISTS (SELECT 1 FROM {target} WHERE {} = {value}) LIMIT 1",
        dialect.quote(to)
    );
    let mut needed = Requirement::new(
        query,
        format!("the rows of `{table}` are to refer to {value}, but `{}` has no such row", key.to_table),
        "give the key of a row that exists",
    );
    needed.scans = false; // one look at a key
    Some(needed.about(table, []).about(&key.to_table, [to]))
}

/// Text that is to be no longer than before.
pub(super) fn fits(dialect: Dialect, table: &str, old: &Column, new: &Column) -> Option<Requirement> {
    let ColumnType::Char { max_length } = new.ty else { return None };
    let shorter = match old.ty {
        ColumnType::Char { max_length: before } => before > max_length,
        ColumnType::Text => true,
        _ => false,
    };
    if !shorter {
        return None;
    }
    let column = dialect.quote(&new.name);
    let needed = Requirement::new(
        any(dialect, table, &format!("CHAR_LENGTH({column}) > {max_length}")),
        format!("`{table}` has rows with more than {max_length} characters in `{}`", new.name),
        "shorten the values and migrate again",
    );
    Some(needed.about(table, [&new.name]))
}

impl Planner {
    /// Notes what the last statement needs of the rows.
    pub(super) fn require(&mut self, requirement: impl IntoIterator<Item = Requirement>) {
        if let Some(last) = self.out.last_mut() {
            last.requires.extend(requirement);
        }
    }

    /// The same, where names of the table or its columns change within the operation.
    pub(super) fn require_late(&mut self, late: bool, requirement: impl IntoIterator<Item = Requirement>) {
        self.require(requirement.into_iter().map(|mut requirement| {
            requirement.late |= late;
            requirement
        }));
    }
}
