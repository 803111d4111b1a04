//! Connections with a thread each, and the queue that feeds them.

use super::{
    Stopped,
    budget::{Held, Ticket, Watch},
};
use crate::db::{Access, Connection, MaybeProbe, Operation, Settings, link::Link};
use crate::{Code, Error, Result};
use futures_util::future::BoxFuture;
use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::{Pin, pin},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{
            AtomicBool,
            Ordering::{Acquire, Release},
        },
    },
    task::{Context, Poll, Waker},
    thread,
};
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce(&Slot) + Send>;

/// One connection; whoever holds the lock uses it.
pub(in crate::db) struct Slot {
    conn: Mutex<Connection<'static>>,
    watch: Option<Arc<Watch>>,
    /// Whether a transaction owns the connection, and ends what it began.
    leased: AtomicBool,
}

/// Connections that serve one queue.
pub(in crate::db) struct Workers {
    name: &'static str,
    slots: Vec<Arc<Slot>>,
    queue: Arc<Queue>,
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    ready: Condvar,
    /// Set while `state` is locked, and read without.
    closed: AtomicBool,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// Threads started so far; they start when they are first needed.
    started: usize,
    idle: usize,
}

impl Slot {
    pub(in crate::db) fn new(conn: Connection<'static>) -> Arc<Self> {
        let watch = match &conn.link {
            Link::Sqlite(watched) => Some(watched.watch.clone()),
            #[allow(unreachable_patterns, reason = "with one back end there is no other")]
            _ => None,
        };
        Arc::new(Slot { conn: Mutex::new(conn), watch, leased: AtomicBool::new(false) })
    }

    /// A panic inside an operation leaves nothing half done that `Connection::undo_now` does not end.
    fn lock(&self) -> Turn<'_> {
        self.turn(self.conn.lock().unwrap_or_else(PoisonError::into_inner))
    }

    #[inline]
    fn try_lock(&self) -> Option<Turn<'_>> {
        let conn = match self.conn.try_lock() {
            Ok(conn) => conn,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        Some(self.turn(conn))
    }

    #[inline]
    fn turn<'a>(&'a self, conn: MutexGuard<'a, Connection<'static>>) -> Turn<'a> {
        Turn { held: self.watch.as_ref().map(|watch| watch.hold()), conn, slot: self }
    }

    pub(super) fn set_leased(&self, leased: bool) {
        self.leased.store(leased, Release);
    }

    pub(super) fn is_leased(&self) -> bool {
        self.leased.load(Acquire)
    }

    /// Ends what a transaction left open, and its hold.
    pub(super) fn end_lease(&self) {
        let turn = self.lock();
        self.set_leased(false);
        drop(turn);
    }
}

/// One use of a connection; however it ends, nothing stays behind on it but what a transaction owns.
struct Turn<'a> {
    /// Given back before the connection is.
    #[allow(dead_code, reason = "holding it is its use")]
    held: Option<Held<'a>>,
    conn: MutexGuard<'a, Connection<'static>>,
    slot: &'a Slot,
}

impl Turn<'_> {
    fn watch(&self) -> Option<&Watch> {
        self.slot.watch.as_deref()
    }
}

impl Drop for Turn<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(watch) = self.watch() {
            watch.end();
        }
        if self.conn.in_transaction() && !self.slot.is_leased() {
            self.conn.undo_now();
        }
    }
}

impl Workers {
    pub(super) fn new(name: &'static str, slots: Vec<Arc<Slot>>) -> Arc<Self> {
        Arc::new(Workers { name, slots, queue: Arc::default() })
    }

    pub(super) fn size(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn busy(&self) -> usize {
        let state = self.queue.lock();
        state.started - state.idle.min(state.started)
    }

    /// The only connection of those that have one.
    pub(super) fn only(&self) -> Option<&Slot> {
        self.slots.first().map(|slot| &**slot)
    }

    /// Runs an operation on the calling thread, within so many steps, if a connection is free and it is a short one.
    ///
    /// `leased` says whether it is the operation of the transaction that owns the connection.
    pub(super) fn try_inline<Op: Operation>(
        &self,
        op: &mut Op,
        steps: u32,
        leased: bool,
        probe: &MaybeProbe,
    ) -> Option<Result<Op::Output>> {
        let mut turn = self.slots.iter().find_map(|slot| slot.try_lock())?;
        if self.queue.closed.load(Acquire) {
            return Some(Err(crate::db::closed()));
        }
        if turn.slot.is_leased() != leased {
            return None;
        }
        let writes = op.access() != Access::Read;
        let watch = turn.watch()?;
        if writes && !watch.commits_at_once() {
            return None;
        }
        watch.limit(steps, writes);
        turn.conn.observe(probe);
        let done = at_once(pin!(op.run(&mut turn.conn)));
        match turn.conn.stopped() {
            // Nothing was changed: it starts again where it may take its time.
            Stopped::Budget if done.is_err() || !writes => None,
            _ => Some(done),
        }
    }

    /// Runs an operation on a connection's own thread; `keep` is held until it has ended.
    ///
    /// Boxed, so that what does not hop, which is most, has small futures.
    pub(super) fn hop<'a, Op: Operation>(
        &'a self,
        op: Op,
        keep: impl Send + 'static,
        settings: &'a Settings,
        probe: &'a MaybeProbe,
    ) -> BoxFuture<'a, Result<Op::Output>> {
        Box::pin(self.hopping(op, keep, settings, probe))
    }

    async fn hopping<Op: Operation>(
        &self,
        mut op: Op,
        keep: impl Send + 'static,
        settings: &Settings,
        probe: &MaybeProbe,
    ) -> Result<Op::Output> {
        let (sender, receiver) = oneshot::channel();
        let ticket = Arc::new(Ticket::default());
        let probe = probe.clone();
        let mine = GiveUp(ticket.clone());
        self.push(Box::new(move |slot| {
            let mut turn = slot.lock();
            if !ticket.start() {
                return;
            }
            if let Some(watch) = turn.watch() {
                watch.attend(ticket, op.access() != Access::Read);
            }
            turn.conn.observe(&probe);
            let done = catch_unwind(AssertUnwindSafe(|| at_once(pin!(op.run(&mut turn.conn)))));
            drop(turn);
            // Before the answer: its receiver may count on what `keep` holds being free.
            drop(keep);
            let _ = sender.send(done);
        }));
        let answer = match settings.waits_at_most(receiver, &mine.0).await {
            Some(answer) => answer,
            None => return Err(crate::db::pool_timeout(settings.acquire_timeout, "a reading connection")),
        };
        std::mem::forget(mine);
        match answer {
            Ok(Ok(done)) => done,
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => Err(crate::db::closed()),
        }
    }

    /// Hands a job to the first free thread.
    pub(in crate::db) fn push(&self, job: Job) {
        let mut state = self.queue.lock();
        if self.queue.closed.load(Acquire) {
            return;
        }
        state.jobs.push_back(job);
        if state.idle >= state.jobs.len() || state.started == self.slots.len() {
            drop(state);
            self.queue.ready.notify_one();
            return;
        }
        let (queue, slot) = (self.queue.clone(), self.slots[state.started].clone());
        let work = thread::Builder::new().name(self.name.to_owned()).spawn(move || queue.serve(&slot));
        match work {
            Ok(_) => state.started += 1,
            // Without a first thread nothing would ever run: the jobs' receivers are told by their senders' end.
            Err(_) if state.started == 0 => state.jobs.clear(),
            Err(_) => {}
        }
    }

    pub(super) async fn close(&self) {
        self.queue.close();
        for slot in &self.slots {
            // What is running ends, and the thread, which has the slot as well; a blocked thread is none of the runtime's.
            while slot.try_lock().is_none() || Arc::strong_count(slot) > 1 {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        let state = self.lock();
        self.closed.store(true, Release);
        drop(state);
        self.ready.notify_all();
    }

    fn serve(&self, slot: &Slot) {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                drop(state);
                // An operation's own panic travels to its caller; this one would be ours.
                let _ = catch_unwind(AssertUnwindSafe(|| job(slot)));
                state = self.lock();
            } else if self.closed.load(Acquire) {
                return;
            } else {
                state.idle += 1;
                state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
            }
        }
    }
}

/// Gives a job up when its future is dropped.
struct GiveUp(Arc<Ticket>);

impl Drop for GiveUp {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// The result of a future that never waits; pinned where it was made, since moving it costs more than a short read.
pub(in crate::db) fn at_once<T>(future: Pin<&mut impl Future<Output = Result<T>>>) -> Result<T> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => Err(Error::new(Code::BadQuery, "an operation awaited something else than its connection")
            .with_hint("an `Operation` awaits nothing but its connection; do the rest before or after it")),
    }
}
