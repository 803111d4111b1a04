//! Writes: drafts that become rows, edits of rows, and changes to all rows of a query.

mod check;
mod clock;
mod draft;
mod fault;
mod into_field;
mod pending;
mod point;
mod unique;

pub use clock::{clock_time, set_clock};
pub use draft::{Draft, DraftRow, Filled, IntoDraftRow, Missing};
pub use into_field::{ByCall, ByValue, DefaultFor, IntoField, default_value};
pub use pending::Pending;
pub(crate) use point::{get, key_of};
pub use unique::{NullableKey, UniqueKey};
