//! Files beside rows: paths in a column, contents in a folder.

use crate::bed::behaviour;
use orm::{
    Code,
    files::{LocalStorage, Storage, StoredFile},
    prelude::*,
};
use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

orm::app! { pub filing { Letter } }

#[derive(Model, Debug, Clone)]
pub struct Letter {
    pub id: i64,
    pub scan: Option<StoredFile>,
    #[field(max_length = 200)]
    pub copy: StoredFile,
}

fn folder(url: &str) -> PathBuf {
    let name: String = url.chars().filter(char::is_ascii_alphanumeric).collect();
    std::env::temp_dir().join(format!("orm_files_{}_{name}", std::process::id()))
}

behaviour! {
    async fn a_row_has_the_path_and_a_folder_the_content(bed) {
        orm::migrate::create_tables(&bed.db, &[filing()]).await?;
        let (db, folder) = (&bed.db, folder(&bed.url));
        let media = LocalStorage::new(&folder).served_at("/media");
        let copy = media.save("letters", "Größe & Co.txt", "ü".as_bytes().to_vec()).await?;
        let letter = Letter::draft().copy(copy.clone()).create(db).await?;
        assert_eq!((letter.scan, letter.copy.path()), (None, "letters/Größe__Co.txt"));
        let found = Letter::objects().filter(|l| l.copy.starts_with("letters/") & l.scan.is_null()).get(db).await?;
        assert_eq!(media.read(&found.copy).await?, "ü".as_bytes());
        assert_eq!(media.url(&found.copy).as_deref(), Some("/media/letters/Gr%C3%B6%C3%9Fe__Co.txt"));
        // From outside: what leads out of a storage is no file.
        let error = Letter::draft_from([("copy", "../../etc/passwd")]).err().unwrap();
        assert_eq!((error.fields(), error.validation()[0].code), (&["copy".to_owned()][..], Code::InvalidValue));
        assert!(Letter::draft_from([("copy", "letters/b.txt")]).is_ok());
        let meta = Letter::meta();
        let lengths: Vec<_> = meta.columns.iter().map(|column| column.max_length).collect();
        assert_eq!(lengths, [None, Some(100), Some(200)]);
        // What stands in a row that others wrote is looked at before it is used.
        let sql = "UPDATE filing_letter SET copy = '../out.txt'";
        db.batch(sql).await?;
        let odd = Letter::objects().get(db).await?;
        for refused in [media.read(&odd.copy).await.map(drop), media.delete(&odd.copy).await.map(drop), media.size(&odd.copy).await.map(drop)] {
            assert_eq!(refused.unwrap_err().code(), Code::InvalidValue);
        }
        assert!(media.delete(&copy).await?);
        assert!(!media.delete(&copy).await?);
        assert_eq!(media.read(&copy).await.unwrap_err().code(), Code::Io);
        // An empty text is no file, as Django stores it.
        assert!(Letter::draft_from([("copy", "")]).is_err());
        db.batch("INSERT INTO filing_letter (copy) VALUES ('')").await?;
        let none = Letter::objects().order_by(|l| l.id.desc()).limit(1).get(db).await?;
        assert_eq!((none.copy.path(), media.read(&none.copy).await.unwrap_err().code()), ("", Code::InvalidValue));
        std::fs::remove_dir_all(folder).unwrap();
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_files_of_one_name_stay_apart() -> orm::Result<()> {
    let folder = folder("many");
    let media = Arc::new(LocalStorage::new(&folder));
    let saving: Vec<_> = (0..40_u8)
        .map(|number| {
            let media = media.clone();
            tokio::spawn(
                async move { media.save("a/b", "same.bin", vec![number; 1_000]).await.map(|file| (number, file)) },
            )
        })
        .collect();
    let mut paths = BTreeSet::new();
    for task in saving {
        let (number, file) = task.await.unwrap()?;
        assert_eq!(media.read(&file).await?, vec![number; 1_000]);
        paths.insert(file);
    }
    assert_eq!(paths.len(), 40);
    assert_eq!(std::fs::read_dir(folder.join("a/b")).unwrap().count(), 40, "nothing unfinished is left");
    // A folder that is a file: said, and nothing else.
    std::fs::write(folder.join("plain"), "x").unwrap();
    assert_eq!(media.save("plain", "x.txt", vec![]).await.unwrap_err().code(), Code::Io);
    std::fs::remove_dir_all(folder).unwrap();
    Ok(())
}
