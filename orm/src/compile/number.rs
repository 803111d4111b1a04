//! Numbers: the same result everywhere, and exact decimals where the database counts in floats.

use super::Sql;
use crate::{
    Dialect, Kind, Result, Value,
    tree::{Aggregate, Aggregation, BinaryOp, Expr, Function, Selected},
};

/// How many more digits a quotient or a mean of decimals has after the point than what it is made of: MySQL's
/// `div_precision_increment`, on all databases.
const MORE_DIGITS: u32 = 4;

/// The digits after the point of a decimal that nothing is known of.
pub(super) const SOME_DIGITS: u32 = 10;

impl Sql {
    /// A number beyond all whole ones, beside a whole one: but for SQLite, databases make a float of that as well, which at the ends is
    /// another number.
    pub(super) fn beyond_whole(&self, whole: &Expr, number: &Expr) -> Option<Expr> {
        let Expr::Value(Value::F64(far)) = number else { return None };
        let is_far = far.abs() >= -(i64::MIN as f64) && self.dialect != Dialect::Sqlite;
        let is_whole = || matches!(self.kind(whole), Some(Kind::I16 | Kind::I32 | Kind::I64));
        let far = Some(*far).filter(|_| is_far && is_whole()).and_then(rust_decimal::Decimal::from_f64_retain)?;
        Some(Expr::Value(Value::Decimal(far)))
    }

    /// A bound value. Where decimals are bound as text it says that it is a number.
    pub(super) fn value(&mut self, value: &Value) {
        let Value::Decimal(decimal) = value else { return self.bind(value.clone()) };
        match self.dialect {
            Dialect::Postgres => self.bind(value.clone()),
            Dialect::Sqlite => {
                self.push("CAST(");
                self.bind(value.clone());
                self.push(" AS NUMERIC)");
            }
            Dialect::MariaDb | Dialect::MySql => {
                self.push("CAST(");
                self.bind(value.clone());
                self.push(&format!(" AS DECIMAL(65, {}))", decimal.scale()));
            }
        }
    }

    pub(super) fn arithmetic(&mut self, op: BinaryOp, left: &Expr, right: &Expr) -> Result<()> {
        if let kind @ Some(Kind::Date | Kind::Time | Kind::Timestamp | Kind::DateTime) = self.kind(left) {
            return self.moved(op, left, right, kind);
        }
        if self.kind(left) == Some(Kind::Duration) && matches!(op, BinaryOp::Mul | BinaryOp::Div) {
            return self.multiplied(op, left, right);
        }
        let kind = self.kind(left).or_else(|| self.kind(right));
        let decimal = kind == Some(Kind::Decimal);
        // Floats are rounded to the digits that the decimal has: the outermost operator does it for all.
        let rounds = decimal && !self.rounding && (self.dialect == Dialect::Sqlite || op == BinaryOp::Div);
        if !rounds {
            return self.operator(op, left, right, kind);
        }
        let before = std::mem::replace(&mut self.rounding, true);
        let divides = op == BinaryOp::Div || divides(left) || divides(right);
        self.push(self.rounder(divides));
        self.operator(op, left, right, kind)?;
        let digits = |side| scale(side).unwrap_or(SOME_DIGITS);
        let scale = scale_of(op, digits(left), digits(right));
        self.push(&format!(", {scale})"));
        self.rounding = before;
        Ok(())
    }

    /// The function that rounds a decimal to digits after the point. What is exact elsewhere SQLite refuses where it has more
    /// digits than floats keep; a quotient is rounded on all of them, and there to as many as it keeps.
    fn rounder(&self, quotient: bool) -> &'static str {
        if quotient && self.dialect == Dialect::Sqlite { "orm_round(" } else { "ROUND(" }
    }

    /// A span of time so many times, or a part of it: whole microseconds, which it is stored as where it is no type of its own.
    fn multiplied(&mut self, op: BinaryOp, span: &Expr, number: &Expr) -> Result<()> {
        let (before, after) = match self.dialect {
            Dialect::Postgres => ("(", ")"),
            Dialect::Sqlite => ("orm_micros(", ")"),
            Dialect::MariaDb | Dialect::MySql => ("CAST(ROUND(", ") AS SIGNED)"),
        };
        self.push(before);
        self.side(span)?;
        match op {
            BinaryOp::Mul => {
                self.push(" * ");
                self.side(number)?;
            }
            // Division by zero is NULL on the others.
            _ => self.around(" / NULLIF(", number, ", 0)")?,
        }
        self.push(after);
        Ok(())
    }

    fn operator(&mut self, op: BinaryOp, left: &Expr, right: &Expr, kind: Option<Kind>) -> Result<()> {
        let integer = matches!(kind, Some(Kind::I16 | Kind::I32 | Kind::I64));
        let text = match op {
            BinaryOp::Add => " + ",
            BinaryOp::Sub => " - ",
            BinaryOp::Mul => " * ",
            BinaryOp::Div if integer && self.dialect.is_mysql() => " DIV ",
            // A decimal without a fraction is an integer there.
            BinaryOp::Div if !integer && self.dialect == Dialect::Sqlite => " * 1.0 / ",
            BinaryOp::Div => " / ",
            _ if !integer && self.dialect != Dialect::MariaDb && self.dialect != Dialect::MySql => {
                return self.remainder(left, right, kind);
            }
            _ => " % ",
        };
        self.side(left)?;
        self.push(text);
        // Division by zero is NULL on the others.
        let guard = self.dialect == Dialect::Postgres && matches!(op, BinaryOp::Div | BinaryOp::Rem) && !is_safe(right);
        self.push(if guard { "NULLIF(" } else { "" });
        if guard {
            self.expr(right)?
        } else {
            self.side(right)?
        }
        self.push(if guard { ", 0)" } else { "" });
        Ok(())
    }

    /// SQLite's `%` is for integers only, PostgreSQL's not for floats.
    fn remainder(&mut self, left: &Expr, right: &Expr, kind: Option<Kind>) -> Result<()> {
        let sqlite = self.dialect == Dialect::Sqlite;
        if !sqlite && kind == Some(Kind::Decimal) {
            self.side(left)?;
            self.push(" % NULLIF(");
            self.expr(right)?;
            self.push(", 0)");
            return Ok(());
        }
        self.side(left)?;
        self.push(" - (");
        self.side(right)?;
        self.push(if sqlite { ") * CAST(" } else { ") * TRUNC(" });
        self.side(left)?;
        self.push(if sqlite { " * 1.0 / (" } else { " / NULLIF(" });
        self.expr(right)?;
        self.push(if sqlite { ") AS INTEGER)" } else { ", 0))" });
        Ok(())
    }

    /// The digits that a sum or a mean over a window is rounded to.
    pub(super) fn scale_in_window(&self, of: &Aggregation) -> u32 {
        let scale = of.arguments.first().and_then(scale).unwrap_or(SOME_DIGITS);
        if of.function == Aggregate::Avg { scale + MORE_DIGITS } else { scale }
    }

    /// A mean of decimals: of the exact sum, with four digits more than the values have.
    pub(super) fn decimal_mean(&mut self, on: &Expr, write: impl Fn(&mut Sql, &str) -> Result<()>) -> Result<()> {
        let scale = scale(on).unwrap_or(SOME_DIGITS) + MORE_DIGITS;
        self.push(self.rounder(true));
        if self.dialect == Dialect::Sqlite {
            self.push("CAST(");
            write(self, "orm_sum")?;
            self.push(" AS NUMERIC) * 1.0 / NULLIF(");
            write(self, "COUNT")?;
            self.push(", 0)");
        } else {
            write(self, "AVG")?;
        }
        self.push(&format!(", {scale})"));
        Ok(())
    }
}

/// Whether the expression is computed from a quotient.
fn divides(expr: &Expr) -> bool {
    match expr {
        Expr::Binary(op, left, right) => *op == BinaryOp::Div || divides(left) || divides(right),
        Expr::Negate(inner) => divides(inner),
        _ => false,
    }
}

/// How many digits the expression has after the point, where it can be told.
pub(super) fn scale(expr: &Expr) -> Option<u32> {
    match expr {
        Expr::Column { model, column, .. } | Expr::Proposed { model, column } => {
            let column = &model.columns[usize::from(*column)];
            match column.kind {
                Kind::I16 | Kind::I32 | Kind::I64 => Some(0),
                _ => column.scale,
            }
        }
        Expr::Value(Value::Decimal(value)) => Some(value.scale()),
        Expr::Value(Value::I16(_) | Value::I32(_) | Value::I64(_)) => Some(0),
        Expr::Derived { of: inner, .. } | Expr::Outer(_, inner) | Expr::Negate(inner) => scale(inner),
        Expr::Cast(inner, Kind::Decimal) => scale(inner),
        Expr::Binary(op, left, right) => Some(scale_of(*op, scale(left)?, scale(right)?)),
        Expr::Call(Function::Ceil | Function::Floor | Function::Sign, _) => Some(0),
        Expr::Call(Function::Round, arguments) => match arguments.get(1) {
            Some(Expr::Value(Value::I32(digits))) => Some(u32::try_from(*digits).unwrap_or(0)),
            _ => None,
        },
        Expr::Call(Function::Coalesce | Function::Greatest | Function::Least, all) => widest(all.iter()),
        Expr::Call(
            Function::Abs
            | Function::NullIf
            | Function::Lag
            | Function::Lead
            | Function::FirstValue
            | Function::LastValue
            | Function::NthValue,
            arguments,
        ) => scale(arguments.first()?),
        Expr::Case { branches, otherwise } => {
            widest(branches.iter().map(|(_, value)| value).chain(otherwise.as_deref()))
        }
        Expr::Window(windowed) => scale(&windowed.call),
        Expr::Aggregate(of) if of.function == Aggregate::Count => Some(0),
        Expr::Aggregate(of) => {
            let scale = scale(of.arguments.first()?)?;
            Some(if of.function == Aggregate::Avg { scale + MORE_DIGITS } else { scale })
        }
        Expr::Scalar(select) => match select.selection.first() {
            Some(Selected::Expr(expr)) => scale(expr),
            _ => None,
        },
        _ => None,
    }
}

/// The most digits that one of several has. NULL has none.
fn widest<'e>(all: impl Iterator<Item = &'e Expr>) -> Option<u32> {
    let known = all.filter(|expr| !matches!(expr, Expr::Value(Value::Null(_))));
    known.map(scale).try_fold(0, |most, scale| Some(most.max(scale?)))
}

/// How many digits after the point come out of an operator.
fn scale_of(op: BinaryOp, left: u32, right: u32) -> u32 {
    match op {
        BinaryOp::Mul => left + right,
        BinaryOp::Div => left + MORE_DIGITS,
        _ => left.max(right),
    }
}

/// Whether it is a number other than zero, as it stands.
fn is_safe(expr: &Expr) -> bool {
    match expr {
        Expr::Value(Value::I16(value)) => *value != 0,
        Expr::Value(Value::I32(value)) => *value != 0,
        Expr::Value(Value::I64(value)) => *value != 0,
        Expr::Value(Value::Decimal(value)) => !value.is_zero(),
        Expr::Value(Value::F64(value)) => *value != 0.0,
        _ => false,
    }
}
