//! Unique keys by name: what `get_or_create` and upserts take.

use std::marker::PhantomData;

/// A unique key of `M` that is never NULL.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// // The model's unique keys have names: a unique field's own, or those of several fields together.
/// let draft = Book::draft().author(1).title("Notes").price(1);
/// let (book, created) = draft.get_or_create(|b| b.author_title, &db).await?;
/// assert_eq!((book.id, created), (1, false));
/// # Ok(()) }
/// ```
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
    ///
    /// ```
    /// use orm::write::UniqueKey;
    /// # use library::Tag;
    /// const SLUG: UniqueKey<Tag> = UniqueKey::new(&[1]);
    /// ```
    pub const fn new(fields: &'static [u16]) -> Self {
        UniqueKey { fields, _model: PhantomData }
    }

    /// The fields, by their indices.
    ///
    /// ```
    /// # use library::*;
    /// assert_eq!(orm::write::UniqueKey::<Tag>::new(&[1]).fields(), [1]);
    /// ```
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
