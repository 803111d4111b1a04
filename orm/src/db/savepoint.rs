//! Savepoints: kept when what was done in them succeeded, and undone however else it ends.

use super::{Access, Connection, Operation, Transaction};
use crate::{Code, Error, Result};
use std::ops::Deref;

impl Connection<'_> {
    /// The name of the savepoint at a depth. In a transaction that somebody else has begun they have names of their own: a connection of
    /// ours may be what was lent to them.
    pub(super) fn mark(&self, depth: u32) -> String {
        format!("{}_{depth}", if self.theirs { "orm_borrowed" } else { "orm" })
    }
}

/// A savepoint, which is undone when it is dropped: `tx` is the transaction, by either kind of reference.
pub(super) struct Nested<T: Deref<Target = Transaction>> {
    pub(super) tx: T,
    depth: u32,
}

impl<T: Deref<Target = Transaction>> Nested<T> {
    /// Sets it.
    pub(super) async fn begin(tx: T) -> Result<Self> {
        tx.ready().await?;
        let depth = {
            let mut state = tx.state();
            state.depth += 1;
            state.depth
        };
        let nested = Nested { tx, depth };
        nested.tx.control(SetSavepoint).await?;
        Ok(nested)
    }

    /// Keeps what was done, or undoes it.
    pub(super) async fn end<V, E: From<Error>>(self, done: Result<V, E>) -> Result<V, E> {
        let kept = match done {
            Ok(value) => self.keep().await.map(|()| value).map_err(E::from),
            Err(error) => Err(error),
        };
        if kept.is_err() {
            self.undo();
            // The first error is the one to tell; this one would come again with the next statement.
            let _ = self.tx.ready().await;
        }
        std::mem::forget(self);
        kept
    }

    async fn keep(&self) -> Result<()> {
        self.tx.ready().await?;
        if self.tx.state().depth != self.depth {
            let what = "two things were done in one transaction at the same time, each in a savepoint";
            return Err(Error::new(Code::TransactionOver, what).with_hint("await one before the other begins"));
        }
        self.tx.control(Release(self.depth)).await?;
        let mut state = self.tx.state();
        state.depth = self.depth - 1;
        for (at, _) in &mut state.on_commit {
            *at = (*at).min(self.depth - 1);
        }
        Ok(())
    }

    fn undo(&self) {
        let to = self.depth - 1;
        let mut state = self.tx.state();
        state.depth = to;
        state.fall_back = Some(state.fall_back.map_or(to, |other| other.min(to)));
        state.on_commit.retain(|(at, _)| *at <= to);
    }
}

impl<T: Deref<Target = Transaction>> Drop for Nested<T> {
    fn drop(&mut self) {
        self.undo();
    }
}

pub(super) struct Commit;
struct SetSavepoint;
/// Keeps the savepoint that made the transaction this deep.
struct Release(u32);
/// Undoes everything deeper than this; 0 ends the transaction.
pub(super) struct FallBack(pub(super) u32);

macro_rules! control {
    ($($name:ident: |$self:ident, $conn:ident| $run:expr;)+) => {$(
        impl Operation for $name {
            type Output = ();
            fn access(&self) -> Access {
                Access::Write
            }
            async fn run(&mut self, $conn: &mut Connection<'_>) -> Result<()> {
                let $self = self;
                $run
            }
        }
    )+};
}

control! {
    Commit: |_it, conn| conn.release_to(conn.floor).await;
    SetSavepoint: |_it, conn| conn.savepoint().await.map(|_| ());
    Release: |it, conn| conn.release_to(it.0 - 1).await;
    FallBack: |it, conn| conn.roll_back_to(it.0).await;
}
