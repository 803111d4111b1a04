//! Rows that are changed as is said of what stands in the database and of what is given: `bulk_update_with`.

use super::press::{dec, fields};
use crate::bed::{Backend, Bed, behaviour};
use orm::{Change, Code, Dialect, Hooks, Transaction, prelude::*};

orm::app! { pub granary { Hall, Good, Sheet, Spot, Strict, Loud, Thing, Machine, Mark } }

#[derive(Model, Debug, Clone)]
pub struct Hall {
    pub id: i64,
    #[field(max_length = 20)]
    pub name: String,
}

#[derive(Model, Debug, Clone)]
#[model(ordering(id))]
pub struct Good {
    pub id: i64,
    #[field(max_length = 20)]
    pub name: String,
    #[field(default = 0, max = 1000)]
    pub stock: i32,
    #[field(max_digits = 8, decimal_places = 2)]
    pub price: Decimal,
    #[field(default = 1.5)]
    pub weight: f64,
    #[field(default = 5u16)]
    pub few: u16,
    pub remark: Option<String>,
    pub bytes: Option<Vec<u8>>,
    pub hall: ForeignKey<Hall>,
    pub other: Option<ForeignKey<Hall>>,
    pub seen: Option<DateTime<Utc>>,
    #[field(auto_now)]
    pub touched: DateTime<Utc>,
    #[field(generated = |g| g.stock * 2)]
    pub doubled: i32,
}

#[derive(Model, Debug, Clone)]
pub struct Sheet {
    pub id: i64,
    #[field(default = 0)]
    pub lines: i32,
    #[field(version)]
    pub version: i16,
}

#[derive(Model, Debug, Clone)]
pub struct Spot {
    #[field(primary_key, max_length = 5)]
    pub row: String,
    #[field(primary_key)]
    pub seat: i32,
    #[field(default = 0)]
    pub guests: i64,
}

#[derive(Model, Debug, Clone)]
#[model(validate = Strict::validate)]
pub struct Strict {
    pub id: i64,
    pub count: i32,
}

impl Strict {
    fn validate(row: &mut Change<Strict>) {
        if row.get(|s| s.count) == Some(13) {
            row.refuse(|s| s.count, "strict.count", "not this one");
        }
    }
}

#[derive(Model, Debug, Clone)]
#[model(hooks)]
pub struct Loud {
    pub id: i64,
    pub count: i32,
}

impl Hooks for Loud {}

#[derive(Model, Debug, Clone)]
pub struct Thing {
    pub id: i64,
    #[field(max_length = 20)]
    pub name: String,
}

#[derive(Model, Debug, Clone)]
pub struct Machine {
    #[field(primary_key, parent)]
    pub thing: OneToOne<Thing>,
    #[field(default = 0)]
    pub runs: i32,
}

/// In a table without a key.
#[derive(Model, Debug, Clone)]
#[model(managed = false, keyless)]
pub struct Mark {
    #[field(primary_key)]
    pub day: i32,
    pub count: i32,
}

async fn tables(bed: &Bed) -> orm::Result<()> {
    orm::migrate::create_tables(&bed.db, &[granary()]).await
}

async fn goods(bed: &Bed, many: i32) -> orm::Result<Vec<Good>> {
    tables(bed).await?;
    stored(bed, many).await
}

async fn stored(bed: &Bed, many: i32) -> orm::Result<Vec<Good>> {
    Good::objects().delete(&bed.db).await?;
    let halls = Hall::objects().bulk_create(["A", "B"].map(|name| Hall::draft().name(name)), &bed.db).await?;
    let good = |n: i32| Good::draft().name(format!("né {n}")).stock(n % 500).price(n % 7).hall(&halls[0]);
    let made = Good::objects().bulk_create((0..many).map(good), &bed.db).await?;
    bed.log.clear();
    Ok(made)
}

behaviour! {
    async fn changes_are_made_of_both_rows(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        for many in [1, 3, 300, 1_200] {
            let mut rows = stored(&bed, many).await?;
            let before = rows.clone();
            for (row, n) in rows.iter_mut().zip(0..) {
                row.stock = n % 9 - 4;
                row.price = dec("0.25");
                row.remark = (n % 2 == 0).then(|| format!("Zoë {n}"));
                row.bytes = (n % 3 == 0).then(|| vec![0, 255, n as u8]);
                row.weight = 0.1;
            }
            let changed = Good::objects().bulk_update_with(
                &rows,
                |g, new| (
                    g.stock.set(g.stock + new.stock),
                    g.price.set((g.price + new.price) * 2),
                    g.remark.set(new.remark),
                    g.bytes.set(new.bytes),
                    g.weight.set(g.weight + new.weight),
                    g.few.set(7_u16),
                ),
                db,
            );
            assert_eq!(changed.await?, many as u64);
            let updates = bed.log.statements().iter().filter(|one| one.sql.starts_with("UPDATE")).count();
            let expected = if many > 500 && db.dialect() == Dialect::Sqlite { many as usize } else { 1 };
            assert_eq!(updates, expected);
            for ((was, given), is) in before.iter().zip(&rows).zip(Good::objects().all(db).await?) {
                assert_eq!((is.stock, is.doubled), (was.stock + given.stock, 2 * (was.stock + given.stock)));
                assert_eq!(is.price, (was.price + dec("0.25")) * Decimal::from(2));
                assert_eq!((&is.remark, &is.bytes, &is.name), (&given.remark, &given.bytes, &was.name));
                assert_eq!((is.weight, is.few), (1.6, 7));
                assert!(is.touched >= was.touched);
            }
        }
        Ok(())
    }

    async fn each_value_is_read_as_it_was(bed) {
        let mut rows = goods(&bed, 3).await?;
        let db = &bed.db;
        let other = Hall::objects().filter(|h| h.name.eq("B")).get(db).await?;
        for row in &mut rows {
            row.stock = 10;
            row.other = Some(ForeignKey::to(other.id));
            row.remark = Some("Ünïcode".to_owned());
            row.name = "né 1".to_owned();
        }
        // One assignment reads what another sets, in either order; keys, cases, conditions on both, and NULL.
        let changed = Good::objects().bulk_update_with(
            &rows,
            |g, new| (
                g.stock.set(g.stock + new.stock),
                g.price.set(g.stock.cast::<Decimal>()),
                g.hall.set_key(new.other.key().or(g.hall.key())),
                g.other.set_key(g.hall.key()),
                g.remark.set(case::<Good, String>().when(g.name.eq(new.name), new.remark).otherwise(g.remark.concat("lost"))),
                g.name.set(new.remark.lower().or("none").concat(g.id.cast::<String>())),
                g.seen.set(g.touched),
                g.few.set(g.few + 1),
            ),
            db,
        );
        assert_eq!(changed.await?, 3);
        let is = Good::objects().all(db).await?;
        let seen: Vec<_> = is.iter().map(|g| (g.stock, g.price.to_string(), g.remark.as_deref(), g.name.clone(), g.few)).collect();
        let name = |n: usize| format!("ünïcode{}", rows[n].id);
        assert_eq!(seen, [
            (10, "0.00".to_owned(), None, name(0), 6),
            (11, "1.00".to_owned(), Some("Ünïcode"), name(1), 6),
            (12, "2.00".to_owned(), None, name(2), 6),
        ]);
        assert!(is.iter().zip(&rows).all(|(is, was)| *is.hall.key() == other.id && is.other.as_ref() == Some(&was.hall)));
        assert!(is.iter().zip(&rows).all(|(is, was)| is.seen == Some(was.touched)));
        // Keys in a circle: exchanged, or refused where assignments are made one after the other.
        for of in [&rows[..1], &rows[1..]] {
            bed.log.clear();
            let swap = |g: GoodFields<orm::At<Good>>, _| (g.hall.set_key(g.other.key().or(g.hall.key())), g.other.set_key(g.hall.key()));
            let swapped = Good::objects().bulk_update_with(of, swap, db).await;
            let is = Good::get(of[0].id, db).await?;
            match bed.backend {
                Backend::MariaDb => {
                    assert_eq!((swapped.unwrap_err().code(), *is.hall.key()), (Code::Unsupported, other.id));
                    bed.log.assert_queries(1);
                }
                _ => assert_eq!((swapped?, is.hall.key(), is.other.as_ref().map(ForeignKey::key)), (of.len() as u64, rows[0].hall.key(), Some(&other.id))),
            }
        }
        Ok(())
    }

    async fn fields_that_are_read_by_others_come_last(bed) {
        let mut rows = goods(&bed, 4).await?;
        let db = &bed.db;
        rows.iter_mut().for_each(|row| row.stock = 10);
        for of in [&rows[..1], &rows[1..]] {
            let changed = Good::objects().bulk_update_with(
                of,
                |g, new| (g.stock.set(g.stock + new.stock), g.few.set(g.few + 1), g.price.set(g.stock.cast::<Decimal>() + new.price)),
                db,
            );
            assert_eq!(changed.await?, of.len() as u64);
        }
        let is = Good::objects().values(|g| (g.stock, g.price)).all(db).await?;
        assert_eq!(is, [0, 1, 2, 3].map(|n| (n + 10, Decimal::from(n * 2))));
        Ok(())
    }

    async fn a_row_that_comes_twice_is_changed_twice(bed) {
        let mut rows = goods(&bed, 2).await?;
        let db = &bed.db;
        rows.iter_mut().for_each(|row| row.stock = 5);
        let again = Good { stock: 3, remark: Some("again".to_owned()), ..rows[0].clone() };
        let given = [&rows[0], &rows[1], &again, &again];
        let changed = Good::objects().bulk_update_with(given, |g, new| (g.stock.set(g.stock + new.stock), g.remark.set(new.remark)), db);
        assert_eq!(changed.await?, 4);
        let is = Good::objects().values(|g| (g.stock, g.remark)).all(db).await?;
        assert_eq!(is, [(11, Some("again".to_owned())), (6, None)]);
        // Nothing to do, and rows that are gone.
        let none: [Good; 0] = [];
        bed.log.clear();
        assert_eq!(Good::objects().bulk_update_with(none, |g, new| g.stock.set(new.stock), db).await?, 0);
        bed.log.assert_queries(0);
        Good::objects().filter(|g| g.id.eq(rows[0].id)).delete(db).await?;
        assert_eq!(Good::objects().bulk_update_with(&rows, |g, new| g.stock.set(g.stock - new.stock), db).await?, 1);
        assert_eq!(Good::objects().values(|g| g.stock).all(db).await?, [1]);
        Ok(())
    }

    async fn versions_count_and_are_compared(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        for many in [1, 3, 700] {
            Sheet::objects().delete(db).await?;
            let sheets = Sheet::objects().bulk_create((0..many).map(|n| Sheet::draft().lines(n)), db).await?;
            let more = |s: SheetFields<orm::At<Sheet>>, new: SheetFields<orm::At<Sheet>>| s.lines.set(s.lines + new.lines);
            assert_eq!(Sheet::objects().bulk_update_with(&sheets, more, db).await?, many as u64);
            let total = async || Sheet::objects().aggregate(|s| (s.lines.sum(), s.version.max())).get(db).await;
            let after = total().await?;
            assert_eq!(after, (Some(i64::from(many * (many - 1))), Some(2)));
            // They have another version by now; and one that comes twice has it the second time.
            let stale = Sheet::objects().bulk_update_with(&sheets, more, db).await.unwrap_err();
            assert_eq!((stale.code(), fields(&stale)), (Code::Stale, vec!["version"]));
            let now = Sheet::objects().all(db).await?;
            let twice = now.iter().chain(&now[..1]);
            assert_eq!(Sheet::objects().bulk_update_with(twice, more, db).await.unwrap_err().code(), Code::Stale);
            assert_eq!(total().await?, after);
        }
        let set = Sheet::objects().bulk_update_with([Sheet::objects().first(db).await?.unwrap()], |s, new| s.version.set(new.version), db);
        assert_eq!(set.await.unwrap_err().code(), Code::NotEditable);
        Ok(())
    }

    async fn keys_of_several_columns(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let spots = ["a", "é"].into_iter().flat_map(|row| (1..4).map(move |seat| Spot::draft().row(row).seat(seat).guests(i64::from(seat))));
        let mut spots = Spot::objects().bulk_create(spots, db).await?;
        spots.iter_mut().for_each(|spot| spot.guests = 10);
        spots.pop();
        let changed = Spot::objects().bulk_update_with(&spots, |s, new| s.guests.set(s.guests * new.guests + new.seat.cast::<i64>()), db);
        assert_eq!(changed.await?, 5);
        let guests = Spot::objects().order_by(|s| (s.row.asc(), s.seat.asc())).values(|s| s.guests).all(db).await?;
        assert_eq!(guests, [11, 22, 33, 11, 22, 3]);
        Ok(())
    }

    async fn what_fields_cannot_hold_is_refused_and_nothing_is_written(bed) {
        let mut rows = goods(&bed, 3).await?;
        let db = &bed.db;
        rows[1].price = dec("999999.99");
        rows[2].name = "x".repeat(15);
        let before = format!("{:?}", Good::objects().all(db).await?);
        for (of, fails) in [(&rows[..], true), (&rows[1..2], true), (&rows[..1], false)] {
            let done = Good::objects().bulk_update_with(of, |g, new| g.price.set(g.price + new.price + 1), db).await;
            assert_eq!(done.is_err(), fails);
            if let Err(error) = done {
                assert_eq!((error.code(), fields(&error)), (Code::OutOfRange, vec!["price"]), "{error:?}");
                assert_eq!(format!("{:?}", Good::objects().all(db).await?), before);
            }
        }
        let long = Good::objects().bulk_update_with(&rows, |g, new| g.name.set(g.name.concat(" beside ").concat(new.name)), db).await.unwrap_err();
        assert_eq!((long.code(), fields(&long)), (Code::TooLong, vec!["name"]), "{long:?}");
        let below = Good::objects().bulk_update_with(&rows, |g, new| g.few.set(g.few - new.few - 1), db).await.unwrap_err();
        assert_eq!((below.code(), fields(&below)), (Code::OutOfRange, vec!["few"]), "{below:?}");
        rows[1].hall = ForeignKey::to(99);
        let missing = Good::objects().bulk_update_with(&rows, |g, new| (g.stock.set(g.stock + 1), g.hall.set_key(new.hall.key())), db).await.unwrap_err();
        assert_eq!((missing.code(), fields(&missing)), (Code::ForeignKeyViolation, vec!["hall"]), "{missing:?}");
        assert_eq!(Good::objects().values(|g| g.stock).all(db).await?, [0, 1, 2]);
        Ok(())
    }

    async fn what_makes_no_sense_is_said_before_any_statement(bed) {
        let mut rows = goods(&bed, 2).await?;
        let db = &bed.db;
        macro_rules! refused {
            ($model:ident, $rows:expr, $code:expr, $set:expr) => {{
                bed.log.clear();
                let error = $model::objects().bulk_update_with($rows, $set, db).await.unwrap_err();
                assert_eq!(error.code(), $code, "{error:?}");
                bed.log.assert_queries(0);
                error
            }};
        }
        // What is given is checked where a field gets it, and not where it is computed with.
        rows[1].stock = 1001;
        let error = refused!(Good, &rows, Code::OutOfRange, |g, new| g.stock.set(new.stock));
        assert_eq!((fields(&error), error.validation()[0].params["row"].clone()), (vec!["stock"], 1.into()));
        assert_eq!(Good::objects().bulk_update_with(&rows[1..], |g, new| g.stock.set(new.stock - 1000 + g.stock), db).await?, 1);
        assert_eq!(Good::get(rows[1].id, db).await?.stock, 2);
        let skipped = Good::objects().skip_validation().bulk_update_with(&rows, |g, new| g.stock.set(new.stock), db);
        assert_eq!(skipped.await?, 2);
        refused!(Good, &rows, Code::OutOfRange, |g, _| g.stock.set(1001));
        rows[0].price = dec("0.001");
        let error = refused!(Good, &rows, Code::InexactDecimal, |g, new| g.price.set(g.price + new.price));
        assert_eq!(fields(&error), ["price"]);
        rows[0].price = dec("1");
        refused!(Good, &rows, Code::BadQuery, |g, new| g.id.set(new.id));
        refused!(Good, &rows, Code::BadQuery, |g, new| (g.stock.set(new.stock), g.stock.set(1)));
        refused!(Good, &rows, Code::BadQuery, |g, new| g.name.set(new.hall.name));
        refused!(Good, &rows, Code::BadQuery, |g, _| g.name.set(g.hall.name));
        refused!(Good, &rows, Code::BadQuery, |g, _| g.few.set(Hall::objects().within(g.id).row_count().cast::<u16>()));
        let error = refused!(Good, &rows, Code::BadQuery, |_, new| new.stock.set(1));
        assert!(error.hint().is_some_and(|hint| hint.contains("the first of the two")), "{error:?}");
        Ok(())
    }

    async fn models_that_look_at_their_rows(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let strict = Strict::objects().bulk_create([1, 2].map(|count| Strict::draft().count(count)), db).await?;
        let loud = Loud::objects().bulk_create([1, 2].map(|count| Loud::draft().count(count)), db).await?;
        bed.log.clear();
        let refused = [
            Strict::objects().bulk_update_with(&strict, |s, new| s.count.set(s.count + new.count), db).await.unwrap_err().code(),
            Loud::objects().bulk_update_with(&loud, |l, new| l.count.set(l.count + new.count), db).await.unwrap_err().code(),
        ];
        assert_eq!(refused, [Code::Unvalidated, Code::Unhooked]);
        bed.log.assert_queries(0);
        let done = Strict::objects().skip_validation().bulk_update_with(&strict, |s, new| s.count.set(s.count + new.count), db);
        assert_eq!(done.await?, 2);
        let done = Loud::objects().skip_hooks().bulk_update_with(&loud, |l, new| l.count.set(l.count * new.count), db);
        assert_eq!(done.await?, 2);
        assert_eq!(Strict::objects().order_by(|s| s.id.asc()).values(|s| s.count).all(db).await?, [2, 4]);
        assert_eq!(Loud::objects().order_by(|l| l.id.asc()).values(|l| l.count).all(db).await?, [1, 4]);
        Ok(())
    }

    async fn rows_that_are_rows_of_another_model_too(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let machines = ["a", "b"].map(|name| Machine::draft().thing(Thing::draft().name(name)).runs(2));
        let machines = Machine::objects().bulk_create(machines, db).await?;
        let more = Machine::objects().bulk_update_with(&machines, |m, new| m.runs.set(m.runs * 10 + new.runs), db);
        assert_eq!(more.await?, 2);
        assert_eq!(Machine::objects().values(|m| m.runs).all(db).await?, [22, 22]);
        // What stands in the parent's row is neither set nor read here.
        bed.log.clear();
        let refused = [
            Machine::objects().bulk_update_with(&machines, |m, _| m.name.set("c"), db).await.unwrap_err().code(),
            Machine::objects().bulk_update_with(&machines, |m, _| m.runs.set(m.name.length().cast::<i32>()), db).await.unwrap_err().code(),
            Machine::objects().bulk_update_with(&machines, |m, new| m.runs.set(new.name.length().cast::<i32>()), db).await.unwrap_err().code(),
        ];
        assert_eq!(refused, [Code::BadQuery; 3]);
        bed.log.assert_queries(0);
        // Its key does.
        let keyed = Machine::objects().bulk_update_with(&machines, |m, new| m.runs.set(new.thing.key().cast::<i32>()), db);
        assert_eq!(keyed.await?, 2);
        Ok(())
    }

    async fn tables_without_a_key(bed) {
        let db = &bed.db;
        db.batch("CREATE TABLE granary_mark (day integer NOT NULL, count integer NOT NULL); INSERT INTO granary_mark VALUES (1, 1)").await?;
        let marks = Mark::objects().all(db).await?;
        let refused = Mark::objects().bulk_update_with(&marks, |m, new| m.count.set(m.count + new.count), db).await.unwrap_err();
        assert_eq!(refused.code(), Code::SharedKey);
        assert_eq!(Mark::objects().values(|m| m.count).all(db).await?, [1]);
        Ok(())
    }

    async fn inside_a_transaction_all_or_nothing(bed) {
        let mut rows = goods(&bed, 600).await?;
        let db = &bed.db;
        rows.iter_mut().for_each(|row| row.stock = 1);
        rows[599].few = 6;
        let mut tx: Transaction = db.begin().await?;
        let broken = tx.transaction(async |tx| {
            Good::objects().bulk_update_with(&rows, |g, new| (g.stock.set(g.stock + new.stock), g.few.set(g.few - new.few)), tx).await
        });
        let broken = broken.await;
        assert_eq!(broken.unwrap_err().code(), Code::OutOfRange);
        assert_eq!(Good::objects().filter(|g| g.few.ne(5_u16)).count(&tx).await?, 0);
        assert_eq!(Good::objects().bulk_update_with(&rows, |g, new| g.stock.set(g.stock + new.stock), &tx).await?, 600);
        tx.commit().await?;
        assert_eq!(Good::objects().values(|g| g.stock).limit(3).all(db).await?, [1, 2, 3]);
        Ok(())
    }
}
