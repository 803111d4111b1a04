//! Taking over a database whose tables are there already (`--fake-initial`).

use super::{Connection, live};
use crate::error::{Result, error};
use crate::migration::Migration;
use crate::operation::Operation;
use crate::plan::through_model;
use crate::schema::{Field, Model};

/// Whether a migration is the first of its application and only makes things.
fn is_initial(migration: &Migration) -> bool {
    let first = migration.depends_on.iter().all(|needed| needed.app != migration.id.app);
    let makes = |operation: &Operation| {
        matches!(
            operation,
            Operation::CreateModel(_)
                | Operation::AddField { .. }
                | Operation::AddIndex { .. }
                | Operation::AddConstraint { .. }
        )
    };
    first && migration.operations.iter().all(makes)
}

/// Whether everything that an initial migration makes is there: then it need only be recorded. `M087` if a part is.
pub(super) async fn is_there<C: Connection>(connection: &mut C, migration: &Migration) -> Result<bool> {
    if !is_initial(migration) {
        return Ok(false);
    }
    let mut models: Vec<Model> = Vec::new();
    for operation in &migration.operations {
        match operation {
            Operation::CreateModel(model) if model.managed => models.push(model.clone()),
            Operation::AddField { model, field, .. } => {
                if let Some(owner) = models.iter_mut().find(|owner| owner.key == *model) {
                    owner.fields.push(field.clone());
                }
            }
            _ => {}
        }
    }
    let between: Vec<Model> =
        models.iter().flat_map(|model| model.fields.iter().filter_map(|field| through_model(model, field))).collect();
    models.extend(between);
    let (mut there, mut missing) = (Vec::new(), Vec::new());
    for model in &models {
        let live = live::columns(connection, &model.table).await?;
        if live.is_empty() {
            missing.push(format!("the table `{}`", model.table));
            continue;
        }
        there.push(format!("`{}`", model.table));
        let has = |field: &&Field| live.iter().any(|column| column.eq_ignore_ascii_case(&field.column));
        let columns = model.fields.iter().filter(|field| field.has_column()).filter(|field| !has(field));
        missing.extend(columns.map(|field| format!("the column `{}`.`{}`", model.table, field.column)));
    }
    if there.is_empty() || missing.is_empty() {
        return Ok(!there.is_empty());
    }
    Err(error!(M087, "`{}`: {} are there, but {} is not", migration.id, there.join(", "), missing.join(", "))
        .with_hint("make the models like the tables that exist (or the tables like the models) before the first migration is recorded"))
}
