//! An empty database on each back end that can be reached; where `CI` is set, one that cannot be reached is a failure.

use orm::Database;
use std::{
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

/// A database of its own for one test.
pub struct Bed {
    pub url: String,
    admin: Option<Database>,
    folder: Option<PathBuf>,
    name: String,
}

impl Bed {
    fn name() -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        format!("quickstart_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// A file of SQLite.
    pub fn sqlite() -> Option<Bed> {
        let name = Bed::name();
        let folder = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&folder).unwrap();
        Some(Bed { url: format!("sqlite://{}/test.db", folder.display()), admin: None, folder: Some(folder), name })
    }

    /// A database on the PostgreSQL server of `ORM_TEST_POSTGRES_URL`.
    pub async fn postgres() -> Option<Bed> {
        Bed::server("ORM_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/", "postgres").await
    }

    /// A database on the MariaDB server of `ORM_TEST_MYSQL_URL`.
    pub async fn mariadb() -> Option<Bed> {
        Bed::server("ORM_TEST_MYSQL_URL", "mysql://root@127.0.0.1:3306/", "information_schema").await
    }

    async fn server(variable: &str, default: &str, database: &str) -> Option<Bed> {
        let base = std::env::var(variable).unwrap_or_else(|_| default.to_owned());
        let base = base.trim_end_matches('/');
        let admin = match Database::connect(format!("{base}/{database}")).await {
            Ok(admin) => admin,
            Err(error) if std::env::var_os("CI").is_some() => panic!("{error}"),
            Err(error) => {
                println!("NOT RUN: {error}");
                return None;
            }
        };
        let name = Bed::name();
        admin.batch(format!("CREATE DATABASE {name}")).await.unwrap();
        Some(Bed { url: format!("{base}/{name}"), admin: Some(admin), folder: None, name })
    }

    /// The URL for a login that may do everything in this database, and make no other; `None` for a file.
    pub async fn of_a_guest(&self) -> Option<String> {
        let (admin, name) = (self.admin.as_ref()?, &self.name);
        let (scheme, place) = self.url.split_once("://")?;
        let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
        admin
            .batch(match scheme {
                "postgres" => format!("CREATE ROLE {name} LOGIN; ALTER DATABASE {name} OWNER TO {name}"),
                _ => format!("CREATE USER {name}@'%'; GRANT ALL ON {name}.* TO {name}@'%'"),
            })
            .await
            .unwrap();
        Some(format!("{scheme}://{name}@{place}"))
    }

    /// Removes the login of a guest, with the database.
    pub async fn finish_with_guest(self) {
        let (admin, name) = (self.admin.clone().unwrap(), self.name.clone());
        let postgres = self.url.starts_with("postgres");
        admin.batch(format!("DROP DATABASE {name}")).await.unwrap();
        let role = if postgres { format!("DROP ROLE {name}") } else { format!("DROP USER {name}@'%'") };
        admin.batch(role).await.unwrap();
        admin.close().await;
    }

    /// Removes the database.
    pub async fn finish(self) {
        if let Some(admin) = &self.admin {
            admin.batch(format!("DROP DATABASE {}", self.name)).await.unwrap();
            admin.close().await;
        }
        if let Some(folder) = &self.folder {
            std::fs::remove_dir_all(folder).unwrap();
        }
    }
}
