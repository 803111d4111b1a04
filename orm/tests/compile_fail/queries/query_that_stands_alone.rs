//! A query inside another says what it stands in.

use orm::prelude::*;

orm::app! { pub shop { Author, Book } }

#[derive(Model)]
pub struct Author {
    pub id: i64,
    pub books: HasMany<Book>,
}

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub title: String,
    pub author: ForeignKey<Author>,
}

fn main() {
    let _ = Author::objects().values(|a| Book::objects().filter(|b| b.author.eq(a.id)).scalar(|b| b.title));
    let _ = Author::objects().filter(|a| Book::objects().has_rows());
    let _ = Author::objects().values(|a| Book::objects().row_count());
    let _ = Author::objects().filter(|a| Book::objects().within(a.id).exists());
    let _ = Author::objects().values(|a| Book::objects().within(a.id).count());
}
