//! `#[field(version)]`: a row is written only as it was read.

use super::{
    check::{field_name, refuse},
    delete::{For, below, columns_of, has_children},
    edit::values_of,
    point::{columns_in, key_values, not_found},
};
use crate::{
    Access, Code, Connection, Error, Model, Operation, Result, Value,
    model::ModelMeta,
    query::KeyPart,
    tree::{ModelRef, Select},
};
use std::collections::HashMap;

/// The version that a row had when it was read.
pub(super) fn as_read(meta: &ModelMeta, row: &[Value]) -> Option<(u16, Value)> {
    meta.version.map(|column| (column, row[usize::from(column)].clone()))
}

/// Refuses to set a version: it counts by itself.
pub(crate) fn refuse_set(meta: &ModelMeta, column: u16) -> Result<()> {
    match meta.version == Some(column) {
        false => Ok(()),
        true => Err(refuse(meta, column, Code::NotEditable, "is a version, which counts by itself", [])
            .with_hint("leave it out: each change counts it up by one")),
    }
}

/// Another has changed the row since it was read.
#[cold]
pub(super) fn stale(meta: &ModelMeta) -> Error {
    let name = meta.version.map(|column| field_name(meta, column));
    Error::new(Code::Stale, format!("this `{}` was changed since it was read", meta.name))
        .with_model(meta.name.clone())
        .with_fields(name)
        .with_hint("read it again, and apply the change to what it says now")
}

/// Why no row has this key and this version.
pub(super) async fn why_missing(conn: &mut Connection<'_>, model: &ModelRef, key: Vec<Value>) -> Error {
    match versions(conn, model, vec![key], false).await {
        Ok(found) if found.is_empty() => not_found(model),
        Ok(_) => stale(model),
        Err(error) => error,
    }
}

/// Locks a row that was read, and refuses it if it has another version by now, or a key that others have. It tells whether the row is there,
/// as far as is known: without a version, in a table that has a key, nothing is asked unless that is [wanted](Unchanged::looked_for).
pub(super) struct Unchanged {
    looks: bool,
    model: ModelRef,
    key: Vec<Value>,
    version: Option<Value>,
}

impl Unchanged {
    pub(super) fn of<M: Model>(row: &M) -> Result<Unchanged> {
        let version = match M::meta().version {
            None => None,
            Some(column) => values_of(row)?.into_iter().nth(usize::from(column)),
        };
        Ok(Unchanged { looks: false, model: ModelRef::Static(M::meta()), key: key_values(&row.key())?, version })
    }

    /// The same, and the row is looked for in any case.
    pub(super) fn looked_for(self) -> Unchanged {
        Unchanged { looks: true, ..self }
    }

    pub(super) fn key(&self) -> Vec<Value> {
        self.key.clone()
    }
}

impl Operation for Unchanged {
    type Output = bool;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<bool> {
        only(conn, &self.model, std::slice::from_ref(&self.key)).await?;
        if self.version.is_none() && !self.looks {
            return Ok(true);
        }
        if has_children(conn, &self.model) {
            below(conn, &self.model, std::slice::from_ref(&self.key), For::Deletion).await?;
        }
        let Some(version) = &self.version else {
            let mut rows = Select { for_update: true, ..Select::bare(self.model.clone()) };
            rows.add_filter(columns_in(&self.model, &self.model.key, vec![self.key.clone()]));
            return Ok(!columns_of(conn, rows, &self.model.key).await?.is_empty());
        };
        match versions(conn, &self.model, vec![self.key.clone()], true).await?.values().next() {
            Some(now) if now != version => Err(stale(&self.model)),
            now => Ok(now.is_some()),
        }
    }
}

/// Refuses keys that several rows have. Only a view or a table without a key has such rows, where what the model says tells them apart does not.
pub(super) async fn only(conn: &mut Connection<'_>, model: &ModelRef, keys: &[Vec<Value>]) -> Result<()> {
    if !model.keyless {
        return Ok(());
    }
    for key in keys {
        let mut rows = Select { limit: Some(2), ..Select::bare(model.clone()) };
        rows.add_filter(columns_in(model, &model.key, vec![key.clone()]));
        if columns_of(conn, rows, &model.key).await?.len() > 1 {
            return Err(model.shared_key("several rows have one that was to be written"));
        }
    }
    Ok(())
}

/// The versions of rows by their keys.
async fn versions(
    conn: &mut Connection<'_>,
    model: &ModelRef,
    keys: Vec<Vec<Value>>,
    for_update: bool,
) -> Result<HashMap<KeyPart<'static>, Value>> {
    let mut rows = Select { for_update, ..Select::bare(model.clone()) };
    rows.add_filter(columns_in(model, &model.key, keys));
    let columns: Vec<u16> = model.key.iter().copied().chain(model.version).collect();
    let found = columns_of(conn, rows, &columns).await?;
    Ok(found
        .into_iter()
        .filter_map(|mut row| row.pop().map(|version| (KeyPart::of_all(&row).into_owned(), version)))
        .collect())
}
