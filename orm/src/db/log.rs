//! What was run: traces, counts for tests, and faults that tests ask for.

use super::Database;
use crate::{Code, Dialect, Error, Result, Statement};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// The observer of a handle; most have none.
pub(crate) type MaybeProbe = Option<QueryLog>;

/// What was run through the handles made by [`Database::recording`], in order.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = orm::Database::connect("sqlite::memory:").await?;
/// let (db, log) = db.recording();
/// db.ping().await?;
/// assert_eq!(log.count(), 1);
/// assert_eq!(log.statements()[0].sql, "SELECT 1");
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default)]
pub struct QueryLog(Arc<Mutex<Record>>);

#[derive(Debug, Default)]
struct Record {
    statements: Vec<LoggedQuery>,
    fault: Option<(usize, Fault)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    Before,
    After,
}

/// One statement that was run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LoggedQuery {
    /// Its SQL, with placeholders.
    pub sql: String,
    /// How many rows it gave or touched.
    pub rows: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// Whether it begins or ends a transaction or savepoint, or was run as a batch; those are not counted.
    pub control: bool,
}

impl QueryLog {
    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many statements were run, without those that control transactions and without batches.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// let (db, log) = db.recording();
    /// db.ping().await?;
    /// assert_eq!(log.count(), 1);
    /// # Ok(()) }
    /// ```
    pub fn count(&self) -> usize {
        self.record().statements.iter().filter(|it| !it.control).count()
    }

    /// All that was run, in order.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// let (db, log) = db.recording();
    /// orm::raw::<i64>("SELECT ?").bind(1_i64).get(&db).await?;
    /// assert_eq!(log.statements()[0].sql, "SELECT ?");
    /// # Ok(()) }
    /// ```
    pub fn statements(&self) -> Vec<LoggedQuery> {
        self.record().statements.clone()
    }

    /// Forgets what was run.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// let (db, log) = db.recording();
    /// db.ping().await?;
    /// log.clear();
    /// log.assert_queries(0);
    /// # Ok(()) }
    /// ```
    pub fn clear(&self) {
        self.record().statements.clear();
    }

    /// Lets the statement after the next `n` fail before it reaches the database.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// let (db, log) = db.recording();
    /// log.fail_before(1);
    /// assert!(db.ping().await.is_ok());
    /// assert!(db.ping().await.is_err());
    /// assert!(db.ping().await.is_ok());
    /// # Ok(()) }
    /// ```
    pub fn fail_before(&self, n: usize) {
        self.record().fault = Some((n, Fault::Before));
    }

    /// Lets the statement after the next `n` fail after the database has run it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// let (db, log) = db.recording();
    /// log.fail_after(0); // as when the connection breaks before the answer comes
    /// assert!(db.ping().await.is_err());
    /// # Ok(()) }
    /// ```
    pub fn fail_after(&self, n: usize) {
        self.record().fault = Some((n, Fault::After));
    }

    fn strike(&self, moment: Fault) -> Result<()> {
        let mut record = self.record();
        match &mut record.fault {
            Some((0, when)) if *when == moment => {
                record.fault = None;
                Err(Error::new(Code::Sql, "this statement fails because a test asked for it"))
            }
            Some((left, when)) if *when == moment => {
                *left -= 1;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Panics unless exactly `n` statements were run since the log was made or cleared.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let (db, log) = db.recording();
    /// Author::objects().prefetch(|a| a.books).all(&db).await?;
    /// log.assert_queries(2);
    /// # Ok(()) }
    /// ```
    #[track_caller]
    #[allow(clippy::panic, reason = "this is an assertion for tests")]
    pub fn assert_queries(&self, n: usize) {
        let count = self.count();
        if count != n {
            let ran: Vec<_> = self.statements().into_iter().filter(|it| !it.control).map(|it| it.sql).collect();
            panic!("{n} statements were expected and {count} were run:\n{}", ran.join("\n"));
        }
    }
}

impl Database {
    /// A handle on the same connections that records what is run through it, and the record.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// let (watched, log) = db.recording();
    /// db.ping().await?; // not by the handle that records
    /// assert_eq!(log.count(), 0);
    /// # Ok(()) }
    /// ```
    pub fn recording(&self) -> (Database, QueryLog) {
        let log = QueryLog::default();
        (Database { probe: Some(log.clone()), ..self.clone() }, log)
    }
}

/// One statement while it runs.
pub(super) struct Watching {
    began: Instant,
    pub(super) rows: u64,
    control: bool,
}

/// Whether traces of statements are wanted at all.
#[inline]
pub(super) fn traced() -> bool {
    tracing::enabled!(target: "orm::query", tracing::Level::DEBUG)
}

impl Watching {
    pub(super) fn begin(probe: &MaybeProbe, control: bool) -> Result<Self> {
        if let Some(log) = probe
            && !control
        {
            log.strike(Fault::Before)?;
        }
        Ok(Watching { began: Instant::now(), rows: 0, control })
    }

    /// Writes down how it went, and turns success into the failure that a test asked for.
    pub(super) fn end(
        self,
        probe: &MaybeProbe,
        sql: impl FnOnce() -> String,
        values: Option<&Statement>,
        dialect: Dialect,
        error: Option<&Error>,
    ) -> Result<()> {
        let (elapsed, sql) = (self.began.elapsed(), sql());
        if traced() {
            let rows = self.rows;
            let values = values.map(|statement| tracing::field::debug(statement.binds()));
            let error = error.map(|error| error.code().as_str());
            tracing::debug!(target: "orm::query", %dialect, sql, rows, ?elapsed, values, error, "statement");
        }
        let Some(log) = probe else { return Ok(()) };
        log.record().statements.push(LoggedQuery { sql, rows: self.rows, elapsed, control: self.control });
        if self.control || error.is_some() { Ok(()) } else { log.strike(Fault::After) }
    }
}
