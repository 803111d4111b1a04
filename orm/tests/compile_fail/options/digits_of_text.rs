use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(max_digits = 4, decimal_places = 2)]
    pub title: String,
}

fn main() {}
