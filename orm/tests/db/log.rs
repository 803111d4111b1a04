//! Counting statements, and faults on request.

use crate::bed::*;
use orm::Result;

on_all! {
    async fn counts_and_texts(bed) {
        with_table(bed).await;
        let (db, log) = bed.db.recording();
        ids(&db).await.unwrap();
        db.transaction(async |tx| { insert(tx, 1).await?; tx.transaction(async |tx| ids(tx).await).await }).await.unwrap();
        log.assert_queries(3);
        let all = log.statements();
        let counted: Vec<_> = all.iter().filter(|it| !it.control).map(|it| (it.sql.as_str(), it.rows)).collect();
        let insert = bed.pick("INSERT INTO t VALUES ($1)", "INSERT INTO t VALUES (?)", "INSERT INTO t VALUES (?)");
        assert_eq!(counted, [("SELECT id FROM t ORDER BY id", 0), (insert, 1), ("SELECT id FROM t ORDER BY id", 1)]);
        assert!(all.len() >= 7);
        log.clear();
        ids(&bed.db).await.unwrap();
        log.assert_queries(0);
    }

    async fn faults(bed) {
        with_table(bed).await;
        let (db, log) = bed.db.recording();
        for before in [true, false] {
            for n in 0..3 {
                if before { log.fail_before(n) } else { log.fail_after(n) }
                let done: Result<()> = db.transaction(async |tx| {
                    for id in 0..3 {
                        insert(tx, id).await?;
                    }
                    Ok(())
                }).await;
                assert!(done.is_err());
                assert_eq!(ids(&bed.db).await.unwrap(), NONE);
            }
        }
    }
}
