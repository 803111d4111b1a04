//! The way to a connection that is borrowed: operations wait in a queue for whoever has it.

use crate::{
    Code, Error, Result,
    db::{Access, Connection, MaybeProbe, Operation, options::Options, transaction::OnCommit},
};
use futures_util::future::BoxFuture;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// An operation and who waits for it; `None` is the end of the queue.
pub(super) type Next = Option<Box<dyn Job>>;

/// What is done with the connection, whatever its lifetime is.
pub(super) trait Job: Send {
    fn run<'c>(self: Box<Self>, conn: &'c mut Connection<'_>) -> BoxFuture<'c, ()>;
}

/// The pool of a database that is one borrowed connection.
pub(in crate::db) struct Borrowed {
    jobs: mpsc::UnboundedSender<Next>,
    /// Whose turn it is: one transaction's, or one operation's outside of transactions.
    turn: Arc<Semaphore>,
    patience: Duration,
    /// The depth from which on transactions are ours; 0 where Diesel has begun none.
    floor: u32,
    /// What is to be done after a commit that is not ours, where somebody takes it.
    kept: Option<Mutex<Vec<OnCommit>>>,
}

/// The connection, held by one transaction.
pub(in crate::db) struct Lease {
    jobs: mpsc::UnboundedSender<Next>,
    permit: Option<OwnedSemaphorePermit>,
}

struct Task<Op: Operation> {
    op: Op,
    answer: oneshot::Sender<Result<Op::Output>>,
    probe: MaybeProbe,
    /// Held until it has ended.
    keep: Option<OwnedSemaphorePermit>,
    /// Whether it is done also where nobody waits for it.
    must: bool,
}

impl<Op: Operation> Job for Task<Op> {
    fn run<'c>(self: Box<Self>, conn: &'c mut Connection<'_>) -> BoxFuture<'c, ()> {
        Box::pin(async move {
            let Task { mut op, answer, probe, keep, must } = *self;
            if answer.is_closed() && !must {
                return;
            }
            conn.observe(&probe);
            conn.set_busy(true);
            let done = op.run(conn).await;
            conn.set_busy(false);
            // Before the answer: its receiver may count on the turn being free.
            drop(keep);
            let _ = answer.send(done);
        })
    }
}

impl Borrowed {
    pub(super) fn new(jobs: mpsc::UnboundedSender<Next>, patience: Duration, floor: u32, keeps: bool) -> Self {
        let kept = keeps.then(Mutex::default);
        Borrowed { jobs, turn: Arc::new(Semaphore::new(1)), patience, floor, kept }
    }

    /// Whether all of it stands in a transaction that Diesel has begun.
    pub(in crate::db) fn in_transaction(&self) -> bool {
        self.floor > 0
    }

    /// How deep a new transaction stands: in one that Diesel has begun it is a savepoint, which has no options.
    pub(in crate::db) fn depth_for(&self, options: Options) -> Result<u32> {
        if self.floor > 0 && options.are_for_the_beginning() {
            let what = "the isolation of a transaction, and that it only reads, is said when it begins; Diesel has begun this one";
            return Err(Error::new(Code::BadQuery, what).with_hint("say it by `conn.build_transaction()` of Diesel's"));
        }
        Ok(self.floor)
    }

    pub(in crate::db) async fn run<Op: Operation>(&self, op: Op, probe: &MaybeProbe) -> Result<Op::Output> {
        let permit = self.turn().await?;
        hop(&self.jobs, op, probe, Some(permit)).await
    }

    /// The connection for a transaction, until the lease is dropped.
    pub(in crate::db) async fn lease(&self) -> Result<Lease> {
        Ok(Lease { jobs: self.jobs.clone(), permit: Some(self.turn().await?) })
    }

    /// The connection is given back: whoever waits for it waits in vain.
    pub(super) fn end(&self) {
        self.turn.close();
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit> {
        if let Ok(permit) = self.turn.clone().try_acquire_owned() {
            return Ok(permit);
        }
        match tokio::time::timeout(self.patience, self.turn.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(closed()),
            Err(_) => Err(crate::db::pool_timeout(self.patience, "the only connection")),
        }
    }

    pub(in crate::db) fn busy(&self) -> usize {
        1 - self.turn.available_permits().min(1)
    }

    pub(in crate::db) async fn close(&self) {
        let _last = self.turn.clone().acquire_owned().await;
        self.turn.close();
    }

    /// Refuses to end a transaction with something to do after the commit, where that is Diesel's and nobody would do it then.
    pub(in crate::db) fn may_commit(&self, on_commit: usize) -> Result<()> {
        match on_commit > 0 && self.in_transaction() && self.kept.is_none() {
            true => Err(Error::new(
                Code::BadQuery,
                "something is to be done after the commit, of a transaction that Diesel has begun: nobody would do it",
            )
            .with_hint("borrow the connection by an `orm::AfterCommit`, and `run` that after Diesel's commit")),
            false => Ok(()),
        }
    }

    /// Gives back what is to be done now: nothing where the commit is Diesel's.
    pub(in crate::db) fn keep(&self, after: Vec<(u32, OnCommit)>) -> Vec<(u32, OnCommit)> {
        match &self.kept {
            Some(kept) if self.in_transaction() => {
                kept.lock().unwrap_or_else(PoisonError::into_inner).extend(after.into_iter().map(|(_, work)| work));
                Vec::new()
            }
            _ => after,
        }
    }

    pub(super) fn take_kept(&self) -> Vec<OnCommit> {
        let taken =
            |kept: &Mutex<Vec<OnCommit>>| std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
        self.kept.as_ref().map(taken).unwrap_or_default()
    }
}

impl Lease {
    pub(in crate::db) async fn run<Op: Operation>(&self, op: Op, probe: &MaybeProbe) -> Result<Op::Output> {
        hop(&self.jobs, op, probe, None).await
    }

    /// Ends the transaction's hold; what is open is rolled back first, behind what is running.
    pub(in crate::db) fn end(&mut self, rollback: bool) {
        let keep = self.permit.take();
        if rollback {
            let (answer, _) = oneshot::channel();
            // Where it was given back already, all of it was rolled back.
            let _ = self.jobs.send(Some(Box::new(Task { op: Undo, answer, probe: None, keep, must: true })));
        }
    }
}

/// Waits for what the connection's holder does. Given up, what has not begun does not begin, and what has comes to its end: cut off in
/// the middle of a statement the connection would be of no use to those who lent it.
async fn hop<Op: Operation>(
    jobs: &mpsc::UnboundedSender<Next>,
    op: Op,
    probe: &MaybeProbe,
    keep: Option<OwnedSemaphorePermit>,
) -> Result<Op::Output> {
    let (answer, receiver) = oneshot::channel();
    let task = Task { op, answer, probe: probe.clone(), keep, must: false };
    jobs.send(Some(Box::new(task))).map_err(|_| closed())?;
    receiver.await.unwrap_or_else(|_| Err(closed()))
}

#[cold]
fn closed() -> Error {
    Error::new(Code::Closed, "the handle stands for a connection that was borrowed, and is closed")
        .with_hint("use it inside the closure that it was made for")
}

/// Undoes what a transaction of ours has left open.
struct Undo;

impl Operation for Undo {
    type Output = ();

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<()> {
        match conn.depth > conn.floor {
            true => conn.roll_back_to(conn.floor).await,
            false => Ok(()),
        }
    }
}
