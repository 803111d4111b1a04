use orm::prelude::*;

orm::app! { pub library { Author, Book, Tag } }

#[derive(Model)]
pub struct Author {
    pub id: usize,
}

#[derive(Model)]
pub struct Book {
    pub id: Option<i64>,
}

#[derive(Model)]
pub struct Tag {
    #[field(primary_key)]
    pub code: usize,
}

fn main() {}
