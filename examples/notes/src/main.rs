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
    let project = Project::new().app(notes()).database("sqlite://notes.db");
    if std::env::args().len() > 1 {
        return Ok(project.manage()); // cargo run -- makemigrations, migrate, showmigrations ..
    }
    let db = project.connect().await?; // that of DATABASE_URL, if it is set, as for the commands
    orm::migrate::migrate(&db, project.apps()).await?; // what `cargo run -- migrate` does
    Note::draft().text("Buy milk").done(false).create(&db).await?;
    for note in Note::objects().exclude(|n| n.done).all(&db).await? {
        println!("{}: {}", note.id, note.text);
    }
    db.close().await;
    Ok(ExitCode::SUCCESS)
}
