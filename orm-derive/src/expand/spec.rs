//! The static description of a model: constants, checked against the fields' types while they are built.

use super::{types, written_at};
use crate::{
    model::{Call, Field, IndexKeys, Model},
    parse::{Check, Collation, DbDefault, Exclude, Spanned, Told},
};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, LitStr};

/// The description, and what has to stand before it.
pub(super) fn spec(model: &Model) -> (TokenStream, TokenStream) {
    let layout = layout(model);
    let name = &model.name;
    let table = option(model.table.as_ref());
    let comment = option(model.comment.as_ref());
    let verbose_name = option(model.verbose_name.as_ref());
    let plural = option(model.verbose_name_plural.as_ref());
    let permissions = model.permissions.iter().map(|(name, label)| quote!((#name, #label)));
    let renamed_from = option(model.renamed_from.as_ref());
    let (managed, keyless, help) = (model.managed, model.keyless, &model.help);
    let primary_key = model.key.iter().map(|&index| model.index(index));
    let ordering = model.ordering.iter().map(|&(field, descending)| {
        let field = model.index(field);
        quote!(__p::OrderKey { field: #field, descending: #descending })
    });
    let (ident, hooks, asks) = (&model.ident, model.hooks, model.asks());
    let (options, options_fn) = options(model);
    let filter = match &model.filter {
        None => quote!(::core::option::Option::None),
        Some(given) => {
            let span = syn::spanned::Spanned::span(given);
            quote_spanned!(span=> ::core::option::Option::Some(|| __p::condition::<#ident, _, _>(#given)))
        }
    };
    let order = match &model.order {
        None => quote!(::core::option::Option::None),
        Some(given) => {
            let span = syn::spanned::Spanned::span(given);
            quote_spanned!(span=> ::core::option::Option::Some(|| __p::order_keys::<#ident, _, _>(#given)))
        }
    };
    let validate = match &model.validate {
        None => quote!(::core::option::Option::None),
        Some(rule) => {
            let span = syn::spanned::Spanned::span(rule);
            quote_spanned!(span=> ::core::option::Option::Some(|row| __p::Proposed::looked_at::<#ident>(row, #rule)))
        }
    };
    let spec = quote! {
        __p::ModelSpec {
            name: #name,
            table: #table,
            fields: &__FIELDS,
            primary_key: &[#(#primary_key),*],
            ordering: &[#(#ordering),*],
            order: #order,
            comment: #comment,
            verbose_name: #verbose_name,
            verbose_name_plural: #plural,
            permissions: &[#(#permissions),*],
            renamed_from: #renamed_from,
            managed: #managed,
            keyless: #keyless,
            help: #help,
            options: #options,
            validate: #validate,
            hooks: #hooks,
            asks: #asks,
            filter: #filter,
            reader: __p::read_related::<#ident>,
        }
    };
    (quote!(#layout #options_fn), spec)
}

/// `__FIELDS`, and where each field begins: `AT` among the columns, `STARTS` among the fields where parts stand for several.
pub(super) fn layout(model: &Model) -> TokenStream {
    let count = model.fields.len();
    let fields = model.fields.iter().map(|field| self::field(model, field));
    let starts = model.has_parts().then(|| quote!(const STARTS: __p::Offsets<#count> = __p::starts(&__FIELDS);));
    let columns = quote_spanned!(model.ident.span()=> const _: () = __p::check_columns(&__FIELDS););
    let ties = model.fields.iter().filter(|field| field.may_be_reverse()).map(|field| tie(&model.ident, field));
    let ties = (!model.key.is_empty()).then(|| quote!(const _: () = { #(#ties)* };));
    let listed = listed(model);
    let path = format!("::{}", model.name);
    quote! {
        const __FIELDS: [__p::FieldSpec; #count] = [#(#fields),*];
        struct __Layout;
        impl __Layout {
            const AT: __p::Offsets<#count> = __p::offsets(&__FIELDS);
            #starts
        }
        const __MODEL: &'static str = ::core::concat!(::core::module_path!(), #path);
        #columns
        #ties
        #listed
    }
}

/// Asks whether the fields of the model's lists have columns.
fn listed(model: &Model) -> TokenStream {
    let ordering = model.ordering.iter().map(|(field, _)| (*field, "ordering"));
    let unique = model.unique.iter().flat_map(|unique| unique.fields().into_iter().map(|field| (field, "unique")));
    let index = model.indexes.iter().flat_map(|index| match &index.keys {
        IndexKeys::Fields(fields) => fields.as_slice(),
        IndexKeys::Closure(_) => &[],
    });
    let index = index.map(|(field, _)| (*field, "index"));
    let included = model.unique.iter().flat_map(|unique| &unique.include);
    let included = included.chain(model.indexes.iter().flat_map(|index| &index.include));
    let index = index.chain(included.map(|field| (*field, "include")));
    let asked = ordering.chain(unique).chain(index).filter(|(field, _)| model.fields[*field].may_be_reverse());
    let asked = asked.map(|(field, list)| {
        let field = &model.fields[field];
        let (ty, name) = (types::of(field), &field.name);
        quote_spanned!(field.ident.span()=> __p::check_listed(<#ty as __p::ModelField>::COLUMNS, #name, #list);)
    });
    let asked: Vec<_> = asked.collect();
    (!asked.is_empty()).then(|| quote!(const _: () = { #(#asked)* };)).into_token_stream()
}

/// Asks whether a relation without a column leads somewhere by one way.
fn tie(ident: &Ident, field: &Field) -> TokenStream {
    let ty = types::of(field);
    let none = || quote!(::core::option::Option::None);
    let (mut via, mut to, mut through) = (None, none(), none());
    for call in &field.calls {
        match &call.value {
            Call::Via(name) => via = Some(quote!(::core::option::Option::Some(#name))),
            Call::To(name) => to = quote!(::core::option::Option::Some(#name)),
            Call::Through(model) => {
                let model = quote_spanned!(call.span=> <#model as __p::Model>);
                through = quote!(::core::option::Option::Some((#model::KEY.model, #model::FIELDS)));
            }
            _ => {}
        }
    }
    // A generic foreign key that is named has to hold this model's key.
    let key = match via.is_some() {
        true => quote!(::core::option::Option::Some(<#ident as __p::Model>::KEY)),
        false => none(),
    };
    let via = via.unwrap_or_else(none);
    let ways = quote!(__p::Ways { via: #via, to: #to, through: #through, key: #key });
    quote_spanned!(field.type_span()=> __p::check_tie(<#ty as __p::ModelField>::FAR, #ways, __MODEL);)
}

fn option(text: Option<&LitStr>) -> TokenStream {
    match text {
        Some(text) => quote!(::core::option::Option::Some(#text)),
        None => quote!(::core::option::Option::None),
    }
}

/// One field.
fn field(model: &Model, field: &Field) -> TokenStream {
    let (name, ty, help, span) = (&field.name, types::of(field), &field.help, written_at(field.type_span()));
    let written = |spec| match &field.written {
        Some(name) => quote!(__p::FieldSpec::written(#spec, #name)),
        None => spec,
    };
    if field.flatten {
        return written(quote_spanned!(span=> __p::FieldSpec::part(#name, <#ty as __p::ModelField>::SHAPE)));
    }
    let start = quote_spanned!(span=> __p::FieldSpec::new(#name, <#ty as __p::ModelField>::SHAPE, #help));
    let start = written(start);
    field.calls.iter().fold(start, |spec, call| self::call(field, call, spec, Some(&model.ident)))
}

/// Whether the field's type and its attributes go together: calls that the compiler refuses, each at the attribute that it is for.
pub(super) fn fits(field: &Field, shown: &str) -> TokenStream {
    let (ty, span) = (&field.ty, field.type_span());
    if field.flatten {
        return quote_spanned!(span=> __p::fits_part(__p::Probe::<#ty>::SHAPE, #shown));
    }
    let auto = field.calls.iter().any(|call| matches!(call.value, Call::AutoKey));
    let why = match field.may_be_relation() {
        true => quote_spanned!(span=> __p::Probe::<#ty>::WHY),
        false if auto => quote!(__p::Why::AutoKey),
        false => quote!(__p::Why::Unknown),
    };
    let mut calls = field.calls.iter().filter(|call| call.value.can_be_refused()).peekable();
    if calls.peek().is_none() {
        return quote_spanned!(span=> __p::fits_bare(__p::Probe::<#ty>::SHAPE, #why, #shown));
    }
    let start = quote_spanned!(span=> __p::fitting(__p::Probe::<#ty>::SHAPE, #why, #shown));
    let spec = calls.fold(start, |spec, call| self::call(field, call, spec, None));
    quote_spanned!(span=> __p::fits(#spec))
}

/// One attribute of a model's field. A check is of no model: what only a running program asks for is left out of it.
fn call(field: &Field, call: &Spanned<Call>, spec: TokenStream, model: Option<&Ident>) -> TokenStream {
    let (span, known) = (call.span, types::of(field));
    let value = |value: &Expr| match model {
        None => quote!(|| loop {}),
        Some(_) => default_value(&known, value),
    };
    match &call.value {
        Call::AutoKey => {
            let ty = &field.ty;
            // Of a type that is not fit enough has been said where the types are.
            let seen = model.map(|_| {
                quote!(
                    use __p::Unfit as _;
                )
            });
            let fit = quote_spanned!(span=> { #seen __p::Probe::<#ty>::KEY });
            quote_spanned!(span=> __p::FieldSpec::auto_key(#spec, #fit))
        }
        Call::Column(name) => quote_spanned!(span=> __p::FieldSpec::column(#spec, #name)),
        Call::Columns(names) => quote_spanned!(span=> __p::FieldSpec::named(#spec, &[#(#names),*])),
        Call::Unique => quote_spanned!(span=> __p::FieldSpec::unique(#spec)),
        Call::Index(index) => quote_spanned!(span=> __p::FieldSpec::index(#spec, #index)),
        Call::MaxLength(length) => quote_spanned!(span=> __p::FieldSpec::max_length(#spec, #length)),
        Call::MinLength(length) => quote_spanned!(span=> __p::FieldSpec::min_length(#spec, #length)),
        Call::Min(given) => {
            let value = value(given);
            quote_spanned!(span=> __p::FieldSpec::min(#spec, #value))
        }
        Call::Max(given) => {
            let value = value(given);
            quote_spanned!(span=> __p::FieldSpec::max(#spec, #value))
        }
        Call::Format(format) => {
            let format = Ident::new(format, span);
            quote_spanned!(span=> __p::FieldSpec::format(#spec, __p::Format::#format))
        }
        Call::Pattern(pattern) => quote_spanned!(span=> __p::FieldSpec::pattern(#spec, #pattern)),
        Call::Validate(_) if model.is_none() => quote_spanned!(span=> __p::FieldSpec::validate(#spec, |_| loop {})),
        Call::Validate(rule) => {
            // Called, so that a `&String` goes where a `&str` is expected.
            let rule = quote_spanned!(syn::spanned::Spanned::span(rule)=> |value| #rule(value));
            quote_spanned!(span=> __p::FieldSpec::validate(#spec, |value| __p::validated::<#known, _>(value, #rule)))
        }
        Call::ValidateWith(_) => quote_spanned!(span=> __p::FieldSpec::validate_with(#spec)),
        Call::Message(text) => {
            quote_spanned!(span=> __p::FieldSpec::told(#spec, ::core::option::Option::Some(#text), ::core::option::Option::None))
        }
        Call::Code(text) => {
            quote_spanned!(span=> __p::FieldSpec::told(#spec, ::core::option::Option::None, ::core::option::Option::Some(#text)))
        }
        Call::Collation(Collation(names)) => {
            let [sqlite, postgres, mysql] = names.each_ref().map(|name| option(name.as_ref()));
            let collation = quote!(__p::Collation { sqlite: #sqlite, postgres: #postgres, mysql: #mysql });
            quote_spanned!(span=> __p::FieldSpec::collation(#spec, #collation))
        }
        Call::Digits(digits, places) => quote_spanned!(span=> __p::FieldSpec::digits(#spec, #digits, #places)),
        Call::Default(given) => {
            let value = value(given);
            quote_spanned!(span=> __p::FieldSpec::default(#spec, #value))
        }
        Call::DbDefault(default) => {
            let default = match default {
                DbDefault::Value(given) => {
                    let value = value(given);
                    quote!(__p::DbDefault::Value(#value))
                }
                DbDefault::Now => quote!(__p::DbDefault::Now),
                DbDefault::Sql(sql) => quote!(__p::DbDefault::Sql(#sql)),
            };
            quote_spanned!(span=> __p::FieldSpec::db_default(#spec, #default))
        }
        Call::Generated(given, stored) => {
            let value = match model {
                None => quote!(|| loop {}),
                Some(model) => {
                    let span = syn::spanned::Spanned::span(given);
                    quote_spanned!(span=> || __p::generated::<#model, #known, _, _>(#given))
                }
            };
            quote_spanned!(span=> __p::FieldSpec::generated(#spec, #value, #stored))
        }
        Call::AutoNow => quote_spanned!(span=> __p::FieldSpec::auto_now(#spec)),
        Call::AutoNowAdd => quote_spanned!(span=> __p::FieldSpec::auto_now_add(#spec)),
        Call::Version => quote_spanned!(span=> __p::FieldSpec::version(#spec)),
        Call::OnDelete(rule) => {
            let rule = syn::Ident::new(rule, span);
            quote_spanned!(span=> __p::FieldSpec::on_delete(#spec, __p::OnDelete::#rule))
        }
        Call::DbConstraint(on) => quote_spanned!(span=> __p::FieldSpec::db_constraint(#spec, #on)),
        Call::Via(name) => quote_spanned!(span=> __p::FieldSpec::via(#spec, #name)),
        Call::To(name) => quote_spanned!(span=> __p::FieldSpec::to(#spec, #name)),
        Call::Through(_) if model.is_none() => quote_spanned!(span=> __p::FieldSpec::through(#spec, || loop {})),
        Call::Through(model) => quote_spanned!(span=> __p::FieldSpec::through(#spec, <#model as __p::Model>::meta)),
        Call::Symmetrical => quote_spanned!(span=> __p::FieldSpec::symmetrical(#spec)),
        Call::LinkHooks(_) if model.is_none() => quote_spanned!(span=> __p::FieldSpec::link_hooks(#spec, || loop {})),
        Call::LinkHooks(hooks) => {
            let place = syn::spanned::Spanned::span(hooks);
            let told = quote_spanned! {place=>
                || &__p::LinkHooksOf::<#hooks, #model, <#known as __p::Toward>::Model>::NEW
            };
            quote_spanned!(span=> __p::FieldSpec::link_hooks(#spec, #told))
        }
        Call::Parent => quote_spanned!(span=> __p::FieldSpec::parent(#spec)),
        Call::Table(name) => quote_spanned!(span=> __p::FieldSpec::table(#spec, #name)),
        Call::VerboseName(name) => quote_spanned!(span=> __p::FieldSpec::verbose_name(#spec, #name)),
        Call::ChoicesFrom(_) if model.is_none() => {
            quote_spanned!(span=> __p::FieldSpec::choices_from(#spec, || loop {}))
        }
        Call::ChoicesFrom(given) => {
            let place = syn::spanned::Spanned::span(given);
            let condition = quote_spanned! {place=>
                || __p::condition::<<#known as __p::Toward>::Model, _, _>(#given)
            };
            quote_spanned!(span=> __p::FieldSpec::choices_from(#spec, #condition))
        }
        Call::Editable(on) => quote_spanned!(span=> __p::FieldSpec::editable(#spec, #on)),
        Call::Widget(name) => quote_spanned!(span=> __p::FieldSpec::widget(#spec, #name)),
        Call::Comment(text) => quote_spanned!(span=> __p::FieldSpec::comment(#spec, #text)),
        Call::RenamedFrom(name) => quote_spanned!(span=> __p::FieldSpec::renamed_from(#spec, #name)),
    }
}

fn default_value(ty: &syn::Ident, value: &Expr) -> TokenStream {
    let span = syn::spanned::Spanned::span(value);
    quote_spanned!(span=> || __p::default_value::<#ty, _, _>(#value))
}

/// The constraints and indexes: a function, since closures build them.
fn options(model: &Model) -> (TokenStream, TokenStream) {
    if model.unique.is_empty() && model.indexes.is_empty() && model.checks.is_empty() && model.exclusions.is_empty() {
        return (quote!(__p::ModelOptions::new), TokenStream::new());
    }
    let ident = &model.ident;
    let condition = |condition: &Expr| {
        let span = syn::spanned::Spanned::span(condition);
        quote_spanned!(span=> __p::condition::<#ident, _, _>(#condition))
    };
    let optional = |given: Option<&Expr>| match given {
        Some(given) => {
            let condition = condition(given);
            quote!(::core::option::Option::Some(#condition))
        }
        None => quote!(::core::option::Option::None),
    };
    let keys = |keys: &IndexKeys| match keys {
        IndexKeys::Fields(fields) => {
            let keys = fields.iter().map(|&(field, descending)| {
                let field = model.index(field);
                quote!(__p::OrderKey { field: #field, descending: #descending })
            });
            quote!(__p::field_keys::<#ident>(&[#(#keys),*]))
        }
        IndexKeys::Closure(closure) => {
            let span = syn::spanned::Spanned::span(closure);
            quote_spanned!(span=> __p::index_keys::<#ident, _, _>(#closure))
        }
    };
    let places = |fields: &[usize]| {
        let fields = fields.iter().map(|&field| model.index(field));
        quote!(::std::vec![#(#fields),*])
    };
    let when = |when: Option<&str>, place: Span| match when {
        Some(when) => {
            let when = Ident::new(when, place);
            quote!(::core::option::Option::Some(__p::Deferrable::#when))
        }
        None => quote!(::core::option::Option::None),
    };
    let told = |told: &Told| {
        let (message, code) = (option(told.message.as_ref()), option(told.code.as_ref()));
        quote!(__p::Told { message: #message, code: #code })
    };
    let unique = model.unique.iter().map(|unique| {
        let (fields, expressions) = match &unique.keys {
            IndexKeys::Fields(_) => (places(&unique.fields()), quote!(::std::vec![])),
            closure => (quote!(::std::vec![]), keys(closure)),
        };
        let (name, condition) = (option(unique.name.as_ref()), optional(unique.condition.as_ref()));
        let (include, deferrable) = (places(&unique.include), when(unique.deferrable, Span::call_site()));
        let (nulls_equal, told) = (unique.nulls_equal, told(&unique.told));
        quote!(__p::UniqueMeta {
            name: #name,
            fields: #fields,
            expressions: #expressions,
            condition: #condition,
            include: #include,
            deferrable: #deferrable,
            nulls_equal: #nulls_equal,
            told: #told,
        })
    });
    let indexes = model.indexes.iter().map(|index| {
        let (keys, include, opclass) = (keys(&index.keys), places(&index.include), &index.opclass);
        let (name, condition) = (option(index.name.as_ref()), optional(index.condition.as_ref()));
        let method = option(index.method.as_ref());
        quote!(__p::IndexMeta {
            name: #name,
            keys: #keys,
            condition: #condition,
            include: #include,
            method: #method,
            opclass: ::std::vec![#(#opclass),*],
        })
    });
    let checks = model.checks.iter().map(|Check { name, condition: given, without_table, told: said }| {
        let (condition, told) = (condition(given), told(said));
        quote!(__p::CheckMeta { name: #name, without_table: #without_table, condition: #condition, told: #told })
    });
    let exclusions = model.exclusions.iter().map(|Exclude { name, without_table, pair, method, condition, deferrable }| {
        let (condition, method) = (optional(condition.as_ref()), option(method.as_ref()));
        let deferrable = when(*deferrable, name.span());
        let span = syn::spanned::Spanned::span(pair);
        let pair = quote_spanned!(span=> __p::pair::<#ident, _, _>(#pair));
        quote!(__p::ExcludeMeta { name: #name, without_table: #without_table, pair: #pair, condition: #condition, method: #method, deferrable: #deferrable })
    });
    let function = quote! {
        fn __options() -> __p::ModelOptions {
            __p::ModelOptions {
                unique: ::std::vec![#(#unique),*],
                indexes: ::std::vec![#(#indexes),*],
                checks: ::std::vec![#(#checks),*],
                exclusions: ::std::vec![#(#exclusions),*],
            }
        }
    };
    (quote!(__options), function)
}
