//! `BookByIsbn`: a unique field of a model, as what foreign keys hold of its rows.

use super::{types, written_at};
use crate::model::{Field, Model};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Visibility;

/// The fields that are unique by themselves, beside the key.
fn unique(model: &Model) -> impl Iterator<Item = &Field> {
    let alone = |field: usize| model.unique.iter().any(|unique| unique.names_a_row() && unique.fields() == [field]);
    let fields = model.fields.iter().enumerate();
    fields.filter(move |(index, field)| (field.unique || alone(*index)) && !field.flatten).map(|(_, field)| field)
}

/// `BookByIsbn`.
fn name(model: &Model, field: &Field) -> Ident {
    let mut name = format!("{}By", model.name);
    for word in field.name.split('_') {
        let mut letters = word.chars();
        name.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        name.push_str(letters.as_str());
    }
    format_ident!("{name}", span = model.ident.span())
}

/// Who sees both the model and the field, as far as that can be told.
fn visibility(model: &Model, field: &Field) -> Visibility {
    let same = |left: &Visibility, right: &Visibility| {
        left.to_token_stream().to_string() == right.to_token_stream().to_string()
    };
    match (&model.vis, &field.vis) {
        (vis, Visibility::Public(_)) | (Visibility::Public(_), vis) => vis.clone(),
        (vis, other) if same(vis, other) => vis.clone(),
        _ => Visibility::Inherited,
    }
}

/// The types.
pub(super) fn types(model: &Model) -> TokenStream {
    let names = unique(model).map(|field| {
        let (vis, name) = (visibility(model, field), name(model, field));
        let doc = format!(
            "The rows of [`{}`] by their `{}`, for foreign keys: `ForeignKey<{name}>`.",
            model.name, field.name
        );
        quote! {
            #[doc = #doc]
            #[allow(dead_code)]
            #[derive(::core::fmt::Debug, ::core::clone::Clone, ::core::marker::Copy)]
            #vis struct #name;
        }
    });
    names.collect()
}

/// What they are.
pub(super) fn impls(model: &Model) -> TokenStream {
    let ident = &model.ident;
    let relations = [format_ident!("ForeignKey"), format_ident!("OneToOne")];
    let impls = unique(model).map(|field| {
        let (name, ty, own, text) = (name(model, field), types::of(field), &field.ident, &field.name);
        // Where the type cannot be a key, foreign keys to the field are refused, and the field is not.
        let fit = quote!({
            use __p::Unfit as _;
            __p::Probe::<#ty>::KEY
        });
        quote_spanned! {written_at(field.type_span())=>
            impl __p::Target for #name {
                type Model = #ident;
                type Key = <#ty as __p::UniqueField<#fit>>::Key;
                const SHAPE: __p::KeyShape = __p::KeyShape {
                    kinds: <Self::Key as __p::Key>::KINDS,
                    spec: <#ident as __p::Model>::spec,
                    model: __MODEL,
                    to: ::core::option::Option::Some(#text),
                };
                fn key_of(row: &#ident) -> Self::Key { <#ty as __p::UniqueField<#fit>>::key(&row.#own) }
            }
            impl __p::IntoKey<#name> for &#ident {
                fn into_key(self) -> <#name as __p::Target>::Key { <#name as __p::Target>::key_of(self) }
            }
            #(
                impl __p::IntoField<__p::#relations<#name>> for &#ident {
                    fn into_field(self) -> __p::#relations<#name> { ::core::convert::From::from(self) }
                }
                impl __p::IntoField<::core::option::Option<__p::#relations<#name>>> for &#ident {
                    fn into_field(self) -> ::core::option::Option<__p::#relations<#name>> {
                        ::core::option::Option::Some(::core::convert::From::from(self))
                    }
                }
            )*
        }
    });
    impls.collect()
}
