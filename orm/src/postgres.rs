//! What PostgreSQL alone has: the types of its columns, and what can be asked of them.
//!
//! Arrays are `Vec<T>`, with [`ArrayExpression`]; ranges are [`Range`], with [`RangeExpression`]; texts by keys are [`HStore`], with
//! [`HStoreExpression`]; documents are searched by [`SearchExpression`], also in [`SearchVector`] columns; texts that are alike are
//! found by [`SimilarExpression`]; [`ListExpression`] makes arrays of many rows. An enum of the database's own is an enum with
//! `#[derive(Choices)]` and `#[choices(db_type = "..")]`. All the methods come with the prelude.
//!
//! Other databases refuse them with [`Code::Unsupported`](crate::Code::Unsupported) before a statement runs, and migrations with `M044`.
//!
//! ```
//! use orm::{Dialect, postgres::{Range, SearchVector}, prelude::*};
//!
//! orm::app! { pub rental { Film } }
//!
//! /// As a database that was taken over calls its type.
//! #[derive(Choices, Debug, Clone, Copy, PartialEq)]
//! #[choices(db_type = "mpaa_rating")]
//! pub enum Rating {
//!     #[choice(value = "G")]
//!     All,
//!     #[choice(value = "PG-13")]
//!     From13,
//! }
//!
//! #[derive(Model)]
//! #[model(managed = false, table = "film")]
//! pub struct Film {
//!     pub id: i64,
//!     pub title: String,
//!     pub rating: Option<Rating>,
//!     pub special_features: Option<Vec<String>>,
//!     pub shown: Range<NaiveDate>,
//!     pub words: SearchVector,
//! }
//!
//! let films = Film::objects()
//!     .filter(|f| f.rating.is_in([Rating::All, Rating::From13]) & f.special_features.contains(["Trailers"]))
//!     .filter(|f| f.words.search("crocodile") | f.special_features.len().gt(3));
//! let sql = films.to_sql(Dialect::Postgres)?;
//! assert!(sql.contains(r#""rating" = ANY(CAST($1 AS "mpaa_rating"[]))"#), "{sql}");
//! # Ok::<(), orm::Error>(())
//! ```

pub use crate::field::postgres::{HStore, InRange, IsArray, IsRange, SearchVector};
pub use crate::query::postgres::{
    ArrayExpression, HStoreExpression, Headline, ListExpression, Normalize, RangeExpression, Rank, SearchExpression,
    SearchQuery, SimilarExpression, StatisticsExpression, Texts, Words, search_vector,
};
pub use crate::tree::{PgFunction, Weight};
pub use crate::value::{PgKind, PgValue, Range};
