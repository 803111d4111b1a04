use orm::prelude::*;

orm::app! { pub shop { Product } }

#[derive(Model)]
pub struct Product {
    pub id: i64,
    pub stock: i32,
    pub taken: Option<i32>,
    pub shop: ForeignKey<Product>,
    #[field(generated = |p| p.stock.gt(1))]
    pub wrong: i32,
    #[field(generated = |p| p.name.length())]
    pub unknown: i64,
    #[field(generated = |p| p.stock - p.taken)]
    pub may_be_null: i32,
    #[field(generated = |p| p.shop.stock)]
    pub of_others: i32,
}

fn main() {}
