//! Files beside rows: the row has the path, a storage has the content.
//!
//! A field of the type [`StoredFile`] is a text column with the path of a file in a [`Storage`]: a [folder](LocalStorage), or with the
//! cargo feature `object_store` whatever that crate reaches, S3 and the like. The content is saved first and its path then set, so that no
//! row points to nothing; a file whose row was not made is one too many, and does no harm.
//!
//! ```
//! use orm::{files::{LocalStorage, Storage, StoredFile}, prelude::*};
//!
//! orm::app! { pub shelf { Cover } }
//!
//! #[derive(Model, Debug, Clone)]
//! pub struct Cover {
//!     pub id: i64,
//!     pub title: String,
//!     pub picture: Option<StoredFile>,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
//! # let folder = std::env::temp_dir().join(format!("orm_files_doc_{}", std::process::id()));
//! # let db = orm::testing::TestDatabase::of([shelf()]).await?;
//! let media = LocalStorage::new(&folder).served_at("/media/");
//! let picture = media.save("covers/2026", "My cover.png", b"..".to_vec()).await?;
//! let cover = Cover::draft().title("Notes").picture(picture).create(&db).await?;
//!
//! let picture = cover.picture.as_ref().unwrap();
//! assert_eq!(picture.path(), "covers/2026/My_cover.png");
//! assert_eq!(media.url(picture).as_deref(), Some("/media/covers/2026/My_cover.png"));
//! assert_eq!(media.read(picture).await?, b"..");
//! # std::fs::remove_dir_all(folder).unwrap();
//! # Ok(()) }
//! ```
//!
//! A file goes when the program says so: `media.delete(&file)`, best after the commit of the transaction in which its row goes
//! ([`Transaction::on_commit`](crate::Transaction::on_commit)).

mod local;
#[cfg(feature = "object_store")]
mod object;
mod path;
mod storage;

pub use local::LocalStorage;
#[cfg(feature = "object_store")]
pub use object::ObjectStorage;
pub use storage::Storage;

use crate::{
    Cell, FieldType, Kind, Result, Untyped, Value,
    field::{NotNull, Plain, family},
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The path of a file in a [`Storage`]: a text column, of at most 100 characters unless the field says `max_length`.
///
/// ```
/// use orm::files::StoredFile;
/// let file = StoredFile::at("covers/notes.png")?;
/// assert_eq!((file.path(), file.name()), ("covers/notes.png", "notes.png"));
/// assert!(StoredFile::at("../passwords").is_err());
/// # Ok::<(), orm::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StoredFile(String);

impl StoredFile {
    /// A file that is there already.
    ///
    /// # Errors
    /// [`Code::InvalidValue`](crate::Code::InvalidValue) for what leads out of a storage: an absolute path, `..`, or a backslash.
    ///
    /// ```
    /// assert!(orm::files::StoredFile::at("/etc/passwd").is_err());
    /// ```
    pub fn at(path: impl Into<String>) -> Result<StoredFile> {
        let path = path.into();
        path::check(&path)?;
        Ok(StoredFile(path))
    }

    /// The path within its storage.
    ///
    /// ```
    /// assert_eq!(orm::files::StoredFile::at("a/b.txt")?.path(), "a/b.txt");
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn path(&self) -> &str {
        &self.0
    }

    /// The last part of the path.
    ///
    /// ```
    /// assert_eq!(orm::files::StoredFile::at("a/b.txt")?.name(), "b.txt");
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
}

impl fmt::Display for StoredFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for StoredFile {
    type Error = crate::Error;

    fn try_from(path: String) -> Result<StoredFile> {
        StoredFile::at(path)
    }
}

impl From<StoredFile> for String {
    fn from(file: StoredFile) -> String {
        file.0
    }
}

impl FieldType for StoredFile {
    type Plain = Self;
    type Nullable = Option<Self>;
    type Nullness = NotNull;
    type Family = family::Text;
    const KIND: Kind = Kind::Text;
    const MAX_LENGTH: Option<u32> = Some(path::LONGEST as u32);

    fn to_value(&self) -> Result<Value> {
        Ok(Value::Text(self.0.clone()))
    }

    /// What is stored is taken as it is: a storage looks at each path before it uses it.
    fn from_cell(cell: &Cell<'_>) -> Result<Self> {
        cell.text().map(StoredFile)
    }

    /// In a document, as a fixture of Django's is one, an empty text is no file. In a form nothing was given.
    fn from_untyped(given: Untyped<'_>) -> Result<Self> {
        let in_form = matches!(given, Untyped::Text(_));
        match String::from_untyped(given)? {
            none if none.is_empty() && !in_form => Ok(StoredFile(none)),
            path => StoredFile::at(path),
        }
    }
}

impl Plain for StoredFile {}
