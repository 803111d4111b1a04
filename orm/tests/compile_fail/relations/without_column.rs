use orm::prelude::*;

orm::app! { pub library { Author, Book } }

#[derive(Model)]
pub struct Author {
    pub id: i64,
    #[field(index)]
    pub books: HasMany<Book>,
    #[field(default = 1)]
    pub best: HasOne<Book>,
    #[field(comment = "liked")]
    pub liked: ManyToMany<Book>,
}

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub author: ForeignKey<Author>,
}

fn main() {}
