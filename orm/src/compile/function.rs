//! Functions and conversions, in each dialect's words.

use super::{Sql, expr::bad, number::scale};
use crate::{
    Dialect, Kind, Result, Value,
    tree::{Expr, Function},
};
use std::borrow::Cow;

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
            Function::Round => self.round(arguments),
            Function::Substr => self.named("SUBSTR", arguments),
            Function::Replace => self.named("REPLACE", arguments),
            Function::NullIf => self.named("NULLIF", arguments),
            Function::Greatest if sqlite => self.named("MAX", arguments),
            Function::Least if sqlite => self.named("MIN", arguments),
            Function::Greatest => self.extreme("GREATEST", arguments),
            Function::Least => self.extreme("LEAST", arguments),
            Function::Now => {
                self.push(match self.dialect {
                    Dialect::Sqlite => "strftime('%Y-%m-%d %H:%M:%f000', 'now')",
                    Dialect::Postgres => "CURRENT_TIMESTAMP",
                    Dialect::MariaDb | Dialect::MySql => "CURRENT_TIMESTAMP(6)",
                });
                Ok(())
            }
            Function::Date | Function::Time => self.day_or_time(function, one(arguments)?),
            Function::Trunc(unit) => self.trunc(unit, one(arguments)?),
            Function::AtZone => two(arguments).and_then(|(on, zone)| self.at_zone(on, zone)),
            Function::Since => two(arguments).and_then(|(later, earlier)| self.since(later, earlier)),
            Function::JsonGet => self.json_get(arguments),
            Function::JsonText | Function::JsonInteger | Function::JsonFloat | Function::JsonBool => {
                self.json_as(function, one(arguments)?)
            }
            Function::JsonIsNull => self.json_is_null(one(arguments)?),
            Function::JsonHasKey => two(arguments).and_then(|(on, key)| self.json_has_key(on, key)),
            Function::JsonArray | Function::JsonObject => self.json_of(function, arguments),
            Function::JsonContains => two(arguments).and_then(|(on, part)| self.json_contains(on, part)),
            Function::TrimStart
            | Function::TrimEnd
            | Function::Left
            | Function::Right
            | Function::Position
            | Function::PadStart
            | Function::PadEnd
            | Function::Repeat
            | Function::Reverse
            | Function::Md5
            | Function::Sha1
            | Function::Sha2(_)
            | Function::Chr
            | Function::Ord
            | Function::Collate => self.text_function(function, arguments),
            Function::Sign
            | Function::Ceil
            | Function::Floor
            | Function::Sqrt
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
            | Function::BitAnd
            | Function::BitOr
            | Function::BitXor
            | Function::ShiftLeft
            | Function::ShiftRight => self.number_function(function, arguments),
            Function::Random => {
                self.random();
                Ok(())
            }
            Function::RowNumber
            | Function::Rank
            | Function::DenseRank
            | Function::PercentRank
            | Function::CumeDist
            | Function::Ntile
            | Function::Lag
            | Function::Lead
            | Function::FirstValue
            | Function::LastValue
            | Function::NthValue => {
                let name = self.window_function(function);
                self.inside(|sql| sql.named(name, arguments))?;
                self.over()
            }
            Function::Postgres(function) => self.postgres_function(function, arguments),
            Function::Declared(declared) => match declared.in_dialect(self.dialect) {
                Some(name) => self.named(name, arguments),
                None => Err(self.unsupported(
                    &format!("function `{}`", declared.name),
                    "give it a name there: `sql_function! { fn f(..) -> .. = { sqlite: \"..\", .. }; }`",
                )),
            },
            Function::IsTrue => {
                self.push("(");
                self.list(arguments, " ", |sql, part| sql.expr(part))?;
                self.push(") IS TRUE");
                Ok(())
            }
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
            | Function::Second => self.date_part(function, one(arguments)?),
        }
    }

    /// An expression between two pieces of text.
    pub(super) fn around(&mut self, before: &str, expr: &Expr, after: &str) -> Result<()> {
        self.push(before);
        self.expr(expr)?;
        self.push(after);
        Ok(())
    }

    pub(super) fn named(&mut self, name: &str, arguments: &[Expr]) -> Result<()> {
        self.push(name);
        self.push("(");
        self.list(arguments, ", ", |sql, argument| sql.expr(argument))?;
        self.push(")");
        Ok(())
    }

    /// PostgreSQL leaves NULLs out where the others give NULL.
    fn extreme(&mut self, name: &str, arguments: &[Expr]) -> Result<()> {
        let unknown: Vec<&Expr> = match self.dialect {
            Dialect::Postgres => arguments.iter().filter(|argument| self.nullable(argument)).collect(),
            _ => Vec::new(),
        };
        if unknown.is_empty() {
            return self.named(name, arguments);
        }
        self.push("CASE WHEN ");
        self.list(unknown, " AND ", |sql, argument| {
            sql.side(argument)?;
            sql.push(" IS NOT NULL");
            Ok(())
        })?;
        self.push(" THEN ");
        self.named(name, arguments)?;
        self.push(" END");
        Ok(())
    }

    /// PostgreSQL rounds decimals only to a number of digits; SQLite has floats for them, which lie beside the half.
    fn round(&mut self, arguments: &[Expr]) -> Result<()> {
        match arguments {
            [on, digits] if self.dialect == Dialect::Postgres && self.kind(on) != Some(Kind::Decimal) => {
                let kind = self.kind(on).unwrap_or(Kind::F64);
                self.around("CAST(ROUND(CAST(", on, " AS NUMERIC), ")?;
                self.expr(digits)?;
                self.push(&format!(") AS {})", self.type_name(kind)));
                Ok(())
            }
            // SQLite rounds to no less than whole numbers.
            [on, Expr::Value(Value::I32(digits))] if self.dialect == Dialect::Sqlite && *digits < 0 => {
                let (before, after) = match self.kind(on) {
                    Some(Kind::I16 | Kind::I32 | Kind::I64) => ("CAST(orm_round(", ") AS INTEGER)"),
                    _ => ("orm_round(", ")"),
                };
                self.around(before, on, &format!(", {digits}{after}"))
            }
            [on, digits] if self.dialect == Dialect::Sqlite && self.kind(on) == Some(Kind::Decimal) => {
                self.around("orm_round(", on, ", ")?;
                self.around("", digits, ")")
            }
            // A float is rounded to the even neighbour there.
            [on, digits] if self.dialect.is_mysql() && matches!(self.kind(on), Some(Kind::F32 | Kind::F64)) => {
                self.around("CAST(ROUND(CAST(", on, " AS DECIMAL(65, 20)), ")?;
                self.around("", digits, ") AS DOUBLE)")
            }
            _ => self.named("ROUND", arguments),
        }
    }

    pub(super) fn cast(&mut self, inner: &Expr, kind: Kind) -> Result<()> {
        if let Kind::Postgres(own) = kind {
            own.known_to(self.dialect)?;
        }
        let (from, range) = (self.kind(inner), kind.whole_range());
        let cut = range.is_some() && from.and_then(Kind::whole_range).is_none();
        if let (Some(Kind::Date | Kind::Time | Kind::Timestamp | Kind::DateTime), Kind::Text) = (from, kind) {
            return self.moment_as_text(inner, from);
        }
        // A day stays ten letters long there unless it is made a moment.
        if self.dialect == Dialect::Sqlite
            && from == Some(Kind::Date)
            && matches!(kind, Kind::Timestamp | Kind::DateTime)
        {
            return self.around("datetime(", inner, ")");
        }
        match (self.dialect, range) {
            (Dialect::Sqlite, Some((least, most))) => return self.cut(inner, from, least, most),
            // They round where Rust cuts off.
            (Dialect::Postgres, _) if cut => self.around("CAST(TRUNC(", inner, ") AS ")?,
            (Dialect::MariaDb | Dialect::MySql, _) if matches!(from, Some(Kind::F32 | Kind::F64)) && cut => {
                // `DIV` refuses what is too large, and counts in decimals: of a large float the last digits are others.
                self.around("(CAST(TRUNCATE(", inner, ", 0) AS SIGNED)")?;
                return self.around(" + 0 * (TRUNCATE(", inner, ", 0) DIV 1))");
            }
            (Dialect::MariaDb | Dialect::MySql, _) if cut => return self.around("(TRUNCATE(", inner, ", 0) DIV 1)"),
            _ => self.around("CAST(", inner, " AS ")?,
        }
        match scale(inner) {
            Some(digits) if kind == Kind::Decimal && self.dialect.is_mysql() => {
                self.push(&format!("DECIMAL(65, {})", digits.min(38)));
            }
            _ => self.push(&self.type_name(kind)),
        }
        self.push(")");
        Ok(())
    }

    /// A whole number on SQLite, which makes the nearest that it has of one that is too large.
    fn cut(&mut self, inner: &Expr, from: Option<Kind>, least: i64, most: i64) -> Result<()> {
        match from.and_then(Kind::whole_range) {
            Some((first, last)) if least <= first && last <= most => self.around("CAST(", inner, " AS INTEGER)"),
            Some(_) => self.around("orm_whole(", inner, &format!(", {least}, {most})")),
            // The two ends are what it makes of numbers beyond them.
            None => {
                let (least, most) = (least.max(i64::MIN + 1), most.min(i64::MAX - 1));
                self.around("orm_whole(CAST(", inner, &format!(" AS INTEGER), {least}, {most})"))
            }
        }
    }

    pub(super) fn type_name(&self, kind: Kind) -> Cow<'static, str> {
        let name = match self.dialect {
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
                Kind::Postgres(own) => return own.cast().unwrap_or_else(|| own.sql()).into(),
            },
            Dialect::MariaDb | Dialect::MySql => match kind {
                Kind::Bool | Kind::I16 | Kind::I32 | Kind::I64 | Kind::Duration => "SIGNED",
                Kind::F32 | Kind::F64 => "DOUBLE",
                Kind::Decimal => "DECIMAL(65, 10)",
                Kind::Bytes => "BINARY",
                Kind::Date => "DATE",
                Kind::Time => "TIME(6)",
                Kind::Timestamp | Kind::DateTime => "DATETIME(6)",
                Kind::Text | Kind::Uuid | Kind::Json | Kind::Postgres(_) => "CHAR",
            },
        };
        Cow::Borrowed(name)
    }
}

fn one(arguments: &[Expr]) -> Result<&Expr> {
    arguments.first().ok_or_else(|| bad("a function has no argument".to_owned()))
}

fn two(arguments: &[Expr]) -> Result<(&Expr, &Expr)> {
    match arguments {
        [first, second] => Ok((first, second)),
        _ => Err(bad(format!("a function of two arguments has {}", arguments.len()))),
    }
}
