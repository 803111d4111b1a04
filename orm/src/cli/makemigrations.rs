//! `makemigrations`: compares the models with the migrations and writes what is missing.

use super::{Command, CommandFuture, Context, ask::Terminal};
use crate::{
    App, Code, Error, Result,
    migrate::{self, engine_error},
};
use clap::{Arg, ArgAction, ArgMatches};
use migrations_engine::{Migration, MigrationId, MigrationSet, diff::Answers};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

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
            .arg(Arg::new("name").long("name").value_name("NAME").help("The name of the migration, without its number"))
            .arg(flag("empty", "Write a migration without operations, to be filled in by hand"))
            .arg(flag("dry-run", "Show the migrations and write nothing"))
            .arg(flag("check", "Fail when the models have changed, and write nothing"))
            .arg(flag("no-input", "Ask nothing; refuse what the flags do not answer"))
            .arg(many("rename", "APP.MODEL[.FIELD]=NEW", "A model or field has a new name"))
            .arg(many("remove", "APP.MODEL[.FIELD]", "A model or field may go, with its values"))
            .arg(many("default", "APP.MODEL.FIELD=VALUE", "The value that existing rows get"))
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(async move { make(context.project().apps(), context.matches()) })
    }
}

fn make(apps: &[App], matches: &ArgMatches) -> Result<()> {
    let wanted = wanted(apps, matches)?;
    let mut set = migrate::migrations(apps)?;
    let mut new = if matches.get_flag("empty") { empty(&set, &wanted) } else { detect(apps, &set, matches)? };
    new.retain(|migration| wanted.contains(migration.id.app.as_str()));
    if let Some(name) = matches.get_one::<String>("name") {
        rename(&mut new, name)?;
    }
    if new.is_empty() {
        println!("No changes detected.");
        return Ok(());
    }
    for migration in &new {
        println!("{}", migration.id);
        for operation in &migration.operations {
            println!("  - {}", operation.describe());
        }
    }
    if matches.get_flag("check") {
        return Err(Error::new(Code::Migration, "the models have changes that no migration makes")
            .with_hint("run `makemigrations` and commit what it writes"));
    }
    if matches.get_flag("dry-run") {
        for migration in &new {
            println!("\n# {}\n{}", migration.id.path(), migration.to_toml().map_err(engine_error)?);
        }
        return Ok(());
    }
    write(apps, &mut set, &new)
}

fn wanted<'a>(apps: &'a [App], matches: &'a ArgMatches) -> Result<BTreeSet<&'a str>> {
    let known: BTreeSet<&str> = apps.iter().map(|app| app.label()).collect();
    let given: Option<BTreeSet<&str>> =
        matches.get_many::<String>("apps").map(|apps| apps.map(String::as_str).collect());
    let Some(given) = given else { return Ok(known) };
    match given.difference(&known).next() {
        Some(unknown) => Err(Error::new(Code::Migration, format!("the project has no application `{unknown}`"))
            .with_hint(format!("it has: {}", known.into_iter().collect::<Vec<_>>().join(", ")))),
        None => Ok(given),
    }
}

fn detect(apps: &[App], set: &MigrationSet, matches: &ArgMatches) -> Result<Vec<Migration>> {
    let mut answers = Answers::new();
    for text in matches.get_many::<String>("rename").into_iter().flatten() {
        answers.rename(text).map_err(engine_error)?;
    }
    for text in matches.get_many::<String>("remove").into_iter().flatten() {
        answers.remove(text).map_err(engine_error)?;
    }
    for text in matches.get_many::<String>("default").into_iter().flatten() {
        answers.default(text).map_err(engine_error)?;
    }
    let mut answers = answers.or_ask(Terminal::new(!matches.get_flag("no-input")));
    migrations_engine::autodetect(set, &migrate::schema(apps)?, &mut answers).map_err(engine_error)
}

fn empty(set: &MigrationSet, wanted: &BTreeSet<&str>) -> Vec<Migration> {
    let make = |app: &&str| {
        let leaves: Vec<MigrationId> = set.leaves(app).into_iter().cloned().collect();
        let number = leaves.iter().map(MigrationId::number).max().unwrap_or(0) + 1;
        let mut migration = Migration::new(MigrationId::new(*app, format!("{number:04}_custom")));
        migration.depends_on = leaves;
        migration
    };
    wanted.iter().map(make).collect()
}

/// Gives the new migrations the name that was asked for, after their numbers.
fn rename(new: &mut [Migration], name: &str) -> Result<()> {
    if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        return Err(Error::new(Code::Migration, format!("`{name}` is not a name for a migration"))
            .with_hint("use letters, digits and `_`, without the number: `--name add_isbn`"));
    }
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

/// Writes each application's migrations into the folder of the crate that declares it.
fn write(apps: &[App], set: &mut MigrationSet, new: &[Migration]) -> Result<()> {
    let root = workspace_root();
    for app in apps {
        let own: Vec<Migration> = new.iter().filter(|migration| migration.id.app == app.label()).cloned().collect();
        if own.is_empty() {
            continue;
        }
        let spec = app.spec();
        let folder = Path::new(spec.manifest_dir);
        if !folder.starts_with(&root) {
            return Err(Error::new(
                Code::Migration,
                format!(
                    "the application `{}` belongs to the package `{}`, outside this workspace",
                    spec.label, spec.package
                ),
            )
            .with_hint("its migrations are made where it is developed; update the package instead"));
        }
        let folder = folder.join("migrations");
        let first = !folder.join("index.toml").exists();
        // The index of a folder lists the applications of its crate only.
        let mut in_folder = MigrationSet::from_dir(&folder).map_err(engine_error)?;
        for path in in_folder.write(&folder, &own).map_err(engine_error)? {
            println!("wrote {}", path.strip_prefix(&root).unwrap_or(&path).display());
        }
        for migration in own {
            set.add(migration).map_err(engine_error)?;
        }
        if first {
            // The program embeds the index once there is one: the file that declares the application has to be compiled again.
            let source = std::fs::File::options().append(true).open(root.join(spec.file));
            if let Ok(source) = source {
                let _ = source.set_modified(std::time::SystemTime::now());
            }
        }
    }
    Ok(())
}

/// The outermost folder around the working directory that has a lock file.
fn workspace_root() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    here.ancestors().filter(|folder| folder.join("Cargo.lock").exists()).last().unwrap_or(&here).to_path_buf()
}
