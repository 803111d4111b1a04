//! The way in for programs that are not async: scripts, tests, a corner of a larger program.

use crate::{Code, Error, Result};
use std::sync::{Mutex, OnceLock, PoisonError};
#[cfg(feature = "sqlite")]
use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll, Wake, Waker},
};
use tokio::runtime::{Builder, Handle, Runtime};

/// Waits for what is async, on a thread that runs nothing else: a connection, a query, a transaction.
///
/// One runtime serves the whole program, so that a [`Database`](crate::Database) can be used in one call after another, and from
/// several threads. Between calls nothing runs, on servers' connections either.
///
/// # Errors
/// Those of the future; [`Code::InsideRuntime`] on a thread of an async runtime, which would stand still: write `.await` there.
///
/// ```
/// # use library::*;
/// # fn main() -> orm::Result<()> {
/// let db = orm::block_on(filled())?;
/// let titles = orm::block_on(Book::objects().order_by(|b| b.id.asc()).values(|b| b.title).all(&db))?;
/// assert_eq!(titles[0], "Notes");
/// orm::block_on(db.transaction(async |tx| {
///     let mut book = Book::get(1, tx).await?.edit();
///     book.title = "Notes on the Engine".into();
///     book.save(tx).await
/// }))?;
/// # Ok(()) }
/// ```
pub fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    if Handle::try_current().is_ok() {
        return Err(Error::new(
            Code::InsideRuntime,
            "this thread belongs to an async runtime, which would stand still",
        )
        .with_hint("write `.await` here; `block_on` is for programs without a runtime"));
    }
    runtime()?.block_on(future)
}

/// Waits on this thread, whatever thread it is, for what awaits nothing but what it does itself. Where no runtime would stand still, it may
/// await anything.
#[cfg(feature = "sqlite")]
pub(crate) fn here<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    if Handle::try_current().is_err() {
        return runtime()?.block_on(future);
    }
    struct Woken(AtomicBool);
    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Relaxed);
        }
    }
    // What this thread has left of its turn is not for the caller's task alone.
    let mut future = pin!(tokio::task::unconstrained(future));
    let woken = Arc::new(Woken(AtomicBool::new(false)));
    let waker = Waker::from(woken.clone());
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(done) => return done,
            Poll::Pending if woken.0.swap(false, Relaxed) => {}
            Poll::Pending => {
                return Err(Error::new(
                    Code::InsideRuntime,
                    "the closure awaited something else than its connection, on a thread of an async runtime, which would stand still",
                )
                .with_hint("await it before `on_sqlite` or after it"));
            }
        }
    }
}

/// The one runtime, made when it is first needed.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    static MAKING: Mutex<()> = Mutex::new(());
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let _one_at_a_time = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let made = Builder::new_current_thread().enable_all().build();
    let made = made.map_err(|error| Error::new(Code::BadSetting, "no runtime could be started").with_source(error))?;
    Ok(RUNTIME.get_or_init(|| made))
}
