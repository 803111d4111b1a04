//! What a session of somebody else's has to be like while our statements run, and how it becomes again what it was.

use crate::{
    Code, Connection, Dialect, Error, Result, Statement,
    db::{DatabaseBuilder, Settings, batch::left_open, link::Link},
};
use std::{
    pin::pin,
    sync::{Arc, OnceLock},
};

/// A connection that is borrowed. However this ends, the connection is as it was, or Diesel knows that it cannot be used any more.
pub(super) struct Guest<'a> {
    pub(super) conn: Connection<'a>,
    /// Whether Diesel has begun a transaction on it.
    foreign: bool,
    /// The statements that put back what was set.
    restore: String,
    /// Whether it was given back.
    left: bool,
}

/// The usual settings, without time-outs: those of the connection are its owner's.
pub(super) fn settings() -> Arc<Settings> {
    static USUAL: OnceLock<Arc<Settings>> = OnceLock::new();
    USUAL.get_or_init(|| Arc::new(DatabaseBuilder::new(String::new()).settings().clone())).clone()
}

impl<'a> Guest<'a> {
    pub(super) fn new(link: Link<'a>, dialect: Dialect) -> Self {
        let mut conn = Connection::new(link, dialect, settings());
        conn.theirs = true;
        Guest { conn, foreign: false, restore: String::new(), left: false }
    }

    /// Makes the session what our statements are written for; in a transaction of Diesel's, sets a savepoint.
    pub(super) async fn enter(&mut self) -> Result<()> {
        // Until it is known what the session is like, a dropped future leaves it to nobody.
        self.conn.set_busy(true);
        let depth = self.conn.diesels_status().map(|status| status.transaction_depth());
        self.foreign = match depth {
            Some(Ok(depth)) => depth.is_some(),
            _ => return Err(broken()),
        };
        match self.conn.dialect() {
            #[cfg(feature = "sqlite")]
            Dialect::Sqlite => self.set_up_sqlite().await?,
            #[cfg(feature = "postgres")]
            Dialect::Postgres => self.set_up_postgres().await?,
            #[cfg(feature = "mysql")]
            Dialect::MariaDb | Dialect::MySql => self.set_up_mysql().await?,
            #[allow(unreachable_patterns, reason = "with all back ends there is no other")]
            _ => {}
        }
        if self.foreign {
            self.conn.depth = 1;
            if let Err(error) = self.mark().await {
                self.conn.depth = 0;
                return Err(if error.code() == Code::ConnectionLost { error } else { self.is_gone(error) });
            }
            self.conn.floor = self.conn.depth;
        }
        self.conn.set_busy(false);
        Ok(())
    }

    /// Sets a savepoint in a transaction that stands, and nowhere else.
    async fn mark(&mut self) -> Result<()> {
        // It would be a transaction of its own.
        #[cfg(feature = "sqlite")]
        if let Link::BorrowedSqlite(conn) = &mut self.conn.link
            && crate::db::link::begins(conn)
        {
            return Err(no_transaction());
        }
        // Outside of transactions they take a savepoint and forget it: the end of one is refused there.
        #[cfg(feature = "mysql")]
        if let Link::Mysql(_) = self.conn.link {
            let mark = self.conn.mark(1);
            let sql = format!("SAVEPOINT {mark}; RELEASE SAVEPOINT {mark}; SAVEPOINT {mark}");
            self.conn.raw_batch(&sql).await?;
            self.conn.depth += 1;
            return Ok(());
        }
        self.conn.savepoint().await.map(|_| ())
    }

    /// The error where Diesel believes to be in a transaction that is not there. What Diesel did next would stand on its own.
    #[cold]
    fn is_gone(&mut self, error: Error) -> Error {
        self.breaks();
        let what = "Diesel's transaction is no longer there: a statement has ended it, or the database has given it up";
        Error::new(Code::TransactionOver, what)
            .with_hint("return the errors of statements from Diesel's transaction, and begin it again; leave COMMIT and what commits by itself out of it")
            .with_source(error)
    }

    /// Tells Diesel that its transaction is not what it believes.
    fn breaks(&mut self) {
        if let Some(status) = self.conn.diesels_status() {
            status.set_in_error();
        }
    }

    /// Whether operations stand in a transaction that Diesel has begun, and from which depth on transactions are ours.
    pub(super) fn floor(&self) -> u32 {
        self.conn.floor
    }

    #[cfg(feature = "sqlite")]
    async fn set_up_sqlite(&mut self) -> Result<()> {
        if !self.foreign {
            self.foreign = left_open(&mut self.conn).await?;
        }
        if let Link::BorrowedSqlite(conn) = &mut self.conn.link {
            let registered = crate::db::sqlite::register_once(conn);
            registered.map_err(|error| bad_setting(format!("functions cannot be registered: {error}")))?;
        }
        if !self.pragma("foreign_keys").await? {
            if self.foreign {
                return Err(bad_setting(
                    "SQLite does not look at foreign keys, which cannot be changed in a transaction",
                )
                .with_hint("run `PRAGMA foreign_keys = ON` where the connection is made"));
            }
            self.set("PRAGMA foreign_keys = ON;", "PRAGMA foreign_keys = OFF;").await?;
        }
        if self.pragma("ignore_check_constraints").await? {
            self.set("PRAGMA ignore_check_constraints = OFF;", "PRAGMA ignore_check_constraints = ON;").await?;
        }
        // A transaction that only reads sets it, and takes it back.
        self.conn.reads_alone = self.pragma("query_only").await?;
        if self.conn.reads_alone {
            self.restore.push_str("PRAGMA query_only = ON;");
        }
        Ok(())
    }

    #[cfg(feature = "sqlite")]
    async fn pragma(&mut self, name: &str) -> Result<bool> {
        let mut is = false;
        let ask = Statement::raw(&format!("PRAGMA {name}"), []);
        let each = &mut |row: &crate::Row<'_>| {
            is = row.cell(0).i64()? != 0;
            Ok(())
        };
        self.conn.query(&ask, each).await?;
        Ok(is)
    }

    #[cfg(feature = "postgres")]
    async fn set_up_postgres(&mut self) -> Result<()> {
        // Two statements begin at one moment in one transaction only, one that Diesel does not know of.
        let ask = Statement::raw("SELECT current_setting('TimeZone'), CAST(now() AS text)", []);
        let (mut zone, mut moments) = (String::new(), Vec::new());
        let each = &mut |_: usize, row: &crate::Row<'_>| {
            zone = row.cell(0).text()?;
            moments.push(row.cell(1).text()?);
            Ok(())
        };
        self.conn.query_many(&[ask.clone(), ask], each).await?;
        self.foreign |= moments.windows(2).all(|two| two[0] == two[1]);
        if !matches!(zone.as_str(), "UTC" | "Etc/UTC") {
            // What was said for a transaction ends with it.
            let set = if self.foreign { "SET LOCAL TIME ZONE" } else { "SET TIME ZONE" };
            self.set(&format!("{set} 'UTC';"), &format!("{set} {};", quoted(&zone))).await?;
        }
        Ok(())
    }

    #[cfg(feature = "mysql")]
    async fn set_up_mysql(&mut self) -> Result<()> {
        use crate::db::server::{ENDLESS, LONGEST_TEXT, SQL_MODE};
        let ask = "SHOW SESSION VARIABLES WHERE Variable_name IN ('version', 'autocommit', 'in_transaction', 'sql_mode', \
             'time_zone', 'lc_messages', 'foreign_key_checks', 'unique_checks', 'character_set_client', \
             'character_set_connection', 'character_set_results', 'collation_connection', 'tx_isolation', \
             'transaction_isolation', 'max_recursive_iterations', 'cte_max_recursion_depth', 'group_concat_max_len')";
        let mut found = std::collections::BTreeMap::new();
        let each = &mut |row: &crate::Row<'_>| {
            found.insert(row.cell(0).text()?, row.cell(1).text()?);
            Ok(())
        };
        self.conn.query(&Statement::raw(ask, []), each).await?;
        let is = |name: &str| found.get(name).map(String::as_str).unwrap_or_default();
        if is("version").contains("MariaDB") {
            self.conn.set_dialect(Dialect::MariaDb);
        }
        self.foreign |= is("autocommit") == "OFF" || matches!(is("in_transaction"), "1" | "ON");
        if !self.foreign && self.conn.dialect() == Dialect::MySql {
            self.foreign = left_open(&mut self.conn).await?;
        }
        let (mut set, mut restore) = (Vec::new(), Vec::new());
        for (name, was) in &found {
            let wanted = match name.as_str() {
                "sql_mode" => SQL_MODE,
                "time_zone" => "+00:00",
                "lc_messages" => "en_US",
                "foreign_key_checks" | "unique_checks" => "ON",
                "character_set_client" | "character_set_connection" | "character_set_results" => "utf8mb4",
                // That of a transaction that stands is its own.
                "tx_isolation" | "transaction_isolation" if !self.foreign => "READ-COMMITTED",
                "max_recursive_iterations" | "cte_max_recursion_depth" => ENDLESS,
                "group_concat_max_len" => LONGEST_TEXT,
                _ => continue,
            };
            if was != wanted {
                set.push(format!("{name} = {}", quoted(wanted)));
                // Where answers are not converted it has no name.
                let was = if was.is_empty() && name != "sql_mode" { "NULL".to_owned() } else { quoted(was) };
                restore.push(format!("{name} = {was}"));
                // It changes with the characters.
                if name == "character_set_connection" {
                    restore.push(format!("collation_connection = {}", quoted(is("collation_connection"))));
                }
            }
        }
        if !set.is_empty() {
            let restore = format!("SET SESSION {};", restore.join(", "));
            self.set(&format!("SET SESSION {};", set.join(", ")), &restore).await?;
        }
        self.counts_rows_found().await
    }

    /// Refuses a connection whose updates count the rows that they changed: one that is as it should be would not be found. It is a
    /// setting of the login, which the server does not tell: it is tried, once for each connection.
    #[cfg(feature = "mysql")]
    async fn counts_rows_found(&mut self) -> Result<()> {
        let ask = Statement::raw("SELECT CAST(@orm_rows_found AS SIGNED)", []);
        for known in [false, true] {
            let mut found = None;
            let each = &mut |row: &crate::Row<'_>| {
                let cell = row.cell(0);
                found = if cell.is_null() { None } else { Some(cell.i64()?) };
                Ok(())
            };
            self.conn.query(&ask, each).await?;
            match found {
                Some(0) => {
                    let what =
                        "an update counts the rows that it changes on this connection, and not those that it finds";
                    return Err(bad_setting(what).with_hint(
                        "make it by `AsyncMysqlConnection::establish`, or with `OptsBuilder::client_found_rows(true)`",
                    ));
                }
                None if !known => {}
                _ => return Ok(()),
            }
            let tried = self
                .conn
                .raw_batch(
                    "CREATE TEMPORARY TABLE orm_rows_found (n INT); INSERT INTO orm_rows_found VALUES (1); \
                     UPDATE orm_rows_found SET n = 1; SET @orm_rows_found = ROW_COUNT(); \
                     DROP TEMPORARY TABLE orm_rows_found",
                )
                .await;
            match tried {
                // Who may make no table is not asked.
                Err(error) if error.code() == Code::Sql => return Ok(()),
                done => done?,
            }
        }
        Ok(())
    }

    async fn set(&mut self, sql: &str, restore: &str) -> Result<()> {
        self.restore.push_str(restore);
        self.conn.raw_batch(sql).await
    }

    /// Gives the connection back as it was. In a transaction of Diesel's, what was done is kept where it succeeded, and undone elsewhere.
    pub(super) async fn leave<T>(mut self, done: Result<T>) -> Result<T> {
        self.conn.set_busy(true);
        let _ = self.conn.unobserved();
        let done = self.end(done).await;
        let restored = self.put_back().await;
        self.left = restored.is_ok();
        match restored {
            Err(error) if done.is_ok() => Err(error),
            _ => done,
        }
    }

    async fn end<T>(&mut self, done: Result<T>) -> Result<T> {
        let conn = &mut self.conn;
        let floor = std::mem::take(&mut conn.floor);
        if !self.foreign {
            // One that was carried out of the closure.
            let ended = if conn.depth > 0 { conn.roll_back_to(0).await } else { Ok(()) };
            return ended.and(done);
        }
        if floor == 0 {
            return done;
        }
        let value = match done {
            Ok(value) => value,
            // The first error is the one to tell, where what was done before it is undone, or whoever gets it knows that all of it is.
            Err(error) => {
                let undone = conn.roll_back_to(floor - 1).await.is_ok();
                if undone || matches!(error.code(), Code::Deadlock | Code::Serialization | Code::ConnectionLost) {
                    return Err(error);
                }
                self.breaks();
                return Err(ended_theirs().with_source(error));
            }
        };
        if conn.aborted.is_some() {
            if conn.roll_back_to(floor - 1).await.is_err() {
                self.breaks();
            }
            return Err(swallowed());
        }
        let kept = match conn.roll_back_to(floor).await {
            Ok(()) => conn.release_to(floor - 1).await,
            failed => failed,
        };
        match kept {
            Ok(()) => Ok(value),
            Err(error) if error.code() == Code::ConnectionLost => Err(error),
            Err(_) => Err(ended_theirs()),
        }
    }

    async fn put_back(&mut self) -> Result<()> {
        if self.conn.retired {
            self.conn.raw_batch("SET SESSION foreign_key_checks = 1").await?;
        }
        match std::mem::take(&mut self.restore) {
            restore if restore.is_empty() => Ok(()),
            restore => self.conn.raw_batch(&restore).await,
        }
    }

    /// Whether something of ours may be running, open or set on it.
    fn is_touched(&self) -> bool {
        self.conn.unsettled() || !self.restore.is_empty()
    }
}

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        if self.left || !self.is_touched() {
            return;
        }
        // On SQLite nothing is running, and nothing waits.
        #[cfg(feature = "sqlite")]
        if let Link::BorrowedSqlite(_) = self.conn.link {
            let given_up = async {
                let _ = self.end::<()>(Err(swallowed())).await;
                self.put_back().await
            };
            if crate::db::sqlite::at_once(pin!(given_up)).is_ok() {
                return;
            }
        }
        // Pools throw such a connection away, and Diesel begins no transaction on it.
        self.breaks();
    }
}

/// A value of a setting, as the database has told it.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn quoted(value: &str) -> String {
    match value {
        "" => "''".to_owned(),
        number if number.bytes().all(|byte| byte.is_ascii_digit()) => number.to_owned(),
        text => format!("'{}'", text.replace('\'', "''")),
    }
}

fn bad_setting(what: impl Into<String>) -> Error {
    Error::new(Code::BadSetting, what)
}

#[cold]
fn broken() -> Error {
    Error::new(Code::TransactionOver, "the connection is broken: a transaction of Diesel's on it has no end")
        .with_hint("take another connection")
}

#[cfg(feature = "sqlite")]
#[cold]
fn no_transaction() -> Error {
    Error::new(Code::BadQuery, "no transaction is open")
}

#[cold]
fn swallowed() -> Error {
    Error::new(Code::TransactionOver, "a statement has failed, and its error was not returned from the closure")
        .with_hint("return the error; try statements that may fail in `db.transaction(..)`")
}

#[cold]
fn ended_theirs() -> Error {
    Error::new(Code::TransactionOver, "the closure has ended the transaction that Diesel has begun")
        .with_hint("leave COMMIT, ROLLBACK and what commits by itself to whoever has begun the transaction")
}
