//! Texts that are worked out while a model is compiled: no allocation, no traits.

/// The last part of a path of Rust's.
pub(super) const fn last_segment(path: &'static str) -> &'static str {
    let bytes = path.as_bytes();
    let mut start = bytes.len();
    while start > 0 && bytes[start - 1] != b':' {
        start -= 1;
    }
    path.split_at(start).1
}

/// `left` and `right` together are `own` and `end` together.
pub(super) const fn same_text(left: &str, right: &str, own: &str, end: &str) -> bool {
    let length = left.len() + right.len();
    if length != own.len() + end.len() {
        return false;
    }
    let mut index = 0;
    while index < length {
        if letter(left, right, index) != letter(own, end, index) {
            return false;
        }
        index += 1;
    }
    true
}

const fn letter(left: &str, right: &str, index: usize) -> u8 {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let letter = if index < left.len() { left[index] } else { right[index - left.len()] };
    letter.to_ascii_lowercase()
}

/// A message put together at compile time; what does not fit is left out.
pub(super) struct Text {
    bytes: [u8; 400],
    length: usize,
}

impl Text {
    pub(super) const fn new() -> Text {
        Text { bytes: [0; 400], length: 0 }
    }

    pub(super) const fn push(mut self, text: &str) -> Text {
        let text = text.as_bytes();
        if self.length + text.len() > self.bytes.len() {
            return self;
        }
        let mut index = 0;
        while index < text.len() {
            self.bytes[self.length] = text[index];
            self.length += 1;
            index += 1;
        }
        self
    }

    pub(super) const fn as_str(&self) -> &str {
        match str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            Err(_) => "two fields have one column",
        }
    }
}
