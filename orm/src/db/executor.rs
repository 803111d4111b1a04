//! What runs statements: the `Executor` trait, and the operations it is given.

use super::{Connection, Transaction};
use crate::{Dialect, Result};
use futures_util::future::BoxFuture;

/// Whether an operation only reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// It changes nothing: on SQLite any reader serves, also on the calling thread, and it may be run again from its start.
    Read,
    /// It changes something, or locks: it runs once, where writes run.
    Write,
    /// It changes a few rows that it names, by one statement and nothing before it. On SQLite, once it is known to be soon
    /// done, it is tried on the calling thread; cut off there it has changed nothing, and it is run again from its start.
    ShortWrite,
}

/// A piece of work on one connection: statements, and the decoding of their rows.
///
/// It is written once for all databases. On SQLite nothing it awaits is ever pending, so that the whole runs in one
/// turn; therefore it awaits nothing but its connection.
///
/// ```
/// use orm::{Access, Connection, Database, Executor, Operation, Result, Statement, Value};
///
/// struct Sum(i64, i64);
///
/// impl Operation for Sum {
///     type Output = i64;
///     fn access(&self) -> Access {
///         Access::Read
///     }
///     async fn run(&mut self, conn: &mut Connection<'_>) -> Result<i64> {
///         let statement = Statement::raw("SELECT ? + ?", [Value::I64(self.0), Value::I64(self.1)]);
///         let mut sum = 0;
///         conn.query(&statement, &mut |row| Ok(sum = row.cell(0).i64()?)).await?;
///         Ok(sum)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<()> {
/// let db = Database::connect("sqlite::memory:").await?;
/// assert_eq!(db.run(Sum(40, 2)).await?, 42);
/// # Ok(()) }
/// ```
pub trait Operation: Send + 'static {
    /// What it gives.
    type Output: Send + 'static;

    /// Whether it only reads.
    fn access(&self) -> Access;

    /// Whether another connection may be asked where a server has ended the one that was taken from the pool. The usual: if it only
    /// reads. SQL of a person's own may do more than it seems.
    ///
    /// ```
    /// use orm::{Access, Connection, Operation, Result, Statement};
    ///
    /// /// Takes a number, which is gone then.
    /// struct Take;
    ///
    /// impl Operation for Take {
    ///     type Output = ();
    ///     fn access(&self) -> Access {
    ///         Access::Read
    ///     }
    ///     fn asks_again(&self) -> bool {
    ///         false
    ///     }
    ///     async fn run(&mut self, conn: &mut Connection<'_>) -> Result<()> {
    ///         conn.query(&Statement::raw("SELECT nextval('number')", []), &mut |_| Ok(())).await
    ///     }
    /// }
    /// assert!(!Take.asks_again());
    /// ```
    fn asks_again(&self) -> bool {
        self.access() == Access::Read
    }

    /// Whether a [replica](crate::DatabaseBuilder::replica) may do it, which may be a moment behind. The usual: if it only reads, and may be
    /// asked again elsewhere.
    ///
    /// ```
    /// use orm::{Access, Connection, Operation, Result, Statement};
    ///
    /// /// What decides about a write has to be what is there.
    /// struct Balance;
    ///
    /// impl Operation for Balance {
    ///     type Output = ();
    ///     fn access(&self) -> Access {
    ///         Access::Read
    ///     }
    ///     fn on_replicas(&self) -> bool {
    ///         false
    ///     }
    ///     async fn run(&mut self, conn: &mut Connection<'_>) -> Result<()> {
    ///         conn.query(&Statement::raw("SELECT cents FROM account", []), &mut |_| Ok(())).await
    ///     }
    /// }
    /// assert!(!Balance.on_replicas());
    /// ```
    fn on_replicas(&self) -> bool {
        self.access() == Access::Read && self.asks_again()
    }

    /// Does the work. What may be run again from its start, all but [`Access::Write`], leaves `self` as it was.
    fn run(&mut self, conn: &mut Connection<'_>) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// Something that can run statements: a [`Database`](crate::Database) or a [`Transaction`](crate::Transaction).
///
/// Everything that runs a query takes `ex: &E where E: Executor`.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// // What takes `&db` as well as a transaction.
/// async fn titles(ex: &impl Executor) -> orm::Result<Vec<String>> {
///     Book::objects().values(|b| b.title).all(ex).await
/// }
/// assert_eq!(titles(&db).await?.len(), 4);
/// db.transaction(async |tx| titles(tx).await).await?;
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot run queries",
    label = "pass `&db` (a `Database`) or `tx` (a `&mut Transaction`)"
)]
pub trait Executor: Sync + sealed::Sealed {
    /// The dialect of the database.
    fn dialect(&self) -> Dialect;

    /// Runs one operation on one connection.
    fn run<Op: Operation>(&self, op: Op) -> impl Future<Output = Result<Op::Output>> + Send;

    /// Does something in a transaction of its own, or in a savepoint of the one that this is: all of it happens or nothing.
    ///
    /// Functions that take any executor use it; elsewhere [`Database::transaction`](crate::Database::transaction) reads better.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// async fn rename(tag: i64, name: String, ex: &impl Executor) -> orm::Result<Tag> {
    ///     ex.atomic(move |tx| {
    ///         Box::pin(async move {
    ///             let mut tag = Tag::get(tag, tx).await?.edit();
    ///             tag.slug = name.to_lowercase();
    ///             tag.name = name;
    ///             tag.save(tx).await
    ///         })
    ///     })
    ///     .await
    /// }
    /// assert_eq!(rename(1, "Programs".to_owned(), &db).await?.slug, "programs");
    /// # Ok(()) }
    /// ```
    fn atomic<T, W>(&self, work: W) -> impl Future<Output = Result<T>> + Send
    where
        T: Send,
        W: for<'t> FnOnce(&'t Transaction) -> BoxFuture<'t, Result<T>> + Send;
}

pub(crate) mod sealed {
    pub trait Sealed {
        /// Whether every statement is one of the same transaction.
        fn in_transaction(&self) -> bool;
    }
}
