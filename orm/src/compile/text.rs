//! Functions on text and on numbers, in each dialect's words.

use super::{Sql, expr::bad};
use crate::{
    Dialect, Kind, Result, Value,
    tree::{Expr, Function},
};

impl Sql {
    /// Text that is no column's, compared exactly as columns are: MariaDB and MySQL would take the collation of the connection, for which
    /// neither case nor blanks at the end count.
    pub(super) fn exactly(&mut self, write: impl FnOnce(&mut Sql) -> Result<()>) -> Result<()> {
        let collation = match self.dialect {
            Dialect::MariaDb => " COLLATE utf8mb4_nopad_bin)",
            Dialect::MySql => " COLLATE utf8mb4_0900_bin)",
            Dialect::Sqlite | Dialect::Postgres => return write(self),
        };
        self.push("(");
        write(self)?;
        self.push(collation);
        Ok(())
    }

    /// A value of the query's own, where nothing but it says how it is compared.
    pub(super) fn alone(&mut self, expr: &Expr) -> Result<()> {
        match expr {
            Expr::Value(Value::Text(_)) => self.exactly(|sql| sql.expr(expr)),
            _ => self.expr(expr),
        }
    }

    pub(super) fn text_function(&mut self, function: Function, arguments: &[Expr]) -> Result<()> {
        let (sqlite, postgres) = (self.dialect == Dialect::Sqlite, self.dialect == Dialect::Postgres);
        let [on, more @ ..] = arguments else {
            return Err(bad("a function on text has no argument".to_owned()));
        };
        match function {
            Function::TrimStart => self.around("LTRIM(", on, ")"),
            Function::TrimEnd => self.around("RTRIM(", on, ")"),
            Function::Left if sqlite => {
                self.around("SUBSTR(", on, ", 1, ")?;
                self.rest(more)
            }
            // `substr(x, -0)` is the whole text.
            Function::Right if sqlite && matches!(more, [Expr::Value(Value::I32(0))]) => {
                self.around("SUBSTR(", on, ", 1, 0)")
            }
            Function::Right if sqlite && matches!(more, [Expr::Value(_)]) => {
                self.around("SUBSTR(", on, ", -")?;
                self.rest(more)
            }
            Function::Right if sqlite => {
                let [count] = more else { return Err(bad("a text has one end".to_owned())) };
                self.around("CASE WHEN ", count, " = 0 THEN SUBSTR(")?;
                self.around("", on, ", 1, 0) ELSE SUBSTR(")?;
                self.around("", on, ", -")?;
                self.side(count)?;
                self.push(") END");
                Ok(())
            }
            Function::Left => self.named("LEFT", arguments),
            Function::Right => self.named("RIGHT", arguments),
            Function::Position => {
                let name = if postgres { "CAST(STRPOS(" } else { "INSTR(" };
                self.push(name);
                self.alone(on)?;
                self.push(", ");
                self.list(more, ", ", |sql, argument| sql.expr(argument))?;
                self.push(if postgres { ") AS BIGINT)" } else { ")" });
                Ok(())
            }
            Function::PadStart | Function::PadEnd => self.pad(function, on, arguments),
            Function::Repeat => self.named(if sqlite { "orm_repeat" } else { "REPEAT" }, arguments),
            Function::Reverse => self.named(if sqlite { "orm_reverse" } else { "REVERSE" }, arguments),
            Function::Md5 => self.exactly(|sql| sql.named(if sqlite { "orm_md5" } else { "MD5" }, arguments)),
            Function::Sha1 => match self.dialect {
                Dialect::Sqlite => self.around("orm_sha1(", on, ")"),
                Dialect::Postgres => Err(self.unsupported("SHA-1", "take SHA-256, or the extension `pgcrypto`")),
                Dialect::MariaDb | Dialect::MySql => self.exactly(|sql| sql.around("SHA1(", on, ")")),
            },
            Function::Sha2(bits) => match self.dialect {
                Dialect::Sqlite => self.around(&format!("orm_sha{bits}("), on, ")"),
                Dialect::Postgres => self.around(&format!("ENCODE(SHA{bits}(CONVERT_TO("), on, ", 'UTF8')), 'hex')"),
                Dialect::MariaDb | Dialect::MySql => self.exactly(|sql| sql.around("SHA2(", on, &format!(", {bits})"))),
            },
            Function::Chr => self.letter(on),
            // Of an empty text some databases give 0.
            Function::Ord => match self.dialect {
                Dialect::Sqlite => self.around("unicode(", on, ")"),
                Dialect::Postgres => self.around("CAST(NULLIF(ASCII(", on, "), 0) AS BIGINT)"),
                Dialect::MariaDb | Dialect::MySql => {
                    let code = "CAST(CONV(NULLIF(HEX(CONVERT(LEFT(";
                    self.around(code, on, ", 1) USING utf32)), ''), 16, 10) AS SIGNED)")
                }
            },
            _ => {
                let [Expr::Value(Value::Text(name))] = more else {
                    return Err(bad("a collation is a name".to_owned()));
                };
                self.push("(");
                self.side(on)?;
                self.push(" COLLATE ");
                self.name(name);
                self.push(")");
                Ok(())
            }
        }
    }

    /// The letter of a code point; of a number that is none, what stands for letters that cannot be shown.
    fn letter(&mut self, on: &Expr) -> Result<()> {
        self.around("CASE WHEN ", on, " BETWEEN 1 AND 55295 OR ")?;
        self.around("", on, " BETWEEN 57344 AND 1114111 THEN ")?;
        match self.dialect {
            Dialect::Sqlite => self.around("char(", on, ")")?,
            Dialect::Postgres => self.around("CHR(CAST(", on, " AS INTEGER))")?,
            Dialect::MariaDb | Dialect::MySql => {
                self.exactly(|sql| sql.around("CONVERT(CHAR(", on, " USING utf32) USING utf8mb4)"))?;
            }
        }
        self.around(" WHEN ", on, " IS NOT NULL THEN '\u{fffd}' END")
    }

    /// With nothing to fill it up, a text is only cut; MariaDB and MySQL make nothing of it.
    fn pad(&mut self, function: Function, on: &Expr, arguments: &[Expr]) -> Result<()> {
        let start = function == Function::PadStart;
        let name = match (self.dialect, start) {
            (Dialect::Sqlite, true) => "orm_lpad",
            (Dialect::Sqlite, false) => "orm_rpad",
            (_, true) => "LPAD",
            (_, false) => "RPAD",
        };
        match arguments {
            [_, count, fill]
                if self.dialect.is_mysql() && !matches!(fill, Expr::Value(Value::Text(text)) if !text.is_empty()) =>
            {
                self.around("IF(CHAR_LENGTH(", fill, ") = 0, LEFT(")?;
                self.around("", on, ", ")?;
                self.around("", count, "), ")?;
                self.named(name, arguments)?;
                self.push(")");
                Ok(())
            }
            _ => self.named(name, arguments),
        }
    }

    fn rest(&mut self, more: &[Expr]) -> Result<()> {
        self.list(more, ", ", |sql, argument| sql.expr(argument))?;
        self.push(")");
        Ok(())
    }

    pub(super) fn number_function(&mut self, function: Function, arguments: &[Expr]) -> Result<()> {
        let [on, more @ ..] = arguments else {
            return Err(bad("a function on numbers has no argument".to_owned()));
        };
        let sqlite = self.dialect == Dialect::Sqlite;
        let name = match function {
            Function::Sign => "SIGN",
            Function::Ceil => return self.whole("CEILING", on),
            Function::Floor => return self.whole("FLOOR", on),
            Function::Sqrt => "SQRT",
            Function::Exp => "EXP",
            Function::Ln => "LN",
            Function::Log => return self.logarithm(on, more),
            Function::Sin => "SIN",
            Function::Cos => "COS",
            Function::Tan => "TAN",
            Function::Asin => "ASIN",
            Function::Acos => "ACOS",
            Function::Atan => "ATAN",
            Function::Degrees => "DEGREES",
            Function::Radians => "RADIANS",
            Function::BitAnd | Function::BitOr | Function::BitXor => return self.bits(function, on, more),
            Function::ShiftLeft | Function::ShiftRight => return self.shifted(function, on, more),
            Function::Cot => return self.cotangent(on),
            Function::Atan2 => return self.angle(on, more),
            _ => return self.power(on, more),
        };
        if function == Function::Sign {
            return match self.dialect {
                Dialect::Postgres => self.around("CAST(SIGN(", on, ") AS INTEGER)"),
                _ => self.around("SIGN(", on, ")"),
            };
        }
        if sqlite {
            self.around(&format!("orm_{}(", name.to_lowercase()), on, ")")?;
        } else {
            // PostgreSQL has errors where the others have NULL.
            let defined = match function {
                Function::Sqrt => Some((") >= 0 THEN ", "(")),
                Function::Ln => Some((") > 0 THEN ", "(")),
                Function::Asin | Function::Acos => Some((") <= 1 THEN ", "ABS(")),
                _ => None,
            };
            let defined = defined.filter(|_| self.dialect == Dialect::Postgres);
            if let Some((after, before)) = defined {
                self.around(&format!("CASE WHEN {before}"), on, after)?;
            }
            match self.dialect {
                Dialect::Postgres => {
                    self.around(&format!("{name}(CAST("), on, " AS DOUBLE PRECISION))")?;
                }
                _ => self.around(&format!("{name}("), on, ")")?,
            }
            self.push(if defined.is_some() { " END" } else { "" });
        }
        Ok(())
    }

    /// The quotient of the natural ones; NULL where one of them is none, or the base is 1.
    fn logarithm(&mut self, on: &Expr, more: &[Expr]) -> Result<()> {
        let [base] = more else { return Err(bad("a logarithm has one base".to_owned())) };
        self.push("(");
        self.number_function(Function::Ln, std::slice::from_ref(on))?;
        self.push(" / NULLIF(");
        self.number_function(Function::Ln, std::slice::from_ref(base))?;
        self.push(", 0))");
        Ok(())
    }

    /// NULL where there is none.
    fn cotangent(&mut self, on: &Expr) -> Result<()> {
        match self.dialect {
            Dialect::Sqlite => self.around("orm_cot(", on, ")"),
            Dialect::Postgres => self.around("(1 / NULLIF(TAN(CAST(", on, " AS DOUBLE PRECISION)), 0))"),
            Dialect::MariaDb | Dialect::MySql => self.around("(1 / NULLIF(TAN(", on, "), 0))"),
        }
    }

    fn angle(&mut self, on: &Expr, more: &[Expr]) -> Result<()> {
        let [other] = more else { return Err(bad("an angle is that of two numbers".to_owned())) };
        match self.dialect {
            Dialect::Sqlite => self.around("orm_atan2(", on, ", ")?,
            Dialect::Postgres => self.around("ATAN2(CAST(", on, " AS DOUBLE PRECISION), CAST(")?,
            Dialect::MariaDb | Dialect::MySql => self.around("ATAN2(", on, ", ")?,
        }
        self.around("", other, if self.dialect == Dialect::Postgres { " AS DOUBLE PRECISION))" } else { ")" })
    }

    /// Bits so many places further; MariaDB and MySQL move those of unsigned numbers.
    fn shifted(&mut self, function: Function, on: &Expr, more: &[Expr]) -> Result<()> {
        let [places] = more else { return Err(bad("bits are moved so many places".to_owned())) };
        let up = function == Function::ShiftLeft;
        // Of other numbers of places each database makes something of its own.
        let known = matches!(places, Expr::Value(Value::I16(0..=63) | Value::I32(0..=63) | Value::I64(0..=63)));
        if !known {
            self.around("CASE WHEN ", places, " NOT BETWEEN 0 AND 63 THEN 0 * (")?;
            self.around("", on, ") ELSE ")?;
        }
        match self.dialect {
            Dialect::Sqlite | Dialect::Postgres => {
                self.push("(");
                self.side(on)?;
                self.push(if up { " << " } else { " >> " });
                self.side(places)?;
                self.push(")");
            }
            Dialect::MariaDb | Dialect::MySql => {
                self.push(if up { "CAST((" } else { "CAST(FLOOR(" });
                self.side(on)?;
                self.push(if up { " << " } else { " / (1 << " });
                self.side(places)?;
                self.push(if up { ") AS SIGNED)" } else { ")) AS SIGNED)" });
            }
        }
        self.push(if known { "" } else { " END" });
        Ok(())
    }

    /// A number rounded to a whole one, of the type that it had.
    fn whole(&mut self, name: &str, on: &Expr) -> Result<()> {
        match self.kind(on) {
            Some(Kind::I16 | Kind::I32 | Kind::I64) => self.side(on),
            _ if self.dialect == Dialect::Sqlite => self.around(&format!("orm_{}(", name.to_lowercase()), on, ")"),
            _ => self.around(&format!("{name}("), on, ")"),
        }
    }

    fn power(&mut self, on: &Expr, more: &[Expr]) -> Result<()> {
        let [exponent] = more else { return Err(bad("a power has one exponent".to_owned())) };
        match self.dialect {
            Dialect::Sqlite => {
                self.around("orm_power(", on, ", ")?;
                self.around("", exponent, ")")
            }
            Dialect::Postgres => {
                // What has no real value is an error there, and NULL on the others.
                self.around("CASE WHEN ((", on, ") > 0 OR (")?;
                self.around("", on, ") = 0 AND (")?;
                self.around("", exponent, ") >= 0 OR (")?;
                self.around("", on, ") < 0 AND (")?;
                self.around("", exponent, ") = TRUNC(CAST(")?;
                self.around("", exponent, " AS NUMERIC))) THEN POWER(CAST(")?;
                self.around("", on, " AS DOUBLE PRECISION), CAST(")?;
                self.around("", exponent, " AS DOUBLE PRECISION)) END")
            }
            Dialect::MariaDb | Dialect::MySql => {
                // What has no real value is an error there as well.
                self.around("CASE WHEN ((", on, ") > 0 OR (")?;
                self.around("", on, ") = 0 AND (")?;
                self.around("", exponent, ") >= 0 OR (")?;
                self.around("", on, ") < 0 AND (")?;
                self.around("", exponent, ") = TRUNCATE(")?;
                self.around("", exponent, ", 0)) THEN POWER(")?;
                self.around("", on, ", ")?;
                self.around("", exponent, ") END")
            }
        }
    }

    fn bits(&mut self, function: Function, on: &Expr, more: &[Expr]) -> Result<()> {
        let [other] = more else { return Err(bad("bits are combined with those of one number".to_owned())) };
        // Unsigned there.
        self.push(if self.dialect.is_mysql() { "CAST((" } else { "(" });
        match (function, self.dialect) {
            (Function::BitXor, Dialect::Sqlite) => {
                // a ^ b
                self.push("(");
                self.side(on)?;
                self.push(" | ");
                self.side(other)?;
                self.push(") - (");
                self.side(on)?;
                self.push(" & ");
                self.side(other)?;
                self.push(")");
            }
            _ => {
                self.side(on)?;
                self.push(match (function, self.dialect) {
                    (Function::BitAnd, _) => " & ",
                    (Function::BitOr, _) => " | ",
                    (_, Dialect::Postgres) => " # ",
                    _ => " ^ ",
                });
                self.side(other)?;
            }
        }
        self.push(if self.dialect.is_mysql() { ") AS SIGNED)" } else { ")" });
        Ok(())
    }
}
