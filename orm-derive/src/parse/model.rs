//! `#[model(..)]`.

use super::{Item, Value, items, list::is_closure};
use crate::errors::{Errors, nearest};
use proc_macro2::{Span, TokenStream};
use syn::{
    Attribute, Expr, Ident, LitStr, Path, Token,
    ext::IdentExt,
    parse::{ParseStream, Parser},
};

/// A field that an attribute names, perhaps with a `-` before it.
pub(crate) struct Name {
    pub(crate) ident: Ident,
    pub(crate) descending: bool,
}

/// `unique(author, title, name = "..", condition = |b| ..)`.
pub(crate) struct Unique {
    pub(crate) span: Span,
    pub(crate) fields: Vec<Name>,
    pub(crate) name: Option<LitStr>,
    pub(crate) condition: Option<Expr>,
}

/// `index(.., name = "..", condition = |b| .., method = "..")`.
pub(crate) struct Index {
    pub(crate) span: Span,
    pub(crate) keys: Keys,
    pub(crate) name: Option<LitStr>,
    pub(crate) condition: Option<Expr>,
    pub(crate) method: Option<LitStr>,
}

/// What an index is over.
pub(crate) enum Keys {
    /// `author, -published`.
    Fields(Vec<Name>),
    /// `|b| b.published.desc()`.
    Closure(Expr),
}

/// `check("name", |b| ..)`.
pub(crate) struct Check {
    pub(crate) name: LitStr,
    pub(crate) condition: Expr,
}

/// `exclude("name", |a, b| .., method = "..", condition = |b| .., deferrable = deferred)`.
pub(crate) struct Exclude {
    pub(crate) name: LitStr,
    pub(crate) pair: Expr,
    pub(crate) method: Option<LitStr>,
    pub(crate) condition: Option<Expr>,
    /// The library's name for when it is checked.
    pub(crate) deferrable: Option<&'static str>,
}

/// What `#[model(..)]` says.
#[derive(Default)]
pub(crate) struct ModelAttrs {
    pub(crate) table: Option<LitStr>,
    pub(crate) ordering: Vec<Name>,
    pub(crate) unique: Vec<Unique>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) checks: Vec<Check>,
    pub(crate) exclusions: Vec<Exclude>,
    pub(crate) comment: Option<LitStr>,
    pub(crate) verbose_name: Option<LitStr>,
    pub(crate) managed: Option<bool>,
    pub(crate) renamed_from: Option<LitStr>,
    pub(crate) validate: Option<Path>,
    pub(crate) hooks: bool,
    pub(crate) filter: Option<Expr>,
}

const KNOWN: &[&str] = &[
    "table",
    "ordering",
    "unique",
    "index",
    "check",
    "exclude",
    "validate",
    "hooks",
    "filter",
    "comment",
    "verbose_name",
    "managed",
    "renamed_from",
];

/// How a row as a whole is looked at.
const VALIDATE: &str = "write `validate = Book::validate`, with `fn validate(book: &mut Change<Book>)`";

/// Options of other libraries that people reach for, and what they mean here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("table_name", "write `table = \"..\"`"),
    ("db_table", "write `table = \"..\"`"),
    ("order_by", "write `ordering(name, -published)`"),
    ("unique_together", "write `unique(author, title)`"),
    ("constraint", "write `check(\"name\", |b| ..)` or `unique(..)`"),
    (
        "abstract",
        "fields that several models share are a struct with #[derive(ModelPart)], and a #[field(flatten)] in each",
    ),
    ("app", "applications list their models: `orm::app! { pub library { Book } }`"),
    ("primary_key", "write #[field(primary_key)] on each field of the key"),
    ("manager", "the rows that count are `filter = |b| ..`; named querysets are methods that you write"),
    ("signals", "write `hooks`, and `impl Hooks for Book`"),
    ("db_table_comment", "write `comment = \"..\"`"),
];

/// Reads the attributes of a model; every mistake is reported, and what has one is left out.
pub(crate) fn model_attrs(attributes: &[Attribute], errors: &mut Errors) -> ModelAttrs {
    let mut out = ModelAttrs::default();
    let mut seen: Vec<String> = Vec::new();
    for item in items(attributes, "model", errors) {
        let name = item.name.to_string();
        if seen.contains(&name) && !matches!(&*name, "unique" | "index" | "check" | "exclude") {
            errors.at(&item.name, format_args!("`{name}` is given twice"), "keep one of them");
            continue;
        }
        read(&mut out, &name, &item, errors);
        seen.push(name);
    }
    out
}

fn read(out: &mut ModelAttrs, name: &str, item: &Item, errors: &mut Errors) {
    match name {
        "table" => out.table = item.text(errors),
        "ordering" => out.ordering = listed(item, "(name, -published)", errors, names).unwrap_or_default(),
        "unique" => out.unique.extend(listed(item, "(author, title)", errors, |input| unique(input, item.span()))),
        "index" => out.indexes.extend(listed(item, "(author, -published)", errors, |input| index(input, item.span()))),
        "check" => out.checks.extend(listed(item, "(\"price_not_negative\", |b| b.price.gte(0))", errors, check)),
        "exclude" => out.exclusions.extend(listed(item, EXCLUDE, errors, exclude)),
        "validate" => out.validate = item.path(errors, VALIDATE),
        "hooks" => out.hooks = item.flag(errors).unwrap_or_default(),
        "filter" => out.filter = item.closure(errors, "b.deleted.is_null()"),
        "comment" => out.comment = item.text(errors),
        "verbose_name" => out.verbose_name = item.text(errors),
        "managed" => out.managed = item.flag(errors),
        "renamed_from" => out.renamed_from = item.text(errors),
        _ => unknown(name, item, errors),
    }
}

fn unknown(name: &str, item: &Item, errors: &mut Errors) {
    let problem = format!("there is no model option `{name}`");
    if let Some((_, help)) = ELSEWHERE.iter().find(|(known, _)| *known == name) {
        errors.at(&item.name, problem, help);
    } else if let Some(near) = nearest(name, KNOWN.iter().copied()) {
        errors.at(&item.name, problem, format_args!("write `{near}`"));
    } else {
        errors.at(&item.name, problem, format_args!("the options are: {}", KNOWN.join(", ")));
    }
}

fn listed<T>(
    item: &Item,
    form: &str,
    errors: &mut Errors,
    parse: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
) -> Option<T> {
    let name = &item.name;
    let Value::List(span, tokens) = &item.value else {
        errors.here(item.span(), format_args!("`{name}` is a list"), format_args!("write `{name}{form}`"));
        return None;
    };
    if tokens.is_empty() {
        errors.here(*span, format_args!("`{name}` is empty"), format_args!("write `{name}{form}`"));
        return None;
    }
    parse.parse2(TokenStream::clone(tokens)).map_err(|error| errors.add(error)).ok()
}

fn name(input: ParseStream<'_>) -> syn::Result<Name> {
    let descending = input.parse::<Option<Token![-]>>()?.is_some();
    let ident = if input.peek(syn::LitStr) {
        let text: LitStr = input.parse()?;
        return Err(syn::Error::new(
            text.span(),
            format!("fields are named without quotes\nhelp: write `{}`", text.value()),
        ));
    } else {
        Ident::parse_any(input)?
    };
    Ok(Name { ident, descending })
}

fn names(input: ParseStream<'_>) -> syn::Result<Vec<Name>> {
    Ok(input.parse_terminated(name, Token![,])?.into_iter().collect())
}

/// `name = ".."` and `condition = |b| ..` among the arguments; `false` when something else stands there.
fn named(input: ParseStream<'_>, name: &mut Option<LitStr>, condition: &mut Option<Expr>) -> syn::Result<bool> {
    if !(input.peek(syn::Ident) && input.peek2(Token![=])) {
        return Ok(false);
    }
    let key: Ident = input.parse()?;
    input.parse::<Token![=]>()?;
    if key == "name" {
        *name = Some(input.parse()?);
    } else if key == "condition" {
        *condition = Some(closure(input)?);
    } else {
        return Err(syn::Error::new(
            key.span(),
            format!("there is no option `{key}` here\nhelp: the options are `name = \"..\"` and `condition = |b| ..`"),
        ));
    }
    Ok(true)
}

fn closure(input: ParseStream<'_>) -> syn::Result<Expr> {
    let expr: Expr = input.parse()?;
    match is_closure(&expr) {
        true => Ok(expr),
        false => Err(syn::Error::new_spanned(
            expr,
            "expected a closure over the model's fields\nhelp: write `|b| b.price.gte(0)`",
        )),
    }
}

fn unique(input: ParseStream<'_>, span: Span) -> syn::Result<Unique> {
    let mut out = Unique { span, fields: Vec::new(), name: None, condition: None };
    while !input.is_empty() {
        if !named(input, &mut out.name, &mut out.condition)? {
            out.fields.push(name(input)?);
        }
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(out)
}

fn index(input: ParseStream<'_>, span: Span) -> syn::Result<Index> {
    let (mut fields, mut expression, mut given, mut condition, mut method) = (Vec::new(), None, None, None, None);
    while !input.is_empty() {
        if let Some(found) = access_method(input)? {
            method = Some(found);
        } else if named(input, &mut given, &mut condition)? {
        } else if input.peek(Token![|]) || input.peek(Token![move]) {
            expression = Some(closure(input)?);
        } else {
            fields.push(name(input)?);
        }
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    let keys = match expression {
        Some(closure) if fields.is_empty() => Keys::Closure(closure),
        Some(closure) => {
            return Err(syn::Error::new_spanned(
                closure,
                "an index is over fields or over a closure\nhelp: put all of it into the closure: `|b| (b.author, b.published.desc())`",
            ));
        }
        None => Keys::Fields(fields),
    };
    Ok(Index { span, keys, name: given, condition, method })
}

/// `method = "gin"` among the arguments of an index.
fn access_method(input: ParseStream<'_>) -> syn::Result<Option<LitStr>> {
    let ahead = input.fork();
    let key = ahead.parse::<Ident>();
    if !key.is_ok_and(|key| key == "method") || !ahead.peek(Token![=]) {
        return Ok(None);
    }
    input.parse::<Ident>()?;
    input.parse::<Token![=]>()?;
    let method: LitStr = input.parse()?;
    match method.value().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
        true => Ok(Some(method)),
        false => Err(syn::Error::new_spanned(
            method,
            "this is no access method of an index\nhelp: PostgreSQL has `gin`, `gist`, `spgist`, `brin` and `hash`",
        )),
    }
}

fn check(input: ParseStream<'_>) -> syn::Result<Check> {
    if !input.peek(LitStr) {
        return Err(input.error("a check has a name, which is kept in the database\nhelp: write `check(\"price_not_negative\", |b| b.price.gte(0))`"));
    }
    let name = input.parse()?;
    input.parse::<Token![,]>()?;
    let condition = closure(input)?;
    input.parse::<Option<Token![,]>>()?;
    Ok(Check { name, condition })
}

/// How an exclusion is written.
const EXCLUDE: &str = "(\"room_once\", |a, b| a.room.eq(b.room) & a.nights.overlap(b.nights))";

fn exclude(input: ParseStream<'_>) -> syn::Result<Exclude> {
    if !input.peek(LitStr) {
        return Err(input
            .error(format!("an exclusion has a name, which is kept in the database\nhelp: write `exclude{EXCLUDE}`")));
    }
    let name = input.parse()?;
    input.parse::<Token![,]>()?;
    let pair: Expr = input.parse()?;
    if !matches!(&pair, Expr::Closure(closure) if closure.inputs.len() == 2) && !matches!(pair, Expr::Path(_)) {
        let problem = format!("expected a closure over two rows\nhelp: write `exclude{EXCLUDE}`");
        return Err(syn::Error::new_spanned(pair, problem));
    }
    let mut out = Exclude { name, pair, method: None, condition: None, deferrable: None };
    while input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
        if let Some(method) = access_method(input)? {
            out.method = Some(method);
            continue;
        }
        let key: Ident = input.parse()?;
        input.parse::<Token![=]>()?;
        if key == "condition" {
            out.condition = Some(closure(input)?);
        } else if key == "deferrable" {
            let when: Ident = input.parse()?;
            out.deferrable = Some(match () {
                () if when == "immediate" => "Immediate",
                () if when == "deferred" => "Deferred",
                () => {
                    let problem = "an exclusion is checked at each statement or at the end of the transaction\nhelp: write `deferrable = immediate`, or `deferrable = deferred`";
                    return Err(syn::Error::new(when.span(), problem));
                }
            });
        } else {
            let problem = format!(
                "there is no option `{key}` here\nhelp: the options are `method = \"..\"`, `condition = |b| ..` and `deferrable = deferred`"
            );
            return Err(syn::Error::new(key.span(), problem));
        }
    }
    Ok(out)
}
