use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub author: ForeignKey<Person>,
}

pub struct Person {
    pub id: i64,
}

fn main() {}
