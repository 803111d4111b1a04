//! The derives at work: models of every shape, the queries over them, and what the compiler says of mistakes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod choices;
mod compile;
mod design;
mod hygiene;
mod library;
mod size;
mod together;
mod untyped;
