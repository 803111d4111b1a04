use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(min_length = 3)]
    pub pages: i64,
    #[field(min = 0)]
    pub title: String,
    #[field(max_length = 5, min_length = 6)]
    pub code: String,
    #[field(email)]
    pub price: f64,
    #[field(max = "ten")]
    pub stock: i32,
    #[field(validate = positive)]
    pub views: i64,
    #[field(pattern = "a+")]
    pub author: ForeignKey<Book>,
}

fn positive(_: &str) -> Result<(), orm::ValidationError> {
    Ok(())
}

fn main() {}
