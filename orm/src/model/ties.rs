//! Whether a relation without a column leads somewhere, by one way: as far as the compiler of one model sees, which is not into
//! parts. What it cannot see is asked when the program starts (`migrate::check`).
#![expect(clippy::panic, reason = "these panics are compile errors of the model's crate")]

use super::{
    FieldSpec, KeyShape, RelationKind, Shape,
    const_text::{Text, last_segment, same_text},
};

/// The model at the far end of a relation without a column.
#[derive(Debug, Clone, Copy)]
pub struct Far {
    /// The model, with its module.
    pub model: &'static str,
    /// Its fields.
    pub fields: &'static [FieldSpec],
    /// Whether the relation is a many-to-many, and no reverse side of a key.
    pub many_to_many: bool,
    /// Whether it leads to one row at most.
    pub one: bool,
}

/// What the attributes say of the way.
#[derive(Debug, Clone, Copy)]
pub struct Ways {
    /// `via = ..`.
    pub via: Option<&'static str>,
    /// `to = ..`.
    pub to: Option<&'static str>,
    /// `through = ..`: the model between, with its module, and its fields.
    pub through: Option<(&'static str, &'static [FieldSpec])>,
    /// The key that a generic foreign key has to hold.
    pub key: Option<KeyShape>,
}

/// Refuses a relation of the model `me` that leads nowhere, or by one of several ways.
#[track_caller]
pub const fn check_tie(far: Option<Far>, ways: Ways, me: &'static str) {
    let Some(far) = far else { return };
    // A model with mistakes of its own.
    if far.model.is_empty() {
        return;
    }
    match (far.many_to_many, ways.through, ways.via) {
        (false, _, via) => {
            if !by_generic(far, me, ways) {
                one_key((far.model, far.fields), me, via, "via");
            }
        }
        (true, Some(between), via) if same_text(far.model, "", me, "") => two_keys(between, me, via, ways.to),
        (true, Some(between), via) => {
            one_key(between, me, via, "via");
            one_key(between, far.model, ways.to, "to");
        }
        (true, None, Some(via)) => mirrored(far, via, me),
        (true, None, None) => not_doubled(far, me),
    }
}

/// Whether a field is a foreign key to the model.
const fn is_key_to(field: &FieldSpec, model: &str) -> bool {
    match field.shape {
        Shape::Relation(RelationKind::ForeignKey { key, .. } | RelationKind::OneToOne { key, .. }, _) => {
            same_text(key.model, "", model, "")
        }
        _ => false,
    }
}

/// Whether the key that `via` names is a generic one. Refuses what cannot go by it.
#[track_caller]
const fn by_generic(far: Far, me: &'static str, ways: Ways) -> bool {
    let mut index = 0;
    while index < far.fields.len() {
        let field = &far.fields[index];
        if let Shape::Generic(shape) = field.shape {
            let (model, owner) = (last_segment(far.model), last_segment(me));
            let text = Text::new().push("`").push(model).push(".").push(field.name);
            match ways.via {
                Some(name) if !same_text(name, "", field.name, "") => {}
                Some(_) if far.one => {
                    let text = text.push("` is generic, and a row can have several that point to it: write `HasMany<");
                    panic!("{}", text.push(model).push(">`").as_str());
                }
                Some(_) => {
                    if let Some(key) = ways.key
                        && !shape.holds(key.kinds)
                    {
                        let text = text.push("` cannot lead to `").push(owner).push("`: it does not hold such keys. ");
                        let text =
                            text.push("`GenericForeignKey` without a type holds whole numbers, texts and UUIDs, ");
                        panic!("{}", text.push("as text; none holds keys of several columns").as_str());
                    }
                    return true;
                }
                None if !far.one && !has_key_to(far.fields, me) => {
                    let text = text.push("` is generic: to be the reverse side of it, write #[field(via = ");
                    panic!("{}", text.push(field.name).push(")]").as_str());
                }
                None => {}
            }
        }
        index += 1;
    }
    false
}

/// Whether one of the fields is a foreign key to the model, or may be one.
const fn has_key_to(fields: &[FieldSpec], model: &str) -> bool {
    let mut index = 0;
    while index < fields.len() {
        if is_key_to(&fields[index], model) || matches!(fields[index].shape, Shape::Part(_)) {
            return true;
        }
        index += 1;
    }
    false
}

/// A reverse side, and each side of a many-to-many, goes by one key of the other model.
#[track_caller]
const fn one_key(
    (from, fields): (&'static str, &'static [FieldSpec]),
    to: &'static str,
    named: Option<&'static str>,
    option: &str,
) {
    let (mut found, mut index) = (0, 0);
    let mut first = "";
    while index < fields.len() {
        if is_key_to(&fields[index], to) {
            match named {
                Some(name) if same_text(name, "", fields[index].name, "") => return,
                Some(_) => {}
                None => found += 1,
            }
            if first.is_empty() {
                first = fields[index].name;
            }
        }
        if matches!(fields[index].shape, Shape::Part(_)) {
            return;
        }
        index += 1;
    }
    let (from, to) = (last_segment(from), last_segment(to));
    let text = Text::new().push("`").push(from);
    if first.is_empty() {
        panic!("{}", text.push("` has no foreign key to `").push(to).push("`").as_str());
    }
    if let Some(name) = named {
        let text = text.push("` has no foreign key `").push(name).push("` to `").push(to);
        panic!("{}", text.push("`: write `").push(option).push(" = ").push(first).push("`").as_str());
    }
    if found > 1 {
        let text = text.push("` has several foreign keys to `").push(to).push("`: say which, `");
        panic!("{}", text.push(option).push(" = ").push(first).push("`").as_str());
    }
}

/// A many-to-many of a model to itself goes by two keys of the model between.
#[track_caller]
const fn two_keys(
    (from, fields): (&'static str, &'static [FieldSpec]),
    me: &'static str,
    via: Option<&'static str>,
    to: Option<&'static str>,
) {
    if via.is_some() {
        one_key((from, fields), me, via, "via");
    }
    if to.is_some() {
        one_key((from, fields), me, to, "to");
    }
    let (mut found, mut index) = (0, 0);
    let (mut first, mut second) = ("", "");
    while index < fields.len() {
        if matches!(fields[index].shape, Shape::Part(_)) {
            return;
        }
        if is_key_to(&fields[index], me) {
            found += 1;
            if first.is_empty() {
                first = fields[index].name;
            } else if second.is_empty() {
                second = fields[index].name;
            }
        }
        index += 1;
    }
    let text = Text::new().push("`").push(last_segment(from));
    let me = last_segment(me);
    if found < 2 {
        let text = text.push("` stands between `").push(me).push("` and itself, and has not two foreign keys to it");
        panic!("{}", text.as_str());
    }
    if found > 2 && (via.is_none() || to.is_none()) {
        let text = text.push("` has more than two foreign keys to `").push(me).push("`: say which, `via = ");
        panic!("{}", text.push(first).push(", to = ").push(second).push("`").as_str());
    }
}

/// Whether a field is a many-to-many to the model, and no reverse side.
const fn relates_to(field: &FieldSpec, model: &str) -> bool {
    match field.shape {
        Shape::Relation(RelationKind::ManyToMany { to }, _) => {
            same_text(to, "", model, "") && (field.options.via.is_none() || field.options.through.is_some())
        }
        _ => false,
    }
}

/// The reverse side of a many-to-many names it.
#[track_caller]
const fn mirrored(far: Far, via: &'static str, me: &'static str) {
    let mut index = 0;
    let mut first = "";
    while index < far.fields.len() {
        let field = &far.fields[index];
        if matches!(field.shape, Shape::Part(_)) {
            return;
        }
        if relates_to(field, me) {
            if same_text(field.name, "", via, "") {
                return;
            }
            if first.is_empty() {
                first = field.name;
            }
        }
        index += 1;
    }
    let (model, me) = (last_segment(far.model), last_segment(me));
    let text = Text::new().push("`").push(model).push("` has no many-to-many `").push(via).push("` to `").push(me);
    if first.is_empty() {
        let text = text.push("` whose reverse side this could be: add one there, `").push(via).push(": ManyToMany<");
        panic!("{}", text.push(me).push(">` without `via`, or remove `via` here").as_str());
    }
    panic!("{}", text.push("`: write `via = ").push(first).push("`").as_str());
}

/// Two many-to-many that lead to each other would be two tables that know nothing of each other.
#[track_caller]
const fn not_doubled(far: Far, me: &'static str) {
    let mut index = 0;
    while index < far.fields.len() && !same_text(far.model, "", me, "") {
        let field = &far.fields[index];
        let by_model = field.options.through.is_some();
        // Where both have automatic tables one of them is told.
        if relates_to(field, me) && field.options.table.is_none() && (by_model || is_after(me, far.model)) {
            let (model, me) = (last_segment(far.model), last_segment(me));
            let text = Text::new().push("`").push(model).push("` has a many-to-many to `").push(me);
            let text = text.push("` already: for its reverse side, write #[field(via = ").push(field.name);
            panic!("{}", text.push(")]; for another one, give this one a `table = \"..\"`").as_str());
        }
        index += 1;
    }
}

/// Whether a text comes after another, in whatever order.
const fn is_after(text: &str, other: &str) -> bool {
    let (text, other) = (text.as_bytes(), other.as_bytes());
    let mut index = 0;
    while index < text.len() && index < other.len() {
        if text[index] != other[index] {
            return text[index] > other[index];
        }
        index += 1;
    }
    text.len() > other.len()
}
