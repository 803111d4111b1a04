//! Models for connections that are borrowed: writers, their books, and tags.

use orm::prelude::*;

orm::app! { pub borrowed { Author, Book, Country, Tag } }

#[derive(Model, Debug, Clone)]
pub struct Author {
    pub id: i64,
    #[field(max_length = 100)]
    pub name: String,
    pub country: ForeignKey<Country>,
    pub books: HasMany<Book>,
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
    #[field(auto_now_add)]
    pub created: DateTime<Utc>,
    #[field(on_delete = cascade)]
    pub author: ForeignKey<Author>,
}

#[derive(Model, Debug, Clone)]
pub struct Country {
    pub id: i64,
    #[field(max_length = 2, unique)]
    pub code: String,
    #[field(max_length = 100)]
    pub name: String,
}

#[derive(Model, Debug, Clone)]
pub struct Tag {
    pub id: i64,
    #[field(max_length = 50, unique)]
    pub slug: String,
    #[field(max_length = 50)]
    pub name: String,
}
