use orm::prelude::*;

orm::app! { library { Book } }

#[derive(Model)]
pub enum Book {
    Paper,
}

fn main() {
    let _ = Book::objects();
}
