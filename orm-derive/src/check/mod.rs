//! From what was written to what is meant: every rule that can be decided without knowing a type.

mod choices;
mod constraints;
mod written;

pub(crate) use choices::{Choices, Storage, Stored, choices};

use crate::{
    errors::{Errors, nearest},
    model::{Call, Field, Model},
    parse::{self, FieldAttrs, Name, Spanned},
};
use proc_macro2::{Ident, Span};
use quote::format_ident;
use std::collections::HashMap;
use syn::{Data, DeriveInput, Expr, ExprLit, Fields, GenericArgument, Lit, PathArguments, Type, ext::IdentExt};

/// How many fields a key has at most: a key of several is a tuple.
const MOST_IN_KEY: usize = 8;

/// What is derived: a whole model, or a part that several share.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Derived {
    Model,
    Part,
}

/// Understands a struct. `None` when it cannot be a model at all; otherwise whatever was understood, beside the mistakes.
pub(crate) fn model(input: &DeriveInput, derived: Derived, errors: &mut Errors) -> Option<Model> {
    let fields = named_fields(input, errors)?;
    if !input.generics.params.is_empty() {
        errors.at(
            &input.generics,
            "a model has no type parameters or lifetimes",
            "write one struct for each table; share fields with #[derive(ModelPart)]",
        );
        return None;
    }
    let attrs = parse::model_attrs(&input.attrs, errors);
    let mut understood = Vec::new();
    let mut keys = Vec::new();
    let mut plain_id = None;
    for (index, syntax) in fields.iter().enumerate() {
        let Some(ident) = &syntax.ident else { continue };
        let name = ident.unraw().to_string();
        name_rules(ident, &name, errors);
        let attrs = parse::field_attrs(&syntax.attrs, errors);
        if attrs.primary_key.is_some() {
            keys.push(index);
        } else if name == "id" {
            plain_id = Some(index);
        }
        let alias = format_ident!("__{}_{name}", input.ident.unraw());
        understood.push(field(syntax, ident, name, alias, attrs, errors));
    }
    written::name_fields(input, fields, &mut understood);
    let mut model = Model {
        ident: input.ident.clone(),
        vis: input.vis.clone(),
        name: input.ident.unraw().to_string(),
        help: parse::doc_text(&input.attrs),
        table: attrs.table,
        fields: understood,
        key: Vec::new(),
        parent: None,
        ordering: Vec::new(),
        order: attrs.order,
        unique: Vec::new(),
        indexes: Vec::new(),
        checks: Vec::new(),
        exclusions: attrs.exclusions,
        comment: attrs.comment,
        verbose_name: attrs.verbose_name,
        verbose_name_plural: attrs.verbose_name_plural,
        permissions: attrs.permissions,
        managed: attrs.managed.unwrap_or(true),
        keyless: attrs.keyless,
        renamed_from: attrs.renamed_from,
        validate: attrs.validate,
        hooks: attrs.hooks,
        filter: attrs.filter,
    };
    if derived == Derived::Part {
        for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("model")) {
            errors.at(attribute, "a part has no options of its own", "write them on the models that hold it");
        }
        for &key in &keys {
            errors.at(&model.fields[key].ident, "a part has no primary key", "declare the key in each model");
        }
        for field in &mut model.fields {
            let (problem, help) = ("a part does not know the models that hold it", "declare the field in each model");
            refuse_generated(field, problem, help, errors);
            let of_a_model = |call: &Spanned<Call>| matches!(call.value, Call::ValidateWith(_) | Call::LinkHooks(_));
            if let Some(place) = field.calls.iter().position(of_a_model) {
                errors.here(field.calls.remove(place).span, problem, help);
            }
        }
        return Some(model);
    }
    if derived == Derived::Model {
        primary_key(&mut model, keys, plain_id, errors);
        parent(&mut model, errors);
    }
    column_clashes(&model, errors);
    one_version(&model, errors);
    symmetrical_ones(&model, errors);
    model.ordering = resolve(&model, &attrs.ordering, "ordering", errors);
    for unique in attrs.unique {
        constraints::unique_key(&mut model, unique, errors);
    }
    for index in attrs.indexes {
        constraints::index(&mut model, index, errors);
    }
    model.checks = attrs.checks;
    constraints::names(&model, errors);
    Some(model)
}

/// A row has one version.
fn one_version(model: &Model, errors: &mut Errors) {
    let versions = model.fields.iter().flat_map(|field| &field.calls);
    for second in versions.filter(|call| matches!(call.value, Call::Version)).skip(1) {
        errors.here(second.span, "this model has a version already", "keep one: each change counts it up by one");
    }
}

/// A relation that goes both ways leads from a model to itself.
fn symmetrical_ones(model: &Model, errors: &mut Errors) {
    for field in &model.fields {
        let said = field.calls.iter().find(|call| matches!(call.value, Call::Symmetrical));
        // What is no many-to-many at all is told by its type.
        let leads_elsewhere = || match &field.ty {
            Type::Path(path) => path.path.segments.last().is_some_and(|last| match &last.arguments {
                PathArguments::AngleBracketed(of) if last.ident == "ManyToMany" => of.args.iter().all(|of| match of {
                    GenericArgument::Type(Type::Path(of)) => {
                        of.path.segments.last().is_some_and(|last| last.ident != "Self" && last.ident != model.ident)
                    }
                    _ => true,
                }),
                _ => false,
            }),
            _ => false,
        };
        if let Some(said) = said.filter(|_| leads_elsewhere()) {
            errors.here(
                said.span,
                "`symmetrical` is for a model that is related to itself: if one is a friend of another, so is the other of it",
                format_args!("write `ManyToMany<{}>`, or remove it", model.ident),
            );
        }
    }
}

fn named_fields<'a>(
    input: &'a DeriveInput,
    errors: &mut Errors,
) -> Option<&'a syn::punctuated::Punctuated<syn::Field, syn::Token![,]>> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => return Some(&fields.named),
            Fields::Unnamed(fields) => errors.at(
                fields,
                "a model is a struct with named fields",
                "name the fields, which become columns; a newtype for one column is #[derive(FieldType)]",
            ),
            Fields::Unit => {
                errors.at(&input.ident, "a model has fields", "write `pub struct Name { pub id: i64, .. }`")
            }
        },
        Data::Enum(data) => errors.at(
            data.enum_token,
            "a model is a struct with named fields",
            "for an enum that is stored in a column, write #[derive(Choices)]",
        ),
        Data::Union(data) => errors.at(data.union_token, "a model is a struct with named fields", "write a struct"),
    }
    None
}

fn name_rules(ident: &Ident, name: &str, errors: &mut Errors) {
    if name == "pk" {
        errors.at(ident, "`pk` is the name for whatever the primary key is", "call the field `id`, or what it holds");
    }
    if name.contains("__") {
        errors.at(
            ident,
            format_args!("`{name}` has `__` in it, which parts the steps of a path in queries by name"),
            format_args!("write `{}`", name.replace("__", "_")),
        );
    }
    if name.ends_with('_') {
        let bare = name.trim_end_matches('_');
        errors.at(
            ident,
            format_args!("`{name}` ends with `_`"),
            format_args!("write `r#{bare}` if `{bare}` is a word of Rust's, or `{bare}`"),
        );
    }
}

fn field(
    syntax: &syn::Field,
    ident: &Ident,
    name: String,
    alias: Ident,
    attrs: FieldAttrs,
    errors: &mut Errors,
) -> Field {
    exclusive(&attrs, errors);
    let help = attrs.help.as_ref().map_or_else(|| parse::doc_text(&syntax.attrs), |help| help.value.value());
    let filled = attrs.auto.is_some()
        || attrs.default.is_some()
        || attrs.db_default.is_some()
        || attrs.generated.is_some()
        || attrs.auto_now.is_some()
        || attrs.auto_now_add.is_some()
        || attrs.version.is_some();
    let generated = attrs.generated.is_some();
    let unique = attrs.unique.is_some();
    let flatten = attrs.flatten.is_some();
    Field {
        ident: ident.clone(),
        vis: syntax.vis.clone(),
        ty: syntax.ty.clone(),
        alias,
        name,
        written: None,
        docs: parse::docs(&syntax.attrs),
        help,
        calls: calls(attrs, errors),
        unique,
        filled,
        generated,
        flatten,
    }
}

/// Takes back that the database computes a field, where it cannot.
fn refuse_generated(field: &mut Field, problem: &str, help: &str, errors: &mut Errors) {
    if let Some(place) = field.calls.iter().position(|call| matches!(call.value, Call::Generated(..))) {
        errors.here(field.calls.remove(place).span, problem, help);
        field.generated = false;
    }
}

/// Attributes that do not go together.
fn exclusive(attrs: &FieldAttrs, errors: &mut Errors) {
    let given: Vec<(&str, Span)> = [
        ("auto_now", attrs.auto_now),
        ("auto_now_add", attrs.auto_now_add),
        ("version", attrs.version),
        ("default", attrs.default.as_ref().map(|given| given.span)),
        ("db_default", attrs.db_default.as_ref().map(|given| given.span)),
        ("generated", attrs.generated.as_ref().map(|given| given.span)),
    ]
    .into_iter()
    .filter_map(|(name, span)| Some((name, span?)))
    .collect();
    if let [(first, _), (second, span), ..] = *given {
        let help = match (first, second) {
            ("auto_now", "auto_now_add") => "`auto_now` sets the time at every save, `auto_now_add` once: keep one",
            ("default", "db_default") => {
                "`default` fills drafts in Rust, `db_default` is filled in by the database: keep one"
            }
            ("version", _) | (_, "version") => "a version begins at 1 and counts by itself: keep one",
            (_, "generated") => "the database computes the field whenever its row changes: keep one",
            _ => "the time is set by itself: keep one",
        };
        errors.here(span, format_args!("`{first}` and `{second}` do not go together"), help);
    }
    if let (Some(unique), Some(_)) = (attrs.unique, attrs.primary_key) {
        errors.here(unique, "a primary key is unique by itself", "remove `unique`");
    }
    if let (Some(version), Some(_)) = (attrs.version, attrs.primary_key) {
        errors.here(version, "a primary key never changes, and a version always does", "keep one");
    }
    if let (Some(auto), None) = (attrs.auto, attrs.primary_key) {
        errors.here(
            auto,
            "`auto` is for primary keys",
            "write `primary_key, auto`; a field called `id` is both by itself",
        );
    }
    if let (Some(_), Some(rule)) = (attrs.parent, &attrs.on_delete) {
        errors.here(rule.span, "a row goes with its parent", "remove `on_delete`: it is `cascade`");
    }
    if let (Some(stored), None) = (attrs.stored.as_ref(), attrs.generated.as_ref()) {
        errors.here(stored.span, "`stored` is for generated fields", "remove it, or add `generated = |b| ..`");
    }
    if let (Some(index), true) =
        (attrs.index.as_ref().filter(|index| index.value), attrs.unique.is_some() || attrs.primary_key.is_some())
    {
        errors.here(index.span, "a unique field has an index by itself", "remove `index`");
    }
    if let (Some(rule), None, None) = (attrs.on_delete.as_ref(), attrs.default.as_ref(), attrs.db_default.as_ref())
        && rule.value == "SetDefault"
    {
        errors.here(
            rule.span,
            "`on_delete = set_default` needs a default",
            "add `default = ..`, the key of the row to point to instead",
        );
    }
    if let (Some(table), Some(_)) = (&attrs.table, &attrs.through) {
        errors.here(
            table.span,
            "`table` names the automatic table of a many-to-many, `through` replaces it",
            "keep one; the model names its own table",
        );
    }
    if let (Some(symmetrical), Some(_), None) = (attrs.symmetrical, &attrs.via, &attrs.through) {
        errors.here(symmetrical, "a relation that goes both ways has no other side", "remove `via`");
    }
    if let (Some(to), None) = (&attrs.to, &attrs.through) {
        errors.here(
            to.span,
            "`to` names a key of the model between the sides of a many-to-many",
            "name that model, `through = ..`; where a foreign key leads is its type: `ForeignKey<Country>`, or `ForeignKey<CountryByCode>` \
             for its unique field `code`",
        );
    }
    if let (Some(table), Some(_), None) = (&attrs.table, &attrs.via, &attrs.through) {
        errors.here(table.span, "a reverse side has the table of the many-to-many that `via` names", "remove `table`");
    }
    if let (Some(span), Some(wrong)) = (attrs.flatten, first_other_than_flatten(attrs)) {
        errors.here(wrong, "the fields of a part have their own attributes", "write them in the part's struct");
        let _ = span;
    }
}

fn first_other_than_flatten(attrs: &FieldAttrs) -> Option<Span> {
    fn span<T>(of: &Option<Spanned<T>>) -> Option<Span> {
        of.as_ref().map(|given| given.span)
    }
    [
        span(&attrs.column),
        span(&attrs.columns),
        attrs.primary_key,
        attrs.unique,
        span(&attrs.index),
        span(&attrs.max_length),
        span(&attrs.min_length),
        span(&attrs.min),
        span(&attrs.max),
        span(&attrs.format),
        span(&attrs.pattern),
        span(&attrs.validate),
        span(&attrs.validate_with),
        span(&attrs.hooks),
        span(&attrs.choices_from),
        span(&attrs.message),
        span(&attrs.code),
        span(&attrs.collation),
        span(&attrs.default),
        span(&attrs.db_default),
        span(&attrs.generated),
        attrs.auto_now,
        attrs.auto_now_add,
        attrs.version,
        attrs.parent,
        span(&attrs.on_delete),
    ]
    .into_iter()
    .flatten()
    .next()
}

/// The literal number, when it is one.
fn literal(expr: &Expr) -> Option<u32> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => number.base10_parse().ok(),
        _ => None,
    }
}

fn calls(attrs: FieldAttrs, errors: &mut Errors) -> Vec<Spanned<Call>> {
    let mut out = Vec::new();
    let mut flag = |span: Option<Span>, call: Call| out.extend(span.map(|span| Spanned { span, value: call }));
    flag(attrs.auto, Call::AutoKey);
    flag(attrs.unique, Call::Unique);
    flag(attrs.auto_now, Call::AutoNow);
    flag(attrs.auto_now_add, Call::AutoNowAdd);
    flag(attrs.version, Call::Version);
    flag(attrs.symmetrical, Call::Symmetrical);
    flag(attrs.parent, Call::Parent);
    fn valued<T>(out: &mut Vec<Spanned<Call>>, given: Option<Spanned<T>>, call: impl FnOnce(T) -> Call) {
        out.extend(given.map(|given| Spanned { span: given.span, value: call(given.value) }));
    }
    valued(&mut out, attrs.column, Call::Column);
    valued(&mut out, attrs.columns, Call::Columns);
    valued(&mut out, attrs.index, Call::Index);
    // What a format says of the length comes before what the person says.
    valued(&mut out, attrs.format, Call::Format);
    valued(&mut out, attrs.max_length, Call::MaxLength);
    valued(&mut out, attrs.min_length, Call::MinLength);
    valued(&mut out, attrs.min, Call::Min);
    valued(&mut out, attrs.max, Call::Max);
    valued(&mut out, attrs.pattern, Call::Pattern);
    valued(&mut out, attrs.validate, Call::Validate);
    valued(&mut out, attrs.validate_with, Call::ValidateWith);
    // After the rules that they are about.
    valued(&mut out, attrs.message, Call::Message);
    valued(&mut out, attrs.code, Call::Code);
    valued(&mut out, attrs.collation, Call::Collation);
    // After a mistake some size stands in, so that a decimal without one is not reported as well.
    let stand_in = |span| Spanned { span, value: Call::Digits(syn::parse_quote!(10), syn::parse_quote!(2)) };
    match (attrs.max_digits, attrs.decimal_places) {
        (Some(digits), Some(places)) => match (literal(&digits.value), literal(&places.value)) {
            (Some(most), Some(after)) if after > most => {
                errors.here(
                    places.span,
                    format_args!("{after} decimal places do not fit into {most} digits"),
                    format_args!(
                        "`max_digits` counts the digits before the point too: write `max_digits = {}`",
                        most.saturating_add(after)
                    ),
                );
                out.push(stand_in(places.span));
            }
            _ => out.push(Spanned { span: digits.span, value: Call::Digits(digits.value, places.value) }),
        },
        (Some(digits), None) => {
            errors.here(digits.span, "`max_digits` comes with `decimal_places`", "add `decimal_places = 2`");
            out.push(stand_in(digits.span));
        }
        (None, Some(places)) => {
            errors.here(places.span, "`decimal_places` comes with `max_digits`", "add `max_digits = 10`");
            out.push(stand_in(places.span));
        }
        (None, None) => {}
    }
    valued(&mut out, attrs.default, Call::Default);
    valued(&mut out, attrs.db_default, Call::DbDefault);
    let stored = attrs.stored.is_none_or(|stored| stored.value);
    valued(&mut out, attrs.generated, |value| Call::Generated(value, stored));
    valued(&mut out, attrs.on_delete, Call::OnDelete);
    valued(&mut out, attrs.db_constraint, Call::DbConstraint);
    valued(&mut out, attrs.via, |via| Call::Via(via.unraw().to_string()));
    valued(&mut out, attrs.to, |to| Call::To(to.unraw().to_string()));
    valued(&mut out, attrs.through, Call::Through);
    valued(&mut out, attrs.table, Call::Table);
    valued(&mut out, attrs.hooks, Call::LinkHooks);
    valued(&mut out, attrs.verbose_name, Call::VerboseName);
    valued(&mut out, attrs.choices_from, Call::ChoicesFrom);
    valued(&mut out, attrs.editable, Call::Editable);
    valued(&mut out, attrs.widget, Call::Widget);
    valued(&mut out, attrs.comment, Call::Comment);
    valued(&mut out, attrs.renamed_from, Call::RenamedFrom);
    out
}

fn primary_key(model: &mut Model, keys: Vec<usize>, plain_id: Option<usize>, errors: &mut Errors) {
    match (keys.is_empty(), plain_id) {
        (true, Some(id)) => {
            let field = &mut model.fields[id];
            if let Some(unique) = field.calls.iter().find(|call| matches!(call.value, Call::Unique)) {
                errors.here(unique.span, "a primary key is unique by itself", "remove `unique`");
                field.calls.retain(|call| !matches!(call.value, Call::Unique));
            }
            field.unique = false;
            if !field.filled {
                let span = field.type_span();
                field.calls.insert(0, Spanned { span, value: Call::AutoKey });
            }
            field.filled = true;
            model.key = vec![id];
        }
        (true, None) => errors.at(
            &model.ident,
            format_args!("the model `{}` has no primary key", model.name),
            "add `pub id: i64`, or write #[field(primary_key)] on the field that is the key",
        ),
        (false, Some(id)) => {
            let ident = &model.fields[id].ident;
            errors.at(
                ident,
                "`id` is the primary key, but another field says `primary_key`",
                "call this field something else and keep its column: #[field(column = \"id\")]",
            );
            model.key = keys;
        }
        (false, None) => model.key = keys,
    }
    for index in model.key.clone() {
        let (problem, help) =
            ("a key tells rows apart before they are written: it is not generated", "remove `generated`");
        refuse_generated(&mut model.fields[index], problem, help, errors);
    }
    let auto = |index: &usize| model.fields[*index].calls.iter().find(|call| matches!(call.value, Call::AutoKey));
    if let (true, Some(call)) = (model.key.len() > 1, model.key.iter().find_map(auto)) {
        errors.here(call.span, "only a key of one field is automatic", "remove `auto`, or one `primary_key`");
    }
    if model.key.len() > MOST_IN_KEY {
        errors.at(
            &model.fields[model.key[MOST_IN_KEY]].ident,
            "a primary key has at most eight fields",
            "use an `id`, and #[model(unique(..))] for the others",
        );
        model.key.truncate(MOST_IN_KEY);
    }
}

/// The parent of a model: its key, and nothing else, leads there. What is wrong with it makes it a relation like any other.
fn parent(model: &mut Model, errors: &mut Errors) {
    let said: Vec<(usize, Span)> = (0..)
        .zip(&model.fields)
        .filter_map(|(index, field)| {
            let call = field.calls.iter().find(|call| matches!(call.value, Call::Parent))?;
            Some((index, call.span))
        })
        .collect();
    let (mut first, mut wrong) = (None, false);
    for (index, span) in said {
        let field = &model.fields[index];
        let itself = match &field.ty {
            Type::Path(path) => path.path.segments.last().is_some_and(|last| match &last.arguments {
                PathArguments::AngleBracketed(of) => of.args.iter().any(|of| {
                    matches!(of, GenericArgument::Type(Type::Path(of))
                        if of.path.is_ident(&model.ident) || of.path.is_ident("Self"))
                }),
                _ => false,
            }),
            _ => false,
        };
        let mut refuse = |problem: &str, help: &str| {
            errors.here(span, problem, help);
            wrong = true;
        };
        if first.is_some() {
            let help = "keep one, and make the other a `OneToOne` that is no parent";
            refuse("this model has a parent already", help);
        } else if !model.key.contains(&index) {
            let help = "write #[field(primary_key, parent)], and remove the key that the model has now";
            refuse("a row and its parent have one key: the relation to the parent is the primary key", help);
        } else if model.key.len() > 1 {
            let help = "remove the other `primary_key`; `unique(..)` on the model is for keys of several fields";
            refuse("a row and its parent have one key, and this model's key has other fields", help);
        } else if itself {
            refuse("a model is not its own parent", "remove `parent`");
            // A key that is made of itself is none.
            model.key.clear();
        }
        first = first.or(Some(index));
    }
    if wrong {
        model.fields.iter_mut().for_each(|field| field.calls.retain(|call| !matches!(call.value, Call::Parent)));
    } else {
        model.parent = first;
    }
}

/// Columns that are given the same name, as far as names are written down.
fn column_clashes(model: &Model, errors: &mut Errors) {
    let mut known: HashMap<String, &Ident> = HashMap::new();
    for field in &model.fields {
        for text in field.columns() {
            let name = text.value();
            if let Some(other) = known.insert(name.to_lowercase(), &field.ident) {
                let problem = format_args!("the column `{name}` already belongs to the field `{other}`");
                errors.at(text, problem, "give one of them another `column`");
            }
        }
    }
}

/// The fields that an attribute names.
fn resolve(model: &Model, names: &[Name], what: &str, errors: &mut Errors) -> Vec<(usize, bool)> {
    let mut out: Vec<(usize, bool)> = Vec::with_capacity(names.len());
    for name in names {
        let wanted = name.ident.unraw().to_string();
        let wanted =
            if wanted == "pk" && model.key.len() == 1 { model.fields[model.key[0]].name.clone() } else { wanted };
        let Some(index) = model.fields.iter().position(|field| field.name == wanted) else {
            let near = nearest(&wanted, model.fields.iter().map(|field| &*field.name));
            let help = near.map_or_else(
                || {
                    format!(
                        "the fields are: {}",
                        model.fields.iter().map(|field| &*field.name).collect::<Vec<_>>().join(", ")
                    )
                },
                |near| format!("write `{near}`"),
            );
            errors.at(&name.ident, format_args!("`{}` has no field `{wanted}`", model.name), help);
            continue;
        };
        if out.iter().any(|(known, _)| *known == index) {
            errors.at(&name.ident, format_args!("`{wanted}` is named twice in `{what}`"), "name it once");
            continue;
        }
        out.push((index, name.descending));
    }
    out
}
