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

/// What names a unique key of `M` that a row can be found by.
///
/// ```
/// # use library::*;
/// use orm::write::{NamesUniqueKey, UniqueKey};
/// let key: UniqueKey<Tag> = Tag::unique_keys().slug.unique_key();
/// assert_eq!(key.fields(), [1]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{M}` has no unique key here by which a row could be found",
    label = "expected a unique key of `{M}`, none of whose fields can be NULL",
    note = "a `NullableKey` has a field that is an `Option`: NULL equals nothing, so that several rows may have it",
    note = "a `NoKey` is a field that several rows may share: say `#[field(unique)]`, or `#[model(unique(..))]` for several together",
    note = "make the field one that is never NULL, or look for the row yourself: `.filter(..).first(..)`, then `create` or an edit"
)]
pub trait NamesUniqueKey<M> {
    /// The key.
    fn unique_key(self) -> UniqueKey<M>;
}

impl<M> NamesUniqueKey<M> for UniqueKey<M> {
    fn unique_key(self) -> UniqueKey<M> {
        self
    }
}

/// A field of `M` that is no unique key by itself.
pub struct NoKey<M>(PhantomData<fn() -> M>);

impl<M> Clone for NoKey<M> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<M> Copy for NoKey<M> {}

impl<M> From<UniqueKey<M>> for NoKey<M> {
    fn from(_: UniqueKey<M>) -> Self {
        NoKey(PhantomData)
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
