//! The types of the fields: the one place that asks whether they are fit, and the names by which the rest of the output knows
//! them. Where a type is not fit, its name stands for an error, and nothing that follows is reported again.

use super::{spec, written_at};
use crate::model::{Call, Field, Model};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};

/// The field's type, inside the output's own block.
pub(super) fn of(field: &Field) -> Ident {
    format_ident!("__type_{}", field.name, span = written_at(field.type_span()))
}

/// The field's type as a part of the key, inside the output's own block.
pub(super) fn key(field: &Field) -> Ident {
    format_ident!("__key_{}", field.name, span = written_at(field.type_span()))
}

/// The field's type, outside of it.
pub(super) fn outside(model: &Model, index: usize) -> TokenStream {
    let ident = &model.ident;
    quote_spanned!(written_at(model.fields[index].type_span())=> <#ident as ::orm::__private::FieldAt<#index>>::Type)
}

/// The names.
pub(super) fn types(model: &Model) -> TokenStream {
    let ident = &model.ident;
    let fields = model.fields.iter().enumerate().map(|(index, field)| {
        let (ty, name, span) = (&field.ty, of(field), field.type_span());
        let fit = spec::fits(field, &not_a_field(field));
        quote_spanned! {written_at(span)=>
            type #name = <#ty as __p::Checked<{ #fit }>>::Type;
            impl __p::FieldAt<#index> for #ident { type Type = #name; }
        }
    });
    let keys = model.key.iter().map(|&index| {
        let field = &model.fields[index];
        let (ty, name, span, problem) = (of(field), key(field), field.type_span(), not_a_key(field));
        let fit = quote_spanned!(span=> __p::fit(__p::Probe::<#ty>::KEY, #problem));
        quote_spanned!(written_at(span)=> type #name = <#ty as __p::Checked<{ #fit }>>::Type;)
    });
    quote! {
        use __p::Unfit as _;
        #(#fields)*
        #(#keys)*
    }
}

fn not_a_field(field: &Field) -> String {
    let ty = shown(&field.ty);
    match field.flatten {
        true => format!("`{ty}` is not a part of a model: add #[derive(ModelPart)] to it, or remove `flatten`"),
        false => format!(
            "`{ty}` cannot be a field of a model: derive `FieldType` for it (a newtype) or `Choices` (an enum), or write `Json<{ty}>`"
        ),
    }
}

fn not_a_key(field: &Field) -> String {
    if field.calls.iter().any(|call| matches!(call.value, Call::AutoKey)) {
        return "an automatic key is i16, i32, i64 or Uuid; for a key of your own, write #[field(primary_key)]"
            .to_owned();
    }
    let ty = shown(&field.ty);
    format!(
        "`{ty}` cannot be a primary key: a key is never NULL, and a column's type with `Clone`, `Eq` and `Hash`, or a relation to one row"
    )
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
