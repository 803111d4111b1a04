//! Borrowed connections on which Diesel's transaction is not what Diesel believes, and what is tried again there.

use crate::{bed::*, borrow::*, shop::*};
use diesel::result::Error as DieselError;
use orm::Code;
use std::{
    error::Error as _,
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering::SeqCst},
};

/// What ends a transaction past Diesel.
fn ends(bed: &Bed) -> &'static str {
    bed.pick("COMMIT", "COMMIT", "CREATE OR REPLACE TABLE other (id INT)")
}

on_each! {
    async fn a_transaction_that_is_no_longer_there(bed, conn) {
        conn.begin().await;
        conn.batch("INSERT INTO borrowed_tag (slug, name) VALUES ('before', '')").await.unwrap();
        conn.batch(ends(bed)).await.unwrap();
        for _ in 0..2 {
            let error = conn.ours(async |db| { tag("a", db).await?; tag("a", db).await }).await.unwrap_err();
            assert_eq!(error.code(), Code::TransactionOver, "{error}");
            assert!(matches!(conn.depth(), Err(DieselError::BrokenTransactionManager)));
        }
        assert_eq!(conn.slugs().await, ["before"]);
        // Nothing of ours was begun in its place.
        conn.batch("BEGIN; ROLLBACK").await.unwrap();
    }

    async fn what_cannot_be_undone_is_told(bed, conn) {
        conn.begin().await;
        let error = conn.ours(async |db| {
            tag("a", db).await?;
            db.batch(ends(bed)).await?;
            tag("a", db).await
        }).await.unwrap_err();
        assert_eq!(error.code(), Code::TransactionOver, "{error}");
        assert!(error.message().contains("ended the transaction"), "{error}");
        let first = error.source().unwrap().downcast_ref::<orm::Error>().unwrap();
        assert_eq!(first.code(), Code::UniqueViolation);
        assert!(matches!(conn.depth(), Err(DieselError::BrokenTransactionManager)));
        assert_eq!(conn.slugs().await, ["a"]);
    }

    async fn nothing_is_tried_again_inside_of_a_transaction_of_diesels(bed, conn) {
        let fails = bed.pick(
            "DO $$ BEGIN RAISE EXCEPTION 'another was first' USING ERRCODE = '40001'; END $$",
            "",
            "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'Deadlock found when trying to get lock'",
        );
        if fails.is_empty() { return }
        for (inside, attempts) in [(false, 3), (true, 1)] {
            if inside {
                conn.begin().await;
            }
            let tries = AtomicU32::new(0);
            let tries = &tries;
            let error = conn.ours(async |db| {
                db.build_transaction().retry(2).run(async |tx| {
                    tries.fetch_add(1, SeqCst);
                    tag("a", tx).await?;
                    tx.batch(fails).await
                }).await
            }).await.unwrap_err();
            assert!(matches!(error.code(), Code::Deadlock | Code::Serialization), "{error}");
            assert_eq!(tries.load(SeqCst), attempts);
        }
        assert_eq!(conn.depth().unwrap(), NonZeroU32::new(1));
        conn.rollback().await.unwrap();
        stands(conn, "b").await;
    }
}

/// Whoever has begun the transaction tries it again: it is known what became of it.
#[cfg(feature = "mysql")]
#[tokio::test]
async fn a_deadlock_is_told_as_one() {
    let Some(bed) = Bed::new(Backend::MariaDb).await else { return };
    let mut conn = diesel_async::AsyncMysqlConnection::open(&bed).await;
    conn.ours(async |db| orm::migrate::create_tables(db, &[borrowed()]).await).await.unwrap();
    conn.begin().await;
    // As the server does it: all is undone.
    let sql = "ROLLBACK; SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'Deadlock found when trying to get lock'";
    let error = conn
        .ours(async |db| {
            tag("a", db).await?;
            db.batch(sql).await
        })
        .await
        .unwrap_err();
    assert!(matches!(error.code(), Code::Deadlock | Code::Serialization), "{error}");
    assert_eq!(conn.depth().unwrap(), NonZeroU32::new(1));
    conn.rollback().await.unwrap();
    assert!(conn.slugs().await.is_empty());
    stands(&mut conn, "b").await;
    bed.finish().await;
}

/// It does not outlive the transaction that it was said for.
#[cfg(feature = "postgres")]
#[tokio::test]
async fn a_time_zone_of_the_transaction_alone() {
    let Some(bed) = Bed::new(Backend::Postgres).await else { return };
    let mut conn = diesel_async::AsyncPgConnection::open(&bed).await;
    conn.ours(async |db| orm::migrate::create_tables(db, &[borrowed()]).await).await.unwrap();
    conn.batch("SET TIME ZONE 'Asia/Tokyo'").await.unwrap();
    let zone = "current_setting('TimeZone')";
    let seen = "SELECT CAST((current_setting('TimeZone') = 'UTC') AS int)::bigint";
    for commits in [true, false] {
        conn.begin().await;
        conn.batch("SET LOCAL TIME ZONE 'Europe/Berlin'").await.unwrap();
        assert_eq!(conn.ours(async |db| ints(db, seen).await).await.unwrap(), [1]);
        assert_eq!(conn.setting(zone).await, "Europe/Berlin");
        conn.ours(async |_| refused::<()>()).await.unwrap_err();
        assert_eq!(conn.setting(zone).await, "Europe/Berlin");
        // Diesel's savepoints take it with them.
        conn.begin().await;
        conn.batch("SET LOCAL TIME ZONE 'Europe/Rome'").await.unwrap();
        conn.ours(async |db| tag("a", db).await).await.unwrap();
        assert_eq!(conn.setting(zone).await, "Europe/Rome");
        conn.rollback().await.unwrap();
        assert_eq!(conn.setting(zone).await, "Europe/Berlin");
        if commits {
            conn.commit().await.unwrap()
        } else {
            conn.rollback().await.unwrap()
        }
        assert_eq!(conn.setting(zone).await, "Asia/Tokyo");
    }
    // What is said for the session is not taken back by us.
    conn.begin().await;
    conn.batch("SET TIME ZONE 'Europe/Oslo'").await.unwrap();
    assert_eq!(conn.ours(async |db| ints(db, seen).await).await.unwrap(), [1]);
    conn.commit().await.unwrap();
    assert_eq!(conn.setting(zone).await, "Europe/Oslo");
    bed.finish().await;
}
