//! Generic foreign keys from outside: the label of a model that is known, and a key that is one of its.

use super::{Json, Untyped, Value, read_column};
use crate::{
    Code, Error, Result,
    model::{FieldMeta, GenericShape, ModelMeta},
    write::check::checked,
};

/// `library.Book:7`.
fn written(text: &str) -> Option<(&str, Untyped<'_>)> {
    text.split_once(':').map(|(label, key)| (label, Untyped::Text(key)))
}

/// The label and the key: `{"model": "library.Book", "key": 7}`, or `library.Book:7`.
pub(super) fn read(meta: &ModelMeta, field: &FieldMeta, shape: GenericShape, given: Untyped<'_>) -> Result<Vec<Value>> {
    let columns: Vec<u16> = field.columns().collect();
    if shape.nullable && given.is_nothing() {
        return Ok(columns.into_iter().map(|column| Value::Null(meta.columns[usize::from(column)].kind)).collect());
    }
    let wrong = |what: String| Error::new(Code::InvalidValue, what);
    let (label, key) = match given {
        Untyped::Json(Json::Object(pair)) if pair.len() == 2 => {
            let (label, key) = (pair.get("model").and_then(Json::as_str), pair.get("key"));
            label.zip(key.map(Untyped::Json))
        }
        Untyped::Json(Json::String(text)) => written(text),
        Untyped::Text(text) => written(text),
        Untyped::Json(_) => None,
    }
    .ok_or_else(|| {
        wrong("expected a model and a key, {\"model\": \"app.Model\", \"key\": 7} or `app.Model:7`".to_owned())
    })?;
    let model = ModelMeta::labelled(label).ok_or_else(|| wrong(format!("there is no model `{label}`")))?;
    let key = match *model.key {
        [column] => shape.held(&read_column(model, column, key)?),
        _ => None,
    }
    .ok_or_else(|| wrong(format!("it does not hold keys of `{label}`")))?;
    let values = columns.into_iter().zip([Value::Text(model.label()), key]);
    values.map(|(column, value)| checked(meta, column, value)).collect()
}
