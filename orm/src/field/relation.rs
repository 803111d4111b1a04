//! Relations as they stand in structs: a key or nothing, and the related rows once they are loaded.

use super::{NotNull, Nullable, Opt, PathNode, Scope, ToMany, ToOne, related_key::RelatedKey};
use crate::{
    Code, Error, Executor, Result,
    model::{Far, FieldMeta, Key, Model, ModelField, Reader, RelationKind, Shape, Writer},
};
use std::{any::Any, fmt, marker::PhantomData, sync::Arc};

/// Related rows that were loaded. The type is erased, so that a chain of models never makes a recursive type.
#[derive(Clone)]
pub struct Loaded(Arc<dyn Any + Send + Sync>);

impl Loaded {
    /// Keeps rows.
    pub fn new<T: Any + Send + Sync>(rows: T) -> Loaded {
        Loaded(Arc::new(rows))
    }

    /// The rows, when they are of this type.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }

    /// The rows themselves, when they are of this type and nobody else holds them.
    pub(crate) fn into_inner<T: Any + Send + Sync>(self) -> Option<T> {
        self.0.downcast().ok().and_then(Arc::into_inner)
    }

    pub(crate) fn any(&self) -> &dyn Any {
        &*self.0
    }

    /// The rows, when nobody else holds them.
    pub(crate) fn any_mut(&mut self) -> Option<&mut dyn Any> {
        Arc::get_mut(&mut self.0).map(|any| any as &mut dyn Any)
    }

    /// What tells it from others, and how many hold it.
    pub(crate) fn identity(&self) -> (usize, usize) {
        (Arc::as_ptr(&self.0).cast::<()>().addr(), Arc::strong_count(&self.0))
    }
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("loaded")
    }
}

/// What a relation holds: rows; or, as long as none are loaded, the field that it is, known for what was read from a row.
#[derive(Clone)]
enum Held {
    Rows(Loaded),
    Nothing(Option<&'static FieldMeta>),
}

impl Held {
    fn rows(&self) -> Option<&Loaded> {
        match self {
            Held::Rows(rows) => Some(rows),
            Held::Nothing(_) => None,
        }
    }

    /// The error that names what has to be loaded, in the words of the query that would do it.
    #[cold]
    fn not_loaded<M: Model>(&self, to_one: bool) -> Error {
        let (what, row, field) = match self {
            Held::Nothing(Some(FieldMeta { model, name, .. })) => {
                let row: String = model.chars().take(1).flat_map(char::to_lowercase).collect();
                (format!("`{name}` of this `{model}`"), row, name.to_string())
            }
            _ => (format!("the related `{}`", M::meta().name), "x".to_owned(), "…".to_owned()),
        };
        let hint = match to_one {
            true => format!(
                "add `.select_related(|{row}| {row}.{field})` to the query, or load it with `.{field}.fetch(&db)`"
            ),
            false => format!(
                "add `.prefetch(|{row}| {row}.{field})` to the query, or ask for the rows with \
                 `.rows_of(|{row}| {row}.{field})`"
            ),
        };
        Error::new(Code::NotLoaded, format!("{what} was not loaded")).with_hint(hint)
    }
}

macro_rules! to_one {
    ($(#[doc = $doc:literal])+ $name:ident, $kind:ident) => {
        $(#[doc = $doc])+
        pub struct $name<M> {
            key: RelatedKey,
            row: Held,
            _model: PhantomData<fn() -> M>,
        }

        impl<M: Model> $name<M> {
            /// A relation to the row of this key; whether it exists is for the database to say.
            ///
            /// ```
            /// # use library::*;
            /// let author = ForeignKey::<Author>::to(2);
            /// assert_eq!(*author.key(), 2);
            /// ```
            pub fn to(key: M::Key) -> Self {
                $name::held(key, Held::Nothing(None))
            }

            fn held(key: M::Key, row: Held) -> Self {
                $name { key: RelatedKey::new(key), row, _model: PhantomData }
            }

            /// The key of the related row.
            ///
            /// ```
            /// # use library::*;
            /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
            /// # let db = filled().await?;
            /// let book = Book::get(2, &db).await?;
            /// assert_eq!((*book.author.key(), book.editor.map(|editor| *editor.key())), (2, Some(1)));
            /// # Ok(()) }
            /// ```
            pub fn key(&self) -> &M::Key {
                self.key.get()
            }

            /// Whether the related row is loaded.
            ///
            /// ```
            /// # use library::*;
            /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
            /// # let db = filled().await?;
            /// assert!(!Book::get(1, &db).await?.author.is_loaded());
            /// let books = Book::objects().select_related(|b| b.author).all(&db).await?;
            /// assert!(books[0].author.is_loaded());
            /// # Ok(()) }
            /// ```
            pub fn is_loaded(&self) -> bool {
                self.row.rows().is_some()
            }

            /// The related row.
            ///
            /// # Errors
            /// [`Code::NotLoaded`] when no `select_related` or `prefetch` loaded it: nothing is queried behind one's back.
            ///
            /// ```
            /// # use library::*;
            /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
            /// # let db = filled().await?;
            /// let books = Book::objects().select_related(|b| b.author).order_by(|b| b.id.asc()).all(&db).await?;
            /// assert_eq!(books[0].author.get()?.name, "Ada Lovelace");
            /// let error = Book::get(1, &db).await?.author.get().unwrap_err();
            /// assert_eq!(error.code(), orm::Code::NotLoaded); // no query behind one's back
            /// # Ok(()) }
            /// ```
            pub fn get(&self) -> Result<&M> {
                self.row.rows().and_then(|row| row.get()).ok_or_else(|| self.row.not_loaded::<M>(true))
            }

            /// Loads the related row, whether or not it is loaded already.
            ///
            /// # Errors
            /// [`Code::NotFound`] when there is no such row.
            pub async fn fetch<E: Executor>(&self, ex: &E) -> Result<M> {
                crate::write::get(self.key().clone(), ex).await
            }
        }

        impl<M> Clone for $name<M> {
            fn clone(&self) -> Self {
                $name { key: self.key.clone(), row: self.row.clone(), _model: PhantomData }
            }
        }

        impl<M: Model> fmt::Debug for $name<M>
        where
            M::Key: fmt::Debug,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", M::meta().name, self.key())
            }
        }

        impl<M: Model> PartialEq for $name<M> {
            fn eq(&self, other: &Self) -> bool {
                self.key() == other.key()
            }
        }

        impl<M: Model> Eq for $name<M> {}

        impl<M: Model> From<&M> for $name<M> {
            fn from(row: &M) -> Self {
                $name::to(row.key())
            }
        }

        impl<M: Model> ModelField for $name<M> {
            type Nullness = NotNull;
            type Target = M;
            type Handle<S: Scope> = ToOne<S, S, M>;
            const SHAPE: Shape = Shape::Relation(RelationKind::$kind { nullable: false, key: M::KEY }, M::meta);
            const COLUMNS: u16 = <M::Key as Key>::KINDS.len() as u16;

            fn handle<S: Scope>(at: &'static PathNode, field: u16, _column: u16) -> ToOne<S, S, M> {
                ToOne::new(at, field)
            }

            fn read(row: &mut Reader<'_, '_>) -> Result<Self> {
                let held = Held::Nothing(row.place());
                Ok($name::held(M::Key::read(row)?, held))
            }

            fn write(&self, out: &mut Writer) -> Result<()> {
                self.key().write(out)
            }

            fn attach(&mut self, row: Loaded) {
                self.row = Held::Rows(row);
            }

            fn loaded(&self) -> Option<&Loaded> {
                self.row.rows()
            }
        }

        impl<M: Model> ModelField for Option<$name<M>> {
            type Nullness = Nullable;
            type Target = M;
            type Handle<S: Scope> = ToOne<S, Opt<S>, M>;
            const SHAPE: Shape = Shape::Relation(RelationKind::$kind { nullable: true, key: M::KEY }, M::meta);
            const COLUMNS: u16 = <M::Key as Key>::KINDS.len() as u16;

            fn handle<S: Scope>(at: &'static PathNode, field: u16, _column: u16) -> ToOne<S, Opt<S>, M> {
                ToOne::new(at, field)
            }

            fn read(row: &mut Reader<'_, '_>) -> Result<Self> {
                let columns = usize::from(Self::COLUMNS);
                if row.any_null(columns)? {
                    row.skip(columns);
                    return Ok(None);
                }
                $name::read(row).map(Some)
            }

            fn write(&self, out: &mut Writer) -> Result<()> {
                match self {
                    Some(relation) => relation.write(out),
                    None => {
                        <M::Key as Key>::KINDS.iter().for_each(|&kind| out.push(crate::Value::Null(kind)));
                        Ok(())
                    }
                }
            }

            fn attach(&mut self, row: Loaded) {
                if let Some(relation) = self {
                    relation.row = Held::Rows(row);
                }
            }

            fn loaded(&self) -> Option<&Loaded> {
                self.as_ref()?.row.rows()
            }
        }
    };
}

to_one! {
    /// A relation to one row of another model, many of which may point to the same: a column with its key.
    ForeignKey, ForeignKey
}
to_one! {
    /// A relation to one row of another model, to which no other points: a unique column with its key.
    OneToOne, OneToOne
}

macro_rules! to_many {
    ($(#[doc = $doc:literal])+ $name:ident, $kind:expr, $handle:ident, $many:literal) => {
        $(#[doc = $doc])+
        pub struct $name<M> {
            rows: Held,
            _model: PhantomData<fn() -> M>,
        }

        impl<M> Default for $name<M> {
            fn default() -> Self {
                $name { rows: Held::Nothing(None), _model: PhantomData }
            }
        }

        impl<M> Clone for $name<M> {
            fn clone(&self) -> Self {
                $name { rows: self.rows.clone(), _model: PhantomData }
            }
        }

        impl<M> fmt::Debug for $name<M> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(if self.rows.rows().is_some() { "loaded" } else { "not loaded" })
            }
        }

        /// Relations without a column do not take part in comparisons.
        impl<M> PartialEq for $name<M> {
            fn eq(&self, _other: &Self) -> bool {
                true
            }
        }
        impl<M> Eq for $name<M> {}

        impl<M> $name<M> {
            /// Whether the related rows are loaded.
            ///
            /// ```
            /// # use library::*;
            /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
            /// # let db = filled().await?;
            /// assert!(!Author::get(1, &db).await?.books.is_loaded());
            /// let authors = Author::objects().prefetch(|a| a.books).all(&db).await?;
            /// assert!(authors[0].books.is_loaded());
            /// # Ok(()) }
            /// ```
            pub fn is_loaded(&self) -> bool {
                self.rows.rows().is_some()
            }
        }

        impl<M: Model> ModelField for $name<M> {
            type Nullness = Nullable;
            type Target = ();
            type Handle<S: Scope> = $handle<S, M>;
            const SHAPE: Shape = Shape::Relation($kind, M::meta);
            const COLUMNS: u16 = 0;
            const FAR: Option<Far> = Some(Far { model: M::KEY.model, fields: M::FIELDS, many_to_many: $many });

            fn handle<S: Scope>(at: &'static PathNode, field: u16, _column: u16) -> $handle<S, M> {
                $handle::new(at, field)
            }

            fn read(row: &mut Reader<'_, '_>) -> Result<Self> {
                Ok($name { rows: Held::Nothing(row.place()), _model: PhantomData })
            }

            fn write(&self, _out: &mut Writer) -> Result<()> {
                Ok(())
            }

            fn attach(&mut self, rows: Loaded) {
                self.rows = Held::Rows(rows);
            }

            fn loaded(&self) -> Option<&Loaded> {
                self.rows.rows()
            }
        }
    };
}

type ReverseOne<S, M> = ToOne<S, Opt<S>, M>;

to_many! {
    /// The rows of another model that point here by a foreign key: no column.
    HasMany, RelationKind::HasMany, ToMany, false
}
to_many! {
    /// The row of another model that points here by a one-to-one: no column.
    HasOne, RelationKind::HasOne, ReverseOne, false
}
to_many! {
    /// Rows of another model, through a table between the two: no column.
    ///
    /// The other model sees the same table by `via`, which names this relation.
    ///
    /// ```
    /// # use orm::prelude::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// mod store {
    ///     use orm::prelude::*;
    ///     orm::app! { pub store { Product, Tag } }
    ///
    ///     #[derive(Model)]
    ///     pub struct Product {
    ///         pub id: i64,
    ///         pub tags: ManyToMany<Tag>,
    ///     }
    ///
    ///     #[derive(Model)]
    ///     pub struct Tag {
    ///         pub id: i64,
    ///         #[field(via = tags)] // the reverse side of `Product::tags`
    ///         pub products: ManyToMany<Product>,
    ///     }
    /// }
    /// use store::{Product, Tag};
    /// # orm::migrate::create_tables(&db, &[store::store()]).await?;
    ///
    /// let (lamp, bright) = (Product::draft().create(&db).await?, Tag::draft().create(&db).await?);
    /// bright.many(|t| t.products).add([&lamp], &db).await?;
    /// assert_eq!(lamp.many(|p| p.tags).rows()?.get(&db).await?.id, bright.id);
    /// # Ok(()) }
    /// ```
    ManyToMany, RelationKind::ManyToMany { to: M::KEY.model }, ToMany, true
}

impl<M: Model> HasMany<M> {
    /// The related rows.
    ///
    /// # Errors
    /// [`Code::NotLoaded`] when no `prefetch` loaded them.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let authors = Author::objects().prefetch(|a| a.books).all(&db).await?;
    /// assert_eq!(authors[0].books.get()?.len(), 2);
    /// # Ok(()) }
    /// ```
    pub fn get(&self) -> Result<&[M]> {
        loaded_rows(&self.rows)
    }
}

impl<M: Model> ManyToMany<M> {
    /// The related rows.
    ///
    /// # Errors
    /// [`Code::NotLoaded`] when no `prefetch` loaded them.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let books = Book::objects().prefetch(|b| b.tags).order_by(|b| b.id.asc()).all(&db).await?;
    /// let tags: Vec<&str> = books[0].tags.get()?.iter().map(|tag| tag.slug.as_str()).collect();
    /// assert_eq!(tags, ["history", "maths"]);
    /// # Ok(()) }
    /// ```
    pub fn get(&self) -> Result<&[M]> {
        loaded_rows(&self.rows)
    }
}

impl<M: Model> HasOne<M> {
    /// The related row, if there is one.
    ///
    /// # Errors
    /// [`Code::NotLoaded`] when no `select_related` or `prefetch` looked for it.
    ///
    /// ```
    /// # use orm::prelude::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// mod people {
    ///     use orm::prelude::*;
    ///     orm::app! { pub people { Person, Passport } }
    ///
    ///     #[derive(Model)]
    ///     pub struct Person {
    ///         pub id: i64,
    ///         pub passport: HasOne<Passport>,
    ///     }
    ///
    ///     #[derive(Model)]
    ///     pub struct Passport {
    ///         pub id: i64,
    ///         pub person: OneToOne<Person>,
    ///     }
    /// }
    /// use people::{Passport, Person};
    /// # orm::migrate::create_tables(&db, &[people::people()]).await?;
    ///
    /// let (ada, bob) = (Person::draft().create(&db).await?, Person::draft().create(&db).await?);
    /// Passport::draft().person(&ada).create(&db).await?;
    /// let people = Person::objects().select_related(|p| p.passport).order_by(|p| p.id.asc()).all(&db).await?;
    /// assert_eq!(people[0].passport.get()?.unwrap().person.key(), &ada.id);
    /// assert!(people[1].passport.get()?.is_none());
    /// # Ok(()) }
    /// ```
    pub fn get(&self) -> Result<Option<&M>> {
        match self.rows.rows() {
            Some(row) => Ok(row.get::<Option<M>>().and_then(Option::as_ref).or_else(|| row.get::<M>())),
            None => Err(self.rows.not_loaded::<M>(false)),
        }
    }
}

fn loaded_rows<M: Model>(rows: &Held) -> Result<&[M]> {
    let loaded = rows.rows().and_then(|rows| rows.get::<Vec<M>>());
    loaded.map(Vec::as_slice).ok_or_else(|| rows.not_loaded::<M>(false))
}
