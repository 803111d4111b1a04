use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
#[model(check("price", |b| b.price.gte("much")), index(|b| b.prise.desc()))]
pub struct Book {
    pub id: i64,
    #[field(max_digits = 8, decimal_places = 2)]
    pub price: Decimal,
}

fn main() {}
