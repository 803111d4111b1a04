//! The way in for programs that are not async: scripts, tests, a corner of a larger program.

use crate::{Code, Error, Result};
use std::sync::{Mutex, OnceLock, PoisonError};
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
