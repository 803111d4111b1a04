//! New rows by their columns: what is not given is filled in, and all of it is checked.

use super::{Proposed, check, clock, hooks, update::Given};
use crate::{
    Code, Dialect, Error, Result, Value, compile,
    model::ModelMeta,
    tree::{Expr, NewValues},
};

/// The value of one column of a draft.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Slot {
    /// None yet: the database's default, the model's, or NULL.
    Unset,
    /// The model's default: an upsert does not write it over an existing row.
    Default(Value),
    /// Given.
    Given(Value),
    /// Given as what the database computes, of no row.
    Computed(Box<Expr>),
    /// The key of a parent that is still to be written.
    Handed,
}

/// A row to insert: checked, with the model's defaults. What is unset is left to the database.
#[derive(Debug, Clone)]
pub(super) struct NewRow {
    slots: Vec<Slot>,
    /// Whether the database computes some of it.
    computed: bool,
}

impl NewRow {
    /// A row of slots that are complete.
    pub(super) fn of(slots: Vec<Slot>) -> NewRow {
        let computed = slots.iter().any(Slot::is_computed);
        NewRow { slots, computed }
    }

    /// Whether the database computes some of it.
    pub(super) fn is_computed(&self) -> bool {
        self.computed
    }

    /// Whether some of it is asked by a query, or by SQL that may be one.
    pub(super) fn asks(&self) -> bool {
        let asks = |expr: &Expr| {
            let mut found = compile::has_query(expr);
            expr.visit(0, &mut |part, _| found |= matches!(part, Expr::Raw { .. }));
            found
        };
        self.computed && self.slots.iter().any(|slot| matches!(slot, Slot::Computed(expr) if asks(expr)))
    }

    /// About how many bytes the values in it have.
    pub(super) fn bytes(&self) -> usize {
        let of = |slot: &Slot| match slot {
            Slot::Computed(expr) => size(expr),
            slot => slot.value().map_or(0, Value::size),
        };
        self.slots.iter().map(of).sum()
    }

    /// By column, whether something is sent.
    pub(super) fn sent(&self) -> impl Iterator<Item = bool> {
        self.slots.iter().map(Slot::is_sent)
    }

    /// The value that is sent for a column.
    pub(super) fn value(&self, column: u16) -> Option<&Value> {
        self.slots[usize::from(column)].value()
    }

    /// What is sent for a column: a value, or what the database computes.
    pub(super) fn term(&self, column: u16) -> Option<Expr> {
        match &self.slots[usize::from(column)] {
            Slot::Computed(expr) => Some((**expr).clone()),
            slot => slot.value().cloned().map(Expr::Value),
        }
    }

    /// The columns that are sent.
    pub(super) fn columns(&self) -> Vec<u16> {
        let sent = (0..).zip(self.sent()).filter(|(_, sent)| *sent);
        sent.map(|(column, _)| column).collect()
    }

    /// What is sent, for the words of an error.
    pub(super) fn told(&self) -> Given {
        let mut told = Given::default();
        for (column, slot) in (0..).zip(&self.slots) {
            match slot {
                Slot::Default(value) | Slot::Given(value) => {
                    told.columns.push(column);
                    told.values.push(value.clone());
                }
                Slot::Computed(_) => told.computed.push(column),
                Slot::Unset | Slot::Handed => {}
            }
        }
        told
    }

    /// The columns that an upsert by this key writes over an existing row: those that were given, without the keys.
    pub(super) fn overwrites(&self, meta: &ModelMeta, target: &[u16]) -> impl Iterator<Item = u16> {
        let is_given = |slot: &Slot| matches!(slot, Slot::Given(_) | Slot::Computed(_));
        let given = (0..).zip(&self.slots).filter(move |(_, slot)| is_given(slot)).map(|(column, _)| column);
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
        for slot in self.slots {
            if let Slot::Default(value) | Slot::Given(value) = slot {
                binds.push(value);
            }
        }
    }

    /// What is sent, values as expressions.
    pub(super) fn into_terms(self) -> impl Iterator<Item = Expr> {
        self.slots.into_iter().filter_map(|slot| match slot {
            Slot::Default(value) | Slot::Given(value) => Some(Expr::Value(value)),
            Slot::Computed(expr) => Some(*expr),
            Slot::Unset | Slot::Handed => None,
        })
    }

    /// The values that are sent.
    pub(super) fn into_binds(self) -> Vec<Value> {
        let mut binds = Vec::with_capacity(self.slots.len());
        self.add_to(&mut binds);
        binds
    }

    /// What is sent.
    pub(super) fn into_values(self) -> NewValues {
        match self.computed {
            true => NewValues::Computed(self.into_terms().collect()),
            false => NewValues::Known(self.into_binds()),
        }
    }
}

impl Slot {
    pub(super) fn value(&self) -> Option<&Value> {
        match self {
            Slot::Unset | Slot::Handed | Slot::Computed(_) => None,
            Slot::Default(value) | Slot::Given(value) => Some(value),
        }
    }

    fn is_sent(&self) -> bool {
        !matches!(self, Slot::Unset | Slot::Handed)
    }

    pub(super) fn is_computed(&self) -> bool {
        matches!(self, Slot::Computed(_))
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
    let computed = slots.iter().any(Slot::is_computed);
    if computed {
        errors.extend(refuse_computed(meta, slots, rules).err());
    }
    if rules && !computed {
        errors.extend(validated(meta, slots));
    }
    errors.extend(fit_all(meta, slots, dialect, rules));
    errors
}

/// Lets the model's own `validate` look at a row that is filled in: what it sets stands in it, and what it refuses is given.
pub(super) fn validated(meta: &ModelMeta, slots: &mut [Slot]) -> Vec<Error> {
    let mut errors = Vec::new();
    if let Some(validate) = meta.validate {
        let values = slots.iter().map(|slot| slot.value().cloned()).collect();
        for (column, value) in Proposed::new_row(values).validated(validate, &mut errors) {
            slots[usize::from(column)] = Slot::Given(value);
        }
    }
    errors
}

/// What is wrong with the values of a row that is filled in, one by one.
pub(super) fn fit_all(meta: &ModelMeta, slots: &mut [Slot], dialect: Dialect, rules: bool) -> Vec<Error> {
    let mut errors = Vec::new();
    for (column, slot) in (0..).zip(slots) {
        if let Slot::Default(value) | Slot::Given(value) = slot
            && let Err(error) = check::check_for(meta, column, value, dialect, rules)
        {
            errors.push(error);
        }
    }
    errors
}

/// Refuses what the database is not to compute: keys, by which rows are found again, and what the model's `validate` would not see.
#[cold]
fn refuse_computed(meta: &ModelMeta, slots: &[Slot], rules: bool) -> Result<()> {
    if meta.validate.is_some() && rules {
        let what =
            format!("`{}` looks at each row by its `validate`, and what is computed is not known before", meta.name);
        return Err(Error::new(Code::Unvalidated, what)
            .with_model(meta.name.clone())
            .with_hint("give the value itself; or say `.skip_validation()`"));
    }
    let mut mistakes = Vec::new();
    for (column, slot) in (0..).zip(slots) {
        let Slot::Computed(expr) = slot else { continue };
        let mut wrong =
            meta.key.contains(&column).then_some("the key of a row, which is a value or given by the database");
        expr.visit(0, &mut |expr, depth| match expr {
            Expr::Aggregate(_) | Expr::Window(_) if depth == 0 => wrong = Some("made of many rows, and there is none"),
            Expr::Column { .. } if depth == 0 => wrong = Some("made of a row, and there is none"),
            _ => {}
        });
        if let Some(what) = wrong {
            let name = check::field_name(meta, column);
            mistakes.push(Error::new(Code::BadQuery, format!("`{name}` is {what}")).with_fields([name]));
        }
    }
    check::together(meta, mistakes)
}

/// Refuses to let the hooks of a model pass by what the database computes.
pub(super) fn refuse_unseen_by_hooks(meta: &ModelMeta, slots: &[Slot]) -> Result<()> {
    match slots.iter().any(Slot::is_computed) {
        false => Ok(()),
        true => hooks::refuse(meta, false, "a value that the database computes", "give the value itself"),
    }
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
        Slot::Unset | Slot::Handed | Slot::Computed(_) => Ok(None),
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

/// About how many bytes the values of an expression have.
fn size(expr: &Expr) -> usize {
    let mut bytes = 0;
    expr.visit(0, &mut |part, _| {
        if let Expr::Value(value) = part {
            bytes += Value::size(value);
        }
    });
    bytes
}
