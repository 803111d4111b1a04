//! Which foreign key a transaction breaks: SQLite says only that one does.

use super::Watched;
use crate::{
    Statement, Value,
    db::{
        answer::{Failed, sqlite_query},
        fragment::ByText,
    },
};
use std::time::Duration;

/// How long to look: every row of the database that points to another is looked at.
const PATIENCE: Duration = Duration::from_millis(200);

/// The table and the columns of the foreign key that rows break, in a transaction that could not be committed for that. `None`
/// where rows break several, so that it cannot be known which of them the transaction broke, or where it takes too long.
pub(in crate::db) fn broken_key(conn: &mut Watched) -> Option<(String, Vec<String>)> {
    conn.watch.set_deadline(Some(PATIENCE));
    let found = look(conn);
    conn.watch.set_deadline(None);
    found.ok().flatten()
}

fn look(conn: &mut Watched) -> Result<Option<(String, Vec<String>)>, Failed> {
    let mut keys = Vec::new();
    let broken = Statement::raw("SELECT DISTINCT \"table\", fkid FROM pragma_foreign_key_check LIMIT 2", []);
    sqlite_query(conn, ByText(&broken), &mut |row| {
        keys.push((row.cell(0).text()?, row.cell(1).i64()?));
        Ok(())
    })?;
    let [(table, key)] = &*keys else { return Ok(None) };
    let mut columns = Vec::new();
    let sql = "SELECT \"from\" FROM pragma_foreign_key_list(?) WHERE id = ? ORDER BY seq";
    let list = Statement::raw(sql, [Value::Text(table.clone()), Value::I64(*key)]);
    sqlite_query(conn, ByText(&list), &mut |row| {
        columns.push(row.cell(0).text()?);
        Ok(())
    })?;
    Ok(Some((table.clone(), columns)))
}
