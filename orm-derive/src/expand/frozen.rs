//! `#[derive(Frozen)]`: the shape that a model's table has at a migration.

use crate::errors::Errors;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Data, DeriveInput, Fields, LitStr, spanned::Spanned};

/// What `#[frozen(..)]` says.
#[derive(Default)]
struct Said {
    app: Option<LitStr>,
    model: Option<LitStr>,
    at: Option<LitStr>,
}

fn said(input: &DeriveInput, errors: &mut Errors) -> Said {
    let mut said = Said::default();
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("frozen")) {
        let parsed = attribute.parse_nested_meta(|meta| {
            let place = if meta.path.is_ident("app") {
                &mut said.app
            } else if meta.path.is_ident("model") {
                &mut said.model
            } else if meta.path.is_ident("at") {
                &mut said.at
            } else {
                return Err(meta.error("unknown; write `app = \"..\"`, `model = \"..\"` or `at = \"..\"`"));
            };
            *place = Some(meta.value()?.parse()?);
            Ok(())
        });
        if let Err(error) = parsed {
            errors.at(attribute, error.to_string(), "write #[frozen(app = \"library\", at = \"0007\")]");
        }
    }
    said
}

/// `#[derive(Frozen)]`.
pub(crate) fn derive_frozen(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let Said { app, model, at } = said(&input, &mut errors);
    let ident = &input.ident;
    if errors.is_empty() && (app.is_none() || at.is_none()) {
        errors.at(
            ident,
            "`Frozen` needs the application and the migration whose shape this is",
            "write #[frozen(app = \"library\", at = \"0007\")] above the struct",
        );
    }
    let fields = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) if !fields.named.is_empty() => Some(fields.named.clone()),
            _ => None,
        },
        _ => None,
    };
    if fields.is_none() {
        errors.at(ident, "`Frozen` is derived for a struct with named fields", "name the fields as the model did then");
    }
    if !input.generics.params.is_empty() {
        errors.at(&input.generics, "a frozen shape has no type parameters", "write the types of the columns");
    }
    let (true, Some(fields), Some(app), Some(at)) = (errors.is_empty(), fields, app, at) else {
        return errors.into_tokens();
    };
    let name = model.map_or_else(|| ident.to_string(), |model| model.value());
    let (mut described, mut read, mut written) = (Vec::new(), Vec::new(), Vec::new());
    for (index, field) in fields.iter().enumerate() {
        let member = field.ident.as_ref();
        let plain = member.map_or_else(String::new, |member| {
            let text = member.to_string();
            text.strip_prefix("r#").map_or(text.clone(), str::to_owned)
        });
        let ty = &field.ty;
        let of = quote_spanned!(ty.span()=> <#ty as __p::FieldType>);
        described.push(quote!(__p::FrozenField::of::<#ty>(#plain)));
        read.push(quote!(#member: #of::from_cell(&row.cell(#index))?));
        written.push(quote!(#of::to_value(&self.#member)?));
    }
    quote! {
        #[allow(clippy::all, clippy::pedantic)]
        const _: () = {
            use ::orm::__private as __p;
            impl __p::Frozen for #ident {
                const APP: &'static str = #app;
                const MODEL: &'static str = #name;
                const AT: &'static str = #at;
                fn fields() -> ::std::vec::Vec<__p::FrozenField> { ::std::vec![#(#described),*] }
                fn read(row: &__p::Row<'_>) -> __p::Result<Self> { ::core::result::Result::Ok(#ident { #(#read),* }) }
                fn values(&self) -> __p::Result<::std::vec::Vec<__p::Value>> {
                    ::core::result::Result::Ok(::std::vec![#(#written),*])
                }
            }
        };
    }
}
