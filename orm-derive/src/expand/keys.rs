//! `BookKeys`: the unique keys of a model, for `get_or_create` and upserts.

use super::types;
use crate::model::{Model, Unique};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

/// The name of the keys' struct.
pub(super) fn name(model: &Model) -> Ident {
    format_ident!("{}Keys", model.name, span = model.ident.span())
}

struct Key {
    ident: Ident,
    doc: String,
    fields: Vec<usize>,
    /// It is no key that was said to be one: its type tells whether it is one by itself.
    alone: bool,
}

fn all(model: &Model) -> Vec<Key> {
    let primary = Some(&model.key).filter(|key| !key.is_empty()).cloned();
    let single = model.fields.iter().enumerate().filter(|(_, field)| field.unique).map(|(index, _)| vec![index]);
    let several = model.unique.iter().filter(|unique| unique.names_a_row()).map(Unique::fields);
    let mut out: Vec<Key> = Vec::new();
    // A draft does not have what the database computes: it finds no row by it.
    let given = |fields: &Vec<usize>| !fields.iter().any(|&field| model.fields[field].generated);
    for fields in primary.into_iter().chain(single).chain(several).filter(given) {
        let ident = match *fields {
            [one] => model.fields[one].ident.clone(),
            _ => {
                let names: Vec<&str> = fields.iter().map(|&field| &*model.fields[field].name).collect();
                Ident::new(&names.join("_"), Span::call_site())
            }
        };
        let names: Vec<String> = fields.iter().map(|&field| format!("`{}`", model.fields[field].name)).collect();
        if !out.iter().any(|key| key.ident == ident) {
            out.push(Key { ident, doc: format!("Unique: {}.", names.join(", ")), fields, alone: false });
        }
    }
    for (index, field) in model.fields.iter().enumerate().filter(|(_, field)| !field.generated) {
        if !out.iter().any(|key| key.ident == field.ident) {
            let doc = format!("Unique if `{}` is a one-to-one.", field.name);
            out.push(Key { ident: field.ident.clone(), doc, fields: vec![index], alone: true });
        }
    }
    out
}

/// The struct.
pub(super) fn keys(model: &Model) -> TokenStream {
    let (vis, ident, name) = (&model.vis, &model.ident, name(model));
    let doc = format!("The unique keys of [`{}`].", model.name);
    let keys = all(model).into_iter().map(|key| {
        let Key { ident: key_ident, doc, fields, alone } = key;
        if let (true, [field]) = (alone, &fields[..]) {
            let ty = types::of(&model.fields[*field]);
            return quote!(#[doc = #doc] pub #key_ident: <#ty as ::orm::__private::ModelField>::Alone<#ident>,);
        }
        let nullness = fields
            .iter()
            .map(|&field| {
                let ty = types::of(&model.fields[field]);
                quote!(<#ty as ::orm::__private::ModelField>::Nullness)
            })
            .reduce(|left, right| quote!(<#left as ::orm::__private::Null>::Or<#right>));
        quote!(#[doc = #doc] pub #key_ident: <#nullness as ::orm::__private::Null>::Unique<#ident>,)
    });
    quote! {
        #[doc = #doc]
        #[derive(Clone, Copy)]
        #[allow(dead_code)]
        #vis struct #name { #(#keys)* }
    }
}

/// The value of the struct.
pub(super) fn value(model: &Model) -> TokenStream {
    let name = name(model);
    let keys = all(model).into_iter().map(|key| {
        let ident = key.ident;
        let fields = key.fields.into_iter().map(|field| model.index(field));
        quote!(#ident: ::core::convert::From::from(__p::UniqueKey::new(const { &[#(#fields),*] })),)
    });
    quote!(#name { #(#keys)* })
}
