//! The clock that a test sets, and what is done after the migrations of a program.

use chrono::{DateTime, TimeDelta, Utc};
use library::{Author, Book, Country, Tag};
use orm::{
    Database, Model, Project, Result,
    migrate::{StepFuture, engine::Schema},
    prelude::*,
};
use std::cell::Cell;

thread_local! {
    /// The time of this thread: other tests go by the system's.
    static TIME: Cell<Option<DateTime<Utc>>> = const { Cell::new(None) };
}

#[tokio::test(flavor = "current_thread")]
async fn a_clock_that_is_set_goes_on_by_itself() -> Result<()> {
    orm::set_clock(Some(|| {
        TIME.with(|time| {
            let now = time.get()?;
            time.set(Some(now + TimeDelta::days(1)));
            Some(now)
        })
        .unwrap_or_else(Utc::now)
    }));
    let db = library::empty().await?;
    let uk = Country::draft().code("UK").name("United Kingdom").create(&db).await?;
    let ada = Author::draft().name("Ada").country(&uk).create(&db).await?;
    let draft = |title: &str| Book::draft().title(title).price(Decimal::from(1)).author(&ada);
    TIME.set(Some(DateTime::UNIX_EPOCH));
    let first = draft("One").create(&db).await?;
    assert_eq!(first.created, DateTime::UNIX_EPOCH);
    assert_eq!(draft("Two").create(&db).await?.created, DateTime::UNIX_EPOCH + TimeDelta::days(1));
    // A day passes with each look; what was given is not looked up, and a change is no new row.
    let mut edit = first.edit();
    edit.views = 7;
    assert_eq!(edit.save(&db).await?.created, DateTime::UNIX_EPOCH);
    assert_eq!(orm::clock_time(), DateTime::UNIX_EPOCH + TimeDelta::days(2));
    // Finer than a database keeps is cut off, so that the row equals what is stored.
    let fine = DateTime::UNIX_EPOCH + TimeDelta::nanoseconds(1_999);
    TIME.set(Some(fine));
    let third = draft("Three").create(&db).await?;
    assert_eq!(third.created, DateTime::UNIX_EPOCH + TimeDelta::microseconds(1));
    assert_eq!(Book::get(third.id, &db).await?.created, third.created);
    TIME.set(None);
    orm::set_clock(None::<fn() -> DateTime<Utc>>);
    assert!(draft("Four").create(&db).await?.created > Utc::now() - TimeDelta::minutes(5));
    Ok(())
}

#[cfg(all(feature = "cli", feature = "sqlite"))]
#[test]
fn what_follows_from_the_models_is_done_after_each_migrate() -> Result<()> {
    fn first<'s>(db: &'s Database, state: &'s Schema) -> StepFuture<'s> {
        Box::pin(async move {
            assert!(state.models.is_empty(), "no migration has made any");
            Tag::draft().slug(format!("tag-{}", Tag::objects().count(db).await?)).name("Tag").create(db).await.map(drop)
        })
    }
    fn second<'s>(db: &'s Database, _: &'s Schema) -> StepFuture<'s> {
        Box::pin(async move {
            let last = Tag::objects().order_by(|t| t.id.desc()).first(db).await?;
            assert!(last.is_some_and(|tag| tag.name == "Tag"), "the first has run");
            Tag::objects().update(|t| t.name.set("Told"), db).await.map(drop)
        })
    }
    let file = std::env::temp_dir().join(format!("orm_after_migrate_{}.db", std::process::id()));
    let url = format!("sqlite://{}", file.display());
    let project = || Project::new().app(library::library()).database(&url).after_migrate(first).after_migrate(second);
    let run = |arguments: &[&str]| {
        let mut printed = String::new();
        let arguments = ["manage"].iter().chain(arguments).copied();
        project().run_into(arguments, &mut printed).map(|()| printed)
    };
    let names = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let db = Database::connect(&url).await?;
            let names = Tag::objects().order_by(|t| t.id.asc()).values(|t| (t.slug, t.name)).all(&db).await;
            db.close().await;
            names
        })
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let db = Database::connect(&url).await?;
        orm::migrate::create_tables(&db, &[library::library()]).await?;
        db.close().await;
        Ok::<_, orm::Error>(())
    })?;
    run(&["migrate"])?;
    assert_eq!(names()?, [("tag-0".to_owned(), "Told".to_owned())]);
    // Whether there was something to run or not; but for a look.
    run(&["migrate"])?;
    run(&["migrate", "--plan"])?;
    run(&["showmigrations"])?;
    assert_eq!(names()?.len(), 2);
    std::fs::remove_file(file).unwrap();
    Ok(())
}
