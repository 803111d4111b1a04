//! JSON documents by name: ways into them, and lookups on what lies there.

use super::{
    Term, functions,
    literal::{Family, called},
    lookups::Place,
    postgres,
    scope::{Built, Scope, bad},
};
use crate::{
    Kind, Result, Value,
    tree::{Expr, Function, PgFunction, Selected, conversion},
};
use serde_json::Value as Json;

/// One step further into a document: a number is a place in a list, below 0 from its end, and any other name a key.
pub(super) fn step(document: Built, name: &str) -> Built {
    let digits = name.strip_prefix('-').unwrap_or(name);
    let is_place = digits.bytes().all(|byte| byte.is_ascii_digit()) && name != "-0";
    let step = match name.parse::<i32>() {
        Ok(place) if is_place => Value::I32(place),
        _ => Value::Text(name.to_owned()),
    };
    into(document, step)
}

fn into(document: Built, step: Value) -> Built {
    let step = Expr::Value(step);
    let expr = match document.expr {
        Expr::Call(Function::JsonGet, mut path) => {
            path.push(step);
            Expr::Call(Function::JsonGet, path)
        }
        expr => Expr::Call(Function::JsonGet, vec![expr, step]),
    };
    Built::new(expr, Kind::Json)
}

/// `json_get`: a document, then keys and places.
pub(super) fn get(scope: &Scope<'_>, arguments: &[Term]) -> Result<Built> {
    let Some((document, steps)) = arguments.split_first() else {
        return Err(bad("`json_get` takes a document, and keys or places in it"));
    };
    let document = scope.term(document, Some(Kind::Json))?;
    if document.kind != Kind::Json {
        return Err(bad(format!("`json_get` takes a JSON document, and {} is given", called(document.kind))));
    }
    steps.iter().try_fold(document, |document, step| match step {
        Term::Value(Json::String(key)) => Ok(into(document, Value::Text(key.clone()))),
        Term::Value(Json::Number(place)) => {
            let place = place.as_i64().and_then(|place| i32::try_from(place).ok()).filter(|place| *place >= 0);
            match place {
                Some(place) => Ok(into(document, Value::I32(place))),
                None => Err(bad("a place in a JSON list is a number from 0 on")
                    .with_hint("in a path, `data__-1` is the last of a list")),
            }
        }
        _ => Err(bad("a step into a JSON document is a text or a number")),
    })
}

/// `json_array`: a list of values.
pub(super) fn list_of(scope: &Scope<'_>, arguments: &[Term]) -> Result<Built> {
    let parts = arguments.iter().map(|term| part(scope, "json_array", term)).collect::<Result<_>>()?;
    Ok(Built::new(Expr::Call(Function::JsonArray, parts), Kind::Json))
}

/// `json_object`: keys, which are plain texts, and values in turn.
pub(super) fn object_of(scope: &Scope<'_>, arguments: &[Term]) -> Result<Built> {
    let mut parts = Vec::with_capacity(arguments.len());
    for pair in arguments.chunks(2) {
        let [Term::Value(Json::String(key)), value] = pair else {
            return Err(bad("`json_object` takes plain texts and values in turn"));
        };
        if parts.iter().step_by(2).any(|known| *known == Expr::Value(Value::Text(key.clone()))) {
            return Err(bad("a key of `json_object` stands there twice"));
        }
        parts.push(Expr::Value(Value::Text(key.clone())));
        parts.push(part(scope, "json_object", value)?);
    }
    Ok(Built::new(Expr::Call(Function::JsonObject, parts), Kind::Json))
}

/// A value as part of a document.
fn part(scope: &Scope<'_>, name: &str, term: &Term) -> Result<Expr> {
    let built = match term {
        Term::Value(Json::Null) => Built::new(Expr::Value(Value::Null(Kind::Text)), Kind::Text),
        term => scope.term(term, None)?.selected(),
    };
    match built.family() {
        Family::Bytes | Family::Duration | Family::Uuid | Family::Ip | Family::Postgres(_) => {
            Err(bad(format!("`{name}` has no place for {}", called(built.kind))).with_hint("make it a text"))
        }
        _ => Ok(built.expr),
    }
}

/// A value inside a document beside one of SQL: as what the other is.
pub(super) fn beside(document: Built, other: Family) -> Built {
    let (function, kind) = match other {
        Family::Text => (Function::JsonText, Kind::Text),
        Family::Number => (Function::JsonFloat, Kind::F64),
        Family::Bool => (Function::JsonBool, Kind::Bool),
        _ => return document,
    };
    match document.kind {
        Kind::Json => Built::new(Expr::Call(function, vec![document.expr]), kind),
        _ => document,
    }
}

/// What lookups on text are about: the text of a whole document as it is written, and what lies inside one only where it is a text.
pub(super) fn text(document: Built) -> Built {
    match document.kind {
        Kind::Json if !is_inside(&document.expr) => {
            Built::new(conversion(document.expr, Kind::Json, Kind::Text), Kind::Text)
        }
        _ => beside(document, Family::Text),
    }
}

/// Whether it is what lies inside a document, wherever that is read.
fn is_inside(expr: &Expr) -> bool {
    match expr {
        Expr::Call(Function::JsonGet | Function::JsonElements, _) => true,
        Expr::Call(Function::Coalesce | Function::NullIf, parts) => parts.iter().any(is_inside),
        Expr::Derived { of: inner, .. } | Expr::Outer(_, inner) => is_inside(inner),
        Expr::Case { branches, otherwise } => {
            branches.iter().map(|(_, then)| then).chain(otherwise.as_deref()).any(is_inside)
        }
        Expr::Scalar(select) => matches!(&select.selection[..], [Selected::Expr(one)] if is_inside(one)),
        _ => false,
    }
}

/// A document and what it is compared with by size: numbers and texts have an order.
pub(super) fn ordered(document: Built, value: &Term) -> Result<Built> {
    match value {
        Term::Value(Json::Number(_)) => Ok(beside(document, Family::Number)),
        Term::Value(Json::String(_)) => Ok(beside(document, Family::Text)),
        Term::Value(_) | Term::List(_) => Err(unordered()),
        Term::Node(_) => Ok(document),
    }
}

pub(super) fn unordered() -> crate::Error {
    bad("JSON documents have no order").with_hint("compare a number or a text inside: `json_float`, `json_text`")
}

/// A written list is a document where one is expected.
pub(super) fn written(term: &Term) -> Option<Json> {
    match term {
        Term::List(_) => postgres::plain(term),
        _ => None,
    }
}

/// A lookup that PostgreSQL's types share their name of with documents.
pub(super) fn lookup(name: &str, function: PgFunction, on: Built, value: &Term, place: Place<'_>) -> Result<Expr> {
    let has = |key: &str| {
        let key = Expr::Value(Value::Text(key.to_owned()));
        Expr::Call(Function::JsonHasKey, vec![on.expr.clone(), key])
    };
    let keys = || match value {
        Term::List(keys) => keys.iter().map(|key| Ok(has(plain_text(name, key)?))).collect::<Result<Vec<_>>>(),
        _ => Err(bad(format!("`{name}` takes a list of texts"))),
    };
    match function {
        PgFunction::HasKey => Ok(has(plain_text(name, value)?)),
        PgFunction::HasKeys => Ok(Expr::And(keys()?)),
        PgFunction::HasAnyKeys => Ok(Expr::Or(keys()?)),
        PgFunction::Contains => contains(on.expr, document(value, place)?),
        PgFunction::ContainedBy => contains(document(value, place)?, on.expr),
        _ => Err(bad(format!("`{name}` is not for JSON documents"))),
    }
}

fn contains(whole: Expr, part: Expr) -> Result<Expr> {
    Ok(Expr::Call(Function::JsonContains, vec![whole, part]))
}

fn plain_text<'t>(name: &str, term: &'t Term) -> Result<&'t str> {
    match term {
        Term::Value(Json::String(key)) => Ok(key),
        _ => Err(bad(format!("`{name}` takes a text"))),
    }
}

fn document(value: &Term, place: Place<'_>) -> Result<Expr> {
    let built = place.value(value, Kind::Json)?;
    match (&built.expr, built.kind) {
        (Expr::Value(value), _) if value.is_null() => Err(bad("NULL of SQL contains nothing")),
        (_, Kind::Json) => Ok(built.expr),
        (_, kind) => Err(bad(format!("a JSON document is needed, and {} is given", called(kind)))),
    }
}

/// Whether a document is `null`, which is there, unlike NULL of SQL.
pub(super) fn is_null(on: Built, truth: bool) -> Result<Expr> {
    if on.kind != Kind::Json {
        return Err(bad(format!("`is_json_null` is for JSON documents, and {} is given", called(on.kind))));
    }
    let null = Expr::Call(Function::JsonIsNull, vec![on.expr]);
    Ok(if truth { null } else { Expr::Not(Box::new(null)) })
}

/// Both sides of a comparison, where one is a document and the other is not.
pub(super) fn alike(left: Built, right: Built) -> (Built, Built) {
    let (one, two) = (left.family(), right.family());
    match (one, two) {
        (Family::Json, Family::Json) => (left, right),
        (Family::Json, other) => (beside(left, other), functions::as_float(right)),
        (other, Family::Json) => (functions::as_float(left), beside(right, other)),
        _ => (left, right),
    }
}
