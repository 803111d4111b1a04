//! Typed queries: closures over handles build them, terminals run them.

mod aggregate;
mod beside;
mod combine;
mod common;
mod condition;
mod cursor;
mod declared;
mod document;
mod erased;
mod explain;
mod expression;
mod functions;
mod inside;
mod load;
mod named;
mod nested;
mod operand;
mod operators;
mod page;
pub mod postgres;
mod prefetch;
mod queryset;
mod raw;
mod related;
mod selection;
mod stream;
mod terminals;
mod window;

pub use aggregate::{Grouped, count};
pub use beside::{BesideRows, ManyRows};
pub use condition::{IntoQ, Q};
pub use declared::{AggregateOf, Gives, SetOf, gives};
pub use document::{JsonEntries, JsonPart, JsonParts, json_array, json_object};
pub(crate) use erased::read_beside;
pub use erased::{AnyRow, AnyRows, RowOps, read_related};
pub(crate) use explain::explained;
pub use explain::{Explain, Plan};
pub use expression::{
    Agg, AggregateExpression, Alike, Both, Cast, Characters, DateExpression, DateUnit, Ex, Exponent, Expression,
    HashExpression, JsonExpression, NullOnlyAs, NumberExpression, TextExpression, TimeUnit, TruncTo, Zone,
};
pub use functions::{Case, Literal, Now, case, now, random, sql, value};
pub(crate) use inside::aggregated;
pub(crate) use load::{KeyPart, kind_of as kind_of_column, one_of, tie, value_of};
pub use named::{RowOf, with};
pub use nested::{Filling, FillsField, PartOfRow, RowField, RowProbe, RowStruct};
pub use operand::{Branch, InSet, OfType, Operand};
pub use page::{Cursor, CursorPage};
pub use prefetch::{Prefetch, PrefetchSelection, RelationRows, StartsWith, prefetch_all};
pub(crate) use prefetch::{load_under, rows_of};
pub(crate) use queryset::Skips;
pub use queryset::{Page, QuerySet};
pub use raw::{Raw, raw};
pub use related::{Related, RelatedSelection};
pub use selection::{Append, OrderBy, OrderKeys, Row, Selectable, Selection};
pub use stream::RowStream;
pub use terminals::OptionalExt;
pub use window::{
    FrameBounds, Window, WindowExpression, WindowFunction, cume_dist, dense_rank, ntile, percent_rank, rank,
    row_number, window,
};
