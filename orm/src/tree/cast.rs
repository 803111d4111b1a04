//! Conversions between kinds: which of the tree's expressions makes one of the other.

use super::{BinaryOp, Expr, Function};
use crate::{Kind, Value};

/// A value of one kind as one of another. Which pairs there are, the surface says.
pub(crate) fn conversion(expr: Expr, from: Kind, to: Kind) -> Expr {
    if from == to {
        return expr;
    }
    let call = |function| Expr::Call(function, vec![expr.clone()]);
    match (from, to) {
        (Kind::Text, Kind::I16 | Kind::I32 | Kind::I64) => {
            // The number that it says is cut off as any other.
            Expr::Cast(Box::new(call(Function::FromText(Kind::Decimal))), to)
        }
        (Kind::Text, _) => call(Function::FromText(to)),
        (_, Kind::Text) => call(Function::AsText(from)),
        (Kind::Bool, _) => number_of(expr, to),
        (_, Kind::Bool) => expr.binary(BinaryOp::Ne, number(0, from)),
        (Kind::Timestamp | Kind::DateTime, Kind::Date) => call(Function::Date),
        (Kind::Timestamp | Kind::DateTime, Kind::Time) => call(Function::Time),
        _ => Expr::Cast(Box::new(expr), to),
    }
}

fn number(number: i16, kind: Kind) -> Expr {
    Expr::Value(match kind {
        Kind::F32 => Value::F32(number.into()),
        Kind::F64 => Value::F64(number.into()),
        Kind::Decimal => Value::Decimal(number.into()),
        Kind::I16 => Value::I16(number),
        Kind::I32 => Value::I32(number.into()),
        _ => Value::I64(number.into()),
    })
}

/// 1 for what is true, and 0 for what is not.
fn number_of(truth: Expr, to: Kind) -> Expr {
    let unknown = Expr::IsNull(Box::new(truth.clone()));
    let untrue = Expr::Not(Box::new(truth.clone())).and(Expr::Not(Box::new(unknown)));
    let case =
        Expr::Case { branches: vec![(truth, number(1, Kind::I64)), (untrue, number(0, Kind::I64))], otherwise: None };
    Expr::Cast(Box::new(case), to)
}
