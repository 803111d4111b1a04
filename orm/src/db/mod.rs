//! Connections, transactions and rows: the only place that talks to a database.
//!
//! # How values are stored
//!
//! Django's default forms, so that each side reads what the other wrote.
//!
//! | Kind | SQLite | PostgreSQL | MariaDB, MySQL |
//! |---|---|---|---|
//! | `Bool` | integer, 0 or 1 | boolean | tinyint, 0 or 1 |
//! | `I16`, `I32`, `I64` | integer | smallint, integer, bigint | smallint, int, bigint |
//! | `F32`, `F64` | real | real, double precision | float, double |
//! | `Decimal` | text bound to a NUMERIC column, up to 15 digits, else [`Code::InexactDecimal`] | numeric | decimal |
//! | `Text` | text | text, varchar | longtext, varchar; utf8mb4 |
//! | `Bytes` | blob | bytea | longblob |
//! | `Date` | text `YYYY-MM-DD` | date | date |
//! | `Time` | text `HH:MM:SS[.ffffff]` | time | time(6) |
//! | `Timestamp` | text `YYYY-MM-DD HH:MM:SS[.ffffff]` | timestamp | datetime(6) |
//! | `DateTime` | the same, in UTC | timestamp with time zone | datetime(6), in UTC |
//! | `Duration` | integer, microseconds | interval | bigint, microseconds |
//! | `Uuid` | text, 32 hexadecimal digits | uuid | the same text, into char(32) or MariaDB's uuid |
//! | `Json` | text | jsonb | longtext, json |
//! | a list | one JSON text, for `json_each` | one array, for `= ANY(..)` | one JSON text, for `JSON_TABLE` |
//!
//! Whatever is finer than a microsecond is cut before it is bound, the same way for all; see [`truncated`].
//!
//! # How sessions are set up
//!
//! | | |
//! |---|---|
//! | SQLite | waits for locks (5 s, or `lock_timeout`), foreign keys on; files: WAL, `synchronous = NORMAL`; one connection writes, the others have `query_only` |
//! | PostgreSQL | UTC, UTF-8, `statement_timeout` and `lock_timeout` when asked |
//! | MariaDB, MySQL | UTC, utf8mb4, strict mode without ANSI quotes, READ COMMITTED, English messages, counts of rows found, time-outs when asked |

#![cfg_attr(
    not(all(feature = "sqlite", feature = "postgres", feature = "mysql")),
    allow(
        dead_code,
        unused_imports,
        unused_macros,
        unused_variables,
        unreachable_code,
        clippy::large_enum_variant,
        reason = "some parts serve only some of the back ends"
    )
)]

mod advisory;
mod answer;
mod batch;
mod bind;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod borrow;
mod connection;
mod decode;
mod deploy;
mod executor;
mod failure;
mod fragment;
mod handles;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod lend;
mod link;
mod log;
mod options;
mod pooled;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod replicas;
mod row;
mod savepoint;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod server;
mod settings;
#[cfg(feature = "sqlite")]
mod sqlite;
mod transaction;

pub(crate) use batch::Batch;
pub use bind::truncated;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use borrow::AfterCommit;
#[cfg(feature = "mysql")]
pub use borrow::on_mysql;
#[cfg(feature = "postgres")]
pub use borrow::on_postgres;
#[cfg(feature = "sqlite")]
pub use borrow::on_sqlite;
pub use connection::{Connection, Each, Savepoint};
pub(crate) use executor::sealed;
pub use executor::{Access, Executor, Operation};
pub(crate) use failure::{name_fields_by, of_warning};
pub use handles::ReplicaStatus;
use handles::View;
pub use log::{LoggedQuery, QueryLog};
pub use options::{Isolation, RetryingTransaction, TransactionBuilder};
pub(crate) use row::Origin;
pub use row::{Cell, Row};
pub use settings::DatabaseBuilder;
pub use transaction::Transaction;

use crate::{Code, Dialect, Error, Result};
use futures_util::future::BoxFuture;
use log::MaybeProbe;
use settings::Settings;
pub(crate) use settings::{query_of, without_password};
use std::{fmt, sync::Arc, time::Duration};

/// A database: its connections, shared by all clones of this handle.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// let db = orm::Database::connect("sqlite::memory:").await?;
/// assert_eq!(db.dialect(), orm::Dialect::Sqlite);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
    probe: MaybeProbe,
    view: Option<Arc<View>>,
}

struct Inner {
    dialect: Dialect,
    shown: String,
    settings: Arc<Settings>,
    pool: Pool,
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    replicas: Option<replicas::Replicas>,
}

enum Pool {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlite::SqlitePool),
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    Server(server::ServerPool),
    /// One connection, which somebody else has made.
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    Borrowed(borrow::Borrowed),
    #[allow(dead_code, reason = "the only one where no back end is enabled")]
    None,
}

/// How many connections there are, and how many are in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStatus {
    /// The most there may be; of an SQLite file, those that read and the one that writes.
    pub size: usize,
    /// Those in use.
    pub busy: usize,
    /// Those that there are, in use or not.
    pub open: usize,
}

impl Database {
    /// Connects with the usual settings: `sqlite://file.db`, `sqlite::memory:`, `postgres://..` or `mysql://..`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let error = orm::Database::connect("oracle://scott:tiger@host/db").await.unwrap_err();
    /// assert_eq!(error.code(), orm::Code::BadUrl);
    /// assert!(!error.to_string().contains("tiger"));
    /// # }
    /// ```
    pub async fn connect(url: impl Into<String>) -> Result<Database> {
        Self::builder(url).connect().await
    }

    /// Begins a connection whose settings differ from the usual; see [`DatabaseBuilder`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// let db = orm::Database::builder("sqlite::memory:").pool_size(2).connect().await?;
    /// # db.close().await;
    /// # Ok(()) }
    /// ```
    pub fn builder(url: impl Into<String>) -> DatabaseBuilder {
        DatabaseBuilder::new(url.into())
    }

    async fn open(url: &str, replicas: &[String], settings: Settings) -> Result<Database> {
        let settings = Arc::new(settings);
        let shown = without_password(url);
        let scheme = url.split(':').next().unwrap_or_default();
        let (dialect, pool) = match scheme {
            #[cfg(feature = "sqlite")]
            "sqlite" => (Dialect::Sqlite, Pool::Sqlite(sqlite::SqlitePool::connect(url, settings.clone())?)),
            #[cfg(not(feature = "sqlite"))]
            "sqlite" => return Err(disabled("SQLite", "sqlite")),
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => Self::serve(server::Target::postgres(url)?, settings.clone()).await?,
            #[cfg(not(feature = "postgres"))]
            "postgres" | "postgresql" => return Err(disabled("PostgreSQL", "postgres")),
            #[cfg(feature = "mysql")]
            "mysql" | "mariadb" => Self::serve(server::Target::mysql(url)?, settings.clone()).await?,
            #[cfg(not(feature = "mysql"))]
            "mysql" | "mariadb" => return Err(disabled("MariaDB and MySQL", "mysql")),
            _ => {
                return Err(Error::new(Code::BadUrl, format!("`{shown}` is not the URL of a database")).with_hint(
                    "write sqlite://file.db, sqlite::memory:, postgres://user@host/db or mysql://user@host/db",
                ));
            }
        };
        #[cfg(any(feature = "postgres", feature = "mysql"))]
        let replicas = replicas::Replicas::of(replicas, dialect, &settings)?;
        #[cfg(not(any(feature = "postgres", feature = "mysql")))]
        if !replicas.is_empty() {
            return Err(disabled("servers with replicas", "postgres"));
        }
        let inner = Inner {
            dialect,
            shown,
            settings,
            pool,
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            replicas,
        };
        let db = Database { inner: Arc::new(inner), probe: None, view: None };
        Ok(db.session())
    }

    #[cfg(any(feature = "postgres", feature = "mysql"))]
    async fn serve(target: server::Target, settings: Arc<Settings>) -> Result<(Dialect, Pool)> {
        let (pool, dialect) = server::ServerPool::connect(target, settings).await?;
        Ok((dialect, Pool::Server(pool)))
    }

    /// The dialect of the database.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// assert_eq!(db.dialect(), orm::Dialect::Sqlite);
    /// # Ok(()) }
    /// ```
    pub fn dialect(&self) -> Dialect {
        self.inner.dialect
    }

    /// Asks the database for a sign of life.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// assert!(db.ping().await.is_ok());
    /// # Ok(()) }
    /// ```
    pub async fn ping(&self) -> Result<()> {
        self.run(Ping).await
    }

    /// The URL as it may be shown: without the password.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// let db = orm::Database::connect("sqlite::memory:").await?;
    /// assert_eq!(db.url(), "sqlite::memory:");
    /// # Ok(()) }
    /// ```
    pub fn url(&self) -> &str {
        &self.inner.shown
    }

    /// How many connections there are, and how many are in use.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// let status = db.status();
    /// assert!(status.busy <= status.open && status.open <= status.size);
    /// # Ok(()) }
    /// ```
    pub fn status(&self) -> PoolStatus {
        match &self.inner.pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => PoolStatus { size: pool.size(), busy: pool.busy(), open: pool.size() },
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            Pool::Server(pool) => PoolStatus { size: pool.limit(), busy: pool.busy(), open: pool.open() },
            #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
            Pool::Borrowed(pool) => PoolStatus { size: 1, busy: pool.busy(), open: 1 },
            Pool::None => PoolStatus { size: 0, busy: 0, open: 0 },
        }
    }

    /// Closes the connections when what is running has ended; all clones of the handle refuse work from then on. What SQLite
    /// has in its log (`-wal`) is brought into the file, so that this alone is a copy of the database.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// db.close().await;
    /// assert_eq!(db.ping().await.unwrap_err().code(), orm::Code::Closed);
    /// # Ok(()) }
    /// ```
    pub async fn close(&self) {
        match &self.inner.pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => pool.close().await,
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            Pool::Server(pool) => pool.close().await,
            #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
            Pool::Borrowed(pool) => pool.close().await,
            Pool::None => {}
        }
        #[cfg(any(feature = "postgres", feature = "mysql"))]
        if let Some(replicas) = &self.inner.replicas {
            replicas.close().await;
        }
    }

    /// Runs SQL of any number of statements, without binds or answers.
    ///
    /// # Errors
    /// What the database says; [`Code::BadQuery`] where the SQL leaves a transaction open, which is rolled back.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = orm::Database::connect("sqlite::memory:").await?;
    /// db.batch("CREATE TABLE note (text TEXT); INSERT INTO note VALUES ('one')").await?;
    /// assert_eq!(orm::raw::<String>("SELECT text FROM note").get(&db).await?, "one");
    /// # Ok(()) }
    /// ```
    pub async fn batch(&self, sql: impl Into<String>) -> Result<()> {
        self.run(Batch(sql.into())).await
    }
}

impl sealed::Sealed for Database {
    fn in_transaction(&self) -> bool {
        match &self.inner.pool {
            #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
            Pool::Borrowed(pool) => pool.in_transaction(),
            _ => false,
        }
    }
}

impl Executor for Database {
    fn dialect(&self) -> Dialect {
        self.inner.dialect
    }

    #[allow(clippy::manual_async_fn, reason = "an `async fn` would copy the operation once more")]
    #[allow(unused_mut, reason = "one back end tries it where it stands")]
    fn run<Op: Operation>(&self, mut op: Op) -> impl Future<Output = Result<Op::Output>> + Send {
        async move {
            transaction::refuse_bypass(self)?;
            match &self.inner.pool {
                #[cfg(feature = "sqlite")]
                Pool::Sqlite(pool) => {
                    tokio::task::coop::consume_budget().await;
                    match pool.try_read(&mut op, &self.probe) {
                        Some(done) => done,
                        None => pool.run(op, &self.probe).await,
                    }
                }
                #[cfg(any(feature = "postgres", feature = "mysql"))]
                Pool::Server(pool) => match &self.inner.replicas {
                    None => pool.run(op, &self.probe, self.view().schema.as_ref()).await,
                    // Boxed, so that the futures of those who have none are small.
                    Some(replicas) => Box::pin(self.run_somewhere(op, pool, replicas)).await,
                },
                #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
                Pool::Borrowed(pool) => Box::pin(pool.run(op, &self.probe)).await,
                Pool::None => Err(disabled("every back end", "sqlite")),
            }
        }
    }

    fn atomic<T, W>(&self, work: W) -> impl Future<Output = Result<T>> + Send
    where
        T: Send,
        W: for<'t> FnOnce(&'t Transaction) -> BoxFuture<'t, Result<T>> + Send,
    {
        transaction::atomic(self, work)
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("url", &self.inner.shown).field("dialect", &self.inner.dialect).finish()
    }
}

struct Ping;

impl Operation for Ping {
    type Output = ();
    fn access(&self) -> Access {
        Access::Read
    }
    fn on_replicas(&self) -> bool {
        false
    }
    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<()> {
        conn.query(&crate::Statement::raw("SELECT 1", []), &mut |_| Ok(())).await
    }
}

fn disabled(what: &str, feature: &str) -> Error {
    Error::new(Code::BackendDisabled, format!("support for {what} is not compiled in"))
        .with_hint(format!("enable it: orm = {{ .., features = [\"{feature}\"] }}"))
}

fn closed() -> Error {
    Error::new(Code::Closed, "the database handle was closed").with_hint("connect again, or close later")
}

fn pool_timeout(time: Duration, what: &str) -> Error {
    Error::new(Code::PoolTimeout, format!("{what} did not become free within {time:?}")).with_hint(
        "a transaction may be open too long, or `&db` is used by a task that a transaction waits for: pass it `tx`",
    )
}
