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

orm::app! { pub bank { Account, Invoice } }

#[derive(Model, Debug, Clone)]
#[model(ordering(id))]
pub struct Account {
    pub id: i64,
    #[field(max_length = 50)]
    pub owner: String,
    pub cents: i64,
}

#[derive(Model, Debug, Clone)]
pub struct Invoice {
    pub id: i64,
    pub number: i64,
}

async fn open(url: &str) -> orm::Result<Database> {
    // Every setting has a usual value: `Database::connect(url)` takes them all.
    let db = Database::builder(url)
        .pool_size(8) // connections; of SQLite those that read, beside the one that writes
        .acquire_timeout(Duration::from_secs(5)) // for a free connection
        .connect_timeout(Duration::from_secs(5)) // for a server's answer
        .statement_timeout(Duration::from_secs(30))
        .lock_timeout(Duration::from_secs(10))
        .max_lifetime(Duration::from_secs(1800)) // then a connection to a server is closed, and another made
        .idle_timeout(Duration::from_secs(600)) // and one that nobody has used for so long
        .connect()
        .await?;

    Ok(db)
}

/// A server may be its own replica: it has followed nobody, and is passed over for what was written.
async fn with_replica(url: &str, db: &Database) -> orm::Result<(u64, u64)> {
    let (primary, replica) = (url, url);
    if !primary.starts_with("postgres") {
        Invoice::draft().number(1).create(db).await?;
        return Ok((2, Invoice::objects().count(db).await?));
    }
    let db = Database::builder(primary)
        .replica(replica) // any number of them; each has a pool of its own
        .connect()
        .await?;

    // One session for each request: it sees what it has written itself.
    let session = db.session();
    Invoice::draft().number(1).create(&session).await?; // by the primary
    let count = Invoice::objects().count(&session).await?; // by a replica that has followed so far, or else the primary
    let newest = Invoice::objects().count(&db.primary()).await?; // by the primary in any case

    let tenant = db.in_schema("tenant_7")?; // names of tables are those in this schema, and no others
    assert_eq!(Invoice::objects().count(&tenant).await.unwrap_err().code(), Code::MissingTable);
    db.close().await;
    Ok((count, newest))
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

        db.transaction(async |tx| {
            tx.advisory_lock("invoice numbers").await?; // until the transaction ends; `try_advisory_lock` does not wait
            let last = Invoice::objects().aggregate(|i| i.number.max()).get(tx).await?;
            Invoice::draft().number(last.unwrap_or(0) + 1).create(tx).await
        })
        .await?;
        assert_eq!(with_replica(&bed.url, db).await?, (2, 2));

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
