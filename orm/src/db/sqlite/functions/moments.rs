//! Days and moments as text, with microseconds, which SQLite's own functions do not keep.

use super::Given;
use crate::db::{bind, decode::text, failure::OUT_OF_RANGE};
use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

fn read(moment: &str) -> Result<NaiveDateTime, String> {
    text::datetime(moment).map_err(|_| format!("{moment:?} is neither a day nor a moment"))
}

pub(super) fn time(moment: Option<String>) -> Given<String> {
    Given(moment.map(|moment| read(&moment).map(|moment| bind::time_text(moment.time()))).transpose())
}

/// A day stays a day: the one that the moment so long after its midnight falls on; and a time a time, which begins anew after midnight.
pub(super) fn moved(moment: Option<String>, span: Option<i64>) -> Given<String> {
    let (Some(moment), Some(span)) = (moment, span) else { return Given(Ok(None)) };
    if let Ok(time) = text::time(&moment) {
        return Given(Ok(Some(bind::time_text(time.overflowing_add_signed(TimeDelta::microseconds(span)).0))));
    }
    let written = read(&moment).and_then(|start| {
        let end = start.checked_add_signed(TimeDelta::microseconds(span));
        let text = end.map(|end| match moment.len() {
            10 => bind::date_text(end.date()),
            _ => bind::timestamp_text(end),
        });
        text.and_then(Result::ok).ok_or_else(|| OUT_OF_RANGE.to_owned())
    });
    Given(written.map(Some))
}

pub(super) fn since(later: Option<String>, earlier: Option<String>) -> Given<i64> {
    let (Some(later), Some(earlier)) = (later, earlier) else { return Given(Ok(None)) };
    // Times of day are those of one day.
    let read =
        |moment: &str| text::time(moment).map(|time| NaiveDate::default().and_time(time)).or_else(|_| read(moment));
    let between = read(&later).and_then(|later| Ok((later - read(&earlier)?).num_microseconds()));
    Given(between)
}

pub(super) fn micros(number: Option<f64>) -> Given<i64> {
    let whole = |number: f64| match number.round_ties_even() {
        whole if whole.abs() < i64::MAX as f64 => Ok(whole as i64),
        _ => Err(OUT_OF_RANGE.to_owned()),
    };
    Given(number.map(whole).transpose())
}
