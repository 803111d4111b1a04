use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
pub struct Book {
    #[field(primary_key)]
    pub shelf: ForeignKey<Person>,
    pub author: ForeignKey<Person>,
    pub cover: OneToOne<Person>,
    #[field(on_delete = set_null)]
    pub editor: Option<ForeignKey<Person>>,
}

pub struct Person {
    pub id: i64,
}

fn main() {}
