//! The autodetector: the operations that lead from one state to another.

mod questions;

pub use questions::{Answers, Questioner, Refuse, answer};

use crate::error::Result;
use crate::graph::MigrationSet;
use crate::migration::Migration;
use crate::operation::Operation;
use crate::schema::Schema;

/// The operations, in order, that lead from the state `from` to the state `to`.
pub fn diff(from: &Schema, to: &Schema, questioner: &mut dyn Questioner) -> Result<Vec<Operation>> {
    let _ = (from, to, questioner);
    Ok(Vec::new())
}

/// The new migrations that lead from the migrations in `set` to the state `to`.
pub fn autodetect(set: &MigrationSet, to: &Schema, questioner: &mut dyn Questioner) -> Result<Vec<Migration>> {
    let _ = (set, to, questioner);
    Ok(Vec::new())
}
