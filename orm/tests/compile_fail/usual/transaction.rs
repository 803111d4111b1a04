use orm::prelude::*;

orm::app! { pub library { Author } }

#[derive(Model)]
pub struct Author {
    pub id: i64,
    pub name: String,
}

async fn add(db: &Database) -> orm::Result<Author> {
    db.transaction(|tx| async move { Author::draft().name("Ada").create(tx).await }).await
}

fn main() {}
