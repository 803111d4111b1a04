//! New rows of which the database computes something.

use super::{
    super::{new_row::NewRow, update::Given},
    PACKET,
};
use crate::tree::{Expr, NewValues};

/// The most rows in one INSERT: each has a text of its own.
const ROWS: usize = 50;

/// What such rows are given, for one statement.
#[derive(Default)]
pub(super) struct Computed {
    /// Row after row.
    terms: Vec<Expr>,
    rows: usize,
    /// Of the values in them.
    bytes: usize,
    asks: bool,
}

impl Computed {
    pub(super) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether another row may follow. One that asks a query is written by itself: so it sees the rows before it on every database.
    pub(super) fn has_room(&self, row: &NewRow) -> bool {
        self.rows < ROWS && self.bytes + row.bytes() <= PACKET && !self.asks && !row.asks()
    }

    pub(super) fn add(&mut self, row: NewRow) {
        self.asks |= row.asks();
        self.bytes += row.bytes();
        self.terms.extend(row.into_terms());
        self.rows += 1;
    }

    /// Whether a row in it asks a query.
    pub(super) fn asks(&self) -> bool {
        self.asks
    }

    pub(super) fn values(&self) -> NewValues {
        NewValues::Computed(self.terms.clone())
    }

    /// What is sent, for the words of an error: of columns that are values in every row these.
    pub(super) fn told(&self, columns: &[u16]) -> Given {
        let mut told = Given::default();
        let column = |place: usize| self.terms.iter().skip(place).step_by(columns.len());
        let known = |place: usize| column(place).all(|term| matches!(term, Expr::Value(_)));
        let known: Vec<bool> = (0..columns.len()).map(known).collect();
        for (&column, known) in columns.iter().zip(&known) {
            if *known { &mut told.columns } else { &mut told.computed }.push(column);
        }
        told.values.extend(self.terms.iter().zip(known.iter().cycle()).filter_map(|(term, known)| match term {
            Expr::Value(value) if *known => Some(value.clone()),
            _ => None,
        }));
        told
    }
}
