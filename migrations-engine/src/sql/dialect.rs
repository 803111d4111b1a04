//! The databases, and the table of what each can do.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result, fail};
use crate::naming::MAX_NAME;

/// A database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dialect {
    /// SQLite 3.35 or later.
    Sqlite,
    /// PostgreSQL 13 or later.
    Postgres,
    /// MariaDB 10.7 or later.
    MariaDb,
    /// MySQL 8.0.16 or later.
    MySql,
}

/// How columns and constraints of an existing table are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlterStyle {
    /// Most changes make a new table and copy the rows.
    Rebuild,
    /// Each property of a column has a statement of its own.
    Property,
    /// A column is defined anew as a whole.
    Modify,
}

/// How comments are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommentStyle {
    /// Not at all: comments stay in the state.
    None,
    /// By `COMMENT ON`.
    Statement,
    /// In the definition of table and column.
    Inline,
}

/// What a database can do. The planner decides by this table, never by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// For messages.
    pub name: &'static str,
    /// Entries of a raw SQL operation that apply, best first.
    pub sql_text_names: &'static [&'static str],
    /// The quote around names.
    pub quote: char,
    /// A backslash in a text literal escapes.
    pub backslash_escapes: bool,
    /// DDL can be rolled back.
    pub transactional_ddl: bool,
    /// How tables are changed.
    pub alter: AlterStyle,
    /// Outside of a transaction, indexes can be made and constraints be checked while rows are written.
    pub short_locks: bool,
    /// How comments are stored.
    pub comments: CommentStyle,
    /// Indexes over some rows.
    pub partial_indexes: bool,
    /// Indexes on expressions.
    pub expression_indexes: bool,
    /// Indexes with columns beside the key.
    pub include_columns: bool,
    /// Index parts with NULLS FIRST or LAST.
    pub index_nulls: bool,
    /// Access methods and operator classes.
    pub index_methods: bool,
    /// A second index with pattern operators for text, as Django makes.
    pub pattern_indexes: bool,
    /// Unique constraints checked at the end of a transaction.
    pub deferrable_unique: bool,
    /// Constraints that exclude pairs of rows by comparisons.
    pub exclusion_constraints: bool,
    /// Unique constraints in which NULLs are equal.
    pub nulls_not_distinct: bool,
    /// Foreign keys checked at the end of a transaction, as Django makes them.
    pub deferrable_foreign_keys: bool,
    /// ON DELETE SET DEFAULT.
    pub set_default: bool,
    /// Checks may mention a column with ON DELETE SET NULL.
    pub check_with_set_null: bool,
    /// A foreign key cannot be without an index.
    pub foreign_key_needs_index: bool,
    /// Text columns that we make get an exact collation.
    pub text_collation: Option<&'static str>,
    /// Columns computed when read.
    pub virtual_columns: bool,
    /// Computed columns may be computed from an automatic key.
    pub generated_from_auto: bool,
    /// Decimals are computed exactly, and rounded to the digits of their column.
    pub exact_decimals: bool,
    /// The type `boolean` with TRUE and FALSE.
    pub boolean: bool,
    /// Unbounded text can carry a plain default.
    pub text_default: bool,
    /// Unbounded text can be unique or indexed.
    pub text_key: bool,
}

const SQLITE: Capabilities = Capabilities {
    name: "SQLite",
    sql_text_names: &["sqlite"],
    quote: '"',
    backslash_escapes: false,
    transactional_ddl: true,
    alter: AlterStyle::Rebuild,
    short_locks: false,
    comments: CommentStyle::None,
    partial_indexes: true,
    expression_indexes: true,
    include_columns: false,
    index_nulls: false,
    index_methods: false,
    pattern_indexes: false,
    deferrable_unique: false,
    exclusion_constraints: false,
    nulls_not_distinct: false,
    deferrable_foreign_keys: true,
    set_default: true,
    check_with_set_null: true,
    foreign_key_needs_index: false,
    text_collation: None,
    virtual_columns: true,
    generated_from_auto: true,
    exact_decimals: false,
    boolean: false,
    text_default: true,
    text_key: true,
};

const POSTGRES: Capabilities = Capabilities {
    name: "PostgreSQL",
    sql_text_names: &["postgres"],
    alter: AlterStyle::Property,
    short_locks: true,
    comments: CommentStyle::Statement,
    include_columns: true,
    index_nulls: true,
    index_methods: true,
    pattern_indexes: true,
    deferrable_unique: true,
    exclusion_constraints: true,
    nulls_not_distinct: true,
    virtual_columns: false,
    exact_decimals: true,
    boolean: true,
    ..SQLITE
};

const MARIADB: Capabilities = Capabilities {
    name: "MariaDB",
    sql_text_names: &["mariadb", "mysql"],
    quote: '`',
    backslash_escapes: true,
    transactional_ddl: false,
    alter: AlterStyle::Modify,
    comments: CommentStyle::Inline,
    partial_indexes: false,
    expression_indexes: false,
    deferrable_foreign_keys: false,
    set_default: false,
    check_with_set_null: false,
    foreign_key_needs_index: true,
    text_collation: Some("utf8mb4_nopad_bin"),
    generated_from_auto: false,
    exact_decimals: true,
    text_key: false,
    ..SQLITE
};

const MYSQL: Capabilities = Capabilities {
    name: "MySQL",
    sql_text_names: &["mysql"],
    expression_indexes: true,
    text_collation: Some("utf8mb4_0900_bin"),
    text_default: false,
    ..MARIADB
};

impl Dialect {
    /// All databases.
    pub const ALL: [Dialect; 4] = [Dialect::Sqlite, Dialect::Postgres, Dialect::MariaDb, Dialect::MySql];

    /// What it can do.
    pub fn capabilities(self) -> &'static Capabilities {
        match self {
            Dialect::Sqlite => &SQLITE,
            Dialect::Postgres => &POSTGRES,
            Dialect::MariaDb => &MARIADB,
            Dialect::MySql => &MYSQL,
        }
    }

    /// The name in files and on command lines: `sqlite`, `postgres`, `mariadb`, `mysql`.
    pub fn as_str(self) -> &'static str {
        self.capabilities().sql_text_names[0]
    }

    /// A name in the database's quotes.
    pub fn quote(self, name: &str) -> String {
        let quote = self.capabilities().quote;
        let doubled: String = [quote, quote].iter().collect();
        format!("{quote}{}{quote}", name.replace(quote, &doubled))
    }

    /// The name of a table in quotes, where a `WITH` may have given it to something else: SQLite would take that.
    pub(crate) fn quote_table(self, name: &str) -> String {
        match self.capabilities().alter {
            AlterStyle::Rebuild => format!("main.{}", self.quote(name)),
            AlterStyle::Property | AlterStyle::Modify => self.quote(name),
        }
    }

    /// Names in the database's quotes, separated by commas.
    pub(crate) fn quote_all<'a>(self, names: impl IntoIterator<Item = &'a str>) -> String {
        names.into_iter().map(|name| self.quote(name)).collect::<Vec<_>>().join(", ")
    }

    /// Refuses a name that is too long for the strictest database.
    pub(crate) fn check_name(self, name: &str) -> Result<()> {
        if name.len() > MAX_NAME {
            fail!(M018, "the name `{name}` has {} bytes; the most that every database takes is {MAX_NAME}", name.len());
        }
        if name.contains('\0') {
            fail!(M018, "the name `{}` contains a zero character", name.escape_debug());
        }
        Ok(())
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Dialect {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        match Dialect::ALL.into_iter().find(|dialect| dialect.as_str() == text) {
            Some(dialect) => Ok(dialect),
            None => fail!(M043, "`{text}` is not a database; write sqlite, postgres, mariadb or mysql"),
        }
    }
}
