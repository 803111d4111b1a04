//! Aggregates by name.

use super::{
    Node, Term,
    functions::{has_order, is_whole, widen, wider},
    literal,
    literal::{Family, called},
    names,
    scope::{Built, Scope, bad},
    term,
};
use crate::{
    Kind, PgKind, Result, Value,
    tree::{Aggregate, Aggregation, Expr, Function, Statistic},
};

const AGGREGATES: &[(&str, Aggregate)] = &[
    ("count", Aggregate::Count),
    ("sum", Aggregate::Sum),
    ("avg", Aggregate::Avg),
    ("min", Aggregate::Min),
    ("max", Aggregate::Max),
    ("std_dev", Aggregate::StdDev),
    ("std_dev_sample", Aggregate::StdDevSample),
    ("variance", Aggregate::Variance),
    ("variance_sample", Aggregate::VarianceSample),
    ("bit_and", Aggregate::BitAnd),
    ("bit_or", Aggregate::BitOr),
    ("bit_xor", Aggregate::BitXor),
    ("any_value", Aggregate::Any),
    ("all_true", Aggregate::AllTrue),
    ("any_true", Aggregate::AnyTrue),
    ("string_agg", Aggregate::Join),
    ("array_agg", Aggregate::Array),
    ("json_agg", Aggregate::JsonArray),
    ("corr", Aggregate::Statistic(Statistic::Corr)),
    ("covar_pop", Aggregate::Statistic(Statistic::CovarPop)),
    ("covar_sample", Aggregate::Statistic(Statistic::CovarSample)),
    ("regr_avg_x", Aggregate::Statistic(Statistic::RegrAvgX)),
    ("regr_avg_y", Aggregate::Statistic(Statistic::RegrAvgY)),
    ("regr_count", Aggregate::Statistic(Statistic::RegrCount)),
    ("regr_intercept", Aggregate::Statistic(Statistic::RegrIntercept)),
    ("regr_r2", Aggregate::Statistic(Statistic::RegrR2)),
    ("regr_slope", Aggregate::Statistic(Statistic::RegrSlope)),
    ("regr_sxx", Aggregate::Statistic(Statistic::RegrSxx)),
    ("regr_sxy", Aggregate::Statistic(Statistic::RegrSxy)),
    ("regr_syy", Aggregate::Statistic(Statistic::RegrSyy)),
];

/// An aggregate over the rows of the scope.
pub(super) fn aggregate(scope: &Scope<'_>, aggregate: &term::Aggregate) -> Result<Built> {
    or_default(scope, aggregate, bare_aggregate(scope, aggregate)?)
}

/// An aggregate without its default.
pub(super) fn bare_aggregate(scope: &Scope<'_>, aggregate: &term::Aggregate) -> Result<Built> {
    let name = aggregate.function.as_str();
    let Some(&(_, function)) = AGGREGATES.iter().find(|(known, _)| *known == name) else {
        return Err(names::unknown("an aggregate", name, AGGREGATES.iter().map(|(name, _)| *name)));
    };
    let on = aggregate.of.as_ref().map(|term| of_rows(scope, aggregate, term)).transpose()?;
    let against = aggregate.against.as_ref().map(|term| scope.term(term, None)).transpose()?;
    let filter = aggregate.filter.as_ref().map(|term| scope.condition(term)).transpose()?;
    let order = scope.order(&aggregate.order_by)?;
    let computes = |expr: &Expr| expr.is_aggregate() || expr.has_window();
    let nested = on.as_ref().is_some_and(|on| computes(&on.expr))
        || against.as_ref().is_some_and(|against| computes(&against.expr))
        || filter.as_ref().is_some_and(computes)
        || order.iter().any(|order| computes(&order.expr));
    if nested {
        return Err(bad(format!("`{name}` is asked of an aggregate or a window")));
    }
    let is_number = |built: &Built| built.family() == Family::Number;
    match (function, &against) {
        (Aggregate::Statistic(_), Some(x)) if is_number(x) => {}
        (Aggregate::Statistic(_), _) => {
            return Err(bad(format!("`{name}` needs two numbers")).with_hint("the second one is `against`"));
        }
        (_, Some(_)) => return Err(bad(format!("`{name}` is of one value"))),
        (_, None) => {}
    }
    let kind = match (&on, function) {
        (Some(on), Aggregate::Statistic(statistic)) if is_number(on) => match statistic {
            Statistic::RegrCount => Kind::I64,
            _ => Kind::F64,
        },
        (None, Aggregate::Count) if aggregate.distinct => {
            return Err(bad("`count` of different values needs to be told of what"));
        }
        (_, Aggregate::Count) => Kind::I64,
        (None, _) => return Err(bad(format!("`{name}` needs to be told of what"))),
        (Some(on), Aggregate::Min | Aggregate::Max | Aggregate::Any) if has_order(on.kind) => on.kind,
        (Some(on), Aggregate::StdDev | Aggregate::StdDevSample | Aggregate::Variance | Aggregate::VarianceSample)
            if on.family() == Family::Number =>
        {
            Kind::F64
        }
        (Some(on), Aggregate::Sum | Aggregate::Avg) if matches!(on.family(), Family::Number | Family::Duration) => {
            let mean = function == Aggregate::Avg;
            match on.kind {
                Kind::I16 | Kind::I32 | Kind::I64 if !mean => Kind::I64,
                Kind::I16 | Kind::I32 | Kind::I64 | Kind::F32 | Kind::F64 => Kind::F64,
                other => other,
            }
        }
        (Some(on), Aggregate::BitAnd | Aggregate::BitOr | Aggregate::BitXor) if is_whole(on.kind) => on.kind,
        (Some(_), Aggregate::JsonArray) => Kind::Json,
        (Some(on), Aggregate::Join) if on.kind == Kind::Text => Kind::Text,
        (Some(on), Aggregate::AllTrue | Aggregate::AnyTrue) if on.kind == Kind::Bool => Kind::Bool,
        (Some(on), Aggregate::Array) => match PgKind::array(on.kind) {
            Some(array) => Kind::Postgres(array),
            None => return Err(bad(format!("an array cannot be made of {}", called(on.kind)))),
        },
        (Some(on), _) => return Err(bad(format!("`{name}` is asked of {}", called(on.kind)))),
    };
    let on = on.map(|on| on.selected().expr);
    let ordered = matches!(function, Aggregate::Join | Aggregate::Array | Aggregate::JsonArray);
    if !order.is_empty() && !ordered {
        return Err(bad(format!("`{name}` is the same in every order")));
    }
    let separator = match (function, &aggregate.separator) {
        (Aggregate::Join, separator) => Some(Expr::Value(Value::Text(separator.clone().unwrap_or_default()))),
        (_, Some(_)) => return Err(bad(format!("`{name}` has no separator"))),
        (_, None) => None,
    };
    let arguments = on.into_iter().chain(against.map(|against| against.expr)).chain(separator);
    let of = Aggregation { distinct: aggregate.distinct, filter, order, ..Aggregation::of(function, arguments) };
    Ok(Built::new(Expr::Aggregate(Box::new(of)), kind))
}

/// What is aggregated. A key of several columns is there when its first one is: its rows can be counted.
fn of_rows(scope: &Scope<'_>, aggregate: &term::Aggregate, term: &Term) -> Result<Built> {
    if let (Term::Node(node), "count", false) = (term, aggregate.function.as_str(), aggregate.distinct)
        && let Node::Path(path) = &**node
        && let [first, _, ..] = &scope.keys(path)?[..]
    {
        return Ok(Built::new(first.clone(), Kind::I64));
    }
    scope.term(term, None)
}

/// What an aggregate gives, or its default where there is nothing to aggregate.
pub(super) fn or_default(scope: &Scope<'_>, aggregate: &term::Aggregate, built: Built) -> Result<Built> {
    let (Built { expr, kind }, Some(default)) = (built.clone(), &aggregate.default) else { return Ok(built) };
    let default = widen(scope.term(default, Some(kind))?, kind);
    if default.family() != literal::family(kind) {
        let name = &aggregate.function;
        return Err(bad(format!("`{name}` gives {}, and its default is {}", called(kind), called(default.kind))));
    }
    // A whole number that does not fit among the others.
    let both = is_whole(kind) && is_whole(default.kind);
    let kind = if both { wider(kind, default.kind) } else { kind };
    Ok(Built::new(Expr::Call(Function::Coalesce, vec![expr, default.expr]), kind))
}
