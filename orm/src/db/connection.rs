//! One connection, whatever the back end: runs finished statements, hands out their rows.

use super::{
    failure,
    fragment::{ByKey, ByText},
    row::{Row, Source},
};
use crate::{Dialect, Error, Result, Statement};
use diesel::query_builder::{Query, QueryId};
use std::marker::PhantomData;

/// What receives the rows of an answer.
pub type Each<'a> = &'a mut (dyn FnMut(&Row<'_>) -> Result<()> + Send);

/// A connection to one of the databases: a concrete type, so that each operation is compiled once, not once per back end.
pub struct Connection {
    pub(super) link: Link,
    dialect: Dialect,
    /// 0 outside of a transaction; 1 in one; more inside savepoints.
    depth: u32,
    /// Whether a `Transaction` owns the connection and ends what it began.
    pub(super) leased: bool,
}

pub(super) enum Link {
    #[cfg(feature = "sqlite")]
    Sqlite(super::sqlite::Watched),
    #[cfg(feature = "postgres")]
    Postgres(Box<diesel_async::AsyncPgConnection>),
    #[cfg(feature = "mysql")]
    Mysql(Box<diesel_async::AsyncMysqlConnection>),
    #[allow(dead_code, reason = "the only one where no back end is enabled")]
    None,
}

/// A savepoint that was set by [`Connection::savepoint`]; it is given back to `release` or `roll_back`.
#[derive(Debug)]
#[must_use = "a savepoint ends by `release` or `roll_back`"]
pub struct Savepoint(u32);

macro_rules! run {
    ($self:ident, $fragment:expr, $each:expr) => {
        match &mut $self.link {
            #[cfg(feature = "sqlite")]
            Link::Sqlite(conn) => sqlite_query(conn, $fragment, $each),
            #[cfg(feature = "postgres")]
            Link::Postgres(conn) => pg_query(conn, $fragment, $each).await,
            #[cfg(feature = "mysql")]
            Link::Mysql(conn) => mysql_query(conn, $fragment, $each).await,
            Link::None => no_back_end(&$fragment, $each),
        }
    };
}

macro_rules! execute {
    ($self:ident, $fragment:expr) => {
        match &mut $self.link {
            #[cfg(feature = "sqlite")]
            Link::Sqlite(conn) => diesel::connection::Connection::execute_returning_count(&mut conn.conn, &$fragment),
            #[cfg(feature = "postgres")]
            Link::Postgres(conn) => {
                diesel_async::AsyncConnectionCore::execute_returning_count(&mut **conn, $fragment).await
            }
            #[cfg(feature = "mysql")]
            Link::Mysql(conn) => {
                diesel_async::AsyncConnectionCore::execute_returning_count(&mut **conn, $fragment).await
            }
            Link::None => {
                no_back_end(&$fragment, &mut |_| Ok(())).map(|()| 0).map_err(|_| diesel::result::Error::NotFound)
            }
        }
    };
}

impl Connection {
    pub(super) fn new(link: Link, dialect: Dialect) -> Self {
        Connection { link, dialect, depth: 0, leased: false }
    }

    /// The dialect of the database.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Runs a statement and hands each row of its answer to `each`, which may end it with an error.
    pub async fn query(&mut self, statement: &Statement, each: Each<'_>) -> Result<()> {
        let ran: Result<(), Failed> = run!(self, ByText(statement), each);
        ran.map_err(|failed| self.failed(failed, statement))
    }

    /// Like [`Connection::query`]; the connection finds the prepared statement by the type `K`, without its text.
    ///
    /// One `K` must always come with one text per dialect.
    pub async fn query_keyed<K: 'static>(&mut self, statement: &Statement, each: Each<'_>) -> Result<()> {
        let ran: Result<(), Failed> = run!(self, ByKey::<K>(statement, PhantomData), each);
        ran.map_err(|failed| self.failed(failed, statement))
    }

    /// Runs a statement and gives the number of rows it touched.
    pub async fn execute(&mut self, statement: &Statement) -> Result<u64> {
        let ran: diesel::QueryResult<usize> = execute!(self, ByText(statement));
        ran.map(|rows| rows as u64).map_err(|error| self.failed(Failed::Database(error), statement))
    }

    /// Like [`Connection::execute`], with the prepared statement found by `K`; see [`Connection::query_keyed`].
    pub async fn execute_keyed<K: 'static>(&mut self, statement: &Statement) -> Result<u64> {
        let ran: diesel::QueryResult<usize> = execute!(self, ByKey::<K>(statement, PhantomData));
        ran.map(|rows| rows as u64).map_err(|error| self.failed(Failed::Database(error), statement))
    }

    /// Runs SQL of any number of statements, without binds or answers.
    pub async fn batch(&mut self, sql: &str) -> Result<()> {
        let ran: diesel::QueryResult<()> = match &mut self.link {
            #[cfg(feature = "sqlite")]
            Link::Sqlite(conn) => diesel::connection::SimpleConnection::batch_execute(&mut conn.conn, sql),
            #[cfg(feature = "postgres")]
            Link::Postgres(conn) => diesel_async::SimpleAsyncConnection::batch_execute(&mut **conn, sql).await,
            #[cfg(feature = "mysql")]
            Link::Mysql(conn) => diesel_async::SimpleAsyncConnection::batch_execute(&mut **conn, sql).await,
            Link::None => Ok(()),
        };
        ran.map_err(|error| failure::of_statement(error, self.dialect).with_sql(sql))
    }

    /// The key that the last INSERT made, where the database has no RETURNING (MySQL).
    pub async fn last_insert_id(&mut self) -> Result<i64> {
        let sql = match self.dialect {
            Dialect::Sqlite => "SELECT last_insert_rowid()",
            Dialect::Postgres => "SELECT lastval()",
            Dialect::MariaDb | Dialect::MySql => "SELECT CAST(LAST_INSERT_ID() AS SIGNED)",
        };
        let mut id = 0;
        self.query(&Statement::raw(sql, []), &mut |row| {
            id = row.cell(0).i64()?;
            Ok(())
        })
        .await?;
        Ok(id)
    }

    /// Begins a transaction, or sets a savepoint inside one: what follows is kept by `release` and undone by `roll_back`.
    pub async fn savepoint(&mut self) -> Result<Savepoint> {
        match self.depth {
            0 => {
                let begin = match self.dialect {
                    // A deferred transaction that turns to writing fails at once when another connection writes.
                    Dialect::Sqlite => "BEGIN IMMEDIATE",
                    _ => "BEGIN",
                };
                self.batch(begin).await?;
            }
            depth => self.batch(&format!("SAVEPOINT orm_{depth}")).await?,
        }
        self.depth += 1;
        Ok(Savepoint(self.depth))
    }

    /// Keeps what was done since the savepoint; the outermost one commits.
    pub async fn release(&mut self, savepoint: Savepoint) -> Result<()> {
        let depth = savepoint.0 - 1;
        match depth {
            0 => {
                let done = self.batch("COMMIT").await;
                if done.is_err() {
                    // SQLite leaves a transaction open whose COMMIT failed, for a deferred key for example.
                    let _ = self.batch("ROLLBACK").await;
                }
                self.depth = 0;
                done
            }
            _ => {
                self.batch(&format!("RELEASE SAVEPOINT orm_{depth}")).await?;
                self.depth = depth;
                Ok(())
            }
        }
    }

    /// Undoes what was done since the savepoint.
    pub async fn roll_back(&mut self, savepoint: Savepoint) -> Result<()> {
        let depth = savepoint.0 - 1;
        match depth {
            0 => self.batch("ROLLBACK").await?,
            _ => self.batch(&format!("ROLLBACK TO SAVEPOINT orm_{depth}; RELEASE SAVEPOINT orm_{depth}")).await?,
        }
        self.depth = depth;
        Ok(())
    }

    /// Whether a transaction is open.
    pub fn in_transaction(&self) -> bool {
        self.depth > 0
    }

    pub(super) fn set_depth(&mut self, depth: u32) {
        self.depth = depth;
    }

    /// Ends what an operation left open, unless a transaction owns the connection.
    #[cfg(feature = "sqlite")]
    pub(super) fn settle(&mut self) {
        if self.depth > 0 && !self.leased {
            // It fails when SQLite has rolled back by itself; then there is nothing to end.
            let _ = self.batch_now("ROLLBACK");
            self.depth = 0;
        }
    }

    /// [`Connection::batch`] where nothing waits.
    #[cfg(feature = "sqlite")]
    pub(super) fn batch_now(&mut self, sql: &str) -> Result<()> {
        match &mut self.link {
            Link::Sqlite(conn) => diesel::connection::SimpleConnection::batch_execute(&mut conn.conn, sql)
                .map_err(|error| failure::of_statement(error, self.dialect).with_sql(sql)),
            #[allow(unreachable_patterns, reason = "with one back end there is no other")]
            _ => Ok(()),
        }
    }

    /// Whether and why SQLite was stopped.
    #[cfg(feature = "sqlite")]
    pub(super) fn stopped(&self) -> super::sqlite::Stopped {
        match &self.link {
            Link::Sqlite(conn) => conn.watch.stopped(),
            #[allow(unreachable_patterns, reason = "with one back end there is no other")]
            _ => super::sqlite::Stopped::No,
        }
    }

    #[cold]
    fn failed(&self, failed: Failed, statement: &Statement) -> Error {
        match failed {
            Failed::Each(error) => error,
            Failed::Database(error) => failure::of_statement(error, self.dialect).with_sql(statement.sql(self.dialect)),
        }
    }
}

/// What ended a query: the database, or the receiver of its rows.
pub(super) enum Failed {
    Database(diesel::result::Error),
    Each(Error),
}

impl From<diesel::result::Error> for Failed {
    fn from(error: diesel::result::Error) -> Self {
        Failed::Database(error)
    }
}

#[cfg(feature = "sqlite")]
fn sqlite_query<'a, F>(conn: &'a mut super::sqlite::Watched, fragment: F, each: Each<'_>) -> Result<(), Failed>
where
    F: Query<SqlType = diesel::sql_types::Untyped>
        + diesel::query_builder::QueryFragment<diesel::sqlite::Sqlite>
        + QueryId
        + 'a,
{
    let rows = diesel::connection::LoadConnection::load(&mut conn.conn, fragment)?;
    each_sqlite_row(rows, each)
}

#[cfg(feature = "sqlite")]
fn each_sqlite_row<'a>(
    rows: <diesel::SqliteConnection as diesel::connection::LoadConnection>::Cursor<'a, 'a>,
    each: Each<'_>,
) -> Result<(), Failed> {
    for row in rows {
        each(&Row(Source::Sqlite(row?))).map_err(Failed::Each)?;
    }
    Ok(())
}

#[cfg(feature = "postgres")]
async fn pg_query<F>(conn: &mut diesel_async::AsyncPgConnection, fragment: F, each: Each<'_>) -> Result<(), Failed>
where
    F: Query + diesel::query_builder::QueryFragment<diesel::pg::Pg> + QueryId + Send,
{
    use futures_util::TryStreamExt;
    let mut rows = diesel_async::AsyncConnectionCore::load(conn, fragment).await?;
    while let Some(row) = rows.try_next().await? {
        each(&Row(Source::Postgres(row))).map_err(Failed::Each)?;
    }
    Ok(())
}

#[cfg(feature = "mysql")]
async fn mysql_query<F>(
    conn: &mut diesel_async::AsyncMysqlConnection,
    fragment: F,
    each: Each<'_>,
) -> Result<(), Failed>
where
    F: Query + diesel::query_builder::QueryFragment<diesel::mysql::Mysql> + QueryId + Send,
{
    use futures_util::TryStreamExt;
    let mut rows = diesel_async::AsyncConnectionCore::load(conn, fragment).await?;
    // An answer is read to its end also after an error, so that the connection stays usable.
    let mut refused = None;
    while let Some(row) = rows.try_next().await? {
        if refused.is_none() {
            refused = each(&Row(Source::Mysql(row))).err();
        }
    }
    refused.map_or(Ok(()), |error| Err(Failed::Each(error)))
}

fn no_back_end<F>(_: &F, _: Each<'_>) -> Result<(), Failed> {
    Err(Failed::Each(Error::new(crate::Code::BackendDisabled, "no database back end is enabled")))
}
