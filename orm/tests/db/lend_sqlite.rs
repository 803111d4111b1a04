//! What is SQLite's own about lending a connection to Diesel.

use crate::{bed::*, lend::Written};
use diesel::{Connection as _, SqliteConnection, result::Error as DieselError};
use orm::{Access, Code, Connection, Database, Executor as _, Operation, Result};

/// Reads by Diesel, on a connection that only reads.
struct Reads(&'static str);

impl Operation for Reads {
    type Output = ();
    fn access(&self) -> Access {
        Access::Read
    }
    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<()> {
        use diesel::connection::SimpleConnection as _;
        let sql = self.0;
        conn.with_sqlite(|conn| conn.batch_execute(sql)).await
    }
}

#[tokio::test]
async fn connections_that_read_write_nothing() {
    let bed = Bed::new(Backend::File).await.unwrap();
    with_table(&bed).await;
    bed.db.run(Reads("SELECT * FROM t")).await.unwrap();
    assert_eq!(bed.db.run(Reads("INSERT INTO t VALUES (1)")).await.unwrap_err().code(), Code::Sql);
    bed.db.run(Reads("PRAGMA query_only = OFF")).await.unwrap();
    for _ in 0..9 {
        assert_eq!(bed.db.run(Reads("INSERT INTO t VALUES (1)")).await.unwrap_err().code(), Code::Sql);
    }
    assert_eq!(ids(&bed.db).await.unwrap(), NONE);
    bed.finish().await;
}

/// Whoever has the connection by `&mut` may put another there: nobody is given that one, and nothing is used that was freed.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_was_taken_away() {
    let bed = Bed::new(Backend::File).await.unwrap();
    with_table(&bed).await;
    insert(&bed.db, 1).await.unwrap();
    let error = bed.db.with_sqlite(|conn| {
        let other = SqliteConnection::establish(":memory:").map_err(|_| DieselError::NotFound)?;
        drop(std::mem::replace(conn, other));
        Ok(())
    });
    assert_eq!(error.await.unwrap_err().code(), Code::ConnectionLost);
    for _ in 0..3 {
        assert_eq!(insert(&bed.db, 2).await.unwrap_err().code(), Code::ConnectionLost);
        assert_eq!(bed.db.batch("DELETE FROM t").await.unwrap_err().code(), Code::ConnectionLost);
        assert_eq!(bed.db.with_sqlite(|_| Ok(())).await.unwrap_err().code(), Code::ConnectionLost);
        assert!(bed.db.begin().await.is_err());
    }
    assert_eq!(ids(&bed.db).await.unwrap(), [1]);
    let other = Database::connect(&bed.url).await.unwrap();
    insert(&other, 2).await.unwrap();
    other.close().await;
    bed.finish().await;
}

#[tokio::test]
async fn one_that_is_taken_away_while_it_opens() {
    let refused = Database::builder("sqlite::memory:")
        .on_sqlite_connection(|conn| {
            let other = SqliteConnection::establish(":memory:").map_err(|_| DieselError::NotFound)?;
            drop(std::mem::replace(conn, other));
            Ok(())
        })
        .connect()
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::BadSetting);
}

/// What a program sets on each connection is there again after Diesel had one.
#[tokio::test]
async fn settings_of_the_program_stay() {
    use diesel::connection::SimpleConnection as _;
    let bed = Bed::new(Backend::File).await.unwrap();
    let db = Database::builder(&bed.url)
        .on_sqlite_connection(|conn| {
            conn.batch_execute("PRAGMA wal_autocheckpoint = 50; PRAGMA recursive_triggers = ON")
        })
        .connect()
        .await
        .unwrap();
    db.with_sqlite(|conn| conn.batch_execute("PRAGMA recursive_triggers = OFF; PRAGMA wal_autocheckpoint = 0"))
        .await
        .unwrap();
    db.run(Written("PRAGMA recursive_triggers".to_owned(), 1)).await.unwrap();
    db.run(Written("PRAGMA wal_autocheckpoint".to_owned(), 50)).await.unwrap();
    // And what this library sets.
    db.with_sqlite(|conn| conn.batch_execute("PRAGMA synchronous = OFF")).await.unwrap();
    db.run(Written("PRAGMA synchronous".to_owned(), 1)).await.unwrap();
    db.close().await;
    bed.finish().await;
}

/// What Diesel's code switches off or on is for itself alone.
#[tokio::test]
async fn pragmas_do_not_stay() {
    use diesel::connection::SimpleConnection as _;
    const SET: &str = "PRAGMA ignore_check_constraints = ON; PRAGMA recursive_triggers = ON; PRAGMA writable_schema = ON; \
         PRAGMA reverse_unordered_selects = ON; PRAGMA trusted_schema = OFF; \
         PRAGMA legacy_alter_table = ON; PRAGMA case_sensitive_like = ON; INSERT INTO t VALUES (%); \
         PRAGMA locking_mode = EXCLUSIVE";
    let bed = Bed::new(Backend::File).await.unwrap();
    with_table(&bed).await;
    bed.db.batch("CREATE TABLE checked (n INT CHECK (n > 0))").await.unwrap();
    for inside in [false, true] {
        let set = SET.replace('%', if inside { "1" } else { "2" });
        if inside {
            bed.db.transaction(async |tx| tx.with_sqlite(move |conn| conn.batch_execute(&set)).await).await.unwrap();
        } else {
            bed.db.with_sqlite(move |conn| conn.batch_execute(&set)).await.unwrap();
        }
        let refused = bed.db.batch("INSERT INTO checked VALUES (-1)").await.unwrap_err();
        assert_eq!(refused.code(), Code::CheckViolation);
        for (ask, is) in [
            ("PRAGMA ignore_check_constraints", 0),
            ("PRAGMA recursive_triggers", 0),
            ("PRAGMA writable_schema", 0),
            ("PRAGMA reverse_unordered_selects", 0),
            ("PRAGMA trusted_schema", 1),
            ("PRAGMA legacy_alter_table", 0),
            ("PRAGMA foreign_keys", 1),
            ("SELECT locking_mode = 'normal' FROM pragma_locking_mode", 1),
            ("SELECT 'a' LIKE 'A'", 1),
        ] {
            bed.db.run(Written(ask.to_owned(), is)).await.unwrap();
        }
        // Nobody else is kept waiting.
        let other = SqliteConnection::establish(bed.url.trim_start_matches("sqlite://"));
        let mut other = other.unwrap();
        other.batch_execute("PRAGMA busy_timeout = 1000; INSERT INTO checked VALUES (1)").unwrap();
    }
    assert_eq!(ids(&bed.db).await.unwrap(), [1, 2]);
    bed.finish().await;
}
