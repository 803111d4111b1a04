use orm::prelude::*;

orm::app! { pub shop { Product, Tag } }

#[derive(ModelPart)]
pub struct Size {
    pub width: i32,
    #[field(generated = |s| s.width * 2)]
    pub twice: i32,
}

#[derive(Model)]
pub struct Product {
    #[field(primary_key, generated = |p| p.stock * 2)]
    pub number: i32,
    pub stock: i32,
    #[field(generated = |p| p.stock * 2, default = 1)]
    pub twice: i32,
    #[field(generated = p.stock * 2)]
    pub thrice: i32,
    #[field(generated)]
    pub more: i32,
    #[field(stored = false)]
    pub less: i32,
    #[field(generated = |p| p.stock * 2, virtual)]
    pub other: i32,
}

#[derive(Model)]
pub struct Tag {
    pub id: i64,
    #[field(generated = |t| t.id)]
    pub product: ForeignKey<Product>,
}

fn main() {}
