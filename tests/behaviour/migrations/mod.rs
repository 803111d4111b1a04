//! A change of models on a database full of rows loses none of them: forwards, back, and to zero.

mod adopted;
mod after;
mod ahead;
mod answers;
mod applications;
mod back;
mod before;
mod between;
mod changes;
mod collations;
mod commands;
mod databases;
mod django;
mod django_made;
mod documented;
mod exchanged;
mod exclusions;
mod files;
mod fits;
mod flush;
mod generated;
mod held;
mod history;
mod inspectdb;
mod key_options;
mod keys;
mod kills;
mod live;
mod looked_up;
mod moves;
mod names;
mod others;
mod own_types;
mod parted;
mod parts;
mod renames;
mod rows;
mod ruled;
mod steps;
mod straight;
mod tour;
pub(crate) mod undo;
mod unique_targets;

use crate::bed::{Backend, Bed, behaviour};
use orm::migrate::{
    Migrator,
    engine::{self, MigrationSet, diff::Answers},
    schema,
};
use orm::{App, Database, Model, Result};
use rows::{Table, load, read};

/// What each table keeps through the change: its columns before and after.
const KEPT: &[(Table, Table)] = &[
    (Table("chinook_artist", &["id", "name"]), Table("chinook_artist", &["id", "name"])),
    (Table("chinook_album", &["id", "title", "artist_id"]), Table("chinook_album", &["id", "headline", "artist_id"])),
    (
        Table("chinook_employee", &["id", "last_name", "first_name", "title", "reports_to_id", "hire_date", "email"]),
        Table("chinook_employee", &["id", "last_name", "first_name", "title", "reports_to_id", "hire_date", "email"]),
    ),
    (
        Table("chinook_customer", &["id", "first_name", "last_name", "country", "email", "support_rep_id"]),
        Table("chinook_customer", &["id", "first_name", "last_name", "country", "email", "support_rep_id"]),
    ),
    (Table("chinook_genre", &["id", "name"]), Table("chinook_genre", &["id", "name"])),
    (Table("chinook_mediatype", &["id", "name"]), Table("chinook_mediaformat", &["id", "name"])),
    (
        Table("chinook_track", &["id", "name", "album_id", "media_type_id", "genre_id", "milliseconds", "unit_price"]),
        Table(
            "chinook_track",
            &["id", "name", "album_id", "media_format_id", "genre_id", "milliseconds", "unit_price"],
        ),
    ),
    (Table("chinook_playlist", &["id", "name"]), Table("chinook_playlist", &["id", "name"])),
    (
        Table("chinook_playlist_tracks", &["playlist_id", "track_id"]),
        Table("chinook_playlist_tracks", &["playlist_id", "track_id"]),
    ),
    (
        Table("chinook_invoice", &["id", "customer_id", "invoice_date", "billing_country", "total"]),
        Table("chinook_invoice", &["id", "customer_id", "invoice_date", "billing_country", "total"]),
    ),
    (
        Table("chinook_invoiceline", &["id", "invoice_id", "track_id", "unit_price", "quantity"]),
        Table("chinook_invoiceline", &["id", "invoice_id", "track_id", "unit_price", "quantity"]),
    ),
];

/// Makes the migrations from the set so far to the models of an application.
fn make(set: &mut MigrationSet, app: App, answers: &[(&str, &str)]) -> Result<usize> {
    let failed = |error: engine::Error| orm::Error::new(orm::Code::Migration, error.to_string());
    let mut given = Answers::new();
    for (flag, text) in answers {
        match *flag {
            "--remove" => given.remove(text).map_err(failed)?,
            "--safe" => {}
            _ => given.default(text).map_err(failed)?,
        }
    }
    let mut new = engine::autodetect(set, &schema(&[app])?, &mut given).map_err(failed)?;
    if answers.iter().any(|(flag, _)| *flag == "--safe") {
        new = engine::diff::safe(&set.state().map_err(failed)?, new);
    }
    let count = new.len();
    for migration in new {
        // What is run is what a file would hold.
        let text = migration.to_toml().map_err(failed)?;
        let again = engine::Migration::from_toml(&migration.id.path(), &text).map_err(failed)?;
        assert_eq!(again, migration, "{text}");
        set.add(again).map_err(failed)?;
    }
    Ok(count)
}

async fn kept(db: &Database, later: bool) -> Result<Vec<Vec<Vec<Option<String>>>>> {
    let mut tables = Vec::new();
    for (before, after) in KEPT {
        tables.push(read(db, if later { after } else { before }).await?);
    }
    Ok(tables)
}

pub(crate) async fn one(db: &Database, sql: &str) -> Result<i64> {
    let rows = rows::query(db, sql).await?;
    let number = rows.first().and_then(|row| row.first()).and_then(Option::as_deref).and_then(|text| text.parse().ok());
    Ok(number.unwrap_or(-1))
}

behaviour! {
    async fn a_year_of_changes_keeps_every_row(bed) {
        let Bed { db, .. } = &*bed;
        let mut set = MigrationSet::default();
        assert_eq!(make(&mut set, before::chinook(), &[])?, 1);
        Migrator::with_set(set.clone()).run(db).await?;
        let loaded = load(db).await?;
        assert!(loaded > 1_000, "{loaded} rows");
        let first = kept(db, false).await?;
        let without_composer = one(db, "SELECT COUNT(*) FROM chinook_track WHERE composer IS NULL").await?;
        assert!(without_composer > 0);

        // A removal that nobody has agreed to is refused, and nothing changes.
        let refused = make(&mut set.clone(), after::chinook(), &[]).unwrap_err();
        assert!(refused.message().contains("M021"), "{refused}");

        let made = make(&mut set, after::chinook(), &[("--remove", "chinook.Track.bytes")])?;
        assert!(made >= 1);
        Migrator::with_set(set.clone()).run(db).await?;
        assert_eq!(kept(db, true).await?, first);
        assert_eq!(one(db, "SELECT COUNT(*) FROM chinook_track WHERE composer = ''").await?, without_composer);
        let tracks = one(db, "SELECT COUNT(*) FROM chinook_track").await?;
        assert_eq!(after::Track::objects().filter(|t| t.available).count(db).await? as i64, tracks);
        // The new constraints hold.
        let negative = db.batch("UPDATE chinook_track SET unit_price = -1").await.unwrap_err();
        assert_eq!(negative.code(), orm::Code::CheckViolation, "{negative}");
        let orphan = db.batch("UPDATE chinook_album SET artist_id = 999999").await.unwrap_err();
        assert_eq!(orphan.code(), orm::Code::ForeignKeyViolation, "{orphan}");

        // Nothing more is found, and nothing more is run.
        assert_eq!(make(&mut set, after::chinook(), &[])?, 0);
        assert!(Migrator::with_set(set.clone()).run(db).await?.is_empty());

        let back = Migrator::with_set(set.clone()).to("chinook", Some("0001"))?.run(db).await?;
        assert_eq!(back.len(), made);
        assert_eq!(kept(db, false).await?, first);
        Migrator::with_set(set.clone()).run(db).await?;
        assert_eq!(kept(db, true).await?, first);

        Migrator::with_set(set.clone()).to("chinook", Some("zero"))?.run(db).await?;
        let gone = db.batch("SELECT 1 FROM chinook_track").await.unwrap_err();
        assert_eq!(gone.code(), orm::Code::MissingTable, "{gone}");
        Ok(())
    }

    async fn the_same_changes_written_safely_keep_every_row(bed) {
        let Bed { db, .. } = &*bed;
        let mut set = MigrationSet::default();
        make(&mut set, before::chinook(), &[])?;
        Migrator::with_set(set.clone()).run(db).await?;
        load(db).await?;
        let first = kept(db, false).await?;
        let made = make(&mut set, after::chinook(), &[("--remove", "chinook.Track.bytes"), ("--safe", "")])?;
        assert!(made > 2, "{made} migrations");
        assert!(set.iter().any(|migration| !migration.atomic));
        Migrator::with_set(set.clone()).run(db).await?;
        assert_eq!(kept(db, true).await?, first);
        assert_eq!(make(&mut set, after::chinook(), &[])?, 0);
        Migrator::with_set(set.clone()).to("chinook", Some("0001"))?.run(db).await?;
        assert_eq!(kept(db, false).await?, first);
        Migrator::with_set(set).to("chinook", Some("zero"))?.run(db).await?;
        Ok(())
    }

    async fn two_migrators_at_once_take_turns(bed) {
        let Bed { db, url, .. } = &*bed;
        let mut set = MigrationSet::default();
        make(&mut set, before::chinook(), &[])?;
        make(&mut set, after::chinook(), &[("--remove", "chinook.Track.bytes")])?;
        // A database in memory has one connection only, which is another way to take turns.
        let other = if url.contains(":memory:") { db.clone() } else { Database::connect(url.clone()).await? };
        let run = |db: &Database| {
            let (db, set) = (db.clone(), set.clone());
            tokio::spawn(async move { Migrator::with_set(set).run(&db).await })
        };
        let (first, second) = (run(db), run(&other));
        let ran = |task: std::result::Result<Result<Vec<_>>, tokio::task::JoinError>| task.unwrap().map(|ran| ran.len());
        let total = ran(first.await)? + ran(second.await)?;
        assert_eq!(total, set.iter().count());
        assert!(Migrator::with_set(set).plan(db).await?.is_empty());
        other.close().await;
        Ok(())
    }

    async fn who_waits_for_another_migrator_holds_nobody_up(bed) {
        let Bed { url, backend, .. } = &*bed;
        if *backend != Backend::SqliteFile {
            return Ok(()); // servers are asked for the lock as for anything else
        }
        let mut set = MigrationSet::default();
        make(&mut set, before::chinook(), &[])?;
        let path = url.strip_prefix("sqlite://").unwrap();
        let lock = std::fs::File::create(format!("{path}-migrating")).unwrap();
        lock.lock().unwrap();
        let url = url.clone();
        // One thread for all tasks.
        let waited = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let db = Database::connect(url).await.unwrap();
                let migrating = tokio::spawn(async move { Migrator::with_set(set).run(&db).await });
                for _ in 0..20 {
                    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                }
                assert!(!migrating.is_finished());
                lock.unlock().unwrap();
                migrating.await.unwrap().unwrap().len()
            })
        });
        // Where waiting held the thread up, the lock would not be given back.
        assert_eq!(waited.join().unwrap(), 1);
        Ok(())
    }
}
