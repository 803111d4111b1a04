//! A file of SQLite, beside Diesel's own connection: many rows in an `INSERT`, a prepared `UPDATE` for each row.

use super::{AUTHORS, CHUNK, CLEAR, Ours, Pair, Side, entries, schema, title};
use crate::{
    compare::Clock,
    models::{Book, Many, RETURNING, RawAuthor, RawBook, shelf_author, shelf_book},
    sqlite::with_books,
};
use diesel::{
    Connection as _, ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl, SqliteConnection,
    connection::{DefaultLoadingMode, SimpleConnection},
    sql_types::{BigInt, Bool, Text},
};
use orm::Database;

/// Rows of an `INSERT`, the quickest of 1, 50, 500, 2 000 and 10 000.
const AT_ONCE: usize = 500;

/// The quickest form of it: in a transaction that is undone as a whole SQLite need not be able to undo a statement.
const INTO_BOOKS: &str = "INSERT OR FAIL INTO shelf_book (title, views, author_id) VALUES ";

pub(super) fn benches() {
    let folder = std::env::temp_dir().join(format!("orm-bulk-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    let path = |name: &str| folder.join(name).display().to_string();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let schema = schema("integer NOT NULL PRIMARY KEY AUTOINCREMENT");
    let mut conn = SqliteConnection::establish(&path("diesel.db")).expect("a connection");
    let settings = "PRAGMA foreign_keys = ON; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;";
    conn.batch_execute(&format!("{settings} {schema}")).expect("tables");
    let db = runtime.block_on(async {
        let db = Database::connect(format!("sqlite://{}", path("orm.db"))).await?;
        db.batch(&schema).await.map(|()| db)
    });
    let db = &db.expect("a database");
    let orm = &mut Ours { runtime: &runtime, db };
    Pair { place: "SQLite file", clock: Clock::Processor, diesel: &mut conn, orm }.cases();
    std::fs::remove_dir_all(&folder).expect("the folder can be removed");
}

/// The rows of each statement.
fn chunks(rows: i64) -> impl Iterator<Item = Vec<(String, [i64; 2])>> {
    let chunk = move |from: i64| {
        (from..rows.min(from + AT_ONCE as i64)).map(|row| (title(row), [row, row % AUTHORS + 1])).collect()
    };
    (0..rows).step_by(AT_ONCE).map(chunk)
}

/// Whether a column is in a list of keys, which is bound as one text.
macro_rules! among {
    ($column:literal, $keys:expr) => {
        diesel::dsl::sql::<Bool>(concat!($column, " IN (SELECT value FROM json_each("))
            .bind::<Text, _>(format!("{:?}", $keys))
            .sql("))")
    };
}

impl Side for SqliteConnection {
    fn clear(&mut self) {
        self.batch_execute(CLEAR).expect("rows go");
    }

    fn insert(&mut self, rows: i64) -> i64 {
        let insert = self.transaction(|conn| {
            chunks(rows).map(|rows| Many { into: INTO_BOOKS, rows, tail: "" }.execute(conn)).sum::<QueryResult<usize>>()
        });
        insert.expect("rows") as i64
    }

    fn create(&mut self, rows: i64) -> i64 {
        let create = self.transaction(|conn| {
            let mut books: Vec<RawBook> = Vec::with_capacity(rows as usize);
            for rows in chunks(rows) {
                books.extend(Many { into: INTO_BOOKS, rows, tail: RETURNING }.load::<RawBook>(conn)?);
            }
            QueryResult::Ok(books)
        });
        create.expect("rows").len() as i64
    }

    fn update(&mut self, rows: &[Book]) -> i64 {
        let update = self.transaction(|conn| {
            let each = rows.iter().map(|book| {
                let set = (shelf_book::title.eq(&book.title), shelf_book::views.eq(book.views));
                diesel::update(shelf_book::table.find(book.id)).set(set).execute(conn)
            });
            each.sum::<QueryResult<usize>>()
        });
        update.expect("rows") as i64
    }

    fn upsert(&mut self) -> i64 {
        let into = "INSERT OR FAIL INTO shelf_entry (code, views) VALUES ";
        let tail = " ON CONFLICT (code) DO UPDATE SET views = excluded.views";
        let rows: Vec<_> = entries().map(|(code, views)| (code, [views])).collect();
        let upsert = self.transaction(|conn| {
            let each = rows.chunks(AT_ONCE).map(|rows| Many { into, rows: rows.to_vec(), tail }.execute(conn));
            each.sum::<QueryResult<usize>>()
        });
        upsert.expect("rows") as i64
    }

    fn keys(&mut self, keys: &[i64]) -> i64 {
        shelf_book::table.filter(among!("id", keys)).load::<RawBook>(self).expect("rows").len() as i64
    }

    fn groups(&mut self) -> i64 {
        let columns = (shelf_book::author_id, diesel::dsl::count_star(), diesel::dsl::max(shelf_book::views));
        let groups = shelf_book::table.group_by(shelf_book::author_id).select(columns);
        groups.load::<(i64, i64, Option<i64>)>(self).expect("rows").len() as i64
    }

    fn annotated(&mut self) -> i64 {
        let count = diesel::dsl::sql::<BigInt>("(SELECT COUNT(*) FROM shelf_book WHERE author_id = shelf_author.id)");
        let authors = shelf_author::table.select((shelf_author::id, shelf_author::name, count));
        let authors = authors.load::<(i64, String, i64)>(self).expect("rows");
        authors.iter().map(|(_, _, books)| books).sum()
    }

    fn children(&mut self) -> i64 {
        let authors = shelf_author::table.load::<RawAuthor>(self).expect("rows");
        let ids: Vec<i64> = authors.iter().map(|author| author.id).collect();
        let books = shelf_book::table.filter(among!("author_id", ids)).load::<RawBook>(self).expect("rows");
        with_books(authors, books).iter().map(|(_, books)| books.len() as i64).sum()
    }

    fn stream(&mut self) -> i64 {
        let (mut last, mut sum) = (0, 0);
        loop {
            let after = shelf_book::table.filter(shelf_book::id.gt(last)).order_by(shelf_book::id).limit(CHUNK);
            let books = after.load::<RawBook>(self).expect("rows");
            sum += books.iter().map(|book| book.author).sum::<i64>();
            match books.last() {
                Some(book) => last = book.id,
                None => return sum,
            }
        }
    }

    fn stream_at_once(&mut self) -> i64 {
        let books = shelf_book::table.load_iter::<RawBook, DefaultLoadingMode>(self).expect("rows");
        books.map(|book| book.expect("a row").author).sum()
    }
}
