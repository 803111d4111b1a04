//! Tables as migrations will have made them, by queries over those that there are before they begin: so that rows that
//! stand in the way of the last operation are found before the first has done anything.

use std::collections::{BTreeMap, BTreeSet};

use super::table::{Column, Table};
use super::{Fill, Pair, Planner, Requirement};
use crate::sql::{AlterStyle, Dialect};

/// Whether rows can be looked at before a migration begins, or before all that are run begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Early {
    /// Yes, as they are looked at right before the operation.
    Alike,
    /// Yes, in place of tables that will have changed by then.
    Foreseen {
        /// What these tables will be: `WITH ..`.
        with: String,
        /// The table with the rows, as it is called before.
        table: String,
    },
    /// Only when the operation is next: what is asked about cannot be known before.
    No,
}

/// So many queries stand in each other at most: databases have limits for that.
const DEEPEST: usize = 16;

/// The rows that a table will have at some point.
#[derive(Debug, Clone)]
struct View {
    /// The table that has them before.
    of: String,
    /// What they are read from: that table, or a query where a value is computed from others.
    from: String,
    /// The columns that can be known, each by what it is there.
    columns: Vec<(String, String)>,
    /// How many queries stand in `from`.
    depth: usize,
}

impl View {
    /// A table as it is.
    fn of(dialect: Dialect, table: &Table) -> View {
        let columns = table.columns.iter().map(|column| (column.name.clone(), dialect.quote(&column.name)));
        View { of: table.name.clone(), from: dialect.quote_table(&table.name), columns: columns.collect(), depth: 0 }
    }

    /// What a column is, if that can be known.
    fn column(&self, name: &str) -> Option<&String> {
        self.columns.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// A query that gives the rows.
    fn rows(&self, dialect: Dialect) -> String {
        let columns = self.columns.iter().map(|(name, value)| format!("{value} AS {}", dialect.quote(name)));
        let columns = columns.collect::<Vec<_>>().join(", ");
        format!("SELECT {} FROM {}", if columns.is_empty() { "1" } else { &columns }, self.from)
    }

    /// The same, with each column under its own name, so that an expression can speak of it.
    fn by_name(self, dialect: Dialect) -> View {
        if self.columns.iter().all(|(name, value)| *value == dialect.quote(name)) {
            return self;
        }
        let from = format!("({}) AS v", self.rows(dialect));
        let depth = self.depth + 1;
        let names = self.columns.into_iter().map(|(name, _)| name).filter(|_| depth <= DEEPEST);
        View { of: self.of, from, columns: names.map(|name| (name.clone(), dialect.quote(&name))).collect(), depth }
    }
}

/// What one migration, or all that are run, will have made of the tables so far.
#[derive(Debug, Default, Clone)]
pub(crate) struct Foresight {
    /// By the names that the tables have by then; the others are as they were.
    views: BTreeMap<String, View>,
    /// The tables that are new and that nothing has filled yet.
    made: BTreeSet<String>,
    /// After SQL written by hand and Rust steps nobody knows.
    blind: bool,
}

/// Whether values of one column can be compared like those of the other.
fn alike(was: &Column, is: &Column) -> bool {
    was.generated == is.generated
        && (was.ty == is.ty || was.ty.is_number() && is.ty.is_number() || was.ty.is_text() && is.ty.is_text())
}

impl Foresight {
    /// From here on nothing is known.
    fn lose(&mut self) {
        self.blind = true;
        self.made.clear();
    }

    /// Whether a table is new, and has no row.
    pub(super) fn has_made(&self, table: &str) -> bool {
        self.made.contains(table)
    }

    /// Whether the rows that a requirement speaks of can be looked at before.
    fn early(&self, dialect: Dialect, requirement: &Requirement) -> Early {
        if self.blind || requirement.about.iter().any(|about| self.made.contains(about)) {
            return Early::No;
        }
        let mut used = Vec::new();
        for (name, view) in &self.views {
            let columns = || requirement.about.iter().filter_map(|about| about.strip_prefix(name)?.strip_prefix('.'));
            if !requirement.about.contains(name) && columns().next().is_none() {
                continue;
            }
            if columns().any(|column| view.column(column).is_none()) {
                return Early::No;
            }
            used.push((name, view));
        }
        if used.is_empty() {
            return Early::Alike;
        }
        // Tables that have exchanged their names would hide each other.
        if used.iter().any(|(name, view)| used.iter().any(|(other, _)| other != name && **other == view.of)) {
            return Early::No;
        }
        let tables: Vec<String> =
            used.iter().map(|(name, view)| format!("{} AS ({})", dialect.quote(name), view.rows(dialect))).collect();
        let table = self.views.get(&requirement.table).map_or(&requirement.table, |view| &view.of).clone();
        Early::Foreseen { with: format!("WITH {} ", tables.join(", ")), table }
    }

    /// Goes on to what an operation makes of a table.
    fn follow(&mut self, dialect: Dialect, pair: &Pair) {
        let (raw, new) = match (&pair.raw, &pair.new) {
            (Some(raw), Some(new)) => (raw, new),
            (Some(raw), None) => {
                self.views.remove(&raw.name);
                self.made.remove(&raw.name);
                return;
            }
            (None, _) => return,
        };
        if self.made.remove(&raw.name) {
            self.made.insert(new.name.clone());
            return;
        }
        if raw == new {
            return;
        }
        let mut before = self.views.remove(&raw.name).unwrap_or_else(|| View::of(dialect, raw));
        if pair.fills.values().any(|fill| !fill.constant) {
            before = before.by_name(dialect);
        }
        let columns = new.columns.iter();
        let columns =
            columns.filter_map(|column| Some((column.name.clone(), value(dialect, pair, raw, column, &before)?)));
        let view =
            View { columns: columns.collect(), of: before.of.clone(), from: before.from.clone(), depth: before.depth };
        self.views.insert(new.name.clone(), view);
    }
}

/// A column of the rows after an operation, by those before it; nothing if that cannot be said.
fn value(dialect: Dialect, pair: &Pair, raw: &Table, column: &Column, before: &View) -> Option<String> {
    let renamed = pair.renamed.iter().find(|(_, to)| *to == column.name);
    let was = renamed.map_or(&column.name, |(from, _)| from);
    let fill = pair.fills.get(&column.name);
    if fill.is_some_and(|fill| fill.reads.iter().any(|read| before.column(read).is_none())) {
        return None;
    }
    let Some(was) = raw.columns.iter().find(|other| other.name == *was) else {
        return added(dialect, pair, column, fill);
    };
    if pair.translated.contains_key(&column.name) || !alike(was, column) {
        return None;
    }
    let known = before.column(&was.name)?;
    match fill {
        Some(fill) if was.null && !column.null && (fill.constant || !pair.renames()) => {
            Some(format!("COALESCE({known}, {})", fill.sql))
        }
        Some(_) if was.null && !column.null => None,
        _ => Some(known.clone()),
    }
}

/// What the rows get in a new column.
fn added(dialect: Dialect, pair: &Pair, column: &Column, fill: Option<&Fill>) -> Option<String> {
    if column.auto || column.generated.is_some() || fill.is_some_and(|fill| !fill.constant && pair.renames()) {
        return None;
    }
    let value = fill.map_or("NULL", |fill| fill.sql.as_str());
    Some(match (dialect.capabilities().alter, &column.collation) {
        (AlterStyle::Property, _) => format!("CAST({value} AS {})", column.sql_type),
        (AlterStyle::Modify, Some(collation)) => {
            let charset = collation.split('_').next().unwrap_or(collation);
            format!("CONVERT({value} USING {charset}) COLLATE {collation}")
        }
        (AlterStyle::Modify | AlterStyle::Rebuild, _) => value.to_owned(),
    })
}

impl Planner {
    /// Notes of what the statements from one on require when it can be looked at, and goes on to what they make of the tables.
    pub(super) fn foresee(&mut self, first: usize, pairs: &[Pair]) {
        self.note(first, false);
        for pair in pairs {
            self.foresight.follow(self.dialect, pair);
            self.path.follow(self.dialect, pair);
        }
        self.note(first, true);
    }

    /// A table is new.
    pub(super) fn makes(&mut self, table: &str) {
        self.foresight.made.insert(table.to_owned());
        self.path.made.insert(table.to_owned());
    }

    /// What comes may have done anything to the rows.
    pub(super) fn lose_sight(&mut self) {
        self.foresight.lose();
        self.path.lose();
    }

    /// Of those that ask before the operation, or of those that ask in the middle of it.
    fn note(&mut self, first: usize, late: bool) {
        for requirement in self.out[first..].iter_mut().flat_map(|statement| &mut statement.requires) {
            if requirement.late == late {
                requirement.early = self.foresight.early(self.dialect, requirement);
                requirement.ahead = self.path.early(self.dialect, requirement);
            }
        }
    }
}
