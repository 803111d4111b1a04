//! Many rows: written, changed and looked for, beside the quickest statements that one would write by hand for that database.

use crate::{
    compare::{Clock, compare_large},
    models::{Book, ManyBooks, RawBook, schema, shelf_book},
};
use criterion::Criterion;
use diesel::{
    Connection as _, ExpressionMethods, QueryDsl,
    connection::SimpleConnection,
    sql_types::{Array, BigInt, Text},
};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use futures_util::SinkExt;
use orm::prelude::*;
use std::{
    env,
    fmt::Write,
    io::Cursor,
    time::{Duration, Instant},
};

/// How many rows are written, and how many of them are there already when they are changed.
const ROWS: i64 = 100_000;

/// How many keys are looked for.
const KEYS: i64 = 10_000;

fn title(row: i64) -> String {
    format!("title {row}")
}

fn drafts() -> impl Iterator<Item = impl orm::write::IntoDraftRow<Book>> {
    (0..ROWS).map(|row| Book::draft().title(title(row)).views(row).author(row % 1_000 + 1))
}

/// The rows that are changed, as they are to be.
fn changed() -> Vec<Book> {
    let book = |row: i64| Book {
        id: row + 1,
        title: format!("changed {row}"),
        views: row * 2,
        author: ForeignKey::to(row % 1_000 + 1),
    };
    (0..ROWS).map(book).collect()
}

/// Keys far apart.
fn keys() -> Vec<i64> {
    (0..KEYS).map(|key| key * 7 + 1).collect()
}

/// The time of `n` runs, each put right again by `after`, which does not count.
fn times(n: u64, mut run: impl FnMut(), mut after: impl FnMut()) -> Duration {
    let mut sum = Duration::ZERO;
    for _ in 0..n {
        let start = Instant::now();
        run();
        sum += start.elapsed();
        after();
    }
    sum
}

/// So many rows more than the schema has of itself.
const FILL: &str = "INSERT INTO shelf_book (title, views, author_id)
    WITH RECURSIVE n(n) AS (SELECT 10001 UNION ALL SELECT n + 1 FROM n WHERE n < 100000)
    SELECT 'title ' || n, n, n % 1000 + 1 FROM n";

pub fn benches(criterion: &mut Criterion) {
    sqlite(criterion);
    postgres(criterion);
}

fn sqlite(criterion: &mut Criterion) {
    let folder = env::temp_dir().join(format!("orm-bulk-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    let path = |name: &str| folder.join(name).display().to_string();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let schema = schema("integer NOT NULL PRIMARY KEY AUTOINCREMENT");
    let conn = &mut diesel::SqliteConnection::establish(&path("diesel.db")).expect("a connection");
    let settings = "PRAGMA foreign_keys = ON; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;";
    conn.batch_execute(&format!("{settings} {schema} {FILL}")).expect("tables");
    let db = &runtime.block_on(async {
        let db = Database::connect(format!("sqlite://{}", path("orm.db"))).await?;
        db.batch(format!("{schema} {FILL}")).await.map(|()| db)
    });
    let db = db.as_ref().expect("a database");
    const CLEAR: &str = "DELETE FROM shelf_book WHERE id > 100000";
    let clear = || runtime.block_on(db.batch(CLEAR)).expect("rows go");
    let mut compare = |what: &str, diesel: &mut dyn FnMut(u64) -> _, orm: &mut dyn FnMut(u64) -> _| {
        compare_large(criterion, Clock::Processor, &format!("SQLite file: {what}"), diesel, orm);
    };

    let conn = &std::cell::RefCell::new(conn);
    compare(
        "insert of 100 000 rows",
        &mut |n| {
            let insert = || {
                conn.borrow_mut().transaction(|conn| {
                    let rows: Vec<_> = (0..ROWS).map(|row| (title(row), row, row % 1_000 + 1)).collect();
                    let chunks = rows.chunks(500).map(|rows| ManyBooks { rows: rows.to_vec(), returning: false });
                    chunks.map(|rows| diesel::RunQueryDsl::execute(rows, conn)).collect::<Result<Vec<_>, _>>()
                })
            };
            times(n, || drop(insert().expect("rows")), || conn.borrow_mut().batch_execute(CLEAR).expect("rows go"))
        },
        &mut |n| {
            times(
                n,
                || assert_eq!(runtime.block_on(Book::objects().bulk_insert(drafts(), db)).expect("rows"), ROWS as u64),
                clear,
            )
        },
    );
    let rows = changed();
    compare(
        "update of 100 000 rows, 2 columns each",
        &mut |n| {
            let update = || {
                conn.borrow_mut().transaction(|conn| {
                    let each = rows.iter().map(|book| {
                        let set = (shelf_book::title.eq(&book.title), shelf_book::views.eq(book.views));
                        diesel::RunQueryDsl::execute(diesel::update(shelf_book::table.find(book.id)).set(set), conn)
                    });
                    each.sum::<diesel::QueryResult<usize>>()
                })
            };
            times(n, || assert_eq!(update().expect("rows"), rows.len()), || ())
        },
        &mut |n| {
            let update = || runtime.block_on(Book::objects().bulk_update(&rows, |b| (b.title, b.views), db));
            times(n, || assert_eq!(update().expect("rows"), rows.len() as u64), || ())
        },
    );
    let keys = keys();
    compare(
        "in with 10 000 keys",
        &mut |n| {
            let find = || {
                let list = diesel::dsl::sql::<diesel::sql_types::Bool>("id IN (SELECT value FROM json_each(")
                    .bind::<Text, _>(format!("{keys:?}"))
                    .sql("))");
                diesel::RunQueryDsl::load::<RawBook>(shelf_book::table.filter(list), &mut **conn.borrow_mut())
            };
            times(n, || assert_eq!(find().expect("rows").len(), keys.len()), || ())
        },
        &mut |n| {
            let find = || runtime.block_on(Book::objects().filter(|b| b.id.is_in(&keys)).all(db));
            times(n, || assert_eq!(find().expect("rows").len(), keys.len()), || ())
        },
    );
    compare(
        "group by, 1 000 groups of 100",
        &mut |n| {
            let group = || {
                let columns = (shelf_book::author_id, diesel::dsl::count_star(), diesel::dsl::max(shelf_book::views));
                let query = shelf_book::table.group_by(shelf_book::author_id).select(columns);
                diesel::RunQueryDsl::load::<(i64, i64, Option<i64>)>(query, &mut **conn.borrow_mut())
            };
            times(n, || assert_eq!(group().expect("rows").len(), 1_000), || ())
        },
        &mut |n| {
            let group = || {
                let query = Book::objects().group_by(|b| b.author.key()).annotate(|b| (count(), b.views.max()));
                runtime.block_on(query.all(db))
            };
            times(n, || assert_eq!(group().expect("rows").len(), 1_000), || ())
        },
    );
    std::fs::remove_dir_all(&folder).expect("the folder can be removed");
}

fn postgres(criterion: &mut Criterion) {
    let server = env::var("ORM_TEST_POSTGRES_URL").unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/".to_owned());
    let name = format!("orm_bulk_{}", std::process::id());
    let url = format!("{server}{name}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let made: orm::Result<_> = runtime.block_on(async {
        let admin = Database::connect(format!("{server}postgres")).await?;
        admin.batch(format!("CREATE DATABASE {name}")).await?;
        let db = Database::connect(&url).await?;
        db.batch(schema("bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY")).await?;
        db.batch(format!("{FILL}; ANALYZE")).await?;
        Ok((admin, db))
    });
    let (admin, db) = match made {
        Ok(made) => made,
        Err(error) => return println!("PostgreSQL: NOT RUN ({error})"),
    };
    let conn = &std::cell::RefCell::new(runtime.block_on(AsyncPgConnection::establish(&url)).expect("a connection"));
    postgres_cases(criterion, &runtime, &url, conn, &db);
    let dropped = runtime.block_on(async {
        db.close().await;
        admin.batch(format!("DROP DATABASE {name} WITH (FORCE)")).await
    });
    dropped.expect("the database can be dropped");
}

#[allow(clippy::await_holding_refcell_ref, reason = "there is one task")]
fn postgres_cases(
    criterion: &mut Criterion,
    runtime: &tokio::runtime::Runtime,
    url: &str,
    conn: &std::cell::RefCell<AsyncPgConnection>,
    db: &Database,
) {
    let clear = || runtime.block_on(db.batch("DELETE FROM shelf_book WHERE id > 100000")).expect("rows go");
    let mut compare = |what: &str, diesel: &mut dyn FnMut(u64) -> _, orm: &mut dyn FnMut(u64) -> _| {
        compare_large(criterion, Clock::Wall, &format!("PostgreSQL: {what}"), diesel, orm);
    };
    let lists = || {
        let (mut titles, mut views, mut authors) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..ROWS {
            titles.push(title(row));
            views.push(row);
            authors.push(row % 1_000 + 1);
        }
        (titles, views, authors)
    };
    let insert = &mut |n| {
        times(
            n,
            || assert_eq!(runtime.block_on(Book::objects().bulk_insert(drafts(), db)).expect("rows"), ROWS as u64),
            clear,
        )
    };
    compare(
        "insert of 100 000 rows, beside unnest",
        &mut |n| {
            let insert = || {
                let (titles, views, authors) = lists();
                let query = diesel::sql_query(
                    "INSERT INTO shelf_book (title, views, author_id) SELECT * FROM unnest($1, $2, $3)",
                );
                let query = query.bind::<Array<Text>, _>(titles).bind::<Array<BigInt>, _>(views);
                let query = query.bind::<Array<BigInt>, _>(authors);
                runtime.block_on(diesel_async::RunQueryDsl::execute(query, &mut *conn.borrow_mut()))
            };
            times(n, || assert_eq!(insert().expect("rows"), ROWS as usize), clear)
        },
        insert,
    );
    let (client, connection) =
        runtime.block_on(tokio_postgres::connect(url, tokio_postgres::NoTls)).expect("a connection");
    runtime.spawn(connection);
    compare(
        "insert of 100 000 rows, beside COPY",
        &mut |n| {
            let copy = async || {
                let sink = client
                    .copy_in::<_, Cursor<Vec<u8>>>("COPY shelf_book (title, views, author_id) FROM STDIN")
                    .await?;
                let mut sink = std::pin::pin!(sink);
                for from in (0..ROWS).step_by(1_000) {
                    let mut text = String::new();
                    for row in from..from + 1_000 {
                        let _ = writeln!(text, "{}\t{row}\t{}", title(row), row % 1_000 + 1);
                    }
                    sink.send(Cursor::new(text.into_bytes())).await?;
                }
                sink.finish().await
            };
            times(n, || assert_eq!(runtime.block_on(copy()).expect("rows"), ROWS as u64), clear)
        },
        insert,
    );
    let rows = changed();
    compare(
        "update of 100 000 rows, 2 columns each",
        &mut |n| {
            let update = || {
                let query = diesel::sql_query(
                    "UPDATE shelf_book SET title = v.title, views = v.views
                        FROM unnest($1, $2, $3) AS v(id, title, views) WHERE shelf_book.id = v.id",
                );
                let query = query.bind::<Array<BigInt>, _>(rows.iter().map(|book| book.id).collect::<Vec<_>>());
                let query = query.bind::<Array<Text>, _>(rows.iter().map(|book| &*book.title).collect::<Vec<_>>());
                let query = query.bind::<Array<BigInt>, _>(rows.iter().map(|book| book.views).collect::<Vec<_>>());
                runtime.block_on(diesel_async::RunQueryDsl::execute(query, &mut *conn.borrow_mut()))
            };
            times(n, || assert_eq!(update().expect("rows"), rows.len()), || ())
        },
        &mut |n| {
            let update = || runtime.block_on(Book::objects().bulk_update(&rows, |b| (b.title, b.views), db));
            times(n, || assert_eq!(update().expect("rows"), rows.len() as u64), || ())
        },
    );
    let keys = keys();
    compare(
        "in with 10 000 keys",
        &mut |n| {
            let find = || {
                let query = shelf_book::table.filter(shelf_book::id.eq_any(&keys));
                runtime.block_on(diesel_async::RunQueryDsl::load::<RawBook>(query, &mut *conn.borrow_mut()))
            };
            times(n, || assert_eq!(find().expect("rows").len(), keys.len()), || ())
        },
        &mut |n| {
            let find = || runtime.block_on(Book::objects().filter(|b| b.id.is_in(&keys)).all(db));
            times(n, || assert_eq!(find().expect("rows").len(), keys.len()), || ())
        },
    );
}
