//! Second pass: what is wanted, model by model, in no order yet.

use super::asked::Asked;
use super::{Questioner, refused_value};
use crate::condition::{Expr, Value};
use crate::error::{Result, error};
use crate::operation::{Operation, follow_table};
use crate::schema::{Constraint, Field, Index, Model, ModelKey, Schema};

/// The operations that are wanted, with ranks that order those which do not depend on each other.
pub(super) fn compare(state: &Schema, to: &Schema, asked: &mut Asked<'_>) -> Result<Vec<Operation>> {
    let mut wanted = Vec::new();
    for old in state.models.values().filter(|old| !to.models.contains_key(&old.key)) {
        if old.managed {
            let answer = asked.questioner.may_remove_model(&old.key);
            asked.may_remove(answer, || old.key.to_string())?;
        }
        wanted.push(Operation::DeleteModel { model: old.key.clone() });
    }
    for new in to.models.values() {
        match state.models.get(&new.key) {
            Some(old) => compare_model(state, to, old, new, asked, &mut wanted)?,
            None => wanted.push(Operation::CreateModel(new.clone())),
        }
    }
    Ok(wanted)
}

fn compare_model(
    state: &Schema,
    to: &Schema,
    old: &Model,
    new: &Model,
    asked: &mut Asked<'_>,
    wanted: &mut Vec<Operation>,
) -> Result<()> {
    let key = &new.key;
    if old.table != new.table {
        wanted.push(Operation::RenameTable { model: key.clone(), table: new.table.clone() });
    }
    if old.comment != new.comment {
        wanted.push(Operation::AlterComment { model: key.clone(), comment: new.comment.clone() });
    }
    if old.managed != new.managed {
        wanted.push(Operation::AlterManaged { model: key.clone(), managed: new.managed });
    }
    // A new automatic field is the key by itself.
    let numbered = |name: &String| new.field(name).is_some_and(|field| field.auto) && old.field(name).is_none();
    if old.primary_key != new.primary_key && !new.primary_key.iter().all(numbered) {
        wanted.push(Operation::AlterPrimaryKey { model: key.clone(), primary_key: new.primary_key.clone() });
    }
    let managed = new.managed;
    // `RenameTable` takes many-to-many tables with it: compare with what they will be then.
    let mut moved = old.clone();
    if old.table != new.table {
        follow_table(&mut moved, &new.table);
    }
    for field in &old.fields {
        if new.field(&field.name).is_none_or(|now| replaced(field, now)) {
            if managed && field.holds_values() {
                let answer = asked.questioner.may_remove_field(key, field);
                asked.may_remove(answer, || format!("{key}.{}", field.name))?;
            }
            wanted.push(Operation::RemoveField { model: key.clone(), field: field.name.clone() });
        }
    }
    for field in &new.fields {
        let was = moved.field(&field.name).filter(|was| !replaced(was, field));
        match was {
            None => {
                let answer = if managed { fill_for_new(to, key, field, asked.questioner) } else { Ok(None) };
                let fill =
                    asked.heard(answer.and_then(|fill| fitting(&moved, new, &typed(to, field), fill)))?.flatten();
                wanted.push(Operation::AddField { model: key.clone(), field: field.clone(), fill });
            }
            Some(was) if was != field => {
                let nulls = managed && was.null && !field.null;
                let answer = match nulls && field.default.is_none() && field.db_default.is_none() {
                    true if field.fresh_default.0.is_some() => Ok(field.fresh_default.0.clone().map(Expr::Value)),
                    true => asked.questioner.value_for_null(key, &typed(to, field)),
                    false => Ok(None),
                };
                let fill =
                    asked.heard(answer.and_then(|fill| fitting(&moved, new, &typed(to, field), fill)))?.flatten();
                wanted.push(Operation::AlterField { model: key.clone(), field: field.clone(), fill });
            }
            Some(_) => {}
        }
    }
    compare_indexes(old, new, |constraint| retyped(state, to, key, constraint), wanted);
    Ok(())
}

/// Whether a field of the same name is another thing altogether, so that values cannot be kept.
fn replaced(old: &Field, new: &Field) -> bool {
    let through = |field: &Field| field.many().map(|many| many.through.is_some());
    old.has_column() != new.has_column()
        || old.generated.is_some() != new.generated.is_some()
        || through(old) != through(new)
}

/// The field with the type that its column really has, for questions.
fn typed(schema: &Schema, field: &Field) -> Field {
    match schema.column_type(field) {
        Ok(ty) => Field { ty, ..field.clone() },
        Err(_) => field.clone(),
    }
}

/// Refuses an answer that no row could be given: whoever answers has not to know the models.
fn fitting(old: &Model, new: &Model, field: &Field, fill: Option<Expr>) -> Result<Option<Expr>> {
    fill.as_ref().map_or(Ok(()), |fill| fits(old, new, field, fill))?;
    Ok(fill)
}

/// The same of an answer that there is.
pub(crate) fn fits(old: &Model, new: &Model, field: &Field, fill: &Expr) -> Result<()> {
    let place = || format!("`{}.{}`", new.key, field.name);
    if *fill == Expr::Value(Value::Null) {
        return Err(refused_value(&new.key, &field.name, "does not allow NULL", "give it a value, or allow NULL"));
    }
    if let Some(name) = fill.fields().into_iter().find(|name| old.field(name).or(new.field(name)).is_none()) {
        return Err(error!(M012, "`{fill}`: `{}` has no field `{name}`", new.key)
            .with_hint(format!("write {}", field.ty.spelling()))
            .at(place()));
    }
    field.ty.hold_all(fill).map_err(|error| error.at(place()))
}

fn fill_for_new(to: &Schema, key: &ModelKey, field: &Field, questioner: &mut dyn Questioner) -> Result<Option<Expr>> {
    if let (Some(fresh), None) = (&field.fresh_default.0, &field.db_default) {
        return Ok(Some(Expr::Value(fresh.clone())));
    }
    if !field.needs_value() {
        return Ok(None);
    }
    questioner.value_for_new_field(key, &typed(to, field)).map(Some)
}

/// Whether a column at either end of a foreign key of several columns gets another type. One changes after the other, and there is no key
/// between columns that differ: it goes before them and comes back after.
fn retyped(state: &Schema, to: &Schema, owner: &ModelKey, constraint: &Constraint) -> bool {
    let Constraint::ForeignKey { fields, to: target, to_fields, .. } = constraint else { return false };
    let ty = |schema: &Schema, model: &ModelKey, name: &str| {
        let field = schema.models.get(model)?.field(name)?;
        Some((schema.column_type(field).ok()?, field.collation.clone()))
    };
    let changes = |model: &ModelKey, name: &String| {
        ty(state, model, name).zip(ty(to, model, name)).is_some_and(|(was, is)| was != is)
    };
    fields.iter().any(|name| changes(owner, name)) || to_fields.iter().any(|name| changes(target, name))
}

/// Indexes and constraints: renamed where only the name differs, else removed and added, as are constraints that are to be made `anew`.
fn compare_indexes(old: &Model, new: &Model, anew: impl Fn(&Constraint) -> bool, wanted: &mut Vec<Operation>) {
    let key = &new.key;
    let gone: Vec<&Index> = old.indexes.iter().filter(|index| !new.indexes.contains(index)).collect();
    let mut come: Vec<&Index> = new.indexes.iter().filter(|index| !old.indexes.contains(index)).collect();
    for index in gone {
        let renamed = |other: &&Index| {
            Index { name: index.name.clone(), ..(*other).clone() } == *index
                && !old.indexes.iter().any(|old| old.name == other.name)
        };
        let name = index.name.clone();
        match come.iter().position(renamed) {
            Some(at) => {
                let to = come.remove(at).name.clone();
                wanted.push(Operation::RenameIndex { model: key.clone(), name, to });
            }
            None => wanted.push(Operation::RemoveIndex { model: key.clone(), name }),
        }
    }
    wanted.extend(come.into_iter().map(|index| Operation::AddIndex { model: key.clone(), index: index.clone() }));

    let gone: Vec<&Constraint> =
        old.constraints.iter().filter(|it| !new.constraints.contains(it) || anew(it)).collect();
    let mut come: Vec<&Constraint> =
        new.constraints.iter().filter(|it| !old.constraints.contains(it) || anew(it)).collect();
    for constraint in gone {
        let renamed = |other: &&Constraint| {
            constraint.named(other.name()) == **other
                && !old.constraints.iter().any(|old| old.name() == other.name())
                && !anew(constraint)
        };
        let name = constraint.name().to_owned();
        match come.iter().position(renamed) {
            Some(at) => {
                let to = come.remove(at).name().to_owned();
                wanted.push(Operation::RenameConstraint { model: key.clone(), name, to });
            }
            None => wanted.push(Operation::RemoveConstraint { model: key.clone(), name }),
        }
    }
    let added = come
        .into_iter()
        .map(|constraint| Operation::AddConstraint { model: key.clone(), constraint: constraint.clone() });
    wanted.extend(added);
}
