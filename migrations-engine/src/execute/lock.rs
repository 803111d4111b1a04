//! One migrator at a time.

use std::time::{Duration, Instant};

use super::beside::Beside;
use super::{Connection, database};
use crate::error::{Error, Result, error};
use crate::sql::Dialect;

/// The key of the advisory lock on PostgreSQL: "orm" and "migr" in ASCII.
const KEY: &str = "7303789, 1835624306";

/// Begins a migration's transaction. SQLite's takes the write lock at once: an ordinary writer is waited for as long as another
/// migrator, or `M080` is given.
pub(super) async fn begin<C: Connection>(connection: &mut C, seconds: u32) -> Result<()> {
    let sql = match connection.dialect() {
        Dialect::Sqlite => "BEGIN IMMEDIATE",
        Dialect::Postgres | Dialect::MariaDb | Dialect::MySql => "BEGIN",
    };
    let begun = Instant::now();
    loop {
        let Err(source) = connection.execute(sql).await else { return Ok(()) };
        if connection.dialect() != Dialect::Sqlite || !source.to_string().contains("locked") {
            return Err(database("no transaction can be begun")(source));
        }
        if begun.elapsed() >= Duration::from_secs(seconds.into()) {
            return Err(error!(M080, "another connection is writing to this database")
                .with_hint("wait until its transaction has ended, and migrate again")
                .with_source(source));
        }
        // SQLite itself has waited; where it is told not to, the lock is not asked for without a break.
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Ends a transaction. One that cannot be committed is over as well: SQLite would leave it open.
pub(super) async fn commit<C: Connection>(connection: &mut C, cannot: &str) -> Result<()> {
    let Err(source) = connection.execute("COMMIT").await else { return Ok(()) };
    // The first error is the one to show.
    let _ = connection.execute("ROLLBACK").await;
    Err(database(cannot)(source))
}

fn busy() -> Error {
    error!(M080, "another process is migrating this database")
        .with_hint("wait until it is done; its lock goes with its connection")
}

/// That nobody else migrates the database. The lock is the connection's, or that of a file.
#[derive(Debug)]
pub(super) struct Lock {
    beside: Option<Beside>,
}

/// Takes the lock, or gives `M080` after so many seconds.
pub(super) async fn acquire<C: Connection>(connection: &mut C, seconds: u32) -> Result<Lock> {
    let got = |rows: Vec<Vec<Option<String>>>| {
        let first = rows.into_iter().next().and_then(|row| row.into_iter().next()).flatten();
        first.is_some_and(|value| matches!(value.as_str(), "1" | "t" | "true"))
    };
    let cannot = || database("the migration lock cannot be taken");
    let locked = match connection.dialect() {
        Dialect::Sqlite => {
            let rows = connection.query("SELECT file FROM pragma_database_list WHERE name = 'main'").await;
            let file = rows.map_err(cannot())?.into_iter().next().and_then(|row| row.into_iter().next()).flatten();
            // A database in memory has one connection, which is in use.
            let Some(file) = file.filter(|file| !file.is_empty()) else { return Ok(Lock { beside: None }) };
            return lock_beside(&file, seconds);
        }
        Dialect::Postgres => {
            // Polled: a statement that waits for the lock would itself hold up CREATE INDEX CONCURRENTLY.
            let attempts = u64::from(seconds) * 5;
            let mut locked = false;
            for attempt in 0..=attempts {
                let rows = connection.query(&format!("SELECT pg_try_advisory_lock({KEY})")).await;
                locked = got(rows.map_err(cannot())?);
                if locked || attempt == attempts {
                    break;
                }
                connection.query("SELECT 1 FROM pg_sleep(0.2)").await.map_err(cannot())?;
            }
            locked
        }
        Dialect::MariaDb | Dialect::MySql => {
            let sql = format!("SELECT GET_LOCK(CONCAT('orm_migrations.', COALESCE(SHA1(DATABASE()), '')), {seconds})");
            got(connection.query(&sql).await.map_err(cannot())?)
        }
    };
    if locked { Ok(Lock { beside: None }) } else { Err(busy()) }
}

fn lock_beside(file: &str, seconds: u32) -> Result<Lock> {
    let begun = Instant::now();
    loop {
        match Beside::try_lock(file) {
            Ok(Some(beside)) => return Ok(Lock { beside: Some(beside) }),
            Ok(None) if begun.elapsed() >= Duration::from_secs(seconds.into()) => return Err(busy()),
            Ok(None) => std::thread::sleep(Duration::from_millis(20)),
            Err(error) => return Err(error!(M081, "the file beside `{file}` cannot be locked").with_source(error)),
        }
    }
}

impl Lock {
    /// Gives the lock back.
    pub(super) async fn release<C: Connection>(self, connection: &mut C) -> Result<()> {
        let cannot = "the migration lock cannot be given back";
        let sql = match connection.dialect() {
            Dialect::Sqlite => {
                let unlocked = self.beside.map_or(Ok(()), Beside::unlock);
                return unlocked.map_err(|error| error!(M081, "{cannot}").with_source(error));
            }
            Dialect::Postgres => format!("SELECT pg_advisory_unlock({KEY})"),
            Dialect::MariaDb | Dialect::MySql => {
                "SELECT RELEASE_LOCK(CONCAT('orm_migrations.', COALESCE(SHA1(DATABASE()), '')))".to_owned()
            }
        };
        connection.query(&sql).await.map_err(database(cannot))?;
        Ok(())
    }
}
