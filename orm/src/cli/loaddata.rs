//! `loaddata`: fixtures, read into the database.

use super::{Command, CommandFuture, Context, output::warn};
use crate::{
    Code, Error, Result,
    fixtures::{Format, Load, Loaded},
};
use clap::{Arg, ArgAction};
use std::{
    fs::File,
    io::{IsTerminal as _, Read, stderr, stdin},
};

pub(super) struct LoadData;

impl Command for LoadData {
    fn arguments(&self) -> clap::Command {
        clap::Command::new("loaddata")
            .about("Reads fixtures into the database, all or nothing")
            .arg(
                Arg::new("files")
                    .value_name("FILE")
                    .required(true)
                    .action(ArgAction::Append)
                    .help("The fixtures, in this order; `-` is standard input"),
            )
            .arg(
                Arg::new("exclude")
                    .short('e')
                    .long("exclude")
                    .value_name("APP|APP.MODEL")
                    .action(ArgAction::Append)
                    .help("Without the records of these"),
            )
            .arg(
                Arg::new("ignore-unknown")
                    .long("ignore-unknown")
                    .action(ArgAction::SetTrue)
                    .help("Pass over models and fields that are not there any more"),
            )
            .arg(
                Arg::new("format")
                    .long("format")
                    .value_name("FORMAT")
                    .help("json, jsonl or yaml; else by the name of the file, or json"),
            )
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(run(context))
    }
}

async fn run(context: &Context<'_>) -> Result<()> {
    let matches = context.matches();
    let mut load = Load::of(context.apps().to_vec());
    if let Some(models) = matches.get_many::<String>("exclude") {
        load = load.except(models.map(String::as_str))?;
    }
    if matches.get_flag("ignore-unknown") {
        load = load.ignore_unknown();
    }
    if stderr().is_terminal() {
        load = load.on_progress(|records| warn(format_args!("{records} records ..")));
    }
    let format = matches.get_one::<String>("format");
    // What can be told without the database is told first.
    let mut files: Vec<(Format, Box<dyn Read + Send>)> = Vec::new();
    for file in matches.get_many::<String>("files").into_iter().flatten() {
        let format = match format {
            Some(format) => format.parse()?,
            None if file == "-" => Format::Json,
            None => Format::of_file(file)?,
        };
        let from: Box<dyn Read + Send> = match file.as_str() {
            "-" => Box::new(stdin()),
            file => Box::new(File::open(file).map_err(|error| unread(file, error))?),
        };
        files.push((format, from));
    }
    let db = context.database().await?;
    let loaded = db
        .transaction(async |tx| {
            let mut loaded = Loaded::default();
            for (format, from) in files {
                loaded.add(load.read(format, from, tx).await?);
            }
            Ok(loaded)
        })
        .await?;
    context.say(format_args!("{} records", loaded.total))?;
    for (model, count) in &loaded.per_model {
        context.say(format_args!("  {model}: {count}"))?;
    }
    Ok(())
}

fn unread(file: &str, error: std::io::Error) -> Error {
    Error::new(Code::Io, format!("`{file}` cannot be read: {error}")).with_source(error)
}
