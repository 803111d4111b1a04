//! Functions, aggregates and conversions, in each dialect's words.

use super::{Sql, kind::widened};
use crate::{
    Dialect, Kind, Result,
    tree::{Aggregate, Expr, Function},
};

impl Sql {
    pub(super) fn call(&mut self, function: Function, arguments: &[Expr]) -> Result<()> {
        let mysql = self.dialect.is_mysql();
        let sqlite = self.dialect == Dialect::Sqlite;
        match function {
            Function::Lower if sqlite => self.named("orm_lower", arguments),
            Function::Upper if sqlite => self.named("orm_upper", arguments),
            Function::Lower => self.named("LOWER", arguments),
            Function::Upper => self.named("UPPER", arguments),
            Function::Length if sqlite => self.named("LENGTH", arguments),
            Function::Length if mysql => self.named("CHAR_LENGTH", arguments),
            Function::Length => {
                self.push("CAST(");
                self.named("LENGTH", arguments)?;
                self.push(" AS BIGINT)");
                Ok(())
            }
            Function::Trim => self.named("TRIM", arguments),
            Function::Coalesce => self.named("COALESCE", arguments),
            Function::Abs => self.named("ABS", arguments),
            Function::Round => self.named("ROUND", arguments),
            Function::Substr => self.named("SUBSTR", arguments),
            Function::Replace => self.named("REPLACE", arguments),
            Function::NullIf => self.named("NULLIF", arguments),
            Function::Greatest if sqlite => self.named("MAX", arguments),
            Function::Least if sqlite => self.named("MIN", arguments),
            Function::Greatest => self.named("GREATEST", arguments),
            Function::Least => self.named("LEAST", arguments),
            Function::Now => {
                self.push(match self.dialect {
                    Dialect::Sqlite => "strftime('%Y-%m-%d %H:%M:%f000', 'now')",
                    Dialect::Postgres => "CURRENT_TIMESTAMP",
                    Dialect::MariaDb | Dialect::MySql => "CURRENT_TIMESTAMP(6)",
                });
                Ok(())
            }
            Function::Date => self.named(if sqlite { "date" } else { "DATE" }, arguments),
            Function::IsTrue => {
                self.push("(");
                self.list(arguments, " ", |sql, part| sql.expr(part))?;
                self.push(") IS TRUE");
                Ok(())
            }
            Function::Year
            | Function::Month
            | Function::Day
            | Function::WeekDay
            | Function::Hour
            | Function::Minute
            | Function::Second => self.date_part(function, arguments),
        }
    }

    fn date_part(&mut self, part: Function, arguments: &[Expr]) -> Result<()> {
        let (sqlite, other) = match part {
            Function::Year => ("%Y", "YEAR"),
            Function::Month => ("%m", "MONTH"),
            Function::Day => ("%d", "DAY"),
            Function::Hour => ("%H", "HOUR"),
            Function::Minute => ("%M", "MINUTE"),
            Function::Second => ("%S", "SECOND"),
            _ => ("%w", "DOW"),
        };
        match self.dialect {
            Dialect::Sqlite => {
                self.push(&format!("CAST(strftime('{sqlite}', "));
                self.list(arguments, ", ", |sql, argument| sql.expr(argument))?;
                self.push(") AS INTEGER)");
                Ok(())
            }
            Dialect::Postgres => {
                // Seconds have a fraction there.
                self.push(&format!("CAST(FLOOR(EXTRACT({other} FROM "));
                self.list(arguments, ", ", |sql, argument| sql.operand(argument))?;
                self.push(")) AS INTEGER)");
                Ok(())
            }
            Dialect::MariaDb | Dialect::MySql => {
                self.named(if part == Function::WeekDay { "WEEKDAY" } else { other }, arguments)
            }
        }
    }

    fn named(&mut self, name: &str, arguments: &[Expr]) -> Result<()> {
        self.push(name);
        self.push("(");
        self.list(arguments, ", ", |sql, argument| sql.expr(argument))?;
        self.push(")");
        Ok(())
    }

    pub(super) fn aggregate(
        &mut self,
        function: Aggregate,
        on: Option<&Expr>,
        distinct: bool,
        filter: Option<&Expr>,
    ) -> Result<()> {
        let before = std::mem::take(&mut self.rounding);
        let kind = on.and_then(|on| self.kind(on));
        let integer = matches!(kind, Some(Kind::I16 | Kind::I32 | Kind::I64));
        if let (Aggregate::Avg, Some(Kind::Decimal), Some(of)) = (function, kind, on) {
            self.decimal_mean(of, |sql, name| sql.aggregate_call(name, on, distinct, filter, ""))?;
            self.rounding = before;
            return Ok(());
        }
        let exact = self.dialect == Dialect::Sqlite && kind == Some(Kind::Decimal) && function == Aggregate::Sum;
        // Databases widen sums and means of whole numbers to decimals; the types here do not.
        let cast = match function {
            Aggregate::Sum if exact => Some(Kind::Decimal),
            Aggregate::Sum if self.dialect != Dialect::Sqlite => kind.map(widened).filter(|_| integer),
            Aggregate::Avg if integer && self.dialect == Dialect::Postgres => Some(Kind::F64),
            _ => None,
        };
        if cast.is_some() {
            self.push("CAST(");
        }
        let name = match function {
            Aggregate::Count => "COUNT",
            Aggregate::Sum if exact => "orm_sum",
            Aggregate::Sum => "SUM",
            Aggregate::Avg => "AVG",
            Aggregate::Min => "MIN",
            Aggregate::Max => "MAX",
        };
        // A mean of integers is a decimal of four digits there.
        let float = function == Aggregate::Avg && integer && self.dialect.is_mysql();
        self.aggregate_call(name, on, distinct, filter, if float { " + 0e0" } else { "" })?;
        if let Some(kind) = cast {
            self.push(" AS ");
            self.push(self.type_name(kind));
            self.push(")");
        }
        self.rounding = before;
        Ok(())
    }

    /// An exact sum as the text that it is.
    pub(super) fn exact_sum(&mut self, expr: &Expr) -> Result<()> {
        match expr {
            Expr::Aggregate { on, distinct, filter, .. } => {
                self.aggregate_call("orm_sum", on.as_deref(), *distinct, filter.as_deref(), "")
            }
            _ => self.expr(expr),
        }
    }

    fn aggregate_call(
        &mut self,
        name: &str,
        on: Option<&Expr>,
        distinct: bool,
        filter: Option<&Expr>,
        after: &str,
    ) -> Result<()> {
        self.push(name);
        self.push(if distinct { "(DISTINCT " } else { "(" });
        let filter_inside = filter.filter(|_| !self.dialect.capabilities().aggregate_filter);
        if let Some(condition) = filter_inside {
            self.push("CASE WHEN ");
            self.expr(condition)?;
            self.push(" THEN ");
        }
        match on {
            Some(on) => self.expr(on)?,
            None if filter_inside.is_some() => self.push("1"),
            None => self.push("*"),
        }
        self.push(after);
        if filter_inside.is_some() {
            self.push(" END");
        }
        self.push(")");
        if let Some(condition) = filter.filter(|_| self.dialect.capabilities().aggregate_filter) {
            self.push(" FILTER (WHERE ");
            self.expr(condition)?;
            self.push(")");
        }
        Ok(())
    }

    pub(super) fn cast(&mut self, inner: &Expr, kind: Kind) -> Result<()> {
        self.push("CAST(");
        self.expr(inner)?;
        self.push(" AS ");
        self.push(self.type_name(kind));
        self.push(")");
        Ok(())
    }

    fn type_name(&self, kind: Kind) -> &'static str {
        match self.dialect {
            Dialect::Sqlite => match kind {
                Kind::Bool | Kind::I16 | Kind::I32 | Kind::I64 | Kind::Duration => "INTEGER",
                Kind::F32 | Kind::F64 => "REAL",
                Kind::Decimal => "NUMERIC",
                Kind::Bytes => "BLOB",
                _ => "TEXT",
            },
            Dialect::Postgres => match kind {
                Kind::Bool => "BOOLEAN",
                Kind::I16 => "SMALLINT",
                Kind::I32 => "INTEGER",
                Kind::I64 => "BIGINT",
                Kind::F32 => "REAL",
                Kind::F64 => "DOUBLE PRECISION",
                Kind::Decimal => "NUMERIC",
                Kind::Text => "TEXT",
                Kind::Bytes => "BYTEA",
                Kind::Date => "DATE",
                Kind::Time => "TIME",
                Kind::Timestamp => "TIMESTAMP",
                Kind::DateTime => "TIMESTAMPTZ",
                Kind::Duration => "INTERVAL",
                Kind::Uuid => "UUID",
                Kind::Json => "JSONB",
            },
            Dialect::MariaDb | Dialect::MySql => match kind {
                Kind::Bool | Kind::I16 | Kind::I32 | Kind::I64 | Kind::Duration => "SIGNED",
                Kind::F32 | Kind::F64 => "DOUBLE",
                Kind::Decimal => "DECIMAL(65, 10)",
                Kind::Bytes => "BINARY",
                Kind::Date => "DATE",
                Kind::Time => "TIME(6)",
                Kind::Timestamp | Kind::DateTime => "DATETIME(6)",
                Kind::Text | Kind::Uuid | Kind::Json => "CHAR",
            },
        }
    }
}
