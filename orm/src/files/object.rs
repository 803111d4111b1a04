//! Files in an object store: S3 and what speaks like it, Google's, Azure's.

use super::{Storage, StoredFile, local::joined, path, storage::failed};
use crate::Result;
use futures_util::future::BoxFuture;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode, path::Path};
use std::sync::Arc;

/// A store of the crate [`object_store`], which has to be given what it needs: `AmazonS3Builder::from_env()` and the like, by features of
/// that crate.
///
/// ```
/// use object_store::memory::InMemory;
/// use orm::files::{ObjectStorage, Storage};
/// use std::sync::Arc;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// let media = ObjectStorage::new(Arc::new(InMemory::new())).served_at("https://cdn.example.org/shop");
/// let file = media.save("covers", "a.png", b"..".to_vec()).await?;
/// assert_eq!(media.url(&file).as_deref(), Some("https://cdn.example.org/shop/covers/a.png"));
/// assert_eq!(media.read(&file).await?, b"..");
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct ObjectStorage {
    store: Arc<dyn ObjectStore>,
    url: Option<String>,
}

impl ObjectStorage {
    /// In this store. For a part of it, `object_store::prefix::PrefixStore` puts a prefix before each path.
    ///
    /// ```
    /// use object_store::{memory::InMemory, prefix::PrefixStore};
    /// use std::sync::Arc;
    /// let media = orm::files::ObjectStorage::new(Arc::new(PrefixStore::new(InMemory::new(), "media")));
    /// ```
    pub fn new(store: Arc<dyn ObjectStore>) -> ObjectStorage {
        ObjectStorage { store, url: None }
    }

    /// Where its objects are served: what stands before the path in a URL.
    ///
    /// ```
    /// # use object_store::memory::InMemory;
    /// # use std::sync::Arc;
    /// let media = orm::files::ObjectStorage::new(Arc::new(InMemory::new())).served_at("https://cdn.example.org");
    /// ```
    pub fn served_at(mut self, url: impl Into<String>) -> ObjectStorage {
        self.url = Some(url.into());
        self
    }
}

fn at(file: &str) -> Result<Path> {
    path::check(file)?;
    Path::parse(file).map_err(|error| failed(file, error))
}

impl Storage for ObjectStorage {
    fn put<'a>(&'a self, path: &'a str, content: Vec<u8>) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            match self.store.put_opts(&at(path)?, content.into(), PutMode::Create.into()).await {
                Ok(_) => Ok(true),
                Err(Error::AlreadyExists { .. }) => Ok(false),
                Err(error) => Err(failed(path, error)),
            }
        })
    }

    fn read<'a>(&'a self, file: &'a StoredFile) -> BoxFuture<'a, Result<Vec<u8>>> {
        Box::pin(async move {
            let found = self.store.get(&at(file.path())?).await.map_err(|error| failed(file.path(), error))?;
            Ok(found.bytes().await.map_err(|error| failed(file.path(), error))?.to_vec())
        })
    }

    fn size<'a>(&'a self, file: &'a StoredFile) -> BoxFuture<'a, Result<Option<u64>>> {
        Box::pin(async move {
            match self.store.head(&at(file.path())?).await {
                Ok(found) => Ok(Some(found.size)),
                Err(Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(failed(file.path(), error)),
            }
        })
    }

    fn delete<'a>(&'a self, file: &'a StoredFile) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            // Some stores do not tell whether there was something.
            let there = self.size(file).await?.is_some();
            match self.store.delete(&at(file.path())?).await {
                Ok(()) | Err(Error::NotFound { .. }) => Ok(there),
                Err(error) => Err(failed(file.path(), error)),
            }
        })
    }

    fn url(&self, file: &StoredFile) -> Option<String> {
        self.url.as_deref().map(|url| joined(url, file.path()))
    }
}
