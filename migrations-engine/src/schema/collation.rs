//! Collations: by which rules a text column compares, by the name that each database has for them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::sql::Dialect;

/// A collation by its name on each database; one without a name there has the usual.
///
/// In files it is one name for all of them, or a table: `{ sqlite = "NOCASE", mysql = "utf8mb4_unicode_ci" }`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Collation {
    /// On SQLite.
    pub sqlite: Option<String>,
    /// On PostgreSQL.
    pub postgres: Option<String>,
    /// On MariaDB and MySQL.
    pub mysql: Option<String>,
}

impl Collation {
    /// Its name in a dialect.
    pub fn in_dialect(&self, dialect: Dialect) -> Option<&str> {
        match dialect {
            Dialect::Sqlite => self.sqlite.as_deref(),
            Dialect::Postgres => self.postgres.as_deref(),
            Dialect::MariaDb | Dialect::MySql => self.mysql.as_deref(),
        }
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        [&self.sqlite, &self.postgres, &self.mysql].into_iter().filter_map(Option::as_deref)
    }
}

impl<T: Into<String>> From<T> for Collation {
    fn from(name: T) -> Self {
        let name = Some(name.into());
        Collation { sqlite: name.clone(), postgres: name.clone(), mysql: name }
    }
}

/// In a file: one name, or a table of names.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Repr {
    Everywhere(String),
    Each(BTreeMap<String, String>),
}

impl Serialize for Collation {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Collation { sqlite, postgres, mysql } = self;
        let repr = match sqlite {
            Some(name) if sqlite == postgres && postgres == mysql => Repr::Everywhere(name.clone()),
            _ => Repr::Each(
                [("sqlite", sqlite), ("postgres", postgres), ("mysql", mysql)]
                    .into_iter()
                    .filter_map(|(database, name)| Some((database.to_owned(), name.clone()?)))
                    .collect(),
            ),
        };
        repr.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Collation {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        match Repr::deserialize(deserializer)? {
            Repr::Everywhere(name) => Ok(name.into()),
            Repr::Each(mut names) => {
                let collation = Collation {
                    sqlite: names.remove("sqlite"),
                    postgres: names.remove("postgres"),
                    mysql: names.remove("mysql"),
                };
                match names.into_keys().next() {
                    Some(unknown) => Err(D::Error::custom(format!("a collation has no name on `{unknown}`"))),
                    None => Ok(collation),
                }
            }
        }
    }
}
