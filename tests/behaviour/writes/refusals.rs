//! What is refused, and of which field: values that do not fit, and constraints that are not met.

use super::press::{dec, fields};
use crate::bed::{Bed, behaviour};
use orm::{Code, ErrorKind, prelude::*};
use serde_json::json;

orm::app! { pub depot { Shelf, Thing } }

#[derive(Model, Debug, Clone)]
pub struct Shelf {
    pub id: i64,
    #[field(via = shelf)]
    pub things: HasMany<Thing>,
    pub labels: ManyToMany<Thing>,
}

#[derive(Model, Debug, Clone)]
#[model(unique(shelf, name), check("ratio_not_negative", |t| t.ratio.gte(0.0)))]
pub struct Thing {
    pub id: i64,
    #[field(unique)]
    pub code: i32,
    #[field(max_length = 20)]
    pub name: String,
    pub note: Option<String>,
    #[field(max_digits = 20, decimal_places = 4)]
    pub amount: Option<Decimal>,
    pub made: Option<NaiveDate>,
    pub seen: Option<DateTime<Utc>>,
    pub lasts: Option<TimeDelta>,
    pub ratio: Option<f64>,
    pub extra: Option<serde_json::Value>,
    pub pages: Option<u16>,
    pub stock: Option<u64>,
    #[field(column = "place")]
    pub shelf: ForeignKey<Shelf>,
    pub spare: Option<ForeignKey<Shelf>>,
    pub part_of: Option<ForeignKey<Thing>>,
}

/// Two shelves, 1 and 2, and a thing, 1.
async fn filled(bed: &Bed) -> orm::Result<()> {
    orm::migrate::create_tables(&bed.db, &[depot()]).await?;
    Shelf::objects().bulk_insert([Shelf::draft(), Shelf::draft()], &bed.db).await?;
    Thing::draft().code(1).name("one").shelf(1).create(&bed.db).await?;
    bed.log.clear();
    Ok(())
}

fn named<T: std::fmt::Debug>(done: orm::Result<T>, code: Code, field: &str) {
    let error = done.unwrap_err();
    assert_eq!((error.code(), fields(&error), error.model()), (code, vec![field], Some("Thing")), "{error:?}");
    assert!(error.message().contains(&format!("`Thing.{field}`")), "{error}");
}

/// Every way of writing the value is refused with this code, names the model and the field, and runs no statement.
macro_rules! refused {
    ($bed:ident, $code:expr, $($field:ident = $value:expr),+) => {$({
        let (db, field) = (&$bed.db, stringify!($field));
        let draft = || Thing::draft().code(2).name("two").shelf(1).$field($value);
        let mut thing = Thing::get(1, db).await?;
        $bed.log.clear();
        named(draft().create(db).await, $code, field);
        named(draft().upsert(|t| t.code, db).await, $code, field);
        named(draft().get_or_create(|t| t.code, db).await, $code, field);
        named(draft().update_or_create(|t| t.code, db).await, $code, field);
        named(Thing::objects().bulk_create([draft()], db).await, $code, field);
        named(Thing::objects().bulk_insert([draft()], db).await, $code, field);
        named(Thing::objects().bulk_insert_ignore([draft()], db).await, $code, field);
        named(Thing::objects().bulk_upsert([draft()], |t| t.code, db).await, $code, field);
        named(Thing::objects().update(|t| t.$field.set($value), db).await, $code, field);
        let mut edit = thing.clone().edit();
        edit.$field = $value;
        named(edit.save(db).await, $code, field);
        thing.$field = $value;
        named(Thing::objects().bulk_update([&thing], |t| t.$field, db).await, $code, field);
        $bed.log.assert_queries(0);
    })+};
}

behaviour! {
    async fn values_that_do_not_fit_name_their_field(bed) {
        filled(&bed).await?;
        let can = bed.db.dialect().capabilities();
        let far = NaiveDate::from_ymd_opt(12_000, 1, 1).unwrap();
        refused!(bed, Code::TooLong, name = "é".repeat(21));
        refused!(bed, Code::InexactDecimal, amount = Some(dec("1.00001")));
        refused!(bed, Code::OutOfRange,
            amount = Some(dec("12345678901234567.0")),
            made = Some(far),
            seen = Some(far.and_hms_opt(0, 0, 0).unwrap().and_utc()),
            lasts = Some(TimeDelta::MAX),
            pages = Some(u16::MAX),
            stock = Some(u64::MAX));
        if can.decimal_digits < 20 {
            refused!(bed, Code::InexactDecimal, amount = Some(dec("123456789012.3456")));
        }
        if !can.nan {
            refused!(bed, Code::InvalidValue, ratio = Some(f64::NAN));
        }
        if !can.nul {
            refused!(bed, Code::InvalidValue,
                name = "a\0b".to_owned(), note = Some("\0".to_owned()), extra = Some(json!({"a": ["\0"]})));
        }
        let thing = Thing::get(1, &bed.db).await?;
        assert_eq!((thing.name.as_str(), thing.amount, thing.pages), ("one", None, None));
        assert_eq!(Thing::objects().count(&bed.db).await?, 1);
        Ok(())
    }

    async fn values_that_can_be_stored_come_back(bed) {
        filled(&bed).await?;
        let can = bed.db.dialect().capabilities();
        let draft = Thing::draft().code(2).name("two").shelf(1).lasts(TimeDelta::days(3)).stock(i64::MAX as u64);
        let draft = draft.amount((can.decimal_digits >= 20).then(|| dec("1234567890123456.7891")));
        let draft = draft.ratio(can.nan.then_some(f64::NAN)).note(can.nul.then(|| "a\0b".to_owned()));
        let thing = draft.create(&bed.db).await?;
        let read = Thing::get(thing.id, &bed.db).await?;
        assert_eq!(format!("{read:?}"), format!("{thing:?}"));
        assert_eq!((read.ratio.is_some_and(f64::is_nan), read.note.is_some()), (can.nan, can.nul));
        Ok(())
    }

    async fn values_in_conditions_name_what_they_are_compared_with(bed) {
        filled(&bed).await?;
        let (db, can) = (&bed.db, bed.db.dialect().capabilities());
        named(Thing::objects().filter(|t| t.made.lt(NaiveDate::MAX)).all(db).await, Code::OutOfRange, "made");
        named(Thing::objects().filter(|t| t.lasts.is_in([TimeDelta::MAX])).exists(db).await, Code::OutOfRange, "lasts");
        if !can.nul {
            named(Thing::objects().filter(|t| t.name.contains("\0")).all(db).await, Code::InvalidValue, "name");
            named(Shelf::objects().filter(|s| s.things.any(|t| t.note.eq("\0"))).all(db).await, Code::InvalidValue, "note");
        }
        if can.decimal_digits < 20 {
            let all = Thing::objects().filter(|t| t.amount.eq(dec("123456789012.3456")));
            named(all.all(db).await, Code::InexactDecimal, "amount");
        }
        bed.log.assert_queries(0);
        Ok(())
    }

    async fn violations_name_their_fields_however_they_are_written(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let violates = |error: orm::Error, code: Code, expected: &[&str]| {
            assert_eq!((error.code(), fields(&error), error.model()), (code, expected.to_vec(), Some("Thing")), "{error:?}");
            assert_eq!(error.kind(), ErrorKind::Constraint);
        };
        let draft = || Thing::draft().code(2).name("two").shelf(1);

        let unique = Code::UniqueViolation;
        violates(draft().code(1).create(db).await.unwrap_err(), unique, &["code"]);
        violates(draft().name("one").create(db).await.unwrap_err(), unique, &["shelf", "name"]);
        violates(Thing::objects().bulk_create([draft(), draft().name("x")], db).await.unwrap_err(), unique, &["code"]);
        violates(draft().name("one").upsert(|t| t.code, db).await.unwrap_err(), unique, &["shelf", "name"]);
        violates(draft().id(1).create(db).await.unwrap_err(), unique, &["id"]);

        let check = Code::CheckViolation;
        violates(draft().ratio(-1.0).create(db).await.unwrap_err(), check, &["ratio"]);
        violates(Thing::objects().bulk_insert([draft().ratio(-1.0)], db).await.unwrap_err(), check, &["ratio"]);
        violates(Thing::objects().update(|t| t.ratio.set(-1.0), db).await.unwrap_err(), check, &["ratio"]);
        let mut edit = Thing::get(1, db).await?.edit();
        edit.ratio = Some(-1.0);
        violates(edit.save(db).await.unwrap_err(), check, &["ratio"]);

        let null = Code::NotNullViolation;
        let nothing = Thing::objects().update(|t| t.name.set(orm::sql::<Thing, String>("NULL")), db).await;
        violates(nothing.unwrap_err(), null, &["name"]);

        let key = Code::ForeignKeyViolation;
        violates(draft().shelf(9).create(db).await.unwrap_err(), key, &["shelf"]);
        violates(draft().spare(9).create(db).await.unwrap_err(), key, &["spare"]);
        violates(draft().spare(2).part_of(999).create(db).await.unwrap_err(), key, &["part_of"]);
        let mine = draft().id(5).part_of(5).spare(9);
        violates(mine.create(db).await.unwrap_err(), key, &["spare"]);
        violates(draft().spare(9).upsert(|t| t.code, db).await.unwrap_err(), key, &["spare"]);
        violates(draft().spare(9).get_or_create(|t| t.code, db).await.unwrap_err(), key, &["spare"]);
        let one = || draft().code(1).name("one").spare(9);
        violates(one().update_or_create(|t| t.code, db).await.unwrap_err(), key, &["spare"]);
        let many = || [draft(), draft().code(3).name("three").spare(2).part_of(999)];
        violates(Thing::objects().bulk_create(many(), db).await.unwrap_err(), key, &["part_of"]);
        violates(Thing::objects().bulk_insert(many(), db).await.unwrap_err(), key, &["part_of"]);
        violates(Thing::objects().bulk_insert_ignore(many(), db).await.unwrap_err(), key, &["part_of"]);
        violates(Thing::objects().bulk_upsert(many(), |t| t.code, db).await.unwrap_err(), key, &["part_of"]);
        violates(Thing::objects().update(|t| (t.spare.set(9), t.shelf.set(2)), db).await.unwrap_err(), key, &["spare"]);
        let mut edit = Thing::get(1, db).await?.edit();
        (edit.shelf, edit.spare) = (ForeignKey::to(2), Some(ForeignKey::to(9)));
        violates(edit.save(db).await.unwrap_err(), key, &["spare"]);
        let mut thing = Thing::get(1, db).await?;
        (thing.shelf, thing.spare) = (ForeignKey::to(2), Some(ForeignKey::to(9)));
        let bulk = Thing::objects().bulk_update([&thing], |t| (t.shelf, t.spare), db).await;
        violates(bulk.unwrap_err(), key, &["spare"]);
        let label = Shelf::get(1, db).await?.many(|s| s.labels).add([9], db).await.unwrap_err();
        assert_eq!((label.code(), fields(&label), label.model()), (key, vec!["labels"], Some("Shelf")), "{label:?}");

        // Rows of another model point here: that is no field's mistake.
        let error = Shelf::objects().filter(|s| s.id.eq(1)).delete_unchecked(db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error), error.model()), (key, vec![], Some("Shelf")), "{error:?}");
        assert_eq!(Thing::objects().count(db).await?, 1);
        Ok(())
    }

    async fn keys_that_are_checked_in_the_end_name_their_field(bed) {
        filled(&bed).await?;
        let violates = |error: orm::Error, expected: &str| {
            let said = (error.code(), fields(&error), error.model());
            assert_eq!(said, (Code::ForeignKeyViolation, vec![expected], Some("Thing")), "{error:?}");
        };
        let written: orm::Result<()> = bed.db.transaction(async |tx| {
            Thing::draft().code(2).name("two").shelf(1).create(tx).await?;
            Thing::draft().code(3).name("three").shelf(1).spare(9).create(tx).await?;
            Ok(())
        }).await;
        violates(written.unwrap_err(), "spare");
        let shelf = |code| if code < 600 { 1 } else { 9 };
        let many = (2..700).map(|code| Thing::draft().code(code).name(code.to_string()).shelf(shelf(code)));
        violates(Thing::objects().bulk_insert(many, &bed.db).await.unwrap_err(), "shelf");
        // Nothing of it is left, and nothing is in the way of what follows.
        assert_eq!(Thing::objects().count(&bed.db).await?, 1);
        Thing::draft().code(2).name("two").shelf(1).create(&bed.db).await?;
        Ok(())
    }
}
