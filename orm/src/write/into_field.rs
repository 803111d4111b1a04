//! What the setters of drafts take.

use crate::{
    FieldType, ForeignKey, GenericForeignKey, IntoKey, KeyFrom, Kind, Model, OneToOne, Range, Value,
    field::{Plain, postgres::InRange},
    model::{GenericKey, GenericTarget, ModelField, Target, Writer},
};
use rust_decimal::Decimal;
use std::marker::PhantomData;

/// A value for a field of type `F`: the value itself, what is inside its `Option`, `&str` for text, and for a relation an
/// instance or its key.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// // A relation takes a row, its key, or another relation; text takes `&str`; an `Option` what is inside it.
/// let notes = Book::get(1, &db).await?;
/// let book = Book::draft().title("More notes").price(5).author(&notes.author).editor(2).create(&db).await?;
/// assert_eq!(book.author, notes.author);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value for a field of type `{F}`",
    label = "expected `{F}`",
    note = "where a `Decimal` is expected, 12.50 is `Decimal::new(1250, 2)`, or `\"12.50\".parse::<Decimal>()?`",
    note = "text that may be missing is an `Option<String>`, `text.map(str::to_owned)`; in an update a relation is set to what is computed by \
            `set_key`"
)]
pub trait IntoField<F> {
    /// The field's value.
    fn into_field(self) -> F;
}

impl<T: Plain> IntoField<T> for T {
    fn into_field(self) -> T {
        self
    }
}

impl<T: Plain> IntoField<Option<T>> for T {
    fn into_field(self) -> Option<T> {
        Some(self)
    }
}

impl<T: Plain> IntoField<Option<T>> for Option<T> {
    fn into_field(self) -> Option<T> {
        self
    }
}

impl IntoField<String> for &str {
    fn into_field(self) -> String {
        self.to_owned()
    }
}

impl IntoField<Option<String>> for &str {
    fn into_field(self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl<T: FieldType, const N: usize> IntoField<Vec<T>> for [T; N] {
    fn into_field(self) -> Vec<T> {
        self.into()
    }
}

impl<T: FieldType, const N: usize> IntoField<Option<Vec<T>>> for [T; N] {
    fn into_field(self) -> Option<Vec<T>> {
        Some(self.into())
    }
}

impl<const N: usize> IntoField<Vec<String>> for [&str; N] {
    fn into_field(self) -> Vec<String> {
        self.map(str::to_owned).into()
    }
}

impl<const N: usize> IntoField<Option<Vec<String>>> for [&str; N] {
    fn into_field(self) -> Option<Vec<String>> {
        Some(self.into_field())
    }
}

macro_rules! ranges_of_rust {
    ($($range:ident)+) => {$(
        impl<T: InRange> IntoField<Range<T>> for std::ops::$range<T> {
            fn into_field(self) -> Range<T> {
                self.into()
            }
        }

        impl<T: InRange> IntoField<Option<Range<T>>> for std::ops::$range<T> {
            fn into_field(self) -> Option<Range<T>> {
                Some(self.into())
            }
        }
    )+};
}

ranges_of_rust! { Range RangeInclusive RangeFrom RangeTo RangeToInclusive }

/// So that `default = 0` reads well on decimals.
impl IntoField<Decimal> for i32 {
    fn into_field(self) -> Decimal {
        self.into()
    }
}

impl IntoField<Option<Decimal>> for i32 {
    fn into_field(self) -> Option<Decimal> {
        Some(self.into())
    }
}

/// What `default = ..` takes: a value for the field, or a function that makes one.
///
/// `How` keeps the two apart, so that both can be said of any type.
///
/// ```
/// mod jobs {
///     use orm::prelude::*;
///     orm::app! { pub jobs { Job } }
///
///     #[derive(Model)]
///     pub struct Job {
///         pub id: i64,
///         #[field(default = 3)]
///         pub attempts: i32,
///         #[field(default = Uuid::now_v7)]
///         pub token: Uuid,
///     }
/// }
/// # use orm::prelude::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").await?;
/// # orm::migrate::create_tables(&db, &[jobs::jobs()]).await?;
/// let job = jobs::Job::draft().create(&db).await?;
/// assert_eq!((job.attempts, job.token.is_nil()), (3, false));
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a default for a field of type `{F}`",
    label = "expected a value for `{F}`, or a function that gives one"
)]
pub trait DefaultFor<F, How> {
    /// The value.
    fn make(self) -> F;
}

/// A default that is a value.
pub struct ByValue;

/// A default that is a function.
pub struct ByCall<V>(PhantomData<V>);

impl<F, V: IntoField<F>> DefaultFor<F, ByValue> for V {
    fn make(self) -> F {
        self.into_field()
    }
}

impl<F, V: IntoField<F>, D: FnOnce() -> V> DefaultFor<F, ByCall<V>> for D {
    fn make(self) -> F {
        self().into_field()
    }
}

/// A default as a migration and a draft take it. A value without a database form becomes NULL: `check` says so before
/// any migration is made.
pub fn default_value<F: ModelField, D: DefaultFor<F, How>, How>(default: D) -> Value {
    let mut out = Writer::default();
    match default.make().write(&mut out) {
        Ok(()) => out.into_values().into_iter().next().unwrap_or(Value::Null(Kind::Text)),
        Err(_) => Value::Null(Kind::Text),
    }
}

macro_rules! into_relation {
    (owned $([$($bound:tt)*] $from:ty $(, with $($part:ident)+)?;)+) => {
        into_relation! { $([$($bound)*] $from $(, with $($part)+)?;)+ }
        $(
            into_relation! { @option ForeignKey [$($bound)*] $from $(, with $($part)+)? }
            into_relation! { @option OneToOne [$($bound)*] $from $(, with $($part)+)? }
        )+
    };
    ($([$($bound:tt)*] $from:ty $(, with $($part:ident)+)?;)+) => {$(
        into_relation! { @to ForeignKey [$($bound)*] $from $(, with $($part)+)? }
        into_relation! { @to OneToOne [$($bound)*] $from $(, with $($part)+)? }
    )+};
    (@to $relation:ident [$($bound:tt)*] $from:ty $(, with $($part:ident)+)?) => {
        impl<$($bound)* $(, $($part),+)?> IntoField<$relation<K>> for $from
        $(where ($($part,)+): IntoKey<K>)?
        {
            fn into_field(self) -> $relation<K> {
                $relation::to(IntoKey::<K>::into_key(self))
            }
        }

        impl<$($bound)* $(, $($part),+)?> IntoField<Option<$relation<K>>> for $from
        $(where ($($part,)+): IntoKey<K>)?
        {
            fn into_field(self) -> Option<$relation<K>> {
                Some($relation::to(IntoKey::<K>::into_key(self)))
            }
        }
    };
    (@option $relation:ident [$($bound:tt)*] $from:ty $(, with $($part:ident)+)?) => {
        impl<$($bound)* $(, $($part),+)?> IntoField<Option<$relation<K>>> for Option<$from>
        $(where ($($part,)+): IntoKey<K>)?
        {
            fn into_field(self) -> Option<$relation<K>> {
                self.map(|from| $relation::to(IntoKey::<K>::into_key(from)))
            }
        }
    };
}

// By a unique field, rows are taken by impls that the derive writes: one for all of them would hide why a `&str` is not taken.
into_relation! {
    [K: Model] &K;
    [K: Target] &ForeignKey<K>;
    [K: Target] &OneToOne<K>;
    [K: Target<Key: for<'a> KeyFrom<K, &'a str>>] &str;
}

into_relation! { owned
    [K: Target] ForeignKey<K>;
    [K: Target] OneToOne<K>;
    [K: Target<Key: KeyFrom<K, i16>>] i16;
    [K: Target<Key: KeyFrom<K, i32>>] i32;
    [K: Target<Key: KeyFrom<K, i64>>] i64;
    [K: Target<Key: KeyFrom<K, u32>>] u32;
    [K: Target<Key: KeyFrom<K, u64>>] u64;
    [K: Target<Key: KeyFrom<K, uuid::Uuid>>] uuid::Uuid;
    [K: Target<Key: KeyFrom<K, String>>] String;
    [K: Target] (A, B), with A B;
    [K: Target] (A, B, C), with A B C;
    [K: Target] (A, B, C, D), with A B C D;
}

macro_rules! optional_references {
    ($($relation:ident)+) => {$(
        impl<'a, K: Target, T: ?Sized> IntoField<Option<$relation<K>>> for Option<&'a T>
        where
            &'a T: IntoField<$relation<K>>,
        {
            fn into_field(self) -> Option<$relation<K>> {
                self.map(IntoField::into_field)
            }
        }
    )+};
}

optional_references! { ForeignKey OneToOne }

macro_rules! into_generic {
    ($([$($bound:tt)*] $from:ty, |$value:ident| $into:expr;)+) => {$(
        impl<K: GenericKey, $($bound)*> IntoField<GenericForeignKey<K>> for $from {
            fn into_field(self) -> GenericForeignKey<K> {
                let $value = self;
                $into
            }
        }

        impl<K: GenericKey, $($bound)*> IntoField<Option<GenericForeignKey<K>>> for $from {
            fn into_field(self) -> Option<GenericForeignKey<K>> {
                Some(self.into_field())
            }
        }

        impl<K: GenericKey, $($bound)*> IntoField<Option<GenericForeignKey<K>>> for Option<$from> {
            fn into_field(self) -> Option<GenericForeignKey<K>> {
                self.map(IntoField::into_field)
            }
        }
    )+};
}

into_generic! {
    [M: GenericTarget<K>] &M, |row| GenericForeignKey::to::<M>(row);
    [M: GenericTarget<K>] &ForeignKey<M>, |relation| GenericForeignKey::to::<M>(relation);
    [M: GenericTarget<K>] &OneToOne<M>, |relation| GenericForeignKey::to::<M>(relation);
    [] GenericForeignKey<K>, |relation| relation;
    [] &GenericForeignKey<K>, |relation| relation.clone();
}
