//! Diesel on our connections: what it does stands with ours, and nothing of it stays behind.

use crate::bed::*;
use diesel::{ExpressionMethods as _, QueryDsl as _, result::Error as DieselError};
use orm::{Access, Code, Connection, Database, Executor, Operation, Result, Transaction};

diesel::table! {
    t (id) {
        id -> BigInt,
    }
}

/// The same queries of Diesel's on the connection of each back end.
macro_rules! lent {
    ($ex:expr, $bed:expr, |$conn:ident| $sync:expr, $async:expr) => {
        match $bed.backend {
            #[cfg(feature = "postgres")]
            Backend::Postgres => {
                #[allow(unused_imports)]
                use diesel_async::{AsyncConnection as _, RunQueryDsl as _, SimpleAsyncConnection as _};
                $ex.with_postgres(async |$conn| $async).await
            }
            #[cfg(feature = "mysql")]
            Backend::MariaDb => {
                #[allow(unused_imports)]
                use diesel_async::{AsyncConnection as _, RunQueryDsl as _, SimpleAsyncConnection as _};
                $ex.with_mysql(async |$conn| $async).await
            }
            #[allow(unreachable_patterns)]
            _ => {
                #[allow(unused_imports)]
                use diesel::{Connection as _, RunQueryDsl as _, connection::SimpleConnection as _};
                $ex.with_sqlite(move |$conn| $sync).await
            }
        }
    };
}

macro_rules! diesel_insert {
    ($ex:expr, $bed:expr, $id:expr) => {{
        let id: i64 = $id;
        lent!($ex, $bed, |conn| diesel::insert_into(t::table).values(t::id.eq(id)).execute(conn), {
            diesel::insert_into(t::table).values(t::id.eq(id)).execute(conn).await
        })
    }};
}

macro_rules! diesel_ids {
    ($ex:expr, $bed:expr) => {
        lent!($ex, $bed, |conn| t::table.select(t::id).order(t::id).load::<i64>(conn), {
            t::table.select(t::id).order(t::id).load::<i64>(conn).await
        })
    };
}

macro_rules! diesel_batch {
    ($ex:expr, $bed:expr, $sql:expr) => {{
        let sql: &'static str = $sql;
        lent!($ex, $bed, |conn| conn.batch_execute(sql), { conn.batch_execute(sql).await })
    }};
}

/// Each connection of the pool works, in no transaction, and what is written stays.
async fn stands(bed: &Bed, id: i64) {
    let before = ids(&bed.db).await.unwrap();
    let gone = bed.db.transaction(async |tx| {
        insert(tx, id).await?;
        Err::<(), _>(orm::Error::new(Code::Refused, "not this time"))
    });
    assert_eq!(gone.await.unwrap_err().code(), Code::Refused);
    assert_eq!(ids(&bed.db).await.unwrap(), before);
    insert(&bed.db, id).await.unwrap();
    if !bed.url.ends_with("memory:") {
        let other = Database::connect(&bed.url).await.unwrap();
        assert!(ids(&other).await.unwrap().contains(&id));
        other.close().await;
    }
}

on_all! {
    async fn it_runs_outside_of_transactions(bed) {
        with_table(bed).await;
        insert(&bed.db, 1).await.unwrap();
        assert_eq!(diesel_insert!(bed.db, bed, 2).unwrap(), 1);
        assert_eq!(diesel_ids!(bed.db, bed).unwrap(), [1, 2]);
        assert_eq!(ids(&bed.db).await.unwrap(), [1, 2]);
        stands(bed, 3).await;
    }

    async fn it_stands_in_the_same_transaction(bed) {
        with_table(bed).await;
        bed.db.transaction(async |tx| {
            insert(tx, 1).await?;
            diesel_insert!(tx, bed, 2)?;
            insert(tx, 3).await?;
            assert_eq!(diesel_ids!(tx, bed)?, [1, 2, 3]);
            assert_eq!(ids(tx).await?, [1, 2, 3]);
            Ok(())
        }).await.unwrap();
        assert_eq!(ids(&bed.db).await.unwrap(), [1, 2, 3]);
        let undone = bed.db.transaction(async |tx| {
            insert(tx, 4).await?;
            diesel_insert!(tx, bed, 5)?;
            Err::<(), _>(orm::Error::new(Code::Refused, "not this time"))
        });
        assert_eq!(undone.await.unwrap_err().code(), Code::Refused);
        assert_eq!(ids(&bed.db).await.unwrap(), [1, 2, 3]);
        // A savepoint of ours takes Diesel's rows with it.
        bed.db.transaction(async |tx| {
            let undone = tx.transaction(async |tx| {
                diesel_insert!(tx, bed, 6)?;
                Err::<(), _>(orm::Error::new(Code::Refused, "not this time"))
            });
            assert_eq!(undone.await.unwrap_err().code(), Code::Refused);
            diesel_insert!(tx, bed, 7).map(|_| ())
        }).await.unwrap();
        assert_eq!(ids(&bed.db).await.unwrap(), [1, 2, 3, 7]);
        stands(bed, 8).await;
    }

    async fn transactions_of_diesel_are_savepoints_in_ours(bed) {
        with_table(bed).await;
        let undone = bed.db.transaction(async |tx| {
            lent!(tx, bed, |conn| conn.transaction(|conn| {
                diesel::insert_into(t::table).values(t::id.eq(1)).execute(conn)?;
                let undone = conn.transaction(|conn| {
                    diesel::insert_into(t::table).values(t::id.eq(2)).execute(conn)?;
                    Err::<(), _>(DieselError::RollbackTransaction)
                });
                assert_eq!(undone, Err(DieselError::RollbackTransaction));
                Ok(())
            }), {
                conn.transaction(async |conn| {
                    diesel::insert_into(t::table).values(t::id.eq(1)).execute(conn).await?;
                    let undone = conn.transaction(async |conn| {
                        diesel::insert_into(t::table).values(t::id.eq(2)).execute(conn).await?;
                        Err::<(), _>(DieselError::RollbackTransaction)
                    }).await;
                    assert_eq!(undone, Err(DieselError::RollbackTransaction));
                    Ok(())
                }).await
            })?;
            assert_eq!(ids(tx).await?, [1]);
            Err::<(), _>(orm::Error::new(Code::Refused, "not this time"))
        });
        assert_eq!(undone.await.unwrap_err().code(), Code::Refused);
        // Diesel's commit was none of ours.
        assert_eq!(ids(&bed.db).await.unwrap(), NONE);
        // Outside of one it is a transaction like any other.
        lent!(bed.db, bed, |conn| conn.transaction(|conn| {
            diesel::insert_into(t::table).values(t::id.eq(1)).execute(conn)
        }), {
            conn.transaction(async |conn| diesel::insert_into(t::table).values(t::id.eq(1)).execute(conn).await).await
        }).unwrap();
        assert_eq!(ids(&bed.db).await.unwrap(), [1]);
        stands(bed, 2).await;
    }

    async fn errors_are_those_of_the_library(bed) {
        with_table(bed).await;
        bed.db.batch("CREATE TABLE child (id bigint PRIMARY KEY, t_id bigint NOT NULL, FOREIGN KEY (t_id) REFERENCES t (id))").await.unwrap();
        insert(&bed.db, 1).await.unwrap();
        assert_eq!(diesel_insert!(bed.db, bed, 1).unwrap_err().code(), Code::UniqueViolation);
        let orphan = diesel_batch!(bed.db, bed, "INSERT INTO child VALUES (1, 9)").unwrap_err();
        assert_eq!(orphan.code(), Code::ForeignKeyViolation);
        assert_eq!(diesel_batch!(bed.db, bed, "SELECT * FROM absent").unwrap_err().code(), Code::MissingTable);
        let none = lent!(bed.db, bed, |conn| t::table.filter(t::id.eq(9)).first::<(i64,)>(conn), {
            t::table.filter(t::id.eq(9)).first::<(i64,)>(conn).await
        }).unwrap_err();
        assert_eq!(none.code(), Code::NotFound);
        // The transaction goes on, without what the closure did before it failed.
        bed.db.transaction(async |tx| {
            insert(tx, 2).await?;
            let again = lent!(tx, bed, |conn| {
                diesel::insert_into(t::table).values(t::id.eq(3)).execute(conn)?;
                diesel::insert_into(t::table).values(t::id.eq(1)).execute(conn)
            }, {
                diesel::insert_into(t::table).values(t::id.eq(3)).execute(conn).await?;
                diesel::insert_into(t::table).values(t::id.eq(1)).execute(conn).await
            });
            assert_eq!(again.unwrap_err().code(), Code::UniqueViolation);
            assert_eq!(ids(tx).await?, [1, 2]);
            insert(tx, 4).await.map(|_| ())
        }).await.unwrap();
        assert_eq!(ids(&bed.db).await.unwrap(), [1, 2, 4]);
        stands(bed, 5).await;
    }

    async fn what_is_left_open_is_rolled_back(bed) {
        with_table(bed).await;
        // By its text, of which Diesel knows nothing; by Diesel; and one that a statement has broken.
        let error = diesel_batch!(bed.db, bed, "BEGIN; INSERT INTO t VALUES (1)").unwrap_err();
        assert_eq!(error.code(), Code::BadQuery, "{error}");
        assert!(error.hint().unwrap().contains("conn.transaction"));
        let error = lent!(bed.db, bed, |conn| {
            use diesel::connection::{AnsiTransactionManager, TransactionManager};
            AnsiTransactionManager::begin_transaction(&mut *conn)?;
            diesel::insert_into(t::table).values(t::id.eq(2)).execute(conn)
        }, {
            use diesel_async::{AnsiTransactionManager, TransactionManager};
            AnsiTransactionManager::begin_transaction(&mut *conn).await?;
            diesel::insert_into(t::table).values(t::id.eq(2)).execute(conn).await
        }).unwrap_err();
        assert_eq!(error.code(), Code::BadQuery, "{error}");
        let error = diesel_batch!(bed.db, bed, "BEGIN; INSERT INTO absent VALUES (1)").unwrap_err();
        assert_eq!(error.code(), Code::MissingTable, "{error}");
        for id in 3..8 {
            stands(bed, id).await;
        }
        assert_eq!(ids(&bed.db).await.unwrap(), [3, 4, 5, 6, 7]);
        // Inside of ours: what the closure did is undone, and ours goes on.
        bed.db.transaction(async |tx| {
            insert(tx, 8).await?;
            let error = lent!(tx, bed, |conn| {
                use diesel::connection::{AnsiTransactionManager, TransactionManager};
                AnsiTransactionManager::begin_transaction(&mut *conn)?;
                diesel::insert_into(t::table).values(t::id.eq(9)).execute(conn)
            }, {
                use diesel_async::{AnsiTransactionManager, TransactionManager};
                AnsiTransactionManager::begin_transaction(&mut *conn).await?;
                diesel::insert_into(t::table).values(t::id.eq(9)).execute(conn).await
            }).unwrap_err();
            assert_eq!(error.code(), Code::BadQuery, "{error}");
            assert_eq!(ids(tx).await?, [3, 4, 5, 6, 7, 8]);
            diesel_insert!(tx, bed, 10).map(|_| ())
        }).await.unwrap();
        assert_eq!(ids(&bed.db).await.unwrap(), [3, 4, 5, 6, 7, 8, 10]);
        stands(bed, 11).await;
    }

    async fn what_ends_our_transaction_is_told(bed) {
        with_table(bed).await;
        for sql in ["COMMIT", "ROLLBACK", "COMMIT; BEGIN", "ROLLBACK; BEGIN; INSERT INTO t VALUES (77)"] {
            ended_by(bed, sql).await;
        }
    }

    async fn transactions_of_another_kind(bed) {
        with_table(bed).await;
        bed.db.transaction(async |tx| {
            let refused = lent!(tx, bed, |conn| conn.immediate_transaction(|conn| {
                diesel::insert_into(t::table).values(t::id.eq(1)).execute(conn)
            }), {
                diesel_async::AnsiTransactionManager::begin_transaction_sql(&mut *conn, "BEGIN").await?;
                diesel::insert_into(t::table).values(t::id.eq(1)).execute(conn).await
            });
            let error = refused.unwrap_err();
            assert_eq!(error.code(), Code::BadQuery);
            assert!(error.hint().unwrap().contains("savepoint"), "{error}");
            insert(tx, 2).await.map(|_| ())
        }).await.unwrap();
        assert_eq!(ids(&bed.db).await.unwrap(), [2]);
        stands(bed, 3).await;
    }

    async fn an_error_that_is_not_returned(bed) {
        with_table(bed).await;
        insert(&bed.db, 1).await.unwrap();
        let done = bed.db.transaction(async |tx| {
            insert(tx, 2).await?;
            let done = lent!(tx, bed, |conn| {
                diesel::insert_into(t::table).values(t::id.eq(3)).execute(conn)?;
                Ok(diesel::insert_into(t::table).values(t::id.eq(1)).execute(conn).is_err())
            }, {
                diesel::insert_into(t::table).values(t::id.eq(3)).execute(conn).await?;
                Ok(diesel::insert_into(t::table).values(t::id.eq(1)).execute(conn).await.is_err())
            });
            insert(tx, 4).await?;
            Ok(done)
        }).await.unwrap();
        match bed.pick("refused", "kept", "kept") {
            // The server had given the transaction up: it goes on from before.
            "refused" => {
                assert_eq!(done.unwrap_err().code(), Code::TransactionOver);
                assert_eq!(ids(&bed.db).await.unwrap(), [1, 2, 4]);
            }
            _ => {
                assert!(done.unwrap());
                assert_eq!(ids(&bed.db).await.unwrap(), [1, 2, 3, 4]);
            }
        }
        stands(bed, 5).await;
    }

    async fn settings_do_not_stay(bed) {
        with_table(bed).await;
        bed.db.batch("CREATE TABLE child (id bigint PRIMARY KEY, t_id bigint NOT NULL, FOREIGN KEY (t_id) REFERENCES t (id))").await.unwrap();
        let set = bed.pick(
            "SET search_path TO information_schema; SET TIME ZONE 'Asia/Tokyo'; SET statement_timeout = 5000; CREATE TEMP TABLE left_behind (id int); SELECT pg_advisory_lock(5)",
            "PRAGMA foreign_keys = OFF; PRAGMA query_only = ON; PRAGMA busy_timeout = 7",
            "SET SESSION sql_mode = 'ANSI_QUOTES', time_zone = '+09:00', foreign_key_checks = 0; USE information_schema; SELECT GET_LOCK('mine', 0)",
        );
        for inside in [false, true] {
            if inside {
                set_inside(bed, set).await;
            } else {
                diesel_batch!(bed.db, bed, set).unwrap();
            }
            // The pool gives the connection that came back last.
            for _ in 0..6 {
                let orphan = bed.db.batch("INSERT INTO child VALUES (1, 9)").await.unwrap_err();
                assert_eq!(orphan.code(), Code::ForeignKeyViolation, "{orphan}");
            }
            let ask = bed.pick(
                "SELECT (current_setting('TimeZone') = 'UTC' AND current_setting('statement_timeout') = '0' AND to_regclass('left_behind') IS NULL AND NOT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())))::int::bigint",
                "PRAGMA busy_timeout",
                "SELECT @@time_zone = '+00:00' AND @@sql_mode NOT LIKE '%ANSI%' AND IS_FREE_LOCK('mine')",
            );
            bed.db.run(Written(ask.to_owned(), i64::from(bed.pick("1", "0", "1") == "1"))).await.unwrap();
        }
        stands(bed, 1).await;
    }

    async fn panics(bed) {
        with_table(bed).await;
        for inside in [false, true] {
            let db = bed.db.clone();
            let backend = bed.backend;
            let panicked = tokio::spawn(async move {
                let bed = Part { backend };
                if inside {
                    let done: Result<()> = db.transaction(async |tx| {
                        insert(tx, 9).await?;
                        insert_and_panic(&bed, In::Transaction(tx)).await
                    }).await;
                    done
                } else {
                    insert_and_panic(&bed, In::Database(&db)).await
                }
            }).await.unwrap_err();
            assert!(panicked.is_panic());
            for id in 2..8 {
                stands(bed, id).await;
            }
            assert_eq!(ids(&bed.db).await.unwrap(), [2, 3, 4, 5, 6, 7]);
            bed.db.batch("DELETE FROM t").await.unwrap();
        }
        assert_eq!(bed.db.status().busy, 0);
    }

    async fn many_at_once(bed) {
        with_table(bed).await;
        let tasks = (0..64).map(|task: i64| {
            let (db, part) = (bed.db.clone(), Part { backend: bed.backend });
            tokio::spawn(async move {
                let bed = &part;
                match task % 4 {
                    0 => diesel_insert!(db, bed, task).map(|_| ()),
                    1 => diesel_batch!(db, bed, "BEGIN; DELETE FROM t").map_err(|error| assert_eq!(error.code(), Code::BadQuery)).or(Ok(())),
                    2 => db.transaction(async |tx| {
                        insert(tx, task).await?;
                        diesel_insert!(tx, bed, task + 1000).map(|_| ())
                    }).await,
                    _ => insert(&db, task).await.map(|_| ()),
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap().unwrap();
        }
        let mut expected: Vec<i64> = (0..64).filter(|task| task % 4 != 1).collect();
        expected.extend((0..64).filter(|task| task % 4 == 2).map(|task| task + 1000));
        assert_eq!(ids(&bed.db).await.unwrap(), expected);
        stands(bed, 64).await;
    }

    async fn another_back_end_is_refused(bed) {
        let refused = match bed.pick("postgres", "sqlite", "mariadb") {
            #[cfg(feature = "sqlite")]
            "postgres" | "mariadb" => bed.db.with_sqlite(|_| Ok(())).await,
            #[cfg(feature = "postgres")]
            "sqlite" => bed.db.with_postgres(async |_| Ok(())).await,
            _ => return,
        };
        let error = refused.unwrap_err();
        assert_eq!(error.code(), Code::Unsupported);
        assert!(error.hint().unwrap().contains("with_sqlite"));
    }
}

async fn ended_by(bed: &Bed, sql: &'static str) {
    let error = bed
        .db
        .transaction(async |tx| {
            insert(tx, 1).await?;
            let error = diesel_batch!(tx, bed, sql).unwrap_err();
            assert_eq!(error.code(), Code::TransactionOver, "{sql}: {error}");
            assert!(error.message().contains("ended the transaction"), "{sql}: {error}");
            // Nothing is written outside of what a person believes to be a transaction.
            assert_eq!(insert(tx, 2).await.unwrap_err().code(), Code::TransactionOver);
            assert_eq!(diesel_insert!(tx, bed, 2).unwrap_err().code(), Code::TransactionOver);
            Ok(())
        })
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::TransactionOver, "{sql}: {error}");
    bed.db.batch("DELETE FROM t WHERE id = 1").await.unwrap();
    assert_eq!(ids(&bed.db).await.unwrap(), NONE, "{sql}");
    stands(bed, 9).await;
    bed.db.batch("DELETE FROM t").await.unwrap();
}

async fn set_inside(bed: &Bed, set: &'static str) {
    bed.db.transaction(async |tx| diesel_batch!(tx, bed, set)).await.unwrap();
}

/// What the macros ask a bed.
#[derive(Clone, Copy)]
struct Part {
    backend: Backend,
}

enum In<'a> {
    Database(&'a Database),
    Transaction(&'a Transaction),
}

#[allow(unreachable_code)]
async fn insert_and_panic(bed: &Part, on: In<'_>) -> Result<()> {
    macro_rules! go {
        ($ex:expr) => {
            lent!(
                $ex,
                bed,
                |conn| conn.transaction(|conn| {
                    diesel::insert_into(t::table).values(t::id.eq(1)).execute(conn)?;
                    panic!("of Diesel's user")
                }),
                {
                    conn.transaction(async |conn| {
                        diesel::insert_into(t::table).values(t::id.eq(1)).execute(conn).await?;
                        panic!("of Diesel's user")
                    })
                    .await
                }
            )
        };
    }
    match on {
        In::Database(db) => go!(db),
        In::Transaction(tx) => go!(tx),
    }
}

/// A question that is asked where writes run, and its answer.
pub(crate) struct Written(pub(crate) String, pub(crate) i64);

impl Operation for Written {
    type Output = ();
    fn access(&self) -> Access {
        Access::Write
    }
    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<()> {
        let mut said = None;
        let each: orm::Each<'_> = &mut |row| {
            said = Some(row.cell(0).i64()?);
            Ok(())
        };
        conn.query(&orm::Statement::raw(self.0.as_str(), []), each).await?;
        assert_eq!(said, Some(self.1), "{}", self.0);
        Ok(())
    }
}

/// A dropped future leaves a connection that nobody else is given.
#[cfg(feature = "postgres")]
#[tokio::test]
async fn dropped_half_way() {
    use diesel_async::SimpleAsyncConnection as _;
    let Some(bed) = Bed::new(Backend::Postgres).await else { return };
    with_table(&bed).await;
    let short = std::time::Duration::from_millis(200);
    let slow = bed
        .db
        .with_postgres(async |conn| conn.batch_execute("BEGIN; INSERT INTO t VALUES (1); SELECT pg_sleep(9)").await);
    assert!(tokio::time::timeout(short, slow).await.is_err());
    let inside = bed.db.transaction(async |tx| {
        insert(tx, 2).await?;
        let slow = tx.with_postgres(async |conn| conn.batch_execute("SELECT pg_sleep(9)").await);
        assert!(tokio::time::timeout(short, slow).await.is_err());
        // How far it came is not known.
        assert_eq!(insert(tx, 3).await.unwrap_err().code(), Code::TransactionOver);
        Ok(())
    });
    assert_eq!(inside.await.unwrap_err().code(), Code::TransactionOver);
    for id in 4..9 {
        stands(&bed, id).await;
    }
    assert_eq!(ids(&bed.db).await.unwrap(), [4, 5, 6, 7, 8]);
    bed.finish().await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn a_transaction_that_is_lent_is_not_used() {
    use diesel_async::SimpleAsyncConnection as _;
    let Some(bed) = Bed::new(Backend::Postgres).await else { return };
    with_table(&bed).await;
    let tx = bed.db.begin().await.unwrap();
    tx.with_postgres(async |conn| {
        let error = insert(&tx, 1).await.unwrap_err();
        assert_eq!(error.code(), Code::TransactionOver);
        assert!(error.message().contains("lent"), "{error}");
        conn.batch_execute("INSERT INTO t VALUES (2)").await
    })
    .await
    .unwrap();
    insert(&tx, 3).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ids(&bed.db).await.unwrap(), [2, 3]);
    bed.finish().await;
}

/// Diesel does not know how far it came: the transaction goes on, and is not lent again.
#[cfg(feature = "postgres")]
#[tokio::test]
async fn dropped_in_a_savepoint() {
    use diesel_async::SimpleAsyncConnection as _;
    use futures_util::FutureExt as _;
    let Some(bed) = Bed::new(Backend::Postgres).await else { return };
    with_table(&bed).await;
    for at_once in [false, true] {
        let done = bed.db.transaction(async |tx| {
            insert(tx, 1).await?;
            let undone = tx.transaction(async |tx| {
                let mut work = Box::pin(tx.with_postgres(async |conn| {
                    conn.batch_execute("INSERT INTO t VALUES (5)").await?;
                    std::future::pending::<diesel::QueryResult<()>>().await
                }));
                if at_once {
                    assert!(work.as_mut().now_or_never().is_none());
                } else {
                    assert!(tokio::time::timeout(std::time::Duration::from_millis(200), work).await.is_err());
                }
                Err::<(), _>(orm::Error::new(Code::Refused, "not this time"))
            });
            assert_eq!(undone.await.unwrap_err().code(), Code::Refused);
            let error = tx.with_postgres(async |conn| conn.batch_execute("INSERT INTO t VALUES (2)").await);
            let error = error.await.unwrap_err();
            assert_eq!(error.code(), Code::TransactionOver, "{error}");
            assert!(error.message().contains("half way"), "{error}");
            insert(tx, 3).await
        });
        done.await.unwrap();
        assert_eq!(ids(&bed.db).await.unwrap(), [1, 3]);
        bed.db.batch("DELETE FROM t").await.unwrap();
    }
    stands(&bed, 9).await;
    bed.finish().await;
}
