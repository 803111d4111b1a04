//! `#[choices(..)]` and `#[choice(..)]`.

use super::{Value, items};
use crate::errors::{Errors, nearest};
use proc_macro2::Span;
use syn::{Attribute, Expr, LitStr};

/// What `#[choices(..)]` on the enum says.
#[derive(Default)]
pub(crate) struct ChoicesAttrs {
    pub(crate) integer: Option<Span>,
    pub(crate) text: Option<Span>,
    pub(crate) db_type: Option<LitStr>,
}

/// What `#[choice(..)]` on a variant says.
#[derive(Default)]
pub(crate) struct ChoiceAttrs {
    pub(crate) value: Option<Expr>,
    pub(crate) label: Option<LitStr>,
    pub(crate) other: Option<Span>,
}

/// Reads the attributes of the enum.
pub(crate) fn choices_attrs(attributes: &[Attribute], errors: &mut Errors) -> ChoicesAttrs {
    let mut out = ChoicesAttrs::default();
    for item in items(attributes, "choices", errors) {
        match &*item.name.to_string() {
            "integer" => out.integer = item.flag(errors).filter(|on| *on).map(|_| item.span()),
            "text" => out.text = item.flag(errors).filter(|on| *on).map(|_| item.span()),
            "db_type" => out.db_type = item.text(errors),
            name => errors.at(
                &item.name,
                format_args!("there is no option `{name}` for choices"),
                "the options are: integer, text, db_type",
            ),
        }
    }
    out
}

/// Reads the attributes of a variant.
pub(crate) fn choice_attrs(attributes: &[Attribute], errors: &mut Errors) -> ChoiceAttrs {
    let mut out = ChoiceAttrs::default();
    for item in items(attributes, "choice", errors) {
        match (&*item.name.to_string(), &item.value) {
            ("value", _) => out.value = item.expr(errors),
            ("label", _) => out.label = item.text(errors),
            ("other", Value::Flag) => out.other = Some(item.span()),
            (name, _) => {
                let known = ["value", "label", "other"];
                let help = nearest(name, known).map_or_else(
                    || "the options are: value, label, other".to_owned(),
                    |near| format!("write `{near}`"),
                );
                errors.at(&item.name, format_args!("there is no option `{name}` for a choice"), help);
            }
        }
    }
    out
}
