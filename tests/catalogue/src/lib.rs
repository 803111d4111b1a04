//! Books and who wrote them: models in a crate of their own, which knows nothing of the crates whose models point here.

use orm::prelude::*;

orm::app! { pub catalogue { Author, Book, Country, Tag } }

/// Who writes books.
#[derive(Model, Debug, Clone)]
pub struct Author {
    /// The key.
    pub id: i64,
    /// As on the cover.
    #[field(max_length = 100)]
    pub name: String,
    /// The day of birth, if it is known.
    pub born: Option<NaiveDate>,
    /// Where the author comes from.
    pub country: ForeignKey<Country>,
    /// What the author has written.
    pub books: HasMany<Book>,
}

/// A book.
#[derive(Model, Debug, Clone)]
pub struct Book {
    /// The key.
    pub id: i64,
    /// As printed on the cover.
    #[field(max_length = 200)]
    pub title: String,
    /// Who wrote it.
    #[field(on_delete = cascade)]
    pub author: ForeignKey<Author>,
    /// What it is about.
    pub tags: ManyToMany<Tag>,
}

/// Where authors come from.
#[derive(Model, Debug, Clone)]
pub struct Country {
    /// The key.
    pub id: i64,
    /// Two letters.
    #[field(max_length = 2, unique)]
    pub code: String,
    /// In English.
    #[field(max_length = 100)]
    pub name: String,
}

/// What books are about.
#[derive(Model, Debug, Clone)]
pub struct Tag {
    /// The key.
    pub id: i64,
    /// As in an address.
    #[field(max_length = 50, unique)]
    pub slug: String,
}
