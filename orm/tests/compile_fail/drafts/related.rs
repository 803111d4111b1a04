use orm::prelude::*;

orm::app! { pub library { Author, Book } }

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

async fn without_a_title(ada: &Author, db: &Database) -> orm::Result<Book> {
    ada.many(|a| a.books).create(Book::draft(), db).await
}

async fn by_what_is_no_key(db: &Database) -> orm::Result<(Book, bool)> {
    Book::draft().title("Notes").author(1).get_or_create(|b| b.title, db).await
}

fn main() {}
