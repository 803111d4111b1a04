//! Fields: what their types mean, their handles in closures, and relations as they stand in structs.

mod choice;
pub mod family;
mod generic;
mod handle;
mod held;
mod path;
pub mod postgres;
mod related_key;
mod relation;
mod reverse;
mod row_key;
mod scope;
mod serialize;
mod set;
mod to_any;
mod to_many;
mod to_one;
mod types;

pub use choice::{
    ChoiceOf, Choices, choice_label, parse_choice, parse_number_choice, plain_kind, read_choice, read_number_choice,
    unknown_choice, write_choice, write_number_choice,
};
pub use generic::GenericForeignKey;
pub(crate) use handle::expr_in;
pub use handle::{Field, SelectedValue};
pub use held::{Held, Loaded};
pub use path::PathNode;
pub use relation::{ForeignKey, HasMany, HasOne, ManyToMany, OneToOne};
pub use reverse::{Handles, KeyAt, LeadsTo, Placed, PointsTo, Reverse, Reversed};
pub use row_key::{NamesRows, Pk, PkOrder};
pub use scope::{At, Computed, Declared, InScope, Joins, NotNull, Null, Nullable, Opt, Own, Scope, Settable, Sub};
pub use set::{AnnotatedSet, Set};
pub use to_any::{NamesAny, ToAny};
pub(crate) use to_many::link;
pub use to_many::{JoinedRows, ToMany, Within};
pub use to_one::{IntoKey, IntoPart, KeyFrom, NamesRow, ToOne};
pub use types::{FieldType, Json, Plain};
