//! Connections with a thread each, and the queue that feeds them.

use super::{Stopped, budget::Ticket};
use crate::db::{Connection, MaybeProbe, Operation, Settings, connection::Link};
use crate::{Code, Error, Result};
use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicU8, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
    thread,
};
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce(&Slot) + Send>;

/// One connection; whoever holds the lock uses it.
pub(in crate::db) struct Slot(Mutex<Connection>);

/// Connections that serve one queue.
pub(in crate::db) struct Workers {
    name: &'static str,
    slots: Vec<Arc<Slot>>,
    queue: Arc<Queue>,
    /// How many more operations of a likeness are not tried on the calling thread.
    slow: Box<[AtomicU8; KINDS]>,
}

/// The likenesses that are told apart. Two that meet in one place cost a hop now and then, nothing else.
const KINDS: usize = 1024;

/// How often a likeness that was cut off goes to a thread at once before it is tried again.
const AVOIDED: u8 = 31;

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    ready: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// Threads started so far; they start when they are first needed.
    started: usize,
    idle: usize,
    closed: bool,
}

impl Slot {
    pub(in crate::db) fn new(conn: Connection) -> Arc<Self> {
        Arc::new(Slot(Mutex::new(conn)))
    }

    /// A panic inside an operation leaves nothing half done that `Connection::settle` does not end.
    pub(in crate::db) fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_lock(&self) -> Option<MutexGuard<'_, Connection>> {
        match self.0.try_lock() {
            Ok(conn) => Some(conn),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

/// One use of a connection; however it ends, nothing stays behind on it.
struct Turn<'a>(MutexGuard<'a, Connection>);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Link::Sqlite(watched) = &self.0.link {
            watched.watch.end();
        }
        self.0.settle();
    }
}

impl Workers {
    pub(super) fn new(name: &'static str, slots: Vec<Arc<Slot>>) -> Arc<Self> {
        Arc::new(Workers { name, slots, queue: Arc::default(), slow: Box::new([const { AtomicU8::new(0) }; KINDS]) })
    }

    pub(super) fn size(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn busy(&self) -> usize {
        let state = self.queue.lock();
        state.started - state.idle.min(state.started)
    }

    pub(super) fn set_leased(&self, leased: bool) {
        for slot in &self.slots {
            slot.lock().leased = leased;
        }
    }

    /// Runs a reading operation on the calling thread, if a connection is free and the budget suffices.
    pub(super) fn try_inline<Op: Operation>(&self, op: &mut Op, probe: &MaybeProbe) -> Option<Result<Op::Output>> {
        if self.queue.lock().closed {
            return Some(Err(crate::db::closed()));
        }
        let likeness = op.likeness();
        let slow = (likeness != 0).then(|| &self.slow[(likeness >> 32) as usize % KINDS]);
        if let Some(slow) = slow
            && slow.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok()
        {
            return None;
        }
        let mut turn = self.slots.iter().find_map(|slot| slot.try_lock()).map(Turn)?;
        if let Link::Sqlite(watched) = &turn.0.link {
            watched.watch.limit(turn.0.settings.inline_budget);
        }
        turn.0.observe(probe);
        let done = at_once(op.run(&mut turn.0));
        match turn.0.stopped() {
            // Nothing was changed: it starts again where it may take its time.
            Stopped::Budget => {
                if let Some(slow) = slow {
                    slow.store(AVOIDED, Relaxed);
                }
                None
            }
            _ => Some(done),
        }
    }

    /// Runs an operation on a connection's own thread; `keep` is held until it has ended.
    pub(super) async fn hop<Op: Operation>(
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
            let mut turn = Turn(slot.lock());
            if !ticket.start() {
                return;
            }
            if let Link::Sqlite(watched) = &turn.0.link {
                watched.watch.attend(ticket);
            }
            turn.0.observe(&probe);
            let done = catch_unwind(AssertUnwindSafe(|| at_once(op.run(&mut turn.0))));
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
        if state.closed {
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
        self.queue.lock().closed = true;
        self.queue.ready.notify_all();
        for slot in &self.slots {
            // What is running ends; a blocked thread is none of the runtime's.
            while slot.try_lock().is_none() {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.queue.ready.notify_all();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, slot: &Slot) {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                drop(state);
                // An operation's own panic travels to its caller; this one would be ours.
                let _ = catch_unwind(AssertUnwindSafe(|| job(slot)));
                state = self.lock();
            } else if state.closed {
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

/// The result of a future that never waits.
fn at_once<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => Err(Error::new(Code::BadQuery, "an operation awaited something else than its connection")
            .with_hint("an `Operation` awaits nothing but its connection; do the rest before or after it")),
    }
}
