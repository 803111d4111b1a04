//! Functions and conversions, in each dialect's words.

use super::{Sql, elements, expr::bad};
use crate::{
    Dialect, Kind, Result, Value,
    tree::{Declared, Expr, Function},
};

impl Sql {
    pub(super) fn call(&mut self, function: Function, arguments: &[Expr]) -> Result<()> {
        if let Some(maker) = self.row_maker.as_ref()
            && matches!(maker, Expr::Call(of, on) if of == &function && on == arguments)
        {
            return self.made_value(function);
        }
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
            // SQLite wants two at least.
            Function::Coalesce if arguments.len() == 1 => self.side(&arguments[0]),
            Function::Coalesce => self.named("COALESCE", arguments),
            Function::Abs => self.named("ABS", arguments),
            Function::Round => self.round(arguments),
            Function::Substr => self.named("SUBSTR", arguments),
            Function::Replace => self.named("REPLACE", arguments),
            Function::NullIf => match arguments {
                [one, other] => {
                    self.push("NULLIF(");
                    self.beside(one, other)?;
                    self.push(", ");
                    self.beside(other, one)?;
                    self.push(")");
                    Ok(())
                }
                _ => self.named("NULLIF", arguments),
            },
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
            Function::Micros => self.micros(one(arguments)?),
            Function::AsText(kind) => self.as_text(kind, one(arguments)?),
            Function::FromText(kind) => self.read_text(kind, one(arguments)?),
            Function::Postgres(function) => self.postgres_function(function, arguments),
            Function::Declared(declared) if !declared.rows => self.named(self.declared_name(declared)?, arguments),
            Function::JsonElements | Function::Declared(_) => Err(elements::not_rows()),
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

    /// What a declared function is called here.
    pub(super) fn declared_name(&self, declared: &'static Declared) -> Result<&'static str> {
        declared.in_dialect(self.dialect).ok_or_else(|| {
            self.unsupported(
                &format!("function `{}`", declared.name),
                "give it a name there: `sql_function! { fn f(..) -> .. = { sqlite: \"..\", .. }; }`",
            )
        })
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
        let is_whole = |sql: &Self, on: &Expr| sql.kind(on).and_then(Kind::whole_range).is_some();
        match arguments {
            // A whole number is what it is: some make a float of it.
            [on] if is_whole(self, on) => self.side(on),
            [on, Expr::Value(Value::I32(0..))] if is_whole(self, on) => self.side(on),
            [on, digits] if self.dialect == Dialect::Postgres && self.kind(on) != Some(Kind::Decimal) => {
                let kind = self.kind(on).unwrap_or(Kind::F64);
                self.around("CAST(ROUND(CAST(", on, " AS NUMERIC), ")?;
                self.expr(digits)?;
                self.push(&format!(") AS {})", self.type_name(kind)));
                Ok(())
            }
            // SQLite rounds to no less than whole numbers.
            [on, Expr::Value(Value::I32(digits))] if self.dialect == Dialect::Sqlite && *digits < 0 => self.around(
                if is_whole(self, on) { "orm_round_whole(" } else { "orm_round(" },
                on,
                &format!(", {digits})"),
            ),
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
