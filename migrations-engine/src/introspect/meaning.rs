//! SQL expressions as the engine's: what a database wrote of one, read back in one form.
//!
//! Databases do not keep what they were told: one writes `BETWEEN` as two comparisons, another turns `NOT (a = b)` round. What is
//! read here is brought to one form, so that what two databases made of the same expression compares equal.

use super::functions::{UNITS, is_utc};
use super::literal::{from_glob, from_like, interval, plain_number};
use super::parse::{Node, Unread, node};
use super::types::column_type;
use crate::condition::{BinaryOp, Expr, Function, Value};
use crate::schema::ColumnType;
use crate::sql::Dialect;

/// A column that expressions can mention: its name and type, and whether it can be NULL.
pub(super) struct Known {
    pub(super) name: String,
    pub(super) ty: ColumnType,
    pub(super) null: bool,
}

pub(super) struct Reader<'a> {
    pub(super) dialect: Dialect,
    pub(super) columns: &'a [Known],
}

pub(super) type Read = Result<Expr, Unread>;

impl Reader<'_> {
    /// Reads an expression; `ty` is the type of the column that it fills, if it fills one.
    pub(super) fn read(&self, sql: &str, ty: Option<&ColumnType>) -> Read {
        self.expr(&node(self.dialect, sql)?, ty)
    }

    pub(super) fn column(&self, name: &str) -> Result<&Known, Unread> {
        let found = self.columns.iter().find(|known| known.name == name);
        found
            .or_else(|| self.columns.iter().find(|known| known.name.eq_ignore_ascii_case(name)))
            .ok_or_else(|| format!("`{name}` is not a column"))
    }

    pub(super) fn type_of(&self, expr: &Expr) -> Option<ColumnType> {
        match expr {
            Expr::Field(name) => self.column(name).ok().map(|known| known.ty.clone()),
            Expr::Negate(inner) => self.type_of(inner),
            Expr::Binary { op: BinaryOp::Concat, .. } => Some(ColumnType::Text),
            Expr::Binary {
                op: BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Mod,
                left,
                right,
            } => self.type_of(left).or_else(|| self.type_of(right)),
            Expr::Call { function, args } => match function {
                Function::Lower
                | Function::Upper
                | Function::Trim
                | Function::Ltrim
                | Function::Rtrim
                | Function::Replace
                | Function::Substr
                | Function::Concat
                | Function::ToText => Some(ColumnType::Text),
                Function::Length
                | Function::Year
                | Function::Month
                | Function::Day
                | Function::Hour
                | Function::Minute
                | Function::Second
                | Function::ToInteger => Some(ColumnType::Integer),
                Function::Now => Some(ColumnType::DateTime),
                Function::Today => Some(ColumnType::Date),
                Function::NewUuid => Some(ColumnType::Uuid),
                Function::Coalesce | Function::NullIf | Function::Greatest | Function::Least | Function::Abs => {
                    args.iter().find_map(|arg| self.type_of(arg))
                }
                _ => None,
            },
            Expr::Value(Value::Text(_)) => Some(ColumnType::Text),
            _ => None,
        }
    }

    pub(super) fn expr(&self, node: &Node, ty: Option<&ColumnType>) -> Read {
        Ok(match node {
            Node::Value(value) => Expr::Value(self.typed(value, ty)?),
            Node::Column(name) => Expr::Field(self.column(name)?.name.clone()),
            Node::Not(inner) => negated(self.expr(inner, None)?),
            Node::Negate(inner) => match self.expr(inner, ty)? {
                Expr::Value(Value::Int(number)) if number != i64::MIN => Expr::Value(Value::Int(-number)),
                inner => Expr::Negate(Box::new(inner)),
            },
            Node::Cast(inner, name) => self.cast(inner, name, ty)?,
            Node::IsNull(inner, negated) => Expr::IsNull { expr: Box::new(self.expr(inner, None)?), negated: *negated },
            Node::In(subject, list, negated) => self.among(subject, list, *negated)?,
            Node::Between(subject, low, high, not) => {
                let compare = |op: &str, side: &Node| self.compare(op, subject, side);
                let both = compare(">=", low)?.binary(BinaryOp::And, compare("<=", high)?);
                if *not { negated(both) } else { both }
            }
            Node::Like(subject, pattern, escape, op, negated) => {
                self.like(subject, pattern, escape.as_deref(), op, *negated)?
            }
            Node::Case(when, otherwise) => {
                let when =
                    when.iter().map(|(condition, value)| Ok((self.expr(condition, None)?, self.expr(value, ty)?)));
                let otherwise = match otherwise {
                    Some(value) => Some(self.expr(value, ty)?).filter(|value| *value != Expr::Value(Value::Null)),
                    None => None,
                };
                Expr::Case { when: when.collect::<Result<_, Unread>>()?, otherwise: otherwise.map(Box::new) }
            }
            Node::Binary(op, left, right) => self.binary(op, left, right)?,
            Node::Extract(unit, inner) => self.extract(unit, inner)?,
            Node::AtZone(inner, zone) if **zone == Node::Value(Value::Text("UTC".to_owned())) || is_utc(zone) => {
                match self.expr(inner, ty)? {
                    now @ Expr::Call { function: Function::Now, .. } => now,
                    _ => return Err("a time zone is not understood".to_owned()),
                }
            }
            Node::AtZone(..) => return Err("a time zone is not understood".to_owned()),
            Node::Array(_) => return Err("a list is not understood here".to_owned()),
            Node::Call(name, args) => self.call(name, args, ty)?,
        })
    }

    /// A constant as one of the column's type.
    pub(super) fn typed(&self, value: &Value, ty: Option<&ColumnType>) -> Result<Value, Unread> {
        let keyword = |word: &str, text: &str| Value::typed(word, text).map_err(|error| error.message().to_owned());
        Ok(match (value, ty) {
            (Value::Int(number @ (0 | 1)), Some(ColumnType::Bool)) => Value::Bool(*number == 1),
            (Value::Text(text), Some(ColumnType::Bool)) if text == "t" || text == "f" => Value::Bool(text == "t"),
            (Value::Number(digits), _) => plain_number(digits)?,
            (Value::Text(text), Some(ty)) => match ty {
                ColumnType::Date => keyword("date", text)?,
                ColumnType::Time => keyword("time", text)?,
                ColumnType::DateTime => keyword("datetime", text)?,
                ColumnType::NaiveDateTime => keyword("timestamp", text)?,
                ColumnType::Uuid => keyword("uuid", text)?,
                ColumnType::Json => keyword("json", text)?,
                ColumnType::Duration => interval(text)?,
                ColumnType::Binary => keyword("bytes", text.strip_prefix("\\x").unwrap_or(text))?,
                ColumnType::Decimal { .. } | ColumnType::Real | ColumnType::Double => plain_number(text)?,
                ty if ty.is_integer() => plain_number(text)?,
                _ => value.clone(),
            },
            _ => value.clone(),
        })
    }

    fn cast(&self, inner: &Node, name: &str, ty: Option<&ColumnType>) -> Read {
        if name.starts_with("char") && self.dialect != Dialect::Postgres || name == "nchar" {
            return Ok(Expr::call(Function::ToText, [self.expr(inner, None)?]));
        }
        let target = match name {
            "signed" => ColumnType::BigInt,
            "bpchar" => ColumnType::Text,
            name => column_type(self.dialect, name).ty,
        };
        if let Node::Value(value) = inner {
            // A type of the database's own says nothing about the constant.
            let target = if matches!(target, ColumnType::Custom { .. }) { None } else { Some(&target) };
            return Ok(Expr::Value(self.typed(value, ty.or(target))?));
        }
        if let (Node::Call(name, args), true) = (inner, target.is_integer()) {
            match (name.as_str(), args.as_slice()) {
                ("trunc", [Node::Extract(unit, inner)]) => return self.extract(unit, inner),
                ("strftime", [Node::Value(Value::Text(format)), inner]) => {
                    let unit = UNITS.iter().find(|(_, _, known)| known == format);
                    let (unit, ..) = unit.ok_or_else(|| format!("the format `{format}` is not understood"))?;
                    return self.extract(unit, inner);
                }
                _ => {}
            }
        }
        let expr = self.expr(inner, Some(&target))?;
        let from = self.type_of(&expr);
        let textual = from.as_ref().is_some_and(ColumnType::is_text);
        Ok(match &target {
            ty if ty.is_text() && textual => expr,
            ty if ty.is_text() => Expr::call(Function::ToText, [expr]),
            ty if ty.is_integer() && from.as_ref().is_some_and(ColumnType::is_integer) => expr,
            ty if ty.is_integer() => Expr::call(Function::ToInteger, [expr]),
            ColumnType::Decimal { .. } | ColumnType::Double | ColumnType::Real if !textual => expr,
            ColumnType::Custom { postgres: Some(name), .. } if name == "numeric" && !textual => expr,
            ColumnType::Date if matches!(expr, Expr::Call { function: Function::Now, .. }) => {
                Expr::call(Function::Today, [])
            }
            ty if from.as_ref() == Some(ty) => expr,
            _ => return Err(format!("a conversion to `{name}` is not understood")),
        })
    }

    fn among(&self, subject: &Node, list: &[Node], not: bool) -> Read {
        let expr = self.expr(subject, None)?;
        let ty = self.type_of(&expr);
        let mut list = list.iter().map(|item| self.expr(item, ty.as_ref())).collect::<Result<Vec<_>, _>>()?;
        if list.len() == 1
            && let Some(only) = list.pop()
        {
            return Ok(expr.binary(if not { BinaryOp::Ne } else { BinaryOp::Eq }, only));
        }
        Ok(Expr::In { expr: Box::new(expr), list, negated: not })
    }

    fn like(&self, subject: &Node, pattern: &Node, escape: Option<&Node>, op: &str, negated: bool) -> Read {
        let mut pattern = pattern;
        let mut escape = escape;
        if let Node::Call(name, args) = pattern
            && let ("like_escape", [inner, with]) = (name.as_str(), args.as_slice())
        {
            (pattern, escape) = (inner, Some(with));
        }
        let subject = self.expr(subject, None)?;
        let mut fold = op == "ilike" || (op == "like" && self.dialect == Dialect::Sqlite);
        let (subject, pattern) = match (subject, self.expr(pattern, None)?) {
            (
                Expr::Call { function: Function::Lower, mut args },
                Expr::Call { function: Function::Lower, args: pattern },
            ) if args.len() == 1 && pattern.len() == 1 => {
                fold = true;
                (args.remove(0), pattern.into_iter().next().unwrap_or(Expr::Value(Value::Null)))
            }
            sides => sides,
        };
        let Expr::Value(Value::Text(pattern)) = pattern else {
            return Err("a pattern that is not a constant".to_owned());
        };
        let pattern = if op == "glob" {
            from_glob(&pattern)?
        } else {
            let escape = match escape.map(|node| self.expr(node, None)).transpose()? {
                Some(Expr::Value(Value::Text(text))) => text.chars().next(),
                Some(_) => return Err("an escape that is not a constant".to_owned()),
                None if self.dialect == Dialect::Sqlite => None,
                None => Some('\\'),
            };
            from_like(&pattern, escape)
        };
        // Where case does not count, that of the pattern does not either.
        let pattern = if fold { pattern.to_lowercase() } else { pattern };
        Ok(Expr::Like { expr: Box::new(subject), pattern, fold, negated })
    }

    /// A comparison; a constant takes the type of the other side.
    fn compare(&self, op: &str, left: &Node, right: &Node) -> Read {
        let kind = match op {
            "=" => BinaryOp::Eq,
            "<>" | "!=" => BinaryOp::Ne,
            "<" => BinaryOp::Lt,
            "<=" => BinaryOp::Le,
            ">" => BinaryOp::Gt,
            _ => BinaryOp::Ge,
        };
        let (mut a, mut b) = (self.expr(left, None)?, self.expr(right, None)?);
        let (left_ty, right_ty) = (self.type_of(&a), self.type_of(&b));
        if let (Some(ty), true) = (&left_ty, matches!(b, Expr::Value(_))) {
            b = self.expr(right, Some(ty))?;
        }
        if let (Some(ty), true) = (&right_ty, matches!(a, Expr::Value(_))) {
            a = self.expr(left, Some(ty))?;
        }
        match (kind, self.matching(&a, &b)) {
            (BinaryOp::Eq, Some(found)) => return Ok(found),
            (BinaryOp::Ne, Some(found)) => return Ok(negated(found)),
            _ => {}
        }
        // Truth is its own condition: MariaDB makes `b <> false` of `not (not b)`.
        match (kind, &a, &b) {
            (BinaryOp::Eq, Expr::Field(_), Expr::Value(Value::Bool(true)))
            | (BinaryOp::Ne, Expr::Field(_), Expr::Value(Value::Bool(false))) => return Ok(a),
            (BinaryOp::Ne, Expr::Field(_), Expr::Value(Value::Bool(true))) => return Ok(negated(a)),
            _ => {}
        }
        Ok(a.binary(kind, b))
    }

    /// `lower(a) = lower(b)`, which stands for a function of the engine's.
    fn matching(&self, a: &Expr, b: &Expr) -> Option<Expr> {
        let lower = |expr: &Expr| match expr {
            Expr::Call { function: Function::Lower, args } => args.first().cloned(),
            _ => None,
        };
        Some(Expr::call(Function::IExact, [lower(a)?, lower(b)?]))
    }

    fn binary(&self, op: &str, left: &Node, right: &Node) -> Read {
        if let Node::Array(list) = right {
            return match op {
                "=" => self.among(left, list, false),
                "<>" | "!=" => self.among(left, list, true),
                _ => Err(format!("`{op}` with a list is not understood")),
            };
        }
        if let Some(found) = self.text_function(op, left, right)? {
            return Ok(found);
        }
        // MariaDB turns NOT round.
        let opposite = match op {
            "<>" => Some("="),
            "<=" => Some(">"),
            _ => None,
        };
        if let Some(opposite) = opposite
            && let Some(found) = self.text_function(opposite, left, right)?
        {
            return Ok(negated(found));
        }
        match op {
            "and" | "or" => {
                let op = if op == "and" { BinaryOp::And } else { BinaryOp::Or };
                Ok(joined(op, self.expr(left, None)?, self.expr(right, None)?))
            }
            "=" | "<>" | "!=" | "<" | "<=" | ">" | ">=" => self.compare(op, left, right),
            "||" => self.concat(left, right),
            "+" | "-" | "*" | "/" | "div" | "%" => {
                if let Some(found) = self.rounded(op, left, right)? {
                    return Ok(found);
                }
                let op = match op {
                    "+" => BinaryOp::Add,
                    "-" => BinaryOp::Sub,
                    "*" => BinaryOp::Mul,
                    "/" | "div" => BinaryOp::Div,
                    _ => BinaryOp::Mod,
                };
                Ok(self.expr(left, None)?.binary(op, self.expr(right, None)?))
            }
            op => Err(format!("`{op}` is not understood")),
        }
    }
}

/// Chains of one operator lean to the left, whatever the parentheses.
fn joined(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    match right {
        Expr::Binary { op: inner, left: middle, right: last } if inner == op => {
            joined(op, left, *middle).binary(op, *last)
        }
        right => left.binary(op, right),
    }
}

/// The opposite, with NOT as far inside as it goes: every step holds for NULL too.
fn negated(expr: Expr) -> Expr {
    match expr {
        Expr::Not(inner) => *inner,
        Expr::Value(Value::Bool(truth)) => Expr::Value(Value::Bool(!truth)),
        Expr::Field(name) => Expr::Field(name).binary(BinaryOp::Eq, Expr::Value(Value::Bool(false))),
        Expr::IsNull { expr, negated } => Expr::IsNull { expr, negated: !negated },
        Expr::In { expr, list, negated } => Expr::In { expr, list, negated: !negated },
        Expr::Like { expr, pattern, fold, negated } => Expr::Like { expr, pattern, fold, negated: !negated },
        Expr::Binary { op: BinaryOp::Eq, left, right } if *right == Expr::Value(Value::Bool(false)) => *left,
        Expr::Binary { op, left, right } => {
            let opposite = match op {
                BinaryOp::And => return joined(BinaryOp::Or, negated(*left), negated(*right)),
                BinaryOp::Or => return joined(BinaryOp::And, negated(*left), negated(*right)),
                BinaryOp::Eq => BinaryOp::Ne,
                BinaryOp::Ne => BinaryOp::Eq,
                BinaryOp::Lt => BinaryOp::Ge,
                BinaryOp::Ge => BinaryOp::Lt,
                BinaryOp::Gt => BinaryOp::Le,
                BinaryOp::Le => BinaryOp::Gt,
                BinaryOp::Concat | BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Mod => {
                    return Expr::Not(Box::new(Expr::Binary { op, left, right }));
                }
            };
            Expr::Binary { op: opposite, left, right }
        }
        other => Expr::Not(Box::new(other)),
    }
}
