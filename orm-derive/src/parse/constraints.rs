//! Unique keys, indexes, checks and exclusions among the options of `#[model(..)]`.

use super::{
    list::is_closure,
    model::{Name, name, names},
};
use proc_macro2::Span;
use syn::{Expr, Ident, LitStr, Token, parenthesized, parse::ParseStream};

/// `unique(author, title, name = "..", condition = |b| .., include(price), deferrable = deferred, nulls_equal)`.
pub(crate) struct Unique {
    pub(crate) span: Span,
    pub(crate) keys: Keys,
    pub(crate) options: KeyOptions,
    pub(crate) deferrable: Option<&'static str>,
    pub(crate) nulls_equal: bool,
    pub(crate) told: Told,
}

/// `message = "..", code = ".."`: what people are told where it is not met.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) message: Option<LitStr>,
    pub(crate) code: Option<LitStr>,
}

/// `index(.., name = "..", condition = |b| .., include(price), method = "..", opclass = "..")`.
pub(crate) struct Index {
    pub(crate) span: Span,
    pub(crate) keys: Keys,
    pub(crate) options: KeyOptions,
    pub(crate) method: Option<LitStr>,
    pub(crate) opclass: Vec<LitStr>,
}

/// What a unique key or an index is over.
pub(crate) enum Keys {
    /// `author, -published`.
    Fields(Vec<Name>),
    /// `|b| b.published.desc()`.
    Closure(Expr),
}

/// What unique keys and indexes can both say.
#[derive(Default)]
pub(crate) struct KeyOptions {
    pub(crate) name: Option<LitStr>,
    pub(crate) condition: Option<Expr>,
    /// Fields that are stored beside the key.
    pub(crate) include: Vec<Name>,
}

/// `check("name", |b| ..)`.
pub(crate) struct Check {
    pub(crate) name: LitStr,
    pub(crate) condition: Expr,
    /// The name in the database does not begin with the table's.
    pub(crate) without_table: bool,
    pub(crate) told: Told,
}

/// `exclude("name", |a, b| .., method = "..", condition = |b| .., deferrable = deferred, without_table)`.
pub(crate) struct Exclude {
    pub(crate) name: LitStr,
    /// The name in the database does not begin with the table's.
    pub(crate) without_table: bool,
    pub(crate) pair: Expr,
    pub(crate) method: Option<LitStr>,
    pub(crate) condition: Option<Expr>,
    /// The library's name for when it is checked.
    pub(crate) deferrable: Option<&'static str>,
}

/// The name of an option that comes next, if one does: a word with `=` behind it, or with a list, or by itself.
fn option_ahead(input: ParseStream<'_>, alone: &[&str]) -> Option<String> {
    let ahead = input.fork();
    let word = ahead.parse::<Ident>().ok()?.to_string();
    let ends = ahead.is_empty() || ahead.peek(Token![,]);
    (ahead.peek(Token![=]) || ahead.peek(syn::token::Paren) || ends && alone.contains(&&*word)).then_some(word)
}

pub(super) fn closure(input: ParseStream<'_>) -> syn::Result<Expr> {
    let expr: Expr = input.parse()?;
    match is_closure(&expr) {
        true => Ok(expr),
        false => Err(syn::Error::new_spanned(
            expr,
            "expected a closure over the model's fields\nhelp: write `|b| b.price.gte(0)`",
        )),
    }
}

/// The keys, and the options that are read by `option`; that is given the name of each, which is still to be parsed.
fn keyed(
    input: ParseStream<'_>,
    what: &str,
    alone: &[&str],
    options: &mut KeyOptions,
    option: &mut dyn FnMut(ParseStream<'_>, &str) -> syn::Result<bool>,
) -> syn::Result<Keys> {
    let (mut fields, mut expression) = (Vec::new(), None);
    while !input.is_empty() {
        if let Some(word) = option_ahead(input, alone) {
            let key: Ident = input.parse()?;
            match &*word {
                "name" => options.name = Some(is(input)?.parse()?),
                "condition" => options.condition = Some(closure(is(input)?)?),
                "include" => {
                    let list;
                    parenthesized!(list in input);
                    options.include = names(&list)?;
                }
                word if option(input, word)? => {}
                word => {
                    let known = match what {
                        "unique" => "`deferrable = deferred`, `nulls_equal`, `message = \"..\"` and `code = \"..\"`",
                        _ => "`method = \"..\"` and `opclass = \"..\"`",
                    };
                    let problem = format!(
                        "there is no option `{word}` here\nhelp: the options are `name = \"..\"`, `condition = |b| ..`, \
                         `include(price)`, {known}"
                    );
                    return Err(syn::Error::new(key.span(), problem));
                }
            }
        } else if input.peek(Token![|]) || input.peek(Token![move]) {
            expression = Some(closure(input)?);
        } else {
            fields.push(name(input)?);
        }
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    match expression {
        Some(closure) if fields.is_empty() => Ok(Keys::Closure(closure)),
        Some(closure) => {
            let article = if what == "unique" { "a unique key" } else { "an index" };
            Err(syn::Error::new_spanned(
                closure,
                format!(
                    "{article} is over fields or over a closure\nhelp: put all of it into the closure: \
                     `|b| (b.author, b.published.desc())`"
                ),
            ))
        }
        None => Ok(Keys::Fields(fields)),
    }
}

/// Passes the `=` by.
fn is<'a>(input: ParseStream<'a>) -> syn::Result<ParseStream<'a>> {
    input.parse::<Token![=]>().map(|_| input)
}

pub(super) fn unique(input: ParseStream<'_>, span: Span) -> syn::Result<Unique> {
    let (mut options, mut deferrable, mut nulls_equal, mut told) =
        (KeyOptions::default(), None, false, Told::default());
    let keys = keyed(input, "unique", &["nulls_equal"], &mut options, &mut |input, word| {
        match word {
            "deferrable" => deferrable = Some(when(is(input)?)?),
            "message" => told.message = Some(is(input)?.parse()?),
            "code" => told.code = Some(is(input)?.parse()?),
            "nulls_equal" if !input.peek(Token![=]) => nulls_equal = true,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Unique { span, keys, options, deferrable, nulls_equal, told })
}

pub(super) fn index(input: ParseStream<'_>, span: Span) -> syn::Result<Index> {
    let (mut options, mut method, mut opclass) = (KeyOptions::default(), None, Vec::new());
    let keys = keyed(input, "index", &[], &mut options, &mut |input, word| {
        match word {
            "method" => method = Some(access_method(is(input)?)?),
            "opclass" if input.peek(Token![=]) => opclass = vec![is(input)?.parse()?],
            "opclass" => {
                let list;
                parenthesized!(list in input);
                opclass = list.parse_terminated(|input| input.parse::<LitStr>(), Token![,])?.into_iter().collect();
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Index { span, keys, options, method, opclass })
}

fn access_method(input: ParseStream<'_>) -> syn::Result<LitStr> {
    let method: LitStr = input.parse()?;
    match method.value().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
        true => Ok(method),
        false => Err(syn::Error::new_spanned(
            method,
            "this is no access method of an index\nhelp: PostgreSQL has `gin`, `gist`, `spgist`, `brin` and `hash`",
        )),
    }
}

/// When a constraint is checked, by the library's name for it.
fn when(input: ParseStream<'_>) -> syn::Result<&'static str> {
    let when: Ident = input.parse()?;
    match () {
        () if when == "immediate" => Ok("Immediate"),
        () if when == "deferred" => Ok("Deferred"),
        () => {
            let problem = "a constraint is checked at each statement or at the end of the transaction\nhelp: write `deferrable = immediate`, or `deferrable = deferred`";
            Err(syn::Error::new(when.span(), problem))
        }
    }
}

pub(super) fn check(input: ParseStream<'_>) -> syn::Result<Check> {
    if !input.peek(LitStr) {
        return Err(input.error("a check has a name, which is kept in the database\nhelp: write `check(\"price_not_negative\", |b| b.price.gte(0))`"));
    }
    let name = input.parse()?;
    input.parse::<Token![,]>()?;
    let condition = closure(input)?;
    let (mut told, mut without_table) = (Told::default(), false);
    while input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
        let key: Ident = input.parse()?;
        match () {
            () if key == "message" => told.message = Some(is(input)?.parse()?),
            () if key == "code" => told.code = Some(is(input)?.parse()?),
            () if key == "without_table" => without_table = true,
            () => {
                let problem = format!(
                    "there is no option `{key}` here\nhelp: the options are `message = \"..\"` and `code = \"..\"`, what people are told, and `without_table`, for a name in the database that does not begin with the table's"
                );
                return Err(syn::Error::new(key.span(), problem));
            }
        }
    }
    Ok(Check { name, condition, without_table, told })
}

/// How an exclusion is written.
pub(super) const EXCLUDE: &str = "(\"room_once\", |a, b| a.room.eq(b.room) & a.nights.overlap(b.nights))";

pub(super) fn exclude(input: ParseStream<'_>) -> syn::Result<Exclude> {
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
    let mut out = Exclude { name, without_table: false, pair, method: None, condition: None, deferrable: None };
    while input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
        let key: Ident = input.parse()?;
        if key == "without_table" {
            out.without_table = true;
            continue;
        }
        input.parse::<Token![=]>()?;
        if key == "method" {
            out.method = Some(access_method(input)?);
        } else if key == "condition" {
            out.condition = Some(closure(input)?);
        } else if key == "deferrable" {
            out.deferrable = Some(when(input)?);
        } else {
            let problem = format!(
                "there is no option `{key}` here\nhelp: the options are `method = \"..\"`, `condition = |b| ..`, `deferrable = deferred` and `without_table`"
            );
            return Err(syn::Error::new(key.span(), problem));
        }
    }
    Ok(out)
}
