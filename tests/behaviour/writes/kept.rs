//! Rows that are given to a query are changed within its conditions: `bulk_update` and `bulk_update_with`, and `update_each` by name.

use super::press::fields;
use crate::bed::{Bed, behaviour};
use orm::{
    Change, Code, Dialect, Hooks, Transaction,
    dynamic::{self, Catalog, UpdateEach, given, path},
    prelude::*,
};
use serde_json::json;

orm::app! { pub pantry { House, Jar, Sheet, Seat, Loud, Echo } }

#[derive(Model, Debug, Clone)]
pub struct House {
    pub id: i64,
    #[field(max_length = 20)]
    pub name: String,
    pub jars: HasMany<Jar>,
}

/// Others are thrown away.
#[derive(Model, Debug, Clone)]
#[model(ordering(id), filter = |j| j.thrown.is_null())]
pub struct Jar {
    pub id: i64,
    #[field(max_length = 20)]
    pub name: String,
    #[field(default = 0, min = 0, max = 1000)]
    pub stock: i32,
    pub house: ForeignKey<House>,
    pub beside: Option<ForeignKey<Jar>>,
    pub thrown: Option<i32>,
    /// As the columns of the given rows are called.
    #[field(default = 0)]
    pub c1: i32,
}

#[derive(Model, Debug, Clone)]
#[model(ordering(id))]
pub struct Sheet {
    pub id: i64,
    #[field(default = 0, max = 1000)]
    pub lines: i32,
    #[field(default = true)]
    pub open: bool,
    #[field(version)]
    pub version: i16,
}

#[derive(Model, Debug, Clone)]
#[model(ordering(row, seat))]
pub struct Seat {
    #[field(primary_key, max_length = 5)]
    pub row: String,
    #[field(primary_key)]
    pub seat: i32,
    pub house: ForeignKey<House>,
    #[field(default = 0)]
    pub guests: i32,
}

#[derive(Model, Debug, Clone)]
#[model(ordering(id), hooks)]
pub struct Loud {
    pub id: i64,
    #[field(default = 0, min = 0)]
    pub count: i32,
    #[field(default = true)]
    pub open: bool,
    #[field(version)]
    pub version: i32,
}

#[derive(Model, Debug, Clone)]
#[model(ordering(id))]
pub struct Echo {
    pub id: i64,
    #[field(max_length = 50)]
    pub text: String,
}

impl Hooks for Loud {
    async fn before_update(row: &mut Change<Loud>, tx: &Transaction) -> orm::Result<()> {
        Echo::draft().text(format!("before {:?}", row.get(|l| l.count))).create(tx).await.map(drop)
    }

    async fn after_update(row: &Change<Loud>, tx: &Transaction) -> orm::Result<()> {
        Echo::draft().text(format!("after {:?}", row.get(|l| l.count))).create(tx).await.map(drop)
    }
}

/// Two houses, and so many jars in turns; every third one is thrown away, every other one stands beside the first.
async fn jars(bed: &Bed, many: i32) -> orm::Result<Vec<Jar>> {
    let db = &bed.db;
    Jar::unfiltered().delete(db).await?;
    let houses = House::objects().bulk_create(["near", "far"].map(|name| House::draft().name(name)), db).await?;
    let first = Jar::draft().name("jar 0").house(&houses[0]).create(db).await?;
    let jar = |n: i32| {
        Jar::draft()
            .name(format!("jar {n}"))
            .house(&houses[n as usize % 2])
            .thrown((n % 3 == 2).then_some(n))
            .beside((n % 2 == 1).then_some(&first))
    };
    Jar::objects().bulk_insert((1..many).map(jar), db).await?;
    let mut all = Jar::unfiltered().all(db).await?;
    all.iter_mut().for_each(|jar| jar.stock = 7);
    bed.log.clear();
    Ok(all)
}

/// Which jars have what they were given, and makes them as they were.
async fn changed(bed: &Bed) -> orm::Result<Vec<i64>> {
    let found = Jar::unfiltered().filter(|j| j.stock.ne(0)).values(|j| j.id).all(&bed.db).await?;
    Jar::unfiltered().update(|j| j.stock.set(0), &bed.db).await?;
    bed.log.clear();
    Ok(found)
}

behaviour! {
    async fn rows_outside_of_the_query_stay_as_they_are(bed) {
        orm::migrate::create_tables(&bed.db, &[pantry()]).await?;
        for many in [7, 700] {
            let given = jars(&bed, many).await?;
            let db = &bed.db;
            let ids = |keep: &dyn Fn(&Jar) -> bool| given.iter().filter(|jar| keep(jar)).map(|jar| jar.id).collect::<Vec<_>>();
            let near = *given[0].house.key();
            let count = |ids: &[i64]| ids.len() as u64;
            macro_rules! kept {
                ($query:expr, $keep:expr) => {{
                    let expected = ids(&$keep);
                    assert_eq!($query.bulk_update(&given, |j| j.stock, db).await?, count(&expected), "{many}");
                    assert_eq!(changed(&bed).await?, expected, "{many}");
                    let done = $query.bulk_update_with(&given, |j, new| j.stock.set(j.stock + new.stock + j.c1), db).await?;
                    assert_eq!(done, count(&expected), "{many}");
                    assert_eq!(changed(&bed).await?, expected, "{many}");
                    // One row alone is another statement.
                    let one = |row: &Jar| (row.id, $keep(row));
                    for (id, kept) in given[..3].iter().map(one).collect::<Vec<_>>() {
                        let row = given.iter().find(|row| row.id == id);
                        assert_eq!($query.bulk_update(row, |j| j.stock, db).await?, u64::from(kept));
                        assert_eq!(changed(&bed).await?, if kept { vec![id] } else { Vec::new() });
                    }
                }};
            }
            // The model's own condition counts as it does for `update`.
            kept!(Jar::objects(), |jar: &Jar| jar.thrown.is_none());
            kept!(Jar::unfiltered(), |_: &Jar| true);
            kept!(Jar::objects().filter(|j| j.c1.eq(0) & j.name.ne("jar 1")), |jar: &Jar| jar.thrown.is_none() && jar.name != "jar 1");
            kept!(Jar::unfiltered().exclude(|j| j.thrown.gt(3)), |jar: &Jar| jar.thrown.is_none_or(|thrown| thrown <= 3));
            // By what other rows say: of another table, and of the same one.
            kept!(Jar::unfiltered().filter(|j| j.house.name.eq("near")), |jar: &Jar| *jar.house.key() == near);
            kept!(Jar::unfiltered().filter(|j| j.beside.name.eq("jar 0")), |jar: &Jar| jar.beside.is_some());
            kept!(Jar::unfiltered().filter(|j| j.house.jars.any(|other| other.name.eq("jar 1"))), |jar: &Jar| *jar.house.key() != near);
            let first = || Jar::unfiltered().filter(|j| j.stock.eq(0)).order_by(|j| j.id.asc()).limit(4).values(|j| j.id);
            kept!(Jar::unfiltered().filter(|j| j.id.is_in(first())), |jar: &Jar| jar.id <= given[3].id);
            // A slice that is a condition already.
            kept!(Jar::unfiltered().limit(4).filter(|j| j.name.ne("jar 2")), |jar: &Jar| jar.id <= given[3].id && jar.name != "jar 2");
            let house = House::get(near, db).await?;
            kept!(house.rows_of(|h| h.jars), |jar: &Jar| jar.thrown.is_none() && *jar.house.key() == near);
            // No row at all, without a statement.
            bed.log.clear();
            assert_eq!(Jar::objects().none().bulk_update(&given, |j| j.stock, db).await?, 0);
            assert_eq!(Jar::objects().none().bulk_update_with(&given, |j, new| j.stock.set(new.stock), db).await?, 0);
            bed.log.assert_queries(0);
        }
        Ok(())
    }

    async fn rows_are_found_before_any_is_changed(bed) {
        orm::migrate::create_tables(&bed.db, &[pantry()]).await?;
        let given = jars(&bed, 1_200).await?;
        let db = &bed.db;
        // What is asked of other rows would be another thing after the first ones are changed.
        let untouched = || Jar::unfiltered().filter(|j| !j.house.jars.any(|other| other.stock.gt(0)));
        assert_eq!(untouched().bulk_update(&given, |j| j.stock, db).await?, 1_200);
        assert_eq!(untouched().bulk_update(&given, |j| j.stock, db).await?, 0);
        assert_eq!(changed(&bed).await?.len(), 1_200);
        // A row that is given twice is changed twice, although it is none of the query's after the first time.
        let twice = given.iter().chain(&given[..1]);
        let empty = Jar::objects().filter(|j| j.stock.eq(0));
        let done = empty.bulk_update_with(twice, |j, new| j.stock.set(j.stock + new.stock), db).await?;
        assert_eq!((done, Jar::get(given[0].id, db).await?.stock), (801, 14));
        changed(&bed).await?;
        // The same by what related rows say, and rows of the same table.
        let twice = || given.iter().chain(&given[..2]);
        let beside = Jar::unfiltered().filter(|j| j.beside.name.eq("jar 0") & j.house.jars.any(|other| other.stock.eq(0)));
        assert_eq!(beside.bulk_update_with(twice(), |j, new| j.stock.set(j.stock + new.stock), db).await?, 601);
        assert_eq!(Jar::unfiltered().filter(|j| j.stock.eq(14)).values(|j| j.id).all(db).await?, [given[1].id]);
        let least = Jar::unfiltered().order_by(|j| (j.stock.asc(), j.id.asc())).limit(1).values(|j| j.id);
        let least = Jar::unfiltered().filter(|j| j.id.is_in(least));
        assert_eq!(least.bulk_update_with(twice(), |j, new| j.stock.set(new.stock), db).await?, 2);
        assert_eq!(Jar::get(given[0].id, db).await?.stock, 7);
        Ok(())
    }

    async fn what_is_no_condition_is_refused_before_any_statement(bed) {
        orm::migrate::create_tables(&bed.db, &[pantry()]).await?;
        let given = jars(&bed, 3).await?;
        let db = &bed.db;
        let queries = [
            Jar::objects().limit(2),
            Jar::objects().offset(1),
            Jar::objects().order_by(|j| j.name.asc()),
            Jar::objects().reverse(),
            Jar::objects().distinct(),
            Jar::objects().union(Jar::unfiltered()),
        ];
        for query in queries {
            let errors = [
                query.clone().bulk_update(&given, |j| j.stock, db).await.unwrap_err(),
                query.clone().bulk_update_with(&given, |j, new| j.stock.set(new.stock), db).await.unwrap_err(),
                query.bulk_update_with_sql(&given, |j, new| j.stock.set(new.stock), Dialect::Postgres).unwrap_err(),
            ];
            for error in errors {
                assert_eq!((error.code(), error.model(), error.hint().is_some()), (Code::BadQuery, Some("Jar"), true), "{error}");
            }
        }
        // The model's order is none of the query's, and what cannot be asked is told as well.
        let wrong = Jar::objects().filter(|j| j.name.regex("(")).bulk_update(&given[..0], |j| j.stock, db).await;
        assert_eq!(wrong?, 0);
        bed.log.assert_queries(0);
        Ok(())
    }

    async fn versions_are_compared_of_all_rows(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[pantry()]).await?;
        for many in [1, 4, 700] {
            Sheet::objects().delete(db).await?;
            let sheets = Sheet::objects().bulk_create((0..many).map(|n| Sheet::draft().open(n % 2 == 0)), db).await?;
            let mut given = sheets.clone();
            given.iter_mut().for_each(|sheet| sheet.lines = 5);
            let open = || Sheet::objects().filter(|s| s.open);
            let seen = async || Sheet::objects().values(|s| (s.lines, s.version)).all(db).await;
            // Those outside are as they were read: left alone, and no reason to refuse the others.
            let inside = (many as u64).div_ceil(2);
            assert_eq!(open().bulk_update(&given, |s| s.lines, db).await?, inside);
            let after: Vec<(i32, i16)> = (0..many).map(|n| if n % 2 == 0 { (5, 2) } else { (0, 1) }).collect();
            assert_eq!(seen().await?, after);
            // Those inside have another version by now.
            let stale = open().bulk_update(&given, |s| s.lines, db).await.unwrap_err();
            assert_eq!((stale.code(), fields(&stale)), (Code::Stale, vec!["version"]));
            let given = Sheet::objects().all(db).await?;
            let told = open().bulk_update_with_sql(&given, |s, new| s.lines.set(s.lines + new.lines), db.dialect())?;
            bed.log.clear();
            assert_eq!(open().bulk_update_with(&given, |s, new| s.lines.set(s.lines + new.lines), db).await?, inside);
            // What is told beforehand is what runs first.
            let asked = bed.log.statements().into_iter().map(|ran| ran.sql).find(|sql| sql.starts_with("SELECT"));
            assert!(asked.as_ref() == told.first() && told[0].contains("version"), "{asked:?} {told:?}");
            // One that is outside because another has changed it is stale, and so is one that is gone.
            let given = Sheet::objects().all(db).await?;
            open().limit(1).update(|s| s.open.set(false), db).await?;
            let before = seen().await?;
            assert_eq!(open().bulk_update(&given, |s| s.lines, db).await.unwrap_err().code(), Code::Stale);
            assert_eq!(open().bulk_update_with(&given, |s, new| s.lines.set(new.lines), db).await.unwrap_err().code(), Code::Stale);
            assert_eq!(seen().await?, before);
            let given = Sheet::objects().all(db).await?;
            Sheet::objects().filter(|s| s.id.eq(given[0].id)).delete(db).await?;
            assert_eq!(open().bulk_update(&given, |s| s.lines, db).await.unwrap_err().code(), Code::Stale);
            // Of a row that is given twice the last values count, its version among them.
            if let Some(row) = Sheet::objects().filter(|s| s.open).first(db).await? {
                let other = Sheet { lines: 9, ..row.clone() };
                assert_eq!(open().bulk_update([&row, &other], |s| s.lines, db).await?, 1);
                assert_eq!(Sheet::get(row.id, db).await?.lines, 9);
                let now = Sheet { lines: 3, ..Sheet::get(row.id, db).await? };
                assert_eq!(open().bulk_update([&row, &now], |s| s.lines, db).await?, 1);
                let error = open().bulk_update([&now, &row], |s| s.lines, db).await.unwrap_err();
                assert_eq!(error.code(), Code::Stale);
            }
        }
        Ok(())
    }

    async fn keys_of_several_columns(bed) {
        orm::migrate::create_tables(&bed.db, &[pantry()]).await?;
        jars(&bed, 2).await?;
        let db = &bed.db;
        let houses = House::objects().order_by(|h| h.id.asc()).all(db).await?;
        let seat = |n: i32| Seat::draft().row(if n % 2 == 0 { "a" } else { "é" }).seat(n).house(&houses[n as usize % 2]);
        for many in [5, 600] {
            Seat::objects().delete(db).await?;
            let mut seats = Seat::objects().bulk_create((0..many).map(seat), db).await?;
            seats.iter_mut().for_each(|seat| seat.guests = 1);
            let far = || Seat::objects().filter(|s| s.house.name.eq("far"));
            assert_eq!(far().bulk_update(&seats, |s| s.guests, db).await?, many as u64 / 2);
            assert_eq!(far().bulk_update_with(&seats, |s, new| s.guests.set(s.guests + new.seat), db).await?, many as u64 / 2);
            let sum = Seat::objects().aggregate(|s| s.guests.sum()).get(db).await?;
            assert_eq!(sum, Some((0..many).filter(|n| n % 2 == 1).map(|n| i64::from(n) + 1).sum()));
        }
        Ok(())
    }

    async fn hooks_see_the_rows_that_are_changed(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[pantry()]).await?;
        let rows = Loud::objects().bulk_create([true, false, true].map(|open| Loud::draft().open(open)), db).await?;
        let mut given = rows.clone();
        given.iter_mut().zip(1..).for_each(|(row, n)| row.count = n);
        let heard = async || {
            let texts = Echo::objects().values(|e| e.text).all(db).await?;
            Echo::objects().delete(db).await?;
            Ok::<_, orm::Error>(texts)
        };
        let open = || Loud::objects().filter(|l| l.open);
        assert_eq!(open().bulk_update(&given, |l| l.count, db).await?, 2);
        assert_eq!(heard().await?, ["before Some(1)", "before Some(3)", "after Some(1)", "after Some(3)"]);
        assert_eq!(Loud::objects().values(|l| (l.count, l.version)).all(db).await?, [(1, 2), (0, 1), (3, 2)]);
        assert_eq!(Loud::objects().filter(|l| l.count.gt(7)).bulk_update(&Loud::objects().all(db).await?, |l| l.count, db).await?, 0);
        assert_eq!(Loud::objects().none().bulk_update(&given, |l| l.count, db).await?, 0);
        assert_eq!(heard().await?, [""; 0]);
        // A row that is given twice is one row to them, with the values that are given last.
        let rows_now = Loud::objects().all(db).await?;
        let twice = [&Loud { count: 8, ..rows_now[0].clone() }, &rows_now[1], &Loud { count: 9, ..rows_now[0].clone() }];
        assert_eq!(Loud::objects().bulk_update(twice, |l| l.count, db).await?, 2);
        assert_eq!(heard().await?, ["before Some(0)", "before Some(9)", "after Some(0)", "after Some(9)"]);
        let rows_now = Loud::objects().all(db).await?;
        let below = [&rows_now[1], &rows_now[2], &rows_now[1], &Loud { count: -1, ..rows_now[2].clone() }];
        let error = open().bulk_update(below, |l| l.count, db).await.unwrap_err();
        assert_eq!((error.code(), error.validation()[0].params["row"].clone()), (Code::OutOfRange, json!(3)));
        heard().await?;
        // A row that another has changed is stale, wherever it is now.
        let given = Loud::objects().all(db).await?;
        Loud::objects().skip_hooks().filter(|l| l.id.eq(rows[0].id)).update(|l| l.open.set(false), db).await?;
        assert_eq!(open().bulk_update(&given, |l| l.count, db).await.unwrap_err().code(), Code::Stale);
        assert_eq!(heard().await?, [""; 0]);
        // What takes a row out of the query is a change as others are.
        let mut given = Loud::objects().all(db).await?;
        given.iter_mut().for_each(|row| row.open = false);
        assert_eq!(open().bulk_update(&given, |l| l.open, db).await?, 1);
        assert_eq!(heard().await?, ["before Some(3)", "after Some(3)"]);
        Ok(())
    }

    async fn by_name_rows_are_kept_to_the_model_and_to_a_condition(bed) {
        orm::migrate::create_tables(&bed.db, &[pantry()]).await?;
        let given_rows = jars(&bed, 6).await?;
        let db = &bed.db;
        let catalog = Catalog::new().app(pantry()).writable(["pantry.Jar", "pantry.Sheet"])?;
        let run = async |update: UpdateEach| {
            let change = dynamic::Change::UpdateEach(update);
            let stored: dynamic::Change = serde_json::from_str(&serde_json::to_string(&change).unwrap()).unwrap();
            assert_eq!(stored, change);
            Ok::<_, orm::Error>(catalog.check_change(&stored)?.run(db).await?.total)
        };
        let all = |stock: i32| given_rows.iter().fold(UpdateEach::of("pantry.Jar"), |all, jar| all.row(json!({"id": jar.id, "stock": stock})));
        let id = |n: usize| given_rows[n].id;
        assert_eq!(run(all(1)).await?, 4);
        assert_eq!(changed(&bed).await?, [id(0), id(1), id(3), id(4)]);
        assert_eq!(run(all(1).filter("house__name", "near").filter("beside__isnull", true)).await?, 2);
        assert_eq!(changed(&bed).await?, [id(0), id(4)]);
        // Made of what stands there and of what is given.
        let more = || all(5).set("stock", path("stock") + given("stock")).set("c1", given("stock") * 2).filter("name__gt", "jar 2");
        assert_eq!(run(more()).await?, 2);
        assert_eq!(run(more()).await?, 2);
        let now = Jar::objects().values(|j| (j.stock, j.c1)).all(db).await?;
        assert_eq!(now, [(0, 0), (0, 0), (10, 10), (10, 10)]);
        // By JSON; given twice, changed twice; what is computed with follows no rules, what a field gets does.
        let asked = json!({"update_each": {"model": "pantry.Jar", "set": {"stock": {"add": [{"path": "stock"}, {"given": "stock"}]}},
            "rows": [{"id": id(3), "stock": -4}, {"id": id(4), "stock": -1}, {"id": id(3), "stock": -5}]}});
        let asked: dynamic::Change = serde_json::from_value(asked).unwrap();
        assert_eq!(catalog.check_change(&asked)?.run(db).await?.total, 3);
        assert_eq!(Jar::objects().values(|j| j.stock).all(db).await?, [0, 0, 1, 9]);
        let sql = catalog.check_change(&asked)?.to_sql(Dialect::Postgres)?;
        assert_eq!(sql.len(), 3, "{sql:?}");
        // The last values count, whatever else a row is given in between.
        let rows = UpdateEach::of("pantry.Jar").row(json!({"id": id(0), "stock": 1, "c1": 1})).row(json!({"id": id(0), "stock": 2}))
            .row(json!({"id": id(1), "stock": 8})).row(json!({"id": id(0), "stock": 3, "c1": 3}));
        assert_eq!(run(rows).await?, 4);
        assert_eq!(Jar::objects().limit(2).values(|j| (j.stock, j.c1)).all(db).await?, [(3, 3), (8, 0)]);
        // Which rows may be changed is asked once, whatever these are given: the first change takes the row out of the condition.
        let both = || UpdateEach::of("pantry.Jar").row(json!({"id": id(0), "stock": 5})).row(json!({"id": id(0), "name": "jar 0"})).filter("stock", 3);
        let sql = catalog.check_change(&dynamic::Change::UpdateEach(both()))?.to_sql(db.dialect())?;
        assert_eq!((sql.len(), sql[0].starts_with("SELECT")), (3, true), "{sql:?}");
        assert_eq!(run(both()).await?, 2);
        assert_eq!(Jar::objects().limit(1).values(|j| (j.stock, j.name)).all(db).await?, [(5, "jar 0".to_owned())]);
        assert_eq!(run(both()).await?, 0);
        // A version that is given is compared; without one it is counted.
        let sheet = Sheet::draft().lines(1).create(db).await?;
        let lines = |row: serde_json::Value| UpdateEach::of("pantry.Sheet").row(row).set("lines", path("lines") + given("lines"));
        assert_eq!(run(lines(json!({"id": sheet.id, "lines": 2}))).await?, 1);
        assert_eq!(run(lines(json!({"id": sheet.id, "lines": 2, "version": 2}))).await?, 1);
        assert_eq!(run(lines(json!({"id": sheet.id, "lines": 2, "version": 2}))).await.unwrap_err().code(), Code::Stale);
        assert_eq!(run(lines(json!({"id": sheet.id, "lines": 2, "version": 3})).filter("open", false)).await?, 0);
        assert_eq!(run(lines(json!({"id": sheet.id, "lines": 2, "version": 2})).filter("open", false)).await.unwrap_err().code(), Code::Stale);
        let sheet = Sheet::get(sheet.id, db).await?;
        assert_eq!((sheet.lines, sheet.version), (5, 3));
        Ok(())
    }

    async fn by_name_what_makes_no_sense_is_refused(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[pantry()]).await?;
        let catalog = Catalog::new().app(pantry()).writable(["pantry.Jar", "pantry.Sheet"])?.hide("pantry.Jar", ["c1"])?.protect("pantry.Jar", ["name"])?;
        bed.log.clear();
        let refused = |update: UpdateEach| catalog.check_change(&dynamic::Change::UpdateEach(update)).unwrap_err();
        let row = || UpdateEach::of("pantry.Jar").row(json!({"id": 1, "stock": 1}));
        let codes = [
            refused(row().set("stock", given("stock") + given("stack"))).code(),
            refused(row().set("stock", given("c1"))).code(),
            refused(row().set("stock", given("house__name"))).code(),
            refused(row().set("c1", given("stock"))).code(),
            refused(row().set("name", "x")).code(),
            refused(row().set("id", given("id"))).code(),
            refused(row().set("stock", dynamic::call("length", [path("house__name")]) + given("stock"))).code(),
            refused(row().set("stock", given("stock") + dynamic::count_of("id"))).code(),
            refused(row().set("thrown", 1)).code(), // nothing is made of the stock
            refused(row().set("stock", given("stock")).set("stock", 1)).code(),
            refused(row().set("house", given("stock")).filter("stock", given("stock"))).code(),
            refused(row().filter("stok", 1)).code(),
            catalog.check(&dynamic::Query::of("pantry.Jar").filter("stock", given("stock"))).unwrap_err().code(),
        ];
        use Code::{BadQuery, NotEditable, UnknownName};
        assert_eq!(codes, [UnknownName, UnknownName, UnknownName, UnknownName, NotEditable, BadQuery, BadQuery, BadQuery, BadQuery, BadQuery, BadQuery, UnknownName, BadQuery]);
        let missing = refused(row().set("stock", given("stock")).set("thrown", given("thrown")));
        let told = &missing.validation()[0];
        assert_eq!((told.code, told.field.as_deref(), told.params["row"].clone()), (Code::MissingValue, Some("thrown"), json!(0)));
        // What a field gets as it is given follows its rules.
        let over = UpdateEach::of("pantry.Jar").row(json!({"id": 1, "stock": 1001})).set("stock", given("stock"));
        let error = catalog.check_change(&dynamic::Change::UpdateEach(over))?.run(db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::OutOfRange, vec!["stock"]));
        // It is told of the row by its place among all that were given.
        let sheets = UpdateEach::of("pantry.Sheet").row(json!({"id": 1, "lines": 1, "version": 1})).row(json!({"id": 2, "lines": 1}))
            .row(json!({"id": 3, "lines": 1001})).set("lines", given("lines"));
        let error = catalog.check_change(&dynamic::Change::UpdateEach(sheets))?.run(db).await.unwrap_err();
        assert_eq!((error.code(), error.validation()[0].params["row"].clone()), (Code::OutOfRange, json!(2)));
        bed.log.assert_queries(0);
        Ok(())
    }
}
