//! `#[field(..)]`.

use super::{Item, Value, items};
use crate::errors::{Errors, nearest};
use proc_macro2::{Ident, Span};
use syn::{Attribute, Expr, ExprPath, LitStr, Path, Token, parse::Parser, punctuated::Punctuated};

/// A value and the place of the entry that gave it.
pub(crate) struct Spanned<T> {
    pub(crate) span: Span,
    pub(crate) value: T,
}

/// What `#[field(..)]` says.
#[derive(Default)]
pub(crate) struct FieldAttrs {
    pub(crate) column: Option<Spanned<LitStr>>,
    pub(crate) columns: Option<Spanned<Vec<LitStr>>>,
    pub(crate) primary_key: Option<Span>,
    pub(crate) auto: Option<Span>,
    pub(crate) unique: Option<Span>,
    pub(crate) index: Option<Spanned<bool>>,
    pub(crate) max_length: Option<Spanned<Expr>>,
    pub(crate) min_length: Option<Spanned<Expr>>,
    pub(crate) min: Option<Spanned<Expr>>,
    pub(crate) max: Option<Spanned<Expr>>,
    /// The library's name for what a text has to be.
    pub(crate) format: Option<Spanned<&'static str>>,
    pub(crate) pattern: Option<Spanned<LitStr>>,
    pub(crate) validate: Option<Spanned<Path>>,
    pub(crate) validate_with: Option<Spanned<Path>>,
    pub(crate) message: Option<Spanned<LitStr>>,
    pub(crate) code: Option<Spanned<LitStr>>,
    pub(crate) collation: Option<Spanned<Collation>>,
    pub(crate) max_digits: Option<Spanned<Expr>>,
    pub(crate) decimal_places: Option<Spanned<Expr>>,
    pub(crate) default: Option<Spanned<Expr>>,
    pub(crate) db_default: Option<Spanned<DbDefault>>,
    pub(crate) generated: Option<Spanned<Expr>>,
    pub(crate) stored: Option<Spanned<bool>>,
    pub(crate) auto_now: Option<Span>,
    pub(crate) auto_now_add: Option<Span>,
    pub(crate) version: Option<Span>,
    pub(crate) on_delete: Option<Spanned<&'static str>>,
    pub(crate) db_constraint: Option<Spanned<bool>>,
    pub(crate) via: Option<Spanned<Ident>>,
    pub(crate) to: Option<Spanned<Ident>>,
    pub(crate) through: Option<Spanned<Path>>,
    pub(crate) table: Option<Spanned<LitStr>>,
    pub(crate) symmetrical: Option<Span>,
    pub(crate) hooks: Option<Spanned<Path>>,
    pub(crate) parent: Option<Span>,
    pub(crate) flatten: Option<Span>,
    pub(crate) help: Option<Spanned<LitStr>>,
    pub(crate) verbose_name: Option<Spanned<LitStr>>,
    pub(crate) choices_from: Option<Spanned<Expr>>,
    pub(crate) editable: Option<Spanned<bool>>,
    pub(crate) widget: Option<Spanned<LitStr>>,
    pub(crate) comment: Option<Spanned<LitStr>>,
    pub(crate) renamed_from: Option<Spanned<LitStr>>,
}

/// The names of a collation on SQLite, PostgreSQL, and MariaDB and MySQL.
pub(crate) struct Collation(pub(crate) [Option<LitStr>; 3]);

/// A default that the database fills in.
pub(crate) enum DbDefault {
    /// A value.
    Value(Expr),
    /// `now`.
    Now,
    /// `sql("..")`.
    Sql(LitStr),
}

const KNOWN: &[&str] = &[
    "column",
    "columns",
    "primary_key",
    "auto",
    "unique",
    "index",
    "max_length",
    "min_length",
    "min",
    "max",
    "email",
    "url",
    "slug",
    "ip",
    "pattern",
    "validate",
    "validate_with",
    "message",
    "code",
    "collation",
    "max_digits",
    "decimal_places",
    "default",
    "db_default",
    "generated",
    "stored",
    "auto_now",
    "auto_now_add",
    "version",
    "on_delete",
    "db_constraint",
    "via",
    "to",
    "through",
    "table",
    "symmetrical",
    "hooks",
    "parent",
    "flatten",
    "help",
    "verbose_name",
    "choices_from",
    "editable",
    "widget",
    "comment",
    "renamed_from",
];

/// `on_delete`'s rules, and the library's names for them.
const RULES: &[(&str, &str)] = &[
    ("cascade", "Cascade"),
    ("protect", "Protect"),
    ("restrict", "Restrict"),
    ("set_null", "SetNull"),
    ("set_default", "SetDefault"),
    ("do_nothing", "DoNothing"),
];

/// How a value is looked at.
const VALIDATE: &str = "write `validate = adult`, with `fn adult(born: &NaiveDate) -> Result<(), ValidationError>`";

/// How a value is looked at by asking the database.
const VALIDATE_WITH: &str =
    "write `validate_with = is_free`, with `async fn is_free(name: &str, tx: &Transaction) -> Result<(), Refusal>`";

/// Options of other libraries that people reach for, and what they mean here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("null", "a field that can be NULL is an `Option`"),
    ("nullable", "a field that can be NULL is an `Option`"),
    ("blank", "a field that can be left out is an `Option`, or has a `default`"),
    ("choices", "choices are an enum with #[derive(Choices)]"),
    ("related_name", "declare the reverse side in the other model: `books: HasMany<Book>` with #[field(via = ..)]"),
    ("parent_link", "write `primary_key, parent` on a field `place: OneToOne<Place>`"),
    ("db_column", "write `column = \"..\"`"),
    ("name", "write `column = \"..\"`"),
    ("length", "write `min_length = ..` and `max_length = ..`"),
    ("error_messages", "write `message = \"..\"`, which is told where a rule is not met"),
    ("limit_choices_to", "write `choices_from = |t| t.active.eq(true)`"),
    ("range", "write `min = ..` and `max = ..`"),
    ("regex", "write `pattern = \"..\"`"),
    ("custom", "write `validate = function`"),
    ("validator", "write `validate = function`"),
    ("validators", "write `validate = function`"),
    ("db_index", "write `index`"),
    ("db_collation", "write `collation = \"..\"`"),
    ("collate", "write `collation = \"..\"`"),
    ("db_comment", "write `comment = \"..\"`"),
    ("help_text", "write `help = \"..\"`, or a doc comment"),
    ("db_table", "write `table = \"..\"`"),
    ("foreign_key", "write `ForeignKey<Model>` as the field's type"),
    ("expression", "write `generated = |b| ..`"),
    ("db_persist", "a generated field is stored; `stored = false` computes it whenever it is read"),
    ("virtual", "write `stored = false` beside `generated = |b| ..`"),
    (
        "through_fields",
        "write `via = ..`, the key of the model between to this one, and `to = ..`, its key to the other",
    ),
];

/// Reads the attributes of a field; every mistake is reported, and what has one is left out.
pub(crate) fn field_attrs(attributes: &[Attribute], errors: &mut Errors) -> FieldAttrs {
    let mut out = FieldAttrs::default();
    let mut seen: Vec<String> = Vec::new();
    for item in items(attributes, "field", errors) {
        let name = item.name.to_string();
        if seen.contains(&name) {
            errors.at(&item.name, format_args!("`{name}` is given twice"), "keep one of them");
            continue;
        }
        read(&mut out, &name, &item, errors);
        seen.push(name);
    }
    out
}

fn read(out: &mut FieldAttrs, name: &str, item: &Item, errors: &mut Errors) {
    let span = item.span();
    let switch = |errors: &mut Errors| item.flag(errors).filter(|on| *on).map(|_| span);
    let text = |errors: &mut Errors| item.text(errors).map(|value| Spanned { span, value });
    match name {
        "column" => out.column = text(errors),
        "columns" => out.columns = item.texts(errors).map(|value| Spanned { span, value }),
        "primary_key" => out.primary_key = switch(errors),
        "auto" => out.auto = switch(errors),
        "unique" => out.unique = switch(errors),
        "index" => out.index = item.flag(errors).map(|value| Spanned { span, value }),
        "max_length" => out.max_length = item.number(errors, 80).map(|value| Spanned { span, value }),
        "min_length" => out.min_length = item.number(errors, 1).map(|value| Spanned { span, value }),
        "min" => out.min = item.expr(errors).map(|value| Spanned { span, value }),
        "max" => out.max = item.expr(errors).map(|value| Spanned { span, value }),
        "email" => format(out, "Email", item, errors),
        "url" => format(out, "Url", item, errors),
        "slug" => format(out, "Slug", item, errors),
        "ip" => format(out, "Ip", item, errors),
        "pattern" => out.pattern = text(errors),
        "validate" => out.validate = item.path(errors, VALIDATE).map(|value| Spanned { span, value }),
        "validate_with" => {
            out.validate_with = item.path(errors, VALIDATE_WITH).map(|value| Spanned { span, value });
        }
        "message" => out.message = text(errors),
        "code" => out.code = text(errors),
        "collation" => out.collation = collation(item, errors).map(|value| Spanned { span, value }),
        "max_digits" => out.max_digits = item.number(errors, 10).map(|value| Spanned { span, value }),
        "decimal_places" => out.decimal_places = item.number(errors, 2).map(|value| Spanned { span, value }),
        "default" => out.default = item.expr(errors).map(|value| Spanned { span, value }),
        "db_default" => out.db_default = db_default(item, errors).map(|value| Spanned { span, value }),
        "generated" => out.generated = item.closure(errors, "b.price * b.stock").map(|value| Spanned { span, value }),
        "stored" => out.stored = item.flag(errors).map(|value| Spanned { span, value }),
        "auto_now" => out.auto_now = switch(errors),
        "auto_now_add" => out.auto_now_add = switch(errors),
        "version" => out.version = switch(errors),
        "on_delete" => out.on_delete = rule(item, errors).map(|value| Spanned { span, value }),
        "db_constraint" => out.db_constraint = item.flag(errors).map(|value| Spanned { span, value }),
        "via" => out.via = item.word(errors, "author").map(|value| Spanned { span, value }),
        "to" => out.to = item.word(errors, "product").map(|value| Spanned { span, value }),
        "through" => out.through = path(item, errors, "a model", "Membership").map(|value| Spanned { span, value }),
        "table" => out.table = text(errors),
        "symmetrical" => out.symmetrical = switch(errors),
        "hooks" => {
            let help = "a type with `impl LinkHooks<Book, Tag>`";
            out.hooks = path(item, errors, help, "Tagging").map(|value| Spanned { span, value });
        }
        "parent" => out.parent = switch(errors),
        "flatten" => out.flatten = switch(errors),
        "help" => out.help = text(errors),
        "verbose_name" => out.verbose_name = text(errors),
        "choices_from" => {
            out.choices_from = item.closure(errors, "b.active.eq(true)").map(|value| Spanned { span, value });
        }
        "editable" => out.editable = item.flag(errors).map(|value| Spanned { span, value }),
        "widget" => out.widget = text(errors),
        "comment" => out.comment = text(errors),
        "renamed_from" => out.renamed_from = text(errors),
        _ => unknown(name, item, errors),
    }
}

/// `email` and its like: a text is one of them.
fn format(out: &mut FieldAttrs, name: &'static str, item: &Item, errors: &mut Errors) {
    let Some(true) = item.flag(errors) else { return };
    match &out.format {
        None => out.format = Some(Spanned { span: item.span(), value: name }),
        Some(other) => errors.at(
            &item.name,
            format_args!("this text is `{}` already", other.value.to_lowercase()),
            "keep one of them",
        ),
    }
}

fn unknown(name: &str, item: &Item, errors: &mut Errors) {
    let problem = format!("there is no field option `{name}`");
    if let Some((_, help)) = ELSEWHERE.iter().find(|(known, _)| *known == name) {
        errors.at(&item.name, problem, help);
    } else if let Some(near) = nearest(name, KNOWN.iter().copied()) {
        errors.at(&item.name, problem, format_args!("write `{near}`"));
    } else {
        errors.at(&item.name, problem, format_args!("the options are: {}", KNOWN.join(", ")));
    }
}

fn db_default(item: &Item, errors: &mut Errors) -> Option<DbDefault> {
    let value = item.expr(errors)?;
    match &value {
        Expr::Path(ExprPath { path, .. }) if path.is_ident("now") => Some(DbDefault::Now),
        Expr::Call(call) if matches!(&*call.func, Expr::Path(path) if path.path.is_ident("sql")) => {
            let argument = call.args.first().filter(|_| call.args.len() == 1);
            if let Some(Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(sql), .. })) = argument {
                return Some(DbDefault::Sql(sql.clone()));
            }
            errors.at(&call.args, "`sql` takes one text", "write `db_default = sql(\"gen_random_uuid()\")`");
            None
        }
        _ => Some(DbDefault::Value(value)),
    }
}

/// `collation = "C"`, or `collation(sqlite = "NOCASE", mysql = "utf8mb4_unicode_ci")`.
fn collation(item: &Item, errors: &mut Errors) -> Option<Collation> {
    const DATABASES: [&str; 3] = ["sqlite", "postgres", "mysql"];
    let Value::List(span, tokens) = &item.value else {
        let name = collation_name(item, errors)?;
        return Some(Collation([Some(name.clone()), Some(name.clone()), Some(name)]));
    };
    let mut names = [None, None, None];
    let list = Punctuated::<Item, Token![,]>::parse_terminated.parse2(tokens.clone());
    for entry in list.map_err(|error| errors.add(error)).ok()? {
        match DATABASES.iter().position(|database| entry.name == database) {
            Some(place) if names[place].is_none() => names[place] = Some(collation_name(&entry, errors)?),
            Some(_) => errors.at(&entry.name, format_args!("`{}` is given twice", entry.name), "keep one of them"),
            None => errors.at(
                &entry.name,
                format_args!("`{}` is no database", entry.name),
                "the databases are: sqlite, postgres, mysql (which is MariaDB too)",
            ),
        }
    }
    if tokens.is_empty() {
        errors.here(*span, "`collation` is empty", "write `collation(sqlite = \"NOCASE\")`, or `collation = \"..\"`");
    }
    names.iter().any(Option::is_some).then_some(Collation(names))
}

fn collation_name(item: &Item, errors: &mut Errors) -> Option<LitStr> {
    let name = item.text(errors)?;
    if name.value().chars().all(|letter| letter.is_ascii_alphanumeric() || "_-.@".contains(letter)) {
        return Some(name);
    }
    errors.at(
        &name,
        "a collation is a name of letters, digits, `_`, `-`, `.` and `@`",
        "write it as the database does",
    );
    None
}

fn rule(item: &Item, errors: &mut Errors) -> Option<&'static str> {
    let word = item.word(errors, "cascade")?;
    let name = word.to_string();
    if let Some((_, rule)) = RULES.iter().find(|(known, _)| *known == name) {
        return Some(rule);
    }
    let near = nearest(&name.to_lowercase(), RULES.iter().map(|(known, _)| *known));
    let help = near.map_or_else(
        || "write one of cascade, protect, restrict, set_null, set_default, do_nothing".to_owned(),
        |near| format!("write `on_delete = {near}`"),
    );
    errors.at(&word, format_args!("`on_delete` has no rule `{name}`"), help);
    None
}

fn path(item: &Item, errors: &mut Errors, what: &str, example: &str) -> Option<Path> {
    if let Value::Is(value) = &item.value
        && let Expr::Path(path) = &**value
    {
        return Some(path.path.clone());
    }
    let name = &item.name;
    errors.here(item.span(), format_args!("`{name}` names {what}"), format_args!("write `{name} = {example}`"));
    None
}
