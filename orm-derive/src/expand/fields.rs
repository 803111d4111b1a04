//! `BookFields<S>`: the handles of a model's fields.

use super::{types, written_at};
use crate::model::Model;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};

/// The name of the handles' struct.
pub(super) fn name(model: &Model) -> Ident {
    format_ident!("{}Fields", model.name, span = model.ident.span())
}

/// The struct, and that it is `Copy`.
pub(super) fn handles(model: &Model) -> TokenStream {
    let (vis, name) = (&model.vis, name(model));
    let doc = format!("The fields of [`{}`], as closures see them.", model.name);
    let fields = model.fields.iter().map(|field| {
        let (vis, ident, ty, docs) = (&field.vis, &field.ident, types::of(field), &field.docs);
        let own = docs.is_empty().then(|| format!("The field `{}`.", field.name)).map(|doc| quote!(#[doc = #doc]));
        let scope = match field.generated {
            true => quote!(::orm::__private::Computed<__S>),
            false => quote!(__S),
        };
        let handle =
            quote_spanned!(written_at(field.type_span())=> <#ty as ::orm::__private::ModelField>::Handle<#scope>);
        quote!(#(#docs)* #own #vis #ident: #handle,)
    });
    let parent = model.parent.map(|parent| {
        let field = &model.fields[parent];
        let (ident, ty) = (&field.ident, types::of(field));
        // What is not found here is looked for in the parent.
        quote_spanned! {written_at(field.type_span())=>
            impl<__S: ::orm::__private::Joins> ::core::ops::Deref for #name<__S> {
                type Target = <<#ty as ::orm::__private::ModelField>::Target as ::orm::__private::Model>::Fields<__S>;
                fn deref(&self) -> &Self::Target { ::core::ops::Deref::deref(&self.#ident) }
            }
        }
    });
    quote_spanned! {written_at(model.ident.span())=>
        #[doc = #doc]
        #[allow(dead_code)]
        #vis struct #name<__S: ::orm::__private::Scope> { #(#fields)* }
        impl<__S: ::orm::__private::Scope> ::core::clone::Clone for #name<__S> {
            fn clone(&self) -> Self { *self }
        }
        impl<__S: ::orm::__private::Scope> ::core::marker::Copy for #name<__S> {}
        #parent
    }
}
