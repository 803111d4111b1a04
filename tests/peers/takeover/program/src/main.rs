//! A program over a database that Django made: the project's commands, and two more for `takeover.py`.

#[allow(non_snake_case)]
mod models;
mod values;
mod write;

use orm::{Command, CommandFuture, Context, Project};
use std::process::ExitCode;

/// Writes what it reads of every row into a file.
struct Values;

impl Command for Values {
    fn arguments(&self) -> clap::Command {
        clap::Command::new("values").arg(clap::Arg::new("file").required(true))
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(async move {
            let values = values::values(&context.database().await?).await?;
            let file = context.matches().get_one::<String>("file").expect("clap demands it");
            std::fs::write(file, serde_json::Value::Object(values).to_string()).expect("the file is written");
            Ok(())
        })
    }
}

/// Writes rows.
struct Write;

impl Command for Write {
    fn arguments(&self) -> clap::Command {
        clap::Command::new("write")
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(async move { write::write(&context.database().await?).await })
    }
}

fn main() -> ExitCode {
    models::project(Project::new()).command(Values).command(Write).manage()
}
