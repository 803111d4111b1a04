//! Where aggregates and windows may stand, and what a group has one value of: refused here, before a database says it in words
//! of its own, or takes a value of any row.

use super::{Sql, elements, expr::bad};
use crate::{
    Error, Result, Value, resolve,
    tree::{Expr, Path, Select, Selected, Steps},
};

/// Refuses aggregates beside rows, windows in filters, and columns that differ within a group.
pub(super) fn check(select: &Select) -> Result<()> {
    let grouped = select.group_by.is_some();
    if let Some(condition) = &select.filter {
        // What is refused already says why itself.
        let parts = if let Expr::And(parts) = condition { parts.as_slice() } else { std::slice::from_ref(condition) };
        if let Some(Expr::Invalid(code, why)) = parts.iter().find(|part| matches!(part, Expr::Invalid(..))) {
            return Err(Error::new(*code, why.clone()));
        }
        let (aggregates, windows) = condition.computes();
        if !condition.row_makers().is_empty() {
            return Err(elements::not_rows());
        }
        if windows {
            return Err(bad("a window stands in a filter, before there are rows to look at")
                .with_hint("select it first: `.annotate(..).filter(|(.., window)| ..)`"));
        }
        if !grouped && aggregates {
            return Err(ungrouped());
        }
    }
    if select.has_window() && looked_at_inside(select) {
        return Err(bad("a window is used in a query inside its own")
            .with_hint("filter by it first: then it is a value of the rows"));
    }
    if select.selection.iter().any(|selected| matches!(selected, Selected::Expr(expr) if aggregates_aggregates(expr))) {
        return Err(bad("an aggregate is over another one, which has one value").with_hint(
            "make a table of the groups first: `.group_by(..).annotate(..)`, then `.aggregate(|(_, sum)| sum.avg())`",
        ));
    }
    match &select.group_by {
        None => {
            let aggregates = select.selection.iter().filter(|selected| is_aggregate(selected)).count();
            let beside = aggregates > 0 && aggregates < select.selection.len();
            let ordered = select.order.iter().any(|order| order.expr.is_aggregate());
            if beside || (ordered && aggregates == 0) { Err(ungrouped()) } else { Ok(()) }
        }
        Some(keys) => of_groups(select, keys),
    }
}

/// Whether a query inside looks at a window of this one, which is computed after it.
fn looked_at_inside(select: &Select) -> bool {
    let mut found = false;
    select.visit(0, &mut |expr, depth| {
        if let Expr::Outer(levels, inner) = expr {
            found |= depth < 0 && depth + i32::from(*levels) == 0 && inner.has_window();
        }
    });
    found
}

/// The keys of groups that are no columns, with their places in the selection.
pub(super) fn computed_keys(select: &Select) -> Vec<(Expr, u16)> {
    let computed = select.group_by.iter().flatten().filter_map(|&key| match select.selection.get(usize::from(key)) {
        Some(Selected::Expr(expr)) if !matches!(expr, Expr::Column { .. }) => Some((expr.clone(), key)),
        _ => None,
    });
    computed.collect()
}

/// Whether an aggregate is part of what another one is over.
fn aggregates_aggregates(expr: &Expr) -> bool {
    let mut found = false;
    expr.visit(0, &mut |part, depth| {
        if let (Expr::Aggregate(of), 0) = (part, depth) {
            found |= of.arguments.iter().chain(&of.filter).any(Expr::is_aggregate);
        }
    });
    found
}

fn is_aggregate(selected: &Selected) -> bool {
    matches!(selected, Selected::Expr(expr) if expr.is_aggregate())
}

fn ungrouped() -> Error {
    bad("an aggregate stands in a query whose rows are not grouped").with_hint(
        "write `.aggregate(..)` for one over all rows, `.group_by(..).annotate(..)` for one per group, and over related rows \
         ask the relation: `a.books.count()`, `a.books.sum(|b| b.price)`",
    )
}

/// Refuses what a group has several values of.
fn of_groups(select: &Select, keys: &[u16]) -> Result<()> {
    let selected = |place: &u16| match select.selection.get(usize::from(*place)) {
        Some(Selected::Expr(key)) => Some(nearest(key.clone())),
        _ => None,
    };
    let also = select.also_by.iter().cloned().map(nearest);
    let known: Vec<Expr> = keys.iter().filter_map(selected).chain(also).collect();
    if known.iter().any(Expr::is_aggregate) {
        return Err(bad("an aggregate is no key of a group, which it is over"));
    }
    if known.iter().any(is_windowed) {
        return Err(bad("a window is no key of a group: it is over the rows that there are in the end")
            .with_hint("select it first: `.annotate(..).group_by(|(.., window)| window)`"));
    }
    let others = (0..).zip(&select.selection).filter(|(place, _)| !keys.contains(place));
    let exprs = others.filter_map(|(_, selected)| match selected {
        Selected::Expr(expr) => Some(expr.clone()),
        Selected::Model { .. } => None,
    });
    let order = select.order.iter().map(|order| order.expr.clone().with_selected(&select.selection));
    match exprs.chain(order).all(|expr| is_of_group(expr, &known)) {
        true => Ok(()),
        false => Err(bad("a column is selected beside groups, of which a group can have several values")
            .with_hint("group by it as well, or take one of its values: `.min()`, `.max()`")),
    }
}

/// Whether a window is part of it, and not only what makes several rows of one, by which rows can be grouped.
pub(crate) fn is_windowed(expr: &Expr) -> bool {
    let mut found = false;
    expr.visit(0, &mut |part, depth| found |= depth == 0 && matches!(part, Expr::Window(_)));
    found
}

fn is_of_group(expr: Expr, keys: &[Expr]) -> bool {
    let mut expr = nearest(expr);
    expr.update(0, &mut |part, depth| {
        if depth == 0 && (matches!(part, Expr::Aggregate(_)) || keys.contains(part)) {
            *part = Expr::Value(Value::Bool(true));
        }
    });
    let mut one = true;
    expr.visit(0, &mut |part, depth| match part {
        Expr::Column { path, model, .. } if depth == 0 => {
            // All columns of a row go with its key.
            let is_key = |column: &u16| {
                let key = Expr::Column { path: path.clone(), model: model.clone(), column: *column };
                keys.contains(&nearest(key))
            };
            one &= model.key.iter().all(is_key);
        }
        Expr::Derived { .. } | Expr::Joined { .. } if depth == 0 => one = false,
        _ => {}
    });
    one
}

/// The expression with columns where they stand nearest: the key of a related row in the row that points to it.
fn nearest(mut expr: Expr) -> Expr {
    expr.update(0, &mut |part, _| {
        if let Expr::Column { path, model, column } = part {
            let (steps, nearest, place) = resolve::trimmed(&path.steps, model, *column);
            if steps < path.steps.len() {
                *path = Path { source: path.source, steps: Steps::Shared(path.steps[..steps].into()) };
                (*model, *column) = (nearest, place);
            }
        }
    });
    expr
}

impl Sql {
    /// Writes something that is about groups with these computed keys.
    pub(super) fn about_groups(
        &mut self,
        keys: &[(Expr, u16)],
        by_name: bool,
        write: impl FnOnce(&mut Sql) -> Result<()>,
    ) -> Result<()> {
        let around = (std::mem::replace(&mut self.group_keys, keys.to_vec()), self.keys_by_name);
        self.keys_by_name = by_name;
        let written = write(self);
        (self.group_keys, self.keys_by_name) = around;
        written
    }
}
