use orm::prelude::*;

orm::app! { pub library { Author, Book } }

#[derive(Model)]
pub struct Book {
    #[field(primary_key)]
    pub isbn: String,
    #[field(unique)]
    pub authors: ManyToMany<Author>,
}

#[derive(Model)]
pub struct Author {
    pub id: i64,
    #[field(max_length = 100)]
    pub name: String,
}

fn main() {}
