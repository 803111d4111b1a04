//! Many tasks at once, and connections that a server takes away: rows are made once, sums are kept, and nothing is lost that was
//! acknowledged. `ORM_SCALE` makes it long.

use crate::bed::{Backend, Bed, behaviour};
use orm::{Code, Isolation, prelude::*};
use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

orm::app! { pub bank { Account, Word, Slip } }

#[derive(Model, Debug, Clone)]
pub struct Account {
    pub id: i64,
    pub balance: i64,
}

#[derive(Model, Debug, Clone)]
pub struct Word {
    pub id: i64,
    #[field(max_length = 40, unique)]
    pub text: String,
    #[field(default = 1)]
    pub seen: i64,
}

#[derive(Model, Debug, Clone)]
pub struct Slip {
    pub id: i64,
    #[field(unique)]
    pub number: i64,
}

const TASKS: usize = 64;

/// How often each task does its work.
fn turns(short: usize) -> usize {
    if std::env::var_os("ORM_SCALE").is_some() { short * 50 } else { short }
}

/// The bed's database with more connections; in memory there is one database for each connection.
async fn wide(bed: &Bed) -> orm::Result<Database> {
    let db = match bed.backend {
        Backend::SqliteMemory => bed.db.clone(),
        _ => Database::builder(&bed.url).pool_size(16).acquire_timeout(Duration::from_secs(60)).connect().await?,
    };
    orm::migrate::create_tables(&db, &[bank()]).await?;
    Ok(db)
}

/// Runs a piece of work in many tasks, and gives what they count.
async fn in_tasks<F, W>(work: F) -> orm::Result<u64>
where
    F: Fn(usize) -> W,
    W: Future<Output = orm::Result<u64>> + Send + 'static,
{
    let mut tasks: JoinSet<orm::Result<u64>> = (0..TASKS).map(work).collect();
    let mut total = 0;
    while let Some(done) = tasks.join_next().await {
        total += done.unwrap()?;
    }
    Ok(total)
}

behaviour! {
    async fn one_key_is_one_row(bed) {
        let db = wide(&bed).await?;
        let (turns, begun) = (turns(3), Instant::now());
        let made = in_tasks(|_| {
            let db = db.clone();
            async move {
                let mut made = 0;
                for turn in 0..turns {
                    let (_, new) = Word::draft().text(format!("got {turn}")).get_or_create(|w| w.text, &db).await?;
                    Word::draft().text(format!("put {turn}")).seen(7).upsert(|w| w.text, &db).await?;
                    let counted = [Word::draft().text(format!("counted {turn}"))];
                    Word::objects().bulk_upsert_with(counted, |w| w.text, |w, new| w.seen.set(w.seen + new.seen), &db).await?;
                    made += u64::from(new);
                }
                Ok(made)
            }
        })
        .await?;
        let took = begun.elapsed();
        println!("{:?}: {TASKS} tasks made {} rows by {} upserts in {took:?}", bed.backend, 3 * turns, 3 * turns * TASKS);
        assert_eq!((made, Word::objects().count(&db).await?), (turns as u64, 3 * turns as u64));
        let counted = Word::objects().filter(|w| w.text.starts_with("counted")).values(|w| w.seen).all(&db).await?;
        assert!(counted.iter().all(|seen| *seen == TASKS as i64), "{counted:?}");
        Ok(())
    }

    async fn transfers_keep_the_sum(bed) {
        let db = wide(&bed).await?;
        const ACCOUNTS: i64 = 8;
        Account::objects().bulk_insert((0..ACCOUNTS).map(|_| Account::draft().balance(1_000)), &db).await?;
        let ids = Account::objects().order_by(|a| a.id.asc()).values(|a| a.id).all(&db).await?;
        let (turns, begun) = (turns(4), Instant::now());
        let moved = in_tasks(|task| {
            let (db, ids) = (db.clone(), ids.clone());
            async move {
                for turn in 0..turns {
                    let (from, to) = (ids[(task + turn) % ids.len()], ids[(task * 3 + turn + 1) % ids.len()]);
                    // Most go through the rows in one order; those that do not meet others half way, which PostgreSQL notices after a
                    // second.
                    let amount = if from < to || task % 16 == 0 { 1 } else { -1 };
                    let (from, to) = if amount > 0 { (from, to) } else { (to, from) };
                    // Read, computed and written by the program: only isolation keeps two of them apart. Where the database is locked
                    // as a whole that is so by itself.
                    let transfer = db.build_transaction().isolation(Isolation::Serializable).retry(1_000);
                    transfer
                        .run(async |tx| {
                            let mut out = Account::get(from, tx).await?.edit();
                            out.balance -= amount;
                            out.save(tx).await?;
                            let mut into = Account::get(to, tx).await?.edit();
                            into.balance += amount;
                            into.save(tx).await?;
                            Ok(())
                        })
                        .await?;
                }
                Ok(turns as u64)
            }
        })
        .await?;
        println!("{:?}: {moved} transfers by {TASKS} tasks in {:?}", bed.backend, begun.elapsed());
        let sum: Option<i64> = Account::objects().aggregate(|a| a.balance.sum()).get(&db).await?;
        assert_eq!(sum, Some(ACCOUNTS * 1_000));
        Ok(())
    }

    async fn what_was_acknowledged_is_there(bed) {
        let kill = match bed.backend {
            Backend::Postgres => {
                "SELECT CAST(pg_terminate_backend(pid) AS int)::bigint FROM pg_stat_activity WHERE datname = current_database() \
                 AND pid <> pg_backend_pid() AND query LIKE '%bank_%' ORDER BY random() LIMIT 1"
            }
            Backend::MariaDb => {
                "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID() ORDER BY RAND() LIMIT 1"
            }
            // There is no server that could take a connection away.
            Backend::SqliteMemory | Backend::SqliteFile => return Ok(()),
        };
        let db = wide(&bed).await?;
        let (ends, next) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let acknowledged = Arc::new(Mutex::new(HashSet::new()));
        let (killer, stop) = (bed.db.clone(), ends.clone());
        let is_mariadb = bed.backend == Backend::MariaDb;
        let killing = tokio::spawn(async move {
            let mut killed = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                // The connection of the killer itself may have gone with the others.
                for id in orm::raw::<i64>(kill).all(&killer).await.unwrap_or_default() {
                    killed += match is_mariadb {
                        true => u64::from(killer.batch(format!("KILL {id}")).await.is_ok()),
                        false => 1,
                    };
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            killed
        });
        let failed = in_tasks(|_| {
            let (db, next, acknowledged) = (db.clone(), next.clone(), acknowledged.clone());
            async move {
                let mut failed = 0;
                for _ in 0..turns(12) {
                    let first = next.fetch_add(2, Ordering::Relaxed) as i64;
                    let pair = [first, first + 1];
                    let both = db
                        .transaction(async |tx| {
                            Slip::draft().number(pair[0]).create(tx).await?;
                            Slip::draft().number(pair[1]).create(tx).await
                        })
                        .await;
                    match both {
                        Ok(_) => acknowledged.lock().unwrap().extend(pair),
                        Err(error) => {
                            assert!(matches!(error.code(), Code::ConnectionLost | Code::Unreachable), "{error:?}");
                            failed += 1;
                        }
                    }
                }
                Ok(failed)
            }
        })
        .await?;
        ends.store(true, Ordering::Relaxed);
        let killed = killing.await.unwrap();
        let stored: HashSet<i64> = Slip::objects().values(|s| s.number).all(&db).await?.into_iter().collect();
        let acknowledged: HashSet<i64> = std::mem::take(&mut acknowledged.lock().unwrap());
        println!(
            "{:?}: {killed} connections killed, {} rows acknowledged, {} stored, {failed} transactions failed",
            bed.backend,
            acknowledged.len(),
            stored.len()
        );
        assert!(killed > 0 && acknowledged.iter().all(|number| stored.contains(number)));
        // A transaction whose end was not heard of happened as a whole or not at all.
        assert!(stored.iter().all(|number| stored.contains(&(number ^ 1))));
        // The pool has recovered.
        for _ in 0..32 {
            Slip::objects().count(&db).await?;
        }
        Ok(())
    }
}

/// An error of a program's own, in which the database's may stand.
#[derive(Debug)]
enum Own {
    Database(orm::Error),
    Own,
}

impl Own {
    fn database(&self) -> Option<&orm::Error> {
        if let Own::Database(error) = self { Some(error) } else { None }
    }
}

impl From<orm::Error> for Own {
    fn from(error: orm::Error) -> Self {
        Own::Database(error)
    }
}

behaviour! {
    async fn what_the_database_gave_up_is_tried_again_whatever_the_error_is_called(bed) {
        let db = &bed.db;
        let tries = Arc::new(AtomicU64::new(0));
        let work = async |_: &mut Transaction| match tries.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => Err(Own::Database(orm::Error::new(Code::Deadlock, "given up"))),
            2 => Err(Own::Own),
            _ => Ok(()),
        };
        let done = db.build_transaction().retry(3).try_run(work, Own::database).await;
        assert!(matches!(done, Err(Own::Own)));
        assert_eq!(tries.load(Ordering::Relaxed), 3);
        assert!(db.build_transaction().retry(3).try_run(work, Own::database).await.is_ok());
        Ok(())
    }
}
