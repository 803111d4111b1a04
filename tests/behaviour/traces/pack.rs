//! One file of recorded evaluations: its models, described at run time, and the rows of its snapshots.

use super::{
    Other,
    translate::{Left, Translated},
};
use crate::bed::Bed;
use orm::{
    Kind, OnDelete, Value,
    dynamic::Catalog,
    migrate::engine,
    model::{Models, NewField, NewModel},
    tree::ModelRef,
};
use serde_json::Value as Json;
use std::collections::{BTreeSet, HashMap};

/// A file of evaluations, with what it says of its models.
pub struct Pack {
    pub name: String,
    pub json: Json,
    pub catalog: Catalog,
    pub models: Models,
    /// The zone in which the evaluation at hand asks for parts of instants.
    pub zone: Option<String>,
    /// The rows that are loaded.
    pub snapshot: String,
    /// The rows that Django left, if the evaluation at hand is a write.
    pub after: String,
    /// Whether moments are instants.
    instants: bool,
    places: HashMap<String, usize>,
}

pub fn text(json: &Json) -> &str {
    json.as_str().unwrap_or_default()
}

pub fn list(json: &Json) -> &[Json] {
    json.as_array().map_or(&[], Vec::as_slice)
}

pub fn is_true(json: &Json) -> bool {
    json.as_bool().unwrap_or_default()
}

/// How deep a line of a file may be nested: no document is read that is nested deeper than 128.
const DEPTH: usize = 120;

/// The document of a file, and the tests whose evaluations are nested too deep for one: each has a line of its own.
pub fn read(file: &str) -> (Json, Vec<String>) {
    let mut deep = Vec::new();
    let lines = file.lines().map(|line| match depth(line) > DEPTH {
        true => {
            deep.extend(line.split('"').nth(3).map(str::to_owned));
            if line.ends_with(',') { "{}," } else { "{}" }
        }
        false => line,
    });
    let mut json = serde_json::from_str(&lines.collect::<Vec<_>>().join("\n")).unwrap();
    shorten(&mut json);
    widen(&mut json);
    (json, deep)
}

/// Names that are longer than every database takes are others here.
fn shorten(json: &mut Json) {
    const LONGEST: usize = 63;
    let mut long = BTreeSet::new();
    let mut note = |name: &Json| long.extend(Some(text(name)).filter(|name| name.len() > LONGEST).map(str::to_owned));
    for model in list(&json["models"]) {
        note(&model["table"]);
        for field in list(&model["fields"]) {
            note(&field["column"]);
            note(&field["m2m"]["through_table"]);
        }
    }
    for (at, name) in long.iter().enumerate() {
        let short = format!("{}_{at}", &name[..LONGEST - 8]);
        renamed(json, name, &short);
    }
}

fn renamed(json: &mut Json, from: &str, to: &str) {
    match json {
        Json::Array(all) => all.iter_mut().for_each(|one| renamed(one, from, to)),
        Json::Object(map) => {
            if let Some(value) = map.remove(from) {
                map.insert(to.to_owned(), value);
            }
            map.values_mut().for_each(|one| renamed(one, from, to));
        }
        Json::String(text) if text == from => *text = to.to_owned(),
        _ => {}
    }
}

/// Columns of whole numbers are as wide as what is in them: those of SQLite, where it was recorded, have 64 bits.
fn widen(json: &mut Json) {
    let mut wide = BTreeSet::new();
    for rows in json["tables"].as_object().into_iter().flat_map(|tables| tables.values()) {
        let columns = list(&json["columns"][text(&rows["table"])]);
        for (cell, column) in list(&rows["rows"]).iter().flat_map(|row| list(row).iter().zip(columns)) {
            if let Some(number) = cell.as_i64().filter(|number| i16::try_from(*number).is_err()) {
                let far = i32::try_from(number).is_err();
                wide.insert((text(&rows["table"]).to_owned(), text(column).to_owned(), far));
            }
        }
    }
    for model in json["models"].as_array_mut().into_iter().flatten() {
        let table = text(&model["table"]).to_owned();
        for field in model["fields"].as_array_mut().into_iter().flatten() {
            let key = |far| (table.clone(), text(&field["column"]).to_owned(), far);
            let (far, wider) = (wide.contains(&key(true)), wide.contains(&key(false)));
            let kind = text(&field["type"]).to_owned();
            let as_wide = match kind.as_str() {
                "AutoField" | "SmallAutoField" if far => "BigAutoField",
                "SmallAutoField" if wider => "AutoField",
                "IntegerField" | "SmallIntegerField" if far => "BigIntegerField",
                "PositiveIntegerField" | "PositiveSmallIntegerField" if far => "PositiveBigIntegerField",
                "SmallIntegerField" | "PositiveSmallIntegerField" if wider => "IntegerField",
                _ => continue,
            };
            field["type"] = as_wide.into();
        }
    }
}

/// How deep lists and objects are nested in a line.
fn depth(line: &str) -> usize {
    let (mut deepest, mut open, mut in_text, mut escaped) = (0, 0_usize, false, false);
    for letter in line.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = in_text,
            '"' => in_text = !in_text,
            '[' | '{' if !in_text => open += 1,
            ']' | '}' if !in_text => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}

impl Pack {
    pub fn read(path: &std::path::Path, json: Json, instants: bool) -> orm::Result<Pack> {
        let places: HashMap<_, _> = list(&json["models"])
            .iter()
            .enumerate()
            .map(|(place, model)| (text(&model["label"]).to_owned(), place))
            .collect();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let (catalog, models) = (Catalog::new(), Models::describe([]).unwrap());
        let mut pack = Pack {
            name,
            catalog,
            models,
            zone: None,
            snapshot: String::new(),
            after: String::new(),
            instants,
            places,
            json,
        };
        let described = list(&pack.json["models"]).iter().filter(|model| model["proxy_for"].is_null());
        pack.models = Models::describe(described.map(|model| pack.describe(model)).collect::<Vec<_>>())?;
        let limits = orm::dynamic::Limits { joins: 200, size: 5_000, ..Default::default() };
        pack.catalog = pack.models.iter().fold(Catalog::new().limits(limits), Catalog::model);
        Ok(pack)
    }

    /// The catalog, with all models writable.
    pub fn writable(&self) -> Catalog {
        let labels: Vec<String> = self.models.iter().map(|model| model.label()).collect();
        self.catalog.clone().writable(labels.iter().map(String::as_str)).unwrap()
    }

    /// What the file says of a model; of a proxy, what it says of the model behind it.
    pub fn model(&self, label: &str) -> &Json {
        // Some relations lead out of the file.
        static NOWHERE: Json = Json::Null;
        let Some(&place) = self.places.get(label) else {
            return &NOWHERE;
        };
        let model = &self.json["models"][place];
        match model["proxy_for"].as_str() {
            Some(behind) => self.model(behind),
            None => model,
        }
    }

    /// What the file says of a model, a proxy too.
    pub fn asked(&self, label: &str) -> &Json {
        match self.places.get(label).map(|&place| &self.json["models"][place]) {
            Some(model) if !list(&model["meta"]["ordering"]).is_empty() => model,
            _ => self.model(label),
        }
    }

    /// The label of a model that has a table.
    pub fn label<'p>(&'p self, label: &'p str) -> &'p str {
        text(&self.model(label)["label"])
    }

    pub fn field<'p>(&self, model: &'p Json, name: &str) -> Option<&'p Json> {
        list(&model["fields"]).iter().find(|field| text(&field["name"]) == name)
    }

    /// The kind of a date with a time.
    pub fn moment(&self) -> Kind {
        if self.instants { Kind::DateTime } else { Kind::Timestamp }
    }

    /// The names of the parts of a model's key.
    pub fn key_parts(&self, json: &Json) -> Vec<String> {
        let fields = list(&json["fields"]);
        let key = fields.iter().find(|field| text(&field["type"]) == "CompositePrimaryKey");
        let Some(key) = key else {
            return vec![text(&json["pk"]).to_owned()];
        };
        let named = |part: &Json| {
            let known = fields.iter().find(|field| field["name"] == *part || field["attname"] == *part);
            known.map_or(String::new(), |field| text(&field["name"]).to_owned())
        };
        list(&key["fields"]).iter().map(named).collect()
    }

    /// The one-to-one by which a model is a child of another.
    pub fn link(&self, json: &Json, parent: &str) -> Option<String> {
        let is_link =
            |field: &&Json| is_true(&field["fk"]["parent_link"]) && self.label(text(&field["fk"]["to"])) == parent;
        list(&json["fields"]).iter().find(is_link).map(|link| text(&link["name"]).to_owned())
    }

    /// The model, or its parent, whose rows have something by this name.
    pub fn with_accessor(&self, model: &str, accessor: &str) -> Option<&Json> {
        let json = self.model(model);
        let reverse = list(&json["reverse"]).iter().any(|reverse| text(&reverse["accessor"]) == accessor);
        match reverse || self.field(json, accessor).is_some() {
            true => Some(json),
            false => list(&json["parents"]).iter().find_map(|parent| self.with_accessor(text(parent), accessor)),
        }
    }

    fn describe(&self, json: &Json) -> NewModel {
        let (app, name) = text(&json["label"]).split_once('.').unwrap();
        let mut model = NewModel::new(app, name).table(text(&json["table"]));
        let mut key = self.key_parts(json);
        let mut taken = BTreeSet::new();
        for field in list(&json["fields"]) {
            taken.insert(text(&field["name"]));
            match text(&field["type"]) {
                "CompositePrimaryKey" => {}
                // A field of a project's own, without a column.
                kind if field["column"].is_null() && !["ForeignObject", "ManyToManyField"].contains(&kind) => {}
                "ForeignObject" => {
                    // Its columns are those of other fields: here it has some of its own, which hold the key there.
                    if let Some(to) = self.object(field) {
                        let new = NewField::foreign_key(text(&field["name"]), to).named(own_prefix(field)).null();
                        model = model.field(new.on_delete(on_delete(&field["relation"], &field["null"])));
                    }
                }
                "ForeignKey" | "OneToOneField" if !self.leads(field) => {
                    // Its column is there all the same.
                    let target = self.model(text(&field["fk"]["to"]));
                    let kind = self.field(target, text(&field["fk"]["to_field"])).map_or(Kind::I64, |to| self.kind(to));
                    model = model.field(plain(NewField::column(text(&field["attname"]), kind), field));
                    key.iter_mut()
                        .filter(|part| **part == text(&field["name"]))
                        .for_each(|part| *part = text(&field["attname"]).to_owned());
                }
                "ForeignKey" | "OneToOneField" => {
                    let to = self.label(text(&field["fk"]["to"]));
                    let new = match is_true(&field["fk"]["one_to_one"]) {
                        true => NewField::one_to_one(text(&field["name"]), to),
                        false => NewField::foreign_key(text(&field["name"]), to),
                    };
                    let new = match self.points_to_key(field) {
                        true => new,
                        false => new.to_field(text(&field["fk"]["to_field"])),
                    };
                    model = model.field(plain(new.on_delete(on_delete(&field["fk"], &no_default(field))), field));
                }
                "ManyToManyField" => {
                    if let Some(new) = self.many(text(&field["name"]), field, "to", "source_field", "target_field") {
                        model = model.field(new);
                    }
                }
                _ => model = model.field(plain(NewField::column(text(&field["name"]), self.kind(field)), field)),
            }
        }
        for reverse in list(&json["reverse"]) {
            let name = text(&reverse["query_name"]);
            if name.contains('+') || name.contains("__") || !taken.insert(name) {
                continue;
            }
            let other = self.model(text(&reverse["model"]));
            let Some(field) = self.field(other, text(&reverse["field"])) else {
                continue;
            };
            let label = text(&other["label"]);
            match text(&reverse["kind"]) {
                "many_to_many" => {
                    if let Some(new) = self.many(name, field, label, "target_field", "source_field") {
                        model = model.field(new);
                    }
                }
                "one_to_many" if self.object(field).is_some() => {
                    model = model.field(NewField::has_many(name, label, text(&field["name"])));
                }
                _ if field["fk"].is_null() || !self.leads(field) => {}
                "one_to_one" => model = model.field(NewField::has_one(name, label, text(&field["name"]))),
                _ => model = model.field(NewField::has_many(name, label, text(&field["name"]))),
            }
        }
        let constraints = list(&json["meta"]["constraints"]).iter();
        let constraints = constraints.filter(|it| text(&it["type"]) == "UniqueConstraint" && it["condition"].is_null());
        let together = list(&json["meta"]["unique_together"]).iter().chain(constraints.map(|it| &it["fields"]));
        for names in together.map(list).filter(|names| names.len() > 1) {
            let name = |name: &Json| {
                let field = list(&json["fields"]).iter().find(|it| it["name"] == *name || it["attname"] == *name)?;
                (field["fk"].is_null() || self.leads(field)).then(|| text(&field["name"]).to_owned())
            };
            if let Some(names) = names.iter().map(name).collect::<Option<Vec<_>>>() {
                model = model.unique_together(names);
            }
        }
        model.ordering(self.plain_order(json).iter().map(String::as_str)).key(key)
    }

    /// The order of a model's rows, where it is one by fields of its own.
    fn plain_order(&self, json: &Json) -> Vec<String> {
        let key = |key: &Json| {
            let key = super::order_key(key);
            let name = if key["path"] == "pk" { text(&json["pk"]) } else { text(&key["path"]) };
            let field = self.field(json, name).filter(|field| !field["column"].is_null() && field["fk"].is_null())?;
            Some(format!("{}{}", if is_true(&key["desc"]) { "-" } else { "" }, text(&field["name"])))
        };
        list(&json["meta"]["ordering"]).iter().map(key).collect::<Option<_>>().unwrap_or_default()
    }

    fn many(&self, name: &str, field: &Json, to: &str, source: &str, target: &str) -> Option<NewField> {
        let m2m = &field["m2m"];
        let through = self.model(text(&m2m["through"]));
        let sides = [text(&m2m[source]), text(&m2m[target])];
        let known = sides.iter().all(|side| self.field(through, side).is_some_and(|side| self.leads(side)));
        let to = if to == "to" { text(&m2m["to"]) } else { to };
        known.then(|| NewField::many_to_many(name, self.label(to), text(&through["label"]), sides[0], sides[1]))
    }

    pub fn kind(&self, field: &Json) -> Kind {
        match text(&field["type"]) {
            "SmallAutoField" | "SmallIntegerField" | "PositiveSmallIntegerField" => Kind::I16,
            "AutoField" | "IntegerField" | "PositiveIntegerField" | "OrderWrt" => Kind::I32,
            "BigAutoField" | "BigIntegerField" | "PositiveBigIntegerField" => Kind::I64,
            "BooleanField" => Kind::Bool,
            "FloatField" => Kind::F64,
            "DecimalField" => Kind::Decimal,
            "DateField" => Kind::Date,
            "TimeField" => Kind::Time,
            "DateTimeField" => self.moment(),
            // Its values are loaded like any: what computes them is not described.
            "GeneratedField" => match text(&field["generated"]["output_field"]["type"]) {
                "DateTimeField" => self.moment(),
                of => super::functions::kind_of(of).unwrap_or(Kind::Text),
            },
            "DurationField" => Kind::Duration,
            "UUIDField" => Kind::Uuid,
            "BinaryField" => Kind::Bytes,
            "JSONField" => Kind::Json,
            "ForeignKey" | "OneToOneField" => {
                let target = self.model(text(&field["fk"]["to"]));
                self.field(target, text(&field["fk"]["to_field"])).map_or(Kind::I64, |to| self.kind(to))
            }
            _ => Kind::Text,
        }
    }

    /// Makes the tables, without constraints: snapshots are loaded in any order.
    pub async fn create(&self, bed: &Bed) -> orm::Result<()> {
        let mut known = BTreeSet::new();
        let tables = self.models.iter().filter(|model| known.insert(model.table.clone()));
        let bare = tables.map(|model| {
            let (app, name) = (model.app.clone(), model.name.to_string());
            let new = NewModel::new(app, name).table(&model.table);
            let new = model.columns.iter().fold(new, |new, column| {
                let mut field = NewField::column(&column.name, column.kind);
                field = if model.fields[usize::from(column.field)].options.auto { field.auto() } else { field };
                field = if column.nullable { field.null() } else { field };
                field = match (column.digits, column.scale) {
                    (Some(digits), Some(scale)) => field.digits(digits, scale),
                    _ => field,
                };
                let is_key = model.key.iter().any(|&key| model.columns[usize::from(key)].name == column.name);
                match column.max_length.or((is_key && column.kind == Kind::Text).then_some(190)) {
                    Some(length) => new.field(field.max_length(length)),
                    None => new.field(field),
                }
            });
            new.key(model.key.iter().map(|&key| model.columns[usize::from(key)].name.clone()))
        });
        let to = orm::migrate::schema_of(Models::describe(bare.collect::<Vec<_>>())?.iter())?;
        let empty = engine::Schema::default();
        let operations = engine::diff(&empty, &to, &mut engine::diff::Refuse).map_err(orm::migrate::engine_error)?;
        let plan = engine::plan(bed.db.dialect().into(), &empty, &operations).map_err(orm::migrate::engine_error)?;
        let unique = self.unique_indexes(bed.db.dialect());
        let sql = plan.iter().map(|statement| statement.sql().to_owned()).chain(unique);
        run_all(bed, sql.collect()).await
    }

    /// What makes the rows of the tables differ as Django's models say.
    fn unique_indexes(&self, dialect: orm::Dialect) -> Vec<String> {
        let (mut sql, mut tables) = (Vec::new(), BTreeSet::new());
        let quote = if dialect == orm::Dialect::MariaDb { '`' } else { '"' };
        for json in list(&self.json["models"]).iter().filter(|json| json["proxy_for"].is_null()) {
            let meta = self.models.get(text(&json["label"])).unwrap();
            if !tables.insert(text(&json["table"])) {
                continue;
            }
            let fields = list(&json["fields"]).iter();
            let alone = fields.filter(|field| is_true(&field["unique"]) || is_true(&field["fk"]["one_to_one"]));
            let alone = alone.map(|field| vec![field["name"].clone()]);
            let together = list(&json["meta"]["unique_together"]).iter().map(|names| list(names).to_vec());
            let constraints = list(&json["meta"]["constraints"]).iter();
            let constraints =
                constraints.filter(|it| text(&it["type"]) == "UniqueConstraint" && it["condition"].is_null());
            for names in alone.chain(together).chain(constraints.map(|it| list(&it["fields"]).to_vec())) {
                let column = |name: &Json| {
                    let field =
                        list(&json["fields"]).iter().find(|it| it["name"] == *name || it["attname"] == *name)?;
                    meta.columns.iter().find(|column| column.name == text(&field["column"]))
                };
                let Some(columns) = names.iter().map(column).collect::<Option<Vec<_>>>() else {
                    continue;
                };
                // A text without an end has no index there.
                let endless = columns.iter().any(|it| it.kind == Kind::Text && it.max_length.is_none());
                // Nor has one that is too long.
                let letters = columns.iter().filter_map(|it| it.max_length).sum::<u32>();
                let kept = !endless && letters <= 700 || dialect != orm::Dialect::MariaDb;
                if kept && !columns.is_empty() {
                    let columns: Vec<String> = columns.iter().map(|it| format!("{quote}{}{quote}", it.name)).collect();
                    let (place, columns) = (sql.len(), columns.join(", "));
                    let table = text(&json["table"]);
                    sql.push(format!(
                        "CREATE UNIQUE INDEX {quote}unique_{place}{quote} ON {quote}{table}{quote} ({columns})"
                    ));
                }
            }
        }
        sql
    }

    /// Takes the tables away: files share the names of some.
    pub async fn drop(&self, bed: &Bed) -> orm::Result<()> {
        let quote = if bed.db.dialect() == orm::Dialect::MariaDb { '`' } else { '"' };
        let tables: BTreeSet<String> = self.models.iter().map(|model| model.table.clone()).collect();
        let drop = tables.iter().map(|table| format!("DROP TABLE {quote}{table}{quote}"));
        run_all(bed, drop.collect()).await
    }

    /// Puts the rows of a snapshot into the tables, instead of what is in them.
    pub async fn load(&self, snapshot: &str, bed: &Bed) -> Result<(), Other> {
        let quote = if bed.db.dialect() == orm::Dialect::MariaDb { '`' } else { '"' };
        let tables: Vec<ModelRef> = self.models.iter().collect();
        let clear: Vec<String> =
            tables.iter().map(|model| format!("DELETE FROM {quote}{}{quote}", model.table)).collect();
        run_all(bed, clear).await?;
        for (table, rows) in self.json["snapshots"][snapshot].as_object().unwrap() {
            let rows = &self.json["tables"][text(rows)]["rows"];
            let Some(model) = tables.iter().find(|model| model.table == *table) else {
                continue;
            };
            let names = list(&self.json["columns"][table]);
            let columns: Vec<(usize, &orm::model::ColumnMeta)> = names
                .iter()
                .enumerate()
                .filter_map(|(place, name)| {
                    Some((place, model.columns.iter().find(|column| column.name == text(name))?))
                })
                .collect();
            let own = self.own_columns(model);
            let row = |row: &Json| {
                let held = columns.iter().map(|(place, column)| cell(&row[*place], column.kind));
                let more = own
                    .iter()
                    .map(|(field, part, column)| cell(&self.own_cell(model, names, row, field, part), column.kind));
                held.chain(more).collect()
            };
            let values: Vec<Vec<Value>> = list(rows).iter().map(row).collect::<Translated<_>>()?;
            if !values.is_empty() {
                let all = columns.iter().map(|(_, column)| *column).chain(own.iter().map(|(_, _, column)| *column));
                let named = all.map(|column| column.name.as_str());
                crate::rows::insert_into(&bed.db, table, named, values).await?;
                let auto = columns.iter().find(|(_, column)| model.fields[usize::from(column.field)].options.auto);
                if let (Some((_, column)), orm::Dialect::Postgres) = (auto, bed.db.dialect()) {
                    let name = &column.name;
                    let next = format!(
                        "SELECT setval(pg_get_serial_sequence('\"{table}\"', '{name}'), (SELECT GREATEST(MAX(\"{name}\"), 1) FROM \"{table}\"))"
                    );
                    bed.db.batch(next).await?;
                }
            }
        }
        Ok(())
    }
}

/// Runs statements, if there are any: a file may have no models.
async fn run_all(bed: &Bed, sql: Vec<String>) -> orm::Result<()> {
    if sql.is_empty() { Ok(()) } else { bed.db.batch(sql.join(";\n")).await }
}

/// Whether NULL is what a field has where nothing is given.
fn no_default(field: &Json) -> Json {
    Json::Bool(is_true(&field["null"]) && field["default"].is_null() && field["db_default"].is_null())
}

/// How the columns begin that a relation of several columns has here.
fn own_prefix(field: &Json) -> String {
    format!("own_{}", text(&field["name"]))
}

/// What Django does, or its database.
fn on_delete(fk: &Json, null: &Json) -> OnDelete {
    match text(&fk["on_delete"]) {
        "CASCADE" | "DB_CASCADE" => OnDelete::Cascade,
        "PROTECT" => OnDelete::Protect,
        "RESTRICT" => OnDelete::Restrict,
        "SET_NULL" | "DB_SET_NULL" => OnDelete::SetNull,
        // Without a default, NULL is what Django sets.
        "SET_DEFAULT" | "DB_SET_DEFAULT" if is_true(null) => OnDelete::SetNull,
        "SET_DEFAULT" | "DB_SET_DEFAULT" | "SET" => OnDelete::SetDefault,
        _ => OnDelete::DoNothing,
    }
}

fn plain(new: NewField, json: &Json) -> NewField {
    let new = if text(&json["type"]).contains("Auto") { new.auto() } else { new };
    let number = |name: &str| json[name].as_u64().map(|number| number as u32);
    let new = new.named(text(&json["column"]));
    let new = if is_true(&json["null"]) { new.null() } else { new };
    let new = if is_true(&json["unique"]) { new.unique() } else { new };
    let new = match number("max_length") {
        Some(length) if length <= 255 => new.max_length(length),
        _ => new,
    };
    match (number("max_digits"), number("decimal_places")) {
        (Some(digits), Some(places)) => new.digits(digits, places),
        _ if text(&json["type"]) == "DecimalField" => new.digits(28, 10),
        _ => new,
    }
}

/// A value of a snapshot.
pub fn cell(json: &Json, kind: Kind) -> Translated<Value> {
    held(json, kind).ok_or_else(|| Left(format!("a value of the rows that has no place in {kind:?}")))
}

fn held(json: &Json, kind: Kind) -> Option<Value> {
    Some(match kind {
        _ if json.is_null() => Value::Null(kind),
        Kind::Bool => Value::Bool(json.as_bool()?),
        Kind::I16 => Value::I16(json.as_i64()?.try_into().ok()?),
        Kind::I32 => Value::I32(json.as_i64()?.try_into().ok()?),
        Kind::I64 => Value::I64(json.as_i64()?),
        Kind::F64 => Value::F64(json.as_f64().or_else(|| text(json).parse().ok())?),
        Kind::Decimal => Value::Decimal(text(json).parse().ok()?),
        Kind::Date => Value::Date(text(json).parse().ok()?),
        Kind::Time => Value::Time(text(json).parse().ok()?),
        Kind::Timestamp => Value::Timestamp(moment(text(json))?.naive_utc()),
        Kind::DateTime => Value::DateTime(moment(text(json))?),
        Kind::Duration => Value::Duration(chrono::TimeDelta::microseconds(json.as_i64()?)),
        Kind::Uuid => Value::Uuid(text(json).parse().ok()?),
        Kind::Bytes => {
            let digits = text(json);
            let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
            Value::Bytes((0..digits.len()).step_by(2).map(byte).collect::<Option<_>>()?)
        }
        Kind::Json => Value::Json(json["j"].clone()),
        _ => Value::Text(json.as_str().map_or_else(|| json.to_string(), str::to_owned)),
    })
}

/// A moment; one without an offset is in UTC.
pub fn moment(text: &str) -> Option<chrono::DateTime<chrono::Utc>> {
    let with_offset = chrono::DateTime::parse_from_rfc3339(text).map(|moment| moment.to_utc());
    with_offset.or_else(|_| text.parse::<chrono::NaiveDateTime>().map(|moment| moment.and_utc())).ok()
}
