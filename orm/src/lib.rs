//! Typed models, querysets and migrations on Diesel.

mod db;
mod dialect;
mod error;
mod statement;
mod value;

pub use db::{
    Access, Cell, Connection, Database, DatabaseBuilder, Each, Executor, Operation, PoolStatus, Row, Savepoint,
    Transaction, truncated,
};
pub use dialect::{Capabilities, Dialect};
pub use error::{Code, Error, ErrorKind, Result};
pub use statement::Statement;
pub use value::{Kind, Value};
