use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(column = "name")]
    pub title: String,
    pub name: String,
}

fn main() {}
