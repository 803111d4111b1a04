//! SQLite: one writer, several readers, each on a thread of its own; what is short runs on the caller's thread.

mod budget;
mod functions;
mod keys;
mod texts;
mod worker;

pub(super) use budget::{Stopped, Ticket, Watched};
pub(super) use functions::register_once;
pub(super) use keys::broken_key;
pub(super) use texts::{Texts, current};
pub(super) use worker::{Slot, Workers, at_once};

use super::{Access, Connection, MaybeProbe, Operation, Settings, link::Link};
use crate::{Code, Dialect, Error, Result};
use diesel::connection::SimpleConnection as _;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// No limit on the steps of what cannot be cut off: a write in a transaction, which would be rolled back with it.
const UNLIMITED: u32 = u32::MAX;

/// From so many short writes on, or with one that was not, a transaction is ended on the connection's own thread.
const MANY: u32 = 64;

/// The connections to one SQLite database.
pub(super) struct SqlitePool {
    /// Who may write, and on a database in memory who may use its only connection.
    turn: Arc<Semaphore>,
    writer: Arc<Workers>,
    /// None for a database in memory, which lives and dies with its one connection.
    readers: Option<Arc<Workers>>,
    settings: Arc<Settings>,
    url: String,
}

/// The writing connection, held by one transaction.
pub(super) struct Lease {
    workers: Arc<Workers>,
    permit: Option<OwnedSemaphorePermit>,
    /// How much the transaction has written, in short writes.
    written: AtomicU32,
}

impl SqlitePool {
    pub(super) fn connect(url: &str, settings: Arc<Settings>) -> Result<Self> {
        refuse_settings(url)?;
        let memory = is_memory(url);
        let target = if memory { ":memory:".to_owned() } else { file_of(url) };
        if target.is_empty() {
            // SQLite would give every connection a database of its own, gone when it closes.
            return Err(Error::new(Code::BadUrl, format!("`{url}` names no file"))
                .with_hint("write sqlite://file.db, or sqlite::memory: for a database that is gone in the end"));
        }
        if target == ":memory" {
            return Err(Error::new(Code::BadUrl, format!("`{url}` would be a file of this name"))
                .with_hint("write sqlite::memory:, with a colon at its end, or sqlite://file.db"));
        }
        let open = |reader: bool| open(&target, &settings, memory, reader);
        let writer = Workers::new("orm-sqlite-writer", vec![Slot::new(open(false)?)]);
        let readers = if memory {
            None
        } else {
            let slots = (0..settings.pool_size).map(|_| Ok(Slot::new(open(true)?))).collect::<Result<_>>()?;
            Some(Workers::new("orm-sqlite-reader", slots))
        };
        Ok(SqlitePool { turn: Arc::new(Semaphore::new(1)), writer, readers, settings, url: target })
    }

    /// Runs an operation that only reads on the calling thread, if a connection is free and it is a short one.
    pub(super) fn try_read<Op: Operation>(&self, op: &mut Op, probe: &MaybeProbe) -> Option<Result<Op::Output>> {
        if op.access() != Access::Read {
            return None;
        }
        let steps = self.settings.inline_steps(Access::Read)?;
        match &self.readers {
            Some(readers) => readers.try_inline(op, steps, false, probe),
            // It takes no turn where nobody waits for one.
            None if self.turn.available_permits() > 0 => self.writer.try_inline(op, steps, false, probe),
            None => None,
        }
    }

    /// Runs an operation that [`SqlitePool::try_read`] has not run.
    pub(super) async fn run<Op: Operation>(&self, mut op: Op, probe: &MaybeProbe) -> Result<Op::Output> {
        let access = op.access();
        if let (Access::Read, Some(readers)) = (access, &self.readers) {
            return readers.hop(op, (), &self.settings, probe).await;
        }
        let permit = self.turn().await?;
        if let Some(steps) = self.settings.inline_steps(access)
            && let Some(done) = self.writer.try_inline(&mut op, steps, false, probe)
        {
            return done;
        }
        self.writer.hop(op, permit, &self.settings, probe).await
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit> {
        if let Ok(permit) = self.turn.clone().try_acquire_owned() {
            return Ok(permit);
        }
        let wait = tokio::time::timeout(self.settings.acquire_timeout, self.turn.clone().acquire_owned());
        match wait.await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(super::closed()),
            Err(_) => Err(super::pool_timeout(self.settings.acquire_timeout, "the writing connection")),
        }
    }

    /// The writing connection, until the lease is dropped.
    pub(super) async fn lease(&self) -> Result<Lease> {
        let permit = self.turn().await?;
        Ok(Lease::of(self.writer.clone(), Some(permit)))
    }

    /// A connection of its own for a transaction that only reads: it keeps no writer waiting.
    pub(super) async fn lease_reader(&self) -> Result<Lease> {
        if self.readers.is_none() {
            return self.lease().await;
        }
        let slot = Slot::new(open(&self.url, &self.settings, false, true)?);
        Ok(Lease::of(Workers::new("orm-sqlite-snapshot", vec![slot]), None))
    }

    pub(super) fn size(&self) -> usize {
        1 + self.readers.as_ref().map_or(0, |readers| readers.size())
    }

    pub(super) fn busy(&self) -> usize {
        1 - self.turn.available_permits().min(1) + self.readers.as_ref().map_or(0, |readers| readers.busy())
    }

    pub(super) async fn close(&self) {
        // The last writer finishes; then nobody else begins.
        let last = self.turn.clone().acquire_owned().await;
        self.turn.close();
        if let Some(readers) = &self.readers {
            readers.close().await;
            // A program may end before the last handle is dropped. Where another process reads, some of the log stays.
            let bring_back = super::Batch("PRAGMA wal_checkpoint".to_owned());
            let _ = self.writer.hop(bring_back, last, &self.settings, &None).await;
        }
        self.writer.close().await;
    }
}

impl Lease {
    fn of(workers: Arc<Workers>, permit: Option<OwnedSemaphorePermit>) -> Lease {
        workers.only().inspect(|slot| slot.set_leased(true));
        Lease { workers, permit, written: AtomicU32::new(0) }
    }

    pub(super) async fn run<Op: Operation>(
        &self,
        mut op: Op,
        settings: &Settings,
        probe: &MaybeProbe,
    ) -> Result<Op::Output> {
        tokio::task::coop::consume_budget().await;
        let access = op.access();
        let steps = settings.inline_steps(access).map(|steps| if access == Access::Read { steps } else { UNLIMITED });
        if let Some(steps) = steps
            && let Some(done) = self.workers.try_inline(&mut op, steps, true, probe)
        {
            self.has_written(u32::from(access != Access::Read));
            return done;
        }
        self.has_written(if access == Access::Read { 0 } else { MANY });
        self.workers.hop(op, (), settings, probe).await
    }

    /// Runs what begins or ends the transaction or a savepoint: quick, where little was written.
    pub(super) async fn control<Op: Operation>(
        &self,
        mut op: Op,
        settings: &Settings,
        probe: &MaybeProbe,
    ) -> Result<Op::Output> {
        tokio::task::coop::consume_budget().await;
        if settings.inline_writes
            && self.written.load(Relaxed) < MANY
            && let Some(done) = self.workers.try_inline(&mut op, UNLIMITED, true, probe)
        {
            return done;
        }
        self.workers.hop(op, (), settings, probe).await
    }

    fn has_written(&self, much: u32) {
        // Far from what could overflow.
        self.written.store(self.written.load(Relaxed).saturating_add(much), Relaxed);
    }

    /// Ends the transaction's hold; what is open is rolled back first, on the connection's own thread and in its turn.
    pub(super) fn end(&mut self, rollback: bool) {
        let permit = self.permit.take();
        let workers = self.workers.clone();
        if !rollback {
            workers.only().inspect(|slot| slot.set_leased(false));
            return;
        }
        self.workers.push(Box::new(move |slot: &Slot| {
            slot.end_lease();
            drop(permit);
            drop(workers);
        }));
    }
}

fn is_memory(url: &str) -> bool {
    matches!(url, "sqlite::memory:" | "sqlite://:memory:" | ":memory:")
}

/// 8 MB of pages. SQLite as Diesel links it (`SQLITE_ENABLE_MEMORY_MANAGEMENT`) lets all connections of a process share what they
/// are given: with its own 2 MB, one that reads while others have filled theirs keeps no page.
const CACHE: &str = "PRAGMA cache_size = -8000";

/// What SQLite does unless it is told otherwise: what Diesel's code has said is for itself alone.
pub(super) const USUAL: &str = "PRAGMA locking_mode = NORMAL; PRAGMA ignore_check_constraints = OFF; PRAGMA query_only = OFF; \
     PRAGMA writable_schema = OFF; PRAGMA recursive_triggers = OFF; PRAGMA reverse_unordered_selects = OFF; \
     PRAGMA trusted_schema = ON; PRAGMA legacy_alter_table = OFF; PRAGMA defer_foreign_keys = OFF; PRAGMA read_uncommitted = OFF; \
     PRAGMA case_sensitive_like = OFF; PRAGMA count_changes = OFF; PRAGMA full_column_names = OFF; PRAGMA short_column_names = ON; \
     PRAGMA automatic_index = ON; PRAGMA cell_size_check = OFF;";

/// Settings in the URL would be taken for a part of the file's name.
fn refuse_settings(url: &str) -> Result<()> {
    match url.split_once('?') {
        Some((file, _)) => Err(Error::new(
            Code::BadUrl,
            format!("`{url}` has settings after `?`, which SQLite's URLs do not take here"),
        )
        .with_hint(format!("write `{file}`, and give settings by `Database::builder(..)`"))),
        None => Ok(()),
    }
}

fn file_of(url: &str) -> String {
    let rest = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or(url);
    // Diesel's `sqlite://` would be read as a URI: a `?` or `%` in a file's name would change its meaning.
    rest.to_owned()
}

fn open(target: &str, settings: &Arc<Settings>, memory: bool, reader: bool) -> Result<Connection<'static>> {
    let lock_timeout = settings.lock_timeout.unwrap_or(Duration::from_secs(5));
    let mut watched = Watched::open(target, lock_timeout).map_err(|cause| {
        Error::new(Code::NoDatabase, format!("the SQLite database `{target}` cannot be opened: {cause}"))
            .with_hint("the folder must exist, and file and folder must be readable and writable")
    })?;
    if memory || reader {
        watched.watch.has_no_log();
    }
    let registered = functions::register(&mut watched.conn);
    let unusable = |what: String| Error::new(Code::BadSetting, format!("a connection cannot be set up: {what}"));
    registered.map_err(|error| unusable(error.to_string()))?;
    let no_database = |what: &str| {
        Error::new(Code::NoDatabase, format!("the SQLite database `{target}` cannot be used: {what}"))
            .with_hint("is it an SQLite file, and readable and writable?")
    };
    if !memory {
        watched.conn.batch_execute(CACHE).map_err(|error| no_database(&error.to_string()))?;
    }
    if let Some(on_sqlite) = &settings.on_sqlite {
        let watch = watched.watch.clone();
        let _held = watch.hold();
        match watched.lend(|conn| on_sqlite.0(conn)) {
            (Err(panic), _) => std::panic::resume_unwind(panic),
            (Ok(done), true) => done.map_err(|error| unusable(error.to_string()))?,
            (Ok(_), false) => return Err(unusable("another one was put into its place".to_owned())),
        }
    }
    let mut conn = Connection::new(Link::Sqlite(watched), Dialect::Sqlite, settings.clone());
    let mut setup = "PRAGMA foreign_keys = ON;".to_owned();
    if !memory {
        setup.push_str("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    }
    if reader {
        setup.push_str("PRAGMA query_only = ON;");
    }
    conn.batch_now(&setup).map_err(|error| no_database(error.message()))?;
    if !reader {
        setup.push_str("PRAGMA query_only = OFF;");
    }
    conn.setup = setup.into();
    Ok(conn)
}
