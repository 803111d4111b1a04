use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
pub struct Book {
    #[field(primary_key, auto)]
    pub shelf: i64,
    #[field(primary_key, unique)]
    pub place: i64,
}

fn main() {}
