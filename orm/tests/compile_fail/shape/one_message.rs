use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(max_lenght = 100)]
    pub title: String,
}

async fn queries(db: &Database) -> orm::Result<()> {
    let book = Book::draft().title("x").create(db).await?;
    Book::objects().filter(|b| b.title.eq(book.title)).all(db).await?;
    Ok(())
}

fn main() {}
