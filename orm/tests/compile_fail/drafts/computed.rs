use orm::prelude::*;

orm::app! { pub library { Author, Book } }

#[derive(Model)]
pub struct Author {
    pub id: i64,
    #[field(max_length = 100)]
    pub name: String,
}

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(max_length = 200)]
    pub title: String,
    pub pages: i64,
    pub isbn: Option<String>,
    pub author: ForeignKey<Author>,
}

fn main() {
    // Of another type.
    let _ = Book::draft().pages(orm::value("many").lower());
    // NULL in a field that never is.
    let _ = Book::draft().title(orm::value(None::<String>).lower());
    // Of a row, and there is none.
    let _ = Book::draft().isbn(Book::fields().title.lower());
    // A query of another type, and one of rows.
    let _ = Book::draft().author(Author::objects().values(|a| a.name));
    let _ = Book::draft().author(Author::objects());
}
