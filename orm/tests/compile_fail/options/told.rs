use orm::prelude::*;

orm::app! { pub desk { Note, Letter } }

#[derive(Model)]
pub struct Note {
    pub id: i64,
    #[field(message = "write something")]
    pub text: String,
}

#[derive(Model)]
#[model(
    permissions(publish = "may publish", view = "may read"),
    check("short", |l| l.pages.lt(9), mesage = "at most eight pages")
)]
pub struct Letter {
    pub id: i64,
    pub pages: i32,
}

fn main() {}
