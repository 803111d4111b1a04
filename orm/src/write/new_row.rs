//! New rows by their columns: what is not given is filled in, and all of it is checked.

use super::{Proposed, check, clock};
use crate::{Code, Dialect, Error, Result, Value, model::ModelMeta};

/// The value of one column of a draft.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Slot {
    /// None yet: the database's default, the model's, or NULL.
    Unset,
    /// The model's default: an upsert does not write it over an existing row.
    Default(Value),
    /// Given.
    Given(Value),
    /// The key of a parent that is still to be written.
    Handed,
}

/// A row to insert: checked, with the model's defaults. What is unset is left to the database.
#[derive(Debug, Clone)]
pub(super) struct NewRow(Vec<Slot>);

impl NewRow {
    /// A row of slots that are complete.
    pub(super) fn of(slots: Vec<Slot>) -> NewRow {
        NewRow(slots)
    }

    /// By column, what is sent.
    pub(super) fn values(&self) -> impl Iterator<Item = Option<&Value>> {
        self.0.iter().map(Slot::value)
    }

    /// What is sent for a column.
    pub(super) fn value(&self, column: u16) -> Option<&Value> {
        self.0[usize::from(column)].value()
    }

    /// The columns that are sent.
    pub(super) fn columns(&self) -> Vec<u16> {
        let sent = (0..).zip(self.values()).filter(|(_, value)| value.is_some());
        sent.map(|(column, _)| column).collect()
    }

    /// The columns that an upsert by this key writes over an existing row: those that were given, without the keys.
    pub(super) fn overwrites(&self, meta: &ModelMeta, target: &[u16]) -> impl Iterator<Item = u16> {
        let given = (0..).zip(&self.0).filter(|(_, slot)| matches!(slot, Slot::Given(_))).map(|(column, _)| column);
        given.filter(|column| !target.contains(column) && !meta.key.contains(column) && meta.version != Some(*column))
    }

    /// Refuses a row that has no value in a column of a unique key.
    pub(super) fn has_key(&self, meta: &ModelMeta, target: &[u16]) -> Result<()> {
        meta.tells_rows_apart()?;
        match target.iter().find(|&&column| self.value(column).is_none_or(Value::is_null)) {
            None => Ok(()),
            Some(&column) => {
                let name = check::field_name(meta, column);
                Err(Error::new(Code::BadQuery, format!("`{name}` of the key has no value in the draft"))
                    .with_model(meta.name.clone())
                    .with_fields([name]))
            }
        }
    }

    /// Adds the values that are sent.
    pub(super) fn add_to(self, binds: &mut Vec<Value>) {
        for slot in self.0 {
            if let Slot::Default(value) | Slot::Given(value) = slot {
                binds.push(value);
            }
        }
    }

    /// The values that are sent.
    pub(super) fn into_binds(self) -> Vec<Value> {
        let mut binds = Vec::with_capacity(self.0.len());
        self.add_to(&mut binds);
        binds
    }
}

impl Slot {
    pub(super) fn value(&self) -> Option<&Value> {
        match self {
            Slot::Unset | Slot::Handed => None,
            Slot::Default(value) | Slot::Given(value) => Some(value),
        }
    }
}

/// Fills in what is not given, and checks the row; every mistake in it is one error. Without `rules` it is only asked whether the
/// columns can hold the values.
pub(super) fn complete(meta: &ModelMeta, slots: &mut [Slot], dialect: Dialect, rules: bool) -> Result<()> {
    check::together(meta, completed(meta, slots, dialect, rules))
}

/// The same, with each mistake by itself.
pub(super) fn completed(meta: &ModelMeta, slots: &mut [Slot], dialect: Dialect, rules: bool) -> Vec<Error> {
    let mut errors = filled(meta, slots);
    if let Some(validate) = meta.validate.filter(|_| rules) {
        let values = slots.iter().map(|slot| slot.value().cloned()).collect();
        for (column, value) in Proposed::new_row(values).validated(validate, &mut errors) {
            slots[usize::from(column)] = Slot::Given(value);
        }
    }
    for (column, slot) in (0..).zip(slots) {
        if let Slot::Default(value) | Slot::Given(value) = slot
            && let Err(error) = check::check_for(meta, column, value, dialect, rules)
        {
            errors.push(error);
        }
    }
    errors
}

/// Fills in what is not given; what then still lacks a value is an error.
pub(super) fn filled(meta: &ModelMeta, slots: &mut [Slot]) -> Vec<Error> {
    let mut errors = Vec::new();
    for (column, slot) in (0..).zip(slots) {
        if let Slot::Unset = slot {
            match unset(meta, column) {
                Ok(filled) => *slot = filled,
                Err(error) => errors.push(error),
            }
        }
    }
    errors
}

/// What a new row has in a column for which nothing is given; nothing where that is left to the database.
pub(super) fn default_of(meta: &ModelMeta, column: u16) -> Result<Option<Value>> {
    match unset(meta, column)? {
        Slot::Default(value) | Slot::Given(value) => check::checked(meta, column, value).map(Some),
        Slot::Unset | Slot::Handed => Ok(None),
    }
}

/// What stands in a column for which nothing was given.
fn unset(meta: &ModelMeta, column: u16) -> Result<Slot> {
    let shape = &meta.columns[usize::from(column)];
    let field = &meta.fields[usize::from(shape.field)];
    let options = &field.options;
    if options.auto_now || options.auto_now_add {
        let slot = if options.auto_now { Slot::Given } else { Slot::Default };
        return Ok(clock::now(shape.kind).map_or(Slot::Unset, slot));
    }
    if options.filled_by_database() {
        return Ok(Slot::Unset);
    }
    match field.default_value() {
        Some(default) => Ok(Slot::Default(default)),
        _ if shape.nullable => Ok(Slot::Default(Value::Null(shape.kind))),
        _ => Err(check::refuse(meta, column, Code::MissingValue, "has no value, and no default", [])),
    }
}
