//! A finished statement as Diesel sees it: text and binds.

use super::bind::Binds;
use crate::Statement;
use diesel::{
    QueryResult,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::Untyped,
};
use std::marker::PhantomData;

/// A statement that the connection's cache finds by its text.
pub(super) struct ByText<'q>(pub(super) &'q Statement);

/// A statement that the connection's cache finds by the type `K`: no text is built, hashed or compared.
pub(super) struct ByKey<'q, K>(pub(super) &'q Statement, pub(super) PhantomData<fn() -> K>);

/// The name of [`ByKey`] in the cache; apart from `K`, so that no statement of Diesel's own can share it.
pub(super) struct KeyId<K>(PhantomData<fn() -> K>);

/// A statement, and how the connection's cache finds it.
pub(super) trait Fragment<'q>: QueryId + Query<SqlType = Untyped> + 'q {
    /// Whether by its text.
    const BY_TEXT: bool;

    fn statement(&self) -> &'q Statement;
}

impl<'q> Fragment<'q> for ByText<'q> {
    const BY_TEXT: bool = true;

    fn statement(&self) -> &'q Statement {
        self.0
    }
}

impl<'q, K: 'static> Fragment<'q> for ByKey<'q, K> {
    const BY_TEXT: bool = false;

    fn statement(&self) -> &'q Statement {
        self.0
    }
}

impl QueryId for ByText<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;

    /// On SQLite, the type that stands for the text.
    #[cfg(feature = "sqlite")]
    fn query_id() -> Option<std::any::TypeId> {
        super::sqlite::current()
    }
}

impl<K: 'static> QueryId for ByKey<'_, K> {
    type QueryId = KeyId<K>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for ByText<'_> {
    type SqlType = Untyped;
}

impl<K> Query for ByKey<'_, K> {
    type SqlType = Untyped;
}

impl<DB: Binds> QueryFragment<DB> for ByText<'_> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        walk(self.0, pass)
    }
}

impl<K, DB: Binds> QueryFragment<DB> for ByKey<'_, K> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        walk(self.0, pass)
    }
}

fn walk<'b, DB: Binds>(statement: &'b Statement, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
    if statement.once {
        pass.unsafe_to_cache_prepared();
    }
    pass.push_sql(&statement.placed(DB::DIALECT));
    statement.binds.iter().try_for_each(|value| DB::push(&mut pass, value))
}
