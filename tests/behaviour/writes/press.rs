//! A press: models with one and with two unique keys, defaults of both kinds, times that set themselves, and a foreign key of
//! every `on_delete` that all databases have.
#![allow(dead_code)]

use crate::bed::Bed;
use orm::prelude::*;

orm::app! { pub press { Author, Book, Tag, Member, Review, Award, Contract, Category, Team, Player, Ticket } }

#[derive(Model, Debug, Clone)]
pub struct Author {
    pub id: i64,
    #[field(max_length = 20)]
    pub name: String,
    pub born: Option<NaiveDate>,
    #[field(via = author)]
    pub books: HasMany<Book>,
    #[field(via = editor)]
    pub edited: HasMany<Book>,
}

#[derive(Model, Debug, Clone)]
#[model(unique(author, title), check("price_not_negative", |b| b.price.gte(0)))]
pub struct Book {
    pub id: i64,
    #[field(max_length = 200)]
    pub title: String,
    #[field(max_digits = 8, decimal_places = 2)]
    pub price: Decimal,
    #[field(default = true)]
    pub active: bool,
    #[field(default = 0)]
    pub views: i64,
    pub pages: Option<u16>,
    #[field(db_default = 7)]
    pub rank: i32,
    #[field(auto_now_add)]
    pub created: DateTime<Utc>,
    #[field(auto_now)]
    pub updated: DateTime<Utc>,
    pub note: Option<String>,
    #[field(on_delete = cascade)]
    pub author: ForeignKey<Author>,
    #[field(on_delete = set_null)]
    pub editor: Option<ForeignKey<Author>>,
    pub tags: ManyToMany<Tag>,
}

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Tag {
    pub id: i64,
    #[field(max_length = 50, unique)]
    pub slug: String,
    #[field(max_length = 50)]
    pub name: String,
    #[field(default = 0)]
    pub uses: i32,
}

/// Two unique keys besides the primary one.
#[derive(Model, Debug, Clone)]
pub struct Member {
    pub id: i64,
    #[field(max_length = 50, unique)]
    pub email: String,
    #[field(max_length = 50, unique)]
    pub nick: String,
    #[field(default = 0)]
    pub visits: i32,
}

#[derive(Model, Debug, Clone)]
pub struct Review {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub book: ForeignKey<Book>,
    pub stars: i16,
}

#[derive(Model, Debug, Clone)]
pub struct Award {
    pub id: i64,
    #[field(on_delete = protect)]
    pub author: ForeignKey<Author>,
}

/// Restricts its author, and goes with its book.
#[derive(Model, Debug, Clone)]
pub struct Contract {
    pub id: i64,
    pub author: ForeignKey<Author>,
    #[field(on_delete = cascade)]
    pub book: Option<ForeignKey<Book>>,
}

#[derive(Model, Debug, Clone)]
pub struct Category {
    pub id: i64,
    #[field(max_length = 20)]
    pub name: String,
    #[field(on_delete = cascade)]
    pub parent: Option<ForeignKey<Category>>,
}

#[derive(Model, Debug, Clone)]
pub struct Team {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub captain: Option<ForeignKey<Player>>,
}

#[derive(Model, Debug, Clone)]
pub struct Player {
    pub id: i64,
    #[field(on_delete = cascade)]
    pub team: ForeignKey<Team>,
}

/// A key of the model's own, and one that the program makes.
#[derive(Model, Debug, Clone)]
pub struct Ticket {
    #[field(primary_key, max_length = 20)]
    pub code: String,
    pub token: Option<Uuid>,
    pub extra: Option<serde_json::Value>,
    pub bytes: Option<Vec<u8>>,
    pub ratio: Option<f64>,
    pub lasts: Option<TimeDelta>,
}

pub async fn tables(bed: &Bed) -> orm::Result<()> {
    orm::migrate::create_tables(&bed.db, &[press()]).await?;
    bed.log.clear();
    Ok(())
}

pub fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub async fn author<E: Executor>(name: &str, ex: &E) -> orm::Result<Author> {
    Author::draft().name(name).create(ex).await
}

pub async fn book<E: Executor>(title: &str, author: &Author, ex: &E) -> orm::Result<Book> {
    Book::draft().title(title).price(dec("5.00")).author(author).create(ex).await
}

pub fn fields(error: &orm::Error) -> Vec<&str> {
    error.fields().iter().map(String::as_str).collect()
}
