//! Lookups: conditions by their names.

use super::{
    Query, Term, functions, json, literal,
    literal::{Family, called, family},
    names, postgres,
    postgres::On,
    scope::{Built, Scope, bad},
    select,
};
use crate::{
    Code, Error, Kind, PgKind, Result, Value,
    query::kind_of_column,
    tree::{BinaryOp, Expr, Like, ModelRef, PgFunction, Select},
};
use serde_json::Value as Json;

/// What a lookup asks.
#[derive(Clone, Copy)]
enum Lookup {
    Exact,
    Other,
    Compare(BinaryOp),
    In,
    Range,
    IsNull,
    Same,
    JsonNull,
    Text(Like, bool),
    Regex(bool),
    /// One of PostgreSQL's types alone.
    Own(&'static str, PgFunction, On),
}

const LOOKUPS: &[(&str, Lookup)] = &[
    ("exact", Lookup::Exact),
    ("ne", Lookup::Other),
    ("gt", Lookup::Compare(BinaryOp::Gt)),
    ("gte", Lookup::Compare(BinaryOp::Ge)),
    ("lt", Lookup::Compare(BinaryOp::Lt)),
    ("lte", Lookup::Compare(BinaryOp::Le)),
    ("in", Lookup::In),
    ("range", Lookup::Range),
    ("isnull", Lookup::IsNull),
    ("same", Lookup::Same),
    ("is_json_null", Lookup::JsonNull),
    ("iexact", Lookup::Text(Like::Whole, true)),
    ("contains", Lookup::Text(Like::Contains, false)),
    ("icontains", Lookup::Text(Like::Contains, true)),
    ("startswith", Lookup::Text(Like::StartsWith, false)),
    ("istartswith", Lookup::Text(Like::StartsWith, true)),
    ("endswith", Lookup::Text(Like::EndsWith, false)),
    ("iendswith", Lookup::Text(Like::EndsWith, true)),
    ("like", Lookup::Text(Like::Pattern, false)),
    ("regex", Lookup::Regex(false)),
    ("iregex", Lookup::Regex(true)),
];

fn find(name: &str) -> Option<Lookup> {
    let own = || postgres::LOOKUPS.iter().find(|(known, ..)| *known == name);
    let common = LOOKUPS.iter().find(|(known, _)| *known == name).map(|(_, lookup)| *lookup);
    common.or_else(|| own().map(|(name, function, on)| Lookup::Own(name, *function, *on)))
}

/// Whether a name is that of a lookup or a transform.
pub(super) fn is_known(name: &str) -> bool {
    find(name).is_some() || functions::is_transform(name) || postgres::transforms().any(|known| known == name)
}

/// The names of lookups and transforms.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let own = postgres::LOOKUPS.iter().map(|(name, ..)| *name);
    LOOKUPS.iter().map(|(name, _)| *name).chain(functions::transforms()).chain(own).chain(postgres::transforms())
}

/// Where the value of a lookup stands: a query, and how many queries deeper its value is used.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    scope: &'p Scope<'p>,
    levels: u8,
}

impl Place<'_> {
    pub(super) fn value(self, term: &Term, kind: Kind) -> Result<Built> {
        let built = self.scope.term(term, Some(kind))?;
        Ok(built.outer(self.levels))
    }

    /// The columns of a key of several that a term leads to.
    fn key(self, term: &Term) -> Result<Option<Vec<Built>>> {
        let parts = self.scope.key_of(term)?;
        Ok(parts.map(|parts| parts.into_iter().map(|built| built.outer(self.levels)).collect()))
    }
}

/// The condition that transforms and a lookup make of a value; `rest` are their names.
pub(super) fn apply(
    scope: &Scope<'_>,
    left: Built,
    rest: &[&str],
    value: &Term,
    of: &Scope<'_>,
    levels: u8,
) -> Result<Expr> {
    let (lookup, transforms) = match rest.split_last() {
        Some((last, before)) => match find(last) {
            Some(lookup) => (lookup, before),
            None => (Lookup::Exact, rest),
        },
        None => (Lookup::Exact, rest),
    };
    let left = transforms.iter().try_fold(left, |built, part| functions::transform(scope, built, part))?;
    let place = Place { scope: of, levels };
    match lookup {
        Lookup::Exact => exact(left, value, place),
        Lookup::Other => Ok(Expr::Not(Box::new(exact(left, value, place)?))),
        Lookup::Same => {
            let right = place.value(value, left.kind)?;
            Ok(compare(left, BinaryOp::Is, right)?)
        }
        Lookup::Compare(op) => {
            let left = if left.kind == Kind::Json { json::ordered(left, value)? } else { left };
            let right = place.value(value, left.kind)?;
            refuse_null(&right)?;
            compare(left, op, right)
        }
        Lookup::In => is_in(left, value, place),
        Lookup::Range => {
            let Term::List(ends) = value else { return Err(bad("`range` needs a list of two")) };
            let [low, high] = &ends[..] else { return Err(bad("`range` needs a list of two")) };
            let left = if left.kind == Kind::Json { json::ordered(left, low)? } else { left };
            let (low, high) = (place.value(low, left.kind)?, place.value(high, left.kind)?);
            refuse_null(&low)?;
            refuse_null(&high)?;
            Ok(compare(left.clone(), BinaryOp::Ge, low)?.and(compare(left, BinaryOp::Le, high)?))
        }
        Lookup::IsNull => {
            let null = Expr::IsNull(Box::new(left.expr));
            Ok(if truth(value)? { null } else { Expr::Not(Box::new(null)) })
        }
        Lookup::JsonNull => json::is_null(left, truth(value)?),
        Lookup::Text(Like::Contains, false) if left.kind == Kind::Json => {
            json::lookup("contains", PgFunction::Contains, left, value, place)
        }
        Lookup::Own(name, function, _) if left.kind == Kind::Json => json::lookup(name, function, left, value, place),
        Lookup::Text(Like::Contains, false) if matches!(left.family(), Family::Postgres(_)) => {
            own("contains", PgFunction::Contains, On::Holders, left, value, place)
        }
        Lookup::Own(name, function, on) => own(name, function, on, left, value, place),
        Lookup::Text(like, fold) => {
            let (left, right) = texts(left, value, place)?;
            if let (Expr::Value(Value::Null(_)), Like::Whole) = (&right.expr, like) {
                return Ok(Expr::IsNull(Box::new(left.expr)));
            }
            refuse_null(&right)?;
            if like == Like::Pattern && !matches!(right.expr, Expr::Value(_)) {
                return Err(bad("a pattern of `like` is a text, not a field"));
            }
            Ok(Expr::Like { on: Box::new(left.expr), pattern: Box::new(right.expr), like, fold })
        }
        Lookup::Regex(fold) => {
            scope.budget.regex()?;
            let (left, right) = texts(left, value, place)?;
            refuse_null(&right)?;
            Ok(Expr::Regex { on: Box::new(left.expr), pattern: Box::new(right.expr), fold })
        }
    }
}

/// A lookup of PostgreSQL's types.
fn own(name: &str, function: PgFunction, on: On, left: Built, value: &Term, place: Place<'_>) -> Result<Expr> {
    let kind = postgres::beside(function, left.kind, value);
    let right = place.value(value, kind)?;
    refuse_null(&right)?;
    let is_query = function == PgFunction::Matches && right.kind == Kind::Postgres(&PgKind::SearchQuery);
    if right.family() != family(kind) && !is_query {
        return Err(bad(format!("`{name}` needs {} there, and {} is given", called(kind), called(right.kind))));
    }
    postgres::condition(name, function, on, left, right)
}

/// `isnull` takes true or false.
pub(super) fn truth(value: &Term) -> Result<bool> {
    match value {
        Term::Value(Json::Bool(truth)) => Ok(*truth),
        _ => Err(Error::new(Code::InvalidValue, "`isnull` is given neither true nor false")),
    }
}

fn refuse_null(built: &Built) -> Result<()> {
    match &built.expr {
        Expr::Value(value) if value.is_null() => {
            Err(bad("nothing is less, more or alike NULL").with_hint("ask by `isnull`"))
        }
        _ => Ok(()),
    }
}

fn compare(left: Built, op: BinaryOp, right: Built) -> Result<Expr> {
    let (left, right) = json::alike(left, right);
    let (left, right) = moments(left, right);
    if left.family() == Family::Json && !matches!(op, BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Is) {
        return Err(json::unordered());
    }
    if left.family() != right.family() {
        return Err(bad(format!("{} is compared with {}", called(left.kind), called(right.kind)))
            .with_hint("make both of one kind by `cast`"));
    }
    Ok(left.expr.binary(op, right.expr))
}

/// Both sides, where one is a day and the other a moment: a day is its beginning.
fn moments(left: Built, right: Built) -> (Built, Built) {
    let begin = |day: Built, kind| Built::new(Expr::Cast(Box::new(day.expr), kind), kind);
    match (left.family(), right.family()) {
        (Family::Date, Family::DateTime) => (begin(left, right.kind), right),
        (Family::DateTime, Family::Date) => {
            let kind = left.kind;
            (left, begin(right, kind))
        }
        _ => (left, right),
    }
}

fn exact(left: Built, value: &Term, place: Place<'_>) -> Result<Expr> {
    let right = place.value(value, left.kind)?;
    match &right.expr {
        Expr::Value(value) if value.is_null() => Ok(Expr::IsNull(Box::new(left.expr))),
        _ => compare(left, BinaryOp::Eq, right),
    }
}

fn texts(left: Built, value: &Term, place: Place<'_>) -> Result<(Built, Built)> {
    let right = json::beside(place.value(value, Kind::Text)?, Family::Text);
    let left = json::text(left);
    for side in [&left, &right] {
        if side.family() != Family::Text {
            return Err(bad(format!("a text lookup is made on {}", called(side.kind)))
                .with_hint("text lookups are for texts; numbers become one by `cast`"));
        }
    }
    Ok((left, right))
}

fn is_in(left: Built, value: &Term, place: Place<'_>) -> Result<Expr> {
    match value {
        Term::List(items) => one_of(left, items, place),
        term => {
            let query = term.query().ok_or_else(|| bad("`in` needs a list or a query"))?;
            let (select, row) = select::inner_keys(place.scope, query, std::slice::from_ref(&left.expr))?;
            match &row[..] {
                [one] if one.family() == left.family() => Ok(in_query(vec![left.expr], select, place.levels)),
                [one] => Err(bad(format!("{} is looked for among {}", called(left.kind), called(one.kind)))),
                _ => Err(bad(format!("a query after `in` selects one value, and this one {}", row.len()))),
            }
        }
    }
}

/// Plain values are one bind; NULL and terms are compared apart, as `exact` does.
fn one_of(left: Built, items: &[Term], place: Place<'_>) -> Result<Expr> {
    let (mut values, mut others) = (Vec::new(), Vec::new());
    let mut kind = left.kind;
    for item in items {
        let right = place.value(item, left.kind)?;
        match right.expr {
            Expr::Value(value) if value.is_null() => {
                let null = Expr::IsNull(Box::new(left.expr.clone()));
                if !others.contains(&null) {
                    others.push(null);
                }
            }
            // Documents are equal however they are written: each is compared for itself.
            Expr::Value(value) if value.kind() == left.kind && left.kind != Kind::Json => values.push(value),
            // Too large for the column: all of them become so large.
            Expr::Value(value @ Value::I64(_)) if matches!(left.kind, Kind::I16 | Kind::I32) => {
                kind = Kind::I64;
                values.push(value);
            }
            expr => others.push(compare(left.clone(), BinaryOp::Eq, Built { expr, ..right })?),
        }
    }
    if kind != left.kind {
        values = values.into_iter().map(large).collect();
    }
    if !values.is_empty() {
        others.insert(0, Expr::In(Box::new(left.expr), Value::list(kind, values)));
    }
    Ok(match others.len() {
        1 => others.remove(0),
        _ => Expr::Or(others),
    })
}

fn large(value: Value) -> Value {
    match value {
        Value::I16(it) => Value::I64(it.into()),
        Value::I32(it) => Value::I64(it.into()),
        value => value,
    }
}

/// One of the rows of a query that was built `levels` queries further out.
fn in_query(left: Vec<Expr>, mut select: Select, levels: u8) -> Expr {
    if select.empty {
        return Expr::Or(Vec::new());
    }
    further_out(&mut select, levels);
    Expr::InQuery(left, Box::new(select))
}

/// A query that was built `levels` queries further out than it stands.
fn further_out(select: &mut Select, levels: u8) {
    select.update(0, &mut |expr, depth| {
        if let Expr::Outer(out, _) = expr
            && depth <= 0
            && depth + i32::from(*out) > 0
        {
            *out += levels;
        }
    });
}

/// A lookup on a key of several columns.
pub(super) fn on_key(
    key: Vec<Expr>,
    model: &ModelRef,
    rest: &[&str],
    value: &Term,
    of: &Scope<'_>,
    levels: u8,
) -> Result<Expr> {
    let place = Place { scope: of, levels };
    let kinds: Vec<Kind> = key.iter().map(kind_of_column).collect();
    let lookup = match rest {
        [] => Lookup::Exact,
        [one] => find(one).ok_or_else(|| names::unknown("a lookup", one, names()))?,
        [one, ..] => return Err(names::unknown("a lookup", one, names())),
    };
    let values = |term: &Term| -> Result<Vec<Expr>> {
        let parts = match term {
            Term::List(parts) if parts.len() == key.len() => {
                parts.iter().zip(&kinds).map(|(part, &kind)| place.value(part, kind)).collect::<Result<_>>()?
            }
            term => place.key(term)?.filter(|parts| parts.len() == key.len()).ok_or_else(|| parts_wanted(model))?,
        };
        let values = parts.into_iter().zip(&kinds).map(|(built, &kind)| {
            refuse_null(&built)?;
            match built.family() == family(kind) {
                true => Ok(built.expr),
                false => Err(bad(format!("{} is compared with {}", called(kind), called(built.kind)))),
            }
        });
        values.collect()
    };
    let fits = |row: &[Built]| {
        row.len() == kinds.len() && row.iter().zip(&kinds).all(|(built, &kind)| built.family() == family(kind))
    };
    // Beside the one row of a query.
    let beside = |op: BinaryOp, query: &Query| -> Result<Expr> {
        let (mut select, row) = select::inner_keys(of, query, &key)?;
        if !fits(&row) {
            return Err(parts_wanted(model));
        }
        if select.empty {
            return Ok(Expr::Or(Vec::new()));
        }
        select.limit = Some(select.limit.map_or(1, |limit| limit.min(1)));
        further_out(&mut select, levels);
        Ok(Expr::Row(key.clone()).binary(op, Expr::Scalar(Box::new(select))))
    };
    let compared = |op: BinaryOp| match (value.query(), op) {
        (Some(query), op) => beside(op, query),
        (None, BinaryOp::Eq) => Ok(Expr::same_key(key.iter().cloned(), values(value)?)),
        (None, op) => Ok(Expr::ordered_key(&key, op, &values(value)?)),
    };
    let equal = |values: Vec<Expr>| Expr::same_key(key.iter().cloned(), values);
    match lookup {
        Lookup::Exact if matches!(value, Term::Value(Json::Null)) => Ok(Expr::no_key(key)),
        Lookup::Exact => compared(BinaryOp::Eq),
        Lookup::Other => Ok(Expr::Not(Box::new(compared(BinaryOp::Eq)?))),
        Lookup::IsNull if truth(value)? => Ok(Expr::no_key(key)),
        Lookup::IsNull => Ok(Expr::Not(Box::new(Expr::no_key(key)))),
        Lookup::Compare(op) => compared(op),
        Lookup::In => match value {
            Term::List(items) => {
                let rows = items.iter().map(values).collect::<Result<Vec<_>>>()?;
                Ok(plain_rows(&rows, &kinds).map_or_else(
                    || Expr::Or(rows.into_iter().map(equal).collect()),
                    |plain| Expr::one_of_keys(key.clone(), kinds[0], plain),
                ))
            }
            term => {
                let Some(query) = term.query() else { return Err(parts_wanted(model)) };
                let (select, row) = select::inner_keys(of, query, &key)?;
                if fits(&row) { Ok(in_query(key, select, levels)) } else { Err(parts_wanted(model)) }
            }
        },
        _ => Err(bad(format!("the key of `{}` has several columns and no such lookup", model.label()))),
    }
}

/// The values of rows, one after the other, when all are plain and of the columns' kinds.
fn plain_rows(rows: &[Vec<Expr>], kinds: &[Kind]) -> Option<Vec<Value>> {
    let parts = rows.iter().flat_map(|row| row.iter().zip(kinds));
    let plain = parts.map(|(part, &kind)| match part {
        Expr::Value(value) if value.kind() == kind => Some(value.clone()),
        _ => None,
    });
    plain.collect()
}

fn parts_wanted(model: &ModelRef) -> Error {
    let what = format!("the key of `{}` has {} columns", model.label(), model.key.len());
    Error::new(Code::InvalidValue, what)
        .with_hint(
            "give a list with a value for each, a path or `outer` that leads to such a key, or a query; after `in`, a list of such lists, or a query",
        )
}

/// What a lookup's name is not.
pub(super) fn unknown(scope: &Scope<'_>, name: &str, kind: Kind) -> Error {
    let known: Vec<&str> = names().map(|name| -> &str { name }).chain(scope.catalog.transforms()).collect();
    names::unknown(&format!("a lookup on {}", literal::called(kind)), name, known)
}
