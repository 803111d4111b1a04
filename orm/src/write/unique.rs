//! Unique keys by name: what `get_or_create` and upserts take.

use std::marker::PhantomData;

/// A unique key of `M` that is never NULL.
pub struct UniqueKey<M> {
    fields: &'static [u16],
    _model: PhantomData<fn() -> M>,
}

impl<M> Clone for UniqueKey<M> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<M> Copy for UniqueKey<M> {}

impl<M> UniqueKey<M> {
    /// The key over these fields, by their indices.
    pub const fn new(fields: &'static [u16]) -> Self {
        UniqueKey { fields, _model: PhantomData }
    }

    /// The fields, by their indices.
    pub fn fields(self) -> &'static [u16] {
        self.fields
    }
}

/// A unique key of `M` that can be NULL. NULLs are never equal, so that no upsert can go by it.
pub struct NullableKey<M>(PhantomData<fn() -> M>);

impl<M> Clone for NullableKey<M> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<M> Copy for NullableKey<M> {}

impl<M> From<UniqueKey<M>> for NullableKey<M> {
    fn from(_: UniqueKey<M>) -> Self {
        NullableKey(PhantomData)
    }
}
