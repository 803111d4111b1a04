//! The examples of `docs/fixtures.md`: every block of the document stands here as it stands there.

use crate::bed::behaviour;
use orm::{
    Isolation,
    fixtures::{Dump, Format, Load},
    prelude::*,
};
use std::io::Cursor;

orm::app! { pub savings { Account, Visit } }

#[derive(Model, Debug, Clone)]
pub struct Account {
    pub id: i64,
    pub cents: i64,
}

#[derive(Model, Debug, Clone)]
pub struct Visit {
    pub id: i64,
    pub account: ForeignKey<Account>,
}

async fn backup(db: &Database) -> orm::Result<Vec<u8>> {
    let mut text = Vec::new();
    let dump = Dump::of([savings()]).except(["savings.Visit"])?;
    db.build_transaction()
        .isolation(Isolation::RepeatableRead)
        .read_only()
        .run(async |tx| dump.write(Format::JsonLines, &mut text, tx).await)
        .await?;
    Ok(text)
}

behaviour! {
    async fn rows_as_text(bed) {
        orm::migrate::create_tables(&bed.db, &[savings()]).await?;
        let accounts = Account::objects().bulk_create([1, 2].map(|cents| Account::draft().cents(cents)), &bed.db).await?;
        Visit::draft().account(&accounts[0]).create(&bed.db).await?;
        let text = backup(&bed.db).await?;

        let other = Database::connect("sqlite::memory:").await?;
        orm::migrate::create_tables(&other, &[savings()]).await?;
        let loaded = Load::of([savings()]).read(Format::JsonLines, Cursor::new(text), &other).await?;
        assert_eq!((loaded.total, loaded.per_model["savings.Account"]), (2, 2));
        assert_eq!(Account::objects().aggregate(|a| a.cents.sum()).get(&other).await?, Some(3));
        assert_eq!(Visit::objects().count(&other).await?, 0);
        Ok(())
    }
}
