//! A migration: named operations of one application, and what it depends on.

use std::fmt;
use std::str::FromStr;

use crate::condition::serde_as_text;
use crate::error::{Error, Result, fail};
use crate::operation::Operation;

/// Application and name, written `library.0002_book_isbn`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MigrationId {
    /// The application's label.
    pub app: String,
    /// The migration's name: number and words.
    pub name: String,
}

impl MigrationId {
    /// An id from its two parts.
    pub fn new(app: impl Into<String>, name: impl Into<String>) -> Self {
        MigrationId { app: app.into(), name: name.into() }
    }

    /// The number that the name begins with, or, of a squash, that of the last one that it stands for; 0 without one.
    ///
    /// ```
    /// use migrations_engine::MigrationId;
    /// assert_eq!(MigrationId::new("library", "0007_isbn").number(), 7);
    /// assert_eq!(MigrationId::new("library", "0001_squashed_0004_labels").number(), 4);
    /// ```
    pub fn number(&self) -> u32 {
        let last = self.name.split_once("_squashed_").and_then(|(_, last)| leading(last));
        last.unwrap_or_else(|| self.first_number())
    }

    /// The number that the name begins with; 0 without one.
    pub(crate) fn first_number(&self) -> u32 {
        leading(&self.name).unwrap_or(0)
    }

    /// The path of its file under the migrations folder.
    pub fn path(&self) -> String {
        format!("{}/{}.toml", self.app, self.name)
    }
}

/// The number that a text begins with.
fn leading(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

impl fmt::Display for MigrationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.app, self.name)
    }
}

impl FromStr for MigrationId {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        match text.split_once('.') {
            Some((app, name)) if !app.is_empty() && !name.is_empty() => Ok(MigrationId::new(app, name)),
            _ => fail!(M051, "`{text}` is not a migration; write `app.0001_name`"),
        }
    }
}

serde_as_text!(MigrationId);

/// One migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Application and name.
    pub id: MigrationId,
    /// Migrations that must be applied before it.
    pub depends_on: Vec<MigrationId>,
    /// Migrations that it stands for (it is their squash).
    pub replaces: Vec<MigrationId>,
    /// Whether it runs in one transaction, where the database can.
    pub atomic: bool,
    /// What it does.
    pub operations: Vec<Operation>,
}

impl Migration {
    /// A migration without operations.
    pub fn new(id: MigrationId) -> Self {
        Migration { id, depends_on: Vec::new(), replaces: Vec::new(), atomic: true, operations: Vec::new() }
    }
}
