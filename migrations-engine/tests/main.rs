//! The engine's integration tests, as one binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod adopt;
mod adorned;
mod drift;
mod fewer;
mod fuzz;
mod golden;
mod histories;
mod journal;
mod large;
mod laws;
mod lint;
mod many;
mod names;
mod once;
mod questions;
mod run;
mod samples;
mod several_columns;
mod sqlite;
mod unknown;
mod wishes;

use migrations_engine as engine;
