//! What is known of an expression's values: their kind, and whether they can be NULL.

use super::Sql;
use crate::{
    Kind, PgKind,
    tree::{Aggregate, BinaryOp, Expr, Function, PgFunction, Select, Selected, Statistic},
};

impl Sql {
    /// The kind of the expression's values, where it can be told.
    pub(super) fn kind(&self, expr: &Expr) -> Option<Kind> {
        match expr {
            Expr::Column { model, column, .. } | Expr::Proposed { model, column } => {
                Some(model.columns[*column as usize].kind)
            }
            Expr::Value(value) => Some(value.kind()),
            Expr::Derived { of: inner, .. } | Expr::Outer(_, inner) | Expr::Negate(inner) => self.kind(inner),
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
            Expr::And(_) | Expr::Or(_) | Expr::Not(_) | Expr::IsNull(_) | Expr::Exists(_) => Some(Kind::Bool),
            Expr::In(..) | Expr::InRows(..) | Expr::InQuery(..) => Some(Kind::Bool),
            Expr::Like { .. } | Expr::Regex { .. } => Some(Kind::Bool),
            Expr::Call(function, arguments) => match function {
                Function::Lower | Function::Upper | Function::Trim | Function::Substr | Function::Replace => {
                    Some(Kind::Text)
                }
                Function::Length | Function::Micros => Some(Kind::I64),
                Function::Coalesce
                | Function::Abs
                | Function::Round
                | Function::Greatest
                | Function::Least
                | Function::NullIf => arguments.first().and_then(|first| self.kind(first)),
                Function::Now => Some(Kind::DateTime),
                Function::Year
                | Function::IsoYear
                | Function::Quarter
                | Function::Month
                | Function::Week
                | Function::Day
                | Function::WeekDay
                | Function::IsoWeekDay
                | Function::Hour
                | Function::Minute
                | Function::Second => Some(Kind::I32),
                Function::Declared(declared) => Some(declared.kind),
                Function::Postgres(function) => function.gives(arguments.first().and_then(|first| self.kind(first))),
                Function::Date => Some(Kind::Date),
                Function::Time => Some(Kind::Time),
                Function::Trunc(_) => arguments.first().and_then(|first| self.kind(first)),
                Function::AtZone => Some(Kind::Timestamp),
                Function::Since => Some(Kind::Duration),
                Function::JsonGet | Function::JsonElements => Some(Kind::Json),
                Function::JsonText => Some(Kind::Text),
                Function::JsonInteger => Some(Kind::I64),
                Function::JsonFloat => Some(Kind::F64),
                Function::JsonBool | Function::JsonIsNull | Function::JsonHasKey | Function::JsonContains => {
                    Some(Kind::Bool)
                }
                Function::IsTrue => Some(Kind::Bool),
                Function::TrimStart
                | Function::TrimEnd
                | Function::Left
                | Function::Right
                | Function::PadStart
                | Function::PadEnd
                | Function::Repeat
                | Function::Reverse
                | Function::Md5
                | Function::Sha1
                | Function::Sha2(_)
                | Function::Chr
                | Function::AsText(_)
                | Function::Collate => Some(Kind::Text),
                Function::FromText(kind) => Some(*kind),
                Function::Sign => Some(Kind::I32),
                Function::JsonArray | Function::JsonObject => Some(Kind::Json),
                Function::Ceil
                | Function::Floor
                | Function::BitAnd
                | Function::BitOr
                | Function::BitXor
                | Function::ShiftLeft
                | Function::ShiftRight
                | Function::Lag
                | Function::Lead
                | Function::FirstValue
                | Function::LastValue
                | Function::NthValue => arguments.first().and_then(|first| self.kind(first)),
                Function::Ord
                | Function::Position
                | Function::RowNumber
                | Function::Rank
                | Function::DenseRank
                | Function::Ntile => Some(Kind::I64),
                Function::Sqrt
                | Function::Exp
                | Function::Ln
                | Function::Log
                | Function::Power
                | Function::Sin
                | Function::Cos
                | Function::Tan
                | Function::Asin
                | Function::Acos
                | Function::Atan
                | Function::Degrees
                | Function::Radians
                | Function::Cot
                | Function::Atan2
                | Function::Random
                | Function::PercentRank
                | Function::CumeDist => Some(Kind::F64),
            },
            Expr::Window(windowed) => self.kind(&windowed.call),
            Expr::Aggregate(of) => {
                let on = of.arguments.first().and_then(|on| self.kind(on));
                match of.function {
                    Aggregate::Count => Some(Kind::I64),
                    Aggregate::Sum => on.map(widened),
                    Aggregate::Avg => on.map(|kind| match kind {
                        Kind::I16 | Kind::I32 | Kind::I64 | Kind::F32 => Kind::F64,
                        other => other,
                    }),
                    Aggregate::StdDev | Aggregate::StdDevSample | Aggregate::Variance | Aggregate::VarianceSample => {
                        Some(Kind::F64)
                    }
                    Aggregate::Join => Some(Kind::Text),
                    Aggregate::Array => on.and_then(PgKind::array).map(Kind::Postgres),
                    Aggregate::JsonArray => Some(Kind::Json),
                    Aggregate::Statistic(Statistic::RegrCount) => Some(Kind::I64),
                    Aggregate::Statistic(_) => Some(Kind::F64),
                    Aggregate::Min | Aggregate::Max | Aggregate::Any | Aggregate::AllTrue | Aggregate::AnyTrue => on,
                    Aggregate::BitAnd | Aggregate::BitOr | Aggregate::BitXor => on,
                    Aggregate::Declared(declared) => Some(declared.kind),
                    Aggregate::Written => None,
                }
            }
            Expr::Case { branches, otherwise } => {
                let values = branches.iter().map(|(_, value)| value).chain(otherwise.as_deref());
                values.filter_map(|value| self.kind(value)).next()
            }
            Expr::Cast(_, kind) => Some(*kind),
            Expr::Scalar(select) => match select.selection.first() {
                Some(Selected::Expr(expr)) => self.kind(expr),
                _ => None,
            },
            Expr::Selected(_) | Expr::Joined { .. } | Expr::Row(_) | Expr::Raw { .. } | Expr::Invalid(..) => None,
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
            Expr::And(all) | Expr::Or(all) | Expr::InRows(all, _) => all.iter().any(|part| self.nullable(part)),
            Expr::Negate(inner) | Expr::In(inner, _) => self.nullable(inner),
            Expr::Like { on, pattern, .. } => self.nullable(on) || self.nullable(pattern),
            Expr::Call(Function::IsTrue | Function::Now, _) => false,
            Expr::Call(Function::Postgres(function), arguments) => match function {
                PgFunction::Words | PgFunction::ArrayOf => false,
                // There may be no such element, bound or key, or NULL among the elements.
                PgFunction::ArrayElement
                | PgFunction::Elements
                | PgFunction::ArrayHas
                | PgFunction::RangeStart
                | PgFunction::RangeEnd
                | PgFunction::HStoreGet => true,
                _ => arguments.iter().any(|part| self.nullable(part)),
            },
            Expr::Call(Function::Coalesce, arguments) => arguments.iter().all(|part| self.nullable(part)),
            Expr::Call(
                Function::Lower
                | Function::Upper
                | Function::Trim
                | Function::Length
                | Function::Abs
                | Function::Year
                | Function::IsoYear
                | Function::Quarter
                | Function::Month
                | Function::Week
                | Function::Day
                | Function::WeekDay
                | Function::IsoWeekDay
                | Function::Hour
                | Function::Minute
                | Function::Second
                | Function::Date
                | Function::Time
                | Function::Trunc(_)
                | Function::AtZone
                | Function::Since
                | Function::AsText(_)
                | Function::Micros
                | Function::JsonIsNull
                | Function::JsonHasKey,
                arguments,
            ) => arguments.iter().any(|part| self.nullable(part)),
            Expr::Aggregate(of) => {
                !matches!(of.function, Aggregate::Count | Aggregate::Statistic(Statistic::RegrCount))
            }
            Expr::Scalar(select) => !counts(select),
            _ => true,
        }
    }
}

/// Whether a subquery is a plain count, which always has a row with a value.
fn counts(select: &Select) -> bool {
    select.group_by.is_none() && select.selection == [Selected::Expr(Expr::row_count())]
}

/// The kind that a sum of values of this kind has.
pub(super) fn widened(kind: Kind) -> Kind {
    match kind {
        Kind::I16 | Kind::I32 | Kind::I64 => Kind::I64,
        Kind::F32 | Kind::F64 => Kind::F64,
        other => other,
    }
}
