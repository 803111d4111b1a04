//! One new row.

use super::press::*;
use crate::bed::behaviour;
use orm::{Code, prelude::*};

behaviour! {
    async fn rows_come_back_as_they_are_stored(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let ada = author("Ada", db).await?;
        bed.log.clear();
        let before = orm::clock_time();
        let new = Book::draft().title("Nötes ☃").price(dec("12.5")).author(&ada).create(db).await?;
        let after = orm::clock_time();
        bed.log.assert_queries(1);
        assert_eq!((new.title.as_str(), new.active, new.views, new.rank), ("Nötes ☃", true, 0, 7));
        assert_eq!((new.price, new.pages, &new.note), (dec("12.50"), None, &None));
        assert!(new.editor.is_none() && *new.author.key() == ada.id);
        let micros = |time: DateTime<Utc>| time.timestamp_micros();
        assert!((micros(before)..=micros(after)).contains(&micros(new.created)));
        assert_eq!(new.created.timestamp_subsec_nanos() % 1_000, 0);
        let read = Book::get(new.id, db).await?;
        assert_eq!(format!("{read:?}"), format!("{new:?}"));
        let given = Book::draft().title("b").price(dec("1")).author(&ada).active(false).pages(9).rank(3)
            .editor(Some(&ada)).note("n").created(DateTime::UNIX_EPOCH).create(db).await?;
        assert_eq!((given.active, given.pages, given.rank, given.note.as_deref()), (false, Some(9), 3, Some("n")));
        assert_eq!(given.created, DateTime::UNIX_EPOCH);
        Ok(())
    }

    async fn values_are_checked_before_any_statement(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let ada = author("Ada", db).await?;
        // Characters count, not bytes.
        author(&"é".repeat(20), db).await?;
        bed.log.clear();
        let draft = || Book::draft().title("t").price(dec("1")).author(&ada);
        let error = Author::draft().name("é".repeat(21)).create(db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error), error.model()), (Code::TooLong, vec!["name"], Some("Author")));
        let error = draft().price(dec("1.005")).create(db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::InexactDecimal, vec!["price"]));
        let error = draft().price(dec("1234567")).create(db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::OutOfRange, vec!["price"]));
        let error = draft().pages(u16::MAX).create(db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::OutOfRange, vec!["pages"]));
        let error = orm::write::DraftRow::<Author>::new().create(db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::MissingValue, vec!["name"]));
        bed.log.assert_queries(0);
        // Trailing zeros are not digits.
        assert_eq!(draft().price(dec("999999.990")).create(db).await?.price, dec("999999.99"));
        Ok(())
    }

    async fn violations_name_their_fields(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let ada = author("Ada", db).await?;
        book("Notes", &ada, db).await?;
        let error = book("Notes", &ada, db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::UniqueViolation, vec!["author", "title"]), "{error}");
        Tag::draft().slug("rust").name("Rust").create(db).await?;
        let error = Tag::draft().slug("rust").name("Other").create(db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error), error.model()), (Code::UniqueViolation, vec!["slug"], Some("Tag")));
        let error = Book::draft().title("x").price(dec("-1")).author(&ada).create(db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::CheckViolation, vec!["price"]), "{error}");
        let error = Book::draft().title("x").price(dec("1")).author(999).create(db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::ForeignKeyViolation, vec!["author"]), "{error}");
        let error = Ticket::draft().code("a").create(db).await.and(Ticket::draft().code("a").create(db).await);
        assert_eq!(fields(&error.unwrap_err()), ["code"]);
        Ok(())
    }

    async fn keys_of_ones_own_and_every_kind_of_value(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let token = Uuid::from_u128(7);
        let made = Ticket::draft().code("Ä 1").token(token).extra(serde_json::json!({"a": [1, null]}))
            .bytes(vec![0, 255]).ratio(0.1).lasts(TimeDelta::microseconds(-5)).create(db).await?;
        assert_eq!((made.token, made.bytes.as_deref()), (Some(token), Some(&[0, 255][..])));
        let read = Ticket::get("Ä 1", db).await?;
        assert_eq!(format!("{read:?}"), format!("{made:?}"));
        assert_eq!((read.extra, read.ratio), (Some(serde_json::json!({"a": [1, null]})), Some(0.1)));
        assert!(Ticket::get("ä 1", db).await.optional()?.is_none(), "keys are exact to case");
        let error = Ticket::get("none", db).await.unwrap_err();
        assert_eq!((error.code(), error.model()), (Code::NotFound, Some("Ticket")));
        Ok(())
    }

    async fn drafts_take_part_in_transactions(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let failed: orm::Result<()> = db.transaction(async |tx| {
            author("Ada", tx).await?;
            let nested = tx.transaction(async |tx| {
                Tag::draft().slug("x").name("x").create(tx).await?;
                Tag::draft().slug("x").name("x").create(tx).await
            }).await;
            assert_eq!(nested.unwrap_err().code(), Code::UniqueViolation);
            assert_eq!(Tag::objects().count(tx).await?, 0);
            assert_eq!(Author::objects().count(tx).await?, 1);
            Err(orm::Error::new(Code::BadQuery, "enough"))
        }).await;
        assert!(failed.is_err());
        assert_eq!(Author::objects().count(db).await?, 0);
        Ok(())
    }
}
