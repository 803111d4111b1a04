//! This library's side of the comparison with Django: it does what each line asks for, and answers with the nanoseconds
//! that passed, and those that its threads spent on a processor.

use orm::prelude::*;
use std::{
    io::{BufRead, Write},
    time::Instant,
};

orm::app! { pub shelf { Author, Book } }

#[derive(Model, Debug, Clone)]
pub struct Author {
    pub id: i64,
    #[field(max_length = 100)]
    pub name: String,
    pub books: HasMany<Book>,
}

#[derive(Model, Debug, Clone)]
pub struct Book {
    pub id: i64,
    #[field(max_length = 200)]
    pub title: String,
    pub views: i64,
    pub author: ForeignKey<Author>,
}

fn drafts(rows: i64) -> impl Iterator<Item = impl orm::write::IntoDraftRow<Book>> {
    (0..rows).map(|row| Book::draft().title(format!("title {row}")).views(row).author(row % 1_000 + 1))
}

/// Does it, and says how many rows it was.
async fn run(what: &str, changed: &[Book], db: &Database) -> orm::Result<usize> {
    Ok(match what {
        "create" => Book::objects().bulk_create(drafts(100_000), db).await?.len(),
        "insert" => Book::objects().bulk_insert(drafts(100_000), db).await? as usize,
        "update" => Book::objects().bulk_update(changed, |b| (b.title, b.views), db).await? as usize,
        "read" => Book::objects().filter(|b| b.id.lte(10_000)).all(db).await?.len(),
        "prefetch" => {
            let authors = Author::objects().filter(|a| a.id.lte(100)).prefetch(|a| a.books).all(db).await?;
            let mut books = 0;
            for author in &authors {
                books += author.books.get()?.len();
            }
            books
        }
        what => unreachable!("`{what}` is asked for by nobody"),
    })
}

/// What the threads of this process have spent on a processor, in nanoseconds.
fn on_processor() -> u64 {
    // A thread's account is brought up to date when it gives way.
    std::thread::yield_now();
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux");
    let account = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("schedstat")).ok();
    let nanos = |account: String| account.split(' ').next()?.parse::<u64>().ok();
    tasks.filter_map(|task| nanos(account(task.ok()?)?)).sum()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> orm::Result<()> {
    let file = std::env::args().nth(1).expect("the file is named");
    let db = Database::connect(format!("sqlite://{file}")).await?;
    let (mut out, mut turn) = (std::io::stdout(), 0);
    for line in std::io::stdin().lock().lines() {
        let what = line.expect("a line");
        turn += 1;
        let changed: Vec<Book> = match what.as_str() {
            "update" => Book::objects().filter(|b| b.id.lte(10_000)).all(&db).await?,
            _ => Vec::new(),
        };
        let change = |book: Book| Book { title: format!("changed {turn} {}", book.id), views: book.views + 1, ..book };
        let changed: Vec<Book> = changed.into_iter().map(change).collect();
        let (start, before) = (Instant::now(), on_processor());
        let rows = run(&what, &changed, &db).await?;
        let (took, busy) = (start.elapsed().as_nanos(), on_processor() - before);
        if matches!(what.as_str(), "create" | "insert") {
            db.batch("DELETE FROM shelf_book WHERE id > 10000").await?;
        }
        writeln!(out, "{rows} {took} {busy}").and_then(|()| out.flush()).expect("the answer is written");
    }
    Ok(())
}
