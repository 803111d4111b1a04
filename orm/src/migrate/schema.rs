//! From the metadata of models to schema state.

use super::{
    engine_error,
    expression::{constant, expression},
};
use crate::{
    App, Code, Error, Kind, PgKind, Result, Value,
    model::{
        ChoiceValue, Collation, ColumnMeta, DbDefault, Deferrable, FieldMeta, Generated, ModelMeta, OnDelete,
        RelationKind,
    },
    tree::{Expr, ModelRef, Order},
};
use migrations_engine::{
    Schema,
    condition::{self, IndexPart, Nulls},
    naming,
    schema::{self as state, ColumnType, Constraint, Field, Hint, Index, ManyToMany, Model, ModelKey, Relation},
};

/// The state of the database that the models of these applications ask for.
///
/// # Errors
/// When a relation leads to a model of none of them, and when models do not fit together.
///
/// ```
/// # use library::*;
/// let schema = orm::migrate::schema(&[library()])?;
/// let book = schema.model("library", "Book").unwrap();
/// assert_eq!((book.table.as_str(), book.primary_key[0].as_str()), ("library_book", "id"));
/// # Ok::<(), orm::Error>(())
/// ```
pub fn schema(apps: &[App]) -> Result<Schema> {
    let schema = unchecked(apps)?;
    super::check::fits_together(apps, &schema)?;
    schema.validate_wanted().map_err(engine_error)?;
    Ok(schema)
}

/// The same, whether or not the models fit together.
pub(super) fn unchecked(apps: &[App]) -> Result<Schema> {
    let mut schema = Schema::default();
    for app in apps {
        for meta in app.models() {
            if let Some(other) = schema.insert(model(meta)?) {
                let what = format!("the model `{}` is listed twice", other.key);
                return Err(Error::new(Code::BadModel, what).with_hint("list every model in one `orm::app!` only"));
            }
        }
    }
    Ok(schema)
}

/// The state of the database that these models ask for, also such that were described at run time.
///
/// # Errors
/// When models do not fit together.
///
/// ```
/// use orm::{Kind, model::{Models, NewField, NewModel}};
/// let models = Models::describe([NewModel::new("crm", "Tag").field(NewField::column("id", Kind::I64)).key(["id"])])?;
/// assert_eq!(orm::migrate::schema_of(models.iter())?.model("crm", "Tag").unwrap().table, "crm_tag");
/// # Ok::<(), orm::Error>(())
/// ```
pub fn schema_of(models: impl IntoIterator<Item = ModelRef>) -> Result<Schema> {
    let mut schema = Schema::default();
    for meta in models {
        if let Some(other) = schema.insert(model(&meta)?) {
            return Err(Error::new(Code::BadModel, format!("the model `{}` is listed twice", other.key)));
        }
    }
    schema.validate_wanted().map_err(engine_error)?;
    Ok(schema)
}

fn key_of(meta: &ModelMeta) -> ModelKey {
    ModelKey::new(meta.app.clone(), meta.name.clone())
}

fn model(meta: &ModelMeta) -> Result<Model> {
    let mut model = Model::new(meta.app.clone(), meta.name.clone()).in_table(meta.table.clone());
    model.comment = meta.comment.map(str::to_owned);
    model.managed = meta.managed;
    model.renamed_from = Hint(meta.renamed_from.map(str::to_owned));
    for field in &meta.fields {
        add_field(&mut model, meta, field)?;
    }
    model.primary_key = meta.key.iter().map(|&column| state_name(meta, column)).collect();
    add_options(&mut model, meta)?;
    Ok(model)
}

/// The name that a column's field has in the state: the field's own, or, where a field spans columns, the column's.
pub(super) fn state_name(meta: &ModelMeta, column: u16) -> String {
    let column = &meta.columns[column as usize];
    let field = &meta.fields[column.field as usize];
    if field.column_count > 1 { column.name.clone() } else { field.name.clone().into_owned() }
}

fn add_field(model: &mut Model, meta: &ModelMeta, field: &FieldMeta) -> Result<()> {
    let at = |error: Error| error.with_fields([format!("{}.{}", meta.label(), field.name)]);
    match &field.relation {
        None if field.generic.is_some() => generic(model, meta, field).map_err(at)?,
        None => {
            let column = &meta.columns[field.first_column as usize];
            let ty = column_type(meta, field, column)?;
            model.fields.push(plain(field, column, ty).map_err(at)?);
        }
        Some(relation) => match relation.kind {
            RelationKind::ForeignKey { .. } | RelationKind::OneToOne { .. } => {
                foreign_key(model, meta, field, &key_of(&relation.target())).map_err(at)?;
            }
            // The reverse side of another one.
            RelationKind::ManyToMany { .. } if field.mirrors() => {}
            RelationKind::ManyToMany { .. } => {
                let many = many_to_many(model, field, relation.target().name.as_ref(), &key_of(&relation.target()));
                model.fields.push(many);
            }
            RelationKind::HasMany | RelationKind::HasOne => {}
        },
    }
    Ok(())
}

/// What plain columns and foreign keys have in common.
fn plain(field: &FieldMeta, column: &ColumnMeta, ty: ColumnType) -> Result<Field> {
    let options = &field.options;
    let mut out = Field::new(field.name.clone(), ty);
    out.column = column.name.clone();
    out.null = column.nullable;
    out.unique = options.unique;
    out.index = options.index.unwrap_or(false);
    out.auto = options.auto && matches!(column.kind, Kind::I16 | Kind::I32 | Kind::I64);
    let default = field.default_value().map(|default| constant(&default)).transpose()?;
    match options.default.is_some_and(varies) {
        true => out.fresh_default = Hint(default),
        false => out.default = default,
    }
    out.db_default = match (options.db_default, &field.default) {
        (Some(default), _) => Some(db_default(&default)?),
        // What the database sets when the row that is pointed to goes.
        (None, Some(default)) if options.on_delete == Some(OnDelete::SetDefault) => {
            Some(condition::Expr::Value(constant(default)?))
        }
        (None, _) => None,
    };
    let place = |error: Error| error.about(&format!("{}.{}", field.model, field.name));
    out.generated = options.generated.map(|generated| self::generated(&generated)).transpose().map_err(place)?;
    out.collation = collation(field);
    out.comment = options.comment.map(str::to_owned);
    out.renamed_from = Hint(options.renamed_from.map(str::to_owned));
    Ok(out)
}

/// Whether a default is another each time: a fresh UUID, the moment, a day from now. A constant day or time is taken for one of
/// those, too: it decides nothing but what existing rows get in a new column.
fn varies(default: fn() -> Value) -> bool {
    let first = default();
    let of_time = [Kind::Date, Kind::Time, Kind::Timestamp, Kind::DateTime].contains(&first.kind());
    // What is made by chance is seldom the same so often.
    of_time || (0..16).any(|_| first != default())
}

fn foreign_key(model: &mut Model, meta: &ModelMeta, field: &FieldMeta, to: &ModelKey) -> Result<()> {
    let unique = matches!(field.relation.as_ref().map(|relation| relation.kind), Some(RelationKind::OneToOne { .. }));
    let on_delete = on_delete(field.options.on_delete.unwrap_or_default());
    let columns: Vec<&ColumnMeta> = field.columns().map(|column| &meta.columns[column as usize]).collect();
    if let [column] = columns[..] {
        let mut out = plain(field, column, ColumnType::Related)?;
        out.unique |= unique;
        out.index = field.options.index.unwrap_or(!out.unique);
        let to_field = field.relation.as_ref().and_then(|relation| relation.to_field.as_deref().map(str::to_owned));
        let to = to.clone();
        out.relation =
            Some(Relation { to, to_field, on_delete, db_constraint: field.options.db_constraint, many_to_many: None });
        model.fields.push(out);
        return Ok(());
    }
    let target = match &field.relation {
        Some(relation) => relation.target(),
        None => return Ok(()),
    };
    let ends = field.ends(&target);
    let to_fields: Vec<String> = ends.iter().map(|&column| state_name(&target, column)).collect();
    let mut names = Vec::new();
    for (column, &part) in columns.iter().zip(ends) {
        let (ty, collation) = key_type(&target, part)?;
        let mut out = Field { collation, ..Field::new(column.name.clone(), ty) };
        out.null = column.nullable;
        out.comment = field.options.comment.map(str::to_owned);
        out.renamed_from = Hint(before(field, column));
        names.push(column.name.clone());
        model.fields.push(out);
    }
    let parts: Vec<&str> = names.iter().map(String::as_str).collect();
    let ends: Vec<&str> = to_fields.iter().map(String::as_str).collect();
    index_together(model, field, &parts, unique);
    if !field.options.db_constraint {
        return Ok(());
    }
    model.constraints.push(Constraint::ForeignKey {
        name: naming::foreign_key(&meta.table, &parts, &target.table, &ends),
        fields: names.clone(),
        to: to.clone(),
        to_fields,
        on_delete,
    });
    Ok(())
}

/// What one of several columns was called when the field had another name. Those that are named by themselves stay as they are.
fn before(field: &FieldMeta, column: &ColumnMeta) -> Option<String> {
    let old = field.options.renamed_from.filter(|_| field.options.columns.is_empty())?;
    Some(column.name.replacen(&*field.name, old, 1))
}

/// The columns of a relation that has several are found together.
fn index_together(model: &mut Model, field: &FieldMeta, parts: &[&str], unique: bool) {
    if unique || field.options.unique {
        model.constraints.push(Constraint::unique(naming::unique(&model.table, parts), parts));
    } else if field.options.index.unwrap_or(true) {
        model.indexes.push(Index::new(naming::index(&model.table, parts), parts));
    }
}

/// The label and the key of a generic foreign key: plain columns, as no constraint says what they hold.
fn generic(model: &mut Model, meta: &ModelMeta, field: &FieldMeta) -> Result<()> {
    let columns: Vec<&ColumnMeta> = field.columns().map(|column| &meta.columns[usize::from(column)]).collect();
    for column in &columns {
        let mut out = Field::new(column.name.clone(), column_type(meta, field, column)?);
        out.null = column.nullable;
        out.comment = field.options.comment.map(str::to_owned);
        out.renamed_from = Hint(before(field, column));
        model.fields.push(out);
    }
    let parts: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    index_together(model, field, &parts, false);
    Ok(())
}

/// The type of a column of a key, and how it is compared: of a relation in it, what it has where it leads.
fn key_type(meta: &ModelMeta, column: u16) -> Result<(ColumnType, Option<state::Collation>)> {
    let place = &meta.columns[usize::from(column)];
    let field = &meta.fields[usize::from(place.field)];
    match &field.relation {
        Some(relation) => {
            let target = relation.target();
            key_type(&target, field.ends(&target)[usize::from(column - field.first_column)])
        }
        None => Ok((column_type(meta, field, place)?, collation(field))),
    }
}

fn collation(field: &FieldMeta) -> Option<state::Collation> {
    field.options.collation.map(|Collation { sqlite, postgres, mysql }| {
        let [sqlite, postgres, mysql] = [sqlite, postgres, mysql].map(|name| name.map(str::to_owned));
        state::Collation { sqlite, postgres, mysql }
    })
}

fn many_to_many(model: &Model, field: &FieldMeta, target: &str, to: &ModelKey) -> Field {
    let described = field.relation.as_ref().and_then(|relation| relation.described_through());
    let through = field.options.through.map(|through| key_of(through())).or(described.map(|model| key_of(&model)));
    let mut out = match through {
        Some(through) => Field::many_to_many_through(field.name.clone(), to.clone(), through),
        None => Field::many_to_many(model, field.name.clone(), to.clone()),
    };
    if let (Some(table), Some(Relation { many_to_many: Some(ManyToMany { table: name, .. }), .. })) =
        (field.options.table, &mut out.relation)
    {
        *name = table.to_owned();
    }
    out.renamed_from = Hint(field.options.renamed_from.map(str::to_owned));
    debug_assert!(!target.is_empty());
    out
}

fn on_delete(rule: OnDelete) -> state::OnDelete {
    match rule {
        OnDelete::Cascade => state::OnDelete::Cascade,
        OnDelete::Protect => state::OnDelete::Protect,
        OnDelete::Restrict => state::OnDelete::Restrict,
        OnDelete::SetNull => state::OnDelete::SetNull,
        OnDelete::SetDefault => state::OnDelete::SetDefault,
        OnDelete::DoNothing => state::OnDelete::DoNothing,
    }
}

fn column_type(meta: &ModelMeta, field: &FieldMeta, column: &ColumnMeta) -> Result<ColumnType> {
    let positive = field.column.is_some_and(|shape| shape.positive);
    Ok(match column.kind {
        Kind::Bool => ColumnType::Bool,
        Kind::I16 if positive => ColumnType::PositiveSmallInt,
        Kind::I32 if positive => ColumnType::PositiveInteger,
        Kind::I64 if positive => ColumnType::PositiveBigInt,
        Kind::I16 => ColumnType::SmallInt,
        Kind::I32 => ColumnType::Integer,
        Kind::I64 => ColumnType::BigInt,
        Kind::F32 => ColumnType::Real,
        Kind::F64 => ColumnType::Double,
        Kind::Decimal => match (column.digits, column.scale) {
            (Some(max_digits), Some(decimal_places)) => ColumnType::Decimal { max_digits, decimal_places },
            _ => {
                return Err(Error::new(
                    Code::BadModel,
                    format!("`{}.{}` is a decimal of no stated size", meta.label(), field.name),
                )
                .with_hint("write `#[field(max_digits = 8, decimal_places = 2)]`"));
            }
        },
        Kind::Text => match column.max_length.or_else(|| longest_choice(field)) {
            Some(max_length) => ColumnType::Char { max_length },
            None => ColumnType::Text,
        },
        Kind::Bytes => ColumnType::Binary,
        Kind::Date => ColumnType::Date,
        Kind::Time => ColumnType::Time,
        Kind::Timestamp => ColumnType::NaiveDateTime,
        Kind::DateTime => ColumnType::DateTime,
        Kind::Duration => ColumnType::Duration,
        Kind::Uuid => ColumnType::Uuid,
        Kind::Ip => ColumnType::Ip,
        Kind::Json => ColumnType::Json,
        Kind::Postgres(own) => {
            let limited = match (own, column.max_length, column.digits.zip(column.scale)) {
                (PgKind::Array(Kind::Text), Some(most), _) => Some(format!("character varying({most})[]")),
                (PgKind::Array(Kind::Decimal), _, Some((digits, scale))) => {
                    Some(format!("numeric({digits},{scale})[]"))
                }
                _ => None,
            };
            let postgres = Some(limited.unwrap_or_else(|| own.column()));
            ColumnType::Custom { sqlite: None, postgres, mysql: None }
        }
    })
}

/// The length of the longest choice of an enum that is stored as text.
fn longest_choice(field: &FieldMeta) -> Option<u32> {
    let choices = field.column?.choices;
    let lengths = choices.iter().filter_map(|choice| match choice.value {
        ChoiceValue::Text(text) => Some(text.chars().count() as u32),
        ChoiceValue::Integer(_) => None,
    });
    lengths.max()
}

fn add_options(model: &mut Model, meta: &ModelMeta) -> Result<()> {
    let options = meta.options();
    for unique in &options.unique {
        let columns: Vec<u16> = unique.fields.iter().flat_map(|&field| meta.fields[field as usize].columns()).collect();
        let names = columns.iter().map(|&column| meta.columns[column as usize].name.clone());
        let names: Vec<String> = names.chain(unique.expressions.iter().map(|key| key_name(meta, key))).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let fields = columns.iter().map(|&column| Ok(IndexPart::field_asc(state_name(meta, column))));
        model.constraints.push(Constraint::Unique {
            name: unique.name.map_or_else(|| naming::unique(&meta.table, &names), str::to_owned),
            on: fields.chain(unique.expressions.iter().map(index_part)).collect::<Result<_>>()?,
            condition: unique.condition.as_ref().map(expression).transpose()?,
            include: included(meta, &unique.include),
            deferrable: unique.deferrable.map(deferrable),
            nulls_equal: unique.nulls_equal,
        });
    }
    for index in &options.indexes {
        let mut parts = index.keys.iter().map(index_part).collect::<Result<Vec<_>>>()?;
        if index.opclass.len() > 1 && index.opclass.len() != parts.len() {
            let (given, wanted) = (index.opclass.len(), parts.len());
            let what = format!("an index of `{}` has {given} classes of operators for {wanted} parts", meta.label());
            return Err(Error::new(Code::BadModel, what).with_hint("give one for all of them, or one for each"));
        }
        for (place, part) in parts.iter_mut().enumerate() {
            let given = index.opclass.get(place).or(index.opclass.first().filter(|_| index.opclass.len() == 1));
            part.opclass = given.filter(|name| !name.is_empty()).map(|name| (*name).to_owned());
        }
        let names: Vec<String> = index.keys.iter().map(|key| key_name(meta, key)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        model.indexes.push(Index {
            name: index.name.map_or_else(|| naming::index(&meta.table, &names), str::to_owned),
            on: parts,
            condition: index.condition.as_ref().map(expression).transpose()?,
            include: included(meta, &index.include),
            method: index.method.map(str::to_owned),
        });
    }
    for exclude in &options.exclusions {
        model.constraints.push(super::exclusion::constraint(meta, exclude)?);
    }
    for check in &options.checks {
        let name = named(meta, check.name, check.without_table);
        model.constraints.push(Constraint::check(name, expression(&check.condition)?));
    }
    Ok(())
}

/// The name of a check or an exclusion in the database.
pub(super) fn named(meta: &ModelMeta, name: &str, without_table: bool) -> String {
    if without_table { name.to_owned() } else { naming::check(&meta.table, name) }
}

/// The fields of the state that are stored beside a key.
fn included(meta: &ModelMeta, fields: &[u16]) -> Vec<String> {
    let columns = fields.iter().flat_map(|&field| meta.fields[usize::from(field)].columns());
    columns.map(|column| state_name(meta, column)).collect()
}

/// When a constraint is checked, as the state says it.
pub(super) fn deferrable(when: Deferrable) -> state::Deferrable {
    match when {
        Deferrable::Immediate => state::Deferrable::Immediate,
        Deferrable::Deferred => state::Deferrable::Deferred,
    }
}

/// What a key of an index contributes to the index's name.
fn key_name(meta: &ModelMeta, key: &Order) -> String {
    let mut name = String::from("expr");
    key.expr.visit(0, &mut |expr, _| {
        if let Expr::Column { column, .. } = expr {
            name.clone_from(&meta.columns[*column as usize].name);
        }
    });
    if key.descending {
        name.insert(0, '-');
    }
    name.trim_start_matches('-').to_owned() + if key.descending { "_desc" } else { "" }
}

fn index_part(key: &Order) -> Result<IndexPart> {
    let mut part = IndexPart::from(expression(&key.expr)?);
    part.descending = key.descending;
    part.nulls = key.nulls_first.map(|first| if first { Nulls::First } else { Nulls::Last });
    Ok(part)
}

fn db_default(default: &DbDefault) -> Result<condition::Expr> {
    match default {
        DbDefault::Value(value) => Ok(condition::Expr::Value(constant(&value())?)),
        DbDefault::Now => Ok(condition::Expr::call(condition::Function::Now, [])),
        DbDefault::Sql(text) => text.parse().map_err(engine_error),
    }
}

fn generated(generated: &Generated) -> Result<state::Generated> {
    Ok(state::Generated { expr: expression(&(generated.expr)())?, stored: generated.stored })
}
