use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub grid: Vec<Vec<i32>>,
}

fn main() {}
