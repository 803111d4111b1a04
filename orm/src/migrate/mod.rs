//! Where models and the migration engine meet: one file turns metadata into schema state, one gives the engine a connection.

mod check;
mod connection;
mod exclusion;
mod expression;
mod flush;
mod labels;
mod live;
mod migrator;
mod operations;
mod schema;
mod step;
mod system;

#[cfg(feature = "cli")]
pub(crate) use expression::constant;
pub use flush::{flush, flush_sql, sequence_sql};
pub use labels::follow_labels;
#[cfg(feature = "cli")]
pub(crate) use labels::labelled;
pub use live::introspect;
/// The engine itself: schema state, operations, plans and files.
pub use migrations_engine as engine;
pub use migrator::{Hook, Migrator, migrate};
pub use schema::{schema, schema_of};
pub use step::{Frozen, FrozenField, Step, StepFn, StepFuture};
pub use system::check;

use crate::{App, Code, Database, Dialect, Error, Result};
use migrations_engine::{MigrationSet, Schema};
use std::path::Path;

/// The dialect, as the engine calls it.
pub(crate) fn engine_dialect(dialect: Dialect) -> migrations_engine::Dialect {
    match dialect {
        Dialect::Sqlite => migrations_engine::Dialect::Sqlite,
        Dialect::Postgres => migrations_engine::Dialect::Postgres,
        Dialect::MariaDb => migrations_engine::Dialect::MariaDb,
        Dialect::MySql => migrations_engine::Dialect::MySql,
    }
}

impl From<Dialect> for engine::Dialect {
    fn from(dialect: Dialect) -> Self {
        engine_dialect(dialect)
    }
}

/// The engine's error, as the library's: for tools that work with the [`engine`] itself.
///
/// A function and no `From`: with a second way to an [`Error`], `?` in a closure would need a type beside it.
///
/// ```
/// use orm::migrate::{engine, engine_error};
/// let error = engine::MigrationSet::default().resolve("shop", "0001").map_err(engine_error).unwrap_err();
/// assert_eq!(error.code(), orm::Code::Migration);
/// ```
pub fn engine_error(error: migrations_engine::Error) -> Error {
    let mut out = Error::new(Code::Migration, format!("{}: {}", error.code(), error.message()));
    if let Some(hint) = error.hint() {
        out = out.with_hint(hint);
    }
    // The cause is what caused it: the engine's error itself is all said.
    match error.into_source().map(|source| source.downcast::<migrations_engine::Error>()) {
        None => out,
        Some(Ok(inner)) => out.with_source(engine_error(*inner)),
        Some(Err(other)) => out.with_source(other),
    }
}

/// Makes the tables of some applications in an empty database, straight from the models and without migrations: for tests.
///
/// # Errors
/// When the models do not fit together, when the database cannot do what they ask for, and when a table exists.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// let db = Database::connect("sqlite::memory:").await?;
/// orm::migrate::create_tables(&db, &[library()]).await?;
/// assert_eq!(Book::objects().count(&db).await?, 0);
/// # Ok(()) }
/// ```
pub async fn create_tables(db: &Database, apps: &[App]) -> Result<()> {
    db.batch(script(apps, db.dialect())?).await
}

/// The SQL that makes the tables of some applications.
pub(crate) fn script(apps: &[App], dialect: Dialect) -> Result<String> {
    let (empty, to) = (Schema::default(), schema(apps)?);
    let operations =
        migrations_engine::diff(&empty, &to, &mut migrations_engine::diff::Refuse).map_err(engine_error)?;
    let statements = migrations_engine::plan(engine_dialect(dialect), &empty, &operations).map_err(engine_error)?;
    let script: Vec<String> = statements.iter().map(|statement| statement.sql()).collect();
    Ok(script.join(";\n"))
}

/// The migrations of some applications: from their folders in development, from the program itself in release builds.
///
/// # Errors
/// When a file cannot be read, and when `migrations/index.toml` does not list the files that are there: a release build has what
/// is listed.
///
/// ```
/// # use library::*;
/// // The library of these examples has no files below `migrations/library`.
/// assert_eq!(orm::migrate::migrations(&[library()])?.iter().count(), 0);
/// # Ok::<(), orm::Error>(())
/// ```
pub fn migrations(apps: &[App]) -> Result<MigrationSet> {
    read_migrations(apps, true)
}

/// The same, whether or not the index lists them: for what writes it.
pub(crate) fn read_migrations(apps: &[App], listed: bool) -> Result<MigrationSet> {
    let mut set = MigrationSet::default();
    for app in apps {
        let spec = app.spec();
        let folder = Path::new(spec.manifest_dir).join("migrations");
        let on_disk = cfg!(debug_assertions) && folder.is_dir();
        let (found, index) = if on_disk {
            (MigrationSet::from_dir(&folder), std::fs::read_to_string(folder.join("index.toml")).ok())
        } else {
            let index = spec.migrations.iter().find(|(path, _)| *path == "index.toml");
            (MigrationSet::from_embedded(spec.migrations), index.map(|(_, text)| (*text).to_owned()))
        };
        let found = found.map_err(engine_error)?;
        if listed {
            found.check_listed(index.as_deref(), spec.label).map_err(engine_error)?;
        }
        for migration in found.iter().filter(|migration| migration.id.app == spec.label) {
            set.add(migration.clone()).map_err(engine_error)?;
        }
    }
    Ok(set)
}
