//! Functions, transforms and aggregates by their names: what they take, and what they give.

use super::{
    Term, json, literal,
    literal::{Family, called},
    lookups, names, own, postgres,
    scope::{Built, Scope, bad},
    window,
};
use crate::{
    Error, Kind, PgKind, Result, Value,
    tree::{BinaryOp, Expr, Function, Unit},
};
use rust_decimal::prelude::ToPrimitive;
use std::f64::consts::PI;

/// What a function takes at a place.
#[derive(Clone, Copy, PartialEq)]
enum Takes {
    Text,
    /// A text, or bytes.
    Long,
    Number,
    /// A number, as a float.
    Float,
    Whole,
    /// A whole number from 0 on, as it stands.
    Count,
    Day,
    Clock,
    Instant,
    /// A JSON document.
    Json,
    /// The name of a time zone, or how far it is from UTC, as it stands.
    Zone,
    /// A name, as it stands.
    Name,
    /// How many digits after the point, or before it if less than 0, as it stands.
    Digits,
    /// A whole number of any size.
    Bits,
}

/// The most that a text is repeated or padded: a database would make it as long as it is told to.
const LONGEST: i32 = 10_000;

impl Takes {
    fn fits(self, kind: Kind) -> bool {
        match self {
            Takes::Text | Takes::Name => kind == Kind::Text,
            Takes::Long => matches!(kind, Kind::Text | Kind::Bytes),
            Takes::Number | Takes::Float => literal::family(kind) == Family::Number,
            Takes::Whole | Takes::Count | Takes::Digits | Takes::Bits => is_whole(kind),
            Takes::Day => matches!(kind, Kind::Date | Kind::Timestamp | Kind::DateTime),
            Takes::Clock => matches!(kind, Kind::Time | Kind::Timestamp | Kind::DateTime),
            Takes::Instant => matches!(kind, Kind::Timestamp | Kind::DateTime),
            Takes::Json => kind == Kind::Json,
            Takes::Zone => matches!(kind, Kind::Text | Kind::Duration),
        }
    }

    fn called(self) -> &'static str {
        match self {
            Takes::Text => "a text",
            Takes::Long => "a text or bytes",
            Takes::Number | Takes::Float => "a number",
            Takes::Whole => "a whole number",
            Takes::Count => "a whole number from 0 on",
            Takes::Day => "a date",
            Takes::Clock => "a time",
            Takes::Instant => "a date with a time",
            Takes::Json => "a JSON document",
            Takes::Zone => "a time zone",
            Takes::Name => "a name",
            Takes::Digits => "a number of digits",
            Takes::Bits => "a whole number",
        }
    }

    /// The kind of plain values there.
    fn wanted(self) -> Option<Kind> {
        match self {
            Takes::Text | Takes::Long | Takes::Name => Some(Kind::Text),
            Takes::Whole | Takes::Count | Takes::Digits => Some(Kind::I32),
            Takes::Bits => Some(Kind::I64),
            Takes::Float => Some(Kind::F64),
            Takes::Number => None,
            Takes::Day => Some(Kind::Date),
            Takes::Clock => Some(Kind::Time),
            Takes::Instant => Some(Kind::DateTime),
            Takes::Json => Some(Kind::Json),
            Takes::Zone => Some(Kind::Text),
        }
    }
}

/// What a function gives.
#[derive(Clone, Copy)]
enum Gives {
    /// What its first argument is.
    Same,
    Kind(Kind),
}

/// How the arguments of a function belong together.
#[derive(Clone, Copy)]
enum Arguments {
    /// Each for itself; the last ones, from a number on, may be left out.
    Each(&'static [Takes], usize),
    /// All of one kind; at least and at most so many.
    Alike(usize, usize),
}

struct Spec {
    name: &'static str,
    function: Option<Function>,
    arguments: Arguments,
    gives: Gives,
    /// Whether it can stand at the end of a path.
    transform: bool,
}

const fn of_one(name: &'static str, function: Function, takes: &'static [Takes], gives: Gives) -> Spec {
    Spec { name, function: Some(function), arguments: Arguments::Each(takes, 1), gives, transform: true }
}

const fn of(name: &'static str, function: Function, takes: &'static [Takes], least: usize, gives: Gives) -> Spec {
    Spec { name, function: Some(function), arguments: Arguments::Each(takes, least), gives, transform: false }
}

const fn alike_of(name: &'static str, function: Function, least: usize, most: usize) -> Spec {
    let arguments = Arguments::Alike(least, most);
    Spec { name, function: Some(function), arguments, gives: Gives::Same, transform: false }
}

const MANY: usize = usize::MAX;

/// The functions that have no fixed arguments, or none in SQL.
const OTHERS: [&str; 4] = ["json_get", "json_array", "json_object", "pi"];

/// Every function, in the order of the documentation.
const FUNCTIONS: &[Spec] = &[
    of_one("lower", Function::Lower, &[Takes::Text], Gives::Same),
    of_one("upper", Function::Upper, &[Takes::Text], Gives::Same),
    of_one("trim", Function::Trim, &[Takes::Text], Gives::Same),
    of_one("length", Function::Length, &[Takes::Long], Gives::Kind(Kind::I64)),
    of_one("ltrim", Function::TrimStart, &[Takes::Text], Gives::Same),
    of_one("rtrim", Function::TrimEnd, &[Takes::Text], Gives::Same),
    of_one("reverse", Function::Reverse, &[Takes::Text], Gives::Same),
    of_one("md5", Function::Md5, &[Takes::Text], Gives::Same),
    of_one("sha1", Function::Sha1, &[Takes::Text], Gives::Same),
    of_one("sha224", Function::Sha2(224), &[Takes::Text], Gives::Same),
    of_one("sha256", Function::Sha2(256), &[Takes::Text], Gives::Same),
    of_one("sha384", Function::Sha2(384), &[Takes::Text], Gives::Same),
    of_one("sha512", Function::Sha2(512), &[Takes::Text], Gives::Same),
    of_one("chr", Function::Chr, &[Takes::Bits], Gives::Kind(Kind::Text)),
    of_one("ord", Function::Ord, &[Takes::Text], Gives::Kind(Kind::I64)),
    of_one("sign", Function::Sign, &[Takes::Number], Gives::Kind(Kind::I32)),
    of_one("ceil", Function::Ceil, &[Takes::Number], Gives::Same),
    of_one("floor", Function::Floor, &[Takes::Number], Gives::Same),
    of_one("sqrt", Function::Sqrt, &[Takes::Float], Gives::Kind(Kind::F64)),
    of_one("exp", Function::Exp, &[Takes::Float], Gives::Kind(Kind::F64)),
    of_one("ln", Function::Ln, &[Takes::Float], Gives::Kind(Kind::F64)),
    of_one("sin", Function::Sin, &[Takes::Float], Gives::Kind(Kind::F64)),
    of_one("cos", Function::Cos, &[Takes::Float], Gives::Kind(Kind::F64)),
    of_one("tan", Function::Tan, &[Takes::Float], Gives::Kind(Kind::F64)),
    of_one("asin", Function::Asin, &[Takes::Float], Gives::Kind(Kind::F64)),
    of_one("acos", Function::Acos, &[Takes::Float], Gives::Kind(Kind::F64)),
    of_one("atan", Function::Atan, &[Takes::Float], Gives::Kind(Kind::F64)),
    of_one("cot", Function::Cot, &[Takes::Float], Gives::Kind(Kind::F64)),
    of_one("degrees", Function::Degrees, &[Takes::Float], Gives::Kind(Kind::F64)),
    of_one("radians", Function::Radians, &[Takes::Float], Gives::Kind(Kind::F64)),
    of_one("iso_year", Function::IsoYear, &[Takes::Day], Gives::Kind(Kind::I32)),
    of_one("quarter", Function::Quarter, &[Takes::Day], Gives::Kind(Kind::I32)),
    of_one("week", Function::Week, &[Takes::Day], Gives::Kind(Kind::I32)),
    of_one("week_day", Function::WeekDay, &[Takes::Day], Gives::Kind(Kind::I32)),
    of_one("iso_week_day", Function::IsoWeekDay, &[Takes::Day], Gives::Kind(Kind::I32)),
    of_one("time", Function::Time, &[Takes::Instant], Gives::Kind(Kind::Time)),
    of_one("trunc_year", Function::Trunc(Unit::Year), &[Takes::Day], Gives::Same),
    of_one("trunc_quarter", Function::Trunc(Unit::Quarter), &[Takes::Day], Gives::Same),
    of_one("trunc_month", Function::Trunc(Unit::Month), &[Takes::Day], Gives::Same),
    of_one("trunc_week", Function::Trunc(Unit::Week), &[Takes::Day], Gives::Same),
    of_one("trunc_day", Function::Trunc(Unit::Day), &[Takes::Day], Gives::Same),
    of_one("trunc_hour", Function::Trunc(Unit::Hour), &[Takes::Clock], Gives::Same),
    of_one("trunc_minute", Function::Trunc(Unit::Minute), &[Takes::Clock], Gives::Same),
    of_one("trunc_second", Function::Trunc(Unit::Second), &[Takes::Clock], Gives::Same),
    of_one("abs", Function::Abs, &[Takes::Number], Gives::Same),
    of_one("year", Function::Year, &[Takes::Day], Gives::Kind(Kind::I32)),
    of_one("month", Function::Month, &[Takes::Day], Gives::Kind(Kind::I32)),
    of_one("day", Function::Day, &[Takes::Day], Gives::Kind(Kind::I32)),
    of_one("hour", Function::Hour, &[Takes::Clock], Gives::Kind(Kind::I32)),
    of_one("minute", Function::Minute, &[Takes::Clock], Gives::Kind(Kind::I32)),
    of_one("second", Function::Second, &[Takes::Clock], Gives::Kind(Kind::I32)),
    of_one("date", Function::Date, &[Takes::Instant], Gives::Kind(Kind::Date)),
    Spec { transform: true, ..of("round", Function::Round, &[Takes::Number, Takes::Digits], 1, Gives::Same) },
    of("atan2", Function::Atan2, &[Takes::Float, Takes::Float], 2, Gives::Kind(Kind::F64)),
    of("random", Function::Random, &[], 0, Gives::Kind(Kind::F64)),
    of("shift_left", Function::ShiftLeft, &[Takes::Bits, Takes::Whole], 2, Gives::Same),
    of("shift_right", Function::ShiftRight, &[Takes::Bits, Takes::Whole], 2, Gives::Same),
    of("collate", Function::Collate, &[Takes::Text, Takes::Name], 2, Gives::Same),
    of("log", Function::Log, &[Takes::Float, Takes::Float], 2, Gives::Kind(Kind::F64)),
    of("power", Function::Power, &[Takes::Float, Takes::Float], 2, Gives::Kind(Kind::F64)),
    of("left", Function::Left, &[Takes::Text, Takes::Count], 2, Gives::Same),
    of("right", Function::Right, &[Takes::Text, Takes::Count], 2, Gives::Same),
    of("position", Function::Position, &[Takes::Text, Takes::Text], 2, Gives::Kind(Kind::I64)),
    of("lpad", Function::PadStart, &[Takes::Text, Takes::Count, Takes::Text], 3, Gives::Same),
    of("rpad", Function::PadEnd, &[Takes::Text, Takes::Count, Takes::Text], 3, Gives::Same),
    of("repeat", Function::Repeat, &[Takes::Text, Takes::Count], 2, Gives::Same),
    of("substr", Function::Substr, &[Takes::Text, Takes::Whole, Takes::Whole], 2, Gives::Same),
    of("replace", Function::Replace, &[Takes::Text, Takes::Text, Takes::Text], 3, Gives::Same),
    of("elements", Function::JsonElements, &[Takes::Json], 1, Gives::Kind(Kind::Json)),
    of("json_text", Function::JsonText, &[Takes::Json], 1, Gives::Kind(Kind::Text)),
    of("json_integer", Function::JsonInteger, &[Takes::Json], 1, Gives::Kind(Kind::I64)),
    of("json_float", Function::JsonFloat, &[Takes::Json], 1, Gives::Kind(Kind::F64)),
    of("json_bool", Function::JsonBool, &[Takes::Json], 1, Gives::Kind(Kind::Bool)),
    of("at_zone", Function::AtZone, &[Takes::Instant, Takes::Zone], 2, Gives::Kind(Kind::Timestamp)),
    of("now", Function::Now, &[], 0, Gives::Kind(Kind::DateTime)),
    alike_of("coalesce", Function::Coalesce, 1, MANY),
    alike_of("greatest", Function::Greatest, 2, MANY),
    alike_of("least", Function::Least, 2, MANY),
    alike_of("nullif", Function::NullIf, 2, 2),
    alike_of("bit_and", Function::BitAnd, 2, 2),
    alike_of("bit_or", Function::BitOr, 2, 2),
    alike_of("bit_xor", Function::BitXor, 2, 2),
    Spec { name: "concat", function: None, arguments: Arguments::Alike(2, MANY), gives: Gives::Same, transform: false },
];

fn find(name: &str) -> Option<&'static Spec> {
    FUNCTIONS.iter().find(|spec| spec.name == name)
}

/// The names of all functions.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|spec| spec.name).chain(OTHERS).chain(postgres::FUNCTIONS)
}

pub(super) fn is_transform(name: &str) -> bool {
    find(name).is_some_and(|spec| spec.transform)
}

pub(super) fn transforms() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().filter(|spec| spec.transform).map(|spec| spec.name)
}

/// A function at the end of a path.
pub(super) fn transform(scope: &Scope<'_>, built: Built, name: &str) -> Result<Built> {
    scope.budget.built(1)?;
    if built.kind == Kind::Json {
        return Ok(json::step(built, name));
    }
    if let Some(own) = postgres::transform(&built, name) {
        return Ok(own);
    }
    if let Some(own) = own::transform(scope, &built, name) {
        return own;
    }
    let Some(spec) = find(name).filter(|spec| spec.transform) else {
        return Err(lookups::unknown(scope, name, built.kind));
    };
    finish(scope, spec, vec![built])
}

/// A function with its arguments.
pub(super) fn call(scope: &Scope<'_>, name: &str, arguments: &[Term]) -> Result<Built> {
    match name {
        "json_get" => return json::get(scope, arguments),
        "json_array" => return json::list_of(scope, arguments),
        "json_object" => return json::object_of(scope, arguments),
        "pi" if arguments.is_empty() => return Ok(Built::new(Expr::Value(Value::F64(PI)), Kind::F64)),
        _ => {}
    }
    if let Some(own) = postgres::call(scope, name, arguments).or_else(|| own::call(scope, name, arguments)) {
        return own;
    }
    let Some(spec) = find(name) else {
        if window::is_known(name) {
            return Err(bad(format!("`{name}` is a function of windows")).with_hint(format!(
                "write `{{\"window\": [{{\"call\": [\"{name}\", ..]}}, {{\"order_by\": [..]}}]}}`"
            )));
        }
        let mut known: Vec<&str> = self::names().collect();
        known.extend(scope.catalog.own.keys().map(String::as_str));
        return Err(names::unknown("a function", name, known));
    };
    let (least, most) = match spec.arguments {
        Arguments::Each(takes, least) => (least, takes.len()),
        Arguments::Alike(least, most) => (least, most),
    };
    if !(least..=most).contains(&arguments.len()) {
        let wanted = match (least, most) {
            (least, MANY) => format!("at least {least}"),
            (least, most) if least == most => least.to_string(),
            (least, most) => format!("{least} to {most}"),
        };
        return Err(bad(format!("`{name}` takes {wanted} arguments, and {} are given", arguments.len())));
    }
    match spec.arguments {
        Arguments::Each(takes, _) => {
            let arguments = takes.iter().zip(arguments).map(|(takes, term)| scope.term(term, takes.wanted()));
            finish(scope, spec, arguments.collect::<Result<_>>()?)
        }
        Arguments::Alike(..) => {
            let terms: Vec<&Term> = arguments.iter().collect();
            let alike = alike(scope, &terms, (spec.name == "concat").then_some(Kind::Text))?;
            let kind = alike.kind;
            let expr = match spec.function {
                Some(function) => Expr::Call(function, alike.exprs),
                None if kind == Kind::Text => {
                    let mut texts = alike.exprs.into_iter();
                    let first = texts.next().unwrap_or(Expr::Value(Value::Text(String::new())));
                    texts.fold(first, |text, more| text.binary(BinaryOp::Concat, more))
                }
                None => return Err(wrong(spec.name, Takes::Text, kind)),
            };
            if matches!(spec.name, "bit_and" | "bit_or" | "bit_xor") && !is_whole(kind) {
                return Err(wrong(spec.name, Takes::Whole, kind));
            }
            let ordered = matches!(spec.name, "greatest" | "least");
            if ordered && !has_order(kind) {
                return Err(bad(format!("`{name}` needs values with an order, and {} is given", called(kind))));
            }
            Ok(Built::new(expr, kind))
        }
    }
}

/// Whether what a function gives of an instant depends on the zone.
fn has_zone(function: Function) -> bool {
    use Function::{
        Date, Day, Hour, IsoWeekDay, IsoYear, Minute, Month, Quarter, Second, Time, Trunc, Week, WeekDay, Year,
    };
    matches!(function, Year | IsoYear | Quarter | Month | Week | WeekDay | IsoWeekDay | Day | Hour | Minute | Second)
        || matches!(function, Date | Time | Trunc(_))
}

/// An instant as the clocks of the query's zone show it; anything else as it is.
fn zoned(scope: &Scope<'_>, function: Option<Function>, built: Built) -> Built {
    match &scope.zone {
        Some(zone) if built.kind == Kind::DateTime && function.is_some_and(has_zone) => {
            let arguments = vec![built.expr, Expr::Value(zone.clone())];
            Built::new(Expr::Call(Function::AtZone, arguments), Kind::Timestamp)
        }
        _ => built,
    }
}

fn finish(scope: &Scope<'_>, spec: &Spec, arguments: Vec<Built>) -> Result<Built> {
    let arguments: Vec<Built> = arguments.into_iter().map(|built| zoned(scope, spec.function, built)).collect();
    if let Arguments::Each(takes, _) = spec.arguments {
        for (takes, built) in takes.iter().zip(&arguments) {
            if !takes.fits(built.kind) {
                return Err(wrong(spec.name, *takes, built.kind));
            }
        }
    }
    let kind = match spec.gives {
        Gives::Kind(kind) => kind,
        Gives::Same => arguments.first().map_or(Kind::Text, |first| first.kind),
    };
    let arguments = arguments.into_iter().enumerate().map(|(at, built)| match spec.arguments {
        Arguments::Each(takes, _) => match takes.get(at) {
            // A place in a text, and how many letters from there.
            Some(Takes::Whole) if spec.function == Some(Function::Substr) => {
                Ok(no_less(place(built).expr, 2 - at as i32))
            }
            Some(Takes::Whole) => Ok(place(built).expr),
            Some(Takes::Float) => Ok(widen(built, Kind::F64).expr),
            Some(Takes::Count) => count_of(spec.name, built),
            Some(Takes::Zone) if !is_said(&built.expr) => Err(bad("a time zone is a plain value, and none is not one")),
            Some(Takes::Name) if !is_said(&built.expr) => Err(bad("a collation is a plain value, and none is not one")),
            Some(Takes::Digits) => digits_of(spec.name, built),
            _ => Ok(built.expr),
        },
        Arguments::Alike(..) => Ok(built.expr),
    });
    let arguments = arguments.collect::<Result<_>>()?;
    match spec.function {
        Some(function) => Ok(Built::new(Expr::Call(function, arguments), kind)),
        None => Err(bad(format!("`{}` cannot stand here", spec.name))),
    }
}

/// Whether it stands as it is.
fn is_said(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if !value.is_null())
}

/// Places in texts are small numbers, whatever they are computed from.
fn place(built: Built) -> Built {
    match built.kind {
        Kind::I64 => Built::new(Expr::Cast(Box::new(built.expr), Kind::I32), Kind::I32),
        _ => built,
    }
}

/// A number that is not less than another one; NULL stays NULL.
fn no_less(expr: Expr, least: i32) -> Expr {
    Expr::Call(Function::Greatest, vec![expr, Expr::Value(Value::I32(least))])
}

/// A number as a float; anything else as it is.
pub(super) fn as_float(built: Built) -> Built {
    widen(built, Kind::F64)
}

/// How often, how many: not too large, and what is computed is held in these limits.
fn count_of(name: &str, built: Built) -> Result<Expr> {
    match built.expr {
        // Of no number there is no text.
        Expr::Value(Value::I32(0..=LONGEST) | Value::Null(_)) => Ok(built.expr),
        Expr::Value(_) => Err(bad(format!("`{name}` takes a number from 0 to {LONGEST} there"))),
        _ => {
            let least = no_less(place(built).expr, 0);
            Ok(Expr::Call(Function::Least, vec![least, Expr::Value(Value::I32(LONGEST))]))
        }
    }
}

/// How many digits: a plain number.
fn digits_of(name: &str, built: Built) -> Result<Expr> {
    match built.expr {
        Expr::Value(Value::I32(-18..=28)) => Ok(built.expr),
        _ => Err(bad(format!("`{name}` takes a plain number from -18 to 28 there"))),
    }
}

fn wrong(name: &str, takes: Takes, kind: Kind) -> Error {
    bad(format!("`{name}` takes {}, and {} is given", takes.called(), called(kind)))
}

/// Terms of one kind.
pub(super) struct Alike {
    pub(super) exprs: Vec<Expr>,
    pub(super) kind: Kind,
}

/// Terms that have to be of one kind; plain values become what the others are.
pub(super) fn alike(scope: &Scope<'_>, terms: &[&Term], wanted: Option<Kind>) -> Result<Alike> {
    let is_plain = |term: &Term| matches!(term, Term::Value(_));
    let mut kind: Option<Kind> = None;
    let mut built: Vec<Option<Built>> = Vec::with_capacity(terms.len());
    for term in terms {
        if is_plain(term) {
            built.push(None);
            continue;
        }
        let one = scope.term(term, wanted)?;
        kind = Some(match kind {
            Some(known) if known == one.kind => known,
            Some(known) if literal::family(known) == one.family() && one.family() == Family::Number => {
                wider(known, one.kind)
            }
            Some(known) => return Err(bad(format!("{} stands beside {}", called(known), called(one.kind)))),
            None => one.kind,
        });
        built.push(Some(one));
    }
    for (term, place) in terms.iter().zip(&mut built) {
        if place.is_some() {
            continue;
        }
        let null = matches!(term, Term::Value(serde_json::Value::Null));
        let wanted = match (kind.or(wanted), null) {
            (Some(kind), _) => Some(kind),
            // Another one says of which kind it is.
            (None, true) => terms.iter().find_map(|term| match term {
                Term::Value(json) if !json.is_null() => literal::plain(json).ok().map(|value| value.kind()),
                _ => None,
            }),
            (None, false) => None,
        };
        let one = scope.term(term, wanted)?;
        kind = Some(match kind {
            Some(known) if known == one.kind => known,
            Some(known) if literal::family(known) == one.family() => wider(known, one.kind),
            Some(known) => return Err(bad(format!("{} stands beside {}", called(known), called(one.kind)))),
            None => one.kind,
        });
        *place = Some(one);
    }
    let Some(kind) = kind else { return Err(bad("there is no value")) };
    let exprs = built.into_iter().flatten().map(|one| widen(one, kind).selected().expr).collect();
    Ok(Alike { exprs, kind })
}

pub(super) fn is_whole(kind: Kind) -> bool {
    matches!(kind, Kind::I16 | Kind::I32 | Kind::I64)
}

/// The kind that holds numbers of both.
pub(super) fn wider(one: Kind, two: Kind) -> Kind {
    match (one, two) {
        _ if one == two => one,
        _ if is_whole(one) && is_whole(two) => Kind::I64,
        (Kind::F32 | Kind::F64, _) | (_, Kind::F32 | Kind::F64) => Kind::F64,
        _ => Kind::Decimal,
    }
}

/// A number as one of a wider kind; anything else as it is.
pub(super) fn widen(built: Built, kind: Kind) -> Built {
    let numbers = (built.family(), literal::family(kind)) == (Family::Number, Family::Number);
    if built.kind == kind || is_whole(built.kind) && is_whole(kind) || !numbers {
        return built;
    }
    let value = match &built.expr {
        Expr::Value(value) => converted(value, kind),
        _ => None,
    };
    let expr = match value {
        Some(value) => Expr::Value(value),
        None => Expr::Cast(Box::new(built.expr), kind),
    };
    Built::new(expr, kind)
}

fn converted(value: &Value, kind: Kind) -> Option<Value> {
    let whole = match value {
        Value::I16(it) => Some(i64::from(*it)),
        Value::I32(it) => Some(i64::from(*it)),
        Value::I64(it) => Some(*it),
        _ => None,
    };
    match (whole, value, kind) {
        (_, Value::Null(_), kind) => Some(Value::Null(kind)),
        (Some(whole), _, Kind::Decimal) => Some(Value::Decimal(whole.into())),
        (Some(whole), _, Kind::F64) => Some(Value::F64(whole as f64)),
        (None, Value::Decimal(decimal), Kind::F64) => decimal.to_f64().map(Value::F64),
        (None, Value::F32(float), Kind::F64) => Some(Value::F64(f64::from(*float))),
        _ => None,
    }
}

/// Kinds whose values every database can order, and so has a smallest and a largest of.
pub(super) fn has_order(kind: Kind) -> bool {
    match literal::family(kind) {
        Family::Bool | Family::Json | Family::Bytes | Family::Uuid | Family::Ip => false,
        Family::Postgres(own) => matches!(own, PgKind::Enum(_)),
        _ => true,
    }
}
