//! What a database that others have made calls things, kept beside the history while a migration runs that may stop half way.
//! Once it has renamed tables and columns, and dropped things, that cannot be found out any more.
//!
//! A database whose things have the names that the migrations say has no such table, ever.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::on_update::OnUpdate;
use super::{Connection, database};
use crate::condition::Value;
use crate::error::{Result, error};
use crate::migration::MigrationId;
use crate::schema::{FieldNames, ModelKey, Schema};
use crate::sql::{Dialect, literal};

/// The table; it is there only while something is kept in it.
pub const NAMES_TABLE: &str = "orm_migration_names";

/// The names of a state that are the database's own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Of what hangs on fields.
    fields: Vec<(ModelKey, String, FieldNamesText)>,
    /// Of primary keys.
    keys: Vec<(ModelKey, String)>,
    /// Of indexes and unique constraints, by those that the state has.
    pub(super) indexes: BTreeMap<String, String>,
    /// What the foreign keys that the migration makes anew say of changed keys.
    #[serde(default)]
    pub(super) on_update: Vec<OnUpdate>,
}

/// `FieldNames` count as equal whatever they are, and what is kept does not.
type FieldNamesText = serde_json::Value;

impl Kept {
    /// What of a state has one of the names that were found in the database.
    pub(super) fn of(state: &Schema, found: &BTreeSet<String>, indexes: &BTreeMap<String, String>) -> Result<Kept> {
        let mut kept = Kept { indexes: indexes.clone(), ..Kept::default() };
        for model in state.models.values().filter(|model| model.managed) {
            if let Some(name) = model.names.primary_key.as_ref().filter(|name| found.contains(*name)) {
                kept.keys.push((model.key.clone(), name.clone()));
            }
            for field in &model.fields {
                if has(&field.names, found) {
                    let names = serde_json::to_value(&field.names).map_err(|error| error!(M081, "{error}"))?;
                    kept.fields.push((model.key.clone(), field.name.clone(), names));
                }
            }
        }
        Ok(kept)
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Kept::default()
    }

    /// Gives a state the names again.
    pub(super) fn give(&self, state: &mut Schema) {
        for (key, name) in &self.keys {
            if let Some(model) = state.models.get_mut(key) {
                model.names.primary_key = Some(name.clone());
            }
        }
        for (key, name, names) in &self.fields {
            let field =
                state.models.get_mut(key).and_then(|model| model.fields.iter_mut().find(|field| field.name == *name));
            if let (Some(field), Ok(names)) = (field, serde_json::from_value::<FieldNames>(names.clone())) {
                field.names = names;
            }
        }
    }
}

fn has(names: &FieldNames, found: &BTreeSet<String>) -> bool {
    let own = [&names.index, &names.like, &names.unique, &names.foreign_key];
    own.into_iter().flatten().any(|name| found.contains(name))
        || names.through.as_ref().is_some_and(|sides| sides.iter().any(|side| has(side, found)))
}

fn quoted(dialect: Dialect, text: &str) -> Result<String> {
    literal(dialect, &Value::Text(text.to_owned()), None)
}

fn key(dialect: Dialect, id: &MigrationId) -> Result<String> {
    Ok(format!("app = {} AND name = {}", quoted(dialect, &id.app)?, quoted(dialect, &id.name)?))
}

/// Keeps the names for as long as a migration runs.
pub(super) async fn store<C: Connection>(connection: &mut C, id: &MigrationId, kept: &Kept) -> Result<()> {
    let cannot = || database("the names that the database has cannot be kept");
    let dialect = connection.dialect();
    let long = if matches!(dialect, Dialect::MariaDb | Dialect::MySql) { "longtext" } else { "text" };
    let table = format!(
        "CREATE TABLE IF NOT EXISTS {NAMES_TABLE} (app varchar(120) NOT NULL, name varchar(200) NOT NULL, names {long} NOT NULL, \
         PRIMARY KEY (app, name))"
    );
    let text = serde_json::to_string(kept).map_err(|error| error!(M081, "{error}"))?;
    let gone = format!("DELETE FROM {NAMES_TABLE} WHERE {}", key(dialect, id)?);
    let made = format!(
        "INSERT INTO {NAMES_TABLE} (app, name, names) VALUES ({}, {}, {})",
        quoted(dialect, &id.app)?,
        quoted(dialect, &id.name)?,
        quoted(dialect, &text)?
    );
    for sql in [table, gone, made] {
        connection.execute(&sql).await.map_err(cannot())?;
    }
    Ok(())
}

/// The names that were kept for a migration that stopped.
pub(super) async fn read<C: Connection>(connection: &mut C, id: &MigrationId) -> Result<Option<Kept>> {
    if !super::live::tables(connection).await?.iter().any(|table| table == NAMES_TABLE) {
        return Ok(None);
    }
    let sql = format!("SELECT names FROM {NAMES_TABLE} WHERE {}", key(connection.dialect(), id)?);
    let rows = connection.query(&sql).await.map_err(database("the names that were kept cannot be read"))?;
    let text = rows.into_iter().next().and_then(|row| row.into_iter().next()).flatten();
    let read = |text: String| {
        serde_json::from_str(&text).map_err(|source| error!(M081, "the names kept for `{id}` cannot be read: {source}"))
    };
    text.map(read).transpose()
}

/// The migration is done, or was never begun. Another program's may have stopped, and kept names as well.
pub(super) async fn forget<C: Connection>(connection: &mut C, id: &MigrationId) -> Result<()> {
    if !super::live::tables(connection).await?.iter().any(|table| table == NAMES_TABLE) {
        return Ok(());
    }
    let cannot = || database("the names that were kept cannot be removed");
    let sql = format!("DELETE FROM {NAMES_TABLE} WHERE {}", key(connection.dialect(), id)?);
    connection.execute(&sql).await.map_err(cannot())?;
    let left = connection.query(&format!("SELECT 1 FROM {NAMES_TABLE} LIMIT 1")).await.map_err(cannot())?;
    if left.is_empty() {
        connection.execute(&format!("DROP TABLE IF EXISTS {NAMES_TABLE}")).await.map_err(cannot())?;
    }
    Ok(())
}
