//! How long SQLite may run, and what it may wait for: a budget of instructions, a deadline, cancellation, locks, and the
//! checkpoints of its log; and its own lock. The one place with unsafe code.
//!
//! SQLite asks three handlers: every thousand instructions of its virtual machine whether to go on, when another
//! connection holds a lock whether to try again, and after each commit whether to bring the log back into the file. On the
//! calling thread of an asynchronous program the answers are: for a while, no, and no.
//!
//! Diesel does not give out the handle that they are installed on; `sqlite3_auto_extension` does, while a connection opens.
#![allow(unsafe_code)] // The handlers are called by C, and installed through C.

use super::Texts;
use crate::Statement;
use diesel::{
    Connection as _, ConnectionError, ConnectionResult, SqliteConnection, connection::SimpleConnection as _,
    sql_types::Integer,
};
use libsqlite3_sys as ffi;
use std::{
    cell::Cell,
    ffi::{c_char, c_int, c_void},
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicPtr, AtomicU8, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

/// SQLite's instructions between two questions.
const STEP: c_int = 1_000;
const NO_DEADLINE: u64 = u64::MAX;

/// How many pages the log may have before it is brought back into the file: SQLite's own number.
const LOG: c_int = 1_000;

/// A write that takes longer is not soon done, whatever takes the time: a trigger, a slow disk, a full sync.
const SOON: Duration = Duration::from_millis(1);

/// A connection, and what limits it.
pub(in crate::db) struct Watched {
    // Dropped first: the handlers that SQLite holds point into `watch`.
    pub(in crate::db) conn: SqliteConnection,
    pub(in crate::db) watch: Arc<Watch>,
    pub(in crate::db) texts: Texts,
    /// SQLite's handle of `conn`.
    db: AtomicPtr<ffi::sqlite3>,
}

/// The limits of what runs on one connection.
pub(in crate::db) struct Watch {
    /// Whether it runs on the calling thread.
    limited: AtomicBool,
    /// Whether it is an operation that writes.
    writes: AtomicBool,
    /// Questions left on the calling thread; below zero elsewhere.
    steps: AtomicI64,
    /// The statement that runs, by its text, the questions left when it began, and for writes the moment.
    statement: AtomicU64,
    began: AtomicI64,
    since: AtomicU64,
    deadline: AtomicU64,
    ticket: Mutex<Option<Arc<Ticket>>>,
    stopped: AtomicU8,
    /// How long to wait for another connection's lock, in microseconds.
    lock_timeout: u64,
    /// Since when it waits.
    waiting: AtomicU64,
    /// The pages of the log after the last commit here; 0 when the next commit has to wait for the disk.
    log: AtomicI32,
    /// Writes that were soon done when they last ran, by their texts: a lossy set.
    soon_done: [AtomicU64; 128],
    /// SQLite's own lock of the connection; null when it is closed.
    lock: AtomicPtr<ffi::sqlite3_mutex>,
    /// Whether the connection that this belongs to has just been asked something.
    answered: AtomicBool,
}

/// SQLite's own lock of a connection, held by the thread that uses it.
///
/// SQLite takes the lock in every call, for each cell of a row as well. For the thread that holds it already that is counting,
/// not an atomic operation: a quarter of the time of reading rows.
pub(in crate::db) struct Held<'a> {
    watch: &'a Watch,
    // A pointer is not `Send`: what this thread has entered, it leaves.
    _lock: PhantomData<*mut ffi::sqlite3_mutex>,
}

/// Why SQLite was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::db) enum Stopped {
    No,
    /// It would have taken too long on the calling thread, or waited there: it starts again elsewhere.
    Budget,
    Deadline,
    Cancelled,
}

/// One job of a connection's thread: waiting, then running; its owner may give it up at any time.
#[derive(Default)]
pub(in crate::db) struct Ticket(AtomicU8);

impl Ticket {
    /// Whether the job may start: nobody has given it up.
    pub(in crate::db) fn start(&self) -> bool {
        self.0.compare_exchange(0, 1, Relaxed, Relaxed).is_ok()
    }

    /// Gives the job up; it does not start, or SQLite is stopped at its next question.
    pub(in crate::db) fn cancel(&self) -> bool {
        self.0.swap(2, Relaxed) == 0
    }

    /// Gives the job up if it has not started.
    pub(in crate::db) fn cancel_waiting(&self) -> bool {
        self.0.compare_exchange(0, 2, Relaxed, Relaxed).is_ok()
    }

    fn cancelled(&self) -> bool {
        self.0.load(Relaxed) == 2
    }
}

impl Watch {
    fn new(lock_timeout: Duration) -> Self {
        Watch {
            limited: AtomicBool::new(false),
            writes: AtomicBool::new(false),
            steps: AtomicI64::new(0),
            statement: AtomicU64::new(0),
            began: AtomicI64::new(0),
            since: AtomicU64::new(0),
            deadline: AtomicU64::new(0),
            ticket: Mutex::new(None),
            stopped: AtomicU8::new(0),
            lock_timeout: micros(lock_timeout),
            waiting: AtomicU64::new(0),
            log: AtomicI32::new(0),
            soon_done: [const { AtomicU64::new(0) }; 128],
            lock: AtomicPtr::new(ptr::null_mut()),
            answered: AtomicBool::new(false),
        }
    }

    /// Holds the connection's own lock for the calling thread; waits for a thread that holds it.
    #[inline]
    pub(in crate::db) fn hold(&self) -> Held<'_> {
        let lock = self.lock.load(Relaxed);
        // SAFETY: null, which SQLite ignores, or the lock of a connection that is open: `Watched` takes it back when it closes
        // the connection.
        unsafe { ffi::sqlite3_mutex_enter(lock) };
        Held { watch: self, _lock: PhantomData }
    }

    /// What follows runs on the calling thread, and within so many steps; it waits for nothing.
    #[inline]
    pub(in crate::db) fn limit(&self, steps: u32, writes: bool) {
        self.stopped.store(0, Relaxed);
        self.steps.store(i64::from(steps), Relaxed);
        self.writes.store(writes, Relaxed);
        self.limited.store(true, Relaxed);
    }

    /// What follows runs on the connection's own thread, until its owner gives it up.
    pub(in crate::db) fn attend(&self, ticket: Arc<Ticket>, writes: bool) {
        self.stopped.store(0, Relaxed);
        self.writes.store(writes, Relaxed);
        *self.ticket.lock().unwrap_or_else(PoisonError::into_inner) = Some(ticket);
    }

    /// Ends what `limit` or `attend` began.
    #[inline]
    pub(in crate::db) fn end(&self) {
        if self.limited.load(Relaxed) {
            self.limited.store(false, Relaxed);
        } else {
            *self.ticket.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// Notes which statement runs; false if it is not for the calling thread: a read that is known to be long, or a write
    /// that is large or not known to be soon done.
    #[inline]
    pub(in crate::db) fn may_start(&self, statement: &Statement) -> bool {
        let identity = statement.identity();
        self.statement.store(identity, Relaxed);
        self.began.store(self.steps.load(Relaxed), Relaxed);
        let writes = self.writes.load(Relaxed);
        if writes {
            self.since.store(now(), Relaxed);
        }
        if !self.limited.load(Relaxed) {
            return true;
        }
        let may = match writes {
            true => is_in(&self.soon_done, identity) && statement.is_small(),
            false => !is_in(&TOO_LONG, identity),
        };
        if !may {
            self.stopped.store(1, Relaxed);
        }
        may
    }

    /// Remembers of the statement that has run whether it is for the calling thread.
    #[inline]
    pub(in crate::db) fn finished(&self, steps: u32) {
        let statement = self.statement.load(Relaxed);
        let within = self.began.load(Relaxed) - self.steps.load(Relaxed) < i64::from(steps);
        if self.writes.load(Relaxed) {
            let soon = within && now().saturating_sub(self.since.load(Relaxed)) < micros(SOON);
            remember(&self.soon_done, statement, soon);
        } else if within && !self.limited.load(Relaxed) {
            remember(&TOO_LONG, statement, false);
        }
    }

    /// Whether what runs is on the calling thread.
    pub(in crate::db) fn is_limited(&self) -> bool {
        self.limited.load(Relaxed)
    }

    /// Makes what runs on the calling thread start again on the connection's own: it has failed, and changed nothing.
    pub(in crate::db) fn start_elsewhere(&self) {
        if self.limited.load(Relaxed) {
            self.stopped.store(1, Relaxed);
        }
    }

    /// Whether a commit does not wait for the disk. It does when it begins the log anew, and when the log is due to be
    /// brought back into the file. What another process does to the log is not seen: then a commit here waits once.
    pub(in crate::db) fn commits_at_once(&self) -> bool {
        (1..LOG).contains(&self.log.load(Relaxed))
    }

    /// The connection writes to none: a commit never waits.
    pub(in crate::db) fn has_no_log(&self) {
        self.log.store(1, Relaxed);
    }

    /// Sets the moment at which the next statement is stopped.
    #[inline]
    pub(in crate::db) fn set_deadline(&self, timeout: Option<Duration>) {
        let moment = timeout.map_or(0, |timeout| now().saturating_add(micros(timeout)).max(1));
        self.deadline.store(moment, Relaxed);
    }

    /// Whether and why SQLite was stopped since the last `limit` or `attend`.
    #[inline]
    pub(in crate::db) fn stopped(&self) -> Stopped {
        match self.stopped.load(Relaxed) {
            0 => Stopped::No,
            1 => Stopped::Budget,
            2 => Stopped::Deadline,
            _ => Stopped::Cancelled,
        }
    }

    fn go_on(&self) -> bool {
        let left = self.steps.fetch_sub(1, Relaxed);
        let why = if left <= 0 && self.limited.load(Relaxed) {
            if !self.writes.load(Relaxed) {
                remember(&TOO_LONG, self.statement.load(Relaxed), true);
            }
            1
        } else if matches!(self.deadline.load(Relaxed), moment if moment > 0 && moment <= now()) {
            2
        } else if self.is_given_up() {
            3
        } else {
            return true;
        };
        self.stopped.store(why, Relaxed);
        false
    }

    fn is_given_up(&self) -> bool {
        self.ticket.try_lock().is_ok_and(|ticket| ticket.as_ref().is_some_and(|it| it.cancelled()))
    }

    /// Whether to try again to get the lock that another connection holds, after a wait; `tries` were in vain.
    fn wait_for_lock(&self, tries: u32) -> bool {
        if self.limited.load(Relaxed) {
            self.stopped.store(1, Relaxed);
            return false;
        }
        if tries == 0 {
            self.waiting.store(now(), Relaxed);
        }
        let left = self.lock_timeout.saturating_sub(now().saturating_sub(self.waiting.load(Relaxed)));
        if left == 0 || self.is_given_up() {
            return false;
        }
        thread::sleep(Duration::from_micros(left.min(500 << tries.min(6))));
        true
    }

    /// Notes how long the log is after a commit; whether it is to be brought back into the file now.
    fn committed(&self, pages: c_int) -> bool {
        self.log.store(pages, Relaxed);
        pages >= LOG && !self.limited.load(Relaxed)
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(NO_DEADLINE)
}

/// Microseconds since the first call: an `Instant` that fits an atomic.
fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    micros(START.get_or_init(Instant::now).elapsed())
}

/// Reads that were too long for the calling thread: a lossy set, where a mistake costs little.
static TOO_LONG: [AtomicU64; 512] = [const { AtomicU64::new(0) }; 512];

fn place_in(set: &[AtomicU64], statement: u64) -> &AtomicU64 {
    &set[(statement >> 32) as usize % set.len()]
}

fn is_in(set: &[AtomicU64], statement: u64) -> bool {
    place_in(set, statement).load(Relaxed) == statement
}

fn remember(set: &[AtomicU64], statement: u64, is_in: bool) {
    let place = place_in(set, statement);
    let known = place.load(Relaxed) == statement;
    if known != is_in {
        place.store(if is_in { statement } else { 0 }, Relaxed);
    }
}

impl Drop for Held<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: this thread has entered it, and the connection is still open: whoever has a `Held` has the connection's slot. When
        // the connection was lost meanwhile, it is null.
        unsafe { ffi::sqlite3_mutex_leave(self.watch.lock.load(Relaxed)) };
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.watch.lock.store(ptr::null_mut(), Relaxed);
    }
}

thread_local! {
    /// The connection that this thread opened last.
    static OPENED: Cell<*mut ffi::sqlite3> = const { Cell::new(ptr::null_mut()) };
}

impl Watched {
    /// Opens a connection with a watch over it, which waits so long for the locks of others.
    pub(in crate::db) fn open(url: &str, lock_timeout: Duration) -> ConnectionResult<Self> {
        static INSTALLED: OnceLock<()> = OnceLock::new();
        INSTALLED.get_or_init(|| {
            // SAFETY: `opened` has the signature that SQLite calls extensions with, and is a function: it lives for ever.
            // The call itself locks SQLite's list of extensions. Its only failure is out of memory: then `OPENED` is null.
            unsafe { ffi::sqlite3_auto_extension(Some(opened)) };
        });
        OPENED.set(ptr::null_mut());
        let conn = SqliteConnection::establish(url)?;
        let db = OPENED.replace(ptr::null_mut());
        if db.is_null() {
            return Err(ConnectionError::BadConnection("out of memory".to_owned()));
        }
        let watch = Arc::new(Watch::new(lock_timeout));
        // SAFETY: `db` is the handle of `conn`, which is open and which no one else has yet: `opened` has put it there while
        // this thread opened it.
        watch.lock.store(unsafe { ffi::sqlite3_db_mutex(db) }, Relaxed);
        let asked = watch.clone();
        let answers = conn.register_noarg_sql_function::<Integer, i32, _>("orm_is_here", false, move || {
            asked.answered.store(true, Relaxed);
            1
        });
        answers.map_err(|error| ConnectionError::BadConnection(error.to_string()))?;
        let watched = Watched { conn, watch, texts: Texts::new(), db: AtomicPtr::new(db) };
        watched.install();
        Ok(watched)
    }

    /// Installs the handlers, which statements like `PRAGMA busy_timeout` put others in place of.
    pub(in crate::db) fn install(&self) {
        let db = self.db.load(Relaxed);
        let it = Arc::as_ptr(&self.watch).cast_mut().cast();
        // SAFETY: `db` is the handle of `conn`, which is open: see `open` and `lend`. `watch` outlives the connection, since
        // `Watched` owns both and drops the connection first, and the handlers only share it: it holds nothing but atomics
        // and a mutex.
        unsafe {
            ffi::sqlite3_progress_handler(db, STEP, Some(progress), it);
            ffi::sqlite3_busy_handler(db, Some(busy), it);
            ffi::sqlite3_wal_hook(db, Some(committed), it);
        }
    }

    /// Gives the connection itself to somebody who may do with it what they like, also close it and put another into its place.
    /// Gives what they gave, or how they panicked, and whether the connection is still there; if not, this is not to be used any more.
    ///
    /// The calling thread holds the connection's own lock, which it does not meanwhile: it may be gone afterwards.
    pub(in crate::db) fn lend<T>(
        &mut self,
        work: impl FnOnce(&mut SqliteConnection) -> T,
    ) -> (thread::Result<T>, bool) {
        let lock = self.watch.lock.swap(ptr::null_mut(), Relaxed);
        // SAFETY: the lock of a connection that is open, or null. This thread has entered it: whoever has the connection has a
        // `Held` of it. That one does not leave it again while `watch.lock` is null.
        unsafe { ffi::sqlite3_mutex_leave(lock) };
        let done = catch_unwind(AssertUnwindSafe(|| work(&mut self.conn)));
        self.watch.answered.store(false, Relaxed);
        // A function of this name may stand on other connections too, but theirs answer to other watches.
        let _ = self.conn.batch_execute("SELECT orm_is_here()");
        let same = self.watch.answered.load(Relaxed);
        if same {
            // SAFETY: it is open: it has answered.
            unsafe { ffi::sqlite3_mutex_enter(lock) };
            self.watch.lock.store(lock, Relaxed);
        } else {
            // Wherever the connection is, its handlers point here.
            std::mem::forget(self.watch.clone());
        }
        (done, same)
    }
}

/// Called by SQLite for each connection of the process while it opens, on the opening thread.
unsafe extern "C" fn opened(db: *mut ffi::sqlite3, _: *mut *mut c_char, _: *const ffi::sqlite3_api_routines) -> c_int {
    OPENED.set(db);
    ffi::SQLITE_OK
}

/// Called by SQLite every [`STEP`] instructions, on the thread that runs the statement.
unsafe extern "C" fn progress(watch: *mut c_void) -> c_int {
    // SAFETY: `watch` is the pointer that `open` installed, to a `Watch` that outlives the connection; it is only ever
    // shared, never borrowed mutably.
    let watch = unsafe { &*watch.cast_const().cast::<Watch>() };
    c_int::from(!watch.go_on())
}

/// Called by SQLite when another connection holds the lock that it needs.
unsafe extern "C" fn busy(watch: *mut c_void, tries: c_int) -> c_int {
    // SAFETY: as in `progress`.
    let watch = unsafe { &*watch.cast_const().cast::<Watch>() };
    c_int::from(watch.wait_for_lock(tries.unsigned_abs()))
}

/// Called by SQLite after each commit to a log, when its locks are free again.
unsafe extern "C" fn committed(
    watch: *mut c_void,
    db: *mut ffi::sqlite3,
    schema: *const c_char,
    pages: c_int,
) -> c_int {
    // SAFETY: as in `progress`.
    let watch = unsafe { &*watch.cast_const().cast::<Watch>() };
    if watch.committed(pages) {
        // It is tried again after the next commit if it fails, or if a reader is in the way.
        // SAFETY: the call that SQLite's own handler makes here, with the arguments that it is given.
        unsafe { ffi::sqlite3_wal_checkpoint(db, schema) };
        watch.log.store(0, Relaxed);
    }
    ffi::SQLITE_OK
}
