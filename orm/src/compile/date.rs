//! Days and times, in each dialect's words: parts, beginnings, zones, and arithmetic with spans of time.

use super::Sql;
use crate::{
    Dialect, Kind, Result, Value,
    dialect::NO_ZONE,
    tree::{BinaryOp, Expr, Function, Unit},
};
use chrono::{Datelike, Days, FixedOffset, NaiveDate, NaiveTime, TimeDelta};

impl Sql {
    pub(super) fn date_part(&mut self, part: Function, on: &Expr) -> Result<()> {
        match self.dialect {
            Dialect::Sqlite => self.sqlite_part(part, on),
            Dialect::Postgres => self.postgres_part(part, on),
            Dialect::MariaDb | Dialect::MySql => self.mysql_part(part, on),
        }
    }

    fn sqlite_part(&mut self, part: Function, on: &Expr) -> Result<()> {
        let (before, format, after) = match part {
            Function::IsoYear => ("", "%G", ""),
            Function::Quarter => ("((", "%m", " + 2) / 3)"),
            Function::Month => ("", "%m", ""),
            Function::Week => ("", "%V", ""),
            Function::Day => ("", "%d", ""),
            Function::WeekDay => ("(", "%w", " + 1)"),
            Function::IsoWeekDay => ("", "%u", ""),
            Function::Hour => ("", "%H", ""),
            Function::Minute => ("", "%M", ""),
            Function::Second => ("", "%S", ""),
            _ => ("", "%Y", ""),
        };
        self.push(before);
        self.around(&format!("CAST(strftime('{format}', "), on, ") AS INTEGER)")?;
        self.push(after);
        Ok(())
    }

    fn postgres_part(&mut self, part: Function, on: &Expr) -> Result<()> {
        let name = match part {
            Function::IsoYear => "ISOYEAR",
            Function::Quarter => "QUARTER",
            Function::Month => "MONTH",
            Function::Week => "WEEK",
            Function::Day => "DAY",
            Function::WeekDay => "DOW",
            Function::IsoWeekDay => "ISODOW",
            Function::Hour => "HOUR",
            Function::Minute => "MINUTE",
            Function::Second => "SECOND",
            _ => "YEAR",
        };
        // Seconds have a fraction there.
        self.push(&format!("CAST(FLOOR(EXTRACT({name} FROM "));
        self.operand(on)?;
        self.push(if part == Function::WeekDay { ") + 1) AS INTEGER)" } else { ")) AS INTEGER)" });
        Ok(())
    }

    fn mysql_part(&mut self, part: Function, on: &Expr) -> Result<()> {
        let (before, after) = match part {
            Function::IsoYear => ("(YEARWEEK(", ", 3) DIV 100)"),
            Function::Quarter => ("QUARTER(", ")"),
            Function::Month => ("MONTH(", ")"),
            Function::Week => ("WEEK(", ", 3)"),
            Function::Day => ("DAY(", ")"),
            Function::WeekDay => ("DAYOFWEEK(", ")"),
            Function::IsoWeekDay => ("(WEEKDAY(", ") + 1)"),
            Function::Hour => ("HOUR(", ")"),
            Function::Minute => ("MINUTE(", ")"),
            Function::Second => ("SECOND(", ")"),
            _ => ("YEAR(", ")"),
        };
        self.around(before, on, after)
    }

    /// A day or a moment as the text that SQLite stores it as.
    pub(super) fn moment_as_text(&mut self, on: &Expr, kind: Option<Kind>) -> Result<()> {
        let clock = kind == Some(Kind::Time);
        match self.dialect {
            Dialect::Sqlite => self.expr(on),
            _ if kind == Some(Kind::Date) => self.around("CAST(", on, &format!(" AS {})", self.type_name(Kind::Text))),
            Dialect::Postgres => {
                let (day, seconds) = if clock { ("", "CAST(") } else { ("YYYY-MM-DD ", "(") };
                let after = if clock { " AS INTERVAL)" } else { ")" };
                self.around("CASE WHEN date_trunc('second', ", on, ") = ")?;
                self.around("", on, &format!(" THEN to_char({seconds}"))?;
                self.around("", on, &format!("{after}, '{day}HH24:MI:SS') ELSE to_char({seconds}"))?;
                self.around("", on, &format!("{after}, '{day}HH24:MI:SS.US') END"))
            }
            Dialect::MariaDb | Dialect::MySql => {
                let format = if clock { "TIME_FORMAT" } else { "DATE_FORMAT" };
                let day = if clock { "" } else { "%Y-%m-%d " };
                self.around("IF(MICROSECOND(", on, &format!(") = 0, {format}("))?;
                self.around("", on, &format!(", '{day}%H:%i:%s'), {format}("))?;
                self.around("", on, &format!(", '{day}%H:%i:%s.%f'))"))
            }
        }
    }

    /// The day, or the time of day, of a date with a time.
    pub(super) fn day_or_time(&mut self, function: Function, on: &Expr) -> Result<()> {
        let (before, after) = match (function, self.dialect) {
            (Function::Time, Dialect::Sqlite) => ("orm_time(", ")"),
            (Function::Time, Dialect::Postgres) => ("CAST(", " AS TIME)"),
            (Function::Time, _) => ("TIME(", ")"),
            (_, Dialect::Sqlite) => ("date(", ")"),
            (_, Dialect::Postgres) => ("CAST(", " AS DATE)"),
            _ => ("DATE(", ")"),
        };
        self.around(before, on, after)
    }

    pub(super) fn trunc(&mut self, unit: Unit, on: &Expr) -> Result<()> {
        let kind = self.kind(on);
        match self.dialect {
            Dialect::Sqlite => self.sqlite_trunc(unit, kind, on),
            Dialect::Postgres => {
                let name = format!("{unit:?}").to_lowercase();
                let (before, after) = match kind {
                    Some(Kind::Date) => ("CAST(", " AS DATE)"),
                    Some(Kind::Time) => ("CAST(", " AS TIME)"),
                    _ => ("", ""),
                };
                self.around(&format!("{before}date_trunc('{name}', "), on, &format!("){after}"))
            }
            Dialect::MariaDb | Dialect::MySql => self.mysql_trunc(unit, kind, on),
        }
    }

    fn sqlite_trunc(&mut self, unit: Unit, kind: Option<Kind>, on: &Expr) -> Result<()> {
        let clock = match unit {
            Unit::Hour => Some("%H:00:00"),
            Unit::Minute => Some("%H:%M:00"),
            Unit::Second => Some("%H:%M:%S"),
            _ => None,
        };
        if let Some(clock) = clock {
            let day = if kind == Some(Kind::Time) { "" } else { "%Y-%m-%d " };
            return self.around(&format!("strftime('{day}{clock}', "), on, ")");
        }
        self.push(if kind == Some(Kind::Date) { "date(" } else { "datetime(" });
        self.expr(on)?;
        match unit {
            Unit::Year => self.push(", 'start of year')"),
            Unit::Month => self.push(", 'start of month')"),
            Unit::Week => self.push(", 'start of day', '-6 days', 'weekday 1')"),
            Unit::Quarter => {
                self.around(", 'start of month', '-' || ((strftime('%m', ", on, ") - 1) % 3) || ' months')")?
            }
            _ => self.push(", 'start of day')"),
        }
        Ok(())
    }

    fn mysql_trunc(&mut self, unit: Unit, kind: Option<Kind>, on: &Expr) -> Result<()> {
        let clock = match unit {
            Unit::Hour => Some("%H:00:00"),
            Unit::Minute => Some("%H:%i:00"),
            Unit::Second => Some("%H:%i:%s"),
            _ => None,
        };
        if let Some(clock) = clock {
            return match kind {
                Some(Kind::Time) => self.around("CAST(TIME_FORMAT(", on, &format!(", '{clock}') AS TIME(6))")),
                _ => self.around("CAST(DATE_FORMAT(", on, &format!(", '%Y-%m-%d {clock}') AS DATETIME(6))")),
            };
        }
        let day = kind == Some(Kind::Date);
        self.push(if day { "" } else { "CAST(" });
        match unit {
            Unit::Year => self.around("CAST(DATE_FORMAT(", on, ", '%Y-01-01') AS DATE)")?,
            Unit::Month => self.around("CAST(DATE_FORMAT(", on, ", '%Y-%m-01') AS DATE)")?,
            Unit::Quarter => {
                self.around("(CAST(DATE_FORMAT(", on, ", '%Y-01-01') AS DATE)")?;
                self.around(" + INTERVAL (QUARTER(", on, ") - 1) * 3 MONTH)")?;
            }
            Unit::Week => {
                self.push("DATE(");
                self.side(on)?;
                self.around(" - INTERVAL WEEKDAY(", on, ") DAY)")?;
            }
            _ => self.around("DATE(", on, ")")?,
        }
        self.push(if day { "" } else { " AS DATETIME(6))" });
        Ok(())
    }

    /// An instant as the clocks of a zone show it.
    pub(super) fn at_zone(&mut self, on: &Expr, zone: &Expr) -> Result<()> {
        let value = match zone {
            Expr::Value(Value::Text(name)) => zone_of(name)?,
            Expr::Value(value) => value.clone(),
            _ => return Err(super::expr::bad("a time zone is a value, not an expression".to_owned())),
        };
        match (self.dialect, &value) {
            (Dialect::Postgres, _) => {
                self.push("(");
                self.side(on)?;
                self.push(" AT TIME ZONE ");
                self.bind(value);
                self.push(")");
                Ok(())
            }
            (_, Value::Duration(_)) => {
                self.push("(");
                self.moved(BinaryOp::Add, on, &Expr::Value(value), Some(Kind::Timestamp))?;
                self.push(")");
                Ok(())
            }
            (Dialect::Sqlite, _) => {
                self.around("orm_at_zone(", on, ", ")?;
                self.bind(value);
                self.push(")");
                Ok(())
            }
            (Dialect::MariaDb | Dialect::MySql, _) => {
                // For a zone that it does not know the server gives NULL. An error is better than rows that are left out, and
                // only a number that is too large makes one here; its text is part of the message.
                self.around("CAST(COALESCE(CONVERT_TZ(", on, ", '+00:00', ")?;
                self.bind(value);
                self.around("), IF(", on, &format!(" IS NULL, NULL, ~0 + LENGTH(CONCAT('{NO_ZONE}', "))?;
                self.around("", on, ")))) AS DATETIME(6))")
            }
        }
    }

    /// A day, a time or a moment, moved by a span of time. After midnight a time begins anew.
    pub(super) fn moved(&mut self, op: BinaryOp, on: &Expr, span: &Expr, kind: Option<Kind>) -> Result<()> {
        let (before, after) = match kind {
            Some(Kind::Date) => ("CAST(", " AS DATE)"),
            // Their times go beyond a day: that of some day's clock does not.
            Some(Kind::Time) if self.dialect.is_mysql() => ("CAST(TIMESTAMP('2000-01-01', ", " AS TIME(6))"),
            _ => ("", ""),
        };
        if self.dialect == Dialect::Sqlite {
            self.around("orm_moved(", on, if op == BinaryOp::Sub { ", -" } else { ", " })?;
            self.side(span)?;
            self.push(")");
            return Ok(());
        }
        self.push(before);
        self.side(on)?;
        self.push(if kind == Some(Kind::Time) && self.dialect.is_mysql() { ")" } else { "" });
        self.push(if op == BinaryOp::Sub { " - " } else { " + " });
        if self.dialect == Dialect::Postgres {
            self.side(span)?;
        } else {
            self.push("INTERVAL ");
            self.side(span)?;
            self.push(" MICROSECOND");
        }
        self.push(after);
        Ok(())
    }

    /// A span as the number that it is stored as but on PostgreSQL.
    pub(super) fn micros(&mut self, span: &Expr) -> Result<()> {
        match self.dialect {
            Dialect::Postgres => self.around("CAST(EXTRACT(EPOCH FROM ", span, ") * 1000000 AS BIGINT)"),
            Dialect::Sqlite | Dialect::MariaDb | Dialect::MySql => self.side(span),
        }
    }

    pub(super) fn since(&mut self, later: &Expr, earlier: &Expr) -> Result<()> {
        match self.dialect {
            Dialect::Postgres => {
                let days = self.kind(later) == Some(Kind::Date) && self.kind(earlier) == Some(Kind::Date);
                self.push(if days { "((" } else { "(" });
                self.side(later)?;
                self.push(" - ");
                self.side(earlier)?;
                self.push(if days { ") * INTERVAL '1 day')" } else { ")" });
                Ok(())
            }
            Dialect::Sqlite => {
                self.around("orm_since(", later, ", ")?;
                self.around("", earlier, ")")
            }
            Dialect::MariaDb | Dialect::MySql => {
                self.around("TIMESTAMPDIFF(MICROSECOND, ", earlier, ", ")?;
                self.around("", later, ")")
            }
        }
    }
}

/// A comparison of a year or a day with a value, as one of the column with the first and last moment: so that an index on the
/// column serves.
pub(super) fn as_range(op: BinaryOp, left: &Expr, right: &Expr, kind: impl Fn(&Expr) -> Option<Kind>) -> Option<Expr> {
    let (Expr::Call(function, arguments), Expr::Value(value)) = (left, right) else { return None };
    let first_of = |year: i32| NaiveDate::from_ymd_opt(year, 1, 1);
    let week_of = |year: i32| NaiveDate::from_isoywd_opt(year, 1, chrono::Weekday::Mon);
    let (first, after) = match (function, value) {
        (Function::Year, Value::I32(year)) => (first_of(*year)?, first_of(year.checked_add(1)?)?),
        (Function::IsoYear, Value::I32(year)) => (week_of(*year)?, week_of(year.checked_add(1)?)?),
        (Function::Date, Value::Date(day)) => (*day, day.checked_add_days(Days::new(1))?),
        _ => return None,
    };
    // At the ends of what can be stored the function compares as well.
    let is_kept = |day: NaiveDate| (1..=9999).contains(&day.year());
    if !is_kept(first) || !is_kept(after) {
        return None;
    }
    let (on, offset) = match arguments.first()? {
        Expr::Call(Function::AtZone, zoned) => match zoned.as_slice() {
            [on, Expr::Value(Value::Duration(offset))] => (on, *offset),
            _ => return None,
        },
        on => (on, TimeDelta::zero()),
    };
    let kind = kind(on)?;
    let value = |day: NaiveDate| {
        let moment = day.and_time(NaiveTime::MIN).checked_sub_signed(offset).filter(|it| is_kept(it.date()))?;
        Some(Expr::Value(match kind {
            Kind::Date => Value::Date(day),
            Kind::Timestamp => Value::Timestamp(moment),
            Kind::DateTime => Value::DateTime(moment.and_utc()),
            _ => return None,
        }))
    };
    let (first, after) = (value(first)?, value(after)?);
    let compare = |op, bound| on.clone().binary(op, bound);
    Some(match op {
        BinaryOp::Eq => compare(BinaryOp::Ge, first).and(compare(BinaryOp::Lt, after)),
        BinaryOp::Lt => compare(BinaryOp::Lt, first),
        BinaryOp::Le => compare(BinaryOp::Lt, after),
        BinaryOp::Gt => compare(BinaryOp::Ge, after),
        BinaryOp::Ge => compare(BinaryOp::Ge, first),
        _ => return None,
    })
}

/// A zone by what people call it: an offset such as `+02:00` is one, since PostgreSQL would read its sign the other way round.
pub(crate) fn zone_of(name: &str) -> Result<Value> {
    let turned = |name: &str| {
        let (letters, rest) = name.split_at(name.find(['+', '-']).unwrap_or(name.len()));
        letters.chars().all(|letter| letter.is_ascii_alphabetic()) && !matches!(rest, "" | "+0" | "-0")
    };
    if name.eq_ignore_ascii_case("UTC") {
        return Ok(Value::Duration(TimeDelta::zero()));
    }
    if !turned(name) {
        return Ok(Value::Text(name.to_owned()));
    }
    // What stands behind the digits would be passed over.
    let plain = name.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b':'));
    let offset =
        name.parse::<FixedOffset>().ok().filter(|_| plain && name.len() <= "+02:00".len()).ok_or_else(|| {
            super::expr::bad(format!("`{name}` is no time zone that all databases read alike"))
                .with_hint("write an offset such as `+02:00`, or the name of a place: `Europe/Berlin`")
        })?;
    Ok(Value::Duration(TimeDelta::seconds(offset.local_minus_utc().into())))
}
