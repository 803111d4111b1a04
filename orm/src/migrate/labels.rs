//! Labels that generic foreign keys hold follow the models that they name.

use super::engine_error;
use crate::{Result, model::LABEL_LENGTH};
use migrations_engine::{
    Migration, MigrationId, MigrationSet, Operation, Schema,
    operation::SqlText,
    schema::{ColumnType, Field, Model, ModelKey},
};
use std::collections::BTreeMap;

/// The new migrations with statements beside each operation that renames a model or moves it to another application: in every table
/// with a generic foreign key they give the labels of its rows the new name, and the old one on the way back.
///
/// `makemigrations` calls it; so does whoever makes migrations by [`engine::autodetect`](super::engine::autodetect).
///
/// # Errors
/// When the migrations do not fit together.
///
/// ```
/// # use library::*;
/// use orm::migrate::{engine::{self, MigrationSet, diff::Refuse}, engine_error, follow_labels, schema};
/// let set = MigrationSet::default();
/// let new = engine::autodetect(&set, &schema(&[library()])?, &mut Refuse).map_err(engine_error)?;
/// // Nothing was renamed.
/// assert_eq!(follow_labels(&set, new.clone())?, new);
/// # Ok::<(), orm::Error>(())
/// ```
pub fn follow_labels(set: &MigrationSet, mut new: Vec<Migration>) -> Result<Vec<Migration>> {
    let mut rewritten: Vec<(String, MigrationId)> = set.iter().flat_map(rewritten_by).collect();
    let mut latest: BTreeMap<String, MigrationId> = BTreeMap::new();
    let mut state = set.state().map_err(engine_error)?;
    for migration in &mut new {
        for operation in std::mem::take(&mut migration.operations) {
            // The statements name a table and its columns: what changes these comes after them, and goes back before.
            let changed = holder(&operation, &state);
            let before = rewritten.iter().filter(|(table, _)| changed.is_some_and(|model| model.table == *table));
            depend(migration, before.map(|(_, id)| id));
            operation.apply(&mut state).map_err(engine_error)?;
            let names = match &operation {
                Operation::RenameModel { model, to, .. } => Some((model.clone(), ModelKey::new(&*model.app, &**to))),
                Operation::MoveModel { model, from } => Some((from.clone(), model.clone())),
                _ => None,
            };
            migration.operations.push(operation);
            let Some((old, new)) = names else { continue };
            let holders = state.models.values().filter(|model| model.managed && labels(model).next().is_some());
            let holders: Vec<&Model> = holders.collect();
            for model in &holders {
                let known = latest.get(&model.key.app);
                depend(migration, known.map_or_else(|| set.leaves(&model.key.app), |id| vec![id]));
            }
            if !holders.is_empty() {
                migration.operations.push(rewrite(&holders, &old, &new));
            }
        }
        rewritten.extend(rewritten_by(migration));
        latest.insert(migration.id.app.clone(), migration.id.clone());
    }
    Ok(new)
}

/// Makes a migration come after others.
fn depend<'a>(migration: &mut Migration, others: impl IntoIterator<Item = &'a MigrationId>) {
    for other in others {
        if other.app != migration.id.app && !migration.depends_on.contains(other) {
            migration.depends_on.push(other.clone());
        }
    }
}

/// The model that an operation changes, where its table holds labels.
fn holder<'s>(operation: &Operation, state: &'s Schema) -> Option<&'s Model> {
    let changed = match operation {
        Operation::MoveModel { from, .. } => Some(from),
        operation => operation.model(),
    };
    state.models.get(changed?).filter(|model| labels(model).next().is_some())
}

/// The columns of a table that hold labels.
fn labels(model: &Model) -> impl Iterator<Item = &str> {
    labelled(model).map(|(label, _)| label.column.as_str())
}

/// The labels and keys of generic foreign keys: a text of that length beside a key whose name begins alike.
pub(crate) fn labelled(model: &Model) -> impl Iterator<Item = (&Field, &Field)> {
    model.fields.iter().filter_map(|label| {
        let stem = label.column.strip_suffix("_model")?;
        let key = model.fields.iter().find(|key| key.column.strip_suffix("_key") == Some(stem))?;
        (label.ty == ColumnType::Char { max_length: LABEL_LENGTH }).then_some((label, key))
    })
}

/// What the description of an operation that gives labels a new name begins with.
const LABELS: &str = "Labels of ";

fn rewrite(holders: &[&Model], old: &ModelKey, new: &ModelKey) -> Operation {
    let texts = |from: &ModelKey, to: &ModelKey| {
        let statements = |quote: char| {
            let name = |name: &str| format!("{quote}{}{quote}", name.replace(quote, &format!("{quote}{quote}")));
            let columns =
                holders.iter().flat_map(|model| labels(model).map(|column| (name(&model.table), name(column))));
            let statement = |(table, column)| format!("UPDATE {table} SET {column} = '{to}' WHERE {column} = '{from}'");
            columns.map(statement).collect::<Vec<_>>()
        };
        let by_database = [("all", '"'), ("mysql", '`')].map(|(name, quote)| (name.to_owned(), statements(quote)));
        SqlText { by_database: by_database.into() }
    };
    Operation::RunSql {
        describe: format!("{LABELS}{old} become {new}"),
        sql: texts(old, new),
        reverse: Some(texts(new, old)),
        state: Vec::new(),
        // New databases have no rows with the old label.
        elidable: true,
    }
}

/// The tables whose labels a migration gives a new name.
fn rewritten_by(migration: &Migration) -> Vec<(String, MigrationId)> {
    let statements = migration.operations.iter().filter_map(|operation| match operation {
        Operation::RunSql { describe, sql, .. } if describe.starts_with(LABELS) => sql.by_database.get("all"),
        _ => None,
    });
    let table = |statement: &String| Some(statement.strip_prefix("UPDATE \"")?.split_once('"')?.0.to_owned());
    statements.flatten().filter_map(table).map(|table| (table, migration.id.clone())).collect()
}
