//! The operations that undo an operation.

use super::Operation;
use crate::error::{Result, error};
use crate::schema::{Constraint, Model, ModelKey, Schema};

impl Operation {
    /// The operations that take the state after this one back to `before`, the state it is applied to.
    ///
    /// Removing a model or field is undone by making it again: its definition comes back, its rows do
    /// not. SQL and Rust steps without a reverse give `M030`.
    pub fn invert(&self, before: &Schema) -> Result<Vec<Operation>> {
        let one = |operation| Ok(vec![operation]);
        match self {
            Operation::CreateModel(model) => one(Operation::DeleteModel { model: model.key.clone() }),
            Operation::DeleteModel { model } => one(Operation::CreateModel(before.get(model)?.clone())),
            Operation::RenameModel { model, to, keep_table } => {
                let now = ModelKey::new(model.app.clone(), to.clone());
                self.corrected(
                    before,
                    Operation::RenameModel { model: now, to: model.name.clone(), keep_table: *keep_table },
                )
            }
            Operation::MoveModel { model, from } => {
                self.corrected(before, Operation::MoveModel { model: from.clone(), from: model.clone() })
            }
            Operation::RenameTable { model, .. } => {
                let table = before.get(model)?.table.clone();
                self.corrected(before, Operation::RenameTable { model: model.clone(), table })
            }
            Operation::AlterComment { model, .. } => {
                one(Operation::AlterComment { model: model.clone(), comment: before.get(model)?.comment.clone() })
            }
            Operation::AlterManaged { model, .. } => {
                one(Operation::AlterManaged { model: model.clone(), managed: before.get(model)?.managed })
            }
            Operation::AlterPrimaryKey { model, .. } => {
                let primary_key = before.get(model)?.primary_key.clone();
                self.corrected(before, Operation::AlterPrimaryKey { model: model.clone(), primary_key })
            }
            Operation::AddField { model, field, .. } => {
                let remove = Operation::RemoveField { model: model.clone(), field: field.name.clone() };
                if !field.auto {
                    return one(remove);
                }
                // It had become the key.
                let primary_key = before.get(model)?.primary_key.clone();
                Ok(vec![Operation::AlterPrimaryKey { model: model.clone(), primary_key }, remove])
            }
            Operation::RemoveField { model, field } => {
                let field = before.get(model)?.get(field)?.clone();
                one(Operation::AddField { model: model.clone(), field, fill: None })
            }
            Operation::AlterField { model, field, .. } => {
                let field = before.get(model)?.get(&field.name)?.clone();
                one(Operation::AlterField { model: model.clone(), field, fill: None })
            }
            Operation::RenameField { model, field, to, keep_column } => {
                let back = Operation::RenameField {
                    model: model.clone(),
                    field: to.clone(),
                    to: field.clone(),
                    keep_column: *keep_column,
                };
                self.corrected(before, back)
            }
            Operation::AddIndex { model, index } => {
                one(Operation::RemoveIndex { model: model.clone(), name: index.name.clone() })
            }
            Operation::RemoveIndex { model, name } => {
                let owner = before.get(model)?;
                let index = owner.indexes.iter().find(|index| index.name == *name);
                let index = index.ok_or_else(|| error!(M014, "`{model}` has no index `{name}`"))?.clone();
                one(Operation::AddIndex { model: model.clone(), index })
            }
            Operation::RenameIndex { model, name, to } => {
                one(Operation::RenameIndex { model: model.clone(), name: to.clone(), to: name.clone() })
            }
            Operation::AddConstraint { model, constraint } => {
                one(Operation::RemoveConstraint { model: model.clone(), name: constraint.name().to_owned() })
            }
            Operation::RemoveConstraint { model, name } => {
                let constraint = constraint(before.get(model)?, name)?.clone();
                one(Operation::AddConstraint { model: model.clone(), constraint })
            }
            Operation::RenameConstraint { model, name, to } => {
                one(Operation::RenameConstraint { model: model.clone(), name: to.clone(), to: name.clone() })
            }
            Operation::RunSql { describe, sql, reverse, state, elidable } => {
                let reverse = reverse.clone().ok_or_else(|| self.irreversible())?;
                let state = invert_all(before, state)?;
                one(Operation::RunSql {
                    describe: describe.clone(),
                    sql: reverse,
                    reverse: Some(sql.clone()),
                    state,
                    elidable: *elidable,
                })
            }
            Operation::RunRust { name, reverse, elidable } => {
                let reverse = reverse.clone().ok_or_else(|| self.irreversible())?;
                one(Operation::RunRust { name: reverse, reverse: Some(name.clone()), elidable: *elidable })
            }
            Operation::Separate { database, state } => {
                one(Operation::Separate { database: invert_all(before, database)?, state: invert_all(before, state)? })
            }
        }
    }

    fn irreversible(&self) -> crate::Error {
        error!(M030, "\"{}\" cannot be undone: it has no reverse", self.describe()).with_hint(
            "give the operation a `reverse` in its file (an empty one if nothing is to be done), and say \
                 `repair --accept` with the migration's name: its file is not as it was applied then",
        )
    }

    /// `back`, and whatever else is needed where names that happened to look like defaults followed it.
    fn corrected(&self, before: &Schema, back: Operation) -> Result<Vec<Operation>> {
        let mut state = before.clone();
        self.apply(&mut state)?;
        back.apply(&mut state)?;
        let mut operations = vec![back];
        for (key, wanted) in &before.models {
            let Some(found) = state.models.get(key) else { continue };
            if found.table != wanted.table {
                let fix = Operation::RenameTable { model: key.clone(), table: wanted.table.clone() };
                fix.apply(&mut state)?;
                operations.push(fix);
            }
            let Some(found) = state.models.get(key) else { continue };
            let differing: Vec<_> = wanted
                .fields
                .iter()
                .filter(|field| found.field(&field.name).is_some_and(|found| found != *field))
                .cloned()
                .collect();
            for field in differing {
                let fix = Operation::AlterField { model: key.clone(), field, fill: None };
                fix.apply(&mut state)?;
                operations.push(fix);
            }
        }
        Ok(operations)
    }
}

fn constraint<'a>(model: &'a Model, name: &str) -> Result<&'a Constraint> {
    let found = model.constraints.iter().find(|constraint| constraint.name() == name);
    found.ok_or_else(|| error!(M014, "`{}` has no constraint `{name}`", model.key))
}

/// The operations that undo a list of operations applied to `before`.
pub fn invert_all(before: &Schema, operations: &[Operation]) -> Result<Vec<Operation>> {
    let mut state = before.clone();
    let mut inverses = Vec::with_capacity(operations.len());
    for operation in operations {
        inverses.push(operation.invert(&state)?);
        operation.apply(&mut state)?;
    }
    Ok(inverses.into_iter().rev().flatten().collect())
}
