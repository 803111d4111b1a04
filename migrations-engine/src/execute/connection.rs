//! What the executor needs from the outside: a connection, and registered Rust steps.

use std::future::Future;

use crate::error::BoxError;
use crate::schema::Schema;
use crate::sql::Dialect;

/// One database connection. Transactions are ordinary statements on it.
pub trait Connection: Send {
    /// Which database it is connected to.
    fn dialect(&self) -> Dialect;

    /// Runs one statement; gives the number of rows it changed, or 0.
    fn execute(&mut self, sql: &str) -> impl Future<Output = Result<u64, BoxError>> + Send;

    /// Runs one query; every value as text.
    fn query(&mut self, sql: &str) -> impl Future<Output = Result<Vec<Vec<Option<String>>>, BoxError>> + Send;
}

/// Rust steps, by the names under which migrations call them.
pub trait Steps<C: Connection>: Send {
    /// Whether a step of that name is registered.
    fn has(&self, name: &str) -> bool;

    /// Runs a step; `state` is the schema at that point. Whether all of it is one transaction already is told: else
    /// each statement is committed by itself.
    fn run(
        &mut self,
        name: &str,
        state: &Schema,
        in_transaction: bool,
        connection: &mut C,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;
}

/// No steps at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSteps;

impl<C: Connection> Steps<C> for NoSteps {
    fn has(&self, _: &str) -> bool {
        false
    }

    async fn run(&mut self, name: &str, _: &Schema, _: bool, _: &mut C) -> Result<(), BoxError> {
        Err(format!("no step `{name}` is registered").into())
    }
}
