//! The types of the fields: the one place that asks whether they are fit, and the names by which the rest of the output knows
//! them. Where a type is not fit, its name stands for an error, and nothing that follows is reported again.

use super::{spec, written_at};
use crate::model::{Call, Field, Model};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};

/// The field's type.
pub(super) fn of(field: &Field) -> Ident {
    let mut name = field.alias.clone();
    name.set_span(written_at(field.type_span()));
    name
}

/// The field's type as a part of the key, inside the output's own block.
pub(super) fn key(field: &Field) -> Ident {
    format_ident!("__key_{}", field.name, span = written_at(field.type_span()))
}

/// The names of the types.
pub(super) fn types(model: &Model) -> TokenStream {
    model.fields.iter().map(|field| name(&of(field), &field.ty, field, &spec::fits(field, &shown(&field.ty)))).collect()
}

/// The names of the types as parts of the key.
pub(super) fn keys(model: &Model) -> TokenStream {
    let key = |&index: &usize| {
        let field = &model.fields[index];
        let (known, shown) = (of(field), shown(&field.ty));
        let auto = field.calls.iter().any(|call| matches!(call.value, Call::AutoKey));
        // Asked of a type that is fit to be a field: about another, enough is said.
        let fit = quote_spanned!(field.type_span()=> __p::fits_key(__p::Probe::<#known>::KEY, #auto, #shown));
        name(&key(field), &known, field, &fit)
    };
    model.key.iter().map(key).collect()
}

/// A name for the type, which stands for it once it is fit.
fn name(name: &Ident, ty: &impl ToTokens, field: &Field, fit: &TokenStream) -> TokenStream {
    quote_spanned! {written_at(field.type_span())=>
        #[allow(non_camel_case_types, clippy::all, clippy::pedantic)]
        type #name = <#ty as ::orm::__private::Checked<{
            use ::orm::__private::{self as __p, Unfit as _};
            #fit
        }>>::Type;
    }
}

/// A type as a person writes it.
fn shown(ty: &syn::Type) -> String {
    let mut out = String::new();
    for piece in ty.to_token_stream().to_string().split(' ') {
        let tight = matches!(piece, "<" | ">" | "::" | "," | "(" | ")" | "[" | "]" | ";")
            || out.ends_with(['<', ':', '(', '[', '&'])
            || out.is_empty();
        if !tight {
            out.push(' ');
        }
        out.push_str(piece);
    }
    out
}
