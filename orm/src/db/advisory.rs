//! Locks by a name: for what is no row, such as a job that runs once at a time.

use super::{Access, Connection, Executor, Operation, Transaction};
use crate::{Code, Dialect, Error, Result, Statement, Value};
use std::time::Duration;

/// Where no time-out was set: MariaDB takes no endless one.
const LONG: Duration = Duration::from_secs(365 * 24 * 3600);

impl Transaction {
    /// Waits until no other transaction on this database has a lock of this name, and keeps it until this one ends (on
    /// PostgreSQL, until a savepoint is undone inside which it was taken). It locks nothing but the name.
    ///
    /// SQL: `pg_advisory_xact_lock` on PostgreSQL, `GET_LOCK` on MariaDB and MySQL. On SQLite a transaction locks out all others that
    /// write: it has the lock already.
    ///
    /// # Errors
    /// [`Code::LockTimeout`] after the database's `lock_timeout`, if it has one; [`Code::BadQuery`] on SQLite in a transaction that only
    /// reads, which locks nobody out.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// db.transaction(async |tx| {
    ///     tx.advisory_lock("invoice numbers").await?;
    ///     // .. nobody else is here
    ///     Ok(())
    /// })
    /// .await?;
    /// # Ok(()) }
    /// ```
    pub async fn advisory_lock(&self, name: &str) -> Result<()> {
        match self.run(Lock { name: name.to_owned(), wait: true }).await? {
            true => Ok(()),
            false => Err(Error::new(Code::LockTimeout, format!("the lock `{name}` was not granted in time"))),
        }
    }

    /// Like [`advisory_lock`](Transaction::advisory_lock) without waiting: whether the lock was free.
    ///
    /// # Errors
    /// [`Code::BadQuery`] on SQLite in a transaction that only reads.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// db.transaction(async |tx| {
    ///     if tx.try_advisory_lock("nightly report").await? {
    ///         // .. nobody else makes it
    ///     }
    ///     Ok(())
    /// })
    /// .await?;
    /// # Ok(()) }
    /// ```
    pub async fn try_advisory_lock(&self, name: &str) -> Result<bool> {
        self.run(Lock { name: name.to_owned(), wait: false }).await
    }
}

struct Lock {
    name: String,
    wait: bool,
}

impl Operation for Lock {
    type Output = bool;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<bool> {
        let name = || Value::Text(self.name.clone());
        if conn.theirs && conn.dialect() != Dialect::Postgres {
            // Of MariaDB they last as long as the connection, and are given up all at once.
            conn.must_be_ours("locks by a name")?;
        }
        let statement = match conn.dialect() {
            Dialect::Sqlite if conn.read_only => {
                return Err(Error::new(Code::BadQuery, "a transaction that only reads locks nobody out on SQLite")
                    .with_hint("begin one that writes"));
            }
            Dialect::Sqlite => return Ok(true),
            Dialect::Postgres if self.wait => {
                let sql = "SELECT TRUE FROM (SELECT pg_advisory_xact_lock(hashtextextended($1, 0))) AS granted";
                Statement::raw(sql, [name()])
            }
            Dialect::Postgres => Statement::raw("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", [name()]),
            Dialect::MariaDb | Dialect::MySql => {
                // Such names are the whole server's, and short. The connection gives them back with the end of the transaction.
                conn.locks = true;
                let time = if self.wait { conn.settings.lock_timeout.unwrap_or(LONG) } else { Duration::ZERO };
                let sql = "SELECT COALESCE(GET_LOCK(SHA1(CONCAT(COALESCE(DATABASE(), ''), '.', ?)), ?), 0) = 1";
                Statement::raw(sql, [name(), Value::F64(time.as_secs_f64())])
            }
        };
        let mut granted = false;
        conn.query(&statement, &mut |row| {
            granted = row.cell(0).bool()?;
            Ok(())
        })
        .await?;
        Ok(granted)
    }
}
