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
//! Values that come from outside, as JSON or as pairs of text, make a draft or change an edit as well
//! ([`Model::draft_from`], [`Edit::apply`]): checked as a whole, so that every mistake is reported at once, as data
//! ([`Error::validation`]).
//!
//! ```
//! # use library::*;
//! let error = Book::draft_from([("title", "Rust"), ("price", "9.999")]).err().unwrap();
//! let mistakes: Vec<(&str, &str)> =
//!     error.validation().iter().map(|it| (it.field.as_deref().unwrap_or(""), it.code.as_str())).collect();
//! assert_eq!(mistakes, [("price", "value.inexact_decimal"), ("author", "value.missing")]);
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
//! A model of another crate may point to one that knows nothing of it. From there its rows are named by their type:
//! [`b.reverse::<Review>()`](Reverse::reverse) is a set like that of a `HasMany`, and [`all_with`](QuerySet::all_with) loads them
//! beside each row.
//!
//! ```
//! # use library::*;
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
//! # let db = filled().await?;
//! // `Country` has no field for its authors.
//! let countries: Vec<(Country, Vec<Author>)> = Country::objects()
//!     .filter(|c| c.reverse::<Author>().any(|a| a.born.is_null()))
//!     .all_with(|c| c.reverse::<Author>(), &db)
//!     .await?;
//! assert_eq!((countries[0].0.code.as_str(), countries[0].1.len()), ("UK", 2));
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
//! Arrays, ranges, full text search and what else PostgreSQL alone has is in [`postgres`].
//!
//! What comes from outside, such as a filter in a query string or a report that somebody put together, is a query by name:
//! [`dynamic`] checks it against the models and gives untyped rows, or narrows a typed query.
//!
//! SQL of one's own goes into queries by [`sql`] and stands alone by [`raw`]. [`QuerySet::to_sql`] shows what a query says
//! without a connection. [`QueryLog`] counts what runs. Every [`Error`] has a stable [`Code`] and often a hint.

mod blocking;
#[cfg(feature = "cli")]
mod cli;
mod compile;
mod db;
mod derives;
mod dialect;
pub mod dynamic;
mod error;
mod field;
pub mod files;
mod finding;
pub mod fixtures;
pub mod migrate;
pub mod model;
mod nearest;
pub mod postgres;
mod query;
mod resolve;
mod statement;
pub mod testing;
pub mod tree;
mod validation;
mod value;
pub mod write;

pub use blocking::block_on;
#[cfg(feature = "cli")]
pub use cli::{Command, CommandFuture, Context, Project};
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub use db::AfterCommit;
#[cfg(feature = "mysql")]
pub use db::on_mysql;
#[cfg(feature = "postgres")]
pub use db::on_postgres;
#[cfg(feature = "sqlite")]
pub use db::on_sqlite;
pub use db::{
    Access, Cell, Connection, Database, DatabaseBuilder, Each, Executor, Isolation, LoggedQuery, Operation, PoolStatus,
    QueryLog, ReplicaStatus, RetryingTransaction, Row, Savepoint, Transaction, TransactionBuilder, truncated,
};
pub use dialect::{Capabilities, Dialect};
pub use error::{Code, Error, ErrorKind, Result};
pub use field::{
    AnnotatedSet, At, Choices, Field, FieldType, ForeignKey, GenericForeignKey, Handles, HasMany, HasOne, InScope,
    IntoKey, IntoPart, JoinedRows, Json, KeyFrom, LeadsTo, ManyToMany, NamesAny, NamesRow, NamesRows, NotNull, Null,
    Nullable, OneToOne, Opt, Pk, PkOrder, Plain, PointsTo, Reverse, Reversed, Scope, SelectedValue, Set, Settable, Sub,
    ToAny, ToMany, ToOne, Within, family,
};
pub use finding::{Finding, Level, SystemCheck};
pub use migrate::Frozen;
pub use model::{App, GenericKey, GenericTarget, Key, Model, ModelPart, OnDelete, Target};
pub use query::{
    Agg, AggregateExpression, AggregateOf, Append, BesideRows, Both, Branch, Case, Cast, Characters, Cursor,
    CursorPage, DateExpression, DateUnit, Ex, Explain, Exponent, Expression, FrameBounds, Grouped, HashExpression,
    InSet, IntoQ, JsonEntries, JsonExpression, JsonPart, JsonParts, Literal, ManyRows, Now, NullOnlyAs,
    NumberExpression, OfType, Operand, OptionalExt, OrderBy, OrderKeys, Page, Plan, PrefetchSelection, Q, QuerySet,
    Raw, RelatedSelection, RelationRows, Row as QueryRow, RowOf, RowStream, Selectable, Selection, SetOf, StartsWith,
    TextExpression, TimeUnit, TruncTo, Window, WindowExpression, WindowFunction, Zone, case, count, cume_dist,
    dense_rank, json_array, json_object, now, ntile, percent_rank, prefetch_all, random, rank, raw, row_number, sql,
    value, window,
};
pub use statement::Statement;
pub use validation::ValidationError;
pub use value::{Kind, List, Untyped, Value};
pub(crate) use value::{PgKind, PgValue, Range, Values};
pub use write::{
    Assign, Change, Child, Deleted, Edit, Hooks, Input, LinkHooks, Links, Many, Pending, Refusal, clock_time, set_clock,
};

/// Makes a struct a model: a table with a column for each field.
///
/// ```
/// use orm::prelude::*;
///
/// orm::app! { pub library { Author, Book } }
///
/// /// Who wrote it.
/// #[derive(Model, Debug, Clone)]
/// #[model(ordering(name))]
/// pub struct Author {
///     pub id: i64,
///     #[field(max_length = 100)]
///     pub name: String,
///     pub books: HasMany<Book>,
/// }
///
/// #[derive(Model, Debug, Clone)]
/// #[model(
///     unique(author, title),
///     index(|b| b.published.desc(), condition = |b| b.active.eq(true)),
///     check("price_not_negative", |b| b.price.gte(0)),
/// )]
/// pub struct Book {
///     pub id: i64,
///     #[field(max_length = 200, help = "as printed on the cover")]
///     pub title: String,
///     #[field(max_digits = 8, decimal_places = 2)]
///     pub price: Decimal,
///     #[field(default = true)]
///     pub active: bool,
///     pub published: Option<NaiveDate>,
///     #[field(on_delete = cascade)]
///     pub author: ForeignKey<Author>,
/// }
///
/// assert_eq!(Book::meta().table, "library_book");
/// let dear = Book::objects().filter(|b| b.price.gt(50) & b.author.name.eq("Ada"));
/// assert!(dear.to_sql(orm::Dialect::Sqlite)?.contains("JOIN"));
/// # Ok::<(), orm::Error>(())
/// ```
///
/// # What a field is
/// Its type says it, through traits: aliases, newtypes and types of your own work like any other.
///
/// | type | field |
/// |---|---|
/// | `bool`, `i16`, `i32`, `i64`, `f32`, `f64`, `String`, `Decimal`, `NaiveDate`, `NaiveTime`, `NaiveDateTime`, `DateTime<Utc>`, `TimeDelta`, `Uuid`, `IpAddr`, `Vec<u8>`, `serde_json::Value`, [`Json<T>`](crate::Json) | a column |
/// | `u16`, `u32`, `u64` | a column that is never negative |
/// | an enum with [`Choices`](derive@crate::Choices), a newtype with [`FieldType`](derive@crate::FieldType) | a column |
/// | `Vec<T>` of these, and the types of [`postgres`] | a column, on PostgreSQL only |
/// | [`StoredFile`](crate::files::StoredFile) | the path of a file: see [`files`] |
/// | `Option<T>` of these | the same, or NULL; drafts need not set it |
/// | [`ForeignKey<M>`](crate::ForeignKey), [`OneToOne<M>`](crate::OneToOne), and `Option` of them | a column with the key of another row: `author_id` |
/// | `ForeignKey<CountryByCode>`, `OneToOne<CountryByCode>` | the same, with what the unique field `code` of a `Country` holds: see [`Target`] |
/// | [`GenericForeignKey`], and `Option` of it | two columns with the label of a model and the key of one of its rows |
/// | [`HasMany<M>`](crate::HasMany), [`HasOne<M>`](crate::HasOne) | the reverse side of one; no column |
/// | [`ManyToMany<M>`](crate::ManyToMany) | rows of another model, through a table between; no column |
/// | a struct with [`ModelPart`](derive@crate::ModelPart), with `#[field(flatten)]` | columns that several models share |
///
/// A field `id` is the primary key: an automatic number (`i16`, `i32`, `i64`) or a fresh `Uuid` (version 7), unless another
/// field says `primary_key`. Doc comments are the help texts.
///
/// # `#[field(..)]`
///
/// | option | meaning |
/// |---|---|
/// | `primary_key` | the key; on several fields, their tuple in the order of the struct. Also on a `ForeignKey` or `OneToOne` |
/// | `primary_key, auto` | an automatic key that is not called `id` |
/// | `column = ".."` | the column's name; otherwise the field's, with `_id` for relations |
/// | `columns("order_id", "line")` | the columns' names of a foreign key to a key of several fields, in its order; otherwise `<field>_<column>` |
/// | `unique` | a unique key of this field; also named in upserts: `t.slug` |
/// | `index`, `index = false` | an index; foreign keys have one by themselves |
/// | `max_length = 100` | of text, in characters. Without it text is unlimited; an enum knows its own |
/// | `min_length = 2` | of text, in characters: a shorter one is refused before it is written |
/// | `min = 18`, `max = 120` | of numbers, days, times and spans: others are refused before they are written |
/// | `email`, `url`, `slug`, `ip` | of text: what it is. At most 254, 200, 50 and 45 characters, unless `max_length` says otherwise |
/// | `pattern = ".."` | of text: a regular expression that is found in it |
/// | `message = ".."`, `code = ".."` | what is told where one of these rules is not met |
/// | `validate = function` | `fn(&T) -> Result<(), ValidationError>`, which looks at each value before it is written; see [`Change`] for rows |
/// | `validate_with = function` | the same as an `async fn` that may ask the database; see [`Refusal`] |
/// | `collation = "C"`, `collation(sqlite = "NOCASE", mysql = "utf8mb4_unicode_ci")` | of text: the rules by which it is compared and ordered, by the database's own name; without one text is compared exactly, as bytes or by PostgreSQL's own rules |
/// | `max_digits = 8, decimal_places = 2` | of a `Decimal`, which has to say both: at most 28 digits |
/// | `default = ..` | a value, a function or a closure: fills drafts in Rust, and existing rows in a migration |
/// | `db_default = ..` | a value, `now` or `sql("..")`: lives in the database |
/// | `generated = \|b\| b.price * b.stock` | the database computes it from its row: it is read, and never written. It is kept in the row; `stored = false` computes it whenever it is read |
/// | `auto_now` | the time of each save |
/// | `auto_now_add` | the time at which the row was made |
/// | `version` | an integer that begins at 1 and counts up with every change of the row: a row is saved and deleted only as it was read, and else [`Code::Stale`] |
/// | `db_constraint = false` | the database does not look after this foreign key |
/// | `on_delete = ..` | when the row pointed to is deleted: `restrict` (unless said otherwise; of a generic one `cascade`), `cascade`, `protect`, `set_null`, `set_default`, `do_nothing` |
/// | `via = author` | the foreign key that a reverse side stands for; needed where there are several, and where it is generic. On a `ManyToMany`, the one of the other model that this is the reverse side of: `via = tags` |
/// | `through = Membership` | the model between the sides of a many-to-many, instead of an automatic table |
/// | `through = Line, via = order, to = product` | the same, where the model between has several keys to a side: `via` names the one to this side, `to` the one to the other |
/// | `table = ".."` | the name of the automatic table of a many-to-many |
/// | `symmetrical` | of a many-to-many to the model itself: of two rows each is related to the other, or neither |
/// | `hooks = Type` | what is done around changes of a many-to-many; see [`LinkHooks`] |
/// | `primary_key, parent` | of a `OneToOne`: the row is one of the other model too, see [`Child`] |
/// | `flatten` | the field is a part: its columns stand among the model's |
/// | `help = ".."`, `verbose_name = ".."` | what people read; without a name it is the words of the field's |
/// | `choices_from = \|c\| c.active.eq(true)` | which rows a foreign key may lead to: for forms, and asked by `validated`; of a many-to-many, asked when links are made |
/// | `editable = false`, `widget = ".."` | for forms: whether people change it there, and by what; see [`Input`] |
/// | `comment = ".."` | kept in the database |
/// | `renamed_from = ".."` | the field's old name, for the next migration |
///
/// # `#[model(..)]`
///
/// | option | meaning |
/// |---|---|
/// | `table = ".."` | the table's name; otherwise `app_model` |
/// | `ordering(name, -published)`, `ordering(\|b\| (b.author.name.asc(), b.published.desc().nulls_last()))` | the order of row queries that name none |
/// | `unique(author, title)` | a unique key over several fields; in upserts `b.author_title`. With `name = ".."`, and `condition = \|b\| ..` for a partial one; on PostgreSQL also `deferrable = deferred` (or `immediate`), `nulls_equal`, `include(price)` |
/// | `unique(\|b\| b.title.lower().asc(), name = "..")` | a unique key over expressions |
/// | `index(author, -published)`, `index(\|b\| b.published.desc())` | an index over fields or over expressions; with `name = ".."`, `condition = \|b\| ..` for a partial one, and of PostgreSQL `method = "gin"` for another access method, `include(price)` for fields beside the keys, `opclass = ".."` for a class of operators |
/// | `check("name", \|b\| b.price.gte(0))` | what has to hold for every row. In the database the table's name stands before its own, unless it says `without_table` |
/// | `exclude("name", \|a, b\| a.room.eq(b.room) & a.nights.overlap(b.nights))` | what is never true of two different rows; PostgreSQL only. With `method = ".."` (`gist` unless said otherwise), `condition = \|b\| ..` for some of the rows, `deferrable = immediate` or `deferred`, and `without_table` |
/// | `validate = Book::validate` | `fn validate(book: &mut Change<Book>)`, which looks at each row before it is written: see [`Change`] |
/// | `filter = \|b\| b.deleted.is_null()` | the rows that count: `objects()`, `get`, the sets of relations and prefetched rows leave out the others, until `unfiltered()` is said. It is worked out for each query, so that it may ask who is asking |
/// | `hooks` | something is done around each write of a row: `impl Hooks for Book`, see [`Hooks`] |
/// | `comment = ".."`, `verbose_name = ".."`, `verbose_name_plural = ".."` | in the database; what people read |
/// | `permissions(publish = "may publish books")` | what somebody may be allowed beside `add`, `change`, `delete` and `view`: for those who ask |
/// | `managed = false` | migrations leave the table to others |
/// | `keyless` | the table has no key, or no field can hold it: other rows may have what the model says is the key of one. A row is saved or deleted only if none has, and what a query finds is written by a condition on the table's own columns alone: by keys (bulk updates, upserts, slices, conditions on related rows) it is [`Code::SharedKey`]. Streams do without keys; there are no pages by cursor |
/// | `renamed_from = ".."` | the model's old name, for the next migration; `"app.Model"` where it was in another application |
///
/// # What is written
/// Beside the implementation of [`Model`](trait@crate::Model): `BookFields<S>` with the handles of the fields, which closures
/// receive; `BookKeys` with the unique keys, for upserts; `BookDraft`, a row that does not exist yet, whose type says which
/// required fields are set; and for each unique field a type by which foreign keys lead to it, `BookByIsbn`.
pub use orm_derive::Model;

pub use derives::{Choices, FieldType, Frozen, ModelPart, Row};

/// Lists the models of an application, once, and writes a function of its name that gives the [`App`].
///
/// The label starts the names of the tables. A derived model that no application lists does not compile. Migrations of the
/// crate, `migrations/<label>/*.toml` beside its `Cargo.toml`, are built into the program, with the `migrations/index.toml` that
/// lists them; its change rebuilds.
///
/// ```
/// use orm::prelude::*;
///
/// orm::app! {
///     /// Books and who wrote them.
///     pub library { Book }
/// }
///
/// #[derive(Model)]
/// pub struct Book {
///     pub id: i64,
///     pub title: String,
/// }
///
/// assert_eq!(library().label(), "library");
/// assert_eq!(library().models().count(), 1);
/// ```
pub use orm_derive::app;

/// What the macros' output uses; not for people.
#[doc(hidden)]
pub mod __private {
    pub use migrations_engine as engine;

    pub use crate::field::{
        At, Computed, Handles, Held, Joins, KeyAt, Loaded, NotNull, Nullable, Opt, Own, PathNode, Placed, Plain,
        PointsTo, Settable, family,
    };
    pub use crate::field::{
        ChoiceOf, Choices, choice_label, parse_choice, parse_number_choice, plain_kind, read_choice,
        read_number_choice, unknown_choice, write_choice, write_number_choice,
    };
    pub use crate::migrate::{Frozen, FrozenField};
    pub use crate::model::*;
    pub use crate::query::{
        Alike, AnyRow, AnyRows, Filling, FillsField, Gives, PartOfRow, Prefetch, Related, Row as QueryRow, RowField,
        RowOf, RowOps, RowProbe, RowStruct, Selectable, Selection, gives, read_related, with,
    };
    pub use crate::tree::{Expr, ModelRef, Order, Select};
    pub use crate::value::PgKind;
    pub use crate::write::{
        AnyHooks, AnyLinkHooks, AnyParent, AskedFields, Child, Draft, DraftRow, DraftValue, FieldRule, Filled, HooksOf,
        IntoDraftRow, IntoField, IntoParent, IntoRelatedDraft, LinkHooksOf, Missing, NoKey, NullableKey, ParentOf,
        Proposed, Refusal, SetOrKeyTo, UniqueKey, asked_value, default_value, validated,
    };
    pub use crate::{
        Cell, Code, Error, FieldType, ForeignKey, IntoKey, Kind, Null, OneToOne, Result, Row, Scope, Value,
    };
    use crate::{
        Expression, OfType,
        query::{IntoQ, OrderKeys},
        write::FitsIn,
    };

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

    /// What an exclusion says of two rows.
    pub fn pair<M: Model, C, Q>(pair: C) -> Expr
    where
        C: FnOnce(M::Fields<Own<M>>, M::Fields<Own<M>>) -> Q,
        Q: IntoQ<M>,
    {
        pair(own::<M>(), M::fields_at(PathNode::root(M::meta(), 1))).into_q().into_expr()
    }

    /// What the database computes a field of the type `T` from.
    pub fn generated<M: Model, T: FieldType, C, V>(value: C) -> Expr
    where
        C: FnOnce(M::Fields<Own<M>>) -> V,
        V: Expression<Root = M>,
        <V::Value as FieldType>::Plain: OfType<T::Plain>,
        <V::Value as FieldType>::Nullness: FitsIn<T::Nullness>,
    {
        value(own::<M>()).into_expr()
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

    /// The ordering of a model.
    pub fn order_keys<M: Model, C, K>(keys: C) -> Vec<Order>
    where
        C: FnOnce(M::Fields<At<M>>) -> K,
        K: OrderKeys<M>,
    {
        let mut order = Vec::new();
        keys(M::fields()).add_to(&mut order);
        order
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
    #[cfg(feature = "cli")]
    pub use crate::Project;
    pub use crate::postgres::{
        ArrayExpression as _, HStoreExpression as _, ListExpression as _, RangeExpression as _, SearchExpression as _,
        SimilarExpression as _, StatisticsExpression as _,
    };
    pub use crate::write::Draft as _;
    pub use crate::{
        AggregateExpression as _, DateExpression as _, HashExpression as _, JsonExpression as _, NumberExpression as _,
        TextExpression as _, WindowExpression as _,
    };
    pub use crate::{
        Choices, Database, DateUnit, Executor, FieldType, ForeignKey, GenericForeignKey, HasMany, HasOne, Json,
        ManyToMany, Model, ModelPart, OnDelete, OneToOne, OptionalExt, Q, QuerySet, Scope, TimeUnit, Transaction, case,
        count, now,
    };
    // Without their names: those of Diesel's prelude are other ones.
    pub use crate::{Expression as _, Handles as _, Reverse as _};
    pub use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
    pub use orm_derive::Row;
    pub use rust_decimal::Decimal;
    pub use std::net::IpAddr;
    pub use uuid::Uuid;
}
