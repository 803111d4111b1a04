//! One row by its key from an SQLite file, from a task of a multi-thread runtime: this library and Toasty, in turns.

#[path = "../../src/ours.rs"]
mod ours;
#[path = "../../src/turns.rs"]
mod turns;

use ours::Ours;
use turns::Ways;

#[derive(Debug, toasty::Model)]
#[table = "shelf_book"]
#[allow(dead_code, reason = "one column is looked at")]
struct Shelved {
    #[key]
    id: i64,
    title: String,
    views: i64,
}

/// A connection, or pool, of each library to one file.
struct All {
    ours: Ours,
    toasty: toasty::Db,
}

impl Ways for All {
    const NAMES: &[&str] = &["Diesel, blocking", "orm", "orm, by text", "Toasty"];

    async fn open(path: &str) -> All {
        let ours = Ours::open(path).await;
        let mut toasty = toasty::Db::builder();
        let toasty = toasty.models(toasty::models!(Shelved)).connect(&format!("sqlite:{path}")).await;
        All { ours, toasty: toasty.expect("Toasty connects") }
    }

    async fn one(&mut self, way: usize, id: i64) -> i64 {
        match way {
            0..=2 => self.ours.one(way, id).await,
            _ => Shelved::get_by_id(&mut self.toasty, &id).await.expect("a row").views,
        }
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    turns::compare::<All>().await;
}
