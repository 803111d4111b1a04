#![deny(unused_must_use)]
use orm::prelude::*;

orm::app! { shop { Item } }

#[derive(Model)]
struct Item {
    id: i64,
    stock: i32,
}

fn main() {
    Item::objects().filter(|i| i.stock.gt(3));
    Item::draft().stock(3);
    Item::fields().stock.gt(3);
    Item::fields().stock + 1;
}
