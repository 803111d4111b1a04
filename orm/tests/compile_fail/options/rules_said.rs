use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
#[model(validate)]
pub struct Book {
    pub id: i64,
    #[field(email, url)]
    pub contact: String,
    #[field(validate = |title| title.len() > 3)]
    pub title: String,
    #[field(range(1..=5))]
    pub stars: i32,
}

fn main() {}
