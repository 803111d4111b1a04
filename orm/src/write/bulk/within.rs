//! Which of the rows that are given a change may touch: those of its query.

use super::super::{delete::columns_of, point::columns_in};
use crate::{
    Code, Connection, Error, Result, Value,
    query::KeyPart,
    tree::{Expr, ModelRef, Order, Select, Selected},
};
use std::collections::HashSet;

/// How many rows are asked for by one statement.
const ASKED: usize = 1_000;

/// The condition that a query keeps a change of given rows to; refused where it says more than conditions.
pub(in crate::write) fn conditions(rows: &Select) -> Result<Option<Expr>> {
    let more = [
        (rows.is_sliced(), "a slice"),
        (rows.group_by.is_some(), "groups"),
        (rows.distinct, "different rows"),
        (rows.from.is_some() || !rows.joins.is_empty(), "joined or combined rows"),
        (!rows.order.is_empty(), "an order"),
    ];
    match more.into_iter().find(|(is_there, _)| *is_there) {
        None => Ok(rows.filter.clone()),
        Some((_, what)) => {
            let problem =
                format!("given rows are changed by their keys, within the conditions of a query, and not by {what}");
            Err(Error::new(Code::BadQuery, problem)
                .with_model(rows.model.name.clone())
                .with_hint("say by `filter` and `exclude` which rows may be changed, and nothing else"))
        }
    }
}

/// The queries for those of these rows that meet a condition, by their keys. They lock them.
pub(super) fn questions(model: &ModelRef, keys: &[Vec<Value>], condition: &Expr) -> impl Iterator<Item = Select> {
    keys.chunks(ASKED).map(move |keys| {
        let mut rows = given(model, &model.key, keys);
        rows.add_filter(condition.clone());
        rows
    })
}

/// The keys of those of these rows that meet a condition.
pub(super) async fn found(
    conn: &mut Connection<'_>,
    model: &ModelRef,
    keys: Vec<Vec<Value>>,
    condition: &Expr,
) -> Result<HashSet<KeyPart<'static>>> {
    let mut found = HashSet::with_capacity(keys.len());
    for rows in questions(model, &keys, condition) {
        let keys = columns_of(conn, rows, &model.key).await?;
        found.extend(keys.iter().map(|key| KeyPart::of_all(key).into_owned()));
    }
    Ok(found)
}

/// The queries for those of these rows that have these values in these columns: their keys, and the versions with which they were read.
/// They lock them, so that none is changed by others before it is written.
pub(super) fn as_read(model: &ModelRef, columns: &[u16], values: &[Vec<Value>]) -> impl Iterator<Item = Select> {
    values.chunks(ASKED).map(move |values| given(model, columns, values))
}

/// How many rows are as they were read.
pub(super) async fn unchanged(
    conn: &mut Connection<'_>,
    model: &ModelRef,
    columns: &[u16],
    values: &[Vec<Value>],
) -> Result<usize> {
    let mut count = 0;
    for rows in as_read(model, columns, values) {
        count += columns_of(conn, rows, &model.key).await?.len();
    }
    Ok(count)
}

/// The rows with these values, locked as an update locks them, in the order of their keys.
fn given(model: &ModelRef, columns: &[u16], values: &[Vec<Value>]) -> Select {
    let mut rows = Select { for_update: true, lets_refer: true, ..Select::bare(model.clone()) };
    rows.add_filter(columns_in(model, columns, values.to_vec()));
    let key = || model.key.iter().map(|&column| Expr::own(model.clone(), column));
    rows.order = key().map(|expr| Order { expr, descending: false, nulls_first: None }).collect();
    rows.selection = key().map(Selected::Expr).collect();
    rows
}
