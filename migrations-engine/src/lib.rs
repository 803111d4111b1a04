//! Schema state, operations, plans and migration files.

pub mod condition;
pub mod diff;
mod error;
pub mod execute;
mod file;
mod graph;
mod migration;
pub mod naming;
pub mod operation;
pub mod plan;
pub mod schema;
mod sql;

pub use diff::{autodetect, diff};
pub use error::{BoxError, Code, Error, ErrorKind, Result};
pub use graph::{Direction, MigrationSet, Target};
pub use migration::{Migration, MigrationId};
pub use operation::Operation;
pub use plan::{plan, plan_migration};
pub use schema::Schema;
pub use sql::{AlterStyle, Capabilities, CommentStyle, Dialect};
