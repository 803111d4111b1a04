use orm::{Change, prelude::*};

orm::app! { pub library { Author, Book, Leaflet } }

#[derive(Model)]
pub struct Author {
    pub id: i64,
    pub name: String,
}

#[derive(Model)]
#[model(validate = Book::validate)]
pub struct Book {
    pub id: i64,
    pub title: String,
    pub author: ForeignKey<Author>,
}

impl Book {
    fn validate(book: &mut Change<Book>) {
        // A related row is not at hand, and a count is no text.
        if book.get(|b| b.author.name).is_some() {
            book.set(|b| b.title, 7);
        }
    }
}

#[derive(Model)]
#[model(validate = Book::validate)]
pub struct Leaflet {
    pub id: i64,
}

fn main() {}
