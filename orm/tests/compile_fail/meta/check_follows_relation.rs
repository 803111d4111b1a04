use orm::prelude::*;

orm::app! { pub library { Author, Book } }

#[derive(Model)]
#[model(check("named", |b| b.author.name.ne("")))]
pub struct Book {
    pub id: i64,
    pub author: ForeignKey<Author>,
}

#[derive(Model)]
pub struct Author {
    pub id: i64,
    #[field(max_length = 100)]
    pub name: String,
}

fn main() {}
