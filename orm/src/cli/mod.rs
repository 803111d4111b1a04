//! The commands of an application's own program: `cargo run -- makemigrations`, `migrate` and the rest.

mod ask;
mod check;
mod files;
mod graphmodels;
mod inspectdb;
mod lintmigrations;
mod makemigrations;
mod migrate;
mod output;
mod project;
mod repair;
mod showmigrations;
mod sqlmigrate;
mod squashmigrations;

pub use project::{Command, CommandFuture, Context, Project};
