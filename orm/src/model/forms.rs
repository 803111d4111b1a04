//! What forms and an admin want to know of a field, as it is said and as it is read.
#![expect(clippy::panic, reason = "these panics are compile errors of the model's crate")]

use super::{FieldMeta, FieldSpec, RelationKind, Shape};
use crate::tree::Expr;

impl FieldSpec {
    /// `help = ".."`.
    pub const fn help(mut self, text: &'static str) -> Self {
        self.options.help = text;
        self
    }

    /// `verbose_name = ".."`.
    pub const fn verbose_name(mut self, name: &'static str) -> Self {
        self.options.verbose_name = Some(name);
        self
    }

    /// `choices_from = ..`.
    #[track_caller]
    pub const fn choices_from(mut self, condition: fn() -> Expr) -> Self {
        if matches!(self.shape, Shape::Relation(RelationKind::ManyToMany { .. }, _))
            && self.options.via.is_some()
            && self.options.through.is_none()
        {
            panic!("this is the reverse side of a many-to-many: write `choices_from` on the field that `via` names");
        }
        if !matches!(
            self.shape,
            Shape::Relation(
                RelationKind::ForeignKey { .. } | RelationKind::OneToOne { .. } | RelationKind::ManyToMany { .. },
                _
            )
        ) {
            panic!(
                "`choices_from` is for `ForeignKey`, `OneToOne` and `ManyToMany`: it says which rows they may lead to"
            );
        }
        self.options.choices_from = Some(condition);
        self
    }

    /// `editable = ..`.
    pub const fn editable(mut self, on: bool) -> Self {
        self.options.editable = on;
        self
    }

    /// `widget = ".."`.
    pub const fn widget(mut self, name: &'static str) -> Self {
        self.options.widget = Some(name);
        self
    }
}

impl FieldMeta {
    /// What people call the field: its `verbose_name`, or the words of its name.
    ///
    /// ```
    /// use orm::prelude::*;
    ///
    /// orm::app! { pub staff { Person } }
    ///
    /// #[derive(Model)]
    /// pub struct Person {
    ///     pub id: i64,
    ///     pub first_name: String,
    ///     #[field(verbose_name = "surname")]
    ///     pub last_name: String,
    /// }
    ///
    /// let labels: Vec<String> = Person::meta().fields.iter().map(|field| field.label()).collect();
    /// assert_eq!(labels, ["id", "first name", "surname"]);
    /// ```
    pub fn label(&self) -> String {
        self.options.verbose_name.map_or_else(|| self.name.replace('_', " "), str::to_owned)
    }

    /// Whether people change it in forms: it is not said otherwise, has a value of its own, and none that the library or the database
    /// gives it.
    ///
    /// ```
    /// # use library::*;
    /// let editable = |name| Book::meta().field(name).unwrap().1.is_editable();
    /// assert!(editable("title") && editable("tags") && !editable("id") && !editable("created"));
    /// ```
    pub fn is_editable(&self) -> bool {
        let options = &self.options;
        let automatic =
            options.auto || options.generated.is_some() || options.auto_now || options.auto_now_add || options.version;
        let reverse = matches!(&self.relation, Some(relation) if matches!(relation.kind, RelationKind::HasMany | RelationKind::HasOne));
        options.editable && !automatic && !reverse
    }
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
