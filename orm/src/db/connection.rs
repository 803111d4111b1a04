//! One connection, whatever the back end: runs finished statements, hands out their rows.

#[allow(unused_imports, reason = "each back end has its own")]
use super::answer::*;
use super::{
    Settings, failure,
    fragment::{ByKey, ByText, Fragment},
    link::Link,
    log::{self, MaybeProbe, Watching},
    row::Row,
};
use crate::{Code, Dialect, Error, Result, Statement};
#[cfg(any(feature = "postgres", feature = "mysql"))]
use diesel_async::{AsyncConnectionCore as _, SimpleAsyncConnection as _};
use std::{marker::PhantomData, sync::Arc};

/// What receives the rows of an answer.
pub type Each<'a> = &'a mut (dyn FnMut(&Row<'_>) -> Result<()> + Send);

/// A connection to one of the databases: a concrete type, so that each operation is compiled once, not once per back end. The lifetime is
/// that of one which Diesel code has made and lends for a while: `orm::on_postgres` and its like.
///
/// ```
/// use orm::{Access, Connection, Executor, Operation, Result, Statement, Value};
///
/// /// Doubles a number, in the database.
/// struct Double(i64);
///
/// impl Operation for Double {
///     type Output = i64;
///
///     fn access(&self) -> Access {
///         Access::Read
///     }
///
///     async fn run(&mut self, conn: &mut Connection<'_>) -> Result<i64> {
///         let statement = Statement::raw("SELECT 2 * ?", [Value::I64(self.0)]);
///         let mut doubled = 0;
///         conn.query(&statement, &mut |row| Ok(doubled = row.cell(0).i64()?)).await?;
///         Ok(doubled)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<()> {
/// # let db = orm::Database::connect("sqlite::memory:").await?;
/// assert_eq!(db.run(Double(21)).await?, 42);
/// # Ok(()) }
/// ```
pub struct Connection<'a> {
    pub(super) link: Link<'a>,
    dialect: Dialect,
    /// 0 outside of a transaction; 1 in one; more inside savepoints.
    pub(super) depth: u32,
    /// The depth at which it was borrowed, which our transactions do not end.
    pub(super) floor: u32,
    /// Whether somebody else has made it, and gets it back.
    pub(super) theirs: bool,
    /// Whether an operation is running, or its future was dropped before it had ended.
    pub(super) busy: bool,
    /// Whether the connection is known to be lost.
    pub(super) lost: bool,
    /// Whether nobody else shall have it.
    pub(super) retired: bool,
    /// Whether MariaDB was told not to look at foreign keys.
    pub(super) unchecked: bool,
    /// The schema in which names are looked up, where it is not the server's own.
    pub(super) schema: Option<Arc<str>>,
    /// The depth at which a failed statement made the database give up the transaction.
    pub(super) aborted: Option<u32>,
    pub(super) read_only: bool,
    /// Whether it has locks by names, which end with the transaction.
    pub(super) locks: bool,
    /// Whether Diesel had it, whose settings have to be undone.
    pub(super) lent: bool,
    /// Whether Diesel has it, or was given up half way while it had it.
    pub(super) away: bool,
    /// Whether its owner has said that SQLite only reads on it.
    pub(super) reads_alone: bool,
    /// What makes its settings what they were when it was opened.
    pub(super) setup: Box<str>,
    /// Whether answers are waited for without end: migrations have time-outs of their own.
    pub(crate) patient: bool,
    probe: MaybeProbe,
    pub(super) settings: Arc<Settings>,
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
            #[cfg(feature = "sqlite")]
            Link::BorrowedSqlite(conn) => borrowed_sqlite_query(conn, Fragment::statement(&$fragment), $each),
            #[cfg(feature = "postgres")]
            Link::Postgres(conn, _) => in_time(&$self.settings, $self.patient, pg_query(conn, $fragment, $each)).await,
            #[cfg(feature = "mysql")]
            Link::Mysql(conn) => in_time(&$self.settings, $self.patient, mysql_query(conn, $fragment, $each)).await,
            Link::None(_) => no_back_end(&$fragment, $each),
        }
    };
}

macro_rules! execute {
    ($self:ident, $fragment:expr) => {
        match &mut $self.link {
            #[cfg(feature = "sqlite")]
            Link::Sqlite(conn) => sqlite_execute(conn, &$fragment),
            #[cfg(feature = "sqlite")]
            Link::BorrowedSqlite(conn) => borrowed_sqlite_execute(conn, Fragment::statement(&$fragment)),
            #[cfg(feature = "postgres")]
            Link::Postgres(conn, _) => {
                in_time(&$self.settings, $self.patient, conn.execute_returning_count($fragment)).await
            }
            #[cfg(feature = "mysql")]
            Link::Mysql(conn) => in_time(&$self.settings, $self.patient, conn.execute_returning_count($fragment)).await,
            Link::None(_) => {
                let _ = &$fragment;
                Err(diesel::result::Error::SerializationError(Box::new(gone())))
            }
        }
    };
}

impl<'a> Connection<'a> {
    pub(super) fn new(link: Link<'a>, dialect: Dialect, settings: Arc<Settings>) -> Self {
        Connection {
            link,
            dialect,
            depth: 0,
            floor: 0,
            theirs: false,
            busy: false,
            lost: false,
            retired: false,
            unchecked: false,
            schema: None,
            aborted: None,
            read_only: false,
            locks: false,
            lent: false,
            away: false,
            reads_alone: false,
            setup: Box::default(),
            patient: false,
            probe: None,
            settings,
        }
    }

    /// Lets a log see what runs from now on.
    #[inline]
    pub(super) fn observe(&mut self, probe: &MaybeProbe) {
        if probe.is_some() || self.probe.is_some() {
            self.probe.clone_from(probe);
        }
    }

    /// Hides what follows from logs; gives what is to be given to [`Connection::observe`] afterwards.
    pub(super) fn unobserved(&mut self) -> MaybeProbe {
        self.probe.take()
    }

    /// The dialect of the database.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Runs a statement and hands each row of its answer to `each`, which may end it with an error.
    pub async fn query(&mut self, statement: &Statement, each: Each<'_>) -> Result<()> {
        self.may_run(statement)?;
        if !self.watched() {
            let ran: Result<(), Failed> = run!(self, ByText(statement), each);
            self.has_run();
            return ran.map_err(|failed| self.failed(failed, statement));
        }
        let mut watching = Watching::begin(&self.probe, false)?;
        let rows = &mut watching.rows;
        let each: Each<'_> = &mut |row| {
            *rows += 1;
            each(row)
        };
        let ran: Result<(), Failed> = run!(self, ByText(statement), each);
        self.has_run();
        let ran = ran.map_err(|failed| self.failed(failed, statement));
        self.note(watching, statement, ran)
    }

    /// Like [`Connection::query`]; the connection finds the prepared statement by the type `K`, without its text.
    ///
    /// One `K` must always come with one text per dialect.
    pub async fn query_keyed<K: 'static>(&mut self, statement: &Statement, each: Each<'_>) -> Result<()> {
        if self.watched() {
            return self.query(statement, each).await;
        }
        self.may_run(statement)?;
        let ran: Result<(), Failed> = run!(self, ByKey::<K>(statement, PhantomData), each);
        self.has_run();
        ran.map_err(|failed| self.failed(failed, statement))
    }

    /// Runs several queries that do not need each other's answers; on PostgreSQL they are sent at once.
    ///
    /// `each` receives the number of the query with each row. The rows of one query come before those of the next.
    pub async fn query_many(
        &mut self,
        statements: &[Statement],
        each: &mut (dyn FnMut(usize, &Row<'_>) -> Result<()> + Send),
    ) -> Result<()> {
        #[cfg(feature = "postgres")]
        if statements.len() > 1 && !self.watched() {
            if let Some(statement) = statements.first() {
                self.may_run(statement)?;
            }
            if let Link::Postgres(conn, _) = &mut self.link {
                let ran = in_time(&self.settings, self.patient, pg_pipeline(conn, statements, each)).await;
                return ran.map_err(|(index, failed)| self.failed(failed, &statements[index]));
            }
        }
        for (index, statement) in statements.iter().enumerate() {
            self.query(statement, &mut |row| each(index, row)).await?;
        }
        Ok(())
    }

    /// Runs a statement and gives the number of rows it touched.
    pub async fn execute(&mut self, statement: &Statement) -> Result<u64> {
        self.may_run(statement)?;
        if !self.watched() {
            let ran: diesel::QueryResult<usize> = execute!(self, ByText(statement));
            self.has_run();
            return ran.map(|rows| rows as u64).map_err(|error| self.failed(Failed::Database(error), statement));
        }
        let mut watching = Watching::begin(&self.probe, false)?;
        let ran: diesel::QueryResult<usize> = execute!(self, ByText(statement));
        self.has_run();
        let ran = ran.map(|rows| rows as u64).map_err(|error| self.failed(Failed::Database(error), statement));
        watching.rows = *ran.as_ref().unwrap_or(&0);
        self.note(watching, statement, ran)
    }

    /// Like [`Connection::execute`], with the prepared statement found by `K`; see [`Connection::query_keyed`].
    pub async fn execute_keyed<K: 'static>(&mut self, statement: &Statement) -> Result<u64> {
        if self.watched() {
            return self.execute(statement).await;
        }
        self.may_run(statement)?;
        let ran: diesel::QueryResult<usize> = execute!(self, ByKey::<K>(statement, PhantomData));
        self.has_run();
        ran.map(|rows| rows as u64).map_err(|error| self.failed(Failed::Database(error), statement))
    }

    /// Whether anybody wants to know what is run.
    #[inline]
    fn watched(&self) -> bool {
        self.probe.is_some() || log::traced()
    }

    fn note<T>(&self, watching: Watching, statement: &Statement, ran: Result<T>) -> Result<T> {
        if ran.is_err() && self.starts_again() {
            return ran;
        }
        let values = self.settings.log_values.then_some(statement);
        watching.end(&self.probe, || statement.sql(self.dialect), values, self.dialect, ran.as_ref().err())?;
        ran
    }

    /// Whether what failed starts again on the connection's own thread, and is noted there.
    fn starts_again(&self) -> bool {
        #[cfg(feature = "sqlite")]
        return self.stopped() == super::sqlite::Stopped::Budget;
        #[cfg(not(feature = "sqlite"))]
        false
    }

    /// Refuses what cannot be run: anything in a transaction that the database has given up, and on SQLite what is not for
    /// the calling thread.
    #[inline]
    fn may_run(&self, statement: &Statement) -> Result<()> {
        if self.aborted.is_some() {
            return Err(failure::given_up());
        }
        #[cfg(feature = "sqlite")]
        if let Link::Sqlite(conn) = &self.link {
            conn.watch.set_deadline(self.settings.statement_timeout);
            if !conn.watch.may_start(statement) {
                return Err(failure::elsewhere());
            }
        }
        Ok(())
    }

    #[inline]
    fn has_run(&self) {
        #[cfg(feature = "sqlite")]
        if let Link::Sqlite(conn) = &self.link {
            conn.watch.finished(self.settings.inline_budget);
        }
    }

    /// Runs SQL of any number of statements, without binds or answers.
    pub async fn batch(&mut self, sql: &str) -> Result<()> {
        if self.aborted.is_some() {
            return Err(failure::given_up());
        }
        #[cfg(feature = "sqlite")]
        if let Link::Sqlite(conn) = &self.link {
            conn.watch.set_deadline(self.settings.statement_timeout);
        }
        // Of any number of statements, each with the server's own time-out.
        let patient = std::mem::replace(&mut self.patient, true);
        let ran = self.control(sql).await;
        self.patient = patient;
        ran
    }

    /// SQL that also an aborted transaction takes.
    async fn control(&mut self, sql: &str) -> Result<()> {
        let watching = if self.watched() { Some(Watching::begin(&self.probe, true)?) } else { None };
        let ran = self.raw_batch(sql).await;
        match watching {
            None => ran,
            Some(_) if ran.is_err() && self.starts_again() => ran,
            Some(watching) => {
                watching.end(&self.probe, || sql.to_owned(), None, self.dialect, ran.as_ref().err())?;
                ran
            }
        }
    }

    pub(super) async fn raw_batch(&mut self, sql: &str) -> Result<()> {
        let ran: diesel::QueryResult<()> = match &mut self.link {
            #[cfg(feature = "sqlite")]
            Link::Sqlite(conn) => diesel::connection::SimpleConnection::batch_execute(&mut conn.conn, sql),
            #[cfg(feature = "sqlite")]
            Link::BorrowedSqlite(conn) => diesel::connection::SimpleConnection::batch_execute(&mut **conn, sql),
            #[cfg(feature = "postgres")]
            Link::Postgres(conn, _) => in_time(&self.settings, self.patient, conn.batch_execute(sql)).await,
            #[cfg(feature = "mysql")]
            Link::Mysql(conn) => in_time(&self.settings, self.patient, conn.batch_execute(sql)).await,
            Link::None(_) => Err(diesel::result::Error::SerializationError(Box::new(gone()))),
        };
        ran.map_err(|error| self.refused(error).with_sql(sql))
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
                self.begin(begin, false).await?;
            }
            _ if self.aborted.is_some() => return Err(failure::given_up()),
            depth => {
                self.control(&format!("SAVEPOINT {}", self.mark(depth))).await?;
                self.depth += 1;
            }
        }
        Ok(Savepoint(self.depth))
    }

    pub(super) async fn begin(&mut self, sql: impl AsRef<str> + Send, read_only: bool) -> Result<()> {
        if read_only && !self.reads_alone && self.dialect == Dialect::Sqlite {
            self.raw_batch("PRAGMA query_only = ON").await?;
        }
        self.control(sql.as_ref()).await?;
        (self.depth, self.read_only) = (1, read_only);
        Ok(())
    }

    /// What is so when no transaction is open.
    async fn ended(&mut self) {
        (self.depth, self.aborted) = (0, None);
        if std::mem::take(&mut self.read_only) && !self.reads_alone && self.dialect == Dialect::Sqlite {
            let _ = self.raw_batch("PRAGMA query_only = OFF").await;
        }
        if std::mem::take(&mut self.locks) && self.raw_batch("DO RELEASE_ALL_LOCKS()").await.is_err() {
            // The server gives them back when the connection ends.
            self.lost = true;
        }
        #[cfg(feature = "sqlite")]
        self.tidy_now();
    }

    /// Keeps what was done since the savepoint; the outermost one commits.
    pub async fn release(&mut self, savepoint: Savepoint) -> Result<()> {
        self.release_to(savepoint.0 - 1).await
    }

    pub(super) async fn release_to(&mut self, depth: u32) -> Result<()> {
        if depth == 0 {
            return self.commit().await;
        }
        if self.aborted.is_some() {
            let _ = self.roll_back_to(depth).await;
            return Err(failure::given_up());
        }
        self.control(&format!("RELEASE SAVEPOINT {}", self.mark(depth))).await?;
        self.depth = depth;
        Ok(())
    }

    /// Undoes what was done since the savepoint.
    pub async fn roll_back(&mut self, savepoint: Savepoint) -> Result<()> {
        self.roll_back_to(savepoint.0 - 1).await
    }

    /// Undoes everything deeper than `depth`; 0 ends the transaction, if it is ours.
    pub(super) async fn roll_back_to(&mut self, depth: u32) -> Result<()> {
        let depth = depth.max(self.floor);
        match depth {
            0 => {
                // What the database has rolled back by itself has no end.
                let ended = self.aborted == Some(1) && self.dialect == Dialect::Sqlite;
                let done = if ended { Ok(()) } else { self.control("ROLLBACK").await };
                self.ended().await;
                return done;
            }
            // One by one: the deeper savepoints go with it.
            _ if depth < self.depth => {
                let mark = self.mark(depth);
                self.control(&format!("ROLLBACK TO SAVEPOINT {mark}")).await?;
                self.control(&format!("RELEASE SAVEPOINT {mark}")).await?;
            }
            _ => return Ok(()),
        }
        self.depth = depth;
        self.aborted = self.aborted.filter(|aborted| *aborted <= depth);
        if std::mem::take(&mut self.unchecked) {
            self.control("SET SESSION foreign_key_checks = 1").await?;
        }
        Ok(())
    }

    pub(super) async fn commit(&mut self) -> Result<()> {
        // PostgreSQL answers COMMIT with success when it has given the transaction up.
        if self.aborted.is_some() {
            let _ = self.roll_back_to(0).await;
            return Err(failure::given_up());
        }
        let done = self.control("COMMIT").await;
        if done.is_err() && self.starts_again() {
            return done;
        }
        let done = done.map_err(|error| self.deferred(error));
        if done.is_err() && !self.lost {
            // SQLite leaves the transaction open when COMMIT fails, for a deferred foreign key for example.
            let _ = self.control("ROLLBACK").await;
        }
        self.ended().await;
        done
    }

    /// What COMMIT refused: a foreign key that is checked there, and not where it was written.
    #[cold]
    fn deferred(&mut self, error: Error) -> Error {
        if error.code() != Code::ForeignKeyViolation {
            return error;
        }
        #[cfg(feature = "sqlite")]
        if let Link::Sqlite(conn) = &mut self.link
            && let Some((table, columns)) = super::sqlite::broken_key(conn)
        {
            return failure::named(error.with_table(table).with_fields(columns));
        }
        failure::named(error)
    }

    /// Whether a transaction is open.
    #[inline]
    pub fn in_transaction(&self) -> bool {
        self.depth > 0
    }

    /// Undoes what an operation left open.
    #[cfg(feature = "sqlite")]
    #[cold]
    pub(super) fn undo_now(&mut self) {
        // It fails when SQLite has rolled back by itself; then there is nothing to end.
        let _ = self.batch_now("ROLLBACK");
        (self.depth, self.aborted) = (0, None);
        if std::mem::take(&mut self.read_only) {
            let _ = self.batch_now("PRAGMA query_only = OFF");
        }
        self.tidy_now();
    }

    /// Undoes what a panic has cut off in a migration on SQLite: what it began, and what it turned off.
    #[cold]
    pub(crate) fn undo_cut_off(&mut self) {
        #[cfg(feature = "sqlite")]
        if let Link::Sqlite(..) = self.link {
            self.undo_now();
            let _ = self.batch_now("PRAGMA foreign_keys = ON; PRAGMA legacy_alter_table = OFF");
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

    pub(super) fn set_dialect(&mut self, dialect: Dialect) {
        self.dialect = dialect;
    }

    #[cold]
    fn failed(&mut self, failed: Failed, statement: &Statement) -> Error {
        match failed {
            Failed::Each(error) => error,
            Failed::Database(error) => self.refused(error).with_sql(statement.sql(self.dialect)),
        }
    }

    /// The error, and what it means for an open transaction.
    #[cold]
    pub(super) fn refused(&mut self, error: diesel::result::Error) -> Error {
        let by_database = matches!(error, diesel::result::Error::DatabaseError(..));
        let error = failure::of_statement(error, self.dialect);
        if error.code() == Code::ConnectionLost {
            self.lost = true;
        }
        #[cfg(feature = "sqlite")]
        if let Link::Sqlite(conn) = &self.link
            && error.code() == Code::ForeignKeyViolation
        {
            // SQLite does not say which: finding out is not for the calling thread.
            conn.watch.start_elsewhere();
        }
        if by_database && self.depth > 0 {
            let aborted = match self.dialect {
                // Until a rollback, to a savepoint at least, it refuses everything.
                Dialect::Postgres => Some(self.depth),
                // The whole is rolled back already, and what followed would be on its own.
                Dialect::MariaDb | Dialect::MySql => {
                    matches!(error.code(), Code::Deadlock | Code::Serialization).then_some(1)
                }
                Dialect::Sqlite => self.rolled_back_by_itself().then_some(1),
            };
            self.aborted = match (self.aborted, aborted) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        error
    }

    /// Whether SQLite has rolled back the transaction: it does so when it is stopped in a write, or the disk is full.
    fn rolled_back_by_itself(&mut self) -> bool {
        match &mut self.link {
            #[cfg(feature = "sqlite")]
            Link::Sqlite(conn) => super::link::begins(&mut conn.conn),
            #[cfg(feature = "sqlite")]
            Link::BorrowedSqlite(conn) => super::link::begins(conn),
            _ => false,
        }
    }
}
