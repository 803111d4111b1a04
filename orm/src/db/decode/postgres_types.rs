//! The binary forms of PostgreSQL's arrays, ranges, hstore and text search vectors.

use super::{Bad, Read, postgres::Typed};
use crate::{Range, Value};
use std::{collections::BTreeMap, ops::Bound};

/// Bytes that are taken from their beginning.
struct Taken<'a>(&'a [u8]);

impl<'a> Taken<'a> {
    fn take(&mut self, count: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Read<i32> {
        self.take(4)?.try_into().map(i32::from_be_bytes).map_err(|_| short())
    }

    /// What has its length before it; none for NULL.
    fn counted(&mut self) -> Read<Option<&'a [u8]>> {
        match usize::try_from(self.number()?) {
            Ok(length) => self.take(length).map(Some),
            Err(_) => Ok(None),
        }
    }

    fn text(&mut self) -> Read<Option<String>> {
        self.counted()?.map(text).transpose()
    }
}

#[cold]
fn short() -> Bad {
    Bad::Found("a value that ends too early".to_owned())
}

fn text(bytes: &[u8]) -> Read<String> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Bad::Found("text that is not UTF-8".to_owned()))
}

/// `array_send` in PostgreSQL's `arrayfuncs.c`.
pub(super) fn array(bytes: &[u8]) -> Read<Vec<Value>> {
    let mut bytes = Taken(bytes);
    let (dimensions, _, oid) = (bytes.number()?, bytes.number()?, bytes.number()? as u32);
    match dimensions {
        0 => return Ok(Vec::new()),
        1 => {}
        more => return Err(Bad::Found(format!("an array of {more} dimensions"))),
    }
    let (count, _) = (bytes.number()?, bytes.number()?);
    let element = |bytes: &mut Taken<'_>| match bytes.counted()? {
        Some(value) => Typed::inside(oid, value).value(),
        None => Ok(Typed::null(oid)),
    };
    (0..count).map(|_| element(&mut bytes)).collect()
}

/// The oids of built-in ranges, with those of what they are of (`pg_range.dat`).
const RANGES: [(u32, u32); 6] = [(3904, 23), (3926, 20), (3906, 1700), (3912, 1082), (3908, 1114), (3910, 1184)];

/// `range_send` in PostgreSQL's `rangetypes.c`; `None` when it is of another type.
pub(super) fn range(oid: u32, bytes: &[u8]) -> Option<Read<Range<Value>>> {
    let (_, of) = *RANGES.iter().find(|(range, _)| *range == oid)?;
    Some(range_of(of, Taken(bytes)))
}

fn range_of(of: u32, mut bytes: Taken<'_>) -> Read<Range<Value>> {
    // Their names are those in `rangetypes.h`.
    const EMPTY: u8 = 0x01;
    const LOWER_INCLUSIVE: u8 = 0x02;
    const UPPER_INCLUSIVE: u8 = 0x04;
    const LOWER_INFINITE: u8 = 0x08;
    const UPPER_INFINITE: u8 = 0x10;
    let flags = bytes.take(1)?[0];
    if flags & EMPTY != 0 {
        return Ok(Range::Empty);
    }
    let mut bound = |infinite: u8, inclusive: u8| {
        if flags & infinite != 0 {
            return Ok(Bound::Unbounded);
        }
        let value = Typed::inside(of, bytes.counted()?.ok_or_else(short)?).value()?;
        Ok(if flags & inclusive != 0 { Bound::Included(value) } else { Bound::Excluded(value) })
    };
    Ok(Range::Between(bound(LOWER_INFINITE, LOWER_INCLUSIVE)?, bound(UPPER_INFINITE, UPPER_INCLUSIVE)?))
}

/// `hstore_send` of the extension.
pub(super) fn hstore(bytes: &[u8]) -> Read<BTreeMap<String, Option<String>>> {
    let mut bytes = Taken(bytes);
    let count = bytes.number()?;
    (0..count).map(|_| Ok((bytes.text()?.ok_or_else(short)?, bytes.text()?))).collect()
}

/// `tsvectorsend` in PostgreSQL's `tsvector.c`, in the form in which PostgreSQL writes it.
pub(super) fn search_vector(bytes: &[u8]) -> Read<String> {
    let mut bytes = Taken(bytes);
    let mut written = String::new();
    for _ in 0..bytes.number()? {
        let end = bytes.0.iter().position(|byte| *byte == 0).ok_or_else(short)?;
        let word = text(bytes.take(end)?)?;
        bytes.take(1)?;
        if !written.is_empty() {
            written.push(' ');
        }
        written.push('\'');
        written.push_str(&word.replace('\\', "\\\\").replace('\'', "''"));
        written.push('\'');
        let short_number = |bytes: &mut Taken<'_>| bytes.take(2).map(|two| u16::from_be_bytes([two[0], two[1]]));
        for place in 0..short_number(&mut bytes)? {
            // The two highest bits are the weight, D to A.
            let position = short_number(&mut bytes)?;
            written.push(if place == 0 { ':' } else { ',' });
            written.push_str(&(position & 0x3fff).to_string());
            written.push_str(["", "C", "B", "A"][usize::from(position >> 14)]);
        }
    }
    Ok(written)
}
