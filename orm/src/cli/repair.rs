//! `repair`: what is wrong with the history of migrations, and the ways to set it right.

use super::{Command, CommandFuture, Context};
use crate::{
    Result,
    migrate::{Migrator, engine_error},
};
use clap::Arg;
use migrations_engine::{MigrationId, execute::Remedy};

pub(super) struct Repair;

const REMEDIES: [(Remedy, &str, &str); 6] = [
    (Remedy::Accept, "accept", "Take an edited file as it is now"),
    (Remedy::Forget, "forget", "Take a migration without a file out of the history"),
    (Remedy::Record, "record", "Record a migration as applied, without running it"),
    (Remedy::Done, "done", "The statement at which a migration stopped was done"),
    (Remedy::NotDone, "not-done", "The statement at which a migration stopped was not done"),
    (Remedy::Undo, "undo", "Undo what a migration did before it stopped"),
];

fn flag(remedy: Remedy) -> &'static str {
    REMEDIES.iter().find(|(known, ..)| *known == remedy).map_or("", |(_, flag, _)| flag)
}

impl Command for Repair {
    fn arguments(&self) -> clap::Command {
        let arg = |(_, name, help): &(Remedy, &'static str, &'static str)| {
            Arg::new(*name).long(*name).value_name("APP.MIGRATION").help(*help)
        };
        clap::Command::new("repair")
            .about("Tells what is wrong with the history of migrations; a flag sets one thing right")
            .args(REMEDIES.iter().map(arg))
            .group(clap::ArgGroup::new("remedy").args(REMEDIES.map(|(_, name, _)| name)).multiple(false))
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(repair(context))
    }
}

async fn repair(context: &Context<'_>) -> Result<()> {
    let matches = context.matches();
    let migrator = Migrator::new(context.project().apps())?;
    let db = context.database().await?;
    let findings = migrator.findings(&db).await?;
    let asked = REMEDIES.iter().find_map(|(remedy, name, _)| Some((*remedy, matches.get_one::<String>(name)?)));
    if let Some((remedy, text)) = asked {
        let id: MigrationId = text.parse().map_err(engine_error)?;
        for finding in findings.iter().filter(|finding| finding.migration == id) {
            println!("{}: {}", finding.code.as_str(), finding.message);
            for (_, meaning) in finding.remedies.iter().filter(|(possible, _)| *possible == remedy) {
                println!("  --{} {meaning}", flag(remedy));
            }
        }
        migrator.repair(&db, &id, remedy).await?;
        println!("Done.");
        db.close().await;
        return Ok(());
    }
    if findings.is_empty() {
        println!("Nothing is wrong with the history.");
    }
    for finding in &findings {
        println!("{}: {}", finding.code.as_str(), finding.message);
        for (remedy, meaning) in &finding.remedies {
            println!("  repair --{} {}\n      {meaning}", flag(*remedy), finding.migration);
        }
    }
    db.close().await;
    Ok(())
}
