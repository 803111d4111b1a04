//! Transactions: commit, rollback, savepoints, what runs after the commit, and use past the transaction.

use crate::bed::*;
use orm::{Code, Error, Isolation, Result};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::SeqCst},
};

on_all! {
    async fn sql_that_leaves_a_transaction_open_is_rolled_back(bed) {
        with_table(bed).await;
        let db = &bed.db;
        let begin = bed.pick("BEGIN", "BEGIN IMMEDIATE", "START TRANSACTION");
        let left = db.batch(format!("{begin}; INSERT INTO t VALUES (1)")).await.unwrap_err();
        assert_eq!(left.code(), Code::BadQuery, "{left}");
        // An error inside leaves it open, too.
        let refused = db.batch(format!("{begin}; INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)")).await.unwrap_err();
        assert_eq!(refused.code(), Code::UniqueViolation, "{refused}");
        assert_eq!(ids(db).await.unwrap(), NONE);
        db.batch(format!("{begin}; INSERT INTO t VALUES (1); COMMIT")).await.unwrap();
        insert(db, 2).await.unwrap();
        db.transaction(async |tx| insert(tx, 3).await).await.unwrap();
        assert_eq!(ids(db).await.unwrap(), [1, 2, 3]);
    }

    async fn commit_rollback_and_savepoints(bed) {
        with_table(bed).await;
        let db = &bed.db;
        db.transaction(async |tx| {
            insert(tx, 1).await?;
            let nested = tx
                .transaction(async |tx| {
                    insert(tx, 2).await?;
                    insert(tx, 1).await
                })
                .await;
            assert_eq!(nested.unwrap_err().code(), Code::UniqueViolation);
            assert_eq!(ids(tx).await?, [1]);
            tx.transaction(async |tx| {
                insert(tx, 3).await?;
                tx.transaction(async |tx| insert(tx, 4).await).await
            })
            .await
        })
        .await
        .unwrap();
        assert_eq!(ids(db).await.unwrap(), [1, 3, 4]);
        let failed: Result<()> = db
            .transaction(async |tx| {
                insert(tx, 7).await?;
                Err(Error::new(Code::NotFound, "on purpose"))
            })
            .await;
        assert_eq!(failed.unwrap_err().code(), Code::NotFound);
        assert_eq!(ids(db).await.unwrap(), [1, 3, 4]);
    }

    async fn begin_and_commit(bed) {
        with_table(bed).await;
        let tx = bed.db.begin().await.unwrap();
        insert(&tx, 1).await.unwrap();
        tx.commit().await.unwrap();
        let tx = bed.db.begin().await.unwrap();
        insert(&tx, 2).await.unwrap();
        drop(tx);
        let tx = bed.db.begin().await.unwrap();
        insert(&tx, 3).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(ids(&bed.db).await.unwrap(), [1]);
    }

    async fn a_swallowed_error_is_not_committed_silently(bed) {
        with_table(bed).await;
        let done = bed.db.transaction(async |tx| {
            insert(tx, 1).await?;
            let _ = insert(tx, 1).await;
            Ok(())
        }).await;
        match bed.pick("postgres", "", "") {
            // It has given the transaction up, and says so.
            "postgres" => {
                assert_eq!(done.unwrap_err().code(), Code::TransactionOver);
                assert_eq!(ids(&bed.db).await.unwrap(), NONE);
            }
            _ => {
                done.unwrap();
                assert_eq!(ids(&bed.db).await.unwrap(), [1]);
            }
        }
    }

    async fn panics_roll_back(bed) {
        with_table(bed).await;
        let db = bed.db.clone();
        let panicked = tokio::spawn(async move {
            db.transaction(async |tx| -> Result<()> {
                insert(tx, 1).await?;
                let _ = tx.transaction(async |tx| -> Result<()> {
                    insert(tx, 2).await?;
                    panic!("on purpose")
                }).await;
                Ok(())
            }).await
        }).await;
        assert!(panicked.unwrap_err().is_panic());
        assert_eq!(ids(&bed.db).await.unwrap(), NONE);
        insert(&bed.db, 1).await.unwrap();
    }

    async fn on_commit_runs_after_the_outermost_commit(bed) {
        with_table(bed).await;
        let ran = Arc::new(AtomicU32::new(0));
        let add = |n: u32| {
            let ran = ran.clone();
            async move || { ran.fetch_add(n, SeqCst); }
        };
        bed.db.transaction(async |tx| {
            tx.on_commit(add(1));
            tx.transaction(async |tx| { tx.on_commit(add(10)); insert(tx, 1).await }).await?;
            let undone: Result<()> = tx.transaction(async |tx| {
                tx.on_commit(add(100));
                tx.transaction(async |tx| { tx.on_commit(add(1000)); Ok(()) }).await?;
                Err(Error::new(Code::NotFound, "on purpose"))
            }).await;
            assert!(undone.is_err());
            assert_eq!(ran.load(SeqCst), 0);
            Ok(())
        }).await.unwrap();
        assert_eq!(ran.load(SeqCst), 11);
        let failed: Result<()> = bed.db.transaction(async |tx| {
            tx.on_commit(add(5));
            Err(Error::new(Code::NotFound, "on purpose"))
        }).await;
        assert!(failed.is_err());
        assert_eq!(ran.load(SeqCst), 11);
    }

    async fn use_past_the_transaction_is_refused(bed) {
        with_table(bed).await;
        let db = &bed.db;
        db.transaction(async |tx| {
            let refused = ids(db).await.unwrap_err();
            assert_eq!(refused.code(), Code::OutsideTransaction);
            assert!(refused.hint().unwrap().contains("outside_transaction"));
            assert_eq!(db.begin().await.unwrap_err().code(), Code::OutsideTransaction);
            let nested = async { ids(&db.clone()).await };
            assert_eq!(Box::pin(nested).await.unwrap_err().code(), Code::OutsideTransaction);
            insert(tx, 1).await
        }).await.unwrap();
        assert_eq!(ids(db).await.unwrap(), [1]);
    }

    async fn isolation_and_read_only(bed) {
        with_table(bed).await;
        for isolation in [Isolation::ReadCommitted, Isolation::RepeatableRead, Isolation::Serializable] {
            bed.db.build_transaction().isolation(isolation).retry(2).run(async |tx| ids(tx).await).await.unwrap();
        }
        let refused = bed.db.build_transaction().read_only().run(async |tx| insert(tx, 1).await).await;
        assert!(refused.is_err());
        insert(&bed.db, 1).await.unwrap();
        assert_eq!(ids(&bed.db).await.unwrap(), [1]);
    }

    async fn retries_run_the_closure_again(bed) {
        with_table(bed).await;
        let attempts = AtomicU32::new(0);
        let attempts = &attempts;
        let done = bed.db.build_transaction().retry(2).run(async |tx| {
            insert(tx, 1).await?;
            match attempts.fetch_add(1, SeqCst) {
                0 | 1 => Err(Error::new(Code::Serialization, "on purpose")),
                _ => Ok("done"),
            }
        }).await;
        assert_eq!((done.unwrap(), attempts.load(SeqCst)), ("done", 3));
        assert_eq!(ids(&bed.db).await.unwrap(), [1]);
    }
}
