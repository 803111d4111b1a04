//! Typed models, querysets and migrations on Diesel.

#[cfg(feature = "cli")]
mod cli;
mod compile;
mod db;
mod dialect;
mod error;
mod field;
pub mod migrate;
pub mod model;
mod query;
mod resolve;
mod statement;
pub mod tree;
mod value;
pub mod write;

#[cfg(feature = "cli")]
pub use cli::{Command, CommandFuture, Context, Project};
pub use db::{
    Access, Cell, Connection, Database, DatabaseBuilder, Each, Executor, Isolation, LoggedQuery, Operation, PoolStatus,
    QueryLog, RetryingTransaction, Row, Savepoint, Transaction, TransactionBuilder, truncated,
};
pub use dialect::{Capabilities, Dialect};
pub use error::{Code, Error, ErrorKind, Result};
pub use field::{
    At, Choices, Field, FieldType, ForeignKey, HasMany, HasOne, InScope, IntoKey, Json, ManyToMany, NotNull, Null,
    Nullable, OneToOne, Opt, Plain, Scope, SelectedValue, Set, Sub, ToMany, ToOne, Within, family,
};
pub use model::{App, Key, Model, ModelPart, OnDelete};
pub use orm_derive::{Choices, FieldType, Model, ModelPart, app};
pub use query::{
    Append, Case, Cursor, CursorPage, Ex, Expression, Grouped, InSet, IntoQ, Now, Operand, OptionalExt, OrderBy,
    OrderKeys, Page, PrefetchSelection, Q, QuerySet, Raw, RelatedSelection, Row as QueryRow, RowStream, Selectable,
    Selection, StartsWith, case, count, now, prefetch_all, raw, sql, value,
};
pub use statement::Statement;
pub use value::{Kind, Value};
pub use write::{Assign, Deleted, Edit, Many, Pending, clock_time, set_clock};

/// What the macros' output uses; not for people.
#[doc(hidden)]
pub mod __private {
    pub use migrations_engine as engine;

    pub use crate::field::{At, Joins, Loaded, NotNull, Nullable, Opt, Own, PathNode, Plain, family};
    pub use crate::field::{
        ChoiceOf, Choices, choice_label, parse_choice, parse_number_choice, plain_kind, read_choice,
        read_number_choice, unknown_choice, write_choice, write_number_choice,
    };
    pub use crate::model::*;
    use crate::query::{IntoQ, OrderKeys};
    pub use crate::query::{Related, RowOps, read_related};
    pub use crate::tree::{Expr, ModelRef, Order, Select};
    pub use crate::write::{
        Draft, DraftRow, Filled, IntoDraftRow, IntoField, Missing, NullableKey, UniqueKey, default_value,
    };
    pub use crate::{Cell, Code, Error, FieldType, Kind, Null, Result, Scope, Value};

    fn own<M: Model>() -> M::Fields<Own<M>> {
        M::fields_at(PathNode::root(M::meta(), 0))
    }

    /// The condition of a check, a partial index or a conditional key.
    pub fn condition<M: Model, C, Q>(condition: C) -> Expr
    where
        C: FnOnce(M::Fields<Own<M>>) -> Q,
        Q: IntoQ<M>,
    {
        condition(own::<M>()).into_q().into_expr()
    }

    /// The keys of an index over fields.
    pub fn field_keys<M: Model>(keys: &[OrderKey]) -> Vec<Order> {
        let meta = M::meta();
        let path = PathNode::root(meta, 0).path();
        let columns = keys
            .iter()
            .flat_map(|key| meta.fields[usize::from(key.field)].columns().map(move |column| (column, key.descending)));
        columns
            .map(|(column, descending)| Order {
                expr: Expr::Column { path: path.clone(), model: ModelRef::Static(meta), column },
                descending,
                nulls_first: None,
            })
            .collect()
    }

    /// The keys of an index.
    pub fn index_keys<M: Model, C, K>(keys: C) -> Vec<Order>
    where
        C: FnOnce(M::Fields<Own<M>>) -> K,
        K: OrderKeys<M>,
    {
        let mut order = Vec::new();
        keys(own::<M>()).add_to(&mut order);
        order
    }
}

/// Everything that models and queries need.
pub mod prelude {
    pub use crate::write::Draft as _;
    pub use crate::{
        Choices, Database, Executor, Expression, ForeignKey, HasMany, HasOne, Json, ManyToMany, Model, ModelPart,
        OnDelete, OneToOne, OptionalExt, Q, QuerySet, Scope, case, count, now,
    };
    pub use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
    pub use rust_decimal::Decimal;
    pub use uuid::Uuid;
}
