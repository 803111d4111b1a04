//! How long SQLite may run: a budget of instructions, a deadline, and cancellation. The one place with unsafe code.
//!
//! SQLite asks a progress handler every thousand instructions of its virtual machine whether to go on. Diesel does not
//! give out the handle that the handler is installed on; `sqlite3_auto_extension` does, while a connection opens.
#![allow(unsafe_code)] // The handler's two functions are called by C, and installed through C.

use diesel::{Connection as _, ConnectionResult, SqliteConnection};
use libsqlite3_sys as ffi;
use std::{
    cell::Cell,
    ffi::{c_char, c_int, c_void},
    ptr,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// SQLite's instructions between two questions.
const STEP: c_int = 1_000;
const NO_DEADLINE: u64 = u64::MAX;

/// A connection, and what limits it.
pub(in crate::db) struct Watched {
    // Dropped first: the handler that SQLite holds points into `watch`.
    pub(in crate::db) conn: SqliteConnection,
    pub(in crate::db) watch: Arc<Watch>,
}

/// The limits of what runs on one connection.
#[derive(Default)]
pub(in crate::db) struct Watch {
    limited: AtomicBool,
    /// Questions left on the calling thread; below zero elsewhere.
    steps: AtomicI64,
    /// The statement that runs, by its text, and the questions left when it began.
    statement: AtomicU64,
    began: AtomicI64,
    deadline: AtomicU64,
    ticket: Mutex<Option<Arc<Ticket>>>,
    stopped: AtomicU8,
}

/// Why SQLite was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::db) enum Stopped {
    No,
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
    fn begin(&self, ticket: Option<Arc<Ticket>>) {
        self.stopped.store(0, Relaxed);
        self.limited.store(false, Relaxed);
        *self.ticket.lock().unwrap_or_else(PoisonError::into_inner) = ticket;
    }

    /// Limits what follows to the budget of the calling thread.
    pub(in crate::db) fn limit(&self, steps: u32) {
        self.stopped.store(0, Relaxed);
        self.steps.store(i64::from(steps), Relaxed);
        self.limited.store(true, Relaxed);
    }

    /// Lets what follows run until its owner gives it up.
    pub(in crate::db) fn attend(&self, ticket: Arc<Ticket>) {
        self.begin(Some(ticket));
    }

    /// Ends what `limit` or `attend` began.
    pub(in crate::db) fn end(&self) {
        if self.limited.swap(false, Relaxed) {
            return;
        }
        self.begin(None);
    }

    /// Notes which statement runs; false if it is known to be too long for the calling thread, which is not worth a try.
    ///
    /// Statements found by their type are short, and have no text to know them by.
    pub(in crate::db) fn may_start(&self, text: Option<&str>) -> bool {
        let statement = text.map_or(0, hash);
        self.statement.store(statement, Relaxed);
        self.began.store(self.steps.load(Relaxed), Relaxed);
        if statement != 0
            && self.limited.load(Relaxed)
            && TOO_LONG[statement as usize % TOO_LONG.len()].load(Relaxed) == statement
        {
            self.stopped.store(1, Relaxed);
            return false;
        }
        true
    }

    /// A statement that turned out to be short, on the connection's own thread, may be tried on the calling thread again.
    pub(in crate::db) fn finished(&self, steps: u32) {
        if self.limited.load(Relaxed) {
            return;
        }
        let statement = self.statement.load(Relaxed);
        let known = &TOO_LONG[statement as usize % TOO_LONG.len()];
        if known.load(Relaxed) == statement && self.began.load(Relaxed) - self.steps.load(Relaxed) < i64::from(steps) {
            known.store(0, Relaxed);
        }
    }

    /// Sets the moment at which the next statement is stopped.
    pub(in crate::db) fn set_deadline(&self, timeout: Option<Duration>) {
        let moment = match timeout {
            None => 0,
            Some(timeout) => now().saturating_add(u64::try_from(timeout.as_micros()).unwrap_or(NO_DEADLINE)).max(1),
        };
        self.deadline.store(moment, Relaxed);
    }

    /// Whether and why SQLite was stopped since the last `limit` or `attend`.
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
            let statement = self.statement.load(Relaxed);
            TOO_LONG[statement as usize % TOO_LONG.len()].store(statement, Relaxed);
            1
        } else if matches!(self.deadline.load(Relaxed), moment if moment > 0 && moment <= now()) {
            2
        } else if self.ticket.try_lock().is_ok_and(|ticket| ticket.as_ref().is_some_and(|it| it.cancelled())) {
            3
        } else {
            return true;
        };
        self.stopped.store(why, Relaxed);
        false
    }
}

/// Microseconds since the first call: an `Instant` that fits an atomic.
fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_micros()).unwrap_or(NO_DEADLINE)
}

/// Statements that were too long for the calling thread, by their text: a lossy set, where a mistake costs little.
static TOO_LONG: [AtomicU64; 512] = [const { AtomicU64::new(0) }; 512];

/// A quick hash of a text, never 0 (the multiplier is that of rustc's FxHash).
fn hash(text: &str) -> u64 {
    let mut hash = 0u64;
    let mut add = |word: u64| hash = (hash.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    for word in words {
        add(u64::from_ne_bytes(*word));
    }
    for byte in rest {
        add(u64::from(*byte));
    }
    (hash ^ (hash >> 32)).max(1)
}

thread_local! {
    /// The watch of the connection that this thread is opening.
    static OPENING: Cell<*const Watch> = const { Cell::new(ptr::null()) };
}

impl Watched {
    /// Opens a connection with a watch over it.
    pub(in crate::db) fn open(url: &str) -> ConnectionResult<Self> {
        static INSTALLED: OnceLock<()> = OnceLock::new();
        INSTALLED.get_or_init(|| {
            // SAFETY: `opened` has the signature that SQLite calls extensions with, and is a function: it lives for ever.
            // The call itself locks SQLite's list of extensions. Its only failure is out of memory: then no watch.
            unsafe { ffi::sqlite3_auto_extension(Some(opened)) };
        });
        let watch = Arc::new(Watch::default());
        OPENING.set(Arc::as_ptr(&watch));
        let conn = SqliteConnection::establish(url);
        OPENING.set(ptr::null());
        Ok(Watched { conn: conn?, watch })
    }
}

/// Called by SQLite for each connection of the process while it opens, on the opening thread.
unsafe extern "C" fn opened(db: *mut ffi::sqlite3, _: *mut *mut c_char, _: *const ffi::sqlite3_api_routines) -> c_int {
    let watch = OPENING.get();
    if !watch.is_null() {
        // SAFETY: `db` is the connection being opened, which no one else has yet. `watch` outlives the connection:
        // `Watched` owns both and drops the connection first. The handler only reads and writes atomics and a mutex.
        unsafe { ffi::sqlite3_progress_handler(db, STEP, Some(progress), watch.cast_mut().cast()) };
    }
    ffi::SQLITE_OK
}

/// Called by SQLite every [`STEP`] instructions, on the thread that runs the statement.
unsafe extern "C" fn progress(watch: *mut c_void) -> c_int {
    // SAFETY: `watch` is the pointer that `opened` installed, to a `Watch` that outlives the connection; it is only
    // ever shared, never borrowed mutably.
    let watch = unsafe { &*watch.cast_const().cast::<Watch>() };
    c_int::from(!watch.go_on())
}
