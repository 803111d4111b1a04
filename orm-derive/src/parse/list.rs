//! The list inside an attribute: `flag`, `name = value`, `name(..)`.

use crate::errors::Errors;
use proc_macro2::{Span, TokenStream};
use syn::{
    Attribute, Expr, ExprLit, ExprPath, ExprUnary, Ident, Lit, LitStr, Token, UnOp,
    ext::IdentExt,
    parse::{Parse, ParseStream, Parser as _},
    punctuated::Punctuated,
    spanned::Spanned,
    token,
};

/// One entry of an attribute.
pub(crate) struct Item {
    pub(crate) name: Ident,
    pub(crate) value: Value,
}

/// What follows the name of an entry.
pub(crate) enum Value {
    /// Nothing.
    Flag,
    /// `= value`.
    Is(Box<Expr>),
    /// `(..)`.
    List(Span, TokenStream),
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = Ident::parse_any(input)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Value::Is(input.parse()?)
        } else if input.peek(token::Paren) {
            let inner;
            let paren = syn::parenthesized!(inner in input);
            Value::List(paren.span.join(), inner.parse()?)
        } else {
            Value::Flag
        };
        Ok(Item { name, value })
    }
}

/// The entries of every attribute of this name. What cannot be parsed is reported and left out.
pub(crate) fn items(attributes: &[Attribute], name: &str, errors: &mut Errors) -> Vec<Item> {
    let mut out = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(name)) {
        if let Err(error) = attribute.parse_args_with(|input: ParseStream<'_>| {
            while !input.is_empty() {
                out.push(input.parse()?);
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        }) {
            errors.add(error);
        }
    }
    out
}

impl Item {
    fn wants(&self, errors: &mut Errors, form: &str) {
        let name = &self.name;
        match &self.value {
            Value::Flag => {
                errors.at(name, format_args!("`{name}` needs a value"), format_args!("write `{name} {form}`"))
            }
            Value::Is(value) => {
                errors.at(value, format_args!("not a value for `{name}`"), format_args!("write `{name} {form}`"))
            }
            Value::List(span, _) => {
                errors.here(*span, format_args!("not a value for `{name}`"), format_args!("write `{name} {form}`"))
            }
        }
    }

    /// The whole entry's place.
    pub(crate) fn span(&self) -> Span {
        match &self.value {
            Value::Flag => self.name.span(),
            Value::Is(value) => self.name.span().join(value.span()).unwrap_or(self.name.span()),
            Value::List(span, _) => self.name.span().join(*span).unwrap_or(self.name.span()),
        }
    }

    /// A flag: `unique`, or `index = false`.
    pub(crate) fn flag(&self, errors: &mut Errors) -> Option<bool> {
        match &self.value {
            Value::Flag => return Some(true),
            Value::Is(value) => {
                if let Expr::Lit(ExprLit { lit: Lit::Bool(value), .. }) = &**value {
                    return Some(value.value);
                }
            }
            Value::List(..) => {}
        }
        let name = &self.name;
        errors.here(
            self.span(),
            format_args!("`{name}` is a switch"),
            format_args!("write `{name}`, or `{name} = false`"),
        );
        None
    }

    /// Text: `column = "name"`, not empty.
    pub(crate) fn text(&self, errors: &mut Errors) -> Option<LitStr> {
        if let Value::Is(value) = &self.value
            && let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &**value
        {
            if text.value().trim().is_empty() {
                errors.at(text, format_args!("`{}` is empty", self.name), "leave it out, or write a name");
                return None;
            }
            return Some(text.clone());
        }
        self.wants(errors, "= \"..\"");
        None
    }

    /// Several texts: `columns("order_id", "line")`, none of them empty.
    pub(crate) fn texts(&self, errors: &mut Errors) -> Option<Vec<LitStr>> {
        if let Value::List(_, tokens) = &self.value
            && let Ok(texts) = Punctuated::<LitStr, Token![,]>::parse_terminated.parse2(tokens.clone())
            && !texts.is_empty()
        {
            if let Some(empty) = texts.iter().find(|text| text.value().trim().is_empty()) {
                errors.at(empty, format_args!("a name of `{}` is empty", self.name), "write a name");
                return None;
            }
            return Some(texts.into_iter().collect());
        }
        let name = &self.name;
        errors.here(
            self.span(),
            format_args!("`{name}` is a list of texts"),
            format_args!("write `{name}(\"..\", \"..\")`"),
        );
        None
    }

    /// Any expression.
    pub(crate) fn expr(&self, errors: &mut Errors) -> Option<Expr> {
        if let Value::Is(value) = &self.value {
            return Some((**value).clone());
        }
        self.wants(errors, "= ..");
        None
    }

    /// A closure over the model's fields, or the name of a function of them.
    pub(crate) fn closure(&self, errors: &mut Errors, example: &str) -> Option<Expr> {
        match &self.value {
            Value::Is(value) if is_closure(value) => Some((**value).clone()),
            _ => {
                self.wants(errors, &format!("= |b| {example}"));
                None
            }
        }
    }

    /// The name of a function.
    pub(crate) fn path(&self, errors: &mut Errors, help: &str) -> Option<syn::Path> {
        if let Value::Is(value) = &self.value
            && let Expr::Path(ExprPath { path, qself: None, .. }) = &**value
        {
            return Some(path.clone());
        }
        errors.here(self.span(), format_args!("`{}` names a function", self.name), help);
        None
    }

    /// A number that is known at compile time.
    pub(crate) fn number(&self, errors: &mut Errors, example: u32) -> Option<Expr> {
        match &self.value {
            Value::Is(value) => match &**value {
                Expr::Lit(ExprLit { lit: Lit::Int(_), .. })
                | Expr::Path(_)
                | Expr::Binary(_)
                | Expr::Call(_)
                | Expr::Paren(_) => {
                    return Some((**value).clone());
                }
                Expr::Unary(ExprUnary { op: UnOp::Neg(_), .. }) => {
                    errors.at(
                        value,
                        format_args!("`{}` is never negative", self.name),
                        format_args!("write `{} = {example}`", self.name),
                    );
                    return None;
                }
                _ => {}
            },
            Value::Flag | Value::List(..) => {}
        }
        self.wants(errors, &format!("= {example}"));
        None
    }

    /// One word: `via = author`; in quotes it is accepted too.
    pub(crate) fn word(&self, errors: &mut Errors, example: &str) -> Option<Ident> {
        if let Value::Is(value) = &self.value {
            match &**value {
                Expr::Path(ExprPath { path, qself: None, .. }) if path.get_ident().is_some() => {
                    return path.get_ident().cloned();
                }
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
                    if let Ok(word) = text.parse_with(Ident::parse_any) {
                        return Some(word);
                    }
                }
                _ => {}
            }
        }
        self.wants(errors, &format!("= {example}"));
        None
    }
}

/// Whether it can be called with the model's fields.
pub(super) fn is_closure(expr: &Expr) -> bool {
    match expr {
        Expr::Closure(closure) => closure.inputs.len() == 1,
        expr => matches!(expr, Expr::Path(_)),
    }
}
