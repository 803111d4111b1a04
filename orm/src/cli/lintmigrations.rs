//! `lintmigrations`: what migrations do to a database that people are working on, by stable codes.

use super::{
    Command, CommandFuture, Context,
    output::{BAD, NOTE, styled},
};
use crate::{
    App, Code, Dialect, Error, Result,
    migrate::{self, engine_dialect, engine_error},
};
use clap::{Arg, ArgAction};
use migrations_engine::{
    Migration, Schema,
    lint::{Notice, Rule, Run, lint},
    operation::invert_all,
};
use std::collections::BTreeSet;

pub(super) struct LintMigrations;

impl Command for LintMigrations {
    fn arguments(&self) -> clap::Command {
        clap::Command::new("lintmigrations")
            .about("Tells what migrations lock, rewrite, lose or break; fails if there is anything to tell")
            .arg(Arg::new("app").value_name("APP").help("Only this application"))
            .arg(Arg::new("name").value_name("NAME").help("Only this migration, or the start of its name"))
            .arg(
                Arg::new("dialect")
                    .long("dialect")
                    .value_name("DIALECT")
                    .value_parser(Dialect::ALL.map(Dialect::name))
                    .help("The database; else that of `--database`, without connecting"),
            )
            .arg(
                Arg::new("format")
                    .long("format")
                    .value_name("FORMAT")
                    .value_parser(["text", "json"])
                    .default_value("text")
                    .help("How to tell it"),
            )
            .arg(
                Arg::new("allow")
                    .long("allow")
                    .value_name("CODE")
                    .action(ArgAction::Append)
                    .help("Leave out what has this code, such as L004"),
            )
    }

    fn app_arguments(&self) -> &[&str] {
        &["app"]
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(async move { run(context) })
    }
}

/// The database of an application.
pub(super) fn dialect(context: &Context<'_>, app: &str) -> Dialect {
    match context.project().has_several() {
        true => named(context.project().place_of(app).url.as_deref()),
        false => named(context.url()),
    }
}

/// The database that a URL names; PostgreSQL, of which there is most to tell, without one.
fn named(url: Option<&str>) -> Dialect {
    match url.and_then(|url| url.split_once(':')).map(|(scheme, _)| scheme) {
        Some("sqlite") => Dialect::Sqlite,
        Some("mysql" | "mariadb") => Dialect::MariaDb,
        _ => Dialect::Postgres,
    }
}

fn run(context: &Context<'_>) -> Result<()> {
    let matches = context.matches();
    let argument = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let told = Dialect::ALL.into_iter().find(|dialect| Some(dialect.name()) == argument("dialect"));
    let mut allowed = Vec::new();
    for code in matches.get_many::<String>("allow").into_iter().flatten() {
        let rule = Rule::ALL.iter().find(|(rule, _)| rule.as_str() == code);
        let unknown = || Error::new(Code::Migration, format!("there is no rule `{code}`"));
        allowed.push(rule.ok_or_else(unknown)?.0);
    }
    let mut found: Vec<(Migration, Notice)> = Vec::new();
    let mut dialects: Vec<&str> = Vec::new();
    let labels: Vec<&str> = argument("app").into_iter().collect();
    for place in context.project().places(argument("database"), true, &labels)? {
        let dialect = told.unwrap_or_else(|| named(place.url.as_deref()));
        let of_place = of_place(context, &place.apps, dialect)?;
        found.extend(of_place.into_iter().filter(|(_, notice)| !allowed.contains(&notice.rule)));
        dialects.push(dialect.name());
    }
    dialects.dedup();
    if argument("format") == Some("json") {
        let list: Vec<serde_json::Value> = found.iter().map(|(migration, notice)| json(migration, notice)).collect();
        context.say(format_args!("{:#}", serde_json::Value::Array(list)))?;
    } else {
        for (migration, notice) in &found {
            context.say(text(migration, notice))?;
        }
    }
    match found.len() {
        0 if argument("format") == Some("json") => Ok(()),
        0 => context.say(format_args!("Nothing to tell about {}.", dialects.join(" and "))),
        count => Err(Error::new(Code::Migration, format!("{count} things to know about these migrations"))
            .with_hint("change the migration, or leave a code out by `--allow`")),
    }
}

/// What there is to know of the migrations of one database.
fn of_place(context: &Context<'_>, apps: &[App], dialect: Dialect) -> Result<Vec<(Migration, Notice)>> {
    let argument = |name: &str| context.matches().get_one::<String>(name).map(String::as_str);
    let set = migrate::migrations(apps)?;
    let only = match (argument("app"), argument("name")) {
        (Some(app), Some(name)) => Some(set.resolve(app, name).map_err(engine_error)?.clone()),
        (Some(app), None) => {
            set.target(Some(app), None).map_err(engine_error)?;
            None
        }
        _ => None,
    };
    let of = |before: &Schema, migration: &Migration| {
        let notices = lint(engine_dialect(dialect), before, migration).map_err(engine_error)?;
        Ok::<_, Error>(notices.into_iter().map(|notice| (migration.clone(), notice)).collect::<Vec<_>>())
    };
    if let Some(migration) = only.as_ref().and_then(|id| set.get(id)) {
        return of(&set.state_before(&migration.id).map_err(engine_error)?, migration);
    }
    let mut found: Vec<(Migration, Notice)> = Vec::new();
    let mut state = Schema::default();
    let (set, _) = set.effective(&BTreeSet::new()).map_err(engine_error)?;
    for migration in set.order().map_err(engine_error)? {
        // A squash does what its parts did, to databases without rows.
        let told = migration.replaces.is_empty() && argument("app").is_none_or(|app| migration.id.app == app);
        if told {
            found.extend(of(&state, migration)?);
        }
        migration.operations.iter().try_for_each(|operation| operation.apply(&mut state)).map_err(engine_error)?;
    }
    Ok(found)
}

fn text(migration: &Migration, notice: &Notice) -> String {
    let operation =
        migration.operations.get(notice.operation).map_or_else(String::new, |operation| operation.describe());
    format!("{} {}: {operation}\n    {}\n    safe: {}", notice.rule, migration.id, notice.message, notice.advice)
}

fn json(migration: &Migration, notice: &Notice) -> serde_json::Value {
    serde_json::json!({
        "code": notice.rule.as_str(),
        "migration": migration.id.to_string(),
        "operation": notice.operation,
        "message": notice.message,
        "advice": notice.advice,
    })
}

/// Tells it for the next migration of a run, after what it does.
pub(super) fn tell(
    context: &Context<'_>,
    run: &mut Run,
    dialect: Dialect,
    before: &Schema,
    migration: &Migration,
) -> Result<()> {
    match run.lint(engine_dialect(dialect), before, migration) {
        Ok(notices) => tell_all(context, &notices),
        // What this database cannot do, another may.
        Err(error) => context.say(format_args!("  {error}")),
    }
}

/// Tells what goes with its rows or values where a migration is undone.
pub(super) fn tell_lost(context: &Context<'_>, dialect: Dialect, before: &Schema, migration: &Migration) -> Result<()> {
    let mut after = before.clone();
    let applied = migration.operations.iter().try_for_each(|operation| operation.apply(&mut after));
    let (Ok(()), Ok(operations)) = (applied, invert_all(before, &migration.operations)) else { return Ok(()) };
    let back = Migration { operations, ..migration.clone() };
    // What cannot be undone is told by the plan.
    let mut notices = lint(engine_dialect(dialect), &after, &back).unwrap_or_default();
    notices.retain(|notice| notice.rule == Rule::L004);
    tell_all(context, &notices)
}

fn tell_all(context: &Context<'_>, notices: &[Notice]) -> Result<()> {
    let mut told = Vec::new();
    for Notice { rule, message, advice, .. } in notices {
        // A table that is written anew for several operations is so at once.
        if told.contains(&(rule, message)) {
            continue;
        }
        told.push((rule, message));
        let style = if *rule == Rule::L004 { BAD } else { NOTE };
        context.say(format_args!("  {} {message}\n       safe: {advice}", styled(style, rule)))?;
    }
    Ok(())
}
