use orm::prelude::*;

orm::app! { pub library { Author, Note } }

#[derive(Model)]
pub struct Author {
    pub id: i64,
}

#[derive(Model)]
pub struct Note {
    pub id: i64,
    pub text: String,
}

fn main() {
    let _ = Author::objects().filter(|a| a.reverse::<Note>().exists());
}
