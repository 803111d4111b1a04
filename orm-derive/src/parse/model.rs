//! `#[model(..)]`.

use super::{
    Item, Value,
    constraints::{Check, EXCLUDE, Exclude, Index, Keys, Unique, check, closure, exclude, index, unique},
    items,
};
use crate::errors::{Errors, nearest};
use proc_macro2::TokenStream;
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

/// What `#[model(..)]` says.
#[derive(Default)]
pub(crate) struct ModelAttrs {
    pub(crate) table: Option<LitStr>,
    pub(crate) ordering: Vec<Name>,
    /// The ordering, where it is more than fields.
    pub(crate) order: Option<Expr>,
    pub(crate) unique: Vec<Unique>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) checks: Vec<Check>,
    pub(crate) exclusions: Vec<Exclude>,
    pub(crate) comment: Option<LitStr>,
    pub(crate) verbose_name: Option<LitStr>,
    pub(crate) verbose_name_plural: Option<LitStr>,
    pub(crate) permissions: Vec<(String, LitStr)>,
    pub(crate) managed: Option<bool>,
    pub(crate) keyless: bool,
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
    "verbose_name_plural",
    "permissions",
    "managed",
    "keyless",
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
        "ordering" => match listed(item, "(name, -published)", errors, ordering) {
            Some(Keys::Fields(names)) => out.ordering = names,
            Some(Keys::Closure(closure)) => out.order = Some(closure),
            None => {}
        },
        "unique" => out.unique.extend(listed(item, "(author, title)", errors, |input| unique(input, item.span()))),
        "index" => out.indexes.extend(listed(item, "(author, -published)", errors, |input| index(input, item.span()))),
        "check" => out.checks.extend(listed(item, "(\"price_not_negative\", |b| b.price.gte(0))", errors, check)),
        "exclude" => out.exclusions.extend(listed(item, EXCLUDE, errors, exclude)),
        "validate" => out.validate = item.path(errors, VALIDATE),
        "hooks" => out.hooks = item.flag(errors).unwrap_or_default(),
        "filter" => out.filter = item.closure(errors, "b.deleted.is_null()"),
        "comment" => out.comment = item.text(errors),
        "verbose_name" => out.verbose_name = item.text(errors),
        "verbose_name_plural" => out.verbose_name_plural = item.text(errors),
        "permissions" => {
            out.permissions =
                listed(item, "(publish = \"may publish books\")", errors, permissions).unwrap_or_default();
        }
        "managed" => out.managed = item.flag(errors),
        "keyless" => out.keyless = item.flag(errors).unwrap_or_default(),
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

pub(super) fn name(input: ParseStream<'_>) -> syn::Result<Name> {
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

pub(super) fn names(input: ParseStream<'_>) -> syn::Result<Vec<Name>> {
    Ok(input.parse_terminated(name, Token![,])?.into_iter().collect())
}

/// `publish = "may publish books", ..`.
fn permissions(input: ParseStream<'_>) -> syn::Result<Vec<(String, LitStr)>> {
    let mut out: Vec<(String, LitStr)> = Vec::new();
    while !input.is_empty() {
        let ident = Ident::parse_any(input)?;
        let name = ident.unraw().to_string();
        input.parse::<Token![=]>()?;
        let label: LitStr = input.parse()?;
        let problem = match () {
            () if matches!(&*name, "add" | "change" | "delete" | "view") => {
                "every model has this permission\nhelp: remove it; these are what the model has besides"
            }
            () if out.iter().any(|(known, _)| *known == name) => {
                "this permission is given twice\nhelp: keep one of them"
            }
            () => "",
        };
        if !problem.is_empty() {
            return Err(syn::Error::new(ident.span(), problem));
        }
        out.push((name, label));
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(out)
}

/// `name, -published`, or a closure.
fn ordering(input: ParseStream<'_>) -> syn::Result<Keys> {
    match input.peek(Token![|]) || input.peek(Token![move]) {
        true => {
            let order = closure(input)?;
            input.parse::<Option<Token![,]>>()?;
            Ok(Keys::Closure(order))
        }
        false => names(input).map(Keys::Fields),
    }
}
