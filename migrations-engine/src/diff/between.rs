//! Many-to-manys that get a model for the table that they had: its rows stay.

use crate::error::Result;
use crate::operation::Operation;
use crate::plan::through_model;
use crate::schema::{Field, Model, ModelKey, Schema};

/// Finds them, applies them to the state and gives them as operations: the state gets the model, as the table is now, and the
/// database stays as it is. What the model has otherwise is compared then as with any model.
pub(super) fn models_between(state: &mut Schema, to: &Schema) -> Result<Vec<Operation>> {
    let mut operations = Vec::new();
    for new in to.models.values() {
        for field in &new.fields {
            let Some(old) = state.models.get(&new.key) else { break };
            let Some(made) = old.field(&field.name).and_then(|was| made(state, to, old, was, field)) else { continue };
            let model = new.key.clone();
            let operation = Operation::Separate {
                database: Vec::new(),
                state: vec![
                    Operation::RemoveField { model: model.clone(), field: field.name.clone() },
                    Operation::CreateModel(made),
                    Operation::AddField { model, field: field.clone(), fill: None },
                ],
            };
            operation.apply(state)?;
            operations.push(operation);
        }
    }
    Ok(operations)
}

/// The model of the table that `was` had, with the names that the new model gives to its fields.
fn made(state: &Schema, to: &Schema, owner: &Model, was: &Field, now: &Field) -> Option<Model> {
    let between = through_model(owner, was)?;
    let through = to.models.get(now.many()?.through.as_ref()?)?;
    let target = &was.relation.as_ref()?.to;
    let is_new = !state.models.contains_key(&through.key) && through.key.app == owner.key.app;
    if !is_new || now.relation.as_ref()?.to != *target || !through.managed {
        return None;
    }
    let keys_to = |key: &ModelKey| -> Vec<&Field> {
        let keys = through.fields.iter().filter(|field| field.has_column());
        keys.filter(|field| field.relation.as_ref().is_some_and(|relation| relation.to == *key)).collect()
    };
    let (source, far) = match (&*keys_to(&owner.key), &*keys_to(target)) {
        ([source], [far]) if owner.key != *target => (*source, *far),
        // To itself: from the first to the second.
        ([source, far], _) if owner.key == *target => (*source, *far),
        _ => return None,
    };
    let id = match &*through.primary_key {
        [key] if through.field(key).is_some_and(|key| key.auto) => key.as_str(),
        _ => "id",
    };
    let mut made = between;
    made.key = through.key.clone();
    let mut rename = |name: &mut String| {
        *name = match name.as_str() {
            "source" => source.name.clone(),
            "target" => far.name.clone(),
            _ => id.to_owned(),
        }
    };
    made.fields.iter_mut().for_each(|field| rename(&mut field.name));
    made.primary_key.iter_mut().for_each(&mut rename);
    made.constraints.iter_mut().for_each(|constraint| constraint.rename_fields(&mut rename));
    Some(made)
}
