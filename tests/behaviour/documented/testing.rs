//! The examples of `docs/testing.md`: every block of the document stands here as it stands there.

use crate::bed::{Backend, behaviour};
use orm::{
    prelude::*,
    testing::{Make, TestDatabase, rolled_back},
};

orm::app! { pub tested { Account } }

#[derive(Model, Debug, Clone)]
pub struct Account {
    pub id: i64,
    #[field(max_length = 50)]
    pub owner: String,
    pub cents: i64,
}

async fn pay(db: &Database, from: i64, to: i64, cents: i64) -> orm::Result<()> {
    db.transaction(async |tx| {
        Account::objects().filter(|a| a.id.eq(from)).update(|a| a.cents.set(a.cents - cents), tx).await?;
        Account::objects().filter(|a| a.id.eq(to)).update(|a| a.cents.set(a.cents + cents), tx).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn money_moves() -> orm::Result<()> {
    let db = TestDatabase::of([tested()]).await?; // empty, with all tables; gone when the test ends
    let ann = Account::make_with(|a| a.cents.set(100), &db).await?; // what is not said is made up
    let ben = Account::make(&db).await?;
    pay(&db, ann.id, ben.id, 30).await?;
    assert_eq!(Account::get(ann.id, &db).await?.cents, 70);
    Ok(())
}

behaviour! {
    async fn tools(bed) {
        let url = if bed.backend == Backend::SqliteFile { "sqlite://" } else { bed.url.as_str() };
        let db = TestDatabase::at(url, [tested()]).await?;

        let rich = Account::make_with(|a| (a.owner.set("Ada"), a.cents.set(1_000_000)), &db).await?;

        assert_eq!(rich.owner, "Ada");

        let count = rolled_back(&db, async |tx| {
            Account::make(tx).await?;
            tx.on_commit(async || println!("a letter goes out"));
            assert_eq!(tx.run_on_commit().await, 1); // it is never committed: run them now
            Account::objects().count(tx).await
        });
        assert_eq!(count.await?, 2);

        let (db, log) = db.recording();
        Account::objects().filter(|a| a.cents.gt(0)).all(&db).await?;
        log.assert_queries(1);
        log.fail_before(0); // the next statement does not reach the database
        assert!(Account::objects().count(&db).await.is_err());
        Ok(())
    }
}
