//! `migrate`: brings the database to the state of the migrations, or back.

use super::{
    Command, CommandFuture, Context,
    ask::Terminal,
    lintmigrations,
    output::{BAD, DONE, NAME, NOTE, Output, progress, styled},
    showmigrations::disagreements,
};
use crate::{
    Code, Dialect, Error, Result,
    migrate::{self, Migrator, engine_dialect, engine_error},
};
use clap::{Arg, ArgAction, ArgMatches};
use migrations_engine::{
    Direction, Migration, MigrationId, MigrationSet, Schema, execute::Event, lint::Run, plan::outline,
};
use std::time::Duration;

pub(super) struct Migrate;

impl Command for Migrate {
    fn arguments(&self) -> clap::Command {
        let flag =
            |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
        let seconds = |name: &'static str, help: &'static str| {
            Arg::new(name).long(name).value_name("SECONDS").value_parser(clap::value_parser!(u64)).help(help)
        };
        clap::Command::new("migrate")
            .about("Brings the database to the state of the migrations")
            .arg(Arg::new("app").value_name("APP").help("Only this application"))
            .arg(
                Arg::new("name")
                    .value_name("NAME")
                    .help("Forward or back to this migration, or the start of its name; `zero` undoes all"),
            )
            .arg(flag("plan", "Show what would be run, and run nothing"))
            .arg(flag("check", "Fail when there is something to run, and run nothing"))
            .arg(flag("fake", "Record the migrations as run, and run nothing"))
            .arg(flag("fake-initial", "Record first migrations, and those after them that only make things, without running them where all that they make is there"))
            // It never asks; scripts that were written for Django say so.
            .arg(flag("no-input", "Ask nothing").alias("noinput").hide(true))
            .arg(seconds("statement-timeout", "The longest that a statement may run"))
            .arg(seconds("lock-timeout", "The longest that a statement may wait for a lock"))
            .arg(
                Arg::new("default")
                    .long("default")
                    .value_name("APP.MODEL.FIELD=VALUE")
                    .action(ArgAction::Append)
                    .help("The value that rows get in a column that comes back, going back past its removal"),
            )
    }

    fn for_each_database(&self) -> bool {
        true
    }

    fn only_looks(&self, matches: &ArgMatches) -> bool {
        matches.get_flag("plan") || matches.get_flag("check")
    }

    fn app_arguments(&self) -> &[&str] {
        &["app"]
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(migrate(context))
    }
}

/// The migrator that the arguments ask for.
fn migrator(context: &Context<'_>) -> Result<Migrator> {
    let matches = context.matches();
    let mut migrator = Migrator::new(context.apps())?;
    let given: Vec<&String> = matches.get_many::<String>("default").into_iter().flatten().collect();
    if !given.is_empty() {
        let (apps, mut reader) = (context.apps(), Terminal::new(false, context.apps()));
        let models = migrate::schema(apps)?;
        for text in given {
            migrator = migrator.restored(&reader.read(&models, text).map_err(engine_error)?)?;
        }
    }
    let migrator = migrator.with_steps(&context.project().steps, &context.project().hooks);
    let migrator = migrator.fake(matches.get_flag("fake")).fake_initial(matches.get_flag("fake-initial"));
    match matches.get_one::<String>("app") {
        Some(app) => migrator.to(app, matches.get_one::<String>("name").map(String::as_str)),
        None => Ok(migrator),
    }
}

async fn migrate(context: &Context<'_>) -> Result<()> {
    let matches = context.matches();
    let migrator = migrator(context)?;
    let unmade = unmade(context, migrator.set());
    if Migrate.only_looks(matches) {
        return show(context, &migrator, &context.look().await?, &unmade).await;
    }
    let db = context.database().await?;
    let output = context.output.clone();
    let seconds = |name: &str| matches.get_one::<u64>(name).copied().map(Duration::from_secs);
    let migrator = migrator
        .timeouts(seconds("statement-timeout"), seconds("lock-timeout"))
        .on_progress(move |event| report(&output, event))
        .on_step(report_step);
    let files = migrator.set().clone();
    let done = migrator.run(&db).await?;
    if done.is_empty() {
        nothing(context, &unmade)?;
        // A database that is ahead of the program, for example.
        let wanted = context.apps().iter().map(|app| app.label()).collect();
        disagreements(context, &Migrator::with_set(files), &db, &wanted).await?;
    }
    db.close().await;
    tell(context, &unmade)
}

/// Says that no migration has to be run; where some have yet to be made, that is not all there is to say.
fn nothing(context: &Context<'_>, unmade: &[String]) -> Result<()> {
    context.say(if unmade.is_empty() { "Nothing to migrate." } else { "Nothing to migrate yet." })
}

fn tell(context: &Context<'_>, unmade: &[String]) -> Result<()> {
    unmade.iter().try_for_each(|note| context.say(styled(NOTE, note)))
}

/// What the models say and no migration does, application by application: `migrate` alone leaves it undone.
fn unmade(context: &Context<'_>, set: &MigrationSet) -> Vec<String> {
    let (apps, matches) = (context.apps(), context.matches());
    let asked = matches.get_one::<String>("app").map(String::as_str);
    // Whoever goes to a certain migration does not ask for the models' own.
    let (None, Ok(models), Ok(files)) = (matches.get_one::<String>("name"), migrate::schema(apps), set.state()) else {
        return Vec::new();
    };
    let made = set.apps();
    let differs = |app: &&str| !own(&models, app).eq(own(&files, app));
    let labels = apps.iter().map(|app| app.label()).filter(|app| asked.is_none_or(|asked| asked == *app));
    let note = |app: &str| match made.contains(app) {
        true => format!(
            "The models of `{app}` have changes that no migration makes: run `makemigrations`, then `migrate` again."
        ),
        false => format!(
            "`{app}` has models and no migrations: run `makemigrations`, which writes them, then `migrate` again."
        ),
    };
    labels.filter(differs).map(note).collect()
}

/// The models of one application.
fn own<'s>(schema: &'s Schema, app: &str) -> impl Iterator<Item = &'s migrations_engine::schema::Model> {
    schema.models.values().filter(move |model| model.key.app == app)
}

fn report_step(step: &str, rows: u64) {
    progress(&format!("    {step}: {rows} rows"));
}

/// Tells what happens. A migration does not stop because its output cannot be written.
fn report(output: &Output, event: &Event<'_>) {
    let begin = |style, verb: &str, id: &MigrationId| {
        let _ = output.line(format_args!("{} {}", styled(style, verb), styled(NAME, id)));
    };
    match event {
        Event::Begin { migration, direction: Direction::Forward, statements: 0 } => {
            begin(DONE, "Recording", &migration.id);
        }
        Event::Begin { migration, direction: Direction::Forward, .. } => begin(DONE, "Applying", &migration.id),
        Event::Begin { migration, direction: Direction::Backward, statements: 0 } => {
            begin(BAD, "Recording as undone", &migration.id);
        }
        Event::Begin { migration, direction: Direction::Backward, .. } => begin(BAD, "Undoing", &migration.id),
        // Whoever waits wants to know for what.
        Event::Statement { at, statement } => progress(&format!("    {}. {}", at + 1, statement.comment)),
        Event::Ran { statement, time, .. } => {
            progress("");
            if time.as_secs() >= 1 {
                let _ = output.line(format_args!("    {} took {:.1} s", statement.comment, time.as_secs_f64()));
            }
        }
        _ => {}
    }
}

async fn show(context: &Context<'_>, migrator: &Migrator, db: &crate::Database, unmade: &[String]) -> Result<()> {
    let matches = context.matches();
    let plan = migrator.plan(db).await?;
    if plan.is_empty() {
        nothing(context, unmade)?;
    }
    let history = migrator.history(db).await?;
    let recorded = migrator.recorded(db).await?;
    let stopped = |id: &MigrationId| history.iter().find(|entry| entry.id == *id)?.progress.as_ref();
    let mut states = migrator.set().states().map_err(engine_error)?;
    let mut run = Run::default();
    for (id, direction) in &plan {
        if let Some(progress) = stopped(id) {
            let (verb, done, total) = (styled(NOTE, "Go on with"), progress.done, progress.total);
            context.say(format_args!("{verb} {}: {done} of {total} statements are done", styled(NAME, id)))?;
            continue;
        }
        let (verb, only) = match (*direction, recorded.get(id)) {
            (Direction::Forward, None) => (styled(DONE, "Apply"), None),
            (Direction::Backward, None) => (styled(BAD, "Undo"), None),
            (Direction::Forward, only) => (styled(DONE, "Record"), only),
            (Direction::Backward, only) => (styled(BAD, "Record as undone"), only),
        };
        context.say(format_args!("{verb} {}", styled(NAME, id)))?;
        if let Some(statements) = only {
            let why = if matches.get_flag("fake") { "it" } else { "what it makes is there: it" };
            context.say(format_args!("    {why} is not run"))?;
            statements.iter().try_for_each(|sql| context.say(format_args!("    but for: {sql}")))?;
        } else if matches.get_flag("plan") {
            let before = states.before(id).map_err(engine_error)?;
            if let Some(migration) = migrator.set().get(id) {
                explain(context, &mut run, db.dialect(), &before, migration, *direction)?;
            }
        }
    }
    if matches.get_flag("plan") {
        for obstacle in migrator.obstacles(db).await? {
            context.say(format_args!("{} {obstacle}", styled(BAD, "In the way:")))?;
        }
    }
    tell(context, unmade)?;
    if matches.get_flag("check") && !plan.is_empty() {
        return Err(Error::new(Code::Migration, format!("{} migrations have not been run", plan.len()))
            .with_hint("run `migrate`"));
    }
    Ok(())
}

/// What a migration does, operation by operation.
fn explain(
    context: &Context<'_>,
    run: &mut Run,
    dialect: Dialect,
    before: &Schema,
    migration: &Migration,
    direction: Direction,
) -> Result<()> {
    for line in outline(engine_dialect(dialect), before, migration, direction).map_err(engine_error)? {
        context.say(format_args!("    {line}"))?;
    }
    match direction {
        Direction::Forward => lintmigrations::tell(context, run, dialect, before, migration),
        Direction::Backward => lintmigrations::tell_lost(context, dialect, before, migration),
    }
}
