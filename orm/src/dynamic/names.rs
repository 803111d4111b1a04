//! Names that people wrote: which are near, which may stand for a term, and how they are shown.

use crate::{Code, Error, Result};

/// The longest name, in bytes.
pub(super) const LONGEST: usize = 500;

/// The longest name of a term or a join, in characters.
const LONGEST_ALIAS: usize = 60;

/// How many names an error lists.
const SHOWN: usize = 5;

/// An error for a name that is not known, with the nearest of those that are.
pub(super) fn unknown<'n>(what: &str, name: &str, known: impl IntoIterator<Item = &'n str>) -> Error {
    let known: Vec<&str> = known.into_iter().collect();
    let error = Error::new(Code::UnknownName, format!("{what} is not called `{}`", shown(name)));
    let near = nearest(name, &known);
    if !near.is_empty() {
        return error.with_hint(format!("did you mean `{}`?", near.join("` or `")));
    }
    let mut all = known;
    all.sort_unstable();
    match all.len() {
        0 => error,
        count if count <= 4 * SHOWN => error.with_hint(format!("there are `{}`", all.join("`, `"))),
        count => error.with_hint(format!("there are `{}` and {} more", all[..SHOWN].join("`, `"), count - SHOWN)),
    }
}

/// The nearest names, nearest first.
fn nearest<'n>(name: &str, known: &[&'n str]) -> Vec<&'n str> {
    let name: Vec<char> = name.chars().take(LONGEST_ALIAS).flat_map(char::to_lowercase).collect();
    let allowed = name.len().div_ceil(3).min(3);
    let mut near: Vec<(usize, &str)> = known
        .iter()
        .map(|&known| (distance(&name, known), known))
        .filter(|(distance, _)| *distance <= allowed)
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(SHOWN).map(|(_, known)| known).collect()
}

/// How many letters have to be put in, left out or changed (Levenshtein's distance).
fn distance(name: &[char], known: &str) -> usize {
    let known: Vec<char> = known.chars().flat_map(char::to_lowercase).collect();
    let mut row: Vec<usize> = (0..=known.len()).collect();
    for (at, letter) in name.iter().enumerate() {
        let mut before = std::mem::replace(&mut row[0], at + 1);
        for (place, other) in known.iter().enumerate() {
            let changed = before + usize::from(letter != other);
            before = row[place + 1];
            row[place + 1] = changed.min(before + 1).min(row[place] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

/// A name as errors show it: short, and without what a terminal would take for something else.
pub(super) fn shown(name: &str) -> String {
    let escaped = name.chars().take(LONGEST_ALIAS).flat_map(char::escape_debug).collect::<String>();
    if name.chars().nth(LONGEST_ALIAS).is_some() { format!("{escaped}..") } else { escaped }
}

/// Refuses what cannot be the name of a term or a join. Names never reach SQL; they do reach rows, and paths.
pub(super) fn check_alias(name: &str) -> Result<()> {
    let word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let good = name.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && name.chars().all(word)
        && name.chars().nth(LONGEST_ALIAS).is_none()
        && !name.contains("__");
    match good {
        true => Ok(()),
        false => Err(Error::new(Code::BadName, format!("`{}` cannot be a name in a query", shown(name)))
            .with_hint(format!("use letters, digits and single `_`, not a digit first, at most {LONGEST_ALIAS}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_come_first() {
        assert_eq!(nearest("titel", &["price", "titles", "title", "titel_identity"]), ["title", "titles"]);
        assert_eq!(nearest("name", &["names", "Name", "age"]), ["Name", "names", "age"]);
        assert_eq!(nearest("", &["a", "b"]), [""; 0]);
        assert_eq!(nearest("größe", &["GRÖSSE", "große"]), ["große", "GRÖSSE"]);
    }

    #[test]
    fn distance_counts_letters() {
        let letters = |text: &str| text.chars().collect::<Vec<_>>();
        assert_eq!(distance(&letters("kitten"), "sitting"), 3);
        assert_eq!(distance(&letters(""), "abc"), 3);
        assert_eq!(distance(&letters("abc"), ""), 3);
    }
}
