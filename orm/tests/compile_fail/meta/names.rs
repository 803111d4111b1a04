use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
#[model(check("pages", |b| b.pages.gt(0)), check("pages", |b| b.pages.lt(9)), index(pages, name = "a b"), check(|b| b.pages.gt(0)))]
pub struct Book {
    pub id: i64,
    pub pages: i64,
}

fn main() {}
