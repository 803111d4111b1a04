//! Reverse sides by type: the rows of a model that point here, where no field is declared for them. A model of a library cannot
//! know those of the crates that use it.

use super::{At, Field, Joins, PathNode, Pk, Scope, Settable, ToAny, ToMany, ToOne};
use crate::{
    FieldType,
    model::{GenericKey, GenericTarget, Model, ModelMeta, Target},
};
use std::marker::PhantomData;

/// The handles of a model's fields: what closures receive.
///
/// What it adds is for relations that have no field here: a foreign key of another model, perhaps in another crate.
///
/// ```
/// mod reviews {
///     use orm::prelude::*;
///     orm::app! { pub reviews { Review } }
///
///     #[derive(Model, Debug, Clone)]
///     pub struct Review {
///         pub id: i64,
///         pub stars: i32,
///         #[field(on_delete = cascade)]
///         pub book: ForeignKey<library::Book>, // `Book` knows nothing of it
///     }
/// }
/// # use library::*;
/// use reviews::Review;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// let db = Database::connect("sqlite::memory:").await?;
/// orm::migrate::create_tables(&db, &[library(), reviews::reviews()]).await?;
/// # fill(&db).await?;
/// Review::draft().book(1).stars(5).create(&db).await?;
/// let liked = Book::objects().filter(|b| b.reverse::<Review>().any(|r| r.stars.gte(4)));
/// assert_eq!(liked.get(&db).await?.title, "Notes");
/// let counted = Book::objects().annotate(|b| b.reverse::<Review>().count()).order_by(|(_, n)| n.desc());
/// assert_eq!(counted.first(&db).await?.unwrap().1, 1);
/// # Ok(()) }
/// ```
pub trait Handles: Copy {
    /// The model.
    type Model: Model;
    /// Where the handles stand.
    type Scope: Scope;

    /// The path to the model.
    #[doc(hidden)]
    fn place(&self) -> &'static PathNode;

    /// The primary key as one thing, of whatever columns: to be compared and ordered by.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().filter(|b| b.pk().is_in([1, 2]) & b.author.pk().ne(1)).get(&db).await?.id, 2);
    /// # Ok(()) }
    /// ```
    fn pk(&self) -> Pk<Self::Scope, Self::Model> {
        Pk::new(self.place())
    }

    /// The rows whose foreign key, one of several to this model, or whose many-to-many or generic foreign key leads here.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let editors = Author::objects().filter(|a| a.reverse_via(Book::fields().editor).exists());
    /// assert_eq!(editors.count(&db).await?, 2);
    /// // `Tag` has no field for the books that have it.
    /// let unused = Tag::objects().exclude(|t| t.reverse_via(Book::fields().tags).exists());
    /// assert_eq!(unused.get(&db).await?.slug, "poetry");
    /// # Ok(()) }
    /// ```
    fn reverse_via<T: Model>(&self, relation: impl LeadsTo<T, Self::Model>) -> ToMany<Reversed<Self::Scope>, T>
    where
        Self::Scope: Joins,
    {
        let (model, field) = relation.field();
        ToMany::reversed(self.place(), model, field)
    }
}

/// A reverse side by the type of the model that points here.
///
/// The parameter stands for the foreign key. It cannot be inferred where there are several: then
/// [`reverse_via`](Handles::reverse_via) names one.
///
/// ```
/// # use library::*;
/// let empty = Country::objects().exclude(|c| c.reverse::<Author>().exists());
/// assert!(empty.to_sql(Dialect::Sqlite)?.contains("EXISTS"));
/// # Ok::<(), orm::Error>(())
/// ```
pub trait Reverse<NamedByReverseVia>: Handles {
    /// The rows of the model `T` whose foreign key points here: a set like that of a declared [`HasMany`](crate::HasMany).
    ///
    /// A row has no place for them: `rows_of` gives them as a query, and [`all_with`](crate::QuerySet::all_with) loads
    /// them beside each row.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// // `Country` has no field for its authors.
    /// let with_two = Country::objects().filter(|c| c.reverse::<Author>().count().eq(2));
    /// let uk = with_two.get(&db).await?;
    /// assert_eq!(uk.rows_of(|c| c.reverse::<Author>()).filter(|a| a.born.is_null()).get(&db).await?.name, "Nobody");
    /// # Ok(()) }
    /// ```
    ///
    /// `Book` has two keys to an author, so that this does not compile:
    ///
    /// ```compile_fail
    /// # use library::*;
    /// let editors = Author::objects().filter(|a| a.reverse::<Book>().exists());
    /// ```
    fn reverse<T>(&self) -> ToMany<Reversed<Self::Scope>, T>
    where
        T: PointsTo<Self::Model, NamedByReverseVia>,
        Self::Scope: Joins,
    {
        ToMany::reversed(self.place(), T::meta(), T::FIELD)
    }
}

impl<H: Handles, Key> Reverse<Key> for H {}

/// The foreign key at a place of a model's struct.
#[derive(Debug, Clone, Copy)]
pub struct KeyAt<const N: usize>;

/// A model with a foreign key, or a one-to-one, to `M`.
///
/// ```
/// # use library::*;
/// use orm::PointsTo;
/// fn key_of<T: PointsTo<Country, Key>, Key>() -> u16 {
///     T::FIELD
/// }
/// assert_eq!(key_of::<Author, _>(), 3);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no foreign key to `{M}`",
    label = "no field of `{Self}` is a `ForeignKey<{M}>` or `OneToOne<{M}>`",
    note = "a foreign key in a part of the model is named by `reverse_via`"
)]
pub trait PointsTo<M, Key>: Model {
    /// The field, as an index.
    const FIELD: u16;
}

/// A relation from rows of `T` to rows of `M`: what [`reverse_via`](Handles::reverse_via) goes back along.
///
/// ```
/// # use library::*;
/// use orm::LeadsTo;
/// fn back<T: Model>(by: impl LeadsTo<T, Tag>) -> orm::QuerySet<Tag> {
///     Tag::objects().filter(|t| t.reverse_via(by).exists())
/// }
/// let used = back(Book::fields().tags);
/// ```
#[diagnostic::on_unimplemented(
    message = "this does not lead from `{T}` to `{M}`",
    label = "expected a foreign key or a many-to-many of `{T}` to `{M}`, as `{T}::fields().name`"
)]
pub trait LeadsTo<T, M> {
    /// The model that has the field, and the field, as an index.
    #[doc(hidden)]
    fn field(self) -> (&'static ModelMeta, u16);
}

impl<T: Model, N: Scope, M: Model, K: Target<Model = M>> LeadsTo<T, M> for ToOne<At<T>, N, K> {
    fn field(self) -> (&'static ModelMeta, u16) {
        (self.owner().model(), self.field_index())
    }
}

impl<T: Model, M: Model> LeadsTo<T, M> for ToMany<At<T>, M> {
    fn field(self) -> (&'static ModelMeta, u16) {
        (self.owner().model(), self.field_index())
    }
}

impl<T: Model, N: Scope, K: GenericKey, M: GenericTarget<K>> LeadsTo<T, M> for ToAny<At<T>, N, K> {
    fn field(self) -> (&'static ModelMeta, u16) {
        (self.owner().model(), self.field_index())
    }
}

/// In the scope `S`, seen through a relation that has no field of its own.
pub struct Reversed<S>(PhantomData<fn() -> S>);

impl<S> Clone for Reversed<S> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<S> Copy for Reversed<S> {}

impl<S: Settable> Settable for Reversed<S> {}

impl<S: Scope> Scope for Reversed<S> {
    type Root = S::Root;
    type Null = S::Null;
}

/// A handle that knows where it stands: those of columns and of relations to one row.
#[doc(hidden)]
pub trait Placed {
    /// The path to its model.
    fn place(self) -> &'static PathNode;
}

impl<S: Scope, T: FieldType> Placed for Field<S, T> {
    fn place(self) -> &'static PathNode {
        self.at()
    }
}

impl<S: Scope, T: Scope, K: Target> Placed for ToOne<S, T, K> {
    fn place(self) -> &'static PathNode {
        self.owner()
    }
}
