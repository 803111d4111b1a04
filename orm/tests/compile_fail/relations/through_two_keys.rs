use orm::prelude::*;

orm::app! { pub store { Product, Order, OrderLine, User, Follow } }

#[derive(Model)]
pub struct Product {
    pub id: i64,
}

#[derive(Model)]
pub struct Order {
    pub id: i64,
    #[field(through = OrderLine)]
    pub products: ManyToMany<Product>,
    #[field(through = OrderLine, to = spare)]
    pub backups: ManyToMany<Product>,
}

#[derive(Model)]
pub struct OrderLine {
    pub id: i64,
    pub order: ForeignKey<Order>,
    pub product: ForeignKey<Product>,
    pub backup: ForeignKey<Product>,
}

#[derive(Model)]
pub struct User {
    pub id: i64,
    #[field(through = Follow)]
    pub follows: ManyToMany<User>,
}

#[derive(Model)]
pub struct Follow {
    pub id: i64,
    pub follower: ForeignKey<User>,
    pub followed: ForeignKey<User>,
    pub introduced_by: ForeignKey<User>,
}

fn main() {}
