use orm::prelude::*;

orm::app! { pub shop { Product } }

#[derive(Model)]
pub struct Product {
    pub id: i64,
    pub stock: i32,
    #[field(generated = |p| p.stock * 2)]
    pub twice: i32,
}

async fn run(db: &Database, products: Vec<Product>) -> orm::Result<u64> {
    Product::objects().bulk_update(&products, |p| (p.stock, p.twice), db).await
}

fn main() {}
