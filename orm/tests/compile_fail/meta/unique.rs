use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
#[model(unique(title), unique(title, -pages), unique())]
pub struct Book {
    pub id: i64,
    pub title: String,
    pub pages: i64,
}

fn main() {}
