//! The program: `cargo run -p quickstart` gives the tour; the commands for migrations are there as well.

use clap::{Arg, ArgAction};
use orm::{Command, CommandFuture, Context};
use quickstart::{graph::Source, tour};
use std::{path::PathBuf, process::ExitCode};

fn main() -> ExitCode {
    tour::project().command(Tour).default_command("tour").manage()
}

struct Tour;

fn file(path: &str) -> Result<PathBuf, &'static str> {
    let path = PathBuf::from(path);
    if path.is_file() { Ok(path) } else { Err("there is no such file") }
}

impl Command for Tour {
    fn arguments(&self) -> clap::Command {
        let flag =
            |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
        clap::Command::new("tour")
            .about("Loads the dependency graph of a workspace, and asks it questions (what runs without a command)")
            .arg(
                Arg::new("manifest-path")
                    .long("manifest-path")
                    .value_name("PATH")
                    .value_parser(file)
                    .help("The Cargo.toml of the workspace; else that of the working directory"),
            )
            .arg(flag("all-platforms", "Also what is only built on other platforms"))
            .arg(flag("offline", "Never ask the network"))
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        let matches = context.matches();
        let source = Source {
            manifest: matches.get_one::<PathBuf>("manifest-path").cloned(),
            all_platforms: matches.get_flag("all-platforms"),
            offline: matches.get_flag("offline"),
        };
        let url = context.url().unwrap_or("sqlite://quickstart.db");
        Box::pin(async move { tour::take(&context.database().await?, url, &source, &mut context.writer()).await })
    }
}
