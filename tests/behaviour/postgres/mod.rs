//! The types that PostgreSQL alone has, from the model to the row and back, and what can be asked of them. Other back ends refuse them
//! before a statement runs.

mod arrays;
mod by_name;
mod documented;
mod enums;
mod hstore;
mod ranges;
mod search;
mod similar;

use crate::bed::Bed;

/// An extension of the server, in the test's own database.
async fn extension(bed: &Bed, name: &str) -> orm::Result<()> {
    bed.db.batch(format!("CREATE EXTENSION IF NOT EXISTS {name}")).await
}
