//! Connections to servers, PostgreSQL and MariaDB or MySQL: pooled, and never given back in an unknown state.

mod age;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;

#[cfg(feature = "mysql")]
pub(super) use mysql::{ENDLESS, LONGEST_TEXT, SQL_MODE};
#[cfg(feature = "postgres")]
pub(super) use postgres::Cancel as PgCancel;

use super::{Connection, Operation, Settings};
use crate::{Code, Dialect, Error, Result};
use deadpool::managed::{Metrics, Object, Pool, QueueMode, RecycleError, RecycleResult};
use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

/// A connection that was idle for longer is asked for a sign of life before it is used.
const PING_AFTER: Duration = Duration::from_secs(1);
/// A connection that the server ended while it was idle fails at once; one that fails later was at work.
const AT_ONCE: Duration = Duration::from_secs(1);
/// How long the end of what a dropped future left behind may take, before its connection is thrown away.
const DRAIN: Duration = Duration::from_secs(5);

/// Where a server is, and how to log in.
pub(super) enum Target {
    #[cfg(feature = "postgres")]
    Postgres(Box<postgres::Target>),
    #[cfg(feature = "mysql")]
    Mysql(mysql::Target),
}

/// The pool of connections to one server.
pub(super) struct ServerPool {
    pool: Pool<Manager>,
    settings: Arc<Settings>,
}

struct Manager {
    target: Target,
    dialect: OnceLock<Dialect>,
    settings: Arc<Settings>,
}

/// A connection out of the pool, which goes back only when its state is known.
pub(super) struct Leased {
    object: Option<Object<Manager>>,
    /// Whether it was used before: it may have been lost since.
    reused: bool,
}

impl Target {
    #[cfg(feature = "postgres")]
    pub(super) fn postgres(url: &str) -> Result<Self> {
        postgres::Target::new(url).map(|target| Target::Postgres(Box::new(target)))
    }

    #[cfg(feature = "mysql")]
    pub(super) fn mysql(url: &str) -> Result<Self> {
        mysql::Target::new(url).map(Target::Mysql)
    }
}

impl deadpool::managed::Manager for Manager {
    type Type = Connection<'static>;
    type Error = Error;

    async fn create(&self) -> Result<Connection<'static>> {
        let connecting = async {
            match &self.target {
                #[cfg(feature = "postgres")]
                Target::Postgres(target) => target.connect(&self.settings).await,
                #[cfg(feature = "mysql")]
                Target::Mysql(target) => target.connect(&self.settings).await,
            }
        };
        let time = self.settings.connect_timeout;
        let conn = tokio::time::timeout(time, Box::pin(connecting)).await.unwrap_or_else(|_| {
            Err(Error::new(Code::Unreachable, format!("the database server did not answer within {time:?}"))
                .with_hint("check host and port, or raise `connect_timeout`"))
        })?;
        let _ = self.dialect.set(conn.dialect());
        Ok(conn)
    }

    async fn recycle(&self, conn: &mut Connection<'static>, metrics: &Metrics) -> RecycleResult<Error> {
        if conn.unsettled() || conn.lost() || conn.retired() {
            return Err(RecycleError::message("not in a known state"));
        }
        if age::is_over(metrics, &self.settings) {
            return Err(RecycleError::message("too old"));
        }
        if conn.lent() {
            let tidied = tokio::time::timeout(DRAIN, conn.tidy()).await;
            if !matches!(tidied, Ok(Ok(()))) {
                return Err(RecycleError::message("what Diesel has set cannot be undone"));
            }
            return Ok(());
        }
        if metrics.last_used() > PING_AFTER {
            let alive = tokio::time::timeout(DRAIN, conn.ping()).await;
            if !matches!(alive, Ok(Ok(()))) {
                return Err(RecycleError::message("lost while it was idle"));
            }
        }
        Ok(())
    }
}

impl ServerPool {
    /// A pool without a connection yet.
    pub(super) fn new(target: Target, settings: Arc<Settings>) -> Result<Self> {
        let manager = Manager { target, dialect: OnceLock::new(), settings: settings.clone() };
        let pool = Pool::builder(manager)
            .max_size(settings.pool_size)
            // What was used last is used first: those that are not needed any more are left alone, and grow old.
            .queue_mode(QueueMode::Lifo)
            .build()
            .map_err(|error| Error::new(Code::BadSetting, error.to_string()))?;
        age::watch(&pool, &settings);
        Ok(ServerPool { pool, settings })
    }

    pub(super) async fn connect(target: Target, settings: Arc<Settings>) -> Result<(Self, Dialect)> {
        let pool = ServerPool::new(target, settings)?;
        // Mistakes show here, not at the first query.
        drop(pool.acquire().await?);
        let dialect = *pool.pool.manager().dialect.get_or_init(|| Dialect::Postgres);
        Ok((pool, dialect))
    }

    /// The dialect of the server, once it was connected to.
    pub(super) fn dialect(&self) -> Option<Dialect> {
        self.pool.manager().dialect.get().copied()
    }

    pub(super) async fn acquire(&self) -> Result<Leased> {
        use deadpool::managed::PoolError;
        let time = self.settings.acquire_timeout;
        // Boxed, like what runs and what connects, so that the futures of people's own, which hold all that, are small.
        match tokio::time::timeout(time, Box::pin(self.pool.get())).await {
            Ok(Ok(object)) => {
                let reused = Object::metrics(&object).recycle_count > 0;
                Ok(Leased { object: Some(object), reused })
            }
            Ok(Err(PoolError::Backend(error))) => Err(error),
            Ok(Err(PoolError::Closed)) => Err(super::closed()),
            Ok(Err(error)) => Err(Error::new(Code::PoolTimeout, error.to_string())),
            Err(_) => Err(super::pool_timeout(time, "a connection")),
        }
    }

    pub(super) async fn run<Op: Operation>(
        &self,
        mut op: Op,
        probe: &super::MaybeProbe,
        schema: Option<&Arc<str>>,
    ) -> Result<Op::Output> {
        self.start(&mut op, probe, schema).await.map(|(_, output)| output)
    }

    /// Runs an operation, and gives the connection that it ran on. Where the server had ended a connection while it lay in the pool,
    /// the next is asked.
    pub(super) async fn start<Op: Operation>(
        &self,
        op: &mut Op,
        probe: &super::MaybeProbe,
        schema: Option<&Arc<str>>,
    ) -> Result<(Leased, Op::Output)> {
        loop {
            let (mut lease, begun) = (self.acquire().await?, Instant::now());
            let (begins, done) = match lease.look_in(schema).await {
                Ok(()) => (op.asks_again(), lease.run(op, probe).await),
                // Nothing of it has begun.
                Err(error) => (true, Err(error)),
            };
            match done {
                Err(error)
                    if error.code() == Code::ConnectionLost && lease.reused && begun.elapsed() < AT_ONCE && begins => {}
                done => return done.map(|output| (lease, output)),
            }
        }
    }

    /// A connection for what Diesel runs, which cannot be run again: of those that the server has ended none is given, as far as is
    /// known.
    pub(super) async fn lend(&self, schema: Option<&Arc<str>>) -> Result<Leased> {
        loop {
            let mut lease = self.acquire().await?;
            match lease.look_in(schema).await {
                Err(error) if error.code() == Code::ConnectionLost && lease.reused => {}
                done => return done.map(|()| lease),
            }
        }
    }

    pub(super) fn limit(&self) -> usize {
        self.pool.status().max_size
    }

    pub(super) fn open(&self) -> usize {
        self.pool.status().size
    }

    pub(super) fn busy(&self) -> usize {
        let status = self.pool.status();
        status.size - status.available.min(status.size)
    }

    pub(super) async fn close(&self) {
        self.pool.close();
        let begun = std::time::Instant::now();
        while self.busy() > 0 && begun.elapsed() < self.settings.acquire_timeout {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Leased {
    /// Looks up names in this schema from here on, or where the server does by itself.
    async fn look_in(&mut self, schema: Option<&Arc<str>>) -> Result<()> {
        match self.object.as_deref_mut() {
            Some(conn) if conn.schema.as_ref() != schema => Box::pin(conn.look_in(schema.cloned())).await,
            _ => Ok(()),
        }
    }

    /// Runs an operation. The connection counts as being in an unknown state until it has ended.
    pub(super) async fn run<Op: Operation>(&mut self, op: &mut Op, probe: &super::MaybeProbe) -> Result<Op::Output> {
        let conn = self.begin(probe)?;
        let done = Box::pin(op.run(conn)).await;
        self.end(&done);
        done
    }

    /// The connection, which counts as being in an unknown state from here to [`Leased::end`].
    pub(super) fn begin(&mut self, probe: &super::MaybeProbe) -> Result<&mut Connection<'static>> {
        let Some(conn) = self.object.as_deref_mut() else { return Err(super::closed()) };
        if conn.answers_are_astray() {
            conn.lost = true;
            return Err(super::failure::in_the_middle());
        }
        conn.observe(probe);
        conn.set_busy(true);
        Ok(conn)
    }

    pub(super) fn end<T>(&mut self, done: &Result<T>) {
        let Some(conn) = self.object.as_deref_mut() else { return };
        conn.set_busy(false);
        if let Err(error) = done
            && error.code() == Code::ConnectionLost
        {
            conn.lost = true;
        }
    }
}

impl Drop for Leased {
    fn drop(&mut self) {
        let Some(mut object) = self.object.take() else { return };
        if !object.unsettled() || object.lost() {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            drop(Object::take(object));
            return;
        };
        // The place in the pool stays taken until the server has ended what was begun.
        runtime.spawn(async move {
            let ended = tokio::time::timeout(DRAIN, object.drain()).await;
            if !matches!(ended, Ok(Ok(()))) {
                drop(Object::take(object));
            }
        });
    }
}
