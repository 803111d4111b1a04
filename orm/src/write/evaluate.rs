//! Conditions over values that are known, worked out here: what constraints say of a row before the database is asked.

use super::rules::order;
use crate::{
    Value,
    tree::{BinaryOp, Expr, Function},
};
use rust_decimal::Decimal;
use std::cmp::Ordering;

/// What a condition is of values alone: `Some(None)` where it is unknown as NULL is, and `None` where only the database can tell, since
/// it has functions, or texts whose order is a matter of collations.
pub(super) fn truth(condition: &Expr) -> Option<Option<bool>> {
    match value(condition)? {
        Value::Bool(truth) => Some(Some(truth)),
        Value::Null(_) => Some(None),
        _ => None,
    }
}

fn of(truth: Option<bool>) -> Value {
    truth.map_or(Value::Null(crate::Kind::Bool), Value::Bool)
}

fn value(expr: &Expr) -> Option<Value> {
    match expr {
        Expr::Value(Value::List(_)) => None,
        Expr::Value(value) => Some(value.clone()),
        Expr::And(parts) => all(parts, false).map(of),
        Expr::Or(parts) => all(parts, true).map(of),
        Expr::Not(inner) => Some(Value::Bool(truth(inner)? != Some(true))),
        Expr::Call(Function::IsTrue, parts) => match &parts[..] {
            [condition] => Some(Value::Bool(truth(condition)? == Some(true))),
            _ => None,
        },
        Expr::IsNull(inner) => Some(Value::Bool(value(inner)?.is_null())),
        Expr::In(item, Value::List(list)) => {
            let item = value(item)?;
            if item.is_null() {
                return Some(of(None));
            }
            let equal = list.values.iter().map(|known| Some(compare(&item, known)? == Ordering::Equal));
            equal.collect::<Option<Vec<bool>>>().map(|equal| Value::Bool(equal.contains(&true)))
        }
        Expr::Binary(op, left, right) => binary(*op, value(left)?, value(right)?),
        Expr::Negate(inner) => match number(&value(inner)?)? {
            Some(number) => Some(Value::Decimal(-number)),
            None => Some(of(None)),
        },
        _ => None,
    }
}

/// Whether one of the parts is `wanted`, else unknown if one is, by the rules of SQL; as what all of them together are.
fn all(parts: &[Expr], wanted: bool) -> Option<Option<bool>> {
    let truths = parts.iter().map(truth).collect::<Vec<_>>();
    if truths.contains(&Some(Some(wanted))) {
        return Some(Some(wanted));
    }
    let known = truths.into_iter().collect::<Option<Vec<_>>>()?;
    Some(if known.contains(&None) { None } else { Some(!wanted) })
}

fn binary(op: BinaryOp, left: Value, right: Value) -> Option<Value> {
    if op == BinaryOp::Is {
        return Some(Value::Bool(match (left.is_null(), right.is_null()) {
            (false, false) => equal(&left, &right)?,
            (left, right) => left == right,
        }));
    }
    if left.is_null() || right.is_null() {
        return Some(of(None));
    }
    let ordering = |test: fn(Ordering) -> bool| Some(Value::Bool(test(compare(&left, &right)?)));
    match op {
        BinaryOp::Eq => Some(Value::Bool(equal(&left, &right)?)),
        BinaryOp::Ne => Some(Value::Bool(!equal(&left, &right)?)),
        BinaryOp::Lt => ordering(Ordering::is_lt),
        BinaryOp::Le => ordering(Ordering::is_le),
        BinaryOp::Gt => ordering(Ordering::is_gt),
        BinaryOp::Ge => ordering(Ordering::is_ge),
        BinaryOp::Add => Some(Value::Decimal(number(&left)??.checked_add(number(&right)??)?)),
        BinaryOp::Sub => Some(Value::Decimal(number(&left)??.checked_sub(number(&right)??)?)),
        BinaryOp::Mul => Some(Value::Decimal(number(&left)??.checked_mul(number(&right)??)?)),
        BinaryOp::Div | BinaryOp::Rem | BinaryOp::Concat | BinaryOp::Is => None,
    }
}

/// Whether two values are equal; texts are by their bytes.
fn equal(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::Text(left), Value::Text(right)) => Some(left == right),
        (Value::Bool(left), Value::Bool(right)) => Some(left == right),
        (Value::Uuid(left), Value::Uuid(right)) => Some(left == right),
        _ => compare(left, right).map(Ordering::is_eq),
    }
}

/// Numbers of different kinds are compared as numbers; texts are not, since that is up to collations.
fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    order(left, right).or_else(|| match (left, right) {
        (Value::Text(left), Value::Text(right)) if left == right => Some(Ordering::Equal),
        _ => Some(number(left)??.cmp(&number(right)??)),
    })
}

/// An exact number; `Some(None)` for NULL.
fn number(value: &Value) -> Option<Option<Decimal>> {
    match value {
        Value::Null(_) => Some(None),
        Value::I16(number) => Some(Some((*number).into())),
        Value::I32(number) => Some(Some((*number).into())),
        Value::I64(number) => Some(Some((*number).into())),
        Value::Decimal(number) => Some(Some(*number)),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::Kind;

    fn int(number: i64) -> Expr {
        Expr::Value(Value::I64(number))
    }

    fn null() -> Expr {
        Expr::Value(Value::Null(Kind::I64))
    }

    #[test]
    fn unknown_is_neither_true_nor_false() {
        let at_least = |left: Expr| left.binary(BinaryOp::Ge, int(0));
        assert_eq!(truth(&at_least(int(-1))), Some(Some(false)));
        assert_eq!(truth(&at_least(null())), Some(None));
        assert_eq!(truth(&Expr::And(vec![at_least(null()), at_least(int(-1))])), Some(Some(false)));
        assert_eq!(truth(&Expr::And(vec![at_least(null()), at_least(int(1))])), Some(None));
        assert_eq!(truth(&Expr::Or(vec![at_least(null()), at_least(int(1))])), Some(Some(true)));
        assert_eq!(truth(&Expr::Not(Box::new(at_least(null())))), Some(Some(true))); // not true, as in `exclude`
    }

    #[test]
    fn numbers_are_compared_as_numbers_and_texts_are_left_to_collations() {
        let price = Expr::Value(Value::Decimal("12.50".parse().unwrap()));
        let twice = price.clone().binary(BinaryOp::Mul, int(2));
        assert_eq!(truth(&twice.binary(BinaryOp::Eq, int(25))), Some(Some(true)));
        let text = |text: &str| Expr::Value(Value::Text(text.to_owned()));
        assert_eq!(truth(&text("a").binary(BinaryOp::Lt, text("B"))), None);
        assert_eq!(truth(&text("a").binary(BinaryOp::Eq, text("a"))), Some(Some(true)));
        let huge = Expr::Value(Value::Decimal(Decimal::MAX));
        assert_eq!(truth(&huge.binary(BinaryOp::Mul, int(2)).binary(BinaryOp::Gt, int(0))), None);
        let list = Value::list(Kind::I64, vec![Value::I64(1), Value::I64(2)]);
        assert_eq!(truth(&Expr::In(Box::new(int(2)), list)), Some(Some(true)));
    }
}
