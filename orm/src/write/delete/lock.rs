//! In which order rows are locked that are rows of several models: those of a child before those of its parent, as a deletion goes,
//! so that no two of these wait for each other; and the rows of a query, which are to be those that it finds once they are locked.

use super::collector::{Key, chunk, columns_of, keys_of};
use crate::{
    Access, Connection, Model, Operation, Result, Value,
    compile::trimmed,
    model::references_to,
    query::KeyPart,
    tree::{Expr, ModelRef, Order, Select},
    write::point::columns_in,
};
use futures_util::future::BoxFuture;
use std::collections::HashSet;

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
        rows.order = by_key(model);
        rows.add_filter(columns_in(model, &model.key, keys.to_vec()));
        columns_of(conn, rows, &model.key).await?;
    }
    Ok(())
}

/// The order in which rows of a model are locked.
pub(in crate::write) fn by_key(model: &ModelRef) -> Vec<Order> {
    let by = |&column: &u16| Order { expr: Expr::own(model.clone(), column), descending: false, nulls_first: None };
    model.key.iter().map(by).collect()
}

/// The query, as one that locks the rows it finds, in the order of their keys unless it is a slice; none where rows of such a query
/// cannot be locked.
pub(super) fn locking(rows: &Select) -> Option<Select> {
    let different = rows.distinct && (rows.is_sliced() || !rows.joins.is_empty());
    let by_window = rows.is_sliced() && rows.order.iter().any(|order| order.expr.has_window());
    if different || rows.from.is_some() || rows.group_by.is_some() || !rows.limit_by.is_empty() {
        return None;
    }
    if by_window || rows.has_window() {
        return None;
    }
    let mut locking = Select { for_update: true, lets_refer: false, distinct: false, ..rows.clone() };
    if !locking.is_sliced() {
        locking.order = by_key(&rows.model);
        locking.default_order = false;
    }
    Some(locking)
}

/// Whether a query that locks its rows finds what it says whatever it waited for: a database looks again at the row that it has locked,
/// and not at rows of other tables.
pub(super) fn is_about_itself(rows: &Select) -> bool {
    let mut elsewhere = !rows.joins.is_empty();
    rows.visit(0, &mut |part, _| {
        elsewhere |= match part {
            Expr::Exists(_) | Expr::Scalar(_) | Expr::InQuery(..) => true,
            // The key of a related row stands in the row that leads to it.
            Expr::Column { path, model, column } => trimmed(&path.steps, model, *column).0 > 0,
            _ => false,
        };
    });
    !elsewhere
}

/// The keys of the rows of a query, which stay as they are until the transaction ends: where rows can be locked they are, and those of
/// them are left out that another has changed meanwhile so that the query does not find them any more.
pub(super) async fn locked_keys(conn: &mut Connection<'_>, rows: &Select) -> Result<Vec<Key>> {
    if !conn.dialect().capabilities().select_for_update {
        return keys_of(conn, rows.clone()).await;
    }
    let mut locked = lock_found(conn, rows).await?;
    if locked.is_empty() || (locking(rows).is_some() && is_about_itself(rows)) {
        return Ok(locked);
    }
    let still: HashSet<KeyPart<'static>> =
        keys_of(conn, unlocking(rows)).await?.iter().map(|key| KeyPart::of_all(key).into_owned()).collect();
    locked.retain(|key| still.contains(&KeyPart::of_all(key)));
    Ok(locked)
}

/// Locks the rows of a query, and gives their keys.
pub(super) async fn lock_found(conn: &mut Connection<'_>, rows: &Select) -> Result<Vec<Key>> {
    let model = &rows.model;
    if has_children(conn, model) {
        let keys = keys_of(conn, unlocking(rows)).await?;
        below(conn, model, &keys, For::Deletion).await?;
    }
    if let Some(locking) = locking(rows) {
        return keys_of(conn, locking).await;
    }
    let keys = keys_of(conn, unlocking(rows)).await?;
    lock(conn, model, &keys, For::Deletion).await?;
    Ok(keys)
}

/// The query without what it locks.
pub(super) fn unlocking(rows: &Select) -> Select {
    Select { for_update: false, lock_of: Vec::new(), ..rows.clone() }
}
