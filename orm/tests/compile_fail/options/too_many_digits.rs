use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(max_digits = 40, decimal_places = 2)]
    pub price: Decimal,
}

fn main() {}
