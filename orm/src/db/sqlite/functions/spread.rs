//! How far numbers lie from their mean.

use diesel::sqlite::SqliteAggregateFunction;

/// The variance of the numbers so far, by B. P. Welford's method, which does not lose digits as the sum of squares does.
/// `LESS` is 1 for numbers that are a sample, and `ROOT` asks for the standard deviation.
#[derive(Debug, Default)]
pub(super) struct Spread<const LESS: u64, const ROOT: bool> {
    count: u64,
    mean: f64,
    squares: f64,
}

impl<const LESS: u64, const ROOT: bool> SqliteAggregateFunction<Option<f64>> for Spread<LESS, ROOT> {
    type Output = Option<f64>;

    fn step(&mut self, number: Option<f64>) {
        let Some(number) = number else { return };
        self.count += 1;
        let before = number - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (number - self.mean);
    }

    fn finalize(spread: Option<Self>) -> Option<f64> {
        let spread = spread.filter(|spread| spread.count > LESS)?;
        let variance = spread.squares / (spread.count - LESS) as f64;
        Some(if ROOT { variance.sqrt() } else { variance })
    }
}
