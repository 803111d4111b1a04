//! Expressions that have no meaning where they stand, and changes that would pass by what a model does around writes.

use super::{path::column_name, scope::bad};
use crate::{
    Kind, Result,
    model::ModelMeta,
    tree::Expr,
    write::{refuse_hooks, refuse_hooks_of_rows},
};

const BY_NAME: &str = "a change by name";
const BY_MODEL: &str = "make it by the model";

/// Refuses to change rows of a model with hooks.
pub(super) fn refuse_hooked(model: &ModelMeta) -> Result<()> {
    refuse_hooks_of_rows(model, false, BY_NAME, BY_MODEL)
}

/// Refuses to give a value to a field of a model with hooks, or with rules that ask the database.
pub(super) fn refuse_asked(model: &ModelMeta) -> Result<()> {
    refuse_hooks(model, false, BY_NAME, BY_MODEL)
}

/// Refuses a condition of a join that needs a table which is joined after it.
pub(super) fn refuse_further(on: &Expr, source: u16) -> Result<()> {
    let mut further = None;
    on.visit(0, &mut |expr, depth| {
        if let Expr::Column { path, model, column } = expr
            && depth == 0
            && path.source == source
            && let [first, more @ ..] = &path.steps[..]
            && !(more.is_empty() && first.field().ends(model).contains(column))
        {
            further = Some(column_name(model, *column));
        }
    });
    match further {
        None => Ok(()),
        Some(name) => Err(bad(format!("`{name}` is further away than the rows that are joined"))
            .with_hint("join the relation to it as well, and filter afterwards; or ask by `exists`")),
    }
}

/// Refuses a column that stands outside of aggregates and is no key of the groups: it has many values there.
pub(super) fn refuse_loose(expr: &Expr, keys: &[Expr]) -> Result<()> {
    let mut expr = expr.clone();
    let null = || Expr::Value(crate::Value::Null(Kind::I64));
    let mut loose = None;
    expr.update(0, &mut |expr, depth| {
        if depth != 0 {
            return;
        }
        match expr {
            expr if keys.contains(expr) => *expr = null(),
            expr @ Expr::Aggregate { .. } => *expr = null(),
            Expr::Column { model, column, .. } => loose = Some(column_name(model, *column)),
            _ => {}
        }
    });
    match loose {
        None => Ok(()),
        Some(name) => Err(bad(format!("`{name}` has many values in a group"))
            .with_hint("name it among the keys of `group_by`, or take an aggregate of it")),
    }
}
