//! Queries by name, as data: for admins, query strings, saved filters, report builders and remote clients.
//!
//! A [`Query`] names a model and the calls on it; its terms are a closed set ([`Term`]), and functions come from a list. It can be
//! stored and sent, and means nothing before a [`Catalog`] has checked it: every name against the metadata, every value against
//! the field that it is compared with, its size against limits. No part of it reaches SQL as text: names become columns, values
//! become binds.
//!
//! `docs/by-name.md` has the form in JSON.
//!
//! ```
//! # use library::*;
//! use orm::dynamic::{Catalog, Query};
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
//! # let db = filled().await?;
//! let asked: Query = serde_json::from_str(r#"{
//!     "model": "library.Author",
//!     "calls": [
//!         {"filter": {"where": ["books__price__gt", 20]}},
//!         {"annotate": {"books_written": {"aggregate": {"function": "count", "of": {"path": "books"}}}}},
//!         {"order_by": ["-books_written", "name"]},
//!         {"values": ["name", "books_written"]}
//!     ]
//! }"#).unwrap();
//! let rows = Catalog::new().app(library()).check(&asked)?.all(&db).await?;
//! assert_eq!(serde_json::to_string(&rows).unwrap(), r#"[{"name":"Grace Hopper","books_written":2}]"#);
//! # Ok(()) }
//! ```
//!
//! # Relations to many rows
//!
//! A condition over a path that leads to many rows is true when it is true for some of them (SQL's EXISTS): it never repeats a row,
//! and each condition looks for a row of its own, in whichever call it stands. Two conditions on the same related row stand inside
//! one [`any`]. An aggregate over such a path is computed for each row on its own, so that several never multiply each other. As a
//! value, in an order or as a group key such a path is refused; [`Join`] makes the related rows part of the query, and says that it
//! multiplies them.

mod aggregate;
mod catalog;
mod change;
mod depth;
mod each;
mod form;
mod functions;
mod json;
mod limits;
mod literal;
mod lookups;
mod names;
mod order;
mod own;
mod path;
mod postgres;
mod prefetch;
mod query;
mod refuse;
mod relate;
mod rows;
mod run;
mod scope;
mod select;
mod settle;
mod stored;
mod term;
mod window;
mod write;

pub use catalog::Catalog;
pub use change::{Change, Create, Keyed, OnConflict, Overwrite, Relate, Related, Update, UpdateEach};
pub use limits::Limits;
pub use own::{Argument, Caller, NamedFunction};
pub use prefetch::{Prefetch, RelatedRows};
pub use query::{Call, Join, Nulls, Order, Pick, Query};
pub use rows::DynRow;
pub use run::Checked;
pub(crate) use run::{Fetch, run_fetch};
pub use term::{
    Aggregate, Case, Node, Term, any, avg, call, count, count_of, exists, given, max, min, over, path, string_agg, sum,
};
pub use window::{Frame, Key, Window, Without};
pub use write::{Changed, CheckedChange};
