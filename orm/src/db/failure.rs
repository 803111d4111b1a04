//! What the databases answer when they refuse, as the library's errors.
//!
//! Diesel keeps the kind of a violation and the server's message, but not the server's error number: what it has no kind
//! for is told apart by text. MariaDB's sessions are set to English; PostgreSQL lets only a superuser set the language, so
//! with other languages those errors have the general code [`Code::Sql`].

use crate::{Code, Dialect, Error};
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};
use std::{borrow::Cow, sync::OnceLock};

/// Gives the model of a table, and its fields by the names of columns.
pub(crate) type FieldsOf = fn(&str, &[String]) -> Option<(Cow<'static, str>, Vec<String>)>;

static FIELDS_OF: OnceLock<FieldsOf> = OnceLock::new();

/// Says who knows the models: what COMMIT refuses was written by no statement that could be asked.
pub(crate) fn name_fields_by(fields_of: FieldsOf) {
    FIELDS_OF.get_or_init(|| fields_of);
}

/// The error of a table's columns, as one of a model's fields where the table is a model's.
#[cold]
pub(super) fn named(error: Error) -> Error {
    let known = FIELDS_OF.get().and_then(|fields_of| fields_of(error.table()?, error.fields()));
    let (owner, error) = match known {
        Some((model, fields)) => (Some(model.to_string()), error.with_model(model).with_fields(fields)),
        None => (error.table().map(str::to_owned), error),
    };
    match (owner, error.fields()) {
        (Some(owner), [field]) => {
            let what = format!("{owner}.{field}");
            error.about(&what)
        }
        _ => error,
    }
}

/// The error for a statement that failed.
#[cold]
pub(super) fn of_statement(error: DieselError, dialect: Dialect) -> Error {
    match error {
        // Ours, on its way through Diesel's serialization.
        DieselError::SerializationError(cause) => match cause.downcast::<Error>() {
            Ok(error) => *error,
            Err(cause) => Error::new(Code::InvalidValue, "a value cannot be sent").with_unredacted(cause.to_string()),
        },
        DieselError::DatabaseError(kind, information) => of_database(kind, &*information, dialect),
        DieselError::InvalidCString(_) => {
            Error::new(Code::InvalidValue, "the SQL holds the character U+0000, which the database cannot take")
        }
        other => Error::new(Code::Sql, other.to_string()),
    }
}

fn of_database(kind: DatabaseErrorKind, information: &dyn DatabaseErrorInformation, dialect: Dialect) -> Error {
    let message = information.message();
    let code = match kind {
        DatabaseErrorKind::UniqueViolation => Code::UniqueViolation,
        DatabaseErrorKind::ForeignKeyViolation | DatabaseErrorKind::RestrictViolation => Code::ForeignKeyViolation,
        DatabaseErrorKind::NotNullViolation => Code::NotNullViolation,
        DatabaseErrorKind::CheckViolation => Code::CheckViolation,
        DatabaseErrorKind::SerializationFailure => Code::Serialization,
        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => Code::ConnectionLost,
        _ => match dialect {
            Dialect::Sqlite => sqlite(message),
            Dialect::Postgres => postgres(message),
            Dialect::MariaDb | Dialect::MySql => mysql(message),
        },
    };
    let mut error = Error::new(code, said(code, message)).with_unredacted(match information.details() {
        Some(details) => format!("{message} ({details})"),
        None => message.to_owned(),
    });
    let of_extension = || {
        missing_extension(message)
            .map(|name| format!("a superuser makes it known by `CREATE EXTENSION {name}`; in a migration by `run_sql`"))
    };
    let ours = if code == Code::MissingExtension { of_extension() } else { hint(code).map(str::to_owned) };
    if let Some(hint) = ours.or_else(|| information.hint().map(str::to_owned)) {
        error = error.with_hint(hint);
    }
    match dialect {
        Dialect::Sqlite => of_sqlite(error, message),
        Dialect::Postgres => {
            if let Some(name) = information.constraint_name() {
                error = error.with_constraint(name);
            }
            if let Some(table) = information.table_name() {
                error = error.with_table(table);
            }
            match information.column_name() {
                Some(column) => error.with_fields([column.to_owned()]),
                None if matches!(code, Code::UniqueViolation | Code::ForeignKeyViolation) => {
                    error.with_fields(information.details().map(of_details).unwrap_or_default())
                }
                None => error,
            }
        }
        Dialect::MariaDb | Dialect::MySql => of_mysql(error, message),
    }
}

/// The message of an error. The databases put values into theirs: what can be said without them is said in our words, and elsewhere
/// they are left out.
fn said(code: Code, message: &str) -> String {
    let ours = match code {
        Code::UniqueViolation => "a unique key already holds the value",
        Code::ForeignKeyViolation => "a foreign key points to no row, or a row is still pointed to",
        Code::CheckViolation => "a check constraint is not met",
        Code::ExclusionViolation => "another row stands in the way of an exclusion",
        Code::NotNullViolation => "a column that must have a value has none",
        Code::OutOfRange => "a number or a moment is outside its range",
        Code::TooLong => "the text is too long for its column",
        Code::InexactDecimal => "the decimal has more digits than SQLite computes exactly",
        Code::UnknownZone => "the database does not know the time zone",
        // The names that are missing.
        Code::MissingTable | Code::UnknownCollation => message,
        // The function and its types.
        Code::MissingExtension => message,
        _ => return without_values(message),
    };
    ours.to_owned()
}

/// PostgreSQL: `invalid input syntax for type integer: "x"`. MariaDB: `Incorrect integer value: 'x' for column ..`. Names are never
/// after a colon.
fn without_values(message: &str) -> String {
    let start = [": \"", ": '"].into_iter().filter_map(|before| message.find(before)).min();
    let Some(start) = start else { return message.to_owned() };
    let quote = if message[start..].starts_with(": \"") { '"' } else { '\'' };
    let rest = &message[start + 3..];
    // A value may have quotes in it: it ends where a column is named, or with the last one.
    let after = rest.rfind("' for column").filter(|_| quote == '\'').or_else(|| rest.rfind(quote));
    format!("{}: ..{}", &message[..start], after.map_or("", |end| &rest[end + 1..]))
}

pub(super) fn hint(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::MissingTable => "run the migrations: cargo run -- migrate",
        Code::Serialization | Code::Deadlock => "run the whole transaction again; `build_transaction().retry(3)` does",
        Code::LockTimeout => "another transaction holds the lock: make transactions shorter, or raise `lock_timeout`",
        Code::StatementTimeout => "make the statement cheaper, or raise `statement_timeout`",
        Code::BadRegex => {
            "the pattern is one of the database's own dialect: a text to be taken as it is goes to `contains`"
        }
        Code::UnknownZone => {
            "look for a slip in its name; SQLite knows those of `/usr/share/zoneinfo`, MariaDB and MySQL know zones once `mysql_tzinfo_to_sql` has loaded them; a fixed offset needs no list"
        }
        Code::UnknownCollation => {
            "each database has names of its own: SQLite BINARY, NOCASE, RTRIM and those that the program registers, PostgreSQL those of `pg_collation`, MariaDB and MySQL those of SHOW COLLATION that begin with `utf8mb4_`"
        }
        Code::ConnectionLost => "whether the statement took effect is not known; the next one gets a new connection",
        Code::InexactDecimal => {
            "SQLite counts decimals in floats of 15 digits: read it as `cast::<f64>()`, or use PostgreSQL or MariaDB"
        }
        Code::TransactionOver => "an earlier statement failed: try statements that may fail in `tx.transaction(..)`",
        _ => return None,
    })
}

/// What the errors of our functions on SQLite say of a number or a moment that is too large, of a text that is too long, of a number
/// that is kept by its first digits only, and of a pattern that is none.
pub(super) const OUT_OF_RANGE: &str = "out of range";
pub(super) const TOO_LONG: &str = "too long";
pub(super) const NOT_EXACT: &str = "more than 15 digits";
pub(super) const BAD_REGEX: &str = "invalid regular expression";

fn sqlite(message: &str) -> Code {
    match message {
        "interrupted" => Code::StatementTimeout,
        text if text.contains(BAD_REGEX) => Code::BadRegex,
        crate::dialect::NO_ZONE => Code::UnknownZone,
        TOO_LONG => Code::TooLong,
        NOT_EXACT => Code::InexactDecimal,
        text if text.contains(OUT_OF_RANGE) || text == "integer overflow" => Code::OutOfRange,
        text if text.contains("is locked") => Code::LockTimeout,
        text if text.starts_with("no such collation sequence") => Code::UnknownCollation,
        text if text.starts_with("no such table") || text.starts_with("no such column") => Code::MissingTable,
        text if text.contains("has no column named") => Code::MissingTable,
        text if text.contains("constraint failed") && text.starts_with("CHECK") => Code::CheckViolation,
        // ON DELETE RESTRICT is refused as if by a trigger.
        text if text.contains("constraint failed") && text.starts_with("FOREIGN KEY") => Code::ForeignKeyViolation,
        text if text.contains("is not a database") || text.contains("malformed") => Code::NoDatabase,
        text if text.contains("unable to open database file") || text.contains("disk I/O error") => Code::NoDatabase,
        _ => Code::Sql,
    }
}

/// The extension that a type, function or operator of this library comes with, where the message says that it is not there.
fn missing_extension(message: &str) -> Option<&'static str> {
    let missing =
        message.strip_suffix(" does not exist").or_else(|| message.strip_prefix("operator does not exist: "))?;
    Some(match missing {
        "type \"hstore\"" => "hstore",
        function if function.starts_with("function unaccent(") => "unaccent",
        function if function.starts_with("function ") && function.contains("similarity(") => "pg_trgm",
        operator if [" % text", " %> text", " %>> text"].iter().any(|it| operator.ends_with(it)) => "pg_trgm",
        _ => return None,
    })
}

fn postgres(message: &str) -> Code {
    match message {
        text if missing_extension(text).is_some() => Code::MissingExtension,
        text if text.starts_with("conflicting key value violates exclusion constraint") => Code::ExclusionViolation,
        text if text.contains("statement timeout") => Code::StatementTimeout,
        text if text.contains("lock timeout") || text.contains("could not obtain lock") => Code::LockTimeout,
        text if text.contains("deadlock detected") => Code::Deadlock,
        text if text.contains("current transaction is aborted") => Code::TransactionOver,
        text if text.contains("terminating connection") || text.contains("connection closed") => Code::ConnectionLost,
        text if (text.starts_with("relation ") || text.starts_with("column ")) && text.contains("does not exist") => {
            Code::MissingTable
        }
        text if text.contains("invalid regular expression") => Code::BadRegex,
        text if text.starts_with("collation ") && text.ends_with("does not exist") => Code::UnknownCollation,
        text if text.starts_with("invalid input value for enum") => Code::InvalidValue,
        text if text.starts_with("time zone ") && text.contains("not recognized") => Code::UnknownZone,
        text if text.contains("out of range") || text.contains("numeric field overflow") => Code::OutOfRange,
        text if text.contains("value too long for type") => Code::TooLong,
        _ => Code::Sql,
    }
}

fn mysql(message: &str) -> Code {
    match message {
        text if text.contains(crate::dialect::NO_ZONE) => Code::UnknownZone,
        text if text.contains("max_statement_time") || text.contains("maximum statement execution time") => {
            Code::StatementTimeout
        }
        text if text.contains("Lock wait timeout") => Code::LockTimeout,
        text if text.contains("Deadlock found") => Code::Deadlock,
        // `innodb_snapshot_isolation` of MariaDB.
        text if text.contains("Record has changed since last read") => Code::Serialization,
        text if (text.starts_with("Table ") && text.contains("doesn't exist"))
            || text.starts_with("Unknown column") =>
        {
            Code::MissingTable
        }
        text if text.starts_with("CONSTRAINT ") && text.contains(" failed for ") => Code::CheckViolation,
        text if text.contains("doesn't have a default value") => Code::NotNullViolation,
        text if text.starts_with("Out of range value") || text.contains("value is out of range") => Code::OutOfRange,
        text if text.starts_with("Regex error") || text.contains("regular expression") => Code::BadRegex,
        text if text.starts_with("Data too long") => Code::TooLong,
        text if text.starts_with("Unknown collation") => Code::UnknownCollation,
        text if text.starts_with("COLLATION ") && text.contains("is not valid for") => Code::UnknownCollation,
        // One of another form than those that are made by a rule.
        text if text.starts_with("Incorrect uuid value") => Code::InvalidValue,
        text if text.starts_with("Input/output error")
            || text.contains("onnection")
                && ["killed", "closed", "was lost", "shut down", "gone away"].iter().any(|it| text.contains(it))
            || text.contains("server has gone away")
            || text.contains("Server shutdown in progress") =>
        {
            Code::ConnectionLost
        }
        _ => Code::Sql,
    }
}

/// PostgreSQL: "Key (author_id, title)=(1, x) already exists.".
fn of_details(details: &str) -> Vec<String> {
    let Some(end) = details.find(")=(") else { return Vec::new() };
    let Some(start) = details[..end].rfind('(') else { return Vec::new() };
    details[start + 1..end].split(", ").map(|name| name.trim_matches('"').to_owned()).collect()
}

/// "UNIQUE constraint failed: book.author_id, book.title", "CHECK constraint failed: name".
fn of_sqlite(error: Error, message: &str) -> Error {
    let Some((kind, what)) = message.split_once(" constraint failed: ") else { return error };
    match kind {
        "UNIQUE" | "NOT NULL" if !what.starts_with("index ") => {
            let error = match what.split_once('.') {
                Some((table, _)) => error.with_table(table),
                None => error,
            };
            error.with_fields(what.split(", ").map(|name| name.rsplit('.').next().unwrap_or(name).to_owned()))
        }
        "UNIQUE" => error.with_constraint(what.trim_start_matches("index ").trim_matches('\'')),
        "CHECK" => error.with_constraint(what),
        _ => error,
    }
}

/// What INSERT IGNORE has made a warning of, as the error that it would be.
#[cold]
pub(crate) fn of_warning(message: &str) -> Error {
    let code = match message.contains("foreign key constraint") {
        true => Code::ForeignKeyViolation,
        false => mysql(message),
    };
    of_mysql(Error::new(code, said(code, message)).with_unredacted(message), message)
}

/// "Duplicate entry '..' for key 'name'", "... CONSTRAINT `name` FOREIGN KEY ...", "CONSTRAINT `name` failed for ...",
/// "(`database`.`table`, CONSTRAINT ..", "Column 'name' cannot be null", "Field 'name' doesn't have a default value".
fn of_mysql(error: Error, message: &str) -> Error {
    let between = |before: &str, after: char| {
        let rest = &message[message.rfind(before)? + before.len()..];
        Some(rest[..rest.find(after)?].to_owned())
    };
    match error.code() {
        Code::UniqueViolation => match between("for key '", '\'') {
            // MySQL puts the table before the name.
            Some(name) => error.with_constraint(name.rsplit('.').next().unwrap_or(&name)),
            None => error,
        },
        Code::ForeignKeyViolation | Code::CheckViolation => {
            let error = match message.split_once("`, CONSTRAINT `") {
                Some((before, _)) => error.with_table(before.rsplit('`').next().unwrap_or(before)),
                None => error,
            };
            match between("CONSTRAINT `", '`').or_else(|| between("constraint '", '\'')) {
                Some(name) => error.with_constraint(name.rsplit('.').next().unwrap_or(&name)),
                None => error,
            }
        }
        Code::NotNullViolation | Code::OutOfRange | Code::TooLong | Code::InvalidValue => {
            match between("Column '", '\'').or_else(|| between("Field '", '\'')).or_else(|| between("column '", '\'')) {
                Some(name) => error.with_fields([name]),
                None => error,
            }
        }
        _ => error,
    }
}

/// Never seen by a person: it makes the operation start again on the connection's own thread.
#[cfg(feature = "sqlite")]
#[cold]
pub(super) fn elsewhere() -> Error {
    Error::new(Code::StatementTimeout, "too long for the calling thread")
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
#[cold]
pub(super) fn in_the_middle() -> Error {
    Error::new(Code::ConnectionLost, "the connection was given up in the middle of a statement").with_hint(
        "return the error, so that the transaction is rolled back; `statement_timeout` ends a statement and keeps the connection",
    )
}

#[cold]
pub(super) fn given_up() -> Error {
    Error::new(Code::TransactionOver, "the transaction was given up because a statement in it failed")
        .with_hint("return the error, so that it is rolled back; try statements that may fail in `tx.transaction(..)`")
}
