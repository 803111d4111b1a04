//! `check`: whether models, migrations and the database say the same.

use super::{Command, CommandFuture, Context};
use crate::{
    Code, Database, Error, Result,
    migrate::{self, Migrator, engine_dialect, engine_error, introspect},
};
use clap::{Arg, ArgAction};
use migrations_engine::{
    MigrationSet, Schema,
    diff::Answers,
    introspect::{Drift, as_stored, differences},
};

pub(super) struct Check;

impl Command for Check {
    fn arguments(&self) -> clap::Command {
        clap::Command::new("check")
            .about("Compares models, migrations and the database, and tells what differs; fails if anything does")
            .arg(
                Arg::new("no-database")
                    .long("no-database")
                    .action(ArgAction::SetTrue)
                    .help("Compare models and migrations only"),
            )
            .arg(
                Arg::new("allow")
                    .long("allow")
                    .value_name("CODE")
                    .action(ArgAction::Append)
                    .help("Leave out what has this code, such as D021"),
            )
    }

    fn for_each_database(&self) -> bool {
        true
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(check(context))
    }
}

/// What differs, each with what it is.
type Found = Vec<(Drift, String)>;

async fn check(context: &Context<'_>) -> Result<()> {
    let matches = context.matches();
    let mut allowed = Vec::new();
    for code in matches.get_many::<String>("allow").into_iter().flatten() {
        let known = Drift::ALL.iter().find(|(drift, _)| drift.as_str() == code);
        let unknown = || Error::new(Code::Migration, format!("there is no difference of the code `{code}`"));
        allowed.push(known.ok_or_else(unknown)?.0);
    }
    let apps = context.apps();
    let models = migrate::schema(apps)?;
    let migrator = Migrator::new(apps)?;
    let mut found = undone(migrator.set(), &models);
    if !matches.get_flag("no-database") {
        let db = context.look().await?;
        found.extend(against(&db, migrator).await?);
        db.close().await;
    }
    found.retain(|(drift, _)| !allowed.contains(drift));
    let mut last = None;
    for (drift, message) in &found {
        context.say(format_args!("{drift} {message}"))?;
        if last.replace(*drift) != Some(*drift) {
            context.say(format_args!("    {}", drift.advice()))?;
        }
    }
    match found.len() {
        0 => context.say("Nothing differs."),
        count => {
            let what = if count == 1 { "difference" } else { "differences" };
            Err(Error::new(Code::Migration, format!("{count} {what} between models, migrations and database"))
                .with_hint("each is told with what to do; leave a code out by `--allow`"))
        }
    }
}

/// What the models say and no migration does: what `makemigrations` would write.
fn undone(files: &MigrationSet, models: &Schema) -> Found {
    match migrations_engine::autodetect(files, models, &mut Answers::new()) {
        Ok(new) => {
            let operations = new.iter().flat_map(|migration| &migration.operations);
            operations.map(|operation| (Drift::D001, operation.describe())).collect()
        }
        // A change that asks is a change.
        Err(error) => vec![(Drift::D001, error.message().to_owned())],
    }
}

/// How the database differs from what its migrations made of it.
async fn against(db: &Database, migrator: Migrator) -> Result<Found> {
    let findings = migrator.findings(db).await?;
    if !findings.is_empty() {
        let told = |code: &str, message: &str| (Drift::D003, format!("{code}: {message}"));
        return Ok(findings.iter().map(|finding| told(finding.code.as_str(), &finding.message)).collect());
    }
    let mut found: Found = Vec::new();
    for (migration, _) in migrator.plan(db).await? {
        found.push((Drift::D002, format!("`{migration}` is not applied")));
    }
    let applied = migrator.applied(db).await?;
    let wanted = as_stored(engine_dialect(db.dialect()), &applied).map_err(engine_error)?;
    let different = differences(&wanted, &introspect(db).await?);
    found.extend(different.into_iter().map(|it| (it.drift, format!("`{}`: {}", it.table, it.message))));
    Ok(found)
}
