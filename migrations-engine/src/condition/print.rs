//! Tree to text, with as few parentheses as keep the meaning; and the serde forms, which are that text.

use std::fmt::{self, Display, Formatter, Write as _};

use super::parse::KEYWORDS;
use super::{Expr, IndexPart, Nulls, Value};

/// Writes text between single quotes, in the form with escapes if it holds control characters.
fn write_text(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    if !text.contains(char::is_control) {
        return write!(f, "'{}'", text.replace('\'', "''"));
    }
    f.write_str("e'")?;
    for c in text.chars() {
        match c {
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '\\' => f.write_str("\\\\")?,
            '\'' => f.write_str("''")?,
            c if c.is_control() => write!(f, "\\u{{{:x}}}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('\'')
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(truth) => write!(f, "{truth}"),
            Value::Int(number) => write!(f, "{number}"),
            Value::Number(digits) => f.write_str(digits),
            Value::Text(text) => write_text(f, text),
            Value::Date(text) => write!(f, "date '{text}'"),
            Value::Time(text) => write!(f, "time '{text}'"),
            Value::DateTime(text) => write!(f, "datetime '{text}'"),
            Value::Timestamp(text) => write!(f, "timestamp '{text}'"),
            Value::Duration(us) if us % 1_000_000 == 0 => write!(f, "duration '{}s'", us / 1_000_000),
            Value::Duration(us) => write!(f, "duration '{us}us'"),
            Value::Uuid(text) => write!(f, "uuid '{text}'"),
            Value::Bytes(bytes) => {
                f.write_str("bytes '")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_char('\'')
            }
            Value::Json(text) => {
                f.write_str("json ")?;
                write_text(f, text)
            }
        }
    }
}

/// Whether a field can stand without quotes.
fn is_bare(name: &str) -> bool {
    name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && !KEYWORDS.contains(&name.to_ascii_lowercase().as_str())
        // `e` before a quote begins a text with escapes; alone it is a field.
        && !name.is_empty()
}

impl Expr {
    fn level(&self) -> u8 {
        match self {
            Expr::Value(_) | Expr::Field(_) | Expr::Case { .. } | Expr::Call { .. } => 9,
            Expr::Negate(_) => 8,
            Expr::Not(_) => 3,
            Expr::Binary { op, .. } => op.level(),
            Expr::IsNull { .. } | Expr::In { .. } | Expr::Between { .. } | Expr::Like { .. } => 4,
        }
    }

    /// How many levels of the parser are open in its text at most.
    pub(super) fn nesting(&self) -> usize {
        // A left side is read on the level of the whole, unless it needs parentheses.
        let left = |expr: &Expr, least: u8| usize::from(expr.level() < least) + expr.nesting();
        let inner = |expr: &Expr, least: u8| 1 + left(expr, least);
        let list = |list: &[Expr]| list.iter().map(|item| inner(item, 0)).max().unwrap_or(0);
        match self {
            Expr::Value(_) | Expr::Field(_) => 0,
            Expr::Not(expr) => inner(expr, 3),
            Expr::Negate(expr) => 1 + inner(expr, 0),
            Expr::Binary { op, left: first, right } => left(first, op.level()).max(inner(right, op.level() + 1)),
            Expr::IsNull { expr, .. } | Expr::Like { expr, .. } => left(expr, 5),
            Expr::In { expr, list: items, .. } => left(expr, 5).max(list(items)),
            Expr::Between { expr, low, high, .. } => left(expr, 5).max(inner(low, 5)).max(inner(high, 5)),
            Expr::Case { when, otherwise } => {
                let pairs = when.iter().flat_map(|(condition, result)| [condition, result]);
                pairs.chain(otherwise.as_deref()).map(|part| inner(part, 0)).max().unwrap_or(0)
            }
            Expr::Call { args, .. } => list(args),
        }
    }

    fn write(&self, f: &mut Formatter<'_>, least: u8) -> fmt::Result {
        if self.level() < least { write!(f, "({self})") } else { write!(f, "{self}") }
    }
}

fn write_list(f: &mut Formatter<'_>, list: &[Expr]) -> fmt::Result {
    f.write_char('(')?;
    for (at, item) in list.iter().enumerate() {
        write!(f, "{}{item}", if at > 0 { ", " } else { "" })?;
    }
    f.write_char(')')
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let not = |negated: &bool| if *negated { "not " } else { "" };
        match self {
            Expr::Value(value) => write!(f, "{value}"),
            Expr::Field(name) if is_bare(name) => f.write_str(name),
            Expr::Field(name) => write!(f, "\"{}\"", name.replace('"', "\"\"")),
            Expr::Not(expr) => {
                f.write_str("not ")?;
                expr.write(f, 3)
            }
            Expr::Negate(expr) => write!(f, "-({expr})"),
            Expr::Binary { op, left, right } => {
                left.write(f, op.level())?;
                write!(f, " {} ", op.as_str())?;
                right.write(f, op.level() + 1)
            }
            Expr::IsNull { expr, negated } => {
                expr.write(f, 5)?;
                write!(f, " is {}null", not(negated))
            }
            Expr::In { expr, list, negated } => {
                expr.write(f, 5)?;
                write!(f, " {}in ", not(negated))?;
                write_list(f, list)
            }
            Expr::Between { expr, low, high, negated } => {
                expr.write(f, 5)?;
                write!(f, " {}between ", not(negated))?;
                low.write(f, 5)?;
                f.write_str(" and ")?;
                high.write(f, 5)
            }
            Expr::Like { expr, pattern, fold, negated } => {
                expr.write(f, 5)?;
                write!(f, " {}{} ", not(negated), if *fold { "ilike" } else { "like" })?;
                write_text(f, pattern)
            }
            Expr::Case { when, otherwise } => {
                f.write_str("case")?;
                for (condition, result) in when {
                    write!(f, " when {condition} then {result}")?;
                }
                if let Some(otherwise) = otherwise {
                    write!(f, " else {otherwise}")?;
                }
                f.write_str(" end")
            }
            Expr::Call { function, args } => {
                f.write_str(function.name())?;
                write_list(f, args)
            }
        }
    }
}

impl Display for IndexPart {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.expr)?;
        if self.descending {
            f.write_str(" desc")?;
        }
        match self.nulls {
            Some(Nulls::First) => f.write_str(" nulls first")?,
            Some(Nulls::Last) => f.write_str(" nulls last")?,
            None => {}
        }
        match &self.opclass {
            Some(opclass) => write!(f, " using {}", Expr::field(opclass.clone())),
            None => Ok(()),
        }
    }
}

/// serde through the text form.
macro_rules! serde_as_text {
    ($($ty:ty),+) => {$(
        impl serde::Serialize for $ty {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $ty {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}
pub(crate) use serde_as_text;

serde_as_text!(Expr, IndexPart, Value);
