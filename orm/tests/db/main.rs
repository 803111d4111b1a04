//! The execution layer against real databases.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod bed;
mod borrow;
mod borrow_dropped;
mod borrow_ended;
#[cfg(feature = "sqlite")]
mod borrow_sqlite;
mod cancel;
mod clock;
mod errors;
mod futures;
mod lend;
#[cfg(feature = "sqlite")]
mod lend_sqlite;
mod log;
mod network;
#[cfg(feature = "object_store")]
mod objects;
mod shop;
#[cfg(feature = "sqlite")]
mod short_writes;
#[cfg(feature = "sqlite")]
mod sqlite;
mod transactions;
mod values;
