//! A finished statement: SQL text with the places of its binds, and the values.

use crate::{Dialect, Value};
use std::fmt::Write;

/// SQL for one dialect, ready to run: what `compile` makes and `db` executes.
///
/// The text holds no placeholders; `places` are the byte offsets at which the binds stand, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Statement {
    pub(crate) text: String,
    pub(crate) places: Vec<u32>,
    pub(crate) binds: Vec<Value>,
}

impl Statement {
    /// A statement of one's own, with `?` for each bind whatever the dialect.
    ///
    /// Every `?` counts, also one inside quotes.
    pub fn raw(sql: &str, binds: impl IntoIterator<Item = Value>) -> Self {
        let (mut text, mut places) = (String::with_capacity(sql.len()), Vec::new());
        for (index, piece) in sql.split('?').enumerate() {
            if index > 0 {
                places.push(text.len() as u32);
            }
            text.push_str(piece);
        }
        Statement { text, places, binds: binds.into_iter().collect() }
    }

    /// The values, in the order of their placeholders.
    pub fn binds(&self) -> &[Value] {
        &self.binds
    }

    /// The text with the dialect's placeholders.
    pub fn sql(&self, dialect: Dialect) -> String {
        let mut out = String::with_capacity(self.text.len() + self.places.len() * 3);
        let mut from = 0;
        for (index, &place) in self.places.iter().enumerate() {
            out.push_str(&self.text[from..place as usize]);
            from = place as usize;
            match dialect {
                Dialect::Postgres => {
                    let _ = write!(out, "${}", index + 1);
                }
                Dialect::Sqlite | Dialect::MariaDb | Dialect::MySql => out.push('?'),
            }
        }
        out.push_str(&self.text[from..]);
        out
    }
}
