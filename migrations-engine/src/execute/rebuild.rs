//! SQLite: what a table rebuild needs to know from the live database, and foreign keys around it.

use std::collections::BTreeMap;

use super::carry::Carried;
use super::{Connection, database, triggers, unknown};
use crate::condition::Value;
use crate::error::{Error, Result, error, fail};
use crate::plan::{Known, Statement};
use crate::sql::{Dialect, literal};

/// What hangs on tables that are being rebuilt, and the views and triggers that work.
#[derive(Debug, Default)]
pub(super) struct Captured {
    /// Name and SQL of triggers and indexes, by table.
    things: BTreeMap<String, Vec<(String, String)>>,
    /// What the new table takes over as it is, by table.
    carried: BTreeMap<String, Carried>,
    views: Vec<String>,
    /// The writes that set off triggers that work.
    writes: Vec<triggers::Write>,
}

pub(super) fn quoted(text: &str) -> Result<String> {
    literal(Dialect::Sqlite, &Value::Text(text.to_owned()), None)
}

pub(super) async fn rows<C: Connection>(connection: &mut C, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
    connection.query(sql).await.map_err(database("the live schema cannot be read"))
}

/// The first column of each row.
pub(super) async fn texts<C: Connection>(connection: &mut C, sql: &str) -> Result<Vec<String>> {
    Ok(rows(connection, sql).await?.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())
}

impl Captured {
    /// The SQL with what is carried over, if it makes or fills a table that takes the place of another.
    pub(super) fn carry(&self, sql: &str) -> Result<Option<String>> {
        for (table, carried) in &self.carried {
            let new = Dialect::Sqlite.quote(&format!("new__{table}"));
            let made = sql.strip_prefix("CREATE TABLE ").is_some_and(|rest| rest.starts_with(&format!("{new} (")));
            let filled = sql.strip_prefix("INSERT INTO ").is_some_and(|rest| rest.starts_with(&format!("{new} (")));
            let text = match (made, filled) {
                (true, _) => carried.create(sql),
                (_, true) => carried.insert(sql),
                _ => continue,
            };
            return match text {
                Some(text) => Ok(Some(text)),
                None => Err(error!(
                    M083,
                    "the table `{table}` has something that the migrations do not know, and that has no place in the new one"
                )
                .with_hint("change the table by a `run_sql` operation that says what it means for the models")),
            };
        }
        Ok(None)
    }
}

/// Remembers what hangs on a table, and what it has that the state does not know.
pub(super) async fn capture<C: Connection>(
    connection: &mut C,
    captured: &mut Captured,
    table: &str,
    known: &Known,
) -> Result<()> {
    let carried = unknown::carried(connection, table, known).await?;
    if carried != Carried::default() {
        captured.carried.insert(table.to_owned(), carried);
    }
    let name = quoted(table)?;
    let hanging = format!(
        "SELECT name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND tbl_name = {name} COLLATE NOCASE AND sql IS NOT NULL ORDER BY rowid"
    );
    let mut gone = unknown::unique_indexes(connection, &name, &known.gone).await?;
    gone.extend(unknown::indexes_of_gone(connection, &name, known).await?);
    let stays = |name: &String| !known.indexes.contains(name) && !gone.contains(name);
    let things = rows(connection, &hanging).await?.into_iter().filter_map(|row| match row.as_slice() {
        [Some(name), Some(sql)] if stays(name) => Some((name.clone(), sql.clone())),
        _ => None,
    });
    captured.things.insert(table.to_owned(), things.collect());
    captured.views.clear();
    for view in texts(connection, "SELECT name FROM sqlite_master WHERE type = 'view'").await? {
        if connection.query(&try_view(&view)).await.is_ok() {
            captured.views.push(view);
        }
    }
    captured.writes = triggers::that_work(connection).await?;
    Ok(())
}

fn try_view(view: &str) -> String {
    format!("SELECT 1 FROM (SELECT * FROM {} LIMIT 0)", Dialect::Sqlite.quote(view))
}

/// Makes again what hung on a table, and tries the views and triggers that worked before.
pub(super) async fn restore<C: Connection>(connection: &mut C, captured: &mut Captured, table: &str) -> Result<()> {
    captured.carried.remove(table);
    for (name, sql) in captured.things.remove(table).unwrap_or_default() {
        let there = format!("SELECT 1 FROM sqlite_master WHERE name = {}", quoted(&name)?);
        if !rows(connection, &there).await?.is_empty() {
            continue;
        }
        connection
            .execute(&sql)
            .await
            .map_err(|source| misfit(&format!("`{name}`, which hangs on `{table}`,")).with_source(source))?;
    }
    for view in std::mem::take(&mut captured.views) {
        connection
            .query(&try_view(&view))
            .await
            .map_err(|source| misfit(&format!("the view `{view}`")).with_source(source))?;
    }
    triggers::still_work(connection, std::mem::take(&mut captured.writes)).await
}

/// What hangs on a table, or looks at it, cannot stay.
pub(super) fn misfit(what: &str) -> Error {
    error!(M085, "{what} does not fit the changed table")
        .with_hint("drop it in a step before, and make it anew after the change")
}

/// Switches `foreign_keys` off outside of the transaction, if a statement needs that; tells whether it did.
pub(super) async fn suspend_foreign_keys<C: Connection>(connection: &mut C, statements: &[Statement]) -> Result<bool> {
    if connection.dialect() != Dialect::Sqlite || !statements.iter().any(|statement| statement.foreign_keys_off) {
        return Ok(false);
    }
    let on = texts(connection, "PRAGMA foreign_keys").await?.first().is_some_and(|value| value == "1");
    if on {
        set(connection, "PRAGMA foreign_keys = OFF").await?;
    }
    Ok(on)
}

/// Switches `foreign_keys` on again; also undoes what a rebuild that failed may have left switched.
pub(super) async fn restore_foreign_keys<C: Connection>(connection: &mut C, suspended: bool) -> Result<()> {
    if connection.dialect() == Dialect::Sqlite {
        set(connection, "PRAGMA legacy_alter_table = OFF").await?;
        if suspended {
            set(connection, "PRAGMA foreign_keys = ON").await?;
        }
    }
    Ok(())
}

async fn set<C: Connection>(connection: &mut C, pragma: &str) -> Result<()> {
    connection.query(pragma).await.map_err(database(format!("the database refused: {pragma}")))?;
    Ok(())
}

/// `M082` if a row refers to one that is not there.
pub(super) async fn check_foreign_keys<C: Connection>(connection: &mut C) -> Result<()> {
    let broken = rows(connection, "SELECT \"table\", rowid, parent FROM pragma_foreign_key_check LIMIT 5").await?;
    let first = broken.first().map(Vec::as_slice);
    if let Some([table, row, parent]) = first {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "?".to_owned());
        fail!(M082, "row {} of `{}` refers to a row of `{}` that does not exist", text(row), text(table), text(parent));
    }
    Ok(())
}
