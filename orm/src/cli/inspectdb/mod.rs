//! `inspectdb`: models for the tables of a database that is there already.

mod columns;
mod expression;
mod model;
mod names;
mod options;
mod tables;
mod write;

use super::{Command, CommandFuture, Context};
use crate::{Code, Dialect, Error, Result, migrate::introspect};
use clap::{Arg, ArgAction, ArgMatches};

pub(super) struct InspectDb;

impl Command for InspectDb {
    fn arguments(&self) -> clap::Command {
        clap::Command::new("inspectdb")
            .about("Writes models for the tables and views of the database")
            .arg(Arg::new("tables").value_name("TABLE").num_args(0..).help("Only these; `shop_*` for several"))
            .arg(
                Arg::new("exclude")
                    .long("exclude")
                    .value_name("TABLE")
                    .action(ArgAction::Append)
                    .help("Not these; `shop_*` for several"),
            )
            .arg(
                // Of an application to come: where the tables of one that is there are does not matter.
                Arg::new("label")
                    .long("app")
                    .value_name("LABEL")
                    .action(ArgAction::Append)
                    .default_value("app")
                    .help("The label of the application; models are called without it. Of several, a table is in the one that its name begins with, or in the first"),
            )
            .arg(
                Arg::new("output")
                    .short('o')
                    .long("output")
                    .value_name("FILE")
                    .help("The file to write, which must not exist"),
            )
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(inspect(context))
    }
}

async fn inspect(context: &Context<'_>) -> Result<()> {
    let matches = context.matches();
    let apps = patterns(matches, "label");
    let small = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    let is_label = |app: &String| {
        !app.is_empty() && app.chars().all(small) && !app.starts_with(|letter: char| letter.is_ascii_digit())
    };
    if let Some(app) = apps.iter().find(|app| !is_label(app)) {
        return Err(Error::new(Code::BadSetting, format!("`{app}` is not a label for an application"))
            .with_hint("use small letters, digits and `_`: `--app shop`"));
    }
    if let Some(file) = context.missing() {
        return Err(Error::new(Code::NoDatabase, format!("there is no file `{file}`"))
            .with_hint("name the database that is to be looked at: `--database sqlite://shop.db`"));
    }
    let db = context.database().await?;
    let live = introspect(&db).await?;
    let pattern_indexes = db.dialect() == Dialect::Postgres;
    db.close().await;
    let (only, not) = (patterns(matches, "tables"), patterns(matches, "exclude"));
    for pattern in only.iter().chain(&not) {
        if !live.schema.models.values().any(|model| fits(pattern, &model.table)) {
            return Err(Error::new(Code::MissingTable, format!("the database has no table `{pattern}`"))
                .with_hint("write the name as the database has it; `*` stands for any letters"));
        }
    }
    let any = |patterns: &[String], table: &str| patterns.iter().any(|pattern| fits(pattern, table));
    let wanted = |table: &str| (only.is_empty() || any(&only, table)) && !any(&not, table);
    if !live.schema.models.values().any(|model| wanted(&model.table)) {
        return Err(Error::new(Code::MissingTable, "the database has no tables to write models for")
            .with_hint("look whether it is the right one: `--database` names another"));
    }
    let source = write::models(&live, pattern_indexes, &apps, wanted);
    let Some(path) = matches.get_one::<String>("output") else {
        return context.say(source.trim_end());
    };
    let refused = |error| {
        Error::new(Code::BadSetting, format!("`{path}` cannot be written"))
            .with_source(error)
            .with_hint("name a file that does not exist yet, in a folder that does")
    };
    let mut file = std::fs::File::create_new(path).map_err(refused)?;
    std::io::Write::write_all(&mut file, source.as_bytes()).map_err(refused)?;
    context.say(format_args!("wrote {path}"))
}

fn patterns(matches: &ArgMatches, name: &str) -> Vec<String> {
    matches.get_many::<String>(name).into_iter().flatten().cloned().collect()
}

/// Whether a table is called so; `*` stands for any letters.
fn fits(pattern: &str, table: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| table.strip_prefix(first)) else { return false };
    let mut last = None;
    for part in parts {
        last = Some(part);
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty() || last.is_some_and(|last| last.is_empty() || table.ends_with(last))
}
