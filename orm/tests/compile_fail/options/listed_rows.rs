use orm::prelude::*;

orm::app! { pub shop { Shelf, Item } }

#[derive(Model)]
#[model(unique(items, name), index(items), ordering(items))]
pub struct Shelf {
    pub id: i64,
    pub name: String,
    pub items: HasMany<Item>,
}

#[derive(Model)]
pub struct Item {
    pub id: i64,
    pub shelf: ForeignKey<Shelf>,
}

fn main() {}
