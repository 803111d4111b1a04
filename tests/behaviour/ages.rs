//! How old connections become, and how long they lie unused.

use crate::bed::{Backend, Bed, behaviour};
use orm::{DatabaseBuilder, prelude::*};
use std::time::{Duration, Instant};

/// What a server calls the connection; all of SQLite's are one here.
async fn number<E: Executor>(ex: &E) -> orm::Result<i64> {
    let sql = match ex.dialect() {
        orm::Dialect::Postgres => "SELECT CAST(pg_backend_pid() AS bigint)",
        orm::Dialect::Sqlite => "SELECT 1",
        _ => "SELECT CAST(CONNECTION_ID() AS SIGNED)",
    };
    orm::raw::<i64>(sql).get(ex).await
}

fn builder(bed: &Bed) -> DatabaseBuilder {
    Database::builder(&bed.url).pool_size(3)
}

fn is_server(bed: &Bed) -> bool {
    matches!(bed.backend, Backend::Postgres | Backend::MariaDb)
}

/// Waits until so many connections are there, which nobody asks for one.
async fn settles_at(db: &Database, open: usize) -> bool {
    let begun = Instant::now();
    while db.status().open != open && begun.elapsed() < Duration::from_secs(20) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    db.status().open == open
}

/// Three connections at once.
async fn three(db: &Database) -> orm::Result<()> {
    let (one, two, three) = (db.begin().await?, db.begin().await?, db.begin().await?);
    one.rollback().await?;
    two.rollback().await?;
    three.rollback().await
}

behaviour! {
    async fn an_old_connection_gives_way(bed) {
        let lifetime = Duration::from_millis(400);
        let db = builder(&bed).pool_size(1).max_lifetime(lifetime).idle_timeout(None).connect().await?;
        let begun = Instant::now();
        let (first, second) = (number(&db).await?, number(&db).await?);
        // On a machine that is busy it may have become old already.
        assert!(first == second || begun.elapsed() > lifetime / 2);
        // It is at work for longer than it may become old, and nothing ends it there.
        let tx = db.begin().await?;
        let held = number(&tx).await?;
        tokio::time::sleep(lifetime + Duration::from_millis(50)).await;
        assert_eq!(number(&tx).await?, held);
        tx.rollback().await?;
        assert_eq!(number(&db).await? == held, !is_server(&bed));
        db.close().await;
        Ok(())
    }

    async fn none_is_used_twice(bed) {
        let db = builder(&bed).max_lifetime(Duration::ZERO).connect().await?;
        let (first, second) = (number(&db).await?, number(&db).await?);
        assert_eq!(first == second, !is_server(&bed));
        db.close().await;
        Ok(())
    }

    async fn what_is_not_used_is_closed(bed) {
        let db = builder(&bed).idle_timeout(Duration::from_millis(200)).connect().await?;
        match is_server(&bed) {
            true => {
                three(&db).await?;
                assert!(settles_at(&db, 0).await, "{:?}", db.status());
            }
            // A database in memory would be gone.
            false => {
                assert_eq!(db.status().open, db.status().size);
                db.batch("CREATE TABLE kept (id INTEGER)").await?;
                tokio::time::sleep(Duration::from_millis(500)).await;
                assert_eq!(orm::raw::<i64>("SELECT COUNT(*) FROM kept").get(&db).await?, 0);
            }
        }
        assert!(number(&db).await? > 0);
        db.close().await;
        Ok(())
    }

    async fn what_is_used_stays(bed) {
        let db = builder(&bed).max_lifetime(None).idle_timeout(Duration::from_secs(1)).connect().await?;
        if is_server(&bed) {
            three(&db).await?;
            assert_eq!(db.status().open, 3);
            // One is enough from here on: the same is used each time, and the others go.
            let (begun, first) = (Instant::now(), number(&db).await?);
            while db.status().open > 1 && begun.elapsed() < Duration::from_secs(20) {
                assert_eq!(number(&db).await?, first);
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            assert_eq!(db.status().open, 1);
        }
        db.close().await;
        Ok(())
    }

    async fn they_have_usual_ages(bed) {
        let settings = format!("{:?}", builder(&bed));
        assert!(settings.contains("max_lifetime: Some(1800s), idle_timeout: Some(600s)"), "{settings}");
        Ok(())
    }
}
