//! Other values in each row of many: what they are given, or what is made of that and of the row that is there.

use super::{
    Catalog, UpdateEach,
    limits::Budget,
    path::column_name,
    scope::{Scope, bad},
    stored::EachRow,
    write::{assigned, refuse_not_editable, writable_field},
};
use crate::{
    Code, Dialect, Error, Executor, Input, Result, ValidationError, Value,
    query::KeyPart,
    tree::{Assignment, Expr, ModelRef},
    write::{self, UpdateMany, Versions},
};
use serde_json::{Map, Value as Json};
use std::collections::HashMap;

/// Rows that are to be changed, each by what it is given.
#[derive(Debug, Clone)]
pub(super) struct Each {
    pub(super) model: ModelRef,
    /// By the columns that are given: the values of whole rows.
    groups: Vec<Group>,
    /// What is made of both rows; nothing where the columns become what they are given.
    set: Vec<Assignment>,
    /// What has to be true of the rows that are changed.
    within: Option<Expr>,
}

/// Rows that are given the same columns, the key left aside.
#[derive(Debug, Clone)]
struct Group {
    columns: Vec<u16>,
    rows: Vec<Vec<Value>>,
    /// The places of the rows among all that are given.
    places: Vec<usize>,
}

pub(super) fn checked(catalog: &Catalog, budget: &Budget<'_>, update: &UpdateEach) -> Result<Each> {
    let model = catalog.find_writable(&update.model)?.clone();
    write::refuse_unseen(&model)?;
    let mut scope = Scope::new(catalog, budget, model.clone(), None);
    let mut within = model.filter.map(|filter| filter());
    if let Some(condition) = &update.filter {
        let condition = scope.condition(condition)?;
        if condition.has_window() || condition.is_aggregate() {
            return Err(bad("a row is changed or not by what stands in it, and by no window or aggregate"));
        }
        budget.tree(&condition)?;
        within = Some(match within {
            Some(usual) => usual.and(condition),
            None => condition,
        });
    }
    scope.gives = true;
    let mut set = assigned(&scope, &update.set)?;
    for assignment in &mut set {
        write::of_both(&mut assignment.value)?;
    }
    let mut asked = Vec::new();
    for assignment in &set {
        assignment.value.visit(0, &mut |part, _| {
            asked.extend(if let Expr::Proposed { column, .. } = part { Some(*column) } else { None });
        });
    }
    let groups = groups(catalog, &model, update, (!set.is_empty()).then_some(&asked[..]))?;
    Ok(Each { model, groups, set, within })
}

/// The rows, by what they are given. Where something is made of them, these columns are asked for, and none is given for nothing.
fn groups(catalog: &Catalog, model: &ModelRef, update: &UpdateEach, asked: Option<&[u16]>) -> Result<Vec<Group>> {
    let (mut groups, mut mistakes) = (Vec::<Group>::new(), Vec::new());
    // The group in which a key stood last: what is given later comes later.
    let mut last: HashMap<KeyPart<'static>, usize> = HashMap::new();
    for (place, row) in update.rows.iter().enumerate() {
        let Some(fields) = row.as_object() else {
            let wrong = write::new_row(model, &Input::from(row)).err().unwrap_or_default();
            mistakes.extend(wrong.into_iter().map(|wrong| wrong.param("row", place)));
            continue;
        };
        let (values, mut given, wrong) = values_of(catalog, model, fields, asked)?;
        let lacks = |column: &u16| !given.contains(column);
        let missing =
            |column: u16, what: &str| ValidationError::new(column_name(model, column), Code::MissingValue, what);
        let is_wrong = !wrong.is_empty();
        mistakes.extend(wrong.into_iter().map(|wrong| wrong.param("row", place)));
        if let Some(&column) = model.key.iter().find(|column| lacks(column)) {
            mistakes.push(missing(column, "the key of the row is missing").param("row", place));
            continue;
        }
        if let Some(&column) = asked.unwrap_or_default().iter().find(|column| lacks(column)).filter(|_| !is_wrong) {
            mistakes.push(missing(column, "the row is not given what is asked of it").param("row", place));
            continue;
        }
        given.retain(|column| !model.key.contains(column));
        given.sort_unstable();
        let key: Vec<Value> = model.key.iter().map(|&column| values[usize::from(column)].clone()).collect();
        let key = KeyPart::of_all(&key).into_owned();
        let before = last.get(&key).copied().unwrap_or(0);
        let known = groups.iter().rposition(|group| group.columns == given).filter(|&known| known >= before);
        let group = known.unwrap_or_else(|| {
            groups.push(Group { columns: given, rows: Vec::new(), places: Vec::new() });
            groups.len() - 1
        });
        groups[group].rows.push(values);
        groups[group].places.push(place);
        last.insert(key, group);
    }
    match mistakes.is_empty() {
        true => Ok(groups),
        false => Err(Error::refused(model.name.clone(), mistakes)),
    }
}

/// The values of a row, the columns that are among them, and what is wrong with it.
#[allow(clippy::type_complexity, reason = "three lists, for one caller")]
fn values_of(
    catalog: &Catalog,
    model: &ModelRef,
    fields: &Map<String, Json>,
    asked: Option<&[u16]>,
) -> Result<(Vec<Value>, Vec<u16>, Vec<ValidationError>)> {
    let mut values: Vec<Value> = model.columns.iter().map(|column| Value::Null(column.kind)).collect();
    let (mut given, mut wrong) = (Vec::new(), Vec::new());
    for (name, json) in fields {
        let field = writable_field(catalog, model, name)?;
        if asked.is_none() && !field.columns().any(|column| model.key.contains(&column)) {
            refuse_not_editable(model, field)?;
        }
        if field.options.generated.is_some() {
            let what = format!("`{}` of `{}` is computed by the database", field.name, model.label());
            return Err(Error::new(Code::NotEditable, what).with_fields([field.name.clone().into_owned()]));
        }
        let is_used = |column: u16, asked: &[u16]| {
            asked.contains(&column) || model.key.contains(&column) || model.version == Some(column)
        };
        if asked.is_some_and(|asked| !field.columns().any(|column| is_used(column, asked))) {
            let what = format!("`{}` is given, and nothing is made of it", field.name);
            return Err(bad(what).with_hint(format!(
                "say in `set` what becomes of it, by `given(\"{}\")`, or leave it out",
                field.name
            )));
        }
        // What something is made of need not be what the field may hold.
        let read = match asked {
            Some(_) => write::any_value(model, field, json),
            None => write::new_value(model, field, json),
        };
        match read {
            Ok(parts) => {
                given.extend(field.columns());
                field.columns().zip(parts).for_each(|(column, part)| values[usize::from(column)] = part);
            }
            Err(error) => wrong.extend(error.validation().iter().cloned()),
        }
    }
    Ok((values, given, wrong))
}

impl Each {
    /// The update of rows that are given the same columns; a version among them is the one that was read. None where nothing is written.
    fn update(&self, group: &Group, dialect: Dialect) -> Option<Result<UpdateMany>> {
        let (model, rows) = (self.model.clone(), group.rows.clone());
        let columns: Vec<u16> =
            group.columns.iter().copied().filter(|&column| self.model.version != Some(column)).collect();
        let versions = if columns.len() < group.columns.len() { Versions::Compared } else { Versions::Stored };
        let update = match self.set.is_empty() {
            true if columns.is_empty() => return None,
            true => UpdateMany::new(model, columns, rows, versions, dialect, true),
            false => UpdateMany::with(model, self.set.clone(), rows, versions, dialect, true),
        };
        let update = update.map_err(|error| write::placed(error, &group.places));
        Some(update.and_then(|update| update.within(self.within.clone(), dialect)))
    }

    fn updates(&self, dialect: Dialect) -> Result<Vec<UpdateMany>> {
        self.groups.iter().filter_map(|group| self.update(group, dialect)).collect()
    }

    pub(super) fn sql(&self, dialect: Dialect) -> Result<Vec<String>> {
        UpdateMany::sql_of_all(self.updates(dialect)?, dialect)
    }

    pub(super) async fn run<E: Executor>(&self, ex: &E) -> Result<u64> {
        ex.run(EachRow(self.updates(ex.dialect())?)).await
    }
}
