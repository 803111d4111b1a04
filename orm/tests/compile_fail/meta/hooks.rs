use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
#[model(hooks, filter = |b| b.pages)]
pub struct Book {
    pub id: i64,
    pub pages: i64,
}

fn main() {}
