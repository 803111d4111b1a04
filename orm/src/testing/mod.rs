//! For tests: a database of their own, rows that only have to be there, and transactions that leave nothing.
//!
//! What else tests need stands elsewhere: [`Database::recording`] counts statements and makes them fail, [`set_clock`](crate::set_clock)
//! stops the time of automatic fields, and [`fixtures`](crate::fixtures) bring rows along.
//!
//! ```
//! # use library::*;
//! use orm::testing::{Make, TestDatabase};
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
//! let db = TestDatabase::of([library()]).await?; // empty, with all tables, gone when the test ends
//! let book = Book::make_with(|b| b.title.set("Rust"), &db).await?; // and an author, and a country
//! assert_eq!(book.title, "Rust");
//! assert_eq!(Author::objects().count(&db).await?, 1);
//! # Ok(()) }
//! ```

mod database;
mod make;

pub use database::{TestDatabase, remove_templates};
pub use make::Make;

use crate::{Database, Error, Result, Transaction};

/// Does something in a transaction, and takes it back whatever it gives: a test that leaves nothing behind, on a database that many tests
/// share. [`Transaction::run_on_commit`] runs what would have waited for the commit.
///
/// # Errors
/// Those of what is done, and of the transaction.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let count = orm::testing::rolled_back(&db, async |tx| {
///     Tag::draft().slug("logic").name("Logic").create(tx).await?;
///     Tag::objects().count(tx).await
/// });
/// assert_eq!(count.await?, 5);
/// assert_eq!(Tag::objects().count(&db).await?, 4);
/// # Ok(()) }
/// ```
pub async fn rolled_back<T, F>(db: &Database, work: F) -> Result<T>
where
    F: AsyncFnOnce(&mut Transaction) -> Result<T>, // `async |tx| ..`, not `|tx| async move ..`
{
    let done = db.try_transaction::<(), Ended<T>, _>(async |tx| Err(Ended::Work(work(tx).await))).await;
    match done {
        Err(Ended::Work(done)) => done,
        Err(Ended::Transaction(error)) => Err(error),
        Ok(()) => {
            Err(Error::new(crate::Code::TransactionOver, "a transaction that is always taken back was committed"))
        }
    }
}

/// Why a transaction was taken back.
enum Ended<T> {
    /// The work has ended.
    Work(Result<T>),
    Transaction(Error),
}

impl<T> From<Error> for Ended<T> {
    fn from(error: Error) -> Self {
        Ended::Transaction(error)
    }
}
