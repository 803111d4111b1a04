use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(collation = "C")]
    pub pages: i64,
    #[field(collation = "x; DROP TABLE book")]
    pub title: String,
    #[field(collation(oracle = "BINARY"))]
    pub subtitle: String,
    #[field(collation)]
    pub note: String,
}

fn main() {}
