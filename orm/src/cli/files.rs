//! The files of migrations: written where the applications are developed.

use super::{Context, output::warn};
use crate::{
    App, Code, Error, Result,
    migrate::{Migrator, engine_error},
};
use migrations_engine::{Migration, MigrationId, MigrationSet};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

const INDEX: &str = "index.toml";

/// Refuses a name that a migration cannot have.
pub(super) fn check_name(name: &str) -> Result<()> {
    if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        return Err(Error::new(Code::Migration, format!("`{name}` is not a name for a migration"))
            .with_hint("use letters, digits and `_`, without the number: `--name add_isbn`"));
    }
    Ok(())
}

/// Refuses to change files of migrations that the project's database has applied. Where no database is named, or it
/// cannot be reached, that cannot be known: then it says so.
pub(super) async fn not_applied(context: &Context<'_>, ids: &[MigrationId]) -> Result<()> {
    if !context.project().has_several() {
        return not_applied_there(context, ids).await;
    }
    for id in ids {
        let there = context.at(context.project().place_of(&id.app));
        let done = not_applied_there(&there, std::slice::from_ref(id)).await;
        there.close().await;
        done?;
    }
    Ok(())
}

async fn not_applied_there(context: &Context<'_>, ids: &[MigrationId]) -> Result<()> {
    if context.url().is_none() {
        return Ok(());
    }
    let db = match context.look().await {
        Ok(db) => db,
        Err(error) => {
            warn(format_args!("Whether the migration is applied is not known: {error}"));
            return Ok(());
        }
    };
    let history = Migrator::new(context.apps())?.history(&db).await?;
    db.close().await;
    match ids.iter().find(|id| history.iter().any(|entry| entry.id == **id)) {
        Some(applied) => Err(Error::new(Code::Migration, format!("`{applied}` is applied, so its file cannot change"))
            .with_hint("undo it first, or make a new migration")),
        None => Ok(()),
    }
}

/// Writes the file of a migration anew.
pub(super) fn rewrite(context: &Context<'_>, migration: &Migration) -> Result<()> {
    let root = workspace_root();
    let Some(app) = context.project().apps().iter().find(|app| app.label() == migration.id.app) else { return Ok(()) };
    let folder = folder(app, &root)?;
    let mut set = MigrationSet::from_dir(&folder).map_err(engine_error)?;
    let path = set.rewrite(&folder, migration).map_err(engine_error)?;
    context.say(format_args!("wrote {}", path.strip_prefix(&root).unwrap_or(&path).display()))
}

/// The folder of an application's migrations, if it belongs to this workspace.
fn folder(app: &App, root: &Path) -> Result<PathBuf> {
    let spec = app.spec();
    let folder = Path::new(spec.manifest_dir);
    if !folder.starts_with(root) {
        return Err(Error::new(
            Code::Migration,
            format!(
                "the application `{}` belongs to the package `{}`, outside this workspace",
                spec.label, spec.package
            ),
        )
        .with_hint("its migrations are made where it is developed; update the package instead"));
    }
    Ok(folder.join("migrations"))
}

/// The index of a crate's migrations that does not list the files as they are.
pub(super) struct Stale {
    app: App,
    folder: PathBuf,
    why: migrations_engine::Error,
}

/// The indexes of this workspace that are missing, or disagree with their files.
pub(super) fn stale(apps: &[App]) -> Result<Vec<Stale>> {
    let root = workspace_root();
    let mut found: Vec<Stale> = Vec::new();
    let mut seen = BTreeSet::new();
    for app in apps {
        let Ok(folder) = folder(app, &root) else { continue };
        if !seen.insert(folder.clone()) {
            continue;
        }
        let set = MigrationSet::from_dir(&folder).map_err(engine_error)?;
        if let Err(why) = set.check_index(std::fs::read_to_string(folder.join(INDEX)).ok().as_deref()) {
            found.push(Stale { app: *app, folder, why });
        }
    }
    Ok(found)
}

impl Stale {
    pub(super) fn refuse(self) -> Error {
        engine_error(self.why)
    }

    /// Writes the index by the files, and tells what it did not agree with.
    pub(super) fn mend(&self, context: &Context<'_>) -> Result<()> {
        let root = workspace_root();
        let first = !self.folder.join(INDEX).exists();
        let set = MigrationSet::from_dir(&self.folder).map_err(engine_error)?;
        let path = set.write_index(&self.folder).map_err(engine_error)?;
        let path = path.strip_prefix(&root).unwrap_or(&path);
        context.say(format_args!("wrote {}: {}", path.display(), self.why.message()))?;
        if first {
            touch(&self.app, &root);
        }
        Ok(())
    }
}

/// The program embeds the index once there is one: the file that declares the application has to be compiled again.
fn touch(app: &App, root: &Path) {
    let source = std::fs::File::options().append(true).open(root.join(app.spec().file));
    if let Ok(source) = source {
        let _ = source.set_modified(std::time::SystemTime::now());
    }
}

/// Writes each application's migrations into the folder of the crate that declares it.
pub(super) fn write(context: &Context<'_>, set: &mut MigrationSet, new: &[Migration]) -> Result<()> {
    let root = workspace_root();
    // Where one cannot be written, none is.
    let mut all = Vec::new();
    for app in context.project().apps() {
        let own: Vec<Migration> = new.iter().filter(|migration| migration.id.app == app.label()).cloned().collect();
        if !own.is_empty() {
            all.push((app, folder(app, &root)?, own));
        }
    }
    for (app, folder, own) in all {
        let first = !folder.join(INDEX).exists();
        // The index of a folder lists the applications of its crate only.
        let mut in_folder = MigrationSet::from_dir(&folder).map_err(engine_error)?;
        for path in in_folder.write(&folder, &own).map_err(engine_error)? {
            context.say(format_args!("wrote {}", path.strip_prefix(&root).unwrap_or(&path).display()))?;
        }
        for migration in own {
            set.add(migration).map_err(engine_error)?;
        }
        if first {
            touch(app, &root);
        }
    }
    Ok(())
}

/// The outermost folder around the working directory that has a lock file.
fn workspace_root() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    here.ancestors().filter(|folder| folder.join("Cargo.lock").exists()).last().unwrap_or(&here).to_path_buf()
}
