//! Tables without a key: what a model says tells its rows apart may be true of some rows only.

use crate::bed::{Backend, Bed, behaviour};
use futures_util::StreamExt as _;
use orm::{Code, prelude::*};
use std::pin::pin;

orm::app! { pub diary { Entry, Reading } }

#[derive(Model, Debug, Clone, PartialEq)]
#[model(managed = false, keyless)]
pub struct Entry {
    #[field(primary_key)]
    pub day: i32,
    #[field(max_length = 20)]
    pub line: String,
}

/// A key as wide as a table of somebody else's has it.
#[derive(Model, Debug, Clone, PartialEq)]
pub struct Reading {
    #[field(primary_key)]
    pub year: i32,
    #[field(primary_key)]
    pub month: i16,
    #[field(primary_key)]
    pub day: i16,
    #[field(primary_key, max_length = 20)]
    pub place: String,
    #[field(primary_key)]
    pub device: i64,
    #[field(primary_key)]
    pub channel: i16,
    pub value: i64,
}

behaviour! {
    async fn a_row_whose_key_others_have_is_not_written(bed) {
        let Bed { db, backend, .. } = &*bed;
        let text = if *backend == Backend::MariaDb { "varchar(20) COLLATE utf8mb4_bin" } else { "varchar(20)" };
        db.batch(format!(
            "CREATE TABLE diary_entry (day integer NOT NULL, line {text} NOT NULL);
             INSERT INTO diary_entry VALUES (1, 'rain'), (1, 'sun'), (2, 'snow')"
        )).await?;
        let shared = Entry::objects().filter(|e| e.line.eq("rain")).get(db).await?;
        let error = shared.delete(db).await.unwrap_err();
        assert_eq!((error.code(), error.fields()), (Code::SharedKey, &["day".to_owned()][..]), "{error:?}");
        let mut edit = shared.edit();
        edit.line = "hail".into();
        assert_eq!(edit.save(db).await.unwrap_err().code(), Code::SharedKey);
        assert_eq!(Entry::objects().filter(|e| e.day.eq(1) & e.line.ne("hail")).count(db).await?, 2);

        // One that is alone is written like any other, and a query writes all that it finds.
        let mut edit = Entry::objects().filter(|e| e.day.eq(2)).get(db).await?.edit();
        edit.line = "ice".into();
        let alone = edit.save(db).await?;
        assert_eq!(alone.line, "ice");
        assert_eq!(alone.delete(db).await?.total, 1);
        assert_eq!(Entry::objects().filter(|e| e.day.eq(1)).delete_unchecked(db).await?, 2);
        Ok(())
    }

    async fn nothing_goes_by_a_key_that_is_none(bed) {
        let Bed { db, backend, .. } = &*bed;
        let text = if *backend == Backend::MariaDb { "varchar(20) COLLATE utf8mb4_bin" } else { "varchar(20)" };
        db.batch(format!("CREATE TABLE diary_entry (day integer NOT NULL, line {text} NOT NULL)")).await?;
        let drafts = (0..900).map(|line| Entry::draft().day(line / 300).line(format!("line {line}")));
        assert_eq!(Entry::objects().bulk_insert(drafts, db).await?, 900);

        // What would be written by keys is refused, and nothing is.
        let some = Entry::objects().filter(|e| e.line.eq("line 7")).all(db).await?;
        let sliced = || Entry::objects().order_by(|e| e.line.asc()).limit(1);
        let refused = [
            Entry::objects().bulk_update(&some, |e| e.line, db).await.err(),
            sliced().update(|e| e.line.set("gone"), db).await.err(),
            sliced().delete_unchecked(db).await.err(),
            sliced().delete(db).await.err(),
            Entry::draft().day(1).line("new").upsert(|e| e.day, db).await.err(),
            Entry::objects().bulk_upsert([Entry::draft().day(1).line("new")], |e| e.day, db).await.err(),
        ];
        for (at, error) in refused.into_iter().enumerate() {
            assert_eq!(error.map(|error| error.code()), Some(Code::SharedKey), "{at}");
        }
        assert_eq!(Entry::objects().filter(|e| e.line.starts_with("line ")).count(db).await?, 900);

        // What a condition finds is written by that.
        assert_eq!(Entry::objects().filter(|e| e.line.eq("line 7")).update(|e| e.line.set("seven"), db).await?, 1);
        assert_eq!(Entry::objects().filter(|e| e.line.eq("seven")).delete(db).await?.total, 1);
        assert_eq!(Entry::objects().filter(|e| e.day.eq(0)).count(db).await?, 299);

        // A slice keeps as many rows as it says, whatever follows.
        assert_eq!(sliced().filter(|e| e.line.starts_with("line")).all(db).await?.len(), 1);
        assert_eq!(sliced().aggregate(|_| count()).get(db).await?, 1);

        // A stream loses no row, though many have one key; pages that begin behind a key would.
        let mut rows = pin!(Entry::objects().order_by(|e| e.day.asc()).stream_by(100, db));
        let mut read = 0;
        while let Some(row) = rows.next().await {
            row?;
            read += 1;
        }
        assert_eq!(read, 899);
        assert_eq!(Entry::objects().page_after(None, 10, db).await.unwrap_err().code(), Code::BadQuery);
        Ok(())
    }

    async fn a_key_has_up_to_eight_parts(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[diary()]).await?;
        let draft = |device: i64, value: i64| {
            Reading::draft().year(2024).month(2).day(29).place("roof").device(device).channel(1).value(value)
        };
        draft(7, 1).create(db).await?;
        draft(8, 2).create(db).await?;
        let key = (2024, 2, 29, "roof".to_owned(), 8, 1);
        let mut edit = Reading::get(key.clone(), db).await?.edit();
        edit.value = 3;
        assert_eq!(edit.save(db).await?.key(), key);
        assert_eq!(Reading::objects().filter(|r| r.value.eq(3)).get(db).await?.device, 8);
        assert_eq!(Reading::get(key.clone(), db).await?.delete(db).await?.total, 1);
        assert_eq!(Reading::get(key, db).await.unwrap_err().code(), Code::NotFound);
        assert_eq!(Reading::objects().count(db).await?, 1);
        Ok(())
    }
}
