use orm::prelude::*;

orm::app! { pub library { Author, Book } }

#[derive(Model)]
pub struct Author {
    pub id: i64,
    #[field(max_length = 100)]
    pub name: String,
}

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(max_length = 200)]
    pub title: String,
    pub author: ForeignKey<Author>,
    pub editor: Option<ForeignKey<Author>>,
}

#[derive(Row)]
#[row(model = Author)]
pub struct Who {
    pub name: String,
}

#[derive(Row)]
#[row(model = Book)]
pub struct Cover {
    pub title: String,
}

#[derive(Row)]
#[row(model = Book)]
pub struct MayBeAbsent {
    pub editor: Who,
}

#[derive(Row)]
#[row(model = Book)]
pub struct AlwaysThere {
    pub author: Option<Who>,
}

#[derive(Row)]
#[row(model = Book)]
pub struct OtherModel {
    pub author: Cover,
}

#[derive(Row)]
#[row(model = Book)]
pub struct Value {
    #[row(|b| b.title)]
    pub author: Who,
}

#[derive(Row)]
#[row(model = Book)]
pub struct WholeModel {
    pub editor: Author,
}

fn main() {}
