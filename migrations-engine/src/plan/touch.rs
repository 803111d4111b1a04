//! Which tables an operation may change, and which there are.

use std::collections::{BTreeMap, BTreeSet};

use super::{TableId, through_model};
use crate::operation::Operation;
use crate::schema::{Field, Model, ModelKey, Schema};

/// The models whose tables the operation may change: its own, those that refer to it where that
/// matters, and, where their keys are such references, those that refer to them in turn.
pub(super) fn touched(state: &Schema, key: &ModelKey, operation: &Operation) -> BTreeSet<ModelKey> {
    let mut touched = BTreeSet::from([key.clone()]);
    let spreads = match operation {
        // Numbers that the database gives out become the key.
        Operation::AddField { field, .. } => field.auto,
        Operation::RenameModel { .. }
        | Operation::MoveModel { .. }
        | Operation::RenameTable { .. }
        | Operation::AlterPrimaryKey { .. }
        | Operation::AlterField { .. }
        | Operation::RenameField { .. } => true,
        Operation::CreateModel(_)
        | Operation::DeleteModel { .. }
        | Operation::AlterComment { .. }
        | Operation::AlterManaged { .. }
        | Operation::RemoveField { .. }
        | Operation::AddIndex { .. }
        | Operation::RemoveIndex { .. }
        | Operation::RenameIndex { .. }
        | Operation::AddConstraint { .. }
        | Operation::RemoveConstraint { .. }
        | Operation::RenameConstraint { .. }
        | Operation::RunSql { .. }
        | Operation::RunRust { .. }
        | Operation::Separate { .. } => false,
    };
    let mut queue = if spreads { vec![key.clone()] } else { Vec::new() };
    while let Some(key) = queue.pop() {
        for model in state.referring_to(&key) {
            let fresh = touched.insert(model.key.clone());
            let key_refers = model.fields.iter().any(|field| {
                (model.is_key(&field.name) || field.unique)
                    && field.relation.as_ref().is_some_and(|relation| relation.to == key)
            });
            if fresh && key_refers {
                queue.push(model.key.clone());
            }
        }
    }
    touched
}

/// The tables that migrations make for a schema, those between the sides of a many-to-many too, as models. Those that refer to
/// others come before them, as far as they do not refer to each other in a circle.
pub fn tables_of(schema: &Schema) -> Vec<Model> {
    let mut left: Vec<Model> = tables(schema, &schema.models.keys().cloned().collect()).into_values().collect();
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let referred =
            |model: &Model| left.iter().any(|other| other.table != model.table && other.refers_to(&model.key));
        let at = left.iter().position(|model| !referred(model)).unwrap_or(0);
        ordered.push(left.remove(at));
    }
    ordered
}

/// The managed tables of some models, with those of their many-to-many fields.
pub(crate) fn tables(state: &Schema, keys: &BTreeSet<ModelKey>) -> BTreeMap<TableId, Model> {
    let mut tables = BTreeMap::new();
    for model in keys.iter().filter_map(|key| state.models.get(key)).filter(|model| model.managed) {
        for field in model.fields.iter().filter(|field: &&Field| !field.has_column()) {
            if let Some(through) = through_model(model, field) {
                tables.insert((model.key.clone(), Some(field.name.clone())), through);
            }
        }
        tables.insert((model.key.clone(), None), model.clone());
    }
    tables
}
