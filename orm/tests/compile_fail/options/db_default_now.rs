use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(db_default = now)]
    pub title: String,
}

fn main() {}
