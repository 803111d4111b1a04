//! The types of columns that PostgreSQL alone has.

mod array;
pub mod family;
mod hstore;
mod range;
mod search;

pub use array::IsArray;
pub use hstore::HStore;
pub use range::{InRange, IsRange};
pub use search::SearchVector;
