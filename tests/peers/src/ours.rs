//! The database, and how Diesel and this library read it.

use diesel::{Connection as _, connection::SimpleConnection};
use orm::prelude::*;

orm::app! { pub shelf { Book } }

#[derive(Model, Debug, Clone)]
pub struct Book {
    pub id: i64,
    #[field(max_length = 200)]
    pub title: String,
    pub views: i64,
}

diesel::table! { shelf_book (id) { id -> BigInt, title -> Text, views -> BigInt, } }

#[derive(diesel::Queryable)]
#[allow(dead_code, reason = "one column is looked at")]
pub struct Row {
    pub id: i64,
    pub title: String,
    pub views: i64,
}

/// A connection of each.
pub struct Ours {
    diesel: diesel::SqliteConnection,
    orm: Database,
}

impl Ours {
    /// Makes the file.
    pub async fn open(path: &str) -> Ours {
        let mut diesel = diesel::SqliteConnection::establish(path).expect("a connection");
        diesel
            .batch_execute(
                "PRAGMA journal_mode = WAL;
                CREATE TABLE shelf_book (id integer NOT NULL PRIMARY KEY AUTOINCREMENT,
                    title varchar(200) NOT NULL, views bigint NOT NULL);
                WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000)
                    INSERT INTO shelf_book (title, views) SELECT 'title ' || n, n FROM n;",
            )
            .expect("a table");
        Ours { diesel, orm: Database::connect(format!("sqlite://{path}")).await.expect("orm connects") }
    }

    /// Reads the book of this key by Diesel (0), by its key (1), or by a query (2), and gives its views.
    pub async fn one(&mut self, way: usize, id: i64) -> i64 {
        match way {
            0 => {
                use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
                let query = shelf_book::table.filter(shelf_book::id.eq(id));
                query.get_result::<Row>(&mut self.diesel).expect("a row").views
            }
            1 => Book::get(id, &self.orm).await.expect("a row").views,
            _ => Book::objects().filter(|b| b.id.eq(id)).all(&self.orm).await.expect("a row")[0].views,
        }
    }
}
