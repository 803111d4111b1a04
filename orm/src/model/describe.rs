//! Models that are described at run time: the same metadata, for tables that no struct stands for.

use super::{
    ColumnMeta, ColumnShape, FieldMeta, FieldOptions, KeyShape, ModelMeta, OrderKey, Relation, RelationKind,
    UniqueMeta,
    meta::{Described, Target},
    spec,
};
use crate::{Code, Error, Kind, OnDelete, Result, Value, tree::ModelRef, write::wrong_default};
use migrations_engine::{naming, schema::ModelKey};
use std::{
    borrow::Cow,
    sync::{Arc, Weak},
};

/// Models that were described together: their relations lead to each other.
///
/// They live as long as somebody holds one of them, a query included.
///
/// ```
/// use orm::{Database, Kind, dynamic::{Catalog, Query}, model::{Models, NewField, NewModel}};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// let models = Models::describe([
///     NewModel::new("crm", "Company")
///         .field(NewField::column("id", Kind::I64).auto())
///         .field(NewField::column("name", Kind::Text).max_length(100))
///         .field(NewField::has_many("people", "crm.Person", "company"))
///         .key(["id"]),
///     NewModel::new("crm", "Person")
///         .field(NewField::column("id", Kind::I64).auto())
///         .field(NewField::column("name", Kind::Text))
///         .field(NewField::foreign_key("company", "crm.Company").null())
///         .key(["id"]),
/// ])?;
/// let db = Database::connect("sqlite::memory:").await?;
/// # use orm::migrate::engine;
/// # let to = orm::migrate::schema_of(models.iter())?;
/// # let operations = engine::diff(&engine::Schema::default(), &to, &mut engine::diff::Refuse).unwrap();
/// # let plan = engine::plan(engine::Dialect::Sqlite, &engine::Schema::default(), &operations).unwrap();
/// # db.batch(plan.iter().map(|statement| statement.sql()).collect::<Vec<_>>().join(";\n")).await?;
///
/// let catalog = models.iter().fold(Catalog::new(), Catalog::model);
/// let alone = Query::of("crm.Company").filter("people__isnull", true);
/// assert_eq!(catalog.check(&alone)?.count(&db).await?, 0);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Models(Arc<ModelSet>);

/// The metadata of models that were described together.
#[derive(Debug)]
pub struct ModelSet {
    models: Vec<ModelMeta>,
}

impl ModelSet {
    /// How many there are.
    pub(crate) fn len(&self) -> u16 {
        self.models.len() as u16
    }

    /// The model at a place.
    pub(crate) fn model(&self, place: u16) -> &ModelMeta {
        &self.models[usize::from(place)]
    }
}

/// A model to be described.
#[derive(Debug, Clone)]
pub struct NewModel {
    app: String,
    name: String,
    table: Option<String>,
    fields: Vec<NewField>,
    key: Vec<String>,
    unique: Vec<Vec<String>>,
    ordering: Vec<(String, bool)>,
}

/// A field to be described.
#[derive(Debug, Clone)]
pub struct NewField {
    name: String,
    column: Option<String>,
    holds: Holds,
    options: FieldOptions,
    null: bool,
    max_length: Option<u32>,
    digits: Option<(u32, u32)>,
    default: Option<Value>,
}

#[derive(Debug, Clone)]
enum Holds {
    Column(Kind),
    ForeignKey { to: String, to_field: Option<String>, one: bool },
    Reverse { to: String, via: String, one: bool },
    ManyToMany { to: String, through: String, source: String, target: String },
}

impl NewModel {
    /// A model of an application, without fields.
    ///
    /// ```
    /// use orm::model::{Models, NewModel};
    /// let error = Models::describe([NewModel::new("crm", "Company")]).unwrap_err();
    /// assert_eq!(error.message(), "`crm.Company` has no key");
    /// ```
    pub fn new(app: impl Into<String>, name: impl Into<String>) -> NewModel {
        let (app, name) = (app.into(), name.into());
        let (fields, key, unique, ordering) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        NewModel { app, name, table: None, fields, key, unique, ordering }
    }

    /// In a table of another name than `app_model`.
    ///
    /// ```
    /// use orm::{Kind, model::{Models, NewField, NewModel}};
    /// let company = NewModel::new("crm", "Company").table("companies").field(NewField::column("id", Kind::I64)).key(["id"]);
    /// assert_eq!(Models::describe([company])?.iter().next().unwrap().table, "companies");
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn table(mut self, table: impl Into<String>) -> NewModel {
        self.table = Some(table.into());
        self
    }

    /// With one more field.
    ///
    /// ```
    /// use orm::{Kind, model::{Models, NewField, NewModel}};
    /// let company = NewModel::new("crm", "Company").field(NewField::column("id", Kind::Uuid)).key(["id"]);
    /// assert_eq!(Models::describe([company])?.iter().next().unwrap().columns[0].kind, Kind::Uuid);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn field(mut self, field: NewField) -> NewModel {
        self.fields.push(field);
        self
    }

    /// With these fields as its key.
    ///
    /// ```
    /// use orm::{Kind, model::{Models, NewField, NewModel}};
    /// let day = NewModel::new("crm", "Day")
    ///     .field(NewField::column("year", Kind::I32))
    ///     .field(NewField::column("number", Kind::I32))
    ///     .key(["year", "number"]);
    /// assert_eq!(Models::describe([day])?.iter().next().unwrap().key, [0, 1]);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn key<T: Into<String>>(mut self, fields: impl IntoIterator<Item = T>) -> NewModel {
        self.key = fields.into_iter().map(Into::into).collect();
        self
    }

    /// With fields that no two rows have the same values in: another unique key.
    ///
    /// ```
    /// use orm::{Kind, model::{Models, NewField, NewModel}};
    /// let seat = NewModel::new("crm", "Seat")
    ///     .field(NewField::column("id", Kind::I64).auto())
    ///     .field(NewField::column("row", Kind::I32))
    ///     .field(NewField::column("number", Kind::I32))
    ///     .unique_together(["row", "number"])
    ///     .key(["id"]);
    /// assert_eq!(Models::describe([seat])?.iter().next().unwrap().options().unique[0].fields, [1, 2]);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn unique_together<T: Into<String>>(mut self, fields: impl IntoIterator<Item = T>) -> NewModel {
        self.unique.push(fields.into_iter().map(Into::into).collect());
        self
    }

    /// With an order of its own: fields, with a minus before them for the largest first.
    ///
    /// ```
    /// use orm::{Kind, model::{Models, NewField, NewModel}};
    /// let company = NewModel::new("crm", "Company").field(NewField::column("id", Kind::I64)).key(["id"]).ordering(["-id"]);
    /// assert!(Models::describe([company])?.iter().next().unwrap().ordering[0].descending);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn ordering<'n>(mut self, keys: impl IntoIterator<Item = &'n str>) -> NewModel {
        let key = |key: &str| match key.strip_prefix('-') {
            Some(name) => (name.to_owned(), true),
            None => (key.to_owned(), false),
        };
        self.ordering = keys.into_iter().map(key).collect();
        self
    }

    fn label(&self) -> String {
        format!("{}.{}", self.app, self.name)
    }

    fn wrong(&self, what: impl std::fmt::Display) -> Error {
        Error::new(Code::BadModel, format!("`{}` {what}", self.label()))
    }

    fn place(&self, field: &str) -> Result<u16> {
        let place = self.fields.iter().position(|known| known.name == field);
        place.map(|place| place as u16).ok_or_else(|| self.wrong(format_args!("has no field `{field}`")))
    }
}

impl NewField {
    fn new(name: impl Into<String>, holds: Holds) -> NewField {
        let (name, options) = (name.into(), FieldOptions::NONE);
        NewField { name, column: None, holds, options, null: false, max_length: None, digits: None, default: None }
    }

    /// A column of this kind; see [`NewModel::field`].
    ///
    /// ```
    /// use orm::{Kind, model::{Models, NewField, NewModel}};
    /// let rate = NewModel::new("crm", "Rate")
    ///     .field(NewField::column("code", Kind::Text).max_length(3))
    ///     .field(NewField::column("rate", Kind::Decimal).digits(12, 6).null().named("exchange_rate"))
    ///     .key(["code"]);
    /// let models = Models::describe([rate])?;
    /// let column = &models.iter().next().unwrap().columns[1];
    /// assert_eq!((column.name.as_str(), column.scale, column.nullable), ("exchange_rate", Some(6), true));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn column(name: impl Into<String>, kind: Kind) -> NewField {
        NewField::new(name, Holds::Column(kind))
    }

    /// A foreign key to a model of the same description, by its label; see [`Models`].
    ///
    /// ```
    /// use orm::{Kind, model::{Models, NewField, NewModel}};
    /// let node = NewModel::new("crm", "Node")
    ///     .field(NewField::column("id", Kind::I64))
    ///     .field(NewField::foreign_key("parent", "crm.Node").null())
    ///     .key(["id"]);
    /// assert_eq!(Models::describe([node])?.iter().next().unwrap().columns[1].name, "parent_id");
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn foreign_key(name: impl Into<String>, to: impl Into<String>) -> NewField {
        NewField::new(name, Holds::ForeignKey { to: to.into(), to_field: None, one: false })
    }

    /// A foreign key that is unique.
    ///
    /// ```
    /// use orm::{Kind, model::{Models, NewField, NewModel}};
    /// let profile = NewModel::new("crm", "Node")
    ///     .field(NewField::column("id", Kind::I64))
    ///     .field(NewField::one_to_one("next", "crm.Node").null())
    ///     .field(NewField::has_one("previous", "crm.Node", "next"))
    ///     .key(["id"]);
    /// assert!(Models::describe([profile]).is_ok());
    /// ```
    pub fn one_to_one(name: impl Into<String>, to: impl Into<String>) -> NewField {
        NewField::new(name, Holds::ForeignKey { to: to.into(), to_field: None, one: true })
    }

    /// A foreign key holds this unique field of the other model, and not its key.
    ///
    /// ```
    /// use orm::{Kind, model::{Models, NewField, NewModel}};
    /// let node = NewModel::new("crm", "Node")
    ///     .field(NewField::column("id", Kind::I64))
    ///     .field(NewField::column("code", Kind::Text).unique())
    ///     .field(NewField::foreign_key("parent", "crm.Node").to_field("code").null())
    ///     .key(["id"]);
    /// assert_eq!(Models::describe([node])?.iter().next().unwrap().columns[2].kind, Kind::Text);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn to_field(mut self, field: impl Into<String>) -> NewField {
        if let Holds::ForeignKey { to_field, .. } = &mut self.holds {
            *to_field = Some(field.into());
        }
        self
    }

    /// The reverse side of a foreign key: the model that has it, and the field there; see [`Models`].
    ///
    /// ```
    /// use orm::{Kind, model::{Models, NewField, NewModel}};
    /// let node = NewModel::new("crm", "Node")
    ///     .field(NewField::column("id", Kind::I64))
    ///     .field(NewField::has_many("children", "crm.Node", "parent"))
    ///     .key(["id"]);
    /// assert_eq!(Models::describe([node]).unwrap_err().message(), "`crm.Node` has no field `parent`");
    /// ```
    pub fn has_many(name: impl Into<String>, to: impl Into<String>, via: impl Into<String>) -> NewField {
        NewField::new(name, Holds::Reverse { to: to.into(), via: via.into(), one: false })
    }

    /// The reverse side of a unique foreign key; see [`one_to_one`](NewField::one_to_one).
    ///
    /// ```
    /// assert!(format!("{:?}", orm::model::NewField::has_one("profile", "crm.Profile", "person")).contains("profile"));
    /// ```
    pub fn has_one(name: impl Into<String>, to: impl Into<String>, via: impl Into<String>) -> NewField {
        NewField::new(name, Holds::Reverse { to: to.into(), via: via.into(), one: true })
    }

    /// A many-to-many through a model of the same description, whose foreign keys to this side and to the other are named; each may lead
    /// to a parent of its side, the model that its key, a [`one_to_one`](NewField::one_to_one), leads to.
    ///
    /// ```
    /// use orm::{Kind, model::{Models, NewField, NewModel}};
    /// let models = Models::describe([
    ///     NewModel::new("crm", "Tag")
    ///         .field(NewField::column("id", Kind::I64))
    ///         .field(NewField::many_to_many("near", "crm.Tag", "crm.Near", "of", "to"))
    ///         .key(["id"]),
    ///     NewModel::new("crm", "Near")
    ///         .field(NewField::foreign_key("of", "crm.Tag"))
    ///         .field(NewField::foreign_key("to", "crm.Tag"))
    ///         .key(["of", "to"]),
    /// ])?;
    /// let tag = models.get("crm.Tag").unwrap();
    /// let (_, near) = tag.field("near").unwrap();
    /// assert_eq!(near.relation.as_ref().unwrap().through(&tag, near).unwrap().model().label(), "crm.Near");
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn many_to_many(
        name: impl Into<String>,
        to: impl Into<String>,
        through: impl Into<String>,
        source: impl Into<String>,
        target: impl Into<String>,
    ) -> NewField {
        let (to, through) = (to.into(), through.into());
        NewField::new(name, Holds::ManyToMany { to, through, source: source.into(), target: target.into() })
    }

    /// It may be NULL; see [`column`](NewField::column).
    ///
    /// ```
    /// assert!(format!("{:?}", orm::model::NewField::column("x", orm::Kind::I64).null()).contains("null: true"));
    /// ```
    pub fn null(mut self) -> NewField {
        self.null = true;
        self
    }

    /// Its column has this name in the database; see [`column`](NewField::column).
    ///
    /// ```
    /// assert!(format!("{:?}", orm::model::NewField::column("x", orm::Kind::I64).named("y")).contains("\"y\""));
    /// ```
    pub fn named(mut self, column: impl Into<String>) -> NewField {
        self.column = Some(column.into());
        self
    }

    /// The database fills it; see [`Models`].
    ///
    /// ```
    /// assert!(format!("{:?}", orm::model::NewField::column("id", orm::Kind::I64).auto()).contains("auto: true"));
    /// ```
    pub fn auto(mut self) -> NewField {
        self.options.auto = true;
        self
    }

    /// What becomes of the row when the row that it points to is deleted; unless it is said, that is refused.
    ///
    /// ```
    /// let field = orm::model::NewField::foreign_key("parent", "crm.Node").on_delete(orm::OnDelete::Cascade);
    /// assert!(format!("{field:?}").contains("Some(Cascade)"));
    /// ```
    pub fn on_delete(mut self, rule: OnDelete) -> NewField {
        self.options.on_delete = Some(rule);
        self
    }

    /// What a new row has in it unless it is given something else, and what `on_delete` sets by [`OnDelete::SetDefault`]: a value of the
    /// field's kind, or of that of the key which it holds.
    ///
    /// ```
    /// use orm::{Kind, OnDelete, Value, model::{Models, NewField, NewModel}};
    /// let shelf = || NewModel::new("depot", "Shelf").field(NewField::column("id", Kind::I64).auto()).key(["id"]);
    /// let book = |default| NewModel::new("depot", "Book")
    ///     .field(NewField::column("id", Kind::I64).auto())
    ///     .field(NewField::column("copies", Kind::I32).default(Value::I32(1)))
    ///     .field(NewField::foreign_key("shelf", "depot.Shelf").on_delete(OnDelete::SetDefault).default(default))
    ///     .key(["id"]);
    /// assert!(Models::describe([shelf(), book(Value::I64(1))]).is_ok());
    /// let error = Models::describe([shelf(), book(Value::Text("first".into()))]).unwrap_err();
    /// assert_eq!(error.message(), "`depot.Book` has `shelf` of kind `i64`, and a default of kind `text`");
    /// ```
    pub fn default(mut self, value: Value) -> NewField {
        self.default = Some(value);
        self
    }

    /// No two rows have the same value.
    ///
    /// ```
    /// assert!(format!("{:?}", orm::model::NewField::column("x", orm::Kind::I64).unique()).contains("unique: true"));
    /// ```
    pub fn unique(mut self) -> NewField {
        self.options.unique = true;
        self
    }

    /// The most characters of a text; see [`column`](NewField::column).
    ///
    /// ```
    /// assert!(format!("{:?}", orm::model::NewField::column("x", orm::Kind::Text).max_length(9)).contains("Some(9)"));
    /// ```
    pub fn max_length(mut self, characters: u32) -> NewField {
        self.max_length = Some(characters);
        self.options.max_length = Some(characters);
        self
    }

    /// The digits of a decimal, in all and after the point; see [`column`](NewField::column).
    ///
    /// ```
    /// assert!(format!("{:?}", orm::model::NewField::column("x", orm::Kind::Decimal).digits(8, 2)).contains("(8, 2)"));
    /// ```
    pub fn digits(mut self, all: u32, after_the_point: u32) -> NewField {
        self.digits = Some((all, after_the_point));
        (self.options.max_digits, self.options.decimal_places) = (Some(all), Some(after_the_point));
        self
    }
}

impl Models {
    /// The metadata of models.
    ///
    /// # Errors
    /// [`Code::BadModel`] when a relation or key leads nowhere, something stands there twice, or a default is no value for its field.
    ///
    /// ```
    /// use orm::{Code, Kind, model::{Models, NewField, NewModel}};
    /// let lost = NewModel::new("crm", "Person").field(NewField::foreign_key("company", "crm.Company")).key(["company"]);
    /// let error = Models::describe([lost]).unwrap_err();
    /// assert_eq!((error.code(), error.message()), (Code::BadModel, "`crm.Person` leads to `crm.Company`, which is not described"));
    /// ```
    pub fn describe(models: impl IntoIterator<Item = NewModel>) -> Result<Models> {
        let models: Vec<NewModel> = models.into_iter().collect();
        let plans = models.iter().map(|model| plan(&models, model)).collect::<Result<Vec<_>>>()?;
        let described = Models(Arc::new_cyclic(|set| ModelSet {
            models: plans.into_iter().map(|plan| ModelMeta::described(plan.finish(set))).collect(),
        }));
        for model in described.iter() {
            if let Some(error) = model.fields.iter().find_map(|field| wrong_default(&model, field)) {
                let what = format!("a default of `{}` is no value for it: {}", model.label(), error.message());
                return Err(
                    Error::new(Code::BadModel, what).with_hint("change the default, or what the field can hold")
                );
            }
        }
        Ok(described)
    }

    /// The model of a label, `crm.Person`.
    ///
    /// ```
    /// use orm::{Kind, model::{Models, NewField, NewModel}};
    /// let models = Models::describe([NewModel::new("crm", "Tag").field(NewField::column("id", Kind::I64)).key(["id"])])?;
    /// assert!(models.get("crm.Tag").is_some() && models.get("crm.Tog").is_none());
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn get(&self, label: &str) -> Option<ModelRef> {
        self.iter().find(|model| model.label() == label)
    }

    /// All of them, in the order of the description; see [`Models`].
    ///
    /// ```
    /// assert_eq!(orm::model::Models::describe([])?.iter().count(), 0);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = ModelRef> + '_ {
        (0..self.0.models.len() as u16).map(|place| ModelRef::Member(self.0.clone(), place))
    }
}

/// A model whose names have been found.
struct Plan {
    model: NewModel,
    fields: Vec<(FieldMeta, Option<Tie>)>,
    columns: Vec<ColumnMeta>,
    key: Vec<u16>,
    unique: Vec<UniqueMeta>,
    ordering: Vec<OrderKey>,
}

/// Where a relation leads, by places.
struct Tie {
    kind: RelationKind,
    target: u16,
    to_field: Option<String>,
    reverse: Option<u16>,
    through: Option<(u16, u16, u16)>,
}

impl Tie {
    fn new(kind: RelationKind, target: u16) -> Tie {
        Tie { kind, target, to_field: None, reverse: None, through: None }
    }
}

fn plan(models: &[NewModel], model: &NewModel) -> Result<Plan> {
    let twice = |label: &str| models.iter().filter(|other| other.label() == label).count() > 1;
    if twice(&model.label()) {
        return Err(model.wrong("is described twice"));
    }
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for (place, field) in model.fields.iter().enumerate() {
        if model.fields[..place].iter().any(|other| other.name == field.name) {
            return Err(model.wrong(format_args!("has two fields `{}`", field.name)));
        }
        let first_column = columns.len() as u16;
        let mut own = own_columns(models, model, field, 0)?;
        own.iter_mut().for_each(|column| column.field = place as u16);
        let column = match &field.holds {
            Holds::Column(kind) => {
                let max_length = field.max_length;
                let (kind, untyped) = (*kind, spec::untyped(*kind, field.null));
                let (nullable, choices) = (field.null, &[]);
                Some(ColumnShape { kind, nullable, positive: false, max_length, choices, written: choices, untyped })
            }
            _ => None,
        };
        let column_count = own.len() as u16;
        columns.append(&mut own);
        let name = Cow::Owned(field.name.clone());
        let (options, of) = (field.options, Cow::Owned(model.name.clone()));
        default_fits(model, field, &columns[usize::from(first_column)..])?;
        let (relation, generic, default) = (None, None, field.default.clone());
        let meta =
            FieldMeta { name, model: of, options, first_column, column_count, column, relation, generic, default };
        fields.push((meta, tie(models, model, field)?));
    }
    if model.key.is_empty() {
        return Err(model.wrong("has no key"));
    }
    let mut key = Vec::new();
    for name in &model.key {
        key.extend(fields[usize::from(model.place(name)?)].0.columns());
    }
    let order =
        |(name, descending): &(String, bool)| Ok(OrderKey { field: model.place(name)?, descending: *descending });
    let ordering = model.ordering.iter().map(order).collect::<Result<_>>()?;
    let together = |names: &Vec<String>| {
        let fields = names.iter().map(|name| model.place(name)).collect::<Result<_>>()?;
        Ok(UniqueMeta { fields, ..UniqueMeta::default() })
    };
    let unique = model.unique.iter().map(together).collect::<Result<_>>()?;
    Ok(Plan { model: model.clone(), fields, columns, key, unique, ordering })
}

/// Refuses a default where there is no place for one, and one of another kind.
fn default_fits(model: &NewModel, field: &NewField, columns: &[ColumnMeta]) -> Result<()> {
    let Some(default) = &field.default else { return Ok(()) };
    let name = &field.name;
    let [column] = columns else {
        return Err(model.wrong(format_args!("gives a default to `{name}`, which has no one column")));
    };
    if model.key.contains(name) {
        return Err(model
            .wrong(format_args!("gives a default to `{name}`, which is its key, of which no two rows have the same")));
    }
    match default.kind() == column.kind {
        true => Ok(()),
        false => Err(model.wrong(format_args!(
            "has `{name}` of kind `{}`, and a default of kind `{}`",
            column.kind,
            default.kind()
        ))),
    }
}

fn find<'m>(models: &'m [NewModel], from: &NewModel, label: &str) -> Result<(u16, &'m NewModel)> {
    let place = models.iter().position(|model| model.label() == label);
    match place {
        Some(place) => Ok((place as u16, &models[place])),
        None => Err(from.wrong(format_args!("leads to `{label}`, which is not described"))),
    }
}

/// The columns of a field: those of a foreign key are what the key that it points to is made of.
fn own_columns(models: &[NewModel], model: &NewModel, field: &NewField, depth: usize) -> Result<Vec<ColumnMeta>> {
    if depth > models.len() {
        return Err(model.wrong(format_args!("has a key that is made of itself, by `{}`", field.name)));
    }
    match &field.holds {
        Holds::Column(kind) => Ok(vec![ColumnMeta {
            name: field.column.clone().unwrap_or_else(|| field.name.clone()),
            kind: *kind,
            nullable: field.null,
            field: 0,
            scale: field.digits.map(|(_, scale)| scale),
            max_length: field.max_length,
            digits: field.digits.map(|(all, _)| all),
            ruled: false,
        }]),
        Holds::ForeignKey { to, to_field, .. } => {
            let (_, target) = find(models, model, to)?;
            let mut parts = Vec::new();
            for name in to_field.as_ref().map_or(&target.key[..], std::slice::from_ref) {
                let part = &target.fields[usize::from(target.place(name)?)];
                let unique = part.options.unique || matches!(part.holds, Holds::ForeignKey { one: true, .. });
                if to_field.is_some() && !unique && *target.key != [name.as_str()] {
                    return Err(model.wrong(format_args!("leads to `{to}` by `{name}`, which is not unique")));
                }
                parts.extend(own_columns(models, target, part, depth + 1)?);
            }
            let one = parts.len() == 1;
            for part in &mut parts {
                part.name = match (&field.column, one) {
                    (Some(column), true) => column.clone(),
                    (None, true) => format!("{}_id", field.name),
                    (prefix, false) => format!("{}_{}", prefix.as_ref().unwrap_or(&field.name), part.name),
                };
                part.nullable = field.null;
            }
            Ok(parts)
        }
        Holds::Reverse { .. } | Holds::ManyToMany { .. } => Ok(Vec::new()),
    }
}

/// Whether the rows of a model have the keys of another one, as those of a child have: its key is a unique foreign key which leads there.
fn inherits(models: &[NewModel], model: &NewModel, label: &str) -> bool {
    let mut at = model;
    for _ in models {
        let link = match &at.key[..] {
            [key] => at.fields.iter().find(|field| field.name == *key),
            _ => None,
        };
        let parent = match link.map(|link| &link.holds) {
            Some(Holds::ForeignKey { to, to_field: None, one: true }) => {
                models.iter().find(|model| model.label() == *to)
            }
            _ => None,
        };
        match parent {
            Some(parent) if parent.label() == label => return true,
            Some(parent) => at = parent,
            None => return false,
        }
    }
    false
}

fn tie(models: &[NewModel], model: &NewModel, field: &NewField) -> Result<Option<Tie>> {
    let key = KeyShape::UNKNOWN;
    Ok(Some(match &field.holds {
        Holds::Column(_) => return Ok(None),
        Holds::ForeignKey { to, to_field, one } => {
            let kind = match one {
                true => RelationKind::OneToOne { nullable: field.null, key },
                false => RelationKind::ForeignKey { nullable: field.null, key },
            };
            Tie { to_field: to_field.clone(), ..Tie::new(kind, find(models, model, to)?.0) }
        }
        Holds::Reverse { to, via, one } => {
            let (target, there) = find(models, model, to)?;
            let reverse = there.place(via)?;
            match &there.fields[usize::from(reverse)].holds {
                Holds::ForeignKey { to, .. } if *to == model.label() => {}
                _ => return Err(model.wrong(format_args!("is not what `{}.{via}` points to", there.label()))),
            }
            let kind = if *one { RelationKind::HasOne } else { RelationKind::HasMany };
            Tie { reverse: Some(reverse), ..Tie::new(kind, target) }
        }
        Holds::ManyToMany { to, through, source, target } => {
            let (place, between) = find(models, model, through)?;
            let sides = (place, between.place(source)?, between.place(target)?);
            for (side, end) in [(sides.1, model), (sides.2, find(models, model, to)?.1)] {
                match &between.fields[usize::from(side)].holds {
                    Holds::ForeignKey { to, .. } if *to == end.label() => {}
                    // A row of a child has the key of its parent.
                    Holds::ForeignKey { to, to_field: None, .. } if inherits(models, end, to) => {}
                    _ => {
                        return Err(between.wrong(format_args!("has no foreign key to `{}` of that name", end.label())));
                    }
                }
            }
            let kind = RelationKind::ManyToMany { to: "" };
            Tie { through: Some(sides), ..Tie::new(kind, find(models, model, to)?.0) }
        }
    }))
}

impl Plan {
    fn finish(self, set: &Weak<ModelSet>) -> Described {
        let sibling = |place: u16| Target::Sibling(set.clone(), place);
        let fields = self.fields.into_iter().map(|(field, tie)| {
            let relation = tie.map(|tie| {
                let through = tie.through.map(|(model, source, target)| (sibling(model), source, target));
                Relation::described(tie.kind, sibling(tie.target), tie.to_field, tie.reverse, through)
            });
            FieldMeta { relation, ..field }
        });
        let key = ModelKey::new(&*self.model.app, &*self.model.name);
        Described {
            fields: fields.collect(),
            columns: self.columns,
            key: self.key,
            unique: self.unique,
            ordering: self.ordering,
            table: self.model.table.unwrap_or_else(|| naming::table(&key)),
            app: self.model.app,
            name: self.model.name,
        }
    }
}
