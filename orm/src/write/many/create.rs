//! New rows that are related at once.

use super::{
    super::{IntoDraftRow, NamesUniqueKey, draft::DraftRow, edit::values_of, point::get_any},
    Many, Side,
};
use crate::{Executor, Model, Result, Transaction, model::RowPart};

impl<T: Model + RowPart> Many<T> {
    /// Makes a row and relates it, both or nothing. For the reverse of a foreign key the draft's key is set to this row.
    ///
    /// # Errors
    /// Those of a draft's `create` and of [`add`](Many::add).
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let book = Book::get(1, &db).await?;
    /// let tag = book.many(|b| b.tags).create(Tag::draft().slug("logic").name("Logic"), &db).await?;
    /// assert!(book.many(|b| b.tags).all(&db).await?.iter().any(|related| related.id == tag.id));
    /// # Ok(()) }
    /// ```
    pub async fn create<E: Executor>(self, draft: impl IntoDraftRow<T>, ex: &E) -> Result<T> {
        let draft = draft.into_row();
        ex.atomic(move |tx| {
            Box::pin(async move {
                let (many, draft) = self.owning(draft)?;
                many.relate_known(draft.create(tx).await?, tx).await
            })
        })
        .await
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
    pub async fn get_or_create<E, K, U>(self, draft: impl IntoDraftRow<T>, key: K, ex: &E) -> Result<(T, bool)>
    where
        E: Executor,
        K: FnOnce(T::UniqueKeys) -> U,
        U: NamesUniqueKey<T>,
    {
        let (draft, key) = (draft.into_row(), key(T::unique_keys()).unique_key());
        ex.atomic(move |tx| {
            Box::pin(async move {
                let (many, draft) = self.owning(draft)?;
                let (row, new) = draft.get_or_create(key, tx).await?;
                Ok((many.relate_known(row, tx).await?, new))
            })
        })
        .await
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
    pub async fn update_or_create<E, K, U>(self, draft: impl IntoDraftRow<T>, key: K, ex: &E) -> Result<(T, bool)>
    where
        E: Executor,
        K: FnOnce(T::UniqueKeys) -> U,
        U: NamesUniqueKey<T>,
    {
        let (draft, key) = (draft.into_row(), key(T::unique_keys()).unique_key());
        ex.atomic(move |tx| {
            Box::pin(async move {
                let (many, draft) = self.owning(draft)?;
                let (row, new) = draft.update_or_create(key, tx).await?;
                Ok((many.relate_known(row, tx).await?, new))
            })
        })
        .await
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
