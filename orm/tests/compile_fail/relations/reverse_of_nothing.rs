use orm::prelude::*;

orm::app! { pub store { Product, Tag, Shop } }

#[derive(Model)]
pub struct Product {
    pub id: i64,
    pub tags: ManyToMany<Tag>,
}

#[derive(Model)]
pub struct Tag {
    pub id: i64,
    #[field(via = tag)]
    pub products: ManyToMany<Product>,
}

#[derive(Model)]
pub struct Shop {
    pub id: i64,
    #[field(via = shops)]
    pub products: ManyToMany<Product>,
}

fn main() {}
