//! Rules that ask the database, mistakes in a model's own words, and changes from outside of which everything is asked.

use crate::bed::behaviour;
use orm::{Change, Code, Hooks, prelude::*};
use serde_json::json;

orm::app! { pub reception { Club, Guest, Ban } }

#[derive(Model, Debug, Clone)]
pub struct Club {
    pub id: i64,
    #[field(max_length = 20)]
    pub name: String,
    #[field(default = 3)]
    pub seats: i32,
    #[field(default = true)]
    pub open: bool,
}

#[derive(Model, Debug, Clone)]
#[model(
    hooks,
    unique(club, number, message = "this number is taken", code = "guest.number"),
    unique(email, message = "this address is known", code = "guest.email"),
    check("adult_or_invited", |g| g.age.gte(18) | g.invited.eq(true), message = "children are invited by somebody", code = "guest.child")
)]
pub struct Guest {
    pub id: i64,
    #[field(email, message = "write an address, such as ada@example.org", code = "guest.address")]
    pub email: String,
    #[field(min = 0, max = 130, message = "nobody is that old")]
    pub age: i32,
    #[field(default = false)]
    pub invited: bool,
    pub number: i32,
    #[field(choices_from = |c| c.open.eq(true))]
    pub club: ForeignKey<Club>,
}

#[derive(Model, Debug, Clone)]
pub struct Ban {
    pub id: i64,
    #[field(max_length = 100)]
    pub email: String,
}

impl Hooks for Guest {
    /// Nobody who is banned, and no more guests than seats.
    async fn validate(guest: &mut Change<Guest>, tx: &Transaction) -> orm::Result<()> {
        let email = guest.get(|g| g.email).unwrap_or_default();
        guest.set(|g| g.email, email.to_lowercase());
        if Ban::objects().filter(|b| b.email.eq(email.to_lowercase())).exists(tx).await? {
            guest.refuse(|g| g.email, "guest.banned", "they are not let in");
        }
        if let Some(club) = guest.get(|g| g.club).filter(|_| guest.is_new()) {
            let seats = Club::get(&club, tx).await.optional()?.map_or(0, |club| club.seats);
            if Guest::objects().filter(|g| g.club.eq(&club)).count(tx).await? >= seats as u64 {
                guest.refuse_row("the club is full");
            }
        }
        Ok(())
    }
}

async fn club(db: &Database) -> orm::Result<Club> {
    orm::migrate::create_tables(db, &[reception()]).await?;
    Ban::draft().email("eve@example.org").create(db).await?;
    Club::draft().name("Chess").create(db).await
}

fn told(error: &orm::Error) -> Vec<(&str, Option<&str>)> {
    error.validation().iter().map(|mistake| (mistake.code.as_str(), mistake.field.as_deref())).collect()
}

behaviour! {
    async fn rules_ask_the_database_before_every_write(bed) {
        let db = &bed.db;
        let club = club(db).await?;
        let draft = |email: &'static str, number| Guest::draft().email(email).age(30).number(number).club(&club);
        let ada = draft("ADA@example.org", 1).create(db).await?;
        assert_eq!(ada.email, "ada@example.org");
        // With the other mistakes of the row, and nothing is written.
        let error = draft("Eve@example.org", 2).age(300).create(db).await.unwrap_err();
        assert_eq!(told(&error), [("guest.banned", Some("email")), ("value.out_of_range", Some("age"))]);
        assert_eq!(error.validation()[1].message, "nobody is that old");
        let error = Guest::objects().bulk_create([draft("b@example.org", 2), draft("eve@example.org", 3)], db).await.unwrap_err();
        assert_eq!((told(&error), &error.validation()[0].params["row"]), (vec![("guest.banned", Some("email"))], &json!(1)));
        assert_eq!(Guest::objects().count(db).await?, 1);
        let mut edit = ada.clone().edit();
        edit.email = "eve@example.org".to_owned();
        edit.age = 131;
        let error = edit.save(db).await.unwrap_err();
        assert_eq!(told(&error), [("guest.banned", Some("email")), ("value.out_of_range", Some("age"))]);
        let mut row = ada.clone();
        row.email = "eve@example.org".to_owned();
        assert_eq!(Guest::objects().bulk_update([&row], |g| g.email, db).await.unwrap_err().code(), Code::Own("guest.banned"));
        // What looks at no row is refused, as any write that passes hooks by.
        let error = Guest::objects().update(|g| g.age.set(4), db).await.unwrap_err();
        assert_eq!(error.code(), Code::Unhooked);

        draft("b@example.org", 2).create(db).await?;
        draft("c@example.org", 3).create(db).await?;
        let error = draft("d@example.org", 4).create(db).await.unwrap_err();
        assert_eq!(told(&error), [("value.invalid", None)]);
        // The named way round.
        assert_eq!(draft("eve@example.org", 4).skip_validation().create(db).await?.number, 4);
        let mut edit = ada.edit().skip_validation();
        edit.email = "Eve@Example.org".to_owned();
        assert_eq!(edit.save(db).await?.email, "Eve@Example.org");
        Ok(())
    }

    async fn mistakes_are_told_in_the_models_words(bed) {
        let db = &bed.db;
        let club = club(db).await?;
        let draft = |email: &'static str, number| Guest::draft().email(email).age(30).number(number).club(&club);
        draft("ada@example.org", 1).create(db).await?;
        let mistakes = draft("nobody", 2).age(-1).mistakes(db).await?;
        let told_so: Vec<_> = mistakes.iter().map(|mistake| (mistake.code.as_str(), mistake.message.as_str())).collect();
        assert_eq!(told_so, [
            ("guest.address", "write an address, such as ada@example.org"),
            ("value.out_of_range", "nobody is that old"),
        ]);
        // What is wrong already is not asked about again: the check is about the age.
        assert_eq!(mistakes[1].params, [("min", json!(0)), ("max", json!(130))].into());
        assert!(draft("b@example.org", 2).mistakes(db).await?.is_empty());
        // The database's own refusal is told in the same words as the question before.
        for (email, number, age, code, field) in [
            ("ada@example.org", 2, 30, "guest.email", Some("email")),
            ("b@example.org", 1, 30, "guest.number", None),
            ("b@example.org", 2, 7, "guest.child", None),
        ] {
            let asked = draft(email, number).age(age).validated(db).await.err().unwrap();
            assert_eq!(told(&asked), [(code, field)]);
            let refused = draft(email, number).age(age).create(db).await.unwrap_err();
            assert_eq!(told(&refused), [(code, field)], "{refused:?}");
            assert_eq!(refused.validation()[0].message, asked.validation()[0].message);
            // What kind of error it is stays what it is.
            assert!(matches!(refused.code(), Code::UniqueViolation | Code::CheckViolation));
        }
        let (guest, new) = draft("other@example.org", 1).get_or_create(|g| g.club_number, db).await?;
        assert_eq!((guest.email.as_str(), new), ("ada@example.org", false));
        Ok(())
    }

    async fn a_foreign_key_leads_to_rows_that_may_be_chosen(bed) {
        let db = &bed.db;
        club(db).await?;
        let closed = Club::draft().name("Bridge").open(false).create(db).await?;
        let draft = || Guest::draft().email("ada@example.org").age(30).number(1).club(&closed);
        let mistakes = draft().mistakes(db).await?;
        assert_eq!((mistakes.len(), mistakes[0].code, mistakes[0].field.as_deref()), (1, Code::InvalidValue, Some("club")));
        // It is a question, and no constraint: a write does not ask it.
        let guest = draft().create(db).await?;
        // Nor is a row asked about what does not change.
        let mut edit = guest.edit();
        edit.age = 31;
        assert!(edit.mistakes(db).await?.is_empty());
        let (_, field) = Guest::meta().field("club").unwrap();
        assert!(field.options.choices_from.is_some());
        Ok(())
    }

    async fn changes_from_outside_are_asked_about(bed) {
        let db = &bed.db;
        let club = club(db).await?;
        let draft = |email: &'static str, number| Guest::draft().email(email).age(30).number(number).club(&club);
        draft("ada@example.org", 1).create(db).await?;
        let mut edit = draft("b@example.org", 2).create(db).await?.edit();
        let form = [("email", "Eve@example.org"), ("age", "old"), ("number", "1"), ("club", "77"), ("nmber", "3")];
        let error = edit.apply_validated(form, db).await.unwrap_err();
        let mut found = told(&error);
        found.sort_unstable();
        assert_eq!(found, [
            ("guest.banned", Some("email")),
            ("value.invalid", Some("age")),
            ("value.invalid", Some("club")),
            ("value.unknown_field", Some("nmber")),
        ]);
        assert!(edit.changed()?.is_empty());
        edit.apply_validated([("number", "5"), ("age", "31")], db).await?;
        assert_eq!(edit.changed()?, ["age", "number"]);
        assert!(edit.mistakes(db).await?.is_empty());
        edit.number = 1;
        assert_eq!(edit.mistakes(db).await?[0].message, "this number is taken");
        edit.number = 5;
        assert_eq!(edit.save(db).await?.number, 5);
        let error = Guest::draft_validated([("email", "eve@example.org"), ("age", "x"), ("number", "6"), ("club", "1")], db).await.err().unwrap();
        let mut found = told(&error);
        found.sort_unstable();
        assert_eq!(found, [("guest.banned", Some("email")), ("value.invalid", Some("age"))]);
        Ok(())
    }
}
