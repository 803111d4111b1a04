//! Dropped futures, lost connections, full pools: nothing stays behind, and the pool stays usable.

use crate::bed::*;
use orm::{Code, Database, Executor, Result, Transaction, Value};
use std::time::{Duration, Instant};

/// A statement that takes a while.
fn slow(bed: &Bed) -> &'static str {
    bed.pick(
        "SELECT count(*) FROM generate_series(1, 40000000)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000000) SELECT count(*) FROM n",
        "SELECT SLEEP(10)",
    )
}

/// What is said by the database.
async fn said(bed: &Bed, ex: &impl Executor, what: i64) -> Result<Vec<i64>> {
    let sql = bed.pick("SELECT ?::bigint", "SELECT CAST(? AS integer)", "SELECT CAST(? AS signed)");
    ex.run(Query(orm::Statement::raw(sql, [Value::I64(what)]), |cell| cell.i64())).await
}

async fn idle(db: &Database) {
    let began = Instant::now();
    while db.status().busy > 0 && began.elapsed() < Duration::from_secs(10) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

on_all! {
    async fn a_dropped_slow_statement_is_ended(bed) {
        let db = &bed.db;
        for _ in 0..3 {
            let began = Instant::now();
            let dropped = tokio::time::timeout(Duration::from_millis(30), ints(db, slow(bed))).await;
            assert!(dropped.is_err());
            // All connections serve again soon, also the one that was in the middle of it.
            for _ in 0..8 {
                db.ping().await.unwrap();
            }
            assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
        }
    }

    async fn dropped_transactions_leave_no_row(bed) {
        with_table(bed).await;
        let db = &bed.db;
        let rounds = bed.pick("300", "2000", "300").parse::<i64>().unwrap();
        for round in 0..rounds {
            let work = db.transaction(async |tx| {
                insert(tx, 2 * round).await?;
                tx.transaction(async |tx| insert(tx, 2 * round + 1).await).await?;
                // Never committed, however late the drop.
                std::future::pending::<Result<()>>().await
            });
            let time = Duration::from_micros(u64::try_from(round).unwrap() * 37 % 1_500);
            assert!(tokio::time::timeout(time, work).await.is_err());
        }
        assert_eq!(ids(db).await.unwrap(), NONE);
        insert(db, 1).await.unwrap();
        db.transaction(async |tx| insert(tx, 2).await).await.unwrap();
        assert_eq!(ids(db).await.unwrap(), [1, 2]);
    }

    async fn dropped_writes_are_whole_or_not_at_all(bed) {
        with_table(bed).await;
        let db = &bed.db;
        for round in 0..200 {
            let pair = format!("INSERT INTO t VALUES ({}), ({})", 2 * round, 2 * round + 1);
            let time = Duration::from_micros(round * 13 % 700);
            let _ = tokio::time::timeout(time, db.run(Execute(orm::Statement::raw(&pair, [])))).await;
        }
        idle(db).await;
        db.transaction(async |tx| {
            let all = ids(tx).await?;
            assert!(all.chunks(2).all(|pair| pair.len() == 2 && pair[0] % 2 == 0 && pair[1] == pair[0] + 1), "{all:?}");
            Ok(())
        }).await.unwrap();
        db.ping().await.unwrap();
    }

    async fn a_dropped_write_breaks_its_transaction(bed) {
        with_table(bed).await;
        let db = &bed.db;
        let wait = bed.pick(
            "INSERT INTO t SELECT 5 FROM pg_sleep(5)",
            "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000000) SELECT max(i) FROM n",
            "INSERT INTO t SELECT SLEEP(5)",
        );
        let done = db.transaction(async |tx| {
            insert(tx, 1).await?;
            let work = tx.run(Execute(orm::Statement::raw(wait, [])));
            assert!(tokio::time::timeout(Duration::from_millis(50), work).await.is_err());
            Ok(())
        }).await;
        assert_eq!(done.unwrap_err().code(), Code::TransactionOver);
        idle(db).await;
        assert_eq!(ids(db).await.unwrap(), NONE);
    }

    async fn after_a_dropped_read_answers_are_to_their_own_questions(bed) {
        let db = &bed.db;
        let slow = bed.pick("SELECT CAST(77 AS bigint) FROM pg_sleep(0.4)", slow(bed), "SELECT 77 + SLEEP(0.4)");
        for in_a_savepoint in [false, true] {
            let dropped = async |tx: &Transaction| {
                assert!(tokio::time::timeout(Duration::from_millis(60), ints(tx, slow)).await.is_err());
            };
            let done = db.transaction(async |tx| {
                // From here on it is prepared.
                assert_eq!(said(bed, tx, 0).await?, [0]);
                match in_a_savepoint {
                    false => dropped(tx).await,
                    true => {
                        let undone: Result<()> = tx.transaction(async |tx| {
                            dropped(tx).await;
                            Err(orm::Error::new(Code::Refused, "not this time"))
                        }).await;
                        assert_eq!(undone.unwrap_err().code(), Code::Refused);
                    }
                }
                for n in 1..5 {
                    match said(bed, tx, n).await {
                        Ok(found) => assert_eq!(found, [n]),
                        Err(error) => assert_eq!(error.code(), Code::ConnectionLost, "{error}"),
                    }
                }
                Ok(())
            }).await;
            match bed.pick("goes on", "goes on", "lost") {
                "lost" => assert_eq!(done.unwrap_err().code(), Code::ConnectionLost),
                _ => done.unwrap(),
            }
            for n in 10..18 {
                assert_eq!(said(bed, db, n).await.unwrap(), [n]);
            }
            idle(db).await;
        }
    }

    async fn a_full_pool_says_so(bed) {
        let db = Database::builder(&bed.url).pool_size(1).acquire_timeout(Duration::from_secs(1)).connect().await.unwrap();
        let tx = db.begin().await.unwrap();
        let refused = db.begin().await.unwrap_err();
        assert_eq!(refused.code(), Code::PoolTimeout);
        assert!(refused.hint().unwrap().contains("tx"));
        drop(tx);
        db.begin().await.unwrap();
        // A task of its own is not inside, and waits in vain for what its waiter holds.
        let other = db.clone();
        let done = db.transaction(async |_tx| {
            tokio::spawn(async move { other.batch("SELECT 1").await }).await.unwrap()
        }).await;
        assert_eq!(done.unwrap_err().code(), Code::PoolTimeout);
        db.close().await;
        assert_eq!(db.ping().await.unwrap_err().code(), Code::Closed);
    }

    async fn killed_connections_heal(bed) {
        with_table(bed).await;
        let db = &bed.db;
        let kill = match bed.pick("postgres", "", "mariadb") {
            "postgres" => "SELECT CAST(pg_terminate_backend(pid) AS int)::bigint FROM pg_stat_activity \
                           WHERE datname = current_database() AND pid <> pg_backend_pid()",
            "mariadb" => "",
            _ => return,
        };
        // Several connections in the pool.
        let fill = || async { futures_util::future::join_all((0..4).map(|_| db.begin())).await };
        for round in 0..5 {
            drop(fill().await);
            idle(db).await;
            let killer = Database::builder(&bed.url).pool_size(1).connect().await.unwrap();
            if kill.is_empty() {
                let all = ints(&killer, "SELECT id FROM information_schema.processlist \
                    WHERE db = database() AND id <> connection_id()").await.unwrap();
                for id in all {
                    let _ = killer.batch(format!("KILL {id}")).await;
                }
            } else {
                ints(&killer, kill).await.unwrap();
            }
            killer.close().await;
            // What reads is asked again; what writes may be told once that its connection was lost.
            if round % 2 == 0 {
                for _ in 0..4 {
                    ids(db).await.unwrap();
                }
            }
            // So is the beginning of a transaction, in which nothing has been done.
            fill().await.into_iter().for_each(|begun| drop(begun.unwrap()));
            idle(db).await;
            insert(db, 1).await.unwrap();
            db.batch("DELETE FROM t").await.unwrap();
        }
    }

    async fn a_connection_killed_in_use_is_an_error(bed) {
        let kill = bed.pick("SELECT CAST(pg_terminate_backend(pg_backend_pid()) AS int)::bigint", "", "");
        if kill.is_empty() { return }
        let lost = bed.db.transaction(async |tx| ints(tx, kill).await).await.unwrap_err();
        assert_eq!(lost.code(), Code::ConnectionLost, "{lost}");
        bed.db.ping().await.unwrap();
    }

    async fn statements_time_out(bed) {
        let db = Database::builder(&bed.url).pool_size(2).statement_timeout(Duration::from_millis(100)).connect().await.unwrap();
        let began = Instant::now();
        let error = ints(&db, slow(bed)).await.unwrap_err();
        assert_eq!(error.code(), Code::StatementTimeout, "{error}");
        assert!(began.elapsed() < Duration::from_secs(3));
        db.ping().await.unwrap();
        db.close().await;
    }
}
