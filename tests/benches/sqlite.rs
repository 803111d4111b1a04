//! On SQLite, in memory and in a file, beside Diesel's own connection.

use crate::{
    compare::{Clock, compare, timed},
    models::{Author, Book, INTO_BOOKS, Many, RETURNING, RawAuthor, RawBook, schema, shelf_author, shelf_book},
};
use criterion::Criterion;
use diesel::{
    Connection as _, ExpressionMethods, QueryDsl, RunQueryDsl,
    connection::{DefaultLoadingMode, SimpleConnection},
};
use orm::prelude::*;
use std::{collections::HashMap, hint::black_box, time::Instant};

/// Runs the body `n` times on the runtime, and gives the time.
macro_rules! times {
    ($runtime:expr, |$i:ident| $body:expr) => {
        &mut |n| {
            $runtime.block_on(async {
                let start = Instant::now();
                for $i in 0..n {
                    black_box($body.await.expect("the statement runs"));
                }
                start.elapsed()
            })
        }
    };
}
pub(crate) use times;

pub fn benches(criterion: &mut Criterion) {
    let folder = std::env::temp_dir().join(format!("orm-benches-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    let path = |name: &str| folder.join(name).display().to_string();
    place(criterion, "memory", ":memory:", "sqlite::memory:");
    place(criterion, "file", &path("diesel.db"), &format!("sqlite://{}", path("orm.db")));
    std::fs::remove_dir_all(&folder).expect("the folder can be removed");
}

fn place(criterion: &mut Criterion, place: &str, path: &str, url: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let schema = schema("integer NOT NULL PRIMARY KEY AUTOINCREMENT");
    let conn = &mut diesel::SqliteConnection::establish(path).expect("a connection");
    let wal = if place == "file" { "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" } else { "" };
    conn.batch_execute(&format!("PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; {wal} {schema}"))
        .expect("tables");
    let db = &runtime.block_on(async {
        let db = Database::connect(url).await?;
        db.batch(&schema).await.map(|()| db)
    });
    let db = db.as_ref().expect("a database");
    let mut compare = |what: &str, diesel: &mut dyn FnMut(u64) -> _, orm: &mut dyn FnMut(u64) -> _| {
        compare(criterion, Clock::Processor, &format!("SQLite {place}: {what}"), diesel, orm);
    };

    let by_key = |conn: &mut _, i: u64| {
        let id = i as i64 % 10_000 + 1;
        shelf_book::table.filter(shelf_book::id.eq(id)).get_result::<RawBook>(conn).expect("a book")
    };
    compare(
        "point read, keyed",
        &mut |n| timed(n, |i| by_key(conn, i)),
        times!(runtime, |i| Book::get(i as i64 % 10_000 + 1, db)),
    );
    compare(
        "point read, by text",
        &mut |n| {
            timed(n, |i| {
                let id = i as i64 % 10_000 + 1;
                shelf_book::table.filter(shelf_book::id.eq(id)).load::<RawBook>(conn).expect("books")
            })
        },
        times!(runtime, |i| Book::objects().filter(|b| b.id.eq(i as i64 % 10_000 + 1)).all(db)),
    );
    compare(
        "10 000 rows of 3 columns",
        &mut |n| {
            timed(n, |_| {
                let columns = (shelf_book::id, shelf_book::title, shelf_book::views);
                let rows = shelf_book::table.select(columns).limit(10_000).load::<(i64, String, i64)>(conn);
                rows.expect("books")
            })
        },
        times!(runtime, |i| Book::objects().values(|b| (b.id, b.title, b.views)).limit(10_000 + i - i).all(db)),
    );
    compare(
        "join + filter",
        &mut |n| {
            timed(n, |i| {
                let name = format!("author {}", i % 1_000 + 1);
                shelf_book::table
                    .inner_join(shelf_author::table)
                    .filter(shelf_author::name.eq(name))
                    .filter(shelf_book::views.gt(5))
                    .select((shelf_book::id, shelf_book::title, shelf_author::name))
                    .load::<(i64, String, String)>(conn)
                    .expect("books")
            })
        },
        times!(runtime, |i| {
            let name = format!("author {}", i % 1_000 + 1);
            Book::objects()
                .filter(|b| b.author.name.eq(name) & b.views.gt(5))
                .values(|b| (b.id, b.title, b.author.name))
                .all(db)
        }),
    );
    compare(
        "100 parents x 10 children",
        &mut |n| {
            timed(n, |_| {
                let authors = shelf_author::table.filter(shelf_author::id.le(100)).load::<RawAuthor>(conn);
                let authors = authors.expect("authors");
                let ids: Vec<i64> = authors.iter().map(|author| author.id).collect();
                let list = diesel::dsl::sql::<diesel::sql_types::Bool>("author_id IN (SELECT value FROM json_each(")
                    .bind::<diesel::sql_types::Text, _>(format!("{ids:?}"))
                    .sql("))");
                let books = shelf_book::table.filter(list).load::<RawBook>(conn).expect("books");
                with_books(authors, books)
            })
        },
        times!(runtime, |_i| Author::objects().filter(|a| a.id.lte(100)).prefetch(|a| a.books).all(db)),
    );
    compare(
        "1 000 rows, each with a count of others",
        &mut |n| {
            timed(n, |_| {
                let count = "(SELECT COUNT(*) FROM shelf_book WHERE author_id = shelf_author.id)";
                let count = diesel::dsl::sql::<diesel::sql_types::BigInt>(count);
                let authors = shelf_author::table.select((shelf_author::id, shelf_author::name, count));
                authors.load::<(i64, String, i64)>(conn).expect("authors")
            })
        },
        times!(runtime, |_i| Author::objects().values(|a| (a.id, a.name, a.books.count())).all(db)),
    );
    compare(
        "10 000 rows one by one",
        &mut |n| {
            timed(n, |_| {
                let books = shelf_book::table.load_iter::<RawBook, DefaultLoadingMode>(conn).expect("books");
                books.map(|book| book.expect("a book").views).sum::<i64>()
            })
        },
        times!(runtime, |_i| async {
            let (mut books, mut views) = (Book::objects().stream(db), 0);
            while let Some(book) = books.try_next().await? {
                views += book.views;
            }
            Ok::<_, orm::Error>(views)
        }),
    );
    compare(
        "insert of 1 row",
        &mut |n| {
            timed(n, |i| {
                let row = (
                    shelf_book::title.eq(format!("new {i}")),
                    shelf_book::views.eq(i as i64),
                    shelf_book::author_id.eq(1i64),
                );
                let made = diesel::insert_into(shelf_book::table).values(row).returning(shelf_book::all_columns);
                made.get_result::<RawBook>(conn).expect("a row")
            })
        },
        times!(runtime, |i| Book::draft().title(format!("new {i}")).views(i as i64).author(1).create(db)),
    );
    compare(
        "insert of 100 rows",
        &mut |n| {
            timed(n, |_| {
                let rows = (0..100).map(|i| (format!("new {i}"), [i, 1])).collect();
                Many { into: INTO_BOOKS, rows, tail: RETURNING }.load::<RawBook>(conn).expect("rows")
            })
        },
        times!(runtime, |_i| {
            let drafts = (0..100).map(|i| Book::draft().title(format!("new {i}")).views(i).author(1));
            Book::objects().bulk_create(drafts, db)
        }),
    );
}

/// Each author with the books.
pub fn with_books(authors: Vec<RawAuthor>, books: Vec<RawBook>) -> Vec<(RawAuthor, Vec<RawBook>)> {
    let places: HashMap<i64, usize> = authors.iter().enumerate().map(|(place, author)| (author.id, place)).collect();
    let mut out: Vec<(RawAuthor, Vec<RawBook>)> = authors.into_iter().map(|author| (author, Vec::new())).collect();
    for book in books {
        if let Some(&place) = places.get(&book.author) {
            out[place].1.push(book);
        }
    }
    out
}
