use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
#[model(order_by(title), tabel = "books")]
pub struct Book {
    pub id: i64,
    #[field(max_lenght = 100)]
    pub title: String,
    #[field(null)]
    pub isbn: String,
    #[field(frobnicate = 3)]
    pub pages: i64,
}

fn main() {}
