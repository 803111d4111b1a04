use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(primary_key)]
    pub isbn: String,
}

fn main() {}
