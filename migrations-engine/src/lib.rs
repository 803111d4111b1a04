//! Schema state, operations, plans and migration files: the engine under `orm`'s migrations.
//!
//! It knows what a schema is, how two differ, how the difference is written to files, and which SQL
//! carries it out on SQLite, PostgreSQL, MariaDB and MySQL. It never hears of models' Rust types,
//! rows or querysets, and opens no connection itself.
//!
//! ```text
//! Schema --diff--> operations --split--> Migration (file) --plan--> statements --Executor--> database
//!    ^                                                |
//!    +------------------- replay ---------------------+
//! ```
//!
//! The whole loop: a schema, its first migration, the SQL for it, a file, and a change that asks.
//!
//! ```
//! use migrations_engine::diff::{Answers, Refuse};
//! use migrations_engine::plan::script;
//! use migrations_engine::schema::{ColumnType, Field, Model, OnDelete};
//! use migrations_engine::{Dialect, Direction, MigrationSet, Schema, autodetect};
//!
//! // What the models say.
//! let mut models = Schema::default();
//! models.insert(Model::new("library", "Author")
//!     .with(Field::auto_id())
//!     .with(Field::new("name", ColumnType::Char { max_length: 100 })));
//! models.insert(Model::new("library", "Book")
//!     .with(Field::auto_id())
//!     .with(Field::new("title", ColumnType::Char { max_length: 200 }))
//!     .with(Field::foreign_key("author", "library.Author".parse()?, OnDelete::Restrict)));
//!
//! // Nothing is migrated yet: the first migration makes everything.
//! let mut set = MigrationSet::default();
//! let new = autodetect(&set, &models, &mut Refuse)?;
//! assert_eq!(new[0].id.to_string(), "library.0001_initial");
//!
//! // What it does, without a connection.
//! let before = Schema::default();
//! let sql = script(Dialect::Sqlite, &before, &new[0], Direction::Forward)?;
//! assert!(sql.contains("CREATE TABLE \"library_author\" (\"id\" integer NOT NULL PRIMARY KEY AUTOINCREMENT"));
//!
//! // Its file, and back.
//! let text = new[0].to_toml()?;
//! set = MigrationSet::from_embedded(&[("library/0001_initial.toml", text.as_str())])?;
//! assert_eq!(set.state()?, models);
//! assert!(autodetect(&set, &models, &mut Refuse)?.is_empty());
//!
//! // A change that existing rows have an opinion about.
//! let book = models.models.get_mut(&"library.Book".parse()?).unwrap();
//! book.fields.push(Field::new("language", ColumnType::Char { max_length: 2 }));
//! let question = autodetect(&set, &models, &mut Refuse).unwrap_err();
//! assert_eq!(question.code(), "M022");
//! let mut answers = Answers::new();
//! answers.default("library.Book.language=en")?;
//! let new = autodetect(&set, &models, &mut answers)?;
//! assert_eq!(new[0].id.name, "0002_book_language");
//! # Ok::<(), migrations_engine::Error>(())
//! ```
//!
//! To run migrations, give [`execute::Executor`] a connection that implements [`execute::Connection`].
//!
//! Names in the database follow one rule, [`naming`]; types are stored as
//! [`Dialect::column_type`] says; what a database can do is in [`Capabilities`]; every error has a
//! code, listed in [`Code`].

pub mod condition;
pub mod diff;
mod error;
pub mod execute;
mod file;
mod graph;
pub mod introspect;
pub mod lint;
mod migration;
pub mod naming;
pub mod operation;
pub mod plan;
pub mod schema;
mod sql;
mod squash;

pub use diff::{autodetect, diff};
pub use error::{BoxError, Code, Error, ErrorKind, Result};
pub use graph::{Direction, MigrationSet, States, Target};
pub use migration::{Migration, MigrationId};
pub use operation::Operation;
pub use plan::{plan, plan_migration};
pub use schema::Schema;
pub use sql::{AlterStyle, Capabilities, CommentStyle, Dialect};
