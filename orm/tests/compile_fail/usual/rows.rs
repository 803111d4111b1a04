use orm::prelude::*;

orm::app! { pub library { Author, Book } }

#[derive(Model)]
pub struct Author {
    pub id: i64,
    pub name: String,
    pub books: HasMany<Book>,
}

#[derive(Model)]
#[model(unique(author, code))]
pub struct Book {
    pub id: i64,
    pub author: ForeignKey<Author>,
    pub code: Option<String>,
    #[field(max_digits = 8, decimal_places = 2)]
    pub price: Decimal,
}

async fn save(book: Book, db: &Database) -> orm::Result<()> {
    book.save(db).await?;
    Ok(())
}

async fn key_of_another_type(number: i32, db: &Database) -> orm::Result<Book> {
    Book::get(number, db).await
}

async fn name_for_a_row(db: &Database) -> orm::Result<Book> {
    Book::draft().author("Ann").price(1).create(db).await
}

async fn key_that_may_be_null(db: &Database) -> orm::Result<(Book, bool)> {
    Book::draft().author(1).price(1).get_or_create(|k| k.author_code, db).await
}

async fn float_for_a_decimal(db: &Database) -> orm::Result<Book> {
    Book::draft().author(1).price(1.5).create(db).await
}

async fn text_for_a_decimal(db: &Database) -> orm::Result<u64> {
    Book::objects().update(|b| b.price.set("12.50"), db).await
}

fn main() {}
