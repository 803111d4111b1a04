//! The applications of the program, their models by labels, and the foreign keys that point to each model.
//!
//! An application is known from the moment one of its models is used, or when it is registered by [`register`], which
//! `Project` does for each of its applications. A foreign key of an application that is neither is not known: then the
//! database's own constraint decides what a deletion does.

use super::{AppSpec, FieldMeta, GenericShape, ModelMeta, OnDelete, RelationKind};
use crate::{Value, tree::ModelRef};
use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

static APPS: RwLock<Vec<&'static AppSpec>> = RwLock::new(Vec::new());
static KNOWN: RwLock<Option<(usize, Arc<References>)>> = RwLock::new(None);

/// A foreign key, seen from the model that it points to.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    /// The model that has it.
    pub(crate) model: ModelRef,
    /// Its field there.
    pub(crate) field: u16,
    /// What happens to its rows.
    pub(crate) on_delete: OnDelete,
    /// Of a generic foreign key: what it holds where it points to the model.
    pub(crate) label: Option<(GenericShape, String)>,
}

impl Reference {
    /// Its columns.
    pub(crate) fn columns(&self) -> Vec<u16> {
        self.model.fields[usize::from(self.field)].columns().collect()
    }

    /// What its columns hold where it points to one of these rows.
    pub(crate) fn held(&self, keys: &[Vec<Value>]) -> Vec<Vec<Value>> {
        let Some((shape, label)) = &self.label else { return keys.to_vec() };
        let held = |key: &Vec<Value>| match &key[..] {
            [key] => Some(vec![Value::Text(label.clone()), shape.held(key)?]),
            _ => None,
        };
        keys.iter().filter_map(held).collect()
    }
}

type References = HashMap<usize, Vec<Reference>>;

/// Makes an application's models known to deletions in other applications.
///
/// ```
/// static EMPTY: orm::model::AppSpec = orm::model::AppSpec {
///     label: "empty", manifest_dir: "", file: "", package: "", models: &[], migrations: &[],
/// };
/// orm::model::register(&EMPTY);
/// ```
pub fn register(app: &'static AppSpec) {
    crate::db::name_fields_by(fields_of);
    let known = |apps: &[&'static AppSpec]| apps.iter().any(|other| std::ptr::eq(*other, app));
    if known(&APPS.read().unwrap_or_else(PoisonError::into_inner)) {
        return;
    }
    let mut apps = APPS.write().unwrap_or_else(PoisonError::into_inner);
    if !known(&apps) {
        apps.push(app);
    }
}

/// The model of a table, and its fields that have these columns; of a many-to-many's table the field that makes it.
fn fields_of(table: &str, columns: &[String]) -> Option<(Cow<'static, str>, Vec<String>)> {
    models().find_map(|model| {
        if model.has_table(table) {
            return Some((model.name.clone(), model.fields_with(columns)));
        }
        let makes = |field: &&FieldMeta| {
            let relation = field.relation.as_ref().filter(|_| field.makes_table());
            let through = relation.and_then(|relation| relation.through(&ModelRef::Static(model), field));
            through.is_some_and(|through| through.model().has_table(table))
        };
        let field = model.fields.iter().find(makes)?;
        Some((model.name.clone(), vec![field.name.to_string()]))
    })
}

/// The models of the applications that are known.
pub(crate) fn models() -> impl Iterator<Item = &'static ModelMeta> {
    // Making metadata registers applications: no lock is held while it is made.
    let apps = APPS.read().unwrap_or_else(PoisonError::into_inner).clone();
    apps.into_iter().flat_map(AppSpec::models)
}

/// The model with a label.
pub(crate) fn labelled(label: &str) -> Option<&'static ModelMeta> {
    models().find(|model| model.has_label(label))
}

/// The foreign keys that point to a model.
pub(crate) fn references_to(model: &ModelRef) -> Vec<Reference> {
    let address = std::ptr::from_ref::<ModelMeta>(model).addr();
    if let ModelRef::Member(set, _) = model {
        let mut found = References::new();
        (0..set.len()).for_each(|place| add(&mut found, &ModelRef::Member(set.clone(), place)));
        return found.remove(&address).unwrap_or_default();
    }
    references().get(&address).cloned().unwrap_or_default()
}

fn references() -> Arc<References> {
    let count = APPS.read().unwrap_or_else(PoisonError::into_inner).len();
    if let Some((at, known)) = &*KNOWN.read().unwrap_or_else(PoisonError::into_inner)
        && *at == count
    {
        return known.clone();
    }
    // Building metadata registers applications: no lock is held here, and what comes in between is found the next time.
    let mut found = References::new();
    let mut done = 0;
    loop {
        let next = APPS.read().unwrap_or_else(PoisonError::into_inner).get(done).copied();
        let Some(app) = next else { break };
        app.models().for_each(|model| add(&mut found, &ModelRef::Static(model)));
        done += 1;
    }
    let found = Arc::new(found);
    *KNOWN.write().unwrap_or_else(PoisonError::into_inner) = Some((done, found.clone()));
    found
}

fn add(found: &mut References, model: &ModelRef) {
    for (index, field) in model.fields.iter().enumerate() {
        let Some(relation) = &field.relation else { continue };
        match relation.kind {
            RelationKind::ForeignKey { .. } | RelationKind::OneToOne { .. } => {
                let address = std::ptr::from_ref::<ModelMeta>(&relation.target()).addr();
                let on_delete = field.options.on_delete.unwrap_or_default();
                let reference = Reference { model: model.clone(), field: index as u16, on_delete, label: None };
                found.entry(address).or_default().push(reference);
            }
            RelationKind::HasMany => {
                let (target, own) = (relation.target(), std::ptr::from_ref::<ModelMeta>(model).addr());
                let Some(key) = relation.reverse(model, field) else { continue };
                let key_field = &target.fields[usize::from(key)];
                let Some(shape) = key_field.generic else { continue };
                let on_delete = key_field.options.on_delete.unwrap_or(OnDelete::Cascade);
                let references = found.entry(own).or_default();
                let known = |known: &Reference| known.field == key && known.model == target && known.label.is_some();
                if !references.iter().any(known) {
                    let label = Some((shape, model.label()));
                    references.push(Reference { model: target, field: key, on_delete, label });
                }
            }
            RelationKind::ManyToMany { .. } if field.makes_table() => {
                if let Some(through) = relation.through(model, field) {
                    add(found, &through.model());
                }
            }
            _ => {}
        }
    }
}
