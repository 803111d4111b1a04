//! What the setters of drafts take.

use crate::{ForeignKey, IntoKey, Model, OneToOne, field::Plain};

/// A value for a field of type `F`: the value itself, what is inside its `Option`, `&str` for text, and for a relation an
/// instance or its key.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a value for a field of type `{F}`", label = "expected `{F}`")]
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

macro_rules! into_relation {
    ($([$($bound:tt)*] $from:ty;)+) => {$(
        into_relation! { @to ForeignKey [$($bound)*] $from }
        into_relation! { @to OneToOne [$($bound)*] $from }
    )+};
    (@to $relation:ident [$($bound:tt)*] $from:ty) => {
        impl<M: Model $($bound)*> IntoField<$relation<M>> for $from {
            fn into_field(self) -> $relation<M> {
                $relation::to(IntoKey::<M>::into_key(self))
            }
        }

        impl<M: Model $($bound)*> IntoField<Option<$relation<M>>> for $from {
            fn into_field(self) -> Option<$relation<M>> {
                Some($relation::to(IntoKey::<M>::into_key(self)))
            }
        }

        impl<M: Model $($bound)*> IntoField<Option<$relation<M>>> for Option<$from> {
            fn into_field(self) -> Option<$relation<M>> {
                self.map(|from| $relation::to(IntoKey::<M>::into_key(from)))
            }
        }
    };
}

into_relation! {
    [] &M;
    [] &ForeignKey<M>;
    [] &OneToOne<M>;
    [] ForeignKey<M>;
    [] OneToOne<M>;
    [<Key = i16>] i16;
    [<Key = i32>] i32;
    [<Key = i64>] i64;
    [<Key = u32>] u32;
    [<Key = u64>] u64;
    [<Key = uuid::Uuid>] uuid::Uuid;
    [<Key = String>] String;
    [<Key = String>] &str;
}
