//! `impl Model` and `impl RowPart`.

use super::{draft, fields, keys, types, written_at};
use crate::model::{Call, Model};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{DeriveInput, ext::IdentExt};

/// The impls of a model.
pub(super) fn model(model: &Model, model_spec: &TokenStream) -> TokenStream {
    let ident = &model.ident;
    let (handles, keys_name, empty, keys_value) =
        (fields::name(model), keys::name(model), draft::empty(model), keys::value(model));
    let draft_name = draft::name(model);
    let (key_type, key_value) = key(model);
    let (mut made, mut read, mut write, mut attach, mut held) = (vec![], vec![], vec![], vec![], vec![]);
    for (index, field) in model.fields.iter().enumerate() {
        let (ident, ty, number) = (&field.ident, types::of(field), model.index(index));
        made.push(quote_spanned!(written_at(field.type_span())=> #ident: <#ty as __p::ModelField>::handle(at, #number, __Layout::AT[#index])));
        read.push(read_field(field));
        write.push(arm(
            model,
            index,
            quote!(<#ty as __p::ModelField>::write(&self.#ident, out)),
            |place| quote!(<#ty as __p::ModelPart>::write_field(&self.#ident, #place, out)),
        ));
        attach.push(arm(
            model,
            index,
            quote!(<#ty as __p::ModelField>::attach(&mut self.#ident, rows)),
            |place| quote!(<#ty as __p::ModelPart>::attach_field(&mut self.#ident, #place, rows)),
        ));
        held.push(arm(
            model,
            index,
            quote!(<#ty as __p::ModelField>::held(&self.#ident)),
            |place| quote!(<#ty as __p::ModelPart>::held_field(&self.#ident, #place)),
        ));
    }
    let (parts, reverse) = (row_part(ident, &handles), reverse(model, &handles));
    let hooks = (model.hooks || model.asks()).then(|| {
        let hooks = hooks(model);
        quote! {
            const HOOKS: ::core::option::Option<&'static dyn __p::AnyHooks<Self>> =
                ::core::option::Option::Some(#hooks);
        }
    });
    let (parent, child) = model.parent.map(|parent| self::parent(model, parent)).unzip();
    // The name of the model is the place where "no application lists it" is reported.
    quote_spanned! {written_at(ident.span())=>
        impl __p::Model for #ident {
            type Fields<__S: __p::Scope> = #handles<__S>;
            type Key = #key_type;
            type UniqueKeys = #keys_name;
            type Draft = #empty;
            const KEY: __p::KeyShape = __p::KeyShape {
                kinds: <Self::Key as __p::Key>::KINDS,
                spec: <Self as __p::Model>::spec,
                model: __MODEL,
                to: ::core::option::Option::None,
            };
            const FIELDS: &'static [__p::FieldSpec] = &__FIELDS;
            const SPEC: &'static __p::ModelSpec = &#model_spec;
            #hooks
            #parent
            const APPLICATION: &'static __p::AppSpec = <#ident as __p::Listed>::APP;
            fn lazy_meta() -> &'static __p::LazyMeta {
                static META: __p::LazyMeta = __p::LazyMeta::new();
                &META
            }
            fn fields_at<__S: __p::Scope>(at: &'static __p::PathNode) -> #handles<__S> { #handles { #(#made),* } }
            fn unique_keys() -> #keys_name { #keys_value }
            fn key(&self) -> Self::Key { #key_value }
            fn draft() -> Self::Draft { #draft_name(__p::DraftRow::new(), ::core::marker::PhantomData) }
            fn read_columns(row: &mut __p::Reader<'_, '_>) -> __p::Result<Self> { ::core::result::Result::Ok(#ident { #(#read),* }) }
            fn write_field(&self, field: u16, out: &mut __p::Writer) -> __p::Result<()> {
                match field { #(#write,)* _ => ::core::result::Result::Ok(()) }
            }
            fn attach_related(&mut self, field: u16, rows: __p::Loaded) { match field { #(#attach,)* _ => {} } }
            fn held(&self, field: u16) -> ::core::option::Option<&__p::Held> {
                match field { #(#held,)* _ => ::core::option::Option::None }
            }
        }
        #child
        #parts
        #reverse
    }
}

/// What is done around the writes of a model: by its hooks, and by the rules of its fields that ask the database.
fn hooks(model: &Model) -> TokenStream {
    let own = quote!(&__p::HooksOf::<Self>::NEW);
    if !model.asks() {
        return own;
    }
    let own = match model.hooks {
        true => quote!(::core::option::Option::Some(#own)),
        false => quote!(::core::option::Option::None),
    };
    let rules = model.fields.iter().enumerate().flat_map(|(index, field)| {
        let rules = field.calls.iter().filter_map(|call| match &call.value {
            Call::ValidateWith(rule) => Some(rule),
            _ => None,
        });
        rules.map(move |rule| (model.index(index), types::of(field), rule))
    });
    let rules = rules.map(|(index, ty, rule)| {
        let asked = quote_spanned!(syn::spanned::Spanned::span(rule)=> #rule(&value, tx).await);
        quote! {
            __p::FieldRule {
                field: #index,
                ask: |value, tx| ::std::boxed::Box::pin(async move {
                    let value = __p::asked_value::<#ty>(value)?;
                    ::core::result::Result::map_err(#asked, |wrong| ::core::convert::Into::<__p::Refusal>::into(wrong))
                }),
            }
        }
    });
    quote!(&__p::AskedFields::<Self> { hooks: #own, rules: &[#(#rules),*] })
}

/// What a model has that is a child of another: how writes of both go together.
fn parent(model: &Model, parent: usize) -> (TokenStream, TokenStream) {
    let (ident, field, number) = (&model.ident, &model.fields[parent], model.index(parent));
    let (relation, ty) = (&field.ident, types::of(field));
    let span = written_at(field.type_span());
    let constant = quote_spanned! {span=>
        const PARENT: ::core::option::Option<&'static dyn __p::AnyParent<Self>> =
            ::core::option::Option::Some(&__p::ParentOf::<Self>::NEW);
    };
    let child = quote_spanned! {span=>
        impl __p::Child for #ident {
            type Parent = <#ty as __p::ModelField>::Target;
            const FIELD: u16 = #number;
            fn parent_link(&self) -> &__p::OneToOne<Self::Parent> { &self.#relation }
        }
    };
    (constant, child)
}

/// What lets other models, and this one, be seen from the far end of a foreign key.
fn reverse(model: &Model, handles: &Ident) -> TokenStream {
    let ident = &model.ident;
    let key = model.key.first().map(|&key| &model.fields[key].ident);
    let keys = model.fields.iter().enumerate().filter(|(_, field)| field.may_be_relation()).map(|(index, field)| {
        let (ty, number) = (types::of(field), model.index(index));
        quote_spanned! {written_at(field.type_span())=>
            #[diagnostic::do_not_recommend]
            impl __p::PointsTo<<#ty as __p::ModelField>::Target, __p::KeyAt<#index>> for #ident { const FIELD: u16 = #number; }
        }
    });
    quote! {
        impl<__S: __p::Scope> __p::Handles for #handles<__S> {
            type Model = #ident;
            type Scope = __S;
            fn place(&self) -> &'static __p::PathNode { __p::Placed::place(self.#key) }
        }
        #(#keys)*
    }
}

/// Reads a field; a part counts its own fields.
fn read_field(field: &crate::model::Field) -> TokenStream {
    let (ident, ty, span) = (&field.ident, types::of(field), written_at(field.type_span()));
    if field.flatten {
        quote_spanned!(span=> #ident: <#ty as __p::ModelField>::read(row)?)
    } else {
        quote_spanned!(span=> #ident: row.field::<#ty>()?)
    }
}

/// An arm of a `match` over the indices of fields; for a part, over those of its fields.
fn arm(model: &Model, index: usize, plain: TokenStream, part: impl FnOnce(TokenStream) -> TokenStream) -> TokenStream {
    let number = model.index(index);
    if !model.has_parts() {
        return quote!(#number => #plain);
    }
    if !model.fields[index].flatten {
        return quote!(field if field == #number => #plain);
    }
    let inside = part(quote!(field - #number));
    let before = match model.fields.get(index + 1) {
        Some(_) => {
            let next = model.index(index + 1);
            quote!(field >= #number && field < #next)
        }
        None => quote!(field >= #number),
    };
    quote!(field if #before => #inside)
}

/// The impls of a part: it is read, written and shown like a field of several columns.
pub(super) fn part(model: &Model) -> TokenStream {
    let ident = &model.ident;
    let handles = fields::name(model);
    let (mut made, mut read, mut write, mut attach, mut held, mut nullness) =
        (vec![], vec![], vec![], vec![], vec![], quote!(__p::Nullable));
    let mut write_one = vec![];
    for (index, field) in model.fields.iter().enumerate() {
        let (ident, ty, number) = (&field.ident, types::of(field), model.index(index));
        made.push(quote_spanned!(written_at(field.type_span())=> #ident: <#ty as __p::ModelField>::handle(at, field + #number, column + __Layout::AT[#index])));
        read.push(read_field(field));
        write.push(quote!(<#ty as __p::ModelField>::write(&self.#ident, out)?;));
        write_one.push(arm(
            model,
            index,
            quote!(<#ty as __p::ModelField>::write(&self.#ident, out)),
            |place| quote!(<#ty as __p::ModelPart>::write_field(&self.#ident, #place, out)),
        ));
        attach.push(arm(
            model,
            index,
            quote!(<#ty as __p::ModelField>::attach(&mut self.#ident, rows)),
            |place| quote!(<#ty as __p::ModelPart>::attach_field(&mut self.#ident, #place, rows)),
        ));
        held.push(arm(
            model,
            index,
            quote!(<#ty as __p::ModelField>::held(&self.#ident)),
            |place| quote!(<#ty as __p::ModelPart>::held_field(&self.#ident, #place)),
        ));
        if !field.filled {
            nullness = quote!(<#nullness as __p::Null>::And<<#ty as __p::ModelField>::Nullness>);
        }
    }
    quote! {
        impl __p::ModelField for #ident {
            type Nullness = #nullness;
            type Target = ();
            type Handle<__S: __p::Scope> = #handles<__S>;
            type Alone<__M: __p::Model> = __p::NoKey<__M>;
            const SHAPE: __p::Shape = __p::Shape::Part(&__FIELDS);
            const COLUMNS: u16 = __p::FieldSpec::part("", Self::SHAPE).columns();
            fn handle<__S: __p::Scope>(at: &'static __p::PathNode, field: u16, column: u16) -> #handles<__S> {
                #handles { #(#made),* }
            }
            fn read(row: &mut __p::Reader<'_, '_>) -> __p::Result<Self> { ::core::result::Result::Ok(#ident { #(#read),* }) }
            fn write(&self, out: &mut __p::Writer) -> __p::Result<()> { #(#write)* ::core::result::Result::Ok(()) }
        }
        impl __p::ModelPart for #ident {
            fn write_field(&self, field: u16, out: &mut __p::Writer) -> __p::Result<()> {
                match field { #(#write_one,)* _ => ::core::result::Result::Ok(()) }
            }
            fn attach_field(&mut self, field: u16, rows: __p::Loaded) { match field { #(#attach,)* _ => {} } }
            fn held_field(&self, field: u16) -> ::core::option::Option<&__p::Held> {
                match field { #(#held,)* _ => ::core::option::Option::None }
            }
        }
        impl __p::IntoField<#ident> for #ident {
            fn into_field(self) -> #ident { self }
        }
    }
}

fn key(model: &Model) -> (TokenStream, TokenStream) {
    let part = |&index: &usize| {
        let field = &model.fields[index];
        let (ty, ident) = (types::key(field), &field.ident);
        let part = quote_spanned!(written_at(field.type_span())=> <#ty as __p::KeyField>::Part);
        (part, quote!(<#ty as __p::KeyField>::part(&self.#ident)))
    };
    let (types, values): (Vec<_>, Vec<_>) = model.key.iter().map(part).unzip();
    match (&*types, &*values) {
        ([ty], [value]) => (ty.clone(), value.clone()),
        _ => (quote!((#(#types,)*)), quote!((#(#values,)*))),
    }
}

fn row_part(ident: &Ident, handles: &Ident) -> TokenStream {
    quote_spanned! {written_at(ident.span())=>
        impl __p::RowPart for #ident {
            type Handles<__R: 'static> = #handles<__p::At<__R>>;
            type OptionalHandles<__R: 'static> = #handles<__p::Opt<__p::At<__R>>>;
            type Optional = ::core::option::Option<Self>;
            fn handles<__R: 'static>(select: &__p::Select, place: u16) -> Self::Handles<__R> { __p::model_handles::<Self, __R>(select, place) }
            fn optional_handles<__R: 'static>(select: &__p::Select, place: u16) -> Self::OptionalHandles<__R> { __p::optional_model_handles::<Self, __R>(select, place) }
            fn read(row: &mut __p::Reader<'_, '_>) -> __p::Result<Self> { row.model() }
            fn read_optional(row: &mut __p::Reader<'_, '_>) -> __p::Result<::core::option::Option<Self>> { row.optional_model() }
            fn columns() -> usize { <Self as __p::Model>::meta().columns.len() }
        }
    }
}

/// Enough of a model for the rest of the program to be checked, when the struct cannot be one.
pub(super) fn stub(input: &DeriveInput) -> TokenStream {
    let ident = &input.ident;
    if !input.generics.params.is_empty() {
        return TokenStream::new();
    }
    let name = ident.unraw();
    let (vis, handles) = (&input.vis, format_ident!("{name}Fields", span = ident.span()));
    let parts = row_part(ident, &handles);
    quote! {
        #[doc(hidden)]
        #vis struct #handles<__S: ::orm::__private::Scope>(::core::marker::PhantomData<fn() -> __S>);
        impl<__S: ::orm::__private::Scope> ::core::clone::Clone for #handles<__S> {
            fn clone(&self) -> Self { *self }
        }
        impl<__S: ::orm::__private::Scope> ::core::marker::Copy for #handles<__S> {}
        const _: () = {
            use ::orm::__private as __p;
            impl __p::Model for #ident {
                type Fields<__S: __p::Scope> = #handles<__S>;
                type Key = i64;
                type UniqueKeys = ();
                type Draft = ();
                const KEY: __p::KeyShape = __p::KeyShape { kinds: &[], spec: <Self as __p::Model>::spec, model: "", to: ::core::option::Option::None };
                const FIELDS: &'static [__p::FieldSpec] = &[];
                const SPEC: &'static __p::ModelSpec = loop {};
                const APPLICATION: &'static __p::AppSpec = loop {};
                fn lazy_meta() -> &'static __p::LazyMeta { loop {} }
                fn fields_at<__S: __p::Scope>(_: &'static __p::PathNode) -> #handles<__S> { loop {} }
                fn unique_keys() {}
                fn key(&self) -> i64 { loop {} }
                fn draft() {}
                fn read_columns(_: &mut __p::Reader<'_, '_>) -> __p::Result<Self> { loop {} }
                fn write_field(&self, _: u16, _: &mut __p::Writer) -> __p::Result<()> { loop {} }
                fn attach_related(&mut self, _: u16, _: __p::Loaded) {}
                fn held(&self, _: u16) -> ::core::option::Option<&__p::Held> { ::core::option::Option::None }
            }
            #parts
        };
    }
}
