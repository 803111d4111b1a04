//! Changes of relations to many rows.

use super::{Catalog, Relate, Related, literal, names, path::field, refuse::refuse_asked, scope::bad};
use crate::{
    Code, Error, Executor, Result, Value,
    tree::{ModelRef, Step},
    write::{self, RelationChange},
};
use serde_json::Value as Json;

/// A change of a relation that has been checked.
#[derive(Debug, Clone)]
pub(super) struct Relating {
    step: Step,
    owner: Vec<Value>,
    change: RelationChange,
    keys: Vec<Vec<Value>>,
}

/// Checks the change of a relation: what is written has to be writable, wherever it stands.
pub(super) fn checked(catalog: &Catalog, relate: &Relate) -> Result<Relating> {
    let model = catalog.find(&relate.model)?.clone();
    let known = field(catalog, &model, &relate.relation).filter(|known| !known.is_key && known.column.is_none());
    let Some(known) = known else { return Err(catalog.unknown_field(&model, &relate.relation)) };
    let relation = model.fields[usize::from(known.index)].relation.as_ref();
    let Some(target) = relation.filter(|relation| !relation.is_to_one()).map(|relation| relation.target()) else {
        let what = format!("`{}` is no relation to many rows", names::shown(&relate.relation));
        return Err(bad(what).with_hint("a relation to one row is set by `update`"));
    };
    let not_here = |model: &ModelRef, name: &str| {
        let what = format!("`{name}` of `{}` cannot be set here", model.label());
        Error::new(Code::NotEditable, what).with_fields([name.to_owned()])
    };
    if catalog.is_protected(&model, known.index) {
        return Err(not_here(&model, &relate.relation));
    }
    let step = Step::new(model.clone(), known.index);
    match (step.between(), step.foreign_key()) {
        (Some(through), _) if through.automatic => catalog.find_writable(&model.label()).map(drop)?,
        (Some(through), _) => catalog.find_writable(&through.model().label()).map(drop)?,
        (None, Some(key)) => {
            catalog.find_writable(&target.label())?;
            if target.fields[usize::from(key)].options.asks {
                refuse_asked(&target)?;
            }
            if catalog.is_protected(&target, key) || !catalog.sees(&target, key) {
                return Err(not_here(&model, &relate.relation));
            }
        }
        (None, None) => return Err(bad(format!("`{}` leads nowhere", names::shown(&relate.relation)))),
    }
    let owner = key(&model, &relate.key)?;
    let (change, keys) = match &relate.change {
        Related::Add(keys) => (RelationChange::Add, &keys[..]),
        Related::Remove(keys) => (RelationChange::Remove, &keys[..]),
        Related::Set(keys) => (RelationChange::Set, &keys[..]),
        Related::Clear => (RelationChange::Clear, &[][..]),
    };
    let keys = keys.iter().map(|json| key(&target, json)).collect::<Result<_>>()?;
    Ok(Relating { step, owner, change, keys })
}

/// The values of a written key.
fn key(model: &ModelRef, json: &Json) -> Result<Vec<Value>> {
    let parts = match json {
        Json::Array(parts) if model.key.len() > 1 => &parts[..],
        one => std::slice::from_ref(one),
    };
    let wrong = || Error::new(Code::InvalidValue, format!("expected a key of `{}`", model.label()));
    if parts.len() != model.key.len() {
        let count = model.key.len();
        return Err(wrong().with_hint(format!("it has {count} columns: write a list with a value for each")));
    }
    let value = |(json, &column): (&Json, &u16)| {
        let kind = model.columns[usize::from(column)].kind;
        // A number that no such column can hold stays the number that it is, and is no key.
        literal::value(json, kind).ok().filter(|value| !value.is_null() && value.kind() == kind).ok_or_else(wrong)
    };
    parts.iter().zip(&model.key).map(value).collect()
}

impl Relating {
    /// Makes the change; gives the model whose relation it is, and how many relations came or went.
    pub(super) async fn run<E: Executor>(&self, ex: &E) -> Result<(&ModelRef, u64)> {
        let relate = write::relate(&self.step, self.owner.clone(), self.change, &self.keys)?;
        Ok((&self.step.model, write::run_relate(relate, ex).await?))
    }
}
