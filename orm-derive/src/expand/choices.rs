//! `#[derive(Choices)]`.

use crate::{
    check::{self, Choices, Storage, Stored},
    errors::Errors,
};
use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

/// `#[derive(Choices)]`.
pub(crate) fn derive_choices(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let expansion = check::choices(&input, &mut errors).map(|choices| expand(&choices, errors.is_empty()));
    let errors = errors.into_tokens();
    quote!(#expansion #errors)
}

fn expand(choices: &Choices, clean: bool) -> TokenStream {
    let Choices { ident, name, storage, positive, db_type, variants, other } = choices;
    let table = variants.iter().map(|choice| {
        let (label, written) = (&choice.label, &choice.written);
        let value = match &choice.value {
            Stored::Text(text) => quote!(__p::ChoiceValue::Text(#text)),
            Stored::Integer(number) => quote!(__p::ChoiceValue::Integer(#number)),
        };
        quote!(__p::Choice { value: #value, label: #label, written: #written })
    });
    let names: Vec<_> = variants.iter().map(|choice| &choice.ident).collect();
    let indices: Vec<usize> = (0..variants.len()).collect();
    let kind = match (storage, db_type) {
        (Storage::Text, Some(name)) => quote!(Postgres(&__p::PgKind::Enum(#name))),
        (Storage::Text, None) => quote!(Text),
        (Storage::I16, _) => quote!(I16),
        (Storage::I32, _) => quote!(I32),
        (Storage::I64, _) => quote!(I64),
    };
    let longest = variants.iter().filter_map(|choice| match &choice.value {
        Stored::Text(text) => Some(text.chars().count() as u32),
        Stored::Integer(_) => None,
    });
    // With a variant for everything else, the column has to hold more than the choices.
    let max_length = match longest.max().filter(|_| other.is_none() && db_type.is_none()) {
        Some(longest) => quote!(::core::option::Option::Some(#longest)),
        None => quote!(::core::option::Option::None),
    };
    let other_index = other.as_ref().map(|other| quote!(#ident::#other(other) => return __p::ChoiceOf::Other(other),));
    // What was reported is left out: the compiler need not report it again.
    let left_out = (!clean).then(|| quote!(_ => 0,));
    let unknown = match other {
        Some(other) => quote!(::core::result::Result::Ok(#ident::#other(other))),
        None => quote!(::core::result::Result::Err(__p::unknown_choice(#name, &other, __CHOICES))),
    };
    let (held, write, read, parse) = match storage {
        Storage::Text => (
            quote!(::std::string::String),
            quote!(__p::write_choice(__index(self), Self::KIND, __CHOICES)),
            quote!(__p::read_choice(cell, __CHOICES)?),
            quote!(__p::parse_choice(text, __CHOICES)),
        ),
        _ => (
            quote!(i64),
            quote!(__p::write_number_choice(__index(self), Self::KIND, __CHOICES)),
            quote!(__p::read_number_choice(cell, Self::KIND, __CHOICES)?),
            quote!(__p::parse_number_choice(text, #name, __CHOICES)?),
        ),
    };
    quote! {
        #[allow(unreachable_patterns, clippy::all, clippy::pedantic)]
        const _: () = {
            use ::orm::__private as __p;
            const __CHOICES: &[__p::Choice] = &[#(#table),*];
            fn __index(choice: &#ident) -> __p::ChoiceOf<'_, #held> {
                __p::ChoiceOf::Known(match choice {
                    #(#ident::#names => #indices,)*
                    #other_index
                    #left_out
                })
            }
            fn __choice(found: ::core::result::Result<usize, #held>) -> __p::Result<#ident> {
                match found {
                    #(::core::result::Result::Ok(#indices) => ::core::result::Result::Ok(#ident::#names),)*
                    ::core::result::Result::Ok(_) => ::core::unreachable!(),
                    ::core::result::Result::Err(other) => #unknown,
                }
            }
            impl __p::FieldType for #ident {
                type Plain = Self;
                type Nullable = ::core::option::Option<Self>;
                type Nullness = __p::NotNull;
                type Family = __p::family::Choice;
                const KIND: __p::Kind = __p::Kind::#kind;
                const POSITIVE: bool = #positive;
                const MAX_LENGTH: ::core::option::Option<u32> = #max_length;
                const CHOICES: &'static [__p::Choice] = __CHOICES;
                fn to_value(&self) -> __p::Result<__p::Value> { #write }
                fn from_cell(cell: &__p::Cell<'_>) -> __p::Result<Self> { __choice(#read) }
            }
            impl __p::Plain for #ident {}
            impl __p::Choices for #ident {
                const ALL: &'static [Self] = &[#(#ident::#names),*];
                fn label(&self) -> ::std::borrow::Cow<'static, str> { __p::choice_label(__index(self), __CHOICES) }
            }
            impl ::core::str::FromStr for #ident {
                type Err = __p::Error;
                fn from_str(text: &str) -> __p::Result<Self> { __choice(#parse) }
            }
        };
    }
}
