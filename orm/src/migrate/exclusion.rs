//! From what a model says of two rows to an exclusion in the state.

use super::{
    expression::expression,
    schema::{deferrable, named},
};
use crate::{
    Code, Error, Result,
    model::{ExcludeMeta, ModelMeta},
    tree::{BinaryOp, Expr, Function, PgFunction},
};
use migrations_engine::{
    condition::IndexPart,
    schema::{Constraint, Excluded},
};

/// The constraint, under a name that begins with the table's unless it says otherwise.
pub(super) fn constraint(meta: &ModelMeta, exclude: &ExcludeMeta) -> Result<Constraint> {
    let mut on = Vec::new();
    compare(&exclude.pair, &mut on).map_err(|error| error.about(&format!("{}: {}", meta.label(), exclude.name)))?;
    Ok(Constraint::Exclude {
        name: named(meta, exclude.name, exclude.without_table),
        on,
        method: exclude.method.map(str::to_owned),
        condition: exclude.condition.as_ref().map(expression).transpose()?,
        deferrable: exclude.deferrable.map(deferrable),
    })
}

/// Takes the comparisons apart that are joined by `&`.
fn compare(pair: &Expr, on: &mut Vec<Excluded>) -> Result<()> {
    let (operator, left, right) = match pair {
        Expr::And(all) => return all.iter().try_for_each(|part| compare(part, on)),
        Expr::Binary(BinaryOp::Eq, left, right) => ("=", &**left, &**right),
        Expr::Binary(BinaryOp::Ne, left, right) => ("<>", &**left, &**right),
        Expr::Not(inner) => match &**inner {
            Expr::Binary(BinaryOp::Eq, left, right) => ("<>", &**left, &**right),
            _ => return Err(refused()),
        },
        Expr::Call(Function::Postgres(PgFunction::Overlap), sides) if sides.len() == 2 => ("&&", &sides[0], &sides[1]),
        Expr::Call(Function::Postgres(PgFunction::Adjacent), sides) if sides.len() == 2 => {
            ("-|-", &sides[0], &sides[1])
        }
        _ => return Err(refused()),
    };
    let (first, second) = (source(left), source(right));
    let (mut left, mut right) = (left.clone(), right.clone());
    for side in [&mut left, &mut right] {
        side.update(0, &mut |part, _| {
            if let Expr::Column { path, .. } = part {
                path.source = 0;
            }
        });
    }
    match (first, second) {
        (Some(first), Some(second)) if first != second && left == right => {
            on.push(Excluded { part: IndexPart::from(expression(&left)?), operator: operator.to_owned() });
            Ok(())
        }
        _ => Err(refused()),
    }
}

/// The row whose columns an expression has, if it is one row's.
fn source(expr: &Expr) -> Option<u16> {
    let mut found = Vec::new();
    expr.visit(0, &mut |part, _| {
        if let Expr::Column { path, .. } = part {
            found.push(path.source);
        }
    });
    found.dedup();
    match found[..] {
        [only] => Some(only),
        _ => None,
    }
}

fn refused() -> Error {
    Error::new(Code::BadModel, "an exclusion compares the same of both rows")
        .with_hint("join comparisons by `&`: `a.room.eq(b.room) & a.nights.overlap(b.nights)`; there are `eq`, `ne`, `overlap` and `adjacent_to`")
}
