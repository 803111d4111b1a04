//! A database of its own for each test, on each back end that can be reached.

use orm::{Access, Cell, Connection, Database, Executor, Operation, Result, Statement, Value};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Backend {
    #[cfg(feature = "sqlite")]
    Memory,
    #[cfg(feature = "sqlite")]
    File,
    #[cfg(feature = "postgres")]
    Postgres,
    #[cfg(feature = "mysql")]
    MariaDb,
}

/// A database that exists for one test.
pub(crate) struct Bed {
    pub(crate) db: Database,
    pub(crate) url: String,
    pub(crate) backend: Backend,
    admin: Option<Database>,
    name: String,
}

fn unique() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("orm_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

impl Bed {
    /// None, said plainly, when the server cannot be reached.
    pub(crate) async fn new(backend: Backend) -> Option<Bed> {
        let name = unique();
        let (url, admin) = match backend {
            #[cfg(feature = "sqlite")]
            Backend::Memory => ("sqlite::memory:".to_owned(), None),
            #[cfg(feature = "sqlite")]
            Backend::File => {
                let folder = std::env::temp_dir().join(&name);
                std::fs::create_dir_all(&folder).unwrap();
                (format!("sqlite://{}/test.db", folder.display()), None)
            }
            #[cfg(feature = "postgres")]
            Backend::Postgres => {
                let base = base("ORM_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/");
                (format!("{base}{name}"), Some(reach(&format!("{base}postgres")).await?))
            }
            #[cfg(feature = "mysql")]
            Backend::MariaDb => {
                let base = base("ORM_TEST_MYSQL_URL", "mysql://root@127.0.0.1:3306/");
                (format!("{base}{name}"), Some(reach(&format!("{base}information_schema")).await?))
            }
        };
        if let Some(admin) = &admin {
            admin.batch(format!("CREATE DATABASE {name}")).await.unwrap();
        }
        let db = Database::builder(&url).pool_size(4).connect().await.unwrap();
        Some(Bed { db, url, backend, admin, name })
    }

    pub(crate) async fn finish(self) {
        self.db.close().await;
        if let Some(admin) = &self.admin {
            let force = if self.url.starts_with("postgres") { " WITH (FORCE)" } else { "" };
            admin.batch(format!("DROP DATABASE {}{force}", self.name)).await.unwrap();
            admin.close().await;
        }
        let folder = std::env::temp_dir().join(&self.name);
        if folder.exists() {
            std::fs::remove_dir_all(folder).unwrap();
        }
    }

    /// The first SQL for PostgreSQL, the second for SQLite, the third for MariaDB.
    pub(crate) fn pick<'a>(&self, postgres: &'a str, sqlite: &'a str, mariadb: &'a str) -> &'a str {
        match self.backend {
            #[cfg(feature = "postgres")]
            Backend::Postgres => postgres,
            #[cfg(feature = "mysql")]
            Backend::MariaDb => mariadb,
            #[allow(unreachable_patterns)]
            _ => {
                let _ = (postgres, mariadb);
                sqlite
            }
        }
    }
}

#[allow(dead_code)]
fn base(variable: &str, default: &str) -> String {
    let mut url = std::env::var(variable).unwrap_or_else(|_| default.to_owned());
    if !url.ends_with('/') {
        url.push('/');
    }
    url
}

#[allow(dead_code)]
async fn reach(url: &str) -> Option<Database> {
    match Database::builder(url).pool_size(1).connect().await {
        Ok(db) => Some(db),
        Err(error) if std::env::var_os("CI").is_some() => panic!("{error}"),
        Err(error) => {
            println!("NOT RUN: {error}");
            None
        }
    }
}

/// One test for each back end, with a database of its own.
macro_rules! on_all {
    ($($(#[$meta:meta])* async fn $name:ident($bed:ident) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            async fn body($bed: &$crate::bed::Bed) $body
            $crate::bed::on_all!(@one sqlite_memory, "sqlite", Memory);
            $crate::bed::on_all!(@one sqlite_file, "sqlite", File);
            $crate::bed::on_all!(@one postgres, "postgres", Postgres);
            $crate::bed::on_all!(@one mariadb, "mysql", MariaDb);
        }
    )+};
    (@one $name:ident, $feature:literal, $backend:ident) => {
        #[cfg(feature = $feature)]
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            let Some(bed) = $crate::bed::Bed::new($crate::bed::Backend::$backend).await else { return };
            let bed = std::sync::Arc::new(bed);
            let mine = bed.clone();
            let done = tokio::spawn(async move { body(&mine).await }).await;
            if let Some(bed) = std::sync::Arc::into_inner(bed) {
                bed.finish().await;
            }
            done.unwrap();
        }
    };
}
pub(crate) use on_all;

/// A query whose first column is read by a function.
pub(crate) struct Query<T>(pub(crate) Statement, pub(crate) fn(&Cell<'_>) -> Result<T>);

impl<T: Send + 'static> Operation for Query<T> {
    type Output = Vec<T>;
    fn access(&self) -> Access {
        Access::Read
    }
    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Vec<T>> {
        let (mut out, read) = (Vec::new(), self.1);
        conn.query(&self.0, &mut |row| {
            out.push(read(&row.cell(0))?);
            Ok(())
        })
        .await?;
        Ok(out)
    }
}

pub(crate) struct Execute(pub(crate) Statement);

impl Operation for Execute {
    type Output = u64;
    fn access(&self) -> Access {
        Access::Write
    }
    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<u64> {
        conn.execute(&self.0).await
    }
}

/// One row, which is named: on SQLite it may run on the calling thread.
pub(crate) struct Short(pub(crate) Statement);

impl Operation for Short {
    type Output = u64;
    fn access(&self) -> Access {
        Access::ShortWrite
    }
    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<u64> {
        conn.execute(&self.0).await
    }
}

pub(crate) async fn ints<E: Executor>(ex: &E, sql: &str) -> Result<Vec<i64>> {
    ex.run(Query(Statement::raw(sql, []), |cell| cell.i64())).await
}

pub(crate) async fn ids<E: Executor>(ex: &E) -> Result<Vec<i64>> {
    ints(ex, "SELECT id FROM t ORDER BY id").await
}

pub(crate) async fn insert<E: Executor>(ex: &E, id: i64) -> Result<u64> {
    ex.run(Short(Statement::raw("INSERT INTO t VALUES (?)", [Value::I64(id)]))).await
}

/// The table that `ids` and `insert` use.
pub(crate) async fn with_table(bed: &Bed) {
    bed.db.batch("CREATE TABLE t (id BIGINT NOT NULL PRIMARY KEY)").await.unwrap();
}

pub(crate) const NONE: [i64; 0] = [];

/// Counts turns of this thread while something else runs on it, and the longest time without one.
#[cfg(feature = "sqlite")]
pub(crate) async fn beside<T>(work: impl Future<Output = T>) -> (T, u32, Duration) {
    let done = Arc::new(AtomicBool::new(false));
    let ticker = tokio::spawn({
        let done = done.clone();
        async move {
            let (mut turns, mut worst, mut last) = (0, Duration::ZERO, Instant::now());
            while !done.load(Ordering::SeqCst) {
                tokio::task::yield_now().await;
                turns += 1;
                worst = worst.max(last.elapsed());
                last = Instant::now();
            }
            (turns, worst)
        }
    });
    let out = work.await;
    done.store(true, Ordering::SeqCst);
    let (turns, worst) = ticker.await.unwrap();
    (out, turns, worst)
}
