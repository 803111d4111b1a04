//! Scopes: which query a handle belongs to, and whether an outer join can make it NULL. Types only.

use super::FieldType;
use std::marker::PhantomData;

/// Where a handle stands.
///
/// ```
/// # use library::*;
/// // A condition that can be used wherever there is a book: in a query, along a path, inside a set.
/// fn cheap<S: Scope>(b: &BookFields<S>) -> Q<S::Root> {
///     b.price.lt(5)
/// }
/// let books = Book::objects().filter(|b| cheap(&b));
/// let authors = Author::objects().filter(|a| a.books.any(|b| cheap(&b)));
/// ```
pub trait Scope: Copy + Send + Sync + 'static {
    /// The query: a model, or a [`Sub`] query inside another.
    type Root: 'static;
    /// Whether an outer join can make its values NULL.
    type Null: Null;
}

/// In the query `R` itself, and along relations that are never NULL.
pub struct At<R>(PhantomData<fn() -> R>);

/// In a row of `M` itself, without the rows that it points to: what constraints and indexes may speak of.
pub struct Own<M>(PhantomData<fn() -> M>);

/// Below a relation that can be NULL.
pub struct Opt<S>(PhantomData<fn() -> S>);

/// Where `S` is, of a field that the database computes.
pub struct Computed<S>(PhantomData<fn() -> S>);

/// A query over `M` inside the query `R`.
pub struct Sub<R, M>(PhantomData<fn() -> (R, M)>);

macro_rules! copy {
    ($($name:ident)+) => {$(
        impl<T> Clone for $name<T> { fn clone(&self) -> Self { *self } }
        impl<T> Copy for $name<T> {}
    )+};
}
copy! { At Own Opt Computed }

impl<R: 'static> Scope for At<R> {
    type Root = R;
    type Null = NotNull;
}

impl<M: 'static> Scope for Own<M> {
    type Root = M;
    type Null = NotNull;
}

impl<S: Scope> Scope for Computed<S> {
    type Root = S::Root;
    type Null = S::Null;
}

/// Scopes of fields that can be given a value: all but those that the database computes.
///
/// ```
/// # use library::*;
/// use orm::{Assign, Settable};
/// fn unread<S: Settable>(b: &BookFields<S>) -> Assign<S::Root> {
///     b.views.set(0)
/// }
/// assert!(Book::objects().update_sql(|b| unread(&b), Dialect::Sqlite)?.ends_with(r#"SET "views" = ?"#));
/// # Ok::<(), orm::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "the database computes this field: it cannot be set",
    label = "a generated field",
    note = "set the fields that it is computed from"
)]
pub trait Settable: Scope {}
impl<R: 'static> Settable for At<R> {}
impl<M: 'static> Settable for Own<M> {}
impl<S: Settable> Settable for Opt<S> {}

/// Scopes in which relations can be followed.
pub trait Joins: Scope {}
impl<R: 'static> Joins for At<R> {}
impl<S: Joins> Joins for Opt<S> {}

/// Scopes of relations that are fields, so that a row has a place for what they lead to.
#[diagnostic::on_unimplemented(
    message = "the rows of a reverse side that is no field have no place in the row",
    label = "no field holds these rows",
    note = "load them beside each row: `.all_with(|x| x.reverse::<..>(), &db)`"
)]
pub trait Declared: Scope {}
impl<R: 'static> Declared for At<R> {}
impl<S: Declared> Declared for Opt<S> {}

impl<S: Scope> Scope for Opt<S> {
    type Root = S::Root;
    type Null = Nullable;
}

/// Whether a value can be NULL: [`NotNull`] or [`Nullable`].
///
/// ```
/// # use library::*;
/// // Below a relation that can be NULL, values are `Option`s.
/// let names: QuerySet<Book, (String, Option<String>)> = Book::objects().values(|b| (b.author.name, b.editor.name));
/// ```
pub trait Null: Send + Sync + 'static {
    /// `T`, or `Option<T>`.
    type Wrap<T: FieldType>: FieldType<Plain = T::Plain, Family = T::Family>;
    /// Either of the two.
    type Or<N: Null>: Null;
    /// Both of the two.
    type And<N: Null>: Null;
    /// Whether a draft has to be given the value: [`Missing`](crate::write::Missing) until it is, or filled from the start.
    type Init;
    /// A unique key over such a value, for upserts: NULLs are never equal, so that a nullable one does not serve.
    type Unique<M: crate::Model>: Copy + Send + 'static + From<crate::write::UniqueKey<M>>;
}

/// As the type says.
pub struct NotNull;

/// Also where the type alone is never NULL.
pub struct Nullable;

impl Null for NotNull {
    type Wrap<T: FieldType> = T;
    type Or<N: Null> = N;
    type And<N: Null> = NotNull;
    type Init = crate::write::Missing;
    type Unique<M: crate::Model> = crate::write::UniqueKey<M>;
}

impl Null for Nullable {
    type Wrap<T: FieldType> = T::Nullable;
    type Or<N: Null> = Nullable;
    type And<N: Null> = N;
    type Init = crate::write::Filled;
    type Unique<M: crate::Model> = crate::write::NullableKey<M>;
}

/// A query whose columns can be used in the query `R`: itself, or one around it.
///
/// ```
/// # use library::*;
/// // A column of the query outside is used inside a set; the other way round does not compile.
/// let query = Author::objects().filter(|a| a.books.any(|b| b.title.eq(a.name)));
/// assert!(query.to_sql(Dialect::Sqlite)?.contains("EXISTS"));
/// # Ok::<(), orm::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a column of `{Self}` cannot be used in a query over `{R}`",
    label = "this belongs to another query",
    note = "follow a relation of `{R}`, or ask inside a set, `.any(|x| ..)`, where what belongs to the set stands first: `x.rank.lt(f.rank)`"
)]
pub trait InScope<R> {
    /// How many queries further out.
    const LEVELS: u8;
}

impl<R> InScope<R> for R {
    const LEVELS: u8 = 0;
}

impl<R, A> InScope<Sub<R, A>> for R {
    const LEVELS: u8 = 1;
}

impl<R, A, B> InScope<Sub<Sub<R, A>, B>> for R {
    const LEVELS: u8 = 2;
}

impl<R, A, B, C> InScope<Sub<Sub<Sub<R, A>, B>, C>> for R {
    const LEVELS: u8 = 3;
}

impl<R, A, B, C, D> InScope<Sub<Sub<Sub<Sub<R, A>, B>, C>, D>> for R {
    const LEVELS: u8 = 4;
}

impl<R, A, B, C, D, E> InScope<Sub<Sub<Sub<Sub<Sub<R, A>, B>, C>, D>, E>> for R {
    const LEVELS: u8 = 5;
}

impl<R, A, B, C, D, E, F> InScope<Sub<Sub<Sub<Sub<Sub<Sub<R, A>, B>, C>, D>, E>, F>> for R {
    const LEVELS: u8 = 6;
}
