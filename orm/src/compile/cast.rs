//! Conversions between the kinds of values, in each dialect's words.

use super::{Sql, number::scale};
use crate::{Dialect, Kind, Result, tree::Expr};
use std::borrow::Cow;

impl Sql {
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
                Kind::Ip => "INET",
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
                Kind::Text | Kind::Uuid | Kind::Ip | Kind::Json | Kind::Postgres(_) => "CHAR",
            },
        };
        Cow::Borrowed(name)
    }

    /// A value as the text that it is on every database.
    pub(super) fn as_text(&mut self, from: Kind, on: &Expr) -> Result<()> {
        self.exactly(|sql| sql.text_of(from, on))
    }

    fn text_of(&mut self, from: Kind, on: &Expr) -> Result<()> {
        match (from, self.dialect) {
            (Kind::Date | Kind::Time | Kind::Timestamp | Kind::DateTime, _) => self.moment_as_text(on, Some(from)),
            (Kind::Bool, _) => {
                self.around("CASE WHEN ", on, " THEN 'true' WHEN NOT (")?;
                self.around("", on, ") THEN 'false' END")
            }
            (Kind::Decimal, _) => self.decimal_as_text(on),
            (Kind::Uuid, Dialect::Sqlite | Dialect::MySql) => self.hyphenated(on),
            // A document has PostgreSQL's blanks, one behind each comma and colon; its numbers are as the database keeps them.
            (Kind::Json, Dialect::Sqlite) => self.around("orm_json_text(", on, ")"),
            (Kind::Json, Dialect::MariaDb) => self.around("CONVERT(JSON_LOOSE(", on, ") USING utf8mb4)"),
            (Kind::Json, Dialect::MySql) => self.around("CONVERT(CAST(", on, " AS JSON) USING utf8mb4)"),
            // Converted, it would have the bits of its network behind it.
            (Kind::Ip, Dialect::Postgres) => self.around("host(", on, ")"),
            _ => self.around("CAST(", on, &format!(" AS {})", self.type_name(Kind::Text))),
        }
    }

    /// With the digits that its column has, or as many as it needs where nothing is known of them.
    fn decimal_as_text(&mut self, on: &Expr) -> Result<()> {
        let text = self.type_name(Kind::Text);
        match (self.dialect, scale(on)) {
            (Dialect::Sqlite, digits) => {
                let digits = digits.map_or(-1, |digits| digits.min(28) as i32);
                self.around("orm_decimal_text(", on, &format!(", {digits})"))
            }
            (Dialect::Postgres, Some(digits)) => {
                self.around("CAST(ROUND(CAST(", on, &format!(" AS NUMERIC), {digits}) AS {text})"))
            }
            (Dialect::Postgres, None) => self.around("CAST(TRIM_SCALE(CAST(", on, &format!(" AS NUMERIC)) AS {text})")),
            (Dialect::MariaDb | Dialect::MySql, Some(digits)) => {
                let digits = digits.min(38);
                self.around("CAST(CAST(", on, &format!(" AS DECIMAL(65, {digits})) AS {text})"))
            }
            (Dialect::MariaDb | Dialect::MySql, None) => {
                let digits = format!(" AS DECIMAL(65, 20)) AS {text})");
                self.push("TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM ");
                self.around("CAST(CAST(", on, &digits)?;
                self.push("))");
                Ok(())
            }
        }
    }

    /// A UUID that is stored as 32 digits.
    fn hyphenated(&mut self, on: &Expr) -> Result<()> {
        if self.dialect == Dialect::Sqlite {
            return self.around("orm_read_text(", on, ", 'hyphenated')");
        }
        self.push("CONCAT_WS('-', ");
        for (at, (from, count)) in [(1, 8), (9, 4), (13, 4), (17, 4), (21, 12)].into_iter().enumerate() {
            self.around(if at == 0 { "SUBSTR(" } else { ", SUBSTR(" }, on, &format!(", {from}, {count})"))?;
        }
        self.push(")");
        Ok(())
    }

    /// The value that a text says; NULL where it says none.
    pub(super) fn read_text(&mut self, to: Kind, on: &Expr) -> Result<()> {
        if to == Kind::Bool {
            self.around("CASE WHEN LOWER(", on, ") IN ('true', 't', 'yes', 'on', '1') THEN TRUE WHEN LOWER(")?;
            return self.around("", on, ") IN ('false', 'f', 'no', 'off', '0') THEN FALSE END");
        }
        let pattern = match to {
            Kind::Date => DAY.to_owned(),
            Kind::Time => format!("^{CLOCK}$"),
            Kind::Timestamp | Kind::DateTime => format!("{MOMENT}{CLOCK}Z?$"),
            Kind::Uuid => IDENTIFIER.to_owned(),
            _ => NUMBER.to_owned(),
        };
        let day = matches!(to, Kind::Date | Kind::Timestamp | Kind::DateTime);
        if self.dialect == Dialect::Sqlite {
            let (form, after) = match to {
                Kind::Date => ("'date')", ""),
                Kind::Time => ("'time')", ""),
                Kind::Timestamp | Kind::DateTime => ("'moment')", ""),
                Kind::Uuid => ("'uuid')", ""),
                Kind::F32 | Kind::F64 => ("'number')", " AS REAL)"),
                _ => ("'number')", " AS NUMERIC)"),
            };
            self.push(if after.is_empty() { "" } else { "CAST(" });
            return self.around("orm_read_text(", on, &format!(", {form}{after}"));
        }
        let postgres = self.dialect == Dialect::Postgres;
        // There, `$` is before a line feed at the end as well.
        let pattern = match pattern.strip_suffix('$').filter(|_| !postgres) {
            Some(whole) => format!("{whole}(?![^x]|x)"),
            None => pattern,
        };
        self.around("CASE WHEN ", on, if postgres { " ~ '" } else { " REGEXP '" })?;
        self.push(&pattern);
        self.push("' THEN ");
        if day {
            // No month has more days than it has.
            let (first, last) = match postgres {
                true => (
                    " AS INTEGER) <= EXTRACT(DAY FROM CAST(CONCAT(LEFT(",
                    ", 8), '01') AS DATE) + INTERVAL '1 month - 1 day')",
                ),
                false => (" AS SIGNED) <= DAY(LAST_DAY(CONCAT(LEFT(", ", 8), '01')))"),
            };
            self.around("CASE WHEN CAST(SUBSTR(", on, ", 9, 2)")?;
            self.around(first, on, last)?;
            self.push(" THEN ");
        }
        let name = match (to, self.dialect) {
            (Kind::Decimal, Dialect::MariaDb | Dialect::MySql) => Cow::Borrowed("DECIMAL(65, 28)"),
            (Kind::Uuid, Dialect::MariaDb) => Cow::Borrowed("UUID"),
            // As it is stored there.
            (Kind::Uuid, Dialect::MySql) => {
                self.around("LOWER(REPLACE(", on, ", '-', '')) END")?;
                return Ok(());
            }
            _ => self.type_name(to),
        };
        let moment = matches!(to, Kind::Timestamp | Kind::DateTime) && !postgres;
        self.around(if moment { "CAST(REPLACE(" } else { "CAST(" }, on, if moment { ", 'Z', '')" } else { "" })?;
        self.push(&format!(" AS {name})"));
        self.push(if day { " END END" } else { " END" });
        Ok(())
    }
}

/// A number, with blanks around it.
const NUMBER: &str = "^[ ]*[-+]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][-+]?[0-9]{1,2})?[ ]*$";
const DAY: &str = "^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$";
const MOMENT: &str = "^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[ T]";
const CLOCK: &str = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?";
const IDENTIFIER: &str = "^([0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$";
