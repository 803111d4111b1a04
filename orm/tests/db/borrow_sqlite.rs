//! What is SQLite's own about a connection that is borrowed: it waits where it is called.

use crate::{bed::ints, borrow::*, shop::*};
use diesel::{Connection as _, RunQueryDsl as _, SqliteConnection, connection::SimpleConnection as _};
use orm::{Code, Database, prelude::*};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

fn memory() -> SqliteConnection {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    orm::on_sqlite(&mut conn, async |db| orm::migrate::create_tables(db, &[borrowed()]).await).unwrap();
    conn
}

fn count(conn: &mut SqliteConnection) -> u64 {
    orm::on_sqlite(conn, async |db| Tag::objects().count(db).await).unwrap()
}

/// Without a runtime anything may be awaited, time among it.
#[test]
fn in_a_program_without_a_runtime() {
    let mut conn = memory();
    orm::on_sqlite(&mut conn, async |db| {
        tokio::time::sleep(Duration::from_millis(1)).await;
        db.transaction(async |tx| tag("a", tx).await).await
    })
    .unwrap();
    assert_eq!(count(&mut conn), 1);
    let done: Result<(), Box<dyn std::error::Error>> = conn.transaction(|conn| {
        diesel::sql_query("UPDATE borrowed_tag SET name = 'A'").execute(conn)?;
        let tag = orm::on_sqlite(conn, async |db| {
            let tag = Tag::objects().get(db).await?;
            assert_eq!(tag.name, "A");
            super::borrow::tag("b", db).await
        })?;
        assert_eq!(tag.slug, "b");
        Err("not this time".into())
    });
    assert!(done.is_err());
    assert_eq!(count(&mut conn), 1);
}

#[tokio::test]
async fn on_threads_of_a_runtime() {
    let mut conn = memory();
    let mut conn = tokio::task::spawn_blocking(move || {
        orm::on_sqlite(&mut conn, async |db| {
            // More than a task may do in one turn.
            for n in 0..400 {
                tag(&format!("t{n}"), db).await?;
            }
            db.transaction(async |tx| tag("last", tx).await).await
        })
        .unwrap();
        conn
    })
    .await
    .unwrap();
    assert_eq!(count(&mut conn), 401);
    let error = orm::on_sqlite(&mut conn, async |db| {
        let tx = db.begin().await?;
        tag("gone", &tx).await?;
        tokio::time::sleep(Duration::from_millis(1)).await;
        tx.commit().await
    })
    .unwrap_err();
    assert_eq!(error.code(), Code::InsideRuntime, "{error}");
    // What it has left open is undone.
    assert_eq!(count(&mut conn), 401);
    conn.transaction(|conn| diesel::sql_query("DELETE FROM borrowed_tag").execute(conn)).unwrap();
    assert_eq!(count(&mut conn), 0);
}

#[test]
fn a_panic_leaves_nothing_behind() {
    let mut conn = memory();
    conn.batch_execute("PRAGMA foreign_keys = OFF").unwrap();
    let panics = catch_unwind(AssertUnwindSafe(|| {
        orm::on_sqlite(&mut conn, async |db| {
            let tx = db.begin().await?;
            tag("a", &tx).await?;
            assert_eq!(tx.dialect(), orm::Dialect::Postgres, "of the closure's");
            Ok(())
        })
    }));
    assert!(panics.is_err());
    // The foreign key is not looked at, as before.
    conn.transaction(|conn| conn.batch_execute("INSERT INTO borrowed_author (name, country_id) VALUES ('x', 7)"))
        .unwrap();
    assert_eq!(count(&mut conn), 0);
    conn.batch_execute("PRAGMA foreign_keys = ON").unwrap();
    let in_theirs = catch_unwind(AssertUnwindSafe(|| {
        conn.transaction::<(), diesel::result::Error, _>(|conn| {
            conn.batch_execute("INSERT INTO borrowed_tag (slug, name) VALUES ('theirs', '')")?;
            let panics = catch_unwind(AssertUnwindSafe(|| {
                orm::on_sqlite(conn, async |db| {
                    tag("ours", db).await?;
                    assert_eq!(db.dialect(), orm::Dialect::Postgres, "of the closure's");
                    Ok(())
                })
            }));
            assert!(panics.is_err());
            Ok(())
        })
    }));
    in_theirs.unwrap().unwrap();
    let slugs = orm::on_sqlite(&mut conn, async |db| Tag::objects().values(|t| t.slug).all(db).await).unwrap();
    assert_eq!(slugs, ["theirs"]);
}

/// Registering them would make SQLite prepare each statement again.
#[test]
fn functions_are_registered_once_and_stay() {
    let mut conn = SqliteConnection::establish(":memory:").unwrap();
    assert!(conn.batch_execute("SELECT orm_lower('Ä')").is_err());
    orm::on_sqlite(&mut conn, async |db| ints(db, "SELECT 1").await).unwrap();
    conn.batch_execute("SELECT orm_lower('Ä')").unwrap();
    // While a statement runs a function cannot be registered again: this would fail.
    conn.batch_execute("CREATE TABLE n (i INT); INSERT INTO n VALUES (1), (2)").unwrap();
    orm::on_sqlite(&mut conn, async |db| ints(db, "SELECT i FROM n WHERE orm_lower('Ä') = 'ä'").await).unwrap();
}

/// A connection of ours that is lent to Diesel may be borrowed back: savepoints of both have names of their own.
#[tokio::test]
async fn what_was_lent_is_borrowed() {
    let db = Database::connect("sqlite::memory:").await.unwrap();
    orm::migrate::create_tables(&db, &[borrowed()]).await.unwrap();
    db.transaction(async |tx| {
        tag("a", tx).await?;
        tx.transaction(async |tx| {
            tag("b", tx).await?;
            let inner = tx
                .with_sqlite(|conn| {
                    let inner = orm::on_sqlite(conn, async |db| {
                        db.transaction(async |tx| tag("c", tx).await).await?;
                        refused::<()>()
                    });
                    assert_eq!(inner.unwrap_err().code(), Code::Refused);
                    Ok(orm::on_sqlite(conn, async |db| db.transaction(async |tx| tag("d", tx).await).await).is_ok())
                })
                .await?;
            assert!(inner);
            Ok(())
        })
        .await?;
        tag("e", tx).await
    })
    .await
    .unwrap();
    let new = Tag::objects().order_by(|t| t.slug.asc()).values(|t| t.slug).all(&db).await.unwrap();
    assert_eq!(new, ["a", "b", "d", "e"]);
}

/// A transaction that only reads ends; what its owner has said does not.
#[test]
fn a_connection_that_only_reads() {
    let mut conn = memory();
    conn.batch_execute("PRAGMA query_only = ON").unwrap();
    orm::on_sqlite(&mut conn, async |db| {
        assert!(tag("a", db).await.is_err());
        for _ in 0..2 {
            db.build_transaction().read_only().run(async |tx| Tag::objects().count(tx).await).await?;
            assert!(tag("a", db).await.is_err());
            assert!(db.transaction(async |tx| tag("b", tx).await).await.is_err());
        }
        Ok(())
    })
    .unwrap();
    assert!(conn.batch_execute("INSERT INTO borrowed_tag (slug, name) VALUES ('c', '')").is_err());
    assert_eq!(count(&mut conn), 0);
    conn.batch_execute("PRAGMA query_only = OFF").unwrap();
    orm::on_sqlite(&mut conn, async |db| {
        db.build_transaction().read_only().run(async |tx| Tag::objects().count(tx).await).await?;
        tag("d", db).await
    })
    .unwrap();
    assert_eq!(count(&mut conn), 1);
}
