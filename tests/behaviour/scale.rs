//! Rows written in batches and read as a stream, as fixtures too, in memory that does not grow with them: a million of them where `ORM_SCALE`
//! is set.

use crate::bed::{Backend, behaviour};
use crate::writes::press::{Tag, press};
use orm::{
    fixtures::{Dump, Format, Load},
    prelude::*,
};
use std::{
    fs::File,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// How many rows, and how many of them are written at a time.
fn sizes() -> (usize, usize) {
    if std::env::var_os("ORM_SCALE").is_some() { (1_000_000, 50_000) } else { (10_000, 5_000) }
}

/// The memory that the process holds, in MiB.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4 / 1024
}

async fn fill(db: &Database) -> orm::Result<usize> {
    let (all, batch) = sizes();
    orm::migrate::create_tables(db, &[press()]).await?;
    for from in (0..all).step_by(batch) {
        let tag = |number: usize| Tag::draft().slug(format!("tag-{number}")).name("One of many");
        Tag::objects().bulk_insert((from..from + batch).map(tag), db).await?;
    }
    Ok(all)
}

/// What is called as rows pass, and the most memory that it saw.
fn watched() -> (impl Fn(u64) + Send + Sync + 'static, Arc<AtomicUsize>) {
    let most = Arc::new(AtomicUsize::new(0));
    let seen = most.clone();
    let look = move |rows: u64| {
        if rows.is_multiple_of(2_000) {
            seen.fetch_max(resident(), Ordering::Relaxed);
        }
    };
    (look, most)
}

behaviour! {
    async fn rows_stream_in_little_memory(bed) {
        let db = &bed.db;
        let all = fill(db).await?;
        let (before, mut most, mut rows, mut last) = (resident(), 0, 0, 0);
        let mut stream = Tag::objects().order_by(|t| t.id.asc()).stream(db);
        while let Some(tag) = stream.try_next().await? {
            assert!(tag.id > last);
            (last, rows) = (tag.id, rows + 1);
            if rows % 2_000 == 0 {
                most = most.max(resident());
            }
        }
        println!("{:?}: {before} MiB before, {most} MiB at most while {rows} rows came", bed.backend);
        assert_eq!(rows, all);
        assert!(most < before + 32, "{before} MiB before, {most} MiB while the rows came");
        // Rows without keys as well, where the server has cursors for them.
        if bed.backend == Backend::Postgres {
            let (before, mut most, mut rows) = (resident(), 0, 0);
            let mut stream = Tag::objects().group_by(|t| t.slug).annotate(|_| count()).stream_by(2_000, db);
            while let Some((_, number)) = stream.try_next().await? {
                rows += number;
                if rows % 2_000 == 0 {
                    most = most.max(resident());
                }
            }
            println!("{:?}: {before} MiB before, {most} MiB at most while {rows} groups came", bed.backend);
            assert_eq!(rows, all as i64);
            assert!(most < before + 32, "{before} MiB before, {most} MiB while the groups came");
        }
        Ok(())
    }
    async fn fixtures_are_written_and_read_in_little_memory(bed) {
        if bed.backend == Backend::SqliteMemory {
            return Ok(()); // the rows are in memory, and what a transaction may have to undo
        }
        // The bed's own connections keep each statement in a log.
        let db = &Database::connect(&bed.url).await?;
        let all = fill(db).await? as u64;
        let path = std::env::temp_dir().join(format!("orm_scale_{:?}_{}", bed.backend, std::process::id()));
        for format in [Format::JsonLines, Format::Json] {
            let (before, (look, most)) = (resident(), watched());
            let dump = Dump::of([press()]).only(["press.Tag"])?.on_progress(look);
            let mut file = std::io::BufWriter::new(File::create(&path).unwrap());
            assert_eq!(dump.write(format, &mut file, db).await?, all);
            let dumped = most.load(Ordering::Relaxed);
            println!("{:?}: {before} MiB before, {dumped} MiB at most while {all} rows went into a fixture ({format:?})", bed.backend);
            assert!(0 < dumped && dumped < before + 32, "{before} MiB before, {dumped} MiB while the rows were written");

            db.batch("DELETE FROM press_tag").await?;
            assert_eq!(Tag::objects().count(db).await?, 0);
            let (before, (look, most)) = (resident(), watched());
            let load = Load::of([press()]).on_progress(look);
            assert_eq!(load.read(format, File::open(&path).unwrap(), db).await?.total, all);
            let loaded = most.load(Ordering::Relaxed);
            println!("{:?}: {before} MiB before, {loaded} MiB at most while {all} rows came from a fixture ({format:?})", bed.backend);
            assert!(0 < loaded && loaded < before + 32, "{before} MiB before, {loaded} MiB while the rows were read");
            assert_eq!(Tag::objects().count(db).await?, all);
        }
        std::fs::remove_file(&path).unwrap();
        Ok(())
    }
}
