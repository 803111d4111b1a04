//! The table that records what was applied: `orm_migrations`, beside Django's and Diesel's own.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::{Connection, database};
use crate::condition::Value;
use crate::error::{Result, error};
use crate::graph::{Direction, MigrationSet};
use crate::migration::MigrationId;
use crate::plan::Statement;
use crate::sql::{Dialect, literal};

/// The name of the history table.
pub const HISTORY_TABLE: &str = "orm_migrations";

/// An entry of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The migration.
    pub id: MigrationId,
    /// The checksum of its file when it was applied.
    pub checksum: String,
    /// When, in UTC: `2024-02-29 12:30:00`.
    pub applied_at: String,
    /// Set if it stopped in the middle.
    pub progress: Option<Progress>,
    /// Whether it was recorded without being run, since what it makes was there already: by `--fake`, `--fake-initial` or `repair --record`.
    pub taken_over: bool,
}

/// What notes that a migration was not run: `doing` of an entry without a direction, which builds that do not know it pass over.
const TAKEN: &str = "1";
/// What stood in place of a direction for the same.
const TAKEN_BEFORE: &str = "taken";

/// How far an interrupted migration came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Which way it went.
    pub direction: Direction,
    /// Statements that are done.
    pub done: usize,
    /// Statements in all.
    pub total: usize,
    /// Whether the next one was begun, and its effect cannot be looked up.
    pub doing: bool,
    /// Whether the next one is known not to be done, whatever is there.
    pub not_done: bool,
}

fn exists(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'orm_migrations'",
        Dialect::Postgres => "SELECT 1 WHERE to_regclass('orm_migrations') IS NOT NULL",
        Dialect::MariaDb | Dialect::MySql => {
            "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'orm_migrations'"
        }
    }
}

/// The moment, in UTC, as text.
fn now(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "STRFTIME('%Y-%m-%d %H:%M:%S', 'NOW')",
        Dialect::Postgres => "TO_CHAR(CLOCK_TIMESTAMP() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')",
        Dialect::MariaDb | Dialect::MySql => "DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%d %H:%i:%s')",
    }
}

fn quoted(dialect: Dialect, text: &str) -> Result<String> {
    literal(dialect, &Value::Text(text.to_owned()), None)
}

fn direction(word: &str) -> Direction {
    if word == "backward" { Direction::Backward } else { Direction::Forward }
}

fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::Forward => "forward",
        Direction::Backward => "backward",
    }
}

/// Makes the table if it is missing.
pub(super) async fn create<C: Connection>(connection: &mut C) -> Result<()> {
    let known = connection.query(exists(connection.dialect())).await.map_err(database("the history cannot be read"))?;
    if !known.is_empty() {
        return Ok(());
    }
    let sql = "CREATE TABLE IF NOT EXISTS orm_migrations (app varchar(120) NOT NULL, name varchar(200) NOT NULL, \
               checksum varchar(64) NOT NULL, applied_at varchar(32) NOT NULL, direction varchar(8) NULL, \
               done integer NULL, total integer NULL, doing integer NULL, statements text NULL, PRIMARY KEY (app, name))";
    connection.execute(sql).await.map_err(database("the history table cannot be made"))?;
    Ok(())
}

/// All entries, oldest first.
pub(super) async fn read<C: Connection>(connection: &mut C) -> Result<Vec<Applied>> {
    let cannot = || database("the history cannot be read");
    if connection.query(exists(connection.dialect())).await.map_err(cannot())?.is_empty() {
        return Ok(Vec::new());
    }
    let sql = "SELECT app, name, checksum, applied_at, direction, done, total, doing FROM orm_migrations ORDER BY applied_at, app, name";
    let rows = connection.query(sql).await.map_err(cannot())?;
    let number = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        let [app, name, checksum, applied_at, way, done, total, doing] = row.as_slice() else {
            return Err(error!(M081, "the history has another form than expected"));
        };
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let taken_over = match way.as_deref() {
            None => doing.as_deref() == Some(TAKEN),
            Some(way) => way == TAKEN_BEFORE,
        };
        let progress = way.as_ref().filter(|_| !taken_over).map(|way| Progress {
            direction: direction(way),
            done: number(done),
            total: number(total),
            doing: number(doing) == 1,
            not_done: number(doing) == 2,
        });
        let id = MigrationId::new(text(app), text(name));
        entries.push(Applied { id, checksum: text(checksum), applied_at: text(applied_at), progress, taken_over });
    }
    Ok(entries)
}

/// Whether there is an entry.
pub(super) async fn is_recorded<C: Connection>(connection: &mut C, id: &MigrationId) -> Result<bool> {
    let sql = format!("SELECT 1 FROM orm_migrations {}", key(connection.dialect(), id)?);
    Ok(!connection.query(&sql).await.map_err(database("the history cannot be read"))?.is_empty())
}

async fn run<C: Connection>(connection: &mut C, sql: &str) -> Result<()> {
    connection.execute(sql).await.map_err(database("the history cannot be written"))?;
    Ok(())
}

fn key(dialect: Dialect, id: &MigrationId) -> Result<String> {
    Ok(format!("WHERE app = {} AND name = {}", quoted(dialect, &id.app)?, quoted(dialect, &id.name)?))
}

/// Records a whole migration, or takes its entry away.
pub(super) async fn record<C: Connection>(
    connection: &mut C,
    id: &MigrationId,
    checksum: &str,
    way: Direction,
) -> Result<()> {
    let dialect = connection.dialect();
    let sql = match way {
        Direction::Forward => format!(
            "INSERT INTO orm_migrations (app, name, checksum, applied_at) VALUES ({}, {}, {}, {})",
            quoted(dialect, &id.app)?,
            quoted(dialect, &id.name)?,
            quoted(dialect, checksum)?,
            now(dialect)
        ),
        Direction::Backward => format!("DELETE FROM orm_migrations {}", key(dialect, id)?),
    };
    run(connection, &sql).await
}

/// Records a migration that was not run: what it makes was there already.
pub(super) async fn record_taken<C: Connection>(connection: &mut C, id: &MigrationId, checksum: &str) -> Result<()> {
    let dialect = connection.dialect();
    let (app, name, checksum) = (quoted(dialect, &id.app)?, quoted(dialect, &id.name)?, quoted(dialect, checksum)?);
    let sql = format!(
        "INSERT INTO orm_migrations (app, name, checksum, applied_at, doing) VALUES ({app}, {name}, {checksum}, {}, {TAKEN})",
        now(dialect)
    );
    run(connection, &sql).await
}

/// Notes of an entry that its migration was not run.
pub(super) async fn take_over<C: Connection>(connection: &mut C, id: &MigrationId) -> Result<()> {
    let key = key(connection.dialect(), id)?;
    run(connection, &format!("UPDATE orm_migrations SET direction = NULL, doing = {TAKEN} {key}")).await
}

/// Notes that a migration begins which is not one transaction.
pub(super) async fn begin<C: Connection>(
    connection: &mut C,
    id: &MigrationId,
    checksum: &str,
    progress: &Progress,
) -> Result<()> {
    if progress.direction == Direction::Backward {
        return note(connection, id, progress).await;
    }
    // In one statement: an entry without progress would count as complete.
    let dialect = connection.dialect();
    let sql = format!(
        "INSERT INTO orm_migrations (app, name, checksum, applied_at, direction, done, total, doing) \
         VALUES ({}, {}, {}, {}, '{}', {}, {}, 0)",
        quoted(dialect, &id.app)?,
        quoted(dialect, &id.name)?,
        quoted(dialect, checksum)?,
        now(dialect),
        word(progress.direction),
        progress.done,
        progress.total
    );
    run(connection, &sql).await
}

/// Whether the table has the column for what the statements are: one that was made before has not.
async fn has_statements<C: Connection>(connection: &mut C) -> Result<bool> {
    let sql = match connection.dialect() {
        Dialect::Sqlite => "SELECT 1 FROM pragma_table_info('orm_migrations') WHERE name = 'statements'",
        Dialect::Postgres => {
            "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass('orm_migrations') AND attname = 'statements' AND NOT attisdropped"
        }
        Dialect::MariaDb | Dialect::MySql => {
            "SELECT 1 FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'orm_migrations' \
             AND column_name = 'statements'"
        }
    };
    Ok(!connection.query(sql).await.map_err(database("the history cannot be read"))?.is_empty())
}

/// A few letters that are others for another statement.
pub(super) fn digest(statement: &Statement) -> String {
    Sha256::digest(statement.sql().as_bytes()).iter().take(3).map(|byte| format!("{byte:02x}")).collect()
}

/// Notes what the statements are that a migration runs in pieces.
pub(super) async fn keep_statements<C: Connection>(
    connection: &mut C,
    id: &MigrationId,
    statements: &[Statement],
) -> Result<()> {
    if !has_statements(connection).await? {
        run(connection, "ALTER TABLE orm_migrations ADD COLUMN statements text NULL").await?;
    }
    let digests: Vec<String> = statements.iter().map(digest).collect();
    let (dialect, digests) = (connection.dialect(), digests.join(" "));
    let sql = format!("UPDATE orm_migrations SET statements = {} {}", quoted(dialect, &digests)?, key(dialect, id)?);
    run(connection, &sql).await
}

/// The digests of the statements of a migration that stopped; none where that was not noted.
pub(super) async fn kept_statements<C: Connection>(connection: &mut C, id: &MigrationId) -> Result<Vec<String>> {
    if !has_statements(connection).await? {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT statements FROM orm_migrations {}", key(connection.dialect(), id)?);
    let rows = connection.query(&sql).await.map_err(database("the history cannot be read"))?;
    let text = rows.into_iter().flatten().next().flatten().unwrap_or_default();
    Ok(text.split_whitespace().map(str::to_owned).collect())
}

/// Notes how far it came.
pub(super) async fn note<C: Connection>(connection: &mut C, id: &MigrationId, progress: &Progress) -> Result<()> {
    let sql = format!(
        "UPDATE orm_migrations SET direction = '{}', done = {}, total = {}, doing = {} {}",
        word(progress.direction),
        progress.done,
        progress.total,
        if progress.not_done { 2 } else { u8::from(progress.doing) },
        key(connection.dialect(), id)?
    );
    run(connection, &sql).await
}

/// Takes the note away that a migration begins, of one that has not done anything.
pub(super) async fn never_begun<C: Connection>(connection: &mut C, id: &MigrationId, way: Direction) -> Result<()> {
    match way {
        Direction::Forward => record(connection, id, "", Direction::Backward).await,
        // It is applied as it was.
        Direction::Backward => finish(connection, id, "", Direction::Forward).await,
    }
}

/// Takes the checksum of the file as it is now for that of an entry.
pub(super) async fn accept<C: Connection>(connection: &mut C, id: &MigrationId, checksum: &str) -> Result<()> {
    let dialect = connection.dialect();
    let sql = format!("UPDATE orm_migrations SET checksum = {} {}", quoted(dialect, checksum)?, key(dialect, id)?);
    run(connection, &sql).await
}

/// Notes that it is complete.
pub(super) async fn finish<C: Connection>(
    connection: &mut C,
    id: &MigrationId,
    checksum: &str,
    way: Direction,
) -> Result<()> {
    match way {
        Direction::Backward => record(connection, id, checksum, way).await,
        Direction::Forward => {
            let key = key(connection.dialect(), id)?;
            run(
                connection,
                &format!("UPDATE orm_migrations SET direction = NULL, done = NULL, total = NULL, doing = NULL, statements = NULL {key}"),
            )
            .await
        }
    }
}

/// Compares the history with the files. Applications without any file are left alone: they may belong
/// to another program on the same database. `idle` says that nothing is to be run.
pub(super) fn check(
    files: &MigrationSet,
    effective: &MigrationSet,
    history: &[Applied],
    applied: &BTreeSet<MigrationId>,
    idle: bool,
) -> Result<()> {
    let apps = files.apps();
    let squashed: BTreeSet<MigrationId> =
        files.squashes().into_iter().flat_map(|squash| files.replaced_by(squash)).collect();
    for entry in history.iter().filter(|entry| apps.contains(entry.id.app.as_str())) {
        let id = &entry.id;
        let Some(migration) = files.get(id) else {
            // Its file may go once a squash stands for it; and a database may be ahead of a program that has nothing to run.
            if idle || squashed.contains(id) {
                continue;
            }
            return Err(error!(M071, "`{id}` is applied, but its file is missing").with_hint(format!(
                "get the file back from version control: to undo a migration its file is needed; or see `repair --forget {id}`"
            )));
        };
        if migration.checksum()? != entry.checksum {
            return Err(error!(M070, "`{id}` was edited after it was applied on {}", entry.applied_at).with_hint(
                format!("restore the file and make the change in a new migration; or see `repair --accept {id}`"),
            ));
        }
    }
    for migration in effective.iter().filter(|migration| applied.contains(&migration.id)) {
        if let Some(missing) = migration.depends_on.iter().find(|needed| !applied.contains(needed)) {
            return Err(error!(M072, "`{}` is applied, but `{missing}`, which it depends on, is not", migration.id)
                .with_hint(format!("if its changes are in the database already, see `repair --record {missing}`")));
        }
    }
    Ok(())
}
