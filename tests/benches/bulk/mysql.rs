//! MariaDB, beside diesel-async: rows in an `INSERT`, and lists as JSON by `JSON_TABLE`.

use super::{AUTHORS, CHUNK, CLEAR, Ours, Pair, Side, entries, schema, title};
use crate::{
    compare::Clock,
    models::{Book, INTO_BOOKS, Many, RETURNING, RawAuthor, RawBook, shelf_author, shelf_book},
    sqlite::with_books,
};
use diesel::{
    ExpressionMethods, QueryDsl, QueryResult,
    dsl::sql,
    sql_query,
    sql_types::{BigInt, Text},
};
use diesel_async::{AsyncConnection, AsyncMysqlConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_util::TryStreamExt;
use orm::Database;
use std::env;
use tokio::runtime::Runtime;

/// The rows of an `INSERT`, and of an `UPDATE`, by hand: as many as a packet surely takes.
const INSERTED: i64 = 5_000;
const UPDATED: usize = 5_000;

/// The keys of one `INSERT` from a query do not follow those of the one before.
const CLOSE_GAPS: &str = "SET @place = 0; UPDATE shelf_book SET id = (@place := @place + 1) ORDER BY id";

pub(super) fn benches() {
    let server = env::var("ORM_TEST_MYSQL_URL").unwrap_or_else(|_| "mysql://root@127.0.0.1:3306/".to_owned());
    let name = format!("orm_bulk_{}", std::process::id());
    let url = format!("{server}{name}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let made: orm::Result<_> = runtime.block_on(async {
        let admin = Database::connect(format!("{server}information_schema")).await?;
        admin.batch(format!("CREATE DATABASE {name}")).await?;
        let db = Database::connect(&url).await?;
        // MariaDB stops after 1 000 turns of its own accord.
        let schema = schema("bigint NOT NULL AUTO_INCREMENT PRIMARY KEY");
        db.batch(format!("SET max_recursive_iterations = 1000000; {schema}; {CLOSE_GAPS}; ANALYZE TABLE shelf_book"))
            .await?;
        Ok((admin, db))
    });
    let (admin, db) = match made {
        Ok(made) => made,
        Err(error) => return println!("MariaDB, many rows: NOT RUN ({error})"),
    };
    let conn = runtime.block_on(AsyncMysqlConnection::establish(&url)).expect("a connection");
    let (diesel, orm) = (&mut Raw { runtime: &runtime, conn }, &mut Ours { runtime: &runtime, db: &db });
    Pair { place: "MariaDB", clock: Clock::Wall, diesel, orm }.cases();
    let dropped = runtime.block_on(async {
        db.close().await;
        admin.batch(format!("DROP DATABASE {name}")).await
    });
    dropped.expect("the database can be dropped");
}

struct Raw<'a> {
    runtime: &'a Runtime,
    conn: AsyncMysqlConnection,
}

impl Raw<'_> {
    /// All of it or nothing.
    fn whole<T>(&mut self, run: impl AsyncFnOnce(&mut AsyncMysqlConnection) -> QueryResult<T>) -> T {
        let conn = &mut self.conn;
        let ran = self.runtime.block_on(async {
            conn.batch_execute("BEGIN").await?;
            let ran = run(conn).await?;
            conn.batch_execute("COMMIT").await.map(|()| ran)
        });
        ran.expect("the statements run")
    }
}

/// The rows of each statement.
fn chunks(rows: i64) -> impl Iterator<Item = Vec<(String, [i64; 2])>> {
    let to = move |from: i64| rows.min(from + INSERTED);
    (0..rows).step_by(INSERTED as usize).map(move |from| {
        let row = |row| (title(row), [row, row % AUTHORS + 1]);
        (from..to(from)).map(row).collect()
    })
}

impl Side for Raw<'_> {
    fn clear(&mut self) {
        self.runtime.block_on(self.conn.batch_execute(CLEAR)).expect("rows go");
    }

    fn insert(&mut self, rows: i64) -> i64 {
        self.whole(async |conn| {
            let mut count = 0;
            for rows in chunks(rows) {
                count += Many { into: INTO_BOOKS, rows, tail: "" }.execute(conn).await?;
            }
            Ok(count as i64)
        })
    }

    fn create(&mut self, rows: i64) -> i64 {
        let books = self.whole(async |conn| {
            let mut books: Vec<RawBook> = Vec::with_capacity(rows as usize);
            for rows in chunks(rows) {
                books.extend(Many { into: INTO_BOOKS, rows, tail: RETURNING }.load::<RawBook>(conn).await?);
            }
            Ok(books)
        });
        books.len() as i64
    }

    fn update(&mut self, rows: &[Book]) -> i64 {
        self.whole(async |conn| {
            for rows in rows.chunks(UPDATED) {
                let rows: Vec<_> = rows.iter().map(|book| (book.id, &book.title, book.views)).collect();
                let query = sql_query(
                    "UPDATE shelf_book JOIN JSON_TABLE(?, '$[*]' COLUMNS (id bigint PATH '$[0]',
                            title varchar(200) PATH '$[1]', views bigint PATH '$[2]')) AS r ON shelf_book.id = r.id
                        SET shelf_book.title = r.title, shelf_book.views = r.views",
                );
                let rows = serde_json::to_string(&rows).expect("JSON");
                // Rows that have these values already are not counted.
                query.bind::<Text, _>(rows).execute(conn).await?;
            }
            Ok(rows.len() as i64)
        })
    }

    fn upsert(&mut self) -> i64 {
        let into = "INSERT INTO shelf_entry (code, views) VALUES ";
        let tail = " ON DUPLICATE KEY UPDATE views = VALUES(views)";
        let rows: Vec<_> = entries().map(|(code, views)| (code, [views])).collect();
        self.whole(async |conn| {
            for rows in rows.chunks(INSERTED as usize) {
                // A row that is changed counts twice.
                Many { into, rows: rows.to_vec(), tail }.execute(conn).await?;
            }
            Ok(rows.len() as i64)
        })
    }

    reads! {}
}
