use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(max_length = -1)]
    pub title: String,
    #[field(max_length)]
    pub subtitle: String,
    #[field(column = 3, unique = "yes")]
    pub isbn: String,
    #[field(unique, unique)]
    pub code: String,
}

fn main() {}
