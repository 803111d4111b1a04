//! Rows that no key tells apart, read in chunks from a cursor of the server: PostgreSQL has them, inside a transaction.

use super::{QuerySet, prefetch, selection::Row};
use crate::{Access, Connection, Executor, Model, Operation, Result, Statement, Transaction, compile};
use futures_util::{
    future,
    stream::{self, BoxStream, StreamExt, TryStreamExt},
};
use std::{
    borrow::Borrow,
    sync::atomic::{AtomicU64, Ordering},
};
use tokio::sync::mpsc;

/// The rows of a query, so many at a time.
///
/// In a transaction the cursor is one of its own: between two chunks other statements can run there. Else one connection is held for
/// a transaction around it, which ends with the last row, or with the stream.
pub(super) fn rows<'e, M, O, E, H>(query: QuerySet<M, O>, ex: H, chunk: u64) -> BoxStream<'e, Result<O>>
where
    M: Model + 'e,
    O: Row,
    E: Executor,
    H: Borrow<E> + Send + 'e,
{
    if ex.borrow().in_transaction() {
        let cursor = Cursor::new(query, chunk);
        let chunks = stream::try_unfold((cursor, ex), async |(mut cursor, ex)| {
            let rows = cursor.next(ex.borrow()).await?;
            Ok(rows.map(|rows| (stream::iter(rows.into_iter().map(Ok)), (cursor, ex))))
        });
        return chunks.try_flatten().boxed();
    }
    // One chunk waits while the one before is looked at.
    let (sender, mut receiver) = mpsc::channel(1);
    let work = async move {
        ex.borrow()
            .atomic(move |tx: &Transaction| {
                Box::pin(async move {
                    let mut cursor = Cursor::new(query, chunk);
                    while let Some(rows) = cursor.next(tx).await? {
                        if sender.send(rows).await.is_err() {
                            break;
                        }
                    }
                    Ok(())
                })
            })
            .await
    };
    let chunks = stream::poll_fn(move |context| receiver.poll_recv(context)).map(Ok);
    let work = stream::once(work).filter_map(|done| future::ready(done.err().map(Err)));
    let rows = stream::select(chunks, work).map_ok(|rows| stream::iter(rows.into_iter().map(Ok)));
    rows.try_flatten().boxed()
}

/// A cursor of the server.
struct Cursor<M: Model, O> {
    query: QuerySet<M, O>,
    chunk: u64,
    name: String,
    state: State,
}

enum State {
    New,
    Open,
    Done,
}

impl<M: Model, O: Row> Cursor<M, O> {
    fn new(query: QuerySet<M, O>, chunk: u64) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!("orm_cursor_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        Cursor { query, chunk, name, state: State::New }
    }

    /// The next rows, until there are no more.
    async fn next<E: Executor>(&mut self, ex: &E) -> Result<Option<Vec<O>>> {
        let (select, name) = (self.query.select(), &self.name);
        match self.state {
            State::Done => return Ok(None),
            State::Open => {}
            State::New => {
                prefetch::check(self.query.prefetches())?;
                let statement = compile::select(select, ex.dialect())?;
                ex.run(Control(statement.after(&format!("DECLARE {name} NO SCROLL CURSOR FOR ")))).await?;
                self.state = State::Open;
            }
        }
        let statement = Statement::raw(name, []).after(&format!("FETCH {} FROM ", self.chunk));
        let rows = ex.run(self.query.fetch_by(select, statement)).await?;
        if (rows.len() as u64) < self.chunk {
            ex.run(Control(Statement::raw(name, []).after("CLOSE "))).await?;
            self.state = State::Done;
        }
        Ok(Some(rows))
    }
}

/// Opens or closes a cursor.
struct Control(Statement);

impl Operation for Control {
    type Output = ();

    fn access(&self) -> Access {
        Access::Read
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<()> {
        conn.execute(&self.0).await.map(drop)
    }
}
