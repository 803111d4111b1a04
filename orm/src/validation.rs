//! Mistakes as data: what was refused, of which field, and why.

use crate::{Code, Error};
use serde::Serialize;
use serde_json::Value as Json;
use std::{borrow::Cow, collections::BTreeMap, fmt};

/// One mistake in values from outside.
///
/// It serialises as `{"field": .., "code": .., "message": .., "params": {..}}`. The code is stable and the parameters are what
/// the message is made of, so that the message can be said in another language.
///
/// ```
/// # use library::*;
/// let error = Tag::draft_from([("slug", "x".repeat(60)), ("name", "X".to_owned())]).err().unwrap();
/// let mistake = &error.validation()[0];
/// assert_eq!(serde_json::to_value(mistake).unwrap(), serde_json::json!({
///     "field": "slug",
///     "code": "value.too_long",
///     "message": "`slug` has 60 characters, where its `max_length` is 50",
///     "params": { "length": 60, "limit": 50 },
/// }));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ValidationError {
    /// The field; none, when the values as a whole are meant.
    pub field: Option<String>,
    /// What is wrong.
    pub code: Code,
    /// The same in words.
    pub message: String,
    /// What the message is made of.
    pub params: BTreeMap<&'static str, Json>,
}

impl ValidationError {
    /// A mistake in a field.
    ///
    /// ```
    /// let mistake = orm::ValidationError::new("born", orm::Code::OutOfRange, "born after today").param("today", "2026-01-01");
    /// assert_eq!(mistake.to_string(), "born after today");
    /// ```
    pub fn new(field: impl Into<String>, code: Code, message: impl Into<String>) -> Self {
        ValidationError { field: Some(field.into()), code, message: message.into(), params: BTreeMap::new() }
    }

    /// A mistake in the values as a whole. A function that looks at one field's value gives it too: the field is added then.
    ///
    /// ```
    /// use orm::{Code, ValidationError};
    /// let mistake = ValidationError::of_row(Code::Own("stay.order"), "the stay ends before it begins");
    /// assert_eq!((mistake.field, mistake.code.as_str()), (None, "stay.order"));
    /// ```
    pub fn of_row(code: Code, message: impl Into<String>) -> Self {
        ValidationError { field: None, code, message: message.into(), params: BTreeMap::new() }
    }

    /// Adds what the message is made of.
    ///
    /// ```
    /// let mistake = orm::ValidationError::new("age", orm::Code::OutOfRange, "at least 18").param("limit", 18);
    /// assert_eq!(mistake.params["limit"], 18);
    /// ```
    pub fn param(mut self, name: &'static str, value: impl Into<Json>) -> Self {
        self.params.insert(name, value.into());
        self
    }
}

impl fmt::Display for ValidationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// A mistake with no code of its own: [`Code::InvalidValue`].
impl From<&str> for ValidationError {
    fn from(message: &str) -> Self {
        ValidationError::of_row(Code::InvalidValue, message)
    }
}

/// A mistake with no code of its own: [`Code::InvalidValue`].
impl From<String> for ValidationError {
    fn from(message: String) -> Self {
        ValidationError::of_row(Code::InvalidValue, message)
    }
}

/// Its stable text.
impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Error {
    /// An error that lists every mistake.
    ///
    /// ```
    /// use orm::{Code, Error, ValidationError};
    /// let error = Error::refused("Book", vec![ValidationError::new("title", Code::MissingValue, "a title is required")]);
    /// assert_eq!((error.code(), error.fields()), (Code::Refused, &["title".to_owned()][..]));
    /// ```
    pub fn refused(model: impl Into<Cow<'static, str>>, mistakes: Vec<ValidationError>) -> Self {
        let model = model.into();
        let mut fields: Vec<String> = mistakes.iter().filter_map(|mistake| mistake.field.clone()).collect();
        fields.dedup();
        let said: Vec<&str> = mistakes.iter().map(|mistake| mistake.message.as_str()).collect();
        let message = format!("{} mistake(s) in the values for a `{model}`: {}", mistakes.len(), said.join("; "));
        Error::new(Code::Refused, message).with_model(model).with_fields(fields).with_validation(mistakes)
    }
}
