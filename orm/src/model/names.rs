//! How things are called in the database: Django's conventions, stable for ever.

/// `library` and `BookReview` give `library_bookreview`.
pub(super) fn table(app: &str, model: &str) -> String {
    format!("{app}_{}", model.to_lowercase())
}

/// `BookReview` gives `book review`.
pub(super) fn words(model: &str) -> String {
    let mut out = String::with_capacity(model.len() + 4);
    for (index, letter) in model.char_indices() {
        if letter.is_uppercase() && index > 0 {
            out.push(' ');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_follow_django() {
        assert_eq!(super::table("library", "BookReview"), "library_bookreview");
        assert_eq!(super::words("BookReview"), "book review");
    }
}
