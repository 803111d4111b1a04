//! Every function, method and trait that people call is shown by an example, which runs as a test.

use crate::repository::{files_with, none, read};
use syn::{Attribute, ImplItem, Item, TraitItem, Visibility};

/// Parts of `orm/src` without examples of their own, and why: a path's beginning, and what is left out there (`*` is everything).
const WITHOUT: &[(&str, &str, &str)] = &[
    ("cli/context.rs", "Context", "shown by the example of `Context`"),
    ("db/connection.rs", "Connection", "shown by the example of `Connection`"),
    ("db/row.rs", "Row", "shown by the example of `Row`"),
    ("db/row.rs", "Cell", "shown by the example of `Row`"),
    ("field/choice.rs", "*", "what derived enums call"),
    ("field/held.rs", "*", "what derived models call"),
    ("field/path.rs", "*", "not public"),
    ("field/scope.rs", "Declared", "a bound that people never write"),
    ("field/scope.rs", "Joins", "a bound that people never write"),
    ("migrate/step.rs", "FrozenField", "what derived shapes call"),
    ("migrate/step.rs", "Step", "shown by the example of `StepFn`"),
    ("model/attend.rs", "*", "what derived models call"),
    ("model/build.rs", "*", "what derived models call"),
    ("model/named.rs", "*", "what derived models call"),
    ("model/far.rs", "*", "what derived models call"),
    ("model/fit.rs", "*", "what derived models call"),
    ("model/forms.rs", "FieldSpec", "what derived models call"),
    ("model/key.rs", "KeyField", "what derived models call"),
    ("model/meta.rs", "LazyMeta", "what derived models call"),
    ("model/meta.rs", "AppSpec", "what `app!` makes; people call `App::models`"),
    ("model/spec.rs", "ModelOptions", "what derived models call"),
    ("model/target.rs", "UniqueField", "what derived models call"),
    ("model/ties.rs", "*", "what derived models call"),
    ("model/columns.rs", "*", "what derived models call"),
    ("model/traits.rs", "ModelField", "implemented for every `FieldType`, and by derives"),
    ("model/traits.rs", "RowPart", "implemented by derives"),
    ("query/erased.rs", "*", "not public"),
    ("query/nested.rs", "*", "what derived rows call"),
    ("tree/", "*", "plain data, which queries build"),
    ("write/hooks.rs", "Hooks", "shown by the example of `Hooks`"),
    ("write/many/links.rs", "LinkHooks", "shown by the example of `LinkHooks`"),
    ("write/into_field.rs", "default_value", "what derived models call"),
];

#[test]
fn everything_that_people_call_has_an_example() {
    let mut missing = Vec::new();
    let mut used = vec![false; WITHOUT.len()];
    for file in files_with(".rs").into_iter().filter(|file| file.starts_with("orm/src/")) {
        let parsed = syn::parse_file(&read(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let mut names = Vec::new();
        look(&parsed.items, &mut names);
        for name in names {
            let excuse = WITHOUT.iter().position(|(place, item, _)| {
                file.strip_prefix("orm/src/").is_some_and(|file| file.starts_with(place))
                    && (*item == "*" || *item == name || name.starts_with(&format!("{item}::")))
            });
            match excuse {
                Some(index) => used[index] = true,
                None => missing.push(format!("{file}: {name}")),
            }
        }
    }
    none(missing, "what people call has an example in its documentation, or a reason in WITHOUT");
    let stale =
        WITHOUT.iter().zip(used).filter(|(_, used)| !used).map(|((file, item, _), _)| format!("{file}: {item}"));
    none(stale.collect(), "these have examples, or are gone: take them off WITHOUT");
}

/// Collects the names of public items that have no example.
fn look(items: &[Item], missing: &mut Vec<String>) {
    for item in items {
        match item {
            Item::Fn(item) if is_public(&item.vis) => check(&item.attrs, item.sig.ident.to_string(), missing),
            Item::Trait(item) if is_public(&item.vis) && !is_hidden(&item.attrs) => {
                check(&item.attrs, item.ident.to_string(), missing);
                for method in &item.items {
                    // What an implementation has to write is shown by the trait's own example.
                    if let TraitItem::Fn(method) = method
                        && method.default.is_some()
                    {
                        check(&method.attrs, format!("{}::{}", item.ident, method.sig.ident), missing);
                    }
                }
            }
            Item::Impl(item) if item.trait_.is_none() && !is_hidden(&item.attrs) => {
                let syn::Type::Path(of) = &*item.self_ty else { continue };
                let of = of.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
                for method in &item.items {
                    if let ImplItem::Fn(method) = method
                        && is_public(&method.vis)
                    {
                        check(&method.attrs, format!("{of}::{}", method.sig.ident), missing);
                    }
                }
            }
            Item::Macro(item) if item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export")) => {
                check(&item.attrs, item.ident.as_ref().map(ToString::to_string).unwrap_or_default(), missing);
            }
            Item::Mod(item) if is_public(&item.vis) && !is_hidden(&item.attrs) => {
                look(item.content.as_ref().map_or(&[], |(_, items)| items), missing);
            }
            _ => {}
        }
    }
}

fn check(attributes: &[Attribute], name: String, missing: &mut Vec<String>) {
    if !is_hidden(attributes) && !docs(attributes).contains("```") {
        missing.push(name);
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("doc")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|argument| argument == "hidden")
    })
}

fn docs(attributes: &[Attribute]) -> String {
    let text = |attribute: &Attribute| match &attribute.meta {
        syn::Meta::NameValue(doc) if doc.path.is_ident("doc") => match &doc.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    };
    attributes.iter().filter_map(text).collect::<Vec<_>>().join("\n")
}
