//! `#[derive(Row)]`: a struct of one's own that the rows of a query are read into.

use super::written_at;
use crate::errors::Errors;
use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Data, DeriveInput, Expr, Fields, Path, ext::IdentExt, spanned::Spanned};

/// The model of `#[row(model = Book)]`.
fn model(input: &DeriveInput, errors: &mut Errors) -> Option<Path> {
    let mut model = None;
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("row")) {
        let parsed = attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("model") {
                return Err(meta.error("unknown"));
            }
            model = Some(meta.value()?.parse()?);
            Ok(())
        });
        if parsed.is_err() {
            errors.at(attribute, "a row names the model that its values are of", "write #[row(model = Book)]");
        }
    }
    model
}

/// The closure of `#[row(|b| b.author.name)]`.
fn source(field: &syn::Field, errors: &mut Errors) -> Option<Expr> {
    let mut source = None;
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("row")) {
        match attribute.parse_args::<Expr>() {
            Ok(closure @ Expr::Closure(_)) => source = Some(closure),
            _ => errors.at(attribute, "what fills a field is a closure", "write #[row(|b| b.author.name)]"),
        }
    }
    source
}

/// `#[derive(Row)]`.
pub(crate) fn derive_row(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let model = model(&input, &mut errors);
    let fields = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) if !fields.named.is_empty() => fields.named.iter().collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    if fields.is_empty() {
        let help = "give each value of a row a field with a name; a tuple is a row by itself";
        errors.at(&input.ident, "`Row` is derived for a struct with named fields", help);
    }
    if !input.generics.params.is_empty() {
        errors.at(&input.generics, "a row has no type parameters", "write the types of the values");
    }
    let sources: Vec<Option<Expr>> = fields.iter().map(|field| source(field, &mut errors)).collect();
    if let (None, Some(closure)) = (&model, sources.iter().flatten().next()) {
        let help = "write #[row(model = Book)] above the struct, or fill its fields in `values(..)`";
        errors.at(closure, "this row has no model whose values could fill it", help);
    }
    if !errors.is_empty() {
        return errors.into_tokens();
    }
    let (ident, vis) = (&input.ident, &input.vis);
    let handles = format_ident!("{}Fields", ident.unraw(), span = ident.span());
    let doc = format!("The fields of [`{}`]: as closures see them, and as a query fills them.", ident.unraw());
    let names: Vec<_> = fields.iter().filter_map(|field| field.ident.as_ref()).collect();
    let field_vis: Vec<_> = fields.iter().map(|field| &field.vis).collect();
    let types: Vec<_> = fields.iter().map(|field| &field.ty).collect();
    let docs = names.iter().map(|name| format!("The field `{}`.", name.unraw()));
    let params: Vec<_> = (0..names.len()).map(|index| format_ident!("__{index}")).collect();
    let ways: Vec<_> = (0..names.len()).map(|index| format_ident!("__WAY_{index}")).collect();
    let asked = ways
        .iter()
        .zip(&types)
        .map(|(way, ty)| quote_spanned!(written_at(ty.span())=> const #way: u8 = __p::RowProbe::<#ty>::WAY;));
    let part = |(ty, way): (&&syn::Type, &_)| quote_spanned!(written_at(ty.span())=> <#ty as __p::RowField<#way>>);
    let parts: Vec<_> = types.iter().zip(&ways).map(part).collect();
    let first = names[0];
    let of_model = model.map(|model| {
        let list =
            names.iter().zip(types.iter().zip(&ways)).zip(&sources).map(|((name, (ty, way)), source)| match source {
                Some(closure) => {
                    let span = written_at(closure.span());
                    quote_spanned!(span=> __p::Filling::<#way>::fill::<__R, #ty, _, _>(__p::with(__fields, #closure)))
                }
                None => quote_spanned!(name.span()=> __p::Filling::<#way>::fill::<__R, #ty, _, _>(__fields.#name)),
            });
        quote! {
            impl __p::RowOf<#model> for #ident {
                fn list<__R: 'static>(
                    __fields: <#model as __p::Model>::Fields<__p::At<__R>>,
                ) -> ::std::vec::Vec<__p::Expr> {
                    let mut out = ::std::vec::Vec::new();
                    #(out.extend(#list);)*
                    out
                }
            }
        }
    });
    quote! {
        #[doc = #doc]
        #[allow(dead_code, non_camel_case_types)]
        #[derive(::core::clone::Clone, ::core::marker::Copy)]
        #vis struct #handles<#(#params),*> { #(#[doc = #docs] #field_vis #names: #params),* }
        #[allow(non_camel_case_types, clippy::all, clippy::pedantic)]
        const _: () = {
            use ::orm::__private as __p;
            use __p::PartOfRow as _;
            #(#asked)*
            impl<__R, #(#params: __p::FillsField<__R, #types, #ways>),*> __p::Selection<__R> for #handles<#(#params),*> {
                type Row = #ident;
                type Parts = (#(#types,)*);
                fn into_list(self) -> ::std::vec::Vec<__p::Expr> {
                    let mut out = ::std::vec::Vec::new();
                    #(out.extend(__p::FillsField::<__R, #types, #ways>::fill(self.#names));)*
                    out
                }
            }
            impl __p::QueryRow for #ident {
                type Handles<__R: 'static> = #handles<#(#parts::Handles<__R>),*>;
                type Parts = (#(#types,)*);
                type OptionalParts = (#(#parts::Optional,)*);
                fn handles<__R: 'static>(select: &__p::Select) -> Self::Handles<__R> {
                    <Self as __p::RowStruct>::handles_at::<__R>(select, &mut 0)
                }
                fn read(row: &mut __p::Reader<'_, '_>) -> __p::Result<Self> {
                    ::core::result::Result::Ok(#ident { #(#names: #parts::read(row)?),* })
                }
                fn first(&self) -> &dyn ::core::any::Any { &self.#first }
                fn first_mut(&mut self) -> &mut dyn ::core::any::Any { &mut self.#first }
            }
            impl __p::RowStruct for #ident {
                type OptionalHandles<__R: 'static> = #handles<#(#parts::OptionalHandles<__R>),*>;
                fn handles_at<__R: 'static>(select: &__p::Select, place: &mut u16) -> Self::Handles<__R> {
                    #handles { #(#names: #parts::handles::<__R>(select, place)),* }
                }
                fn optional_handles_at<__R: 'static>(select: &__p::Select, place: &mut u16) -> Self::OptionalHandles<__R> {
                    #handles { #(#names: #parts::optional_handles::<__R>(select, place)),* }
                }
                fn columns() -> usize { 0 #(+ #parts::columns())* }
            }
            #of_model
        };
    }
}
