use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub cover: Cover,
}

pub struct Cover;

fn main() {}
