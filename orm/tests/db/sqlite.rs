//! What is SQLite's own: one file and many writers, the budget of the calling thread, the hop over it.

use crate::bed::*;
use orm::Database;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_tasks_write_one_file() {
    let bed = Bed::new(Backend::File).await.unwrap();
    with_table(&bed).await;
    // A second handle is like a second process: its writer is not in the first one's queue.
    let other = Database::builder(&bed.url).lock_timeout(Duration::from_secs(30)).connect().await.unwrap();
    let tasks: Vec<_> = (0..64i64)
        .map(|task| {
            let db = if task % 8 == 0 { other.clone() } else { bed.db.clone() };
            tokio::spawn(async move {
                for n in 0..20 {
                    if n % 4 == 0 {
                        db.transaction(async |tx| {
                            ids(tx).await?;
                            insert(tx, task * 100 + n).await
                        })
                        .await?;
                    } else {
                        insert(&db, task * 100 + n).await?;
                    }
                }
                Ok::<_, orm::Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(ids(&bed.db).await.unwrap().len(), 64 * 20);
    other.close().await;
    bed.finish().await;
}

#[tokio::test(flavor = "current_thread")]
async fn the_file_alone_is_the_database_once_it_is_closed() {
    let bed = Bed::new(Backend::File).await.unwrap();
    with_table(&bed).await;
    for id in 0..50 {
        insert(&bed.db, id).await.unwrap();
    }
    let file = bed.url.strip_prefix("sqlite://").unwrap();
    let copy = format!("{file}.copy");
    // The handle is still there, as it is in a program that ends without dropping it.
    bed.db.close().await;
    bed.db.close().await;
    std::fs::copy(file, &copy).unwrap();
    let copied = Database::connect(format!("sqlite://{copy}")).await.unwrap();
    assert_eq!(ids(&copied).await.unwrap().len(), 50);
    copied.close().await;
    drop(copied);
    assert!(!std::path::Path::new(&format!("{copy}-wal")).exists(), "the last connection takes the log with it");
    bed.finish().await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_long_read_does_not_hold_the_thread() {
    let bed = Bed::new(Backend::File).await.unwrap();
    let long =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT count(*) FROM n";
    let reads = async {
        for _ in 0..3 {
            assert_eq!(ints(&bed.db, long).await.unwrap(), [3_000_000]);
        }
    };
    let ((), turns, worst) = beside(reads).await;
    println!("worst stall beside a long read: {worst:?}");
    // Held, the thread would have had a turn or two for each read; how long a turn takes depends on the machine.
    assert!(turns > 1_000, "{turns}");
    bed.finish().await;
}

#[tokio::test]
async fn inline_reads_can_be_switched_off() {
    let bed = Bed::new(Backend::File).await.unwrap();
    with_table(&bed).await;
    let db = Database::builder(&bed.url).inline_reads(false).connect().await.unwrap();
    insert(&db, 1).await.unwrap();
    assert_eq!(ids(&db).await.unwrap(), [1]);
    db.close().await;
    bed.finish().await;
}

#[tokio::test]
async fn readers_cannot_write() {
    let bed = Bed::new(Backend::File).await.unwrap();
    with_table(&bed).await;
    let refused = ints(&bed.db, "INSERT INTO t VALUES (1) RETURNING id").await;
    assert!(refused.is_err());
    bed.finish().await;
}

#[tokio::test]
async fn memory_has_one_connection() {
    let db = Database::connect("sqlite::memory:").await.unwrap();
    db.batch("CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY)").await.unwrap();
    let tx = db.begin().await.unwrap();
    insert(&tx, 1).await.unwrap();
    // Another task waits, and does not see what is not committed.
    let reader = tokio::spawn({
        let db = db.clone();
        async move { ids(&db).await }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    tx.rollback().await.unwrap();
    assert_eq!(reader.await.unwrap().unwrap(), NONE);
}

#[tokio::test]
async fn a_panicking_operation_panics_its_caller_only() {
    struct Panics;
    impl orm::Operation for Panics {
        type Output = ();
        fn access(&self) -> orm::Access {
            orm::Access::Write
        }
        async fn run(&mut self, conn: &mut orm::Connection<'_>) -> orm::Result<()> {
            let _savepoint = conn.savepoint().await?;
            conn.batch("INSERT INTO t VALUES (1)").await?;
            panic!("on purpose")
        }
    }
    use orm::Executor;
    let bed = Bed::new(Backend::File).await.unwrap();
    with_table(&bed).await;
    let db = bed.db.clone();
    assert!(tokio::spawn(async move { db.run(Panics).await }).await.unwrap_err().is_panic());
    assert_eq!(ids(&bed.db).await.unwrap(), NONE);
    insert(&bed.db, 1).await.unwrap();
    bed.finish().await;
}

#[tokio::test]
async fn functions() {
    use orm::Executor;
    let db = Database::connect("sqlite::memory:").await.unwrap();
    let text = async |sql: &str| {
        db.run(Query(orm::Statement::raw(sql, []), |cell| if cell.is_null() { Ok("NULL".into()) } else { cell.text() }))
            .await
    };
    assert_eq!(text("SELECT orm_lower('ÄÖÜ Straße ΑΒΓ')").await.unwrap(), ["äöü straße αβγ"]);
    assert_eq!(text("SELECT orm_upper('straße')").await.unwrap(), ["STRASSE"]);
    assert_eq!(text("SELECT orm_lower(NULL)").await.unwrap(), ["NULL"]);
    assert_eq!(ints(&db, "SELECT orm_regexp('^[a-ü]+$', 'grün')").await.unwrap(), [1]);
    assert_eq!(ints(&db, "SELECT orm_regexp('[rR]us', 'trust') + orm_regexp('x', 'y')").await.unwrap(), [1]);
    assert_eq!(text("SELECT orm_regexp(NULL, 'y')").await.unwrap(), ["NULL"]);
    let broken = ints(&db, "SELECT orm_regexp('(', 'y')").await.unwrap_err();
    assert!(broken.message().contains("unclosed group"), "{broken}");
    db.batch("CREATE TABLE m (v decimal(10, 2))").await.unwrap();
    assert_eq!(text("SELECT orm_sum(v) FROM m").await.unwrap(), ["NULL"]);
    db.batch("INSERT INTO m VALUES ('0.1'), ('0.2'), (NULL), ('12345678901.25'), (3)").await.unwrap();
    assert_eq!(text("SELECT orm_sum(v) FROM m").await.unwrap(), ["12345678904.55"]);
    let sum = db.run(Query(orm::Statement::raw("SELECT orm_sum(v) FROM m", []), |cell| cell.decimal())).await.unwrap();
    assert_eq!(sum[0].to_string(), "12345678904.55");
    assert_eq!(ints(&db, "SELECT CAST(orm_sum(v) AS NUMERIC) > 12345678904.5 FROM m").await.unwrap(), [1]);
}

#[tokio::test]
async fn statements_known_to_be_long_are_not_tried_again_on_the_calling_thread() {
    let bed = Bed::new(Backend::File).await.unwrap();
    let (db, log) = bed.db.recording();
    let long =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT count(*) FROM n";
    for n in 1..4 {
        assert_eq!(ints(&db, long).await.unwrap(), [100_000]);
        assert_eq!(ints(&bed.db, long).await.unwrap(), [100_000]);
        // The try on the calling thread is not a statement of its own.
        log.assert_queries(n);
    }
    drop(db);
    bed.finish().await;
}
