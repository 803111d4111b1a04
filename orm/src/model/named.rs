//! What the columns of fields are called, as the derive says it, and that no two have one name.
#![expect(clippy::panic, reason = "these panics are compile errors of the model's crate")]

use super::{
    FieldSpec, Shape,
    const_text::{Text, same_text},
};

impl FieldSpec {
    /// `column = ".."`.
    #[track_caller]
    pub const fn column(mut self, name: &'static str) -> Self {
        self.needs_column("this relation has no column here: remove `column`; the table of a many-to-many is named by `table = \"..\"`");
        self.options.column = Some(name);
        self
    }

    /// `columns("..", "..")`.
    #[track_caller]
    pub const fn named(mut self, names: &'static [&'static str]) -> Self {
        self.needs_column("this relation has no column here: remove `columns`");
        if self.options.column.is_some() {
            panic!("`columns` names them all: remove `column`");
        }
        if self.columns() == 1 {
            panic!("this field has one column: write #[field(column = \"..\")]");
        }
        if names.len() != self.columns() as usize {
            panic!("`columns` names each column of the key that the field leads to, in its order");
        }
        self.options.columns = names;
        self
    }

    /// The name of one of its columns, in two halves. None for parts, and where a relation has no column, or several that it does not
    /// name.
    const fn column_name(&self, at: usize) -> Option<(&'static str, &'static str)> {
        match (self.options.column, self.shape) {
            _ if at < self.options.columns.len() => Some((self.options.columns[at], "")),
            _ if at > 0 => None,
            (Some(column), _) => Some((column, "")),
            (None, Shape::Column(_)) => Some((self.name, "")),
            (None, Shape::Relation(..)) if self.columns() == 1 => Some((self.name, "_id")),
            (None, _) => None,
        }
    }

    const fn has_column(&self, (left, right): (&str, &str)) -> bool {
        let mut index = 0;
        if let Shape::Part(fields) = self.shape {
            while index < fields.len() {
                if fields[index].has_column((left, right)) {
                    return true;
                }
                index += 1;
            }
        }
        index = 0;
        while let Some((own, end)) = self.column_name(index) {
            if same_text(left, right, own, end) {
                return true;
            }
            index += 1;
        }
        false
    }
}

/// Refuses two fields with one column, where only the types tell: `author: ForeignKey<_>` beside `author_id`, and parts.
#[track_caller]
pub const fn check_columns(fields: &[FieldSpec]) {
    let (all, own) = versions(fields);
    // Those of the model itself are reported by the derive.
    if all > 1 && all > own {
        panic!("this model has two versions, one of them by a part: keep one");
    }
    let mut index = 0;
    while index < fields.len() {
        let mut other = 0;
        while other < fields.len() {
            // Plain columns of one name are reported by the derive, at both fields.
            if other != index && !matches!(fields[index].shape, Shape::Column(_)) {
                refuse_shared(&fields[index], &fields[other]);
            }
            other += 1;
        }
        index += 1;
    }
}

/// How many fields are versions, with those of parts and without.
const fn versions(fields: &[FieldSpec]) -> (usize, usize) {
    let (mut all, mut own, mut index) = (0, 0, 0);
    while index < fields.len() {
        match fields[index].shape {
            Shape::Part(inner) => all += versions(inner).0,
            _ if fields[index].options.version => (all, own) = (all + 1, own + 1),
            _ => {}
        }
        index += 1;
    }
    (all, own)
}

/// Refuses a column of the one field that the other has as well.
#[track_caller]
const fn refuse_shared(field: &FieldSpec, other: &FieldSpec) {
    let mut index = 0;
    if let Shape::Part(inner) = field.shape {
        while index < inner.len() {
            refuse_shared(&inner[index], other);
            index += 1;
        }
    }
    index = 0;
    while let Some((name, end)) = field.column_name(index) {
        if other.has_column((name, end)) {
            let text = Text::new().push("the column `").push(name).push(end).push("` of the field `").push(field.name);
            panic!("{}", text.push("` already belongs to the field `").push(other.name).push("`").as_str());
        }
        index += 1;
    }
}
