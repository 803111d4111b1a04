//! Borrowed connections whose future is dropped, or panics: as they were, or known to be broken. And in people's own futures.

use crate::{bed::*, borrow::*, shop::*};
use diesel::result::Error as DieselError;
use futures_util::FutureExt as _;
use orm::{Code, Database, prelude::*};
use std::{panic::AssertUnwindSafe, time::Duration};

#[cfg(any(feature = "postgres", feature = "mysql"))]
macro_rules! on_servers {
    ($(async fn $name:ident<$conn:ident>($bed:ident) $body:block)+) => {$(
        mod $name {
            use super::*;
            async fn with<$conn: Theirs>($bed: &Bed) {
                let mut first = $conn::open($bed).await;
                first.ours(async |db| orm::migrate::create_tables(db, &[borrowed()]).await).await.unwrap();
                drop(first);
                $body
            }
            #[cfg(feature = "postgres")]
            #[tokio::test]
            async fn postgres() {
                let Some(bed) = Bed::new(Backend::Postgres).await else { return };
                with::<diesel_async::AsyncPgConnection>(&bed).await;
                bed.finish().await;
            }
            #[cfg(feature = "mysql")]
            #[tokio::test]
            async fn mariadb() {
                let Some(bed) = Bed::new(Backend::MariaDb).await else { return };
                with::<diesel_async::AsyncMysqlConnection>(&bed).await;
                bed.finish().await;
            }
        }
    )+};
}

fn slow(bed: &Bed) -> &'static str {
    bed.pick("SELECT 1 FROM pg_sleep(4)", "", "SELECT SLEEP(4)")
}

const SHORT: Duration = Duration::from_millis(150);

#[cfg(any(feature = "postgres", feature = "mysql"))]
on_servers! {
    async fn in_the_middle_of_a_statement<C>(bed) {
        let mut conn = C::open(bed).await;
        let dropped = conn.ours(async |db| ints(db, slow(bed)).await);
        assert!(tokio::time::timeout(SHORT, dropped).await.is_err());
        assert!(matches!(conn.depth(), Err(DieselError::BrokenTransactionManager)));
    }

    async fn in_a_transaction_of_ours<C>(bed) {
        let mut conn = C::open(bed).await;
        let dropped = conn.ours(async |db| {
            db.transaction(async |tx| {
                tag("a", tx).await?;
                std::future::pending::<orm::Result<()>>().await
            }).await
        });
        assert!(tokio::time::timeout(SHORT, dropped).await.is_err());
        assert!(matches!(conn.depth(), Err(DieselError::BrokenTransactionManager)));
        drop(conn);
        assert!(C::open(bed).await.slugs().await.is_empty());
    }

    async fn in_a_transaction_of_diesels<C>(bed) {
        let mut conn = C::open(bed).await;
        conn.begin().await;
        let dropped = conn.ours(async |db| {
            tag("a", db).await?;
            std::future::pending::<orm::Result<()>>().await
        });
        assert!(tokio::time::timeout(SHORT, dropped).await.is_err());
        assert!(matches!(conn.depth(), Err(DieselError::BrokenTransactionManager)));
        assert!(matches!(conn.commit().await, Err(DieselError::BrokenTransactionManager)));
        drop(conn);
        assert!(C::open(bed).await.slugs().await.is_empty());
    }

    async fn a_panic<C>(bed) {
        let mut conn = C::open(bed).await;
        let panics = conn.ours(async |db| {
            let tx = db.begin().await?;
            tag("a", &tx).await?;
            if tx.dialect() == db.dialect() {
                panic!("of the closure's");
            }
            Ok(())
        });
        assert!(AssertUnwindSafe(panics).catch_unwind().await.is_err());
        assert!(matches!(conn.depth(), Err(DieselError::BrokenTransactionManager)));
        drop(conn);
        assert!(C::open(bed).await.slugs().await.is_empty());
    }

    async fn where_time_runs_out_inside<C>(bed) {
        let mut conn = C::open(bed).await;
        let short = bed.pick("SELECT 1 FROM pg_sleep(0.5)", "", "SELECT SLEEP(0.5)");
        conn.ours(async |db| {
            assert!(tokio::time::timeout(SHORT, ints(db, short)).await.is_err());
            tag("a", db).await
        }).await.unwrap();
        assert_eq!(conn.slugs().await, ["a"]);
        stands(&mut conn, "b").await;
    }
}

/// Nothing was running, and nothing had been set: it is as it was.
#[cfg(feature = "postgres")]
#[tokio::test]
async fn at_rest() {
    let Some(bed) = Bed::new(Backend::Postgres).await else { return };
    let mut conn = diesel_async::AsyncPgConnection::open(&bed).await;
    conn.ours(async |db| orm::migrate::create_tables(db, &[borrowed()]).await).await.unwrap();
    let dropped = conn.ours(async |db| {
        tag("a", db).await?;
        std::future::pending::<orm::Result<()>>().await
    });
    assert!(tokio::time::timeout(SHORT, dropped).await.is_err());
    assert_eq!(conn.slugs().await, ["a"]);
    stands(&mut conn, "b").await;
    bed.finish().await;
}

#[cfg(feature = "postgres")]
mod pools {
    use super::*;
    use diesel_async::{
        AsyncConnection as _, AsyncPgConnection, RunQueryDsl as _,
        pooled_connection::{AsyncDieselConnectionManager, deadpool::Pool},
    };

    /// As people have them: for `?` of both libraries.
    type Any = Box<dyn std::error::Error + Send + Sync>;

    async fn add(pool: &Pool<AsyncPgConnection>, slug: &str, fails: bool) -> Result<i64, Any> {
        let mut conn = pool.get().await?;
        let key = conn
            .transaction(async |conn| {
                diesel::sql_query("INSERT INTO borrowed_tag (slug, name) VALUES ('diesel', '')").execute(conn).await?;
                let tag = orm::on_postgres(conn, async |db| {
                    let tag = tag(slug, db).await?;
                    let mut tag = tag.edit();
                    tag.name = slug.to_uppercase();
                    tag.save(db).await
                })
                .await?;
                if fails {
                    return Err::<_, Any>("not this time".into());
                }
                Ok(tag.id)
            })
            .await?;
        let there = orm::on_postgres(&mut conn, async |db| Tag::get(key, db).await).await?;
        assert_eq!(there.name, slug.to_uppercase());
        Ok(key)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_connection_out_of_a_pool() {
        let Some(bed) = Bed::new(Backend::Postgres).await else { return };
        orm::migrate::create_tables(&bed.db, &[borrowed()]).await.unwrap();
        let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(&bed.url);
        let pool = Pool::builder(manager).max_size(1).build().unwrap();
        let theirs = pool.clone();
        // In a task, where futures have to be `Send`.
        let added = tokio::spawn(async move {
            assert!(add(&theirs, "a", true).await.is_err());
            add(&theirs, "a", false).await.map_err(|error| error.to_string())
        });
        added.await.unwrap().unwrap();
        let slugs = Tag::objects().order_by(|t| t.slug.asc()).values(|t| t.slug).all(&bed.db).await.unwrap();
        assert_eq!(slugs, ["a", "diesel"]);
        // One that was dropped in the middle goes to nobody else.
        let mut conn = pool.get().await.unwrap();
        let pid = "SELECT CAST(pg_backend_pid() AS bigint)";
        let before = orm::on_postgres(&mut conn, async |db| ints(db, pid).await).await.unwrap();
        let slow = orm::on_postgres(&mut conn, async |db| {
            db.transaction(async |tx| {
                tag("b", tx).await?;
                ints(tx, "SELECT 1 FROM pg_sleep(4)").await
            })
            .await
        });
        assert!(tokio::time::timeout(SHORT, slow).await.is_err());
        drop(conn);
        let mut conn = pool.get().await.unwrap();
        let after = orm::on_postgres(&mut conn, async |db| ints(db, pid).await).await.unwrap();
        assert_ne!(before, after);
        let slugs = orm::on_postgres(&mut conn, async |db| Tag::objects().count(db).await).await.unwrap();
        assert_eq!(slugs, 2);
        drop(conn);
        pool.close();
        bed.finish().await;
    }
}

/// The driver was told to count otherwise, which nobody can set afterwards.
#[cfg(feature = "mysql")]
#[tokio::test]
async fn a_connection_that_counts_what_it_changes() {
    let Some(bed) = Bed::new(Backend::MariaDb).await else { return };
    let opts = mysql_async::Opts::from_url(&bed.url).unwrap();
    let opts = mysql_async::OptsBuilder::from_opts(opts).stmt_cache_size(0);
    for (found_rows, code) in [(false, Some(Code::BadSetting)), (true, None)] {
        let opts = opts.clone().client_found_rows(found_rows);
        let conn = mysql_async::Conn::new(opts).await.unwrap();
        let mut conn = diesel_async::AsyncMysqlConnection::try_from(conn).await.unwrap();
        for _ in 0..2 {
            let done = orm::on_mysql(&mut conn, async |db: &Database| db.ping().await).await;
            assert_eq!(done.err().map(|error| error.code()), code);
        }
        assert_eq!(conn.depth(), Ok(None));
    }
    bed.finish().await;
}

/// Without `autocommit` every statement stands in a transaction, which is not ours to end.
#[cfg(feature = "mysql")]
#[tokio::test]
async fn a_session_that_commits_nothing_by_itself() {
    let Some(bed) = Bed::new(Backend::MariaDb).await else { return };
    let mut conn = diesel_async::AsyncMysqlConnection::open(&bed).await;
    conn.ours(async |db| orm::migrate::create_tables(db, &[borrowed()]).await).await.unwrap();
    conn.batch("SET autocommit = 0").await.unwrap();
    for (end, rows) in [("ROLLBACK", 0), ("COMMIT", 2)] {
        conn.ours(async |db| {
            tag("a", db).await?;
            db.transaction(async |tx| tag("b", tx).await).await
        })
        .await
        .unwrap();
        assert_eq!(conn.slugs().await.len(), 2);
        conn.batch(end).await.unwrap();
        assert_eq!(conn.slugs().await.len(), rows);
    }
    assert_eq!(conn.setting("SELECT @@autocommit + 0").await, "0");
    // What was asked stands in one that is open, and locks the table against being dropped.
    conn.batch("ROLLBACK").await.unwrap();
    bed.finish().await;
}
