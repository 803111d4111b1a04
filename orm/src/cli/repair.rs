//! `repair`: what is wrong with the history of migrations, and the ways to set it right.

use super::{
    Command, CommandFuture, Context,
    ask::Terminal,
    output::{BAD, DONE, NAME, styled},
};
use crate::{
    App, Code, Error, Result,
    migrate::{Migrator, engine_error},
};
use clap::{Arg, ArgAction};
use migrations_engine::{
    MigrationId,
    execute::{Finding, Remedy},
};

pub(super) struct Repair;

const REMEDIES: [(Remedy, &str, &str); 6] = [
    (Remedy::Accept, "accept", "Take an edited file as it is now"),
    (Remedy::Forget, "forget", "Take a migration without a file out of the history"),
    (Remedy::Record, "record", "Record a migration as applied, without running it"),
    (Remedy::Done, "done", "The statement at which a migration stopped was done"),
    (Remedy::NotDone, "not-done", "The statement at which a migration stopped was not done"),
    (Remedy::Undo, "undo", "Undo what a migration did before it stopped"),
];

/// The flags that name migrations, and so applications.
const FLAGS: [&str; REMEDIES.len()] = {
    let mut flags = [""; REMEDIES.len()];
    let mut at = 0;
    while at < flags.len() {
        flags[at] = REMEDIES[at].1;
        at += 1;
    }
    flags
};

fn flag(remedy: Remedy) -> &'static str {
    REMEDIES.iter().find(|(known, ..)| *known == remedy).map_or("", |(_, flag, _)| flag)
}

impl Command for Repair {
    fn arguments(&self) -> clap::Command {
        let arg = |(_, name, help): &(Remedy, &'static str, &'static str)| {
            Arg::new(*name).long(*name).value_name("APP.MIGRATION").action(ArgAction::Append).help(*help)
        };
        clap::Command::new("repair")
            .about("Tells what is wrong with the history of migrations, and asks what to do; a flag answers beforehand")
            .arg(
                Arg::new("no-input")
                    .long("no-input")
                    .alias("noinput")
                    .action(ArgAction::SetTrue)
                    .help("Ask nothing, and change nothing without a flag that says what"),
            )
            .args(REMEDIES.iter().map(arg))
            .group(clap::ArgGroup::new("remedy").args(FLAGS).multiple(false))
    }

    fn for_each_database(&self) -> bool {
        true
    }

    fn app_arguments(&self) -> &[&str] {
        &FLAGS
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(repair(context))
    }
}

async fn repair(context: &Context<'_>) -> Result<()> {
    let matches = context.matches();
    let migrator = Migrator::new(context.apps())?;
    let db = context.look().await?;
    let findings = migrator.findings(&db).await?;
    let asked = REMEDIES.iter().find_map(|(remedy, name, _)| Some((*remedy, matches.get_many::<String>(name)?)));
    if let Some((remedy, texts)) = asked {
        let ids: Vec<MigrationId> = texts.map(|text| text.parse()).collect::<Result<_, _>>().map_err(engine_error)?;
        // Of several that are named, each is repaired in its own database.
        let elsewhere = |id: &MigrationId| {
            let is = |app: &App| app.label() == id.app;
            context.project().apps().iter().any(is) && !context.apps().iter().any(is)
        };
        for id in ids.into_iter().filter(|id| !elsewhere(id)) {
            for finding in findings.iter().filter(|finding| finding.migration == id) {
                tell(context, finding, |possible| possible == remedy)?;
            }
            migrator.repair(&db, &id, remedy).await?;
            context.say(styled(DONE, "Done."))?;
        }
    } else if findings.is_empty() {
        context.say("Nothing is wrong with the history.")?;
    } else {
        let mut terminal = Terminal::new(!matches.get_flag("no-input"), context.apps());
        let mut left = 0;
        for finding in &findings {
            tell(context, finding, |_| true)?;
            let remedies: Vec<(&str, Remedy)> = finding.remedies.iter().map(|(it, _)| (flag(*it), *it)).collect();
            match terminal.choose(&remedies) {
                Some(remedy) => {
                    migrator.repair(&db, &finding.migration, remedy).await?;
                    context.say(styled(DONE, "Done."))?;
                }
                None => left += 1,
            }
        }
        if left > 0 {
            db.close().await;
            return Err(Error::new(Code::Migration, format!("{left} of {} left as they are", findings.len()))
                .with_hint("say what to do about each by its flag, as shown above"));
        }
    }
    db.close().await;
    Ok(())
}

/// What is wrong, and the ways to set it right that are of interest.
fn tell(context: &Context<'_>, finding: &Finding, of_interest: impl Fn(Remedy) -> bool) -> Result<()> {
    context.say(format_args!("{}: {}", styled(BAD, finding.code.as_str()), finding.message))?;
    for (remedy, meaning) in finding.remedies.iter().filter(|(remedy, _)| of_interest(*remedy)) {
        let command = format!("repair --{} {}", flag(*remedy), finding.migration);
        context.say(format_args!("  {}\n      {meaning}", styled(NAME, command)))?;
    }
    Ok(())
}
