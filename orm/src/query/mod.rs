//! Typed queries: closures over handles build them, terminals run them.

mod aggregate;
mod condition;
mod erased;
mod expression;
mod functions;
mod load;
mod operand;
mod operators;
mod prefetch;
mod queryset;
mod raw;
mod related;
mod selection;
mod terminals;

pub use aggregate::{Grouped, count};
pub use condition::{IntoQ, Q};
pub use erased::{RowOps, read_related};
pub use expression::{Ex, Expression};
pub use functions::{Case, Now, case, now, sql, value};
pub(crate) use load::value_of;
pub use operand::{InSet, Operand};
pub use prefetch::{Prefetch, PrefetchSelection, StartsWith, prefetch_all};
pub use queryset::{Page, QuerySet};
pub use raw::{Raw, raw};
pub use related::{Related, RelatedSelection};
pub use selection::{Append, OrderBy, OrderKeys, Row, Selectable, Selection};
pub use terminals::OptionalExt;
