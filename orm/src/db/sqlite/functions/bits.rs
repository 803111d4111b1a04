//! The bits of whole numbers, combined.

use diesel::sqlite::SqliteAggregateFunction;

/// The bits so far, combined by this operator.
#[derive(Debug, Default)]
pub(super) struct Bits<const BY: char>(Option<i64>);

impl<const BY: char> SqliteAggregateFunction<Option<i64>> for Bits<BY> {
    type Output = Option<i64>;

    fn step(&mut self, number: Option<i64>) {
        let Some(number) = number else { return };
        self.0 = Some(match (self.0, BY) {
            (None, _) => number,
            (Some(bits), '&') => bits & number,
            (Some(bits), '|') => bits | number,
            (Some(bits), _) => bits ^ number,
        });
    }

    fn finalize(bits: Option<Self>) -> Option<i64> {
        bits?.0
    }
}
