use orm::prelude::*;

orm::app! { pub library { Book } }

#[derive(Model)]
pub struct Book {
    pub id: i64,
    #[field(auto_now, auto_now_add)]
    pub changed: DateTime<Utc>,
    #[field(auto_now_add, default = Utc::now)]
    pub created: DateTime<Utc>,
    #[field(default = 1, db_default = 2)]
    pub pages: i64,
    #[field(primary_key = false, auto)]
    pub number: i64,
    #[field(unique, index)]
    pub isbn: i64,
}

fn main() {}
