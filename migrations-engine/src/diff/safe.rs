//! New migrations in a form that does not hold up those who work on the database (`makemigrations --safe`).

use crate::migration::{Migration, MigrationId};
use crate::operation::{Operation, SqlText};
use crate::schema::{Constraint, Field, Schema};

use super::apart::{Apart, apart};
use super::expand::{Expanded, expanded};
use super::split::words;

/// What an operation asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It is quick, together with others.
    Together,
    /// It is long, and is done in steps where nothing is locked for long, outside of a transaction.
    Apart,
}

/// Whether an operation on a table that may have rows would lock it for long.
fn way(state: &Schema, made: &[Operation], operation: &Operation) -> Way {
    let Some(model) = operation.model() else { return Way::Together };
    if made.iter().any(|operation| matches!(operation, Operation::CreateModel(made) if made.key == *model)) {
        return Way::Together;
    }
    let hangs = |field: &Field| {
        let enforced = field.relation.as_ref().is_some_and(|relation| relation.db_constraint && field.has_column());
        (field.index, field.unique, enforced)
    };
    match operation {
        Operation::AddIndex { .. } | Operation::RemoveIndex { .. } => Way::Apart,
        Operation::AddConstraint { constraint, .. } => match constraint {
            Constraint::Unique { .. } | Constraint::Check { .. } | Constraint::ForeignKey { .. } => Way::Apart,
            // There is no way that locks for less.
            Constraint::Exclude { .. } => Way::Together,
        },
        Operation::AddField { field, .. } if hangs(field) != (false, false, false) => Way::Apart,
        Operation::AlterField { model, field, .. } => {
            let old = state.models.get(model).and_then(|model| model.field(&field.name));
            let changed = old.is_some_and(|old| hangs(old) != hangs(field) || (old.null && !field.null));
            if changed { Way::Apart } else { Way::Together }
        }
        _ => Way::Together,
    }
}

/// The same migrations in more steps: what is long by itself and not atomic, so that indexes are made and constraints
/// checked while rows are written; fields that programs of the version before do not know first with NULL; and renames with
/// both names at first, until those programs are gone.
///
/// `from` is the state before the first of them. They lead to the same state.
pub fn safe(from: &Schema, new: Vec<Migration>) -> Vec<Migration> {
    safe_steps(from, new).into_iter().map(|step| step.migration).collect()
}

/// One of the migrations that [`safe`] gives.
#[derive(Debug, Clone, PartialEq)]
pub struct SafeStep {
    /// The migration.
    pub migration: Migration,
    /// Whether it is to be run only when programs of the version before are gone.
    pub later: bool,
}

/// The same as [`safe`], and which of them are for later.
pub fn safe_steps(from: &Schema, new: Vec<Migration>) -> Vec<SafeStep> {
    let mut state = from.clone();
    let mut out: Vec<SafeStep> = Vec::new();
    let mut renamed: Vec<(MigrationId, MigrationId)> = Vec::new();
    for migration in new {
        let shift = out.iter().filter(|other| other.migration.id.app == migration.id.app).count()
            - renamed.iter().filter(|(old, _)| old.app == migration.id.app).count();
        let mut runs: Vec<(Way, Vec<Operation>)> = Vec::new();
        let mut last: Vec<Operation> = Vec::new();
        let mut made: Vec<Operation> = Vec::new();
        let mut operations = migration.operations.clone();
        let mut changed_after: Option<Operation> = None;
        let mut at = 0;
        while at < operations.len() {
            if let Some(Apart { operations: sorted, after }) = apart(&state, &operations, at) {
                (operations, changed_after) = (sorted, after);
            }
            let operation = &operations[at];
            let (now, way) = match expanded(&state, &operations, at) {
                Some(Expanded { now, long, later, first }) => {
                    last.splice(0..0, first);
                    last.extend(later);
                    last.extend(changed_after.take());
                    last.extend(labels_again(operation, operations.get(at + 1)));
                    (now, if long { Way::Apart } else { Way::Together })
                }
                None => {
                    let rest = &operations[at + 1..];
                    let (now, later) = steps(&made, rest, operation.clone());
                    last.extend(later);
                    let way = way(&state, &made, &now);
                    (vec![now], way)
                }
            };
            for now in now {
                // Operations come from `diff`: they fit.
                let _ = now.apply(&mut state);
                made.push(now.clone());
                match runs.last_mut() {
                    Some((same, operations)) if *same == way => operations.push(now),
                    _ => runs.push((way, vec![now])),
                }
            }
            at += 1;
        }
        last.iter().for_each(|operation| drop(operation.apply(&mut state)));
        let later = !last.is_empty();
        if later {
            runs.push((Way::Apart, last));
        }
        let count = runs.len();
        let number = migration.id.number() + u32::try_from(shift).unwrap_or(0);
        let single = count == 1;
        let mut previous: Option<MigrationId> = None;
        for (at, (way, operations)) in runs.into_iter().enumerate() {
            let number = number + u32::try_from(at).unwrap_or(0);
            let name = match single {
                true => migration
                    .id
                    .name
                    .trim_start_matches(|c: char| c.is_ascii_digit())
                    .trim_start_matches('_')
                    .to_owned(),
                false => words(&operations),
            };
            let mut part = Migration::new(MigrationId::new(migration.id.app.clone(), format!("{number:04}_{name}")));
            part.atomic = way == Way::Together;
            part.operations = operations;
            part.depends_on = match &previous {
                Some(previous) => vec![previous.clone()],
                None => migration
                    .depends_on
                    .iter()
                    .map(|id| renamed.iter().find(|(old, _)| old == id).map_or(id, |(_, new)| new).clone())
                    .collect(),
            };
            previous = Some(part.id.clone());
            out.push(SafeStep { migration: part, later: later && at + 1 == count });
        }
        if let Some(last) = previous {
            renamed.push((migration.id, last));
        }
    }
    out
}

/// Programs of the version before go on to write a model's old name into generic keys: what gives these the new one, behind its rename, is
/// done once more in the end.
fn labels_again(operation: &Operation, next: Option<&Operation>) -> Option<Operation> {
    match (operation, next?) {
        (Operation::RenameModel { .. }, Operation::RunSql { describe, sql, state, elidable, .. }) => {
            Some(Operation::RunSql {
                describe: describe.clone(),
                sql: sql.clone(),
                reverse: Some(SqlText::new().with("all", [])),
                state: state.clone(),
                elidable: *elidable,
            })
        }
        _ => None,
    }
}

/// What is done at once, and what only when programs of the version before are gone.
fn steps(made: &[Operation], rest: &[Operation], operation: Operation) -> (Operation, Option<Operation>) {
    let Operation::AddField { model, field, fill } = &operation else { return (operation, None) };
    let new = made.iter().any(|operation| matches!(operation, Operation::CreateModel(made) if made.key == *model));
    let given = field.null || field.db_default.is_some() || field.generated.is_some() || field.auto;
    // A key takes no NULL.
    let becomes_key = rest.iter().any(|operation| {
        matches!(operation, Operation::AlterPrimaryKey { model: of, primary_key } if of == model && primary_key.contains(&field.name))
    });
    if new || given || becomes_key || !field.has_column() || (fill.is_none() && field.default.is_none()) {
        return (operation, None);
    }
    let nullable = Field { null: true, ..field.clone() };
    let first = Operation::AddField { model: model.clone(), field: nullable, fill: None };
    let then = Operation::AlterField { model: model.clone(), field: field.clone(), fill: fill.clone() };
    (first, Some(then))
}
