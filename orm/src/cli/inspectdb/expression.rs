//! Expressions of the engine's as closures over a model's fields.

use migrations_engine::{
    condition::{BinaryOp, Expr, Function, Value},
    schema::ColumnType,
};

/// A field that closures can mention.
pub(super) struct Handle {
    /// In the state.
    pub(super) column: String,
    /// As it is written after the dot.
    pub(super) ident: String,
    pub(super) ty: ColumnType,
    pub(super) null: bool,
    pub(super) relation: bool,
}

/// What a field is computed from, as the body of a closure over `m`, if the models' language has all of its words.
pub(super) fn computed(handles: &[Handle], expr: &Expr, ty: &ColumnType, null: bool) -> Option<String> {
    if let Expr::Call { function: Function::Coalesce, args } = expr
        && let ([truth, Expr::Value(Value::Bool(false))], ColumnType::Bool) = (args.as_slice(), ty)
    {
        return Some(format!("({}).as_value()", condition(handles, truth)?));
    }
    let known = |name: &&str| handle(handles, name).is_some_and(|handle| null || !handle.null);
    let (text, of) = value_of(handles, expr)?;
    let fits = alike(&of, ty) && expr.fields().iter().all(known);
    fits.then(|| text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).map_or(text.clone(), str::to_owned))
}

/// A condition as the body of a closure over `m`, if the models' language has all of its words.
pub(super) fn condition(handles: &[Handle], expr: &Expr) -> Option<String> {
    let text = |expr: &Expr| value_of(handles, expr);
    Some(match expr {
        Expr::Field(name) => {
            let handle = handle(handles, name)?;
            (handle.ty == ColumnType::Bool && !handle.relation).then(|| format!("m.{}.eq(true)", handle.ident))?
        }
        Expr::Not(inner) => format!("!({})", condition(handles, inner)?),
        Expr::Binary { op: BinaryOp::And, left, right } => {
            format!("{} & {}", part(handles, left)?, part(handles, right)?)
        }
        Expr::Binary { op: BinaryOp::Or, left, right } => {
            format!("{} | {}", part(handles, left)?, part(handles, right)?)
        }
        Expr::Binary { op, left, right } => {
            let (op, left, right) = match (&**left, &**right) {
                (Expr::Value(_), Expr::Value(_)) => return None,
                (Expr::Value(_), _) => (turned(*op), right, left),
                _ => (*op, left, right),
            };
            let method = match op {
                BinaryOp::Eq => "eq",
                BinaryOp::Ne => "ne",
                BinaryOp::Lt => "lt",
                BinaryOp::Le => "lte",
                BinaryOp::Gt => "gt",
                BinaryOp::Ge => "gte",
                _ => return None,
            };
            let (on, beside, _) = pair(handles, left, right)?;
            format!("{on}.{method}({beside})")
        }
        Expr::IsNull { expr, negated } => {
            let Expr::Field(name) = &**expr else { return None };
            let handle = handle(handles, name)?;
            let not = if *negated && handle.relation { "!" } else { "" };
            let method = if *negated && !handle.relation { "is_not_null" } else { "is_null" };
            format!("{not}m.{}.{method}()", handle.ident)
        }
        Expr::In { expr, list, negated } => {
            let (on, ty) = text(expr)?;
            let list = list.iter().map(|item| operand(handles, item, &ty)).collect::<Option<Vec<_>>>()?;
            format!("{}{on}.is_in([{}])", if *negated { "!" } else { "" }, list.join(", "))
        }
        Expr::Like { expr, pattern, fold, negated } => {
            let (on, _) = text(expr).filter(|(_, ty)| ty.is_text())?;
            let (not, lower) = (if *negated { "!" } else { "" }, if *fold { ".lower()" } else { "" });
            format!("{not}{on}{lower}.like({pattern:?})")
        }
        Expr::Call { function, args } => {
            let method = match function {
                Function::Contains => "contains",
                Function::IContains => "icontains",
                Function::StartsWith => "starts_with",
                Function::IStartsWith => "istarts_with",
                Function::EndsWith => "ends_with",
                Function::IEndsWith => "iends_with",
                Function::IExact => "iexact",
                _ => return None,
            };
            let [subject, Expr::Value(Value::Text(value))] = args.as_slice() else { return None };
            let (on, ty) = text(subject)?;
            ty.is_text().then(|| format!("{on}.{method}({value:?})"))?
        }
        _ => return None,
    })
}

/// A condition within another.
fn part(handles: &[Handle], expr: &Expr) -> Option<String> {
    let text = condition(handles, expr)?;
    Some(match expr {
        Expr::Binary { op: BinaryOp::And | BinaryOp::Or, .. } => format!("({text})"),
        _ => text,
    })
}

/// What stands at the head of a lookup, with its type: a field, or a function of one.
pub(super) fn value_of(handles: &[Handle], expr: &Expr) -> Option<(String, ColumnType)> {
    match expr {
        Expr::Field(name) => {
            let handle = handle(handles, name)?;
            (!handle.relation && comparable(&handle.ty)).then(|| (format!("m.{}", handle.ident), handle.ty.clone()))
        }
        Expr::Binary { op: op @ (BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul), left, right } => {
            let (left, right) = match (&**left, op) {
                (Expr::Value(_), BinaryOp::Add | BinaryOp::Mul) => (right, left),
                _ => (left, right),
            };
            let (on, ty) = value_of(handles, left)?;
            let number = ty.is_number().then_some(ty)?;
            let whole = |(text, of): (String, ColumnType)| {
                (matches!(number, ColumnType::Decimal { .. }) && of.is_integer()).then_some(text)
            };
            let (on, beside, number) = match value_of(handles, right).and_then(whole) {
                Some(beside) => (on, beside, number),
                None => pair(handles, left, right)?,
            };
            Some((format!("({on} {} {beside})", op.as_str()), number))
        }
        Expr::Call { function: Function::Concat, args } => joined(handles, args, &[]),
        // Texts joined to one that is NULL where one of them is.
        Expr::Case { when, otherwise: None } => match when.as_slice() {
            [(there, Expr::Call { function: Function::Concat, args })] => joined(handles, args, &there_are(there)?),
            _ => None,
        },
        Expr::Call { function, args } => {
            let [only] = args.as_slice() else { return None };
            let (on, ty) = value_of(handles, only)?;
            let (method, of) = match function {
                Function::Lower => ("lower", ty.is_text().then_some(ty)?),
                Function::Upper => ("upper", ty.is_text().then_some(ty)?),
                Function::Trim => ("trim", ty.is_text().then_some(ty)?),
                Function::Length => ("length", ty.is_text().then_some(ColumnType::BigInt)?),
                _ => return None,
            };
            Some((format!("{on}.{method}()"), of))
        }
        _ => None,
    }
}

/// The fields of `a is not null and b is not null`.
fn there_are(expr: &Expr) -> Option<Vec<&str>> {
    match expr {
        Expr::IsNull { expr, negated: true } => match &**expr {
            Expr::Field(name) => Some(vec![name]),
            _ => None,
        },
        Expr::Binary { op: BinaryOp::And, left, right } => {
            let (mut all, more) = (there_are(left)?, there_are(right)?);
            all.extend(more);
            Some(all)
        }
        _ => None,
    }
}

/// `m.a.concat(" ").concat(m.b)`, which is NULL where one of these is; others that can be NULL are `m.c.or("")`.
fn joined(handles: &[Handle], parts: &[Expr], open: &[&str]) -> Option<(String, ColumnType)> {
    let (first, rest) = parts.split_first()?;
    let null = |name: &&str| handle(handles, name).is_some_and(|handle| handle.null);
    let piece = |part: &Expr| {
        if let Expr::Value(value) = part {
            return constant(value, &ColumnType::Text);
        }
        let (text, _) = value_of(handles, part).filter(|(_, ty)| ty.is_text())?;
        let closes = matches!(part, Expr::Field(name) if open.contains(&name.as_str()));
        match (part.fields().iter().any(null), closes) {
            (true, true) | (false, false) => Some(text),
            (true, false) => Some(format!("{text}.or(\"\")")),
            (false, true) => None,
        }
    };
    let on = Some(first).filter(|first| !matches!(first, Expr::Value(_))).and_then(piece)?;
    let text = rest.iter().try_fold(on, |on, part| Some(format!("{on}.concat({})", piece(part)?)))?;
    Some((text, ColumnType::Text))
}

/// Two sides of an operator, of one Rust type, which the last is.
fn pair(handles: &[Handle], left: &Expr, right: &Expr) -> Option<(String, String, ColumnType)> {
    let (on, ty) = value_of(handles, left)?;
    if let Some(beside) = operand(handles, right, &ty) {
        return Some((on, beside, ty));
    }
    // Whole numbers of different types meet in one that holds both.
    let (beside, of) = value_of(handles, right)?;
    let (whole, rust) =
        [&ty, &of].into_iter().map(signed).collect::<Option<Vec<_>>>()?.into_iter().max_by_key(|it| it.1)?;
    let cast = |text: String, from: &ColumnType| if *from == whole { text } else { format!("{text}.cast::<{rust}>()") };
    Some((cast(on, &ty), cast(beside, &of), whole))
}

/// The type of whole numbers with a sign that is as wide, in the database and in Rust.
fn signed(ty: &ColumnType) -> Option<(ColumnType, &'static str)> {
    Some(match ty {
        ColumnType::SmallInt | ColumnType::PositiveSmallInt => (ColumnType::SmallInt, "i16"),
        ColumnType::Integer | ColumnType::PositiveInteger => (ColumnType::Integer, "i32"),
        ColumnType::BigInt | ColumnType::PositiveBigInt => (ColumnType::BigInt, "i64"),
        _ => return None,
    })
}

fn comparable(ty: &ColumnType) -> bool {
    ty.is_text()
        || ty.is_integer()
        || matches!(ty, ColumnType::Bool | ColumnType::Decimal { .. } | ColumnType::Double | ColumnType::Real)
}

/// The other side of a comparison with something of a type.
fn operand(handles: &[Handle], expr: &Expr, ty: &ColumnType) -> Option<String> {
    match expr {
        Expr::Value(value) => constant(value, ty),
        other => value_of(handles, other).filter(|(_, of)| alike(of, ty)).map(|(text, _)| text),
    }
}

/// Whether two columns have the same Rust type.
fn alike(a: &ColumnType, b: &ColumnType) -> bool {
    let decimal = |ty: &ColumnType| matches!(ty, ColumnType::Decimal { .. });
    a == b || (a.is_text() && b.is_text()) || (decimal(a) && decimal(b))
}

/// A constant of a column's type in Rust.
pub(super) fn constant(value: &Value, ty: &ColumnType) -> Option<String> {
    match value {
        Value::Bool(truth) if *ty == ColumnType::Bool => Some(truth.to_string()),
        Value::Text(text) if ty.is_text() => Some(format!("{text:?}")),
        Value::Int(number) => {
            let fits = match ty {
                ColumnType::SmallInt => i16::try_from(*number).is_ok(),
                ColumnType::Integer => i32::try_from(*number).is_ok(),
                ColumnType::BigInt => true,
                ColumnType::PositiveSmallInt => u16::try_from(*number).is_ok(),
                ColumnType::PositiveInteger => u32::try_from(*number).is_ok(),
                ColumnType::PositiveBigInt => *number >= 0,
                ColumnType::Decimal { .. } => i32::try_from(*number).is_ok(),
                ColumnType::Double | ColumnType::Real => return Some(format!("{number}.0")),
                _ => false,
            };
            fits.then(|| number.to_string())
        }
        Value::Number(digits) => match ty {
            ColumnType::Double | ColumnType::Real => Some(digits.clone()),
            ColumnType::Decimal { .. } => {
                let (whole, fraction) = digits.split_once('.')?;
                let number: i64 = format!("{whole}{fraction}").parse().ok()?;
                Some(format!("Decimal::new({number}, {})", fraction.len()))
            }
            _ => None,
        },
        _ => None,
    }
}

fn turned(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Lt => BinaryOp::Gt,
        BinaryOp::Le => BinaryOp::Ge,
        BinaryOp::Gt => BinaryOp::Lt,
        BinaryOp::Ge => BinaryOp::Le,
        other => other,
    }
}

fn handle<'h>(handles: &'h [Handle], name: &str) -> Option<&'h Handle> {
    handles.iter().find(|handle| handle.column == name)
}
