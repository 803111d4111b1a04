//! `squashmigrations` and `optimizemigration`: fewer migrations and operations with the same effect.

use super::{Command, CommandFuture, Context, files};
use crate::{
    Code, Error, Result,
    migrate::{self, engine_error},
};
use clap::{Arg, ArgAction};
use migrations_engine::diff::reduce_from;

pub(super) struct SquashMigrations;

impl Command for SquashMigrations {
    fn arguments(&self) -> clap::Command {
        clap::Command::new("squashmigrations")
            .about("Writes one migration that stands for several")
            .arg(Arg::new("app").value_name("APP").required(true).help("The application"))
            .arg(
                Arg::new("first")
                    .value_name("NAME")
                    .required(true)
                    .help("The last of them; or, with another, the first"),
            )
            .arg(Arg::new("last").value_name("NAME").help("The last of them"))
            .arg(
                Arg::new("squashed-name")
                    .long("squashed-name")
                    .value_name("NAME")
                    .help("The name of the new migration, without its number"),
            )
            .arg(
                Arg::new("no-optimize")
                    .long("no-optimize")
                    .action(ArgAction::SetTrue)
                    .help("Leave the operations as they are, one after the other"),
            )
            .arg(Arg::new("dry-run").long("dry-run").action(ArgAction::SetTrue).help("Show it and write nothing"))
    }

    fn app_arguments(&self) -> &[&str] {
        &["app"]
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(async move { squash(context) })
    }
}

fn squash(context: &Context<'_>) -> Result<()> {
    let (apps, matches) = (context.project().apps(), context.matches());
    let argument = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let app = argument("app").unwrap_or_default();
    let set = migrate::migrations(apps)?;
    let find = |name: &str| set.resolve(app, name).cloned().map_err(engine_error);
    let first = find(argument("first").unwrap_or_default())?;
    let (from, to) = match argument("last") {
        Some(last) => (Some(first), find(last)?),
        None => (None, first),
    };
    if let Some(name) = argument("squashed-name") {
        files::check_name(name)?;
    }
    let name = argument("squashed-name");
    let squash = match matches.get_flag("no-optimize") {
        true => set.squash_as_written(from.as_ref(), &to, name),
        false => set.squash(from.as_ref(), &to, name),
    };
    let squash = squash.map_err(engine_error)?;
    context.say(format_args!("{} stands for:", squash.id))?;
    for replaced in &squash.replaces {
        context.say(format_args!("  - {replaced}"))?;
    }
    if matches.get_flag("dry-run") {
        return context.say(format_args!("\n# {}\n{}", squash.id.path(), squash.to_toml().map_err(engine_error)?));
    }
    files::write(context, &mut set.clone(), &[squash])?;
    context.say(
        "Keep the old files until every database is past them; then delete them, and keep `replaces` in the new file.",
    )
}

pub(super) struct OptimizeMigration;

impl Command for OptimizeMigration {
    fn arguments(&self) -> clap::Command {
        clap::Command::new("optimizemigration")
            .about("Merges the operations of a migration that is not applied anywhere, where that changes nothing")
            .arg(Arg::new("app").value_name("APP").required(true).help("The application"))
            .arg(Arg::new("name").value_name("NAME").required(true).help("The migration, or the start of its name"))
            .arg(
                Arg::new("check")
                    .long("check")
                    .action(ArgAction::SetTrue)
                    .help("Fail when there is something to merge, and write nothing"),
            )
    }

    fn app_arguments(&self) -> &[&str] {
        &["app"]
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(optimize(context))
    }
}

async fn optimize(context: &Context<'_>) -> Result<()> {
    let (apps, matches) = (context.project().apps(), context.matches());
    let argument = |name: &str| matches.get_one::<String>(name).map(String::as_str).unwrap_or_default();
    let set = migrate::migrations(apps)?;
    let id = set.resolve(argument("app"), argument("name")).map_err(engine_error)?.clone();
    let Some(mut migration) = set.get(&id).cloned() else { return Ok(()) };
    let before = migration.operations.len();
    migration.operations = reduce_from(&set.state_before(&id).map_err(engine_error)?, migration.operations);
    let after = migration.operations.len();
    if after == before {
        return context.say(format_args!("{id} has nothing to merge."));
    }
    if matches.get_flag("check") {
        return Err(Error::new(Code::Migration, format!("{id} has {before} operations, and could have {after}"))
            .with_hint(format!("run `optimizemigration {} {}`", id.app, id.name)));
    }
    files::not_applied(context, std::slice::from_ref(&id)).await?;
    files::rewrite(context, &migration)?;
    context.say(format_args!("{id} has {after} operations now, {before} before."))
}
