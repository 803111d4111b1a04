//! What is around writes, in its order: hooks, what a model itself makes of a row, and rules that ask; and who is told of what.

use crate::bed::{Bed, behaviour};
use orm::{
    Change, Code, Hooks, Refusal,
    dynamic::{Catalog, Query, Update},
    prelude::*,
};
use std::time::Duration;

orm::app! { pub inn { Guest, Plain, Room, Told } }

/// Names are stored in small letters, and a rule asks about them.
#[derive(Model, Debug, Clone)]
#[model(validate = Guest::in_small_letters)]
pub struct Guest {
    pub id: i64,
    #[field(max_length = 20, unique, validate_with = is_welcome)]
    pub name: String,
    #[field(default = 0)]
    pub nights: i32,
}

/// Rules that look at no other row.
#[derive(Model, Debug, Clone)]
pub struct Plain {
    pub id: i64,
    #[field(max_length = 20, unique, min_length = 3)]
    pub name: String,
}

/// A rule, and hooks that note what they are told.
#[derive(Model, Debug, Clone)]
#[model(hooks, validate = Room::in_small_letters)]
pub struct Room {
    pub id: i64,
    #[field(max_length = 20, unique)]
    pub name: String,
    #[field(default = 0, max = 100)]
    pub beds: i32,
}

#[derive(Model, Debug, Clone)]
#[model(ordering(id))]
pub struct Told {
    pub id: i64,
    pub text: String,
}

impl Guest {
    fn in_small_letters(guest: &mut Change<Guest>) {
        if let Some(name) = guest.get(|g| g.name) {
            guest.set(|g| g.name, name.to_lowercase());
        }
    }
}

impl Room {
    fn in_small_letters(room: &mut Change<Room>) {
        if let Some(name) = room.get(|r| r.name) {
            room.set(|r| r.name, name.to_lowercase());
        }
    }
}

async fn is_welcome(name: &str, _: &Transaction) -> Result<(), Refusal> {
    if name == "eve" { Err("nobody of this name".into()) } else { Ok(()) }
}

async fn tell(text: String, tx: &Transaction) -> orm::Result<()> {
    Told::draft().text(text).create(tx).await.map(drop)
}

impl Hooks for Room {
    async fn validate(room: &mut Change<Room>, tx: &Transaction) -> orm::Result<()> {
        tell(format!("looking at {:?}", room.get(|r| r.name).unwrap_or_default()), tx).await
    }

    async fn before_create(room: &mut Change<Room>, tx: &Transaction) -> orm::Result<()> {
        tell(format!("making {}", room.get(|r| r.name).unwrap_or_default()), tx).await
    }

    async fn after_create(room: &Room, tx: &Transaction) -> orm::Result<()> {
        tell(format!("made {}", room.name), tx).await
    }

    async fn before_update(room: &mut Change<Room>, _: &Transaction) -> orm::Result<()> {
        // One more than there are, whatever is given.
        let beds = room.old(|r| r.beds).unwrap_or(50);
        room.set(|r| r.beds, beds + 1);
        Ok(())
    }

    async fn before_delete(room: &Room, tx: &Transaction) -> orm::Result<()> {
        tell(format!("closing {}", room.name), tx).await
    }

    async fn after_delete(room: &Room, tx: &Transaction) -> orm::Result<()> {
        tell(format!("closed {}", room.name), tx).await
    }
}

async fn tables(bed: &Bed) -> orm::Result<()> {
    orm::migrate::create_tables(&bed.db, &[inn()]).await
}

/// What was told since the last time.
async fn told(db: &Database) -> orm::Result<Vec<String>> {
    let texts = Told::objects().values(|t| t.text).all(db).await?;
    Told::objects().delete(db).await?;
    Ok(texts)
}

behaviour! {
    async fn rules_that_ask_see_what_is_stored(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let eve = || Guest::draft().name("EVE");
        let refused = |error: orm::Error| assert_eq!(error.validation()[0].field.as_deref(), Some("name"), "{error:?}");
        refused(eve().create(db).await.unwrap_err());
        refused(Guest::objects().bulk_create([Guest::draft().name("Ada"), eve()], db).await.unwrap_err());
        refused(eve().validated(db).await.err().unwrap());
        assert_eq!(eve().mistakes(db).await?.len(), 1);
        let guest = Guest::draft().name("Ada").create(db).await?;
        assert_eq!(guest.name, "ada");
        let mut edit = guest.clone().edit();
        edit.name = "EVE".into();
        assert_eq!(edit.mistakes(db).await?.len(), 1);
        refused(edit.save(db).await.unwrap_err());
        let renamed = Guest { name: "EVE".into(), ..guest.clone() };
        refused(Guest::objects().bulk_update([&renamed], |g| g.name, db).await.unwrap_err());
        let renamed = Guest { name: "BOB".into(), ..guest.clone() };
        Guest::objects().bulk_update([&renamed], |g| g.name, db).await?;
        assert_eq!(Guest::get(guest.id, db).await?.name, "bob");
        // Of a model with hooks they are the hooks'.
        let room = Room::draft().name("TOWER").create(db).await?;
        assert_eq!((room.name.as_str(), told(db).await?), ("tower", ["making TOWER", "looking at \"tower\"", "made tower"].map(str::to_owned).to_vec()));
        let mut edit = room.edit();
        edit.name = "CELLAR".into();
        assert_eq!(edit.save(db).await?.name, "cellar");
        assert_eq!(told(db).await?, ["looking at \"cellar\""]);
        Ok(())
    }

    async fn get_or_create_looks_for_what_would_be_stored(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let (guest, new) = Guest::draft().name("Ada").get_or_create(|g| g.name, db).await?;
        let (again, newer) = Guest::draft().name("ADA").get_or_create(|g| g.name, db).await?;
        assert_eq!((guest.id, new, newer), (again.id, true, false));
        let (room, _) = Room::draft().name("Tower").get_or_create(|r| r.name, db).await?;
        assert_eq!(Room::draft().name("TOWER").get_or_create(|r| r.name, db).await?.0.id, room.id);
        Ok(())
    }

    async fn rows_that_are_gone_are_told_of_once(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let room = Room::draft().name("tower").create(db).await?;
        told(db).await?;
        assert_eq!(room.delete(db).await?.total, 1);
        assert_eq!(told(db).await?, ["closing tower", "closed tower"]);
        assert_eq!(room.delete(db).await?.total, 0);
        assert_eq!(told(db).await?, [""; 0]);
        // Two at once.
        let room = Room::draft().name("tower").create(db).await?;
        told(db).await?;
        let tasks = (0..4).map(|_| {
            let (db, room) = (db.clone(), room.clone());
            tokio::spawn(async move { room.delete(&db).await })
        });
        let mut total = 0;
        for task in tasks.collect::<Vec<_>>() {
            total += task.await.unwrap()?.total;
        }
        assert_eq!((total, told(db).await?.len()), (1, 2));
        Ok(())
    }

    async fn ways_past_are_kept(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let draft = |name: &'static str| Room::draft().name(name);
        let mixed = [draft("a").skip_hooks(), orm::write::IntoDraftRow::into_row(draft("b")), draft("c").skip_hooks()];
        let rooms = Room::objects().bulk_create(mixed, db).await?;
        assert_eq!(rooms.iter().map(|room| room.name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(told(db).await?, ["making b", "looking at \"b\"", "made b"]);
        Room::objects().bulk_insert([draft("D").skip_hooks()], db).await?;
        // The rules of fields are another matter.
        let wide = Room::objects().bulk_insert([draft("e").beds(200).skip_hooks()], db).await;
        assert_eq!(wide.unwrap_err().code(), Code::OutOfRange);
        assert_eq!(Room::objects().skip_hooks().create(draft("F"), db).await?.name, "f");
        assert_eq!(told(db).await?, [""; 0]);
        let room = Room::objects().skip_validation().create(draft("G").beds(200), db).await?;
        assert_eq!((room.name.as_str(), room.beds), ("G", 200));
        assert_eq!(told(db).await?, ["making G", "made G"]);
        let plain = |name: &'static str| Plain::draft().name(name);
        let rows = || Plain::objects().skip_validation();
        assert_eq!(rows().create(plain("a"), db).await?.name, "a");
        assert_eq!(rows().bulk_create([plain("b")], db).await?.len(), 1);
        assert_eq!(rows().bulk_insert([plain("c")], db).await?, 1);
        assert_eq!(rows().bulk_insert_ignore([plain("d")], db).await?, 1);
        assert_eq!(rows().bulk_upsert([plain("d")], |p| p.name, db).await?, 1);
        assert_eq!(rows().bulk_upsert_returning([plain("e")], |p| p.name, db).await?.len(), 1);
        assert_eq!(Plain::objects().bulk_insert([plain("f")], db).await.unwrap_err().code(), Code::TooShort);
        Ok(())
    }

    async fn given_rows_are_told_of_if_they_are_there(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let rooms = Room::objects().bulk_create(["a", "b"].map(|name| Room::draft().name(name)), db).await?;
        told(db).await?;
        Room::objects().filter(|r| r.name.eq("b")).skip_hooks().delete(db).await?;
        assert_eq!(Room::objects().bulk_update(&rooms, |r| r.beds, db).await?, 1);
        assert_eq!(told(db).await?, ["looking at \"a\""]);
        assert_eq!(Room::objects().bulk_update(&rooms[1..], |r| r.beds, db).await?, 0);
        assert_eq!(Room::get(rooms[0].id, db).await?.beds, 1);
        Ok(())
    }

    async fn what_hooks_make_of_the_old_row_is_made_of_what_is_there(bed, requires(SelectForUpdate)) {
        tables(&bed).await?;
        let db = &bed.db;
        let room = Room::draft().name("a").create(db).await?;
        let tx = db.begin().await?;
        Room::objects().skip_hooks().skip_validation().update(|r| r.beds.set(7), &tx).await?;
        let ex = db.clone();
        let update = tokio::spawn(async move { Room::objects().bulk_update([&room], |r| r.beds, &ex).await });
        tokio::time::sleep(Duration::from_millis(200)).await;
        tx.commit().await?;
        assert_eq!(update.await.unwrap()?, 1);
        assert_eq!(Room::objects().get(db).await?.beds, 8);
        Ok(())
    }

    async fn rules_are_about_the_fields_that_are_set(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let guest = Guest::draft().name("ada").create(db).await?;
        let given = Guest { nights: 3, ..guest.clone() };
        let more = Guest::objects().skip_validation().bulk_update_with([&given], |g, new| g.nights.set(g.nights + new.nights), db);
        assert_eq!(more.await?, 1);
        let named = Guest::objects().skip_validation().bulk_update_with([&given], |g, new| g.name.set(new.name), db).await;
        assert_eq!(named.unwrap_err().code(), Code::Unhooked);
        Ok(())
    }
}

/// By name.
mod by_name {
    use super::*;

    orm::app! { pub hostel { Lodger } }

    #[derive(Model, Debug, Clone)]
    pub struct Lodger {
        pub id: i64,
        #[field(max_length = 20, validate_with = is_welcome)]
        pub name: String,
        #[field(default = 0)]
        pub nights: i32,
    }

    behaviour! {
        async fn rules_are_about_the_fields_that_are_set(bed) {
            orm::migrate::create_tables(&bed.db, &[hostel()]).await?;
            let db = &bed.db;
            Lodger::draft().name("ada").create(db).await?;
            let catalog = Catalog::new().app(hostel()).writable(["hostel.Lodger"])?;
            let rows = || Query::of("hostel.Lodger");
            let nights = Update::of(rows()).set("nights", 4);
            assert!(catalog.check_change(&nights.into())?.run(db).await.is_ok());
            assert_eq!(Lodger::objects().get(db).await?.nights, 4);
            let named = Update::of(rows()).set("name", "eve");
            assert_eq!(catalog.check_change(&named.into()).unwrap_err().code(), Code::Unhooked);
            assert!(catalog.check_change(&orm::dynamic::Change::Delete(rows())).is_ok());
            Ok(())
        }
    }
}
