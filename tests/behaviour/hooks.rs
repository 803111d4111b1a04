//! What models do around the writes of their rows: in the same transaction, for one row and for many, and never passed by in silence.

use crate::bed::{Bed, behaviour};
use orm::{Change, Code, Error, Hooks, dynamic, prelude::*};
use serde_json::json;

orm::app! { pub press { Letter, Reply, Entry, Tray } }

#[derive(Model, Debug, Clone, PartialEq)]
#[model(hooks, ordering(id))]
pub struct Letter {
    pub id: i64,
    #[field(max_length = 40, unique)]
    pub title: String,
    #[field(max_length = 40, default = || String::new())]
    pub slug: String,
    #[field(default = 0)]
    pub stamps: i32,
    pub tray: Option<ForeignKey<Tray>>,
    pub replies: HasMany<Reply>,
}

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Tray {
    pub id: i64,
    pub letters: HasMany<Letter>,
}

/// Goes with its letter, and has something to say about that.
#[derive(Model, Debug, Clone, PartialEq)]
#[model(hooks)]
pub struct Reply {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub letter: ForeignKey<Letter>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[model(ordering(id))]
pub struct Entry {
    pub id: i64,
    pub text: String,
}

async fn note(text: String, tx: &Transaction) -> orm::Result<()> {
    Entry::draft().text(text).create(tx).await.map(drop)
}

impl Hooks for Letter {
    async fn before_create(letter: &mut Change<Letter>, tx: &Transaction) -> orm::Result<()> {
        let title = letter.get(|l| l.title).unwrap_or_default();
        letter.set(|l| l.slug, title.to_lowercase());
        note(format!("making {title}, {:?} stamps", letter.get(|l| l.stamps)), tx).await?;
        if title == "Refused" {
            letter.refuse(|l| l.title, "letter.refused", "not such a letter");
        }
        match title.as_str() {
            "Broken" => Err(Error::new(Code::Own("letter.broken"), "the pen is broken")),
            _ => Ok(()),
        }
    }

    async fn after_create(letter: &Letter, tx: &Transaction) -> orm::Result<()> {
        note(format!("made {} as {}", letter.title, letter.slug), tx).await
    }

    async fn before_update(letter: &mut Change<Letter>, tx: &Transaction) -> orm::Result<()> {
        if letter.changed(|l| l.title) {
            let title = letter.get(|l| l.title).unwrap_or_default();
            letter.set(|l| l.slug, title.to_lowercase());
        }
        note(format!("changing {:?}", letter.old(|l| l.title)), tx).await
    }

    async fn after_update(letter: &Change<Letter>, tx: &Transaction) -> orm::Result<()> {
        note(format!("{:?} is {:?}", letter.old(|l| l.stamps), letter.get(|l| l.stamps)), tx).await
    }

    async fn before_delete(letter: &Letter, tx: &Transaction) -> orm::Result<()> {
        note(format!("burning {}", letter.title), tx).await
    }

    async fn after_delete(letter: &Letter, tx: &Transaction) -> orm::Result<()> {
        let left = Letter::objects().filter(|l| l.id.eq(letter.id)).count(tx).await?;
        note(format!("burned {}, {left} left", letter.title), tx).await
    }
}

impl Hooks for Reply {
    /// One statement for all of them.
    async fn after_create_many(replies: &[Reply], tx: &Transaction) -> orm::Result<()> {
        note(format!("{} replies", replies.len()), tx).await
    }
}

async fn tables(bed: &Bed) -> orm::Result<()> {
    orm::migrate::create_tables(&bed.db, &[press()]).await
}

/// What was noted, and forgets it.
async fn noted(db: &Database) -> orm::Result<Vec<String>> {
    let texts = Entry::objects().values(|e| e.text).all(db).await?;
    Entry::objects().delete_unchecked(db).await?;
    Ok(texts)
}

behaviour! {
    async fn one_row_is_made_changed_and_deleted(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let letter = Letter::draft().title("Dear Ada").create(db).await?;
        assert_eq!(letter.slug, "dear ada");
        assert_eq!(noted(db).await?, ["making Dear Ada, Some(0) stamps", "made Dear Ada as dear ada"]);
        let mut edit = letter.edit();
        edit.stamps = 2;
        edit.title = "Dear Grace".into();
        let letter = edit.save(db).await?;
        assert_eq!(letter.slug, "dear grace");
        assert_eq!(noted(db).await?, [r#"changing Some("Dear Ada")"#, "Some(0) is Some(2)"]);
        let letter = letter.edit().save(db).await?; // nothing has changed
        assert_eq!(noted(db).await?, [""; 0]);
        assert_eq!(letter.delete(db).await?.total, 1);
        assert_eq!(noted(db).await?, ["burning Dear Grace", "burned Dear Grace, 0 left"]);
        Ok(())
    }

    async fn an_error_undoes_all_of_it(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        for (title, code) in [("Refused", Code::Own("letter.refused")), ("Broken", Code::Own("letter.broken"))] {
            assert_eq!(Letter::draft().title(title).create(db).await.unwrap_err().code(), code);
        }
        assert_eq!(noted(db).await?, [""; 0]);
        Letter::draft().title("One").create(db).await?;
        noted(db).await?;
        // The database refuses after the hook has written; inside a transaction, only that much is undone.
        db.transaction(async |tx| {
            let again = Letter::draft().title("One").create(tx).await.unwrap_err();
            assert_eq!((again.code(), again.fields()), (Code::UniqueViolation, &["title".to_owned()][..]));
            Letter::draft().title("Two").create(tx).await.map(drop)
        })
        .await?;
        assert_eq!(noted(db).await?, ["making Two, Some(0) stamps", "made Two as two"]);
        let long = Letter::draft().title("x".repeat(41)).create(db).await.unwrap_err();
        assert_eq!((long.fields(), noted(db).await?.len()), (&["title".to_owned(), "slug".to_owned()][..], 0));
        Ok(())
    }

    async fn many_rows_have_the_same_hooks(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let mut letters = Letter::objects().bulk_create(["A", "B"].map(|title| Letter::draft().title(title)), db).await?;
        assert_eq!(letters.iter().map(|letter| letter.slug.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(noted(db).await?.len(), 4);
        assert_eq!(Letter::objects().bulk_insert([Letter::draft().title("C")], db).await?, 1);
        assert_eq!(noted(db).await?.len(), 2);
        letters[1].stamps = 7;
        letters[1].title = "Z".into(); // not among the fields
        assert_eq!(Letter::objects().bulk_update(&letters, |l| l.stamps, db).await?, 2);
        assert_eq!(noted(db).await?, [
            r#"changing Some("A")"#, r#"changing Some("B")"#, "Some(0) is Some(0)", "Some(0) is Some(7)",
        ]);
        // What the hook sets has to be written as well.
        let error = Letter::objects().bulk_update(&letters, |l| l.title, db).await.unwrap_err();
        assert_eq!((error.code(), error.fields()), (Code::BadQuery, &["slug".to_owned()][..]));
        assert_eq!(Letter::objects().bulk_update(&letters, |l| (l.title, l.slug), db).await?, 2);
        assert_eq!(Letter::get(letters[1].id, db).await?.slug, "z");
        noted(db).await?;
        let replies = [Reply::draft().letter(&letters[0]), Reply::draft().letter(&letters[0])];
        assert_eq!(Reply::objects().bulk_insert(replies, db).await?, 2);
        assert_eq!(noted(db).await?, ["2 replies"]);
        // A deletion reads its rows; what it would take along has hooks of its own.
        let error = Letter::objects().delete(db).await.unwrap_err();
        assert_eq!((error.code(), error.model()), (Code::Unhooked, Some("Reply")));
        assert_eq!((Letter::objects().count(db).await?, noted(db).await?.len()), (3, 0));
        Reply::objects().delete(db).await?;
        assert_eq!(Letter::objects().filter(|l| l.title.ne("C")).delete(db).await?.total, 2);
        assert_eq!(noted(db).await?, ["burning A", "burning Z", "burned A, 0 left", "burned Z, 0 left"]);
        assert_eq!(Letter::objects().filter(|l| l.title.eq("nobody")).delete(db).await?.total, 0);
        Ok(())
    }

    async fn nothing_passes_them_by(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let letter = Letter::draft().title("A").create(db).await?;
        let tray = Tray::draft().create(db).await?;
        noted(db).await?;
        bed.log.clear();
        let draft = || Letter::draft().title("A");
        let by_name = dynamic::Catalog::new().app(press()).writable(["press.Letter"])?;
        let created = dynamic::Create::of("press.Letter").row(json!({"title": "B"}));
        let deleted = dynamic::Query::of("press.Letter");
        let codes = [
            Letter::objects().update(|l| l.stamps.set(1), db).await.unwrap_err().code(),
            Letter::objects().delete_unchecked(db).await.unwrap_err().code(),
            Letter::objects().bulk_insert_ignore([draft()], db).await.unwrap_err().code(),
            Letter::objects().bulk_upsert([draft()], |l| l.title, db).await.unwrap_err().code(),
            draft().upsert(|l| l.title, db).await.unwrap_err().code(),
            draft().update_or_create(|l| l.title, db).await.unwrap_err().code(),
            by_name.check_change(&created.into()).unwrap_err().code(),
            by_name.check_change(&dynamic::Change::Delete(deleted)).unwrap_err().code(),
        ];
        assert_eq!(codes, [Code::Unhooked; 8]);
        bed.log.assert_queries(0);
        assert_eq!(tray.many(|t| t.letters).add([&letter], db).await.unwrap_err().code(), Code::Unhooked);
        // It is said.
        assert_eq!(Letter::objects().skip_hooks().update(|l| l.stamps.set(1), db).await?, 1);
        assert_eq!(Letter::objects().skip_hooks().bulk_insert([draft().title("D")], db).await?, 1);
        assert_eq!(draft().title("E").skip_hooks().upsert(Letter::unique_keys().title, db).await?.slug, "");
        let mut edit = letter.edit().skip_hooks();
        edit.stamps = 9;
        let letter = edit.save(db).await?;
        Reply::draft().letter(&letter).skip_hooks().create(db).await?;
        assert_eq!(Letter::objects().skip_hooks().delete(db).await?.total, 4);
        assert_eq!(noted(db).await?, [""; 0]);
        Ok(())
    }

    async fn get_or_create_makes_with_hooks(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let (letter, new) = Letter::draft().title("A").get_or_create(|l| l.title, db).await?;
        assert_eq!((letter.slug.as_str(), new, noted(db).await?.len()), ("a", true, 2));
        let (again, new) = Letter::draft().title("A").get_or_create(|l| l.title, db).await?;
        assert_eq!((again.id, new, noted(db).await?.len()), (letter.id, false, 0));
        let tasks = (0..8).map(|_| {
            let db = db.clone();
            tokio::spawn(async move { Letter::draft().title("Race").get_or_create(|l| l.title, &db).await })
        });
        let mut made = 0;
        for task in tasks.collect::<Vec<_>>() {
            match task.await.unwrap() {
                Ok((_, new)) => made += usize::from(new),
                // Two writers in one gap of MariaDB's index.
                Err(error) => assert_eq!(error.code(), Code::Deadlock),
            }
        }
        assert_eq!((made, Letter::objects().filter(|l| l.title.eq("Race")).count(db).await?), (1, 1));
        assert_eq!(noted(db).await?, ["making Race, Some(0) stamps", "made Race as race"]);
        Ok(())
    }

    async fn either_kind_of_executor_can_do_something_as_a_whole(bed) {
        tables(&bed).await?;
        async fn pair(second: &'static str, ex: &impl Executor) -> orm::Result<i64> {
            ex.atomic(move |tx| {
                Box::pin(async move {
                    Entry::draft().text("first").create(tx).await?;
                    if second.is_empty() {
                        return Err(Error::new(Code::MissingValue, "no second"));
                    }
                    Ok(Entry::draft().text(second).create(tx).await?.id)
                })
            })
            .await
        }
        assert_eq!(pair("", &bed.db).await.unwrap_err().code(), Code::MissingValue);
        assert_eq!(noted(&bed.db).await?, [""; 0]);
        pair("second", &bed.db).await?;
        bed.db
            .transaction(async |tx| {
                assert_eq!(pair("", tx).await.unwrap_err().code(), Code::MissingValue);
                pair("third", tx).await
            })
            .await?;
        assert_eq!(noted(&bed.db).await?, ["first", "second", "first", "third"]);
        Ok(())
    }
}
