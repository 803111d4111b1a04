//! Last pass: operations become migrations, per application, that depend on each other.

use std::collections::{BTreeMap, BTreeSet};

use super::past::{Names, Past, asks_past};
use crate::graph::MigrationSet;
use crate::migration::{Migration, MigrationId};
use crate::operation::Operation;
use crate::schema::{Constraint, ModelKey, Schema};

/// A migration in the making.
struct Part {
    app: String,
    operations: Vec<Operation>,
    /// Earlier parts that it needs, at any distance.
    needs: BTreeSet<usize>,
    /// Models of other applications that it needs from existing migrations.
    existing: BTreeSet<String>,
}

/// Models an operation changes, and models it merely needs.
pub(super) fn uses(state: &Schema, operation: &Operation) -> (BTreeSet<ModelKey>, BTreeSet<ModelKey>) {
    let inside: &[Operation] = if let Operation::Separate { state, .. } = operation { state } else { &[] };
    let models = operation.model().into_iter().chain(inside.iter().filter_map(Operation::model));
    let writes: BTreeSet<ModelKey> = models.cloned().collect();
    let mut reads: BTreeSet<ModelKey> = operation.depends_on().into_iter().cloned().collect();
    // What it lets go of counts too: a model is deleted after the last reference to it.
    let old = match operation {
        Operation::RemoveField { model, field } => state.models.get(model).and_then(|model| model.field(field)),
        Operation::AlterField { model, field, .. } => {
            state.models.get(model).and_then(|model| model.field(&field.name))
        }
        _ => None,
    };
    if let Some(relation) = old.and_then(|old| old.relation.as_ref()) {
        reads.insert(relation.to.clone());
        reads.extend(relation.many_to_many.as_ref().and_then(|many| many.through.clone()));
    }
    match operation {
        Operation::DeleteModel { model } => {
            let gone = || state.models.get(model).into_iter();
            let relations = gone().flat_map(|model| model.fields.iter().filter_map(|field| field.relation.as_ref()));
            reads.extend(relations.map(|relation| relation.to.clone()));
            reads.extend(gone().flat_map(|model| &model.constraints).filter_map(Constraint::target).cloned());
        }
        Operation::RemoveConstraint { model, name } => {
            let constraints = state.models.get(model).into_iter().flat_map(|model| &model.constraints);
            let gone = constraints.filter(|constraint| constraint.name() == name);
            reads.extend(gone.filter_map(Constraint::target).cloned());
        }
        _ => {}
    }
    let mut writes = writes;
    if let Operation::RenameModel { model, to, .. } = operation {
        writes.insert(ModelKey::new(model.app.clone(), to.clone()));
        // The rename reaches into every model that refers to it.
        reads.extend(state.referring_to(model).map(|model| model.key.clone()));
    }
    if let Operation::RenameField { model, field, .. } = operation {
        // So does that of a field which others name.
        reads.extend(
            state.referring_to(model).filter(|other| other.names_field(model, field)).map(|other| other.key.clone()),
        );
    }
    if let Operation::MoveModel { from, .. } = operation {
        writes.insert(from.clone());
        reads.extend(state.referring_to(from).map(|model| model.key.clone()));
    }
    reads.retain(|key| !writes.contains(key));
    (writes, reads)
}

/// Cuts ordered operations into migrations.
pub(super) fn split(set: &MigrationSet, from: &Schema, operations: Vec<Operation>) -> Vec<Migration> {
    let mut state = from.clone();
    let mut parts: Vec<Part> = Vec::new();
    let mut current: BTreeMap<String, usize> = BTreeMap::new();
    let mut written: BTreeMap<ModelKey, BTreeSet<usize>> = BTreeMap::new();
    let mut read: BTreeMap<ModelKey, BTreeSet<usize>> = BTreeMap::new();
    let mut left: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    let past = if operations.iter().any(asks_past) { Past::of(set) } else { Past::default() };
    for operation in operations {
        let of_state = match &operation {
            Operation::Separate { state, .. } => state.first(),
            _ => None,
        };
        let Some(app) = operation.model().or(of_state.and_then(Operation::model)).map(|key| key.app.clone()) else {
            continue;
        };
        let (writes, reads) = uses(&state, &operation);
        let names = Names::by(&operation, &mut state, &writes);
        let mut needs = BTreeSet::new();
        for key in writes.iter().chain(&reads) {
            needs.extend(written.get(key).into_iter().flatten());
        }
        // What is only added disturbs nobody who needs the rest.
        let adds = matches!(
            operation,
            Operation::AddField { .. } | Operation::AddIndex { .. } | Operation::AddConstraint { .. }
        );
        for key in writes.iter().filter(|_| !adds) {
            needs.extend(read.get(key).into_iter().flatten());
        }
        for name in &names.stored_taken {
            needs.extend(left.get(name).into_iter().flatten());
        }
        let own = current.get(&app).copied();
        needs.retain(|need| Some(*need) != own);
        let all: BTreeSet<usize> =
            needs.iter().flat_map(|need| parts[*need].needs.iter().copied().chain([*need])).collect();
        let at = match own {
            Some(own) if !all.contains(&own) => own,
            own => {
                parts.push(Part {
                    app: app.clone(),
                    operations: Vec::new(),
                    needs: own.into_iter().flat_map(|own| parts[own].needs.iter().copied().chain([own])).collect(),
                    existing: BTreeSet::new(),
                });
                current.insert(app.clone(), parts.len() - 1);
                parts.len() - 1
            }
        };
        parts[at].needs.extend(all);
        // Whoever needs this part needs what it needs now.
        let needs = parts[at].needs.clone();
        for part in &mut parts {
            if part.needs.contains(&at) {
                part.needs.extend(needs.iter().copied());
            }
        }
        let elsewhere = |key: &&ModelKey| key.app != app && from.models.contains_key(*key);
        parts[at].existing.extend(reads.iter().chain(&writes).filter(elsewhere).map(|key| key.app.clone()));
        parts[at].existing.extend(past.used(&names).filter(|other| **other != app).cloned());
        for name in names.stored_left {
            left.entry(name).or_default().insert(at);
        }
        for key in writes {
            written.entry(key).or_default().insert(at);
        }
        for key in reads {
            read.entry(key).or_default().insert(at);
        }
        parts[at].operations.push(operation);
    }
    name(set, parts)
}

/// Numbers and names the parts.
fn name(set: &MigrationSet, parts: Vec<Part>) -> Vec<Migration> {
    let mut last: BTreeMap<String, MigrationId> = BTreeMap::new();
    let leaf = |app: &str| set.leaves(app).last().map(|leaf| (*leaf).clone());
    let mut ids = Vec::new();
    let mut apps_of: Vec<Option<MigrationId>> = Vec::new();
    for part in &parts {
        let previous = last.get(&part.app).cloned().or_else(|| leaf(&part.app));
        let number = previous.as_ref().map_or(0, MigrationId::number) + 1;
        let words = if previous.is_none() { "initial".to_owned() } else { words(&part.operations) };
        let id = MigrationId::new(part.app.clone(), format!("{number:04}_{words}"));
        last.insert(part.app.clone(), id.clone());
        ids.push(id);
        apps_of.push(previous);
    }
    let mut migrations = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let mut depends_on: BTreeSet<MigrationId> = apps_of[at].clone().into_iter().collect();
        // Only the nearest: what they need themselves goes without saying.
        let implied: BTreeSet<usize> = part.needs.iter().flat_map(|need| parts[*need].needs.iter().copied()).collect();
        depends_on.extend(part.needs.difference(&implied).map(|need| ids[*need].clone()));
        let covered: BTreeSet<String> = part.needs.iter().map(|need| parts[*need].app.clone()).collect();
        depends_on.extend(part.existing.iter().filter(|app| !covered.contains(*app)).filter_map(|app| leaf(app)));
        let mut migration = Migration::new(ids[at].clone());
        migration.depends_on = depends_on.into_iter().collect();
        migration.operations.clone_from(&part.operations);
        migrations.push(migration);
    }
    in_order(migrations)
}

/// Each after those it depends on.
fn in_order(mut left: Vec<Migration>) -> Vec<Migration> {
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let waits = |migration: &Migration| {
            migration.depends_on.iter().any(|needed| left.iter().any(|other| other.id == *needed))
        };
        // Parts do not depend on each other in circles.
        let at = left.iter().position(|migration| !waits(migration)).unwrap_or(0);
        ordered.push(left.remove(at));
    }
    ordered
}

/// Words for a file name from what the operations do.
pub(crate) fn words(operations: &[Operation]) -> String {
    const MOST: usize = 52;
    let mut slugs: Vec<String> = Vec::new();
    for slug in operations.iter().map(Operation::slug) {
        if !slug.is_empty() && !slugs.contains(&slug) {
            slugs.push(slug);
        }
    }
    let mut words = slugs.first().cloned().unwrap_or_else(|| "empty".to_owned());
    for slug in slugs.iter().skip(1) {
        if words.len() + slug.len() > MOST {
            words += "_and_more";
            break;
        }
        words += "_";
        words += slug;
    }
    words
}
