//! SQLite: one writer, several readers, each on a thread of its own; short reads run on the caller's thread.

mod budget;
mod functions;
mod worker;

pub(super) use budget::{Stopped, Ticket, Watched};
pub(super) use worker::{Slot, Workers};

use super::{Access, Connection, MaybeProbe, Operation, Settings, connection::Link};
use crate::{Code, Dialect, Error, Result};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

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

    pub(super) async fn run<Op: Operation>(&self, mut op: Op, probe: &MaybeProbe) -> Result<Op::Output> {
        tokio::task::coop::consume_budget().await;
        match (op.access(), &self.readers) {
            (Access::Read, Some(readers)) => {
                if self.settings.inline_reads
                    && let Some(done) = readers.try_inline(&mut op, probe)
                {
                    return done;
                }
                readers.hop(op, (), &self.settings, probe).await
            }
            (access, _) => {
                let permit = self.turn().await?;
                if access == Access::Read
                    && self.settings.inline_reads
                    && let Some(done) = self.writer.try_inline(&mut op, probe)
                {
                    return done;
                }
                self.writer.hop(op, permit, &self.settings, probe).await
            }
        }
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
        self.writer.set_leased(true);
        Ok(Lease { workers: self.writer.clone(), permit: Some(permit) })
    }

    /// A connection of its own for a transaction that only reads: it keeps no writer waiting.
    pub(super) async fn lease_reader(&self) -> Result<Lease> {
        if self.readers.is_none() {
            return self.lease().await;
        }
        let slot = Slot::new(open(&self.url, &self.settings, false, true)?);
        let workers = Workers::new("orm-sqlite-snapshot", vec![slot]);
        workers.set_leased(true);
        Ok(Lease { workers, permit: None })
    }

    pub(super) fn size(&self) -> usize {
        1 + self.readers.as_ref().map_or(0, |readers| readers.size())
    }

    pub(super) fn busy(&self) -> usize {
        1 - self.turn.available_permits().min(1) + self.readers.as_ref().map_or(0, |readers| readers.busy())
    }

    pub(super) async fn close(&self) {
        // The last writer finishes; then nobody else begins.
        let _last = self.turn.clone().acquire_owned().await;
        self.turn.close();
        self.writer.close().await;
        if let Some(readers) = &self.readers {
            readers.close().await;
        }
    }
}

impl Lease {
    pub(super) async fn run<Op: Operation>(
        &self,
        mut op: Op,
        settings: &Settings,
        probe: &MaybeProbe,
    ) -> Result<Op::Output> {
        tokio::task::coop::consume_budget().await;
        if op.access() == Access::Read
            && settings.inline_reads
            && let Some(done) = self.workers.try_inline(&mut op, probe)
        {
            return done;
        }
        self.workers.hop(op, (), settings, probe).await
    }

    /// Ends the transaction's hold; what is open is rolled back first, on the connection's own thread and in its turn.
    pub(super) fn end(&mut self, rollback: bool) {
        let permit = self.permit.take();
        let workers = self.workers.clone();
        if !rollback {
            workers.set_leased(false);
            return;
        }
        self.workers.push(Box::new(move |slot: &Slot| {
            let mut conn = slot.lock();
            conn.leased = false;
            conn.settle();
            drop(conn);
            drop(permit);
            drop(workers);
        }));
    }
}

fn is_memory(url: &str) -> bool {
    matches!(url, "sqlite::memory:" | "sqlite://:memory:" | ":memory:")
}

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

fn open(target: &str, settings: &Arc<Settings>, memory: bool, reader: bool) -> Result<Connection> {
    let mut watched = Watched::open(target).map_err(|cause| {
        Error::new(Code::NoDatabase, format!("the SQLite database `{target}` cannot be opened: {cause}"))
            .with_hint("the folder must exist, and file and folder must be readable and writable")
    })?;
    let registered = functions::register(&mut watched.conn);
    let registered = registered.and_then(|()| match &settings.on_sqlite {
        Some(on_sqlite) => on_sqlite.0(&mut watched.conn),
        None => Ok(()),
    });
    registered.map_err(|error| Error::new(Code::BadSetting, format!("a connection cannot be set up: {error}")))?;
    let mut conn = Connection::new(Link::Sqlite(watched), Dialect::Sqlite, settings.clone());
    let wait = settings.lock_timeout.unwrap_or(std::time::Duration::from_secs(5)).as_millis();
    // The time-out comes first: switching to WAL may have to wait too.
    let mut setup = format!("PRAGMA busy_timeout = {wait}; PRAGMA foreign_keys = ON;");
    if !memory {
        setup.push_str("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    }
    if reader {
        setup.push_str("PRAGMA query_only = ON;");
    }
    conn.batch_now(&setup).map_err(|error| {
        Error::new(Code::NoDatabase, format!("the SQLite database `{target}` cannot be used: {}", error.message()))
            .with_hint("is it an SQLite file, and readable and writable?")
    })?;
    Ok(conn)
}
