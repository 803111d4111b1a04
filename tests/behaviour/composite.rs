//! Keys of several columns: a depot whose shelves are numbered within their hall, and whose places are numbered within their shelf.
#![allow(dead_code)]

use crate::bed::{Bed, behaviour};
use orm::{
    Code,
    migrate::{engine, engine_error},
    prelude::*,
};

orm::app! { pub depot { Hall, Shelf, Place, Parcel, Plate, Mark, Marking, Price } }

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Hall {
    #[field(primary_key, max_length = 3)]
    pub code: String,
    #[field(max_length = 50)]
    pub name: String,
    pub shelves: HasMany<Shelf>,
}

/// Its key is a relation and a number.
#[derive(Model, Debug, Clone, PartialEq)]
#[model(ordering(number))]
pub struct Shelf {
    #[field(primary_key, on_delete = cascade)]
    pub hall: ForeignKey<Hall>,
    #[field(primary_key)]
    pub number: i32,
    #[field(default = 10)]
    pub room: i32,
    /// To itself.
    #[field(on_delete = set_null)]
    pub next: Option<ForeignKey<Shelf>>,
    pub places: HasMany<Place>,
    #[field(via = shelf)]
    pub parcels: HasMany<Parcel>,
    pub plate: HasOne<Plate>,
    #[field(through = Marking)]
    pub marks: ManyToMany<Mark>,
}

/// Its key holds a key of two columns.
#[derive(Model, Debug, Clone, PartialEq)]
pub struct Place {
    #[field(primary_key, on_delete = cascade)]
    pub shelf: ForeignKey<Shelf>,
    #[field(primary_key)]
    pub day: NaiveDate,
    pub free: bool,
    #[field(via = place)]
    pub parcels: HasMany<Parcel>,
}

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Parcel {
    pub id: i64,
    #[field(max_length = 50)]
    pub label: String,
    pub shelf: ForeignKey<Shelf>,
    #[field(on_delete = set_null)]
    pub spare: Option<ForeignKey<Shelf>>,
    #[field(on_delete = protect)]
    pub place: Option<ForeignKey<Place>>,
}

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Plate {
    pub id: i64,
    #[field(on_delete = cascade, columns("hall", "row"))]
    pub shelf: OneToOne<Shelf>,
    #[field(max_length = 20)]
    pub text: String,
}

/// Its key is of kinds that need care: bytes, a decimal, a moment.
#[derive(Model, Debug, Clone, PartialEq)]
pub struct Price {
    #[field(primary_key, max_length = 20)]
    pub tariff: String,
    #[field(primary_key)]
    pub since: DateTime<Utc>,
    #[field(primary_key, max_digits = 8, decimal_places = 2)]
    pub weight: Decimal,
    #[field(max_digits = 8, decimal_places = 2)]
    pub price: Decimal,
}

/// A key of two columns without a relation.
#[derive(Model, Debug, Clone, PartialEq)]
pub struct Mark {
    #[field(primary_key, max_length = 20)]
    pub language: String,
    #[field(primary_key, max_length = 20)]
    pub word: String,
    #[field(through = Marking)]
    pub shelves: ManyToMany<Shelf>,
}

/// Between the two, by a key of four columns.
#[derive(Model, Debug, Clone, PartialEq)]
pub struct Marking {
    #[field(primary_key, on_delete = cascade)]
    pub shelf: ForeignKey<Shelf>,
    #[field(primary_key, on_delete = cascade)]
    pub mark: ForeignKey<Mark>,
    #[field(default = 1)]
    pub weight: i32,
}

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 5, day).unwrap()
}

/// Halls A and B; shelves A1 -> A2 -> A3, B1; places on two days; four parcels; a plate for A1; three marks.
pub async fn filled(bed: &Bed) -> orm::Result<()> {
    let db = &bed.db;
    orm::migrate::create_tables(db, &[depot()]).await?;
    for (code, name) in [("A", "North"), ("B", "Süd")] {
        Hall::draft().code(code).name(name).create(db).await?;
    }
    let shelf = |hall: &str, number| Shelf::draft().hall(hall).number(number);
    Shelf::objects().bulk_create([shelf("A", 3), shelf("B", 1)], db).await?;
    shelf("A", 2).next(("A", 3)).create(db).await?;
    shelf("A", 1).next(("A", 2)).room(2).create(db).await?;
    let place = |hall: &str, number: i32, on| Place::draft().shelf((hall, number)).day(day(on)).free(on == 1);
    Place::objects().bulk_create([place("A", 1, 1), place("A", 1, 2), place("B", 1, 1)], db).await?;
    let parcel = |label: &str, hall: &str, number: i32| Parcel::draft().label(label).shelf((hall, number));
    parcel("ink", "A", 1).spare(("B", 1)).place((("A", 1), day(1))).create(db).await?;
    parcel("jam", "A", 1).create(db).await?;
    parcel("key", "A", 2).create(db).await?;
    parcel("lid", "B", 1).spare(("A", 3)).place((("B", 1), day(1))).create(db).await?;
    Plate::draft().shelf(("A", 1)).text("first").create(db).await?;
    for (language, word) in [("de", "neu"), ("en", "new"), ("en", "old")] {
        Mark::draft().language(language).word(word).create(db).await?;
    }
    Ok(())
}

fn labels(parcels: &[Parcel]) -> Vec<&str> {
    parcels.iter().map(|parcel| parcel.label.as_str()).collect()
}

fn numbers(shelves: &[Shelf]) -> Vec<(&str, i32)> {
    shelves.iter().map(|shelf| (shelf.hall.key().as_str(), shelf.number)).collect()
}

behaviour! {
    async fn rows_are_found_by_their_keys(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let shelf = Shelf::get(("A", 1), db).await?;
        assert_eq!((shelf.key(), shelf.room), (("A".to_owned(), 1), 2));
        assert_eq!(Shelf::get(("A", 9), db).await.unwrap_err().code(), Code::NotFound);
        let place = Place::get((("A", 1), day(2)), db).await?;
        assert_eq!((place.shelf.key(), place.free), (&("A".to_owned(), 1), false));
        let found = Shelf::objects().in_bulk([("A", 1), ("B", 1), ("B", 7)], db).await?;
        assert_eq!(found.len(), 2);
        assert!(Shelf::objects().filter(|s| s.hall.name.eq("North")).contains_row(&shelf, db).await?);
        assert_eq!(shelf.next.as_ref().unwrap().fetch(db).await?.number, 2);
        Ok(())
    }

    async fn conditions_speak_of_whole_keys(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let a1 = Shelf::get(("A", 1), db).await?;
        let labelled = async |query: QuerySet<Parcel>| {
            let rows = query.order_by(|p| p.label.asc()).all(db).await?;
            Ok::<_, orm::Error>(rows.into_iter().map(|parcel| parcel.label).collect::<Vec<_>>().join(" "))
        };
        let parcels = Parcel::objects;
        assert_eq!(labelled(parcels().filter(|p| p.shelf.eq(&a1))).await?, "ink jam");
        assert_eq!(labelled(parcels().filter(|p| p.shelf.ne(("A", 1)))).await?, "key lid");
        assert_eq!(labelled(parcels().filter(|p| p.spare.is_null())).await?, "jam key");
        assert_eq!(labelled(parcels().exclude(|p| p.spare.eq(("B", 1)))).await?, "jam key lid");
        assert_eq!(labelled(parcels().filter(|p| p.shelf.is_in([("A", 2), ("B", 1), ("C", 4)]))).await?, "key lid");
        assert_eq!(labelled(parcels().filter(|p| p.shelf.is_in([&a1]))).await?, "ink jam");
        assert_eq!(labelled(parcels().filter(|p| p.shelf.is_in(Vec::<&Shelf>::new()))).await?, "");
        assert_eq!(labelled(parcels().exclude(|p| p.spare.is_in([("B", 1)]))).await?, "jam key lid");
        let roomy = Shelf::objects().filter(|s| s.room.gt(5));
        assert_eq!(labelled(parcels().filter(|p| p.shelf.is_in(roomy))).await?, "key lid");
        let last = Shelf::objects().order_by(|s| s.pk().desc()).limit(1);
        assert_eq!(labelled(parcels().filter(|p| p.shelf.is_in(last))).await?, "lid");
        assert_eq!(labelled(parcels().filter(|p| p.shelf.hall.name.eq("Süd") & p.place.free)).await?, "lid");
        assert_eq!(labelled(parcels().filter(|p| p.place.shelf.next.room.eq(10))).await?, "ink");
        assert_eq!(labelled(parcels().filter(|p| p.place.shelf.is_same(p.shelf))).await?, "ink lid");
        assert_eq!(labelled(parcels().filter(|p| p.shelf.pk().gt(("A", 1)))).await?, "key lid");
        assert_eq!(labelled(parcels().filter(|p| p.shelf.pk().lte(("A", 2)))).await?, "ink jam key");
        assert_eq!(labelled(parcels().filter(|p| p.place.pk().eq((("B", 1), day(1))))).await?, "lid");

        let shelves = Shelf::objects().filter(|s| s.pk().gte(("A", 2)) & s.pk().lt(("B", 1))).all(db).await?;
        assert_eq!(numbers(&shelves), [("A", 2), ("A", 3)]);
        let used = Shelf::objects()
            .filter(|s| Parcel::objects().within(s.number).filter(|p| p.shelf.eq(s.pk())).has_rows())
            .order_by(|s| (s.hall.pk().desc(), s.number.desc()));
        assert_eq!(numbers(&used.all(db).await?), [("B", 1), ("A", 2), ("A", 1)]);
        Ok(())
    }

    async fn lists_of_keys_have_any_length(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let many: Vec<(String, i32)> = (0..20_000).map(|number| ("A".to_owned(), number)).collect();
        for length in [17, 1_000, 20_000] {
            bed.log.clear();
            let listed = Shelf::objects().filter(|s| s.pk().is_in(many[..length].to_vec()));
            assert_eq!(listed.clone().count(db).await?, 3);
            let others = Shelf::objects().exclude(|s| s.pk().is_in(many[..length].to_vec()) | s.room.eq(2));
            assert_eq!(numbers(&others.all(db).await?), [("B", 1)]);
            bed.log.assert_queries(2);
        }
        let places: Vec<((String, i32), NaiveDate)> =
            (1..=28).map(|on| (("A".to_owned(), 1), day(on))).collect();
        assert_eq!(Place::objects().filter(|p| p.pk().is_in(places)).count(db).await?, 2);

        let at = |hour| day(1).and_hms_micro_opt(hour, 30, 0, 123_456).unwrap().and_utc();
        let weight = |text: &str| text.parse::<Decimal>().unwrap();
        let prices = (0..20).map(|hour| Price::draft().tariff("né\"").since(at(hour)).weight(weight("1.10")).price(hour as i32));
        Price::objects().bulk_create(prices, db).await?;
        let keys = (0..20).step_by(2).map(|hour| ("né\"".to_owned(), at(hour), weight("1.1")));
        let even = Price::objects().filter(|p| p.pk().is_in(keys.collect::<Vec<_>>())).order_by(|p| p.pk().asc()).all(db).await?;
        assert_eq!(even.len(), 10);
        assert_eq!((even[9].since, even[9].weight), (at(18), weight("1.10")));
        Ok(())
    }

    async fn related_rows_are_loaded(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let parcels = Parcel::objects()
            .select_related(|p| (p.shelf.hall, p.spare, p.place.shelf))
            .order_by(|p| p.label.asc())
            .all(db)
            .await?;
        assert_eq!(parcels[0].shelf.get()?.hall.get()?.name, "North");
        assert_eq!(parcels[3].spare.as_ref().unwrap().get()?.number, 3);
        assert_eq!(parcels[3].place.as_ref().unwrap().get()?.shelf.get()?.key(), ("B".to_owned(), 1));
        assert!(parcels[1].spare.is_none() && parcels[1].place.is_none());

        bed.log.clear();
        let halls = Hall::objects()
            .prefetch(|h| {
                h.shelves.prefetch(|s| (s.parcels.order_by(|p| p.label.asc()), s.places, s.plate, s.next, s.marks))
            })
            .order_by(|h| h.code.asc())
            .all(db)
            .await?;
        bed.log.assert_queries(7);
        let shelves = halls[0].shelves.get()?;
        assert_eq!(numbers(shelves), [("A", 1), ("A", 2), ("A", 3)]);
        assert_eq!(labels(shelves[0].parcels.get()?), ["ink", "jam"]);
        assert_eq!((shelves[0].places.get()?.len(), shelves[2].places.get()?.len()), (2, 0));
        assert_eq!(shelves[0].plate.get()?.unwrap().text, "first");
        assert!(shelves[1].plate.get()?.is_none());
        assert_eq!(shelves[0].next.as_ref().unwrap().get()?.number, 2);

        let top = Shelf::objects()
            .prefetch(|s| s.parcels.order_by(|p| p.label.desc()).limit(1))
            .order_by(|s| s.pk().asc())
            .all(db)
            .await?;
        assert_eq!(labels(top[0].parcels.get()?), ["jam"]);
        let a1 = Shelf::get(("A", 1), db).await?;
        assert_eq!(a1.rows_of(|s| s.parcels).filter(|p| p.label.eq("jam")).count(db).await?, 1);
        Ok(())
    }

    async fn sets_are_counted_and_grouped(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let counted = Shelf::objects()
            .annotate(|s| (s.parcels.count(), s.places.filter(|p| p.free).count()))
            .order_by(|(s, ..)| s.pk().asc())
            .all(db)
            .await?;
        let counts: Vec<_> = counted.iter().map(|(shelf, parcels, free)| (shelf.number, *parcels, *free)).collect();
        assert_eq!(counts, [(1, 2, 1), (2, 1, 0), (3, 0, 0), (1, 1, 1)]);
        let held = Shelf::objects().filter(|s| s.parcels.any(|p| p.spare.is_not_null())).order_by(|s| s.pk().asc());
        assert_eq!(numbers(&held.all(db).await?), [("A", 1), ("B", 1)]);
        let halls = Hall::objects().annotate(|h| h.shelves.sum(|s| s.room)).order_by(|(h, _)| h.code.asc()).all(db).await?;
        assert_eq!(halls.iter().map(|(_, room)| *room).collect::<Vec<_>>(), [Some(22), Some(10)]);
        let per_shelf = Parcel::objects().group_by(|p| (p.shelf.hall.code, p.shelf.number)).annotate(|_| count());
        let mut rows = per_shelf.all(db).await?;
        rows.sort();
        assert_eq!(rows[0], ("A".to_owned(), 1, 2));
        let joined = Shelf::objects().left_join(|s| s.places).order_by(|(s, p)| (s.pk().asc(), p.day.asc())).all(db).await?;
        assert_eq!(joined.len(), 5);
        assert_eq!(joined.iter().filter(|(_, place)| place.is_none()).count(), 2);
        assert_eq!(Parcel::objects().values(|p| p.shelf.number).distinct().count(db).await?, 2);
        Ok(())
    }

    async fn rows_are_written(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let mut shelf = Shelf::get(("A", 3), db).await?.edit();
        shelf.room = 7;
        shelf.next = Some(ForeignKey::to(("B".to_owned(), 1)));
        let shelf = shelf.save(db).await?;
        assert_eq!((shelf.room, shelf.next.as_ref().unwrap().key().1), (7, 1));

        let again = Shelf::draft().hall("A").number(3).room(99).get_or_create(|s| s.hall_number, db).await?;
        assert_eq!((again.0.room, again.1), (7, false));
        let (changed, created) = Shelf::draft().hall("A").number(3).room(8).update_or_create(|s| s.hall_number, db).await?;
        assert_eq!((changed.room, created), (8, false));
        let error = Shelf::draft().hall("A").number(3).create(db).await.unwrap_err();
        assert_eq!(error.code(), Code::UniqueViolation);
        let error = Parcel::draft().label("x").shelf(("C", 1)).create(db).await.unwrap_err();
        assert_eq!((error.code(), error.fields()), (Code::ForeignKeyViolation, &["shelf".to_owned()][..]));

        let moved = Parcel::objects().filter(|p| p.label.eq("jam")).update(|p| p.shelf.set(("B", 1)), db).await?;
        assert_eq!(moved, 1);
        let mut rows = Shelf::objects().order_by(|s| s.pk().asc()).all(db).await?;
        rows.iter_mut().for_each(|shelf| shelf.room += 1);
        assert_eq!(Shelf::objects().bulk_update(rows, |s| s.room, db).await?, 4);
        assert_eq!(Shelf::objects().aggregate(|s| s.room.sum()).get(db).await?, Some(2 + 10 + 8 + 10 + 4));

        let taken = Shelf::draft().hall("B").number(1).room(1);
        let fresh = Shelf::draft().hall("B").number(2).room(1);
        Shelf::objects().bulk_upsert([taken, fresh], |s| s.hall_number, db).await?;
        assert_eq!(Shelf::get(("B", 1), db).await?.room, 1);
        assert_eq!(Shelf::objects().count(db).await?, 5);
        Ok(())
    }

    async fn sets_of_rows_change(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let a1 = Shelf::get(("A", 1), db).await?;
        assert_eq!(a1.many(|s| s.marks).add([("en", "new"), ("de", "neu")], db).await?, 2);
        assert_eq!(a1.many(|s| s.marks).add([("en", "new"), ("en", "old")], db).await?, 1);
        assert_eq!(a1.many(|s| s.marks).add([("en", "none")], db).await.unwrap_err().code(), Code::ForeignKeyViolation);
        let english = Shelf::objects().filter(|s| s.marks.any(|m| m.language.eq("en"))).all(db).await?;
        assert_eq!(numbers(&english), [("A", 1)]);
        let marked = Shelf::objects().filter(|s| s.pk().eq(("A", 1))).prefetch(|s| s.marks.order_by(|m| m.pk().asc())).get(db).await?;
        let words: Vec<&str> = marked.marks.get()?.iter().map(|mark| mark.word.as_str()).collect();
        assert_eq!(words, ["neu", "new", "old"]);
        assert_eq!(a1.many(|s| s.marks).set([("en", "old")], db).await?, 2);
        assert_eq!(a1.many(|s| s.marks).clear(db).await?, 1);
        assert_eq!(a1.many(|s| s.parcels).add([4], db).await?, 1);
        assert_eq!(Parcel::objects().filter(|p| p.shelf.eq(&a1)).count(db).await?, 3);
        Ok(())
    }

    async fn deleting_keeps_every_promise(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let error = Hall::get("A", db).await?.delete(db).await.unwrap_err();
        assert_eq!(error.code(), Code::Protected);
        assert_eq!(Shelf::objects().count(db).await?, 4);
        Parcel::objects().filter(|p| p.shelf.hall.eq("A")).delete(db).await?;
        let gone = Hall::get("A", db).await?.delete(db).await?;
        assert_eq!(gone.per_model["depot.Shelf"], 3);
        assert_eq!(gone.per_model["depot.Place"], 2);
        assert_eq!(gone.per_model["depot.Plate"], 1);
        let lid = Parcel::objects().get(db).await?;
        assert_eq!((lid.label.as_str(), lid.spare), ("lid", None));
        let b1 = Shelf::get(("B", 1), db).await?;
        assert_eq!(b1.delete(db).await.unwrap_err().code(), Code::Protected);
        Ok(())
    }

    async fn the_database_is_as_the_models_say(bed) {
        filled(&bed).await?;
        let schema = orm::migrate::schema(&[depot()])?;
        let live = orm::migrate::introspect(&bed.db).await?;
        let wanted = engine::introspect::as_stored(bed.db.dialect().into(), &schema).map_err(engine_error)?;
        let different: Vec<String> = engine::introspect::differences(&wanted, &live).iter().map(ToString::to_string).collect();
        assert_eq!(different, Vec::<String>::new());
        let parcel = &schema.model("depot", "Parcel").unwrap();
        let columns: Vec<&str> = parcel.fields.iter().map(|field| field.column.as_str()).collect();
        assert_eq!(columns[2..], ["shelf_hall_id", "shelf_number", "spare_hall_id", "spare_number", "place_shelf_hall_id", "place_shelf_number", "place_day"]);
        let plate = &schema.model("depot", "Plate").unwrap();
        let columns: Vec<&str> = plate.fields.iter().map(|field| field.column.as_str()).collect();
        assert_eq!(columns, ["id", "hall", "row", "text"]);
        Ok(())
    }

    async fn columns_may_have_names_of_their_own(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let sql = Plate::objects().filter(|p| p.shelf.eq(("A", 1))).to_sql(db.dialect())?;
        assert!(sql.contains("hall") && sql.contains("row") && !sql.contains("shelf_number"), "{sql}");
        let plate = Plate::objects().select_related(|p| p.shelf).filter(|p| p.shelf.hall.eq("A")).get(db).await?;
        assert_eq!((plate.shelf.key(), plate.shelf.get()?.room), (&("A".to_owned(), 1), 2));
        let moved = Plate::objects().filter(|p| p.shelf.number.gte(1)).update(|p| p.shelf.set(("B", 1)), db).await?;
        assert_eq!(moved, 1);
        assert_eq!(Shelf::objects().filter(|s| s.plate.text.eq("first")).count(db).await?, 1);
        let taken = Plate::draft().shelf(("B", 1)).text("second").create(db).await.unwrap_err();
        assert_eq!((taken.code(), taken.fields()), (Code::UniqueViolation, &["shelf".to_owned()][..]), "{taken:?}");
        let missing = Plate::draft().shelf(("C", 1)).text("third").create(db).await.unwrap_err();
        assert_eq!(missing.code(), Code::ForeignKeyViolation, "{missing:?}");
        Ok(())
    }

    async fn pages_and_streams_follow_the_key(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let query = Shelf::objects().order_by(|s| s.room.desc());
        let first = query.clone().page_after(None, 2, db).await?;
        let second = query.clone().page_after(first.next.as_ref(), 2, db).await?;
        let all = [numbers(&first.rows), numbers(&second.rows)].concat();
        assert_eq!(all, [("B", 1), ("A", 3), ("A", 2), ("A", 1)]);
        assert_eq!(query.last(db).await?.unwrap().room, 2);
        Ok(())
    }
}
