//! The example of hooks around links in `docs/writes.md`.

use crate::bed::behaviour;
use orm::{LinkHooks, Links, prelude::*};

orm::app! { pub post { Parcel, Stamp, Event } }

#[derive(Model, Debug, Clone)]
pub struct Parcel {
    pub id: i64,
    #[field(hooks = Stamping, choices_from = |s| s.valid.eq(true))]
    pub stamps: ManyToMany<Stamp>,
}

#[derive(Model, Debug, Clone)]
pub struct Stamp {
    pub id: i64,
    pub valid: bool,
    #[field(via = stamps)]
    pub parcels: ManyToMany<Parcel>,
}

#[derive(Model, Debug, Clone)]
pub struct Event {
    pub id: i64,
    pub text: String,
}

/// What is done around the stamps of parcels.
pub struct Stamping;

impl LinkHooks<Parcel, Stamp> for Stamping {
    async fn after_add(links: &Links<Parcel, Stamp>, tx: &Transaction) -> orm::Result<()> {
        let told =
            links.iter().map(|(parcel, stamp)| Event::draft().text(format!("parcel {parcel} has stamp {stamp}")));
        Event::objects().bulk_insert(told, tx).await?;
        tx.on_commit(async || println!("told the sender"));
        Ok(())
    }
}

behaviour! {
    async fn around_links(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[post()]).await?;
        let stamps = Stamp::objects().bulk_create([true, true].map(|valid| Stamp::draft().valid(valid)), db).await?;
        let old = Stamp::draft().valid(false).create(db).await?;

        let parcel = Parcel::draft().create(db).await?;
        parcel.many(|p| p.stamps).add([&stamps[0]], db).await?;
        parcel.many(|p| p.stamps).set([&stamps[0], &stamps[1]], db).await?; // one is there already
        stamps[0].many(|s| s.parcels).clear(db).await?; // from the other side `after_remove` would be called
        let told = Event::objects().order_by(|e| e.id.asc()).values(|e| e.text).all(db).await?;
        assert_eq!(told, ["parcel 1 has stamp 1", "parcel 1 has stamp 2"]);

        // A row that `choices_from` leaves out is refused, unless that is said to be meant.
        let error = parcel.many(|p| p.stamps).add([&old], db).await.unwrap_err();
        assert_eq!(error.validation()[0].field.as_deref(), Some("stamps"));
        parcel.many(|p| p.stamps).skip_validation().add([&old], db).await?;
        Ok(())
    }
}
