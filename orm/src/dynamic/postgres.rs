//! Lookups and transforms of the types that PostgreSQL alone has, by their names.

use super::{
    Term,
    literal::called,
    scope::{Built, bad},
    term::Node,
};
use crate::{
    Kind, PgKind, Result, Value,
    tree::{Expr, Function, PgFunction},
};
use serde_json::Value as Json;

/// What a lookup or transform is for.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum On {
    Arrays,
    Ranges,
    HStore,
    Text,
    /// What `@>` and its like are for.
    Holders,
    /// What `&&` is for.
    Overlapping,
    /// What words are searched in.
    Words,
}

impl On {
    fn fits(self, kind: Kind) -> bool {
        let (array, range) = match kind {
            Kind::Postgres(own) => (matches!(own, PgKind::Array(_)), matches!(own, PgKind::Range(_))),
            _ => (false, false),
        };
        let hstore = kind == Kind::Postgres(&PgKind::HStore);
        match self {
            On::Arrays => array,
            On::Ranges => range,
            On::HStore => hstore,
            On::Text => kind == Kind::Text,
            On::Holders => array || range || hstore,
            On::Overlapping => array || range,
            On::Words => kind == Kind::Text || kind == Kind::Postgres(&PgKind::SearchVector),
        }
    }

    fn called(self) -> &'static str {
        match self {
            On::Arrays => "arrays",
            On::Ranges => "ranges",
            On::HStore => "hstore",
            On::Text => "texts",
            On::Holders => "arrays, ranges and hstore",
            On::Overlapping => "arrays and ranges",
            On::Words => "texts and search vectors",
        }
    }
}

/// The lookups, with what they are for.
pub(super) const LOOKUPS: &[(&str, PgFunction, On)] = &[
    ("contained_by", PgFunction::ContainedBy, On::Holders),
    ("overlap", PgFunction::Overlap, On::Overlapping),
    ("any_eq", PgFunction::ArrayHas, On::Arrays),
    ("contains_value", PgFunction::Contains, On::Ranges),
    ("fully_lt", PgFunction::FullyLess, On::Ranges),
    ("fully_gt", PgFunction::FullyGreater, On::Ranges),
    ("not_lt", PgFunction::NotLess, On::Ranges),
    ("not_gt", PgFunction::NotGreater, On::Ranges),
    ("adjacent_to", PgFunction::Adjacent, On::Ranges),
    ("has_key", PgFunction::HasKey, On::HStore),
    ("has_keys", PgFunction::HasKeys, On::HStore),
    ("has_any_keys", PgFunction::HasAnyKeys, On::HStore),
    ("search", PgFunction::Matches, On::Words),
    ("trigram_similar", PgFunction::Similar, On::Text),
    ("trigram_word_similar", PgFunction::WordSimilar, On::Text),
    ("trigram_strict_word_similar", PgFunction::StrictWordSimilar, On::Text),
];

/// The transforms, with what they are for.
const TRANSFORMS: &[(&str, PgFunction, On)] = &[
    ("len", PgFunction::ArrayLength, On::Arrays),
    ("start", PgFunction::RangeStart, On::Ranges),
    ("end", PgFunction::RangeEnd, On::Ranges),
    ("isempty", PgFunction::RangeIsEmpty, On::Ranges),
    ("lower_inc", PgFunction::StartIncluded, On::Ranges),
    ("upper_inc", PgFunction::EndIncluded, On::Ranges),
    ("lower_inf", PgFunction::StartUnbounded, On::Ranges),
    ("upper_inf", PgFunction::EndUnbounded, On::Ranges),
    ("keys", PgFunction::HStoreKeys, On::HStore),
    ("values", PgFunction::HStoreValues, On::HStore),
    ("unaccent", PgFunction::Unaccent, On::Text),
];

pub(super) fn transforms() -> impl Iterator<Item = &'static str> {
    TRANSFORMS.iter().map(|(name, ..)| *name)
}

/// What a transform gives of a value; `None` when there is none of this name for it. A number is a place in an array, from 0, two
/// of them (`0_2`) are a part of it, and any other name is a key of an hstore.
pub(super) fn transform(built: &Built, name: &str) -> Option<Built> {
    let give = |function: PgFunction, more: Vec<Expr>| {
        let arguments = std::iter::once(built.expr.clone()).chain(more).collect();
        let kind = function.gives(Some(built.kind)).unwrap_or(Kind::Text);
        Some(Built::new(Expr::Call(Function::Postgres(function), arguments), kind))
    };
    if let Some((_, function, _)) = TRANSFORMS.iter().find(|(known, _, on)| *known == name && on.fits(built.kind)) {
        return give(*function, Vec::new());
    }
    match built.kind {
        Kind::Postgres(PgKind::Array(_)) => {
            let number = |text: &str| text.parse::<u16>().ok().map(i32::from);
            let place = |place: i32| Expr::Value(Value::I32(place));
            match name.split_once('_') {
                None => give(PgFunction::ArrayElement, vec![place(number(name)? + 1)]),
                Some((from, until)) => {
                    give(PgFunction::ArraySlice, vec![place(number(from)? + 1), place(number(until)?)])
                }
            }
        }
        Kind::Postgres(PgKind::HStore) => give(PgFunction::HStoreGet, vec![Expr::Value(Value::Text(name.to_owned()))]),
        _ => None,
    }
}

/// The kind of what stands beside a value in a lookup.
pub(super) fn beside(function: PgFunction, left: Kind, value: &Term) -> Kind {
    match (function, left) {
        (PgFunction::HasKey, _) => Kind::Text,
        (PgFunction::HasKeys | PgFunction::HasAnyKeys, _) => Kind::Postgres(&PgKind::Array(Kind::Text)),
        (PgFunction::ArrayHas, Kind::Postgres(PgKind::Array(of))) => *of,
        // One value, and no range.
        (PgFunction::Contains, Kind::Postgres(PgKind::Range(of))) if matches!(value, Term::Value(_)) => *of,
        (PgFunction::Matches, _) => Kind::Text,
        _ => left,
    }
}

/// The condition of a lookup.
pub(super) fn condition(name: &str, function: PgFunction, on: On, left: Built, right: Built) -> Result<Expr> {
    if !on.fits(left.kind) {
        return Err(bad(format!("`{name}` is for {}, and {} is given", on.called(), called(left.kind))));
    }
    let of = |function, arguments| Expr::Call(Function::Postgres(function), arguments);
    let arguments = match function {
        PgFunction::Matches => {
            let words = match left.kind {
                Kind::Text => of(PgFunction::SearchVector, vec![of(PgFunction::Words, vec![left.expr])]),
                _ => left.expr,
            };
            vec![words, of(PgFunction::PlainQuery, vec![right.expr])]
        }
        _ => vec![left.expr, right.expr],
    };
    Ok(of(function, arguments))
}

/// A written list or document as a value of one of the kinds that are written so.
pub(super) fn written(term: &Term, own: &PgKind) -> Option<Json> {
    match (own, term) {
        (PgKind::Array(_) | PgKind::Range(_), Term::List(terms)) => terms.iter().map(plain).collect(),
        (PgKind::HStore | PgKind::Range(_), Term::Node(node)) => match &**node {
            Node::Value(json) => Some(json.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// A term of nothing but plain values, as the document that it writes.
pub(super) fn plain(term: &Term) -> Option<Json> {
    match term {
        Term::Value(json) => Some(json.clone()),
        Term::Node(node) => match &**node {
            Node::Value(json) => Some(json.clone()),
            _ => None,
        },
        Term::List(terms) => terms.iter().map(plain).collect(),
    }
}
