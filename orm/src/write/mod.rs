//! Writes: drafts that become rows, edits of rows, and changes to all rows of a query.

mod ask;
mod assign;
mod bulk;
mod change;
mod check;
mod clock;
mod delete;
mod draft;
mod draft_value;
mod edit;
mod evaluate;
mod fault;
mod hooks;
mod input;
mod into_field;
mod many;
mod new_row;
mod over;
mod parent;
mod pending;
mod point;
mod rules;
mod unique;
mod untyped;
mod update;
mod upsert;
mod validate;
mod version;

pub use ask::{AskedFields, FieldRule, Refusal, asked_value};
pub use assign::{Assign, Assigns, FitsIn};
pub(crate) use bulk::{Inserts, UpdateMany, Versions};
pub use change::{Change, FieldOf, Proposed};
pub(crate) use check::{placed, wrong_default};
pub use clock::{clock_time, set_clock};
pub use delete::Deleted;
pub(crate) use delete::{delete_keep_parents, delete_row, delete_rows};
pub use draft::{Draft, DraftRow, Filled, IntoDraftRow, Missing};
pub use draft_value::{ByTerm, CanBeComputed, DraftValue, NoRow};
pub use edit::{Edit, IsEdit};
pub use hooks::{AnyHooks, Hooks, HooksOf};
pub(crate) use hooks::{refuse as refuse_hooks, refuse_valueless as refuse_hooks_of_rows};
pub use input::Input;
#[cfg(feature = "cli")]
pub(crate) use input::wanted;
pub(crate) use input::{draft_from, read_text};
pub use into_field::{ByCall, ByValue, DefaultFor, IntoField, default_value};
pub use many::{
    AnyLinkHooks, IntoRelatedDraft, LinkHooks, LinkHooksOf, LinkMoment, LinkedKeys, Links, Many, SetOrKeyTo,
};
pub(crate) use many::{RelationChange, hooked_twice, many, relate, run_relate};
pub(crate) use over::proposed as of_both;
pub use parent::{AnyParent, Child, IntoParent, ParentOf, WithDraft, WithKey};
pub use pending::Pending;
pub(crate) use point::{ReadRow, get, get_any, get_by, key_of, row_of};
pub use rules::validated;
pub(crate) use rules::wrong_pattern;
pub use unique::{NamesUniqueKey, NoKey, NullableKey, UniqueKey};
pub(crate) use untyped::{Made, RowValues, any_value, by_key, draft_of, inserts, new_row, new_value, stored, upserts};
pub use update::Columns;
pub(crate) use update::{ChangeRows, refuse_unseen};
pub(crate) use upsert::{ByKey, GetOrCreate, UpdateOrCreate};
pub(crate) use validate::draft_from as draft_validated;
pub(crate) use version::refuse_set as refuse_version;
