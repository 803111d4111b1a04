//! A day is no number.

use orm::prelude::*;

orm::app! { pub shop { Book } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub published: NaiveDate,
}

fn main() {
    let _ = Book::objects().values(|b| b.published.cast::<i64>());
}
