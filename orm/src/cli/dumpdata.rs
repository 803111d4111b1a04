//! `dumpdata`: the rows of models, as a fixture.

use super::{Command, CommandFuture, Context, output::warn};
use crate::{
    Code, Error, Isolation, Result,
    fixtures::{Dump, Format},
};
use clap::{Arg, ArgAction};
use std::{fs::File, io::BufWriter, path::Path};

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
            .arg(
                Arg::new("exclude")
                    .short('e')
                    .long("exclude")
                    .value_name("APP|APP.MODEL")
                    .action(ArgAction::Append)
                    .help("Without these"),
            )
            .arg(
                Arg::new("natural-keys")
                    .long("natural-keys")
                    .action(ArgAction::SetTrue)
                    .help("By unique fields in place of automatic keys"),
            )
            .arg(
                Arg::new("format")
                    .long("format")
                    .value_name("FORMAT")
                    .help("json, jsonl or yaml; else by the name of the file, or json"),
            )
            .arg(
                Arg::new("output")
                    .short('o')
                    .long("output")
                    .value_name("FILE")
                    .help("The file to write; else standard output"),
            )
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(run(context))
    }
}

async fn run(context: &Context<'_>) -> Result<()> {
    let matches = context.matches();
    let (format, output) = (matches.get_one::<String>("format"), matches.get_one::<String>("output"));
    let format = match (format, output) {
        (Some(format), _) => format.parse()?,
        (None, Some(file)) => Format::of_file(file)?,
        (None, None) => Format::Json,
    };
    let mut dump = Dump::of(context.apps().to_vec());
    if let Some(models) = matches.get_many::<String>("models") {
        dump = dump.only(models.map(String::as_str))?;
    }
    if let Some(models) = matches.get_many::<String>("exclude") {
        dump = dump.except(models.map(String::as_str))?;
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

fn unwritten(file: &str, error: std::io::Error) -> Error {
    Error::new(Code::Io, format!("`{file}` cannot be written: {error}")).with_source(error)
}
