//! The name of a model: application and model.

use std::fmt;
use std::str::FromStr;

use crate::condition::serde_as_text;
use crate::error::{Error, Result, fail};

/// Application and model, written `library.Book`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelKey {
    /// The application's label.
    pub app: String,
    /// The model's name.
    pub name: String,
}

impl ModelKey {
    /// A key from its two parts.
    pub fn new(app: impl Into<String>, name: impl Into<String>) -> Self {
        ModelKey { app: app.into(), name: name.into() }
    }
}

impl fmt::Display for ModelKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.app, self.name)
    }
}

impl FromStr for ModelKey {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        match text.split_once('.') {
            Some((app, name)) if !app.is_empty() && !name.is_empty() && !name.contains('.') => {
                Ok(ModelKey::new(app, name))
            }
            _ => fail!(M051, "`{text}` is not a model; write `app.Model`"),
        }
    }
}

serde_as_text!(ModelKey);
