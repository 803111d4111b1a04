//! What the example promises.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod bed;
mod graph;
mod program;
mod readme;
mod tour;
