//! Fewer operations with the same effect: what is made and changed is made as it ends up.

use crate::naming;
use crate::operation::Operation;
use crate::schema::{Constraint, Field, Model, ModelKey, Schema};

/// Merges operations where that cannot be noticed: fields into the model that is created before,
/// changes into the last change, and what is made and removed into nothing.
///
/// ```
/// use migrations_engine::{diff::reduce, Operation};
/// use migrations_engine::schema::{ColumnType, Field, Model};
/// let tag = Model::new("library", "Tag").with(Field::auto_id());
/// let label = Field::new("label", ColumnType::Text);
/// let operations = reduce(vec![
///     Operation::CreateModel(tag.clone()),
///     Operation::AddField { model: tag.key.clone(), field: label.clone(), fill: None },
/// ]);
/// assert_eq!(operations, [Operation::CreateModel(tag.with(label))]);
/// ```
pub fn reduce(mut operations: Vec<Operation>) -> Vec<Operation> {
    loop {
        let before = operations.len();
        operations = pass(operations);
        if operations.len() == before {
            return operations;
        }
    }
}

/// The same for operations on a state. They stay as they are where fewer would lead elsewhere, or where they themselves do not
/// fit the state.
///
/// ```
/// use migrations_engine::{diff::reduce_from, Operation, Schema};
/// use migrations_engine::schema::{ColumnType, Field, Model};
/// let tag = Model::new("library", "Tag").with(Field::auto_id());
/// let label = Field::new("label", ColumnType::Text);
/// let add = Operation::AddField { model: tag.key.clone(), field: label.clone(), fill: None };
/// let operations = vec![Operation::CreateModel(tag.clone()), add.clone()];
/// assert_eq!(reduce_from(&Schema::default(), operations), [Operation::CreateModel(tag.with(label))]);
/// // There is no such model.
/// assert_eq!(reduce_from(&Schema::default(), vec![add.clone()]), [add]);
/// ```
pub fn reduce_from(before: &Schema, operations: Vec<Operation>) -> Vec<Operation> {
    let reached = |operations: &[Operation]| {
        let mut state = before.clone();
        operations.iter().try_for_each(|operation| operation.apply(&mut state)).ok().map(|()| state)
    };
    let reduced = reduce(operations.clone());
    match (reached(&operations), reached(&reduced)) {
        (Some(wanted), Some(found)) if wanted == found => reduced,
        _ => operations,
    }
}

/// One pass: each operation is merged into an earlier one, if nothing between them minds.
fn pass(operations: Vec<Operation>) -> Vec<Operation> {
    let mut out: Vec<Operation> = Vec::new();
    for operation in operations {
        match merge_back(&mut out, &operation) {
            true => {}
            false => out.push(operation),
        }
    }
    out
}

fn merge_back(out: &mut Vec<Operation>, operation: &Operation) -> bool {
    let Some(key) = operation.model() else { return false };
    let (mut only_later, mut passed) = (false, false);
    for at in (0..out.len()).rev() {
        match merge(&out[at], operation) {
            Some(merged) if !only_later && fits_at(out, at, &merged) && has_table_at(out, at, operation) => {
                out.splice(at..=at, merged);
                return true;
            }
            // What it needs is made in between: the first moves to where the second is. Nothing in between minds.
            Some(merged) if !passed && is_create(&out[at], key) && fits_at_end(out, at, &merged) => {
                out.remove(at);
                out.extend(merged);
                return true;
            }
            Some(_) => return false,
            None => {}
        }
        if touches(&out[at], key) {
            if !passes(operation, &out[at], key) {
                return false;
            }
            passed = true;
        }
        only_later |= operation.depends_on().into_iter().any(|needed| touches(&out[at], needed));
    }
    false
}

fn is_create(operation: &Operation, key: &ModelKey) -> bool {
    matches!(operation, Operation::CreateModel(model) if model.key == *key)
}

/// Whether what a merged operation needs is not made only after its place.
fn fits_at(out: &[Operation], at: usize, merged: &[Operation]) -> bool {
    let made_later = |key: &ModelKey| {
        out[at + 1..].iter().any(|operation| match operation {
            Operation::CreateModel(model) => model.key == *key,
            Operation::RenameModel { model, to, .. } => model.app == key.app && *to == key.name,
            Operation::MoveModel { model, .. } => model == key,
            _ => false,
        })
    };
    !merged.iter().flat_map(Operation::depends_on).any(made_later)
}

/// Whether the table that an operation takes is free after the one at a place already, and not only when a later one has left it.
fn has_table_at(out: &[Operation], at: usize, operation: &Operation) -> bool {
    let (taken, between) = match operation {
        Operation::RenameTable { table, .. } => (table.clone(), false),
        Operation::RenameModel { model, to, keep_table: false } => {
            (naming::table(&ModelKey::new(model.app.clone(), to.clone())), false)
        }
        Operation::AddField { field, .. } => match field.own_table() {
            Some(many) => (many.table.clone(), true),
            None => return true,
        },
        _ => return true,
    };
    // Of whoever was there before nothing tells which table it has.
    let may_leave = |place: usize| match &out[place] {
        Operation::DeleteModel { model }
        | Operation::RenameTable { model, .. }
        | Operation::RenameModel { model, keep_table: false, .. }
        | Operation::AlterManaged { model, managed: false } => {
            table_of(&out[..place], model).is_none_or(|table| table.eq_ignore_ascii_case(&taken))
        }
        Operation::RemoveField { .. } => between,
        _ => false,
    };
    !(at + 1..out.len()).any(may_leave)
}

/// The table that operations gave a model.
fn table_of<'o>(operations: &'o [Operation], key: &ModelKey) -> Option<&'o str> {
    let given = operations.iter().rev().find(|operation| match operation {
        Operation::RenameModel { model, to, .. } => model.app == key.app && *to == key.name,
        Operation::CreateModel(_) | Operation::RenameTable { .. } | Operation::MoveModel { .. } => {
            operation.model() == Some(key)
        }
        _ => false,
    })?;
    match given {
        Operation::CreateModel(model) => Some(&model.table),
        Operation::RenameTable { table, .. } => Some(table),
        _ => None,
    }
}

/// Whether what a merged operation needs is still called so after the last one.
fn fits_at_end(out: &[Operation], at: usize, merged: &[Operation]) -> bool {
    let gone_later = |key: &ModelKey| {
        out[at + 1..].iter().any(|operation| match operation {
            Operation::DeleteModel { model } | Operation::RenameModel { model, .. } => model == key,
            Operation::MoveModel { from, .. } => from == key,
            _ => false,
        })
    };
    !merged.iter().flat_map(Operation::depends_on).any(gone_later)
}

/// Whether an operation changes or needs a model, so that others on it cannot move past.
fn touches(operation: &Operation, key: &ModelKey) -> bool {
    match operation {
        Operation::RunSql { .. } | Operation::RunRust { .. } | Operation::Separate { .. } => true,
        Operation::RenameModel { model, to, .. } => model == key || (model.app == key.app && *to == key.name),
        other => other.model() == Some(key) || other.depends_on().contains(&key),
    }
}

/// Whether a change of a model can be made before another model begins to refer to it: what is changed is not what is referred to.
fn passes(operation: &Operation, other: &Operation, key: &ModelKey) -> bool {
    use Operation as O;
    let field = match operation {
        O::AddField { field, .. } if !field.auto => Some(&field.name),
        O::AlterField { field, .. } if !field.auto => Some(&field.name),
        O::RemoveField { field, .. } => Some(field),
        O::AddIndex { .. } | O::RemoveIndex { .. } | O::RenameIndex { .. } | O::AlterComment { .. } => None,
        // A unique key may be what lets others refer to its fields.
        O::AddConstraint { .. } | O::RemoveConstraint { .. } | O::RenameConstraint { .. } => None,
        _ => return false,
    };
    let names = |other: &Field| {
        let relation = other.relation.as_ref().filter(|relation| relation.to == *key);
        relation.is_some_and(|relation| {
            relation.to_field.is_some() && (field.is_none() || relation.to_field.as_ref() == field)
        })
    };
    let spans = |constraint: &Constraint| match constraint {
        Constraint::ForeignKey { to, to_fields, .. } => {
            to == key && field.is_none_or(|field| to_fields.contains(field))
        }
        Constraint::Unique { .. } | Constraint::Check { .. } | Constraint::Exclude { .. } => false,
    };
    // Its own changes stay in their order.
    if other.model() == Some(key) {
        return false;
    }
    match other {
        O::CreateModel(model) => !model.fields.iter().any(names) && !model.constraints.iter().any(spans),
        O::AddField { field, .. } => !names(field),
        // What it referred to until then is not seen here: a key goes behind the last that refers to it.
        O::AddConstraint { constraint, .. } => !spans(constraint),
        _ => false,
    }
}

/// Two operations, one right after the other, as none or one; `None` if they stay two.
fn merge(first: &Operation, second: &Operation) -> Option<Vec<Operation>> {
    use Operation as O;
    if first.model() != second.model() && !matches!(first, O::RenameModel { .. }) {
        return None;
    }
    match (first, second) {
        (O::CreateModel(_), O::DeleteModel { .. }) => Some(Vec::new()),
        (O::CreateModel(model), second) => created(model, second).map(|model| vec![O::CreateModel(model)]),
        (
            O::RenameModel { model, to, keep_table },
            O::RenameModel { model: second, to: last, keep_table: second_keeps },
        ) if second.app == model.app && second.name == *to && keep_table == second_keeps => {
            let back = *last == model.name;
            let rename = O::RenameModel { model: model.clone(), to: last.clone(), keep_table: *keep_table };
            Some(if back { Vec::new() } else { vec![rename] })
        }
        (O::RenameTable { .. }, O::RenameTable { .. })
        | (O::AlterComment { .. }, O::AlterComment { .. })
        | (O::AlterManaged { .. }, O::AlterManaged { .. })
        | (O::AlterPrimaryKey { .. }, O::AlterPrimaryKey { .. }) => Some(vec![second.clone()]),
        (O::RenameTable { .. } | O::AlterComment { .. } | O::AlterManaged { .. }, O::DeleteModel { .. }) => {
            Some(vec![second.clone()])
        }
        (O::AddField { field, .. }, O::RemoveField { field: name, .. }) if field.name == *name => Some(Vec::new()),
        (O::AddField { model, field, fill }, O::AlterField { field: last, fill: last_fill, .. })
            if field.name == last.name =>
        {
            let fill = fill.clone().or_else(|| last_fill.clone());
            Some(vec![O::AddField { model: model.clone(), field: last.clone(), fill }])
        }
        (O::AddField { model, field, fill }, O::RenameField { field: name, to, keep_column, .. })
            if field.name == *name && field.relation.is_none() =>
        {
            let mut field = field.clone();
            if field.column == field.name && !keep_column {
                field.column.clone_from(to);
            }
            field.name.clone_from(to);
            Some(vec![O::AddField { model: model.clone(), field, fill: fill.clone() }])
        }
        (O::AlterField { field, fill, .. }, O::AlterField { model, field: last, fill: last_fill })
            if field.name == last.name =>
        {
            let fill = last_fill.clone().or_else(|| fill.clone());
            Some(vec![O::AlterField { model: model.clone(), field: last.clone(), fill }])
        }
        (O::AlterField { field, .. }, O::RemoveField { field: name, .. }) if field.name == *name => {
            Some(vec![second.clone()])
        }
        (
            O::RenameField { model, field, to, keep_column },
            O::RenameField { field: second, to: last, keep_column: second_keeps, .. },
        ) if to == second && keep_column == second_keeps => {
            let (model, field, to) = (model.clone(), field.clone(), last.clone());
            let back = *last == field;
            let rename = O::RenameField { model, field, to, keep_column: *keep_column };
            Some(if back { Vec::new() } else { vec![rename] })
        }
        (O::RenameField { model, field, to, .. }, O::RemoveField { field: name, .. }) if to == name => {
            Some(vec![O::RemoveField { model: model.clone(), field: field.clone() }])
        }
        (O::AddIndex { index, .. }, O::RemoveIndex { name, .. }) if index.name == *name => Some(Vec::new()),
        (O::AddIndex { model, index }, O::RenameIndex { name, to, .. }) if index.name == *name => {
            let mut index = index.clone();
            index.name.clone_from(to);
            Some(vec![O::AddIndex { model: model.clone(), index }])
        }
        (O::RenameIndex { model, name, to }, O::RenameIndex { name: second, to: last, .. }) if to == second => {
            let back = last == name;
            let rename = O::RenameIndex { model: model.clone(), name: name.clone(), to: last.clone() };
            Some(if back { Vec::new() } else { vec![rename] })
        }
        (O::AddConstraint { constraint, .. }, O::RemoveConstraint { name, .. }) if constraint.name() == name => {
            Some(Vec::new())
        }
        (O::AddConstraint { model, constraint }, O::RenameConstraint { name, to, .. }) if constraint.name() == name => {
            Some(vec![O::AddConstraint { model: model.clone(), constraint: constraint.named(to) }])
        }
        _ => None,
    }
}

/// A new model after one more operation on it, if that needs no other model to be there.
fn created(model: &Model, operation: &Operation) -> Option<Model> {
    match operation {
        Operation::AddField { field, .. } => {
            let mut model = model.clone();
            if field.auto {
                // Numbers that the database gives out are the key.
                model.primary_key = vec![field.name.clone()];
            }
            model.fields.push(field.clone());
            return Some(model);
        }
        Operation::AlterField { field, .. } => {
            let mut model = model.clone();
            let place = model.fields.iter().position(|old| old.name == field.name)?;
            model.fields[place] = field.clone();
            return Some(model);
        }
        Operation::RemoveField { .. }
        | Operation::RenameField { .. }
        | Operation::RenameTable { .. }
        | Operation::RenameModel { .. }
        | Operation::AlterComment { .. }
        | Operation::AlterManaged { .. }
        | Operation::AlterPrimaryKey { .. }
        | Operation::AddIndex { .. }
        | Operation::RemoveIndex { .. }
        | Operation::RenameIndex { .. }
        | Operation::AddConstraint { .. }
        | Operation::RemoveConstraint { .. }
        | Operation::RenameConstraint { .. } => {}
        Operation::CreateModel(_)
        | Operation::DeleteModel { .. }
        | Operation::MoveModel { .. }
        | Operation::RunSql { .. }
        | Operation::RunRust { .. }
        | Operation::Separate { .. } => return None,
    }
    // None of these looks at other models.
    let mut schema = Schema::default();
    schema.insert(model.clone());
    operation.apply(&mut schema).ok()?;
    schema.models.into_values().next()
}
