//! `migrate`: brings the database to the state of the migrations, or back.

use super::{Command, CommandFuture, Context, lintmigrations};
use crate::{
    Code, Error, Result,
    migrate::{Migrator, engine_dialect, engine_error},
};
use clap::{Arg, ArgAction, ArgMatches};
use migrations_engine::{Direction, MigrationId, execute::Event, plan::plan_migration};
use std::{io::IsTerminal, time::Duration};

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
            .arg(flag("fake-initial", "Record a first migration without running it where its tables are there already"))
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

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(migrate(context))
    }
}

/// The migrator that the arguments ask for.
fn migrator(context: &Context<'_>) -> Result<Migrator> {
    let matches = context.matches();
    let mut migrator = Migrator::new(context.project().apps())?;
    for text in matches.get_many::<String>("default").into_iter().flatten() {
        migrator = migrator.restored(text)?;
    }
    match matches.get_one::<String>("app") {
        Some(app) => migrator.to(app, matches.get_one::<String>("name").map(String::as_str)),
        None => Ok(migrator),
    }
}

async fn migrate(context: &Context<'_>) -> Result<()> {
    let matches = context.matches();
    let migrator = migrator(context)?;
    let db = context.database().await?;
    if matches.get_flag("plan") || matches.get_flag("check") {
        return show(&migrator, &db, matches).await;
    }
    let seconds = |name: &str| matches.get_one::<u64>(name).copied().map(Duration::from_secs);
    let migrator = migrator
        .fake(matches.get_flag("fake"))
        .fake_initial(matches.get_flag("fake-initial"))
        .timeouts(seconds("statement-timeout"), seconds("lock-timeout"))
        .with_steps(&context.project().steps, &context.project().hooks)
        .on_progress(report)
        .on_step(report_step);
    let done = migrator.run(&db).await?;
    if done.is_empty() {
        println!("Nothing to migrate.");
    }
    db.close().await;
    Ok(())
}

fn report_step(step: &str, rows: u64) {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K    {step}: {rows} rows");
    }
}

fn report(event: &Event<'_>) {
    match event {
        Event::Begin { migration, direction: Direction::Forward, statements: 0 } => {
            println!("Recording {}", migration.id)
        }
        Event::Begin { migration, direction: Direction::Forward, .. } => println!("Applying {}", migration.id),
        Event::Begin { migration, direction: Direction::Backward, .. } => println!("Undoing {}", migration.id),
        // Whoever waits wants to know for what.
        Event::Statement { at, statement } if std::io::stderr().is_terminal() => {
            eprint!("\r\x1b[K    {}. {}", at + 1, statement.comment);
        }
        Event::Ran { statement, time, .. } => {
            if std::io::stderr().is_terminal() {
                eprint!("\r\x1b[K");
            }
            if time.as_secs() >= 1 {
                println!("    {} took {:.1} s", statement.comment, time.as_secs_f64());
            }
        }
        _ => {}
    }
}

async fn show(migrator: &Migrator, db: &crate::Database, matches: &ArgMatches) -> Result<()> {
    let plan = migrator.plan(db).await?;
    if plan.is_empty() {
        println!("Nothing to migrate.");
        return Ok(());
    }
    let verb = |direction: &Direction| if *direction == Direction::Forward { "Apply" } else { "Undo" };
    for (id, direction) in &plan {
        println!("{} {id}", verb(direction));
        if matches.get_flag("plan") {
            explain(migrator, db, id, *direction)?;
        }
    }
    if matches.get_flag("check") {
        return Err(Error::new(Code::Migration, format!("{} migrations have not been run", plan.len()))
            .with_hint("run `migrate`"));
    }
    Ok(())
}

/// What a migration does, statement by statement.
fn explain(migrator: &Migrator, db: &crate::Database, id: &MigrationId, direction: Direction) -> Result<()> {
    let set = migrator.set();
    let Some(migration) = set.get(id) else { return Ok(()) };
    let before = set.state_before(id).map_err(engine_error)?;
    let statements =
        plan_migration(engine_dialect(db.dialect()), &before, migration, direction).map_err(engine_error)?;
    for statement in statements {
        println!("    {}", statement.comment);
    }
    if direction == Direction::Forward {
        lintmigrations::tell(db.dialect(), &before, migration);
    }
    Ok(())
}
