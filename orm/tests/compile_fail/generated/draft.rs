use orm::prelude::*;

orm::app! { pub shop { Product } }

#[derive(Model)]
pub struct Product {
    pub id: i64,
    pub stock: i32,
    #[field(generated = |p| p.stock * 2)]
    pub twice: i32,
}

fn main() {
    let _ = Product::draft().stock(1).twice(2);
}
