use orm::prelude::*;

orm::app! { shop { Item } }

#[derive(Model)]
struct Item {
    id: i64,
    stock: i32,
    #[field(max_digits = 8, decimal_places = 2)]
    price: Decimal,
}

fn main() {
    // A decimal takes a whole number; a whole number has to become a decimal first.
    let _ = Item::objects().values(|i| i.price * i.stock);
    let _ = Item::objects().values(|i| i.stock.cast::<Decimal>() * i.price);
    let _ = Item::objects().values(|i| i.stock * i.price);
}
