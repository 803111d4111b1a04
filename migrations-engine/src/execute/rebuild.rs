//! SQLite: what a table rebuild needs to know from the live database, and foreign keys around it.

use std::collections::BTreeMap;

use super::{Connection, database};
use crate::condition::Value;
use crate::error::{Result, error, fail};
use crate::plan::Statement;
use crate::sql::{Dialect, literal};

/// What hangs on tables that are being rebuilt, and the views that work.
#[derive(Debug, Default)]
pub(super) struct Captured {
    /// Name and SQL of triggers and indexes, by table.
    things: BTreeMap<String, Vec<(String, String)>>,
    views: Vec<String>,
}

fn quoted(text: &str) -> Result<String> {
    literal(Dialect::Sqlite, &Value::Text(text.to_owned()), None)
}

async fn rows<C: Connection>(connection: &mut C, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
    connection.query(sql).await.map_err(database("the live schema cannot be read"))
}

/// The first column of each row.
async fn texts<C: Connection>(connection: &mut C, sql: &str) -> Result<Vec<String>> {
    Ok(rows(connection, sql).await?.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())
}

/// Counts the checks in the text of a table, outside of quotes and comments.
fn count_checks(sql: &str) -> usize {
    let mut count = 0;
    let mut word = String::new();
    let mut chars = sql.chars().peekable();
    let mut previous_word = String::new();
    while let Some(c) = chars.next() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            previous_word = std::mem::take(&mut word);
        }
        match c {
            '\'' | '"' | '`' => while chars.next().is_some_and(|next| next != c) {},
            '[' => while chars.next().is_some_and(|next| next != ']') {},
            '-' if chars.peek() == Some(&'-') => while chars.next().is_some_and(|next| next != '\n') {},
            '(' => {
                count += usize::from(previous_word.eq_ignore_ascii_case("check"));
                previous_word.clear();
            }
            c if c.is_whitespace() => {}
            _ => previous_word.clear(),
        }
    }
    count
}

/// Remembers what hangs on a table, and refuses to rebuild one that has more than the state knows.
pub(super) async fn capture<C: Connection>(
    connection: &mut C,
    captured: &mut Captured,
    table: &str,
    columns: &[String],
    indexes: &[String],
    checks: usize,
) -> Result<()> {
    let name = quoted(table)?;
    let live = texts(connection, &format!("SELECT name FROM pragma_table_xinfo({name}) WHERE hidden <> 1")).await?;
    let known = |column: &String| columns.iter().any(|known| known.eq_ignore_ascii_case(column));
    if let Some(unknown) = live.iter().find(|column| !known(column)) {
        return Err(error!(M083, "the table `{table}` has a column `{unknown}` that the migrations do not know; rebuilding it would lose its values")
            .with_hint("add the column to the model and record that migration with --fake, or drop the column"));
    }
    let sql = texts(
        connection,
        &format!("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = {name} COLLATE NOCASE"),
    )
    .await?;
    if sql.iter().map(|sql| count_checks(sql)).sum::<usize>() > checks {
        return Err(error!(
            M083,
            "the table `{table}` has a check that the migrations do not know; rebuilding it would lose it"
        )
        .with_hint("add the check to the model and record that migration with --fake"));
    }
    let hanging = format!(
        "SELECT name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND tbl_name = {name} COLLATE NOCASE AND sql IS NOT NULL ORDER BY rowid"
    );
    let things = rows(connection, &hanging).await?.into_iter().filter_map(|row| match row.as_slice() {
        [Some(name), Some(sql)] if !indexes.contains(name) => Some((name.clone(), sql.clone())),
        _ => None,
    });
    captured.things.insert(table.to_owned(), things.collect());
    captured.views.clear();
    for view in texts(connection, "SELECT name FROM sqlite_master WHERE type = 'view'").await? {
        if connection.query(&try_view(&view)).await.is_ok() {
            captured.views.push(view);
        }
    }
    Ok(())
}

fn try_view(view: &str) -> String {
    format!("SELECT 1 FROM (SELECT * FROM {} LIMIT 0)", Dialect::Sqlite.quote(view))
}

/// Makes again what hung on a table, and tries the views that worked before.
pub(super) async fn restore<C: Connection>(connection: &mut C, captured: &mut Captured, table: &str) -> Result<()> {
    for (name, sql) in captured.things.remove(table).unwrap_or_default() {
        let there = format!("SELECT 1 FROM sqlite_master WHERE name = {}", quoted(&name)?);
        if !rows(connection, &there).await?.is_empty() {
            continue;
        }
        connection.execute(&sql).await.map_err(|source| {
            error!(M085, "`{name}`, which hangs on `{table}`, does not fit the changed table")
                .with_source(source)
                .with_hint("drop it in a step before, and make it anew after the change")
        })?;
    }
    for view in std::mem::take(&mut captured.views) {
        connection.query(&try_view(&view)).await.map_err(|source| {
            error!(M085, "the view `{view}` does not fit the changed table")
                .with_source(source)
                .with_hint("drop it in a step before, and make it anew after the change")
        })?;
    }
    Ok(())
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
