//! `makemigrations`: compares the models with the migrations and writes what is missing.

use super::{
    Command, CommandFuture, Context,
    ask::Terminal,
    chosen, files, lintmigrations,
    output::{BAD, NAME, NOTE, styled},
};
use crate::{
    Code, Error, Result,
    migrate::{self, engine_error},
};
use clap::{Arg, ArgAction};
use migrations_engine::{
    Migration, MigrationId, MigrationSet,
    diff::{Answers, SafeStep, reduce_from, safe_steps},
    lint::Run,
};
use std::collections::BTreeSet;

pub(super) struct MakeMigrations;

impl Command for MakeMigrations {
    fn arguments(&self) -> clap::Command {
        let many = |name: &'static str, value: &'static str, help: &'static str| {
            Arg::new(name).long(name).value_name(value).action(ArgAction::Append).help(help)
        };
        let flag =
            |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
        clap::Command::new("makemigrations")
            .about("Writes migrations for what has changed in the models")
            .arg(Arg::new("apps").value_name("APP").num_args(0..).help("Only these applications"))
            .arg(
                Arg::new("name")
                    .short('n')
                    .long("name")
                    .value_name("NAME")
                    .help("The name of the migration, without its number"),
            )
            .arg(flag("empty", "Write a migration without operations, to be filled in by hand"))
            .arg(flag("merge", "Bring branches together that each added a migration, where they go together"))
            .arg(
                flag("update", "Put the changes into the latest migration, which must not be applied yet")
                    .conflicts_with("safe"),
            )
            .arg(flag("safe", "Write what would lock large tables as steps that do not"))
            .arg(flag("dry-run", "Show the migrations and write nothing"))
            .arg(flag("check", "Fail when the models have changed, and write nothing"))
            .arg(flag("no-input", "Ask nothing; refuse what the flags do not answer").alias("noinput"))
            .arg(
                Arg::new("answers")
                    .long("answers")
                    .value_name("FILE")
                    .help("A TOML file with lists `rename`, `remove` and `default` of what the flags say"),
            )
            .arg(many(
                "rename",
                "APP.MODEL[.FIELD]=NEW",
                "A model or field has a new name; APP.MODEL where it has moved",
            ))
            .arg(many("remove", "APP.MODEL[.FIELD]", "A model or field may go, with its values"))
            .arg(many("default", "APP.MODEL.FIELD=VALUE", "The value that existing rows get"))
    }

    fn app_arguments(&self) -> &[&str] {
        &["apps"]
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(make(context))
    }
}

async fn make(context: &Context<'_>) -> Result<()> {
    let (apps, matches) = (context.project().apps(), context.matches());
    let wanted = chosen(apps, matches)?;
    let stale = files::stale(apps)?;
    let mut set = migrate::read_migrations(apps, false)?;
    let mut later = Vec::new();
    let mut new = match (matches.get_flag("merge"), matches.get_flag("empty")) {
        (true, _) => merge(&set, &wanted)?,
        (_, true) => empty(&set, &wanted)?,
        _ => detect(context, &mut later)?,
    };
    let found = new.len();
    keep_needed(&mut new, &wanted);
    let all = new.len() == found;
    if let Some(name) = matches.get_one::<String>("name") {
        rename(&mut new, name)?;
    }
    if new.is_empty() {
        mend(context, stale)?;
        return context.say(if matches.get_flag("merge") { "Nothing to merge." } else { "No changes detected." });
    }
    let updated = if matches.get_flag("update") { update(&set, &mut new)? } else { Vec::new() };
    for migration in updated.iter().chain(&new) {
        context.say(styled(NAME, &migration.id))?;
        let app = migration.id.app.as_str();
        if let Some(by) = needing(&new, &updated, &migration.id).filter(|_| !wanted.contains(app)) {
            context.say(styled(NOTE, format_args!("  `{app}` was not named, but `{by}` depends on this")))?;
        }
        for operation in &migration.operations {
            let does = operation.describe();
            context.say(format_args!("  - {}", if operation.destroys_data() { styled(BAD, does) } else { does }))?;
        }
    }
    // A merge of branches has no one state before it; what is made by hand is not there yet.
    if !matches.get_flag("merge") && !matches.get_flag("empty") {
        let mut state = without(&set, &updated)?.state().map_err(engine_error)?;
        let mut run = Run::default();
        for migration in updated.iter().chain(&new) {
            if later.contains(&(migration.id.app.clone(), migration.id.number())) {
                run = Run::default();
            }
            let dialect = lintmigrations::dialect(context, &migration.id.app);
            lintmigrations::tell(context, &mut run, dialect, &state, migration)?;
            let applied = migration.operations.iter().try_for_each(|operation| operation.apply(&mut state));
            match applied {
                Ok(()) => {}
                Err(error) if all && updated.is_empty() => return Err(engine_error(error)),
                // Without the applications that were left out it may not fit, nor in another order.
                Err(_) => break,
            }
        }
    }
    if matches.get_flag("check") {
        return Err(Error::new(Code::Migration, "the models have changes that no migration makes")
            .with_hint("run `makemigrations` and commit what it writes"));
    }
    if matches.get_flag("dry-run") {
        for migration in updated.iter().chain(&new) {
            context.say(format_args!("\n# {}\n{}", migration.id.path(), migration.to_toml().map_err(engine_error)?))?;
        }
        return Ok(());
    }
    if !updated.is_empty() {
        let ids: Vec<MigrationId> = updated.iter().map(|migration| migration.id.clone()).collect();
        files::not_applied(context, &ids).await?;
        for migration in &updated {
            files::rewrite(context, migration)?;
        }
    }
    mend(context, stale)?;
    files::write(context, &mut set, &new)?;
    for migration in new.iter().filter(|it| later.contains(&(it.id.app.clone(), it.id.number()))) {
        let (app, name) = (&migration.id.app, &migration.id.name);
        let before = migration.depends_on.iter().find(|needed| needed.app == *app);
        let until =
            before.map_or_else(String::new, |before| format!("; until then `migrate {app} {:04}`", before.number()));
        context.say(styled(
            NOTE,
            format_args!("{name} is for when no program of the version before runs any more: a later release{until}."),
        ))?;
    }
    Ok(())
}

/// The migrations but for those that are written anew.
fn without(set: &MigrationSet, updated: &[Migration]) -> Result<MigrationSet> {
    let mut others = MigrationSet::default();
    for migration in set.iter().filter(|migration| !updated.iter().any(|other| other.id == migration.id)) {
        others.add(migration.clone()).map_err(engine_error)?;
    }
    Ok(others)
}

/// Leaves out what is of other applications than those that are wanted, but for what these depend on.
fn keep_needed(new: &mut Vec<Migration>, wanted: &BTreeSet<&str>) {
    let mut kept: BTreeSet<MigrationId> =
        new.iter().map(|migration| migration.id.clone()).filter(|id| wanted.contains(id.app.as_str())).collect();
    // Each is after those it depends on.
    for migration in new.iter().rev() {
        if kept.contains(&migration.id) {
            kept.extend(migration.depends_on.iter().cloned());
        }
    }
    new.retain(|migration| kept.contains(&migration.id));
}

/// One of the migrations that depends on another.
fn needing<'m>(new: &'m [Migration], updated: &'m [Migration], id: &MigrationId) -> Option<&'m MigrationId> {
    new.iter().chain(updated).find(|other| other.depends_on.contains(id)).map(|other| &other.id)
}

/// Brings the indexes up to date, unless nothing is to be written.
fn mend(context: &Context<'_>, stale: Vec<files::Stale>) -> Result<()> {
    for stale in stale {
        if context.matches().get_flag("check") {
            return Err(stale.refuse());
        }
        if !context.matches().get_flag("dry-run") {
            stale.mend(context)?;
        }
    }
    Ok(())
}

/// The migrations that bring branches together.
fn merge(set: &MigrationSet, wanted: &BTreeSet<&str>) -> Result<Vec<Migration>> {
    let merges = wanted.iter().filter_map(|app| set.merge(app).map_err(engine_error).transpose());
    merges.collect()
}

/// The latest migrations with the new ones put into them; what has no earlier migration stays new.
fn update(set: &MigrationSet, new: &mut Vec<Migration>) -> Result<Vec<Migration>> {
    let (mut updated, mut replaced) = (Vec::new(), Vec::new());
    let found = new.clone();
    for added in std::mem::take(new) {
        let leaf = set.leaves(&added.id.app).last().and_then(|id| set.get(id));
        let Some(leaf) = leaf.filter(|leaf| added.depends_on.contains(&leaf.id)) else {
            new.push(added);
            continue;
        };
        if let Some(other) = set.iter().find(|other| other.depends_on.contains(&leaf.id)) {
            return Err(Error::new(
                Code::Migration,
                format!("`{}` cannot be changed: `{}` depends on it", leaf.id, other.id),
            )
            .with_hint("make a new migration, without `--update`"));
        }
        // All that it may build on, what is new in other applications too.
        let mut before = set.state_without(&leaf.id).map_err(engine_error)?;
        for operation in found.iter().filter(|other| other.id.app != leaf.id.app).flat_map(|other| &other.operations) {
            let _ = operation.apply(&mut before);
        }
        replaced.push((added.id, leaf.id.clone()));
        let mut migration = leaf.clone();
        migration.depends_on.extend(added.depends_on);
        migration.operations.extend(added.operations);
        migration.operations = reduce_from(&before, migration.operations);
        updated.push(migration);
    }
    // What one was to need is in the other's latest now.
    for migration in updated.iter_mut().chain(new.iter_mut()) {
        let own = migration.id.clone();
        let mut needed = Vec::new();
        for id in std::mem::take(&mut migration.depends_on) {
            let id = replaced.iter().find(|(from, _)| *from == id).map_or(id, |(_, to)| to.clone());
            if id != own && !needed.contains(&id) {
                needed.push(id);
            }
        }
        migration.depends_on = needed;
    }
    Ok(updated)
}

/// What has changed, in each database by itself: no table moves from one to another.
/// `later` gets the numbers of those that have to wait until programs of the version before are gone.
fn detect(context: &Context<'_>, later: &mut Vec<(String, u32)>) -> Result<Vec<Migration>> {
    let (apps, matches) = (context.project().apps(), context.matches());
    let mut answers = Answers::new();
    if let Some(path) = matches.get_one::<String>("answers") {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Error::new(Code::Migration, format!("the answers in `{path}` cannot be read")).with_source(error)
        })?;
        answers.file(&text).map_err(engine_error)?;
    }
    for text in matches.get_many::<String>("rename").into_iter().flatten() {
        answers.rename(text).map_err(engine_error)?;
    }
    for text in matches.get_many::<String>("remove").into_iter().flatten() {
        answers.remove(text).map_err(engine_error)?;
    }
    for text in matches.get_many::<String>("default").into_iter().flatten() {
        answers.default(text).map_err(engine_error)?;
    }
    let mut answers = answers.or_ask(Terminal::new(!matches.get_flag("no-input"), apps));
    let mut new = Vec::new();
    for apps in context.project().apart() {
        let set = migrate::read_migrations(&apps, false)?;
        let models = migrate::schema(&apps)?;
        let found = migrations_engine::autodetect(&set, &models, &mut answers).map_err(engine_error)?;
        let found = migrate::follow_labels(&set, found)?;
        if !matches.get_flag("safe") {
            new.extend(found);
            continue;
        }
        for SafeStep { migration, later: waits } in safe_steps(&set.state().map_err(engine_error)?, found) {
            if waits {
                later.push((migration.id.app.clone(), migration.id.number()));
            }
            new.push(migration);
        }
    }
    match answers.unused().as_slice() {
        [] => Ok(new),
        unused => Err(Error::new(Code::Migration, format!("M023: nothing was asked about {}", unused.join(", ")))
            .with_hint("look for a slip in the name, or leave the answer out")),
    }
}

fn empty(set: &MigrationSet, wanted: &BTreeSet<&str>) -> Result<Vec<Migration>> {
    let (set, _) = set.effective(&BTreeSet::new()).map_err(engine_error)?;
    let make = |app: &&str| {
        let leaves: Vec<MigrationId> = set.leaves(app).into_iter().cloned().collect();
        let number = leaves.iter().map(MigrationId::number).max().unwrap_or(0) + 1;
        let mut migration = Migration::new(MigrationId::new(*app, format!("{number:04}_custom")));
        migration.depends_on = leaves;
        migration
    };
    Ok(wanted.iter().map(make).collect())
}

/// Gives the new migrations the name that was asked for, after their numbers.
fn rename(new: &mut [Migration], name: &str) -> Result<()> {
    files::check_name(name)?;
    let renamed: Vec<(MigrationId, MigrationId)> = new
        .iter()
        .map(|migration| {
            let id = MigrationId::new(migration.id.app.clone(), format!("{:04}_{name}", migration.id.number()));
            (migration.id.clone(), id)
        })
        .collect();
    let current = |id: &MigrationId| renamed.iter().find(|(old, _)| old == id).map(|(_, new)| new.clone());
    for migration in new {
        for dependency in &mut migration.depends_on {
            *dependency = current(dependency).unwrap_or_else(|| dependency.clone());
        }
        migration.id = current(&migration.id).unwrap_or_else(|| migration.id.clone());
    }
    Ok(())
}
