//! How a transaction begins: isolation, whether it only reads, and how often it is tried.

use super::{Access, Connection, Database, Operation, Transaction, executor::sealed::Sealed as _, transaction::inside};
use crate::{Code, Dialect, Error, Result};
use std::time::Duration;

/// What a transaction sees of others. SQLite is always serializable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Isolation {
    /// Each statement sees what was committed before it began: the usual.
    ReadCommitted,
    /// All statements see what was committed before the first began.
    RepeatableRead,
    /// As if transactions ran one after the other; some are given up with
    /// [`Code::Serialization`](crate::Code::Serialization) and must be run again.
    Serializable,
}

impl Isolation {
    fn sql(self) -> &'static str {
        match self {
            Isolation::ReadCommitted => "READ COMMITTED",
            Isolation::RepeatableRead => "REPEATABLE READ",
            Isolation::Serializable => "SERIALIZABLE",
        }
    }
}

/// How a transaction is to begin.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Options {
    isolation: Option<Isolation>,
    read_only: bool,
    deferrable: bool,
}

/// Options of a transaction that is about to begin; made by [`Database::build_transaction`].
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `run` or `begin`"]
pub struct TransactionBuilder<'a> {
    db: &'a Database,
    options: Options,
}

impl<'a> TransactionBuilder<'a> {
    pub(super) fn new(db: &'a Database) -> Self {
        TransactionBuilder { db, options: Options::default() }
    }

    /// What the transaction sees of others; the database's usual unless said otherwise.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// db.build_transaction().isolation(orm::Isolation::Serializable).run(async |tx| tx.batch("SELECT 1").await).await?;
    /// # Ok(()) }
    /// ```
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.options.isolation = Some(isolation);
        self
    }

    /// Refuses writes. On SQLite such a transaction keeps no writer waiting.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let refused = db.build_transaction().read_only().run(async |tx| Tag::objects().delete_unchecked(tx).await).await;
    /// assert!(refused.is_err());
    /// # Ok(()) }
    /// ```
    pub fn read_only(mut self) -> Self {
        self.options.read_only = true;
        self
    }

    /// Waits until a serializable, read-only transaction cannot be given up; PostgreSQL only, elsewhere without effect.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// let report = db.build_transaction().isolation(orm::Isolation::Serializable).read_only().deferrable();
    /// report.run(async |tx| tx.batch("SELECT 1").await).await?;
    /// # Ok(()) }
    /// ```
    pub fn deferrable(mut self) -> Self {
        self.options.deferrable = true;
        self
    }

    /// Runs the whole again, up to so many times more, when the database gives it up because of another transaction.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let counted = db.build_transaction().retry(3).run(async |tx| Book::objects().count(tx).await).await?;
    /// assert_eq!(counted, 4);
    /// # Ok(()) }
    /// ```
    pub fn retry(self, times: u32) -> RetryingTransaction<'a> {
        RetryingTransaction { builder: self, times }
    }

    /// See [`Database::transaction`].
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let counted = db.build_transaction().read_only().run(async |tx| Book::objects().count(tx).await).await?;
    /// assert_eq!(counted, 4);
    /// # Ok(()) }
    /// ```
    pub async fn run<T, F>(self, work: F) -> Result<T>
    where
        F: AsyncFnOnce(&mut Transaction) -> Result<T>, // `async |tx| ..`, not `|tx| async move ..`
    {
        self.try_run(work).await
    }

    /// See [`Database::try_transaction`].
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let counted: Result<u64, Box<dyn std::error::Error + Send + Sync>> =
    ///     db.build_transaction().try_run(async |tx| Ok(Book::objects().count(tx).await?)).await;
    /// assert_eq!(counted.unwrap(), 4);
    /// # Ok(()) }
    /// ```
    pub async fn try_run<T, E, F>(self, work: F) -> Result<T, E>
    where
        E: From<Error>,
        F: AsyncFnOnce(&mut Transaction) -> Result<T, E>, // `async |tx| ..`, not `|tx| async move ..`
    {
        let mut tx = self.db.begin_with(self.options).await?;
        let done = inside(self.db, work(&mut tx)).await;
        tx.end_by(done).await
    }

    /// See [`Database::begin`].
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let tx = db.build_transaction().read_only().begin().await?;
    /// assert_eq!(Book::objects().count(&tx).await?, 4);
    /// tx.rollback().await?;
    /// # Ok(()) }
    /// ```
    pub async fn begin(self) -> Result<Transaction> {
        self.db.begin_with(self.options).await
    }
}

/// A transaction that is run again when the database gives it up; made by [`TransactionBuilder::retry`].
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `run`"]
pub struct RetryingTransaction<'a> {
    builder: TransactionBuilder<'a>,
    times: u32,
}

impl RetryingTransaction<'_> {
    /// Runs a copy of the closure for each attempt: what it captured is as it was. Before each it waits for a random time, up to 2 ms
    /// before the first and twice as long before each further one, at most half a second.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let run = db.build_transaction().retry(3);
    /// run.run(async |tx| Book::objects().update(|b| b.views.set(b.views + 1), tx).await).await?;
    /// assert_eq!(Book::get(1, &db).await?.views, 11);
    /// # Ok(()) }
    /// ```
    pub async fn run<T, F>(self, work: F) -> Result<T>
    where
        F: AsyncFnOnce(&mut Transaction) -> Result<T> + Clone,
    {
        self.try_run(work, |error| Some(error)).await
    }

    /// The same with an error type of one's own, and what finds the database's error in it.
    ///
    /// ```
    /// # use library::*;
    /// #[derive(Debug)]
    /// enum Problem {
    ///     Database(orm::Error),
    ///     Unread,
    /// }
    ///
    /// impl From<orm::Error> for Problem {
    ///     fn from(error: orm::Error) -> Self {
    ///         Problem::Database(error)
    ///     }
    /// }
    ///
    /// fn database(problem: &Problem) -> Option<&orm::Error> {
    ///     if let Problem::Database(error) = problem { Some(error) } else { None }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let work = async |tx: &mut Transaction| match Book::get(1, tx).await?.views {
    ///     0 => Err(Problem::Unread),
    ///     views => Ok(views),
    /// };
    /// let views = db.build_transaction().retry(3).try_run(work, database).await;
    /// assert_eq!(views.unwrap(), 10);
    /// # Ok(()) }
    /// ```
    pub async fn try_run<T, E, F>(self, work: F, database: impl Fn(&E) -> Option<&Error>) -> Result<T, E>
    where
        E: From<Error>,
        F: AsyncFnOnce(&mut Transaction) -> Result<T, E> + Clone,
    {
        let given_up = |error: &E| {
            database(error).is_some_and(|error| matches!(error.code(), Code::Serialization | Code::Deadlock))
        };
        let mut attempt = 0;
        loop {
            match self.builder.clone().try_run(work.clone()).await {
                // In one that Diesel has begun it would fail again: the whole of that is given up, and is to be begun again.
                Err(error) if attempt < self.times && given_up(&error) && !self.builder.db.in_transaction() => {
                    attempt += 1;
                    tokio::time::sleep(pause(attempt)).await;
                }
                done => return done,
            }
        }
    }
}

/// How long to wait before an attempt: any time up to a limit that doubles, so that those who collided do not meet again.
fn pause(attempt: u32) -> Duration {
    let most = 1000 << attempt.min(9);
    Duration::from_micros(uuid::Uuid::new_v4().as_u128() as u64 % most)
}

impl Options {
    /// Whether anything was said that cannot be so in a transaction that has begun already.
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    pub(super) fn are_for_the_beginning(self) -> bool {
        self.isolation.is_some() || self.read_only || self.deferrable
    }

    pub(super) fn reads_only(self) -> bool {
        self.read_only
    }

    fn sql(self, dialect: Dialect) -> String {
        let mut sql = String::new();
        match dialect {
            // One that reads must not ask for the right to write.
            Dialect::Sqlite if self.read_only => sql.push_str("BEGIN"),
            Dialect::Sqlite => sql.push_str("BEGIN IMMEDIATE"),
            Dialect::Postgres => {
                sql.push_str("BEGIN");
                if let Some(isolation) = self.isolation {
                    sql.push_str(" ISOLATION LEVEL ");
                    sql.push_str(isolation.sql());
                }
                if self.read_only {
                    sql.push_str(" READ ONLY");
                }
                if self.deferrable {
                    sql.push_str(" DEFERRABLE");
                }
            }
            Dialect::MariaDb | Dialect::MySql => {
                if let Some(isolation) = self.isolation {
                    sql = format!("SET TRANSACTION ISOLATION LEVEL {};", isolation.sql());
                }
                sql.push_str(if self.read_only { "START TRANSACTION READ ONLY" } else { "START TRANSACTION" });
            }
        }
        sql
    }
}

/// Begins a transaction on a connection.
pub(super) struct Begin(pub(super) Options);

impl Operation for Begin {
    type Output = ();

    fn access(&self) -> Access {
        Access::Write
    }

    /// Nothing has been done yet that could be done twice.
    fn asks_again(&self) -> bool {
        true
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<()> {
        if conn.in_transaction() {
            // One that Diesel has begun.
            return conn.savepoint().await.map(|_| ());
        }
        conn.begin(self.0.sql(conn.dialect()), self.0.read_only).await
    }
}
