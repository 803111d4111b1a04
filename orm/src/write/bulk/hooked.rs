//! `bulk_update` of a model with hooks.

use super::{
    super::{
        Change, Proposed,
        check::{placed, together, together_by_row},
        delete::{RowsOf, by_key},
        edit::values_of,
        hooks,
        point::{columns_in, key_values},
        version,
    },
    UpdateMany, Versions, unnamed,
};
use crate::{
    Error, Executor, Model, Result, Transaction, Value, compile,
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

/// Those of the given rows that are there, and meet a condition if there is one; and by their keys the rows as they are. They are locked, so
/// that what the hooks see is what is written over. One that does not meet it, or is gone, is left out; if rows have versions, it has to be
/// there with the one with which it was read.
async fn those_within<M: Model>(
    given: Vec<Placed>,
    condition: Option<Expr>,
    tx: &Transaction,
) -> Result<(Vec<Placed>, HashMap<KeyPart<'static>, Vec<Value>>)> {
    let meta = M::meta();
    let key = |row: &[Value]| -> Vec<Value> { meta.key.iter().map(|&at| row[usize::from(at)].clone()).collect() };
    let keys = given.iter().map(|(_, row)| key(row)).collect();
    let rows = rows_of_keys::<M>(keys);
    let all = Select { for_update: true, lets_refer: true, order: by_key(&rows.model), ..rows.clone() };
    let inside = condition.map(|condition| {
        let mut inside = rows;
        inside.add_filter(condition);
        inside
    });
    if let Some(inside) = &inside {
        // What cannot be asked is known before any statement.
        compile::select(inside, tx.dialect())?;
    }
    let mut there = HashMap::new();
    for row in &tx.run(RowsOf::<M>::of(all)).await? {
        let values = values_of(row)?;
        there.insert(KeyPart::of_all(&key(&values)).into_owned(), values);
    }
    let inside: Option<HashSet<KeyPart<'static>>> = match inside {
        None => None,
        Some(inside) => {
            let inside = tx.run(RowsOf::<M>::of(inside)).await?;
            let known = inside.iter().map(|row| Ok(KeyPart::of_all(&key_values(&row.key())?).into_owned()));
            Some(known.collect::<Result<_>>()?)
        }
    };
    let mut kept = Vec::with_capacity(given.len());
    for (place, row) in given {
        let known = KeyPart::of_all(&key(&row)).into_owned();
        let now = there.get(&known).map(|now| version::as_read(meta, now));
        if now.is_some() && inside.as_ref().is_none_or(|inside| inside.contains(&known)) {
            kept.push((place, row));
        } else if meta.version.is_some() && now != Some(version::as_read(meta, &row)) {
            return Err(version::stale(meta));
        }
    }
    Ok((kept, there))
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

/// Takes over into a row what was set of it, and gives what was refused. What is not among the columns that are written stays what it was.
fn taken<M: Model>(change: &mut Change<M>, row: &mut [Value], columns: &[u16], by: &str) -> Result<Vec<Error>> {
    let (set, errors) = change.take_parts();
    for (column, value) in set {
        if !columns.contains(&column) && row[usize::from(column)] != value {
            return Err(unnamed(M::meta(), column, by));
        }
        row[usize::from(column)] = value;
    }
    Ok(errors)
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
    let (last, before) = Box::pin(those_within::<M>(last_of_each::<M>(given), within, tx)).await?;
    if last.is_empty() {
        return Ok(0);
    }
    let (places, mut given): (Vec<usize>, Vec<Vec<Value>>) = last.into_iter().unzip();
    let keys: Vec<Vec<Value>> = given.iter().map(|row| key(row)).collect();
    let rows = rows_of_keys::<M>(keys.clone());
    let mut changes: Vec<Change<M>> = Vec::with_capacity(given.len());
    for row in &given {
        let of = key(row);
        let old = before.get(&KeyPart::of_all(&of));
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
    let mut refused = Vec::with_capacity(given.len());
    for (row, change) in given.iter_mut().zip(&mut changes) {
        refused.push(taken(change, row, &columns, "before_update")?);
    }
    if rules {
        changes.iter_mut().for_each(Change::validate);
        hooks.validate(&mut changes, tx).await?;
    }
    let mut mistakes = Vec::new();
    for (((&place, row), change), mut errors) in places.iter().zip(&mut given).zip(&mut changes).zip(refused) {
        errors.extend(taken(change, row, &columns, "validate")?);
        mistakes.extend(together(meta, errors).err().map(|error| (place, error)));
    }
    together_by_row(meta, mistakes)?;
    let model = ModelRef::Static(meta);
    let update = UpdateMany::behind(None, model, columns, given, Versions::Compared, tx.dialect(), rules);
    let count = tx.run(update.map_err(|error| placed(error, &places))?).await?;
    // As they are stored: times that are set by themselves, and what the database computes, among their values.
    let stored = tx.run(RowsOf::<M>::of(rows)).await?;
    let stored = stored.iter().map(values_of).collect::<Result<Vec<_>>>()?;
    let stored: HashMap<KeyPart<'_>, &Vec<Value>> =
        stored.iter().map(|row| (KeyPart::of_all(&key(row)).into_owned(), row)).collect();
    let written = keys.iter().filter_map(|key| {
        let key = KeyPart::of_all(key);
        let new = stored.get(&key).copied()?.clone();
        Some(Change::of(Proposed::known_row(before.get(&key).cloned(), new)))
    });
    let written: Vec<Change<M>> = written.collect();
    hooks.after_update(&written, tx).await?;
    Ok(count)
}
