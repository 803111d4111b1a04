//! Writes: drafts that become rows, edits of rows, and changes to all rows of a query.

mod assign;
mod bulk;
mod check;
mod clock;
mod delete;
mod draft;
mod edit;
mod fault;
mod input;
mod into_field;
mod many;
mod pending;
mod point;
mod unique;
mod untyped;
mod update;
mod upsert;

pub use assign::{Assign, Assigns, FitsIn};
pub(crate) use bulk::{Inserts, UpdateMany};
pub use clock::{clock_time, set_clock};
pub use delete::Deleted;
pub(crate) use delete::{delete_row, delete_rows};
pub use draft::{Draft, DraftRow, Filled, IntoDraftRow, Missing};
pub use edit::{Edit, IsEdit};
pub use input::Input;
pub(crate) use input::draft_from;
#[cfg(feature = "cli")]
pub(crate) use input::{read_text, wanted};
pub use into_field::{ByCall, ByValue, DefaultFor, IntoField, default_value};
pub use many::Many;
pub(crate) use many::{Change, many, relate};
pub use pending::Pending;
pub(crate) use point::{ReadRow, get, get_by, key_of, row_of};
pub use unique::{NamesUniqueKey, NullableKey, UniqueKey};
pub(crate) use untyped::{RowValues, by_key, inserts, new_row, new_value, upserts};
pub(crate) use update::ChangeRows;
pub use update::Columns;
pub(crate) use upsert::{ByKey, GetOrCreate, UpdateOrCreate};
