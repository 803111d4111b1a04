//! The traits that the derive implements: [`Model`], what a struct's field means, and how rows are read.

use super::{AppSpec, Far, FieldSpec, Key, KeyShape, LazyMeta, ModelMeta, ModelSpec, Reader, Shape, Writer};
use crate::{
    Executor, IntoKey, Result,
    field::{At, Held, Loaded, Null, PathNode, Plain, Scope, SelectedValue, ToMany},
    query::{self, PrefetchSelection, QuerySet, RelationRows},
    tree::Select,
    write::{self, AnyHooks, AnyParent, Child, Deleted, DraftRow, Edit, Input, Many, Pending, UniqueKey},
};

/// A struct that is stored in a table: `#[derive(Model)]`.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let ada = Author::get(1, &db).await?;
/// assert_eq!((Author::meta().table.as_str(), ada.key()), ("library_author", 1));
/// let books: Vec<Book> = Book::objects().filter(|b| b.author.eq(&ada)).all(&db).await?;
/// assert_eq!(books.len(), 2);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a model",
    label = "this type has no table",
    note = "add `#[derive(Model)]` to `{Self}`"
)]
pub trait Model: Sized + Send + Sync + 'static {
    /// The handles of the fields, for closures.
    type Fields<S: Scope>: Copy + Send + Sync + 'static;
    /// The type of the primary key.
    type Key: Key;
    /// The unique keys, for `get_or_create` and upserts.
    type UniqueKeys: Copy + Send + 'static;
    /// The draft in which no field is set.
    type Draft;

    /// What the key looks like.
    const KEY: KeyShape;

    /// What the derive knows of the fields.
    #[doc(hidden)]
    const FIELDS: &'static [FieldSpec];

    /// What the derive knows of the model.
    #[doc(hidden)]
    const SPEC: &'static ModelSpec;

    /// The same, for constants that must not depend on it.
    #[doc(hidden)]
    fn spec() -> &'static ModelSpec {
        Self::SPEC
    }

    /// What is done around its writes.
    #[doc(hidden)]
    const HOOKS: Option<&'static dyn AnyHooks<Self>> = None;

    /// How its writes go together with those of its parent.
    #[doc(hidden)]
    const PARENT: Option<&'static dyn AnyParent<Self>> = None;

    /// The application that lists the model.
    #[doc(hidden)]
    const APPLICATION: &'static AppSpec;

    /// The place for the metadata.
    #[doc(hidden)]
    fn lazy_meta() -> &'static LazyMeta;

    /// The metadata.
    ///
    /// ```
    /// # use library::*;
    /// assert_eq!(Book::meta().label(), "library.Book");
    /// assert_eq!(Book::meta().columns[7].name, "author_id");
    /// ```
    fn meta() -> &'static ModelMeta {
        Self::lazy_meta().get(Self::SPEC, Self::APPLICATION)
    }

    /// The handles at the end of a path.
    #[doc(hidden)]
    fn fields_at<S: Scope>(at: &'static PathNode) -> Self::Fields<S>;

    /// The handles of the unique keys.
    #[doc(hidden)]
    fn unique_keys() -> Self::UniqueKeys;

    /// The primary key of this row.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Tag::objects().filter(|t| t.slug.eq("maths")).get(&db).await?.key(), 3);
    /// # Ok(()) }
    /// ```
    fn key(&self) -> Self::Key;

    /// A row that does not exist yet.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let tag = Tag::draft().slug("logic").name("Logic").create(&db).await?;
    /// assert_eq!(tag.id, 5);
    /// # Ok(()) }
    /// ```
    fn draft() -> Self::Draft;

    /// A draft from values that are not typed: a JSON object, pairs of text as a form sends them, or an
    /// [`Input`] of them. It is complete: the required fields are there, and everything fits.
    ///
    /// # Errors
    /// [`Code::Refused`](crate::Code::Refused); [`Error::validation`](crate::Error::validation) lists every mistake.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let tag = Tag::draft_from([("slug", "logic"), ("name", "Logic")])?.create(&db).await?;
    /// assert_eq!(tag.id, 5);
    ///
    /// let form = [("titel", "Rust"), ("price", "9.999"), ("author", "Ada")];
    /// let error = Book::draft_from(form).err().unwrap();
    /// let mistakes: Vec<&str> = error.validation().iter().map(|mistake| mistake.code.as_str()).collect();
    /// assert_eq!(mistakes, ["value.unknown_field", "value.inexact_decimal", "value.invalid", "value.missing"]);
    /// # Ok(()) }
    /// ```
    fn draft_from(input: impl Into<Input>) -> Result<DraftRow<Self>> {
        write::draft_from(&input.into())
    }

    /// A draft from values that are not typed, of which everything is asked that can be: what [`draft_from`](Model::draft_from) looks
    /// at and what [`Draft::validated`](crate::write::Draft::validated) does, with all mistakes in one error.
    ///
    /// # Errors
    /// [`Code::Refused`](crate::Code::Refused); [`Error::validation`](crate::Error::validation) lists every mistake.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let form = [("title", "Rust"), ("price", "cheap"), ("author", "77")];
    /// let error = Book::draft_validated(form, &db).await.err().unwrap();
    /// let mistakes: Vec<&str> = error.validation().iter().map(|mistake| mistake.code.as_str()).collect();
    /// assert_eq!(mistakes, ["value.invalid", "constraint.foreign_key"]);
    /// # Ok(()) }
    /// ```
    fn draft_validated<E: Executor>(
        input: impl Into<Input>,
        ex: &E,
    ) -> impl Future<Output = Result<DraftRow<Self>>> + Send {
        write::draft_validated(input.into(), ex)
    }

    /// Reads a row.
    #[doc(hidden)]
    fn read_columns(row: &mut Reader<'_, '_>) -> Result<Self>;

    /// Writes the columns of one field.
    #[doc(hidden)]
    fn write_field(&self, field: u16, out: &mut Writer) -> Result<()>;

    /// Writes every column, in order.
    #[doc(hidden)]
    fn write_columns(&self, out: &mut Writer) -> Result<()> {
        let meta = Self::meta();
        (0..meta.fields.len() as u16)
            .try_for_each(|field| self.write_field(field, out).map_err(|error| meta.blame_field(field, error)))
    }

    /// Hangs loaded rows under a relation.
    #[doc(hidden)]
    fn attach_related(&mut self, field: u16, rows: Loaded);

    /// What a relation holds.
    #[doc(hidden)]
    fn held(&self, field: u16) -> Option<&Held>;

    /// All rows of the model, to be narrowed down. Nothing runs before a terminal is awaited.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Book::objects().count(&db).await?, 4);
    /// # Ok(()) }
    /// ```
    fn objects() -> QuerySet<Self> {
        QuerySet::usual_rows()
    }

    /// All rows of the model, those too that its own `filter` leaves out; see [`derive@Model`](crate::Model).
    ///
    /// ```
    /// use orm::prelude::*;
    ///
    /// orm::app! { pub cellar { Bottle } }
    ///
    /// #[derive(Model, Debug)]
    /// #[model(filter = |b| b.drunk.is_null())]
    /// pub struct Bottle {
    ///     pub id: i64,
    ///     pub drunk: Option<NaiveDate>,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[cellar()]).await?;
    /// Bottle::draft().drunk(NaiveDate::from_ymd_opt(2026, 1, 1)).create(&db).await?;
    /// assert_eq!((Bottle::objects().count(&db).await?, Bottle::unfiltered().count(&db).await?), (0, 1));
    /// # Ok(()) }
    /// ```
    fn unfiltered() -> QuerySet<Self> {
        QuerySet::all_rows()
    }

    /// The row of this key: the shortest way to one row.
    ///
    /// # Errors
    /// [`Code::NotFound`](crate::Code::NotFound) when there is none.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Author::get(2, &db).await?.name, "Grace Hopper");
    /// assert!(Author::get(99, &db).await.optional()?.is_none());
    /// # Ok(()) }
    /// ```
    fn get<E: Executor>(key: impl IntoKey<Self>, ex: &E) -> impl Future<Output = Result<Self>> + Send {
        write::get(write::key_of(key), ex)
    }

    /// The row, to be changed: set its fields, then `save`.
    ///
    /// SQL of the save: `UPDATE book SET title = .. WHERE id = ..`, with just the columns that changed.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let mut book = Book::get(1, &db).await?.edit();
    /// book.views += 1;
    /// assert_eq!(book.save(&db).await?.views, 11);
    /// # Ok(()) }
    /// ```
    fn edit(self) -> Edit<Self> {
        Edit::new(self)
    }

    /// No row has it: it tells whoever calls it that an edit does.
    #[doc(hidden)]
    fn save<E: Executor>(self, ex: &E) -> Pending<'_, Self>
    where
        Self: write::IsEdit,
    {
        self.save_edit(ex)
    }

    /// Deletes the row, with what the `on_delete` of the foreign keys to it says of the rows that point to it: see
    /// [`QuerySet::delete`]. A row that is gone already gives a total of 0.
    ///
    /// # Errors
    /// [`Code::Protected`](crate::Code::Protected) when a relation protects it; [`Code::SharedKey`](crate::Code::SharedKey) when others have
    /// its key, in a `keyless` table; [`Code::Stale`](crate::Code::Stale) when it has another
    /// version by now than the one that was read.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let gone = Book::get(1, &db).await?.delete(&db).await?;
    /// assert_eq!((gone.total, gone.per_model["library.Book_tags"]), (3, 2));
    /// # Ok(()) }
    /// ```
    fn delete<'e, E: Executor>(&self, ex: &'e E) -> Pending<'e, Deleted> {
        write::delete_row(self, ex)
    }

    /// Deletes the row, and leaves the row of its parent: see [`Child`]. Rows that point to this one go as they do by `delete`.
    ///
    /// # Errors
    /// Those of [`delete`](Model::delete).
    ///
    /// ```
    /// # mod places {
    /// #     use orm::prelude::*;
    /// #     orm::app! { pub places { Place, Bar } }
    /// #     #[derive(Model)]
    /// #     pub struct Place { pub id: i64, pub name: String }
    /// #     #[derive(Model)]
    /// #     pub struct Bar {
    /// #         #[field(primary_key, parent)]
    /// #         pub place: OneToOne<Place>,
    /// #     }
    /// # }
    /// # use orm::prelude::*;
    /// # use places::{Bar, Place};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[places::places()]).await?;
    /// let bar = Bar::draft().place(Place::draft().name("Joe's")).create(&db).await?;
    /// assert_eq!(bar.delete_keep_parents(&db).await?.total, 1);
    /// assert_eq!(Place::objects().get(&db).await?.name, "Joe's"); // a place still
    /// # Ok(()) }
    /// ```
    fn delete_keep_parents<'e, E: Executor>(&self, ex: &'e E) -> Pending<'e, Deleted>
    where
        Self: Child,
    {
        write::delete_keep_parents(self, ex)
    }

    /// One of the row's to-many relations, to be read and changed: `book.many(|b| b.tags).add([&tag], &db)`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let book = Book::get(4, &db).await?;
    /// book.many(|b| b.tags).add([3, 4], &db).await?;
    /// assert_eq!(book.many(|b| b.tags).all(&db).await?.len(), 2);
    /// # Ok(()) }
    /// ```
    fn many<C, S, T>(&self, relation: C) -> Many<T, Self>
    where
        C: FnOnce(Self::Fields<At<Self>>) -> ToMany<S, T>,
        S: Scope<Root = Self>,
        T: Model,
    {
        write::many(self, relation(Self::fields()))
    }

    /// The rows of a relation of this row, as a query: `ada.rows_of(|a| a.books).filter(|b| b.active).all(&db)`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let ada = Author::get(1, &db).await?;
    /// assert_eq!(ada.rows_of(|a| a.books).filter(|b| b.price.lt(10)).get(&db).await?.title, "Sketches");
    /// # Ok(()) }
    /// ```
    ///
    /// In a loop over the rows of a query, [`prefetch`](QuerySet::prefetch) in that query is one statement for all of them;
    /// builds with debug assertions warn of such loops, by `tracing`.
    #[track_caller]
    fn rows_of<C, F>(&self, relation: C) -> QuerySet<F::Target>
    where
        C: FnOnce(Self::Fields<At<Self>>) -> F,
        F: RelationRows,
    {
        query::rows_of(self, relation(Self::fields()))
    }

    /// Loads related rows under this row; the relations are as for [`QuerySet::prefetch`]. When it fails, the row is as it was.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let mut ada = Author::get(1, &db).await?;
    /// ada.prefetch(|a| (a.books, a.country), &db).await?;
    /// assert_eq!((ada.books.get()?.len(), ada.country.get()?.code.as_str()), (2, "UK"));
    /// # Ok(()) }
    /// ```
    fn prefetch<C, L, E>(&mut self, relations: C, ex: &E) -> impl Future<Output = Result<()>> + Send
    where
        C: FnOnce(Self::Fields<At<Self>>) -> L,
        L: PrefetchSelection,
        E: Executor,
    {
        query::load_under(std::slice::from_mut(self), relations, ex)
    }

    /// The handles of the fields, outside a closure.
    ///
    /// ```
    /// # use library::*;
    /// let b = Book::fields();
    /// let cheap: Q<Book> = b.price.lt(5) & b.active;
    /// let query = Book::objects().filter(|_| cheap);
    /// ```
    fn fields() -> Self::Fields<At<Self>> {
        Self::fields_at(PathNode::root(Self::meta(), 0))
    }
}

/// A model that an application lists; [`app!`](crate::app) implements it.
///
/// ```
/// # use library::*;
/// use orm::model::Listed;
/// assert_eq!(Book::APP.label, "library");
/// ```
#[diagnostic::on_unimplemented(
    message = "no application lists the model `{Self}`",
    label = "this model belongs to no application",
    note = "list it once: `orm::app! {{ pub library {{ {Self}, .. }} }}`"
)]
pub trait Listed {
    /// The application.
    const APP: &'static AppSpec;
}

/// What a type means as a field of a model: a column, or a relation.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of a model",
    label = "not a type that a column can hold, nor a relation",
    note = "for a type of your own, derive `FieldType` (a newtype) or `Choices` (an enum), or wrap it in `Json<{Self}>`"
)]
pub trait ModelField: Sized {
    /// Whether it has to have a value.
    type Nullness: Null;
    /// The model that a foreign key or one-to-one points to; nothing for others.
    type Target;
    /// The handle in closures.
    type Handle<S: Scope>: Copy + Send + Sync + 'static;
    /// The unique key of `M` that the field is by itself: a one-to-one is one, and others say so.
    type Alone<M: Model>: Copy + Send + 'static + From<UniqueKey<M>>;

    /// What the field is.
    const SHAPE: Shape;

    /// How many columns it has.
    const COLUMNS: u16;

    /// The model at the far end, when something of it, or between, has to lead here.
    #[doc(hidden)]
    const FAR: Option<Far> = None;

    /// The handle of the field `field`, whose first column is `column`, at the end of a path.
    fn handle<S: Scope>(at: &'static PathNode, field: u16, column: u16) -> Self::Handle<S>;

    /// Reads its columns.
    fn read(row: &mut Reader<'_, '_>) -> Result<Self>;

    /// Writes its columns.
    fn write(&self, out: &mut Writer) -> Result<()>;

    /// Writes its columns when it is not needed any more.
    fn write_owned(self, out: &mut Writer) -> Result<()> {
        self.write(out)
    }

    /// Hangs loaded rows under it.
    fn attach(&mut self, _rows: Loaded) {}

    /// What it holds, if it is a relation.
    #[doc(hidden)]
    fn held(&self) -> Option<&Held> {
        None
    }
}

/// A part of a row: a value, a model, or an optional one.
#[diagnostic::on_unimplemented(message = "`{Self}` cannot be read from a row")]
pub trait RowPart: Sized + Send + 'static {
    /// What closures see of it.
    type Handles<R: 'static>;
    /// What closures see of it below an outer join.
    type OptionalHandles<R: 'static>;
    /// What it is below an outer join.
    type Optional;

    /// The handles of the part that is selected at `place`.
    fn handles<R: 'static>(select: &Select, place: u16) -> Self::Handles<R>;

    /// The same below an outer join.
    fn optional_handles<R: 'static>(select: &Select, place: u16) -> Self::OptionalHandles<R>;

    /// Reads it.
    fn read(row: &mut Reader<'_, '_>) -> Result<Self>;

    /// Reads it, or nothing when all of its columns are NULL.
    fn read_optional(row: &mut Reader<'_, '_>) -> Result<Option<Self>>;

    /// How many columns it has.
    #[doc(hidden)]
    fn columns() -> usize {
        1
    }
}

impl<T: Plain> RowPart for T {
    type Handles<R: 'static> = SelectedValue<R, T>;
    type OptionalHandles<R: 'static> = SelectedValue<R, Option<T>>;
    type Optional = Option<T>;

    fn handles<R: 'static>(select: &Select, place: u16) -> SelectedValue<R, T> {
        SelectedValue::new(select, place)
    }

    fn optional_handles<R: 'static>(select: &Select, place: u16) -> SelectedValue<R, Option<T>> {
        SelectedValue::new(select, place)
    }

    fn read(row: &mut Reader<'_, '_>) -> Result<Self> {
        row.value()
    }

    fn read_optional(row: &mut Reader<'_, '_>) -> Result<Option<Self>> {
        row.value()
    }
}

impl<T: RowPart> RowPart for Option<T> {
    type Handles<R: 'static> = T::OptionalHandles<R>;
    type OptionalHandles<R: 'static> = T::OptionalHandles<R>;
    type Optional = Option<T>;

    fn handles<R: 'static>(select: &Select, place: u16) -> T::OptionalHandles<R> {
        T::optional_handles(select, place)
    }

    fn optional_handles<R: 'static>(select: &Select, place: u16) -> T::OptionalHandles<R> {
        T::optional_handles(select, place)
    }

    fn read(row: &mut Reader<'_, '_>) -> Result<Self> {
        T::read_optional(row)
    }

    fn read_optional(row: &mut Reader<'_, '_>) -> Result<Option<Self>> {
        T::read_optional(row).map(Some)
    }

    fn columns() -> usize {
        T::columns()
    }
}
