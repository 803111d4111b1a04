use orm::prelude::*;

orm::app! { pub library { Author, Line } }

#[derive(Model)]
pub struct Author {
    pub id: i64,
}

#[derive(Model)]
pub struct Line {
    #[field(primary_key)]
    pub author: Option<ForeignKey<Author>>,
    #[field(primary_key)]
    pub number: i32,
}

fn main() {}
