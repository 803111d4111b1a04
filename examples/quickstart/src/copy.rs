//! A copy of the filled database, to try a change on.

use crate::graph::Graph;
use indicatif::ProgressBar;
use orm::{App, Code, Dialect, Error, migrate::migrate, prelude::*};
use std::path::PathBuf;

/// A copy of a database, to be removed in the end.
pub struct Copy {
    /// The copy.
    pub db: Database,
    remove: Remove,
}

enum Remove {
    File(PathBuf),
    Database(String),
}

impl Copy {
    /// Copies a database: the file of SQLite; on a server a new database beside it, migrated and filled with the same graph.
    /// `None` where the login may not create databases.
    ///
    /// # Errors
    /// When the copy cannot be made or filled.
    pub async fn make(db: &Database, url: &str, apps: &[App], graph: &Graph) -> orm::Result<Option<Copy>> {
        let name = format!("quickstart_copy_{}", std::process::id());
        if db.dialect() == Dialect::Sqlite {
            let path = std::env::temp_dir().join(format!("{name}.db"));
            let _ = std::fs::remove_file(&path);
            let text = path.display().to_string();
            db.batch(format!("VACUUM INTO '{}'", text.replace('\'', "''"))).await?;
            let db = Database::connect(format!("sqlite://{text}")).await?;
            return Ok(Some(Copy { db, remove: Remove::File(path) }));
        }
        match db.batch(format!("CREATE DATABASE {name}")).await {
            Err(error) if error.code() == Code::Sql => return Ok(None),
            made => made?,
        }
        let remove = Remove::Database(name.clone());
        let copy = Copy { db: Database::connect(renamed(url, &name)?).await?, remove };
        migrate(&copy.db, apps).await?;
        crate::load::load(graph, &copy.db, &ProgressBar::hidden()).await?;
        Ok(Some(copy))
    }

    /// Removes the copy.
    ///
    /// # Errors
    /// When the database does not let go of it.
    pub async fn remove(self, db: &Database) -> orm::Result<()> {
        self.db.close().await;
        match self.remove {
            Remove::File(path) => {
                for end in ["", "-wal", "-shm"] {
                    let _ = std::fs::remove_file(format!("{}{end}", path.display()));
                }
                Ok(())
            }
            Remove::Database(name) => db.batch(format!("DROP DATABASE {name}")).await,
        }
    }
}

/// The URL with another database's name.
fn renamed(url: &str, name: &str) -> orm::Result<String> {
    let (address, options) = url.split_once('?').map_or((url, String::new()), |(a, o)| (a, format!("?{o}")));
    let host = address.find("://").map_or(0, |place| place + 3);
    let bad = || Error::new(Code::BadUrl, "the URL names no database").with_hint("write postgres://user@host/database");
    let end = host + address[host..].find('/').ok_or_else(bad)?;
    Ok(format!("{}/{name}{options}", &address[..end]))
}
