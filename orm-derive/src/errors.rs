//! Mistakes, collected so that all of them are reported at once, each at the token that a person typed.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use std::fmt::Display;

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Errors(Vec<syn::Error>);

impl Errors {
    /// A mistake at `tokens`: the problem, and what to write instead.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, problem: impl Display, help: impl Display) {
        self.0.push(syn::Error::new_spanned(tokens, format!("{problem}\nhelp: {help}")));
    }

    /// A mistake at a place.
    pub(crate) fn here(&mut self, span: Span, problem: impl Display, help: impl Display) {
        self.0.push(syn::Error::new(span, format!("{problem}\nhelp: {help}")));
    }

    /// A mistake that the parser found.
    pub(crate) fn add(&mut self, error: syn::Error) {
        self.0.push(error);
    }

    /// Whether nothing was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The mistakes as compile errors.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.0.iter().map(syn::Error::to_compile_error).collect()
    }
}

/// The known name that a misspelt one is nearest to.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.into_iter().map(|other| (strsim::levenshtein(name, other), other)).min()?;
    (near.0 <= 1 + near.1.len() / 4).then_some(near.1)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_misspelt_name_finds_its_neighbour() {
        assert_eq!(nearest("max_lenght", ["max_length", "max_digits"]), Some("max_length"));
        assert_eq!(nearest("zebra", ["max_length", "max_digits"]), None);
    }
}
