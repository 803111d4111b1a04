//! The dialect-free notation for conditions and expressions: `price >= 0 and sold is null`.
//!
//! One line of text stands for a check, the condition of a partial index, an indexed expression, a
//! default, or the value that fills existing rows. [`Expr`] is its tree: `orm` builds it from typed
//! closures, migration files hold it as text, and [`Expr::parse`] and `Display` turn one into the
//! other without loss.
//!
//! | Form | Examples |
//! |---|---|
//! | field | `price`, `"order"` (quoted when the name is a keyword or has other characters) |
//! | text, numbers, truth | `'it''s'`, `e'two\nlines'`, `42`, `-1.50`, `true`, `null` |
//! | typed values | `date '2024-02-29'`, `time '12:30:00'`, `datetime '2024-02-29 12:30:00.5'` (UTC), `timestamp '...'` (no zone), `duration '90s'`, `uuid '...'`, `bytes 'cafe'`, `json '{"a": 1}'` |
//! | comparison | `= != < <= > >=`, `is null`, `is not null`, `in (1, 2)`, `not in (..)`, `between 1 and 9`, `like 'a%'`, `ilike 'a%'` |
//! | logic | `and`, `or`, `not`, parentheses |
//! | arithmetic, text | `+ - * / %`, `\|\|` |
//! | choice | `case when price > 9 then 'dear' else 'cheap' end` |
//! | functions | see [`Function`] |
//! | index parts | `title`, `published desc`, `lower(name) desc nulls last`, `name using varchar_pattern_ops` |
//!
//! `like` and the text functions are exact to case on every database; `ilike` and the functions
//! beginning with `i` fold case as the database does.
//!
//! ```
//! use migrations_engine::condition::Expr;
//! let check: Expr = "price >= 0 and (sold is null or status in ('sold', 'gone'))".parse()?;
//! assert_eq!(check.to_string().parse::<Expr>()?, check);
//! assert_eq!(check, Expr::field("price").ge(0).and(
//!     Expr::field("sold").is_null().or(Expr::field("status").is_in(["sold", "gone"]))));
//! # Ok::<(), migrations_engine::Error>(())
//! ```

mod ast;
mod build;
mod parse;
mod print;
mod value;

pub use ast::{BinaryOp, Expr, Function, IndexPart, Nulls};
pub(crate) use print::serde_as_text;
pub use value::Value;
pub(crate) use value::is_number;
