//! Diesel's own connections, for what is written with Diesel.

use super::{Connection, connection::Link};

/// What an [`Operation`](crate::Operation) has for Diesel. It says `Access::Write`, whatever it does, so that it runs where it may take its
/// time, and begins no transaction: inside one of this library's, what Diesel does is part of it.
impl Connection {
    /// The connection as Diesel's, on SQLite.
    ///
    /// ```
    /// use diesel::{RunQueryDsl, sql_query};
    /// use orm::{Access, Code, Connection, Database, Error, Executor, Operation, Result};
    ///
    /// /// Deletes what Diesel knows how to find.
    /// struct CleanUp;
    ///
    /// impl Operation for CleanUp {
    ///     type Output = usize;
    ///
    ///     fn access(&self) -> Access {
    ///         Access::Write
    ///     }
    ///
    ///     async fn run(&mut self, conn: &mut Connection) -> Result<usize> {
    ///         let Some(conn) = conn.sqlite() else {
    ///             return Err(Error::new(Code::Unsupported, "this is for SQLite"));
    ///         };
    ///         let done = sql_query("DELETE FROM note WHERE text = ''").execute(conn);
    ///         done.map_err(|error| Error::new(Code::Sql, error.to_string()).with_source(error))
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<()> {
    /// let db = Database::connect("sqlite::memory:").await?;
    /// db.batch("CREATE TABLE note (text TEXT); INSERT INTO note VALUES (''), ('one')").await?;
    /// let gone = db.transaction(async |tx| tx.run(CleanUp).await).await?;
    /// assert_eq!(gone, 1);
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "sqlite")]
    pub fn sqlite(&mut self) -> Option<&mut diesel::SqliteConnection> {
        match &mut self.link {
            Link::Sqlite(watched) => Some(&mut watched.conn),
            #[allow(unreachable_patterns, reason = "with one back end there is no other")]
            _ => None,
        }
    }

    /// The connection as `diesel-async`'s, on PostgreSQL; see [`sqlite`](Connection::sqlite).
    ///
    /// ```
    /// use diesel_async::RunQueryDsl;
    /// use orm::{Access, Code, Connection, Error, Operation, Result};
    ///
    /// struct Analyze;
    ///
    /// impl Operation for Analyze {
    ///     type Output = ();
    ///
    ///     fn access(&self) -> Access {
    ///         Access::Write
    ///     }
    ///
    ///     async fn run(&mut self, conn: &mut Connection) -> Result<()> {
    ///         let Some(conn) = conn.postgres() else {
    ///             return Err(Error::new(Code::Unsupported, "this is for PostgreSQL"));
    ///         };
    ///         let done = diesel::sql_query("ANALYZE").execute(conn).await;
    ///         done.map(drop).map_err(|error| Error::new(Code::Sql, error.to_string()).with_source(error))
    ///     }
    /// }
    /// ```
    #[cfg(feature = "postgres")]
    pub fn postgres(&mut self) -> Option<&mut diesel_async::AsyncPgConnection> {
        match &mut self.link {
            Link::Postgres(conn, _) => Some(&mut **conn),
            #[allow(unreachable_patterns, reason = "with one back end there is no other")]
            _ => None,
        }
    }

    /// The connection as `diesel-async`'s, on MariaDB and MySQL; see [`postgres`](Connection::postgres).
    ///
    /// ```
    /// use diesel_async::AsyncMysqlConnection;
    /// fn diesels(conn: &mut orm::Connection) -> Option<&mut AsyncMysqlConnection> {
    ///     conn.mysql()
    /// }
    /// ```
    #[cfg(feature = "mysql")]
    pub fn mysql(&mut self) -> Option<&mut diesel_async::AsyncMysqlConnection> {
        match &mut self.link {
            Link::Mysql(conn) => Some(&mut **conn),
            #[allow(unreachable_patterns, reason = "with one back end there is no other")]
            _ => None,
        }
    }
}
