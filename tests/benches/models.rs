//! The two models of the benches, for this library and for Diesel.

use orm::prelude::*;

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

diesel::table! { shelf_author (id) { id -> BigInt, name -> Text, } }
diesel::table! { shelf_book (id) { id -> BigInt, title -> Text, views -> BigInt, author_id -> BigInt, } }
diesel::joinable!(shelf_book -> shelf_author (author_id));
diesel::allow_tables_to_appear_in_same_query!(shelf_author, shelf_book);

#[derive(diesel::Queryable, Debug, Clone)]
#[allow(dead_code, reason = "what is read is not looked at")]
pub struct RawAuthor {
    pub id: i64,
    pub name: String,
}

#[derive(diesel::Queryable, Debug, Clone)]
#[allow(dead_code, reason = "what is read is not looked at")]
pub struct RawBook {
    pub id: i64,
    pub title: String,
    pub views: i64,
    pub author: i64,
}

/// The same by names, for SQL that Diesel does not write.
#[derive(diesel::QueryableByName, Debug, Clone)]
#[diesel(table_name = shelf_book)]
#[allow(dead_code, reason = "what is read is not looked at")]
pub struct NamedBook {
    pub id: i64,
    pub title: String,
    pub views: i64,
    pub author_id: i64,
}

/// An INSERT of several rows in one statement, which Diesel does not write on SQLite.
pub struct ManyBooks {
    pub rows: Vec<(String, i64, i64)>,
    /// Whether the rows are given back.
    pub returning: bool,
}

impl diesel::query_builder::QueryId for ManyBooks {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl diesel::query_builder::Query for ManyBooks {
    type SqlType = shelf_book::SqlType;
}

impl<C> diesel::query_dsl::RunQueryDsl<C> for ManyBooks {}

impl<DB> diesel::query_builder::QueryFragment<DB> for ManyBooks
where
    DB: diesel::backend::Backend,
    String: diesel::serialize::ToSql<diesel::sql_types::Text, DB>,
    i64: diesel::serialize::ToSql<diesel::sql_types::BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut pass: diesel::query_builder::AstPass<'_, 'b, DB>) -> diesel::QueryResult<()> {
        use diesel::sql_types::{BigInt, Text};
        pass.push_sql("INSERT INTO shelf_book (title, views, author_id) VALUES ");
        for (index, (title, views, author)) in self.rows.iter().enumerate() {
            pass.push_sql(if index == 0 { "(" } else { ", (" });
            pass.push_bind_param::<Text, _>(title)?;
            pass.push_sql(", ");
            pass.push_bind_param::<BigInt, _>(views)?;
            pass.push_sql(", ");
            pass.push_bind_param::<BigInt, _>(author)?;
            pass.push_sql(")");
        }
        if self.returning {
            pass.push_sql(" RETURNING id, title, views, author_id");
        }
        Ok(())
    }
}

/// Tables, 1 000 authors and 10 000 books; `KEY` is what makes a column an automatic key.
pub fn schema(key: &str) -> String {
    let numbers = |to: u32| {
        format!("WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {to}) SELECT n AS n FROM n")
    };
    format!(
        "CREATE TABLE shelf_author (id {key}, name varchar(100) NOT NULL);
        CREATE TABLE shelf_book (id {key}, title varchar(200) NOT NULL, views bigint NOT NULL,
            author_id bigint NOT NULL REFERENCES shelf_author (id));
        INSERT INTO shelf_author (name) SELECT 'author ' || n FROM ({}) AS numbers;
        INSERT INTO shelf_book (title, views, author_id)
            SELECT 'title ' || n, n, (n - 1) / 10 + 1 FROM ({}) AS numbers;
        CREATE INDEX shelf_book_author ON shelf_book (author_id);",
        numbers(1_000),
        numbers(10_000)
    )
}
