//! First pass: which models and fields are the same under another name.

use super::asked::Asked;
use super::exchange;
use super::wish::{FormerNames, carry_out, look_at_models, stays};
use crate::error::Result;
use crate::naming;
use crate::operation::Operation;
use crate::schema::{Field, Model, ModelKey, Schema};

/// Finds renames, applies them to the state and gives them as operations.
pub(super) fn renames(
    state: &mut Schema,
    to: &Schema,
    former: &FormerNames,
    asked: &mut Asked<'_>,
) -> Result<Vec<Operation>> {
    look_at_models(state, to, former, asked)?;
    let mut operations = exchange::models(state, to, former, asked)?;
    for new in to.models.values().filter(|new| !state.models.contains_key(&new.key)).collect::<Vec<_>>() {
        if let Some(old) = renamed_model(state, to, new, asked)? {
            let moves = |old: &Model| old.table == naming::table(&old.key) && naming::table(&new.key) != old.table;
            let keep_table = state.models.get(&old).is_some_and(|old| moves(old) && old.table == new.table);
            operations.push(Operation::RenameModel { model: old, to: new.key.name.clone(), keep_table });
        } else if let Some(from) = moved_model(state, to, new, asked)? {
            operations.push(Operation::MoveModel { model: new.key.clone(), from });
        } else {
            continue;
        }
        operations.last().map_or(Ok(()), |operation| operation.apply(state))?;
    }
    for new in to.models.values() {
        operations.extend(carry_out(state, new, former, asked)?);
        for field in &new.fields {
            let Some(old) = state.models.get(&new.key) else { break };
            if old.field(&field.name).is_some() {
                continue;
            }
            if let Some(was) = renamed_field(old, new, field, asked)? {
                let keep_column = old.field(&was).is_some_and(|old| stays(old, field));
                let (model, to) = (new.key.clone(), field.name.clone());
                let operation = Operation::RenameField { model, field: was, to, keep_column };
                operation.apply(state)?;
                operations.push(operation);
            }
        }
    }
    Ok(operations)
}

/// The old model that `new` is, if any.
fn renamed_model(state: &Schema, to: &Schema, new: &Model, asked: &mut Asked<'_>) -> Result<Option<ModelKey>> {
    let gone = |key: &ModelKey| key.app == new.key.app && !to.models.contains_key(key);
    if let Some(name) = &new.renamed_from.0 {
        let key = ModelKey::new(new.key.app.clone(), name.clone());
        if state.models.contains_key(&key) && gone(&key) {
            return Ok(Some(key));
        }
    }
    // Two models cannot have the same table: it is the same under another name.
    if let Some(old) = state.models.values().find(|old| gone(&old.key) && old.table == new.table) {
        return Ok(Some(old.key.clone()));
    }
    let mut candidates: Vec<(u32, &Model)> =
        state.models.values().filter(|old| gone(&old.key)).map(|old| (likeness(old, new), old)).collect();
    candidates.sort_by_key(|(likeness, _)| std::cmp::Reverse(*likeness));
    for (_, old) in &candidates {
        if asked.questioner.was_told_renamed(&old.key.to_string(), &new.key.name) {
            return Ok(Some(old.key.clone()));
        }
    }
    for (likeness, old) in candidates {
        // Half of the fields in common: likely enough to ask.
        if likeness >= 50 {
            let answer = asked.questioner.is_renamed_model(&old.key, &new.key);
            if asked.renamed(answer)? {
                return Ok(Some(old.key.clone()));
            }
        }
    }
    Ok(None)
}

/// The model of another application that `new` is, if any.
fn moved_model(state: &Schema, to: &Schema, new: &Model, asked: &mut Asked<'_>) -> Result<Option<ModelKey>> {
    let gone: Vec<&Model> =
        state.models.values().filter(|old| old.key.app != new.key.app && !to.models.contains_key(&old.key)).collect();
    let said = new.renamed_from.0.as_deref();
    let known = |old: &&&Model| old.table == new.table || said.is_some_and(|said| said == old.key.to_string());
    if let Some(old) = gone.iter().find(known) {
        return Ok(Some(old.key.clone()));
    }
    for old in &gone {
        if asked.questioner.was_told_renamed(&old.key.to_string(), &new.key.to_string()) {
            return Ok(Some(old.key.clone()));
        }
    }
    for old in gone.into_iter().filter(|old| old.key.name == new.key.name && likeness(old, new) >= 50) {
        let answer = asked.questioner.is_renamed_model(&old.key, &new.key);
        if asked.renamed(answer)? {
            return Ok(Some(old.key.clone()));
        }
    }
    Ok(None)
}

/// How many of the fields, the automatic key left out, have the same name and type, in percent.
fn likeness(old: &Model, new: &Model) -> u32 {
    let count = |model: &Model| model.fields.iter().filter(|field| !field.auto).count();
    let common = new
        .fields
        .iter()
        .filter(|field| !field.auto && old.field(&field.name).is_some_and(|old| old.ty == field.ty))
        .count();
    let most = count(old).max(count(new));
    // Two models without fields of their own may well be one.
    let percent = (common * 100).checked_div(most).map_or(50, |percent| u32::try_from(percent).unwrap_or(100));
    if percent < 50 && same_but_for_names(old, new) { 50 } else { percent }
}

/// Whether each field of one model is a field of the other under some name.
fn same_but_for_names(old: &Model, new: &Model) -> bool {
    let mut left: Vec<&Field> = old.fields.iter().collect();
    let found = |field: &Field, left: &mut Vec<&Field>| {
        let same = |was: &&Field| {
            let (name, column, default) = (field.name.clone(), field.column.clone(), field.default.clone());
            Field { name, column, default, ..(*was).clone() } == *field
        };
        left.iter().position(same).map(|at| left.remove(at)).is_some()
    };
    old.fields.len() == new.fields.len() && new.fields.iter().all(|field| found(field, &mut left))
}

/// The old field that `field` of the model `new` is, if any.
fn renamed_field(old: &Model, new: &Model, field: &Field, asked: &mut Asked<'_>) -> Result<Option<String>> {
    let gone = |was: &Field| new.field(&was.name).is_none();
    let mut candidates: Vec<&Field> = old.fields.iter().filter(|was| gone(was) && similar(was, field)).collect();
    // Those that differ in nothing but the name first, and of them the name that is most like it.
    candidates.sort_by_key(|was| {
        let renamed = Field { name: field.name.clone(), column: field.column.clone(), ..(*was).clone() };
        (renamed != *field, strsim::levenshtein(&was.name, &field.name))
    });
    for was in candidates {
        let answer = asked.questioner.is_renamed_field(&new.key, was, field);
        if asked.renamed(answer)? {
            return Ok(Some(was.name.clone()));
        }
    }
    Ok(None)
}

/// Whether one may be the other under a new name.
fn similar(old: &Field, new: &Field) -> bool {
    let kind =
        old.ty == new.ty || (old.ty.is_text() && new.ty.is_text()) || (old.ty.is_integer() && new.ty.is_integer());
    let relation = match (&old.relation, &new.relation) {
        (None, None) => true,
        (Some(old), Some(new)) => old.to == new.to && old.many_to_many.is_some() == new.many_to_many.is_some(),
        (None, Some(_)) | (Some(_), None) => false,
    };
    kind && relation && old.auto == new.auto && old.generated.is_some() == new.generated.is_some()
}
