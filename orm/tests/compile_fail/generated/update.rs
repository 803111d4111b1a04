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
    let _ = Product::objects().update_sql(|p| p.twice.set(2), orm::Dialect::Sqlite);
}
