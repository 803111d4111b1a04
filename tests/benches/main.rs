//! This library beside Diesel, with the same SQL, in one process: `cargo bench -p orm-tests`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, unreachable_pub)]

mod bulk;
mod compare;
#[path = "../../migrations-engine/tests/many.rs"]
mod many;
mod migrations;
mod models;
mod postgres;
mod sqlite;

use criterion::Criterion;
use orm::migrate::engine;
use std::time::Duration;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(30)
        .configure_from_args();
    sqlite::benches(&mut criterion);
    postgres::benches(&mut criterion);
    bulk::benches();
    migrations::benches();
    criterion.final_summary();
    compare::report();
}
