//! Rows that do not exist yet.

use super::{
    Assigns, IntoField, IntoParent, NamesUniqueKey, Pending, hooks,
    new_row::{NewRow, Slot, complete},
    parent::{self, Child, Unwritten},
    point::CreateOne,
};
use crate::{
    Dialect, Error, Executor, Model, Result, ValidationError, Value,
    field::At,
    model::{ModelField, Writer},
    query::Skips,
    write::validate,
};
use std::marker::PhantomData;

/// The state of a required field that has no value yet.
pub struct Missing;

/// The state of a field that has a value, or needs none.
pub struct Filled;

/// A draft of a row, complete or not: what the derive implements for every state of a model's draft.
///
/// What can be done with a draft are methods here that need [`IntoDraftRow`], so that the compiler names a missing field,
/// once, and so that the derive has nothing to write for them.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let uk = Country::draft().code("FR").name("France").create(&db).await?;
/// let author = Author::draft().name("Émilie du Châtelet").country(&uk).create(&db).await?;
/// assert_eq!((author.id, author.born), (4, None)); // without a name or a country it would not compile
/// # Ok(()) }
/// ```
pub trait Draft: Sized + Send {
    /// The model of the row.
    type Model: Model;

    /// Writes the row and gives it as it is stored: defaults of the database, microseconds and decimal places included.
    /// SQL: `INSERT INTO .. RETURNING ..`.
    ///
    /// # Errors
    /// Before any statement: [`Code::TooLong`](crate::Code::TooLong), [`Code::InexactDecimal`](crate::Code::InexactDecimal),
    /// [`Code::OutOfRange`](crate::Code::OutOfRange), [`Code::MissingValue`](crate::Code::MissingValue);
    /// from the database: a violated constraint. [`Error::fields`] names the fields.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let book = Book::draft().title("Rust").price(30).author(1).create(&db).await?;
    /// assert_eq!((book.id, book.active, book.price.to_string().as_str()), (5, true, "30.00"));
    /// let long = Tag::draft().slug("x".repeat(51)).name("X").create(&db).await.unwrap_err();
    /// assert_eq!((long.code(), long.fields()), (orm::Code::TooLong, &["slug".to_owned()][..]));
    /// # Ok(()) }
    /// ```
    fn create<E: Executor>(self, ex: &E) -> Pending<'_, Self::Model>
    where
        Self: IntoDraftRow<Self::Model>,
    {
        self.into_row().create(ex)
    }

    /// Everything that can be wrong with the draft, before it is written: the rules of its fields, the model's `validate`, its checks, and
    /// by one statement whether unique keys are free and the rows are there that it points to. All mistakes are one error.
    ///
    /// SQL: `SELECT EXISTS (SELECT 1 FROM tag WHERE slug = ..), EXISTS (..)`. Others may write meanwhile: the constraints of the
    /// database stay what they are, and are told as the same kind of mistake.
    ///
    /// # Errors
    /// [`Code::Refused`](crate::Code::Refused); [`Error::validation`] lists every mistake.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let (db, log) = db.recording();
    /// let error = Book::draft().title("Notes").price(-1).author(1).editor(99).validated(&db).await.err().unwrap();
    /// let told: Vec<_> = error.validation().iter().map(|mistake| (mistake.code, mistake.field.as_deref())).collect();
    /// use orm::Code::*;
    /// assert_eq!(told, [(CheckViolation, Some("price")), (UniqueViolation, None), (ForeignKeyViolation, Some("editor"))]);
    /// assert_eq!(error.validation()[1].params["fields"], serde_json::json!(["author", "title"]));
    /// assert_eq!(log.statements().len(), 1);
    ///
    /// let book = Book::draft().title("Rust").price(30).author(1).validated(&db).await?.create(&db).await?;
    /// assert_eq!(book.title, "Rust");
    /// # Ok(()) }
    /// ```
    fn validated<E: Executor>(self, ex: &E) -> Pending<'_, DraftRow<Self::Model>>
    where
        Self: IntoDraftRow<Self::Model>,
    {
        self.into_row().validated(ex)
    }

    /// What [`validated`](Draft::validated) finds, as a list: empty where nothing is wrong.
    ///
    /// # Errors
    /// What the database says when it is asked.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let mistakes = Tag::draft().slug("code").name("Code").mistakes(&db).await?;
    /// assert_eq!((mistakes[0].field.as_deref(), mistakes[0].code), (Some("slug"), orm::Code::UniqueViolation));
    /// assert!(Tag::draft().slug("logic").name("Logic").mistakes(&db).await?.is_empty());
    /// # Ok(()) }
    /// ```
    fn mistakes<E: Executor>(self, ex: &E) -> Pending<'_, Vec<ValidationError>>
    where
        Self: IntoDraftRow<Self::Model>,
    {
        let validated = self.into_row().validated(ex);
        Pending::new(async move {
            match validated.await {
                Ok(_) => Ok(Vec::new()),
                Err(error) if error.validation().is_empty() => Err(error),
                Err(error) => Ok(error.validation().to_vec()),
            }
        })
    }

    /// The draft without what the rules of its fields and the model's `validate` say: only what its columns can hold is asked when it
    /// is written.
    ///
    /// ```
    /// use orm::prelude::*;
    ///
    /// orm::app! { pub club { Member } }
    ///
    /// #[derive(Model)]
    /// pub struct Member {
    ///     pub id: i64,
    ///     #[field(min = 18)]
    ///     pub age: i32,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[club()]).await?;
    /// assert_eq!(Member::draft().age(12).create(&db).await.err().unwrap().code(), orm::Code::OutOfRange);
    /// assert_eq!(Member::draft().age(12).skip_validation().create(&db).await?.age, 12);
    /// # Ok(()) }
    /// ```
    fn skip_validation(self) -> DraftRow<Self::Model>
    where
        Self: IntoDraftRow<Self::Model>,
    {
        self.into_row().skip_validation()
    }

    /// The draft without what its model does around writes: see [`Hooks`](crate::Hooks).
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// assert_eq!(Tag::draft().slug("logic").name("Logic").skip_hooks().create(&db).await?.id, 5);
    /// # Ok(()) }
    /// ```
    fn skip_hooks(self) -> DraftRow<Self::Model>
    where
        Self: IntoDraftRow<Self::Model>,
    {
        self.into_row().skip_hooks()
    }

    /// The SQL of a [`create`](Draft::create) in a dialect; no connection is needed.
    ///
    /// MySQL has no `RETURNING`: there the row is then read by its key.
    ///
    /// # Errors
    /// Those that `create` has before its statement.
    ///
    /// ```
    /// # use library::*;
    /// let sql = Tag::draft().slug("logic").name("Logic").create_sql(Dialect::Postgres)?;
    /// assert_eq!(sql, r#"INSERT INTO "library_tag" ("slug", "name") VALUES ($1, $2) RETURNING "id", "slug", "name""#);
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn create_sql(self, dialect: Dialect) -> Result<String>
    where
        Self: IntoDraftRow<Self::Model>,
    {
        self.into_row().create_sql(dialect)
    }

    /// The row that has the draft's values in a unique key, or else a new one from the draft; and whether it is new.
    ///
    /// Any number of tasks may do this at once: they all get the one row.
    ///
    /// # Errors
    /// Those of [`create`](Draft::create); also a violation of another unique key.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let (tag, created) = Tag::draft().slug("code").name("Any").get_or_create(|t| t.slug, &db).await?;
    /// assert_eq!((tag.id, tag.name.as_str(), created), (1, "Code", false));
    /// # Ok(()) }
    /// ```
    fn get_or_create<K, U, E>(self, key: K, ex: &E) -> Pending<'_, (Self::Model, bool)>
    where
        Self: IntoDraftRow<Self::Model>,
        K: FnOnce(<Self::Model as Model>::UniqueKeys) -> U,
        U: NamesUniqueKey<Self::Model>,
        E: Executor,
    {
        self.into_row().get_or_create(key(Self::Model::unique_keys()).unique_key(), ex)
    }

    /// Changes the row that has the draft's values in a unique key to the draft's other values, or else makes a new one; and
    /// whether it is new. Defaults are not written over an existing row.
    ///
    /// # Errors
    /// As for [`get_or_create`](Draft::get_or_create). Inside a transaction on MariaDB and MySQL two tasks that make the
    /// same row can get [`Code::Deadlock`](crate::Code::Deadlock): run the transaction again.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let (tag, created) = Tag::draft().slug("code").name("Programs").update_or_create(|t| t.slug, &db).await?;
    /// assert_eq!((tag.id, tag.name.as_str(), created), (1, "Programs", false));
    /// # Ok(()) }
    /// ```
    fn update_or_create<K, U, E>(self, key: K, ex: &E) -> Pending<'_, (Self::Model, bool)>
    where
        Self: IntoDraftRow<Self::Model>,
        K: FnOnce(<Self::Model as Model>::UniqueKeys) -> U,
        U: NamesUniqueKey<Self::Model>,
        E: Executor,
    {
        self.into_row().update_or_create(key(Self::Model::unique_keys()).unique_key(), ex)
    }

    /// Changes the row that has these values in a unique key as is said, or else makes a new one from the draft; and whether it is new.
    /// What is said is made of the row that is there and of the new one; the draft's other values are only for a new row.
    ///
    /// # Errors
    /// As for [`update_or_create`](Draft::update_or_create).
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let draft = Book::draft().author(1).title("Notes").price(5).views(1);
    /// let (book, created) = draft.update_or_create_with(|b| b.author_title, |b, _| b.views.set(b.views + 1), &db).await?;
    /// assert_eq!((book.views, book.price.to_string().as_str(), created), (11, "12.50", false));
    /// # Ok(()) }
    /// ```
    fn update_or_create_with<K, U, C, A, E>(self, key: K, set: C, ex: &E) -> Pending<'_, (Self::Model, bool)>
    where
        Self: IntoDraftRow<Self::Model>,
        K: FnOnce(<Self::Model as Model>::UniqueKeys) -> U,
        U: NamesUniqueKey<Self::Model>,
        C: FnOnce(
            <Self::Model as Model>::Fields<At<Self::Model>>,
            <Self::Model as Model>::Fields<At<Self::Model>>,
        ) -> A,
        A: Assigns<Self::Model>,
        E: Executor,
    {
        self.into_row().update_or_create_with(key(Self::Model::unique_keys()).unique_key(), set, ex)
    }

    /// Like [`update_or_create`](Draft::update_or_create), in one statement, which does not tell whether the row is new.
    ///
    /// SQL: `INSERT .. ON CONFLICT (slug) DO UPDATE SET ..`; on MariaDB and MySQL `ON DUPLICATE KEY UPDATE` where no other
    /// unique key can be meant, and several statements where one can.
    ///
    /// # Errors
    /// As for [`update_or_create`](Draft::update_or_create).
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let tag = Tag::draft().slug("code").name("Programs").upsert(|t| t.slug, &db).await?;
    /// assert_eq!((tag.id, tag.name.as_str()), (1, "Programs"));
    /// # Ok(()) }
    /// ```
    fn upsert<K, U, E>(self, key: K, ex: &E) -> Pending<'_, Self::Model>
    where
        Self: IntoDraftRow<Self::Model>,
        K: FnOnce(<Self::Model as Model>::UniqueKeys) -> U,
        U: NamesUniqueKey<Self::Model>,
        E: Executor,
    {
        self.into_row().upsert(key(Self::Model::unique_keys()).unique_key(), ex)
    }

    /// The SQL of an [`upsert`](Draft::upsert) in a dialect; no connection is needed.
    ///
    /// # Errors
    /// Those that `upsert` has before its statement; [`Code::Unsupported`](crate::Code::Unsupported) on MariaDB and MySQL where it takes
    /// several, since
    /// another unique key may stand in the way.
    ///
    /// ```
    /// # use library::*;
    /// let sql = Tag::draft().slug("logic").name("Logic").upsert_sql(|t| t.slug, Dialect::Sqlite)?;
    /// assert!(sql.contains(r#"ON CONFLICT ("slug") DO UPDATE SET "name" = excluded."name""#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn upsert_sql<K, U>(self, key: K, dialect: Dialect) -> Result<String>
    where
        Self: IntoDraftRow<Self::Model>,
        K: FnOnce(<Self::Model as Model>::UniqueKeys) -> U,
        U: NamesUniqueKey<Self::Model>,
    {
        self.into_row().upsert_sql(key(Self::Model::unique_keys()).unique_key(), dialect)
    }
}

/// The values of a draft, column by column: what every derived draft holds. Which are set is checked by the draft's type.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// use orm::write::DraftRow;
/// let row = DraftRow::<Tag>::new().set(1, &"logic".to_owned()).with::<String>(2, "Logic"); // by columns
/// assert_eq!(row.create(&db).await?.slug, "logic");
/// # Ok(()) }
/// ```
pub struct DraftRow<M> {
    pub(super) slots: Vec<Slot>,
    /// What the columns of one field go through, kept for the next field.
    out: Writer,
    pub(super) error: Option<Error>,
    pub(super) skips_validation: bool,
    pub(super) skips_hooks: bool,
    /// The draft of a parent that is still to be written.
    pub(super) parent: Option<Unwritten>,
    _model: PhantomData<fn() -> M>,
}

/// A draft in which every required field is set: what the bulk methods take.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// use orm::write::IntoDraftRow;
/// async fn add(draft: impl IntoDraftRow<Tag> + Send, db: &Database) -> orm::Result<Tag> {
///     Tag::objects().create(draft, db).await
/// }
/// assert_eq!(add(Tag::draft().slug("logic").name("Logic"), &db).await?.id, 5);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a complete draft of `{M}`",
    label = "expected `{M}::draft()` with every required field set"
)]
pub trait IntoDraftRow<M> {
    /// The values.
    fn into_row(self) -> DraftRow<M>;
}

impl<M> IntoDraftRow<M> for DraftRow<M> {
    fn into_row(self) -> DraftRow<M> {
        self
    }
}

impl<M: Model> DraftRow<M> {
    /// A draft without values.
    ///
    /// ```
    /// # use library::*;
    /// // Nothing is checked before the draft is written.
    /// let row = orm::write::DraftRow::<Tag>::new();
    /// ```
    pub fn new() -> Self {
        let slots = vec![Slot::Unset; M::meta().columns.len()];
        DraftRow::from_slots(slots)
    }

    pub(super) fn from_slots(slots: Vec<Slot>) -> Self {
        DraftRow {
            slots,
            out: Writer::default(),
            error: None,
            skips_validation: false,
            skips_hooks: false,
            parent: None,
            _model: PhantomData,
        }
    }

    /// Sets a field to what a person gave for it.
    ///
    /// ```
    /// # use library::*;
    /// let row = orm::write::DraftRow::<Tag>::new().with::<String>(1, "logic"); // the column `slug`
    /// ```
    pub fn with<F: ModelField>(mut self, column: u16, value: impl IntoField<F>) -> Self {
        let written = value.into_field().write_owned(&mut self.out);
        self.put(column, written, Slot::Given)
    }

    /// Sets the parent of a model that has one: a row that is there, or the draft of a new one, which is written with this one.
    #[doc(hidden)]
    pub fn with_parent<How>(self, value: impl IntoParent<M::Parent, How>) -> Self
    where
        M: Child,
    {
        value.give_to(self)
    }

    /// Sets a field, whose first column is `column`. A value that has no database form is reported when the draft is written.
    ///
    /// ```
    /// # use library::*;
    /// let row = orm::write::DraftRow::<Tag>::new().set(1, &"logic".to_owned());
    /// ```
    pub fn set<F: ModelField>(mut self, column: u16, value: &F) -> Self {
        let written = value.write(&mut self.out);
        self.put(column, written, Slot::Given)
    }

    /// Sets a field to the model's default, which upserts do not write over the value of an existing row.
    ///
    /// ```
    /// # use library::*;
    /// let row = orm::write::DraftRow::<Book>::new().fill(3, &true); // `active`, as the model says
    /// ```
    pub fn fill<F: ModelField>(mut self, column: u16, value: &F) -> Self {
        let written = value.write(&mut self.out);
        self.put(column, written, Slot::Default)
    }

    /// Everything that can be wrong with the draft, before it is written; see [`Draft::validated`].
    ///
    /// # Errors
    /// [`Code::Refused`](crate::Code::Refused); [`Error::validation`] lists every mistake.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// use orm::write::IntoDraftRow;
    /// let error = Tag::draft().slug("code").name("Code").into_row().validated(&db).await.err().unwrap();
    /// assert_eq!(error.validation()[0].field.as_deref(), Some("slug"));
    /// # Ok(()) }
    /// ```
    pub fn validated<E: Executor>(self, ex: &E) -> Pending<'_, DraftRow<M>> {
        Pending::new(async move {
            match self.error {
                Some(error) => Err(error),
                None => {
                    let above = self.parent.as_ref().zip(M::PARENT);
                    let rows = above.map_or_else(Vec::new, |(draft, above)| above.unlooked_draft(&**draft));
                    let mut mistakes = parent::mistakes_of(rows, ex).await?;
                    let hooks = M::HOOKS.filter(|_| !self.skips_hooks);
                    let row = validate::draft(self.slots, Vec::new(), !self.skips_validation, hooks, ex).await;
                    let (parent, skips_validation, skips_hooks) =
                        (self.parent, self.skips_validation, self.skips_hooks);
                    match row {
                        Ok(row) if mistakes.is_empty() => Ok(DraftRow { parent, skips_validation, skips_hooks, ..row }),
                        Err(error) if mistakes.is_empty() || error.validation().is_empty() => Err(error),
                        row => {
                            mistakes.extend(row.err().iter().flat_map(|error| error.validation().to_vec()));
                            Err(Error::refused(M::meta().name.clone(), mistakes))
                        }
                    }
                }
            }
        })
    }

    /// The same without the rules of fields and of the model; see [`Draft::skip_validation`].
    ///
    /// ```
    /// # use library::*;
    /// use orm::write::IntoDraftRow;
    /// let row = Tag::draft().slug("logic").name("Logic").into_row().skip_validation();
    /// ```
    pub fn skip_validation(self) -> Self {
        DraftRow { skips_validation: true, ..self }
    }

    /// The draft, which passes by what a query does.
    pub(super) fn skipping(self, skips: Skips) -> Self {
        let skips_validation = self.skips_validation || skips.validation;
        DraftRow { skips_validation, skips_hooks: self.skips_hooks || skips.hooks, ..self }
    }

    /// Takes over what was written of a field.
    fn put(mut self, column: u16, written: Result<()>, slot: fn(Value) -> Slot) -> Self {
        if let Err(error) = written {
            self.out.clear();
            self.error = self.error.or_else(|| Some(M::meta().blame(column, error)));
            return self;
        }
        // The last column first.
        while let Some(value) = self.out.pop() {
            if let Some(place) = self.slots.get_mut(usize::from(column) + self.out.values().len()) {
                *place = slot(value);
            }
        }
        self
    }

    /// Writes the row and gives it as it is stored: defaults of the database, microseconds and decimal places included.
    ///
    /// # Errors
    /// Before any statement: [`Code::TooLong`](crate::Code::TooLong), [`Code::InexactDecimal`](crate::Code::InexactDecimal),
    /// [`Code::OutOfRange`](crate::Code::OutOfRange), [`Code::MissingValue`](crate::Code::MissingValue);
    /// from the database: a violated constraint. [`Error::fields`] names the fields.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// use orm::write::IntoDraftRow;
    /// let tag = Tag::draft().slug("logic").name("Logic").into_row().create(&db).await?;
    /// assert_eq!(tag.id, 5);
    /// # Ok(()) }
    /// ```
    pub fn create<E: Executor>(self, ex: &E) -> Pending<'_, M> {
        if self.parent.is_some() {
            return Pending::new(ex.atomic(move |tx| Box::pin(parent::create_one(self, tx))));
        }
        if let Some(hooks) = self.hooks() {
            return Pending::new(ex.atomic(move |tx| Box::pin(hooks::create_one(hooks, self, tx))));
        }
        let op = self.into_values(ex.dialect()).and_then(|row| CreateOne::new(row, ex.dialect()));
        Pending::run(ex, op)
    }

    /// The SQL of a [`create`](DraftRow::create) in a dialect; no connection is needed.
    ///
    /// # Errors
    /// Those that `create` has before its statement.
    ///
    /// ```
    /// # use library::*;
    /// use orm::write::IntoDraftRow;
    /// let sql = Tag::draft().slug("logic").name("Logic").into_row().create_sql(Dialect::MySql)?;
    /// assert_eq!(sql, "INSERT INTO `library_tag` (`slug`, `name`) VALUES (?, ?)");
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn create_sql(self, dialect: Dialect) -> Result<String> {
        Ok(CreateOne::<M>::new(self.into_values(dialect)?, dialect)?.sql(dialect))
    }

    /// What is done around its creation.
    pub(super) fn hooks(&self) -> Option<hooks::Of<M>> {
        M::HOOKS.filter(|_| !self.skips_hooks)
    }

    /// Refuses to be written by what has no hooks.
    pub(super) fn refuse_hooks(&self, what: &str, instead: &str) -> Result<()> {
        hooks::refuse(M::meta(), self.skips_hooks, what, instead)
    }

    /// Gives a column a value.
    pub(super) fn give(&mut self, column: u16, value: Value) {
        self.slots[usize::from(column)] = Slot::Given(value);
    }

    /// A row of slots that are complete.
    pub(super) fn into_new_row(self) -> NewRow {
        NewRow::of(self.slots)
    }

    /// The same without what its model does around writes; see [`Draft::skip_hooks`].
    ///
    /// ```
    /// # use library::*;
    /// use orm::write::IntoDraftRow;
    /// let row = Tag::draft().slug("logic").name("Logic").into_row().skip_hooks();
    /// ```
    pub fn skip_hooks(self) -> Self {
        DraftRow { skips_hooks: true, ..self }
    }

    /// The values, checked and completed.
    pub(super) fn into_values(mut self, dialect: Dialect) -> Result<NewRow> {
        if let Some(error) = self.error {
            return Err(error);
        }
        parent::refuse_unwritten(M::meta(), self.parent.is_some())?;
        complete(M::meta(), &mut self.slots, dialect, !self.skips_validation)?;
        Ok(NewRow::of(self.slots))
    }
}

impl<M: Model> Default for DraftRow<M> {
    fn default() -> Self {
        DraftRow::new()
    }
}
