//! No error shows a value of a row: neither its message nor its hint, its `Debug` or its causes. What the database said is there for
//! whoever asks for it.

use crate::bed::{Bed, behaviour};
use orm::{Code, Dialect, Error, Json, prelude::*};
use std::error::Error as _;

orm::app! { pub vault { Owner, Safe } }

#[derive(Model, Debug, Clone)]
pub struct Owner {
    #[field(primary_key, max_length = 40)]
    pub name: String,
    #[field(via = owner)]
    pub safes: HasMany<Safe>,
}

#[derive(Model, Debug, Clone)]
#[model(unique(owner, shelf), check("pin_not_negative", |s| s.pin.gte(0)))]
pub struct Safe {
    pub id: i64,
    #[field(max_length = 40, unique)]
    pub code: String,
    #[field(default = 1)]
    pub pin: i64,
    pub shelf: i32,
    #[field(max_length = 20)]
    pub word: Option<String>,
    #[field(on_delete = protect)]
    pub owner: ForeignKey<Owner>,
}

#[derive(Choices, Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    Small,
    Large,
}

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Part {
    pub size: u8,
}

const SECRET: &str = "hunter2";
const NUMBER: i64 = 48151623;

async fn filled(bed: &Bed) -> orm::Result<()> {
    orm::migrate::create_tables(&bed.db, &[vault()]).await?;
    Owner::draft().name(SECRET).create(&bed.db).await?;
    Safe::draft().code(SECRET).pin(NUMBER).shelf(1).word(SECRET).owner(SECRET).create(&bed.db).await?;
    Ok(())
}

/// The error has this code and shows nothing secret.
#[track_caller]
fn silent<T: std::fmt::Debug>(done: orm::Result<T>, code: Code) -> Error {
    let error = done.unwrap_err();
    assert_eq!(error.code(), code, "{error:?} {:?}", error.unredacted());
    let mut shown = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(one) = cause {
        shown.push_str(&format!("{one} {one:?}"));
        cause = one.source();
    }
    assert!(!shown.contains(SECRET) && !shown.contains(&NUMBER.to_string()), "{shown}");
    error
}

behaviour! {
    async fn constraints_show_no_values(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let draft = || Safe::draft().code("other").pin(NUMBER).shelf(2).word(SECRET).owner(SECRET);
        let unique = silent(draft().code(SECRET).create(db).await, Code::UniqueViolation);
        assert_eq!(unique.message(), "`Safe.code`: a unique key already holds the value");
        let said = unique.unredacted().unwrap();
        assert!(bed.db.dialect() == Dialect::Sqlite || said.contains(SECRET), "{said}");
        let both = silent(Safe::objects().bulk_create([draft().shelf(1)], db).await, Code::UniqueViolation);
        assert_eq!(both.message(), "`Safe.owner`, `Safe.shelf`: a unique key already holds the value");
        silent(draft().shelf(1).upsert(|s| s.code, db).await, Code::UniqueViolation);
        silent(draft().pin(-NUMBER).create(db).await, Code::CheckViolation);
        silent(Safe::objects().update(|s| s.pin.set(s.pin * -1), db).await, Code::CheckViolation);
        silent(draft().owner("nobody hunter2").create(db).await, Code::ForeignKeyViolation);
        silent(Safe::objects().bulk_insert_ignore([draft().owner("nobody hunter2")], db).await, Code::ForeignKeyViolation);
        silent(Safe::objects().update(|s| s.code.set(orm::sql::<Safe, String>("NULL")), db).await, Code::NotNullViolation);
        let written: orm::Result<()> = db.transaction(async |tx| {
            Safe::draft().code("x").pin(NUMBER).shelf(3).owner("nobody hunter2").create(tx).await?;
            Ok(())
        }).await;
        silent(written, Code::ForeignKeyViolation);
        let owner = Owner::get(SECRET.to_owned(), db).await?;
        let held = silent(owner.delete(db).await, Code::Protected);
        assert!(held.unredacted().is_some());
        silent(Owner::objects().delete_unchecked(db).await, Code::ForeignKeyViolation);
        Ok(())
    }

    async fn values_that_do_not_fit_are_not_shown(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        silent(Safe::objects().update(|s| s.word.set(Some("hunter2".repeat(9))), db).await, Code::TooLong);
        silent(Safe::objects().update(|s| s.code.set(s.code.concat("hunter2".repeat(9))), db).await, Code::TooLong);
        silent(Safe::objects().update(|s| s.pin.set(s.pin * i64::MAX), db).await, Code::OutOfRange);
        silent(Safe::objects().filter(|s| s.code.regex("(hunter2")).all(db).await, Code::BadRegex);
        silent(Safe::draft_from([("code", SECRET), ("pin", SECRET), ("shelf", SECRET), ("owner", SECRET)]).map(drop), Code::Refused);
        if bed.db.dialect() == Dialect::Postgres {
            let cast = orm::raw::<i64>("SELECT CAST(code AS bigint) FROM vault_safe").get(db).await;
            assert_eq!(silent(cast, Code::Sql).message(), "invalid input syntax for type bigint: ..");
            silent(orm::raw::<i64>("SELECT CAST(? AS bigint)").bind("a \"hunter2\" b".to_owned()).get(db).await, Code::Sql);
        }
        if bed.db.dialect() == Dialect::MariaDb {
            let wrong = db.batch("UPDATE vault_safe SET shelf = code").await;
            let message = silent(wrong, Code::Sql).message().to_owned();
            assert!(message.starts_with("Incorrect integer value: .. for column"), "{message}");
        }
        Ok(())
    }

    async fn values_that_cannot_be_read_are_not_shown(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        for read in [
            silent(orm::raw::<i64>("SELECT code FROM vault_safe").get(db).await, Code::Decode),
            silent(orm::raw::<Uuid>("SELECT code FROM vault_safe").get(db).await, Code::Decode),
            silent(orm::raw::<NaiveDate>("SELECT code FROM vault_safe").get(db).await, Code::Decode),
            silent(orm::raw::<i16>("SELECT pin FROM vault_safe").get(db).await, Code::Decode),
            silent(orm::raw::<u32>("SELECT -pin FROM vault_safe").get(db).await, Code::Decode),
        ] {
            assert!(read.message().contains("column 1") || read.message().contains("negative"), "{read}");
        }
        let choice = silent(orm::raw::<Kind>("SELECT code FROM vault_safe").get(db).await, Code::UnknownChoice);
        assert_eq!((choice.message(), choice.unredacted()), ("the value is none of the choices of `Kind`", Some("\"hunter2\"")));
        let json = orm::raw::<Json<Part>>(match bed.db.dialect() {
            Dialect::Postgres => "SELECT '{\"size\": \"hunter2\"}'::jsonb",
            _ => "SELECT '{\"size\": \"hunter2\"}'",
        });
        assert!(silent(json.get(db).await.map(drop), Code::Decode).unredacted().is_some());
        Ok(())
    }
}
