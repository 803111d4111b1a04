//! What the databases answer when they refuse, as the library's errors.

use crate::{Code, Dialect, Error};
use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// The error for a statement that failed.
#[cold]
pub(super) fn of_statement(error: DieselError, _dialect: Dialect) -> Error {
    match error {
        // Ours, on its way through Diesel's serialization.
        DieselError::SerializationError(cause) => match cause.downcast::<Error>() {
            Ok(error) => *error,
            Err(cause) => Error::new(Code::InvalidValue, format!("a value cannot be sent: {cause}")),
        },
        DieselError::DatabaseError(kind, information) => {
            let code = match kind {
                DatabaseErrorKind::UniqueViolation => Code::UniqueViolation,
                DatabaseErrorKind::ForeignKeyViolation => Code::ForeignKeyViolation,
                DatabaseErrorKind::NotNullViolation => Code::NotNullViolation,
                DatabaseErrorKind::CheckViolation => Code::CheckViolation,
                DatabaseErrorKind::SerializationFailure => Code::Serialization,
                DatabaseErrorKind::ClosedConnection => Code::ConnectionLost,
                _ => Code::Sql,
            };
            Error::new(code, information.message().to_owned())
        }
        other => Error::new(Code::Sql, other.to_string()),
    }
}
