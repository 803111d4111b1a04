//! Tables as a migration will have made them, by queries over those that there are before it begins: so that rows that
//! stand in the way of its last operation are found before its first has done anything.

use std::collections::{BTreeMap, BTreeSet};

use super::table::{Column, Table};
use super::{Fill, Pair, Planner, Requirement};
use crate::sql::{AlterStyle, Dialect};

/// When rows can be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Early {
    /// Before the migration begins, as they are looked at right before the operation.
    Alike,
    /// Before the migration begins, in place of tables that it has changed by then.
    Foreseen {
        /// What these tables will be: `WITH ..`.
        with: String,
        /// The tables that there are before.
        of: BTreeSet<String>,
        /// The table with the rows, as it is called before.
        table: String,
    },
    /// Only when the operation is next: what is asked about cannot be known before.
    No,
}

/// The rows that a table will have at some point of a migration.
#[derive(Debug, Clone)]
struct View {
    /// The table that has them before the migration.
    of: String,
    /// A query that gives them.
    rows: String,
    /// The columns that can be known.
    known: BTreeSet<String>,
}

/// What a migration will have made of the tables so far.
#[derive(Debug, Default)]
pub(super) struct Foresight {
    /// By the names that the tables have by then; the others are as they were.
    views: BTreeMap<String, View>,
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
    pub(super) fn lose(&mut self) {
        self.blind = true;
    }

    /// When the rows that a requirement speaks of can be looked at.
    fn early(&self, dialect: Dialect, requirement: &Requirement, made: &BTreeSet<String>) -> Early {
        if self.blind || requirement.about.iter().any(|about| made.contains(about)) {
            return Early::No;
        }
        let mut used = Vec::new();
        for (name, view) in &self.views {
            let columns = || requirement.about.iter().filter_map(|about| about.strip_prefix(name)?.strip_prefix('.'));
            if !requirement.about.contains(name) && columns().next().is_none() {
                continue;
            }
            if columns().any(|column| !view.known.contains(column)) {
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
            used.iter().map(|(name, view)| format!("{} AS ({})", dialect.quote(name), view.rows)).collect();
        let table = self.views.get(&requirement.table).map_or(&requirement.table, |view| &view.of).clone();
        let of = used.iter().map(|(_, view)| view.of.clone()).collect();
        Early::Foreseen { with: format!("WITH {} ", tables.join(", ")), of, table }
    }

    /// Goes on to what an operation makes of a table that was there before the migration.
    fn follow(&mut self, dialect: Dialect, pair: &Pair) {
        let Some(raw) = &pair.raw else { return };
        let Some(new) = &pair.new else {
            self.views.remove(&raw.name);
            return;
        };
        if raw == new {
            return;
        }
        let before = self.views.remove(&raw.name);
        let (of, from) = match &before {
            Some(view) => (view.of.clone(), format!("({}) AS v", view.rows)),
            None => (raw.name.clone(), dialect.quote_table(&raw.name)),
        };
        let mut columns = Vec::new();
        let mut known = BTreeSet::new();
        for column in &new.columns {
            if let Some(value) = value(dialect, pair, raw, column, before.as_ref()) {
                columns.push(format!("{value} AS {}", dialect.quote(&column.name)));
                known.insert(column.name.clone());
            }
        }
        if columns.is_empty() {
            columns.push("1".to_owned());
        }
        let rows = format!("SELECT {} FROM {from}", columns.join(", "));
        self.views.insert(new.name.clone(), View { of, rows, known });
    }
}

/// A column of the rows after an operation, by those before it; nothing if that cannot be said.
fn value(dialect: Dialect, pair: &Pair, raw: &Table, column: &Column, before: Option<&View>) -> Option<String> {
    let renamed = pair.renamed.iter().find(|(_, to)| *to == column.name);
    let was = renamed.map_or(&column.name, |(from, _)| from);
    let fill = pair.fills.get(&column.name);
    let Some(was) = raw.columns.iter().find(|other| other.name == *was) else {
        return added(dialect, pair, column, fill);
    };
    if pair.translated.contains_key(&column.name)
        || !alike(was, column)
        || before.is_some_and(|view| !view.known.contains(&was.name))
    {
        return None;
    }
    let quoted = dialect.quote(&was.name);
    match fill {
        Some(fill) if was.null && !column.null && (fill.constant || !pair.renames()) => {
            Some(format!("COALESCE({quoted}, {})", fill.sql))
        }
        Some(_) if was.null && !column.null => None,
        _ => Some(quoted),
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
            if !pair.raw.as_ref().is_some_and(|raw| self.made.contains(&raw.name)) {
                self.foresight.follow(self.dialect, pair);
            }
        }
        self.note(first, true);
    }

    /// Of those that ask before the operation, or of those that ask in the middle of it.
    fn note(&mut self, first: usize, late: bool) {
        for requirement in self.out[first..].iter_mut().flat_map(|statement| &mut statement.requires) {
            if requirement.late == late {
                requirement.early = self.foresight.early(self.dialect, requirement, &self.made);
            }
        }
    }
}
