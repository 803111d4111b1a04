//! In which order rows are locked that are rows of several models: those of a child before those of its parent, as a deletion goes,
//! so that no two of these wait for each other.

use super::collector::{chunk, columns_of};
use crate::{
    Access, Connection, Model, Operation, Result, Value,
    model::references_to,
    tree::{ModelRef, Select},
    write::point::columns_in,
};
use futures_util::future::BoxFuture;

/// Locks rows by their keys, and before them those of the children of their model.
pub(in crate::write) struct LockRows {
    model: ModelRef,
    keys: Vec<Vec<Value>>,
}

impl LockRows {
    /// Those of a model, by keys.
    pub(in crate::write) fn of<M: Model>(keys: Vec<Vec<Value>>) -> LockRows {
        LockRows { model: ModelRef::Static(M::meta()), keys }
    }
}

impl Operation for LockRows {
    type Output = ();

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<()> {
        below(conn, &self.model, &self.keys).await?;
        lock(conn, &self.model, &self.keys).await
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
) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        for child in children_of(model) {
            below(conn, &child, keys).await?;
            lock(conn, &child, keys).await?;
        }
        Ok(())
    })
}

/// Locks rows by their keys, where rows can be locked.
pub(in crate::write) async fn lock(conn: &mut Connection<'_>, model: &ModelRef, keys: &[Vec<Value>]) -> Result<()> {
    if !conn.dialect().capabilities().select_for_update {
        return Ok(());
    }
    for keys in keys.chunks(chunk(conn.dialect(), model.key.len())) {
        let mut rows = Select { for_update: true, ..Select::bare(model.clone()) };
        rows.add_filter(columns_in(model, &model.key, keys.to_vec()));
        columns_of(conn, rows, &model.key).await?;
    }
    Ok(())
}
