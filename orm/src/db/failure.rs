//! What the databases answer when they refuse, as the library's errors.
//!
//! Diesel keeps the kind of a violation and the server's message, but not the server's error number: what it has no kind
//! for is told apart by text. MariaDB's sessions are set to English; PostgreSQL lets only a superuser set the language, so
//! with other languages those errors have the general code [`Code::Sql`].

use crate::{Code, Dialect, Error};
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};

/// The error for a statement that failed.
#[cold]
pub(super) fn of_statement(error: DieselError, dialect: Dialect) -> Error {
    match error {
        // Ours, on its way through Diesel's serialization.
        DieselError::SerializationError(cause) => match cause.downcast::<Error>() {
            Ok(error) => *error,
            Err(cause) => Error::new(Code::InvalidValue, format!("a value cannot be sent: {cause}")),
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
    let mut error = Error::new(
        code,
        match information.details() {
            Some(details) => format!("{message} ({details})"),
            None => message.to_owned(),
        },
    );
    if let Some(hint) = hint(code).map(str::to_owned).or_else(|| information.hint().map(str::to_owned)) {
        error = error.with_hint(hint);
    }
    match dialect {
        Dialect::Sqlite => of_sqlite(error, message),
        Dialect::Postgres => {
            if let Some(name) = information.constraint_name() {
                error = error.with_constraint(name);
            }
            match information.column_name() {
                Some(column) => error.with_fields([column.to_owned()]),
                None => error,
            }
        }
        Dialect::MariaDb | Dialect::MySql => of_mysql(error, message),
    }
}

fn hint(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::MissingTable => "run the migrations: cargo run -- migrate",
        Code::Serialization | Code::Deadlock => "run the whole transaction again; `build_transaction().retry(3)` does",
        Code::LockTimeout => "another transaction holds the lock: make transactions shorter, or raise `lock_timeout`",
        Code::StatementTimeout => "make the statement cheaper, or raise `statement_timeout`",
        Code::BadRegex => {
            "the pattern is one of the database's own dialect: a text to be taken as it is goes to `contains`"
        }
        Code::UnknownZone => {
            "MariaDB and MySQL know zones once `mysql_tzinfo_to_sql` has loaded them; a fixed offset needs no list"
        }
        Code::ConnectionLost => "whether the statement took effect is not known; the next one gets a new connection",
        Code::TransactionOver => "an earlier statement failed: try statements that may fail in `tx.transaction(..)`",
        _ => return None,
    })
}

/// What the errors of our functions on SQLite say of a number or a moment that is too large, and of a pattern that is none.
pub(super) const OUT_OF_RANGE: &str = "out of range";
pub(super) const BAD_REGEX: &str = "invalid regular expression";

fn sqlite(message: &str) -> Code {
    match message {
        "interrupted" => Code::StatementTimeout,
        text if text.contains(BAD_REGEX) => Code::BadRegex,
        text if text.contains(OUT_OF_RANGE) || text == "integer overflow" => Code::OutOfRange,
        text if text.contains("is locked") => Code::LockTimeout,
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

fn postgres(message: &str) -> Code {
    match message {
        text if text.contains("statement timeout") => Code::StatementTimeout,
        text if text.contains("lock timeout") || text.contains("could not obtain lock") => Code::LockTimeout,
        text if text.contains("deadlock detected") => Code::Deadlock,
        text if text.contains("current transaction is aborted") => Code::TransactionOver,
        text if text.contains("terminating connection") || text.contains("connection closed") => Code::ConnectionLost,
        text if (text.starts_with("relation ") || text.starts_with("column ")) && text.contains("does not exist") => {
            Code::MissingTable
        }
        text if text.contains("invalid regular expression") => Code::BadRegex,
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

/// "UNIQUE constraint failed: book.author_id, book.title", "CHECK constraint failed: name".
fn of_sqlite(error: Error, message: &str) -> Error {
    let Some((kind, what)) = message.split_once(" constraint failed: ") else { return error };
    match kind {
        "UNIQUE" | "NOT NULL" if !what.starts_with("index ") => {
            error.with_fields(what.split(", ").map(|name| name.rsplit('.').next().unwrap_or(name).to_owned()))
        }
        "UNIQUE" => error.with_constraint(what.trim_start_matches("index ").trim_matches('\'')),
        "CHECK" => error.with_constraint(what),
        _ => error,
    }
}

/// "Duplicate entry '..' for key 'name'", "... CONSTRAINT `name` FOREIGN KEY ...", "CONSTRAINT `name` failed for ...",
/// "Column 'name' cannot be null", "Field 'name' doesn't have a default value".
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
            match between("CONSTRAINT `", '`').or_else(|| between("constraint '", '\'')) {
                Some(name) => error.with_constraint(name.rsplit('.').next().unwrap_or(&name)),
                None => error,
            }
        }
        Code::NotNullViolation | Code::OutOfRange | Code::TooLong => {
            match between("Column '", '\'').or_else(|| between("Field '", '\'')).or_else(|| between("column '", '\'')) {
                Some(name) => error.with_fields([name]),
                None => error,
            }
        }
        _ => error,
    }
}
