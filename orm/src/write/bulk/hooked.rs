//! `bulk_update` of a model with hooks.

use super::{
    super::{
        Change, Proposed,
        check::{placed, together_by_row},
        delete::RowsOf,
        edit::values_of,
        hooks,
        point::{columns_in, key_values},
        version,
    },
    UpdateMany, Versions, unnamed,
};
use crate::{
    Executor, Model, Result, Transaction, Value, compile,
    query::KeyPart,
    tree::{Expr, ModelRef, Select},
};
use std::collections::{HashMap, HashSet};

/// The values of a row, and its place among those that are given.
type Placed = (usize, Vec<Value>);

/// The rows that have these keys.
fn rows_of_keys<M: Model>(keys: Vec<Vec<Value>>) -> Select {
    let model = ModelRef::Static(M::meta());
    let mut rows = Select { default_order: false, ..Select::all(model.clone()) };
    rows.add_filter(columns_in(&model, &model.key, keys));
    rows
}

/// Those of the given rows that meet a condition. They are locked, so that what the hooks see is what is written. One that does not meet
/// it, or is gone, is left out; if rows have versions, it has to be there with the one with which it was read.
async fn those_within<M: Model>(given: Vec<Placed>, condition: Expr, tx: &Transaction) -> Result<Vec<Placed>> {
    let meta = M::meta();
    let key = |row: &[Value]| -> Vec<Value> { meta.key.iter().map(|&at| row[usize::from(at)].clone()).collect() };
    let keys = given.iter().map(|(_, row)| key(row)).collect();
    let all = Select { for_update: true, lets_refer: true, ..rows_of_keys::<M>(keys) };
    let mut inside = all.clone();
    inside.add_filter(condition);
    // What cannot be asked is known before any statement.
    compile::select(&inside, tx.dialect())?;
    let all = tx.run(RowsOf::<M>::of(all)).await?;
    let inside = tx.run(RowsOf::<M>::of(inside)).await?;
    let inside: HashSet<KeyPart<'static>> =
        inside.iter().map(|row| Ok(KeyPart::of_all(&key_values(&row.key())?).into_owned())).collect::<Result<_>>()?;
    let mut versions = HashMap::new();
    for row in &all {
        let values = values_of(row)?;
        versions.insert(KeyPart::of_all(&key(&values)).into_owned(), version::as_read(meta, &values));
    }
    let mut kept = Vec::with_capacity(given.len());
    for (place, row) in given {
        let known = KeyPart::of_all(&key(&row)).into_owned();
        if inside.contains(&known) {
            kept.push((place, row));
        } else if meta.version.is_some() && versions.get(&known) != Some(&version::as_read(meta, &row)) {
            return Err(version::stale(meta));
        }
    }
    Ok(kept)
}

/// The last of the rows that have one key: its values count, and the hooks hear of no other.
fn last_of_each<M: Model>(given: Vec<Vec<Value>>) -> Vec<Placed> {
    let key = |row: &[Value]| -> Vec<Value> { M::meta().key.iter().map(|&at| row[usize::from(at)].clone()).collect() };
    let mut seen = HashSet::with_capacity(given.len());
    let is_last = |(_, row): &Placed| seen.insert(KeyPart::of_all(&key(row)).into_owned());
    let mut last: Vec<Placed> = given.into_iter().enumerate().rev().filter(is_last).collect();
    last.reverse();
    last
}

/// Writes some columns of rows, which are given with all of theirs.
pub(super) async fn update<M: Model>(
    hooks: hooks::Of<M>,
    columns: Vec<u16>,
    given: Vec<Vec<Value>>,
    within: Option<Expr>,
    rules: bool,
    tx: &Transaction,
) -> Result<u64> {
    let meta = M::meta();
    let key = |values: &[Value]| -> Vec<Value> { meta.key.iter().map(|&at| values[usize::from(at)].clone()).collect() };
    let mut last = last_of_each::<M>(given);
    if let Some(condition) = within {
        last = Box::pin(those_within::<M>(last, condition, tx)).await?;
        if last.is_empty() {
            return Ok(0);
        }
    }
    let (places, mut given): (Vec<usize>, Vec<Vec<Value>>) = last.into_iter().unzip();
    let keys: Vec<Vec<Value>> = given.iter().map(|row| key(row)).collect();
    let rows = rows_of_keys::<M>(keys.clone());
    let before = tx.run(RowsOf::<M>::of(rows.clone())).await?;
    let before = before.iter().map(values_of).collect::<Result<Vec<_>>>()?;
    let before: HashMap<KeyPart<'_>, &Vec<Value>> =
        before.iter().map(|row| (KeyPart::of_all(&key(row)).into_owned(), row)).collect();
    let mut changes: Vec<Change<M>> = Vec::with_capacity(given.len());
    for row in &given {
        let old = before.get(&KeyPart::of_all(&key(row))).copied();
        // What is not written stays as it is.
        let new = match old {
            None => row.clone(),
            Some(old) => {
                let is_new = |column: usize| columns.contains(&(column as u16));
                (0..row.len()).map(|at| if is_new(at) { row[at].clone() } else { old[at].clone() }).collect()
            }
        };
        changes.push(Change::of(Proposed::known_row(old.cloned(), new)));
    }
    hooks.before_update(&mut changes, tx).await?;
    if rules {
        hooks.validate(&mut changes, tx).await?;
    }
    let mut mistakes = Vec::new();
    for ((&place, row), change) in places.iter().zip(&mut given).zip(&mut changes) {
        let set = match change.take_set() {
            Ok(set) => set,
            Err(error) => {
                mistakes.push((place, error));
                continue;
            }
        };
        for (column, value) in set {
            if !columns.contains(&column) && row[usize::from(column)] != value {
                return Err(unnamed(meta, column, "before_update"));
            }
            row[usize::from(column)] = value;
        }
    }
    together_by_row(meta, mistakes)?;
    let model = ModelRef::Static(meta);
    let update = UpdateMany::new(model, columns, given, Versions::Compared, tx.dialect(), rules);
    let count = tx.run(update.map_err(|error| placed(error, &places))?).await?;
    // As they are stored: times that are set by themselves, and what the database computes, among their values.
    let stored = tx.run(RowsOf::<M>::of(rows)).await?;
    let stored = stored.iter().map(values_of).collect::<Result<Vec<_>>>()?;
    let stored: HashMap<KeyPart<'_>, &Vec<Value>> =
        stored.iter().map(|row| (KeyPart::of_all(&key(row)).into_owned(), row)).collect();
    let written = keys.iter().filter_map(|key| {
        let key = KeyPart::of_all(key);
        let new = stored.get(&key).copied()?.clone();
        Some(Change::of(Proposed::known_row(before.get(&key).map(|old| (*old).clone()), new)))
    });
    let written: Vec<Change<M>> = written.collect();
    hooks.after_update(&written, tx).await?;
    Ok(count)
}
