use orm::prelude::*;

orm::app! { pub library { Author, Book } }

#[derive(Model)]
pub struct Author {
    pub id: i64,
}

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(table = "authors")]
    pub author: ForeignKey<Author>,
    #[field(through = Author, table = "authors")]
    pub readers: ManyToMany<Author>,
}

fn main() {}
