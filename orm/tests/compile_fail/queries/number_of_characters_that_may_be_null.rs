//! A text that is there cannot be cut at a place that may not be.

use orm::prelude::*;

orm::app! { pub shop { Book } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub title: String,
    pub cut: Option<i64>,
}

fn main() {
    let _ = Book::objects().values(|b| b.title.left(b.cut));
}
