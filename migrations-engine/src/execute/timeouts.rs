//! How long a statement may run, and how long it may wait for a lock.

use std::time::Duration;

use super::{Connection, database};
use crate::error::{Result, error};
use crate::sql::Dialect;

/// Time limits for the statements of migrations; none unless said otherwise.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timeouts {
    /// The longest that one statement may run.
    pub statement: Option<Duration>,
    /// The longest that a statement may wait for a lock that another connection holds.
    pub lock: Option<Duration>,
}

/// A setting of the connection, and the value that it gets.
struct Setting {
    read: &'static str,
    write: &'static str,
    value: String,
}

fn settings(dialect: Dialect, timeouts: Timeouts) -> Result<Vec<Setting>> {
    let mut settings = Vec::new();
    let milliseconds = |time: Duration| time.as_millis().max(1).to_string();
    let seconds = |time: Duration| format!("{:.3}", time.as_secs_f64().max(0.001));
    let whole_seconds = |time: Duration| time.as_secs().max(1).to_string();
    if let Some(time) = timeouts.statement {
        settings.push(match dialect {
            Dialect::Postgres => Setting {
                read: "SELECT current_setting('statement_timeout')",
                write: "SET statement_timeout = ",
                value: milliseconds(time),
            },
            Dialect::MariaDb => Setting {
                read: "SELECT CAST(@@SESSION.max_statement_time AS CHAR)",
                write: "SET SESSION max_statement_time = ",
                value: seconds(time),
            },
            Dialect::Sqlite | Dialect::MySql => {
                return Err(error!(
                    M044,
                    "{} has no time limit for the statements of a migration",
                    dialect.capabilities().name
                )
                .with_hint("leave out the limit for statements; one for locks can be given"));
            }
        });
    }
    if let Some(time) = timeouts.lock {
        match dialect {
            Dialect::Postgres => settings.push(Setting {
                read: "SELECT current_setting('lock_timeout')",
                write: "SET lock_timeout = ",
                value: milliseconds(time),
            }),
            Dialect::MariaDb | Dialect::MySql => {
                settings.push(Setting {
                    read: "SELECT CAST(@@SESSION.lock_wait_timeout AS CHAR)",
                    write: "SET SESSION lock_wait_timeout = ",
                    value: whole_seconds(time),
                });
                settings.push(Setting {
                    read: "SELECT CAST(@@SESSION.innodb_lock_wait_timeout AS CHAR)",
                    write: "SET SESSION innodb_lock_wait_timeout = ",
                    value: whole_seconds(time),
                });
            }
            Dialect::Sqlite => settings.push(Setting {
                read: "PRAGMA busy_timeout",
                write: "PRAGMA busy_timeout = ",
                value: milliseconds(time),
            }),
        }
    }
    Ok(settings)
}

/// Sets the limits; `back` gets the statements that bring back what was before, also where one cannot be set.
pub(super) async fn set<C: Connection>(connection: &mut C, timeouts: Timeouts, back: &mut Vec<String>) -> Result<()> {
    for Setting { read, write, value } in settings(connection.dialect(), timeouts)? {
        let cannot = || database("the time limits cannot be set");
        let rows = connection.query(read).await.map_err(cannot())?;
        let before = rows.into_iter().next().and_then(|row| row.into_iter().next()).flatten().unwrap_or_default();
        // PostgreSQL shows a time with its unit.
        let before = if before.parse::<f64>().is_ok() { before } else { format!("'{before}'") };
        back.push(format!("{write}{before}"));
        run(connection, &format!("{write}{value}")).await?;
    }
    Ok(())
}

/// Brings back what was before.
pub(super) async fn restore<C: Connection>(connection: &mut C, back: &[String]) -> Result<()> {
    for sql in back {
        run(connection, sql).await?;
    }
    Ok(())
}

async fn run<C: Connection>(connection: &mut C, sql: &str) -> Result<()> {
    // As a query: a pragma gives its new value.
    let done = if sql.starts_with("PRAGMA") {
        connection.query(sql).await.map(drop)
    } else {
        connection.execute(sql).await.map(drop)
    };
    done.map_err(database("the time limits cannot be set"))
}
