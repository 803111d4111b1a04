//! Ranges in serde's formats: `{"lower": 1, "upper": 5, "bounds": "[)"}`, or `{"empty": true}`.

use super::{Range, inside};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::SerializeMap};
use std::ops::Bound;

impl<T> Range<T> {
    /// Which of the bounds lie in the range, as PostgreSQL writes it.
    pub(super) fn signs(low: &Bound<T>, high: &Bound<T>) -> &'static str {
        match (matches!(low, Bound::Included(_)), matches!(high, Bound::Included(_))) {
            (true, false) => "[)",
            (true, true) => "[]",
            (false, true) => "(]",
            (false, false) => "()",
        }
    }

    /// The range between two ends, of which each may be missing; `None` for signs that mean nothing.
    pub(super) fn of_signs(low: Option<T>, high: Option<T>, signs: &str) -> Option<Range<T>> {
        let (left, right) = match signs {
            "[)" => (true, false),
            "[]" => (true, true),
            "(]" => (false, true),
            "()" => (false, false),
            _ => return None,
        };
        let bound = |end: Option<T>, included: bool| match end {
            None => Bound::Unbounded,
            Some(end) if included => Bound::Included(end),
            Some(end) => Bound::Excluded(end),
        };
        Some(Range::Between(bound(low, left), bound(high, right)))
    }
}

impl<T: Serialize> Serialize for Range<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Range::Empty => map.serialize_entry("empty", &true)?,
            Range::Between(low, high) => {
                map.serialize_entry("lower", &inside(low))?;
                map.serialize_entry("upper", &inside(high))?;
                map.serialize_entry("bounds", Range::signs(low, high))?;
            }
        }
        map.end()
    }
}

/// What a range is read from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<T> {
    #[serde(default = "none")]
    lower: Option<T>,
    #[serde(default = "none")]
    upper: Option<T>,
    bounds: Option<String>,
    #[serde(default)]
    empty: bool,
}

fn none<T>() -> Option<T> {
    None
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Range<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        if written.empty {
            return Ok(Range::Empty);
        }
        let signs = written.bounds.as_deref().unwrap_or("[)");
        Range::of_signs(written.lower, written.upper, signs)
            .ok_or_else(|| D::Error::custom("the bounds are none of `[)`, `[]`, `(]` and `()`"))
    }
}
