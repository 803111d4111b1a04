use orm::prelude::*;

orm::app! { Library { Book, Book } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
}

fn main() {}
