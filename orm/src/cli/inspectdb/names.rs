//! Names of tables and columns, as Rust writes names.

use std::collections::BTreeSet;

/// Words that a field can be called by with `r#` before them.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Words that nothing can be called by, and names with a meaning of their own in queries.
const TAKEN_FIELDS: &[&str] = &["self", "super", "crate", "pk"];

/// Types that a model would hide.
const TAKEN_TYPES: &[&str] = &[
    "Self",
    "Option",
    "Some",
    "None",
    "Result",
    "Ok",
    "Err",
    "Vec",
    "String",
    "Box",
    "Default",
    "Clone",
    "Copy",
    "Debug",
    "Drop",
    "Send",
    "Sync",
    "Sized",
    "From",
    "Into",
    "Iterator",
    "Eq",
    "PartialEq",
    "Ord",
    "PartialOrd",
    "Hash",
    "Choices",
    "Database",
    "DateUnit",
    "Executor",
    "Expression",
    "FieldType",
    "ForeignKey",
    "Handles",
    "HasMany",
    "HasOne",
    "Json",
    "ManyToMany",
    "Model",
    "ModelPart",
    "OnDelete",
    "OneToOne",
    "OptionalExt",
    "Project",
    "Q",
    "QuerySet",
    "Reverse",
    "Scope",
    "TimeUnit",
    "Transaction",
    "DateTime",
    "NaiveDate",
    "NaiveDateTime",
    "NaiveTime",
    "TimeDelta",
    "Utc",
    "Decimal",
    "IpAddr",
    "Uuid",
];

/// The words of a name, in small letters: `OrderLine`, `order_line`, `Order Line` and `ORDER_LINE` are `order` and `line`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let letters: Vec<char> = name.chars().collect();
    let mut begin = true;
    for (at, &letter) in letters.iter().enumerate() {
        if !letter.is_alphanumeric() {
            begin = true;
            continue;
        }
        let before = at.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(at + 1);
        let rises = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
            });
        if begin || rises {
            words.push(String::new());
        }
        begin = false;
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

/// A name in `snake_case`, without regard to what is taken.
pub(super) fn snake(name: &str) -> String {
    let name = words(name).join("_");
    if name.starts_with(|letter: char| letter.is_numeric()) { format!("n{name}") } else { name }
}

/// A name in `CamelCase` that is no type of the prelude's.
pub(super) fn camel(name: &str) -> String {
    let capital = |word: String| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    };
    let mut name: String = words(name).into_iter().map(capital).collect();
    if name.is_empty() || name.starts_with(|letter: char| letter.is_numeric()) {
        name.insert(0, 'N');
    }
    if TAKEN_TYPES.contains(&name.as_str()) { format!("{name}Row") } else { name }
}

/// The type by which foreign keys lead to a unique field: `CountryByCode`.
pub(super) fn unique_field(model: &str, field: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<String>()
    };
    let words: String = field.trim_start_matches("r#").split('_').map(capital).collect();
    format!("{model}By{words}")
}

/// A name that is not taken yet, and takes it.
pub(super) fn free(taken: &mut BTreeSet<String>, wanted: &str, end: &str) -> String {
    let numbered = (2..).map(|number| format!("{wanted}{end}{number}"));
    let mut candidates = std::iter::once(wanted.to_owned()).chain(numbered);
    let name = candidates.find(|name| !taken.contains(name)).unwrap_or_default();
    taken.insert(name.clone());
    name
}

/// A field's name that is not taken yet, and takes it.
pub(super) fn field(taken: &mut BTreeSet<String>, name: &str) -> String {
    let mut name = snake(name);
    if name.is_empty() {
        name = "field".to_owned();
    }
    if TAKEN_FIELDS.contains(&name.as_str()) {
        name += "_value";
    }
    free(taken, &name, "_")
}

/// A field as it is written in a struct and after a dot.
pub(super) fn ident(name: &str) -> String {
    if KEYWORDS.contains(&name) { format!("r#{name}") } else { name.to_owned() }
}

/// Several of something.
pub(super) fn plural(name: &str) -> String {
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    if ends(&["ay", "ey", "oy", "uy"]) {
        format!("{name}s")
    } else if let Some(stem) = name.strip_suffix('y') {
        format!("{stem}ies")
    } else if ends(&["s", "x", "ch", "sh"]) {
        format!("{name}es")
    } else {
        format!("{name}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_rewritten() {
        for (name, wanted) in [
            ("InvoiceLineId", "invoice_line_id"),
            ("HTTPServer2Log", "http_server2_log"),
            ("Order Details", "order_details"),
            ("FIRST_NAME", "first_name"),
            ("a__b_", "a_b"),
            ("2fa", "n2fa"),
        ] {
            assert_eq!(snake(name), wanted);
        }
        assert_eq!(camel("auth_user_groups"), "AuthUserGroups");
        assert_eq!((camel("model"), camel("order")), ("ModelRow".to_owned(), "Order".to_owned()));
        let mut taken = BTreeSet::new();
        assert_eq!(field(&mut taken, "Name"), "name");
        assert_eq!(field(&mut taken, "NAME"), "name_2");
        assert_eq!(field(&mut taken, "pk"), "pk_value");
        assert_eq!(ident("type"), "r#type");
        let several = ["category", "day", "box", "track"].map(plural);
        assert_eq!(several, ["categories", "days", "boxes", "tracks"]);
    }
}
