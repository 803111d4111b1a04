use orm::prelude::*;

orm::app! { pub library { Book, Tag } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(symmetrical)]
    pub tags: ManyToMany<Tag>,
    #[field(symmetrical)]
    pub title: String,
}

#[derive(Model)]
pub struct Tag {
    pub id: i64,
    #[field(symmetrical)]
    pub parent: Option<ForeignKey<Tag>>,
}

fn main() {}
