//! The untyped statement: plain data that the typed surface builds and `compile` turns into SQL.

mod aggregate;
mod cast;
mod common;
mod declared;
mod depth;
mod derived;
mod expr;
mod generic;
mod key;
mod path;
mod postgres;
mod select;
mod window;
mod write;

pub use aggregate::{Aggregate, Aggregation, Statistic};
pub(crate) use cast::conversion;
pub use common::{BEFORE, Common, CommonRows};
pub use declared::Declared;
pub use derived::{Derived, SetOp};
pub use expr::{BinaryOp, Expr, Function, Like, Unit};
pub(crate) use generic::Labelled;
pub use path::{ModelRef, Path, Step, Steps};
pub use postgres::{PgFunction, Weight};
pub use select::{Join, JoinKind, LockWait, Order, Select, Selected};
pub use window::{Bound, Frame, FrameUnit, Windowed, Without};
pub use write::{Assignment, Conflict, Delete, Insert, NewValues, Update, UpdateRows};
