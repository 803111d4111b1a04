use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
pub struct Book {
    #[field(primary_key)]
    pub isbn: Option<String>,
}

fn main() {}
