//! Streams: all rows of a query, however many, in memory that does not grow with them.

use super::{QuerySet, cursor, page::Keyset, selection::Row};
use crate::{Code, Database, Dialect, Executor, Model, Result, Value};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use std::{
    borrow::Borrow,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

/// How many rows are read at a time.
const CHUNK: u64 = 500;

/// The rows of a query as a [`Stream`]; [`RowStream::try_next`] needs no import.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let mut books = Book::objects().order_by(|b| b.id.asc()).stream(&db);
/// let mut titles = Vec::new();
/// while let Some(book) = books.try_next().await? {
///     titles.push(book.title);
/// }
/// assert_eq!(titles, ["Notes", "Compilers", "COBOL", "Sketches"]);
/// # Ok(()) }
/// ```
#[must_use = "nothing runs before a row is asked for"]
pub struct RowStream<'e, O> {
    rows: Pin<Box<dyn Stream<Item = Result<O>> + Send + 'e>>,
}

impl<O> RowStream<'_, O> {
    /// The next row, `None` after the last.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let mut names = Author::objects().values(|a| a.name).stream(&db);
    /// assert_eq!(names.try_next().await?.as_deref(), Some("Ada Lovelace"));
    /// # Ok(()) }
    /// ```
    pub async fn try_next(&mut self) -> Result<Option<O>> {
        self.rows.try_next().await
    }
}

impl<O> Stream for RowStream<'_, O> {
    type Item = Result<O>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<O>>> {
        self.rows.poll_next_unpin(context)
    }
}

impl<O> fmt::Debug for RowStream<'_, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowStream")
    }
}

/// Where a stream has come to.
struct Progress {
    position: Option<Vec<Value>>,
    /// How many rows are still wanted.
    left: u64,
}

impl<M: Model, O: Row> QuerySet<M, O> {
    /// All rows one after the other, read in chunks of 500: memory does not grow with their number, and no connection is held
    /// between the chunks. What is prefetched is loaded chunk by chunk.
    ///
    /// Each chunk begins after the last row of the one before, in the query's order completed by the key; rows that others
    /// change meanwhile are seen as they are when their chunk is read. Inside a transaction that is repeatable all chunks see the
    /// same state.
    ///
    /// Chunks need keys that tell the rows apart. Rows that have none are groups, different rows, unions, and what follows a common
    /// table of values; rows with a window over all of them, and those in the order of [`random`](super::random), are not read by keys
    /// either. `values(..)` of a model, of pairs and of related rows have keys. On PostgreSQL rows without keys come from a
    /// cursor of the server, for which a connection is held, in a transaction of its own or in that of `ex`; on the other databases,
    /// which have none, they are read at once, and are all in memory then.
    ///
    /// SQL: `WHERE id > ? ORDER BY id LIMIT 501`, again and again.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let mut books = Book::objects().filter(|b| b.active).stream(&db);
    /// let mut views = 0;
    /// while let Some(book) = books.try_next().await? {
    ///     views += book.views;
    /// }
    /// assert_eq!(views, 45);
    /// # Ok(()) }
    /// ```
    pub fn stream<'e, E: Executor>(self, ex: &'e E) -> RowStream<'e, O>
    where
        M: 'e,
    {
        self.rows_by::<E, _>(ex, CHUNK)
    }

    /// [`stream`](QuerySet::stream) with so many rows in a chunk instead of 500: Django's `iterator(chunk_size=..)`. Of 0 it makes 1.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let (db, log) = db.recording();
    /// let mut books = Book::objects().stream_by(2, &db);
    /// while books.try_next().await?.is_some() {}
    /// log.assert_queries(2); // of four books
    /// # Ok(()) }
    /// ```
    pub fn stream_by<'e, E: Executor>(self, chunk: u32, ex: &'e E) -> RowStream<'e, O>
    where
        M: 'e,
    {
        self.rows_by::<E, _>(ex, u64::from(chunk.max(1)))
    }

    /// The same, by a stream that has the database itself: it may outlive the function that makes it, as the body of a response
    /// does. `db.clone()` is another handle on the same connections.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// fn titles(db: &Database) -> orm::RowStream<'static, String> {
    ///     Book::objects().order_by(|b| b.id.asc()).values(|b| b.title).into_stream(db.clone())
    /// }
    /// assert_eq!(titles(&db).try_next().await?.as_deref(), Some("Notes"));
    /// # Ok(()) }
    /// ```
    pub fn into_stream(self, db: Database) -> RowStream<'static, O> {
        self.rows_by::<Database, _>(db, CHUNK)
    }

    fn rows_by<'e, E: Executor, H: Borrow<E> + Send + 'e>(self, ex: H, chunk: u64) -> RowStream<'e, O>
    where
        M: 'e,
    {
        let select = self.select();
        let keyed = select.is_read_by_keys() && !select.empty;
        if !keyed && !select.empty && ex.borrow().dialect() == Dialect::Postgres {
            return RowStream { rows: cursor::rows(self, ex, chunk) };
        }
        // An order by documents is one that no chunk can go on after.
        let keyset = keyed
            .then(|| Keyset::of(select, ex.borrow().dialect()))
            .filter(|keyset| !keyset.as_ref().is_err_and(|error| error.code() == Code::Unsupported));
        let Some(keyset) = keyset else {
            let all = async move { Ok(stream::iter(self.all(ex.borrow()).await?.into_iter().map(Ok))) };
            return RowStream { rows: Box::pin(stream::once(all).try_flatten()) };
        };
        let first = Some(Progress { position: None, left: select.limit.unwrap_or(u64::MAX) });
        let chunks =
            stream::try_unfold((self, keyset, first, ex), move |(mut query, keyset, progress, ex)| async move {
                let Some(Progress { position, left }) = progress.filter(|progress| progress.left > 0) else {
                    return Ok(None);
                };
                let order = keyset?;
                let size = chunk.min(left);
                let (rows, last, more) = query.rows_after(&order, position.as_deref(), size, ex.borrow()).await?;
                // Only the first chunk leaves rows out by number.
                query.select_mut().offset = None;
                let progress = more.then_some(Progress { position: Some(last), left: left - size });
                Ok(Some((stream::iter(rows.into_iter().map(Ok)), (query, Ok(order), progress, ex))))
            });
        RowStream { rows: Box::pin(chunks.try_flatten()) }
    }
}
