//! Typed models, querysets and migrations on Diesel.

mod dialect;
mod error;
mod statement;
mod value;

pub use dialect::{Capabilities, Dialect};
pub use error::{Code, Error, ErrorKind, Result};
pub use statement::Statement;
pub use value::{Kind, Value};
