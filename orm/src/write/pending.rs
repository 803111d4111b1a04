//! What the terminals of drafts and edits give.

use crate::{Executor, Operation, Result};
use futures_util::future::BoxFuture;
use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// A write that runs when it is awaited, and gives `T`.
///
/// A named type, so that a draft that lacks a field gives one message and not several.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let creation = Tag::draft().slug("logic").name("Logic").create(&db); // nothing has run
/// let tag = creation.await?;
/// assert_eq!(tag.id, 5);
/// # Ok(()) }
/// ```
#[must_use = "nothing is written before `.await`"]
pub struct Pending<'e, T>(BoxFuture<'e, Result<T>>);

impl<'e, T: Send + 'static> Pending<'e, T> {
    pub(super) fn new(future: impl Future<Output = Result<T>> + Send + 'e) -> Self {
        Pending(Box::pin(future))
    }

    /// Runs an operation, unless there is none because of an error.
    pub(super) fn run<E: Executor, Op: Operation<Output = T>>(ex: &'e E, op: Result<Op>) -> Self {
        Pending::new(async move { ex.run(op?).await })
    }
}

impl<T> Future for Pending<'_, T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        self.0.as_mut().poll(context)
    }
}
