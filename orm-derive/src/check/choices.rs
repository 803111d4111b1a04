//! Choices: from what was written on an enum to what is stored.

use super::written;
use crate::{
    errors::Errors,
    parse::{choice_attrs, choices_attrs},
};
use proc_macro2::Ident;
use quote::ToTokens;
use syn::{Data, DeriveInput, Expr, ExprLit, ExprUnary, Fields, Lit, LitStr, UnOp, Variant, ext::IdentExt};

/// An enum with `#[derive(Choices)]`.
pub(crate) struct Choices {
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) storage: Storage,
    /// Whether the column is one of numbers that are never negative.
    pub(crate) positive: bool,
    /// The enum of the database in which the choices are stored.
    pub(crate) db_type: Option<LitStr>,
    pub(crate) variants: Vec<Choice>,
    /// The variant that takes every other stored value.
    pub(crate) other: Option<Ident>,
}

/// How the choices are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    Text,
    I16,
    I32,
    I64,
}

/// A variant with a value of its own.
pub(crate) struct Choice {
    pub(crate) ident: Ident,
    pub(crate) value: Stored,
    pub(crate) label: String,
    /// What serde writes it as.
    pub(crate) written: String,
}

/// The value that is stored.
#[derive(PartialEq, Eq, Clone)]
pub(crate) enum Stored {
    Text(String),
    Integer(i64),
}

/// Understands an enum. `None` when it cannot be one of choices.
pub(crate) fn choices(input: &DeriveInput, errors: &mut Errors) -> Option<Choices> {
    let data = match &input.data {
        Data::Enum(data) => data,
        Data::Struct(_) | Data::Union(_) => {
            let help = "for a newtype, write #[derive(FieldType)]; for a table, #[derive(Model)]";
            errors.at(&input.ident, "choices are an enum", help);
            return None;
        }
    };
    if !input.generics.params.is_empty() {
        errors.at(&input.generics, "choices have no type parameters or lifetimes", "remove them");
        return None;
    }
    let attrs = choices_attrs(&input.attrs, errors);
    if let (Some(_), Some(text)) = (attrs.integer, attrs.text) {
        errors.here(text, "`integer` and `text` do not go together", "keep one");
    }
    let numbered = data.variants.iter().any(|variant| variant.discriminant.is_some());
    let integers = attrs.integer.is_some() || (numbered && attrs.text.is_none());
    if let Some(db_type) = attrs.db_type.as_ref().filter(|_| integers) {
        errors.at(db_type, "an enum of the database has texts", "remove `db_type`, or the numbers");
    }
    let (storage, positive) = if integers { integer(input) } else { (Storage::Text, false) };
    let mut out = Choices {
        ident: input.ident.clone(),
        name: input.ident.unraw().to_string(),
        storage,
        positive,
        db_type: attrs.db_type,
        variants: Vec::new(),
        other: None,
    };
    let mut next = 0;
    for variant in &data.variants {
        read(&mut out, input, variant, &mut next, errors);
    }
    if out.variants.is_empty() && errors.is_empty() {
        errors.at(&input.ident, "there is nothing to choose from", "add a variant");
    }
    Some(out)
}

/// The width of the column, that of `#[repr(i16)]` and the like or 32 bits, and whether it is never negative.
fn integer(input: &DeriveInput) -> (Storage, bool) {
    let mut column = (Storage::I32, false);
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("repr")) {
        column = match &*attribute.meta.to_token_stream().to_string().replace(' ', "") {
            "repr(i8)" | "repr(u8)" | "repr(i16)" => (Storage::I16, false),
            "repr(i64)" => (Storage::I64, false),
            "repr(u16)" => (Storage::I16, true),
            "repr(u32)" => (Storage::I32, true),
            "repr(u64)" => (Storage::I64, true),
            _ => column,
        };
    }
    column
}

fn read(out: &mut Choices, input: &DeriveInput, variant: &Variant, next: &mut i64, errors: &mut Errors) {
    let attrs = choice_attrs(&variant.attrs, errors);
    let ident = &variant.ident;
    if let Some(other) = attrs.other {
        if !matches!(&variant.fields, Fields::Unnamed(fields) if fields.unnamed.len() == 1) {
            let holds = if out.storage == Storage::Text { "String" } else { "i64" };
            let help = format!("write `#[choice(other)] {ident}({holds})`");
            errors.at(variant, "`other` keeps the stored value", help);
            return;
        }
        if out.other.replace(ident.clone()).is_some() {
            errors.here(other, "two variants are `other`", "one variant takes all values that are no choice");
        }
        return;
    }
    if !matches!(variant.fields, Fields::Unit) {
        let help = "a choice is a bare name; for the variant that keeps unknown values, write #[choice(other)]";
        errors.at(variant, format_args!("the choice `{ident}` holds a value"), help);
        return;
    }
    let name = ident.unraw().to_string();
    let value = match out.storage {
        Storage::Text => text(&name, attrs.value.as_ref(), errors),
        _ => number(variant, attrs.value.as_ref(), out, next, errors),
    };
    let Some(value) = value else { return };
    if let Some(known) = out.variants.iter().find(|choice| choice.value == value) {
        let at = attrs.value.map_or_else(|| ident.to_token_stream(), ToTokens::into_token_stream);
        let problem = format!("`{ident}` has the stored value of `{}`", known.ident);
        errors.at(at, problem, "give one of them another `value`");
        return;
    }
    let label = attrs.label.map_or_else(|| label(&name), |label| label.value());
    let written = written::variant(&input.attrs, variant);
    out.variants.push(Choice { ident: ident.clone(), value, label, written });
}

fn text(name: &str, given: Option<&Expr>, errors: &mut Errors) -> Option<Stored> {
    match given {
        None => Some(Stored::Text(snake(name))),
        Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => Some(Stored::Text(text.value())),
        Some(other) => {
            let help = "write `value = \"..\"`, or #[choices(integer)] on the enum";
            errors.at(other, "these choices are stored as text", help);
            None
        }
    }
}

fn number(
    variant: &Variant,
    given: Option<&Expr>,
    of: &Choices,
    next: &mut i64,
    errors: &mut Errors,
) -> Option<Stored> {
    let discriminant = variant.discriminant.as_ref().map(|(_, value)| value);
    if let (Some(given), Some(_)) = (given, discriminant) {
        errors.at(given, "the discriminant is the value", "keep one of them");
    }
    let value = match given.or(discriminant) {
        None => *next,
        Some(expr) => match literal(expr) {
            Some(value) => value,
            None => {
                errors.at(expr, "these choices are stored as numbers", "write the number: `value = 10`");
                return None;
            }
        },
    };
    *next = value.wrapping_add(1);
    let most = match of.storage {
        Storage::I16 => i64::from(i16::MAX),
        Storage::I32 => i64::from(i32::MAX),
        Storage::I64 | Storage::Text => i64::MAX,
    };
    if value > most || value < -most - 1 {
        let problem = format!("{value} does not fit into the column of these choices");
        errors.at(variant, problem, "write #[repr(i64)] on the enum");
    }
    if of.positive && value < 0 {
        let problem = format!("{value} does not fit into the column of these choices, which is never negative");
        errors.at(variant, problem, "write #[repr(i16)], #[repr(i32)] or #[repr(i64)] on the enum");
    }
    Some(Stored::Integer(value))
}

fn literal(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => number.base10_parse().ok(),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => literal(expr).map(|value| -value),
        Expr::Paren(inner) => literal(&inner.expr),
        _ => None,
    }
}

/// `InProgress` gives `in_progress`; a run of capitals stays together, `HTMLPage` gives `html_page`.
fn snake(name: &str) -> String {
    words(name).join("_")
}

/// `InProgress` gives `In progress`.
fn label(name: &str) -> String {
    let text = words(name).join(" ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut out: Vec<String> = vec![String::new()];
    for (index, &letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|index| letters[index]);
        let ends_capitals = letters.get(index + 1).is_some_and(|after| after.is_lowercase());
        let new_word = letter.is_uppercase() && before.is_some_and(|before| !before.is_uppercase() || ends_capitals);
        if (letter == '_' || new_word) && out.last().is_some_and(|word| !word.is_empty()) {
            out.push(String::new());
        }
        if let (Some(word), true) = (out.last_mut(), letter != '_') {
            word.extend(letter.to_lowercase());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_become_values_and_labels() {
        assert_eq!(super::snake("InProgress"), "in_progress");
        assert_eq!(super::snake("HTMLPage"), "html_page");
        assert_eq!(super::snake("A"), "a");
        assert_eq!(super::label("InProgress"), "In progress");
    }
}
