//! The commands of an application's own program: `cargo run -- makemigrations`, `migrate` and the rest.

mod ask;
mod makemigrations;
mod migrate;
mod project;
mod showmigrations;
mod sqlmigrate;

pub use project::{Command, CommandFuture, Context, Project};
