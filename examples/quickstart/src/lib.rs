//! The dependency graph of a Cargo workspace in a database: models, migrations, questions, changes.

pub mod graph;
pub mod models;
