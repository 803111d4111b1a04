//! One row by its key from an SQLite file, from a task of a multi-thread runtime: this library and its peers, in turns.

mod read;

use std::time::{Duration, Instant};

/// Reads in one turn, and turns of each.
const READS: i64 = 2_000;
const TURNS: usize = 41;

/// The way of each library.
const WAYS: [&str; 6] =
    ["Diesel, blocking", "orm", "orm, by text", "sqlx", "SeaORM", "diesel-async's SyncConnectionWrapper"];

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let folder = std::env::temp_dir().join(format!("orm-peers-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    let path = folder.join("books.db").display().to_string();
    let all = read::All::open(&path).await;
    // On a worker of the runtime, as a handler would be.
    let times = tokio::spawn(turns(all)).await.expect("the task ends");
    std::fs::remove_dir_all(&folder).expect("the folder can be removed");

    println!("| What | One read | Ratio |\n|---|---|---|");
    let raw = median(&times[0]);
    for (way, times) in WAYS.iter().zip(&times) {
        let one = median(times) / READS as u32;
        println!("| {way} | {one:.2?} | {:.1} |", median(times).as_secs_f64() / raw.as_secs_f64());
    }
}

async fn turns(mut all: read::All) -> [Vec<Duration>; WAYS.len()] {
    let mut times = [const { Vec::new() }; WAYS.len()];
    for turn in 0..TURNS {
        for (way, times) in times.iter_mut().enumerate() {
            let start = Instant::now();
            let mut views = 0;
            for i in 0..READS {
                views += all.one(way, i * 7 % 10_000 + 1).await;
            }
            let took = start.elapsed();
            assert!(views > 0);
            // The first turn fills caches.
            if turn > 0 {
                times.push(took);
            }
        }
    }
    times
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times[times.len() / 2]
}
