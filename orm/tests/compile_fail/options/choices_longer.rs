use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(max_length = 3)]
    pub status: Status,
}

#[derive(Choices)]
pub enum Status {
    Draft,
    Published,
}

fn main() {}
