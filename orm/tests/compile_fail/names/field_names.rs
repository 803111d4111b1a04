use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub pk: i64,
    pub two__words: i64,
    pub type_: i64,
}

fn main() {}
