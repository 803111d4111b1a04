use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
pub struct Book {
    #[field(primary_key)]
    pub weight: f64,
}

fn main() {}
