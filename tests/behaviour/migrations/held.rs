//! Migrations that are held up by others: they give up in time, and the database stands where it can be gone on from.

use super::{one, rows::query, undo::filled, undo::set};
use crate::bed::{Backend, Bed, behaviour};
use orm::{
    Code, Database, Result,
    migrate::{
        Migrator,
        engine::{
            MigrationId, MigrationSet,
            execute::{Event, Remedy},
        },
    },
};
use std::time::{Duration, Instant};

const TWO: (&str, &str) = (
    "shop/0002_two.toml",
    r#"
depends_on = ["shop.0001_initial"]

[[operations]]
op = "create_model"
model = "shop.Tag"
table = "shop_tag"
primary_key = ["id"]
fields = [{ name = "id", type = "bigint", auto = true }]

[[operations]]
op = "add_field"
model = "shop.Book"
field = { name = "stock", type = "integer", null = true }
"#,
);

const ONCE: (&str, &str) = (
    "shop/0002_once.toml",
    r#"
depends_on = ["shop.0001_initial"]
atomic = false

[[operations]]
op = "add_constraint"
model = "shop.Book"
constraint = { kind = "unique", name = "shop_book_once", on = ["pages"] }
"#,
);

const BY_HAND: (&str, &str) = (
    "shop/0002_once.toml",
    r#"
depends_on = ["shop.0001_initial"]
atomic = false

[[operations]]
op = "run_sql"
describe = "no two as long"
sql = { all = ["CREATE UNIQUE INDEX CONCURRENTLY shop_book_once ON shop_book (pages)"] }
reverse = { all = ["DROP INDEX CONCURRENTLY shop_book_once"] }
"#,
);

/// Which connection it is, and its limits.
fn limits(backend: Backend) -> &'static str {
    match backend {
        Backend::Postgres => {
            "SELECT pg_backend_pid(), current_setting('statement_timeout'), current_setting('lock_timeout')"
        }
        _ => {
            "SELECT CONNECTION_ID(), CAST(@@SESSION.max_statement_time AS CHAR), @@SESSION.lock_wait_timeout, @@SESSION.innodb_lock_wait_timeout"
        }
    }
}

/// The indexes of that name, and whether they are valid.
async fn once(db: &Database) -> Result<Vec<Vec<Option<String>>>> {
    query(db, "SELECT CASE WHEN indisvalid THEN '1' ELSE '0' END FROM pg_index WHERE indexrelid = to_regclass('shop_book_once')").await
}

/// Migrates while another writes a second book of ten pages, after the rows were looked at.
async fn overtaken(bed: &Bed, set: &MigrationSet) -> Result<orm::Error> {
    let (url, handle) = (bed.url.clone(), tokio::runtime::Handle::current());
    let double = "INSERT INTO shop_book (id, title, author_id, pages) SELECT 9, 'Double', 1, 10 WHERE NOT EXISTS (SELECT 1 FROM shop_book WHERE title = 'Double')";
    let write = move |event: &Event<'_>| {
        if let Event::Statement { at: 0, .. } = event {
            let (url, handle) = (url.clone(), handle.clone());
            let written = std::thread::spawn(move || {
                handle.block_on(async { Database::connect(url).await?.batch(double).await })
            });
            written.join().unwrap().unwrap();
        }
    };
    Ok(Migrator::with_set(set.clone()).on_progress(write).run(&bed.db).await.unwrap_err())
}

behaviour! {
    async fn a_lock_that_another_holds_is_not_waited_for_longer_than_said(bed) {
        let Bed { db, backend, url, .. } = &*bed;
        if matches!(backend, Backend::SqliteMemory | Backend::SqliteFile) {
            return Ok(()); // a writer keeps all others away before anything begins, and is told as M080
        }
        drop(filled(db, &[]).await?);
        let set = set(&[TWO])?;
        // One connection, to see its settings afterwards.
        let single = Database::builder(url).pool_size(1).connect().await?;
        let before = query(&single, limits(*backend)).await?;
        let second = Some(Duration::from_secs(1));
        for (statement, lock, code) in [(None, second, Code::LockTimeout), (second, None, Code::StatementTimeout)] {
            let reader = db.begin().await?;
            reader.batch("SELECT title FROM shop_book").await?;
            let begun = Instant::now();
            let migrator = Migrator::with_set(set.clone()).timeouts(statement, lock);
            let refused = migrator.run(&single).await.unwrap_err();
            assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
            assert!(refused.message().starts_with("M081"), "{refused:?}");
            let cause = std::error::Error::source(&refused).and_then(|source| source.downcast_ref::<orm::Error>());
            assert_eq!(cause.map(orm::Error::code), Some(code), "{refused:?}");
            assert_eq!(query(&single, limits(*backend)).await?, before);

            let history = Migrator::with_set(set.clone()).history(db).await?;
            let half = history.iter().find_map(|entry| entry.progress.as_ref());
            let tags = match backend {
                Backend::Postgres => "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'public' AND table_name = 'shop_tag'",
                _ => "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'shop_tag'",
            };
            if *backend == Backend::Postgres {
                assert_eq!((history.len(), half.is_none(), one(db, tags).await?), (1, true, 0));
            } else {
                assert_eq!((half.map(|half| (half.done, half.doing)), one(db, tags).await?), (Some((1, false)), 1));
            }
            reader.rollback().await?;
        }
        Migrator::with_set(set.clone()).timeouts(second, second).run(&single).await?;
        assert_eq!(query(&single, limits(*backend)).await?, before);
        assert_eq!(one(db, "SELECT COUNT(*) FROM shop_book WHERE stock IS NULL").await?, 2);
        // The first limit is set, and the second is longer than any can be.
        let never = Some(Duration::from_secs(4_000_000_000));
        let refused = Migrator::with_set(set.clone()).timeouts(second, never).run(&single).await;
        assert!(refused.unwrap_err().message().contains("the time limits cannot be set"));
        assert_eq!(query(&single, limits(*backend)).await?, before);
        Migrator::with_set(set).to("shop", Some("0001"))?.run(&single).await?;
        single.close().await;
        Ok(())
    }

    async fn an_index_that_was_refused_first_of_all_is_gone_on_from(bed) {
        let Bed { db, backend, .. } = &*bed;
        if *backend != Backend::Postgres {
            return Ok(()); // nothing is made concurrently
        }
        let id = MigrationId::new("shop", "0002_once");
        drop(filled(db, &[]).await?);
        for (file, by_hand) in [(ONCE, false), (BY_HAND, true)] {
            let set = set(&[file])?;
            let migrator = || Migrator::with_set(set.clone());
            for undo in [true, false] {
                let refused = overtaken(&bed, &set).await?;
                let told = format!("{refused:?}");
                assert!(told.contains("M081") && told.contains("0 of"), "{told}");
                // PostgreSQL leaves it, and it is said so.
                assert_eq!(once(db).await?, [[Some("0".to_owned())]]);
                assert_eq!(told.contains("`shop_book_once`, which is not valid"), by_hand, "{told}");
                let entry = migrator().history(db).await?.pop().unwrap();
                let progress = entry.progress.unwrap();
                assert_eq!((entry.id, progress.done, progress.doing), (id.clone(), 0, false));
                db.batch("DELETE FROM shop_book WHERE title = 'Double'").await?;
                if by_hand {
                    db.batch("DROP INDEX CONCURRENTLY shop_book_once").await?;
                }
                if undo {
                    migrator().repair(db, &id, Remedy::Undo).await?;
                    assert_eq!(migrator().history(db).await?.len(), 1);
                    assert!(once(db).await?.is_empty());
                }
            }
            migrator().run(db).await?;
            assert_eq!(once(db).await?, [[Some("1".to_owned())]]);
            migrator().to("shop", Some("0001"))?.run(db).await?;
            assert!(once(db).await?.is_empty());
        }
        Ok(())
    }
}
