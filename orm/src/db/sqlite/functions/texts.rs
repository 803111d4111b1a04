//! Functions on text, which SQLite lacks. Characters are counted, not bytes.

use super::Given;
use md5::{Digest, Md5};
use sha1::Sha1;

/// In SQLite's words.
const TOO_BIG: &str = "string or blob too big";

/// In lower case, letter by letter: what a letter becomes does not hang on those beside it, so that a part of a text is found in
/// the whole.
pub(super) fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// The most bytes that a text may come to have: SQLite's own limit.
const LONGEST: usize = 1_000_000_000;

/// The text cut to the length, and what is missing.
fn filled(text: Option<String>, length: Option<i32>, fill: Option<String>) -> Result<Option<(String, String)>, String> {
    let (Some(text), Some(length), Some(fill)) = (text, length, fill) else { return Ok(None) };
    let length = usize::try_from(length).unwrap_or_default();
    if length.saturating_mul(4) > LONGEST {
        return Err(TOO_BIG.to_owned());
    }
    let kept: String = text.chars().take(length).collect();
    let missing = length - kept.chars().count();
    Ok(Some((kept, fill.chars().cycle().take(missing).collect())))
}

pub(super) fn pad_start(text: Option<String>, length: Option<i32>, fill: Option<String>) -> Given<String> {
    Given(filled(text, length, fill).map(|it| it.map(|(kept, more)| more + &kept)))
}

pub(super) fn pad_end(text: Option<String>, length: Option<i32>, fill: Option<String>) -> Given<String> {
    Given(filled(text, length, fill).map(|it| it.map(|(kept, more)| kept + &more)))
}

pub(super) fn repeat(text: Option<String>, times: Option<i32>) -> Given<String> {
    let (Some(text), Some(times)) = (text, times) else { return Given(Ok(None)) };
    let times = usize::try_from(times).unwrap_or_default();
    Given(match text.len().saturating_mul(times) > LONGEST {
        true => Err(TOO_BIG.to_owned()),
        false => Ok(Some(text.repeat(times))),
    })
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
