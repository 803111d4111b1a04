//! New rows that are related at once.

use super::{
    super::{Filled, Missing, NamesUniqueKey, Pending, draft::DraftRow, edit::values_of, point::get_any},
    Many, Side,
};
use crate::{Executor, Model, Result, Transaction, model::RowPart};

/// A draft of an `M` that is related to an `O` by what makes it: every required field is set, but the key to the `O` may be left to it.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// use orm::write::IntoRelatedDraft;
/// async fn write(ada: &Author, book: impl IntoRelatedDraft<Book, Author> + Send, db: &Database) -> orm::Result<Book> {
///     ada.many(|a| a.books).create(book, db).await
/// }
/// let ada = Author::get(1, &db).await?;
/// assert_eq!(*write(&ada, Book::draft().title("Letters").price(5), &db).await?.author.key(), 1);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a draft of `{M}` that could be related to `{O}`",
    label = "expected `{M}::draft()` with every required field set, but for its key to `{O}`"
)]
pub trait IntoRelatedDraft<M, O> {
    /// The values.
    fn into_related(self) -> DraftRow<M>;
}

impl<M, O> IntoRelatedDraft<M, O> for DraftRow<M> {
    fn into_related(self) -> DraftRow<M> {
        self
    }
}

/// The state of a required field that leads to a `T`, or to nothing, in a draft that is related to an `O`.
///
/// ```
/// use orm::write::{Filled, Missing, SetOrKeyTo};
/// # use library::*;
/// fn may_be<T, O>(_: impl SetOrKeyTo<T, O>) {}
/// may_be::<(), Author>(Filled);
/// may_be::<Author, Author>(Missing); // the key to the author is set by whoever relates the draft
/// ```
#[diagnostic::on_unimplemented(
    message = "a required field of this draft is not set, and it is no key to `{O}`",
    label = "set every required field before this, but for the key to `{O}`"
)]
pub trait SetOrKeyTo<T, O> {}

impl<T, O> SetOrKeyTo<T, O> for Filled {}
impl<O> SetOrKeyTo<O, O> for Missing {}

impl<T: Model + RowPart, O: Model> Many<T, O> {
    /// Makes a row and relates it, both or nothing. For the reverse of a foreign key the draft's key is set to this row: the draft can do
    /// without.
    ///
    /// # Errors
    /// Those of a draft's `create` and of [`add`](Many::add); [`Code::MissingValue`](crate::Code::MissingValue) for a draft that lacks
    /// another key to this model than the one of the relation.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let book = Book::get(1, &db).await?;
    /// let tag = book.many(|b| b.tags).create(Tag::draft().slug("logic").name("Logic"), &db).await?;
    /// assert!(book.many(|b| b.tags).all(&db).await?.iter().any(|related| related.id == tag.id));
    ///
    /// let letters = Author::get(1, &db).await?.many(|a| a.books).create(Book::draft().title("Letters").price(5), &db).await?;
    /// assert_eq!(*letters.author.key(), 1);
    /// # Ok(()) }
    /// ```
    pub fn create<E: Executor>(self, draft: impl IntoRelatedDraft<T, O>, ex: &E) -> Pending<'_, T> {
        let draft = draft.into_related();
        Pending::new(ex.atomic(move |tx| {
            Box::pin(async move {
                let (many, draft) = self.owning(draft)?;
                many.relate_known(draft.create(tx).await?, tx).await
            })
        }))
    }

    /// The row that has the draft's values in this unique key, or else a new one; related, and whether it is new.
    ///
    /// # Errors
    /// Those of a draft's `get_or_create` and of [`add`](Many::add).
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let book = Book::get(1, &db).await?;
    /// let draft = Tag::draft().slug("poetry").name("Poetry");
    /// let (tag, created) = book.many(|b| b.tags).get_or_create(draft, |t| t.slug, &db).await?;
    /// assert!(!created && book.many(|b| b.tags).all(&db).await?.iter().any(|related| related.id == tag.id));
    /// # Ok(()) }
    /// ```
    pub fn get_or_create<E, K, U>(self, draft: impl IntoRelatedDraft<T, O>, key: K, ex: &E) -> Pending<'_, (T, bool)>
    where
        E: Executor,
        K: FnOnce(T::UniqueKeys) -> U,
        U: NamesUniqueKey<T>,
    {
        let (draft, key) = (draft.into_related(), key(T::unique_keys()).unique_key());
        Pending::new(ex.atomic(move |tx| {
            Box::pin(async move {
                let (many, draft) = self.owning(draft)?;
                let (row, new) = draft.get_or_create(key, tx).await?;
                Ok((many.relate_known(row, tx).await?, new))
            })
        }))
    }

    /// Changes the row that has the draft's values in this unique key to the draft's other values, or else makes a new one; related,
    /// and whether it is new.
    ///
    /// # Errors
    /// Those of a draft's `update_or_create` and of [`add`](Many::add).
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let book = Book::get(1, &db).await?;
    /// let draft = Tag::draft().slug("poetry").name("Verses");
    /// let (tag, created) = book.many(|b| b.tags).update_or_create(draft, |t| t.slug, &db).await?;
    /// assert_eq!((created, tag.name.as_str()), (false, "Verses"));
    /// # Ok(()) }
    /// ```
    pub fn update_or_create<E, K, U>(self, draft: impl IntoRelatedDraft<T, O>, key: K, ex: &E) -> Pending<'_, (T, bool)>
    where
        E: Executor,
        K: FnOnce(T::UniqueKeys) -> U,
        U: NamesUniqueKey<T>,
    {
        let (draft, key) = (draft.into_related(), key(T::unique_keys()).unique_key());
        Pending::new(ex.atomic(move |tx| {
            Box::pin(async move {
                let (many, draft) = self.owning(draft)?;
                let (row, new) = draft.update_or_create(key, tx).await?;
                Ok((many.relate_known(row, tx).await?, new))
            })
        }))
    }

    /// The draft with its foreign key set to the owner, where that is what relates it.
    fn owning(self, mut draft: DraftRow<T>) -> Result<(Self, DraftRow<T>)> {
        let (owner, side) = (self.owner?, self.side?);
        if let Side::ForeignKey { columns, .. } = &side {
            columns.iter().zip(&owner).for_each(|(&column, value)| draft.give(column, value.clone()));
        }
        Ok((Many { owner: Ok(owner), side: Ok(side), ..self }, draft))
    }

    /// Relates a row, and gives it as it is then.
    async fn relate_known(self, row: T, tx: &Transaction) -> Result<T> {
        let (owner, side) = (self.owner?, self.side?);
        if let Side::ForeignKey { columns, .. } = &side {
            let values = values_of(&row)?;
            if columns.iter().zip(&owner).all(|(&column, held)| values[usize::from(column)] == *held) {
                return Ok(row);
            }
        }
        let by_key = matches!(side, Side::ForeignKey { .. });
        let many = Many { owner: Ok(owner), side: Ok(side), ..self };
        many.add([&row], tx).await?;
        match by_key {
            true => get_any(row.key(), tx).await,
            false => Ok(row),
        }
    }
}
