//! What is written: the only place with `quote!`.
//!
//! The output reaches the library only through `::orm::__private`, as `__p`.

mod app;
mod choices;
mod draft;
mod fields;
mod frozen;
mod implement;
mod keys;
mod newtype;
mod row;
#[cfg(test)]
mod snapshot;
mod spec;
mod targets;
mod types;

use crate::{
    check::{self, Derived},
    errors::Errors,
    model::Model,
};
use proc_macro2::{Span, TokenStream};
use quote::quote;

pub(crate) use app::app;
pub(crate) use choices::derive_choices;
pub(crate) use frozen::derive_frozen;
pub(crate) use newtype::derive_field_type;
pub(crate) use row::derive_row;

/// The place of `span`, as of something the macro wrote: lints leave it alone, and equal errors there are shown once.
fn written_at(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// `#[derive(Model)]`.
pub(crate) fn derive_model(input: TokenStream) -> TokenStream {
    let input = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let model = check::model(&input, Derived::Model, &mut errors);
    let clean = errors.is_empty();
    let errors = errors.into_tokens();
    let expansion = match model {
        Some(model) if !model.key.is_empty() => expand_model(&model),
        _ if clean => TokenStream::new(),
        _ => implement::stub(&input),
    };
    quote! { #expansion #errors }
}

/// `#[derive(ModelPart)]`.
pub(crate) fn derive_model_part(input: TokenStream) -> TokenStream {
    let input = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let model = check::model(&input, Derived::Part, &mut errors);
    let expansion = model.map(|model| {
        let fields = fields::handles(&model);
        let (types, layout, part) = (types::types(&model), spec::layout(&model), implement::part(&model));
        quote! {
            #types
            #fields
            #[allow(clippy::all, clippy::pedantic)]
            const _: () = {
                use ::orm::__private as __p;
                #layout
                #part
            };
        }
    });
    let errors = errors.into_tokens();
    quote! { #expansion #errors }
}

fn expand_model(model: &Model) -> TokenStream {
    let fields = fields::handles(model);
    let keys = keys::keys(model);
    let (draft, draft_impls) = draft::draft(model);
    let (types, key_types) = (types::types(model), types::keys(model));
    let (before, spec) = spec::spec(model);
    let implementation = implement::model(model, &spec);
    let (targets, target_impls) = (targets::types(model), targets::impls(model));
    quote! {
        #types
        #fields
        #keys
        #targets
        #draft
        #[allow(non_camel_case_types, unreachable_pub, clippy::all, clippy::pedantic)]
        const _: () = {
            use ::orm::__private as __p;
            #key_types
            #before
            #implementation
            #target_impls
            #draft_impls
        };
    }
}
