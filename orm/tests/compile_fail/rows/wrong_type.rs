use orm::prelude::*;

orm::app! { pub library { Author, Book } }

#[derive(Model)]
pub struct Author {
    pub id: i64,
    #[field(max_length = 100)]
    pub name: String,
    pub country: String,
    pub books: HasMany<Book>,
}

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(max_length = 200)]
    pub title: String,
    pub pages: i64,
    pub active: bool,
    pub isbn: Option<String>,
    pub author: ForeignKey<Author>,
}

#[derive(Row)]
#[row(model = Book)]
pub struct Card {
    pub title: i64,
    #[row(|b| b.isbn)]
    pub isbn: String,
}

fn main() {}
