//! `dumpdata` and `loaddata`: the rows of models as fixtures, and back.

use super::{Command, CommandFuture, Context, output::warn};
use crate::{
    Code, Error, Isolation, Result,
    fixtures::{Dump, Format, Load, Loaded},
};
use clap::{Arg, ArgAction};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufWriter, IsTerminal as _, Read, stderr, stdin},
    path::Path,
};

fn exclude(help: &'static str) -> Arg {
    Arg::new("exclude").short('e').long("exclude").value_name("APP|APP.MODEL").action(ArgAction::Append).help(help)
}

fn format() -> Arg {
    let help = "json, jsonl or yaml; else by the name of the file, or json";
    Arg::new("format").long("format").value_name("FORMAT").help(help)
}

pub(super) struct DumpData;

impl Command for DumpData {
    fn arguments(&self) -> clap::Command {
        clap::Command::new("dumpdata")
            .about("Writes the rows of models as a fixture, which `loaddata` reads")
            .arg(
                Arg::new("models")
                    .value_name("APP|APP.MODEL")
                    .action(ArgAction::Append)
                    .help("Only these; else all models of the project"),
            )
            .arg(exclude("Without these"))
            .arg(
                Arg::new("pks")
                    .long("pks")
                    .value_name("KEY,..")
                    .value_delimiter(',')
                    .action(ArgAction::Append)
                    .help("Only the rows with these keys, of one model"),
            )
            .arg(
                Arg::new("natural-keys")
                    .long("natural-keys")
                    .action(ArgAction::SetTrue)
                    .help("By unique fields in place of automatic keys"),
            )
            .arg(format())
            .arg(
                Arg::new("output")
                    .short('o')
                    .long("output")
                    .value_name("FILE")
                    .help("The file to write; else standard output"),
            )
    }

    fn app_arguments(&self) -> &[&str] {
        &["models"]
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(dump(context))
    }
}

async fn dump(context: &Context<'_>) -> Result<()> {
    let matches = context.matches();
    let (format, output) = (matches.get_one::<String>("format"), matches.get_one::<String>("output"));
    let format = match (format, output) {
        (Some(format), _) => format.parse()?,
        (None, Some(file)) => Format::of_file(file)?,
        (None, None) => Format::Json,
    };
    if let (Some(models), None) = (matches.get_many::<String>("models"), matches.get_one::<String>("database")) {
        of_one_database(context, models.map(String::as_str))?;
    }
    let others: Vec<&str> = context.project().others.keys().map(String::as_str).collect();
    if !others.is_empty() && !matches.contains_id("models") && !matches.contains_id("database") {
        warn(format_args!(
            "Only what is in the usual database; the rest by `--database {}`",
            others.join("`, `--database ")
        ));
    }
    let mut dump = Dump::of(context.apps().to_vec());
    if let Some(models) = matches.get_many::<String>("models") {
        dump = dump.only(models.map(String::as_str))?;
    }
    if let Some(models) = matches.get_many::<String>("exclude") {
        dump = dump.except(models.map(String::as_str))?;
    }
    if let Some(keys) = matches.get_many::<String>("pks") {
        dump = dump.keys(keys.map(String::as_str))?;
    }
    if matches.get_flag("natural-keys") {
        dump = dump.natural_keys();
    }
    let db = context.database().await?;
    // One state of the database, whatever others write meanwhile.
    let snapshot = db.build_transaction().isolation(Isolation::RepeatableRead).read_only();
    let Some(file) = output else {
        let mut to = BufWriter::new(context.writer());
        return snapshot.run(async |tx| dump.write(format, &mut to, tx).await).await.map(drop);
    };
    // What is there stays until the whole is written.
    let unfinished = format!("{file}.unfinished");
    let mut to = BufWriter::new(File::create(&unfinished).map_err(|error| unwritten(&unfinished, error))?);
    let dumped = snapshot.run(async |tx| dump.write(format, &mut to, tx).await).await;
    drop(to);
    match dumped {
        Ok(count) => {
            std::fs::rename(&unfinished, file).map_err(|error| unwritten(file, error))?;
            warn(format_args!("{count} records in {}", Path::new(file).display()));
            Ok(())
        }
        Err(error) => {
            // The first error is the one to tell.
            let _ = std::fs::remove_file(&unfinished);
            Err(error)
        }
    }
}

/// A fixture is of one database, since it is read into one.
fn of_one_database<'m>(context: &Context<'_>, models: impl Iterator<Item = &'m str>) -> Result<()> {
    let mut apart: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for model in models {
        let app = model.split('.').next().unwrap_or(model);
        if context.project().apps().iter().any(|known| known.label() == app) {
            apart.entry(context.project().place_of(app).name).or_default().push(model);
        }
    }
    if apart.len() < 2 {
        return Ok(());
    }
    let live: Vec<String> =
        apart.iter().map(|(place, models)| format!("`{}` in `{place}`", models.join("`, `"))).collect();
    let each: Vec<String> = apart.values().map(|models| format!("`dumpdata {}`", models.join(" "))).collect();
    let message = format!("the tables are in {} databases: {}", apart.len(), live.join(", "));
    Err(Error::new(Code::BadSetting, message).with_hint(format!("a fixture is of one: say {}", each.join(", and "))))
}

fn unwritten(file: &str, error: std::io::Error) -> Error {
    Error::new(Code::Io, format!("`{file}` cannot be written: {error}")).with_source(error)
}

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
            .arg(exclude("Without the records of these"))
            .arg(
                Arg::new("ignore-unknown")
                    .long("ignore-unknown")
                    .action(ArgAction::SetTrue)
                    .help("Pass over models and fields that are not there any more"),
            )
            .arg(format())
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(load(context))
    }
}

async fn load(context: &Context<'_>) -> Result<()> {
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
