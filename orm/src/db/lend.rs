//! Lending connections to Diesel: its queries run where ours do, and nothing that they began stays behind.
//!
//! Inside a transaction what Diesel does stands in a savepoint, and Diesel is told that it is in a transaction: its own
//! transactions are savepoints then. The end of the savepoint says what became of the transaction meanwhile.

#[cfg(feature = "sqlite")]
use super::{Access, Executor as _, Operation};
use super::{Connection, Database, Pool, Transaction, answer::gone, batch::left_open, failure, link::Link};
use crate::{Code, Dialect, Error, Result};
#[cfg(feature = "sqlite")]
use diesel::SqliteConnection;
use diesel::{
    QueryResult,
    connection::TransactionManagerStatus,
    result::{DatabaseErrorKind, Error as DieselError},
};
#[cfg(feature = "mysql")]
use diesel_async::AsyncMysqlConnection;
#[cfg(feature = "postgres")]
use diesel_async::AsyncPgConnection;
#[cfg(feature = "sqlite")]
use futures_util::future::BoxFuture;
use std::{marker::PhantomData, num::NonZeroU32};

/// What Diesel does in a transaction is kept or undone as a whole.
const MARK: &str = "SAVEPOINT orm_lent";
const KEEP: &str = "RELEASE SAVEPOINT orm_lent";
const UNDO: &str = "ROLLBACK TO SAVEPOINT orm_lent";

impl Connection<'_> {
    /// Runs queries of Diesel's on this connection, for [operations](super::Operation) of one's own; see [`Database::with_sqlite`].
    ///
    /// It never runs on the calling thread: what reads starts again on the connection's own.
    ///
    /// ```
    /// use diesel::{dsl::sql, prelude::*, sql_types::BigInt};
    /// use orm::{Access, Connection, Database, Executor, Operation};
    ///
    /// /// By Access::Read it runs on the connections that only read.
    /// struct Six;
    ///
    /// impl Operation for Six {
    ///     type Output = i64;
    ///     fn access(&self) -> Access {
    ///         Access::Read
    ///     }
    ///     async fn run(&mut self, conn: &mut Connection<'_>) -> orm::Result<i64> {
    ///         conn.with_sqlite(|conn| diesel::select(sql::<BigInt>("2 * 3")).get_result(conn)).await
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// let db = Database::connect("sqlite::memory:").await?;
    /// assert_eq!(db.run(Six).await?, 6);
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "sqlite")]
    pub async fn with_sqlite<T, F>(&mut self, work: F) -> Result<T>
    where
        F: FnOnce(&mut SqliteConnection) -> QueryResult<T>,
    {
        type Ansi = diesel::connection::AnsiTransactionManager;
        self.may_be_lent("SQLite", |link| matches!(link, Link::Sqlite(..)))?;
        let Link::Sqlite(watched) = &mut self.link else { return Err(gone()) };
        if watched.watch.is_limited() {
            watched.watch.start_elsewhere();
            return Err(failure::elsewhere());
        }
        watched.watch.set_deadline(self.settings.statement_timeout);
        if self.depth > 0 {
            Ansi::begin_transaction_sql(&mut watched.conn, MARK).map_err(|error| self.refused(error))?;
        }
        self.lent = true;
        let Link::Sqlite(watched) = &mut self.link else { return Err(gone()) };
        let (done, same) = watched.lend(work);
        watched.watch.set_deadline(None);
        if same {
            watched.install();
        } else {
            (self.link, self.lost) = (Link::None(PhantomData), true);
        }
        match done {
            Ok(done) => self.taken_back(done).await,
            Err(panic) => {
                let _ = self.taken_back::<()>(Err(DieselError::RollbackTransaction)).await;
                std::panic::resume_unwind(panic)
            }
        }
    }

    /// Runs queries of Diesel's on this connection, for [operations](super::Operation) of one's own; see [`Database::with_postgres`].
    ///
    /// ```no_run
    /// # async fn run(conn: &mut orm::Connection<'_>) -> orm::Result<i64> {
    /// use diesel::{dsl::sql, sql_types::BigInt};
    /// use diesel_async::RunQueryDsl;
    ///
    /// conn.with_postgres(async |conn| diesel::select(sql::<BigInt>("2 * 3")).get_result(conn).await).await
    /// # }
    /// ```
    #[cfg(feature = "postgres")]
    pub async fn with_postgres<T, F>(&mut self, work: F) -> Result<T>
    where
        F: AsyncFnOnce(&mut AsyncPgConnection) -> QueryResult<T>,
    {
        type Ansi = diesel_async::AnsiTransactionManager;
        self.may_be_lent("PostgreSQL", |link| matches!(link, Link::Postgres(..)))?;
        // Nobody else shall have it, and Diesel not again, if this future is dropped from here on.
        self.away = true;
        let Link::Postgres(conn, _) = &mut self.link else { return Err(gone()) };
        if self.depth > 0
            && let Err(error) = Ansi::begin_transaction_sql(&mut **conn, MARK).await
        {
            self.away = false;
            return Err(self.refused(error));
        }
        self.lent = true;
        let Link::Postgres(conn, _) = &mut self.link else { return Err(gone()) };
        let done = work(conn).await;
        self.away = false;
        self.taken_back(done).await
    }

    /// Runs queries of Diesel's on this connection, for [operations](super::Operation) of one's own; see [`Database::with_mysql`].
    ///
    /// ```no_run
    /// # async fn run(conn: &mut orm::Connection<'_>) -> orm::Result<i64> {
    /// use diesel::{dsl::sql, sql_types::BigInt};
    /// use diesel_async::RunQueryDsl;
    ///
    /// conn.with_mysql(async |conn| diesel::select(sql::<BigInt>("2 * 3")).get_result(conn).await).await
    /// # }
    /// ```
    #[cfg(feature = "mysql")]
    pub async fn with_mysql<T, F>(&mut self, work: F) -> Result<T>
    where
        F: AsyncFnOnce(&mut AsyncMysqlConnection) -> QueryResult<T>,
    {
        type Ansi = diesel_async::AnsiTransactionManager;
        self.may_be_lent("MariaDB or MySQL", |link| matches!(link, Link::Mysql(..)))?;
        // Nobody else shall have it, and Diesel not again, if this future is dropped from here on.
        self.away = true;
        let Link::Mysql(conn) = &mut self.link else { return Err(gone()) };
        if self.depth > 0
            && let Err(error) = Ansi::begin_transaction_sql(&mut **conn, MARK).await
        {
            self.away = false;
            return Err(self.refused(error));
        }
        self.lent = true;
        let Link::Mysql(conn) = &mut self.link else { return Err(gone()) };
        let done = work(conn).await;
        self.away = false;
        self.taken_back(done).await
    }

    fn may_be_lent(&self, to: &'static str, is_of: fn(&Link<'_>) -> bool) -> Result<()> {
        match &self.link {
            _ if self.theirs => Err(borrowed()),
            Link::None(_) => Err(gone()),
            link if !is_of(link) => Err(other(self.dialect(), to)),
            _ if self.aborted.is_some() => Err(failure::given_up()),
            _ if self.away => Err(cut_off()),
            _ => Ok(()),
        }
    }

    /// How deep Diesel believes to be in transactions; it forgets that.
    fn forgotten_depth(&mut self) -> QueryResult<Option<NonZeroU32>> {
        let status = self.diesels_status().ok_or(DieselError::BrokenTransactionManager)?;
        let depth = status.transaction_depth();
        *status = Default::default();
        depth
    }

    /// What Diesel believes about transactions.
    pub(super) fn diesels_status(&mut self) -> Option<&mut TransactionManagerStatus> {
        Some(match &mut self.link {
            #[cfg(feature = "sqlite")]
            Link::Sqlite(watched) => {
                use diesel::connection::{AnsiTransactionManager, TransactionManager};
                AnsiTransactionManager::transaction_manager_status_mut(&mut watched.conn)
            }
            #[cfg(feature = "sqlite")]
            Link::BorrowedSqlite(conn) => {
                use diesel::connection::{AnsiTransactionManager, TransactionManager};
                AnsiTransactionManager::transaction_manager_status_mut(&mut **conn)
            }
            #[cfg(feature = "postgres")]
            Link::Postgres(conn, _) => {
                use diesel_async::{AnsiTransactionManager, TransactionManager};
                AnsiTransactionManager::transaction_manager_status_mut(&mut **conn)
            }
            #[cfg(feature = "mysql")]
            Link::Mysql(conn) => {
                use diesel_async::{AnsiTransactionManager, TransactionManager};
                AnsiTransactionManager::transaction_manager_status_mut(&mut **conn)
            }
            Link::None(_) => return None,
        })
    }

    /// Ends what Diesel did: it is kept where it succeeded and has ended what it began, and undone elsewhere.
    async fn taken_back<T>(&mut self, done: QueryResult<T>) -> Result<T> {
        if let Link::None(_) = self.link {
            return Err(gone());
        }
        let deep = self.forgotten_depth();
        let done = done.map_err(|error| self.of_diesel(error));
        // What is asked and ended here is no statement of a person's.
        let (patient, probe) = (std::mem::replace(&mut self.patient, true), self.unobserved());
        let done = match self.depth {
            0 => self.ended_alone(done, deep).await,
            _ => self.ended_inside(done, deep).await,
        };
        self.patient = patient;
        self.observe(&probe);
        done
    }

    /// Outside of a transaction: one that Diesel has left open would be somebody else's next.
    async fn ended_alone<T>(&mut self, done: Result<T>, deep: QueryResult<Option<NonZeroU32>>) -> Result<T> {
        // Diesel does not count what was begun by its text.
        let open = match deep {
            Ok(None) => match left_open(self).await {
                Ok(open) => open,
                // The first error is the one to tell.
                Err(error) => return done.and(Err(error)),
            },
            _ => true,
        };
        if open && self.raw_batch("ROLLBACK").await.is_err() {
            self.lost = true;
        }
        #[cfg(feature = "sqlite")]
        self.tidy_now();
        match done {
            Ok(_) if open => Err(left("it was rolled back")),
            done => done,
        }
    }

    /// Inside a transaction: it goes on, unless Diesel has ended it.
    async fn ended_inside<T>(&mut self, done: Result<T>, deep: QueryResult<Option<NonZeroU32>>) -> Result<T> {
        let deep = deep.ok().flatten().map_or(0, NonZeroU32::get);
        let refused = match done {
            Ok(value) if deep == 1 => match self.raw_batch(KEEP).await {
                Ok(()) => return Ok(value),
                // PostgreSQL goes on refusing after a statement that failed, whatever became of its error.
                Err(error) if error.code() == Code::TransactionOver => swallowed(),
                Err(_) => ended_ours(),
            },
            Ok(_) if deep > 1 => left("what it did was undone"),
            Ok(_) => ended_ours(),
            Err(error) => error,
        };
        let stands = self.raw_batch(UNDO).await.is_ok() && self.raw_batch(KEEP).await.is_ok();
        self.aborted = if stands { None } else { Some(1) };
        if !stands && self.dialect() == Dialect::Sqlite {
            // What was begun in place of ours. Elsewhere the end of the transaction is a rollback in any case.
            let _ = self.raw_batch("ROLLBACK").await;
        }
        Err(refused)
    }

    #[cold]
    fn of_diesel(&mut self, error: DieselError) -> Error {
        if let DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, _) = error {
            self.lost = true;
        }
        let error = match error {
            DieselError::NotFound => {
                Error::new(Code::NotFound, "no row was found by Diesel").with_hint("end the query with `.optional()`")
            }
            DieselError::DeserializationError(cause) => {
                Error::new(Code::Decode, "Diesel cannot read a stored value").with_unredacted(cause.to_string())
            }
            DieselError::AlreadyInTransaction => {
                let what = "Diesel was to begin a transaction of another kind inside of the one that it was lent";
                Error::new(Code::BadQuery, what).with_hint("write `conn.transaction(..)`, which is a savepoint there")
            }
            error => failure::of_statement(error, self.dialect()),
        };
        self.lost |= error.code() == Code::ConnectionLost;
        error
    }

    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(super) fn lent(&self) -> bool {
        self.lent
    }

    /// Undoes what Diesel may have set on a server.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(super) async fn tidy(&mut self) -> Result<()> {
        let _ = self.forgotten_depth();
        let setup = std::mem::take(&mut self.setup);
        let done = self.raw_batch(&setup).await;
        (self.setup, self.lent, self.schema) = (setup, done.is_err(), None);
        done
    }
}

/// The documentation of all three stands here: a database is one of them only when the program runs.
impl Database {
    /// Runs queries of Diesel's on a connection to an SQLite database of ours.
    ///
    /// They run where writes run, one at a time and never on the calling thread, and `statement_timeout` is for all of them together.
    /// Whatever way the closure ends, the connection is as before for whoever has it next: a transaction that was left open is rolled
    /// back, and the settings are those with which it was opened. Databases that were attached, what is temporary, and functions that were
    /// registered stay.
    ///
    /// # Errors
    /// Diesel's errors as those of this library, violations by their codes. [`Code::BadQuery`] for a transaction that was left open,
    /// [`Code::Unsupported`] on another database than SQLite.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// use diesel::prelude::*;
    ///
    /// diesel::table! {
    ///     library_tag (id) {
    ///         id -> BigInt,
    ///         slug -> Text,
    ///         name -> Text,
    ///     }
    /// }
    ///
    /// let slugs = db
    ///     .with_sqlite(|conn| library_tag::table.order(library_tag::id).select(library_tag::slug).load::<String>(conn))
    ///     .await?;
    /// assert_eq!(slugs.len(), 4);
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "sqlite")]
    pub fn with_sqlite<T, F>(&self, work: F) -> BoxFuture<'_, Result<T>>
    where
        T: Send + 'static,
        F: FnOnce(&mut SqliteConnection) -> QueryResult<T> + Send + 'static,
    {
        Box::pin(self.run(Lend(Some(Box::new(work)))))
    }

    /// Runs queries of `diesel-async` on a connection to a PostgreSQL database of ours.
    ///
    /// Whatever way the closure ends, the connection is as before for whoever has it next: a transaction that was left open is rolled
    /// back, and settings, roles, temporary tables and locks are given up.
    ///
    /// # Errors
    /// Diesel's errors as those of this library, violations by their codes. [`Code::BadQuery`] for a transaction that was left open,
    /// [`Code::Unsupported`] on another database than PostgreSQL.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// use diesel::{dsl::sql, sql_types::BigInt};
    /// use diesel_async::RunQueryDsl;
    ///
    /// let db = orm::Database::connect("postgres://localhost/shop").await?;
    /// let six: i64 =
    ///     db.with_postgres(async |conn| diesel::select(sql::<BigInt>("2 * 3")).get_result(conn).await).await?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "postgres")]
    pub async fn with_postgres<T, F>(&self, work: F) -> Result<T>
    where
        F: AsyncFnOnce(&mut AsyncPgConnection) -> QueryResult<T>, // `async |conn| ..`
    {
        let _writing = self.writing();
        let mut lease = self.lend("PostgreSQL").await?;
        let done = Box::pin(lease.begin(&self.probe)?.with_postgres(work)).await;
        lease.end(&done);
        done
    }

    /// Runs queries of `diesel-async` on a connection to a MariaDB or MySQL database of ours.
    ///
    /// Whatever way the closure ends, the connection is as before for whoever has it next: a transaction that was left open is rolled
    /// back, locks by names are given up, and the settings are those that this library relies on. Temporary tables and variables stay.
    ///
    /// # Errors
    /// Diesel's errors as those of this library, violations by their codes. [`Code::BadQuery`] for a transaction that was left open,
    /// [`Code::Unsupported`] on another database than MariaDB or MySQL.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// use diesel::{dsl::sql, sql_types::BigInt};
    /// use diesel_async::RunQueryDsl;
    ///
    /// let db = orm::Database::connect("mysql://localhost/shop").await?;
    /// let six: i64 = db.with_mysql(async |conn| diesel::select(sql::<BigInt>("2 * 3")).get_result(conn).await).await?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "mysql")]
    pub async fn with_mysql<T, F>(&self, work: F) -> Result<T>
    where
        F: AsyncFnOnce(&mut AsyncMysqlConnection) -> QueryResult<T>, // `async |conn| ..`
    {
        let _writing = self.writing();
        let mut lease = self.lend("MariaDB or MySQL").await?;
        let done = Box::pin(lease.begin(&self.probe)?.with_mysql(work)).await;
        lease.end(&done);
        done
    }

    #[cfg(any(feature = "postgres", feature = "mysql"))]
    async fn lend(&self, to: &'static str) -> Result<super::server::Leased> {
        super::transaction::refuse_bypass(self)?;
        match &self.inner.pool {
            Pool::Server(pool) => pool.lend(self.view().schema.as_ref()).await,
            Pool::Borrowed(_) => Err(borrowed()),
            _ => Err(other(self.inner.dialect, to)),
        }
    }
}

impl Transaction {
    /// Runs queries of Diesel's in the transaction, on SQLite: on its own connection, so that each sees what the other wrote, and all
    /// is committed or rolled back together.
    ///
    /// What the closure does is kept when it returns `Ok` and undone otherwise, while the transaction goes on, as by
    /// [`Transaction::transaction`]; Diesel's own transactions are savepoints in it.
    ///
    /// # Errors
    /// As [`Database::with_sqlite`]; [`Code::TransactionOver`] if the closure has ended the transaction, which cannot go on then.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// use diesel::prelude::*;
    ///
    /// diesel::table! {
    ///     library_tag (id) {
    ///         id -> BigInt,
    ///         slug -> Text,
    ///         name -> Text,
    ///     }
    /// }
    ///
    /// db.transaction(async |tx| {
    ///     let tag = Tag::draft().slug("logic").name("Logic").create(tx).await?;
    ///     tx.with_sqlite(move |conn| {
    ///         diesel::update(library_tag::table.find(tag.id)).set(library_tag::name.eq("Logics")).execute(conn)
    ///     })
    ///     .await?;
    ///     assert_eq!(Tag::get(tag.id, tx).await?.name, "Logics");
    ///     Ok(())
    /// })
    /// .await?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "sqlite")]
    pub fn with_sqlite<T, F>(&self, work: F) -> BoxFuture<'_, Result<T>>
    where
        T: Send + 'static,
        F: FnOnce(&mut SqliteConnection) -> QueryResult<T> + Send + 'static,
    {
        Box::pin(self.run(Lend(Some(Box::new(work)))))
    }

    /// Runs queries of `diesel-async` in the transaction, on PostgreSQL: on its own connection, so that each sees what the other wrote,
    /// and all is committed or rolled back together.
    ///
    /// What the closure does is kept when it returns `Ok` and undone otherwise, while the transaction goes on, as by
    /// [`Transaction::transaction`]; Diesel's own transactions are savepoints in it. The transaction itself cannot be used inside the
    /// closure.
    ///
    /// # Errors
    /// As [`Database::with_postgres`]; [`Code::TransactionOver`] if a statement failed and the closure did not return its error, or if
    /// it has ended the transaction, which cannot go on then.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("postgres://localhost/shop").await?;
    /// use diesel_async::RunQueryDsl;
    ///
    /// db.transaction(async |tx| {
    ///     tx.with_postgres(async |conn| diesel::sql_query("DELETE FROM cart").execute(conn).await).await?;
    ///     tx.batch("DELETE FROM visit").await
    /// })
    /// .await?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "postgres")]
    pub async fn with_postgres<T, F>(&self, work: F) -> Result<T>
    where
        F: AsyncFnOnce(&mut AsyncPgConnection) -> QueryResult<T>, // `async |conn| ..`
    {
        let mut lent = self.lend("PostgreSQL").await?;
        let done = Box::pin(lent.lease.begin(self.probe())?.with_postgres(work)).await;
        lent.end(&done);
        done
    }

    /// Runs queries of `diesel-async` in the transaction, on MariaDB or MySQL; see [`Transaction::with_postgres`]. A statement that
    /// commits by itself there, such as `CREATE TABLE`, ends the transaction, which is told.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("mysql://localhost/shop").await?;
    /// use diesel_async::RunQueryDsl;
    ///
    /// db.transaction(async |tx| {
    ///     tx.with_mysql(async |conn| diesel::sql_query("DELETE FROM cart").execute(conn).await).await?;
    ///     tx.batch("DELETE FROM visit").await
    /// })
    /// .await?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "mysql")]
    pub async fn with_mysql<T, F>(&self, work: F) -> Result<T>
    where
        F: AsyncFnOnce(&mut AsyncMysqlConnection) -> QueryResult<T>, // `async |conn| ..`
    {
        let mut lent = self.lend("MariaDB or MySQL").await?;
        let done = Box::pin(lent.lease.begin(self.probe())?.with_mysql(work)).await;
        lent.end(&done);
        done
    }
}

/// What Diesel does on SQLite, as an operation: `Access::Write` runs once. Boxed, as its future is, since what a closure holds would
/// keep that from being `Send` inside of the closures of transactions.
#[cfg(feature = "sqlite")]
struct Lend<T>(Option<Work<T>>);

#[cfg(feature = "sqlite")]
type Work<T> = Box<dyn FnOnce(&mut SqliteConnection) -> QueryResult<T> + Send>;

#[cfg(feature = "sqlite")]
impl<T: Send + 'static> Operation for Lend<T> {
    type Output = T;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<T> {
        conn.may_be_lent("SQLite", |link| matches!(link, Link::Sqlite(..)))?;
        match self.0.take() {
            Some(work) => conn.with_sqlite(work).await,
            None => Err(Error::new(Code::BadQuery, "what Diesel does was begun before")),
        }
    }
}

#[cold]
pub(super) fn other(is: Dialect, wanted: &str) -> Error {
    Error::new(Code::Unsupported, format!("the database is {is}, and a connection to {wanted} was asked for"))
        .with_hint("each back end has its own: `with_sqlite`, `with_postgres` and `with_mysql`")
}

#[cold]
pub(super) fn borrowed() -> Error {
    Error::new(Code::Unsupported, "the connection is Diesel's own, and was borrowed: it is not lent back")
        .with_hint("use it before the closure and after it")
}

#[cold]
fn cut_off() -> Error {
    Error::new(Code::TransactionOver, "what Diesel ran on this connection was given up half way: Diesel cannot have it again")
        .with_hint("go on without Diesel, or return the error and begin again; let the closure come to its end, with a time-out inside of it")
}

#[cold]
fn left(and: &str) -> Error {
    Error::new(Code::BadQuery, format!("what Diesel ran has left a transaction of its own open: {and}"))
        .with_hint("write `conn.transaction(..)`, or end it in the same closure")
}

#[cold]
fn swallowed() -> Error {
    Error::new(Code::TransactionOver, "a statement that Diesel ran has failed, and its error was not returned")
        .with_hint("return the error; try statements that may fail in `conn.transaction(..)`")
}

#[cold]
fn ended_ours() -> Error {
    Error::new(Code::TransactionOver, "what Diesel ran has ended the transaction that it was lent to it in")
        .with_hint("leave COMMIT, ROLLBACK and what commits by itself to whoever has begun the transaction")
}
