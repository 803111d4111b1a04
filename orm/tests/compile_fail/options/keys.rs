use orm::prelude::*;

orm::app! { pub library { Book, Page } }

#[derive(Model)]
#[model(
    unique(title),
    unique(title, sorted = true),
    unique(title, deferrable = later),
    unique(|b| b.title),
    index(title, opclass("a", "b")),
    index(title, include(-pages)),
    index(title, include(nothing)),
    index(title, deferrable = deferred)
)]
pub struct Book {
    pub id: i64,
    #[field(max_length = 20)]
    pub title: String,
    #[field(db_constraint = false)]
    pub pages: i32,
}

#[derive(Model)]
#[model(unique(|b| b.title, title))]
pub struct Page {
    pub id: i64,
    #[field(max_length = 20)]
    pub title: String,
}

fn main() {}
