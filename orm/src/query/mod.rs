//! Typed queries: closures over handles build them, terminals run them.

mod aggregate;
mod condition;
mod expression;
mod functions;
mod operand;
mod operators;
mod queryset;
mod related;
mod selection;
mod terminals;

pub use aggregate::{Grouped, count};
pub use condition::{IntoQ, Q};
pub use expression::{Ex, Expression};
pub use functions::{Case, case, now, sql, value};
pub use operand::{InSet, Operand};
pub use queryset::{Page, QuerySet};
pub use related::{Related, RelatedSelection, read_related};
pub use selection::{Append, OrderBy, OrderKeys, Row, Selectable, Selection};
pub use terminals::OptionalExt;
