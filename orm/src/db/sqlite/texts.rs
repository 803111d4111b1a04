//! The texts that a connection has prepared, each with a type that stands for it.
//!
//! Diesel's cache finds a statement by a type, or by its text; for the latter it writes the text anew, and its hash, which
//! withstands attacks, costs as much as reading a row. Here the text is at hand, and so is a number that hardly any other text
//! has: the place to look at. What is found there is compared, so that a type never stands for two texts.

use crate::Statement;
use std::{any::TypeId, cell::Cell, sync::LazyLock};

/// How many texts there are types for; those that come later stay with Diesel's own way.
const PLACES: usize = 256;

/// How many places a text may stand at.
const TRIES: usize = 8;

/// What a connection has prepared by text: never forgotten, as Diesel's cache forgets nothing.
pub(in crate::db) struct Texts(Vec<Option<Box<str>>>);

/// The type that stands for the text at a place. Nobody else can name it.
struct Place<const ROW: u8, const COLUMN: u8>;

static TYPES: LazyLock<[[TypeId; 16]; 16]> = LazyLock::new(|| {
    macro_rules! row {
        ($row:literal: $($column:literal)*) => { [$(TypeId::of::<Place<$row, $column>>()),*] };
    }
    macro_rules! rows {
        ($($row:literal)*) => { [$(row!($row: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)),*] };
    }
    rows!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
});

thread_local! {
    /// The type that stands for the statement which this thread is handing to Diesel.
    static STANDS_FOR: Cell<Option<TypeId>> = const { Cell::new(None) };
}

impl Texts {
    pub(super) fn new() -> Self {
        Texts(vec![None; PLACES])
    }

    /// The type that stands for the statement's text, if there is one.
    fn find(&mut self, statement: &Statement) -> Option<TypeId> {
        if statement.once {
            return None;
        }
        let first = (statement.identity() >> 48) as usize;
        for place in (first..first + TRIES).map(|place| place % PLACES) {
            match &self.0[place] {
                Some(known) if **known != *statement.text => {}
                Some(_) => return Some(TYPES[place / 16][place % 16]),
                None => {
                    self.0[place] = Some(statement.text.as_ref().into());
                    return Some(TYPES[place / 16][place % 16]);
                }
            }
        }
        None
    }

    /// Hands the statement to Diesel, which asks [`current`] meanwhile.
    pub(in crate::db) fn announce<T>(&mut self, statement: &Statement, hand_over: impl FnOnce() -> T) -> T {
        /// Also when it panics: what comes next on this thread may be for another back end.
        struct Done;
        impl Drop for Done {
            fn drop(&mut self) {
                STANDS_FOR.set(None);
            }
        }
        let _done = Done;
        STANDS_FOR.set(self.find(statement));
        hand_over()
    }
}

/// The type that stands for the statement which this thread is handing to Diesel.
pub(in crate::db) fn current() -> Option<TypeId> {
    STANDS_FOR.get()
}
