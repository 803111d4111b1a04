//! Drafts and edits from values that are not typed: JSON documents, forms, files of data.

mod generic;
mod written;

use super::{
    check::{field_name, fit, follow, range},
    draft::DraftRow,
    new_row::Slot,
};
use crate::{
    Code, Error, Model, Result, Untyped, ValidationError, Value,
    model::{FieldMeta, ModelMeta},
    nearest::nearest,
    value::untyped::expected,
};
use serde_json::{Value as Json, json};
use std::borrow::Cow;

/// Values from outside, by the names of fields: a JSON object, or pairs of text as a form sends them.
///
/// A relation is given by its key, under its own name: `"author": 7`; a generic one with the label of the model,
/// `"about": {"model": "library.Book", "key": 7}`, as text `library.Book:7`. In pairs an empty text is no value, but for text fields
/// that are never NULL. What may come from outside can be narrowed down by [`only`](Input::only); what the program itself adds
/// is [`set`](Input::set). A field that says `editable = false` is given by the program, unless `only` names it or the data has
/// [everything](Input::with_automatic).
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// use orm::Input;
/// let body = serde_json::json!({ "title": "Rust", "price": "30.00", "published": "2015-05-15" });
/// let input = Input::from(body).only(["title", "price", "published"]).set("author", 1);
/// let book = Book::draft_from(input)?.create(&db).await?;
/// assert_eq!((book.title.as_str(), book.active, *book.author.key()), ("Rust", true, 1));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Input {
    given: Vec<(String, Given)>,
    not_an_object: bool,
    only: Option<Vec<String>>,
    /// How many of the values, from the end, the program itself has set.
    own: usize,
    automatic: bool,
    /// Whether the rules of fields are not asked.
    unruled: bool,
    /// Whether it is what serde wrote of a row.
    of_row: bool,
}

#[derive(Debug, Clone)]
enum Given {
    Json(Json),
    Text(String),
}

impl Given {
    fn untyped(&self) -> Untyped<'_> {
        match self {
            Given::Json(json) => Untyped::Json(json),
            Given::Text(text) => Untyped::Text(text),
        }
    }
}

impl From<Json> for Input {
    fn from(document: Json) -> Self {
        match document {
            Json::Object(values) => values.into(),
            _ => Input { not_an_object: true, ..Input::default() },
        }
    }
}

impl From<&Json> for Input {
    fn from(document: &Json) -> Self {
        document.clone().into()
    }
}

impl From<serde_json::Map<String, Json>> for Input {
    fn from(values: serde_json::Map<String, Json>) -> Self {
        Input {
            given: values.into_iter().map(|(name, value)| (name, Given::Json(value))).collect(),
            ..Input::default()
        }
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Input {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let given = pairs.into_iter().map(|(name, value)| (name.into(), Given::Text(value.into()))).collect();
        Input { given, ..Input::default() }
    }
}

impl<K: Into<String>, V: Into<String>> From<Vec<(K, V)>> for Input {
    fn from(pairs: Vec<(K, V)>) -> Self {
        pairs.into_iter().collect()
    }
}

impl<K: Into<String>, V: Into<String>, const N: usize> From<[(K, V); N]> for Input {
    fn from(pairs: [(K, V); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl Input {
    /// Refuses every other field: what a caller may set.
    ///
    /// ```
    /// # use library::*;
    /// use orm::Input;
    /// let input = Input::from([("title", "Rust"), ("views", "1000000")]).only(["title"]).set("price", 1).set("author", 1);
    /// let error = Book::draft_from(input).err().unwrap();
    /// assert_eq!(error.validation()[0].code, orm::Code::NotEditable);
    /// ```
    pub fn only<F: Into<String>>(mut self, fields: impl IntoIterator<Item = F>) -> Self {
        self.only = Some(fields.into_iter().map(Into::into).collect());
        self
    }

    /// Gives a field a value of the program's own, in place of one from outside.
    ///
    /// ```
    /// # use library::*;
    /// use orm::Input;
    /// let input = Input::from([("slug", "rust"), ("name", "whatever")]).set("name", "Rust");
    /// assert!(Tag::draft_from(input).is_ok());
    /// ```
    pub fn set(mut self, field: impl Into<String>, value: impl Into<Json>) -> Self {
        let field = field.into();
        let outside = self.given.len() - self.own;
        let mut index = 0;
        self.given.retain(|(name, _)| {
            let keep = *name != field;
            self.own -= usize::from(!keep && index >= outside);
            index += 1;
            keep
        });
        self.given.push((field, Given::Json(value.into())));
        self.own += 1;
        self
    }

    /// Lets automatic keys and times be given as well: for data that has them already. What the database computes is left out.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// use orm::Input;
    /// let input = Input::from([("id", "70"), ("slug", "rust"), ("name", "Rust")]).with_automatic();
    /// assert_eq!(Tag::draft_from(input)?.create(&db).await?.id, 70);
    /// # Ok(()) }
    /// ```
    pub fn with_automatic(mut self) -> Self {
        self.automatic = true;
        self
    }

    /// What serde wrote of a row: for a new one, or for an edit of the one that it was.
    ///
    /// Related rows that are written whole stand for their keys, and sets of rows are passed over. Names and choices are those that
    /// serde writes, `#[serde(rename_all = "..")]` counted in; choices as they are stored are understood too. Since a row has all of
    /// its fields, what may not be set is passed over as well: automatic keys, times and versions, unless the data has
    /// [everything](Input::with_automatic), computed fields, those that are not editable, and with [`only`](Input::only) all others.
    /// What is no field at all is refused. For an edit, the key has to be that of its row, and so has the version, [`Code::Stale`]; what
    /// is not written stays as it is.
    ///
    /// ```
    /// # use orm::prelude::*;
    /// # orm::app! { pub shop { Shelf, Lamp } }
    /// # #[derive(Model, serde::Serialize, Debug, Clone)]
    /// # pub struct Shelf { pub id: i64, pub name: String }
    /// # #[derive(Model, serde::Serialize, Debug, Clone)]
    /// # pub struct Lamp { pub id: i64, pub name: String, pub shelf: ForeignKey<Shelf> }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[shop()]).await?;
    /// # let shelf = Shelf::draft().name("A").create(&db).await?;
    /// # let lamp = Lamp::draft().name("Lamp").shelf(&shelf).create(&db).await?;
    /// use orm::Input;
    /// let mut written = serde_json::to_value(&lamp).unwrap(); // {"id": 1, "name": "Lamp", "shelf": 1}
    /// let twin = Lamp::draft_from(Input::of_row(written.clone()))?.create(&db).await?;
    /// assert_eq!((twin.id, twin.shelf), (2, lamp.shelf.clone()));
    /// written["name"] = "Lantern".into();
    /// let mut lamp = lamp.edit();
    /// lamp.apply(Input::of_row(written))?;
    /// assert_eq!(lamp.changed()?, ["name"]);
    /// # Ok(()) }
    /// ```
    pub fn of_row(row: impl Into<Json>) -> Self {
        Input { of_row: true, ..Input::from(row.into()) }
    }

    /// Values of a row as it was stored elsewhere: also automatic ones, and whether or not they follow the rules of fields.
    pub(crate) fn with_stored(self) -> Self {
        Input { unruled: true, ..self.with_automatic() }
    }

    /// The values by column, checked; every mistake otherwise. What is `changed` is a row that exists, here as it is.
    pub(in crate::write) fn read(
        &self,
        meta: &ModelMeta,
        changed: Option<&[Value]>,
    ) -> Result<Vec<Option<Value>>, Vec<ValidationError>> {
        let (values, mistakes) = self.read_all(meta, changed);
        if mistakes.is_empty() { Ok(values) } else { Err(mistakes) }
    }

    /// The values by column that could be read, and the mistakes in the others.
    pub(in crate::write) fn read_all(
        &self,
        meta: &ModelMeta,
        changed: Option<&[Value]>,
    ) -> (Vec<Option<Value>>, Vec<ValidationError>) {
        let mut values: Vec<Option<Value>> = vec![None; meta.columns.len()];
        let mut mistakes = Vec::new();
        if self.not_an_object {
            let message = "expected an object with the names of fields".to_owned();
            let params = [("expected", json!("object"))].into();
            mistakes.push(ValidationError { field: None, code: Code::InvalidValue, message, params });
            return (values, mistakes);
        }
        let given = match self.of_row {
            true => {
                let (given, told) = self.of_fields(meta, changed);
                mistakes = told;
                Cow::Owned(given)
            }
            false => Cow::Borrowed(&*self.given),
        };
        let outside = given.len() - self.own;
        let mut seen: Vec<&str> = Vec::with_capacity(given.len());
        for (index, (name, given)) in given.iter().enumerate() {
            if seen.contains(&name.as_str()) {
                mistakes.push(ValidationError::new(
                    name,
                    Code::InvalidValue,
                    format!("`{name}` is given more than once"),
                ));
                continue;
            }
            seen.push(name);
            let Some((_, field)) = meta.field(name) else {
                mistakes.push(unknown(meta, name));
                continue;
            };
            if self.automatic && field.options.generated.is_some() {
                continue;
            }
            let own = index >= outside;
            if let Some(mistake) = self.not_editable(meta, field, own, changed.is_some()) {
                mistakes.push(mistake);
                continue;
            }
            match read_field(meta, field, given.untyped(), !self.unruled) {
                Ok(read) => {
                    for (column, value) in field.columns().zip(read) {
                        values[usize::from(column)] = Some(value);
                    }
                }
                Err(error) => mistakes.push(mistake(meta, field, &error, given.untyped())),
            }
        }
        if changed.is_none() {
            let missing = meta.fields.iter().filter(|field| is_required(meta, field) && !seen.contains(&&*field.name));
            mistakes.extend(missing.map(|field| {
                ValidationError::new(&*field.name, Code::MissingValue, format!("`{}` is required", field.name))
            }));
        }
        (values, mistakes)
    }

    /// Why a field cannot be given, if it cannot.
    fn not_editable(&self, meta: &ModelMeta, field: &FieldMeta, own: bool, changed: bool) -> Option<ValidationError> {
        let name = &field.name;
        let options = &field.options;
        let is_key = field.columns().any(|column| meta.key.contains(&column));
        let (reason, message) = if field.column_count == 0 {
            let many = field.is_many_to_many();
            let row: String = meta.name.chars().take(1).flat_map(char::to_lowercase).collect();
            match many {
                true => (
                    "many_to_many",
                    format!(
                        "`{name}` is related by a table of its own: once the row exists, `.many(|{row}| {row}.{name}).set(..)`"
                    ),
                ),
                false => {
                    ("reverse", format!("`{name}` is the reverse side of a relation: set the key in the other model"))
                }
            }
        } else if !own && self.only.as_ref().is_some_and(|only| !only.iter().any(|known| *known == **name)) {
            ("not_allowed", format!("`{name}` cannot be set from outside"))
        } else if !(own || self.automatic || self.only.is_some() || options.editable) {
            ("not_editable", format!("`{name}` is not for people to change"))
        } else if changed && is_key {
            ("key", format!("`{name}` is the key of the row, which cannot be changed"))
        } else if options.generated.is_some() {
            ("generated", format!("`{name}` is computed by the database"))
        } else if self.automatic {
            return None;
        } else if options.auto || is_key && field.has_default() {
            ("automatic", format!("`{name}` is a key that is given by itself"))
        } else if options.auto_now || options.auto_now_add {
            ("automatic", format!("`{name}` is a time that is set by itself"))
        } else if options.version {
            ("automatic", format!("`{name}` is a version, which counts by itself"))
        } else {
            return None;
        };
        Some(ValidationError::new(&**name, Code::NotEditable, message).param("reason", reason))
    }
}

/// Whether a new row has to be given the field.
fn is_required(meta: &ModelMeta, field: &FieldMeta) -> bool {
    let options = &field.options;
    let filled = options.filled_by_database() || options.auto_now || options.auto_now_add;
    !filled && !field.has_default() && field.columns().any(|column| !meta.columns[usize::from(column)].nullable)
}

fn unknown(meta: &ModelMeta, name: &str) -> ValidationError {
    let near = nearest(name, meta.fields.iter().map(|field| &*field.name)).first().copied();
    let message = match near {
        Some(near) => format!("`{}` has no field `{name}`; did you mean `{near}`?", meta.name),
        None => format!("`{}` has no field `{name}`", meta.name),
    };
    let mistake = ValidationError::new(name, Code::UnknownField, message);
    match near {
        Some(near) => mistake.param("nearest", near),
        None => mistake,
    }
}

/// The values of a field's columns; without `rules` it is only asked whether the columns can hold them.
pub(in crate::write) fn read_field(
    meta: &ModelMeta,
    field: &FieldMeta,
    given: Untyped<'_>,
    rules: bool,
) -> Result<Vec<Value>> {
    if let Some(shape) = field.generic {
        return generic::read(meta, field, shape, given);
    }
    let Some(relation) = &field.relation else {
        let mut value = read_column(meta, field.first_column, given)?;
        fit(meta, field.first_column, &mut value)?;
        if rules {
            follow(meta, field.first_column, &value)?;
        }
        return Ok(vec![value]);
    };
    let nullable = field.columns().all(|column| meta.columns[usize::from(column)].nullable);
    if nullable && given.is_nothing() {
        return Ok(field.columns().map(|column| Value::Null(meta.columns[usize::from(column)].kind)).collect());
    }
    let target = relation.target();
    let wrong = |what: String| Err(Error::new(Code::InvalidValue, what));
    let held = || relation.to_field.as_ref().map_or_else(|| "key".to_owned(), |field| format!("`{field}`"));
    match (given, field.ends(&target)) {
        (Untyped::Json(Json::Object(_)), _) => wrong(format!("expected the {} of a `{}`", held(), target.name)),
        (_, &[column]) => Ok(vec![read_column(&target, column, given)?]),
        (Untyped::Json(Json::Array(parts)), columns) if parts.len() == columns.len() => {
            let parts = columns.iter().zip(parts);
            parts.map(|(&column, part)| read_column(&target, column, Untyped::Json(part))).collect()
        }
        (_, columns) => {
            let names: Vec<String> = columns.iter().map(|&column| field_name(&target, column)).collect();
            wrong(format!("expected the key of a `{}`, a list: [{}]", target.name, names.join(", ")))
        }
    }
}

/// The value of a field with one column, from text as a form sends it.
pub(crate) fn read_text(meta: &ModelMeta, field: &FieldMeta, text: &str) -> Result<Value, ValidationError> {
    let given = Untyped::Text(text);
    let read = read_field(meta, field, given, true)
        .and_then(|mut values| values.pop().ok_or_else(|| Error::new(Code::BadModel, "the field has no column")));
    read.map_err(|error| mistake(meta, field, &error, given))
}

/// What a field of one column takes, for people.
#[cfg(feature = "cli")]
pub(crate) fn wanted(field: &FieldMeta) -> Option<&'static str> {
    field.column.map(|shape| expected(shape.kind))
}

/// The value of one column, by its field's type; of a foreign key, by the type of what it holds.
fn read_column(meta: &ModelMeta, column: u16, given: Untyped<'_>) -> Result<Value> {
    let field = &meta.fields[usize::from(meta.columns[usize::from(column)].field)];
    match (&field.column, &field.relation) {
        (Some(shape), _) => (shape.untyped)(given),
        (None, Some(relation)) => {
            let target = relation.target();
            read_column(&target, field.ends(&target)[usize::from(column - field.first_column)], given)
        }
        (None, None) => Err(Error::new(Code::BadModel, "this column has no type")),
    }
}

/// The mistake that an error in reading a field is, with what its message is made of.
pub(in crate::write) fn mistake(
    meta: &ModelMeta,
    field: &FieldMeta,
    error: &Error,
    given: Untyped<'_>,
) -> ValidationError {
    let hint = error.hint().filter(|_| error.code() != Code::UnknownChoice);
    let with_hint = |message: &str| hint.map_or_else(|| message.to_owned(), |hint| format!("{message}; {hint}"));
    if let [known] = error.validation() {
        return ValidationError { message: with_hint(&known.message), ..known.clone() };
    }
    let code = match error.code() {
        Code::Decode => Code::InvalidValue,
        code => code,
    };
    let column = &meta.columns[usize::from(field.first_column)];
    let said = error.message().replace(&format!("`{}.{}`", meta.name, field.name), &format!("`{}`", field.name));
    let message = match &*said {
        named if named.contains(&format!("`{}`", field.name)) => named.to_owned(),
        said => format!("`{}`: {said}", field.name),
    };
    let mut out = ValidationError::new(&*field.name, code, with_hint(&message));
    match code {
        Code::TooLong => {
            let length = given.as_text().map_or(0, |text| text.chars().count());
            out.param("limit", column.max_length).param("length", length)
        }
        Code::OutOfRange if column.digits.is_some() => {
            out.param("max_digits", column.digits).param("decimal_places", column.scale)
        }
        Code::OutOfRange => {
            out.params.extend(range(meta, field.first_column));
            out
        }
        Code::UnknownChoice => {
            let choices = field.column.map(|shape| shape.choices).unwrap_or_default();
            out.param("choices", choices.iter().map(|choice| choice.value.to_json()).collect::<Vec<_>>())
        }
        Code::InvalidValue => out.param("expected", expected(column.kind)),
        _ => out,
    }
}

/// A draft from values that are not typed: complete, or every mistake at once.
pub(crate) fn draft_from<M: Model>(input: &Input) -> Result<DraftRow<M>> {
    let meta = M::meta();
    let values = input.read(meta, None).map_err(|mistakes| Error::refused(meta.name.clone(), mistakes))?;
    let slots = values.into_iter().map(|value| value.map_or(Slot::Unset, Slot::Given)).collect();
    Ok(DraftRow::from_slots(slots))
}

/// The columns of a row that change, with their new values.
pub(super) fn changes_from(meta: &ModelMeta, input: &Input, row: &[Value]) -> Result<Vec<Option<Value>>> {
    input.read(meta, Some(row)).map_err(|mistakes| Error::refused(meta.name.clone(), mistakes))
}
