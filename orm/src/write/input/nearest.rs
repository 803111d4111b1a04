//! The name that was meant.

/// The known name that a misspelt one is nearest to.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The distance grows with the product of the lengths, and nobody misspells a name of this length.
    if name.len() > 100 {
        return None;
    }
    let near = known.into_iter().map(|other| (distance(name, other), other)).min()?;
    (near.0 <= 1 + near.1.len() / 4).then_some(near.1)
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_misspelt_name_finds_its_neighbour() {
        assert_eq!(super::nearest("titel", ["title", "price"]), Some("title"));
        assert_eq!(super::nearest("zebra", ["title", "price"]), None);
        assert_eq!(super::nearest("", []), None);
    }
}
