//! Rules of fields and of models: what they refuse, where, and how it is told; what the database alone can tell before a write.

use crate::bed::{Bed, behaviour};
use orm::{Change, Code, Dialect, Error, Input, ValidationError, prelude::*, write::IntoDraftRow};
use serde_json::json;

orm::app! { pub hotel { Guest, Room, Stay, Plan } }

#[derive(Model, Debug, Clone, PartialEq)]
#[model(validate = Guest::validate)]
pub struct Guest {
    pub id: i64,
    #[field(email, unique)]
    pub email: String,
    #[field(min_length = 2, max_length = 40)]
    pub name: String,
    #[field(min = 18, max = 120)]
    pub age: i16,
    #[field(url)]
    pub page: Option<String>,
    #[field(slug)]
    pub nick: Option<String>,
    #[field(ip)]
    pub seen_from: Option<String>,
    #[field(pattern = r"^[A-Z]{2}\d{4}$", max_length = 6)]
    pub passport: Option<String>,
    #[field(validate = past)]
    pub born: Option<NaiveDate>,
    #[field(max_digits = 8, decimal_places = 2, min = 0, max = Decimal::new(999_950, 2))]
    pub credit: Option<Decimal>,
    pub stays: HasMany<Stay>,
}

fn past(day: &NaiveDate) -> Result<(), ValidationError> {
    let first = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    match *day < first {
        true => Ok(()),
        false => {
            let code = Code::Own("guest.unborn");
            Err(ValidationError::of_row(code, "nobody is born that late").param("before", first.to_string()))
        }
    }
}

impl Guest {
    fn validate(guest: &mut Change<Guest>) {
        if let Some(email) = guest.get(|g| g.email) {
            guest.set(|g| g.email, email.to_lowercase());
        }
        if guest.get(|g| g.name).is_some_and(|name| name == "Nobody") {
            guest.refuse_row("somebody has to come");
        }
        if guest.old(|g| g.age) > guest.get(|g| g.age) {
            guest.refuse(|g| g.age, "guest.younger", "nobody gets younger");
        }
    }
}

#[derive(Model, Debug, Clone, PartialEq)]
#[model(unique(house, number), check("beds", |r| r.beds.gt(0) & r.beds.lte(6)), check("named", |r| r.name.trim().length().gt(1)))]
pub struct Room {
    pub id: i64,
    #[field(max_length = 10)]
    pub house: String,
    pub number: i32,
    pub beds: Option<i32>,
    #[field(max_length = 20)]
    pub name: String,
    #[field(max_digits = 6, decimal_places = 2)]
    pub price: Decimal,
    #[field(unique)]
    pub door: Option<i64>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[model(validate = Stay::validate, check("own_key", |s| s.guest.ne(13)))]
pub struct Stay {
    pub id: i64,
    pub guest: ForeignKey<Guest>,
    pub room: Option<ForeignKey<Room>>,
    pub begins: NaiveDate,
    pub ends: NaiveDate,
}

impl Stay {
    fn validate(stay: &mut Change<Stay>) {
        if stay.get(|s| s.ends) < stay.get(|s| s.begins) {
            stay.refuse(|s| s.ends, "stay.order", "a stay does not end before it begins");
        }
        if !stay.is_new() && stay.changed(|s| s.guest) {
            stay.refuse(|s| s.guest, "stay.guest", "a stay keeps its guest");
        }
    }
}

/// A tree: a row may point to itself.
#[derive(Model, Debug, Clone, PartialEq)]
pub struct Plan {
    #[field(primary_key)]
    pub code: i64,
    pub after: Option<ForeignKey<Plan>>,
}

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 5, day).unwrap()
}

fn guest(email: &str) -> impl IntoDraftRow<Guest> + orm::write::Draft<Model = Guest> + use<> {
    Guest::draft().email(email).name("Ada").age(36)
}

fn told(error: &Error) -> Vec<(&'static str, Option<&str>)> {
    error.validation().iter().map(|mistake| (mistake.code.as_str(), mistake.field.as_deref())).collect()
}

async fn tables(bed: &Bed) -> orm::Result<()> {
    orm::migrate::create_tables(&bed.db, &[hotel()]).await?;
    bed.log.clear();
    Ok(())
}

behaviour! {
    async fn every_mistake_is_told_at_once_and_nothing_is_sent(bed) {
        tables(&bed).await?;
        let wrong = Guest::draft()
            .email("ada")
            .name("A")
            .age(12)
            .page("example.org".to_owned())
            .nick("a b".to_owned())
            .seen_from("10.0.0.256".to_owned())
            .passport("x1234".to_owned())
            .born(day(1))
            .credit(Decimal::from(10_000));
        let error = wrong.create(&bed.db).await.unwrap_err();
        assert_eq!(error.code(), Code::Refused);
        assert_eq!(told(&error), [
            ("value.format", Some("email")),
            ("value.too_short", Some("name")),
            ("value.out_of_range", Some("age")),
            ("value.format", Some("page")),
            ("value.format", Some("nick")),
            ("value.format", Some("seen_from")),
            ("value.format", Some("passport")),
            ("guest.unborn", Some("born")),
            ("value.out_of_range", Some("credit")),
        ]);
        assert_eq!(serde_json::to_value(&error.validation()[2]).unwrap(), json!({
            "field": "age", "code": "value.out_of_range", "message": "`age` is not from 18 to 120", "params": {"min": 18, "max": 120},
        }));
        assert_eq!(error.validation()[0].params["format"], "email");
        assert_eq!(error.validation()[7].params["before"], "2026-01-01");
        bed.log.assert_queries(0);
        // A single mistake is the error itself.
        let error = Guest::draft().email("ada@example.org").name("Ada").age(130).create(&bed.db).await.unwrap_err();
        assert_eq!((error.code(), error.fields(), error.validation().len()), (Code::OutOfRange, &["age".to_owned()][..], 1));
        bed.log.assert_queries(0);
        Ok(())
    }

    async fn rules_are_about_values_and_null_is_none(bed) {
        tables(&bed).await?;
        let ada = guest("Ada@Example.ORG").create(&bed.db).await?;
        assert_eq!((ada.email.as_str(), ada.page.as_deref(), ada.credit), ("ada@example.org", None, None)); // `validate` has set it
        let edge = Guest::draft()
            .email("x@localhost")
            .name("ÄÖ")
            .age(120)
            .page("https://user@[::1]:8080/a?b#c".to_owned())
            .nick("a-b_1".to_owned())
            .seen_from("::ffff:10.0.0.1".to_owned())
            .passport("AB1234".to_owned())
            .credit(Decimal::new(999_950, 2));
        assert_eq!(edge.create(&bed.db).await?.name, "ÄÖ");
        Ok(())
    }

    async fn edits_are_looked_at_with_what_they_change(bed) {
        tables(&bed).await?;
        let ada = guest("ada@example.org").create(&bed.db).await?;
        bed.log.clear();
        let mut edit = ada.clone().edit();
        edit.age = 35;
        edit.passport = Some("AB12345".into());
        assert_eq!(told(&edit.save(&bed.db).await.unwrap_err()), [("guest.younger", Some("age")), ("value.too_long", Some("passport"))]);
        bed.log.assert_queries(0);
        let mut edit = ada.clone().edit();
        edit.email = "ADA@EXAMPLE.ORG".into();
        assert_eq!(edit.save(&bed.db).await?.email, "ada@example.org");
        bed.log.assert_queries(0); // what `validate` makes of it is what stands there
        let mut edit = ada.clone().edit();
        edit.age = 37;
        edit.email = "LOVELACE@example.org".into();
        let ada = edit.save(&bed.db).await?;
        assert_eq!((ada.age, ada.email.as_str()), (37, "lovelace@example.org"));
        let mut edit = ada.edit().skip_validation();
        edit.age = 7;
        assert_eq!(edit.save(&bed.db).await?.age, 7);
        Ok(())
    }

    async fn many_rows_are_looked_at_one_by_one(bed) {
        tables(&bed).await?;
        let drafts = ["a@example.org", "b", "c@example.org"].map(guest);
        let error = Guest::objects().bulk_create(drafts, &bed.db).await.unwrap_err();
        assert_eq!(told(&error), [("value.format", Some("email"))]);
        assert_eq!(error.validation()[0].params["row"], 1);
        let drafts = ["a", "b@example.org", "c"].map(guest);
        let error = Guest::objects().bulk_create(drafts, &bed.db).await.unwrap_err();
        let rows: Vec<_> = error.validation().iter().map(|wrong| wrong.params["row"].clone()).collect();
        assert_eq!((error.code(), rows), (Code::Refused, vec![json!(0), json!(2)]));
        bed.log.assert_queries(0);
        let mut guests = Guest::objects().bulk_create(["A@example.org", "b@example.org"].map(guest), &bed.db).await?;
        assert_eq!(guests[0].email, "a@example.org");
        guests[1].age = 11;
        let error = Guest::objects().bulk_update(&guests, |g| g.age, &bed.db).await.unwrap_err();
        assert_eq!(told(&error), [("value.out_of_range", Some("age"))]);
        guests[1].age = 40;
        guests[1].email = "B@example.org".into();
        let error = Guest::objects().bulk_update(&guests, |g| g.age, &bed.db).await.unwrap_err();
        assert_eq!((error.code(), error.fields()), (Code::BadQuery, &["email".to_owned()][..]));
        assert_eq!(Guest::objects().bulk_update(&guests, |g| (g.age, g.email), &bed.db).await?, 2);
        assert_eq!(Guest::get(guests[1].id, &bed.db).await?.email, "b@example.org");
        // An update by what stands in the database cannot be looked at: it is refused, or said.
        bed.log.clear();
        let error = Guest::objects().update(|g| g.age.set(50), &bed.db).await.unwrap_err();
        assert_eq!(error.code(), Code::Unvalidated);
        bed.log.assert_queries(0);
        assert_eq!(Guest::objects().skip_validation().update(|g| g.age.set(5), &bed.db).await?, 2);
        // Upserts make rows as well.
        let error = guest("A@EXAMPLE.org").skip_validation().into_row().upsert(Guest::unique_keys().email, &bed.db).await;
        assert_eq!(error?.email, "A@EXAMPLE.org");
        let again = guest("A@example.org").into_row().upsert(Guest::unique_keys().email, &bed.db).await?;
        assert_eq!((again.id, again.age), (guests[0].id, 36));
        Ok(())
    }

    async fn literal_values_of_an_update_follow_the_rules(bed) {
        tables(&bed).await?;
        let refused = Room::objects().update(|r| r.price.set(Decimal::new(12_345, 3)), &bed.db).await.unwrap_err();
        assert_eq!(told(&refused), [("value.inexact_decimal", Some("price"))]);
        bed.log.assert_queries(0);
        Ok(())
    }

    async fn one_statement_asks_what_only_the_database_knows(bed) {
        tables(&bed).await?;
        let room = |number: i32| Room::draft().house("A").number(number).name("Blue").price(80);
        let one = room(1).beds(2).door(7).create(&bed.db).await?;
        bed.log.clear();
        let error = room(1).beds(9).door(7).validated(&bed.db).await.err().unwrap();
        let unique = "constraint.unique";
        assert_eq!(told(&error), [("constraint.check", Some("beds")), (unique, Some("door")), (unique, None)]);
        assert_eq!(error.validation()[2].params["fields"], json!(["house", "number"]));
        bed.log.assert_queries(1);
        // A function in a check is the database's to work out.
        let error = Room::draft().house("A").number(2).name(" x ").price(1).validated(&bed.db).await.err().unwrap();
        assert_eq!(told(&error), [("constraint.check", Some("name"))]);
        bed.log.assert_queries(2);
        // NULLs are equal to nothing, unknown checks are met, and a row is not in its own way.
        room(2).validated(&bed.db).await?;
        let mut edit = one.clone().edit();
        edit.number = 1;
        edit.price = Decimal::from(90);
        bed.log.clear();
        let edit = edit.validated(&bed.db).await?;
        bed.log.assert_queries(0); // nothing that changed is unique
        let one = edit.save(&bed.db).await?;
        room(2).create(&bed.db).await?;
        let mut edit = one.edit();
        edit.number = 2;
        assert_eq!(told(&edit.validated(&bed.db).await.unwrap_err()), [(unique, None)]);
        Ok(())
    }

    async fn relations_have_to_lead_to_rows(bed) {
        tables(&bed).await?;
        let ada = guest("ada@example.org").create(&bed.db).await?;
        let stay = |guest: i64| Stay::draft().guest(guest).begins(day(7)).ends(day(9));
        bed.log.clear();
        let error = stay(99).room(5).validated(&bed.db).await.err().unwrap();
        let broken = "constraint.foreign_key";
        assert_eq!(told(&error), [(broken, Some("guest")), (broken, Some("room"))]);
        bed.log.assert_queries(1);
        let error = stay(13).ends(day(1)).validated(&bed.db).await.err().unwrap();
        assert_eq!(told(&error), [("stay.order", Some("ends")), ("constraint.check", Some("guest")), (broken, Some("guest"))]);
        let made = stay(ada.id).validated(&bed.db).await?.create(&bed.db).await?;
        let mut edit = made.edit();
        edit.guest = ForeignKey::to(77);
        assert_eq!(told(&edit.validated(&bed.db).await.unwrap_err()), [("stay.guest", Some("guest"))]);
        // A row that points to itself is there once it is written.
        Plan::draft().code(1).after(1).validated(&bed.db).await?.create(&bed.db).await?;
        let error = Plan::draft().code(1).after(2).validated(&bed.db).await.err().unwrap();
        assert_eq!(told(&error), [("constraint.unique", Some("code")), (broken, Some("after"))]);
        Ok(())
    }

    async fn values_from_outside_are_asked_about_all_at_once(bed) {
        tables(&bed).await?;
        guest("ada@example.org").create(&bed.db).await?;
        bed.log.clear();
        let body = json!({"email": "ADA@example.org", "name": "", "age": "old", "color": 1});
        let error = Guest::draft_validated(body, &bed.db).await.err().unwrap();
        assert_eq!(told(&error), [
            ("value.invalid", Some("age")),
            ("value.unknown_field", Some("color")),
            ("value.too_short", Some("name")),
            ("constraint.unique", Some("email")),
        ]);
        bed.log.assert_queries(1);
        let form = [("email", "grace@example.org"), ("name", "Grace"), ("age", "44")];
        let grace = Guest::draft_validated(Input::from(form), &bed.db).await?.create(&bed.db).await?;
        assert_eq!(grace.age, 44);
        Ok(())
    }

    async fn constraints_of_the_database_are_the_same_kind_of_mistake(bed) {
        tables(&bed).await?;
        guest("ada@example.org").create(&bed.db).await?;
        let error = guest("ada@example.org").create(&bed.db).await.unwrap_err();
        assert_eq!(told(&error), [("constraint.unique", Some("email"))]);
        let room = || Room::draft().house("A").number(1).name("Blue").price(80);
        room().create(&bed.db).await?;
        let error = room().create(&bed.db).await.unwrap_err();
        assert_eq!(told(&error), [("constraint.unique", None)]);
        assert_eq!(error.validation()[0].params["fields"], json!(["house", "number"]));
        let error = room().number(2).beds(7).create(&bed.db).await.unwrap_err();
        assert_eq!(told(&error), [("constraint.check", Some("beds"))]);
        let error = Stay::draft().guest(99).begins(day(1)).ends(day(2)).create(&bed.db).await.unwrap_err();
        assert_eq!(told(&error), [("constraint.foreign_key", Some("guest"))]);
        Ok(())
    }
}

#[test]
fn formats_are_those_of_their_standards() {
    let email = |text: &str| guest(text).create_sql(Dialect::Sqlite).is_ok();
    let yes = [
        "a@b.co",
        "first.last+tag@sub.example.org",
        "\"quoted\"@example.org",
        "ü@example.org",
        "a@xn--bcher-kva.example",
    ];
    let no = ["", "a", "a@", "@b.co", "a@b", "a b@c.de", "a@b..co", "Ada <a@b.co>", "a@-b.co", "a\n@b.co"];
    assert_eq!(yes.into_iter().filter(|text| !email(text)).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(no.into_iter().filter(|text| email(text)).collect::<Vec<_>>(), [""; 0]);
    let url = |text: &str| {
        Guest::draft().email("a@b.co").name("Ada").age(20).page(text.to_owned()).create_sql(Dialect::Sqlite).is_ok()
    };
    let yes = [
        "http://a",
        "HTTPS://example.org/",
        "ftp://a.b:21/x",
        "http://bücher.example/ä?q=1",
        "http://[2001:db8::1]:80",
    ];
    let no = [
        "",
        "a",
        "//a",
        "mailto:a@b.co",
        "http://",
        "http:// a",
        "http://a b",
        "http://a:99999",
        "http://[::g]",
        "http://a..b",
        "javascript:x",
    ];
    assert_eq!(yes.into_iter().filter(|text| !url(text)).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(no.into_iter().filter(|text| url(text)).collect::<Vec<_>>(), [""; 0]);
}

/// Fields that people do not change.
mod kept {
    use super::*;
    use orm::{
        Input,
        dynamic::{Catalog, Create, Query, Update, UpdateEach},
    };

    orm::app! { pub stall { Ware } }

    #[derive(Model, Debug, Clone)]
    pub struct Ware {
        pub id: i64,
        #[field(max_length = 20)]
        pub name: String,
        #[field(editable = false, default = 0)]
        pub seen: i32,
    }

    behaviour! {
        async fn what_is_not_editable_is_not_set_from_outside(bed) {
            orm::migrate::create_tables(&bed.db, &[stall()]).await?;
            let db = &bed.db;
            let given = || Input::from([("name", "lamp"), ("seen", "9")]);
            let error = Ware::draft_from(given()).err().unwrap();
            assert_eq!((error.validation()[0].code, error.validation()[0].field.as_deref()), (Code::NotEditable, Some("seen")));
            assert_eq!(Ware::draft_from(given().only(["name", "seen"]))?.create(db).await?.seen, 9);
            assert_eq!(Ware::draft_from(given().with_automatic())?.create(db).await?.seen, 9);
            let ware = Ware::draft_from(Input::from([("name", "lamp")]).set("seen", 2))?.create(db).await?;
            let mut edit = ware.edit();
            assert_eq!(edit.apply([("seen", "9")]).unwrap_err().validation()[0].code, Code::NotEditable);
            edit.seen = 3;
            let ware = edit.save(db).await?;
            let catalog = Catalog::new().app(stall()).writable(["stall.Ware"])?;
            let create = Create::of("stall.Ware").row(serde_json::json!({"name": "lamp", "seen": 9}));
            let update = Update::of(Query::of("stall.Ware")).set("seen", 9);
            let each = UpdateEach::of("stall.Ware").row(serde_json::json!({"id": ware.id, "seen": 9}));
            for change in [create.into(), update.into(), orm::dynamic::Change::UpdateEach(each)] {
                let error = catalog.check_change(&change).unwrap_err();
                assert!(error.code() == Code::NotEditable || error.validation()[0].code == Code::NotEditable, "{error:?}");
            }
            Ok(())
        }
    }
}
