//! Models whose rows are rows of another model too.

use crate::bed::behaviour;
use orm::{
    Change, Code, Hooks,
    dynamic::{Catalog, Query},
    fixtures::{Dump, Format, Load},
    prelude::*,
};

orm::app! { pub inherit { Town, Place, Restaurant, Bistro, Review, Note } }

#[derive(Model, Debug, Clone)]
pub struct Town {
    pub id: i64,
    #[field(max_length = 50)]
    pub name: String,
}

#[derive(Model, Debug, Clone)]
#[model(hooks)]
pub struct Place {
    pub id: i64,
    #[field(max_length = 50, min_length = 2)]
    pub name: String,
    #[field(default = 0)]
    pub stars: i32,
    #[field(on_delete = cascade)]
    pub town: Option<ForeignKey<Town>>,
    pub restaurant: HasOne<Restaurant>,
}

/// A child without hooks of a parent with some.
#[derive(Model, Debug, Clone)]
pub struct Restaurant {
    #[field(primary_key, parent)]
    pub place: OneToOne<Place>,
    #[field(min = 1)]
    pub seats: i32,
    #[field(max_length = 20, unique)]
    pub phone: Option<String>,
    pub bistro: HasOne<Bistro>,
}

/// A child of a child, with hooks of its own.
#[derive(Model, Debug, Clone)]
#[model(hooks)]
pub struct Bistro {
    #[field(primary_key, parent)]
    pub restaurant: OneToOne<Restaurant>,
    #[field(max_length = 50)]
    pub wine: String,
}

#[derive(Model, Debug, Clone)]
pub struct Review {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub place: ForeignKey<Place>,
    #[field(on_delete = cascade)]
    pub restaurant: Option<ForeignKey<Restaurant>>,
}

/// What hooks were called.
#[derive(Model, Debug, Clone)]
pub struct Note {
    pub id: i64,
    #[field(max_length = 100)]
    pub text: String,
}

async fn note(text: String, tx: &Transaction) -> orm::Result<()> {
    Note::draft().text(text).create(tx).await.map(drop)
}

impl Hooks for Place {
    async fn after_create(row: &Place, tx: &Transaction) -> orm::Result<()> {
        note(format!("place {} made", row.name), tx).await
    }
    async fn after_update(row: &Change<Place>, tx: &Transaction) -> orm::Result<()> {
        note(format!("place {} changed", row.get(|p| p.name).unwrap_or_default()), tx).await
    }
    async fn before_delete(row: &Place, tx: &Transaction) -> orm::Result<()> {
        note(format!("place {} goes", row.name), tx).await
    }
    async fn after_delete(row: &Place, tx: &Transaction) -> orm::Result<()> {
        note(format!("place {} gone", row.name), tx).await
    }
}

impl Hooks for Bistro {
    async fn after_create(row: &Bistro, tx: &Transaction) -> orm::Result<()> {
        note(format!("bistro with {} made", row.wine), tx).await
    }
    async fn before_delete(row: &Bistro, tx: &Transaction) -> orm::Result<()> {
        note(format!("bistro with {} goes", row.wine), tx).await
    }
}

async fn notes(db: &Database) -> orm::Result<Vec<String>> {
    let notes = Note::objects().order_by(|n| n.id.asc()).values(|n| n.text).all(db).await?;
    Note::objects().delete(db).await?;
    Ok(notes)
}

async fn tables(db: &Database) -> orm::Result<()> {
    orm::migrate::create_tables(db, &[inherit()]).await
}

/// How many there are of each.
async fn counts(db: &Database) -> orm::Result<(u64, u64, u64)> {
    let (places, restaurants) = (Place::objects().count(db).await?, Restaurant::objects().count(db).await?);
    Ok((places, restaurants, Bistro::objects().count(db).await?))
}

behaviour! {
    // Both rows are made in one transaction, the parent's first, and its key is handed down.
    async fn a_draft_takes_the_draft_of_its_parent(bed) {
        let db = &bed.db;
        tables(db).await?;
        let town = Town::draft().name("Oslo").create(db).await?;
        let joes = Restaurant::draft().place(Place::draft().name("Joe's").town(&town)).seats(40).create(db).await?;
        assert_eq!((joes.place.get()?.name.as_str(), *joes.place.key()), ("Joe's", joes.place.get()?.id));
        assert_eq!(joes.key(), joes.place.get()?.id);
        let chez = Restaurant::draft().place(Place::draft().name("Chez")).seats(9);
        let chez = Bistro::draft().restaurant(chez).wine("red").create(db).await?;
        assert_eq!(chez.restaurant.get()?.place.get()?.name, "Chez");
        assert_eq!(chez.key(), chez.restaurant.get()?.place.get()?.id);
        assert_eq!(counts(db).await?, (2, 2, 1));
        assert_eq!(notes(db).await?, ["place Joe's made", "place Chez made", "bistro with red made"]);

        // A place that is there becomes a restaurant.
        let bar = Place::draft().name("Bar").create(db).await?;
        let bar = Restaurant::draft().place(&bar).seats(3).create(db).await?;
        assert_eq!((bar.place.is_loaded(), Place::get(bar.key(), db).await?.name.as_str()), (false, "Bar"));
        // The last that is given counts.
        let again = Restaurant::draft().place(Place::draft().name("Never")).seats(3).place(bar.key());
        assert_eq!(again.create(db).await.unwrap_err().code(), Code::UniqueViolation);
        assert_eq!(counts(db).await?, (3, 3, 1));
        Ok(())
    }

    // The mistakes of both are one error, and neither row is there; nor is the parent's, where the child's is refused by the database.
    async fn both_are_written_or_neither(bed) {
        let db = &bed.db;
        tables(db).await?;
        let wrong = || Bistro::draft().restaurant(Restaurant::draft().place(Place::draft().name("X")).seats(0)).wine("w".repeat(60));
        let error = wrong().validated(db).await.err().unwrap();
        let fields: Vec<_> = error.validation().iter().filter_map(|mistake| mistake.field.as_deref()).collect();
        assert_eq!(fields, ["name", "seats", "wine"]);
        let error = wrong().create(db).await.unwrap_err();
        assert_eq!(error.fields(), ["seats"], "{error:?}"); // of models with hooks nothing is asked before these
        assert_eq!(counts(db).await?, (0, 0, 0));

        let draft = |name: &'static str, phone: &'static str| Restaurant::draft().place(Place::draft().name(name)).seats(1).phone(phone);
        draft("One", "1").create(db).await?;
        let error = draft("Two", "1").create(db).await.unwrap_err();
        assert_eq!((error.code(), error.fields()), (Code::UniqueViolation, &["phone".to_owned()][..]));
        let told = draft("Two", "1").validated(db).await.err().unwrap();
        assert_eq!(told.validation()[0].field.as_deref(), Some("phone"));
        assert_eq!(counts(db).await?, (1, 1, 0));
        let draft = draft("Two", "2").validated(db).await?;
        assert_eq!(draft.create(db).await?.place.get()?.name, "Two");
        assert_eq!(notes(db).await?, ["place One made", "place Two made"]);
        Ok(())
    }

    async fn many_are_made_in_a_few_statements(bed) {
        let db = &bed.db;
        tables(db).await?;
        let draft = |n: i32| Restaurant::draft().place(Place::draft().name(format!("Place {n}"))).seats(n);
        bed.log.clear();
        let rows = Restaurant::objects().skip_hooks().bulk_create((1..=50).map(draft), db).await?;
        let inserts = bed.log.statements().iter().filter(|run| run.sql.contains("INSERT INTO") && !run.sql.contains("note")).count();
        assert_eq!(inserts, 2);
        assert!(rows.iter().all(|row| row.place.get().unwrap().name == format!("Place {}", row.seats)));
        assert_eq!(Restaurant::objects().bulk_insert((51..=60).map(draft), db).await?, 10);
        assert_eq!(counts(db).await?, (60, 60, 0));
        let error = Restaurant::objects().bulk_create((0..2).map(draft), db).await.unwrap_err();
        assert_eq!((error.fields(), &error.validation()[0].params["row"]), (&["seats".to_owned()][..], &serde_json::json!(0)));
        // What writes one row of each only says so, before anything is written.
        for error in [
            draft(1).get_or_create(|r| r.place, db).await.unwrap_err(),
            draft(1).upsert(|r| r.place, db).await.unwrap_err(),
            Restaurant::objects().bulk_insert_ignore([draft(1)], db).await.unwrap_err(),
            draft(1).create_sql(db.dialect()).unwrap_err(),
        ] {
            assert_eq!((error.code(), error.fields()), (Code::BadQuery, &["place".to_owned()][..]));
        }
        assert_eq!(counts(db).await?, (60, 60, 0));
        Ok(())
    }

    // The fields of the parent are the child's in every closure: by one join, and none for the key.
    async fn handles_continue_into_the_parent(bed) {
        let db = &bed.db;
        tables(db).await?;
        let town = Town::draft().name("Oslo").create(db).await?;
        let draft = |name: &'static str, seats| Restaurant::draft().place(Place::draft().name(name).town(&town).stars(2)).seats(seats);
        for (name, seats) in [("Ada's", 10), ("Bob's", 20), ("Cy's", 30)] {
            draft(name, seats).create(db).await?;
        }
        let chez = Bistro::draft().restaurant(draft("Chez", 5)).wine("red").create(db).await?;
        let query = Restaurant::objects().filter(|r| r.name.ne("Cy's") & r.seats.gt(8) & r.town.name.eq("Oslo"));
        assert_eq!(query.to_sql(db.dialect())?.matches("JOIN").count(), 2);
        let names = query.order_by(|r| r.name.desc()).values(|r| (r.id, r.name, r.seats, r.town.name)).all(db).await?;
        assert_eq!(names.iter().map(|(_, name, ..)| name.as_str()).collect::<Vec<_>>(), ["Bob's", "Ada's"]);
        assert_eq!(names[0].3.as_deref(), Some("Oslo"));
        let by_key = Restaurant::objects().filter(|r| r.id.eq(chez.key()));
        assert!(!by_key.to_sql(db.dialect())?.contains("JOIN"));
        assert_eq!(by_key.count(db).await?, 1);
        // Two up, in an aggregate, a group, an annotation and a related selection.
        assert_eq!(Bistro::objects().filter(|b| b.stars.eq(2) & b.seats.eq(5)).get(db).await?.wine, "red");
        let (seats, stars) = Restaurant::objects().aggregate(|r| (r.seats.sum(), r.stars.sum())).get(db).await?;
        assert_eq!((seats, stars), (Some(65), Some(8)));
        let groups = Restaurant::objects().group_by(|r| r.stars).annotate(|r| (count(), r.name.max())).all(db).await?;
        assert_eq!(groups, [(2, 4, Some("Cy's".to_owned()))]);
        let full = Bistro::objects().select_related(|b| b.restaurant.place).get(db).await?;
        assert_eq!(full.restaurant.get()?.place.get()?.name, "Chez");
        // From the other side: what is no restaurant has none.
        Place::draft().name("Park").create(db).await?;
        assert_eq!(Place::objects().filter(|p| p.restaurant.is_null()).get(db).await?.name, "Park");
        assert_eq!(Place::objects().filter(|p| p.restaurant.bistro.wine.eq("red")).get(db).await?.name, "Chez");
        let wines = Place::objects().order_by(|p| p.name.asc()).values(|p| (p.name, p.restaurant.seats)).all(db).await?;
        assert_eq!(wines[3..], [("Cy's".to_owned(), Some(30)), ("Park".to_owned(), None)]);
        let catalog = Catalog::new().app(inherit());
        let by_name = Query::of("inherit.Restaurant").filter("place__name__startswith", "A");
        assert_eq!(catalog.check(&by_name)?.all(db).await?.len(), 1);
        let by_name = Query::of("inherit.Bistro").filter("name", "Chez").filter("town__name", "Oslo").filter("seats", 5);
        assert_eq!(catalog.check(&by_name)?.all(db).await?.len(), 1);
        let unknown = catalog.check(&Query::of("inherit.Bistro").filter("nam", "Chez")).err().unwrap();
        assert_eq!(unknown.code(), Code::UnknownName, "{unknown:?}");
        Ok(())
    }

    async fn an_edit_saves_both(bed) {
        let db = &bed.db;
        tables(db).await?;
        let draft = Restaurant::draft().place(Place::draft().name("Joe's")).seats(40);
        let chez = Bistro::draft().restaurant(draft).wine("red").create(db).await?;
        notes(db).await?;
        let mut edit = chez.edit();
        edit.wine = "white".to_owned();
        edit.parent()?.seats = 41;
        edit.parent()?.parent()?.name = "Ada's".to_owned();
        let chez = edit.save(db).await?;
        assert_eq!((chez.wine.as_str(), chez.restaurant.get()?.seats), ("white", 41));
        assert_eq!(chez.restaurant.get()?.place.get()?.name, "Ada's");
        let stored = Bistro::objects().select_related(|b| b.restaurant.place).get(db).await?;
        assert_eq!((stored.wine.as_str(), stored.restaurant.get()?.place.get()?.name.as_str()), ("white", "Ada's"));
        assert_eq!(notes(db).await?, ["place Ada's changed"]);

        // Mistakes of both are told, and neither is written.
        let mut edit = Restaurant::objects().select_related(|r| r.place).get(db).await?.edit();
        edit.seats = 0;
        edit.parent()?.name = "X".to_owned();
        let error = edit.validated(db).await.unwrap_err();
        assert_eq!(error.validation().iter().filter_map(|mistake| mistake.field.as_deref()).collect::<Vec<_>>(), ["name", "seats"]);
        let mut edit = Restaurant::objects().select_related(|r| r.place).get(db).await?.edit();
        edit.seats = 50;
        edit.parent()?.name = "X".to_owned();
        assert_eq!(edit.save(db).await.unwrap_err().fields(), ["name"]);
        assert_eq!(Restaurant::objects().get(db).await?.seats, 41);
        // Only what the parent has changed is written.
        let mut edit = Restaurant::objects().select_related(|r| r.place).get(db).await?.edit();
        edit.parent()?.stars = 5;
        bed.log.clear();
        assert_eq!(edit.save(db).await?.place.get()?.stars, 5);
        assert_eq!(bed.log.statements().iter().filter(|run| run.sql.starts_with("UPDATE")).count(), 1);
        // One that is not loaded is not there to be edited.
        let error = Restaurant::objects().get(db).await?.edit().parent().err().unwrap();
        assert_eq!(error.code(), Code::NotLoaded);
        Ok(())
    }

    async fn a_deletion_takes_both(bed) {
        let db = &bed.db;
        tables(db).await?;
        let draft = |name: &'static str| Restaurant::draft().place(Place::draft().name(name)).seats(4);
        let (a, b) = (draft("Aa").create(db).await?, draft("Bb").create(db).await?);
        let c = Bistro::draft().restaurant(draft("Cc")).wine("red").create(db).await?;
        for place in [a.key(), b.key(), c.key()] {
            Review::draft().place(place).create(db).await?;
        }
        notes(db).await?;
        let gone = a.delete(db).await?;
        let told: Vec<(&str, u64)> = gone.per_model.iter().map(|(label, count)| (label.as_str(), *count)).collect();
        assert_eq!(told, [("inherit.Place", 1), ("inherit.Restaurant", 1), ("inherit.Review", 1)]);
        assert_eq!(notes(db).await?, ["place Aa goes", "place Aa gone"]);
        let gone = c.delete(db).await?;
        assert_eq!((gone.total, gone.per_model["inherit.Bistro"]), (4, 1));
        assert_eq!(notes(db).await?, ["bistro with red goes", "place Cc goes", "place Cc gone"]);
        assert_eq!(counts(db).await?, (1, 1, 0));

        // The parent stays where it is said, with what hangs on it.
        assert_eq!(b.delete_keep_parents(db).await?.per_model.into_iter().collect::<Vec<_>>(), [("inherit.Restaurant".to_owned(), 1)]);
        assert_eq!((counts(db).await?, Review::objects().count(db).await?), ((1, 0, 0), 1));
        assert!(notes(db).await?.is_empty());
        let place = Place::objects().get(db).await?;
        Restaurant::draft().place(&place).seats(4).create(db).await?;
        assert_eq!(Restaurant::objects().keep_parents().delete(db).await?.total, 1);
        Restaurant::draft().place(&place).seats(4).create(db).await?;
        // A query's deletion, and what it gives back.
        let rows = Restaurant::objects().filter(|r| r.name.eq("Bb")).delete_returning(db).await?;
        assert_eq!((rows.len(), counts(db).await?), (1, (0, 0, 0)));
        assert_eq!(notes(db).await?, ["place Bb goes", "place Bb gone"]);
        Ok(())
    }

    // A deletion of the parent takes the child along, one of a row that both hang on as well; hooks that would be passed by refuse.
    async fn a_parent_takes_its_children_along(bed) {
        let db = &bed.db;
        tables(db).await?;
        let town = Town::draft().name("Oslo").create(db).await?;
        let draft = |name: &'static str| Restaurant::draft().place(Place::draft().name(name).town(&town)).seats(4);
        let row = draft("Aa").create(db).await?;
        draft("Bb").create(db).await?;
        let gone = Place::get(row.key(), db).await?.delete(db).await?;
        assert_eq!((gone.total, gone.per_model["inherit.Restaurant"]), (2, 1));
        Bistro::draft().restaurant(draft("Cc")).wine("red").create(db).await?;
        let error = Place::objects().delete(db).await.unwrap_err();
        assert_eq!((error.code(), counts(db).await?), (Code::Unhooked, (2, 2, 1)));
        assert_eq!(town.delete(db).await.unwrap_err().code(), Code::Unhooked);
        assert_eq!(Town::objects().skip_hooks().delete(db).await?.total, 6);
        assert_eq!(counts(db).await?, (0, 0, 0));
        Ok(())
    }

    async fn fixtures_hold_both(bed) {
        let db = &bed.db;
        tables(db).await?;
        let draft = Restaurant::draft().place(Place::draft().name("Joe's")).seats(40);
        Bistro::draft().restaurant(draft).wine("red").create(db).await?;
        let mut out = Vec::new();
        Dump::of([inherit()]).write(Format::Json, &mut out, db).await?;
        Town::objects().delete(db).await?;
        Bistro::objects().delete(db).await?;
        assert_eq!(counts(db).await?, (0, 0, 0));
        Load::of([inherit()]).read(Format::Json, std::io::Cursor::new(out), db).await?;
        let back = Bistro::objects().select_related(|b| b.restaurant.place).get(db).await?;
        assert_eq!((back.wine.as_str(), back.restaurant.get()?.place.get()?.name.as_str()), ("red", "Joe's"));
        Ok(())
    }
}

#[test]
fn the_link_is_a_one_to_one_that_is_the_key() {
    let meta = Restaurant::meta();
    assert_eq!((meta.parent(), Place::meta().parent()), (Some(0), None));
    assert_eq!(meta.fields[0].options.on_delete, Some(OnDelete::Cascade));
    let column = &meta.columns[usize::from(meta.key[0])];
    assert_eq!((column.name.as_ref(), meta.auto_key()), ("place_id", None));
}
