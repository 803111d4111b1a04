//! SQLite's short writes on the calling thread: which run there, and that they wait for nothing there.

use crate::bed::*;
use orm::{Access, Connection, Database, Executor, Operation, Result, Statement, Value};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    thread::{self, ThreadId},
    time::{Duration, Instant},
};

/// A short write that tells on which thread it ran in the end.
struct Traced(Statement);

impl Operation for Traced {
    type Output = ThreadId;
    fn access(&self) -> Access {
        Access::ShortWrite
    }
    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<ThreadId> {
        conn.execute(&self.0).await?;
        Ok(thread::current().id())
    }
}

fn row(id: i64) -> Statement {
    Statement::raw("INSERT INTO t (id) VALUES (?)", [Value::I64(id)])
}

/// Whether a row was inserted on this thread.
async fn here<E: Executor>(ex: &E, id: i64) -> Result<bool> {
    Ok(ex.run(Traced(row(id))).await? == thread::current().id())
}

/// A second writer, like that of another process.
async fn other(bed: &Bed) -> Database {
    Database::connect(bed.url.clone()).await.unwrap()
}

#[tokio::test]
async fn a_write_that_is_known_to_be_short_runs_on_the_calling_thread() {
    for backend in [Backend::Memory, Backend::File] {
        let bed = Bed::new(backend).await.unwrap();
        with_table(&bed).await;
        // What is not known yet goes to the connection's own thread.
        assert!(!here(&bed.db, 1).await.unwrap());
        let mut short = 0;
        for id in 2..100 {
            short += u32::from(here(&bed.db, id).await.unwrap());
        }
        // Not all: the machine may be busy for a moment just then.
        assert!(short > 50, "{short}");
        assert_eq!(ids(&bed.db).await.unwrap().len(), 99);
        bed.finish().await;
    }
}

#[tokio::test]
async fn transactions_of_short_writes_run_on_the_calling_thread() {
    for backend in [Backend::Memory, Backend::File] {
        let bed = Bed::new(backend).await.unwrap();
        with_table(&bed).await;
        let mut short = 0;
        for id in 0..50 {
            let work = async |tx: &mut orm::Transaction| {
                let nested = tx.transaction(async |tx| here(tx, 2 * id).await).await?;
                Ok(u32::from(nested) + u32::from(here(tx, 2 * id + 1).await?))
            };
            short += bed.db.transaction(work).await.unwrap();
        }
        assert!(short > 50, "{short}");
        assert_eq!(ids(&bed.db).await.unwrap().len(), 100);
        bed.finish().await;
    }
}

#[tokio::test]
async fn it_can_be_switched_off() {
    let bed = Bed::new(Backend::File).await.unwrap();
    with_table(&bed).await;
    let db = Database::builder(&bed.url).inline_writes(false).connect().await.unwrap();
    for id in 0..5 {
        assert!(!here(&db, id).await.unwrap());
    }
    assert!(!db.transaction(async |tx| here(tx, 5).await).await.unwrap());
    db.close().await;
    bed.finish().await;
}

#[tokio::test]
async fn the_calling_thread_does_not_wait_for_the_lock_of_others() {
    let bed = Bed::new(Backend::File).await.unwrap();
    with_table(&bed).await;
    for id in 0..9 {
        here(&bed.db, id).await.unwrap();
    }
    let other = other(&bed).await;
    for in_transaction in [false, true] {
        let base = 100 + i64::from(in_transaction) * 10;
        let tx = other.begin().await.unwrap();
        insert(&tx, base).await.unwrap();
        let held = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            tx.commit().await.unwrap();
        });
        let began = Instant::now();
        let write = async {
            match in_transaction {
                false => here(&bed.db, base + 1).await.unwrap(),
                true => bed.db.transaction(async |tx| here(tx, base + 1).await).await.unwrap(),
            };
        };
        let ((), turns, worst) = beside(write).await;
        assert!(began.elapsed() >= Duration::from_millis(250), "{:?}", began.elapsed());
        println!("worst stall beside a wait for a lock: {worst:?}");
        // Waiting there, the thread would have had a turn or two.
        assert!(turns > 100, "{turns}");
        held.await.unwrap();
    }
    assert_eq!(ids(&bed.db).await.unwrap(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 100, 101, 110, 111]);
    other.close().await;
    bed.finish().await;
}

#[tokio::test]
async fn a_wait_for_a_lock_ends_in_time_or_with_its_future() {
    let bed = Bed::new(Backend::File).await.unwrap();
    with_table(&bed).await;
    let db = Database::builder(&bed.url).lock_timeout(Duration::from_millis(100)).connect().await.unwrap();
    let patient = Database::builder(&bed.url).lock_timeout(Duration::from_secs(60)).connect().await.unwrap();
    let tx = bed.db.begin().await.unwrap();
    let began = Instant::now();
    assert_eq!(insert(&db, 1).await.unwrap_err().code(), orm::Code::LockTimeout);
    assert!((90..5_000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
    assert!(tokio::time::timeout(Duration::from_millis(50), insert(&patient, 2)).await.is_err());
    // What was given up does not keep others waiting.
    while patient.status().busy > 0 {
        assert!(began.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tx.commit().await.unwrap();
    assert_eq!(ids(&bed.db).await.unwrap(), NONE);
    db.close().await;
    patient.close().await;
    bed.finish().await;
}

#[tokio::test]
async fn the_log_is_brought_back_by_the_connections_own_thread() {
    let bed = Bed::new(Backend::File).await.unwrap();
    bed.db.batch("CREATE TABLE big (id INTEGER PRIMARY KEY, text TEXT)").await.unwrap();
    let log = format!("{}-wal", bed.url.trim_start_matches("sqlite://"));
    let (mut elsewhere, mut most) = (0, 0);
    for _ in 0..3_000 {
        let text = Value::Text("x".repeat(4_000));
        let wrote = bed.db.run(Traced(Statement::raw("INSERT INTO big (text) VALUES (?)", [text]))).await.unwrap();
        elsewhere += u32::from(wrote != thread::current().id());
        most = most.max(std::fs::metadata(&log).unwrap().len());
    }
    println!("{elsewhere} of 3000 writes ran elsewhere; the log had {most} bytes at most");
    // Each of more than four times a thousand pages: the write that finds it full, and the one that begins it anew.
    assert!(elsewhere >= 8, "{elsewhere}");
    // A page and its header, a thousand times, and what one write adds.
    assert!(most < 1_020 * (4_096 + 24), "{most}");
    assert_eq!(ints(&bed.db, "SELECT count(*) FROM big").await.unwrap(), [3_000]);
    bed.finish().await;
}

#[tokio::test]
async fn a_write_that_turns_out_to_be_long_is_done_once() {
    for backend in [Backend::Memory, Backend::File] {
        let bed = Bed::new(backend).await.unwrap();
        with_table(&bed).await;
        // Taken-over tables may have triggers: this one is long from some row on.
        let trigger = "CREATE TABLE audit (id BIGINT);
            CREATE TRIGGER long AFTER INSERT ON t WHEN new.id >= 100 BEGIN
                INSERT INTO audit WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
                    SELECT new.id FROM n;
            END";
        bed.db.batch(trigger).await.unwrap();
        for id in 0..20 {
            here(&bed.db, id).await.unwrap();
        }
        // Cut off on the calling thread, it leaves nothing behind and is done elsewhere, also the next time.
        assert!(!here(&bed.db, 100).await.unwrap());
        assert!(!here(&bed.db, 101).await.unwrap());
        // In a transaction it cannot be cut off: it is done where it was begun, and from then on elsewhere.
        for id in 20..40 {
            here(&bed.db, id).await.unwrap();
        }
        let work = async |tx: &mut orm::Transaction| {
            here(tx, 102).await?;
            assert!(!here(tx, 103).await?);
            Ok(())
        };
        bed.db.transaction(work).await.unwrap();
        let counted = ints(&bed.db, "SELECT count(*) FROM audit GROUP BY id ORDER BY id").await.unwrap();
        assert_eq!(counted, [20_000; 4]);
        assert_eq!(ids(&bed.db).await.unwrap().len(), 44);
        bed.finish().await;
    }
}

#[tokio::test]
async fn refused_rows_and_panics_leave_nothing() {
    /// Panics after its statement.
    struct Panics;
    impl Operation for Panics {
        type Output = ();
        fn access(&self) -> Access {
            Access::ShortWrite
        }
        async fn run(&mut self, conn: &mut Connection<'_>) -> Result<()> {
            conn.query(&row(50), &mut |_| Ok(())).await?;
            panic!("on purpose")
        }
    }
    for backend in [Backend::Memory, Backend::File] {
        let bed = Bed::new(backend).await.unwrap();
        with_table(&bed).await;
        for id in 0..9 {
            here(&bed.db, id).await.unwrap();
        }
        assert_eq!(here(&bed.db, 1).await.unwrap_err().code(), orm::Code::UniqueViolation);
        let work = async |tx: &mut orm::Transaction| {
            here(tx, 20).await?;
            assert!(here(tx, 1).await.is_err());
            here(tx, 21).await
        };
        bed.db.transaction(work).await.unwrap();
        let db = bed.db.clone();
        let panicked = tokio::spawn(async move { db.transaction(async |tx| tx.run(Panics).await).await });
        assert!(panicked.await.unwrap_err().is_panic());
        assert_eq!(ids(&bed.db).await.unwrap(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 20, 21]);
        here(&bed.db, 30).await.unwrap();
        bed.finish().await;
    }
}

#[tokio::test]
async fn many_short_writes_let_other_tasks_have_their_turn() {
    let bed = Bed::new(Backend::File).await.unwrap();
    with_table(&bed).await;
    let writes = async {
        for id in 0..5_000 {
            insert(&bed.db, id).await.unwrap();
        }
    };
    let ((), turns, worst) = beside(writes).await;
    println!("{turns} turns beside 5000 writes, the worst stall {worst:?}");
    assert!(turns >= 5_000 / 200, "{turns}");
    bed.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_and_writers_of_one_database_in_memory_take_turns() {
    let bed = Bed::new(Backend::Memory).await.unwrap();
    with_table(&bed).await;
    let count = Arc::new(AtomicU32::new(0));
    let tasks = (0..8i64).map(|task| {
        let (db, count) = (bed.db.clone(), count.clone());
        tokio::spawn(async move {
            for n in 0..200 {
                let id = task * 1_000 + n;
                match n % 4 {
                    0 => {
                        let work = async |tx: &mut orm::Transaction| {
                            let before = ids(tx).await?.len();
                            insert(tx, id).await?;
                            // Nobody else writes, and nobody sees a half of it.
                            tokio::task::yield_now().await;
                            insert(tx, id + 500).await?;
                            Ok(ids(tx).await?.len() - before)
                        };
                        assert_eq!(db.transaction(work).await?, 2);
                        count.fetch_add(2, SeqCst);
                    }
                    1 => {
                        insert(&db, id).await?;
                        count.fetch_add(1, SeqCst);
                    }
                    _ => {
                        let pairs = "SELECT count(*) FROM t a WHERE a.id % 4 = 0 AND a.id % 1000 < 500 AND NOT EXISTS \
                                     (SELECT 1 FROM t b WHERE b.id = a.id + 500)";
                        assert_eq!(ints(&db, pairs).await?, [0]);
                    }
                }
            }
            Ok::<_, orm::Error>(())
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap().unwrap();
    }
    assert_eq!(ids(&bed.db).await.unwrap().len(), count.load(SeqCst) as usize);
    bed.finish().await;
}

#[tokio::test]
async fn a_batch_has_the_time_of_a_statement() {
    let db =
        Database::builder("sqlite::memory:").statement_timeout(Duration::from_millis(200)).connect().await.unwrap();
    db.batch("CREATE TABLE t (id BIGINT)").await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    // Not what is left of the statement before.
    let fill = |rows: u32| {
        format!(
            "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) SELECT i FROM n"
        )
    };
    db.batch(fill(5_000)).await.unwrap();
    assert_eq!(db.batch(fill(400_000_000)).await.unwrap_err().code(), orm::Code::StatementTimeout);
}
