//! The untyped statement: plain data that the typed surface builds and `compile` turns into SQL.

mod expr;
mod path;
mod select;
mod write;

pub use expr::{Aggregate, BinaryOp, Expr, Function, Like};
pub use path::{ModelRef, Path, Step, Steps};
pub use select::{Join, JoinKind, Order, Select, Selected};
pub use write::{Assignment, Conflict, Delete, Insert, Update};
