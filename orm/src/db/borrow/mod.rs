//! Our operations on connections that Diesel code has made: borrowed for the span of a call, and given back as they were.
//!
//! The closure's future and what has the connection are one task: operations go through a queue from one to the other, so that a
//! `Database`, which has no lifetime, stands for a connection that is only borrowed. When that is given back, the handle is closed.

mod queue;
mod session;

pub(super) use queue::{Borrowed, Lease};

#[cfg(any(feature = "postgres", feature = "mysql"))]
use super::link::Held;
use super::{Database, Inner, Pool, link::Link, transaction::OnCommit};
use crate::{Dialect, Result};
#[cfg(feature = "sqlite")]
use diesel::SqliteConnection;
#[cfg(feature = "mysql")]
use diesel_async::AsyncMysqlConnection;
#[cfg(feature = "postgres")]
use diesel_async::AsyncPgConnection;
use session::Guest;
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::mpsc;

/// Runs queries, writes and transactions of this library on a connection that Diesel code has made, to PostgreSQL: one's own, or one out
/// of a pool of `diesel-async`, inside of a transaction of Diesel's or outside.
///
/// The closure is given a [`Database`] that stands for this one connection, until the closure has ended. Inside a transaction of Diesel's
/// what it does is kept when it returns `Ok` and undone otherwise, while Diesel's transaction goes on; transactions of ours are savepoints
/// in it, and what they have for [after the commit](crate::Transaction::on_commit) is refused unless an [`AfterCommit`] takes it. Outside
/// of one it is as on any connection.
///
/// The session is in UTC meanwhile. However the closure ends, the connection is given back as it was; where the future is dropped in the
/// middle of something, Diesel knows that the connection is broken (`BrokenTransactionManager`), and pools throw it away. Transactions that
/// Diesel has not been told of, by `BEGIN` as text, count as its own.
///
/// # Errors
/// Those of the closure. [`Code::TransactionOver`](crate::Code::TransactionOver) if a statement failed in Diesel's transaction and the
/// closure did not return its error, or if it has ended that transaction. Migrations, `in_schema` and lending the connection back are
/// [`Code::Unsupported`](crate::Code::Unsupported).
///
/// ```no_run
/// # use library::*;
/// use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
///
/// async fn hide(conn: &mut AsyncPgConnection, book: i64) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
///     conn.transaction(async |conn| {
///         diesel::sql_query("DELETE FROM cart").execute(conn).await?;
///         orm::on_postgres(conn, async |db| {
///             let mut book = Book::get(book, db).await?.edit();
///             book.active = false;
///             book.save(db).await
///         })
///         .await?;
///         Ok(())
///     })
///     .await
/// }
/// ```
#[cfg(feature = "postgres")]
pub async fn on_postgres<T, F>(conn: &mut AsyncPgConnection, work: F) -> Result<T>
where
    F: AsyncFnOnce(&Database) -> Result<T>, // `async |db| ..`, not `|db| async move ..`
{
    run(of_postgres(conn), None, work).await
}

/// Runs queries, writes and transactions of this library on a connection that Diesel code has made, to MariaDB or MySQL; see
/// [`on_postgres`].
///
/// Meanwhile the session has the settings that our own have (UTC, strict mode, foreign keys and unique keys looked at, English messages,
/// READ COMMITTED but in a transaction that has begun). A user variable `@orm_rows_found` stays. Locks by a name are
/// [`Code::Unsupported`](crate::Code::Unsupported).
///
/// # Errors
/// As [`on_postgres`]; [`Code::BadSetting`](crate::Code::BadSetting) for a connection whose updates count the rows that they changed, not
/// those that they found. Diesel's own do not.
///
/// ```no_run
/// # use library::*;
/// # async fn run(conn: &mut diesel_async::AsyncMysqlConnection) -> orm::Result<()> {
/// let dear = orm::on_mysql(conn, async |db| Book::objects().filter(|b| b.price.gt(30)).count(db).await).await?;
/// # Ok(()) }
/// ```
#[cfg(feature = "mysql")]
pub async fn on_mysql<T, F>(conn: &mut AsyncMysqlConnection, work: F) -> Result<T>
where
    F: AsyncFnOnce(&Database) -> Result<T>, // `async |db| ..`, not `|db| async move ..`
{
    run(of_mysql(conn), None, work).await
}

/// Runs queries, writes and transactions of this library on a connection that Diesel code has made, to SQLite; see [`on_postgres`], and
/// there what holds in a transaction of Diesel's.
///
/// It waits on the calling thread, as Diesel's own calls do. On a thread of an async runtime, those for what blocks included, the closure
/// awaits nothing but `db`, and so do hooks.
///
/// The functions that SQLite lacks (`orm_..`) are registered on the connection, once, and stay there. Foreign keys and checks are looked
/// at meanwhile. On a panic the connection is given back as it was, too.
///
/// # Errors
/// As [`on_postgres`]; [`Code::BadSetting`](crate::Code::BadSetting) in a transaction on a connection that does not look at foreign keys,
/// which can be changed outside of transactions only; [`Code::InsideRuntime`](crate::Code::InsideRuntime) if something else was awaited on a
/// thread of a runtime.
///
/// ```
/// # use library::*;
/// use diesel::prelude::*;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut conn = SqliteConnection::establish(":memory:")?;
/// # diesel::sql_query("CREATE TABLE library_tag (id INTEGER PRIMARY KEY AUTOINCREMENT, slug TEXT NOT NULL, name TEXT NOT NULL)").execute(&mut conn)?;
/// conn.transaction(|conn| {
///     let tag = orm::on_sqlite(conn, async |db| Tag::draft().slug("logic").name("Logic").create(db).await)?;
///     diesel::sql_query("UPDATE library_tag SET name = 'Logics'").execute(conn)?;
///     let tag = orm::on_sqlite(conn, async |db| Tag::get(tag.id, db).await)?;
///     assert_eq!(tag.name, "Logics");
///     Ok::<_, Box<dyn std::error::Error>>(())
/// })?;
/// # Ok(()) }
/// ```
#[cfg(feature = "sqlite")]
pub fn on_sqlite<T, F>(conn: &mut SqliteConnection, work: F) -> Result<T>
where
    F: AsyncFnOnce(&Database) -> Result<T>, // `async |db| ..`, not `|db| async move ..`
{
    crate::blocking::here(run(of_sqlite(conn), None, work))
}

/// What transactions have for after the commit, where the commit is Diesel's: it is run when one says so, or dropped.
///
/// One for each attempt, made inside of what is retried; what a savepoint of Diesel's undoes is not taken back.
/// [`AfterCommit::clear`] takes back all of it.
///
/// ```
/// # use library::*;
/// # use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
/// use diesel::prelude::*;
/// use orm::AfterCommit;
///
/// # static SENT: AtomicBool = AtomicBool::new(false);
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut conn = SqliteConnection::establish(":memory:")?;
/// # diesel::sql_query("CREATE TABLE library_tag (id INTEGER PRIMARY KEY AUTOINCREMENT, slug TEXT NOT NULL, name TEXT NOT NULL)").execute(&mut conn)?;
/// let after = AfterCommit::new();
/// conn.transaction(|conn| {
///     after.on_sqlite(conn, async |db| {
///         db.transaction(async |tx| {
///             tx.on_commit(async || SENT.store(true, SeqCst));
///             Tag::draft().slug("logic").name("Logic").create(tx).await
///         })
///         .await
///     })?;
///     Ok::<_, Box<dyn std::error::Error>>(())
/// })?;
/// assert!(!SENT.load(SeqCst));
/// orm::block_on(async { Ok(after.run().await) })?; // only where Diesel has committed
/// assert!(SENT.load(SeqCst));
/// # Ok(()) }
/// ```
#[derive(Default)]
pub struct AfterCommit(Mutex<Vec<OnCommit>>);

impl AfterCommit {
    /// Nothing yet.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// assert_eq!(orm::AfterCommit::new().run().await, 0);
    /// # }
    /// ```
    pub fn new() -> Self {
        AfterCommit::default()
    }

    /// As [`on_postgres`], with what is to be done after the commit.
    ///
    /// ```no_run
    /// # use library::*;
    /// use diesel_async::{AsyncConnection, AsyncPgConnection};
    ///
    /// async fn add(conn: &mut AsyncPgConnection, slug: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    ///     let after = orm::AfterCommit::new();
    ///     conn.transaction(async |conn| {
    ///         after.on_postgres(conn, async |db| Tag::draft().slug(slug).name(slug).create(db).await).await?;
    ///         Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
    ///     })
    ///     .await?;
    ///     after.run().await;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`on_postgres`].
    #[cfg(feature = "postgres")]
    pub async fn on_postgres<T, F>(&self, conn: &mut AsyncPgConnection, work: F) -> Result<T>
    where
        F: AsyncFnOnce(&Database) -> Result<T>, // `async |db| ..`, not `|db| async move ..`
    {
        run(of_postgres(conn), Some(self), work).await
    }

    /// As [`on_mysql`], with what is to be done after the commit.
    ///
    /// ```no_run
    /// # use library::*;
    /// # async fn add(conn: &mut diesel_async::AsyncMysqlConnection) -> orm::Result<()> {
    /// let after = orm::AfterCommit::new();
    /// after.on_mysql(conn, async |db| Tag::draft().slug("logic").name("Logic").create(db).await).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`on_mysql`].
    #[cfg(feature = "mysql")]
    pub async fn on_mysql<T, F>(&self, conn: &mut AsyncMysqlConnection, work: F) -> Result<T>
    where
        F: AsyncFnOnce(&Database) -> Result<T>, // `async |db| ..`, not `|db| async move ..`
    {
        run(of_mysql(conn), Some(self), work).await
    }

    /// As [`on_sqlite`], with what is to be done after the commit.
    ///
    /// ```
    /// # use library::*;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use diesel::{Connection, SqliteConnection};
    ///
    /// let mut conn = SqliteConnection::establish(":memory:")?;
    /// let after = orm::AfterCommit::new();
    /// let missing = after.on_sqlite(&mut conn, async |db| Tag::objects().count(db).await);
    /// assert_eq!(missing.unwrap_err().code(), orm::Code::MissingTable);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`on_sqlite`].
    #[cfg(feature = "sqlite")]
    pub fn on_sqlite<T, F>(&self, conn: &mut SqliteConnection, work: F) -> Result<T>
    where
        F: AsyncFnOnce(&Database) -> Result<T>, // `async |db| ..`, not `|db| async move ..`
    {
        crate::blocking::here(run(of_sqlite(conn), Some(self), work))
    }

    /// Runs what there is, in order, and gives how many there were: after Diesel's commit.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let after = orm::AfterCommit::new();
    /// assert_eq!(after.run().await, 0);
    /// # }
    /// ```
    pub async fn run(self) -> usize {
        let after = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let count = after.len();
        for work in after {
            work().await;
        }
        count
    }

    /// Drops what there is, and gives how many there were: where Diesel has undone it, and it is tried again.
    ///
    /// ```
    /// # use library::*;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use diesel::{Connection, SqliteConnection, result::Error::RollbackTransaction};
    ///
    /// let mut conn = SqliteConnection::establish(":memory:")?;
    /// let after = orm::AfterCommit::new();
    /// conn.transaction(|conn| {
    ///     let undone = conn.transaction(|conn| {
    ///         let kept = after.on_sqlite(conn, async |db| {
    ///             db.transaction(async |tx| {
    ///                 tx.on_commit(async || println!("a letter goes out"));
    ///                 Ok(())
    ///             })
    ///             .await
    ///         });
    ///         assert!(kept.is_ok());
    ///         Err::<(), _>(RollbackTransaction)
    ///     });
    ///     assert_eq!(undone, Err(RollbackTransaction));
    ///     assert_eq!(after.clear(), 1); // nothing was stored
    ///     Ok::<_, diesel::result::Error>(())
    /// })?;
    /// assert_eq!(orm::block_on(async { Ok(after.run().await) })?, 0);
    /// # Ok(()) }
    /// ```
    pub fn clear(&self) -> usize {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).len()
    }

    fn add(&self, more: Vec<OnCommit>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(more);
    }
}

impl fmt::Debug for AfterCommit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AfterCommit").finish_non_exhaustive()
    }
}

#[cfg(feature = "postgres")]
fn of_postgres(conn: &mut AsyncPgConnection) -> Guest<'_> {
    Guest::new(Link::Postgres(Held::Borrowed(conn), None), Dialect::Postgres)
}

/// Which of the two it is will be asked.
#[cfg(feature = "mysql")]
fn of_mysql(conn: &mut AsyncMysqlConnection) -> Guest<'_> {
    Guest::new(Link::Mysql(Held::Borrowed(conn)), Dialect::MySql)
}

#[cfg(feature = "sqlite")]
fn of_sqlite(conn: &mut SqliteConnection) -> Guest<'_> {
    Guest::new(Link::BorrowedSqlite(conn), Dialect::Sqlite)
}

/// Runs the closure beside what does its operations.
async fn run<T, F>(mut guest: Guest<'_>, after: Option<&AfterCommit>, work: F) -> Result<T>
where
    F: AsyncFnOnce(&Database) -> Result<T>,
{
    if let Err(error) = Box::pin(guest.enter()).await {
        return guest.leave(Err(error)).await;
    }
    let (jobs, mut queue) = mpsc::unbounded_channel();
    let db = handle(&guest, jobs.clone(), after.is_some());
    let working = async {
        let done = work(&db).await;
        // Behind what is running, and the ends of transactions that were dropped.
        let _ = jobs.send(None);
        done
    };
    let serving = async {
        while let Some(Some(job)) = queue.recv().await {
            job.run(&mut guest.conn).await;
        }
    };
    let (done, ()) = futures_util::future::join(working, serving).await;
    // From here on the handle is closed, whoever has a clone of it.
    drop(queue);
    let Pool::Borrowed(pool) = &db.inner.pool else { return done };
    pool.end();
    let done = Box::pin(guest.leave(done)).await;
    if let (Ok(_), Some(after)) = (&done, after) {
        after.add(pool.take_kept());
    }
    done
}

fn handle(guest: &Guest<'_>, jobs: mpsc::UnboundedSender<queue::Next>, keeps: bool) -> Database {
    let settings = session::settings();
    let pool = Borrowed::new(jobs, settings.acquire_timeout, guest.floor(), keeps);
    let inner = Inner {
        dialect: guest.conn.dialect(),
        shown: "a connection that Diesel has made".to_owned(),
        settings,
        pool: Pool::Borrowed(pool),
        #[cfg(any(feature = "postgres", feature = "mysql"))]
        replicas: None,
    };
    Database { inner: Arc::new(inner), probe: None, view: None }
}
