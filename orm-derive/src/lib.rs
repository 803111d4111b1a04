//! The derive macros of `orm`. They are used, and documented for people, through `orm`.
//!
//! A derive parses (`parse`, the only place that sees attributes), understands (`check`, into `model`) and writes
//! (`expand`). Mistakes are collected and reported all at once, beside an expansion of everything that was understood, so that
//! one mistake gives one message. What depends on a type is decided by traits and constants of `orm`, never by how the
//! type is spelt.

mod check;
mod errors;
mod expand;
mod model;
mod parse;

use proc_macro::TokenStream;

/// Makes a struct a model: see `orm::Model`.
#[proc_macro_derive(Model, attributes(model, field))]
pub fn derive_model(input: TokenStream) -> TokenStream {
    expand::derive_model(input.into()).into()
}

/// Makes a struct a part that several models share: see `orm::ModelPart`.
#[proc_macro_derive(ModelPart, attributes(model, field))]
pub fn derive_model_part(input: TokenStream) -> TokenStream {
    expand::derive_model_part(input.into()).into()
}

/// Lists the models of an application: see `orm::app`.
#[proc_macro]
pub fn app(input: TokenStream) -> TokenStream {
    expand::app(input.into()).into()
}

/// Makes an enum the type of a column: see `orm::Choices`.
#[proc_macro_derive(Choices, attributes(choices, choice))]
pub fn derive_choices(input: TokenStream) -> TokenStream {
    expand::derive_choices(input.into()).into()
}

/// Makes a struct the shape that a model's table has at a migration: see `orm::Frozen`.
#[proc_macro_derive(Frozen, attributes(frozen))]
pub fn derive_frozen(input: TokenStream) -> TokenStream {
    expand::derive_frozen(input.into()).into()
}

/// Makes a struct the row of a query: see `orm::Row`.
#[proc_macro_derive(Row, attributes(row))]
pub fn derive_row(input: TokenStream) -> TokenStream {
    expand::derive_row(input.into()).into()
}

/// Makes a newtype the type of a column: see `orm::FieldType`.
#[proc_macro_derive(FieldType)]
pub fn derive_field_type(input: TokenStream) -> TokenStream {
    expand::derive_field_type(input.into()).into()
}
