//! Names that people wrote: which are near, which may stand for a term, and how they are shown.

use crate::{Code, Error, Result, nearest::nearest};

/// The longest name, in bytes.
pub(super) const LONGEST: usize = 500;

/// The longest name of a term or a join, in characters.
const LONGEST_ALIAS: usize = 60;

/// How many names an error lists.
const SHOWN: usize = 5;

/// An error for a name that is not known, with the nearest of those that are.
pub(super) fn unknown<'n>(what: &str, name: &str, known: impl IntoIterator<Item = &'n str>) -> Error {
    unknown_beside(what, name, known, [])
}

/// The same, where names of another sort could stand as well: they may be the nearest, but are not listed.
pub(super) fn unknown_beside<'n>(
    what: &str,
    name: &str,
    known: impl IntoIterator<Item = &'n str>,
    others: impl IntoIterator<Item = &'n str>,
) -> Error {
    let known: Vec<&str> = known.into_iter().collect();
    let error = Error::new(Code::UnknownName, format!("{what} is not called `{}`", shown(name)));
    let near = nearest(name, known.iter().copied().chain(others));
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
