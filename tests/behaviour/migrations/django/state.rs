//! Django's states as schema state.

use super::expr::{Untranslated, condition, expression, value};
use super::{text, texts};
use orm::migrate::engine::{
    Schema,
    condition::{Expr, IndexPart},
    naming,
    schema::{ColumnType, Constraint, Deferrable, Field, Generated, Index, Model, ModelKey, OnDelete},
};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// The models by their lower-case labels; a proxy stands for the model that has its table.
#[derive(Debug, Clone, Default)]
pub(super) struct Names(BTreeMap<String, ModelKey>);

impl Names {
    pub(super) fn of(models: &[Json]) -> Self {
        let mut names = Names::default();
        let label = |model: &Json| format!("{}.{}", text(&model["app"]), text(&model["name"])).to_lowercase();
        for model in models.iter().filter(|model| !is_proxy(model)) {
            names.0.insert(label(model), ModelKey::new(text(&model["app"]), text(&model["name"])));
        }
        // A proxy of a proxy comes after it, or before.
        for _ in 0..models.len() {
            for model in models.iter().filter(|model| is_proxy(model)) {
                if let Some(base) = texts(&model["bases"]).first().and_then(|base| names.0.get(&base.to_lowercase())) {
                    names.0.insert(label(model), base.clone());
                }
            }
        }
        names
    }

    pub(super) fn get(&self, label: &str) -> Option<&ModelKey> {
        self.0.get(&label.to_lowercase())
    }

    pub(super) fn add(&mut self, key: ModelKey) {
        self.0.insert(key.to_string().to_lowercase(), key);
    }

    /// Another label of a model: a proxy's.
    pub(super) fn alias(&mut self, label: &str, key: ModelKey) {
        self.0.insert(label.to_lowercase(), key);
    }

    /// A model as a relation names it: `app.model`, a name alone, or the model itself.
    fn target(&self, owner: &ModelKey, to: &str) -> Result<ModelKey, Untranslated> {
        let label = match to {
            "self" => owner.to_string(),
            to if to.contains('.') => to.to_owned(),
            to => format!("{}.{to}", owner.app),
        };
        if label.eq_ignore_ascii_case(&owner.to_string()) {
            return Ok(owner.clone());
        }
        self.get(&label).cloned().ok_or_else(|| format!("a relation to `{to}`, which is not in the state"))
    }
}

pub(super) fn is_proxy(model: &Json) -> bool {
    model["options"]["proxy"] == true
}

pub(super) fn schema(models: &[Json]) -> Result<Schema, Untranslated> {
    let names = Names::of(models);
    let mut schema = Schema::default();
    for json in models.iter().filter(|model| !is_proxy(model)) {
        schema.insert(model(&names, text(&json["app"]), json)?);
    }
    // What a key refers to decides names of constraints, which do not count.
    schema.validate().map_err(|error| error.to_string())?;
    Ok(schema)
}

/// What a field is computed from, by the names of fields: Django's expression may name the column of a relation.
pub(super) fn by_field(fields: &[Field], field: &mut Field) -> Result<(), Untranslated> {
    let Some(generated) = &mut field.generated else { return Ok(()) };
    let mut text = generated.expr.to_string();
    for relation in fields.iter().filter(|field| field.relation.is_some() && field.has_column()) {
        text = text.replace(&relation.column, &relation.name);
    }
    generated.expr = text.parse().map_err(|error| format!("{error:?}"))?;
    Ok(())
}

/// A model of a state, or as the operation that makes it has it.
pub(super) fn model(names: &Names, app: &str, json: &Json) -> Result<Model, Untranslated> {
    let options = &json["options"];
    let mut model = Model::new(app, text(&json["name"]));
    if let Some(table) = options["db_table"].as_str().filter(|table| !table.is_empty()) {
        model.table = table.to_owned();
    }
    model.comment = options["db_table_comment"].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    model.managed = options["managed"] != false;
    model.primary_key.clear();
    let fields = json["fields"].as_array().ok_or("a model without fields")?;
    // The table of a base is referred to by the key.
    let linked = fields.iter().any(|field| field["kwargs"]["parent_link"] == true);
    for base in texts(&json["bases"]).into_iter().filter(|base| !linked && !base.starts_with("django.")) {
        if let Some(key) = names.get(base).cloned() {
            let link = Field::one_to_one(format!("{}_ptr", key.name.to_lowercase()), key, OnDelete::Cascade);
            if model.primary_key.is_empty() {
                model.primary_key.push(link.name.clone());
            }
            model.fields.push(link);
        }
    }
    for json in fields {
        if text(&json["type"]) == "CompositePrimaryKey" {
            model.primary_key = texts(&json["args"]).into_iter().map(str::to_owned).collect();
            continue;
        }
        let field = self::field(names, &model, json)?;
        if json["kwargs"]["primary_key"] == true {
            model.primary_key = vec![field.name.clone()];
        }
        model.fields.push(field);
    }
    // A part of a composite key may be named as its column.
    for part in &mut model.primary_key {
        if let Some(field) = model.fields.iter().find(|field| field.column == *part && field.name != *part) {
            part.clone_from(&field.name);
        }
    }
    if model.primary_key.is_empty() {
        model.primary_key.push("id".to_owned());
        model.fields.insert(0, Field { auto: true, ..Field::new("id", ColumnType::Integer) });
    }
    let fields = model.fields.clone();
    for field in &mut model.fields {
        by_field(&fields, field)?;
    }
    if options["order_with_respect_to"].is_string() {
        model.fields.push(order_field());
    }
    for together in together(&options["unique_together"]) {
        model.constraints.push(unique_together(&model, &together));
    }
    for together in self::together(&options["index_together"]) {
        model.indexes.push(index_together(&model, &together));
    }
    for json in options["indexes"].as_array().into_iter().flatten() {
        model.indexes.push(index(&model, json)?);
    }
    for json in options["constraints"].as_array().into_iter().flatten() {
        model.constraints.push(constraint(json)?);
    }
    Ok(model)
}

pub(super) fn order_field() -> Field {
    Field { default: Some(0.into()), ..Field::new("_order", ColumnType::Integer) }
}

/// Lists of fields: one, or a list of them.
pub(super) fn together(json: &Json) -> Vec<Vec<String>> {
    let list = json.as_array().map(Vec::as_slice).unwrap_or_default();
    let owned = |fields: &Json| texts(fields).into_iter().map(str::to_owned).collect::<Vec<_>>();
    if list.iter().any(Json::is_string) { vec![owned(json)] } else { list.iter().map(owned).collect() }
}

fn columns<'m>(model: &'m Model, fields: &'m [String]) -> Vec<&'m str> {
    fields.iter().map(|name| model.field(name).map_or(name.as_str(), |field| &field.column)).collect()
}

pub(super) fn unique_together(model: &Model, fields: &[String]) -> Constraint {
    let names: Vec<&str> = fields.iter().map(String::as_str).collect();
    Constraint::unique(naming::unique(&model.table, &columns(model, fields)), &names)
}

pub(super) fn index_together(model: &Model, fields: &[String]) -> Index {
    let names: Vec<&str> = fields.iter().map(String::as_str).collect();
    Index::new(naming::index(&model.table, &columns(model, fields)), &names)
}

fn parts(json: &Json) -> Result<Vec<IndexPart>, Untranslated> {
    let mut parts = Vec::new();
    for name in texts(&json["kwargs"]["fields"]) {
        parts.push(match name.strip_prefix('-') {
            Some(name) => IndexPart::field_asc(name).desc(),
            None => IndexPart::field_asc(name),
        });
    }
    for arg in json["args"].as_array().into_iter().flatten() {
        let ordered = text(&arg["$obj"]).ends_with(".OrderBy");
        let expr = expression(if ordered { &arg["args"][0] } else { arg }, &ColumnType::Text)?;
        let part = IndexPart::from(expr);
        parts.push(if ordered && arg["kwargs"]["descending"] == true { part.desc() } else { part });
    }
    Ok(parts)
}

fn some_condition(json: &Json) -> Result<Option<Expr>, Untranslated> {
    (!json.is_null()).then(|| condition(json)).transpose()
}

pub(super) fn index(model: &Model, json: &Json) -> Result<Index, Untranslated> {
    let kwargs = &json["kwargs"];
    let on = parts(json)?;
    let fields: Vec<String> = texts(&kwargs["fields"]).into_iter().map(str::to_owned).collect();
    let name =
        kwargs["name"].as_str().map_or_else(|| naming::index(&model.table, &columns(model, &fields)), str::to_owned);
    let include = texts(&kwargs["include"]).into_iter().map(str::to_owned).collect();
    Ok(Index { name, on, condition: some_condition(&kwargs["condition"])?, include, method: None })
}

pub(super) fn constraint(json: &Json) -> Result<Constraint, Untranslated> {
    let kwargs = &json["kwargs"];
    let name = text(&kwargs["name"]).to_owned();
    match text(&json["$obj"]).rsplit('.').next().unwrap_or_default() {
        "CheckConstraint" => {
            let given = if kwargs["condition"].is_null() { &kwargs["check"] } else { &kwargs["condition"] };
            Ok(Constraint::check(name, condition(given)?))
        }
        "UniqueConstraint" => Ok(Constraint::Unique {
            name,
            on: parts(json)?,
            condition: some_condition(&kwargs["condition"])?,
            include: texts(&kwargs["include"]).into_iter().map(str::to_owned).collect(),
            deferrable: match text(&kwargs["deferrable"]["$enum"]) {
                "Deferrable.DEFERRED" => Some(Deferrable::Deferred),
                "Deferrable.IMMEDIATE" => Some(Deferrable::Immediate),
                _ => None,
            },
            nulls_equal: kwargs["nulls_distinct"] == false,
        }),
        other => Err(format!("the constraint {other}")),
    }
}

fn column_type(json: &Json) -> Result<ColumnType, Untranslated> {
    let kwargs = &json["kwargs"];
    let number = |name: &str| kwargs[name].as_u64().and_then(|number| u32::try_from(number).ok());
    let char = |length: u32| ColumnType::Char { max_length: number("max_length").unwrap_or(length) };
    Ok(match text(&json["type"]) {
        "AutoField" | "IntegerField" => ColumnType::Integer,
        "BigAutoField" | "BigIntegerField" => ColumnType::BigInt,
        "SmallAutoField" | "SmallIntegerField" => ColumnType::SmallInt,
        "PositiveIntegerField" => ColumnType::PositiveInteger,
        "PositiveSmallIntegerField" => ColumnType::PositiveSmallInt,
        "PositiveBigIntegerField" => ColumnType::PositiveBigInt,
        "BooleanField" => ColumnType::Bool,
        "FloatField" => ColumnType::Double,
        "CharField" => number("max_length").map_or(ColumnType::Text, |max_length| ColumnType::Char { max_length }),
        "EmailField" => char(254),
        "URLField" => char(200),
        "SlugField" => char(50),
        "FileField" | "ImageField" => char(100),
        "TextField" => ColumnType::Text,
        "DecimalField" => ColumnType::Decimal {
            max_digits: number("max_digits").ok_or("a decimal of no size")?,
            decimal_places: number("decimal_places").ok_or("a decimal of no size")?,
        },
        "DateField" => ColumnType::Date,
        "TimeField" => ColumnType::Time,
        "DateTimeField" => ColumnType::DateTime,
        "DurationField" => ColumnType::Duration,
        "UUIDField" => ColumnType::Uuid,
        "BinaryField" => ColumnType::Binary,
        "JSONField" => ColumnType::Json,
        "GenericIPAddressField" => ColumnType::Ip,
        other => return Err(format!("the field {other}")),
    })
}

fn on_delete(json: &Json) -> OnDelete {
    match text(json) {
        "PROTECT" => OnDelete::Protect,
        "RESTRICT" => OnDelete::Restrict,
        "SET_NULL" => OnDelete::SetNull,
        "DO_NOTHING" => OnDelete::DoNothing,
        _ => OnDelete::Cascade,
    }
}

pub(super) fn field(names: &Names, owner: &Model, json: &Json) -> Result<Field, Untranslated> {
    let kwargs = &json["kwargs"];
    let name = text(&json["name"]);
    let kind = text(&json["type"]);
    let mut field = match kind {
        "ForeignKey" | "OneToOneField" => {
            let to = names.target(&owner.key, text(&kwargs["to"]))?;
            let mut field = if kind == "ForeignKey" {
                Field::foreign_key(name, to, on_delete(&kwargs["on_delete"]))
            } else {
                Field::one_to_one(name, to, on_delete(&kwargs["on_delete"]))
            };
            if let Some(relation) = &mut field.relation {
                relation.db_constraint = kwargs["db_constraint"] != false;
                relation.to_field = kwargs["to_field"].as_str().map(str::to_owned);
                // A rule of the database's own that the column cannot keep.
                if relation.on_delete == OnDelete::SetNull && kwargs["null"] != true {
                    relation.on_delete = OnDelete::DoNothing;
                }
            }
            field.index = kind == "ForeignKey" && kwargs["db_index"] != false && kwargs["unique"] != true;
            field.unique |= kwargs["unique"] == true;
            field
        }
        "ManyToManyField" => {
            let to = names.target(&owner.key, text(&kwargs["to"]))?;
            let mut field = match kwargs["through"].as_str() {
                Some(through) => Field::many_to_many_through(name, to, names.target(&owner.key, through)?),
                None => Field::many_to_many(owner, name, to),
            };
            if let (Some(table), Some(relation)) = (kwargs["db_table"].as_str(), &mut field.relation)
                && let Some(many) = &mut relation.many_to_many
            {
                many.table = table.to_owned();
            }
            return Ok(field);
        }
        "ForeignObject" => return Err("a ForeignObject".into()),
        "GeneratedField" => {
            let ty = column_type(&kwargs["output_field"])?;
            let expr = expression(&kwargs["expression"], &ty)?;
            let mut field = Field::new(name, ty);
            field.generated = Some(Generated { expr, stored: kwargs["db_persist"] == true });
            field.null = true;
            field
        }
        _ => Field::new(name, column_type(json)?),
    };
    field.auto = kind.ends_with("AutoField");
    field.null |= kwargs["null"] == true;
    field.unique |= kwargs["unique"] == true;
    field.index |= kwargs["db_index"] == true || (kind == "SlugField" && kwargs["db_index"] != false);
    field.index &= !field.unique;
    if let Some(column) = kwargs["db_column"].as_str() {
        field.column = column.to_owned();
    }
    field.comment = kwargs["db_comment"].as_str().map(str::to_owned);
    field.collation = kwargs["db_collation"].as_str().map(Into::into);
    let ty = if field.relation.is_some() { ColumnType::BigInt } else { field.ty.clone() };
    if !kwargs["db_default"].is_null() {
        field.db_default = Some(expression(&kwargs["db_default"], &ty)?);
    }
    // Defaults that only the program can compute are none of the state's.
    field.default = kwargs.get("default").filter(|json| !json.is_null()).and_then(|json| value(json, &ty).ok());
    // Django fills text that may be blank with nothing.
    if field.default.is_none() && kwargs["blank"] == true && ty.is_text() && !field.null && field.db_default.is_none() {
        field.default = Some("".into());
    }
    Ok(field)
}
