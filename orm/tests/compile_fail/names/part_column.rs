use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(ModelPart)]
pub struct Stamps {
    pub created: DateTime<Utc>,
}

#[derive(Model)]
pub struct Book {
    pub id: i64,
    pub created: NaiveDate,
    #[field(flatten)]
    pub stamps: Stamps,
}

fn main() {}
