//! Functions that a person has declared, by their names on each database.

use crate::{Dialect, Kind};

/// What a function is called on each database that has it: what [`sql_function!`](crate::sql_function) makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declared {
    /// What it is called in Rust.
    pub name: &'static str,
    /// The kind of its values.
    pub kind: Kind,
    /// Whether it gives rows, a value in each.
    pub rows: bool,
    sqlite: Option<&'static str>,
    postgres: Option<&'static str>,
    mysql: Option<&'static str>,
}

impl Declared {
    /// A function that no database has yet.
    pub const fn new(name: &'static str, kind: Kind, rows: bool) -> Declared {
        Declared { name, kind, rows, sqlite: None, postgres: None, mysql: None }
    }

    /// Its name on SQLite.
    ///
    /// # Panics
    /// On compiling, where the name is no plain one.
    pub const fn sqlite(self, name: &'static str) -> Declared {
        Declared { sqlite: Some(plain(name)), ..self }
    }

    /// Its name on PostgreSQL.
    ///
    /// # Panics
    /// On compiling, where the name is no plain one.
    pub const fn postgres(self, name: &'static str) -> Declared {
        Declared { postgres: Some(plain(name)), ..self }
    }

    /// Its name on MariaDB and MySQL.
    ///
    /// # Panics
    /// On compiling, where the name is no plain one.
    pub const fn mysql(self, name: &'static str) -> Declared {
        Declared { mysql: Some(plain(name)), ..self }
    }

    /// Its name in a dialect, if it has one there.
    pub fn in_dialect(&self, dialect: Dialect) -> Option<&'static str> {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
            Dialect::MariaDb | Dialect::MySql => self.mysql,
        }
    }
}

/// The name, if it can be nothing else.
const fn plain(name: &'static str) -> &'static str {
    let bytes = name.as_bytes();
    let mut index = 0;
    let mut starts = true;
    while index < bytes.len() {
        let byte = bytes[index];
        let letter = byte.is_ascii_alphabetic() || byte == b'_' || (!starts && byte.is_ascii_digit());
        assert!(
            letter || (!starts && byte == b'.'),
            "a function's name is letters, digits and `_`, with points between"
        );
        starts = byte == b'.';
        index += 1;
    }
    assert!(!starts, "a function's name is letters, digits and `_`, with points between");
    name
}
