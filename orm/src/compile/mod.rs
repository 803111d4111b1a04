//! From the tree to SQL: the only place that writes SQL text.

mod aggregate;
mod cast;
mod common;
mod date;
mod derived;
mod elements;
mod expr;
mod function;
mod grouping;
mod inside;
mod json;
mod kind;
mod list;
mod many;
mod number;
mod order;
mod postgres;
mod select;
mod text;
mod usual;
mod window;
mod write;

pub(crate) use crate::resolve::trimmed;
pub(crate) use date::zone_of;
pub(crate) use grouping::is_windowed;
pub(crate) use inside::has_query;
pub(crate) use many::{inserts_lists, takes_lists, update_rows};
pub(crate) use select::{answers, count, effective_order, kind, scales, select, shape};
pub(crate) use write::{delete, insert, reset_sequence, update};

use crate::{
    Code, Dialect, Error, Result, Statement, Value, Values,
    resolve::Frame,
    statement::placeholder,
    tree::{Common, Expr, Windowed},
};
use smallvec::SmallVec;
use std::sync::Arc;

/// SQL under construction.
pub(crate) struct Sql {
    dialect: Dialect,
    out: Text,
    /// The queries around the place where text is being written, outermost first.
    frames: SmallVec<[Frame; 1]>,
    /// Whether columns are written with their table.
    qualified: bool,
    /// Whether an operator around this place rounds decimals already.
    rounding: bool,
    /// Whether equal values are one bind, where binds are numbered.
    sharing: bool,
    /// The window of the function that is being written.
    over: Option<Windowed>,
    /// The common tables that stand before the statement, each after those that it reads; where none may, they are written
    /// where they are read.
    common: Option<Vec<Arc<Common>>>,
    /// The recursions that are being written, by their names, one inside another.
    recursions: Vec<String>,
    /// What makes several rows of one in the query that is being written.
    row_maker: Option<Expr>,
    /// The computed keys of the groups that this place is about, with their places in the selection: they are written as they are
    /// there.
    group_keys: Vec<(Expr, u16)>,
    /// Whether they are called by the names of their columns.
    keys_by_name: bool,
    /// The columns of the rows that stand beside the table that is changed, by their places there.
    beside: SmallVec<[u16; 8]>,
}

/// A [`Statement`] under construction.
#[derive(Default)]
struct Text {
    text: String,
    binds: Values,
}

impl Sql {
    pub(crate) fn new(dialect: Dialect) -> Sql {
        // Most statements fit: growing step by step would cost more than compiling them.
        let out = Text { text: String::with_capacity(512), binds: Values::new() };
        let (qualified, rounding, sharing, over, common) = (false, false, false, None, None);
        Sql {
            dialect,
            out,
            frames: SmallVec::new(),
            qualified,
            rounding,
            sharing,
            over,
            common,
            recursions: Vec::new(),
            row_maker: None,
            group_keys: Vec::new(),
            keys_by_name: false,
            beside: SmallVec::new(),
        }
    }

    pub(crate) fn finish(self) -> Statement {
        Statement::new(self.out.text, self.out.binds)
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.out.text.push_str(text);
    }

    pub(crate) fn name(&mut self, name: &str) {
        quoted(&mut self.out.text, self.dialect.quote(), name);
    }

    pub(crate) fn bind(&mut self, value: Value) {
        let cast = value.kind().cast();
        let listed = matches!(value, Value::List(..));
        let known = (self.sharing && self.dialect == Dialect::Postgres)
            .then(|| self.out.binds.iter().position(|known| same(known, &value)))
            .flatten();
        let place = known.unwrap_or_else(|| {
            self.out.binds.push(value);
            self.out.binds.len() - 1
        });
        self.push(if cast.is_some() { "CAST(" } else { "" });
        placeholder(&mut self.out.text, self.dialect, place + 1);
        if let Some(cast) = cast {
            self.push(&format!(" AS {cast}{})", if listed { "[]" } else { "" }));
        }
    }

    /// Calls `write` for each item, with a separator between them.
    pub(crate) fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        separator: &str,
        mut write: impl FnMut(&mut Self, T) -> Result<()>,
    ) -> Result<()> {
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.push(separator);
            }
            write(self, item)?;
        }
        Ok(())
    }

    /// An error that says that this database cannot do it.
    pub(crate) fn unsupported(&self, what: &str, hint: &str) -> Error {
        Error::new(Code::Unsupported, format!("{} has no {what}", self.dialect)).with_hint(hint)
    }
}

/// Whether one bind serves for both: values that are equal may still be told apart, by their sign or their digits.
fn same(one: &Value, other: &Value) -> bool {
    one.kind() == other.kind()
        && one == other
        && match (one, other) {
            (Value::F32(one), Value::F32(other)) => one.to_bits() == other.to_bits(),
            (Value::F64(one), Value::F64(other)) => one.to_bits() == other.to_bits(),
            (Value::Decimal(one), Value::Decimal(other)) => one.scale() == other.scale(),
            _ => true,
        }
}

/// Writes a name between quotes.
fn quoted(text: &mut String, quote: char, name: &str) {
    text.push(quote);
    // The names of tables and columns are short: the quickest search is the simplest.
    if name.bytes().any(|byte| byte == quote as u8) {
        text.push_str(&name.replace(quote, &format!("{quote}{quote}")));
    } else {
        text.push_str(name);
    }
    text.push(quote);
}
