//! Unique keys, indexes and the names of constraints.

use super::resolve;
use crate::{
    errors::Errors,
    model::{Call, Index, IndexKeys, Model, Unique},
    parse::{self, DbDefault, Keys},
};
use syn::{Expr, ExprLit, Lit};

pub(super) fn unique_key(model: &mut Model, unique: parse::Unique, errors: &mut Errors) {
    let parse::Unique { span, keys, options, deferrable, nulls_equal, told } = unique;
    let include = included(model, &options.include, "unique", errors);
    let keys = match keys {
        Keys::Closure(closure) => {
            if options.name.is_none() {
                errors.at(
                    &closure,
                    "a unique key over expressions has a name, by which errors tell what it is",
                    "add `name = \"..\"`",
                );
            }
            IndexKeys::Closure(closure)
        }
        Keys::Fields(names) => {
            if let Some(name) = names.iter().find(|name| name.descending) {
                errors.at(&name.ident, "a unique key has no direction", "remove the `-`");
            }
            let fields = resolve(model, &names, "unique", errors);
            if fields.len() != names.len() {
                return;
            }
            let plain = options.name.is_none() && options.condition.is_none() && options.include.is_empty();
            match *fields {
                [] => {
                    errors.here(span, "this unique key is over nothing", "name its fields: `unique(author, title)`");
                    return;
                }
                [(one, _)]
                    if plain
                        && deferrable.is_none()
                        && !nulls_equal
                        && told.message.is_none()
                        && told.code.is_none() =>
                {
                    let name = &model.fields[one].name;
                    errors.here(
                        span,
                        "this unique key is over one field",
                        format_args!("write #[field(unique)] on `{name}`"),
                    );
                    return;
                }
                _ => IndexKeys::Fields(fields),
            }
        }
    };
    let (name, condition) = (options.name, options.condition);
    model.unique.push(Unique { keys, name, condition, include, deferrable, nulls_equal, told });
}

pub(super) fn index(model: &mut Model, index: parse::Index, errors: &mut Errors) {
    let parse::Index { span, keys, options, method, opclass } = index;
    let include = included(model, &options.include, "index", errors);
    let keys = match keys {
        Keys::Fields(names) if names.is_empty() => {
            errors.here(
                span,
                "this index is over nothing",
                "name its fields, `index(author, -published)`, or write a closure",
            );
            return;
        }
        Keys::Fields(names) => IndexKeys::Fields(resolve(model, &names, "index", errors)),
        Keys::Closure(closure) => IndexKeys::Closure(closure),
    };
    if let (IndexKeys::Fields(fields), [_, _, ..]) = (&keys, &*opclass)
        && opclass.len() != fields.len()
    {
        errors.here(
            span,
            format_args!("{} classes of operators for {} fields", opclass.len(), fields.len()),
            "give one for all of them, `opclass = \"..\"`, or one for each; \"\" is the usual one",
        );
    }
    let (name, condition) = (options.name, options.condition);
    model.indexes.push(Index { keys, name, condition, method, include, opclass });
}

/// The fields that are stored beside a key.
fn included(model: &Model, names: &[parse::Name], what: &str, errors: &mut Errors) -> Vec<usize> {
    if let Some(name) = names.iter().find(|name| name.descending) {
        errors.at(&name.ident, "what is stored beside a key has no direction", "remove the `-`");
    }
    resolve(model, names, what, errors).into_iter().map(|(index, _)| index).collect()
}

/// Names that two constraints or indexes would share.
pub(super) fn names(model: &Model, errors: &mut Errors) {
    let names = model.unique.iter().filter_map(|unique| unique.name.as_ref());
    let names = names.chain(model.indexes.iter().filter_map(|index| index.name.as_ref()));
    let mut known = Vec::new();
    let names = names.chain(model.exclusions.iter().map(|exclude| &exclude.name));
    for name in names.chain(model.checks.iter().map(|check| &check.name)) {
        let text = name.value();
        if text.is_empty() || !text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
            errors.at(
                name,
                "a name in the database has letters, digits and `_`",
                "write something like \"price_not_negative\"",
            );
        } else if known.contains(&text) {
            errors.at(
                name,
                format_args!("the name `{text}` is given twice"),
                "every constraint and index has a name of its own",
            );
        }
        known.push(text);
    }
    // `DbDefault` is read here for its one rule: text is no place for `now`.
    for call in model.fields.iter().flat_map(|field| &field.calls) {
        if let Call::DbDefault(DbDefault::Value(Expr::Lit(ExprLit { lit: Lit::Str(text), .. }))) = &call.value
            && matches!(&*text.value().to_lowercase(), "now()" | "current_timestamp")
        {
            errors.at(text, "this is the text itself, not the time", "write `db_default = now`");
        }
    }
}
