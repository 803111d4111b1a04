//! `flush`, `sqlflush` and `sqlsequencereset`: the rows of all tables, and the numbers of automatic keys.

use super::{Command, CommandFuture, Context, ask::Terminal, chosen, output::DONE, output::styled};
use crate::{
    App, Code, Dialect, Error, Result,
    db::without_password,
    migrate::{flush, flush_sql, sequence_sql},
};
use clap::{Arg, ArgAction};

pub(super) struct Flush;
pub(super) struct SqlFlush;
pub(super) struct SqlSequenceReset;

fn apps() -> Arg {
    Arg::new("apps").value_name("APP").num_args(0..).help("Only these applications")
}

fn dialect() -> Arg {
    Arg::new("dialect")
        .long("dialect")
        .value_name("DIALECT")
        .value_parser(Dialect::ALL.map(Dialect::name))
        .help("The dialect, without a database; else that of the database")
}

impl Command for Flush {
    fn arguments(&self) -> clap::Command {
        clap::Command::new("flush")
            .about("Removes all rows of the project's tables; asks before it does")
            .arg(apps())
            .arg(
                Arg::new("yes")
                    .long("yes")
                    .aliases(["no-input", "noinput"])
                    .action(ArgAction::SetTrue)
                    .help("Ask nothing"),
            )
    }

    fn for_each_database(&self) -> bool {
        true
    }

    fn app_arguments(&self) -> &[&str] {
        &["apps"]
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(remove(context))
    }
}

impl Command for SqlFlush {
    fn arguments(&self) -> clap::Command {
        clap::Command::new("sqlflush").about("Prints the SQL of `flush`").arg(apps()).arg(dialect())
    }

    fn for_each_database(&self) -> bool {
        true
    }

    fn app_arguments(&self) -> &[&str] {
        &["apps"]
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(print(context, flush_sql))
    }
}

impl Command for SqlSequenceReset {
    fn arguments(&self) -> clap::Command {
        clap::Command::new("sqlsequencereset")
            .about("Prints the SQL after which automatic keys go on from the largest that is there")
            .arg(apps())
            .arg(dialect())
    }

    fn for_each_database(&self) -> bool {
        true
    }

    fn app_arguments(&self) -> &[&str] {
        &["apps"]
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(print(context, sequence_sql))
    }
}

/// The applications that the command is given, of those in the database whose turn it is.
fn wanted(context: &Context<'_>) -> Result<Vec<App>> {
    let labels = chosen(context.project().apps(), context.matches())?;
    let here: Vec<App> = context.apps().iter().filter(|app| labels.contains(app.label())).copied().collect();
    match here.is_empty() && context.matches().contains_id("apps") {
        false => Ok(here),
        true => Err(Error::new(Code::BadSetting, "none of these applications has its tables in this database")
            .with_hint("leave `--database` out: each application's own is found")),
    }
}

async fn remove(context: &Context<'_>) -> Result<()> {
    let apps = wanted(context)?;
    if context.missing().is_some() {
        return context.say("There is no database yet.");
    }
    let place = context.url().map(without_password).unwrap_or_default();
    let labels = apps.iter().map(|app| app.label()).collect::<Vec<_>>().join(", ");
    let question = format!("Remove all rows of {labels} in {place}, for good?");
    let agreed = context.matches().get_flag("yes") || Terminal::new(true, &[]).yes(&question) == Some(true);
    if !agreed {
        return Err(Error::new(
            Code::BadSetting,
            format!("the rows of {labels} in {place} stay: nobody agreed to lose them"),
        )
        .with_hint("`flush --yes` asks nothing"));
    }
    let db = context.database().await?;
    flush(&db, &apps).await?;
    context.say(styled(DONE, format_args!("Removed all rows of {labels}.")))
}

async fn print(context: &Context<'_>, of: fn(Dialect, &[App]) -> Result<Vec<String>>) -> Result<()> {
    let named = context.matches().get_one::<String>("dialect");
    let named = Dialect::ALL.into_iter().find(|dialect| named.is_some_and(|name| name == dialect.name()));
    let dialect = match named {
        Some(dialect) => dialect,
        None => context.look().await?.dialect(),
    };
    let statements = of(dialect, &wanted(context)?)?;
    if statements.is_empty() {
        return context.say(format_args!("-- nothing to do on {}", dialect.name()));
    }
    statements.iter().try_for_each(|sql| context.say(format_args!("{sql};")))
}
