//! Queries inside what is written: whether there are any, and those that values of related rows become.

use crate::{
    resolve,
    tree::{BinaryOp, Expr, ModelRef, Path, Select, Selected, Step, Steps},
};

/// Whether a query inside may read the table of a model.
pub(super) fn reads_table(expr: &Expr, model: &ModelRef) -> bool {
    let mut found = false;
    expr.visit(0, &mut |part, _| {
        found |= match part {
            Expr::Exists(select) | Expr::Scalar(select) | Expr::InQuery(_, select) => {
                let joined = select.joins.iter().any(|join| join.from.is_some() || join.model.table == model.table);
                joined || select.from.is_some() || select.model.table == model.table
            }
            // The way to a related row may lead through it.
            Expr::Column { path, .. } => !path.steps.is_empty(),
            _ => false,
        };
    });
    found
}

/// Whether a query stands in it.
pub(crate) fn has_query(expr: &Expr) -> bool {
    let mut found = false;
    expr.visit(0, &mut |expr, _| found |= matches!(expr, Expr::Exists(_) | Expr::Scalar(_) | Expr::InQuery(..)));
    found
}

/// SET has no joins: a column of a related row becomes a query for that one value.
pub(super) fn subqueries_for_paths(expr: &mut Expr) {
    expr.update(0, &mut |expr, depth| {
        if let Expr::Column { path, model, column } = expr
            && depth == 0
            && let Some(query) = value_of_related(path, model, *column)
        {
            *expr = Expr::Scalar(Box::new(query));
        }
    });
}

fn value_of_related(path: &Path, model: &ModelRef, column: u16) -> Option<Select> {
    let (steps, model, column) = resolve::trimmed(&path.steps, model, column);
    let (first, rest) = path.steps[..steps].split_first()?;
    let field = &first.model.fields[first.field as usize];
    let relation = field.relation.as_ref()?;
    let target = relation.target();
    let pairs: Vec<(u16, u16)> = if field.column_count > 0 {
        field.ends(&target).iter().copied().zip(field.columns()).collect()
    } else {
        let reverse = relation.reverse(&first.model, field)?;
        let key = &target.fields[reverse as usize];
        key.columns().zip(key.ends(&first.model).iter().copied()).collect()
    };
    let mut query = Select::bare(target.clone());
    let ties = pairs.into_iter().map(|(theirs, ours)| {
        let ours = Expr::own(first.model.clone(), ours).outer(1);
        Expr::own(target.clone(), theirs).binary(BinaryOp::Eq, ours)
    });
    query.filter = Some(Expr::And(ties.collect()));
    let rest: Vec<Step> = rest.to_vec();
    let path = Path { source: 0, steps: Steps::Shared(rest.into()) };
    query.selection = vec![Selected::Expr(Expr::Column { path, model, column })];
    Some(query)
}
