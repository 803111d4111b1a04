//! Comparisons of keys, which may be several columns.

use super::{BinaryOp, Expr};
use crate::{Kind, Value};

impl Expr {
    /// The key is this one.
    pub fn same_key(key: impl IntoIterator<Item = Expr>, values: impl IntoIterator<Item = Expr>) -> Expr {
        let parts = key.into_iter().zip(values).map(|(part, value)| part.binary(BinaryOp::Eq, value));
        Expr::all(parts.collect())
    }

    /// There is no key: one that lacks a part leads nowhere.
    pub fn no_key(key: impl IntoIterator<Item = Expr>) -> Expr {
        let mut parts: Vec<Expr> = key.into_iter().map(|part| Expr::IsNull(Box::new(part))).collect();
        match parts.len() {
            1 => parts.remove(0),
            _ => Expr::Or(parts),
        }
    }

    /// The key is one of these, whose values stand one after the other; `kind` is that of the first column.
    pub fn one_of_keys(mut key: Vec<Expr>, kind: Kind, values: Vec<Value>) -> Expr {
        match key.len() {
            1 => Expr::In(Box::new(key.remove(0)), Value::list(kind, values)),
            _ => Expr::InRows(key, values.into()),
        }
    }

    /// The key stands so to this one: keys of several columns are ordered by the first that differs.
    pub fn ordered_key(key: &[Expr], op: BinaryOp, values: &[Expr]) -> Expr {
        let strict = match op {
            BinaryOp::Ge => BinaryOp::Gt,
            BinaryOp::Le => BinaryOp::Lt,
            strict => strict,
        };
        let last = key.len().saturating_sub(1);
        let pair = |place: usize, op| key[place].clone().binary(op, values[place].clone());
        let mut any: Vec<Expr> = (0..key.len())
            .map(|place| {
                let before = (0..place).map(|before| pair(before, BinaryOp::Eq));
                let here = pair(place, if place == last { op } else { strict });
                Expr::all(before.chain([here]).collect())
            })
            .collect();
        match any.len() {
            1 => any.remove(0),
            _ => Expr::Or(any),
        }
    }

    /// All of these are true; one stands by itself.
    pub fn all(mut parts: Vec<Expr>) -> Expr {
        match parts.len() {
            1 => parts.remove(0),
            _ => Expr::And(parts),
        }
    }
}
