//! The examples of `docs/connections.md`: every block of the document stands here as it stands there.

use crate::bed::behaviour;
use axum::{
    Router,
    body::Body,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::TryStreamExt;
use orm::{Code, Isolation, prelude::*};
use std::time::Duration;

orm::app! { pub bank { Account } }

#[derive(Model, Debug, Clone)]
#[model(ordering(id))]
pub struct Account {
    pub id: i64,
    #[field(max_length = 50)]
    pub owner: String,
    pub cents: i64,
}

async fn open(url: &str) -> orm::Result<Database> {
    // Every setting has a usual value: `Database::connect(url)` takes them all.
    let db = Database::builder(url)
        .pool_size(8) // connections; of SQLite those that read, beside the one that writes
        .acquire_timeout(Duration::from_secs(5)) // for a free connection
        .connect_timeout(Duration::from_secs(5)) // for a server's answer
        .statement_timeout(Duration::from_secs(30))
        .lock_timeout(Duration::from_secs(10))
        .connect()
        .await?;

    Ok(db)
}

async fn pay(db: &Database, from: i64, to: i64, cents: i64) -> orm::Result<()> {
    // Committed when the closure gives `Ok`, taken back when it gives an error.
    db.transaction(async |tx| {
        Account::objects().filter(|a| a.id.eq(from)).update(|a| a.cents.set(a.cents - cents), tx).await?;
        Account::objects().filter(|a| a.id.eq(to)).update(|a| a.cents.set(a.cents + cents), tx).await?;
        Ok(())
    })
    .await
}

/// The database is a handle on its connections: each clone is one more.
fn router(db: Database) -> Router {
    Router::new().route("/owners", get(owners)).route("/owners.txt", get(all_owners)).with_state(db)
}

async fn owners(State(db): State<Database>) -> Result<String, Failure> {
    let owners = Account::objects().values(|a| a.owner).limit(100).all(&db).await?;
    Ok(owners.join("\n"))
}

/// However many there are: `into_stream` has the handle, and so outlives this function.
async fn all_owners(State(db): State<Database>) -> Body {
    let lines = Account::objects().values(|a| a.owner).into_stream(db).map_ok(|owner| owner + "\n");
    Body::from_stream(lines)
}

struct Failure(orm::Error);

impl From<orm::Error> for Failure {
    fn from(error: orm::Error) -> Self {
        Failure(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match self.0.code() {
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::Refused => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, self.0.to_string()).into_response()
    }
}

#[tokio::test]
async fn money_moves() -> orm::Result<()> {
    let db = Database::connect("sqlite::memory:").await?; // gone when the test ends
    orm::migrate::create_tables(&db, &[bank()]).await?; // straight from the models, without migrations
    let [ann, ben] = ["Ann", "Ben"].map(|owner| Account::draft().owner(owner).cents(100));
    let (ann, ben) = (ann.create(&db).await?, ben.create(&db).await?);
    pay(&db, ann.id, ben.id, 30).await?;
    assert_eq!(Account::get(ben.id, &db).await?.cents, 130);
    Ok(())
}

behaviour! {
    async fn connections(bed) {
        let db = &open(&bed.url).await?;
        orm::migrate::create_tables(db, &[bank()]).await?;
        let accounts = ["Ann", "Ben"].map(|owner| Account::draft().owner(owner).cents(100));
        let accounts = Account::objects().bulk_create(accounts, db).await?;
        pay(db, accounts[0].id, accounts[1].id, 30).await?;

        // Without a closure. Dropped before `commit`, it is rolled back.
        let tx = db.begin().await?;
        Account::draft().owner("Cid").cents(0).create(&tx).await?;
        tx.rollback().await?;

        // What may fail stands in a transaction of its own inside: a savepoint.
        db.transaction(async |tx| {
            let odd = tx.transaction(async |tx| Account::get(999, tx).await).await;
            assert_eq!(odd.unwrap_err().code(), Code::NotFound);
            tx.on_commit(async || println!("committed")); // what has to wait until it holds
            Ok(())
        })
        .await?;

        // Options; `retry` runs it again after a deadlock or a conflict.
        let total = db
            .build_transaction()
            .isolation(Isolation::Serializable)
            .retry(3)
            .run(async |tx| Account::objects().aggregate(|a| a.cents.sum()).get(tx).await)
            .await?;
        assert_eq!(total, Some(200));

        let _ = router(db.clone());
        let handle = State(db.clone());
        assert_eq!(owners(handle.clone()).await.map_err(|failure| failure.0)?, "Ann\nBen");
        let body = axum::body::to_bytes(all_owners(handle).await, 1_000).await.unwrap();
        assert_eq!(body, "Ann\nBen\n");
        db.close().await;
        Ok(())
    }
}

#[test]
fn in_a_script() -> orm::Result<()> {
    let db = orm::block_on(Database::connect("sqlite::memory:"))?;
    orm::block_on(orm::migrate::create_tables(&db, &[bank()]))?;
    orm::block_on(Account::draft().owner("Ann").cents(100).create(&db))?;
    let owners = orm::block_on(Account::objects().values(|a| a.owner).all(&db))?;
    assert_eq!(owners, ["Ann"]);
    Ok(())
}
