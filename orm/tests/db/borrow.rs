//! Our queries on connections of Diesel's: as on any, inside of Diesel's transactions too, and the connection is as it was afterwards.

use crate::{bed::*, shop::*};
use diesel::QueryResult;
use futures_util::{FutureExt as _, TryStreamExt as _};
use orm::{AfterCommit, Code, Database, Isolation, Result, prelude::*};
use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
};

diesel::table! {
    borrowed_tag (id) {
        id -> BigInt,
        slug -> Text,
        name -> Text,
    }
}

/// A connection of Diesel's own, of each kind.
pub(crate) trait Theirs: Sized + Send {
    async fn open(bed: &Bed) -> Self;
    async fn ours<T>(&mut self, work: impl AsyncFnOnce(&Database) -> Result<T>) -> Result<T>;
    async fn ours_after<T>(&mut self, after: &AfterCommit, work: impl AsyncFnOnce(&Database) -> Result<T>)
    -> Result<T>;
    async fn batch(&mut self, sql: &str) -> QueryResult<()>;
    /// The slugs of all tags, by Diesel.
    async fn slugs(&mut self) -> Vec<String>;
    async fn begin(&mut self);
    async fn commit(&mut self) -> QueryResult<()>;
    async fn rollback(&mut self) -> QueryResult<()>;
    fn depth(&mut self) -> QueryResult<Option<NonZeroU32>>;
    /// As what was dropped in the middle leaves it.
    fn break_it(&mut self);
    /// A value of the session, as text.
    async fn setting(&mut self, sql: &str) -> String;
}

#[derive(diesel::QueryableByName)]
struct Setting {
    #[diesel(sql_type = diesel::sql_types::Text)]
    value: String,
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
macro_rules! theirs {
    ($type:ident, $on:ident) => {
        impl Theirs for diesel_async::$type {
            async fn open(bed: &Bed) -> Self {
                <Self as diesel_async::AsyncConnection>::establish(&bed.url).await.unwrap()
            }
            async fn ours<T>(&mut self, work: impl AsyncFnOnce(&Database) -> Result<T>) -> Result<T> {
                orm::$on(self, work).await
            }
            async fn ours_after<T>(
                &mut self,
                after: &AfterCommit,
                work: impl AsyncFnOnce(&Database) -> Result<T>,
            ) -> Result<T> {
                after.$on(self, work).await
            }
            async fn batch(&mut self, sql: &str) -> QueryResult<()> {
                diesel_async::SimpleAsyncConnection::batch_execute(self, sql).await
            }
            async fn slugs(&mut self) -> Vec<String> {
                use diesel::QueryDsl as _;
                let all = borrowed_tag::table.select(borrowed_tag::slug).order(borrowed_tag::slug);
                diesel_async::RunQueryDsl::load(all, self).await.unwrap()
            }
            async fn begin(&mut self) {
                use diesel_async::TransactionManager as _;
                diesel_async::AnsiTransactionManager::begin_transaction(self).await.unwrap();
            }
            async fn commit(&mut self) -> QueryResult<()> {
                use diesel_async::TransactionManager as _;
                diesel_async::AnsiTransactionManager::commit_transaction(self).await
            }
            async fn rollback(&mut self) -> QueryResult<()> {
                use diesel_async::TransactionManager as _;
                diesel_async::AnsiTransactionManager::rollback_transaction(self).await
            }
            fn depth(&mut self) -> QueryResult<Option<NonZeroU32>> {
                use diesel_async::TransactionManager as _;
                diesel_async::AnsiTransactionManager::transaction_manager_status_mut(self).transaction_depth()
            }
            fn break_it(&mut self) {
                use diesel_async::TransactionManager as _;
                diesel_async::AnsiTransactionManager::transaction_manager_status_mut(self).set_in_error();
            }
            async fn setting(&mut self, sql: &str) -> String {
                let ask = diesel::sql_query(format!("SELECT CAST(({sql}) AS CHAR(400)) AS value"));
                let found: Setting = diesel_async::RunQueryDsl::get_result(ask, self).await.unwrap();
                found.value.trim_end().to_owned()
            }
        }
    };
}
#[cfg(feature = "postgres")]
theirs!(AsyncPgConnection, on_postgres);
#[cfg(feature = "mysql")]
theirs!(AsyncMysqlConnection, on_mysql);

#[cfg(feature = "sqlite")]
impl Theirs for diesel::SqliteConnection {
    async fn open(bed: &Bed) -> Self {
        let file = bed.url.trim_start_matches("sqlite:").trim_start_matches("//");
        let mut conn: Self = diesel::Connection::establish(file).unwrap();
        diesel::connection::SimpleConnection::batch_execute(&mut conn, "PRAGMA busy_timeout = 5000").unwrap();
        conn
    }
    async fn ours<T>(&mut self, work: impl AsyncFnOnce(&Database) -> Result<T>) -> Result<T> {
        orm::on_sqlite(self, work)
    }
    async fn ours_after<T>(
        &mut self,
        after: &AfterCommit,
        work: impl AsyncFnOnce(&Database) -> Result<T>,
    ) -> Result<T> {
        after.on_sqlite(self, work)
    }
    async fn batch(&mut self, sql: &str) -> QueryResult<()> {
        diesel::connection::SimpleConnection::batch_execute(self, sql)
    }
    async fn slugs(&mut self) -> Vec<String> {
        use diesel::QueryDsl as _;
        let all = borrowed_tag::table.select(borrowed_tag::slug).order(borrowed_tag::slug);
        diesel::RunQueryDsl::load(all, self).unwrap()
    }
    async fn begin(&mut self) {
        use diesel::connection::TransactionManager as _;
        diesel::connection::AnsiTransactionManager::begin_transaction(self).unwrap();
    }
    async fn commit(&mut self) -> QueryResult<()> {
        use diesel::connection::TransactionManager as _;
        diesel::connection::AnsiTransactionManager::commit_transaction(self)
    }
    async fn rollback(&mut self) -> QueryResult<()> {
        use diesel::connection::TransactionManager as _;
        diesel::connection::AnsiTransactionManager::rollback_transaction(self)
    }
    fn depth(&mut self) -> QueryResult<Option<NonZeroU32>> {
        use diesel::connection::TransactionManager as _;
        diesel::connection::AnsiTransactionManager::transaction_manager_status_mut(self).transaction_depth()
    }
    fn break_it(&mut self) {
        use diesel::connection::TransactionManager as _;
        diesel::connection::AnsiTransactionManager::transaction_manager_status_mut(self).set_in_error();
    }
    async fn setting(&mut self, sql: &str) -> String {
        let ask = diesel::sql_query(format!("SELECT CAST(({sql}) AS TEXT) AS value"));
        let found: Setting = diesel::RunQueryDsl::get_result(ask, self).unwrap();
        found.value
    }
}

/// One test for each kind of connection, with the library's tables in its database.
macro_rules! on_each {
    ($($(#[$meta:meta])* async fn $name:ident($bed:ident, $conn:ident) $body:block)+) => {
        on_all! {$(
            async fn $name(bed) {
                $(#[$meta])*
                async fn with<C: Theirs>($bed: &Bed) {
                    let mut conn = C::open($bed).await;
                    conn.ours(async |db| orm::migrate::create_tables(db, &[borrowed()]).await).await.unwrap();
                    let $conn = &mut conn;
                    $body
                }
                match bed.backend {
                    #[cfg(feature = "postgres")]
                    Backend::Postgres => with::<diesel_async::AsyncPgConnection>(bed).await,
                    #[cfg(feature = "mysql")]
                    Backend::MariaDb => with::<diesel_async::AsyncMysqlConnection>(bed).await,
                    #[cfg(feature = "sqlite")]
                    #[allow(unreachable_patterns)]
                    _ => with::<diesel::SqliteConnection>(bed).await,
                }
            }
        )+}
    };
}

pub(crate) use on_each;

pub(crate) async fn tag(slug: &str, ex: &impl Executor) -> Result<Tag> {
    Tag::draft().slug(slug).name(slug).create(ex).await
}

pub(crate) fn refused<T>() -> Result<T> {
    Err(orm::Error::new(Code::Refused, "not this time"))
}

/// Diesel works on it, in transactions and outside, and it is in none.
pub(crate) async fn stands(conn: &mut impl Theirs, slug: &str) {
    assert_eq!(conn.depth().unwrap(), None);
    let before = conn.slugs().await;
    let insert = format!("INSERT INTO borrowed_tag (slug, name) VALUES ('{slug}', '')");
    conn.begin().await;
    conn.batch(&insert).await.unwrap();
    conn.rollback().await.unwrap();
    assert_eq!(conn.slugs().await, before);
    conn.begin().await;
    conn.batch(&insert).await.unwrap();
    conn.commit().await.unwrap();
    assert!(conn.slugs().await.iter().any(|it| it == slug));
}

on_each! {
    async fn everything_runs_as_on_any(_bed, conn) {
        conn.ours(async |db| {
            let uk = Country::draft().code("UK").name("Britain").create(db).await?;
            let ada = Author::draft().name("Ada").country(&uk).create(db).await?;
            let drafts = (0..1_200).map(|n| Book::draft().title(format!("Book {n}")).price(n % 7).author(&ada));
            assert_eq!(Book::objects().bulk_create(drafts, db).await?.len(), 1_200);
            let dear = Book::objects().filter(|b| b.price.gt(5) & b.author.name.icontains("A"));
            assert_eq!(dear.clone().update(|b| b.views.set(b.views + 3), db).await?, 171);
            assert_eq!(dear.clone().aggregate(|b| b.views.sum()).get(db).await?, Some(3 * 171));
            assert_eq!(Book::objects().filter(|b| b.title.regex("^Book 9.9$")).count(db).await?, 10);
            let with_books = Author::objects().prefetch(|a| a.books).select_related(|a| a.country).get(db).await?;
            assert_eq!((with_books.books.get()?.len(), with_books.country.get()?.code.as_str()), (1_200, "UK"));
            let rows: Vec<Book> = Book::objects().order_by(|b| b.id.asc()).stream(db).try_collect().await?;
            assert_eq!((rows.len(), rows[1_199].title.as_str()), (1_200, "Book 1199"));
            let groups = Book::objects().group_by(|b| b.price).annotate(|_| orm::count());
            assert_eq!(groups.all(db).await?.len(), 7);
            let (_, created) = Tag::draft().slug("a").name("A").get_or_create(|t| t.slug, db).await?;
            let (again, not) = Tag::draft().slug("a").name("B").get_or_create(|t| t.slug, db).await?;
            assert_eq!((created, not, again.name.as_str()), (true, false, "A"));
            let mut book = rows[0].clone().edit();
            book.title = "Notes ∀".into();
            assert_eq!(book.save(db).await?.title, "Notes ∀");
            // The rows that an update finds count, whether it changes them or not.
            assert_eq!(Book::objects().limit(1).update(|b| b.active.set(true), db).await?, 1);
            assert_eq!(ada.delete(db).await?.per_model["borrowed.Book"], 1_200);
            let (watched, log) = db.recording();
            assert_eq!(Tag::objects().count(&watched).await?, 1);
            log.assert_queries(1);
            assert_eq!((db.status().size, db.status().busy), (1, 0));
            Ok(())
        }).await.unwrap();
        assert_eq!(conn.slugs().await, ["a"]);
        stands(conn, "b").await;
        // What it prepared serves the next time.
        for _ in 0..3 {
            let both = conn.ours(async |db| Tag::objects().order_by(|t| t.slug.asc()).values(|t| t.slug).all(db).await);
            assert_eq!(both.await.unwrap(), ["a", "b"]);
            assert_eq!(conn.slugs().await, ["a", "b"]);
        }
    }

    async fn transactions_of_its_own(_bed, conn) {
        let after = Arc::new(AtomicU32::new(0));
        conn.ours(async |db| {
            db.transaction(async |tx| {
                tag("a", tx).await?;
                let inner = tx.transaction(async |tx| {
                    tag("b", tx).await?;
                    refused::<()>()
                });
                assert_eq!(inner.await.unwrap_err().code(), Code::Refused);
                tx.transaction(async |tx| tag("c", tx).await).await?;
                let after = after.clone();
                tx.on_commit(async move || { after.fetch_add(1, SeqCst); });
                assert_eq!(Tag::objects().count(db).await.unwrap_err().code(), Code::OutsideTransaction);
                Ok(())
            }).await?;
            assert_eq!(after.load(SeqCst), 1);
            let gone = db.transaction(async |tx| {
                tag("d", tx).await?;
                refused::<()>()
            });
            assert_eq!(gone.await.unwrap_err().code(), Code::Refused);
            let dropped = db.begin().await?;
            tag("e", &dropped).await?;
            drop(dropped);
            let read = db.build_transaction().isolation(Isolation::Serializable).read_only();
            assert_eq!(read.run(async |tx| Tag::objects().count(tx).await).await?, 2);
            tag("f", db).await?;
            let again = db.transaction(async |tx| tag("f", tx).await).await;
            assert_eq!(again.unwrap_err().fields(), ["slug"]);
            Ok(())
        }).await.unwrap();
        assert_eq!(conn.slugs().await, ["a", "c", "f"]);
        // What was written before an error stays, as on any connection.
        let error = conn.ours(async |db| { tag("g", db).await?; refused::<()>() }).await.unwrap_err();
        assert_eq!(error.code(), Code::Refused);
        assert_eq!(conn.slugs().await, ["a", "c", "f", "g"]);
        stands(conn, "h").await;
    }

    async fn inside_a_transaction_of_diesels(_bed, conn) {
        for commits in [false, true] {
            conn.begin().await;
            conn.batch("INSERT INTO borrowed_tag (slug, name) VALUES ('by diesel', '')").await.unwrap();
            let seen = conn.ours(async |db| {
                tag("ours", db).await?;
                db.transaction(async |tx| {
                    tag("in a savepoint", tx).await?;
                    let inner = tx.transaction(async |tx| {
                        tag("undone", tx).await?;
                        refused::<()>()
                    });
                    assert_eq!(inner.await.unwrap_err().code(), Code::Refused);
                    Ok(())
                }).await?;
                let gone = db.transaction(async |tx| { tag("undone", tx).await?; refused::<()>() });
                assert_eq!(gone.await.unwrap_err().code(), Code::Refused);
                let dropped = db.begin().await?;
                tag("undone", &dropped).await?;
                drop(dropped);
                let rows: Vec<(String, i64)> =
                    Tag::objects().group_by(|t| t.slug).annotate(|_| orm::count()).stream(db).try_collect().await?;
                Ok(rows.len())
            });
            assert_eq!(seen.await.unwrap(), 3);
            assert_eq!(conn.depth().unwrap(), NonZeroU32::new(1));
            assert_eq!(conn.slugs().await, ["by diesel", "in a savepoint", "ours"]);
            if commits { conn.commit().await.unwrap() } else { conn.rollback().await.unwrap() }
            assert_eq!(conn.slugs().await.len(), if commits { 3 } else { 0 });
        }
        stands(conn, "z").await;
    }

    async fn in_savepoints_of_diesels(_bed, conn) {
        conn.begin().await;
        conn.ours(async |db| tag("a", db).await).await.unwrap();
        conn.begin().await;
        conn.ours(async |db| db.transaction(async |tx| tag("b", tx).await).await).await.unwrap();
        assert_eq!(conn.depth().unwrap(), NonZeroU32::new(2));
        conn.rollback().await.unwrap();
        conn.ours(async |db| tag("c", db).await).await.unwrap();
        conn.commit().await.unwrap();
        assert_eq!(conn.slugs().await, ["a", "c"]);
    }

    async fn an_error_undoes_the_closure_alone(_bed, conn) {
        conn.begin().await;
        conn.batch("INSERT INTO borrowed_tag (slug, name) VALUES ('a', '')").await.unwrap();
        let error = conn.ours(async |db| { tag("b", db).await?; tag("a", db).await }).await.unwrap_err();
        assert_eq!((error.code(), error.fields()), (Code::UniqueViolation, &["slug".to_owned()][..]));
        // Where a failed statement ends the transaction as well.
        assert_eq!(conn.slugs().await, ["a"]);
        conn.ours(async |db| {
            let again = db.transaction(async |tx| tag("a", tx).await).await;
            assert_eq!(again.unwrap_err().code(), Code::UniqueViolation);
            tag("c", db).await
        }).await.unwrap();
        conn.commit().await.unwrap();
        assert_eq!(conn.slugs().await, ["a", "c"]);
        stands(conn, "d").await;
    }

    async fn an_error_that_is_not_returned(bed, conn) {
        conn.begin().await;
        conn.ours(async |db| tag("a", db).await).await.unwrap();
        let swallowed = conn.ours(async |db| {
            tag("b", db).await?;
            assert_eq!(tag("a", db).await.unwrap_err().code(), Code::UniqueViolation);
            Ok(())
        }).await;
        let kept = match bed.pick("given up", "goes on", "goes on") {
            "given up" => {
                let error = swallowed.unwrap_err();
                assert_eq!(error.code(), Code::TransactionOver, "{error}");
                assert!(error.message().contains("not returned"), "{error}");
                vec!["a"]
            }
            _ => {
                swallowed.unwrap();
                vec!["a", "b"]
            }
        };
        conn.commit().await.unwrap();
        assert_eq!(conn.slugs().await, kept);
    }

    async fn a_transaction_that_was_begun_by_its_text(_bed, conn) {
        for (end, rows) in [("ROLLBACK", 0), ("COMMIT", 2)] {
            conn.batch("BEGIN").await.unwrap();
            conn.ours(async |db| {
                tag("a", db).await?;
                db.transaction(async |tx| tag("b", tx).await).await
            }).await.unwrap();
            assert_eq!(conn.slugs().await.len(), 2);
            conn.batch(end).await.unwrap();
            assert_eq!(conn.slugs().await.len(), rows);
        }
        stands(conn, "c").await;
    }

    async fn after_the_commit_of_diesels(_bed, conn) {
        let ran = Arc::new(AtomicU32::new(0));
        let adds = async |db: &Database, slug: &str| {
            db.transaction(async |tx| {
                let ran = ran.clone();
                tx.on_commit(async move || { ran.fetch_add(1, SeqCst); });
                tag(slug, tx).await
            }).await
        };
        conn.begin().await;
        // Nobody would do it: nothing is written.
        let error = conn.ours(async |db| adds(db, "a").await).await.unwrap_err();
        assert_eq!(error.code(), Code::BadQuery, "{error}");
        assert!(error.hint().unwrap().contains("AfterCommit"));
        assert!(conn.slugs().await.is_empty());
        let after = AfterCommit::new();
        conn.ours_after(&after, async |db| adds(db, "b").await).await.unwrap();
        let undone = conn.ours_after(&after, async |db| { adds(db, "c").await?; refused::<()>() }).await;
        assert_eq!(undone.unwrap_err().code(), Code::Refused);
        let undone = conn.ours_after(&after, async |db| {
            db.transaction(async |tx| {
                tx.on_commit(async || panic!("of a savepoint that was undone"));
                refused::<()>()
            }).await.unwrap_err();
            Ok(())
        }).await;
        undone.unwrap();
        conn.commit().await.unwrap();
        assert_eq!(ran.load(SeqCst), 0);
        assert_eq!(after.run().await, 1);
        assert_eq!(ran.load(SeqCst), 1);
        // Outside of one the commit is ours.
        let after = AfterCommit::new();
        conn.ours_after(&after, async |db| adds(db, "d").await).await.unwrap();
        assert_eq!((ran.load(SeqCst), after.run().await), (2, 0));
        assert_eq!(conn.slugs().await, ["b", "d"]);
    }

    async fn what_is_carried_out_of_the_closure_is_closed(_bed, conn) {
        for inside in [false, true] {
            if inside {
                conn.begin().await;
            }
            let (db, tx) = conn.ours(async |db| {
                let tx = db.begin().await?;
                tag("a", &tx).await?;
                Ok((db.clone(), tx))
            }).await.unwrap();
            assert!(conn.slugs().await.is_empty());
            assert_eq!(Tag::objects().count(&db).await.unwrap_err().code(), Code::Closed);
            assert_eq!(tag("b", &tx).await.unwrap_err().code(), Code::Closed);
            assert_eq!(tx.commit().await.unwrap_err().code(), Code::Closed);
            assert_eq!(Tag::objects().count(&db).await.unwrap_err().code(), Code::Closed);
            if inside {
                conn.commit().await.unwrap();
            }
        }
        stands(conn, "c").await;
    }

    async fn sessions_are_put_back(bed, conn) {
        let sets = bed.pick(
            "SET TIME ZONE 'Asia/Tokyo'",
            "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON",
            "SET SESSION sql_mode = 'ANSI_QUOTES', time_zone = 'SYSTEM', foreign_key_checks = 0, unique_checks = 0, \
             character_set_results = NULL, character_set_client = latin1, character_set_connection = latin1, \
             collation_connection = latin1_bin, tx_isolation = 'SERIALIZABLE', max_recursive_iterations = 7",
        );
        let ask = bed.pick(
            "current_setting('TimeZone')",
            "SELECT group_concat(f.foreign_keys || i.ignore_check_constraints) \
             FROM pragma_foreign_keys AS f, pragma_ignore_check_constraints AS i",
            "SELECT CONCAT_WS(' ', @@sql_mode, @@time_zone, @@foreign_key_checks, @@unique_checks, @@character_set_client, \
             COALESCE(@@character_set_results, 'none'), @@collation_connection, @@tx_isolation, @@max_recursive_iterations)",
        );
        let usual = conn.setting(ask).await;
        conn.batch(sets).await.unwrap();
        let before = conn.setting(ask).await;
        assert_ne!(before, usual);
        let ask_of_ours = ask.to_owned();
        let ours = conn.ours(async |db| {
            let uk = Country::draft().code("UK").name("Bretagne ∀").create(db).await?;
            let ada = Author::draft().name("Ada").country(&uk).create(db).await?;
            Book::draft().title("Notes").price(1).author(&ada).create(db).await?;
            assert!(Book::objects().filter(|b| b.created.year().gte(2024)).exists(db).await?);
            let orphan = Author::draft().name("Nobody").country(77_i64).create(db).await.unwrap_err();
            assert_eq!(orphan.code(), Code::ForeignKeyViolation);
            let sql = ask_of_ours.strip_prefix("SELECT ").unwrap_or(&ask_of_ours);
            let statement = orm::Statement::raw(&format!("SELECT {sql}"), []);
            orm::Executor::run(db, Query(statement, |cell| cell.text())).await.map(|found| found[0].clone())
        }).await.unwrap();
        assert_ne!(ours, before);
        assert_eq!(conn.setting(ask).await, before);
        // After an error as well.
        assert_eq!(conn.ours(async |_| refused::<()>()).await.unwrap_err().code(), Code::Refused);
        assert_eq!(conn.setting(ask).await, before);
        // And in a transaction, whichever way that ends.
        for commits in [false, true] {
            if bed.pick("", "cannot", "") == "cannot" {
                conn.begin().await;
                let error = conn.ours(async |db| tag("x", db).await).await.unwrap_err();
                assert_eq!(error.code(), Code::BadSetting);
                assert!(error.hint().unwrap().contains("PRAGMA foreign_keys = ON"));
                conn.rollback().await.unwrap();
                continue;
            }
            conn.begin().await;
            let failed = conn.ours(async |db| { tag("b", db).await?; refused::<()>() });
            assert_eq!(failed.await.unwrap_err().code(), Code::Refused);
            assert_eq!(conn.setting(ask).await, before);
            conn.ours(async |db| tag("a", db).await).await.unwrap();
            assert_eq!(conn.setting(ask).await, before);
            if commits { conn.commit().await.unwrap() } else { conn.rollback().await.unwrap() }
            assert_eq!(conn.setting(ask).await, before);
        }
    }

    async fn several_at_once(_bed, conn) {
        conn.ours(async |db| {
            let (one, other, third) = tokio::join!(
                tag("a", db),
                db.transaction(async |tx| { tag("b", tx).await?; tag("c", tx).await }),
                Tag::objects().count(db),
            );
            (one.map(drop)).and(other.map(drop)).and(third.map(drop))
        }).await.unwrap();
        assert_eq!(conn.slugs().await, ["a", "b", "c"]);
        stands(conn, "d").await;
    }

    async fn what_is_given_up_inside_comes_to_its_end(_bed, conn) {
        conn.ours(async |db| {
            for n in 0..40_u32 {
                let slug = format!("t{n}");
                let mut write = std::pin::pin!(tag(&slug, db));
                // It is in the queue, or on its way, when it is dropped.
                for _ in 0..n % 4 {
                    let _ = write.as_mut().now_or_never();
                }
            }
            db.transaction(async |tx| {
                let mut write = Box::pin(tag("given up", tx));
                let _ = write.as_mut().now_or_never();
                drop(write);
                assert_eq!(tag("after", tx).await.unwrap_err().code(), Code::TransactionOver);
                Ok(())
            }).await.unwrap_err();
            tag("z", db).await
        }).await.unwrap();
        let slugs = conn.slugs().await;
        assert!(slugs.contains(&"z".to_owned()) && !slugs.contains(&"given up".to_owned()), "{slugs:?}");
        stands(conn, "y").await;
    }

    async fn what_is_not_for_it_is_refused(bed, conn) {
        conn.ours(async |db| {
            assert_eq!(orm::migrate::migrate(db, &[borrowed()]).await.unwrap_err().code(), Code::Unsupported);
            if bed.pick("schema", "", "") == "schema" {
                assert_eq!(db.in_schema("other").unwrap_err().code(), Code::Unsupported);
            } else {
                let locked = db.transaction(async |tx| tx.advisory_lock("one").await);
                assert_eq!(locked.await.unwrap_err().code(), Code::Unsupported);
            }
            let lent = db.with_sqlite(|_| Ok(())).await.unwrap_err();
            assert_eq!(lent.code(), Code::Unsupported, "{lent}");
            assert!(lent.message().contains("borrowed"), "{lent}");
            #[cfg(feature = "postgres")]
            {
                assert!(db.with_postgres(async |_| Ok(())).await.unwrap_err().message().contains("borrowed"));
                let lent = db.transaction(async |tx| tx.with_postgres(async |_| Ok(())).await);
                assert!(lent.await.unwrap_err().message().contains("borrowed"));
            }
            Ok(())
        }).await.unwrap();
        conn.begin().await;
        conn.ours(async |db| {
            for settings in [
                db.build_transaction().isolation(Isolation::Serializable),
                db.build_transaction().read_only(),
                db.build_transaction().deferrable(),
            ] {
                assert_eq!(settings.begin().await.unwrap_err().code(), Code::BadQuery);
            }
            Ok(())
        }).await.unwrap();
        conn.rollback().await.unwrap();
        stands(conn, "a").await;
    }

    async fn a_closure_that_ends_the_transaction_of_diesels(bed, conn) {
        for sql in [bed.pick("COMMIT", "COMMIT", "CREATE TABLE other (id INT)"), "ROLLBACK"] {
            conn.begin().await;
            let error = conn.ours(async |db| { tag("a", db).await?; db.batch(sql).await }).await.unwrap_err();
            assert_eq!(error.code(), Code::TransactionOver, "{sql}: {error}");
            assert!(error.message().contains("ended the transaction"), "{sql}: {error}");
            let _ = conn.rollback().await;
            conn.batch("DELETE FROM borrowed_tag").await.unwrap();
        }
    }

    async fn a_broken_connection(_bed, conn) {
        conn.begin().await;
        conn.rollback().await.unwrap();
        conn.break_it();
        let error = conn.ours(async |db| Tag::objects().count(db).await).await.unwrap_err();
        assert_eq!(error.code(), Code::TransactionOver, "{error}");
        assert!(error.message().contains("broken"), "{error}");
    }
}
