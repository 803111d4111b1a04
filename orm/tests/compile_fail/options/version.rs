use orm::prelude::*;

orm::app! { pub library { Book, Page, Line } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(version)]
    pub version: i64,
    #[field(version)]
    pub edition: i64,
    #[field(version, default = 2)]
    pub printing: i64,
}

#[derive(Model)]
pub struct Page {
    pub id: i64,
    #[field(version)]
    pub version: String,
}

#[derive(Model)]
pub struct Line {
    pub id: i64,
    #[field(version)]
    pub version: Option<i32>,
}

fn main() {}
