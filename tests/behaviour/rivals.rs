//! Tasks that save rows with those of their parents while others delete them: none waits for one that waits for it.

use crate::bed::{Backend, Bed, behaviour};
use orm::{Change, Code, Hooks, Transaction, prelude::*};
use tokio::task::JoinSet;

orm::app! { pub harbour { Vessel, Boat, Ferry, Ship, Tanker, Hull, Raft, Paddle } }

#[derive(Model, Debug, Clone)]
pub struct Vessel {
    pub id: i64,
    #[field(max_length = 20)]
    pub name: String,
}

#[derive(Model, Debug, Clone)]
pub struct Boat {
    #[field(primary_key, parent)]
    pub vessel: OneToOne<Vessel>,
    pub seats: i32,
}

#[derive(Model, Debug, Clone)]
pub struct Ferry {
    #[field(primary_key, parent)]
    pub boat: OneToOne<Boat>,
    pub cars: i32,
}

/// A parent with hooks and a version: its row is locked before its deletion.
#[derive(Model, Debug, Clone)]
#[model(hooks)]
pub struct Ship {
    pub id: i64,
    #[field(max_length = 20)]
    pub name: String,
    #[field(version)]
    pub version: i32,
}

#[derive(Model, Debug, Clone)]
pub struct Tanker {
    #[field(primary_key, parent)]
    pub ship: OneToOne<Ship>,
    pub tons: i32,
}

#[derive(Model, Debug, Clone)]
pub struct Hull {
    pub id: i64,
    #[field(max_length = 20)]
    pub name: String,
}

#[derive(Model, Debug, Clone)]
pub struct Raft {
    #[field(primary_key, parent)]
    pub hull: OneToOne<Hull>,
    pub logs: i32,
}

/// It points to a child.
#[derive(Model, Debug, Clone)]
pub struct Paddle {
    pub id: i64,
    pub raft: ForeignKey<Raft>,
}

impl Hooks for Ship {
    async fn before_update(ship: &mut Change<Ship>, _: &Transaction) -> orm::Result<()> {
        let name = ship.get(|s| s.name).unwrap_or_default();
        ship.set(|s| s.name, name.to_uppercase());
        Ok(())
    }
}

/// The bed's database with a connection for each task; in memory there is one database for each connection.
async fn wide(bed: &Bed) -> orm::Result<Database> {
    let db = match bed.backend {
        Backend::SqliteMemory => bed.db.clone(),
        _ => Database::builder(&bed.url).pool_size(8).connect().await?,
    };
    orm::migrate::create_tables(&db, &[harbour()]).await?;
    Ok(db)
}

async fn save_ferry(key: i64, turn: i32, db: &Database) -> orm::Result<()> {
    let found = Ferry::objects().filter(|f| f.pk().eq(key)).select_related(|f| f.boat.vessel).first(db).await?;
    let Some(ferry) = found else { return Ok(()) };
    let mut edit = ferry.edit();
    edit.cars = turn;
    edit.parent()?.seats = turn;
    edit.parent()?.parent()?.name = format!("turn {turn}");
    edit.save(db).await.map(drop)
}

async fn save_tanker(key: i64, turn: i32, db: &Database) -> orm::Result<()> {
    let found = Tanker::objects().filter(|t| t.pk().eq(key)).select_related(|t| t.ship).first(db).await?;
    let Some(tanker) = found else { return Ok(()) };
    let mut edit = tanker.edit();
    edit.tons = turn;
    edit.parent()?.name = format!("turn {turn}");
    edit.save(db).await.map(drop)
}

async fn save_raft(key: i64, turn: i32, tx: Transaction) -> orm::Result<()> {
    let raft = Raft::objects().filter(|r| r.pk().eq(key)).select_related(|r| r.hull).get(&tx).await?;
    let mut edit = raft.edit();
    edit.logs = turn;
    edit.parent()?.name = format!("turn {turn}");
    edit.save(&tx).await?;
    tx.commit().await
}

/// Counts what came too late, and gives every other error.
fn late(done: orm::Result<()>) -> orm::Result<u64> {
    match done {
        Ok(()) => Ok(0),
        Err(error) if matches!(error.code(), Code::NotFound | Code::Stale) => Ok(1),
        Err(error) => Err(error),
    }
}

const ROUNDS: i32 = 25;
const SAVERS: i32 = 4;

behaviour! {
    async fn saving_and_deleting_wait_for_nobody_that_waits(bed) {
        let db = wide(&bed).await?;
        for round in 0..ROUNDS {
            let boat = Boat::draft().vessel(Vessel::draft().name("new")).seats(0);
            let ferry = Ferry::draft().boat(boat).cars(0).create(&db).await?;
            let mut tasks = JoinSet::new();
            for turn in 1..=SAVERS {
                let (db, key) = (db.clone(), ferry.key());
                tasks.spawn(async move { late(save_ferry(key, turn, &db).await) });
            }
            let (mine, key) = (db.clone(), ferry.key());
            tasks.spawn(async move {
                let db = mine;
                late(match round % 3 {
                    0 => ferry.delete(&db).await.map(drop),
                    1 => Ferry::objects().filter(|f| f.pk().eq(key)).delete(&db).await.map(drop),
                    _ => Vessel::objects().filter(|v| v.id.eq(key)).delete(&db).await.map(drop),
                })
            });
            while let Some(done) = tasks.join_next().await {
                done.unwrap()?;
            }
        }
        assert_eq!((Vessel::objects().count(&db).await?, Ferry::objects().count(&db).await?), (0, 0));
        db.close().await;
        Ok(())
    }

    async fn so_it_is_with_hooks_and_versions(bed) {
        let db = wide(&bed).await?;
        for round in 0..ROUNDS {
            let tanker = Tanker::draft().ship(Ship::draft().name("new")).tons(0).create(&db).await?;
            let mut tasks = JoinSet::new();
            for turn in 1..=SAVERS {
                let (db, key) = (db.clone(), tanker.key());
                tasks.spawn(async move { late(save_tanker(key, turn, &db).await) });
            }
            let (mine, key) = (db.clone(), tanker.key());
            tasks.spawn(async move {
                let db = mine;
                late(match round % 4 {
                    0 => tanker.delete(&db).await.map(drop),
                    1 => Tanker::objects().filter(|t| t.pk().eq(key)).delete(&db).await.map(drop),
                    2 => Ship::objects().filter(|s| s.id.eq(key)).delete(&db).await.map(drop),
                    _ => match Ship::objects().filter(|s| s.id.eq(key)).first(&db).await? {
                        Some(ship) => ship.delete(&db).await.map(drop),
                        None => Ok(()),
                    },
                })
            });
            while let Some(done) = tasks.join_next().await {
                done.unwrap()?;
            }
            // One that was changed in between stays.
            Ship::objects().delete(&db).await?;
        }
        assert_eq!((Ship::objects().count(&db).await?, Tanker::objects().count(&db).await?), (0, 0));
        db.close().await;
        Ok(())
    }

    // Of rows that others have begun to point to the keys stay: saving them waits for none of these. MariaDB has no such lock.
    async fn saving_lets_others_refer(bed) {
        if bed.backend != Backend::Postgres {
            return Ok(());
        }
        let db = wide(&bed).await?;
        let raft = Raft::draft().hull(Hull::draft().name("new")).logs(0).create(&db).await?;
        let (one, two) = (db.begin().await?, db.begin().await?);
        Paddle::draft().raft(&raft).create(&one).await?;
        Paddle::draft().raft(&raft).create(&two).await?;
        let key = raft.key();
        let saves = [tokio::spawn(save_raft(key, 1, one)), tokio::spawn(save_raft(key, 2, two))];
        for save in saves {
            save.await.unwrap()?;
        }
        assert_eq!(Paddle::objects().count(&db).await?, 2);
        db.close().await;
        Ok(())
    }
}
