//! A database for each test, in milliseconds: the tables are made once, and copied.

use crate::{App, Code, Database, Dialect, Error, Executor, Operation, Result, Transaction, db::sealed, migrate};
use futures_util::future::BoxFuture;
use std::{
    collections::HashMap,
    fmt,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    ops::Deref,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

/// A database of a test's own: empty, with the tables of some applications, and gone when this is dropped, also by a panic.
///
/// It is an [`Executor`], and dereferences to its [`Database`]. On SQLite it is in memory; in a file, it is a copy of one; on PostgreSQL a copy of a template that
/// stays on the server for the next run (`orm_template_..`, a new one for each state of the models: see [`remove_templates`]); on MariaDB
/// and MySQL its tables are made by one script.
///
/// ```
/// # use library::*;
/// use orm::testing::TestDatabase;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// let db = TestDatabase::of([library()]).await?;
/// Tag::draft().slug("logic").name("Logic").create(&db).await?;
/// assert_eq!(Tag::objects().count(&db).await?, 1);
/// # Ok(()) }
/// ```
pub struct TestDatabase {
    db: Database,
    /// What is to be removed in the end.
    left: Left,
}

/// What a test database leaves, if it is not removed.
#[derive(Clone)]
enum Left {
    Nothing,
    Folder(PathBuf),
    /// The URL of the server, and the name of the database.
    Database(String, String),
}

/// What the tables are made from.
#[derive(Clone)]
enum Template {
    Script(Arc<str>),
    /// What the file holds.
    File(Arc<[u8]>),
    Database(Arc<str>),
}

impl TestDatabase {
    /// On the server that `TEST_DATABASE_URL` names, or else in memory, by SQLite: the same tests run on every database.
    ///
    /// # Errors
    /// See [`at`](TestDatabase::at).
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// let db = orm::testing::TestDatabase::of([library()]).await?;
    /// assert_eq!(Book::objects().count(&db).await?, 0);
    /// # Ok(()) }
    /// ```
    pub async fn of(apps: impl IntoIterator<Item = App>) -> Result<TestDatabase> {
        let url = std::env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty());
        TestDatabase::at(url.as_deref().unwrap_or("sqlite::memory:"), apps).await
    }

    /// On this server: `sqlite::memory:`, `sqlite://` for a file in the system's folder for such, `postgres://user@host/postgres` or
    /// `mysql://user@host/`. The user has to be allowed to make databases; the one that a URL names is only where that is asked for.
    ///
    /// # Errors
    /// When the models do not fit together, the server cannot be reached, or does not allow it.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// let db = orm::testing::TestDatabase::at("sqlite://", [library()]).await?;
    /// assert_eq!(Book::objects().count(&db).await?, 0);
    /// # Ok(()) }
    /// ```
    pub async fn at(url: &str, apps: impl IntoIterator<Item = App>) -> Result<TestDatabase> {
        let apps: Vec<App> = apps.into_iter().collect();
        let scheme = url.split(':').next().unwrap_or_default();
        match scheme {
            "sqlite" if url == "sqlite::memory:" => {
                let db = Database::connect(url).await?;
                db.batch(&*script(&apps, Dialect::Sqlite)?).await?;
                Ok(TestDatabase { db, left: Left::Nothing })
            }
            "sqlite" => TestDatabase::copied(&apps).await,
            _ => TestDatabase::on_server(url, &apps).await,
        }
    }

    async fn copied(apps: &[App]) -> Result<TestDatabase> {
        let script = script(apps, Dialect::Sqlite)?;
        let template = known("sqlite", &script, || async {
            let folder = std::env::temp_dir().join(unique("orm_template"));
            std::fs::create_dir_all(&folder).map_err(|error| in_folder(&folder, error))?;
            let file = folder.join("template.db");
            let db = Database::connect(format!("sqlite://{}", file.display())).await?;
            let made = db.batch(&*script).await;
            db.close().await;
            let bytes = std::fs::read(&file).map_err(|error| in_folder(&folder, error));
            std::fs::remove_dir_all(&folder).map_err(|error| in_folder(&folder, error))?;
            made?;
            Ok(Template::File(bytes?.into()))
        });
        let folder = std::env::temp_dir().join(unique("orm_test"));
        std::fs::create_dir_all(&folder).map_err(|error| in_folder(&folder, error))?;
        let file = folder.join("test.db");
        if let Template::File(template) = template.await? {
            std::fs::write(&file, &*template).map_err(|error| in_folder(&folder, error))?;
        }
        let left = Left::Folder(folder);
        match Database::connect(format!("sqlite://{}", file.display())).await {
            Ok(db) => Ok(TestDatabase { db, left }),
            Err(error) => {
                remove(left).await?;
                Err(error)
            }
        }
    }

    async fn on_server(url: &str, apps: &[App]) -> Result<TestDatabase> {
        let admin = admin(url).await?;
        let made = TestDatabase::made_by(&admin, url, apps).await;
        admin.close().await;
        made
    }

    async fn made_by(admin: &Database, url: &str, apps: &[App]) -> Result<TestDatabase> {
        let dialect = admin.dialect();
        let script = script(apps, dialect)?;
        let name = unique("orm_test");
        let template = match dialect {
            Dialect::Postgres => known(url, &script, || template_database(admin, url, &script)).await?,
            _ => Template::Script(script),
        };
        let copied = match &template {
            Template::Database(template) => format!(" TEMPLATE {template}"),
            _ => String::new(),
        };
        admin.batch(format!("CREATE DATABASE {name}{copied}")).await?;
        let left = Left::Database(url.to_owned(), name.clone());
        let connected = async {
            let db = Database::connect(with_name(url, &name)).await?;
            if let Template::Script(script) = &template {
                db.batch(&**script).await?;
            }
            Ok(db)
        };
        match connected.await {
            Ok(db) => Ok(TestDatabase { db, left }),
            Err(error) => {
                remove(left).await?;
                Err(error)
            }
        }
    }

    /// Removes it now, and tells what goes wrong.
    ///
    /// # Errors
    /// What the database says.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// let db = orm::testing::TestDatabase::of([library()]).await?;
    /// db.remove().await?;
    /// # Ok(()) }
    /// ```
    pub async fn remove(mut self) -> Result<()> {
        self.db.close().await;
        remove(std::mem::replace(&mut self.left, Left::Nothing)).await
    }
}

impl Deref for TestDatabase {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.db
    }
}

impl sealed::Sealed for TestDatabase {
    fn in_transaction(&self) -> bool {
        self.db.in_transaction()
    }
}

impl Executor for TestDatabase {
    fn dialect(&self) -> Dialect {
        self.db.dialect()
    }

    fn run<Op: Operation>(&self, op: Op) -> impl Future<Output = Result<Op::Output>> + Send {
        self.db.run(op)
    }

    fn atomic<T, W>(&self, work: W) -> impl Future<Output = Result<T>> + Send
    where
        T: Send,
        W: for<'t> FnOnce(&'t Transaction) -> BoxFuture<'t, Result<T>> + Send,
    {
        self.db.atomic(work)
    }
}

impl fmt::Debug for TestDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.db.fmt(f)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let left = std::mem::replace(&mut self.left, Left::Nothing);
        match left {
            Left::Nothing => {}
            Left::Folder(folder) => {
                let _ = std::fs::remove_dir_all(folder);
            }
            // The test's own runtime may be about to end.
            left @ Left::Database(..) => {
                let removing = std::thread::spawn(move || crate::block_on(remove(left)));
                if let Ok(Err(error)) = removing.join() {
                    tracing::warn!(target: "orm::testing", "a test database is left on the server: {error}");
                }
            }
        }
    }
}

async fn remove(left: Left) -> Result<()> {
    match left {
        Left::Nothing => Ok(()),
        Left::Folder(folder) => std::fs::remove_dir_all(&folder).map_err(|error| in_folder(&folder, error)),
        Left::Database(url, name) => {
            let admin = admin(&url).await?;
            let dropped = drop_database(&admin, &name).await;
            admin.close().await;
            dropped
        }
    }
}

/// Drops a database, whoever is still connected to it: a test that failed may have left a transaction open.
async fn drop_database(admin: &Database, name: &str) -> Result<()> {
    if admin.dialect() == Dialect::Postgres {
        return admin.batch(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
    }
    let there = crate::raw::<i64>("SELECT CAST(id AS SIGNED) FROM information_schema.processlist WHERE db = ?");
    for id in there.bind(name.to_owned()).all(admin).await? {
        // It may have ended by itself.
        let _ = admin.batch(format!("KILL {id}")).await;
    }
    admin.batch(format!("DROP DATABASE IF EXISTS {name}")).await
}

/// A connection to the server of a URL, which need not name a database.
async fn admin(url: &str) -> Result<Database> {
    let servers = url.starts_with("mysql:") || url.starts_with("mariadb:");
    let url = if servers { with_name(url, "information_schema") } else { url.to_owned() };
    Database::builder(url).pool_size(1).lock_timeout(Duration::from_secs(10)).connect().await
}

/// Removes the templates of test databases that earlier runs have left on a PostgreSQL server, and gives how many there were.
///
/// # Errors
/// What the database says, also where a template is just being copied.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// let removed = orm::testing::remove_templates("postgres://postgres@localhost/postgres").await?;
/// # Ok(()) }
/// ```
pub async fn remove_templates(url: &str) -> Result<u64> {
    let admin = admin(url).await?;
    let removed = async {
        if admin.dialect() != Dialect::Postgres {
            return Ok(0);
        }
        let names = crate::raw::<String>(
            "SELECT datname::text FROM pg_database WHERE datname LIKE 'orm\\_template\\_%' OR datname LIKE 'orm\\_unfinished\\_%'",
        );
        let names = names.all(&admin).await?;
        for name in &names {
            admin.batch(format!("DROP DATABASE IF EXISTS {name}")).await?;
        }
        Ok(names.len() as u64)
    };
    let removed = removed.await;
    admin.close().await;
    removed
}

/// The template of these tables on a server; it is made where there is none.
async fn template_database(admin: &Database, url: &str, script: &str) -> Result<Template> {
    let mut hash = DefaultHasher::new();
    script.hash(&mut hash);
    let hash = hash.finish();
    let name = format!("orm_template_{hash:016x}");
    let there = async || {
        let found = crate::raw::<String>("SELECT datname::text FROM pg_database WHERE datname = ?").bind(name.clone());
        found.all(admin).await.map(|found| !found.is_empty())
    };
    if !there().await? {
        // Whoever comes second finds it made. A half-made one has another name.
        let unfinished = unique("orm_unfinished");
        admin.batch(format!("CREATE DATABASE {unfinished}")).await?;
        let made = async {
            let db = Database::builder(with_name(url, &unfinished)).pool_size(1).connect().await?;
            let made = db.batch(script).await;
            db.close().await;
            made
        };
        let renamed = match made.await {
            Ok(()) => admin.batch(format!("ALTER DATABASE {unfinished} RENAME TO {name}")).await,
            Err(error) => Err(error),
        };
        if let Err(error) = renamed {
            // The first error is the one to tell.
            let _ = drop_database(admin, &unfinished).await;
            if !there().await? {
                return Err(error);
            }
        }
    }
    Ok(Template::Database(name.into()))
}

/// What makes the tables of some applications.
fn script(apps: &[App], dialect: Dialect) -> Result<Arc<str>> {
    type Scripts = HashMap<(Dialect, Vec<usize>), Arc<str>>;
    static KNOWN: Mutex<Option<Scripts>> = Mutex::new(None);
    // Two applications may have one label.
    let described: Vec<usize> = apps.iter().map(|app| std::ptr::from_ref(app.spec()).addr()).collect();
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    if let Some(script) = known.get(&(dialect, described.clone())) {
        return Ok(script.clone());
    }
    apps.iter().for_each(|app| crate::model::register(app.spec()));
    let script: Arc<str> = migrate::script(apps, dialect)?.into();
    known.insert((dialect, described), script.clone());
    Ok(script)
}

/// The template that was made before in this program, or else the one that is made now.
async fn known<F, Fut>(place: &str, script: &str, make: F) -> Result<Template>
where
    F: FnOnce() -> Fut,
    Fut: Future<Output = Result<Template>>,
{
    type Templates = HashMap<(String, String), Arc<tokio::sync::OnceCell<Template>>>;
    static KNOWN: Mutex<Option<Templates>> = Mutex::new(None);
    let cell = {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known.get_or_insert_default().entry((place.to_owned(), script.to_owned())).or_default().clone()
    };
    cell.get_or_try_init(make).await.cloned()
}

/// A name that no other test has, in this process or another.
fn unique(start: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let chance = uuid::Uuid::new_v4().as_u128() as u32;
    format!("{start}_{}_{}_{chance:08x}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The URL of another database on the same server.
fn with_name(url: &str, name: &str) -> String {
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let host = place.find("://").map_or(0, |at| at + 3);
    // A password may hold a `/` that was not encoded.
    let host = place[host..].rfind('@').map_or(host, |at| host + at + 1);
    let end = place[host..].find('/').map_or(place.len(), |at| host + at);
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    format!("{}/{name}{query}", &place[..end])
}

fn in_folder(folder: &std::path::Path, error: std::io::Error) -> Error {
    Error::new(Code::Io, format!("`{}`: {error}", folder.display())).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::with_name;

    #[test]
    fn the_name_of_a_database_is_put_into_its_url() {
        for (url, other) in [
            ("postgres://a:b@c:1/d?sslmode=disable", "postgres://a:b@c:1/x?sslmode=disable"),
            ("mysql://a@c", "mysql://a@c/x"),
            ("mysql://a:p/q@c/", "mysql://a:p/q@c/x"),
        ] {
            assert_eq!(with_name(url, "x"), other);
        }
    }
}
