//! The two models of the benches, for this library and for Diesel.

use orm::prelude::*;

orm::app! { pub shelf { Author, Book, Entry } }

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

/// What is found by a unique text.
#[derive(Model, Debug, Clone)]
pub struct Entry {
    pub id: i64,
    #[field(unique, max_length = 50)]
    pub code: String,
    pub views: i64,
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

/// An INSERT of several rows in one statement, which Diesel does not write on SQLite: a text and some numbers each.
pub struct Many<const N: usize> {
    pub into: &'static str,
    pub rows: Vec<(String, [i64; N])>,
    /// What comes behind the rows.
    pub tail: &'static str,
}

/// An INSERT of books.
pub const INTO_BOOKS: &str = "INSERT INTO shelf_book (title, views, author_id) VALUES ";
/// And what gives them back.
pub const RETURNING: &str = " RETURNING id, title, views, author_id";

impl<const N: usize> diesel::query_builder::QueryId for Many<N> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<const N: usize> diesel::query_builder::Query for Many<N> {
    type SqlType = shelf_book::SqlType;
}

impl<C, const N: usize> diesel::query_dsl::RunQueryDsl<C> for Many<N> {}

impl<DB, const N: usize> diesel::query_builder::QueryFragment<DB> for Many<N>
where
    DB: diesel::backend::Backend,
    String: diesel::serialize::ToSql<diesel::sql_types::Text, DB>,
    i64: diesel::serialize::ToSql<diesel::sql_types::BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut pass: diesel::query_builder::AstPass<'_, 'b, DB>) -> diesel::QueryResult<()> {
        use diesel::sql_types::{BigInt, Text};
        pass.push_sql(self.into);
        for (index, (text, numbers)) in self.rows.iter().enumerate() {
            pass.push_sql(if index == 0 { "(" } else { ", (" });
            pass.push_bind_param::<Text, _>(text)?;
            for number in numbers {
                pass.push_sql(", ");
                pass.push_bind_param::<BigInt, _>(number)?;
            }
            pass.push_sql(")");
        }
        pass.push_sql(self.tail);
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
        INSERT INTO shelf_author (name) SELECT CONCAT('author ', n) FROM ({}) AS numbers;
        INSERT INTO shelf_book (title, views, author_id)
            SELECT CONCAT('title ', n), n, (n - 1 - (n - 1) % 10) / 10 + 1 FROM ({}) AS numbers;
        CREATE INDEX shelf_book_author ON shelf_book (author_id);",
        numbers(1_000),
        numbers(10_000)
    )
}
