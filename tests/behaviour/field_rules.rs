//! Rules of fields that ask the database.

use crate::bed::behaviour;
use orm::{
    Change, Code, Hooks, Refusal, Transaction, ValidationError,
    dynamic::{Catalog, Create},
    prelude::*,
};
use serde_json::json;

orm::app! { pub hotel { Guest, Stranger, Banned, Resident, Club, Visitor, Person, Membership } }

/// Only rules of fields.
#[derive(Model, Debug, Clone)]
pub struct Guest {
    pub id: i64,
    #[field(max_length = 40, min_length = 2, validate_with = is_welcome)]
    pub name: String,
    #[field(max_length = 40, validate_with = rules::is_welcome_too)]
    pub nickname: Option<String>,
    #[field(validate_with = is_no_room, message = "that room is closed", code = "room.closed", default = 1)]
    pub room: i32,
    #[field(default = 0)]
    pub nights: i32,
}

/// Hooks beside them.
#[derive(Model, Debug, Clone)]
#[model(hooks)]
pub struct Stranger {
    pub id: i64,
    #[field(max_length = 40, validate_with = is_welcome)]
    pub name: String,
}

#[derive(Model, Debug, Clone)]
pub struct Banned {
    pub id: i64,
    #[field(max_length = 40)]
    pub name: String,
}

/// Its parent has rules.
#[derive(Model, Debug, Clone)]
pub struct Resident {
    #[field(primary_key, parent)]
    pub guest: OneToOne<Guest>,
    pub since: i32,
}

#[derive(Model, Debug, Clone)]
pub struct Club {
    pub id: i64,
    #[field(through = Membership)]
    pub members: ManyToMany<Person>,
}

/// Goes with its club.
#[derive(Model, Debug, Clone)]
pub struct Visitor {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub club: ForeignKey<Club>,
    #[field(max_length = 40, validate_with = is_welcome)]
    pub name: String,
}

#[derive(Model, Debug, Clone)]
pub struct Person {
    pub id: i64,
}

/// A row between, with a rule.
#[derive(Model, Debug, Clone)]
pub struct Membership {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub club: ForeignKey<Club>,
    #[field(on_delete = cascade)]
    pub person: ForeignKey<Person>,
    #[field(max_length = 40, validate_with = is_welcome, default = "ada")]
    pub name: String,
}

impl Hooks for Stranger {
    async fn validate(row: &mut Change<Stranger>, _: &Transaction) -> orm::Result<()> {
        if let Some(name) = row.get(|s| s.name) {
            row.set(|s| s.name, name.to_lowercase());
        }
        Ok(())
    }
}

async fn is_welcome(name: &str, tx: &Transaction) -> Result<(), Refusal> {
    match Banned::objects().filter(|b| b.name.eq(name)).exists(tx).await? {
        true => {
            Err(ValidationError::of_row(Code::Own("guest.banned"), "nobody of this name").param("name", name).into())
        }
        false => Ok(()),
    }
}

mod rules {
    use super::*;

    /// Text is enough; and what fails is an error, not a mistake.
    pub async fn is_welcome_too(name: &String, tx: &Transaction) -> Result<(), Refusal> {
        if name == "fails" {
            orm::raw::<i64>("SELECT nothing FROM nowhere").get(tx).await?;
        }
        if Banned::objects().filter(|b| b.name.eq(name)).exists(tx).await? {
            Err("not by this name".into())
        } else {
            Ok(())
        }
    }
}

async fn is_no_room(room: &i32, _: &Transaction) -> Result<(), Refusal> {
    if *room == 13 { Err(format!("there is no room {room}").into()) } else { Ok(()) }
}

async fn tables(db: &Database) -> orm::Result<()> {
    orm::migrate::create_tables(db, &[hotel()]).await?;
    Banned::draft().name("eve").create(db).await.map(drop)
}

fn told(mistakes: &[ValidationError]) -> Vec<(&str, Option<&str>)> {
    mistakes.iter().map(|mistake| (mistake.code.as_str(), mistake.field.as_deref())).collect()
}

behaviour! {
    async fn what_they_refuse_is_of_their_field(bed) {
        let db = &bed.db;
        tables(db).await?;
        let error = Guest::draft().name("eve").create(db).await.unwrap_err();
        assert_eq!((error.code(), error.fields()), (Code::Own("guest.banned"), &["name".to_owned()][..]));
        assert_eq!(error.validation()[0].params["name"], json!("eve"));
        let error = Guest::draft().name("eve").nickname("eve").room(13).create(db).await.unwrap_err();
        let all = [("guest.banned", Some("name")), ("value.invalid", Some("nickname")), ("room.closed", Some("room"))];
        assert_eq!(told(error.validation()), all);
        assert_eq!(error.validation()[2].message, "that room is closed");
        // The same asked without a write.
        let draft = || Guest::draft().name("eve").nickname("eve").room(13);
        assert_eq!(told(&draft().mistakes(db).await?), all);
        assert_eq!(told(draft().validated(db).await.err().unwrap().validation()), all);
        // What another rule refuses already is not asked about.
        assert_eq!(told(&Guest::draft().name("e").mistakes(db).await?), [("value.too_short", Some("name"))]);
        assert_eq!(Guest::objects().count(db).await?, 0);
        Ok(())
    }

    async fn an_edit_is_asked_about_what_it_changes(bed) {
        let db = &bed.db;
        tables(db).await?;
        let guest = Guest::draft().name("eve").skip_validation().create(db).await?;
        let mut edit = guest.edit();
        edit.nights = 3;
        let mut edit = edit.save(db).await?.edit();
        edit.nickname = Some("eve".to_owned());
        assert_eq!(told(&edit.mistakes(db).await?), [("value.invalid", Some("nickname"))]);
        let form = [("nickname", "eve"), ("room", "13")];
        let error = edit.apply_validated(form, db).await.unwrap_err();
        assert_eq!(told(error.validation()), [("value.invalid", Some("nickname")), ("room.closed", Some("room"))]);
        assert_eq!(edit.save(db).await.unwrap_err().fields(), ["nickname"]);
        // NULL is no value.
        let mut edit = Guest::objects().get(db).await?.edit();
        edit.nickname = None;
        edit.name = "ada".to_owned();
        edit.save(db).await?;
        Ok(())
    }

    async fn many_rows_say_which(bed) {
        let db = &bed.db;
        tables(db).await?;
        let guests = ["ada", "eve", "grace"].map(|name| Guest::draft().name(name));
        let error = Guest::objects().bulk_create(guests, db).await.unwrap_err();
        assert_eq!(error.validation()[0].params["row"], json!(1));
        let mut guests = Guest::objects().bulk_create([Guest::draft().name("ada"), Guest::draft().name("grace")], db).await?;
        guests[1].room = 13;
        let error = Guest::objects().bulk_update(&guests, |g| g.room, db).await.unwrap_err();
        assert_eq!((told(error.validation()), &error.validation()[0].params["row"]), (vec![("room.closed", Some("room"))], &json!(1)));
        Ok(())
    }

    // As hooks of a model, they are not passed by in silence.
    async fn what_does_not_ask_them_is_refused(bed) {
        let db = &bed.db;
        tables(db).await?;
        let guest = Guest::draft().name("ada").create(db).await?;
        let error = Guest::objects().update(|g| g.name.set("eve"), db).await.unwrap_err();
        assert_eq!(error.code(), Code::Unhooked);
        let catalog = Catalog::new().app(hotel()).writable(["hotel.Guest"])?;
        let create = Create::of("hotel.Guest").row(json!({"name": "eve"}));
        let refused = match catalog.check_change(&create.into()) {
            Ok(change) => change.run(db).await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(refused.code(), Code::Unhooked);
        assert_eq!(Guest::objects().skip_hooks().update(|g| g.name.set("eve"), db).await?, 1);
        Guest::draft().name("eve").skip_hooks().create(db).await?;
        let mut edit = guest.edit().skip_validation();
        edit.room = 13;
        assert_eq!(edit.save(db).await?.room, 13);
        Ok(())
    }

    // A rule is about the values of its field: what gives it none is not refused.
    async fn what_gives_no_value_is_not_asked_about(bed) {
        let db = &bed.db;
        tables(db).await?;
        let guest = Guest::draft().name("ada").create(db).await?;
        assert_eq!(Guest::objects().update(|g| g.nights.set(g.nights + 2), db).await?, 1);
        assert_eq!(Guest::get(guest.id, db).await?.nights, 2);
        assert_eq!(Guest::objects().delete_unchecked(db).await?, 1);

        let club = Club::draft().create(db).await?;
        let other = Club::draft().create(db).await?;
        let visitor = |club: &Club| Visitor::draft().club(club).name("ada");
        visitor(&club).create(db).await?;
        assert_eq!(club.delete(db).await?.per_model["hotel.Visitor"], 1);
        visitor(&other).create(db).await?;
        assert_eq!(Visitor::objects().delete(db).await?.total, 1);

        let people = [Person::draft().create(db).await?, Person::draft().create(db).await?];
        for person in &people {
            Membership::draft().club(&other).person(person).create(db).await?;
        }
        let members = || other.many(|c| c.members);
        assert_eq!(members().remove([&people[0]], db).await?, 1);
        assert_eq!(members().add([&people[0]], db).await.unwrap_err().code(), Code::Unhooked);
        assert_eq!(members().clear(db).await?, 1);
        Ok(())
    }

    async fn they_stand_beside_hooks_and_with_children(bed) {
        let db = &bed.db;
        tables(db).await?;
        // After the model's own rule, which has set the name.
        let error = Stranger::draft().name("EVE").create(db).await.unwrap_err();
        assert_eq!(told(error.validation()), [("guest.banned", Some("name"))]);
        assert_eq!(Stranger::draft().name("ADA").create(db).await?.name, "ada");
        let resident = |name: &'static str| Resident::draft().guest(Guest::draft().name(name)).since(7);
        assert_eq!(told(&resident("eve").mistakes(db).await?), [("guest.banned", Some("name"))]);
        assert_eq!(resident("eve").create(db).await.unwrap_err().fields(), ["name"]);
        resident("ada").create(db).await?;
        assert_eq!((Guest::objects().count(db).await?, Resident::objects().count(db).await?), (1, 1));
        Ok(())
    }

    async fn an_error_is_no_mistake(bed) {
        let db = &bed.db;
        tables(db).await?;
        let error = Guest::draft().name("ada").nickname("fails").create(db).await.unwrap_err();
        assert!(matches!(error.code(), Code::MissingTable | Code::Sql) && error.validation().is_empty(), "{error}");
        assert_eq!(Guest::objects().count(db).await?, 0);
        assert!(Guest::meta().field("name").unwrap().1.options.asks);
        Ok(())
    }
}
