use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(ModelPart)]
pub struct Stamps {
    pub created: DateTime<Utc>,
}

pub struct Size {
    pub pages: i32,
}

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub stamps: Stamps,
    #[field(flatten)]
    pub size: Size,
    #[field(flatten)]
    pub title: String,
}

fn main() {}
