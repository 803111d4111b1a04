use orm::prelude::*;

orm::app! { pub store { Product, Tag } }

#[derive(Model)]
pub struct Product {
    pub id: i64,
    pub tags: ManyToMany<Tag>,
}

#[derive(Model)]
pub struct Tag {
    pub id: i64,
    pub products: ManyToMany<Product>,
}

fn main() {}
