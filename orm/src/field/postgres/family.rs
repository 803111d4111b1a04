//! Families of the types that PostgreSQL alone has.

use super::super::family::{Contains, Text};
use crate::{
    FieldType,
    tree::{Expr, Function, PgFunction},
};
use std::marker::PhantomData;

/// Arrays of `T`.
#[derive(Debug, Clone, Copy)]
pub struct Array<T>(PhantomData<fn() -> T>);

/// Ranges of `T`.
#[derive(Debug, Clone, Copy)]
pub struct Range<T>(PhantomData<fn() -> T>);

/// Texts by their keys.
#[derive(Debug, Clone, Copy)]
pub struct HStore;

/// Words of documents.
#[derive(Debug, Clone, Copy)]
pub struct SearchVector;

impl<T: FieldType> Contains for Array<T> {
    type Part = Vec<T>;

    fn contains(on: Expr, part: Expr) -> Expr {
        Expr::Call(Function::Postgres(PgFunction::Contains), vec![on, part])
    }
}

impl<T: super::InRange> Contains for Range<T> {
    type Part = crate::Range<T>;

    fn contains(on: Expr, part: Expr) -> Expr {
        Expr::Call(Function::Postgres(PgFunction::Contains), vec![on, part])
    }
}

impl Contains for HStore {
    type Part = super::HStore;

    fn contains(on: Expr, part: Expr) -> Expr {
        Expr::Call(Function::Postgres(PgFunction::Contains), vec![on, part])
    }
}

/// Families that words are searched in: text, and the words of documents.
///
/// ```
/// # use library::*;
/// let found = Book::objects().filter(|b| b.title.search("engine"));
/// assert!(found.to_sql(Dialect::Postgres)?.contains("TO_TSVECTOR"));
/// # Ok::<(), orm::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "words are searched in text, or in a `SearchVector`",
    label = "this is neither"
)]
pub trait Searched {
    /// The words, by a configuration where they are those of a text.
    #[doc(hidden)]
    fn words(on: Expr, config: Option<Expr>) -> Expr;
}

impl Searched for Text {
    fn words(on: Expr, config: Option<Expr>) -> Expr {
        let text = Expr::Call(Function::Postgres(PgFunction::Words), vec![on]);
        let arguments = config.into_iter().chain([text]).collect();
        Expr::Call(Function::Postgres(PgFunction::SearchVector), arguments)
    }
}

impl Searched for SearchVector {
    fn words(on: Expr, _config: Option<Expr>) -> Expr {
        on
    }
}
