//! The effect of an operation on the state.

use super::Operation;
use crate::error::{Result, fail};
use crate::naming;
use crate::schema::{ColumnType, Constraint, Field, FieldNames, Model, ModelKey, Schema};

impl Operation {
    /// Changes the state as the operation would change the database. After an error the state is
    /// unchanged, unless the operation holds others (`Separate`, `RunSql` with state).
    pub fn apply(&self, schema: &mut Schema) -> Result<()> {
        match self {
            Operation::CreateModel(model) => create_model(schema, model),
            Operation::DeleteModel { model } => delete_model(schema, model),
            Operation::RenameModel { model, to, keep_table } => {
                rename_model(schema, model, &ModelKey::new(model.app.clone(), to.clone()), *keep_table)
            }
            Operation::MoveModel { model, from } => rename_model(schema, from, model, true),
            Operation::RenameTable { model, table } => {
                free_table(schema, schema.get(model)?, table)?;
                leave_tables(schema, model);
                follow_table(schema.get_mut(model)?, table);
                Ok(())
            }
            Operation::AlterComment { model, comment } => {
                schema.get_mut(model)?.comment.clone_from(comment);
                Ok(())
            }
            Operation::AlterManaged { model, managed } => {
                let old = schema.get(model)?;
                if *managed && !old.managed {
                    free_table(schema, &Model { managed: true, ..old.clone() }, &old.table)?;
                }
                schema.get_mut(model)?.managed = *managed;
                Ok(())
            }
            Operation::AlterPrimaryKey { model, primary_key } => {
                let mut changed = schema.get(model)?.clone();
                changed.primary_key.clone_from(primary_key);
                for field in &mut changed.fields {
                    field.auto &= primary_key.contains(&field.name);
                }
                changed.validate()?;
                if let ([_, _, ..], Some(other)) = (primary_key.as_slice(), by_key(schema, model)) {
                    fail!(
                        M016,
                        "the key of `{model}` cannot have {} fields: `{other}` refers to it",
                        primary_key.len()
                    );
                }
                *schema.get_mut(model)? = changed;
                Ok(())
            }
            Operation::AddField { model, field, .. } => {
                let mut field = field.clone();
                let owner = schema.get(model)?;
                free_field(owner, &field, None)?;
                free_between(schema, owner, &field)?;
                owner.validate_field(&field)?;
                schema.validate_relation(owner, &field)?;
                choose_names(schema, owner, &mut field, None)?;
                let mut changed = owner.clone();
                if field.auto {
                    // Numbers that the database gives out are the key.
                    changed.primary_key = vec![field.name.clone()];
                }
                changed.fields.push(field);
                changed.validate()?;
                *schema.get_mut(model)? = changed;
                Ok(())
            }
            Operation::RemoveField { model, field } => remove_field(schema, model, field),
            Operation::AlterField { model, field, .. } => alter_field(schema, model, field),
            Operation::RenameField { model, field, to, keep_column } => {
                rename_field(schema, model, field, to, *keep_column)
            }
            Operation::AddIndex { model, index } => {
                let model = schema.get_mut(model)?;
                free_name(model, &index.name)?;
                model.validate_use(&index.name, &index.fields())?;
                model.indexes.push(index.clone());
                Ok(())
            }
            Operation::RemoveIndex { model, name } => {
                let at = index_at(schema.get(model)?, name)?;
                schema.get_mut(model)?.indexes.remove(at);
                Ok(())
            }
            Operation::RenameIndex { model, name, to } => {
                let at = index_at(schema.get(model)?, name)?;
                let model = schema.get_mut(model)?;
                if name != to {
                    free_name(model, to)?;
                }
                model.indexes[at].name.clone_from(to);
                Ok(())
            }
            Operation::AddConstraint { model, constraint } => {
                if let Constraint::ForeignKey { to, .. } = constraint {
                    schema.get(to)?;
                }
                let model = schema.get_mut(model)?;
                free_name(model, constraint.name())?;
                model.validate_use(constraint.name(), &constraint.fields())?;
                model.constraints.push(constraint.clone());
                Ok(())
            }
            Operation::RemoveConstraint { model, name } => {
                let at = constraint_at(schema.get(model)?, name)?;
                schema.get_mut(model)?.constraints.remove(at);
                Ok(())
            }
            Operation::RenameConstraint { model, name, to } => {
                let at = constraint_at(schema.get(model)?, name)?;
                let model = schema.get_mut(model)?;
                if name != to {
                    free_name(model, to)?;
                }
                model.constraints[at] = model.constraints[at].named(to);
                Ok(())
            }
            Operation::RunSql { state, .. } | Operation::Separate { state, .. } => {
                state.iter().try_for_each(|operation| operation.apply(schema))
            }
            Operation::RunRust { .. } => Ok(()),
        }
    }
}

fn create_model(schema: &mut Schema, model: &Model) -> Result<()> {
    if schema.models.contains_key(&model.key) {
        fail!(M011, "there already is a model `{}`", model.key);
    }
    free_table(schema, model, &model.table)?;
    model.validate()?;
    let key = model.key.clone();
    schema.insert(model.clone());
    let outcome = (|| {
        let model = schema.get(&key)?;
        for to in model.constraints.iter().filter_map(Constraint::target) {
            schema.get(to)?;
        }
        let mut named = model.clone();
        for field in &mut named.fields {
            schema.validate_relation(model, field)?;
            choose_names(schema, model, field, None)?;
        }
        let name = || unused(schema, model, &model.table, "", naming::primary_key(&model.table));
        named.names.primary_key.get_or_insert_with(name);
        Ok(named)
    })();
    match outcome {
        Ok(named) => {
            schema.insert(named);
            Ok(())
        }
        Err(error) => {
            schema.models.remove(&key);
            Err(error)
        }
    }
}

fn delete_model(schema: &mut Schema, key: &ModelKey) -> Result<()> {
    schema.get(key)?;
    if let Some(other) = schema.referring_to(key).find(|model| model.key != *key) {
        fail!(M017, "`{key}` cannot be deleted: `{}` refers to it", other.key);
    }
    schema.models.remove(key);
    Ok(())
}

fn rename_model(schema: &mut Schema, from: &ModelKey, renamed: &ModelKey, keep_table: bool) -> Result<()> {
    let model = schema.get(from)?;
    if schema.models.contains_key(renamed) {
        fail!(M011, "there already is a model `{renamed}`");
    }
    let table = (!keep_table && model.table == naming::table(from))
        .then(|| naming::table(renamed))
        .filter(|table| *table != model.table);
    if let Some(table) = &table {
        free_table(schema, model, table)?;
        leave_tables(schema, from);
    }
    let Some(mut model) = schema.models.remove(from) else { return Ok(()) };
    // The table first: many-to-many names are made of it.
    if let Some(table) = &table {
        follow_table(&mut model, table);
    }
    model.key = renamed.clone();
    schema.insert(model);
    for model in schema.models.values_mut() {
        let (own, own_table) = (model.key.clone(), model.table.clone());
        let was = if own == *renamed { from.clone() } else { own.clone() };
        for field in &mut model.fields {
            let Some(relation) = &mut field.relation else { continue };
            let old_to = relation.to.clone();
            if relation.to == *from {
                relation.to = renamed.clone();
            }
            let Some(many) = &mut relation.many_to_many else { continue };
            if many.through.as_ref() == Some(from) {
                many.through = Some(renamed.clone());
            }
            if many.through.is_none() {
                let before = naming::many_to_many(&was, &own_table, &field.name, &old_to);
                let after = naming::many_to_many(&own, &own_table, &field.name, &relation.to);
                if many.source_column == before.source_column {
                    many.source_column = after.source_column;
                }
                if many.target_column == before.target_column {
                    many.target_column = after.target_column;
                }
            }
        }
        for constraint in &mut model.constraints {
            if let Constraint::ForeignKey { to, .. } = constraint
                && to == from
            {
                *to = renamed.clone();
            }
        }
    }
    Ok(())
}

/// Remembers the tables of a model, which it is about to leave.
fn leave_tables(schema: &mut Schema, key: &ModelKey) {
    let Some(model) = schema.models.get(key) else { return };
    schema.left.0.extend(model.tables().map(str::to_lowercase).collect::<Vec<_>>());
}

/// Gives a model another table; its many-to-many tables with default names follow.
pub(crate) fn follow_table(model: &mut Model, table: &str) {
    for field in &mut model.fields {
        let Some(relation) = &mut field.relation else { continue };
        let to = relation.to.clone();
        let Some(many) = &mut relation.many_to_many else { continue };
        if many.through.is_none()
            && many.table == naming::many_to_many(&model.key, &model.table, &field.name, &to).table
        {
            many.table = naming::many_to_many(&model.key, table, &field.name, &to).table;
        }
    }
    table.clone_into(&mut model.table);
}

fn remove_field(schema: &mut Schema, key: &ModelKey, name: &str) -> Result<()> {
    let model = schema.get(key)?;
    model.get(name)?;
    if model.is_key(name) {
        fail!(M017, "`{key}.{name}` cannot be removed: it is part of the key");
    }
    if let Some(user) = model.using_field(name).first() {
        fail!(M017, "`{key}.{name}` cannot be removed: `{user}` uses it");
    }
    if let Some(other) = referred_to(schema, key, name) {
        fail!(M017, "`{key}.{name}` cannot be removed: `{other}` refers to it");
    }
    schema.get_mut(key)?.fields.retain(|field| field.name != name);
    Ok(())
}

/// A field whose relation holds the key of a model.
fn by_key(schema: &Schema, key: &ModelKey) -> Option<String> {
    schema.referring_to(key).find_map(|model| {
        let refers = |field: &&Field| {
            field.relation.as_ref().is_some_and(|relation| relation.to == *key && relation.to_field.is_none())
        };
        model.fields.iter().find(refers).map(|field| format!("{}.{}", model.key, field.name))
    })
}

/// A model whose relation names this field, other than through the key.
fn referred_to<'a>(schema: &'a Schema, key: &'a ModelKey, name: &str) -> Option<&'a ModelKey> {
    let model = schema.referring_to(key).find(|model| model.names_field(key, name));
    model.map(|model| &model.key)
}

fn alter_field(schema: &mut Schema, key: &ModelKey, field: &Field) -> Result<()> {
    let model = schema.get(key)?;
    let old = model.get(&field.name)?;
    if old.has_column() != field.has_column() {
        fail!(M045, "`{key}.{}` cannot change between a column and a many-to-many; remove it and add it", field.name);
    }
    free_field(model, field, Some(&field.name))?;
    model.validate_field(field)?;
    if model.is_key(&field.name) && field.null {
        fail!(M018, "`{key}.{}` is part of the key and cannot be NULL", field.name);
    }
    if field.auto && model.primary_key != [field.name.as_str()] {
        fail!(M018, "`{key}.{}` is not the key and cannot be automatic", field.name);
    }
    schema.validate_relation(model, field)?;
    let mut new = field.clone();
    choose_names(schema, model, &mut new, Some(old))?;
    let place = model.fields.iter().position(|other| other.name == field.name);
    if let (Some(place), model) = (place, schema.get_mut(key)?) {
        model.fields[place] = new;
    }
    Ok(())
}

fn rename_field(schema: &mut Schema, key: &ModelKey, from: &str, to: &str, keep_column: bool) -> Result<()> {
    let model = schema.get(key)?;
    let mut field = model.get(from)?.clone();
    if model.field(to).is_some() {
        fail!(M013, "`{key}` already has a field `{to}`");
    }
    to.clone_into(&mut field.name);
    let related = field.relation.is_some();
    let default = |name: &str| if related { naming::relation_column(name) } else { name.to_owned() };
    if field.has_column() && field.column == default(from) && !keep_column {
        field.column = default(to);
    }
    if let Some(relation) = &mut field.relation {
        let target = relation.to.clone();
        if let Some(many) = relation.many_to_many.as_mut().filter(|many| many.through.is_none())
            && many.table == naming::many_to_many(key, &model.table, from, &target).table
        {
            many.table = naming::many_to_many(key, &model.table, to, &target).table;
        }
    }
    free_field(model, &field, Some(from))?;
    let mut rename = |name: &mut String| {
        if name == from {
            to.clone_into(name);
        }
    };
    let model = schema.get_mut(key)?;
    for other in &mut model.fields {
        if other.name == from {
            *other = field.clone();
        }
        if let Some(generated) = &mut other.generated {
            generated.expr.rename_fields(&mut rename);
        }
    }
    model.primary_key.iter_mut().for_each(&mut rename);
    model.indexes.iter_mut().for_each(|index| index.rename_fields(&mut rename));
    model.constraints.iter_mut().for_each(|constraint| constraint.rename_fields(&mut rename));
    for other in schema.models.values_mut() {
        for relation in other.fields.iter_mut().filter_map(|field| field.relation.as_mut()) {
            if relation.to == *key {
                relation.to_field.iter_mut().for_each(&mut rename);
            }
        }
        for constraint in &mut other.constraints {
            if let Constraint::ForeignKey { to, to_fields, .. } = constraint
                && to == key
            {
                to_fields.iter_mut().for_each(&mut rename);
            }
        }
    }
    Ok(())
}

/// Refuses to give a model a table that another has; whoever is not managed has none.
fn free_table(schema: &Schema, model: &Model, table: &str) -> Result<()> {
    if !model.managed {
        return Ok(());
    }
    match schema.models.values().find(|model| model.managed && model.table.eq_ignore_ascii_case(table)) {
        Some(other) => fail!(M011, "the table `{table}` already belongs to `{}`", other.key),
        None => Ok(()),
    }
}

/// Refuses a many-to-many whose own table another still has.
fn free_between(schema: &Schema, model: &Model, field: &Field) -> Result<()> {
    let own = |field: &Field| field.many().filter(|many| many.through.is_none()).map(|many| many.table.to_lowercase());
    let Some(table) = own(field).filter(|_| model.managed) else { return Ok(()) };
    let mut others = schema.models.values().filter(|other| other.managed);
    match others.find_map(|other| Some((other, other.fields.iter().find(|it| own(it).as_ref() == Some(&table))?))) {
        Some((other, it)) => fail!(M011, "the table `{table}` already belongs to `{}.{}`", other.key, it.name),
        None => Ok(()),
    }
}

/// Refuses a field whose name or column another field than `except` has.
fn free_field(model: &Model, field: &Field, except: Option<&str>) -> Result<()> {
    for other in model.fields.iter().filter(|other| Some(other.name.as_str()) != except) {
        if other.name == field.name {
            fail!(M013, "`{}` already has a field `{}`", model.key, field.name);
        }
        if field.has_column() && other.column.eq_ignore_ascii_case(&field.column) {
            fail!(M013, "`{}` already has the column `{}`", model.key, field.column);
        }
    }
    Ok(())
}

fn free_name(model: &Model, name: &str) -> Result<()> {
    if model.uses().any(|other| other == name) {
        fail!(M015, "`{}` already has an index or constraint `{name}`", model.key);
    }
    Ok(())
}

fn index_at(model: &Model, name: &str) -> Result<usize> {
    match model.indexes.iter().position(|index| index.name == name) {
        Some(at) => Ok(at),
        None => fail!(M014, "`{}` has no index `{name}`", model.key),
    }
}

fn constraint_at(model: &Model, name: &str) -> Result<usize> {
    match model.constraints.iter().position(|constraint| constraint.name() == name) {
        Some(at) => Ok(at),
        None => fail!(M014, "`{}` has no constraint `{name}`", model.key),
    }
}

/// Names what hangs on a field: kept from the old definition where the thing stays, new where it is
/// made now, absent where it goes. A name that the definition gives wins.
fn choose_names(schema: &Schema, model: &Model, field: &mut Field, old: Option<&Field>) -> Result<()> {
    let given = std::mem::take(&mut field.names);
    let none = FieldNames::default();
    let kept = old.map_or(&none, |old| &old.names);
    let (table, column) = (model.table.as_str(), field.column.as_str());
    if let Some(many) = field.many() {
        if many.through.is_none() {
            let through = given.through.or_else(|| kept.through.clone());
            field.names.through = Some(through.unwrap_or_else(|| Box::new(through_names(schema, model, field))));
        }
        return Ok(());
    }
    let pick = |given: Option<String>, kept: &Option<String>, make: &dyn Fn() -> String| {
        let new = || unused(schema, model, table, &field.name, make());
        Some(given.or_else(|| kept.clone()).unwrap_or_else(new))
    };
    let ty = schema.column_type(field).unwrap_or_else(|_| field.ty.clone());
    let was = |test: &dyn Fn(&Field) -> bool| old.is_some_and(test);
    let mut names = FieldNames::default();
    if field.index {
        names.index = pick(given.index, &kept.index, &|| naming::field_index(table, column));
    }
    if field.unique {
        names.unique = pick(given.unique, &kept.unique, &|| {
            if old.is_some() { naming::unique(table, &[column]) } else { naming::column_unique(table, column) }
        });
    }
    if ty.is_text() && (field.index || field.unique) {
        names.like = pick(given.like, &kept.like, &|| naming::like_index(table, column));
    }
    if ty.is_positive() || ty == ColumnType::Json {
        names.check = pick(given.check, &kept.check, &|| naming::column_check(table, column));
    }
    if let Some(relation) = field.relation.as_ref().filter(|relation| relation.db_constraint) {
        let same = was(&|old| {
            old.relation.as_ref().is_some_and(|old| old.to == relation.to && old.to_field == relation.to_field)
        });
        let kept = if same { &kept.foreign_key } else { &None };
        let (to, target) = schema.target(relation)?;
        names.foreign_key =
            pick(given.foreign_key, kept, &|| naming::foreign_key(table, &[column], &to.table, &[&target.column]));
    }
    field.names = names;
    Ok(())
}

/// The name, or one like it where something has it that was made for another table or column and is still called after that.
fn unused(schema: &Schema, model: &Model, table: &str, field: &str, name: String) -> String {
    let own = |other: &Model, name: &str| {
        let fields = other.fields.iter().filter(|it| other.key != model.key || it.name != field);
        let key = other.names.primary_key.as_deref();
        fields.flat_map(|field| field.names.all()).chain(key).any(|other| other.eq_ignore_ascii_case(name))
    };
    let was_left = schema.left.0.contains(&table.to_lowercase());
    let is_taken = |name: &str| own(model, name) || (was_left && schema.models.values().any(|other| own(other, name)));
    let mut number = 1;
    let mut unused = name.clone();
    while is_taken(&unused) {
        number += 1;
        unused = naming::numbered(&name, number);
    }
    unused
}

/// The names inside a many-to-many's own table: of its source and of its target column.
fn through_names(schema: &Schema, owner: &Model, field: &Field) -> [FieldNames; 2] {
    let Some((relation, many)) = field.relation.as_ref().zip(field.many()) else { return Default::default() };
    let unused = |name: String| unused(schema, owner, &many.table, &field.name, name);
    let side = |column: &str, to: Option<&Model>| FieldNames {
        index: Some(unused(naming::field_index(&many.table, column))),
        unique: Some(unused(naming::unique(&many.table, &[&many.source_column, &many.target_column]))),
        foreign_key: to.map(|to| {
            let key: Vec<&str> =
                to.primary_key.iter().filter_map(|name| to.field(name)).map(|field| &*field.column).collect();
            unused(naming::foreign_key(&many.table, &[column], &to.table, &key))
        }),
        ..FieldNames::default()
    };
    let to = if relation.to == owner.key { Some(owner) } else { schema.models.get(&relation.to) };
    [side(&many.source_column, Some(owner)), side(&many.target_column, to)]
}
