//! `#[field(version)]`: nobody's change is written over unseen.

use crate::bed::{Bed, behaviour};
use orm::{
    Code, Dialect, Error,
    dynamic::{Catalog, Change, Query, Update, UpdateEach},
    prelude::*,
};
use serde_json::json;

orm::app! { pub wiki { Page, Link, Tally } }

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Page {
    pub id: i64,
    #[field(max_length = 40, unique)]
    pub title: String,
    #[field(default = || String::new())]
    pub text: String,
    pub parent: Option<ForeignKey<Page>>,
    #[field(version)]
    pub version: i32,
    pub links: HasMany<Link>,
}

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Link {
    pub id: i64,
    #[field(on_delete = set_null)]
    pub page: Option<ForeignKey<Page>>,
    #[field(version)]
    pub version: i64,
}

/// One whose version is nearly used up, and which nothing points to.
#[derive(Model, Debug, Clone, PartialEq)]
pub struct Tally {
    pub id: i64,
    #[field(default = 0)]
    pub count: i32,
    #[field(version)]
    pub version: i16,
}

async fn tables(bed: &Bed) -> orm::Result<()> {
    orm::migrate::create_tables(&bed.db, &[wiki()]).await
}

fn is_stale<T: std::fmt::Debug>(done: orm::Result<T>) -> Error {
    let error = done.unwrap_err();
    assert_eq!((error.code(), error.fields()), (Code::Stale, &["version".to_owned()][..]), "{error:?}");
    error
}

behaviour! {
    async fn an_edit_is_written_as_it_was_read_or_not_at_all(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let page = Page::draft().title("Home").create(db).await?;
        assert_eq!(page.version, 1);
        let (mut mine, mut other) = (page.clone().edit(), page.clone().edit());
        mine.text = "mine".into();
        other.text = "other".into();
        bed.log.clear();
        let mine = mine.save(db).await?;
        let statements = bed.log.statements();
        assert_eq!((mine.version, statements[0].sql.contains("version")), (2, true));
        bed.log.clear();
        let error = is_stale(other.save(db).await);
        assert_eq!(error.model(), Some("Page"));
        // The update, and why it found nothing. SQLite does short writes on the caller's thread, which has no time for the second and
        // begins anew elsewhere; and on a busy machine none is short.
        let run = bed.log.statements().len();
        assert!(run == 2 || (run == 3 && db.dialect() == Dialect::Sqlite), "{:?}", bed.log.statements());
        assert_eq!(Page::get(page.id, db).await?.text, "mine");
        // What says nothing new asks nothing.
        bed.log.clear();
        assert_eq!(page.clone().edit().save(db).await?.version, 1);
        bed.log.assert_queries(0);
        // One that is gone is another thing.
        let mut gone = mine.clone().edit();
        gone.text = "late".into();
        mine.delete(db).await?;
        assert_eq!(gone.save(db).await.unwrap_err().code(), Code::NotFound);
        Ok(())
    }

    async fn every_way_of_changing_counts(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let home = Page::draft().title("Home").create(db).await?;
        let about = Page::draft().title("About").create(db).await?;
        let version = async |id: i64| Page::get(id, db).await.map(|page| page.version);

        assert_eq!(Page::objects().update(|p| p.text.set(p.title), db).await?, 2);
        assert_eq!((version(home.id).await?, version(about.id).await?), (2, 2));
        let subset = Page::objects().filter(|p| p.title.eq("Home")).limit(1);
        subset.update(|p| (p.text.set("x".to_owned()), p.parent.set_null()), db).await?;
        assert_eq!((version(home.id).await?, version(about.id).await?), (3, 2));

        // Upserts write over what is there, and count what they change.
        Page::draft().title("Home").text("y").upsert(|p| p.title, db).await?;
        Page::draft().title("Home").text("z").update_or_create(|p| p.title, db).await?;
        Page::draft().title("Home").get_or_create(|p| p.title, db).await?;
        Page::draft().title("Home").upsert(|p| p.title, db).await?;
        assert_eq!(version(home.id).await?, 5);
        let drafts = [Page::draft().title("Home").text("1"), Page::draft().title("New").text("1")];
        Page::objects().bulk_upsert(drafts, |p| p.title, db).await?;
        assert_eq!((version(home.id).await?, Page::objects().count(db).await?), (6, 3));

        // So does a key that is set to NULL because its row goes.
        let link = Link::draft().page(&about).create(db).await?;
        let about = Page::get(about.id, db).await?;
        about.delete(db).await?;
        let unlinked = Link::get(link.id, db).await?;
        assert_eq!((unlinked.page, unlinked.version), (None, 2));
        Ok(())
    }

    async fn many_rows_are_written_as_they_were_read_or_none(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        for many in [3, 700] {
            Page::objects().delete(db).await?;
            let drafts = (0..many).map(|n| Page::draft().title(format!("Page {n}")));
            Page::objects().bulk_insert(drafts, db).await?;
            let mut pages = Page::objects().order_by(|p| p.id.asc()).all(db).await?;
            pages.iter_mut().for_each(|page| page.text = "first".into());
            assert_eq!(Page::objects().bulk_update(&pages, |p| p.text, db).await?, many);
            // They have another version by now.
            pages.iter_mut().for_each(|page| page.text = "again".into());
            is_stale(Page::objects().bulk_update(&pages, |p| p.text, db).await);
            assert_eq!(Page::objects().filter(|p| p.text.eq("first") & p.version.eq(2)).count(db).await?, many);
            // One of them is enough, and one that is gone.
            let mut pages = Page::objects().order_by(|p| p.id.asc()).all(db).await?;
            Page::objects().filter(|p| p.id.eq(pages[1].id)).update(|p| p.text.set("other".to_owned()), db).await?;
            pages.iter_mut().for_each(|page| page.text = "late".into());
            is_stale(Page::objects().bulk_update(&pages, |p| p.text, db).await);
            is_stale(Page::objects().bulk_update(&pages[1..2], |p| p.text, db).await);
            assert_eq!(Page::objects().filter(|p| p.text.eq("late")).count(db).await?, 0);
            let error = Page::objects().bulk_update(&pages, |p| p.version, db).await.unwrap_err();
            assert_eq!(error.code(), Code::NotEditable);
        }
        Ok(())
    }

    async fn a_deletion_says_what_it_has_seen(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let page = Page::draft().title("Home").create(db).await?;
        let mut edit = page.clone().edit();
        edit.text = "kept".into();
        let now = edit.save(db).await?;
        is_stale(page.delete(db).await);
        assert_eq!(now.delete(db).await?.total, 1);
        assert_eq!(now.delete(db).await?.total, 0); // gone already, as it is to be
        let tally = Tally::draft().create(db).await?;
        Tally::objects().update(|t| t.count.set(2), db).await?;
        is_stale(tally.delete(db).await);
        assert_eq!(Tally::objects().delete(db).await?.total, 1);
        Ok(())
    }

    async fn a_version_counts_by_itself(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let page = Page::draft().title("Home").create(db).await?;
        let mut edit = page.clone().edit();
        edit.version = 7;
        let error = edit.save(db).await.unwrap_err();
        assert_eq!((error.code(), error.hint().is_some()), (Code::NotEditable, true));
        let error = Page::objects().update(|p| p.version.set(7), db).await.unwrap_err();
        assert_eq!((error.code(), error.fields()), (Code::NotEditable, &["version".to_owned()][..]));
        let error = page.clone().edit().apply([("version", "7")]).unwrap_err();
        assert_eq!(error.validation()[0].code, Code::NotEditable);
        // A draft may say where it begins: rows from elsewhere have been changed already.
        let old = Page::draft().title("Old").version(41).create(db).await?;
        assert_eq!(old.version, 41);
        // The largest has no next.
        let tally = Tally::draft().version(i16::MAX).create(db).await?;
        let mut edit = tally.clone().edit();
        edit.count = 1;
        let code = edit.save(db).await.unwrap_err().code();
        assert_eq!(code, Code::OutOfRange);
        let code = Tally::objects().bulk_update([&tally], |t| t.count, db).await.unwrap_err().code();
        assert_eq!(code, Code::OutOfRange);
        let more = [Tally::draft().create(db).await?, tally.clone()];
        assert_eq!(Tally::objects().bulk_update(&more, |t| t.count, db).await.unwrap_err().code(), Code::OutOfRange);
        assert_eq!(Tally::get(tally.id, db).await?, tally);
        Ok(())
    }

    async fn by_name_too(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let page = Page::draft().title("Home").create(db).await?;
        let catalog = Catalog::new().app(wiki()).writable(["wiki.Page"])?;
        let update = |row: serde_json::Value| -> orm::Result<_> {
            catalog.check_change(&Change::UpdateEach(UpdateEach::of("wiki.Page").row(row)))
        };
        // With the version that was read, or without one.
        let read = json!({"id": page.id, "version": 1, "text": "read"});
        update(read.clone())?.run(db).await?;
        is_stale(update(read)?.run(db).await);
        update(json!({"id": page.id, "text": "blind"}))?.run(db).await?;
        assert_eq!(update(json!({"id": page.id, "version": 3}))?.run(db).await?.total, 0);
        let page = Page::get(page.id, db).await?;
        assert_eq!((page.text.as_str(), page.version), ("blind", 3));
        let change = Update::of(Query::of("wiki.Page").filter("title", "Home")).set("version", 9);
        assert_eq!(catalog.check_change(&change.into()).unwrap_err().code(), Code::NotEditable);
        let change = Update::of(Query::of("wiki.Page").filter("title", "Home")).set("text", "all");
        catalog.check_change(&change.into())?.run(db).await?;
        assert_eq!(Page::get(page.id, db).await?.version, 4);
        Ok(())
    }

    async fn at_once_every_change_is_made_once(bed) {
        tables(&bed).await?;
        let tally = Tally::draft().create(&bed.db).await?;
        let mut tasks = Vec::new();
        for _ in 0..8 {
            let (db, id) = (bed.db.clone(), tally.id);
            tasks.push(tokio::spawn(async move {
                let mut done = 0;
                while done < 5 {
                    let mut edit = Tally::get(id, &db).await?.edit();
                    edit.count += 1;
                    match edit.save(&db).await {
                        Ok(_) => done += 1,
                        Err(error) if error.code() == Code::Stale => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(())
            }));
        }
        for task in tasks {
            task.await.unwrap()?;
        }
        let tally = Tally::get(tally.id, &bed.db).await?;
        assert_eq!((tally.count, tally.version), (40, 41));
        Ok(())
    }
}
