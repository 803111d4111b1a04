//! Notes in a database: the smallest program.

use orm::prelude::*;
use std::process::ExitCode;

orm::app! { notes { Note } }

/// Something to remember.
#[derive(Model, Debug, Clone)]
struct Note {
    id: i64,
    #[field(max_length = 200)]
    text: String,
    done: bool,
}

#[tokio::main]
async fn main() -> orm::Result<ExitCode> {
    let url = "sqlite://notes.db";
    if std::env::args().len() > 1 {
        // cargo run -- makemigrations, migrate, showmigrations ..
        return Ok(Project::new().app(notes()).database(url).manage());
    }
    let db = Database::connect(url).await?;
    orm::migrate::migrate(&db, &[notes()]).await?; // what `cargo run -- migrate` does
    Note::draft().text("Buy milk").done(false).create(&db).await?;
    for note in Note::objects().exclude(|n| n.done).all(&db).await? {
        println!("{}: {}", note.id, note.text);
    }
    Ok(ExitCode::SUCCESS)
}
