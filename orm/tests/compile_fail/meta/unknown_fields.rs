use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
#[model(ordering(titel, -published, published), unique(title, autor), index(publisher))]
pub struct Book {
    pub id: i64,
    pub title: String,
    pub published: Option<NaiveDate>,
}

fn main() {}
