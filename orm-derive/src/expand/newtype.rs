//! `#[derive(FieldType)]`: a newtype is stored as what it holds.

use crate::errors::Errors;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Data, DeriveInput, Fields, Member, spanned::Spanned};

/// `#[derive(FieldType)]`.
pub(crate) fn derive_field_type(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let inner = match &input.data {
        Data::Struct(data) if data.fields.len() == 1 => data.fields.iter().next().map(|field| {
            let member = match &data.fields {
                Fields::Named(_) => Member::from(field.ident.clone().unwrap_or_else(|| input.ident.clone())),
                _ => Member::from(0),
            };
            (member, field.ty.clone())
        }),
        Data::Enum(_) => {
            errors.at(
                &input.ident,
                "`FieldType` is derived for a struct with one field",
                "for an enum, write #[derive(Choices)]",
            );
            None
        }
        _ => {
            errors.at(
                &input.ident,
                "`FieldType` is derived for a struct with one field",
                "for several values in one column, wrap the struct in `Json<..>`",
            );
            None
        }
    };
    if !input.generics.params.is_empty() {
        errors.at(&input.generics, "a type of a column has no type parameters", "write one newtype for each type");
    }
    let (true, Some((member, ty))) = (errors.is_empty(), inner) else {
        return errors.into_tokens();
    };
    let ident = &input.ident;
    let inner = quote_spanned!(ty.span()=> <#ty as __p::FieldType>);
    quote! {
        #[allow(clippy::all, clippy::pedantic)]
        const _: () = {
            use ::orm::__private as __p;
            impl __p::FieldType for #ident {
                type Plain = Self;
                type Nullable = ::core::option::Option<Self>;
                type Nullness = __p::NotNull;
                type Family = #inner::Family;
                const KIND: __p::Kind = __p::plain_kind::<#ty>();
                const POSITIVE: bool = #inner::POSITIVE;
                const MAX_LENGTH: ::core::option::Option<u32> = #inner::MAX_LENGTH;
                const CHOICES: &'static [__p::Choice] = #inner::CHOICES;
                const WRITTEN: &'static [__p::Choice] = #inner::WRITTEN;
                fn to_value(&self) -> __p::Result<__p::Value> { __p::FieldType::to_value(&self.#member) }
                fn from_cell(cell: &__p::Cell<'_>) -> __p::Result<Self> {
                    ::core::result::Result::Ok(#ident { #member: __p::FieldType::from_cell(cell)? })
                }
            }
            impl __p::Plain for #ident {}
        };
    }
}
