//! Typed models, querysets and migrations on Diesel: Django's model layer for Rust.
//!
//! The tour below follows a small library from its models to its transactions. Every example is run as a test.
//!
//! # Models
//!
//! A model is a struct with [`#[derive(Model)]`](derive@Model). What a field is follows from its type: a column
//! ([`FieldType`]), or a relation ([`ForeignKey`], [`OneToOne`], [`HasMany`], [`HasOne`], [`ManyToMany`]); `Option` makes it
//! nullable. An application lists its models by [`app!`], which also makes a function of its name.
//!
//! ```
//! use orm::prelude::*;
//!
//! orm::app! { pub library { Author, Book, Tag } }
//!
//! #[derive(Model, Debug, Clone)]
//! #[model(ordering(name))]
//! pub struct Author {
//!     pub id: i64, // the key, given by the database
//!     #[field(max_length = 100)]
//!     pub name: String,
//!     pub born: Option<NaiveDate>,
//!     #[field(via = author)] // of the two keys to an author
//!     pub books: HasMany<Book>,
//! }
//!
//! #[derive(Model, Debug, Clone)]
//! #[model(unique(author, title), check("price_not_negative", |b| b.price.gte(0)))]
//! pub struct Book {
//!     pub id: i64,
//!     #[field(max_length = 200, help = "as printed on the cover")]
//!     pub title: String,
//!     #[field(max_digits = 8, decimal_places = 2)]
//!     pub price: Decimal,
//!     #[field(default = true)]
//!     pub active: bool,
//!     #[field(auto_now_add)]
//!     pub created: DateTime<Utc>,
//!     #[field(on_delete = cascade)]
//!     pub author: ForeignKey<Author>,
//!     pub editor: Option<ForeignKey<Author>>,
//!     pub tags: ManyToMany<Tag>,
//! }
//!
//! #[derive(Model, Debug, Clone)]
//! pub struct Tag {
//!     pub id: i64,
//!     #[field(max_length = 50, unique)]
//!     pub slug: String,
//! }
//!
//! assert_eq!(Book::meta().table, "library_book");
//! ```
//!
//! # A database
//!
//! [`Database::connect`] takes a URL: `sqlite://file.db`, `sqlite::memory:`, `postgres://..` or `mysql://..`; the back ends are
//! cargo features. Tables come from migrations: `Project::new().app(library()).manage()` gives a program the commands
//! `makemigrations` and `migrate` ([`Project`]), and [`migrate::migrate`] runs them from code. For tests
//! [`migrate::create_tables`] makes the tables of models as they are.
//!
//! ```
//! # use library::library;
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
//! let db = orm::Database::connect("sqlite::memory:").await?;
//! orm::migrate::create_tables(&db, &[library()]).await?;
//! # Ok(()) }
//! ```
//!
//! # Rows
//!
//! A row that does not exist yet is a draft; one whose required fields are not all set does not compile.
//! [`create`](write::Draft::create) gives the row as it is stored. There are also
//! [`bulk_create`](QuerySet::bulk_create), [`get_or_create`](write::Draft::get_or_create) and
//! [`upsert`](write::Draft::upsert).
//!
//! ```
//! # use library::*;
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
//! # let db = filled().await?;
//! let uk = Country::objects().filter(|c| c.code.eq("UK")).get(&db).await?;
//! let mary = Author::draft().name("Mary Somerville").country(&uk).create(&db).await?;
//! let book = Book::draft().title("Mechanism of the Heavens").price(12).author(&mary).create(&db).await?;
//! assert_eq!((book.active, book.price.to_string().as_str()), (true, "12.00"));
//! # Ok(()) }
//! ```
//!
//! # Queries
//!
//! [`Model::objects`] begins a [`QuerySet`]; closures over the fields' handles narrow and order it; nothing runs before it is
//! awaited. Lookups and functions are the methods of [`Expression`]; conditions are combined by `&`, `|` and `!`, and are values
//! too ([`Q`]). A path goes on along relations, and a relation to many rows is a set ([`ToMany`]), which never multiplies rows.
//!
//! ```
//! # use library::*;
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
//! # let db = filled().await?;
//! let books = Book::objects()
//!     .filter(|b| b.title.icontains("o") & b.author.country.code.eq("UK"))
//!     .exclude(|b| b.price.gt(50))
//!     .order_by(|b| (b.published.desc(), b.title.asc()))
//!     .select_related(|b| (b.author, b.editor))
//!     .limit(10)
//!     .all(&db)
//!     .await?;
//! assert_eq!(books[0].author.get()?.name, "Ada Lovelace");
//!
//! let with_dear_books = Author::objects().filter(|a| a.books.any(|b| b.price.gt(20) & b.active));
//! assert_eq!(with_dear_books.get(&db).await?.name, "Grace Hopper");
//! # Ok(()) }
//! ```
//!
//! # Values, aggregates and groups
//!
//! [`annotate`](QuerySet::annotate) puts computed values beside each row, [`values`](QuerySet::values) takes some instead of the
//! row, [`aggregate`](QuerySet::aggregate) computes over all rows, and [`group_by`](QuerySet::group_by) per group. A filter after
//! it is SQL's HAVING.
//!
//! ```
//! # use library::*;
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
//! # let db = filled().await?;
//! let busy: Vec<(Author, i64, Option<Decimal>)> = Author::objects()
//!     .annotate(|a| (a.books.count(), a.books.avg(|b| b.price)))
//!     .filter(|(_, n, _)| n.gte(2))
//!     .all(&db)
//!     .await?;
//! assert_eq!(busy.len(), 2);
//!
//! let views = Book::objects().group_by(|b| b.author.name).annotate(|b| (count(), b.views.sum()));
//! let views = views.filter(|(_, n, _)| n.gt(1)).order_by(|(name, _, _)| name.asc()).all(&db).await?;
//! assert_eq!(views[1], ("Grace Hopper".to_owned(), 2, Some(30)));
//!
//! let (dearest, n) = Book::objects().aggregate(|b| (b.price.max(), count())).get(&db).await?;
//! assert_eq!((dearest, n), (Some(Decimal::from(40)), 4));
//! # Ok(()) }
//! ```
//!
//! # Related rows
//!
//! Nothing is queried behind one's back: related rows are there when [`select_related`](QuerySet::select_related) joined them, or
//! [`prefetch`](QuerySet::prefetch) loaded them by one more query per relation; else `get` says what to add.
//!
//! ```
//! # use library::*;
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
//! # let db = filled().await?;
//! let authors = Author::objects()
//!     .prefetch(|a| a.books.filter(|b| b.active).order_by(|b| b.title.asc()).prefetch(|b| b.tags))
//!     .all(&db)
//!     .await?;
//! let notes = &authors[0].books.get()?[0];
//! assert_eq!((notes.title.as_str(), notes.tags.get()?.len()), ("Notes", 2));
//! # Ok(()) }
//! ```
//!
//! # Changes
//!
//! [`edit`](Model::edit) changes one row and writes what differs; [`update`](QuerySet::update) changes every row of a query, by
//! values or expressions; [`delete`](QuerySet::delete) does with the rows that point there what their `on_delete` says.
//!
//! ```
//! # use library::*;
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
//! # let db = filled().await?;
//! let mut book = Book::get(1, &db).await?.edit();
//! book.title = "Notes on the Analytical Engine".into();
//! let book = book.save(&db).await?;
//!
//! let changed = Book::objects().filter(|b| b.active).update(|b| b.views.set(b.views + 1), &db).await?;
//! assert_eq!(changed, 3);
//!
//! let gone = book.delete(&db).await?;
//! assert_eq!(gone.per_model["library.Book"], 1);
//! # Ok(()) }
//! ```
//!
//! # Transactions
//!
//! [`Database::transaction`] commits when its closure returns `Ok`, and rolls back otherwise. Everything that takes `&db` takes
//! `tx` as well.
//!
//! ```
//! # use library::*;
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
//! # let db = filled().await?;
//! let refused = db
//!     .transaction(async |tx| {
//!         Tag::draft().slug("logic").name("Logic").create(tx).await?;
//!         Tag::draft().slug("code").name("Code").create(tx).await // there is one already
//!     })
//!     .await;
//! assert_eq!(refused.unwrap_err().fields(), ["slug"]);
//! assert!(!Tag::objects().filter(|t| t.slug.eq("logic")).exists(&db).await?);
//! # Ok(()) }
//! ```
//!
//! # Further
//!
//! SQL of one's own goes into queries by [`sql`] and stands alone by [`raw`]. [`QuerySet::to_sql`] shows what a query says
//! without a connection. [`QueryLog`] counts what runs. Every [`Error`] has a stable [`Code`] and often a hint.

#[cfg(feature = "cli")]
mod cli;
mod compile;
mod db;
mod dialect;
mod error;
mod field;
pub mod migrate;
pub mod model;
mod query;
mod resolve;
mod statement;
pub mod tree;
mod value;
pub mod write;

#[cfg(feature = "cli")]
pub use cli::{Command, CommandFuture, Context, Project};
pub use db::{
    Access, Cell, Connection, Database, DatabaseBuilder, Each, Executor, Isolation, LoggedQuery, Operation, PoolStatus,
    QueryLog, RetryingTransaction, Row, Savepoint, Transaction, TransactionBuilder, truncated,
};
pub use dialect::{Capabilities, Dialect};
pub use error::{Code, Error, ErrorKind, Result};
pub use field::{
    At, Choices, Field, FieldType, ForeignKey, HasMany, HasOne, InScope, IntoKey, Json, ManyToMany, NotNull, Null,
    Nullable, OneToOne, Opt, Plain, Scope, SelectedValue, Set, Sub, ToMany, ToOne, Within, family,
};
pub use model::{App, Key, Model, ModelPart, OnDelete};
/// ```
/// mod shop {
///     use orm::prelude::*;
///     orm::app! { pub shop { Item } }
///
///     #[derive(Model)]
///     pub struct Item {
///         pub id: i64,
///     }
/// }
/// let shop: orm::App = shop::shop();
/// assert_eq!(shop.models().next().unwrap().table, "shop_item");
/// ```
///
pub use orm_derive::app;
/// ```
/// use orm::FieldType;
///
/// #[derive(FieldType, Debug, Clone, PartialEq)]
/// struct Email(String);
///
/// assert_eq!(Email("a@b".into()).to_value()?, orm::Value::Text("a@b".into()));
/// # Ok::<(), orm::Error>(())
/// ```
///
pub use orm_derive::FieldType;
pub use orm_derive::{Choices, Model, ModelPart};
pub use query::{
    Append, Case, Cursor, CursorPage, Ex, Expression, Grouped, InSet, IntoQ, Now, Operand, OptionalExt, OrderBy,
    OrderKeys, Page, PrefetchSelection, Q, QuerySet, Raw, RelatedSelection, RelationRows, Row as QueryRow, RowStream,
    Selectable, Selection, StartsWith, case, count, now, prefetch_all, raw, sql, value,
};
pub use statement::Statement;
pub use value::{Kind, Value};
pub use write::{Assign, Deleted, Edit, Many, Pending, clock_time, set_clock};

/// What the macros' output uses; not for people.
#[doc(hidden)]
pub mod __private {
    pub use migrations_engine as engine;

    pub use crate::field::{At, Joins, Loaded, NotNull, Nullable, Opt, Own, PathNode, Plain, family};
    pub use crate::field::{
        ChoiceOf, Choices, choice_label, parse_choice, parse_number_choice, plain_kind, read_choice,
        read_number_choice, unknown_choice, write_choice, write_number_choice,
    };
    pub use crate::model::*;
    pub use crate::query::{AnyRow, AnyRows, Prefetch, Related, RowOps, read_related};
    use crate::query::{IntoQ, OrderKeys};
    pub use crate::tree::{Expr, ModelRef, Order, Select};
    pub use crate::write::{
        Draft, DraftRow, Filled, IntoDraftRow, IntoField, Missing, NullableKey, UniqueKey, default_value,
    };
    pub use crate::{Cell, Code, Error, FieldType, Kind, Null, Result, Scope, Value};

    fn own<M: Model>() -> M::Fields<Own<M>> {
        M::fields_at(PathNode::root(M::meta(), 0))
    }

    /// The condition of a check, a partial index or a conditional key.
    pub fn condition<M: Model, C, Q>(condition: C) -> Expr
    where
        C: FnOnce(M::Fields<Own<M>>) -> Q,
        Q: IntoQ<M>,
    {
        condition(own::<M>()).into_q().into_expr()
    }

    /// The keys of an index over fields.
    pub fn field_keys<M: Model>(keys: &[OrderKey]) -> Vec<Order> {
        let meta = M::meta();
        let path = PathNode::root(meta, 0).path();
        let columns = keys
            .iter()
            .flat_map(|key| meta.fields[usize::from(key.field)].columns().map(move |column| (column, key.descending)));
        columns
            .map(|(column, descending)| Order {
                expr: Expr::Column { path: path.clone(), model: ModelRef::Static(meta), column },
                descending,
                nulls_first: None,
            })
            .collect()
    }

    /// The keys of an index.
    pub fn index_keys<M: Model, C, K>(keys: C) -> Vec<Order>
    where
        C: FnOnce(M::Fields<Own<M>>) -> K,
        K: OrderKeys<M>,
    {
        let mut order = Vec::new();
        keys(own::<M>()).add_to(&mut order);
        order
    }
}

/// Everything that models and queries need.
pub mod prelude {
    pub use crate::write::Draft as _;
    pub use crate::{
        Choices, Database, Executor, Expression, ForeignKey, HasMany, HasOne, Json, ManyToMany, Model, ModelPart,
        OnDelete, OneToOne, OptionalExt, Q, QuerySet, Scope, case, count, now,
    };
    pub use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
    pub use rust_decimal::Decimal;
    pub use uuid::Uuid;
}
