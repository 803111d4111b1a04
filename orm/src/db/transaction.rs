//! Transactions: closures, savepoints, what runs after the commit, and rollback however they end.

use super::{Access, Batch, Connection, Database, Executor, Operation, Pool, executor::sealed};
use crate::{Code, Dialect, Error, Result};
use futures_util::future::BoxFuture;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

tokio::task_local! {
    /// The databases whose transactions the current future is inside of.
    static INSIDE: Vec<usize>;
}

fn identity(db: &Database) -> usize {
    Arc::as_ptr(&db.inner).addr()
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
/// Made by [`Database::transaction`], which commits when the closure returns `Ok`, or by [`Database::begin`].
pub struct Transaction {
    db: Database,
    link: TxLink,
    state: Mutex<State>,
}

enum TxLink {
    #[cfg(feature = "sqlite")]
    Sqlite(super::sqlite::Lease),
    #[allow(dead_code, reason = "the only one where no back end is enabled")]
    None,
}

struct State {
    /// 1 for the transaction itself, one more for each savepoint.
    depth: u32,
    /// The depth to fall back to before anything else is run: savepoints whose futures were dropped.
    fall_back: Option<u32>,
    /// Why nothing can be run or committed any more.
    broken: Option<&'static str>,
    over: bool,
    on_commit: Vec<(u32, OnCommit)>,
}

type OnCommit = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

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
        F: AsyncFnOnce(&mut Transaction) -> Result<T>,
    {
        self.try_transaction(work).await
    }

    /// Like [`Database::transaction`], with an error type of one's own.
    pub async fn try_transaction<T, E, F>(&self, work: F) -> Result<T, E>
    where
        E: From<Error>,
        F: AsyncFnOnce(&mut Transaction) -> Result<T, E>,
    {
        let mut tx = self.begin().await?;
        let mut inside = INSIDE.try_with(Clone::clone).unwrap_or_default();
        inside.push(identity(self));
        let done = INSIDE.scope(inside, work(&mut tx)).await;
        match done {
            Ok(value) => {
                tx.commit().await?;
                Ok(value)
            }
            Err(error) => {
                // The first error is the one to tell.
                let _ = tx.rollback().await;
                Err(error)
            }
        }
    }

    /// Begins a transaction that is ended by [`Transaction::commit`]; dropped, it is rolled back.
    pub async fn begin(&self) -> Result<Transaction> {
        refuse_bypass(self)?;
        let (link, begin) = match &self.inner.pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => (TxLink::Sqlite(pool.lease().await?), Begin),
            Pool::None => return Err(super::disabled("every back end", "sqlite")),
        };
        let state = State { depth: 1, fall_back: None, broken: None, over: false, on_commit: Vec::new() };
        let tx = Transaction { db: self.clone(), link, state: Mutex::new(state) };
        tx.raw(begin).await?;
        Ok(tx)
    }

    /// Lets a future inside a transaction's closure use the database directly, past the transaction.
    pub async fn outside_transaction<F: Future>(&self, work: F) -> F::Output {
        let mut inside = INSIDE.try_with(Clone::clone).unwrap_or_default();
        inside.retain(|other| *other != identity(self));
        INSIDE.scope(inside, work).await
    }
}

impl Transaction {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn raw<Op: Operation>(&self, op: Op) -> Result<Op::Output> {
        match &self.link {
            #[cfg(feature = "sqlite")]
            TxLink::Sqlite(lease) => lease.run(op, &self.db.inner.settings).await,
            TxLink::None => Err(super::disabled("every back end", "sqlite")),
        }
    }

    /// Undoes the savepoints whose futures were dropped, and tells whether the transaction still stands.
    async fn ready(&self) -> Result<()> {
        let depth = {
            let mut state = self.state();
            if state.over {
                return Err(Error::new(Code::TransactionOver, "the transaction is over"));
            }
            if let Some(why) = state.broken {
                return Err(Error::new(Code::TransactionOver, format!("the transaction is broken: {why}"))
                    .with_hint("return the error, so that it is rolled back, and begin again"));
            }
            match state.fall_back.take() {
                None => return Ok(()),
                Some(depth) => depth,
            }
        };
        self.raw(SavepointTo(depth)).await
    }

    /// Runs a closure in a savepoint: kept when it returns `Ok`, otherwise undone, while the transaction goes on.
    pub async fn transaction<T, F>(&mut self, work: F) -> Result<T>
    where
        F: AsyncFnOnce(&mut Transaction) -> Result<T>,
    {
        self.try_transaction(work).await
    }

    /// Like [`Transaction::transaction`], with an error type of one's own.
    pub async fn try_transaction<T, E, F>(&mut self, work: F) -> Result<T, E>
    where
        E: From<Error>,
        F: AsyncFnOnce(&mut Transaction) -> Result<T, E>,
    {
        self.ready().await?;
        let depth = {
            let mut state = self.state();
            state.depth += 1;
            state.depth
        };
        let guard = Nested { tx: self, depth };
        guard.tx.raw(Savepoint(depth)).await?;
        let done = work(guard.tx).await;
        guard.tx.ready().await?;
        match done {
            Ok(value) => {
                guard.tx.raw(Release(depth)).await?;
                guard.tx.state().depth = depth - 1;
                for (at, _) in guard.tx.state().on_commit.iter_mut() {
                    *at = (*at).min(depth - 1);
                }
                std::mem::forget(guard);
                Ok(value)
            }
            // The guard undoes it before the next statement.
            Err(error) => Err(error),
        }
    }

    /// Runs a closure after the outermost commit; dropped when the transaction, or the savepoint it is in, is rolled back.
    pub fn on_commit<F, Fut>(&self, work: F)
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let mut state = self.state();
        let depth = state.depth;
        state.on_commit.push((depth, Box::new(move || Box::pin(work()))));
    }

    /// Commits, then runs what [`Transaction::on_commit`] was given.
    pub async fn commit(mut self) -> Result<()> {
        self.ready().await?;
        self.raw(Commit).await?;
        let after = {
            let mut state = self.state();
            state.over = true;
            std::mem::take(&mut state.on_commit)
        };
        self.end(false);
        for (_, work) in after {
            work().await;
        }
        Ok(())
    }

    /// Rolls back.
    pub async fn rollback(mut self) -> Result<()> {
        let done = self.raw(Batch("ROLLBACK".into())).await;
        self.state().over = done.is_ok();
        self.end(done.is_err());
        done
    }

    /// Runs SQL of any number of statements, without binds or answers.
    pub async fn batch(&self, sql: impl Into<String>) -> Result<()> {
        self.run(Batch(sql.into())).await
    }

    fn end(&mut self, rollback: bool) {
        self.state().over = true;
        match &mut self.link {
            #[cfg(feature = "sqlite")]
            TxLink::Sqlite(lease) => lease.end(rollback),
            TxLink::None => {}
        }
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.state().over {
            self.end(true);
        }
    }
}

impl sealed::Sealed for Transaction {}

impl Executor for Transaction {
    fn dialect(&self) -> Dialect {
        self.db.dialect()
    }

    async fn run<Op: Operation>(&self, op: Op) -> Result<Op::Output> {
        self.ready().await?;
        let writes = op.access() == Access::Write;
        let mut guard = Abandoned { tx: self, armed: writes };
        let done = self.raw(op).await;
        guard.armed = false;
        done
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
            self.tx.state().broken = Some("a write was given up half way");
        }
    }
}

/// Marks a savepoint to be undone when its closure failed, panicked or was dropped.
struct Nested<'a> {
    tx: &'a mut Transaction,
    depth: u32,
}

impl Drop for Nested<'_> {
    fn drop(&mut self) {
        let depth = self.depth;
        let mut state = self.tx.state();
        state.depth = depth - 1;
        state.fall_back = Some(state.fall_back.map_or(depth, |other| other.min(depth)));
        state.on_commit.retain(|(at, _)| *at < depth);
    }
}

struct Begin;
struct Commit;
struct Savepoint(u32);
struct Release(u32);
/// Undoes everything since the savepoint of this depth was set, and the savepoint.
struct SavepointTo(u32);

macro_rules! control {
    ($($name:ident($self:ident, $conn:ident) $sql:expr, $depth:expr;)+) => {$(
        impl Operation for $name {
            type Output = ();
            fn access(&self) -> Access {
                Access::Write
            }
            async fn run(&mut self, $conn: &mut Connection) -> Result<()> {
                let $self = self;
                let sql = $sql;
                $conn.batch(&sql).await?;
                $conn.set_depth($depth);
                Ok(())
            }
        }
    )+};
}

control! {
    Begin(_it, conn) if conn.dialect() == Dialect::Sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" }, 1;
    Commit(_it, conn) "COMMIT", 0;
    Savepoint(it, conn) format!("SAVEPOINT orm_tx_{}", it.0), it.0;
    Release(it, conn) format!("RELEASE SAVEPOINT orm_tx_{}", it.0), it.0 - 1;
    SavepointTo(it, conn) format!("ROLLBACK TO SAVEPOINT orm_tx_{0}; RELEASE SAVEPOINT orm_tx_{0}", it.0), it.0 - 1;
}
