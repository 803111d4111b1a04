//! One row by its key from an SQLite file, from a task of a multi-thread runtime: this library and its peers, in turns.

mod ours;
mod read;
mod turns;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    turns::compare::<read::All>().await;
}
