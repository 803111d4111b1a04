//! `#[derive(Choices)]`.

use proc_macro2::TokenStream;

/// `#[derive(Choices)]`.
pub(crate) fn derive_choices(_input: TokenStream) -> TokenStream {
    TokenStream::new()
}
