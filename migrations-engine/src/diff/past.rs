//! What earlier migrations tell of names: of models, of their fields and of what they have in the database.
//!
//! Files of several applications are run in any order that their dependencies allow, so who takes a name, or takes one away, comes
//! after all who used it.

use std::collections::{BTreeMap, BTreeSet};

use super::split::uses;
use crate::graph::MigrationSet;
use crate::operation::Operation;
use crate::schema::{Constraint, Model, ModelKey, Schema};

/// Names of applications.
type Apps = BTreeSet<String>;

/// Which applications have migrations that used a name.
#[derive(Default)]
pub(super) struct Past {
    /// Those that speak of a model, or let go of it, under the name that it has in the end.
    models: BTreeMap<ModelKey, Apps>,
    /// Those in which something refers to a field of a model by its name, which it has in the end.
    fields: BTreeMap<ModelKey, BTreeMap<String, Apps>>,
    /// Those that took a name in the database or left it.
    stored: BTreeMap<String, Apps>,
}

/// What becomes of names by an operation.
pub(super) struct Names {
    /// Models that are called so from now on.
    taken: Vec<ModelKey>,
    /// Models that are no longer called so, or that others can no longer refer to as they did.
    left: Vec<ModelKey>,
    /// Fields of a model that others can no longer refer to as they did.
    estranged: Option<(ModelKey, Vec<String>)>,
    /// Names in the database that are someone's from now on.
    pub(super) stored_taken: BTreeSet<String>,
    /// Names in the database that are free from now on.
    pub(super) stored_left: BTreeSet<String>,
}

impl Names {
    /// Carries the operation out on the state, unless it does not fit, and says what becomes of names. `writes` are the models that it changes.
    pub(super) fn by(operation: &Operation, state: &mut Schema, writes: &BTreeSet<ModelKey>) -> Self {
        let (taken, left) = models(operation);
        let estranged = estranged(state, operation);
        let before = stored(state, writes);
        // Operations come from `diff` in an order that fits, and files have been read as they are.
        let _ = operation.apply(state);
        let after = stored(state, writes);
        Names {
            taken,
            left,
            estranged,
            stored_taken: after.difference(&before).cloned().collect(),
            stored_left: before.difference(&after).cloned().collect(),
        }
    }
}

impl Past {
    /// What the migrations of a set tell.
    pub(super) fn of(set: &MigrationSet) -> Self {
        let mut past = Past::default();
        let mut state = Schema::default();
        for migration in set.order().unwrap_or_default() {
            for operation in migration.operations.iter().flat_map(on_state) {
                past.add(&migration.id.app, operation, &mut state);
            }
        }
        past
    }

    fn add(&mut self, app: &str, operation: &Operation, state: &mut Schema) {
        let (writes, reads) = uses(state, operation);
        let names = Names::by(operation, state, &writes);
        for key in writes.iter().chain(&reads).chain(&names.taken).chain(&names.left) {
            self.models.entry(key.clone()).or_default().insert(app.to_owned());
        }
        for (key, field) in referred(operation) {
            let fields = self.fields.entry(key.clone()).or_default();
            fields.entry(field.to_owned()).or_default().insert(app.to_owned());
        }
        for name in names.stored_taken.iter().chain(&names.stored_left) {
            self.stored.entry(name.clone()).or_default().insert(app.to_owned());
        }
        // References follow a model to its new name, and a field.
        if let ([new], [old]) = (names.taken.as_slice(), names.left.as_slice()) {
            let apps = self.models.get(old).cloned().unwrap_or_default();
            self.models.entry(new.clone()).or_default().extend(apps);
            let fields = self.fields.get(old).cloned().unwrap_or_default();
            self.fields.entry(new.clone()).or_default().extend(fields);
        }
        if let Operation::RenameField { model, field, to, .. } = operation
            && let Some(fields) = self.fields.get_mut(model)
        {
            let apps = fields.get(field).cloned().unwrap_or_default();
            fields.entry(to.clone()).or_default().extend(apps);
        }
    }

    /// The applications that used what becomes of names now.
    pub(super) fn used(&self, names: &Names) -> impl Iterator<Item = &String> {
        let models = names.taken.iter().chain(&names.left).filter_map(|key| self.models.get(key));
        let fields = names.estranged.iter().filter_map(|(model, fields)| Some((self.fields.get(model)?, fields)));
        let fields = fields.flat_map(|(past, fields)| fields.iter().filter_map(|field| past.get(field)));
        let stored = names.stored_taken.iter().filter_map(|name| self.stored.get(name));
        models.chain(fields).chain(stored).flatten()
    }
}

/// Whether what earlier migrations tell of names may matter to an operation.
pub(super) fn asks_past(operation: &Operation) -> bool {
    match operation {
        Operation::AddField { field, .. } => field.many().is_some(),
        Operation::RemoveIndex { .. } | Operation::AlterComment { .. } => false,
        _ => true,
    }
}

/// What an operation does to the state, one by one.
fn on_state(operation: &Operation) -> &[Operation] {
    match operation {
        Operation::Separate { state, .. } | Operation::RunSql { state, .. } => state,
        _ => std::slice::from_ref(operation),
    }
}

/// The names of models that an operation takes, and those that it leaves to others or makes others unable to refer to.
fn models(operation: &Operation) -> (Vec<ModelKey>, Vec<ModelKey>) {
    match operation {
        Operation::CreateModel(model) => (vec![model.key.clone()], Vec::new()),
        Operation::DeleteModel { model } | Operation::AlterPrimaryKey { model, .. } => {
            (Vec::new(), vec![model.clone()])
        }
        Operation::RenameModel { model, to, .. } => {
            (vec![ModelKey::new(model.app.clone(), to.clone())], vec![model.clone()])
        }
        Operation::MoveModel { model, from } => (vec![model.clone()], vec![from.clone()]),
        _ => (Vec::new(), Vec::new()),
    }
}

/// The fields, with their models, to which an operation makes something refer by their names.
fn referred(operation: &Operation) -> Vec<(&ModelKey, &str)> {
    let (fields, constraints) = match operation {
        Operation::CreateModel(model) => (model.fields.as_slice(), model.constraints.as_slice()),
        Operation::AddField { field, .. } | Operation::AlterField { field, .. } => {
            (std::slice::from_ref(field), &[][..])
        }
        Operation::AddConstraint { constraint, .. } => (&[][..], std::slice::from_ref(constraint)),
        _ => return Vec::new(),
    };
    let relations = fields.iter().filter_map(|field| field.relation.as_ref());
    let by_relation = relations.filter_map(|relation| Some((&relation.to, relation.to_field.as_deref()?)));
    let by_constraint = constraints.iter().filter_map(|constraint| match constraint {
        Constraint::ForeignKey { to, to_fields, .. } => Some(to_fields.iter().map(move |field| (to, field.as_str()))),
        Constraint::Unique { .. } | Constraint::Check { .. } | Constraint::Exclude { .. } => None,
    });
    by_relation.chain(by_constraint.flatten()).collect()
}

/// The model and its fields that an operation makes others unable to refer to as they did.
fn estranged(state: &Schema, operation: &Operation) -> Option<(ModelKey, Vec<String>)> {
    match operation {
        Operation::RemoveField { model, field } | Operation::RenameField { model, field, .. } => {
            Some((model.clone(), vec![field.clone()]))
        }
        Operation::AlterField { model, field, .. } => Some((model.clone(), vec![field.name.clone()])),
        Operation::RemoveConstraint { model, name } => {
            let mut constraints = state.models.get(model)?.constraints.iter();
            let gone = constraints.find(|constraint| constraint.name() == name)?;
            let unique = matches!(gone, Constraint::Unique { .. });
            unique.then(|| (model.clone(), gone.fields().into_iter().map(str::to_owned).collect()))
        }
        _ => None,
    }
}

/// The names that models have in the database.
fn stored(state: &Schema, models: &BTreeSet<ModelKey>) -> BTreeSet<String> {
    models.iter().filter_map(|key| state.models.get(key)).flat_map(Model::stored).collect()
}
