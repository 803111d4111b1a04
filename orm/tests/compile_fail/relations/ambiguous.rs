use orm::prelude::*;

orm::app! { pub library { Author, Book } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub authors: HasMany<Author>,
}

#[derive(Model)]
pub struct Author {
    pub id: i64,
    pub first: ForeignKey<Book>,
    pub last: ForeignKey<Book>,
}

fn main() {}
