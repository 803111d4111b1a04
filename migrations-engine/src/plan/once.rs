//! SQLite: several operations on one table of one migration write it anew once, where none looks at what another changes.

use std::collections::{BTreeMap, BTreeSet};

use super::rebuild::in_place;
use super::require::Asked;
use super::table::Table;
use super::{Early, Pair, Planner, Recheck, StatementKind};
use crate::error::Result;

/// A table that is to be written anew, when the next operation is not one that goes with it.
pub(super) struct Pending {
    /// From what it is to what it will be.
    pair: Pair,
    /// How many operations that is.
    count: usize,
    /// Those of the last of them.
    operation: usize,
    step: usize,
    changes: BTreeSet<String>,
}

impl Planner {
    /// Takes what an operation does to its table together with what those before did, if that is how it is done; the
    /// statements for that come later. `false`: it is not, and what is pending has been done.
    pub(super) fn taken_together(&mut self, pairs: &[Pair]) -> Result<bool> {
        let changing: Vec<&Pair> = pairs.iter().filter(|pair| pair.raw != pair.new).collect();
        let [pair] = changing[..] else {
            if changing.is_empty() && self.pending.is_some() {
                return Ok(true);
            }
            self.write_pending()?;
            return Ok(false);
        };
        let (Some(old), Some(new)) = (&pair.old, &pair.new) else {
            self.write_pending()?;
            return Ok(false);
        };
        if pair.renames() || !pair.translated.is_empty() || old.primary_key != new.primary_key {
            self.write_pending()?;
            return Ok(false);
        }
        if !self.pending.as_ref().is_some_and(|pending| goes_with(&pending.pair, pair)) {
            self.write_pending()?;
            if in_place(pair, old, new) {
                return Ok(false);
            }
        }
        let mut needed = self.rows_needed(pair, old, new);
        // An index alone would be asked about by itself.
        if let Some(asked) = Asked::new(self.dialect, pair) {
            let fresh = new.indexes.iter().filter(|(name, index)| old.indexes.get(*name) != Some(*index));
            needed.extend(fresh.filter_map(|(name, index)| asked.unique_index(name, index)));
        }
        self.note_pending(pair, &new.name);
        self.require(needed);
        Ok(true)
    }

    /// The same of an operation on indexes, which needs nothing of the rows.
    pub(super) fn index_taken_together(&mut self, pair: &Pair) -> Result<bool> {
        match (&self.pending, &pair.new) {
            (Some(pending), Some(new)) if pending.pair.new == pair.raw => {
                self.note_pending(pair, &new.name);
                Ok(true)
            }
            _ => {
                self.write_pending()?;
                Ok(false)
            }
        }
    }

    fn note_pending(&mut self, pair: &Pair, table: &str) {
        let kind = StatementKind::Together { table: table.to_owned() };
        self.push_kind(kind, format!("write {table} anew, together with what follows"), false);
        if let Some(last) = self.out.last_mut() {
            last.recheck = Recheck::Repeat;
        }
        let pending = self.pending.get_or_insert_with(|| Pending {
            pair: Pair { new: pair.raw.clone(), fills: BTreeMap::new(), ..pair.clone() },
            count: 0,
            operation: 0,
            step: 0,
            changes: BTreeSet::new(),
        });
        pending.pair.new.clone_from(&pair.new);
        pending.pair.fills.extend(pair.fills.clone());
        pending.changes.extend(pair.changes());
        (pending.operation, pending.step) = (self.operation, self.step);
        pending.count += 1;
    }

    /// Writes the table anew that waits for it.
    pub(super) fn write_pending(&mut self) -> Result<()> {
        let Some(Pending { pair, count, operation, step, changes }) = self.pending.take() else { return Ok(()) };
        let (Some(old), Some(new)) = (&pair.old, &pair.new) else { return Ok(()) };
        let now = (self.operation, self.step);
        (self.operation, self.step) = (operation, step);
        // By itself it needs no word of it.
        let alone = if count == 1 { self.out.pop() } else { None };
        if let (None, Some(last)) = (&alone, self.out.last_mut()) {
            last.comment.clear();
        }
        let first = self.out.len();
        self.rebuild(&pair, old, new, Some(alone.map_or_else(Vec::new, |statement| statement.requires)))?;
        for statement in &mut self.out[first..] {
            statement.changes = Some(changes.clone());
            // What the database is to have; what is needed of the rows was noted with each operation.
            let of_database = statement.requires.iter_mut().filter(|requirement| requirement.about.is_empty());
            of_database.for_each(|it| (it.early, it.ahead) = (Early::Alike, Early::Alike));
        }
        (self.operation, self.step) = now;
        Ok(())
    }
}

/// Whether a change can be made together with one that is to be made before it: it changes, computes from and asks for
/// nothing that the other changes.
fn goes_with(before: &Pair, pair: &Pair) -> bool {
    let (Some(old), Some(between)) = (&before.old, &before.new) else { return false };
    let Some(new) = pair.new.as_ref().filter(|_| pair.raw.as_ref() == Some(between)) else { return false };
    let changed = columns_changed(old, between);
    let mut involved = columns_changed(between, new);
    involved.extend(pair.fills.values().flat_map(|fill| fill.reads.iter().cloned()));
    involved.extend(asked(between, new));
    involved.extend(asked(new, between));
    changed.is_disjoint(&involved)
}

/// The columns that one of the two has otherwise, or not at all.
fn columns_changed(old: &Table, new: &Table) -> BTreeSet<String> {
    let without = |one: &Table, other: &Table| -> Vec<String> {
        let columns = one.columns.iter().filter(|column| !other.columns.contains(column));
        columns.map(|column| column.name.clone()).collect()
    };
    without(old, new).into_iter().chain(without(new, old)).collect()
}

/// The columns of what one table has and the other has not: checks, keys, indexes.
fn asked(one: &Table, other: &Table) -> BTreeSet<String> {
    let mut columns = BTreeSet::new();
    for (name, check) in &one.checks {
        if other.checks.get(name) != Some(check) {
            columns.extend(check.columns.iter().cloned());
        }
    }
    for (name, unique) in &one.uniques {
        if other.uniques.get(name) != Some(unique) {
            columns.extend(unique.columns.iter().cloned());
        }
    }
    for (name, key) in &one.foreign_keys {
        if other.foreign_keys.get(name) != Some(key) {
            columns.extend(key.columns.iter().cloned());
        }
    }
    for (name, index) in &one.indexes {
        if other.indexes.get(name) != Some(index) {
            columns.extend(index.columns.iter().cloned());
        }
    }
    columns
}
