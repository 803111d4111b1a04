//! The commands of an application's own program: `cargo run -- makemigrations`, `migrate` and the rest.

mod ask;
mod check;
mod context;
mod databases;
mod dbshell;
mod files;
mod fixtures;
mod flush;
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

pub use context::{Command, CommandFuture, Context};
pub use project::Project;

use crate::{App, Code, Error, Result};
use clap::ArgMatches;
use std::collections::BTreeSet;

/// The applications that a command was given as `apps`; all of them, when it was given none.
fn chosen<'a>(apps: &'a [App], matches: &'a ArgMatches) -> Result<BTreeSet<&'a str>> {
    let known: BTreeSet<&str> = apps.iter().map(|app| app.label()).collect();
    let Some(given) = matches.get_many::<String>("apps") else { return Ok(known) };
    let given: BTreeSet<&str> = given.map(String::as_str).collect();
    match given.difference(&known).next() {
        Some(unknown) => Err(Error::new(Code::Migration, format!("the project has no application `{unknown}`"))
            .with_hint(format!("it has: {}", known.into_iter().collect::<Vec<_>>().join(", ")))),
        None => Ok(given),
    }
}
