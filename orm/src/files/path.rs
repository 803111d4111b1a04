//! Paths within a storage: none leads out of it.

use crate::{Code, Error, Result};

/// The most characters of a path that [`Storage::save`](super::Storage::save) makes.
pub(super) const LONGEST: usize = 100;

/// Refuses what is no path within a storage.
pub(super) fn check(path: &str) -> Result<()> {
    let odd = |part: &str| matches!(part, "" | "." | "..");
    if path.split('/').any(odd) || path.contains(['\\', '\0', ':']) {
        return Err(Error::new(Code::InvalidValue, "the path of a stored file leads out of its storage")
            .with_hint("write `folder/name.ext`, without `..`, `:` and backslashes")
            .with_unredacted(path.to_owned()));
    }
    Ok(())
}

/// A path for a file of this name: what people call their files is not to be trusted. With `addition`, another one.
pub(super) fn made(folder: &str, name: &str, addition: Option<&str>) -> Result<String> {
    // Browsers send names, old ones whole paths.
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    let kept = |letter: char| match letter {
        letter if letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.') => Some(letter),
        letter if letter.is_whitespace() => Some('_'),
        _ => None,
    };
    let name: String = name.chars().filter_map(kept).collect();
    let name = name.trim_start_matches('.');
    if name.is_empty() {
        return Err(
            Error::new(Code::InvalidValue, "the file has no name").with_hint("give it one with letters or digits")
        );
    }
    let (stem, extension) = match name.rfind('.') {
        Some(at) if name.len() - at <= 12 => name.split_at(at),
        _ => (name, ""),
    };
    let folder = folder.trim_matches('/');
    let addition = addition.map_or_else(String::new, |addition| format!("_{addition}"));
    let fixed = [folder, &addition, extension].iter().map(|part| part.chars().count()).sum::<usize>() + 1;
    let mut stem: String = stem.chars().take(LONGEST.saturating_sub(fixed).max(1)).collect();
    // A file system takes names of 255 bytes.
    while stem.len() + addition.len() + extension.len() > 200 && stem.pop().is_some() {}
    let path = match folder {
        "" => format!("{stem}{addition}{extension}"),
        folder => format!("{folder}/{stem}{addition}{extension}"),
    };
    check(&path)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_paths() {
        for (folder, name, path) in [
            ("covers", "My cover.png", "covers/My_cover.png"),
            ("/covers/", "C:\\fakepath\\a.png", "covers/a.png"),
            ("", "../../etc/passwd", "passwd"),
            ("a", "...hidden", "a/hidden"),
            ("a", "größe?<>.tar.gz", "a/größe.tar.gz"),
        ] {
            assert_eq!(made(folder, name, None).ok().as_deref(), Some(path), "{name}");
        }
        for name in ["", "..", "/", "???"] {
            assert!(made("a", name, None).is_err(), "{name}");
        }
        assert!(made("a/../..", "b", None).is_err());
        let long = made("covers", &format!("{}.jpeg", "ü".repeat(300)), Some("x1y2z3")).unwrap_or_default();
        assert_eq!(long.chars().count(), LONGEST);
        assert!(long.ends_with("_x1y2z3.jpeg"), "{long}");
        let wide = made("a", &format!("{}.png", "文".repeat(90)), None).unwrap_or_default();
        assert!(wide.len() <= 210 && wide.ends_with("文.png"), "{wide}");
    }

    #[test]
    fn no_path_leads_out() {
        for path in ["", "/", "/a", "a/", "a//b", "..", "a/../b", "./a", "a\\b", "c:/x", "a\0"] {
            assert!(check(path).is_err(), "{path}");
        }
    }
}
