use orm::prelude::*;

orm::app! { library { Book } }

#[derive(Model)]
pub struct Book(i64, String);

fn main() {
    let _ = Book::objects();
}
