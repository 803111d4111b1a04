//! The examples of `docs/models.md` about rows that count, and of `docs/writes.md` about hooks.

use crate::bed::behaviour;
use orm::{Change, Code, Hooks, prelude::*};

orm::app! { pub letters { Letter, Event } }

#[derive(Model, Debug, Clone)]
#[model(filter = |l| l.deleted.is_null(), hooks)]
pub struct Letter {
    pub id: i64,
    #[field(max_length = 100)]
    pub title: String,
    #[field(max_length = 100, default = || "".to_owned())]
    pub slug: String,
    #[field(default = 0)]
    pub pages: i32,
    pub deleted: Option<DateTime<Utc>>,
}

#[derive(Model, Debug, Clone)]
pub struct Event {
    pub id: i64,
    pub text: String,
}

impl Letter {
    /// A query with a name.
    pub fn about(word: &str) -> QuerySet<Letter> {
        Letter::objects().filter(|l| l.title.icontains(word))
    }
}

/// Names that go on from any query.
pub trait Letters {
    fn long(self) -> Self;
}

impl Letters for QuerySet<Letter> {
    fn long(self) -> Self {
        self.filter(|l| l.pages.gt(10))
    }
}

impl Hooks for Letter {
    async fn before_create(letter: &mut Change<Letter>, _: &Transaction) -> orm::Result<()> {
        if let Some(title) = letter.get(|l| l.title) {
            letter.set(|l| l.slug, title.to_lowercase().replace(' ', "-"));
        }
        Ok(())
    }

    async fn after_update(letter: &Change<Letter>, tx: &Transaction) -> orm::Result<()> {
        if letter.changed(|l| l.title) {
            let (old, new) = (letter.old(|l| l.title), letter.get(|l| l.title));
            Event::draft().text(format!("{old:?} became {new:?}")).create(tx).await?;
            tx.on_commit(async || println!("told the readers")); // nothing is told that is rolled back
        }
        Ok(())
    }
}

behaviour! {
    async fn rows_that_count(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[letters()]).await?;
        Letter::draft().title("Dear Ada").deleted(Utc::now()).create(db).await?;
        Letter::draft().title("To Ada").pages(12).create(db).await?;

        assert_eq!(Letter::objects().count(db).await?, 1);
        assert_eq!(Letter::unfiltered().count(db).await?, 2);
        assert_eq!(Letter::about("ada").long().count(db).await?, 1);
        Ok(())
    }

    async fn around_writes(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[letters()]).await?;

        let letter = Letter::draft().title("Dear Ada").create(db).await?;
        assert_eq!(letter.slug, "dear-ada");
        let mut letter = letter.edit();
        letter.title = "Dear Grace".to_owned();
        letter.save(db).await?;
        assert_eq!(Event::objects().get(db).await?.text, r#"Some("Dear Ada") became Some("Dear Grace")"#);

        // What would pass them by is refused, or said.
        let refused = Letter::objects().update(|l| l.pages.set(1), db).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unhooked);
        Letter::objects().skip_hooks().update(|l| l.pages.set(1), db).await?;
        Ok(())
    }
}
