use orm::prelude::*;

orm::app! { pub library { Comment, Author, Book, Day } }

#[derive(Model)]
pub struct Comment {
    pub id: i64,
    #[field(on_delete = set_null)]
    pub about: GenericForeignKey,
}

#[derive(Model)]
pub struct Author {
    pub id: Uuid,
    pub name: String,
}

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub author: ForeignKey<Author>,
}

#[derive(Model)]
pub struct Day {
    #[field(primary_key)]
    pub year: i32,
    #[field(primary_key)]
    pub number: i32,
}

fn main() {}
