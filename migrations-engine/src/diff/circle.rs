//! Operations that wait for each other: what steps aside, or is done apart, so that the rest can be ordered.

use std::collections::{BTreeSet, VecDeque};

use super::order::Database;
use crate::naming;
use crate::operation::{Operation, follow_table};
use crate::schema::{Model, ModelKey, Schema};

/// When nothing fits: does what lets something fit, and says whether there is any.
pub(super) fn loosen(
    state: &mut Schema,
    queue: &mut VecDeque<Operation>,
    database: &mut Database<'_>,
    ordered: &mut Vec<Operation>,
) -> bool {
    for first in let_go(state, queue).into_iter().chain(aside(state, queue)) {
        if first.apply(state).is_err() {
            continue;
        }
        // Indexes and constraints are called by their names.
        if let Operation::RenameIndex { model: of, name: was, to: is }
        | Operation::RenameConstraint { model: of, name: was, to: is } = &first
        {
            for operation in &mut *queue {
                if let Operation::RenameIndex { model, name, .. } | Operation::RenameConstraint { model, name, .. } =
                    operation
                    && model == of
                    && name == was
                {
                    name.clone_from(is);
                }
            }
        }
        ordered.push(first);
        return true;
    }
    let later = uses_apart(state, queue, database);
    if later.is_empty() {
        // Databases that have such names once for each table can do it.
        return !std::mem::take(&mut database.leaving).is_empty();
    }
    queue.extend(later);
    true
}

/// Models that go and refer to each other: a reference goes first.
fn let_go(state: &Schema, queue: &VecDeque<Operation>) -> Option<Operation> {
    let deleted: BTreeSet<ModelKey> = queue
        .iter()
        .filter_map(|operation| match operation {
            Operation::DeleteModel { model } => Some(model.clone()),
            _ => None,
        })
        .collect();
    for key in &deleted {
        let Some(model) = state.models.get(key) else { continue };
        let references = model.fields.iter().filter(|field| {
            let to = field.relation.as_ref().map(|relation| &relation.to);
            to.is_some_and(|to| to != key && deleted.contains(to)) && !model.is_key(&field.name)
        });
        for field in references {
            // What uses the reference goes before it.
            let Some(user) = model.using_field(&field.name).first().map(|user| (*user).to_owned()) else {
                return Some(Operation::RemoveField { model: key.clone(), field: field.name.clone() });
            };
            if model.indexes.iter().any(|index| index.name == user) {
                return Some(Operation::RemoveIndex { model: key.clone(), name: user });
            }
            if model.constraints.iter().any(|constraint| constraint.name() == user) {
                return Some(Operation::RemoveConstraint { model: key.clone(), name: user });
            }
        }
        let leads = |to: &ModelKey| to != key && deleted.contains(to);
        if let Some(constraint) = model.constraints.iter().find(|it| it.target().is_some_and(leads)) {
            return Some(Operation::RemoveConstraint { model: key.clone(), name: constraint.name().to_owned() });
        }
    }
    None
}

/// Two things exchange their names, tables or columns, or one waits for what a model has that goes only after it: that one steps aside.
fn aside(state: &Schema, queue: &VecDeque<Operation>) -> Option<Operation> {
    let taken: BTreeSet<String> = queue.iter().flat_map(|operation| takes(state, operation)).collect();
    let step = |name: &str| taken.contains(&name.to_lowercase()).then(|| naming::aside(name));
    queue.iter().find_map(|operation| {
        let model = state.models.get(operation.model()?)?;
        let key = model.key.clone();
        match operation {
            Operation::AlterField { field, .. } => {
                let mut old = model.field(&field.name)?.clone();
                if let Some(table) = old.own_table().map(|many| many.table.clone()) {
                    let same = field.own_table().is_none_or(|many| many.table == table);
                    old.relation.as_mut()?.many_to_many.as_mut()?.table = step(&table).filter(|_| !same)?;
                } else {
                    let takes = |other: &Operation| match other {
                        Operation::AlterField { model, field: other, .. }
                        | Operation::AddField { model, field: other, .. } => {
                            *model == key && other.name != field.name && other.column.eq_ignore_ascii_case(&old.column)
                        }
                        _ => false,
                    };
                    if !field.has_column() || old.column == field.column || !queue.iter().any(takes) {
                        return None;
                    }
                    old.column = naming::aside(&old.column);
                }
                Some(Operation::AlterField { model: key, field: old, fill: None })
            }
            Operation::RenameTable { .. } | Operation::DeleteModel { .. } => {
                let table = naming::aside(&model.table);
                let moved = in_table(model, &table);
                let left = model.stored().into_iter().filter(|name| !moved.contains(name));
                left.into_iter()
                    .any(|name| taken.contains(&name))
                    .then_some(Operation::RenameTable { model: key, table })
            }
            Operation::RenameIndex { name, .. } => {
                Some(Operation::RenameIndex { model: key, name: name.clone(), to: step(name)? })
            }
            Operation::RenameConstraint { name, .. } => {
                Some(Operation::RenameConstraint { model: key, name: name.clone(), to: step(name)? })
            }
            _ => None,
        }
    })
}

/// The names in the database that an operation takes, in lower case.
fn takes(state: &Schema, operation: &Operation) -> BTreeSet<String> {
    let one = |name: &str| BTreeSet::from([name.to_lowercase()]);
    match operation {
        Operation::CreateModel(model) => model.stored(),
        Operation::RenameTable { model, table } => {
            let Some(model) = state.models.get(model) else { return BTreeSet::new() };
            let was = model.stored();
            let moved = in_table(model, table).into_iter().filter(|name| !was.contains(name));
            moved.chain(one(table)).collect()
        }
        Operation::AddField { field, .. } | Operation::AlterField { field, .. } => {
            field.own_table().map(|many| one(&many.table)).unwrap_or_default()
        }
        Operation::RenameIndex { to, .. } | Operation::RenameConstraint { to, .. } => one(to),
        _ => BTreeSet::new(),
    }
}

/// What a model has in the database once it has another table.
fn in_table(model: &Model, table: &str) -> BTreeSet<String> {
    let mut moved = model.clone();
    follow_table(&mut moved, table);
    moved.stored()
}

/// Takes out of new models the indexes and constraints whose names others still have, and what leads to these, and gives them as operations.
fn uses_apart(state: &Schema, queue: &mut VecDeque<Operation>, database: &Database<'_>) -> Vec<Operation> {
    let is_held = |key: &ModelKey, name: &str| database.holder(state, key, &name.to_lowercase()).is_some();
    let without: BTreeSet<ModelKey> = queue
        .iter()
        .filter_map(|operation| match operation {
            Operation::CreateModel(model) => {
                model.uses().any(|name| is_held(&model.key, name)).then(|| model.key.clone())
            }
            _ => None,
        })
        .collect();
    let mut later = Vec::new();
    for operation in queue {
        let Operation::CreateModel(model) = operation else { continue };
        let key = model.key.clone();
        let indexes = model.indexes.extract_if(.., |index| is_held(&key, &index.name));
        later.extend(indexes.map(|index| Operation::AddIndex { model: key.clone(), index }));
        let constraints = model.constraints.extract_if(.., |constraint| {
            is_held(&key, constraint.name()) || constraint.target().is_some_and(|to| without.contains(to))
        });
        later.extend(constraints.map(|constraint| Operation::AddConstraint { model: key.clone(), constraint }));
    }
    later
}
