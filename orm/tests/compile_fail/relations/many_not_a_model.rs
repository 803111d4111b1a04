use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub readers: HasMany<Person>,
    pub cover: HasOne<Person>,
    #[field(table = "book_friends")]
    pub friends: ManyToMany<Person>,
}

pub struct Person {
    pub id: i64,
}

fn main() {}
