use orm::prelude::*;

orm::app! { pub library { Author, Book } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(through = Author)]
    pub author: ForeignKey<Author>,
}

#[derive(Model)]
pub struct Author {
    pub id: i64,
    #[field(max_length = 100)]
    pub name: String,
}

fn main() {}
