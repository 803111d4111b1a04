//! Lookups, transforms and functions of the types that PostgreSQL alone has, by their names.

use super::{
    Term,
    literal::called,
    scope::{Built, Scope, bad},
    term::Node,
};
use crate::{
    Kind, PgKind, Result, Value,
    query::postgres::headline_option,
    tree::{Expr, Function, PgFunction, Weight},
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
    ("elements", PgFunction::Elements, On::Arrays),
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
            let words = if left.kind == Kind::Text { words_of(left.expr) } else { left.expr };
            let query = match right.kind {
                QUERY => right.expr,
                _ => of(PgFunction::PlainQuery, vec![right.expr]),
            };
            vec![words, query]
        }
        _ => vec![left.expr, right.expr],
    };
    Ok(of(function, arguments))
}

/// The functions of full text search, and how alike texts are.
pub(super) const FUNCTIONS: [&str; 14] = [
    "search_vector",
    "search_weight",
    "search_together",
    "search_query",
    "search_and",
    "search_or",
    "search_not",
    "search_then",
    "search_rank",
    "search_rank_cover",
    "search_headline",
    "similarity",
    "word_similarity",
    "strict_word_similarity",
];

/// The functions by name; `None` when there is none of this name.
pub(super) fn call(scope: &Scope<'_>, name: &str, arguments: &[Term]) -> Option<Result<Built>> {
    FUNCTIONS.contains(&name).then(|| {
        let call = Call { scope, name, arguments };
        call.built()
    })
}

/// A function with its arguments.
struct Call<'c> {
    scope: &'c Scope<'c>,
    name: &'c str,
    arguments: &'c [Term],
}

const VECTOR: Kind = Kind::Postgres(&PgKind::SearchVector);
const QUERY: Kind = Kind::Postgres(&PgKind::SearchQuery);

impl Call<'_> {
    fn built(&self) -> Result<Built> {
        let all = |kind| {
            let one = |term| if kind == QUERY { self.query(term) } else { self.of(term, kind) };
            self.arguments.iter().map(one).collect::<Result<Vec<Expr>>>()
        };
        let two = |function, kind| match self.arguments {
            [_, _] => give(function, all(kind)?),
            _ => Err(self.wrong()),
        };
        match (self.name, self.arguments) {
            ("search_vector", [config, texts @ ..]) if !texts.is_empty() => {
                let texts = texts.iter().map(|text| Ok(self.scope.term(text, Some(Kind::Text))?.expr));
                let texts = Expr::Call(Function::Postgres(PgFunction::Words), texts.collect::<Result<_>>()?);
                give(PgFunction::SearchVector, self.config(config)?.into_iter().chain([texts]).collect())
            }
            ("search_weight", [words, weight]) => {
                let weight = match self.plain(weight)? {
                    "A" => Weight::A,
                    "B" => Weight::B,
                    "C" => Weight::C,
                    "D" => Weight::D,
                    _ => return Err(bad("a weight is `A`, `B`, `C` or `D`")),
                };
                give(PgFunction::Weighted(weight), vec![self.of(words, VECTOR)?])
            }
            ("search_together", [_, ..]) => give(PgFunction::Together, all(VECTOR)?),
            ("search_query", [config, how, text]) => {
                let function = match self.plain(how)? {
                    "plain" => PgFunction::PlainQuery,
                    "phrase" => PgFunction::PhraseQuery,
                    "raw" => PgFunction::RawQuery,
                    "websearch" => PgFunction::WebQuery,
                    _ => return Err(bad("a search query is `plain`, `phrase`, `raw` or `websearch`")),
                };
                let text = self.of(text, Kind::Text)?;
                give(function, self.config(config)?.into_iter().chain([text]).collect())
            }
            ("search_and", [_, ..]) => give(PgFunction::BothQueries, all(QUERY)?),
            ("search_or", [_, ..]) => give(PgFunction::EitherQuery, all(QUERY)?),
            ("search_not", [_]) => give(PgFunction::OtherThanQuery, all(QUERY)?),
            ("search_then", _) => two(PgFunction::ThenQuery, QUERY),
            ("search_rank" | "search_rank_cover", [words, query, rest @ ..]) if rest.len() < 2 => {
                let function = match self.name {
                    "search_rank" => PgFunction::Rank,
                    _ => PgFunction::RankCover,
                };
                let mut all = vec![self.words(words)?, self.query(query)?];
                if let Some(term) = rest.first() {
                    let number = if let Term::Value(number) = term { number.as_u64() } else { None };
                    let number = number.and_then(|number| i32::try_from(number).ok()).filter(|number| *number < 64);
                    all.push(Expr::Value(Value::I32(number.ok_or_else(|| bad("a rank is normalized by 0 to 63"))?)));
                }
                give(function, all)
            }
            ("search_headline", [config, text, query, rest @ ..]) if rest.len() < 2 => {
                let (text, query) = (self.of(text, Kind::Text)?, self.query(query)?);
                let options = rest.first().map(options).transpose()?;
                let all = self.config(config)?.into_iter().chain([text, query]).chain(options);
                give(PgFunction::Headline, all.collect())
            }
            ("similarity", _) => two(PgFunction::Similarity, Kind::Text),
            ("word_similarity", _) => two(PgFunction::WordSimilarity, Kind::Text),
            ("strict_word_similarity", _) => two(PgFunction::StrictWordSimilarity, Kind::Text),
            _ => Err(self.wrong()),
        }
    }

    fn wrong(&self) -> crate::Error {
        let what = format!("`{}` does not take {} arguments", self.name, self.arguments.len());
        bad(what).with_hint("what it takes stands among the functions of queries by name")
    }

    /// An argument of this kind.
    fn of(&self, term: &Term, kind: Kind) -> Result<Expr> {
        let built = self.scope.term(term, Some(kind))?;
        match built.kind == kind {
            true => Ok(built.expr),
            false => Err(bad(format!("`{}` takes {}, and {} is given", self.name, called(kind), called(built.kind)))),
        }
    }

    /// A search query; a plain text asks for all its words.
    fn query(&self, term: &Term) -> Result<Expr> {
        match term {
            Term::Value(Json::String(_)) => {
                let text = self.of(term, Kind::Text)?;
                Ok(Expr::Call(Function::Postgres(PgFunction::PlainQuery), vec![text]))
            }
            Term::Value(_) => Err(bad(format!("`{}` takes a search query", self.name))),
            other => self.of(other, QUERY),
        }
    }

    /// The words of an argument: those of a text are found first.
    fn words(&self, term: &Term) -> Result<Expr> {
        let built = self.scope.term(term, None)?;
        match built.kind {
            VECTOR => Ok(built.expr),
            Kind::Text => Ok(words_of(built.expr)),
            other => Err(bad(format!("`{}` takes words, and {} is given", self.name, called(other)))),
        }
    }

    fn plain<'t>(&self, term: &'t Term) -> Result<&'t str> {
        match term {
            Term::Value(Json::String(text)) => Ok(text),
            _ => Err(bad(format!("`{}` takes a plain text there", self.name))),
        }
    }

    /// The configuration of a search, by its name; none where it is null.
    fn config(&self, term: &Term) -> Result<Option<Expr>> {
        if *term == Term::Value(Json::Null) {
            return Ok(None);
        }
        let name = Expr::Value(Value::Text(self.plain(term)?.to_owned()));
        Ok(Some(Expr::Call(Function::Postgres(PgFunction::Config), vec![name])))
    }
}

fn give(function: PgFunction, arguments: Vec<Expr>) -> Result<Built> {
    let kind = function.gives(None).unwrap_or(Kind::Text);
    Ok(Built::new(Expr::Call(Function::Postgres(function), arguments), kind))
}

/// The words of a text.
fn words_of(text: Expr) -> Expr {
    let of = |function, arguments| Expr::Call(Function::Postgres(function), arguments);
    of(PgFunction::SearchVector, vec![of(PgFunction::Words, vec![text])])
}

/// What a headline looks like, as the database takes it.
const OPTIONS: [(&str, &str); 8] = [
    ("before", "StartSel"),
    ("behind", "StopSel"),
    ("least_words", "MinWords"),
    ("most_words", "MaxWords"),
    ("short_word", "ShortWord"),
    ("whole", "HighlightAll"),
    ("fragments", "MaxFragments"),
    ("between", "FragmentDelimiter"),
];

fn options(term: &Term) -> Result<Expr> {
    let document = plain(term);
    let Some(Json::Object(given)) = document else { return Err(bad("the options of a headline are a document")) };
    let mut all = Vec::new();
    for (name, value) in given {
        let Some((_, own)) = OPTIONS.iter().find(|(known, _)| *known == name) else {
            return Err(super::names::unknown("an option of a headline", &name, OPTIONS.iter().map(|(name, _)| *name)));
        };
        let value = match value {
            Json::String(text) => text,
            Json::Number(number) => number.to_string(),
            Json::Bool(truth) => truth.to_string(),
            _ => return Err(bad("an option of a headline is a text, a number or a truth value")),
        };
        all.push(headline_option(own, &value));
    }
    Ok(Expr::Value(Value::Text(all.join(","))))
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
