//! Several ways of reading one row, measured in turns from a task of a multi-thread runtime.

use std::time::{Duration, Instant};

/// Reads in one turn, and turns of each.
const READS: i64 = 2_000;
const TURNS: usize = 41;

/// The ways of reading the book of a key.
pub trait Ways: Send + Sized + 'static {
    /// What they are called. The first is the one that the others are compared with.
    const NAMES: &[&str];

    /// Opens the database file, and makes it.
    fn open(path: &str) -> impl Future<Output = Self>;

    /// Reads the book in the way of this number, and gives its views.
    fn one(&mut self, way: usize, id: i64) -> impl Future<Output = i64> + Send;
}

/// Measures, and prints the table.
pub async fn compare<W: Ways>() {
    let folder = std::env::temp_dir().join(format!("orm-peers-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    let all = W::open(&folder.join("books.db").display().to_string()).await;
    // On a worker of the runtime, as a handler would be.
    let times = tokio::spawn(turns(all)).await.expect("the task ends");
    std::fs::remove_dir_all(&folder).expect("the folder can be removed");

    println!("| What | One read | Ratio |\n|---|---|---|");
    let raw = median(&times[0]);
    for (way, times) in W::NAMES.iter().zip(&times) {
        let one = median(times) / READS as u32;
        println!("| {way} | {one:.2?} | {:.1} |", median(times).as_secs_f64() / raw.as_secs_f64());
    }
}

async fn turns<W: Ways>(mut all: W) -> Vec<Vec<Duration>> {
    let mut times = vec![Vec::new(); W::NAMES.len()];
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
