//! `BookDraft<..>`: a row that does not exist yet. Its type says which required fields are set.

use super::{types, written_at};
use crate::model::{Field, Model};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};

/// The name of the draft's struct.
pub(super) fn name(model: &Model) -> Ident {
    format_ident!("{}Draft", model.name, span = model.ident.span())
}

/// The state of a field that may be missing; the prefix keeps it apart from the types of fields.
fn state(field: &Field) -> Ident {
    format_ident!("__{}_", field.name)
}

fn required(model: &Model) -> impl Iterator<Item = &Field> {
    model.fields.iter().filter(|field| !field.filled)
}

/// The type of the draft in which nothing is set.
pub(super) fn empty(model: &Model) -> TokenStream {
    let name = name(model);
    let states = required(model).map(|field| {
        let ty = types::of(field);
        quote_spanned!(written_at(field.type_span())=> <<#ty as __p::ModelField>::Nullness as __p::Null>::Init)
    });
    quote!(#name<#(#states),*>)
}

/// The struct, and its impls.
pub(super) fn draft(model: &Model) -> (TokenStream, TokenStream) {
    let (vis, ident, name) = (&model.vis, &model.ident, name(model));
    let states: Vec<Ident> = required(model).map(state).collect();
    let doc =
        format!("A row of [`{}`] that does not exist yet: each field is set by a method of its name.", model.name);
    let draft = quote! {
        #[doc = #doc]
        #[must_use = "a draft is not in the database until it is created"]
        #[allow(non_camel_case_types)]
        #vis struct #name<#(#states),*>(
            ::orm::__private::DraftRow<#ident>,
            ::core::marker::PhantomData<fn() -> (#(#states,)*)>,
        );
    };
    let setters = model.fields.iter().enumerate().map(|(index, field)| match model.parent == Some(index) {
        true => parent_setter(&name, &states, field),
        false => setter(&name, &states, index, field),
    });
    let (traits, bounds): (Vec<_>, Vec<_>) = required(model).map(|field| requirement(model, field)).unzip();
    let related = required(model).map(|field| {
        let (state, ty) = (state(field), types::of(field));
        quote!(#state: __p::SetOrKeyTo<<#ty as __p::ModelField>::Target, __Owner>)
    });
    let impls = quote_spanned! {written_at(ident.span())=>
        #[allow(dead_code)]
        impl<#(#states),*> #name<#(#states),*> { #(#setters)* }
        impl<#(#states),*> __p::Draft for #name<#(#states),*> { type Model = #ident; }
        #(#traits)*
        impl<#(#states),*> __p::IntoDraftRow<#ident> for #name<#(#states),*> where #(#bounds),* {
            fn into_row(self) -> __p::DraftRow<#ident> { self.0 }
        }
        impl<#(#states,)* __Owner> __p::IntoRelatedDraft<#ident, __Owner> for #name<#(#states),*> where #(#related),* {
            fn into_related(self) -> __p::DraftRow<#ident> { self.0 }
        }
    };
    (draft, impls)
}

fn setter(name: &Ident, states: &[Ident], index: usize, field: &Field) -> TokenStream {
    let (vis, ident, ty, docs) = (&field.vis, &field.ident, &field.ty, &field.docs);
    let own = docs.is_empty().then(|| format!("Sets `{}`.", field.name)).map(|doc| quote!(#[doc = #doc]));
    let own_state = state(field);
    let known = types::of(field);
    let result = states.iter().map(|state| if *state == own_state { quote!(__p::Filled) } else { quote!(#state) });
    if field.generated {
        // It is there for its message.
        return quote_spanned! {written_at(ident.span())=>
            #[doc(hidden)]
            #vis fn #ident<V>(self, value: V) -> Self where __p::Computed<V>: __p::Settable { self }
        };
    }
    quote_spanned! {written_at(ident.span())=>
        #(#docs)* #own
        #vis fn #ident<__How>(self, value: impl __p::DraftValue<#ty, __How>) -> #name<#(#result),*> {
            #name(self.0.given::<#known, _>(__Layout::AT[#index], value), ::core::marker::PhantomData)
        }
    }
}

/// The setter of the relation to the parent: what it takes is a row that is there, or the draft of a new one.
fn parent_setter(name: &Ident, states: &[Ident], field: &Field) -> TokenStream {
    let (vis, ident, docs, known) = (&field.vis, &field.ident, &field.docs, types::of(field));
    let own =
        docs.is_empty().then(|| format!("Sets `{}`: a row that is there, or the draft of a new one.", field.name));
    let own = own.map(|doc| quote!(#[doc = #doc]));
    let own_state = state(field);
    let result = states.iter().map(|state| if *state == own_state { quote!(__p::Filled) } else { quote!(#state) });
    quote_spanned! {written_at(ident.span())=>
        #(#docs)* #own
        #vis fn #ident<__How>(
            self,
            value: impl __p::IntoParent<<#known as __p::ModelField>::Target, __How>,
        ) -> #name<#(#result),*> {
            #name(self.0.with_parent(value), ::core::marker::PhantomData)
        }
    }
}

/// The trait whose absence names the field in the compiler's words.
fn requirement(model: &Model, field: &Field) -> (TokenStream, TokenStream) {
    let (state, needs, model, field) =
        (state(field), format_ident!("__needs_{}", field.name), &model.name, &field.name);
    let message = format!("the required field `{field}` of this `{model}` draft is not set");
    let label = format!("add `.{field}(..)` before this");
    let traits = quote! {
        #[diagnostic::on_unimplemented(message = #message, label = #label)]
        pub trait #needs {}
        impl #needs for __p::Filled {}
    };
    (traits, quote!(#state: #needs))
}
