//! Third pass: an order in which every wanted operation fits the state it meets.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::circle::loosen;
use crate::error::{Result, fail};
use crate::operation::Operation;
use crate::schema::{Constraint, Field, Model, ModelKey, Schema};

/// Which of two operations that do not depend on each other comes first: what makes room, then
/// what is new, then what changes, then what was only kept until nothing used it any more.
fn rank(operation: &Operation) -> u8 {
    match operation {
        Operation::RemoveConstraint { .. } | Operation::RemoveIndex { .. } => 0,
        Operation::RenameConstraint { .. } | Operation::RenameIndex { .. } => 1,
        Operation::RenameModel { .. } | Operation::MoveModel { .. } | Operation::RenameField { .. } => 2,
        Operation::RenameTable { .. } | Operation::AlterManaged { .. } => 3,
        Operation::AlterComment { .. } => 4,
        Operation::RemoveField { .. } => 5,
        Operation::CreateModel(_) => 6,
        // What is computed from a field is so from what that has become.
        Operation::AddField { field, .. } if field.generated.is_some() => 9,
        Operation::AddField { .. } => 7,
        Operation::AlterField { .. } => 8,
        Operation::AlterPrimaryKey { .. } => 10,
        Operation::DeleteModel { .. } => 11,
        Operation::AddConstraint { .. } | Operation::AddIndex { .. } => 12,
        Operation::RunSql { .. } | Operation::RunRust { .. } | Operation::Separate { .. } => 13,
    }
}

/// Orders the operations that lead to the state `to`, and applies them.
pub(super) fn order(state: &mut Schema, to: &Schema, wanted: Vec<Operation>) -> Result<Vec<Operation>> {
    let (creates, mut rest): (Vec<Operation>, Vec<Operation>) =
        wanted.into_iter().partition(|operation| matches!(operation, Operation::CreateModel(_)));
    let models = creates.into_iter().filter_map(|operation| match operation {
        Operation::CreateModel(model) => Some(model),
        _ => None,
    });
    rest.extend(creation_order(models.collect()));
    let apart = keys_apart(state, &mut rest);
    rest.extend(apart);
    let turns: Vec<u8> = rest.iter().map(|operation| turn(state, &rest, operation)).collect();
    let mut ranked: Vec<(u8, Operation)> = turns.into_iter().zip(rest).collect();
    ranked.sort_by_key(|(turn, operation)| (rank(operation), *turn));
    let mut queue: VecDeque<Operation> = ranked.into_iter().map(|(_, operation)| operation).collect();
    let mut database = Database::between(state, to);
    let mut ordered = Vec::new();
    let mut waiting = VecDeque::new();
    let mut last_error = None;
    loop {
        let before = ordered.len();
        while let Some(operation) = queue.pop_front() {
            match database.apply(state, &operation) {
                Ok(()) => {
                    // A full key first: this field was given to `CreateModel` or `AddField` without it.
                    ordered.push(operation);
                    // What waited may fit now, and ranks before the rest.
                    if !waiting.is_empty() && unlocks(ordered.last()) {
                        while let Some(operation) = waiting.pop_back() {
                            queue.push_front(operation);
                        }
                    }
                }
                Err(error) => {
                    last_error = Some(error);
                    waiting.push_back(operation);
                }
            }
        }
        if waiting.is_empty() {
            return Ok(ordered);
        }
        std::mem::swap(&mut queue, &mut waiting);
        if ordered.len() == before && !loosen(state, &mut queue, &mut database, &mut ordered) {
            break;
        }
    }
    match last_error {
        Some(error) => Err(error),
        None => Ok(ordered),
    }
}

/// What the database asks of an order beyond the state: a name is free before another has it, and a foreign key of several columns
/// leads to what is unique.
pub(super) struct Database<'a> {
    goal: &'a Schema,
    /// Who has a name and leaves it.
    pub(super) leaving: BTreeMap<String, BTreeSet<ModelKey>>,
}

impl<'a> Database<'a> {
    fn between(state: &Schema, goal: &'a Schema) -> Self {
        let mut leaving: BTreeMap<String, BTreeSet<ModelKey>> = BTreeMap::new();
        for model in state.models.values() {
            let kept = goal.models.get(&model.key).map(Model::stored).unwrap_or_default();
            for name in model.stored().into_iter().filter(|name| !kept.contains(name)) {
                leaving.entry(name).or_default().insert(model.key.clone());
            }
        }
        Database { goal, leaving }
    }

    /// Who has a name still, of others than `model`.
    pub(super) fn holder(&self, state: &Schema, model: &ModelKey, name: &str) -> Option<&ModelKey> {
        let has = |key: &&ModelKey| state.models.get(*key).is_some_and(|holder| holder.stored().contains(name));
        self.leaving.get(name)?.iter().filter(|key| *key != model).find(has)
    }

    /// Whether what a foreign key leads to is unique already, if it will be by a constraint.
    fn has_unique(&self, state: &Schema, to: &ModelKey, fields: &[String]) -> bool {
        let of = |schema: &Schema| -> BTreeSet<String> {
            let constraints = schema.models.get(to).into_iter().flat_map(|model| &model.constraints);
            let unique = constraints.filter(|it| {
                matches!(it, Constraint::Unique { .. })
                    && it.fields().into_iter().eq(fields.iter().collect::<BTreeSet<_>>())
            });
            unique.map(|unique| unique.name().to_owned()).collect()
        };
        let goal = of(self.goal);
        goal.is_empty() || !goal.is_disjoint(&of(state))
    }

    /// Applies an operation to the state, unless the database has to wait.
    fn apply(&self, state: &mut Schema, operation: &Operation) -> Result<()> {
        if let Operation::AddConstraint { model, constraint: Constraint::ForeignKey { name, to, to_fields, .. } } =
            operation
            && !self.has_unique(state, to, to_fields)
        {
            fail!(M016, "`{name}` of `{model}` refers to what is not unique in `{to}`");
        }
        let Some(key) = operation.model().filter(|_| !self.leaving.is_empty()) else { return operation.apply(state) };
        let was = state.models.get(key).cloned();
        if let Operation::AddField { field, .. } | Operation::AlterField { field, .. } = operation
            && field.own_table().is_some()
            && let (Some(is), Some(goal)) = (&was, self.goal.models.get(key))
            && is.table != goal.table
        {
            // It is called after the table, and would follow that back where all is undone.
            fail!(M011, "`{key}` has not the table `{}` yet", goal.table);
        }
        operation.apply(state)?;
        let stored = |model: Option<&Model>| model.map(Model::stored).unwrap_or_default();
        let (before, after) = (stored(was.as_ref()), stored(state.models.get(key)));
        let Some((name, holder)) =
            after.difference(&before).find_map(|name| Some((name, self.holder(state, key, name)?.clone())))
        else {
            return Ok(());
        };
        match was {
            Some(was) => state.insert(was),
            None => state.models.remove(key),
        };
        fail!(M011, "`{key}` is to have `{name}`, which belongs to `{holder}`")
    }
}

/// Foreign keys of several columns apart from the models that come and go with them, where what they stand on comes and goes, too.
fn keys_apart(state: &Schema, wanted: &mut [Operation]) -> Vec<Operation> {
    let changed: Vec<Operation> =
        wanted.iter().filter(|other| !matches!(other, Operation::CreateModel(_))).cloned().collect();
    let is_unique = |constraint: &Constraint| matches!(constraint, Constraint::Unique { .. });
    let moves = |constraint: &Constraint| {
        let Constraint::ForeignKey { to, to_fields, .. } = constraint else { return false };
        let was = || state.models.get(to).into_iter().flat_map(|to| &to.constraints);
        changed.iter().filter(|other| other.model() == Some(to)).any(|other| match other {
            Operation::AddField { field, .. } | Operation::AlterField { field, .. } => to_fields.contains(&field.name),
            Operation::AlterPrimaryKey { .. } => true,
            Operation::AddConstraint { constraint, .. } => is_unique(constraint),
            Operation::RemoveConstraint { name, .. } => was().any(|was| was.name() == name && is_unique(was)),
            _ => false,
        })
    };
    let mut apart = Vec::new();
    for operation in wanted {
        match operation {
            Operation::CreateModel(model) => {
                let (later, stay) = std::mem::take(&mut model.constraints).into_iter().partition(moves);
                model.constraints = stay;
                let add = |constraint| Operation::AddConstraint { model: model.key.clone(), constraint };
                apart.extend(Vec::into_iter(later).map(add));
            }
            Operation::DeleteModel { model } => {
                let constraints = state.models.get(model).into_iter().flat_map(|gone| &gone.constraints);
                let remove = |constraint: &Constraint| Operation::RemoveConstraint {
                    model: model.clone(),
                    name: constraint.name().to_owned(),
                };
                apart.extend(constraints.filter(|constraint| moves(constraint)).map(remove));
            }
            _ => {}
        }
    }
    apart
}

/// Which of two that rank alike comes first. What is computed leaves a field before that changes, and comes to one after it has changed;
/// a foreign key of several columns comes after what is unique, and goes before it.
fn turn(state: &Schema, all: &[Operation], operation: &Operation) -> u8 {
    let (model, field) = match operation {
        Operation::AlterField { model, field, .. } => (model, field),
        Operation::AddConstraint { constraint, .. } => return u8::from(constraint.target().is_some()),
        Operation::RemoveConstraint { model, name } => {
            let constraints = state.models.get(model).map(|model| &model.constraints).into_iter().flatten();
            return u8::from(!constraints.filter(|it| it.target().is_some()).any(|it| it.name() == name));
        }
        _ => return 0,
    };
    let altered = || {
        all.iter().filter_map(|other| match other {
            Operation::AlterField { model: own, field, .. } if own == model => Some(field),
            _ => None,
        })
    };
    let from = |computed: &Field, name: &str| {
        computed.generated.as_ref().is_some_and(|generated| generated.expr.fields().contains(&name))
    };
    let was = |name: &str| state.models.get(model).and_then(|model| model.field(name));
    match field.generated.is_some() {
        true if altered().any(|other| from(field, &other.name)) => 2,
        true => 0,
        false => {
            let leaves = |computed: &Field| {
                !from(computed, &field.name) && was(&computed.name).is_some_and(|was| from(was, &field.name))
            };
            if altered().any(leaves) { 3 } else { 1 }
        }
    }
}

/// Whether an operation can make others possible.
fn unlocks(operation: Option<&Operation>) -> bool {
    operation.is_some_and(|operation| (5..=11).contains(&rank(operation)))
}

/// Models in an order in which each finds those it refers to; where they refer to each other in a
/// circle, a field comes later by `AddField`, with what mentions it.
fn creation_order(models: Vec<Model>) -> Vec<Operation> {
    let new: BTreeSet<ModelKey> = models.iter().map(|model| model.key.clone()).collect();
    let mut left: BTreeMap<ModelKey, Model> = models.into_iter().map(|model| (model.key.clone(), model)).collect();
    let mut needs: BTreeMap<ModelKey, BTreeSet<ModelKey>> =
        left.values().map(|model| (model.key.clone(), needed(model, &new))).collect();
    let mut needed_by: BTreeMap<ModelKey, Vec<ModelKey>> = BTreeMap::new();
    for (key, on) in &needs {
        for other in on {
            needed_by.entry(other.clone()).or_default().push(key.clone());
        }
    }
    let mut ready: BTreeSet<ModelKey> =
        needs.iter().filter(|(_, on)| on.is_empty()).map(|(key, _)| key.clone()).collect();
    let (mut creates, mut later) = (Vec::new(), Vec::new());
    let mut app: Option<String> = None;
    while !left.is_empty() {
        // Stay within an application as long as possible.
        let next = ready.iter().find(|key| Some(&key.app) == app.as_ref()).or(ready.first()).cloned();
        let key = match next {
            Some(key) => key,
            None => match cut(&left, &needs) {
                Some(key) => key,
                None => break,
            },
        };
        ready.remove(&key);
        let Some(mut model) = left.remove(&key) else { continue };
        let missing = needs.remove(&key).unwrap_or_default();
        if !missing.is_empty() {
            postpone(&mut model, &missing, &mut later);
        }
        app = Some(key.app.clone());
        creates.push(Operation::CreateModel(model));
        for other in needed_by.remove(&key).unwrap_or_default() {
            if let Some(on) = needs.get_mut(&other) {
                on.remove(&key);
                if on.is_empty() {
                    ready.insert(other);
                }
            }
        }
    }
    // A circle of keys that refer to each other: let the state say what is wrong.
    creates.extend(left.into_values().map(Operation::CreateModel));
    creates.extend(later);
    creates
}

/// The new models that a new model needs.
fn needed(model: &Model, new: &BTreeSet<ModelKey>) -> BTreeSet<ModelKey> {
    let operation = Operation::CreateModel(model.clone());
    operation.depends_on().into_iter().filter(|key| new.contains(*key)).cloned().collect()
}

/// The model to create first although others are missing: one whose key does not need them, with
/// the fewest columns to postpone, and then the fewest fields (a many-to-many has no column here).
fn cut(left: &BTreeMap<ModelKey, Model>, needs: &BTreeMap<ModelKey, BTreeSet<ModelKey>>) -> Option<ModelKey> {
    let postponed = |model: &Model| {
        let missing = needs.get(&model.key)?;
        let fields: Vec<&Field> = model.fields.iter().filter(|field| refers(field, missing)).collect();
        let fits = !fields.iter().any(|field| model.is_key(&field.name) || used_by_generated(model, field));
        let columns = fields.iter().filter(|field| field.many().is_none()).count();
        fits.then_some((columns, fields.len()))
    };
    left.values().filter_map(|model| Some((postponed(model)?, &model.key))).min().map(|(_, key)| key.clone())
}

fn used_by_generated(model: &Model, field: &Field) -> bool {
    model.fields.iter().any(|other| {
        other.generated.as_ref().is_some_and(|generated| generated.expr.fields().contains(&field.name.as_str()))
    })
}

fn refers(field: &Field, missing: &BTreeSet<ModelKey>) -> bool {
    field.relation.as_ref().is_some_and(|relation| {
        missing.contains(&relation.to)
            || relation
                .many_to_many
                .as_ref()
                .and_then(|many| many.through.as_ref())
                .is_some_and(|through| missing.contains(through))
    })
}

/// Takes the fields that need missing models out of a new model, with what mentions them.
fn postpone(model: &mut Model, missing: &BTreeSet<ModelKey>, later: &mut Vec<Operation>) {
    let key = model.key.clone();
    let (fields, kept): (Vec<Field>, Vec<Field>) = model.fields.drain(..).partition(|field| refers(field, missing));
    model.fields = kept;
    let names: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
    later.extend(fields.into_iter().map(|field| Operation::AddField { model: key.clone(), field, fill: None }));
    let mentions = |fields: &BTreeSet<&str>| names.iter().any(|name| fields.contains(name.as_str()));
    let (indexes, kept): (Vec<_>, Vec<_>) = model.indexes.drain(..).partition(|index| mentions(&index.fields()));
    model.indexes = kept;
    later.extend(indexes.into_iter().map(|index| Operation::AddIndex { model: key.clone(), index }));
    let (constraints, kept): (Vec<_>, Vec<_>) = model.constraints.drain(..).partition(|constraint| {
        let refers = matches!(constraint, Constraint::ForeignKey { to, .. } if missing.contains(to));
        refers || mentions(&constraint.fields())
    });
    model.constraints = kept;
    later.extend(constraints.into_iter().map(|constraint| Operation::AddConstraint { model: key.clone(), constraint }));
}
