use orm::prelude::*;

orm::app! { pub library { Author, Book } }

#[derive(Model)]
pub struct Author {
    pub id: i64,
    pub books: Vec<Book>,
    pub drafts: Option<ManyToMany<Book>>,
}

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub author: ForeignKey<Author>,
    pub pages: usize,
    pub balance: isize,
}

fn main() {}
