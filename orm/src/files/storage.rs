//! What keeps the content of files.

use super::{StoredFile, path};
use crate::{Code, Error, Result};
use futures_util::future::BoxFuture;

/// Where files are kept. [`LocalStorage`](super::LocalStorage) is a folder; others implement `put`, `read`, `size`, `delete` and `url`.
///
/// ```
/// use orm::{Code, Error, Result, files::{Storage, StoredFile}};
/// use std::{collections::HashMap, sync::Mutex};
///
/// /// In memory: for tests.
/// #[derive(Default)]
/// struct Memory(Mutex<HashMap<String, Vec<u8>>>);
///
/// type Answer<'a, T> = std::pin::Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;
///
/// impl Storage for Memory {
///     fn put<'a>(&'a self, path: &'a str, content: Vec<u8>) -> Answer<'a, bool> {
///         let mut files = self.0.lock().unwrap();
///         let new = !files.contains_key(path);
///         if new {
///             files.insert(path.to_owned(), content);
///         }
///         Box::pin(async move { Ok(new) })
///     }
///     fn read<'a>(&'a self, file: &'a StoredFile) -> Answer<'a, Vec<u8>> {
///         let found = self.0.lock().unwrap().get(file.path()).cloned();
///         Box::pin(async move { found.ok_or_else(|| Error::new(Code::Io, "there is no such file")) })
///     }
///     fn size<'a>(&'a self, file: &'a StoredFile) -> Answer<'a, Option<u64>> {
///         let size = self.0.lock().unwrap().get(file.path()).map(|content| content.len() as u64);
///         Box::pin(async move { Ok(size) })
///     }
///     fn delete<'a>(&'a self, file: &'a StoredFile) -> Answer<'a, bool> {
///         let gone = self.0.lock().unwrap().remove(file.path()).is_some();
///         Box::pin(async move { Ok(gone) })
///     }
///     fn url(&self, _: &StoredFile) -> Option<String> {
///         None
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<()> {
/// let memory = Memory::default();
/// let first = memory.save("notes", "a.txt", b"one".to_vec()).await?;
/// let second = memory.save("notes", "a.txt", b"two".to_vec()).await?; // the name is taken
/// assert_ne!(first, second);
/// assert_eq!(memory.read(&first).await?, b"one");
/// # Ok(()) }
/// ```
pub trait Storage: Send + Sync {
    /// Keeps a content under a path, all of it or nothing; `false` where the path is taken, and nothing has changed.
    ///
    /// # Errors
    /// [`Code::Io`], and [`Code::InvalidValue`] for a path that leads out of the storage.
    fn put<'a>(&'a self, path: &'a str, content: Vec<u8>) -> BoxFuture<'a, Result<bool>>;

    /// The content of a file.
    ///
    /// # Errors
    /// [`Code::Io`], also where there is no such file.
    fn read<'a>(&'a self, file: &'a StoredFile) -> BoxFuture<'a, Result<Vec<u8>>>;

    /// How many bytes a file has; none where there is no such file.
    ///
    /// # Errors
    /// [`Code::Io`].
    fn size<'a>(&'a self, file: &'a StoredFile) -> BoxFuture<'a, Result<Option<u64>>>;

    /// Removes a file, and tells whether it was there.
    ///
    /// # Errors
    /// [`Code::Io`].
    fn delete<'a>(&'a self, file: &'a StoredFile) -> BoxFuture<'a, Result<bool>>;

    /// Where a browser finds the file, if it does.
    fn url(&self, file: &StoredFile) -> Option<String>;

    /// Saves a content under a name that people gave it, in a folder: `covers/My_cover.png`. What cannot stand in a path is left out of
    /// the name; where it is taken, a few letters are added. The whole has at most 100 characters.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] for a name without a letter or digit; [`Code::Io`].
    ///
    /// ```
    /// # use orm::files::{LocalStorage, Storage};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let folder = std::env::temp_dir().join(format!("orm_files_save_{}", std::process::id()));
    /// let media = LocalStorage::new(&folder);
    /// let file = media.save("letters", "../../Dear Ada?.txt", b"..".to_vec()).await?;
    /// assert_eq!(file.path(), "letters/Dear_Ada.txt");
    /// # std::fs::remove_dir_all(folder).unwrap();
    /// # Ok(()) }
    /// ```
    fn save<'a>(&'a self, folder: &'a str, name: &'a str, content: Vec<u8>) -> BoxFuture<'a, Result<StoredFile>> {
        Box::pin(async move {
            let mut path = path::made(folder, name, None)?;
            // By chance the second is free; that many are not taken.
            for _ in 0..20 {
                if self.put(&path, content.clone()).await? {
                    return StoredFile::at(path);
                }
                let addition = &uuid::Uuid::new_v4().simple().to_string()[..7];
                path = path::made(folder, name, Some(addition))?;
            }
            Err(Error::new(Code::Io, "no name was free for the file"))
        })
    }
}

/// An error of the system or of a server, about a file.
pub(super) fn failed(path: &str, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Code::Io, format!("the stored file `{path}`: {error}")).with_source(error)
}
