//! `sqlmigrate`: the SQL of a migration, in any dialect and without a connection.

use super::{Command, CommandFuture, Context};
use crate::{
    Code, Dialect, Error, Result,
    migrate::{self, engine_dialect, engine_error},
};
use clap::{Arg, ArgAction};
use migrations_engine::{Direction, plan::script};

pub(super) struct SqlMigrate;

impl Command for SqlMigrate {
    fn arguments(&self) -> clap::Command {
        clap::Command::new("sqlmigrate")
            .about("Prints the SQL of a migration")
            .arg(Arg::new("app").value_name("APP").required(true).help("The application"))
            .arg(Arg::new("name").value_name("NAME").required(true).help("The migration, or the start of its name"))
            .arg(Arg::new("backwards").long("backwards").action(ArgAction::SetTrue).help("The SQL that undoes it"))
            .arg(
                Arg::new("dialect")
                    .long("dialect")
                    .value_name("DIALECT")
                    .value_parser(Dialect::ALL.map(Dialect::name))
                    .help("The dialect, without a database; else that of the database"),
            )
    }

    fn for_each_database(&self) -> bool {
        true
    }

    fn app_arguments(&self) -> &[&str] {
        &["app"]
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(print(context))
    }
}

async fn print(context: &Context<'_>) -> Result<()> {
    let matches = context.matches();
    let argument = |name: &str| matches.get_one::<String>(name).map(String::as_str).unwrap_or_default();
    let named = Dialect::ALL.into_iter().find(|dialect| dialect.name() == argument("dialect"));
    let dialect = match named {
        Some(dialect) => dialect,
        None => context.look().await?.dialect(),
    };
    let set = migrate::migrations(context.apps())?;
    let id = set.resolve(argument("app"), argument("name")).map_err(engine_error)?;
    let before = set.state_before(id).map_err(engine_error)?;
    let missing = || Error::new(Code::Migration, format!("there is no migration `{id}`"));
    let migration = set.get(id).ok_or_else(missing)?;
    let direction = if matches.get_flag("backwards") { Direction::Backward } else { Direction::Forward };
    context.say(script(engine_dialect(dialect), &before, migration, direction).map_err(engine_error)?)
}
