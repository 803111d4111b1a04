//! The dependency graph of a Cargo workspace in a database: models, migrations, questions, changes.
#![allow(missing_docs, reason = "the fields of models say by their names what they are")]

pub mod change;
pub mod copy;
pub mod edits;
pub mod graph;
pub mod load;
pub mod models;
pub mod questions;
pub mod show;
pub mod tour;
