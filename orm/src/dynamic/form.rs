//! The form of terms in serde's formats, and what Rust values become as terms.

use super::{Key, Node, Nulls, Order, Pick, Prefetch, Query, RelatedRows, Term, depth};
use crate::{Kind, Value};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use rust_decimal::Decimal;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
    ser::SerializeMap,
};
use std::{
    fmt,
    marker::PhantomData,
    ops::{Add, BitAnd, BitOr, Div, Mul, Not, Rem, Sub},
};
use uuid::Uuid;

impl Serialize for Term {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            // A document would be read as a term.
            Term::Value(value) if value.is_object() || value.is_array() => {
                Node::Value(value.clone()).serialize(serializer)
            }
            Term::Value(value) => value.serialize(serializer),
            Term::List(terms) => terms.serialize(serializer),
            Term::Node(node) => node.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Term {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Terms;

        impl<'de> Visitor<'de> for Terms {
            type Value = Term;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value, a list, or an object with one key such as `path` or `where`")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Term, E> {
                Ok(value.into())
            }

            fn visit_i64<E>(self, value: i64) -> Result<Term, E> {
                Ok(value.into())
            }

            fn visit_u64<E>(self, value: u64) -> Result<Term, E> {
                Ok(Term::Value(value.into()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Term, E> {
                Ok(value.into())
            }

            fn visit_str<E>(self, value: &str) -> Result<Term, E> {
                Ok(value.into())
            }

            fn visit_unit<E>(self) -> Result<Term, E> {
                Ok(Term::Value(serde_json::Value::Null))
            }

            fn visit_none<E: de::Error>(self) -> Result<Term, E> {
                self.visit_unit()
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Term, D::Error> {
                deserializer.deserialize_any(self)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Term, A::Error> {
                let mut terms = Vec::new();
                while let Some(term) = seq.next_element()? {
                    terms.push(term);
                }
                Ok(Term::List(terms))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Term, A::Error> {
                Node::deserialize(MapAccessDeserializer::new(map)).map(|node| match node {
                    // The plain form, so that what was written and what is read are equal.
                    Node::Value(value) => Term::Value(value),
                    node => node.into(),
                })
            }
        }

        depth::nested(deserializer, |deserializer| deserializer.deserialize_any(Terms))
    }
}

/// Reads what is a path in its short form, and an object in its long one: a slip in the object is told as one of the object.
fn path_or<'de, D: Deserializer<'de>, L: Deserialize<'de>, T>(
    deserializer: D,
    expected: &'static str,
    short: fn(String) -> T,
    long: fn(L) -> T,
) -> Result<T, D::Error> {
    struct Either<L, T> {
        expected: &'static str,
        short: fn(String) -> T,
        long: fn(L) -> T,
    }

    impl<'de, L: Deserialize<'de>, T> Visitor<'de> for Either<L, T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.expected)
        }

        fn visit_str<E>(self, path: &str) -> Result<T, E> {
            Ok((self.short)(path.to_owned()))
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            L::deserialize(MapAccessDeserializer::new(map)).map(self.long)
        }
    }

    deserializer.deserialize_any(Either { expected, short, long })
}

impl<'de> Deserialize<'de> for Pick {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Long {
            #[serde(rename = "as")]
            name: String,
            term: Term,
        }

        let long = |Long { name, term }| Pick::Term { name, term };
        path_or(deserializer, "a path, or an object of `as` and `term`", Pick::Path, long)
    }
}

impl<'de> Deserialize<'de> for Order {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Long {
            by: Term,
            #[serde(default)]
            desc: bool,
            #[serde(default)]
            nulls: Option<Nulls>,
        }

        let long = |Long { by, desc, nulls }| Order::Term { by, desc, nulls };
        path_or(deserializer, "a path, or an object of `by`, `desc` and `nulls`", Order::Path, long)
    }
}

impl<'de> Deserialize<'de> for Prefetch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "a path, or an object of `relation`, `as`, `between` and `query`";
        path_or::<_, RelatedRows, _>(deserializer, expected, Prefetch::Path, Prefetch::Rows)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Term::deserialize(deserializer).map(|term| match term {
            Term::Value(serde_json::Value::String(path)) => Key::Path(path),
            term => Key::Term(term),
        })
    }
}

/// Names and what they stand for, as a map that keeps its order.
pub(super) mod named {
    use super::*;

    pub(crate) fn serialize<S: Serializer, T: Serialize>(
        items: &[(String, T)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(items.len()))?;
        for (name, value) in items {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
        deserializer: D,
    ) -> Result<Vec<(String, T)>, D::Error> {
        struct Named<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Named<T> {
            type Value = Vec<(String, T)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of names and terms")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut items: Vec<(String, T)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, T>()? {
                    if items.iter().any(|(known, _)| *known == name) {
                        return Err(de::Error::custom(format!("the name {name:?} stands there twice")));
                    }
                    items.push((name, value));
                }
                Ok(items)
            }
        }

        deserializer.deserialize_map(Named(PhantomData))
    }
}

macro_rules! plain {
    ($($type:ty)+) => {$(
        impl From<$type> for Term {
            fn from(value: $type) -> Term {
                Term::Value(value.into())
            }
        }
    )+};
}
plain! { bool i16 i32 i64 u32 &str String serde_json::Value }

impl From<f64> for Term {
    /// Infinity and not-a-number have no form in JSON: they become NULL.
    fn from(value: f64) -> Term {
        Term::Value(value.into())
    }
}

macro_rules! typed {
    ($($type:ty: $kind:ident;)+) => {$(
        impl From<$type> for Term {
            fn from(value: $type) -> Term {
                Value::$kind(value).into()
            }
        }
    )+};
}
typed! {
    Decimal: Decimal;
    NaiveDate: Date;
    NaiveTime: Time;
    NaiveDateTime: Timestamp;
    DateTime<Utc>: DateTime;
    Uuid: Uuid;
    std::net::IpAddr: Ip;
}

impl From<Value> for Term {
    fn from(value: Value) -> Term {
        match value {
            Value::List(list) => Term::List(list.values.iter().cloned().map(Term::from).collect()),
            Value::Bool(it) => it.into(),
            Value::I64(it) => it.into(),
            Value::Text(it) => it.into(),
            value => Node::Typed(value.kind(), value.to_json()).into(),
        }
    }
}

impl From<Query> for Term {
    fn from(query: Query) -> Term {
        Node::Query(query).into()
    }
}

impl<T: Into<Term>> From<Option<T>> for Term {
    fn from(value: Option<T>) -> Term {
        value.map_or(Term::Value(serde_json::Value::Null), Into::into)
    }
}

impl<T: Into<Term>> From<Vec<T>> for Term {
    fn from(values: Vec<T>) -> Term {
        Term::List(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Term>, const N: usize> From<[T; N]> for Term {
    fn from(values: [T; N]) -> Term {
        Term::List(values.into_iter().map(Into::into).collect())
    }
}

impl From<Kind> for Term {
    /// NULL of this kind.
    fn from(kind: Kind) -> Term {
        Node::Typed(kind, serde_json::Value::Null).into()
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident $node:ident;)+) => {$(
        impl<T: Into<Term>> $trait<T> for Term {
            type Output = Term;
            fn $method(self, other: T) -> Term {
                Node::$node(self, other.into()).into()
            }
        }
    )+};
}
operators! {
    Add add Add;
    Sub sub Subtract;
    Mul mul Multiply;
    Div div Divide;
    Rem rem Remainder;
}

impl BitAnd for Term {
    type Output = Term;
    fn bitand(self, other: Term) -> Term {
        flat(self, other, Node::And, |node| match node {
            Node::And(all) => Some(all),
            _ => None,
        })
    }
}

impl BitOr for Term {
    type Output = Term;
    fn bitor(self, other: Term) -> Term {
        flat(self, other, Node::Or, |node| match node {
            Node::Or(all) => Some(all),
            _ => None,
        })
    }
}

impl Not for Term {
    type Output = Term;
    fn not(self) -> Term {
        Node::Not(self).into()
    }
}

/// `a & b & c` is one list.
fn flat(
    mut left: Term,
    right: Term,
    node: fn(Vec<Term>) -> Node,
    list: fn(&mut Node) -> Option<&mut Vec<Term>>,
) -> Term {
    if let Term::Node(node) = &mut left
        && let Some(all) = list(node)
        && right.fits_inside()
    {
        all.push(right);
        return left;
    }
    node(vec![left, right]).into()
}
