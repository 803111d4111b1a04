//! Kinds and values of the types that PostgreSQL alone has: arrays, ranges, hstore, full text and enums of a database's own.

mod json;
mod serial;
mod text;

use super::untyped::wrong;
use crate::{Code, Dialect, Error, Kind, Result, Value};
use std::{collections::BTreeMap, fmt, ops::Bound};

/// The kinds of value that PostgreSQL alone has: see [`Kind::Postgres`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PgKind {
    /// An array of one of the plain kinds.
    Array(Kind),
    /// A range of numbers, days or moments.
    Range(Kind),
    /// Texts by their keys, of the extension `hstore`.
    HStore,
    /// The words of a document: `tsvector`.
    SearchVector,
    /// What is looked for among words: `tsquery`.
    SearchQuery,
    /// An enum of the database's own, by its name there.
    Enum(&'static str),
}

/// A value of a kind that PostgreSQL alone has: see [`Value::Postgres`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum PgValue {
    /// The elements of an array; NULL can be one of them.
    Array(Vec<Value>),
    /// A range.
    Range(Range<Value>),
    /// Texts, or NULL, by their keys.
    HStore(BTreeMap<String, Option<String>>),
    /// What is written as text: an enum's value, the words of a document, or what is looked for among them.
    Text(String),
}

/// A range of numbers, days or moments: a column of PostgreSQL's `int4range` and its like, and what one is compared with.
///
/// Rust's own ranges become one (`(1..5).into()`), and stand beside columns as they are. PostgreSQL writes ranges of whole numbers
/// and of days with their beginning and without their end: `1..=4` is read as `1..5`.
///
/// ```
/// use orm::postgres::Range;
/// let ages: Range<i32> = (18..=65).into();
/// assert!(ages.contains(&65) && !ages.contains(&66));
/// assert!(Range::<i32>::from(5..5).is_empty());
/// let written = serde_json::json!({"lower": 18, "upper": 65, "bounds": "[]"});
/// assert_eq!(serde_json::to_value(&ages).unwrap(), written);
/// assert_eq!(serde_json::from_value::<Range<i32>>(written).unwrap(), ages);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Range<T> {
    /// With nothing in it.
    Empty,
    /// From one bound to the other.
    Between(Bound<T>, Bound<T>),
}

impl PgKind {
    /// The kind of arrays of a plain kind; `None` for what there are no arrays of here.
    ///
    /// ```
    /// use orm::{Kind, postgres::PgKind};
    /// assert_eq!(PgKind::array(Kind::Text), Some(&PgKind::Array(Kind::Text)));
    /// assert_eq!(PgKind::array(Kind::Postgres(&PgKind::HStore)), None);
    /// ```
    pub const fn array(of: Kind) -> Option<&'static PgKind> {
        macro_rules! arrays {
            ($($kind:ident)+) => {
                match of {
                    $(Kind::$kind => Some(&PgKind::Array(Kind::$kind)),)+
                    Kind::Postgres(_) => None,
                }
            };
        }
        arrays!(Bool I16 I32 I64 F32 F64 Decimal Text Bytes Date Time Timestamp DateTime Duration Uuid Ip Json)
    }

    /// The kind of ranges of a kind; `None` for what has no ranges.
    ///
    /// ```
    /// use orm::{Kind, postgres::PgKind};
    /// assert_eq!(PgKind::range(Kind::I32), Some(&PgKind::Range(Kind::I32)));
    /// assert_eq!(PgKind::range(Kind::Text), None);
    /// ```
    pub const fn range(of: Kind) -> Option<&'static PgKind> {
        macro_rules! ranges {
            ($($kind:ident)+) => {
                match of {
                    $(Kind::$kind => Some(&PgKind::Range(Kind::$kind)),)+
                    _ => None,
                }
            };
        }
        ranges!(I32 I64 Decimal Date Timestamp DateTime)
    }

    /// Whether a column of a database of one's own can be an array of them.
    pub(crate) const fn is_element(kind: Kind) -> bool {
        matches!(kind, Kind::Postgres(PgKind::Enum(_))) || PgKind::array(kind).is_some()
    }

    /// Refuses the kind where the database has no such type.
    pub(crate) fn known_to(self, dialect: Dialect) -> Result<()> {
        match dialect.capabilities().postgres_types {
            true => Ok(()),
            false => Err(self.refused(dialect)),
        }
    }

    /// The error where the database has no such type.
    #[cold]
    pub(crate) fn refused(self, dialect: Dialect) -> Error {
        Error::new(Code::Unsupported, format!("{dialect} has no {}", self.called()))
            .with_hint("only PostgreSQL has this type; elsewhere a JSON document, or a model of its own, holds as much")
    }

    /// What it is, for people, in the plural.
    pub(crate) fn called(self) -> &'static str {
        match self {
            PgKind::Array(_) => "arrays",
            PgKind::Range(_) => "ranges",
            PgKind::HStore => "hstore",
            PgKind::SearchVector | PgKind::SearchQuery => "full text search",
            PgKind::Enum(_) => "enums of its own",
        }
    }

    /// The type's name in SQL.
    pub(crate) fn sql(self) -> String {
        match self {
            PgKind::Array(of) => format!("{}[]", plain_sql(of)),
            PgKind::Range(Kind::I32) => "int4range".to_owned(),
            PgKind::Range(Kind::I64) => "int8range".to_owned(),
            PgKind::Range(Kind::Date) => "daterange".to_owned(),
            PgKind::Range(Kind::Timestamp) => "tsrange".to_owned(),
            PgKind::Range(Kind::DateTime) => "tstzrange".to_owned(),
            PgKind::Range(_) => "numrange".to_owned(),
            PgKind::HStore => "hstore".to_owned(),
            PgKind::SearchVector => "tsvector".to_owned(),
            PgKind::SearchQuery => "tsquery".to_owned(),
            PgKind::Enum(name) => {
                let quoted = |part: &str| format!("\"{}\"", part.replace('"', "\"\""));
                name.split('.').map(quoted).collect::<Vec<_>>().join(".")
            }
        }
    }

    /// The type of a column, as PostgreSQL writes it: names that need no quotes have none.
    pub(crate) fn column(self) -> String {
        let plain =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || matches!(letter, '_' | '.');
        match self {
            PgKind::Enum(name) if name.chars().all(plain) => name.to_owned(),
            PgKind::Array(Kind::Postgres(of)) => format!("{}[]", of.column()),
            own => own.sql(),
        }
    }

    /// The type that a bind is converted to: of what is bound as text.
    pub(crate) fn cast(self) -> Option<String> {
        match self {
            PgKind::Array(Kind::Postgres(PgKind::Enum(_))) => Some(self.sql()),
            PgKind::Array(_) => None,
            _ => Some(self.sql()),
        }
    }
}

/// The name in SQL of what an array consists of, as PostgreSQL itself writes it.
fn plain_sql(kind: Kind) -> String {
    match kind {
        Kind::Bool => "boolean",
        Kind::I16 => "smallint",
        Kind::I32 => "integer",
        Kind::I64 => "bigint",
        Kind::F32 => "real",
        Kind::F64 => "double precision",
        Kind::Decimal => "numeric",
        Kind::Text => "text",
        Kind::Bytes => "bytea",
        Kind::Date => "date",
        Kind::Time => "time without time zone",
        Kind::Timestamp => "timestamp without time zone",
        Kind::DateTime => "timestamp with time zone",
        Kind::Duration => "interval",
        Kind::Uuid => "uuid",
        Kind::Ip => "inet",
        Kind::Json => "jsonb",
        Kind::Postgres(own) => return own.sql(),
    }
    .to_owned()
}

impl Kind {
    /// The type that a bind of this kind is converted to in the statement: of what is bound as text.
    pub(crate) fn cast(self) -> Option<String> {
        match self {
            Kind::Postgres(own) => own.cast(),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    /// The word that stands for it in JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = match self {
            Kind::Postgres(own) => own,
            plain => return f.write_str(&format!("{plain:?}").to_lowercase()),
        };
        match own {
            PgKind::Array(of) => write!(f, "{of}[]"),
            PgKind::Enum(name) => write!(f, "enum {name}"),
            own => f.write_str(&own.sql()),
        }
    }
}

impl From<Kind> for String {
    fn from(kind: Kind) -> String {
        kind.to_string()
    }
}

impl TryFrom<String> for Kind {
    type Error = String;

    /// The kind that a word stands for; enums of a database's own are known to its models only.
    fn try_from(word: String) -> std::result::Result<Kind, String> {
        let plain = |word: &str| PLAIN.into_iter().find(|kind| kind.to_string() == word);
        let own = |word: &str| {
            let array = word.strip_suffix("[]").and_then(plain).and_then(PgKind::array);
            let range = || PLAIN.into_iter().filter_map(PgKind::range).find(|range| range.sql() == word);
            let others = || [&PgKind::HStore, &PgKind::SearchVector].into_iter().find(|own| own.sql() == word);
            array.or_else(range).or_else(others).map(Kind::Postgres)
        };
        plain(&word).or_else(|| own(&word)).ok_or_else(|| {
            let plain: Vec<String> = PLAIN.iter().map(Kind::to_string).collect();
            format!("`{word}` is not a kind of value; there are `{}`, and PostgreSQL's own", plain.join("`, `"))
        })
    }
}

/// Every kind that all databases have.
const PLAIN: [Kind; 17] = [
    Kind::Bool,
    Kind::I16,
    Kind::I32,
    Kind::I64,
    Kind::F32,
    Kind::F64,
    Kind::Decimal,
    Kind::Text,
    Kind::Bytes,
    Kind::Date,
    Kind::Time,
    Kind::Timestamp,
    Kind::DateTime,
    Kind::Duration,
    Kind::Uuid,
    Kind::Ip,
    Kind::Json,
];

impl PgValue {
    /// The plain values in it.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Value> {
        let (elements, bounds) = match self {
            PgValue::Array(values) => (&values[..], [None, None]),
            PgValue::Range(Range::Between(low, high)) => (&[][..], [inside(low), inside(high)]),
            _ => (&[][..], [None, None]),
        };
        elements.iter().chain(bounds.into_iter().flatten())
    }

    /// The texts in it that are no plain values.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let (text, pairs) = match self {
            PgValue::Text(text) => (Some(&**text), None),
            PgValue::HStore(pairs) => (None, Some(pairs)),
            _ => (None, None),
        };
        let pairs = pairs.into_iter().flatten().flat_map(|(key, value)| [Some(&**key), value.as_deref()]);
        text.into_iter().chain(pairs.flatten())
    }
}

fn inside<T>(bound: &Bound<T>) -> Option<&T> {
    match bound {
        Bound::Included(value) | Bound::Excluded(value) => Some(value),
        Bound::Unbounded => None,
    }
}

impl<T> Range<T> {
    /// The range with its bounds changed into something else.
    ///
    /// # Errors
    /// Those of `change`.
    pub(crate) fn try_map<U>(self, mut change: impl FnMut(T) -> Result<U>) -> Result<Range<U>> {
        let mut bound = |bound: Bound<T>| {
            Ok::<_, Error>(match bound {
                Bound::Included(value) => Bound::Included(change(value)?),
                Bound::Excluded(value) => Bound::Excluded(change(value)?),
                Bound::Unbounded => Bound::Unbounded,
            })
        };
        Ok(match self {
            Range::Empty => Range::Empty,
            Range::Between(low, high) => Range::Between(bound(low)?, bound(high)?),
        })
    }

    /// The range with references to its bounds.
    pub(crate) fn as_ref(&self) -> Range<&T> {
        match self {
            Range::Empty => Range::Empty,
            Range::Between(low, high) => Range::Between(low.as_ref(), high.as_ref()),
        }
    }
}

impl<T: PartialOrd> Range<T> {
    /// Whether a value lies in it.
    ///
    /// ```
    /// use orm::postgres::Range;
    /// assert!(Range::from(..3).contains(&2));
    /// assert!(!Range::Empty.contains(&2));
    /// ```
    pub fn contains(&self, value: &T) -> bool {
        match self {
            Range::Empty => false,
            Range::Between(low, high) => std::ops::RangeBounds::contains(&(low.as_ref(), high.as_ref()), value),
        }
    }

    /// Whether there is nothing in it: no value, or none between its bounds.
    ///
    /// ```
    /// use orm::postgres::Range;
    /// assert!(Range::from(3..3).is_empty() && !Range::from(3..=3).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        match self {
            Range::Empty => true,
            Range::Between(Bound::Included(low), Bound::Included(high)) => low > high,
            Range::Between(
                Bound::Included(low) | Bound::Excluded(low),
                Bound::Included(high) | Bound::Excluded(high),
            ) => low >= high,
            Range::Between(..) => false,
        }
    }
}

macro_rules! from_rust {
    ($($range:ty, |$it:ident| $low:expr, $high:expr;)+) => {$(
        impl<T> From<$range> for Range<T> {
            fn from($it: $range) -> Range<T> {
                Range::Between($low, $high)
            }
        }
    )+};
}

from_rust! {
    std::ops::Range<T>, |it| Bound::Included(it.start), Bound::Excluded(it.end);
    std::ops::RangeFrom<T>, |it| Bound::Included(it.start), Bound::Unbounded;
    std::ops::RangeTo<T>, |it| Bound::Unbounded, Bound::Excluded(it.end);
    std::ops::RangeToInclusive<T>, |it| Bound::Unbounded, Bound::Included(it.end);
    std::ops::RangeFull, |_it| Bound::Unbounded, Bound::Unbounded;
    (Bound<T>, Bound<T>), |it| it.0, it.1;
}

impl<T> From<std::ops::RangeInclusive<T>> for Range<T> {
    fn from(range: std::ops::RangeInclusive<T>) -> Range<T> {
        let (low, high) = range.into_inner();
        Range::Between(Bound::Included(low), Bound::Included(high))
    }
}
