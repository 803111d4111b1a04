//! Files in the stores of the crate `object_store`: one in memory, and a folder; whole, and behind a prefix.

use object_store::{
    ObjectStore, ObjectStoreExt as _, local::LocalFileSystem, memory::InMemory, path, prefix::PrefixStore,
};
use orm::{
    Code, Result,
    files::{ObjectStorage, Storage, StoredFile},
};
use std::{path::PathBuf, sync::Arc};

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("orm_objects_{}_{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    fn store(&self) -> LocalFileSystem {
        LocalFileSystem::new_with_prefix(&self.0).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

/// Everything that a storage does.
async fn keeps_files(store: Arc<dyn ObjectStore>) -> Result<()> {
    let media = ObjectStorage::new(store).served_at("https://cdn.example.org/");
    let first = media.save("letters/2026", "Größe & 文.txt", "ü".as_bytes().to_vec()).await?;
    assert_eq!(first.path(), "letters/2026/Größe__文.txt");
    assert_eq!((media.read(&first).await?, media.size(&first).await?), ("ü".as_bytes().to_vec(), Some(2)));
    assert_eq!(
        media.url(&first).as_deref(),
        Some("https://cdn.example.org/letters/2026/Gr%C3%B6%C3%9Fe__%E6%96%87.txt")
    );

    // Of one name there are two, and none is written over another.
    let second = media.save("letters/2026", "Größe & 文.txt", b"two".to_vec()).await?;
    assert_ne!(first, second);
    assert!(second.path().starts_with("letters/2026/Größe__文_") && second.path().ends_with(".txt"), "{second:?}");
    assert!(!media.put(first.path(), b"over".to_vec()).await?);
    assert_eq!((media.read(&first).await?, media.read(&second).await?), ("ü".as_bytes().to_vec(), b"two".to_vec()));

    // Nothing in it is a file as well.
    let empty = media.save("", "empty", Vec::new()).await?;
    assert_eq!((empty.path(), media.size(&empty).await?, media.read(&empty).await?), ("empty", Some(0), Vec::new()));

    // What is not there is said, and what is gone is not there.
    assert!(media.delete(&first).await?);
    assert!(!media.delete(&first).await?);
    let missing = StoredFile::at("letters/2026/none.txt")?;
    for file in [&first, &missing] {
        assert_eq!(media.size(file).await?, None);
        let error = media.read(file).await.unwrap_err();
        assert_eq!(error.code(), Code::Io);
        assert!(error.message().contains(file.path()), "{error}");
    }
    assert!(!media.delete(&missing).await?);
    assert_eq!(media.size(&second).await?, Some(3));
    // The name is free again.
    assert_eq!(media.save("letters/2026", "Größe & 文.txt", Vec::new()).await?, first);
    assert_eq!(media.put("../out.txt", Vec::new()).await.unwrap_err().code(), Code::InvalidValue);
    Ok(())
}

#[tokio::test]
async fn in_memory() -> Result<()> {
    keeps_files(Arc::new(InMemory::new())).await
}

#[tokio::test]
async fn in_a_folder() -> Result<()> {
    let folder = Folder::new("folder");
    keeps_files(Arc::new(folder.store())).await?;
    assert_eq!(std::fs::read(folder.0.join("letters/2026/Größe__文.txt")).unwrap(), b"");
    Ok(())
}

#[tokio::test]
async fn behind_a_prefix() -> Result<()> {
    let folder = Folder::new("prefix");
    keeps_files(Arc::new(PrefixStore::new(InMemory::new(), "media"))).await?;
    keeps_files(Arc::new(PrefixStore::new(folder.store(), path::Path::parse("media/öffentlich").unwrap()))).await?;
    assert!(folder.0.join("media/öffentlich/letters/2026").is_dir());
    // What is beside the prefix is none of its files.
    let whole = Arc::new(InMemory::new());
    let part = ObjectStorage::new(Arc::new(PrefixStore::new(whole.clone(), "media")));
    whole.put(&path::Path::from("a.txt"), "outside".into()).await.unwrap();
    let inside = part.save("", "a.txt", b"inside".to_vec()).await?;
    assert_eq!((inside.path(), part.read(&inside).await?), ("a.txt", b"inside".to_vec()));
    assert_eq!(ObjectStorage::new(whole).read(&StoredFile::at("media/a.txt")?).await?, b"inside");
    Ok(())
}

#[tokio::test]
async fn many_of_one_name_stay_apart() -> Result<()> {
    let folder = Folder::new("many");
    for store in [Arc::new(InMemory::new()) as Arc<dyn ObjectStore>, Arc::new(folder.store())] {
        let media = ObjectStorage::new(store);
        let saving = (0..20_u8).map(|number| {
            let media = media.clone();
            tokio::spawn(async move { media.save("a", "same.bin", vec![number; 9]).await.map(|file| (number, file)) })
        });
        let mut paths = std::collections::BTreeSet::new();
        for task in saving.collect::<Vec<_>>() {
            let (number, file) = task.await.unwrap()?;
            assert_eq!(media.read(&file).await?, vec![number; 9]);
            paths.insert(file);
        }
        assert_eq!(paths.len(), 20);
    }
    Ok(())
}
