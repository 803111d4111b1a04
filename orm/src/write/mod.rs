//! Writes: drafts that become rows, edits of rows, and changes to all rows of a query.

mod draft;
mod into_field;
mod unique;

pub use draft::{DraftRow, Filled, Missing};
pub use into_field::IntoField;
pub use unique::{NullableKey, UniqueKey};
