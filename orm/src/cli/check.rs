//! `check`: whether models fit together and suit the database, and whether models, migrations and the database say the same.

use super::{
    Command, CommandFuture, Context,
    databases::Place,
    project::{each, together},
};
use crate::{
    Code, Database, Dialect, Error, Finding, Level, Result, SystemCheck,
    migrate::{self, Migrator, engine_dialect, engine_error, introspect},
};
use clap::{Arg, ArgAction, ArgMatches};
use migrations_engine::{
    MigrationId, MigrationSet, Schema,
    diff::Answers,
    introspect::{Drift, Live, as_stored, differences_where},
};
use std::collections::BTreeSet;

pub(super) struct Check;

/// A check of the program's own: see [`Project::check`](crate::Project::check).
pub type CheckFn = dyn Fn(&[crate::App]) -> Vec<Finding> + Send + Sync;

impl Command for Check {
    fn arguments(&self) -> clap::Command {
        let list = |name: &'static str, value: &'static str, help: &'static str| {
            Arg::new(name).long(name).value_name(value).action(ArgAction::Append).help(help)
        };
        let switch =
            |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
        clap::Command::new("check")
            .about("Tells what is wrong with models and settings, and how models, migrations and the database differ; fails if anything does")
            .arg(switch("no-database", "Look at models and migrations only"))
            .arg(switch("deploy", "Look at the settings too, as they should be in production"))
            .arg(list("tag", "TAG", "Only checks of this kind: models, database, deploy, migrations, or one of the program's own"))
            .arg(list("allow", "CODE", "Leave out what has this code, such as S114 or D021"))
            .arg(
                Arg::new("fail-level")
                    .long("fail-level")
                    .value_name("LEVEL")
                    .default_value("error")
                    .value_parser(|text: &str| text.parse::<Level>())
                    .help("The least level that fails: debug, info, warning, error, critical"),
            )
            .arg(
                Arg::new("format")
                    .long("format")
                    .value_name("FORM")
                    .default_value("text")
                    .value_parser(["text", "json"])
                    .help("How it is told"),
            )
            .arg(switch("list", "Tell what is looked for, and the codes"))
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(check(context))
    }
}

/// What differs, each with what it is.
type Found = Vec<(Drift, String)>;

/// Which findings are left out, and which are asked for.
struct Wanted {
    allowed: BTreeSet<String>,
    tags: Vec<String>,
}

impl Wanted {
    fn of(context: &Context<'_>) -> Result<Wanted> {
        let listed = |name: &str| -> Vec<String> {
            context.matches().get_many::<String>(name).into_iter().flatten().cloned().collect()
        };
        let own = &context.project().silenced;
        for code in &listed("allow") {
            let known = Drift::ALL.iter().any(|(drift, _)| drift.as_str() == code)
                || SystemCheck::ALL.iter().any(|(check, _)| check.as_str() == code)
                // Those of a program's own have a name before a dot.
                || code.contains('.');
            if !known {
                return Err(Error::new(Code::Migration, format!("there is no difference of the code `{code}`"))
                    .with_hint("`check --list` tells the codes"));
            }
        }
        let tags = listed("tag");
        let known: BTreeSet<&str> =
            SystemCheck::ALL.iter().map(|(check, _)| check.tag()).chain(["migrations"]).collect();
        // Which tags the program's own checks have is seen in what they find.
        let unknown = tags.iter().find(|tag| context.project().checks.is_empty() && !known.contains(&***tag));
        if let Some(tag) = unknown {
            let known = known.into_iter().collect::<Vec<_>>().join("`, `");
            return Err(Error::new(Code::Migration, format!("no check has the tag `{tag}`"))
                .with_hint(format!("there are `{known}`")));
        }
        if tags.iter().any(|tag| tag == "deploy") && !context.matches().get_flag("deploy") {
            return Err(Error::new(Code::Migration, "the settings are asked for, and not looked at")
                .with_hint("say `--deploy --tag deploy`"));
        }
        let allowed = listed("allow").into_iter().chain(own.iter().cloned()).collect();
        Ok(Wanted { allowed, tags })
    }

    fn takes(&self, finding: &Finding) -> bool {
        let tagged =
            self.tags.is_empty() || finding.tags.iter().any(|tag| self.tags.iter().any(|wanted| wanted == tag));
        tagged && !self.allowed.contains(&*finding.id)
    }

    fn asks_for(&self, tag: &str) -> bool {
        self.tags.is_empty() || self.tags.iter().any(|wanted| wanted == tag)
    }
}

async fn check(context: &Context<'_>) -> Result<()> {
    let matches = context.matches();
    if matches.get_flag("list") {
        return list(context);
    }
    let wanted = Wanted::of(context)?;
    let given = matches.get_one::<String>("database").map(String::as_str);
    let places = context.project().places(given, true, &[])?;
    match matches.get_one::<String>("format").map(String::as_str) {
        Some("json") => document(context, &wanted, places).await,
        _ => {
            let text = async |at: &Context<'_>| {
                let told = look(at, &wanted).await?;
                tell(at, &told)?;
                told.outcome(matches)
            };
            each(|place| context.at(place), places, true, text).await
        }
    }
}

/// All that is found in all databases as one list.
async fn document(context: &Context<'_>, wanted: &Wanted, places: Vec<Place>) -> Result<()> {
    let mut list: Vec<serde_json::Value> = Vec::new();
    let mut failed: Vec<(String, Error)> = Vec::new();
    let several = places.len() > 1;
    for place in places {
        let name = place.name.clone();
        let at = context.at(place);
        let looked = look(&at, wanted).await;
        at.close().await;
        let (all, outcome) = match looked {
            Ok(told) => (told.all(), told.outcome(context.matches())),
            Err(error) => {
                let finding = Finding::new(Level::Error, error.code().as_str(), error.message()).with_tag("database");
                (vec![Finding { hint: error.hint().map(str::to_owned), ..finding }], Err(error))
            }
        };
        for finding in all {
            let value = serde_json::to_value(&finding);
            let mut value =
                value.map_err(|error| Error::new(Code::Migration, "a finding has no JSON form").with_source(error))?;
            if let (true, Some(object)) = (context.project().has_several(), value.as_object_mut()) {
                object.insert("database".to_owned(), name.clone().into());
            }
            list.push(value);
        }
        failed.extend(outcome.err().map(|error| (name, error)));
    }
    context.say(format_args!("{:#}", serde_json::Value::Array(list)))?;
    together(failed, several)
}

/// What there is to tell about one database.
struct Told {
    found: Vec<Finding>,
    differing: Found,
    /// Whether it could not be looked how models, migrations and the database differ.
    uncompared: bool,
}

impl Told {
    /// Everything, as findings.
    fn all(&self) -> Vec<Finding> {
        let told = self.differing.iter().map(|(drift, message)| {
            Finding::new(Level::Error, drift.as_str(), message).with_hint(drift.advice()).with_tag("migrations")
        });
        self.found.iter().cloned().chain(told).collect()
    }

    /// Whether it fails.
    fn outcome(&self, matches: &ArgMatches) -> Result<()> {
        let least = matches.get_one::<Level>("fail-level").copied().unwrap_or(Level::Error);
        let failing = self.found.iter().filter(|finding| finding.level >= least).count();
        let differing = if least <= Level::Error { self.differing.len() } else { 0 };
        let count = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let message = match (failing, differing) {
            (0, 0) => return Ok(()),
            (0, differing) => format!("{} between models, migrations and database", count(differing, "difference")),
            (failing, 0) => format!("{} of the level `{least}` or above", count(failing, "finding")),
            (failing, differing) => format!(
                "{} of the level `{least}` or above, and {}",
                count(failing, "finding"),
                count(differing, "difference")
            ),
        };
        Err(Error::new(Code::Migration, message)
            .with_hint("each is told with what to do; leave a code out by `--allow`"))
    }
}

async fn look(context: &Context<'_>, wanted: &Wanted) -> Result<Told> {
    let matches = context.matches();
    let mut found = systems(context, matches);
    // Models that do not fit together have no state to compare, whatever is left out of what is told.
    let (asked, fit) = (wanted.asks_for("migrations"), migrate::schema(context.apps()).is_ok());
    let uncompared = asked && !fit;
    if uncompared {
        let message = "Nothing was compared: the models do not fit together";
        found.push(Finding::of(SystemCheck::S301, message, "what is wrong with them is told, unless it is left out"));
    }
    found.retain(|finding| wanted.takes(finding));
    found.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    let mut differing = match fit && asked {
        true => drifts(context, matches).await?,
        false => Vec::new(),
    };
    differing.retain(|(drift, _)| !wanted.allowed.contains(drift.as_str()));
    Ok(Told { found, differing, uncompared })
}

/// What is to be said of models and settings.
fn systems(context: &Context<'_>, matches: &ArgMatches) -> Vec<Finding> {
    let url = context.url().filter(|_| !matches.get_flag("no-database"));
    let dialect = url.and_then(|url| match url.split(':').next()? {
        "sqlite" => Some(Dialect::Sqlite),
        "postgres" | "postgresql" => Some(Dialect::Postgres),
        // Which of the two it is only the server knows; they have the same tables.
        "mysql" | "mariadb" => Some(Dialect::MariaDb),
        _ => None,
    });
    let mut found = migrate::check(context.apps(), dialect);
    for own in &context.project().checks {
        found.extend(own(context.apps()));
    }
    if matches.get_flag("deploy") {
        if cfg!(debug_assertions) {
            let message = "the program is built with debug assertions";
            found.push(Finding::of(SystemCheck::S901, message, "build it by `cargo build --release`"));
        }
        if tracing::enabled!(target: "orm::query", tracing::Level::DEBUG) {
            let message = "each statement is an event that somebody listens to";
            found.push(Finding::of(SystemCheck::S909, message, "let the subscriber take `orm` from the level INFO on"));
        }
        found.extend(url.into_iter().flat_map(|url| context.project().builder(url).check()));
    }
    found
}

/// How models, migrations and the database differ.
async fn drifts(context: &Context<'_>, matches: &ArgMatches) -> Result<Found> {
    let apps = context.apps();
    let models = migrate::schema(apps)?;
    let migrator = Migrator::new(apps)?;
    let mut found = undone(migrator.set(), &models);
    if !matches.get_flag("no-database") {
        let db = context.look().await?;
        found.extend(against(&db, migrator).await?);
        db.close().await;
    }
    Ok(found)
}

fn tell(context: &Context<'_>, Told { found, differing, uncompared }: &Told) -> Result<()> {
    for finding in found {
        context.say(finding)?;
        if let Some(hint) = &finding.hint {
            context.say(format_args!("    {hint}"))?;
        }
    }
    let mut last = None;
    for (drift, message) in differing {
        context.say(format_args!("{drift} {message}"))?;
        if last.replace(*drift) != Some(*drift) {
            context.say(format_args!("    {}", drift.advice()))?;
        }
    }
    match (found.len(), differing.len()) {
        (0, 0) if !uncompared => context.say("Nothing differs."),
        _ => Ok(()),
    }
}

/// What is looked for.
fn list(context: &Context<'_>) -> Result<()> {
    for (check, meaning) in SystemCheck::ALL {
        context.say(format_args!("{} {} ({}): {}", check.as_str(), check.level(), check.tag(), meaning.trim()))?;
    }
    for (drift, meaning) in Drift::ALL {
        context.say(format_args!("{drift} error (migrations): {}", meaning.trim()))?;
    }
    Ok(())
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
    let (live, taken) = (introspect(db).await?, taken_over(db, &migrator, &applied).await?);
    // In a database of Django's, whatever its tables were made by.
    let is_djangos = live.schema.models.contains_key(&Live::key("django_migrations"));
    let different = differences_where(&wanted, &live, |table| !is_djangos && !taken.contains(table));
    found.extend(different.into_iter().map(|it| (it.drift, format!("`{}`: {}", it.table, it.message))));
    Ok(found)
}

/// The tables of applications whose first migration was recorded and not run: others have made them.
async fn taken_over(db: &Database, migrator: &Migrator, applied: &Schema) -> Result<BTreeSet<String>> {
    let history = migrator.history(db).await?;
    let is_first = |id: &MigrationId| {
        let migration = migrator.set().get(id);
        migration.is_none_or(|migration| migration.depends_on.iter().all(|other| other.app != id.app))
    };
    let taken = history.iter().filter(|entry| entry.taken_over && is_first(&entry.id));
    let apps: BTreeSet<&str> = taken.map(|entry| &*entry.id.app).collect();
    let models = applied.models.values().filter(|model| apps.contains(&*model.key.app));
    let tables = models.flat_map(|model| {
        let between =
            model.fields.iter().filter_map(|field| Some(&field.relation.as_ref()?.many_to_many.as_ref()?.table));
        between.chain([&model.table])
    });
    Ok(tables.cloned().collect())
}
