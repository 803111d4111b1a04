//! Rows written in batches and read as a stream, in memory that does not grow with them: a million of them where `ORM_SCALE` is set.

use crate::bed::{Backend, behaviour};
use crate::writes::press::{Tag, press};
use orm::prelude::*;

/// How many rows, and how many of them are written at a time.
fn sizes() -> (usize, usize) {
    if std::env::var_os("ORM_SCALE").is_some() { (1_000_000, 50_000) } else { (10_000, 5_000) }
}

/// The memory that the process holds, in MiB.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4 / 1024
}

behaviour! {
    async fn rows_stream_in_little_memory(bed) {
        let (db, (all, batch)) = (&bed.db, sizes());
        orm::migrate::create_tables(db, &[press()]).await?;
        for from in (0..all).step_by(batch) {
            let tag = |number: usize| Tag::draft().slug(format!("tag-{number}")).name("One of many");
            Tag::objects().bulk_insert((from..from + batch).map(tag), db).await?;
        }
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
}
