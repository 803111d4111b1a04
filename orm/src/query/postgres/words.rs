//! The words of texts, as full text search regards them.

use super::{of, search::config};
use crate::{
    Expression, FieldType,
    field::postgres::SearchVector,
    tree::{Expr, PgFunction, Weight},
};
use std::{marker::PhantomData, ops::Add};

/// The words of some expressions: one, or a tuple of them. NULL has none, and what is no text is written as one.
///
/// ```
/// # use library::*;
/// use orm::postgres::search_vector;
/// let found = Book::objects().filter(|b| search_vector((b.title, b.author.name)).search("ada"));
/// assert!(found.to_sql(Dialect::Postgres)?.contains(r#"(COALESCE("book"."title", $1) || ' ' || COALESCE("author"."name", $2))"#));
/// # Ok::<(), orm::Error>(())
/// ```
pub fn search_vector<T: Texts>(texts: T) -> Words<T::Root> {
    let mut all = Vec::new();
    texts.add_to(&mut all);
    Words { texts: of(PgFunction::Words, all), config: None, weight: None, beside: Vec::new(), _root: PhantomData }
}

/// Expressions whose words make a vector: one, or a tuple of them, of one query.
///
/// ```
/// # use library::*;
/// # use orm::postgres::search_vector;
/// // Numbers are written as text.
/// let words = Book::objects().filter(|b| search_vector((b.title, b.views)).search("7"));
/// assert!(words.to_sql(Dialect::Postgres)?.contains(r#"CAST("views" AS TEXT)"#));
/// # Ok::<(), orm::Error>(())
/// ```
pub trait Texts {
    /// The query that they belong to.
    type Root: 'static;

    /// Adds them to a list.
    #[doc(hidden)]
    fn add_to(self, texts: &mut Vec<Expr>);
}

impl<E: Expression> Texts for E {
    type Root = E::Root;

    fn add_to(self, texts: &mut Vec<Expr>) {
        texts.push(self.into_expr());
    }
}

macro_rules! tuples {
    ($($first:ident $($other:ident)+;)+) => {$(
        #[allow(non_snake_case, reason = "a value is called like its type")]
        impl<$first: Expression, $($other: Expression<Root = $first::Root>),+> Texts for ($first, $($other),+) {
            type Root = $first::Root;

            fn add_to(self, texts: &mut Vec<Expr>) {
                let ($first, $($other),+) = self;
                texts.extend([$first.into_expr(), $($other.into_expr()),+]);
            }
        }
    )+};
}

tuples! {
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
}

/// The words of some texts of the query `R`: what [`search_vector`] gives. `+` puts those of others beside them.
///
/// ```
/// # use library::*;
/// use orm::postgres::{Weight, search_vector};
/// let words = |b: BookFields<orm::At<Book>>| {
///     search_vector(b.title).config("english").weight(Weight::A) + search_vector(b.author.name).weight(Weight::C)
/// };
/// let found = Book::objects().filter(|b| words(b).search("ada")).order_by(|b| words(b).rank("ada").desc());
/// assert!(found.to_sql(Dialect::Postgres)?.contains("(SETWEIGHT(TO_TSVECTOR("));
/// # Ok::<(), orm::Error>(())
/// ```
#[must_use = "words do nothing before a query searches them"]
pub struct Words<R> {
    texts: Expr,
    config: Option<String>,
    weight: Option<Weight>,
    beside: Vec<Expr>,
    _root: PhantomData<fn() -> R>,
}

impl<R> Clone for Words<R> {
    fn clone(&self) -> Self {
        let Words { texts, config, weight, beside, .. } = self;
        let (texts, config, beside) = (texts.clone(), config.clone(), beside.clone());
        Words { texts, config, weight: *weight, beside, _root: PhantomData }
    }
}

impl<R> Words<R> {
    /// By a configuration of the database, mostly a language; else by the database's own.
    ///
    /// ```
    /// # use library::*;
    /// # use orm::postgres::search_vector;
    /// let found = Book::objects().filter(|b| search_vector(b.title).config("english").search("engine"));
    /// assert!(found.to_sql(Dialect::Postgres)?.contains("TO_TSVECTOR(CAST($1 AS regconfig), "));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn config(mut self, name: impl Into<String>) -> Self {
        self.config = Some(name.into());
        self
    }

    /// With a weight, which counts in the [`rank`](crate::postgres::SearchExpression::rank).
    ///
    /// ```
    /// # use library::*;
    /// # use orm::postgres::{Weight, search_vector};
    /// let found = Book::objects().filter(|b| search_vector(b.title).weight(Weight::B).search("engine"));
    /// assert!(found.to_sql(Dialect::Postgres)?.contains(", 'B')"));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn weight(mut self, weight: Weight) -> Self {
        self.weight = Some(weight);
        self
    }
}

impl<R: 'static> Expression for Words<R> {
    type Root = R;
    type Value = SearchVector;

    fn into_expr(self) -> Expr {
        let arguments: Vec<Expr> = self.config.as_deref().map(config).into_iter().chain([self.texts]).collect();
        let words = of(PgFunction::SearchVector, arguments);
        let words = match self.weight {
            Some(weight) => of(PgFunction::Weighted(weight), [words]),
            None => words,
        };
        match self.beside.is_empty() {
            true => words,
            false => of(PgFunction::Together, std::iter::once(words).chain(self.beside).collect::<Vec<_>>()),
        }
    }
}

impl<R: 'static, E: Expression<Root = R, Value: FieldType<Plain = SearchVector>>> Add<E> for Words<R> {
    type Output = Words<R>;

    fn add(mut self, other: E) -> Words<R> {
        self.beside.push(other.into_expr());
        self
    }
}
