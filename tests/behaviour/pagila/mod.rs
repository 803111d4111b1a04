//! What Django answers on the Pagila database, with its arrays, enums, search vectors, views and circles: a database that was taken
//! over, in this library's own words.
//!
//! The pack is the folder that `ORM_ORACLE` names; without it the test says NOT RUN.

pub mod dump;
mod models;
mod questions;

use crate::{bed::behaviour, pack::Pack};
use std::path::Path;

behaviour! {
    async fn what_django_answers_on_pagila(bed, requires(PostgresTypes)) {
        let Ok(folder) = std::env::var("ORM_ORACLE") else {
            println!("NOT RUN: ORM_ORACLE names no folder");
            return Ok(());
        };
        let folder = Path::new(&folder);
        dump::load(&bed.db, &folder.join("data").join("pagila_jooq.sql")).await?;
        bed.log.clear();
        let mut pack = Pack::read(folder, "pagila_jooq");
        Box::pin(questions::ask(&bed, &mut pack)).await?;
        pack.finish(&[]);
        Ok(())
    }
}
