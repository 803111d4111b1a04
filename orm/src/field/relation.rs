//! Relations as they stand in structs: a key or nothing, and the related rows once they are loaded.

use super::{Held, Loaded, NotNull, Nullable, Opt, PathNode, Scope, ToMany, ToOne, related_key::RelatedKey};
use crate::{
    Executor, Result,
    model::{Far, Key, Model, ModelField, Reader, RelationKind, Shape, Target, Writer},
    write::{NoKey, NullableKey, UniqueKey},
};
use std::{fmt, marker::PhantomData, panic::Location};

macro_rules! to_one {
    ($(#[doc = $doc:literal])+ $name:ident, $kind:ident, $alone:ident, $maybe:ident) => {
        $(#[doc = $doc])+
        pub struct $name<K> {
            key: RelatedKey,
            row: Held,
            _target: PhantomData<fn() -> K>,
        }

        impl<K: Target> $name<K> {
            /// A relation to the row of this key, or of this value of the unique field; whether it exists is for the database to say.
            ///
            /// ```
            /// # use library::*;
            /// let author = ForeignKey::<Author>::to(2);
            /// assert_eq!(*author.key(), 2);
            /// ```
            pub fn to(key: K::Key) -> Self {
                $name::held(key, Held::nothing())
            }

            fn held(key: K::Key, row: Held) -> Self {
                $name { key: RelatedKey::new(key), row, _target: PhantomData }
            }

            /// The key of the related row, or what its unique field holds.
            ///
            /// ```
            /// # use library::*;
            /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
            /// # let db = filled().await?;
            /// let book = Book::get(2, &db).await?;
            /// assert_eq!((*book.author.key(), book.editor.map(|editor| *editor.key())), (2, Some(1)));
            /// # Ok(()) }
            /// ```
            pub fn key(&self) -> &K::Key {
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
            /// [`Code::NotLoaded`](crate::Code::NotLoaded) when no `select_related` or `prefetch` loaded it: nothing is queried behind one's back.
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
            pub fn get(&self) -> Result<&K::Model> {
                self.row.rows().and_then(Loaded::get).ok_or_else(|| self.row.no_row::<K::Model>(self.key()))
            }

            /// Loads the related row, whether or not it is loaded already.
            ///
            /// In a loop over the rows of a query, `select_related` in that query loads them all with it; builds with debug
            /// assertions warn of such loops, by `tracing`.
            ///
            /// # Errors
            /// [`Code::NotFound`](crate::Code::NotFound) when there is no such row.
            ///
            /// ```
            /// # use library::*;
            /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
            /// # let db = filled().await?;
            /// let book = Book::get(1, &db).await?;
            /// assert_eq!(book.author.fetch(&db).await?.name, "Ada Lovelace");
            /// # Ok(()) }
            /// ```
            #[track_caller]
            pub fn fetch<E: Executor>(&self, ex: &E) -> impl Future<Output = Result<K::Model>> + Send {
                self.row.asked_for(true, Location::caller());
                K::fetch(self.key().clone(), ex)
            }
        }

        impl<K> Clone for $name<K> {
            fn clone(&self) -> Self {
                $name { key: self.key.clone(), row: self.row.clone(), _target: PhantomData }
            }
        }

        impl<K: Target> fmt::Debug for $name<K>
        where
            K::Key: fmt::Debug,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", K::Model::meta().name, self.key())
            }
        }

        impl<K: Target> PartialEq for $name<K> {
            fn eq(&self, other: &Self) -> bool {
                self.key() == other.key()
            }
        }

        impl<K: Target> Eq for $name<K> {}

        impl<M: Model, K: Target<Model = M>> From<&M> for $name<K> {
            fn from(row: &M) -> Self {
                $name::to(K::key_of(row))
            }
        }

        impl<K: Target> ModelField for $name<K> {
            type Nullness = NotNull;
            type Target = K::Model;
            type Handle<S: Scope> = ToOne<S, S, K>;
            type Alone<M: Model> = $alone<M>;
            const SHAPE: Shape = Shape::Relation(RelationKind::$kind { nullable: false, key: K::SHAPE }, K::Model::meta);
            const COLUMNS: u16 = <K::Key as Key>::KINDS.len() as u16;

            fn handle<S: Scope>(at: &'static PathNode, field: u16, _column: u16) -> ToOne<S, S, K> {
                ToOne::new(at, field)
            }

            fn read(row: &mut Reader<'_, '_>) -> Result<Self> {
                let held = Held::unread(row);
                Ok($name::held(K::Key::read(row)?, held))
            }

            fn write(&self, out: &mut Writer) -> Result<()> {
                self.key().write(out)
            }

            fn attach(&mut self, row: Loaded) {
                self.row = Held::of(row);
            }

            fn held(&self) -> Option<&Held> {
                Some(&self.row)
            }
        }

        impl<K: Target> ModelField for Option<$name<K>> {
            type Nullness = Nullable;
            type Target = K::Model;
            type Handle<S: Scope> = ToOne<S, Opt<S>, K>;
            type Alone<M: Model> = $maybe<M>;
            const SHAPE: Shape = Shape::Relation(RelationKind::$kind { nullable: true, key: K::SHAPE }, K::Model::meta);
            const COLUMNS: u16 = <K::Key as Key>::KINDS.len() as u16;

            fn handle<S: Scope>(at: &'static PathNode, field: u16, _column: u16) -> ToOne<S, Opt<S>, K> {
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
                        <K::Key as Key>::KINDS.iter().for_each(|&kind| out.push(crate::Value::Null(kind)));
                        Ok(())
                    }
                }
            }

            fn attach(&mut self, row: Loaded) {
                if let Some(relation) = self {
                    relation.row = Held::of(row);
                }
            }

            fn held(&self) -> Option<&Held> {
                self.as_ref().map(|relation| &relation.row)
            }
        }
    };
}

to_one! {
    /// A relation to one row of another model, many of which may point to the same: a column with its key, or, where it leads to a
    /// [unique field](crate::Target) of the model, with what that holds.
    ForeignKey, ForeignKey, NoKey, NoKey
}
to_one! {
    /// A relation to one row of another model, to which no other points: a unique column with its key, or, where it leads to a
    /// [unique field](crate::Target) of the model, with what that holds.
    OneToOne, OneToOne, UniqueKey, NullableKey
}

macro_rules! to_many {
    ($(#[doc = $doc:literal])+ $name:ident, $kind:expr, $handle:ident, $many:literal, $one:literal) => {
        $(#[doc = $doc])+
        pub struct $name<M> {
            rows: Held,
            _model: PhantomData<fn() -> M>,
        }

        impl<M> Default for $name<M> {
            fn default() -> Self {
                $name { rows: Held::nothing(), _model: PhantomData }
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
            type Alone<O: Model> = NoKey<O>;
            const SHAPE: Shape = Shape::Relation($kind, M::meta);
            const COLUMNS: u16 = 0;
            const FAR: Option<Far> =
                Some(Far { model: M::KEY.model, fields: M::FIELDS, many_to_many: $many, one: $one });

            fn handle<S: Scope>(at: &'static PathNode, field: u16, _column: u16) -> $handle<S, M> {
                $handle::new(at, field)
            }

            fn read(row: &mut Reader<'_, '_>) -> Result<Self> {
                Ok($name { rows: Held::unread(row), _model: PhantomData })
            }

            fn write(&self, _out: &mut Writer) -> Result<()> {
                Ok(())
            }

            fn attach(&mut self, rows: Loaded) {
                self.rows = Held::of(rows);
            }

            fn held(&self) -> Option<&Held> {
                Some(&self.rows)
            }
        }
    };
}

type ReverseOne<S, M> = ToOne<S, Opt<S>, M>;

to_many! {
    /// The rows of another model that point here by a foreign key, which may be generic: no column.
    HasMany, RelationKind::HasMany, ToMany, false, false
}
to_many! {
    /// The row of another model that points here by a one-to-one: no column.
    HasOne, RelationKind::HasOne, ReverseOne, false, true
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
    ManyToMany, RelationKind::ManyToMany { to: M::KEY.model }, ToMany, true, false
}

impl<M: Model> HasMany<M> {
    /// The related rows.
    ///
    /// # Errors
    /// [`Code::NotLoaded`](crate::Code::NotLoaded) when no `prefetch` loaded them.
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
    /// [`Code::NotLoaded`](crate::Code::NotLoaded) when no `prefetch` loaded them.
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
    /// [`Code::NotLoaded`](crate::Code::NotLoaded) when no `select_related` or `prefetch` looked for it.
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
