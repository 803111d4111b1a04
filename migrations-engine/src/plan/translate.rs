//! References whose rows get another key: their values are translated, so that they go on to lead to the same rows.

use std::collections::{BTreeMap, BTreeSet};

use super::Renames;
use super::alter::find;
use super::table::{Column, Table};
use super::{Asked, Fill, Pair, Planner, ddl, recheck};
use crate::error::{Result, fail};
use crate::schema::{Field, Model, Schema};
use crate::sql::AlterStyle;

/// How the values of a reference become those of another key of the same rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Translation {
    /// The table with the rows that are referred to.
    pub(super) table: String,
    /// The column whose values the reference has.
    pub(super) from: String,
    /// The column whose values it gets.
    pub(super) to: String,
    /// Whether that column is made by the same operation.
    pub(super) fresh: bool,
}

/// The references that are to be translated, by their tables and columns as they are called afterwards.
pub(super) type Translations = BTreeMap<(String, String), Translation>;

/// What steps aside while a column gets its new values, and the index by which they are found.
const ASIDE: &str = "orm_aside";

/// Finds the references that lead to another column of the same table than before.
pub(super) fn translations(
    before: &Schema,
    after: &Schema,
    pairs: &[(Option<Model>, Option<Model>)],
    renames: &Renames,
) -> Result<Translations> {
    let mut found = Translations::new();
    // By the column that each reference leads to.
    let mut references: Vec<((String, String), (String, String))> = Vec::new();
    for (old, new) in pairs.iter().filter_map(|(old, new)| old.as_ref().zip(new.as_ref())) {
        for field in new.fields.iter().filter(|field| field.has_column()) {
            let same = |was: &&Field| was.has_column() && renames.column(&old.table, &was.column) == field.column;
            let was = old.fields.iter().find(same).and_then(|was| was.relation.as_ref());
            let Some((was, is)) = was.zip(field.relation.as_ref()) else { continue };
            let ((was, from), (is, to)) = (before.target(was)?, after.target(is)?);
            let place = (new.table.clone(), field.column.clone());
            references.push((place.clone(), (is.table.clone(), to.column.clone())));
            let from = renames.column(&was.table, &from.column);
            let there = is.fields.iter().any(|field| field.has_column() && field.column == from);
            if renames.table(&was.table) == is.table && from != to.column && there {
                let fresh = !was.fields.iter().any(|field| renames.column(&was.table, &field.column) == to.column);
                found.insert(place, Translation { table: is.table.clone(), from, to: to.column.clone(), fresh });
            }
        }
    }
    // A key that is a reference itself has other values then, and so have those that refer to it.
    loop {
        let count = found.len();
        for (place, target) in &references {
            let Some(translation) = found.get(target).cloned() else { continue };
            if found.get(place).is_some_and(|known| known.table == target.0) {
                fail!(
                    M045,
                    "the references of `{}`.`{}` cannot follow to a key that is a reference and changes too",
                    place.0,
                    place.1
                );
            }
            found.insert(place.clone(), translation);
        }
        if found.len() == count {
            return Ok(found);
        }
    }
}

impl Pair {
    /// A change in two: first all but the references that get other values, then these. Where a table is changed in place,
    /// nothing is to hang on them meanwhile.
    pub(super) fn apart(&self, style: AlterStyle) -> (Pair, Option<Pair>) {
        let (Some(old), Some(new)) = (&self.old, &self.new) else { return (self.clone(), None) };
        if self.translated.is_empty() {
            return (self.clone(), None);
        }
        let mut between = new.clone();
        for column in &mut between.columns {
            if let Some(was) = find(old, &column.name).filter(|_| self.translated.contains_key(&column.name)) {
                column.clone_from(was);
            }
        }
        if style != AlterStyle::Rebuild {
            let moves = |column: &String| self.translated.contains_key(column);
            between.indexes.retain(|_, index| !index.columns.iter().any(moves));
            between.uniques.retain(|_, unique| !unique.columns.iter().any(moves));
            between.checks.retain(|_, check| !check.columns.iter().any(moves));
            between.foreign_keys.retain(|_, key| !key.columns.iter().any(moves));
            if between.primary_key.iter().any(moves) {
                between.primary_key.clear();
            }
        }
        let first = Pair { new: Some(between.clone()), translated: BTreeMap::new(), ..self.clone() };
        let second = Pair { old: Some(between), fills: BTreeMap::new(), ..self.clone() };
        (first, Some(second))
    }
}

impl Planner {
    /// The value that a reference of a row gets; `column` is the one that has its value so far.
    pub(super) fn translated(&self, table: &str, column: &str, translation: &Translation) -> String {
        let quote = |name: &str| self.dialect.quote(name);
        let (from, to) = (quote(&translation.from), quote(&translation.to));
        let rows = match self.dialect.capabilities().alter {
            // MySQL does not read from the table that it writes, unless it makes another of it first.
            AlterStyle::Modify if table == translation.table => {
                format!("(SELECT DISTINCT {from}, {to} FROM {})", quote(&translation.table))
            }
            AlterStyle::Modify | AlterStyle::Property | AlterStyle::Rebuild => quote(&translation.table),
        };
        format!("(SELECT t.{to} FROM {rows} AS t WHERE t.{from} = {}.{})", quote(table), quote(column))
    }

    /// Makes the indexes by which old keys are found, as long as there are none; `make` or drop them again.
    pub(super) fn index_old_keys(&mut self, pairs: &[Pair], make: bool) {
        let mut keys: Vec<(&str, &str)> = pairs
            .iter()
            .flat_map(|pair| pair.translated.values())
            .map(|translation| (translation.table.as_str(), translation.from.as_str()))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        for (at, (table, column)) in keys.into_iter().enumerate() {
            let known = pairs.iter().filter_map(|pair| pair.new.as_ref()).find(|known| known.name == table);
            if known.is_some_and(|table| indexed(table, column)) {
                continue;
            }
            let name = format!("{ASIDE}_{at}");
            let create = format!(
                "CREATE INDEX {} ON {} ({})",
                self.dialect.quote(&name),
                self.dialect.quote(table),
                self.dialect.quote(column)
            );
            let drop = ddl::drop_index(self.dialect, table, &name);
            let recheck = recheck::index(self.dialect, table, &name, make);
            match make {
                true => self.push(create, format!("find rows of {table} by {column}"), Some(drop), recheck),
                false => self.push(drop, format!("rows of {table} have been found"), Some(create), recheck),
            }
        }
    }

    /// Gives the references of a table their new values, in new columns that take the place of the old ones; gives the table
    /// as it is then.
    pub(super) fn translate(&mut self, pair: &Pair, between: &Table, new: &Table) -> Result<Table> {
        let mut table = between.clone();
        for (name, translation) in &pair.translated {
            let Some(column) = find(new, name) else { continue };
            let generated =
                |other: &Column| other.generated.as_ref().is_some_and(|computed| computed.columns.contains(name));
            if let Some(other) = new.columns.iter().find(|other| generated(other)) {
                fail!(M045, "`{}` is computed from `{name}`, whose values change: remove it first", other.name);
            }
            self.rename_column(&table, new, name, ASIDE)?;
            let needed = Asked::new(self.dialect, pair).and_then(|asked| asked.found(name, translation));
            self.require(needed);
            let sql = self.translated(&new.name, ASIDE, translation);
            self.add_column(&new.name, column, Some(&Fill { sql, constant: false, reads: BTreeSet::new() }))?;
            let drop = ddl::alter(self.dialect, &new.name, &format!("DROP COLUMN {}", self.dialect.quote(ASIDE)));
            let recheck = recheck::column(self.dialect, &new.name, ASIDE, false);
            self.push(drop, format!("{name} refers to {} by {}", translation.table, translation.to), None, recheck);
            if let Some(place) = table.columns.iter_mut().find(|other| other.name == *name) {
                *place = Column { comment: None, ..column.clone() };
            }
        }
        Ok(table)
    }
}

/// Whether rows are found by a column.
fn indexed(table: &Table, column: &str) -> bool {
    let first = |columns: &[String]| columns.first().is_some_and(|first| first == column);
    first(&table.primary_key)
        || table.uniques.values().any(|unique| first(&unique.columns))
        || table.columns.iter().any(|other| other.name == column && other.unique)
        || table
            .indexes
            .values()
            .any(|index| index.condition.is_none() && index.fields.first() == Some(&Some(column.to_owned())))
}
