//! The names that were meant by a misspelt one.

/// How many names are worth showing.
const SHOWN: usize = 5;

/// Nobody misspells a longer name, in characters.
const LONGEST: usize = 60;

/// The known names that are near, nearest first; letter case does not count.
pub(crate) fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    let lower = |text: &str| text.chars().take(LONGEST).flat_map(char::to_lowercase).collect::<String>();
    let name = lower(name);
    let allowed = name.chars().count().div_ceil(3).min(3);
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .map(|known| (strsim::levenshtein(&name, &lower(known)), known))
        .filter(|(distance, _)| *distance <= allowed)
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(SHOWN).map(|(_, known)| known).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_names_come_first() {
        assert_eq!(nearest("titel", ["price", "titles", "title", "titel_identity"]), ["title", "titles"]);
        assert_eq!(nearest("name", ["names", "Name", "age"]), ["Name", "names", "age"]);
        assert_eq!(nearest("", ["a", "b"]), [""; 0]);
        assert_eq!(nearest("größe", ["GRÖSSE", "große"]), ["große", "GRÖSSE"]);
        assert_eq!(nearest("zebra", ["title", "price"]), [""; 0]);
    }
}
