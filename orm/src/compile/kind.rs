//! What is known of an expression's values: their kind, and whether they can be NULL.

use super::Sql;
use crate::{
    Kind,
    tree::{Aggregate, BinaryOp, Expr, Function, Select, Selected},
};

impl Sql {
    /// The kind of the expression's values, where it can be told.
    pub(super) fn kind(&self, expr: &Expr) -> Option<Kind> {
        match expr {
            Expr::Column { model, column, .. } | Expr::Proposed { model, column } => {
                Some(model.columns[*column as usize].kind)
            }
            Expr::Value(value) => Some(value.kind()),
            Expr::Outer(_, inner) | Expr::Negate(inner) => self.kind(inner),
            Expr::Binary(op, left, right) => match op {
                BinaryOp::Eq
                | BinaryOp::Ne
                | BinaryOp::Lt
                | BinaryOp::Le
                | BinaryOp::Gt
                | BinaryOp::Ge
                | BinaryOp::Is => Some(Kind::Bool),
                BinaryOp::Concat => Some(Kind::Text),
                BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem => {
                    self.kind(left).or_else(|| self.kind(right))
                }
            },
            Expr::And(_) | Expr::Or(_) | Expr::Not(_) | Expr::IsNull(_) | Expr::In(..) | Expr::InQuery(..) => {
                Some(Kind::Bool)
            }
            Expr::Like { .. } | Expr::Regex { .. } | Expr::Exists(_) => Some(Kind::Bool),
            Expr::Call(function, arguments) => match function {
                Function::Lower | Function::Upper | Function::Trim | Function::Substr | Function::Replace => {
                    Some(Kind::Text)
                }
                Function::Length => Some(Kind::I64),
                Function::Coalesce
                | Function::Abs
                | Function::Round
                | Function::Greatest
                | Function::Least
                | Function::NullIf => arguments.first().and_then(|first| self.kind(first)),
                Function::Now => Some(Kind::DateTime),
                Function::Year
                | Function::Month
                | Function::Day
                | Function::WeekDay
                | Function::Hour
                | Function::Minute
                | Function::Second => Some(Kind::I32),
                Function::Date => Some(Kind::Date),
                Function::IsTrue => Some(Kind::Bool),
            },
            Expr::Aggregate { function, on, .. } => match (function, on) {
                (Aggregate::Count, _) => Some(Kind::I64),
                (Aggregate::Sum, Some(on)) => self.kind(on).map(widened),
                (Aggregate::Avg, Some(on)) => self.kind(on).map(|kind| match kind {
                    Kind::I16 | Kind::I32 | Kind::I64 | Kind::F32 => Kind::F64,
                    other => other,
                }),
                (_, Some(on)) => self.kind(on),
                (_, None) => None,
            },
            Expr::Case { branches, otherwise } => {
                let values = branches.iter().map(|(_, value)| value).chain(otherwise.as_deref());
                values.filter_map(|value| self.kind(value)).next()
            }
            Expr::Cast(_, kind) => Some(*kind),
            Expr::Scalar(select) => match select.selection.first() {
                Some(Selected::Expr(expr)) => self.kind(expr),
                _ => None,
            },
            Expr::Selected(_) | Expr::Raw { .. } | Expr::Invalid(_) => None,
        }
    }

    /// Whether the expression can be NULL: when in doubt, yes.
    pub(super) fn nullable(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Column { path, model, column } => match self.frames.last() {
                Some(frame) => match frame.place(path, model, *column) {
                    Ok(place) => {
                        let table = &frame.tables[place.table];
                        table.optional || table.model.columns[place.column as usize].nullable
                    }
                    Err(_) => true,
                },
                None => model.columns[*column as usize].nullable || !path.steps.is_empty(),
            },
            Expr::Value(value) => value.is_null(),
            Expr::Binary(BinaryOp::Is, ..) | Expr::Not(_) | Expr::IsNull(_) | Expr::Exists(_) => false,
            Expr::Binary(BinaryOp::Div | BinaryOp::Rem, ..) => true,
            Expr::Binary(_, left, right) => self.nullable(left) || self.nullable(right),
            Expr::And(all) | Expr::Or(all) => all.iter().any(|part| self.nullable(part)),
            Expr::Negate(inner) | Expr::In(inner, _) => self.nullable(inner),
            Expr::Like { on, pattern, .. } => self.nullable(on) || self.nullable(pattern),
            Expr::Call(Function::IsTrue | Function::Now, _) => false,
            Expr::Call(Function::Coalesce, arguments) => arguments.iter().all(|part| self.nullable(part)),
            Expr::Call(
                Function::Lower
                | Function::Upper
                | Function::Trim
                | Function::Length
                | Function::Abs
                | Function::Year
                | Function::Month
                | Function::Day
                | Function::Date,
                arguments,
            ) => arguments.iter().any(|part| self.nullable(part)),
            Expr::Aggregate { function: Aggregate::Count, .. } => false,
            Expr::Scalar(select) => !counts(select),
            _ => true,
        }
    }
}

/// Whether a subquery is a plain count, which always has a row with a value.
fn counts(select: &Select) -> bool {
    let count = Expr::Aggregate { function: Aggregate::Count, on: None, distinct: false, filter: None };
    select.group_by.is_none() && select.selection == [Selected::Expr(count)]
}

/// The kind that a sum of values of this kind has.
pub(super) fn widened(kind: Kind) -> Kind {
    match kind {
        Kind::I16 | Kind::I32 | Kind::I64 => Kind::I64,
        Kind::F32 | Kind::F64 => Kind::F64,
        other => other,
    }
}
