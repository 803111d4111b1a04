//! Attributes as they are written: the only place that sees `syn::Attribute`. What they mean is decided in `check`.

mod choices;
mod constraints;
mod field;
mod list;
mod model;
mod written;

pub(crate) use choices::{choice_attrs, choices_attrs};
pub(crate) use constraints::{Check, Exclude, Index, Keys, Told, Unique};
pub(crate) use field::{Collation, DbDefault, FieldAttrs, Spanned, field_attrs};
use list::{Item, Value, items};
pub(crate) use model::{Name, model_attrs};
pub(crate) use written::serde_attrs;

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The doc comments among the attributes, to be copied.
pub(crate) fn docs(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("doc")).cloned().collect()
}

/// The text of the doc comments.
pub(crate) fn doc_text(attributes: &[Attribute]) -> String {
    let mut out = String::new();
    for attribute in attributes {
        let Meta::NameValue(meta) = &attribute.meta else { continue };
        let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &meta.value else { continue };
        if !meta.path.is_ident("doc") {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        let text = text.value();
        out.push_str(text.strip_prefix(' ').unwrap_or(&text).trim_end());
    }
    out.trim().to_owned()
}
