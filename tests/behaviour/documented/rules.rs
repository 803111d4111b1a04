//! The example of rules that ask in `docs/validation.md`.

use crate::bed::behaviour;
use orm::{Change, Code, Hooks, Refusal, files::StoredFile, prelude::*};

orm::app! { pub stalls { Seat, Visitor, Banned, Upload } }

#[derive(Model, Debug, Clone)]
#[model(hooks, unique(evening, number, message = "somebody sits there", code = "seat.taken"))]
pub struct Seat {
    pub id: i64,
    pub evening: NaiveDate,
    #[field(min = 1, max = 40, message = "the room has forty seats")]
    pub number: i32,
    #[field(email)]
    pub guest: String,
}

impl Hooks for Seat {
    /// It runs before each write, in its transaction, and may ask whatever it likes. It may set values, too.
    async fn validate(seat: &mut Change<Seat>, tx: &Transaction) -> orm::Result<()> {
        let (evening, guest) = (seat.get(|s| s.evening), seat.get(|s| s.guest));
        if let (true, Some(evening), Some(guest)) = (seat.is_new(), evening, guest) {
            let theirs = Seat::objects().filter(|s| s.evening.eq(evening) & s.guest.eq(guest));
            if theirs.count(tx).await? >= 2 {
                seat.refuse(|s| s.guest, "seat.two", "nobody has more than two seats");
            }
        }
        Ok(())
    }
}

#[derive(Model, Debug, Clone)]
pub struct Visitor {
    pub id: i64,
    #[field(max_length = 40, validate_with = is_welcome)]
    pub name: String,
}

#[derive(Model, Debug, Clone)]
pub struct Banned {
    pub id: i64,
    pub name: String,
}

/// A rule for one value that asks. Text is enough for a mistake; an error of the database, which `?` gives, ends the write.
async fn is_welcome(name: &str, tx: &Transaction) -> Result<(), Refusal> {
    match Banned::objects().filter(|b| b.name.eq(name)).exists(tx).await? {
        true => Err("nobody of this name comes in".into()),
        false => Ok(()),
    }
}

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 2, day).unwrap()
}

#[derive(Model, Debug, Clone)]
pub struct Upload {
    pub id: i64,
    #[field(pattern = r"(?i)\.(pdf|png)$", message = "a PDF or a PNG", code = "upload.kind")]
    pub file: StoredFile,
    #[field(pattern = r"^[\w-]+$", max_length = 50)] // a slug with letters of any language
    pub slug: String,
    #[field(min = 0, validate = in_fives)]
    pub minutes: i32,
}

fn in_fives(minutes: &i32) -> Result<(), String> {
    if minutes % 5 == 0 { Ok(()) } else { Err(format!("{minutes} is not a multiple of 5")) }
}

behaviour! {
    async fn rules_that_ask(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[stalls()]).await?;
        let seat = |number| Seat::draft().evening(day(9)).number(number).guest("ada@example.org");
        Seat::objects().bulk_create([seat(1), seat(2)], db).await?;
        let error = seat(3).create(db).await.unwrap_err();
        assert_eq!(error.code(), Code::Own("seat.two"));

        // The same without a write: a list of mistakes, of a draft and of an edit.
        let mistakes = seat(1).guest("grace@example.org").mistakes(db).await?;
        assert_eq!(mistakes[0].message, "somebody sits there");

        // A form that changes a row: all of it is asked, and set where nothing is wrong.
        let mut edit = Seat::objects().filter(|s| s.number.eq(2)).get(db).await?.edit();
        let error = edit.apply_validated([("number", "1"), ("guest", "grace")], db).await.unwrap_err();
        assert_eq!(error.validation().len(), 2);
        assert!(edit.changed()?.is_empty());
        seat(3).skip_validation().create(db).await?; // the way past all of it
        Ok(())
    }

    async fn a_rule_of_one_field_that_asks(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[stalls()]).await?;
        Banned::draft().name("Eve").create(db).await?;

        let error = Visitor::draft().name("Eve").create(db).await.unwrap_err();
        assert_eq!(error.validation()[0].field.as_deref(), Some("name"));
        Ok(())
    }

    async fn rules_that_django_has_classes_for(bed) {
        orm::migrate::create_tables(&bed.db, &[stalls()]).await?;
        let upload = |file: &str, slug: &str, minutes| {
            Upload::draft().file(StoredFile::at(file).unwrap()).slug(slug).minutes(minutes)
        };
        let good = upload("a/Größe.PDF", "größe_文-1", 15).create(&bed.db).await?;
        assert_eq!(good.file.path(), "a/Größe.PDF");
        let error = upload("a/b.exe", "a b", 7).create(&bed.db).await.unwrap_err();
        let told: Vec<_> = error.validation().iter().map(|mistake| (mistake.code, mistake.message.as_str())).collect();
        assert_eq!(told[0], (Code::Own("upload.kind"), "a PDF or a PNG"));
        assert_eq!((told[1].0, told[2].1, told.len()), (Code::BadFormat, "7 is not a multiple of 5", 3));
        Ok(())
    }
}
