//! The examples of `docs/validation.md`: every block of the document stands here as it stands there.

use crate::bed::behaviour;
use chrono::Datelike;
use orm::{Change, Code, ValidationError, prelude::*};
use serde_json::json;

orm::app! { pub society { Club, Member } }

#[derive(Model, Debug, Clone)]
pub struct Club {
    pub id: i64,
    #[field(max_length = 40)]
    pub name: String,
}

#[derive(Model, Debug, Clone)]
#[model(validate = Member::validate, unique(club, number))]
pub struct Member {
    pub id: i64,
    #[field(email, unique)] // at most 254 characters, unless `max_length` says otherwise
    pub email: String,
    #[field(min_length = 2, max_length = 40)]
    pub name: String,
    #[field(min = 18, max = 120)]
    pub age: i32,
    #[field(url)]
    pub page: Option<String>, // NULL is no value: rules are about values
    #[field(pattern = "^[A-Z]{2}[0-9]{4}$", max_length = 6)]
    pub pass: Option<String>,
    #[field(validate = not_a_holiday)]
    pub joined: NaiveDate,
    pub left: Option<NaiveDate>,
    pub number: i32,
    pub club: ForeignKey<Club>,
}

/// A rule for one value. Text is enough for an error; a code and parameters make it translatable.
fn not_a_holiday(day: &NaiveDate) -> Result<(), ValidationError> {
    match day.ordinal() {
        1 => Err(ValidationError::of_row(Code::Own("member.holiday"), "nobody joins on a holiday")),
        _ => Ok(()),
    }
}

impl Member {
    /// A rule for the row: it sees the values that it is about to have, and those that it has. It may set values too.
    fn validate(member: &mut Change<Member>) {
        if let Some(email) = member.get(|m| m.email) {
            member.set(|m| m.email, email.to_lowercase());
        }
        if member.get(|m| m.left).is_some_and(|left| Some(left) < member.get(|m| m.joined)) {
            member.refuse(|m| m.left, "member.order", "nobody leaves before they join");
        }
    }
}

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 2, day).unwrap()
}

behaviour! {
    async fn rules_of_fields_and_rows(bed) {
        orm::migrate::create_tables(&bed.db, &[society()]).await?;
        let db = &bed.db;
        let club = Club::draft().name("Analytical Society").create(db).await?;

        let wrong = Member::draft().email("ada").name("A").age(12).joined(day(2)).number(1).club(&club);
        let error = wrong.create(db).await.unwrap_err();
        assert_eq!(error.code(), Code::Refused);
        let fields: Vec<_> = error.validation().iter().filter_map(|mistake| mistake.field.as_deref()).collect();
        assert_eq!(fields, ["email", "name", "age"]);

        assert_eq!(serde_json::to_value(&error.validation()[2]).unwrap(), json!({
            "field": "age",
            "code": "value.out_of_range",
            "message": "`age` is not from 18 to 120",
            "params": {"min": 18, "max": 120},
        }));

        let error = Member::objects().update(|m| m.age.set(30), db).await.unwrap_err();
        assert_eq!(error.code(), Code::Unvalidated);
        Member::objects().skip_validation().update(|m| m.age.set(30), db).await?;

        let new_year = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let early = Member::draft().email("a@b.co").name("Ada").age(36).joined(new_year).number(1).club(&club);
        assert_eq!(early.create(db).await.unwrap_err().code(), Code::Own("member.holiday"));
        let odd = Member::draft().email("a@b.co").name("Ada").age(36).joined(day(2)).left(day(1)).number(1).club(&club);
        assert_eq!(odd.create(db).await.unwrap_err().fields(), ["left"]);
        Ok(())
    }

    async fn what_only_the_database_knows(bed) {
        orm::migrate::create_tables(&bed.db, &[society()]).await?;
        let db = &bed.db;
        let club = Club::draft().name("Analytical Society").create(db).await?;

        let ada = Member::draft().email("ada@example.org").name("Ada").age(36).joined(day(2)).number(1).club(&club);
        let ada = ada.validated(db).await?.create(db).await?;

        let twin = Member::draft().email("ADA@example.org").name("Ada").age(36).joined(day(2)).number(1).club(99);
        let error = twin.validated(db).await.err().unwrap();
        let told: Vec<_> = error.validation().iter().map(|mistake| (mistake.code, mistake.field.as_deref())).collect();
        assert_eq!(told, [(Code::UniqueViolation, Some("email")), (Code::ForeignKeyViolation, Some("club"))]);

        // An edit is asked about what it changes.
        let mut edit = ada.edit();
        edit.left = Some(day(9));
        let ada = edit.validated(db).await?.save(db).await?;
        assert_eq!(ada.left, Some(day(9)));

        let form = [("email", "ada@example.org"), ("name", ""), ("age", "old"), ("joined", "2026-02-03"), ("number", "2"), ("club", "1")];
        let error = Member::draft_validated(form, db).await.err().unwrap();
        let told: Vec<_> = error.validation().iter().map(|mistake| (mistake.code, mistake.field.as_deref())).collect();
        let (name, age, email) = (Code::TooShort, Code::InvalidValue, Code::UniqueViolation);
        assert_eq!(told, [(name, Some("name")), (age, Some("age")), (email, Some("email"))]);

        let again = Member::draft().email("lovelace@example.org").name("Ada").age(36).joined(day(2)).number(1).club(&club);
        let error = again.create(db).await.unwrap_err(); // the club has a number 1
        let mistake = &error.validation()[0];
        assert_eq!((mistake.code, &mistake.field), (Code::UniqueViolation, &None));
        assert_eq!(mistake.params["fields"], json!(["club", "number"]));
        Ok(())
    }
}
