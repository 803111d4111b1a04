//! Transactions: closures, savepoints, what runs after the commit, and rollback however they end.

use super::{
    Access, Batch, Database, Executor, Operation, Pool,
    executor::sealed,
    options::{Begin, Options, TransactionBuilder},
    savepoint::{Commit, FallBack, Nested},
};
use crate::{Code, Dialect, Error, Result};
use futures_util::future::BoxFuture;
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::task::futures::TaskLocalFuture;

tokio::task_local! {
    /// The databases whose transactions the current future is inside of.
    static INSIDE: Vec<usize>;
}

fn identity(db: &Database) -> usize {
    Arc::as_ptr(&db.inner).addr()
}

/// Runs a future inside a transaction of a database.
pub(super) fn inside<F: Future>(db: &Database, work: F) -> TaskLocalFuture<Vec<usize>, F> {
    let mut inside = INSIDE.try_with(Clone::clone).unwrap_or_default();
    inside.push(identity(db));
    INSIDE.scope(inside, work)
}

/// Refuses a database that is used past the transaction that its user is inside of.
pub(super) fn refuse_bypass(db: &Database) -> Result<()> {
    match INSIDE.try_with(|inside| inside.contains(&identity(db))) {
        Ok(true) => Err(Error::new(
            Code::OutsideTransaction,
            "the database was used directly inside a transaction on it: that would not be part of the transaction",
        )
        .with_hint("pass `tx` instead of `&db`; if it is meant, wrap it in `db.outside_transaction(..)`")),
        _ => Ok(()),
    }
}

/// A transaction; it is rolled back unless it is committed.
///
/// Made by [`Database::transaction`], which commits when the closure returns `Ok`, or by [`Database::begin`]. It is an
/// [`Executor`]: everything that takes `&db` also takes `tx`.
pub struct Transaction {
    db: Database,
    link: Link,
    state: Mutex<State>,
}

enum Link {
    #[cfg(feature = "sqlite")]
    Sqlite(super::sqlite::Lease),
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    Server(Box<tokio::sync::Mutex<super::server::Leased>>),
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    Borrowed(super::borrow::Lease),
    #[allow(dead_code, reason = "the only one where no back end is enabled")]
    None,
}

pub(super) struct State {
    /// 1 for the transaction itself, one more for each savepoint.
    pub(super) depth: u32,
    /// The depth to fall back to before anything else is run: savepoints whose futures were dropped.
    pub(super) fall_back: Option<u32>,
    /// The depth from which nothing can be run or committed any more, and why.
    broken: Option<(u32, &'static str)>,
    over: bool,
    /// Whether Diesel has the connection.
    lent: bool,
    pub(super) on_commit: Vec<(u32, OnCommit)>,
}

pub(super) type OnCommit = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

// Where a closure does not fit, the compiler shows the line of the bound: what is said behind it.
impl Database {
    /// Runs a closure in a transaction: committed when it returns `Ok`, rolled back when it returns an error, panics, or
    /// its future is dropped.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// # db.batch("CREATE TABLE note (text TEXT)").await?;
    /// db.transaction(async |tx| {
    ///     tx.batch("INSERT INTO note VALUES ('one')").await?;
    ///     tx.batch("INSERT INTO note VALUES ('two')").await
    /// })
    /// .await?;
    /// # Ok(()) }
    /// ```
    pub async fn transaction<T, F>(&self, work: F) -> Result<T>
    where
        F: AsyncFnOnce(&mut Transaction) -> Result<T>, // `async |tx| ..`, not `|tx| async move ..`
    {
        self.build_transaction().run(work).await
    }

    /// Like [`Database::transaction`], with an error type of one's own.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// #[derive(Debug)]
    /// enum Refused {
    ///     Broke,
    ///     Database(orm::Error),
    /// }
    /// impl From<orm::Error> for Refused {
    ///     fn from(error: orm::Error) -> Self {
    ///         Refused::Database(error)
    ///     }
    /// }
    /// let done = db.try_transaction::<(), Refused, _>(async |_tx| Err(Refused::Broke)).await;
    /// assert!(matches!(done, Err(Refused::Broke)));
    /// # Ok(()) }
    /// ```
    pub async fn try_transaction<T, E, F>(&self, work: F) -> Result<T, E>
    where
        E: From<Error>,
        F: AsyncFnOnce(&mut Transaction) -> Result<T, E>, // `async |tx| ..`, not `|tx| async move ..`
    {
        self.build_transaction().try_run(work).await
    }

    /// Begins a transaction that is ended by [`Transaction::commit`]; dropped, it is rolled back.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// let tx = db.begin().await?;
    /// tx.batch("CREATE TABLE note (text TEXT)").await?;
    /// tx.commit().await?;
    /// # Ok(()) }
    /// ```
    pub async fn begin(&self) -> Result<Transaction> {
        self.build_transaction().begin().await
    }

    /// A transaction with options.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// use orm::Isolation;
    /// db.build_transaction().isolation(Isolation::Serializable).retry(3).run(async |tx| tx.batch("SELECT 1").await).await?;
    /// # Ok(()) }
    /// ```
    pub fn build_transaction(&self) -> TransactionBuilder<'_> {
        TransactionBuilder::new(self)
    }

    /// Lets a future inside a transaction's closure use the database directly, past the transaction.
    ///
    /// On SQLite such a future cannot write: the transaction holds the writing connection.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let dir = std::env::temp_dir().join(format!("orm_outside_{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir).unwrap();
    /// # let db = orm::Database::connect(format!("sqlite://{}/db", dir.display())).await?;
    /// db.transaction(async |_tx| {
    ///     assert_eq!(db.ping().await.unwrap_err().code(), orm::Code::OutsideTransaction);
    ///     db.outside_transaction(db.ping()).await
    /// })
    /// .await?;
    /// # std::fs::remove_dir_all(&dir).unwrap();
    /// # Ok(()) }
    /// ```
    pub async fn outside_transaction<F: Future>(&self, work: F) -> F::Output {
        let mut inside = INSIDE.try_with(Clone::clone).unwrap_or_default();
        inside.retain(|other| *other != identity(self));
        INSIDE.scope(inside, work).await
    }

    /// Begins one on a connection of somebody else's.
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    async fn begin_borrowed(
        &self,
        pool: &super::borrow::Borrowed,
        options: Options,
        state: State,
    ) -> Result<Transaction> {
        let state = State { depth: 1 + pool.depth_for(options)?, ..state };
        let link = Link::Borrowed(pool.lease().await?);
        let tx = Transaction { db: self.clone(), link, state: Mutex::new(state) };
        tx.control(Begin(options)).await?;
        Ok(tx)
    }

    pub(super) async fn begin_with(&self, options: Options) -> Result<Transaction> {
        refuse_bypass(self)?;
        let state = State { depth: 1, fall_back: None, broken: None, over: false, lent: false, on_commit: Vec::new() };
        #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
        if let Pool::Borrowed(pool) = &self.inner.pool {
            return Box::pin(self.begin_borrowed(pool, options, state)).await;
        }
        let made = |link| Transaction { db: self.clone(), link, state: Mutex::new(state) };
        #[cfg(feature = "sqlite")]
        if let Pool::Sqlite(pool) = &self.inner.pool {
            let lease = if options.reads_only() { pool.lease_reader().await? } else { pool.lease().await? };
            let tx = made(Link::Sqlite(lease));
            tx.control(Begin(options)).await?;
            return Ok(tx);
        }
        match &self.inner.pool {
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            Pool::Server(pool) => {
                let (lease, ()) = pool.start(&mut Begin(options), &self.probe, self.view().schema.as_ref()).await?;
                Ok(made(Link::Server(Box::new(tokio::sync::Mutex::new(lease)))))
            }
            _ => Err(super::disabled("every back end", "sqlite")),
        }
    }
}

impl Transaction {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs what belongs to the transaction itself: its begin and end, and those of savepoints. Servers make no difference.
    pub(super) async fn control<Op: Operation>(&self, mut op: Op) -> Result<Op::Output> {
        match &self.link {
            #[cfg(feature = "sqlite")]
            Link::Sqlite(lease) => lease.control(op, &self.db.inner.settings, &self.db.probe).await,
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            Link::Server(lease) => lease.lock().await.run(&mut op, &self.db.probe).await,
            #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
            Link::Borrowed(lease) => Box::pin(lease.run(op, &self.db.probe)).await,
            Link::None => {
                let _ = &mut op;
                Err(super::disabled("every back end", "sqlite"))
            }
        }
    }

    /// The connection on a server, for Diesel: whoever has it has ended what was begun, or the transaction is broken.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(super) async fn lend(&self, to: &str) -> Result<Lent<'_>> {
        self.ready().await?;
        let lease = match &self.link {
            Link::Server(lease) => lease,
            Link::Borrowed(_) => return Err(super::lend::borrowed()),
            #[allow(unreachable_patterns, reason = "without SQLite there is no other")]
            _ => return Err(super::lend::other(self.db.dialect(), to)),
        };
        let lease = lease.lock().await;
        self.state().lent = true;
        Ok(Lent { lease, _lent: IsLent(self), abandoned: Abandoned { tx: self, armed: true } })
    }

    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(super) fn probe(&self) -> &super::MaybeProbe {
        &self.db.probe
    }

    /// Undoes the savepoints whose futures were dropped, and tells whether the transaction still stands.
    pub(super) async fn ready(&self) -> Result<()> {
        let depth = {
            let mut state = self.state();
            if state.over {
                return Err(Error::new(Code::TransactionOver, "the transaction is over"));
            }
            if state.lent {
                let what = "the transaction was used while its connection is lent to Diesel";
                return Err(Error::new(Code::TransactionOver, what)
                    .with_hint("use the connection that the closure is given, or await it before `tx` is used again"));
            }
            let fall_back = state.fall_back;
            // A savepoint that is undone takes with it what went wrong inside.
            state.broken = state.broken.filter(|(at, _)| fall_back.is_none_or(|depth| *at <= depth));
            if let Some((_, why)) = state.broken {
                return Err(Error::new(Code::TransactionOver, format!("the transaction is broken: {why}"))
                    .with_hint("return the error, so that it is rolled back, and begin again"));
            }
            match fall_back {
                None => return Ok(()),
                Some(depth) => depth,
            }
        };
        self.control(FallBack(depth)).await?;
        self.state().fall_back = None;
        Ok(())
    }

    /// Runs a closure in a savepoint: kept when it returns `Ok`, otherwise undone, while the transaction goes on.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// # db.batch("CREATE TABLE note (id INTEGER PRIMARY KEY)").await?;
    /// db.transaction(async |tx| {
    ///     tx.batch("INSERT INTO note VALUES (1)").await?;
    ///     let again = tx.transaction(async |tx| tx.batch("INSERT INTO note VALUES (1)").await).await;
    ///     assert_eq!(again.unwrap_err().code(), orm::Code::UniqueViolation);
    ///     tx.batch("INSERT INTO note VALUES (2)").await
    /// })
    /// .await?;
    /// # Ok(()) }
    /// ```
    pub async fn transaction<T, F>(&mut self, work: F) -> Result<T>
    where
        F: AsyncFnOnce(&mut Transaction) -> Result<T>, // `async |tx| ..`, not `|tx| async move ..`
    {
        self.try_transaction(work).await
    }

    /// Like [`Transaction::transaction`], with an error type of one's own.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// db.transaction(async |tx| {
    ///     let refused: Result<(), Box<dyn std::error::Error + Send + Sync>> =
    ///         tx.try_transaction(async |_tx| Err("too late".into())).await;
    ///     assert_eq!(refused.unwrap_err().to_string(), "too late");
    ///     Ok(())
    /// })
    /// .await?;
    /// # Ok(()) }
    /// ```
    pub async fn try_transaction<T, E, F>(&mut self, work: F) -> Result<T, E>
    where
        E: From<Error>,
        F: AsyncFnOnce(&mut Transaction) -> Result<T, E>, // `async |tx| ..`, not `|tx| async move ..`
    {
        let nested = Nested::begin(self).await?;
        let done = work(&mut *nested.tx).await;
        nested.end(done).await
    }

    /// Runs a closure after the outermost commit; dropped when the transaction, or the savepoint it is in, is rolled back.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// db.transaction(async |tx| {
    ///     tx.on_commit(async || println!("stored"));
    ///     Ok(())
    /// })
    /// .await?;
    /// # Ok(()) }
    /// ```
    pub fn on_commit<F, Fut>(&self, work: F)
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let mut state = self.state();
        let depth = state.depth;
        state.on_commit.push((depth, Box::new(move || Box::pin(work()))));
    }

    /// Runs now what [`on_commit`](Transaction::on_commit) was given so far, and gives how many there were: for tests, whose transaction is
    /// never committed.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// orm::testing::rolled_back(&db, async |tx| {
    ///     tx.on_commit(async || println!("a letter goes out"));
    ///     assert_eq!(tx.run_on_commit().await, 1);
    ///     Ok(())
    /// })
    /// .await?;
    /// # Ok(()) }
    /// ```
    pub async fn run_on_commit(&self) -> usize {
        let after = std::mem::take(&mut self.state().on_commit);
        let count = after.len();
        for (_, work) in after {
            work().await;
        }
        count
    }

    /// Commits, then runs what [`Transaction::on_commit`] was given.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let tx = db.begin().await?;
    /// Tag::draft().slug("logic").name("Logic").create(&tx).await?;
    /// tx.commit().await?;
    /// assert_eq!(Tag::objects().count(&db).await?, 5);
    /// # Ok(()) }
    /// ```
    pub async fn commit(mut self) -> Result<()> {
        self.ready().await?;
        #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
        if let Pool::Borrowed(pool) = &self.db.inner.pool {
            pool.may_commit(self.state().on_commit.len())?;
        }
        #[cfg(any(feature = "postgres", feature = "mysql"))]
        let writing = self.db.writing();
        self.control(Commit).await?;
        #[cfg(any(feature = "postgres", feature = "mysql"))]
        drop(writing);
        #[allow(unused_mut, reason = "there may be no back end")]
        let mut after = std::mem::take(&mut self.state().on_commit);
        #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
        if let Pool::Borrowed(pool) = &self.db.inner.pool {
            after = pool.keep(after);
        }
        self.end(false);
        drop(self);
        for (_, work) in after {
            work().await;
        }
        Ok(())
    }

    /// Rolls back.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let tx = db.begin().await?;
    /// Tag::draft().slug("logic").name("Logic").create(&tx).await?;
    /// tx.rollback().await?;
    /// assert_eq!(Tag::objects().count(&db).await?, 4);
    /// # Ok(()) }
    /// ```
    pub async fn rollback(mut self) -> Result<()> {
        let done = self.control(FallBack(0)).await;
        self.end(done.is_err());
        done
    }

    /// Runs SQL of any number of statements, without binds or answers.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// db.transaction(async |tx| tx.batch("DELETE FROM library_book_tags").await).await?;
    /// assert!(!Book::objects().filter(|b| b.tags.exists()).exists(&db).await?);
    /// # Ok(()) }
    /// ```
    pub async fn batch(&self, sql: impl Into<String>) -> Result<()> {
        self.run(Batch(sql.into())).await
    }

    /// Commits what was done, or rolls back.
    pub(super) async fn end_by<T, E: From<Error>>(self, done: Result<T, E>) -> Result<T, E> {
        match done {
            Ok(value) => {
                self.commit().await?;
                Ok(value)
            }
            Err(error) => {
                // The first error is the one to tell.
                let _ = self.rollback().await;
                Err(error)
            }
        }
    }

    fn end(&mut self, rollback: bool) {
        self.state().over = true;
        match &mut self.link {
            #[cfg(feature = "sqlite")]
            Link::Sqlite(lease) => lease.end(rollback),
            // What is left open is ended when the connection is dropped.
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            Link::Server(_) => {}
            #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
            Link::Borrowed(lease) => lease.end(rollback),
            Link::None => {}
        }
        let _ = rollback;
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let over = self.state().over;
        if !over {
            self.end(true);
        }
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("db", &self.db).field("depth", &self.state().depth).finish()
    }
}

impl sealed::Sealed for Transaction {
    fn in_transaction(&self) -> bool {
        true
    }
}

impl Executor for Transaction {
    fn dialect(&self) -> Dialect {
        self.db.dialect()
    }

    async fn run<Op: Operation>(&self, op: Op) -> Result<Op::Output> {
        self.ready().await?;
        let mut guard = Abandoned { tx: self, armed: op.access() != Access::Read };
        let done = match &self.link {
            #[cfg(feature = "sqlite")]
            Link::Sqlite(lease) => lease.run(op, &self.db.inner.settings, &self.db.probe).await,
            _ => self.control(op).await,
        };
        guard.armed = false;
        done
    }

    async fn atomic<T, W>(&self, work: W) -> Result<T>
    where
        T: Send,
        W: for<'t> FnOnce(&'t Transaction) -> BoxFuture<'t, Result<T>> + Send,
    {
        let nested = Nested::begin(self).await?;
        let done = work(nested.tx).await;
        nested.end(done).await
    }
}

/// What [`Executor::atomic`] of a database does.
pub(super) async fn atomic<T, W>(db: &Database, work: W) -> Result<T>
where
    W: for<'t> FnOnce(&'t Transaction) -> BoxFuture<'t, Result<T>> + Send,
{
    let tx = db.begin().await?;
    let done = inside(db, work(&tx)).await;
    tx.end_by(done).await
}

/// The connection of a transaction, while Diesel has it.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(super) struct Lent<'a> {
    pub(super) lease: tokio::sync::MutexGuard<'a, super::server::Leased>,
    _lent: IsLent<'a>,
    abandoned: Abandoned<'a>,
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
impl Lent<'_> {
    /// Diesel has come to its end.
    pub(super) fn end<T>(mut self, done: &Result<T>) {
        self.lease.end(done);
        self.abandoned.armed = false;
    }
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
struct IsLent<'a>(&'a Transaction);

#[cfg(any(feature = "postgres", feature = "mysql"))]
impl Drop for IsLent<'_> {
    fn drop(&mut self) {
        self.0.state().lent = false;
    }
}

/// Breaks the transaction when the future of a write is dropped: how far it came is not known.
struct Abandoned<'a> {
    tx: &'a Transaction,
    armed: bool,
}

impl Drop for Abandoned<'_> {
    fn drop(&mut self) {
        if self.armed {
            let mut state = self.tx.state();
            let depth = state.depth;
            state.broken.get_or_insert((depth, "a write was given up half way"));
        }
    }
}
