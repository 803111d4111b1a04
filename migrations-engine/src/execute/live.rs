//! What the live database has: the tables and their columns.

use super::{Connection, database};
use crate::condition::Value;
use crate::error::Result;
use crate::sql::{Dialect, literal};

/// The tables of the database that the connection works in, the engine's own history among them.
pub async fn tables<C: Connection>(connection: &mut C) -> Result<Vec<String>> {
    let sql = match connection.dialect() {
        Dialect::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        Dialect::Postgres => {
            "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p') AND pg_table_is_visible(oid) AND relnamespace <> 'pg_catalog'::regnamespace"
        }
        Dialect::MariaDb | Dialect::MySql => {
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
        }
    };
    texts(connection, sql).await
}

/// The columns of a table; none if it is not there.
pub async fn columns<C: Connection>(connection: &mut C, table: &str) -> Result<Vec<String>> {
    let dialect = connection.dialect();
    let name = literal(dialect, &Value::Text(table.to_owned()), None)?;
    let sql = match dialect {
        Dialect::Sqlite => format!("SELECT name FROM pragma_table_xinfo({name}) WHERE hidden <> 1"),
        Dialect::Postgres => format!(
            "SELECT a.attname::text FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid WHERE c.relname = {name} AND c.relkind IN ('r', 'p', 'v', 'm') AND pg_table_is_visible(c.oid) AND a.attnum > 0 AND NOT a.attisdropped"
        ),
        Dialect::MariaDb | Dialect::MySql => format!(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = {name}"
        ),
    };
    texts(connection, &sql).await
}

async fn texts<C: Connection>(connection: &mut C, sql: &str) -> Result<Vec<String>> {
    let rows = connection.query(sql).await.map_err(database("the live schema cannot be read"))?;
    Ok(rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())
}
