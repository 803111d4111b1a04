//! Names in the database: Django's conventions, the same on every database, stable for ever.
//!
//! | What | Name |
//! |---|---|
//! | table | `<app>_<model>`, lower case |
//! | column | the field; `<field>_id` for a relation, `<field>_<column>` to each column of a key of several |
//! | many-to-many table | `<table>_<field>`, columns `<model>_id`; `from_<model>_id`, `to_<model>_id` to itself |
//! | index of a field | `<table>_<column>_<hash>` |
//! | index of a model | `<table>_<columns>_<hash>_idx` |
//! | unique constraint | `<table>_<columns>_<hash>_uniq`; `<table>_<column>_key` made with its column |
//! | check of a type | `<table>_<column>_check` |
//! | check of a model | `<table>_<name>` |
//! | foreign key | `<table>_<column>_<hash>_fk_<table>_<column>` |
//! | primary key | `<table>_pkey` |
//!
//! `<hash>` is the first eight hexadecimal digits of the MD5 of table and columns. Names longer
//! than 63 bytes (PostgreSQL's limit, the smallest) are shortened on every database, so that a name
//! is the same everywhere: table and columns are cut, the hash stays.
//!
//! A name is computed once, when the thing is made, and kept in the state from then on.

use md5::{Digest, Md5};

use crate::schema::{ManyToMany, ModelKey};

/// The longest name, in bytes.
pub const MAX_NAME: usize = 63;

/// The first eight hexadecimal digits of the MD5 of all parts.
fn hash<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut md5 = Md5::new();
    parts.into_iter().for_each(|part| md5.update(part));
    md5.finalize().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// At most `len` bytes of the text, whole characters.
fn cut(text: &str, len: usize) -> &str {
    let mut end = len.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A name that fits: cut, with a hash of the whole, if it is too long.
fn fit(name: String) -> String {
    if name.len() <= MAX_NAME {
        return name;
    }
    let hash = hash([name.as_str()]);
    format!("{}_{hash}", cut(&name, MAX_NAME - 9))
}

/// Another name like one that is taken.
pub(crate) fn numbered(name: &str, number: u32) -> String {
    fit(format!("{name}_{number}"))
}

/// The same name out of the way, for as long as another is to have it.
pub(crate) fn aside(name: &str) -> String {
    fit(format!("{name}__"))
}

/// The table of a model.
pub fn table(key: &ModelKey) -> String {
    fit(format!("{}_{}", key.app, key.name).to_lowercase())
}

/// A few letters that stand for a name.
pub(crate) fn short(name: &str) -> String {
    hash([name])
}

/// What keeps two columns in step while one takes the place of the other.
pub(crate) fn follower(table: &str, old: &str, new: &str, what: &str) -> String {
    let hash = hash([table, old, new, what]);
    let end = format!("_{hash}_{what}");
    format!("{}{end}", cut(&format!("{table}_{old}_{new}"), MAX_NAME - end.len()))
}

/// The column of a relation.
pub fn relation_column(field: &str) -> String {
    format!("{field}_id")
}

/// The table and columns of an automatic many-to-many.
pub fn many_to_many(owner: &ModelKey, owner_table: &str, field: &str, to: &ModelKey) -> ManyToMany {
    let (source, target) = (owner.name.to_lowercase(), to.name.to_lowercase());
    let (source_column, target_column) = if owner == to || source == target {
        (format!("from_{source}_id"), format!("to_{target}_id"))
    } else {
        (format!("{source}_id"), format!("{target}_id"))
    };
    ManyToMany { through: None, table: fit(format!("{owner_table}_{field}")), source_column, target_column }
}

/// `<table>_<columns>_<hash><suffix>`, cut to fit.
fn with_hash(table: &str, columns: &[&str], suffix: &str) -> String {
    let mut tail = format!("{}{suffix}", hash(std::iter::once(table).chain(columns.iter().copied())));
    let joined = columns.join("_");
    let mut name = format!("{table}_{joined}_{tail}");
    if name.len() > MAX_NAME {
        tail = cut(&tail, MAX_NAME / 3).to_owned();
        let other = (MAX_NAME - tail.len()) / 2 - 1;
        name = format!("{}_{}_{tail}", cut(table, other), cut(&joined, other));
    }
    if name.starts_with(|c: char| c == '_' || c.is_ascii_digit()) {
        format!("D{}", cut(&name, name.len() - 1))
    } else {
        name
    }
}

/// The index of a single field.
pub fn field_index(table: &str, column: &str) -> String {
    with_hash(table, &[column], "")
}

/// The pattern index of a text field on PostgreSQL.
pub fn like_index(table: &str, column: &str) -> String {
    with_hash(table, &[column], "_like")
}

/// An index of a model; for expressions pass their text as columns.
pub fn index(table: &str, columns: &[&str]) -> String {
    with_hash(table, columns, "_idx")
}

/// A unique constraint of a model, or of a field that became unique later.
pub fn unique(table: &str, columns: &[&str]) -> String {
    with_hash(table, columns, "_uniq")
}

/// The unique constraint of a column made unique.
pub fn column_unique(table: &str, column: &str) -> String {
    fit(format!("{table}_{column}_key"))
}

/// The check that a column's type brings.
pub fn column_check(table: &str, column: &str) -> String {
    fit(format!("{table}_{column}_check"))
}

/// A check constraint that a model names.
pub fn check(table: &str, name: &str) -> String {
    fit(format!("{table}_{name}"))
}

/// The check that stands for NOT NULL while a column becomes so.
pub fn column_not_null(table: &str, column: &str) -> String {
    fit(format!("{table}_{column}_not_null"))
}

/// A foreign key.
pub fn foreign_key(table: &str, columns: &[&str], to_table: &str, to_columns: &[&str]) -> String {
    with_hash(table, columns, &format!("_fk_{to_table}_{}", to_columns.join("_")))
}

/// The primary key constraint.
pub fn primary_key(table: &str) -> String {
    fit(format!("{table}_pkey"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_django_makes() {
        assert_eq!(field_index("app_book", "author_id"), "app_book_author_id_980d3e25");
        assert_eq!(
            foreign_key("app_book", &["author_id"], "app_author", &["id"]),
            "app_book_author_id_980d3e25_fk_app_author_id"
        );
        assert_eq!(unique("app_opt", &["a", "b"]), "app_opt_a_b_0c45f3df_uniq");
        assert_eq!(
            unique("auth_user_user_permissions", &["user_id", "permission_id"]),
            "auth_user_user_permissions_user_id_permission_id_14a6b632_uniq"
        );
    }

    #[test]
    fn the_sides_of_a_many_to_many_are_told_apart() {
        let (user, book) = (ModelKey::new("blog", "User"), ModelKey::new("blog", "Book"));
        let columns = |owner: &ModelKey, to: &ModelKey| {
            let made = many_to_many(owner, "blog_user", "friends", to);
            (made.source_column, made.target_column)
        };
        let apart = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(columns(&user, &book), apart("user_id", "book_id"));
        assert_eq!(columns(&user, &user), apart("from_user_id", "to_user_id"));
        assert_eq!(columns(&user, &ModelKey::new("auth", "User")), apart("from_user_id", "to_user_id"));
    }

    #[test]
    fn every_name_fits() {
        let long = "é".repeat(80);
        for name in [
            table(&ModelKey::new(&*long, &*long)),
            index(&long, &[&long, &long]),
            foreign_key(&long, &[&long], &long, &["id"]),
            column_check(&long, "x"),
            check(&long, "x"),
        ] {
            assert!(name.len() <= MAX_NAME, "{name}");
        }
    }
}
