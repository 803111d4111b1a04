//! Functions on text, which SQLite lacks. Characters are counted, not bytes.

use md5::{Digest, Md5};
use sha1::Sha1;

/// In lower case, letter by letter: what a letter becomes does not hang on those beside it, so that a part of a text is found in
/// the whole.
pub(super) fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

fn filled(text: &str, length: i32, fill: &str) -> (String, String) {
    let length = usize::try_from(length).unwrap_or_default();
    let kept: String = text.chars().take(length).collect();
    let missing = length - kept.chars().count();
    (kept, fill.chars().cycle().take(missing).collect())
}

pub(super) fn pad_start(text: Option<String>, length: i32, fill: String) -> Option<String> {
    let (kept, more) = filled(&text?, length, &fill);
    Some(more + &kept)
}

pub(super) fn pad_end(text: Option<String>, length: i32, fill: String) -> Option<String> {
    let (kept, more) = filled(&text?, length, &fill);
    Some(kept + &more)
}

pub(super) fn repeat(text: Option<String>, times: i32) -> Option<String> {
    Some(text?.repeat(usize::try_from(times).unwrap_or_default()))
}

pub(super) fn reverse(text: Option<String>) -> Option<String> {
    Some(text?.chars().rev().collect())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn md5(text: Option<String>) -> Option<String> {
    Some(hexadecimal(&Md5::digest(text?)))
}

pub(super) fn sha1(text: Option<String>) -> Option<String> {
    Some(hexadecimal(&Sha1::digest(text?)))
}

/// One of the SHA-2 family.
pub(super) fn sha2<D: Digest>(text: Option<String>) -> Option<String> {
    Some(hexadecimal(&D::digest(text?)))
}
