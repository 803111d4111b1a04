//! Replicas: servers that follow the primary, for reads; and what a session has written, which its reads have to see.

use super::{
    Access, Connection, Operation, ReplicaStatus,
    log::MaybeProbe,
    server::{ServerPool, Target},
    settings::Settings,
};
use crate::{Code, Dialect, Error, Result, Statement, Value};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// How long a replica that cannot be reached is left alone; twice as long after each further failure, up to [`LONGEST`].
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(10);

/// The replicas of a database.
pub(super) struct Replicas {
    all: Vec<Replica>,
    next: AtomicUsize,
}

struct Replica {
    pool: ServerPool,
    shown: String,
    /// Until when it is left alone, and how often it could not be reached.
    down: Mutex<Option<(Instant, u32)>>,
    /// How far it has followed the primary, when it was last asked.
    reached: AtomicU64,
    /// The most that it may lag behind.
    max_lag: Option<Duration>,
    /// When it was last asked whether it does, and what it said.
    lags: Mutex<Option<(Instant, bool)>>,
}

/// How often a replica is asked how far it lags: four times in the span that is allowed, between these.
const OFTEN: Duration = Duration::from_millis(50);
const SELDOM: Duration = Duration::from_secs(1);

/// In microseconds; NULL where it cannot be told. What has replayed all that it received is up to date for as long as it receives.
const LAG: &str = "SELECT CASE WHEN NOT pg_is_in_recovery() THEN 0 \
    WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AND EXISTS (SELECT 1 FROM pg_stat_wal_receiver) THEN 0 \
    ELSE (EXTRACT(EPOCH FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000000)::bigint END";

/// What a session has written.
#[derive(Debug, Default)]
pub(super) struct Mark(Mutex<Written>);

#[derive(Debug, Default)]
struct Written {
    /// How often something was written: at each begin, and at each end.
    count: u64,
    /// Where the primary's log had come to after so many writes.
    place: Option<(u64, u64)>,
}

/// A write of a session: it counts from its begin, and again when it ends, however that is.
pub(super) struct Writing(Option<Arc<Mark>>);

impl Writing {
    pub(super) fn of(mark: Option<&Arc<Mark>>) -> Writing {
        let writing = Writing(mark.cloned());
        writing.note();
        writing
    }

    fn note(&self) {
        if let Some(mark) = &self.0 {
            mark.written().count += 1;
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.note();
    }
}

impl Replicas {
    pub(super) fn of(urls: &[String], dialect: Dialect, settings: &Arc<Settings>) -> Result<Option<Replicas>> {
        if urls.is_empty() {
            return Ok(None);
        }
        if settings.max_lag.is_some() && dialect != Dialect::Postgres {
            return Err(Error::new(Code::BadSetting, format!("how far a replica of {dialect} lags is not known"))
                .with_hint("leave out `max_lag`: a session that has written reads from the primary there"));
        }
        let replica = |url: &String| {
            let shown = super::without_password(url);
            let target = match (url.split(':').next().unwrap_or_default(), dialect) {
                #[cfg(feature = "postgres")]
                ("postgres" | "postgresql", Dialect::Postgres) => Target::postgres(url)?,
                #[cfg(feature = "mysql")]
                ("mysql" | "mariadb", Dialect::MariaDb | Dialect::MySql) => Target::mysql(url)?,
                _ => {
                    return Err(Error::new(
                        Code::BadSetting,
                        format!("`{shown}` is no replica of a {dialect} database"),
                    )
                    .with_hint("a replica is a server of the same kind, which follows the primary"));
                }
            };
            // It is connected to when it is needed: a program starts while a replica is away.
            let pool = ServerPool::new(target, settings.clone())?;
            let (max_lag, lags) = (settings.max_lag, Mutex::default());
            Ok(Replica { pool, shown, down: Mutex::default(), reached: AtomicU64::new(0), max_lag, lags })
        };
        let all = urls.iter().map(replica).collect::<Result<_>>()?;
        Ok(Some(Replicas { all, next: AtomicUsize::new(0) }))
    }

    /// Runs an operation on one of them; `None` where none is there that has followed far enough.
    pub(super) async fn run<Op: Operation>(
        &self,
        op: &mut Op,
        probe: &MaybeProbe,
        mark: &Mark,
        primary: &ServerPool,
        schema: Option<&Arc<str>>,
    ) -> Result<Option<Op::Output>> {
        let wanted = match mark.place(primary, schema).await? {
            Some(wanted) => wanted,
            // It is not known how far replicas follow.
            None => return Ok(None),
        };
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        for offset in 0..self.all.len() {
            let replica = &self.all[first.wrapping_add(offset) % self.all.len()];
            if !replica.available() || replica.lags(schema).await || !replica.has_reached(wanted, schema).await {
                continue;
            }
            match replica.pool.start(op, probe, schema).await {
                Ok((_, output)) => {
                    replica.is_up();
                    return Ok(Some(output));
                }
                Err(error) if is_away(&error) => replica.is_down(&error),
                // Given up because of what came from the primary, or made there a moment ago: that knows.
                Err(error) if matches!(error.code(), Code::Serialization | Code::Deadlock | Code::MissingTable) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    pub(super) fn status(&self) -> Vec<ReplicaStatus> {
        let status = |replica: &Replica| ReplicaStatus {
            url: replica.shown.clone(),
            available: replica.available(),
            busy: replica.pool.busy(),
        };
        self.all.iter().map(status).collect()
    }

    pub(super) async fn close(&self) {
        for replica in &self.all {
            replica.pool.close().await;
        }
    }
}

/// Whether an error is about the server, not about what it was asked.
fn is_away(error: &Error) -> bool {
    use Code::{Closed, ConnectionLost, LoginRefused, NoDatabase, PoolTimeout, Unreachable};
    matches!(error.code(), ConnectionLost | Unreachable | LoginRefused | NoDatabase | PoolTimeout | Closed)
}

impl Replica {
    fn available(&self) -> bool {
        self.down().is_none_or(|(until, _)| until <= Instant::now())
    }

    fn down(&self) -> Option<(Instant, u32)> {
        *self.down.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_down(&self, error: &Error) {
        let mut down = self.down.lock().unwrap_or_else(PoisonError::into_inner);
        let failures = down.map_or(0, |(_, failures)| failures);
        let pause = FIRST.saturating_mul(1 << failures.min(6)).min(LONGEST);
        *down = Some((Instant::now() + pause, failures + 1));
        tracing::warn!(target: "orm::replicas", url = self.shown, ?pause, "a replica is left alone: {error}");
    }

    fn is_up(&self) {
        let mut down = self.down.lock().unwrap_or_else(PoisonError::into_inner);
        if down.take().is_some() {
            tracing::info!(target: "orm::replicas", url = self.shown, "a replica is back");
        }
    }

    /// Whether it lags further behind than it may.
    async fn lags(&self, schema: Option<&Arc<str>>) -> bool {
        match self.max_lag {
            None => false,
            Some(most) => Box::pin(self.lags_more_than(most, schema)).await,
        }
    }

    async fn lags_more_than(&self, most: Duration, schema: Option<&Arc<str>>) -> bool {
        {
            let mut lags = self.lags.lock().unwrap_or_else(PoisonError::into_inner);
            match *lags {
                Some((asked, lags)) if asked.elapsed() < (most / 4).clamp(OFTEN, SELDOM) => return lags,
                // The others go by the last answer meanwhile.
                Some((_, before)) => *lags = Some((Instant::now(), before)),
                None => {}
            }
        }
        let lag = match self.pool.run(Place(LAG), &None, schema).await {
            Ok(lag) => lag.map(Duration::from_micros),
            Err(error) => {
                if is_away(&error) {
                    self.is_down(&error);
                }
                None
            }
        };
        let now = lag.is_none_or(|lag| lag > most);
        let before = self.lags.lock().unwrap_or_else(PoisonError::into_inner).replace((Instant::now(), now));
        if now != before.is_some_and(|(_, lags)| lags) {
            let what = if now { "a replica lags too far behind" } else { "a replica has caught up" };
            tracing::info!(target: "orm::replicas", url = self.shown, ?lag, "{what}");
        }
        now
    }

    /// Whether it has followed the primary up to this place. It is asked where the session looks, so that no connection is told twice.
    async fn has_reached(&self, wanted: u64, schema: Option<&Arc<str>>) -> bool {
        if self.reached.load(Ordering::Relaxed) >= wanted {
            return true;
        }
        let place = Place("SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint");
        match self.pool.run(place, &None, schema).await {
            Ok(Some(place)) => self.reached.fetch_max(place, Ordering::Relaxed).max(place) >= wanted,
            // A server that follows nobody.
            Ok(None) => false,
            Err(error) => {
                if is_away(&error) {
                    self.is_down(&error);
                }
                false
            }
        }
    }
}

impl Mark {
    fn written(&self) -> MutexGuard<'_, Written> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far a replica has to have followed; `None` where that cannot be told.
    async fn place(&self, primary: &ServerPool, schema: Option<&Arc<str>>) -> Result<Option<u64>> {
        let count = {
            let written = self.written();
            match written.place {
                _ if written.count == 0 => return Ok(Some(0)),
                Some((count, place)) if count == written.count => return Ok(Some(place)),
                _ => written.count,
            }
        };
        if primary.dialect() != Some(Dialect::Postgres) {
            return Ok(None);
        }
        let place = Place("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint");
        let place = primary.run(place, &None, schema).await?;
        // It counts for as long as nothing else is written: each begin and each end of a write is one more.
        if let Some(place) = place {
            let mut written = self.written();
            if written.count == count {
                written.place = Some((count, place));
            }
        }
        Ok(place)
    }
}

/// A place in the log of PostgreSQL, in bytes; or a number like it.
struct Place(&'static str);

impl Operation for Place {
    type Output = Option<u64>;

    fn access(&self) -> Access {
        Access::Read
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Option<u64>> {
        let mut place = None;
        let each = &mut |row: &super::Row<'_>| {
            let cell = row.cell(0);
            if !cell.is_null() {
                // Where the clocks of two servers differ, a lag may be below zero: it is none.
                place = Some(cell.i64()?.max(0).unsigned_abs());
            }
            Ok(())
        };
        let none: [Value; 0] = [];
        conn.query(&Statement::raw(self.0, none), each).await?;
        Ok(place)
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::Place;
    use crate::{Database, Executor as _, Result};

    #[tokio::test]
    async fn a_lag_below_zero_is_none() -> Result<()> {
        let db = Database::connect("sqlite::memory:").await?;
        for (sql, told) in [("SELECT -5", Some(0)), ("SELECT 0", Some(0)), ("SELECT 7", Some(7)), ("SELECT NULL", None)]
        {
            assert_eq!(db.run(Place(sql)).await?, told, "{sql}");
        }
        Ok(())
    }
}
