//! `showmigrations`: which migrations there are, and which have been run.

use super::{
    Command, CommandFuture, Context, chosen,
    output::{BAD, DONE, NAME, NOTE, styled},
};
use crate::{
    Database, Result,
    migrate::{Migrator, engine_error},
};
use clap::{Arg, ArgAction, ArgMatches};
use migrations_engine::{Code, Direction, Migration, MigrationId, execute::Applied};
use std::collections::BTreeSet;

pub(super) struct ShowMigrations;

impl Command for ShowMigrations {
    fn arguments(&self) -> clap::Command {
        clap::Command::new("showmigrations")
            .about("Lists the migrations; [X] marks those that have been run")
            .arg(Arg::new("apps").value_name("APP").num_args(0..).help("Only these applications"))
            .arg(Arg::new("plan").long("plan").action(ArgAction::SetTrue).help("In the order in which they are run"))
    }

    fn for_each_database(&self) -> bool {
        true
    }

    fn only_looks(&self, _: &ArgMatches) -> bool {
        true
    }

    fn app_arguments(&self) -> &[&str] {
        &["apps"]
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(show(context))
    }
}

async fn show(context: &Context<'_>) -> Result<()> {
    let matches = context.matches();
    let wanted = chosen(context.apps(), matches)?;
    let migrator = Migrator::new(context.apps())?;
    let db = context.look().await?;
    let history = migrator.history(&db).await?;
    let recorded: BTreeSet<MigrationId> = history
        .iter()
        .filter(|entry| entry.progress.as_ref().is_none_or(|progress| progress.direction == Direction::Backward))
        .map(|entry| entry.id.clone())
        .collect();
    // A squash in place of what it stands for, or the other way round.
    let (set, applied) = migrator.set().effective(&recorded).map_err(engine_error)?;
    let order = set.order().map_err(engine_error)?;
    let show =
        |migration: &Migration| Shown { entry: entry(&history, migration), applied: applied.contains(&migration.id) };
    if matches.get_flag("plan") {
        for migration in order.iter().filter(|migration| wanted.contains(&*migration.id.app)) {
            context.say(format_args!("{} {}{}", show(migration).mark(), migration.id, show(migration).when()))?;
        }
        return disagreements(context, &migrator, &db, &wanted).await;
    }
    for app in context.apps().iter().filter(|app| wanted.contains(app.label())) {
        context.say(styled(NAME, app.label()))?;
        let mut own = order.iter().filter(|migration| migration.id.app == app.label()).peekable();
        if own.peek().is_none() {
            let no_models = app.models().next().is_none();
            let what = if no_models { "no migrations" } else { "no migrations yet: `makemigrations` writes them" };
            context.say(format_args!(" ({})", styled(NOTE, what)))?;
        }
        for migration in own {
            context.say(format_args!(" {} {}{}", show(migration).mark(), migration.id.name, show(migration).when()))?;
        }
    }
    disagreements(context, &migrator, &db, &wanted).await
}

/// Where the history and the files disagree; a migration that stopped is marked in the list itself.
pub(super) async fn disagreements(
    context: &Context<'_>,
    migrator: &Migrator,
    db: &Database,
    wanted: &BTreeSet<&str>,
) -> Result<()> {
    let findings = migrator.findings(db).await?;
    for finding in findings.iter().filter(|it| it.code != Code::M073 && wanted.contains(&*it.migration.app)) {
        context.say(format_args!(
            "{} {}: {}; see `repair`",
            styled(BAD, "[!]"),
            finding.code.as_str(),
            finding.message
        ))?;
    }
    Ok(())
}

fn entry<'h>(history: &'h [Applied], migration: &Migration) -> Option<&'h Applied> {
    history.iter().find(|entry| entry.id == migration.id)
}

/// What is known of a migration.
struct Shown<'h> {
    entry: Option<&'h Applied>,
    applied: bool,
}

impl Shown<'_> {
    fn mark(&self) -> String {
        match self.entry {
            Some(entry) if entry.progress.is_some() => styled(NOTE, "[~]"),
            _ if self.applied => styled(DONE, "[X]"),
            _ => "[ ]".to_owned(),
        }
    }

    fn when(&self) -> String {
        match self.entry {
            Some(entry) if entry.progress.is_some() => "  (stopped in the middle: migrate takes it up)".to_owned(),
            Some(entry) => format!("  ({})", entry.applied_at),
            None if self.applied => "  (all that it stands for is applied)".to_owned(),
            None => String::new(),
        }
    }
}
