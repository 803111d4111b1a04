//! Which values of a column another type would not hold, as a condition over its rows.

use crate::schema::ColumnType;
use crate::sql::Dialect;

/// A condition that is true for values which the other type does not hold, or not without loss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// Over the column.
    pub(crate) condition: String,
    /// What has to be done on the connection before.
    pub(crate) prepare: Option<&'static str>,
}

/// PostgreSQL before 16 cannot be asked whether a text can be read as a type; a function of the session can.
const READS: &str = "CREATE OR REPLACE FUNCTION pg_temp.orm_reads(given text, kind text) RETURNS boolean LANGUAGE plpgsql STRICT AS $$ \
    BEGIN EXECUTE format('SELECT %L::%s', given, kind); RETURN true; EXCEPTION WHEN OTHERS THEN RETURN false; END $$";

/// What of `column`, already quoted, does not fit when its type changes; nothing where every value fits.
pub(crate) fn misfit(dialect: Dialect, from: &ColumnType, to: &ColumnType, column: &str) -> Option<Misfit> {
    use ColumnType::{Bool, Char, Custom, Date, DateTime, Duration, NaiveDateTime, Related, Text};
    let plain = |condition: String| Some(Misfit { condition, prepare: None });
    match (from, to) {
        (from, to) if from == to => None,
        (Custom { .. } | Related, _) | (_, Custom { .. } | Related | Text) => None,
        (from, Char { max_length }) => too_long(dialect, from, *max_length, column).and_then(plain),
        // What is not 0 is true; a day begins at midnight; with or without a zone, a moment is UTC.
        (from, Bool) if from.is_number() => None,
        (Bool, to) if to.is_number() => None,
        (Date, DateTime | NaiveDateTime) | (DateTime, NaiveDateTime) | (NaiveDateTime, DateTime) => None,
        (DateTime | NaiveDateTime, Date) => plain(after_midnight(dialect, from, column)),
        (from, to) if from.is_number() && to.is_number() => outside(dialect, from, to, column).and_then(plain),
        (from, Duration) if from.is_number() => outside(dialect, from, &ColumnType::BigInt, column).and_then(plain),
        (Duration, to) if to.is_number() => {
            let micros = match dialect {
                Dialect::Postgres => format!("(EXTRACT(EPOCH FROM {column}) * 1000000)"),
                Dialect::Sqlite | Dialect::MariaDb | Dialect::MySql => column.to_owned(),
            };
            outside(dialect, &ColumnType::BigInt, to, &micros).and_then(plain)
        }
        (_, to) => unreadable(dialect, to, &dialect.as_text(column)),
    }
}

impl Dialect {
    /// A value as text.
    pub(crate) fn as_text(self, value: &str) -> String {
        match self {
            Dialect::Sqlite | Dialect::Postgres => format!("CAST({value} AS text)"),
            Dialect::MariaDb | Dialect::MySql => format!("CAST({value} AS char)"),
        }
    }
}

/// Text of more characters than there is room for.
fn too_long(dialect: Dialect, from: &ColumnType, room: u32, column: &str) -> Option<String> {
    let most = match from {
        ColumnType::Char { max_length } => *max_length,
        ColumnType::Bool => 5,
        ColumnType::SmallInt | ColumnType::PositiveSmallInt => 6,
        ColumnType::Integer | ColumnType::PositiveInteger => 11,
        ColumnType::BigInt | ColumnType::PositiveBigInt => 20,
        ColumnType::Decimal { max_digits, .. } => max_digits + 3,
        ColumnType::Date => 10,
        // Written with dashes, also where it is stored without.
        ColumnType::Uuid if room < 36 => return Some(format!("{column} IS NOT NULL")),
        ColumnType::Uuid => 36,
        _ => u32::MAX,
    };
    let length = if dialect == Dialect::Sqlite { "LENGTH" } else { "CHAR_LENGTH" };
    (most > room).then(|| format!("{length}({}) > {room}", dialect.as_text(column)))
}

/// A moment that is not the beginning of a day.
fn after_midnight(dialect: Dialect, from: &ColumnType, column: &str) -> String {
    match dialect {
        Dialect::Sqlite => format!("TRIM(SUBSTR({column}, 12), '0:.') <> ''"),
        Dialect::Postgres if *from == ColumnType::DateTime => {
            format!("CAST({column} AT TIME ZONE 'UTC' AS time) <> '00:00'")
        }
        Dialect::Postgres => format!("CAST({column} AS time) <> '00:00'"),
        Dialect::MariaDb | Dialect::MySql => format!("TIME({column}) <> '00:00:00'"),
    }
}

/// Numbers that are too great for another type, or have digits after the point that it does not keep.
fn outside(dialect: Dialect, from: &ColumnType, to: &ColumnType, number: &str) -> Option<String> {
    let mut parts = Vec::new();
    // How many digits after the point there can be; whether it is exact.
    let (scale, exact) = match from {
        ColumnType::Decimal { decimal_places, .. } => (*decimal_places, true),
        ColumnType::Real | ColumnType::Double => (u32::MAX, false),
        _ => (0, true),
    };
    match to {
        ColumnType::Real if *from == ColumnType::Double => parts.push(format!("ABS({number}) > {:?}", f32::MAX)),
        ColumnType::Decimal { max_digits, decimal_places } => {
            let room = max_digits - decimal_places;
            let digits = match from {
                ColumnType::Decimal { max_digits, decimal_places } => max_digits - decimal_places,
                ColumnType::SmallInt | ColumnType::PositiveSmallInt => 5,
                ColumnType::Integer | ColumnType::PositiveInteger => 10,
                ColumnType::BigInt | ColumnType::PositiveBigInt => 19,
                _ => u32::MAX,
            };
            if digits > room {
                parts.push(format!("ABS({number}) >= 1{}", "0".repeat(room as usize)));
            }
            // A single float has no digits of its own after the seventh.
            if scale > *decimal_places && *from != ColumnType::Real {
                let number = match dialect {
                    Dialect::Postgres if !exact => format!("CAST({number} AS numeric)"),
                    _ => number.to_owned(),
                };
                parts.push(format!("{number} <> ROUND({number}, {decimal_places})"));
            }
        }
        to => {
            let (least, most) = to.range()?;
            let (from_least, from_most) = from.range().unwrap_or((i64::MIN, i64::MAX));
            let unknown = from.range().is_none();
            if least > from_least || unknown {
                parts.push(format!("{number} < {least}"));
            }
            if most < from_most || unknown {
                parts.push(format!("{number} > {most}"));
            }
            if scale > 0 {
                let whole = match dialect {
                    Dialect::Sqlite => format!("CAST({number} AS integer)"),
                    Dialect::Postgres => format!("TRUNC({number})"),
                    Dialect::MariaDb | Dialect::MySql => format!("TRUNCATE({number}, 0)"),
                };
                parts.push(format!("{number} <> {whole}"));
            }
        }
    }
    (!parts.is_empty()).then(|| parts.join(" OR "))
}

/// Text that cannot be read as a value of the type.
fn unreadable(dialect: Dialect, to: &ColumnType, text: &str) -> Option<Misfit> {
    let condition = match dialect {
        Dialect::Sqlite => unreadable_on_sqlite(to, text)?,
        Dialect::MariaDb | Dialect::MySql => unreadable_on_mysql(dialect, to, text)?,
        Dialect::Postgres => return unreadable_on_postgres(to, text),
    };
    Some(Misfit { condition, prepare: None })
}

fn unreadable_on_postgres(to: &ColumnType, text: &str) -> Option<Misfit> {
    let reads = |kind: &str| format!("pg_temp.orm_reads({text}, '{kind}')");
    // Bounds that the type itself does not have, not before it is known to be a number.
    let bounded = |kind: &str, from: &ColumnType| {
        let outside = outside(Dialect::Postgres, from, to, &format!("CAST({text} AS {kind})"))?;
        Some(format!("CASE WHEN {} THEN {outside} ELSE {text} IS NOT NULL END", reads(kind)))
    };
    let condition = match to {
        ColumnType::Decimal { .. } => bounded("numeric", &ColumnType::Double)?,
        to if to.is_positive() => bounded("bigint", &ColumnType::BigInt)?,
        to => {
            let reads = format!("NOT {}", reads(&Dialect::Postgres.column_type(to).ok()?));
            // It would read `yesterday`, which is another day tomorrow.
            match to {
                ColumnType::Date | ColumnType::DateTime | ColumnType::NaiveDateTime => {
                    format!("{text} !~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}' OR {reads}")
                }
                ColumnType::Time => format!("{text} !~ '^[0-9]{{2}}:' OR {reads}"),
                _ => reads,
            }
        }
    };
    Some(Misfit { condition, prepare: Some(READS) })
}

fn unreadable_on_sqlite(to: &ColumnType, text: &str) -> Option<String> {
    // A fraction of a second after so many characters.
    let fraction = |at: u32| {
        let after = at + 1;
        format!(
            "SUBSTR({text}, {at}) <> '' AND (SUBSTR({text}, {at}, 1) <> '.' OR LENGTH(SUBSTR({text}, {after})) NOT BETWEEN 1 AND 6 OR SUBSTR({text}, {after}) GLOB '*[^0-9]*')"
        )
    };
    Some(match to {
        to if to.is_number() || *to == ColumnType::Duration => {
            let to = if *to == ColumnType::Duration { &ColumnType::BigInt } else { to };
            // Beside a number the text is compared as one, if it is one.
            let number = format!("CAST({text} AS numeric)");
            let mut parts = vec![format!("{text} <> {number}")];
            parts.extend(outside(Dialect::Sqlite, &ColumnType::Double, to, &number));
            parts.join(" OR ")
        }
        ColumnType::Bool => format!("{text} NOT IN ('0', '1')"),
        ColumnType::Date => format!("{text} IS NOT NULL AND DATE({text}) IS NOT {text}"),
        ColumnType::Time => format!(
            "{text} IS NOT NULL AND (STRFTIME('%H:%M:%S', {text}) IS NOT SUBSTR({text}, 1, 8) OR {})",
            fraction(9)
        ),
        ColumnType::DateTime | ColumnType::NaiveDateTime => format!(
            "{text} IS NOT NULL AND (STRFTIME('%Y-%m-%d %H:%M:%S', {text}) IS NOT SUBSTR({text}, 1, 19) OR {})",
            fraction(20)
        ),
        ColumnType::Uuid => {
            let digits = format!("LOWER(REPLACE({text}, '-', ''))");
            format!("LENGTH({digits}) <> 32 OR {digits} GLOB '*[^0-9a-f]*'")
        }
        ColumnType::Json => format!("NOT JSON_VALID({text})"),
        ColumnType::Ip => format!("LENGTH({text}) > 39"),
        _ => return None,
    })
}

fn unreadable_on_mysql(dialect: Dialect, to: &ColumnType, text: &str) -> Option<String> {
    let unlike = |pattern: &str| format!("{text} NOT REGEXP '^{pattern}$'");
    let day = "[0-9]{4}-[0-9]{2}-[0-9]{2}";
    let clock = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?";
    Some(match to {
        to if to.is_number() || *to == ColumnType::Duration => {
            let to = if *to == ColumnType::Duration { &ColumnType::BigInt } else { to };
            let mut parts = vec![unlike("[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?")];
            // Wide enough for every type but the inexact ones, which have no digits to lose.
            if !matches!(to, ColumnType::Real | ColumnType::Double) {
                parts.extend(outside(dialect, &ColumnType::Double, to, &format!("CAST({text} AS decimal(65, 30))")));
            }
            parts.join(" OR ")
        }
        ColumnType::Bool => format!("{text} NOT IN ('0', '1')"),
        ColumnType::Date => format!("{} OR {text} IS NOT NULL AND CAST({text} AS date) IS NULL", unlike(day)),
        ColumnType::Time => unlike(clock),
        ColumnType::DateTime | ColumnType::NaiveDateTime => {
            let unlike = unlike(&format!("{day} {clock}"));
            format!("{unlike} OR {text} IS NOT NULL AND CAST({text} AS datetime(6)) IS NULL")
        }
        ColumnType::Uuid => format!("REPLACE({text}, '-', '') NOT REGEXP '^[0-9a-fA-F]{{32}}$'"),
        ColumnType::Json => format!("NOT JSON_VALID({text})"),
        ColumnType::Ip => format!("CHAR_LENGTH({text}) > 39"),
        _ => return None,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn condition(dialect: Dialect, from: &str, to: &str) -> Option<String> {
        misfit(dialect, &from.parse().unwrap(), &to.parse().unwrap(), "c").map(|misfit| misfit.condition)
    }

    #[test]
    fn what_widens_a_column_asks_nothing() {
        for (from, to) in [
            ("char(10)", "char(20)"),
            ("char(10)", "text"),
            ("smallint", "integer"),
            ("positive integer", "bigint"),
            ("positive smallint", "positive integer"),
            ("integer", "decimal(12, 2)"),
            ("decimal(6, 2)", "decimal(8, 2)"),
            ("decimal(6, 2)", "decimal(8, 4)"),
            ("real", "double"),
            ("integer", "double"),
            ("integer", "char(11)"),
            ("bool", "integer"),
            ("date", "datetime"),
            ("datetime", "timestamp"),
            ("uuid", "char(36)"),
            ("json", "text"),
        ] {
            for dialect in Dialect::ALL {
                assert_eq!(condition(dialect, from, to), None, "{from} to {to} on {dialect}");
            }
        }
    }

    #[test]
    fn what_narrows_a_column_asks_for_what_would_be_lost() {
        for (from, to, wanted) in [
            ("char(20)", "char(10)", "CHAR_LENGTH(CAST(c AS text)) > 10"),
            ("bigint", "smallint", "c < -32768 OR c > 32767"),
            ("integer", "positive integer", "c < 0"),
            ("decimal(6, 2)", "integer", "c < -2147483648 OR c > 2147483647 OR c <> TRUNC(c)"),
            ("integer", "decimal(4, 2)", "ABS(c) >= 100"),
            ("decimal(8, 4)", "decimal(8, 2)", "c <> ROUND(c, 2)"),
            ("decimal(8, 2)", "decimal(4, 2)", "ABS(c) >= 100"),
            ("double", "real", "ABS(c) > 3.4028235e38"),
            ("timestamp", "date", "CAST(c AS time) <> '00:00'"),
            ("uuid", "char(32)", "c IS NOT NULL"),
            ("text", "uuid", "NOT pg_temp.orm_reads(CAST(c AS text), 'uuid')"),
        ] {
            assert_eq!(condition(Dialect::Postgres, from, to).as_deref(), Some(wanted), "{from} to {to}");
        }
    }
}
