//! The databases this library speaks to, and what each of them can do.

use std::fmt;

/// A database's dialect of SQL, with what it can do in [`Dialect::capabilities`].
///
/// ```
/// assert_eq!(orm::Dialect::ALL.map(orm::Dialect::name), ["sqlite", "postgres", "mariadb", "mysql"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// SQLite 3.35 or later; the library brings its own.
    Sqlite,
    /// PostgreSQL 13 or later.
    Postgres,
    /// MariaDB 10.7 or later.
    MariaDb,
    /// MySQL 8.0.19 or later: its SQL is tested as text, not against a running server.
    MySql,
}

/// What a database can do: the code branches on these, never on a dialect's name.
///
/// ```
/// use orm::Dialect;
/// assert!(Dialect::Postgres.capabilities().lateral);
/// assert!(!Dialect::MariaDb.capabilities().partial_indexes);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// `INSERT .. RETURNING`.
    pub insert_returning: bool,
    /// `UPDATE .. RETURNING`.
    pub update_returning: bool,
    /// `DELETE .. RETURNING`.
    pub delete_returning: bool,
    /// `ON CONFLICT (columns)`: the statement names the key that it gives way to.
    pub conflict_target: bool,
    /// `INSERT .. DEFAULT VALUES`; elsewhere `() VALUES ()`.
    pub default_values: bool,
    /// UPDATE and DELETE may read the table that they write, in subqueries.
    pub reads_what_it_writes: bool,
    /// UPDATE assigns from left to right, and later expressions see the new values.
    pub sets_in_turn: bool,
    /// `UPDATE .. ORDER BY`; elsewhere rows are changed in no particular order.
    pub ordered_updates: bool,
    /// The same by a table of keys that is joined in their order, so that only those rows are read.
    pub ordered_joins: bool,
    /// `IS DISTINCT FROM`; where it is missing, `<=>` or `IS` serves.
    pub is_distinct_from: bool,
    /// `ILIKE`.
    pub ilike: bool,
    /// `LATERAL` derived tables.
    pub lateral: bool,
    /// `DISTINCT ON (..)`.
    pub distinct_on: bool,
    /// `AGG(..) FILTER (WHERE ..)`; elsewhere a `CASE` inside the aggregate.
    pub aggregate_filter: bool,
    /// Frames of windows that leave rows out: `EXCLUDE CURRENT ROW`.
    pub frame_exclusion: bool,
    /// `NULLS FIRST | LAST` in an ordering; elsewhere a leading `IS NULL` key.
    pub nulls_order: bool,
    /// Indexes with a condition.
    pub partial_indexes: bool,
    /// Indexes over expressions.
    pub expression_indexes: bool,
    /// `ON DELETE SET DEFAULT`.
    pub set_default: bool,
    /// Foreign keys that are looked at when the transaction ends.
    pub deferred_foreign_keys: bool,
    /// DDL inside transactions.
    pub transactional_ddl: bool,
    /// `SELECT .. FOR UPDATE`.
    pub select_for_update: bool,
    /// `FOR UPDATE OF table`; elsewhere the rows of every joined table are locked.
    pub lock_of: bool,
    /// `FOR NO KEY UPDATE`, which lets others point to the rows; elsewhere the stronger `FOR UPDATE`.
    pub no_key_lock: bool,
    /// One array as one bind: `= ANY($1)`.
    pub array_binds: bool,
    /// Arrays, ranges, hstore, full text search, and enums of the database's own.
    pub postgres_types: bool,
    /// The longest identifier, in bytes (characters on MariaDB and MySQL).
    pub identifier_limit: usize,
    /// The most binds in one statement.
    pub max_binds: usize,
    /// The most digits of an exact decimal.
    pub decimal_digits: u32,
    /// Floats that are no number.
    pub nan: bool,
    /// Floats without an end.
    pub infinity: bool,
    /// The character U+0000 in text.
    pub nul: bool,
}

/// What MariaDB and MySQL are made to say of a time zone that they do not know, so that it can be told from other errors.
pub(crate) const NO_ZONE: &str = "no such time zone";

impl Dialect {
    /// Every dialect, in the order of the documentation's tables.
    pub const ALL: [Dialect; 4] = [Dialect::Sqlite, Dialect::Postgres, Dialect::MariaDb, Dialect::MySql];

    /// The name as it is written in files and messages.
    ///
    /// ```
    /// assert_eq!(orm::Dialect::MariaDb.name(), "mariadb");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Dialect::Sqlite => "sqlite",
            Dialect::Postgres => "postgres",
            Dialect::MariaDb => "mariadb",
            Dialect::MySql => "mysql",
        }
    }

    /// What this database can do.
    ///
    /// ```
    /// assert!(orm::Dialect::Postgres.capabilities().distinct_on);
    /// assert!(!orm::Dialect::MySql.capabilities().insert_returning);
    /// ```
    pub const fn capabilities(self) -> &'static Capabilities {
        match self {
            Dialect::Sqlite => &SQLITE,
            Dialect::Postgres => &POSTGRES,
            Dialect::MariaDb => &MARIADB,
            Dialect::MySql => &MYSQL,
        }
    }

    /// MariaDB or MySQL, where both speak alike.
    pub(crate) const fn is_mysql(self) -> bool {
        matches!(self, Dialect::MariaDb | Dialect::MySql)
    }

    pub(crate) const fn quote(self) -> char {
        match self {
            Dialect::Sqlite | Dialect::Postgres => '"',
            Dialect::MariaDb | Dialect::MySql => '`',
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

const SQLITE: Capabilities = Capabilities {
    insert_returning: true,
    update_returning: true,
    delete_returning: true,
    conflict_target: true,
    default_values: true,
    reads_what_it_writes: true,
    sets_in_turn: false,
    ordered_updates: false,
    ordered_joins: false,
    is_distinct_from: true,
    ilike: false,
    lateral: false,
    distinct_on: false,
    aggregate_filter: true,
    frame_exclusion: true,
    nulls_order: true,
    partial_indexes: true,
    expression_indexes: true,
    set_default: true,
    deferred_foreign_keys: true,
    transactional_ddl: true,
    select_for_update: false,
    lock_of: false,
    no_key_lock: false,
    array_binds: false,
    postgres_types: false,
    identifier_limit: usize::MAX,
    max_binds: 32_766,
    decimal_digits: 15,
    nan: false,
    infinity: true,
    nul: true,
};

const POSTGRES: Capabilities = Capabilities {
    insert_returning: true,
    update_returning: true,
    delete_returning: true,
    conflict_target: true,
    default_values: true,
    reads_what_it_writes: true,
    sets_in_turn: false,
    ordered_updates: false,
    ordered_joins: false,
    is_distinct_from: true,
    ilike: true,
    lateral: true,
    distinct_on: true,
    aggregate_filter: true,
    frame_exclusion: true,
    nulls_order: true,
    partial_indexes: true,
    expression_indexes: true,
    set_default: true,
    deferred_foreign_keys: true,
    transactional_ddl: true,
    select_for_update: true,
    lock_of: true,
    no_key_lock: true,
    array_binds: true,
    postgres_types: true,
    identifier_limit: 63,
    max_binds: 65_535,
    decimal_digits: 28,
    nan: true,
    infinity: true,
    nul: false,
};

const MARIADB: Capabilities = Capabilities {
    insert_returning: true,
    update_returning: false,
    delete_returning: true,
    conflict_target: false,
    default_values: false,
    reads_what_it_writes: false,
    sets_in_turn: true,
    ordered_updates: true,
    ordered_joins: true,
    is_distinct_from: false,
    ilike: false,
    lateral: false,
    distinct_on: false,
    aggregate_filter: false,
    frame_exclusion: false,
    nulls_order: false,
    partial_indexes: false,
    expression_indexes: false,
    set_default: false,
    deferred_foreign_keys: false,
    transactional_ddl: false,
    select_for_update: true,
    lock_of: false,
    no_key_lock: false,
    array_binds: false,
    postgres_types: false,
    identifier_limit: 64,
    max_binds: 65_535,
    decimal_digits: 28,
    nan: false,
    infinity: false,
    nul: true,
};

const MYSQL: Capabilities = Capabilities {
    insert_returning: false,
    delete_returning: false,
    ordered_joins: false,
    lock_of: true,
    no_key_lock: false,
    lateral: true,
    expression_indexes: true,
    ..MARIADB
};
