//! From expressions over a model's own fields, and constants, to the engine's notation.

use super::{engine_error, schema::state_name};
use crate::{
    Code, Error, Kind, Result, Value,
    model::ModelMeta,
    tree::{BinaryOp, Expr, Function, Like, Path},
};
use migrations_engine::condition;
use rust_decimal::Decimal;

/// A value in the engine's notation.
pub(crate) fn constant(value: &Value) -> Result<condition::Value> {
    use condition::Value as V;
    Ok(match value {
        Value::Null(_) => V::Null,
        Value::Bool(truth) => V::Bool(*truth),
        Value::I16(number) => V::Int(i64::from(*number)),
        Value::I32(number) => V::Int(i64::from(*number)),
        Value::I64(number) => V::Int(*number),
        Value::F32(number) => V::number(&number.to_string()).map_err(engine_error)?,
        Value::F64(number) => V::number(&number.to_string()).map_err(engine_error)?,
        Value::Decimal(number) => decimal(number)?,
        Value::Text(text) => V::Text(text.clone()),
        Value::Bytes(bytes) => V::Bytes(bytes.clone()),
        Value::Date(day) => V::Date(day.format("%Y-%m-%d").to_string()),
        Value::Time(time) => V::Time(time.format("%H:%M:%S%.6f").to_string()),
        Value::Timestamp(time) => V::Timestamp(time.format("%Y-%m-%d %H:%M:%S%.6f").to_string()),
        Value::DateTime(time) => V::DateTime(time.format("%Y-%m-%d %H:%M:%S%.6f").to_string()),
        Value::Duration(span) => V::Duration(span.num_microseconds().unwrap_or(i64::MAX)),
        Value::Uuid(uuid) => V::Uuid(uuid.to_string()),
        Value::Ip(address) => V::Text(address.to_string()),
        Value::Json(document) => V::Json(document.to_string()),
        Value::Postgres(_, own) => V::Text(own.literal()?),
        Value::List(..) => return Err(inexpressible("a list")),
    })
}

fn decimal(number: &Decimal) -> Result<condition::Value> {
    if number.scale() == 0
        && let Ok(whole) = i64::try_from(*number)
    {
        return Ok(condition::Value::Int(whole));
    }
    condition::Value::number(&number.to_string()).map_err(engine_error)
}

fn inexpressible(what: &str) -> Error {
    Error::new(Code::BadModel, format!("{what} cannot stand in a constraint, an index or a generated field"))
        .with_hint("they speak of the model's own columns, of constants, and of portable functions")
}

/// A text beside a pattern. In lower case beside one in lower case is what databases have for "in any case".
fn matching(on: condition::Expr, pattern: condition::Expr, fold: bool) -> Result<condition::Expr> {
    use condition::{Expr as E, Function};
    let E::Value(condition::Value::Text(pattern)) = pattern else {
        return Err(inexpressible("a pattern made of columns"));
    };
    let small = pattern.to_lowercase() == pattern;
    Ok(match on {
        E::Call { function: Function::Lower, mut args } if small && args.len() == 1 => {
            E::Like { expr: Box::new(args.remove(0)), pattern, fold: true, negated: false }
        }
        on => E::Like { expr: Box::new(on), pattern, fold, negated: false },
    })
}

/// A condition or expression in the engine's notation.
pub(super) fn expression(expr: &Expr) -> Result<condition::Expr> {
    use condition::Expr as E;
    let boxed = |expr: &Expr| expression(expr).map(Box::new);
    Ok(match expr {
        Expr::Column { path, model, column } => {
            E::field(own_field(path, model, *column).ok_or_else(|| inexpressible("a column of a related model"))?)
        }
        Expr::Value(value) => E::Value(constant(value)?),
        Expr::Binary(op, left, right) => {
            let (left, right) = (beside(left, *op, right)?, beside(right, *op, left)?);
            match op {
                BinaryOp::Eq => left.eq(right),
                BinaryOp::Ne => left.ne(right),
                BinaryOp::Lt => left.lt(right),
                BinaryOp::Le => left.le(right),
                BinaryOp::Gt => left.gt(right),
                BinaryOp::Ge => left.ge(right),
                BinaryOp::Add => left.binary(condition::BinaryOp::Add, right),
                BinaryOp::Sub => left.binary(condition::BinaryOp::Sub, right),
                BinaryOp::Mul => left.binary(condition::BinaryOp::Mul, right),
                BinaryOp::Div => left.binary(condition::BinaryOp::Div, right),
                BinaryOp::Rem => left.binary(condition::BinaryOp::Mod, right),
                BinaryOp::Concat => concat(expr)?,
                BinaryOp::Is => {
                    let both = left.clone().is_null().and(right.clone().is_null());
                    left.eq(right).or(both)
                }
            }
        }
        Expr::And(all) => joined(all, condition::BinaryOp::And)?,
        Expr::Or(all) => joined(all, condition::BinaryOp::Or)?,
        Expr::Not(inner) => match &**inner {
            Expr::IsNull(on) => expression(on)?.is_not_null(),
            inner => expression(inner)?.not(),
        },
        Expr::Negate(inner) => E::Negate(boxed(inner)?),
        Expr::IsNull(inner) => expression(inner)?.is_null(),
        Expr::In(on, Value::List(list)) => {
            let list = list.values.iter().map(|value| constant(value).map(E::Value)).collect::<Result<Vec<_>>>()?;
            expression(on)?.is_in(list)
        }
        Expr::Like { on, pattern, like: Like::Pattern, fold } => {
            matching(expression(on)?, expression(pattern)?, *fold)?
        }
        Expr::Like { on, pattern, like, fold } => {
            use condition::Function as F;
            let function = match (like, fold) {
                (Like::Contains, false) => F::Contains,
                (Like::Contains, true) => F::IContains,
                (Like::StartsWith, false) => F::StartsWith,
                (Like::StartsWith, true) => F::IStartsWith,
                (Like::EndsWith, false) => F::EndsWith,
                (Like::EndsWith, true) => F::IEndsWith,
                (Like::Whole | Like::Pattern, _) => F::IExact,
            };
            E::call(function, [expression(on)?, expression(pattern)?])
        }
        Expr::Call(Function::IsTrue, inner) if inner.len() == 1 => {
            let no = E::Value(condition::Value::Bool(false));
            E::call(condition::Function::Coalesce, [expression(&inner[0])?, no])
        }
        Expr::Call(function, arguments) => {
            let arguments = arguments.iter().map(expression).collect::<Result<Vec<_>>>()?;
            E::call(self::function(*function)?, arguments)
        }
        Expr::Case { branches, otherwise } => {
            let when = branches.iter().map(|(condition, value)| Ok((expression(condition)?, expression(value)?)));
            E::Case { when: when.collect::<Result<_>>()?, otherwise: otherwise.as_deref().map(boxed).transpose()? }
        }
        Expr::Invalid(_, why) => return Err(Error::new(Code::BadModel, why.clone())),
        Expr::Regex { .. } => return Err(inexpressible("a regular expression")),
        Expr::Window(_) => return Err(inexpressible("a window function")),
        Expr::Aggregate(_) => return Err(inexpressible("an aggregate")),
        Expr::Cast(..) => return Err(inexpressible("a conversion")),
        Expr::Raw { .. } => return Err(inexpressible("SQL of one's own")),
        Expr::In(..)
        | Expr::InRows(..)
        | Expr::InQuery(..)
        | Expr::Row(_)
        | Expr::Exists(_)
        | Expr::Scalar(_)
        | Expr::Outer(..)
        | Expr::Selected(_)
        | Expr::Derived { .. }
        | Expr::Joined { .. }
        | Expr::Proposed { .. } => {
            return Err(inexpressible("a query"));
        }
    })
}

/// The field of a column of the model's own; the key of a row that it points to is one.
fn own_field(path: &Path, model: &ModelMeta, column: u16) -> Option<String> {
    match &path.steps[..] {
        [] => Some(state_name(model, column)),
        [step] if !step.reverse => {
            let field = step.field().relation.as_ref().map(|_| step.field())?;
            let place = field.ends(model).iter().position(|&end| end == column)? as u16;
            (place < field.column_count).then(|| state_name(&step.model, field.first_column + place))
        }
        _ => None,
    }
}

/// One side of an operator. Whole numbers beside decimals and beside wider ones need no conversion there, but for a division that would be
/// taken for one of whole numbers, and where nothing is as wide as the conversion: what is computed would not fit.
fn beside(expr: &Expr, op: BinaryOp, other: &Expr) -> Result<condition::Expr> {
    let compares =
        matches!(op, BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge);
    let side = match expr {
        Expr::Cast(inner, Kind::Decimal) if is_whole(inner) => expression(inner)?,
        Expr::Cast(inner, to @ (Kind::I16 | Kind::I32 | Kind::I64))
            if is_whole(inner) && (compares || width(*to) <= widest(expr, other)) =>
        {
            expression(inner)?
        }
        expr => expression(expr)?,
    };
    let (mut decimal, mut known) = (false, false);
    for side in [expr, other] {
        side.visit(0, &mut |part, _| match part {
            Expr::Cast(_, Kind::Decimal) | Expr::Value(Value::Decimal(_)) => decimal = true,
            Expr::Column { model, column, .. } => known |= model.columns[usize::from(*column)].kind == Kind::Decimal,
            _ => {}
        });
    }
    match op {
        BinaryOp::Div | BinaryOp::Rem if decimal && !known => {
            let one = condition::Value::number("1.0").map_err(engine_error)?;
            Ok(side.binary(condition::BinaryOp::Mul, condition::Expr::Value(one)))
        }
        _ => Ok(side),
    }
}

/// The widest column of whole numbers in two sides of an operator, in bits.
fn widest(left: &Expr, right: &Expr) -> Option<u8> {
    let mut bits = None;
    for side in [left, right] {
        side.visit(0, &mut |part, _| {
            if let Expr::Column { model, column, .. } = part {
                bits = bits.max(width(model.columns[usize::from(*column)].kind));
            }
        });
    }
    bits
}

/// How wide whole numbers of a kind are, in bits.
fn width(kind: Kind) -> Option<u8> {
    match kind {
        Kind::I16 => Some(16),
        Kind::I32 => Some(32),
        Kind::I64 => Some(64),
        _ => None,
    }
}

/// Whether an expression is made of whole numbers.
fn is_whole(expr: &Expr) -> bool {
    match expr {
        Expr::Column { model, column, .. } => {
            matches!(model.columns[usize::from(*column)].kind, Kind::I16 | Kind::I32 | Kind::I64)
        }
        Expr::Value(value) => matches!(value, Value::I16(_) | Value::I32(_) | Value::I64(_)),
        Expr::Negate(inner) => is_whole(inner),
        Expr::Binary(_, left, right) => is_whole(left) && is_whole(right),
        _ => false,
    }
}

/// Texts joined to one, which is NULL where one of them is: to the engine's function NULL is empty text.
fn concat(expr: &Expr) -> Result<condition::Expr> {
    fn parts<'e>(expr: &'e Expr, out: &mut Vec<&'e Expr>) {
        match expr {
            Expr::Binary(BinaryOp::Concat, left, right) => {
                parts(left, out);
                parts(right, out);
            }
            part => out.push(part),
        }
    }
    let mut all = Vec::new();
    parts(expr, &mut all);
    let texts = all.iter().map(|part| expression(or_empty(part).unwrap_or(part))).collect::<Result<Vec<_>>>()?;
    let open = all.iter().zip(&texts).filter(|(part, _)| or_empty(part).is_none() && may_be_null(part));
    let there = open.map(|(_, text)| text.clone().is_not_null()).reduce(condition::Expr::and);
    let joined = condition::Expr::call(condition::Function::Concat, texts);
    Ok(match there {
        None => joined,
        Some(there) => condition::Expr::Case { when: vec![(there, joined)], otherwise: None },
    })
}

/// What stands in `x.or("")`.
fn or_empty(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::Call(Function::Coalesce, all) => match &all[..] {
            [text, Expr::Value(Value::Text(empty))] if empty.is_empty() => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// Whether something in an expression can be NULL, and so perhaps the whole.
fn may_be_null(expr: &Expr) -> bool {
    let mut found = false;
    expr.visit(0, &mut |part, _| match part {
        Expr::Column { model, column, .. } => found |= model.columns[usize::from(*column)].nullable,
        Expr::Value(value) => found |= value.is_null(),
        Expr::Case { otherwise: None, .. } | Expr::Call(Function::NullIf, _) => found = true,
        _ => {}
    });
    found
}

fn joined(all: &[Expr], op: condition::BinaryOp) -> Result<condition::Expr> {
    let mut parts = all.iter().map(expression);
    let Some(first) = parts.next() else { return Err(inexpressible("an empty condition")) };
    parts.try_fold(first?, |left, right| Ok(left.binary(op, right?)))
}

fn function(function: Function) -> Result<condition::Function> {
    use condition::Function as F;
    Ok(match function {
        Function::Lower => F::Lower,
        Function::Upper => F::Upper,
        Function::Length => F::Length,
        Function::Trim => F::Trim,
        Function::Coalesce => F::Coalesce,
        Function::Abs => F::Abs,
        Function::Round => F::Round,
        Function::Now => F::Now,
        Function::Year => F::Year,
        Function::Month => F::Month,
        Function::Day => F::Day,
        Function::Hour => F::Hour,
        Function::Minute => F::Minute,
        Function::Second => F::Second,
        Function::Greatest => F::Greatest,
        Function::Least => F::Least,
        Function::NullIf => F::NullIf,
        Function::Substr => F::Substr,
        Function::Replace => F::Replace,
        _ => return Err(inexpressible("this function")),
    })
}
