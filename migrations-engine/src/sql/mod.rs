//! SQL text per database: what each can do, how it stores types, how it writes names, values and expressions.

mod dialect;
mod expr;
mod literal;
mod misfit;
mod storage;

pub use dialect::{AlterStyle, Capabilities, CommentStyle, Dialect};
pub(crate) use expr::{Columns, render};
pub(crate) use literal::literal;
pub(crate) use misfit::misfit;
