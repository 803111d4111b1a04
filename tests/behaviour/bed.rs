//! A database of its own for each test, on each back end that can be reached, and what each back end is expected to do.

use orm::{Capabilities, Database, QueryLog};
use std::sync::atomic::{AtomicU32, Ordering};

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Backend {
    SqliteMemory,
    SqliteFile,
    Postgres,
    MariaDb,
}

/// What a test can require of a back end beyond what all of them do.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(dead_code, reason = "the list is whole, whether or not a test asks yet")]
pub enum Capability {
    Lateral,
    DistinctOn,
    PartialIndexes,
    ExpressionIndexes,
    TransactionalDdl,
    SelectForUpdate,
    ArrayBinds,
    InsertReturning,
    UpdateReturning,
    DeleteReturning,
    PostgresTypes,
}

impl Backend {
    /// What the back end is expected to have: a test that is left out although its capability stands here is a failure.
    fn expected(self) -> &'static [Capability] {
        use Capability::*;
        match self {
            Backend::SqliteMemory | Backend::SqliteFile => &[
                PartialIndexes,
                ExpressionIndexes,
                TransactionalDdl,
                InsertReturning,
                UpdateReturning,
                DeleteReturning,
            ],
            Backend::Postgres => &[
                Lateral,
                DistinctOn,
                PartialIndexes,
                ExpressionIndexes,
                TransactionalDdl,
                SelectForUpdate,
                ArrayBinds,
                InsertReturning,
                UpdateReturning,
                DeleteReturning,
                PostgresTypes,
            ],
            Backend::MariaDb => &[SelectForUpdate, InsertReturning, DeleteReturning],
        }
    }
}

impl Capability {
    fn of(self, has: &Capabilities) -> bool {
        match self {
            Capability::Lateral => has.lateral,
            Capability::DistinctOn => has.distinct_on,
            Capability::PartialIndexes => has.partial_indexes,
            Capability::ExpressionIndexes => has.expression_indexes,
            Capability::TransactionalDdl => has.transactional_ddl,
            Capability::SelectForUpdate => has.select_for_update,
            Capability::ArrayBinds => has.array_binds,
            Capability::InsertReturning => has.insert_returning,
            Capability::UpdateReturning => has.update_returning,
            Capability::DeleteReturning => has.delete_returning,
            Capability::PostgresTypes => has.postgres_types,
        }
    }
}

/// A database that exists for one test; what runs through `db` is recorded in `log`.
pub struct Bed {
    pub db: Database,
    pub log: QueryLog,
    pub backend: Backend,
    pub url: String,
    admin: Option<Database>,
    name: String,
}

fn unique() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("orm_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

impl Bed {
    /// None, said plainly, when the server cannot be reached.
    async fn new(backend: Backend) -> Option<Bed> {
        let name = unique();
        let (url, admin) = match backend {
            Backend::SqliteMemory => ("sqlite::memory:".to_owned(), None),
            Backend::SqliteFile => {
                let folder = std::env::temp_dir().join(&name);
                std::fs::create_dir_all(&folder).unwrap();
                (format!("sqlite://{}/test.db", folder.display()), None)
            }
            Backend::Postgres => {
                let base = base("ORM_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/");
                (format!("{base}{name}"), Some(reach(&format!("{base}postgres")).await?))
            }
            Backend::MariaDb => {
                let base = base("ORM_TEST_MYSQL_URL", "mysql://root@127.0.0.1:3306/");
                (format!("{base}{name}"), Some(reach(&format!("{base}information_schema")).await?))
            }
        };
        if let Some(admin) = &admin {
            admin.batch(format!("CREATE DATABASE {name}")).await.unwrap();
        }
        let db = Database::builder(&url).pool_size(4).connect().await.unwrap();
        let (db, log) = db.recording();
        Some(Bed { db, log, backend, url, admin, name })
    }

    /// The same database by new connections, which know nothing of statements that ran before; in memory an empty one.
    pub async fn again(&self) -> Bed {
        let (db, log) = Database::builder(&self.url).pool_size(4).connect().await.unwrap().recording();
        Bed { db, log, backend: self.backend, url: self.url.clone(), admin: None, name: self.name.clone() }
    }

    /// Whether the test can run here; one that should and cannot is a failure.
    fn has(&self, required: &[Capability]) -> bool {
        let has = self.db.dialect().capabilities();
        for capability in required {
            if !capability.of(has) {
                assert!(!self.backend.expected().contains(capability), "{:?} lacks {capability:?}", self.backend);
                println!("SKIPPED: {:?} has no {capability:?}", self.backend);
                return false;
            }
            assert!(
                self.backend.expected().contains(capability),
                "{:?} is not known to have {capability:?}",
                self.backend
            );
        }
        true
    }

    async fn finish(self) {
        self.db.close().await;
        if let Some(admin) = &self.admin {
            let force = if self.backend == Backend::Postgres { " WITH (FORCE)" } else { "" };
            admin.batch(format!("DROP DATABASE {}{force}", self.name)).await.unwrap();
            admin.close().await;
        }
        let folder = std::env::temp_dir().join(&self.name);
        if folder.exists() {
            std::fs::remove_dir_all(folder).unwrap();
        }
    }
}

fn base(variable: &str, default: &str) -> String {
    let mut url = std::env::var(variable).unwrap_or_else(|_| default.to_owned());
    if !url.ends_with('/') {
        url.push('/');
    }
    url
}

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

/// Runs one test body on one back end, in a database that is dropped whether it passes or not.
pub fn run<F, Fut>(backend: Backend, required: &[Capability], body: F)
where
    F: FnOnce(std::sync::Arc<Bed>) -> Fut,
    Fut: Future<Output = orm::Result<()>> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let Some(bed) = Bed::new(backend).await else {
            return;
        };
        let bed = std::sync::Arc::new(bed);
        let done = match bed.has(required) {
            true => tokio::spawn(body(bed.clone())).await,
            false => Ok(Ok(())),
        };
        if let Some(bed) = std::sync::Arc::into_inner(bed) {
            bed.finish().await;
        }
        match done {
            Ok(Ok(())) => {}
            Ok(Err(error)) => panic!("{error:?}"),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    });
}

/// One test for each back end: `behaviour! { async fn name(bed, requires(Lateral)) { .. } }`; the body ends with `Ok(())`.
macro_rules! behaviour {
    ($(async fn $name:ident($bed:ident $(, requires($($capability:ident),+))?) $body:block)+) => {$(
        mod $name {
            use super::*;
            async fn body($bed: std::sync::Arc<$crate::bed::Bed>) -> orm::Result<()> $body
            $crate::bed::behaviour! { @one sqlite_memory SqliteMemory $($($capability)+)? }
            $crate::bed::behaviour! { @one sqlite_file SqliteFile $($($capability)+)? }
            $crate::bed::behaviour! { @one postgres Postgres $($($capability)+)? }
            $crate::bed::behaviour! { @one mariadb MariaDb $($($capability)+)? }
        }
    )+};
    (@one $name:ident $backend:ident $($capability:ident)*) => {
        #[test]
        fn $name() {
            $crate::bed::run($crate::bed::Backend::$backend, &[$($crate::bed::Capability::$capability),*], body);
        }
    };
}
pub(crate) use behaviour;
