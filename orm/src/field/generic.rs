//! Generic foreign keys as they stand in structs: the label of a model and the key of one of its rows.

use super::{Held, Loaded, NotNull, Nullable, Opt, PathNode, Scope, ToAny};
use crate::{
    Code, Error, Executor, ForeignKey, IntoKey, Kind, OneToOne, OptionalExt, Result, Value,
    model::{GenericKey, GenericShape, GenericTarget, Model, ModelField, ModelMeta, Reader, Shape, Writer},
    write::NoKey,
};
use std::{fmt, panic::Location};

/// A relation to one row of any model: a column with the model's label, `library.Book`, and one with the key of the row.
///
/// `K` is how keys are stored. `GenericForeignKey` holds them as text, and so leads to every model whose key is one column: whole
/// numbers, texts and UUIDs (in 32 hexadecimal digits). `GenericForeignKey<i64>` and `GenericForeignKey<Uuid>` lead to models with
/// such keys only; their columns are smaller, and the database compares them without converting.
///
/// The models that it leads to declare its reverse side as a [`HasMany`](crate::HasMany) with `via`; then deletions take the
/// rows along as `on_delete` says: `cascade` unless it says otherwise. There is no constraint in the database, as no database has
/// one for this: a row that is deleted past the library, or has no reverse side, leaves keys that lead nowhere.
///
/// ```
/// mod talk {
///     use orm::prelude::*;
///     orm::app! { pub talk { Book, Person, Comment } }
///
///     #[derive(Model, Debug)]
///     pub struct Comment {
///         pub id: i64,
///         pub about: GenericForeignKey, // about_model, about_key
///         pub text: String,
///     }
///
///     #[derive(Model, Debug)]
///     pub struct Book {
///         pub id: i64,
///         pub title: String,
///         #[field(via = about)]
///         pub comments: HasMany<Comment>,
///     }
///
///     #[derive(Model, Debug)]
///     pub struct Person {
///         pub id: Uuid,
///         pub name: String,
///     }
/// }
/// # use orm::prelude::*;
/// use talk::{Book, Comment, Person};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").await?;
/// # orm::migrate::create_tables(&db, &[talk::talk()]).await?;
/// let book = Book::draft().title("Notes").create(&db).await?;
/// let ada = Person::draft().name("Ada").create(&db).await?;
/// Comment::draft().about(&book).text("long").create(&db).await?;
/// Comment::draft().about(&ada).text("kind").create(&db).await?;
///
/// // Of a row, of a model, of rows by what they are like.
/// assert_eq!(Comment::objects().filter(|c| c.about.eq(&ada)).get(&db).await?.text, "kind");
/// assert_eq!(Comment::objects().filter(|c| c.about.is::<Book>()).count(&db).await?, 1);
/// let of_notes = Comment::objects().filter(|c| c.about.of::<Book>().any(|b| b.title.eq("Notes")));
/// assert_eq!(of_notes.get(&db).await?.text, "long");
///
/// // Each row with what it is about: one query for the comments, and one for each model.
/// for comment in Comment::objects().prefetch(|c| c.about).all(&db).await? {
///     if let Some(book) = comment.about.get::<Book>()? {
///         assert_eq!(book.title, "Notes");
///     } else if let Some(person) = comment.about.get::<Person>()? {
///         assert_eq!(person.name, "Ada");
///     }
/// }
///
/// // The reverse side is a set like any other.
/// assert_eq!(Book::objects().annotate(|b| b.comments.count()).get(&db).await?.1, 1);
/// # Ok(()) }
/// ```
pub struct GenericForeignKey<K = String> {
    label: String,
    key: Result<K, (Code, String)>,
    row: Held,
}

impl<K: GenericKey> GenericForeignKey<K> {
    /// To the row of `M` with this key, or that another relation leads to; whether it exists is not asked.
    ///
    /// ```
    /// # use library::*;
    /// let about: orm::GenericForeignKey = orm::GenericForeignKey::to::<Book>(7);
    /// assert_eq!((about.label(), about.key_of::<Book>()), ("library.Book", Some(7)));
    /// ```
    pub fn to<M: GenericTarget<K>>(row: impl IntoKey<M>) -> Self {
        let key = M::hold(&row.into_key()).map_err(|error| (error.code(), error.message().to_owned()));
        GenericForeignKey { label: M::meta().label(), key, row: Held::nothing() }
    }

    /// The label of the model that it leads to, `library.Book`: also one that no application lists any more.
    ///
    /// ```
    /// # use library::*;
    /// let about: orm::GenericForeignKey<i64> = orm::GenericForeignKey::to::<Author>(7);
    /// assert_eq!(about.label(), "library.Author");
    /// ```
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The model that it leads to; see [`ModelMeta::labelled`] for when it is known.
    ///
    /// ```
    /// # use library::*;
    /// let about: orm::GenericForeignKey<i64> = orm::GenericForeignKey::to::<Author>(7);
    /// orm::model::register(Author::APPLICATION);
    /// assert_eq!(about.model().unwrap().verbose_name, "author");
    /// ```
    pub fn model(&self) -> Option<&'static ModelMeta> {
        ModelMeta::labelled(&self.label)
    }

    /// The key as it is stored.
    ///
    /// # Errors
    /// Where it was made of a key that no column holds, as of a `u64` past [`i64::MAX`].
    ///
    /// ```
    /// # use library::*;
    /// let about: orm::GenericForeignKey = orm::GenericForeignKey::to::<Author>(7);
    /// assert_eq!(about.key()?, "7");
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn key(&self) -> Result<&K> {
        self.key.as_ref().map_err(|(code, what)| Error::new(*code, what.clone()))
    }

    /// Whether it leads to a row of `M`.
    ///
    /// ```
    /// # use library::*;
    /// let about: orm::GenericForeignKey = orm::GenericForeignKey::to::<Author>(7);
    /// assert!(about.is::<Author>() && !about.is::<Book>());
    /// ```
    pub fn is<M: GenericTarget<K>>(&self) -> bool {
        M::meta().has_label(&self.label)
    }

    /// The key of the row of `M` that it leads to; `None` where it leads to another model, or holds what is no key of `M`.
    ///
    /// ```
    /// # use library::*;
    /// let about: orm::GenericForeignKey = orm::GenericForeignKey::to::<Author>(7);
    /// assert_eq!((about.key_of::<Author>(), about.key_of::<Book>()), (Some(7), None));
    /// ```
    pub fn key_of<M: GenericTarget<K>>(&self) -> Option<M::Key> {
        self.is::<M>().then_some(())?;
        M::key_of(self.key.as_ref().ok()?)
    }

    /// The row of `M` that it leads to, which [`prefetch`](crate::QuerySet::prefetch) has loaded; `None` where it leads to another
    /// model, or to a row that is not there.
    ///
    /// # Errors
    /// [`Code::NotLoaded`] where it leads to a row of `M`, and nothing has looked for it.
    ///
    /// ```
    /// # use library::*;
    /// let about: orm::GenericForeignKey = orm::GenericForeignKey::to::<Author>(7);
    /// assert!(about.get::<Book>()?.is_none());
    /// assert_eq!(about.get::<Author>().unwrap_err().code(), orm::Code::NotLoaded);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn get<M: GenericTarget<K>>(&self) -> Result<Option<&M>> {
        match (self.is::<M>(), self.row.rows()) {
            (false, _) => Ok(None),
            (true, Some(row)) => Ok(row.get()),
            (true, None) if self.key_of::<M>().is_none() => Ok(None),
            (true, None) => Err(self.row.not_prefetched::<M>()),
        }
    }

    /// Loads the row of `M` that it leads to, whether or not it is loaded already; `None` where it leads to another model, for
    /// which nothing is asked, or to a row that is not there.
    ///
    /// In a loop over the rows of a query, `prefetch` in that query loads them all with one statement for each model.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let about: orm::GenericForeignKey = orm::GenericForeignKey::to::<Author>(1);
    /// assert_eq!(about.fetch::<Author>(&db).await?.unwrap().name, "Ada Lovelace");
    /// assert!(about.fetch::<Book>(&db).await?.is_none());
    /// # Ok(()) }
    /// ```
    #[track_caller]
    pub fn fetch<M: GenericTarget<K>>(&self, ex: &impl Executor) -> impl Future<Output = Result<Option<M>>> + Send {
        let key = self.key_of::<M>();
        if key.is_some() {
            self.row.asked_for(false, Location::caller());
        }
        async move {
            match key {
                Some(key) => crate::write::get_any(key, ex).await.optional(),
                None => Ok(None),
            }
        }
    }
}

impl<K: Clone> Clone for GenericForeignKey<K> {
    fn clone(&self) -> Self {
        GenericForeignKey { label: self.label.clone(), key: self.key.clone(), row: self.row.clone() }
    }
}

impl<K: fmt::Debug> fmt::Debug for GenericForeignKey<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Ok(key) => write!(f, "{}({key:?})", self.label),
            Err((code, _)) => write!(f, "{}({code})", self.label),
        }
    }
}

impl<K: PartialEq> PartialEq for GenericForeignKey<K> {
    fn eq(&self, other: &Self) -> bool {
        self.label == other.label && self.key == other.key
    }
}

impl<K: Eq> Eq for GenericForeignKey<K> {}

impl<K: GenericKey, M: GenericTarget<K>> From<&M> for GenericForeignKey<K> {
    fn from(row: &M) -> Self {
        GenericForeignKey::to::<M>(row)
    }
}

impl<K: GenericKey, M: GenericTarget<K>> From<&ForeignKey<M>> for GenericForeignKey<K> {
    fn from(relation: &ForeignKey<M>) -> Self {
        GenericForeignKey::to::<M>(relation)
    }
}

impl<K: GenericKey, M: GenericTarget<K>> From<&OneToOne<M>> for GenericForeignKey<K> {
    fn from(relation: &OneToOne<M>) -> Self {
        GenericForeignKey::to::<M>(relation)
    }
}

impl<K: GenericKey> ModelField for GenericForeignKey<K> {
    type Nullness = NotNull;
    type Target = ();
    type Handle<S: Scope> = ToAny<S, S, K>;
    type Alone<M: Model> = NoKey<M>;
    const SHAPE: Shape = Shape::Generic(GenericShape { key: K::KIND, nullable: false });
    const COLUMNS: u16 = 2;

    fn handle<S: Scope>(at: &'static PathNode, field: u16, _column: u16) -> ToAny<S, S, K> {
        ToAny::new(at, field)
    }

    fn read(row: &mut Reader<'_, '_>) -> Result<Self> {
        let held = Held::unread(row);
        Ok(GenericForeignKey { label: row.value()?, key: Ok(row.value()?), row: held })
    }

    fn write(&self, out: &mut Writer) -> Result<()> {
        let key = self.key()?.to_value()?;
        out.push(Value::Text(self.label.clone()));
        out.push(key);
        Ok(())
    }

    fn attach(&mut self, row: Loaded) {
        self.row = Held::of(row);
    }

    fn held(&self) -> Option<&Held> {
        Some(&self.row)
    }
}

impl<K: GenericKey> ModelField for Option<GenericForeignKey<K>> {
    type Nullness = Nullable;
    type Target = ();
    type Handle<S: Scope> = ToAny<S, Opt<S>, K>;
    type Alone<M: Model> = NoKey<M>;
    const SHAPE: Shape = Shape::Generic(GenericShape { key: K::KIND, nullable: true });
    const COLUMNS: u16 = 2;

    fn handle<S: Scope>(at: &'static PathNode, field: u16, _column: u16) -> ToAny<S, Opt<S>, K> {
        ToAny::new(at, field)
    }

    fn read(row: &mut Reader<'_, '_>) -> Result<Self> {
        if row.any_null(2)? {
            row.skip(2);
            return Ok(None);
        }
        GenericForeignKey::read(row).map(Some)
    }

    fn write(&self, out: &mut Writer) -> Result<()> {
        match self {
            Some(relation) => relation.write(out),
            None => {
                out.push(Value::Null(Kind::Text));
                out.push(Value::Null(K::KIND));
                Ok(())
            }
        }
    }

    fn attach(&mut self, row: Loaded) {
        if let Some(relation) = self {
            relation.attach(row);
        }
    }

    fn held(&self) -> Option<&Held> {
        self.as_ref().map(|relation| &relation.row)
    }
}
