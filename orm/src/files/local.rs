//! Files in a folder of this machine.

use super::{Storage, StoredFile, path, storage::failed};
use crate::Result;
use futures_util::future::BoxFuture;
use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

/// A folder, made when it is first needed.
///
/// What links in it lead to is not looked at: nobody else should write there.
///
/// ```
/// use orm::files::{LocalStorage, Storage, StoredFile};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let folder = std::env::temp_dir().join(format!("orm_files_local_{}", std::process::id()));
/// let media = LocalStorage::new(&folder);
/// let file = media.save("", "note.txt", b"hello".to_vec()).await?;
/// assert_eq!(media.size(&file).await?, Some(5));
/// assert!(media.delete(&file).await?);
/// assert_eq!(media.size(&file).await?, None);
/// # std::fs::remove_dir_all(folder).unwrap();
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct LocalStorage {
    folder: PathBuf,
    url: Option<String>,
}

impl LocalStorage {
    /// In this folder.
    ///
    /// ```
    /// let media = orm::files::LocalStorage::new("/var/lib/shop/media");
    /// ```
    pub fn new(folder: impl AsRef<Path>) -> LocalStorage {
        LocalStorage { folder: folder.as_ref().to_owned(), url: None }
    }

    /// Where the folder is served: what stands before the path in a URL.
    ///
    /// ```
    /// use orm::files::{LocalStorage, Storage, StoredFile};
    /// let media = LocalStorage::new("media").served_at("https://static.example.org");
    /// let url = media.url(&StoredFile::at("a/größe 1.png")?);
    /// assert_eq!(url.as_deref(), Some("https://static.example.org/a/gr%C3%B6%C3%9Fe%201.png"));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn served_at(mut self, url: impl Into<String>) -> LocalStorage {
        self.url = Some(url.into());
        self
    }
}

impl Storage for LocalStorage {
    fn put<'a>(&'a self, path: &'a str, content: Vec<u8>) -> BoxFuture<'a, Result<bool>> {
        Box::pin(elsewhere(&self.folder, path, move |path| put(&path, &content)))
    }

    fn read<'a>(&'a self, file: &'a StoredFile) -> BoxFuture<'a, Result<Vec<u8>>> {
        Box::pin(elsewhere(&self.folder, file.path(), fs::read))
    }

    fn size<'a>(&'a self, file: &'a StoredFile) -> BoxFuture<'a, Result<Option<u64>>> {
        Box::pin(elsewhere(&self.folder, file.path(), |path| if_there(fs::metadata(path).map(|meta| meta.len()))))
    }

    fn delete<'a>(&'a self, file: &'a StoredFile) -> BoxFuture<'a, Result<bool>> {
        Box::pin(elsewhere(&self.folder, file.path(), |path| Ok(if_there(fs::remove_file(path))?.is_some())))
    }

    fn url(&self, file: &StoredFile) -> Option<String> {
        self.url.as_deref().map(|url| joined(url, file.path()))
    }
}

/// The disk may be slow: its work is done on a thread for such.
async fn elsewhere<T: Send + 'static>(
    folder: &Path,
    path: &str,
    work: impl FnOnce(PathBuf) -> std::io::Result<T> + Send + 'static,
) -> Result<T> {
    path::check(path)?;
    let whole = folder.join(path);
    let done = tokio::task::spawn_blocking(move || work(whole)).await;
    match done {
        Ok(done) => done.map_err(|error| failed(path, error)),
        Err(error) => Err(failed(path, error)),
    }
}

/// Written beside it first, so that nobody sees a part of it.
fn put(path: &Path, content: &[u8]) -> std::io::Result<bool> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let unfinished = path.with_file_name(format!(".{}.unfinished", uuid::Uuid::new_v4().simple()));
    let written = fs::File::create_new(&unfinished).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()?;
        match fs::hard_link(&unfinished, path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    });
    // The first error is the one to tell.
    let _ = fs::remove_file(&unfinished);
    written
}

fn if_there<T>(done: std::io::Result<T>) -> std::io::Result<Option<T>> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The URL of a path: whatever is no plain letter, digit or sign is written in percent.
pub(super) fn joined(url: &str, path: &str) -> String {
    let mut out = format!("{}/", url.trim_end_matches('/'));
    for byte in path.bytes() {
        match byte {
            byte if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
