//! What serde writes fields and variants as.

use crate::{model::Field, parse::serde_attrs};
use proc_macro2::Ident;
use syn::{Attribute, DeriveInput, Variant, ext::IdentExt, punctuated::Punctuated};

/// Tells each field what serde writes it as, where that is not its name: nothing of a part whose fields stand among the others.
pub(super) fn name_fields(
    input: &DeriveInput,
    fields: &Punctuated<syn::Field, syn::Token![,]>,
    understood: &mut [Field],
) {
    let rule = serde_attrs(&input.attrs).rename_all;
    for (syntax, field) in fields.iter().zip(understood) {
        let attrs = serde_attrs(&syntax.attrs);
        let name = match (attrs.flatten, attrs.rename) {
            (true, _) => String::new(),
            (false, Some(name)) => name,
            (false, None) => of_field(&field.name, rule.as_deref()),
        };
        field.written = Some(name).filter(|name| *name != field.name);
    }
}

/// What serde writes a variant as.
pub(super) fn variant(of: &[Attribute], variant: &Variant) -> String {
    let name = |ident: &Ident| of_variant(&ident.unraw().to_string(), serde_attrs(of).rename_all.as_deref());
    serde_attrs(&variant.attrs).rename.unwrap_or_else(|| name(&variant.ident))
}

/// The rules of serde's `rename_all` for fields, which are `snake_case`.
fn of_field(name: &str, rule: Option<&str>) -> String {
    let pascal = || name.split('_').map(|word| first(word, |letter| letter.to_ascii_uppercase())).collect::<String>();
    match rule {
        Some("UPPERCASE" | "SCREAMING_SNAKE_CASE") => name.to_ascii_uppercase(),
        Some("PascalCase") => pascal(),
        Some("camelCase") => first(&pascal(), |letter| letter.to_ascii_lowercase()),
        Some("kebab-case") => name.replace('_', "-"),
        Some("SCREAMING-KEBAB-CASE") => name.to_ascii_uppercase().replace('_', "-"),
        _ => name.to_owned(),
    }
}

/// The same for variants, which are `PascalCase`.
fn of_variant(name: &str, rule: Option<&str>) -> String {
    let snake = || {
        let mut out = String::new();
        for (place, letter) in name.char_indices() {
            if place > 0 && letter.is_uppercase() {
                out.push('_');
            }
            out.push(letter.to_ascii_lowercase());
        }
        out
    };
    match rule {
        Some("lowercase") => name.to_ascii_lowercase(),
        Some("UPPERCASE") => name.to_ascii_uppercase(),
        Some("camelCase") => first(name, |letter| letter.to_ascii_lowercase()),
        Some("snake_case") => snake(),
        Some("SCREAMING_SNAKE_CASE") => snake().to_ascii_uppercase(),
        Some("kebab-case") => snake().replace('_', "-"),
        Some("SCREAMING-KEBAB-CASE") => snake().to_ascii_uppercase().replace('_', "-"),
        _ => name.to_owned(),
    }
}

/// The word with its first letter as `turn` makes it.
fn first(word: &str, turn: impl Fn(char) -> char) -> String {
    let mut letters = word.chars();
    letters.next().map(turn).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::{of_field, of_variant};

    #[test]
    fn names_are_those_of_serde() {
        let rules = [
            ("lowercase", "in_stock", "instock"),
            ("UPPERCASE", "IN_STOCK", "INSTOCK"),
            ("PascalCase", "InStock", "InStock"),
            ("camelCase", "inStock", "inStock"),
            ("snake_case", "in_stock", "in_stock"),
            ("SCREAMING_SNAKE_CASE", "IN_STOCK", "IN_STOCK"),
            ("kebab-case", "in-stock", "in-stock"),
            ("SCREAMING-KEBAB-CASE", "IN-STOCK", "IN-STOCK"),
        ];
        for (rule, field, variant) in rules {
            assert_eq!((&*of_field("in_stock", Some(rule)), &*of_variant("InStock", Some(rule))), (field, variant));
        }
        assert_eq!((of_field("in_stock", None), of_variant("InStock", None)), ("in_stock".into(), "InStock".into()));
    }
}
