//! Renames that a person has said: by `renamed_from`, which may be left over from an earlier migration, or by a flag. They are
//! carried out even where the new name is taken.

use std::collections::{BTreeMap, BTreeSet};

use super::Questioner;
use super::asked::Asked;
use super::exchange;
use crate::error::{Result, error};
use crate::graph::MigrationSet;
use crate::operation::Operation;
use crate::schema::{Field, Model, ModelKey, Schema};

/// What the fields were called before, by the migrations that there are.
#[derive(Debug, Default)]
pub(super) struct FormerNames {
    /// By what they are called now.
    names: BTreeMap<(ModelKey, String), BTreeSet<String>>,
    /// Fields that are gone: another may have taken their place without being renamed.
    gone: BTreeSet<(ModelKey, String)>,
    /// What models were called.
    models: BTreeMap<ModelKey, BTreeSet<ModelKey>>,
    /// Models that are gone.
    models_gone: BTreeSet<ModelKey>,
}

impl FormerNames {
    pub(super) fn of(set: &MigrationSet) -> Self {
        let mut names = FormerNames::default();
        set.iter().flat_map(|migration| &migration.operations).for_each(|operation| names.note(operation));
        names
    }

    fn note(&mut self, operation: &Operation) {
        match operation {
            Operation::RenameField { model, field, to, .. } => {
                let mut names = self.names.remove(&(model.clone(), field.clone())).unwrap_or_default();
                names.insert(field.clone());
                self.names.entry((model.clone(), to.clone())).or_default().extend(names);
            }
            Operation::RenameModel { model, to, .. } => self.move_model(model, &ModelKey::new(&*model.app, &**to)),
            Operation::MoveModel { model, from } => self.move_model(from, model),
            Operation::RemoveField { model, field } => {
                self.names.remove(&(model.clone(), field.clone()));
                self.gone.insert((model.clone(), field.clone()));
            }
            Operation::DeleteModel { model } => {
                self.models.remove(model);
                self.models_gone.insert(model.clone());
                self.names.retain(|(owner, _), _| owner != model);
                self.gone.retain(|(owner, _)| owner != model);
            }
            Operation::RunSql { state, .. } | Operation::Separate { state, .. } => {
                state.iter().for_each(|operation| self.note(operation));
            }
            Operation::CreateModel(_)
            | Operation::RenameTable { .. }
            | Operation::AlterComment { .. }
            | Operation::AlterManaged { .. }
            | Operation::AlterPrimaryKey { .. }
            | Operation::AddField { .. }
            | Operation::AlterField { .. }
            | Operation::AddIndex { .. }
            | Operation::RemoveIndex { .. }
            | Operation::RenameIndex { .. }
            | Operation::AddConstraint { .. }
            | Operation::RemoveConstraint { .. }
            | Operation::RenameConstraint { .. }
            | Operation::RunRust { .. } => {}
        }
    }

    fn move_model(&mut self, from: &ModelKey, to: &ModelKey) {
        let mut was = self.models.remove(from).unwrap_or_default();
        was.insert(from.clone());
        self.models.entry(to.clone()).or_default().extend(was);
        let moved = |owner: ModelKey| if owner == *from { to.clone() } else { owner };
        let names = std::mem::take(&mut self.names).into_iter();
        self.names = names.map(|((owner, field), names)| ((moved(owner), field), names)).collect();
        self.gone = std::mem::take(&mut self.gone).into_iter().map(|(owner, field)| (moved(owner), field)).collect();
    }

    /// Whether a model was called so.
    pub(super) fn knows_model(&self, model: &ModelKey, name: &str) -> bool {
        let named = |names: &BTreeSet<ModelKey>| names.contains(&ModelKey::new(&*model.app, name));
        self.models.get(model).is_some_and(named)
    }

    fn knows(&self, model: &ModelKey, field: &str, name: &str) -> bool {
        self.names.get(&(model.clone(), field.to_owned())).is_some_and(|names| names.contains(name))
    }
}

/// What models say of themselves that cannot be meant: it is told, or refused where rows might be lost by it.
pub(super) fn look_at_models(state: &Schema, to: &Schema, former: &FormerNames, asked: &mut Asked<'_>) -> Result<()> {
    for new in to.models.values() {
        let Some(said) = new.renamed_from.0.as_deref() else { continue };
        let from = said.parse().unwrap_or_else(|_| ModelKey::new(&*new.key.app, said));
        if from == new.key || former.models.get(&new.key).is_some_and(|names| names.contains(&from)) {
            continue;
        }
        let says = format!("`{}` says `renamed_from = \"{said}\"`, but", new.key);
        let (was, is, stays) =
            (state.models.contains_key(&from), state.models.contains_key(&new.key), to.models.contains_key(&from));
        let exchanged = || {
            let back = to.models.get(&from).and_then(|other| other.renamed_from.0.as_deref());
            back.is_some_and(|back| back == new.key.name || back == new.key.to_string())
        };
        match (was, is) {
            // It was said by a flag, too, for this once.
            (true, true) if asked.questioner.was_told_renamed(&from.to_string(), &new.key.name) => {}
            (true, true) if !stays || exchanged() => {
                let taken = error!(M012, "{says} there already is a model `{}`", new.key).with_hint(
                    "rename it out of the way in a migration before this one, or say once that it goes, by --rename app.A=B --remove app.B; \
                     or take the attribute away. Models that exchange their names are told once, by --rename app.A=B --rename app.B=A",
                );
                asked.heard::<()>(Err(taken))?;
            }
            (true, _) if stays => asked.questioner.tell(&format!(
                "{says} `{from}` is still a model: nothing is renamed. Take the attribute away, or remove `{from}`"
            )),
            (true, _) => {}
            (false, true) if former.models_gone.contains(&from) => {}
            (false, true) => asked.questioner.tell(&format!(
                "{says} there was no such model: nothing is renamed. Correct the attribute, or take it away"
            )),
            (false, false) => {
                let gone = state.models.keys().filter(|key| key.app == new.key.app && !to.models.contains_key(key));
                let like = gone.min_by_key(|key| strsim::levenshtein(&key.name, &from.name));
                // Where nothing is gone, nothing can be lost: its migrations may have been made anew.
                let Some(like) = like else { continue };
                let wrong = error!(M012, "{says} there was no such model; `{like}` is gone: is it that one?")
                    .with_hint("write the name that it had, or take the attribute away");
                asked.heard::<()>(Err(wrong))?;
            }
        }
    }
    Ok(())
}

/// A rename that was said.
#[derive(Debug, Clone)]
struct Wish {
    from: String,
    to: String,
}

/// The operations that carry out what was said of the fields of a model; the state follows.
pub(super) fn carry_out(
    state: &mut Schema,
    new: &Model,
    former: &FormerNames,
    asked: &mut Asked<'_>,
) -> Result<Vec<Operation>> {
    let Some(old) = state.models.get(&new.key) else { return Ok(Vec::new()) };
    let said = wishes(old, new, former, asked.questioner);
    let Some(mut left) = asked.heard(said)? else { return Ok(Vec::new()) };
    let mut operations = Vec::new();
    for wish in left.clone() {
        let taken = old_field(state, new, &wish.to).filter(|_| !left.iter().any(|other| other.from == wish.to));
        if let Some(field) = taken.cloned() {
            make_room(state, new, &field, asked, &mut operations)?;
        }
    }
    while !left.is_empty() {
        let free = left.iter().position(|wish| old_field(state, new, &wish.to).is_none());
        let (from, to) = match free {
            Some(at) => {
                let Wish { from, to } = left.remove(at);
                (from, to)
            }
            // They exchange their names: one steps aside.
            None => {
                let aside = format!("{}__", left[0].from);
                (std::mem::replace(&mut left[0].from, aside.clone()), aside)
            }
        };
        let keep_column = old_field(state, new, &from).zip(new.field(&to)).is_some_and(|(old, new)| stays(old, new));
        act(state, Operation::RenameField { model: new.key.clone(), field: from, to, keep_column }, &mut operations)?;
    }
    Ok(operations)
}

fn act(state: &mut Schema, operation: Operation, operations: &mut Vec<Operation>) -> Result<()> {
    operation.apply(state)?;
    operations.push(operation);
    Ok(())
}

fn old_field<'s>(state: &'s Schema, new: &Model, name: &str) -> Option<&'s Field> {
    state.models.get(&new.key)?.field(name)
}

/// Whether a renamed field keeps its column, although that has the default name.
pub(super) fn stays(old: &Field, new: &Field) -> bool {
    let default = if old.relation.is_some() { crate::naming::relation_column(&old.name) } else { old.name.clone() };
    old.has_column() && old.column == new.column && old.column == default
}

/// Removes the field whose name another takes, with what uses it; the person agrees, as with any removal.
fn make_room(
    state: &mut Schema,
    new: &Model,
    field: &Field,
    asked: &mut Asked<'_>,
    operations: &mut Vec<Operation>,
) -> Result<()> {
    let (model, name) = (new.key.clone(), field.name.clone());
    if new.managed && field.holds_values() {
        let agreed = asked.questioner.may_remove_field(&model, field).and_then(|may| match may {
            true => Ok(()),
            false => Err(error!(M021, "another field takes the name of `{model}.{name}`, which may not be removed")),
        });
        asked.heard(agreed)?;
    }
    let old = state.get(&model)?;
    let users: Vec<String> = old.using_field(&name).into_iter().map(str::to_owned).collect();
    for user in users {
        let old = state.get(&model)?;
        if old.indexes.iter().any(|index| index.name == user) {
            act(state, Operation::RemoveIndex { model: model.clone(), name: user }, operations)?;
        } else if old.constraints.iter().any(|constraint| constraint.name() == user) {
            act(state, Operation::RemoveConstraint { model: model.clone(), name: user }, operations)?;
        }
    }
    act(state, Operation::RemoveField { model, field: name }, operations)
}

/// What was said of the fields of a model and is not done yet.
fn wishes(old: &Model, new: &Model, former: &FormerNames, questioner: &mut dyn Questioner) -> Result<Vec<Wish>> {
    let mut wishes: Vec<Wish> = Vec::new();
    let mut told: BTreeSet<String> = BTreeSet::new();
    for field in &new.fields {
        let others = || old.fields.iter().filter(|other| other.name != field.name);
        let place = |other: &&Field| questioner.was_told_renamed(&format!("{}.{}", new.key, other.name), &field.name);
        let from = match others().find(place) {
            Some(from) => {
                told.insert(field.name.clone());
                Some(from.name.clone())
            }
            None => said(old, new, field, former, questioner)?,
        };
        wishes.extend(from.map(|from| Wish { from, to: field.name.clone() }));
    }
    let pairs: Vec<(String, String)> = wishes.iter().map(|wish| (wish.from.clone(), wish.to.clone())).collect();
    if let Some((from, to)) = exchange::again(&pairs, |from, to| former.knows(&new.key, to, from)) {
        return Err(exchange::exchanged(&format!("{}.{from}", new.key), to));
    }
    // What keeps its name cannot give it away; what then stays where it is cannot, either.
    while let Some(at) = wishes.iter().position(|wish| {
        let moves = new.field(&wish.from).is_none() || wishes.iter().any(|other| other.to == wish.from);
        !moves || wishes.iter().filter(|other| other.from == wish.from).count() > 1
    }) {
        let Wish { from, to } = wishes.remove(at);
        let (model, name) = (&new.key, format!("{}.{to}", new.key));
        if told.contains(&to) {
            return Err(error!(M023, "`--rename {model}.{from}={to}`: `{from}` is still in the model, or renamed to another")
                .with_hint("a field that is renamed is gone under its old name; to keep both, copy the values in a migration of your own"));
        }
        questioner.tell(&format!(
            "`{name}` says `renamed_from = \"{from}\"`, but `{from}` is still in the model, or renamed to another: nothing is renamed. \
             Take the attribute away, or remove `{from}`"
        ));
    }
    Ok(wishes)
}

/// The field that another says it was, if that is one, and not what it was called before an earlier migration.
fn said(
    old: &Model,
    new: &Model,
    field: &Field,
    former: &FormerNames,
    questioner: &mut dyn Questioner,
) -> Result<Option<String>> {
    let Some(from) = field.renamed_from.0.as_deref().filter(|from| *from != field.name) else { return Ok(None) };
    if former.knows(&new.key, &field.name, from) {
        return Ok(None);
    }
    if old.field(from).is_some() {
        return Ok(Some(from.to_owned()));
    }
    if old.field(&field.name).is_some() && former.gone.contains(&(new.key.clone(), from.to_owned())) {
        return Ok(None);
    }
    let wrong = format!("`{}.{}` says `renamed_from = \"{from}\"`, but there was no such field", new.key, field.name);
    let gone = old.fields.iter().filter(|other| new.field(&other.name).is_none());
    let like = gone.map(|field| field.name.as_str()).min_by_key(|other| strsim::levenshtein(from, other));
    let meant = like.map_or_else(String::new, |like| format!("; `{like}` is gone from the model: is it that one?"));
    if old.field(&field.name).is_none() {
        return Err(error!(M012, "{wrong}{meant}").with_hint("write the name that it had, or take the attribute away"));
    }
    questioner.tell(&format!("{wrong}{meant}: nothing is renamed. Correct the attribute, or take it away"));
    Ok(None)
}
