//! In which order rows are locked that are rows of several models: those of a child before those of its parent, as a deletion goes,
//! so that no two of these wait for each other.

use super::collector::{chunk, columns_of};
use crate::{
    Access, Connection, Model, Operation, Result, Value,
    model::references_to,
    tree::{Expr, ModelRef, Order, Select},
    write::point::columns_in,
};
use futures_util::future::BoxFuture;

/// What rows are locked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::write) enum For {
    /// They stay with their keys, and others may point to them meanwhile: a lock for more would wait for those who have begun to.
    Change,
    /// They go.
    Deletion,
}

/// Locks rows by their keys, and before them those of the children of their model.
pub(in crate::write) struct LockRows {
    model: ModelRef,
    keys: Vec<Vec<Value>>,
    what_for: For,
}

impl LockRows {
    /// Those of a model, by keys.
    pub(in crate::write) fn of<M: Model>(keys: Vec<Vec<Value>>, what_for: For) -> LockRows {
        LockRows { model: ModelRef::Static(M::meta()), keys, what_for }
    }
}

impl Operation for LockRows {
    type Output = ();

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<()> {
        below(conn, &self.model, &self.keys, self.what_for).await?;
        lock(conn, &self.model, &self.keys, self.what_for).await
    }
}

/// The models whose rows are rows of this one too.
fn children_of(model: &ModelRef) -> Vec<ModelRef> {
    let children = references_to(model).into_iter().filter(|it| it.model.parent() == Some(it.field));
    children.map(|it| it.model).collect()
}

/// Whether there are rows to lock before those of this model.
pub(in crate::write) fn has_children(conn: &Connection<'_>, model: &ModelRef) -> bool {
    conn.dialect().capabilities().select_for_update && !children_of(model).is_empty()
}

/// Locks the rows of the children of a model, those that are furthest down first. A row has one key in all of them.
pub(in crate::write) fn below<'a>(
    conn: &'a mut Connection<'_>,
    model: &'a ModelRef,
    keys: &'a [Vec<Value>],
    what_for: For,
) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        for child in children_of(model) {
            below(conn, &child, keys, what_for).await?;
            lock(conn, &child, keys, what_for).await?;
        }
        Ok(())
    })
}

/// Locks rows by their keys and in the order of these, where rows can be locked.
pub(in crate::write) async fn lock(
    conn: &mut Connection<'_>,
    model: &ModelRef,
    keys: &[Vec<Value>],
    what_for: For,
) -> Result<()> {
    if !conn.dialect().capabilities().select_for_update {
        return Ok(());
    }
    for keys in keys.chunks(chunk(conn.dialect(), model.key.len())) {
        let lets_refer = what_for == For::Change;
        let mut rows = Select { for_update: true, lets_refer, ..Select::bare(model.clone()) };
        let by = |&column: &u16| Order { expr: Expr::own(model.clone(), column), descending: false, nulls_first: None };
        rows.order = model.key.iter().map(by).collect();
        rows.add_filter(columns_in(model, &model.key, keys.to_vec()));
        columns_of(conn, rows, &model.key).await?;
    }
    Ok(())
}
