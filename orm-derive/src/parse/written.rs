//! `#[serde(..)]`, as far as it is about what things are called. What is wrong there is told by serde's own derive.

use super::{Value, items};
use crate::errors::Errors;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Token, parse::Parser, punctuated::Punctuated};

/// What `#[serde(..)]` says of a struct, an enum, a field or a variant.
#[derive(Default)]
pub(crate) struct SerdeAttrs {
    pub(crate) rename: Option<String>,
    pub(crate) rename_all: Option<String>,
    pub(crate) flatten: bool,
}

/// Reads the attributes.
pub(crate) fn serde_attrs(attributes: &[Attribute]) -> SerdeAttrs {
    let mut out = SerdeAttrs::default();
    for item in items(attributes, "serde", &mut Errors::default()) {
        match &*item.name.to_string() {
            "rename" => out.rename = name(&item.value),
            "rename_all" => out.rename_all = name(&item.value),
            "flatten" => out.flatten = true,
            _ => {}
        }
    }
    out
}

/// `= ".."`, or that of `(serialize = "..", deserialize = "..")` which is written.
fn name(value: &Value) -> Option<String> {
    match value {
        Value::Is(value) => text(value),
        Value::List(_, inside) => {
            let pairs = Punctuated::<syn::MetaNameValue, Token![,]>::parse_terminated.parse2(inside.clone()).ok()?;
            pairs.iter().find(|pair| pair.path.is_ident("serialize")).and_then(|pair| text(&pair.value))
        }
        Value::Flag => None,
    }
}

fn text(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(LitStr::value(text)),
        _ => None,
    }
}
