//! The engine's connection, over one of the library's.

use super::engine_dialect;
use crate::{Cell, Connection, Dialect, Statement};
use migrations_engine::{BoxError, execute};

/// One connection, held for as long as migrations run.
pub(super) struct OverConnection<'c, 'l> {
    pub(super) connection: &'c mut Connection<'l>,
    pub(super) dialect: Dialect,
}

impl execute::Connection for OverConnection<'_, '_> {
    fn dialect(&self) -> migrations_engine::Dialect {
        engine_dialect(self.dialect)
    }

    async fn execute(&mut self, sql: &str) -> Result<u64, BoxError> {
        // The simple protocol: DDL is not worth a place among the prepared statements, and some of it cannot be prepared.
        self.connection.batch(sql).await?;
        Ok(0)
    }

    async fn query(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>, BoxError> {
        let statement = Statement::new(sql.to_owned(), Vec::new());
        let mut rows = Vec::new();
        let mut each = |row: &crate::Row<'_>| {
            rows.push((0..row.len()).map(|index| text(&row.cell(index))).collect());
            Ok(())
        };
        self.connection.query(&statement, &mut each).await?;
        Ok(rows)
    }
}

impl<'c, 'l> OverConnection<'c, 'l> {
    /// Its time-outs are those that migrations are given. Refused is a connection that somebody else has made: the engine begins and ends
    /// transactions by itself, which would be theirs.
    pub(super) fn new(connection: &'c mut Connection<'l>) -> crate::Result<Self> {
        connection.must_be_ours("migrations, and what looks at the tables as they are,")?;
        connection.patient = true;
        let dialect = connection.dialect();
        Ok(OverConnection { connection, dialect })
    }
}

impl Drop for OverConnection<'_, '_> {
    fn drop(&mut self) {
        self.connection.patient = false;
        // The engine begins and ends transactions by itself, and has no chance to.
        if std::thread::panicking() {
            self.connection.undo_cut_off();
        }
    }
}

/// A value of any type, as text.
fn text(cell: &Cell<'_>) -> Option<String> {
    if cell.is_null() {
        return None;
    }
    let number = || cell.i64().map(|number| number.to_string());
    let truth = || cell.bool().map(|truth| i32::from(truth).to_string());
    cell.text().or_else(|_| number()).or_else(|_| truth()).ok()
}
