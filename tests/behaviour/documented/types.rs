//! The examples of `docs/models.md` about files and types of one's own.

use crate::bed::behaviour;
use orm::{
    Cell, Code, Error, FieldType, Kind, NotNull, Plain, Untyped, Value, family,
    files::{LocalStorage, Storage, StoredFile},
    prelude::*,
};

orm::app! { pub stage { Score } }

#[derive(Model, Debug, Clone)]
pub struct Score {
    pub id: i64,
    pub sheet: Option<StoredFile>, // the path: a text of at most 100 characters
    pub note: Option<Sealed>,
}

/// A text that nobody reads in the database.
#[derive(Debug, Clone, PartialEq)]
pub struct Sealed(pub String);

impl FieldType for Sealed {
    type Plain = Self;
    type Nullable = Option<Self>;
    type Nullness = NotNull;
    type Family = family::Bytes; // which lookups and functions there are: those of bytes
    const KIND: Kind = Kind::Bytes; // how it is stored

    fn to_value(&self) -> orm::Result<Value> {
        Ok(Value::Bytes(seal(self.0.as_bytes())?))
    }

    fn from_cell(cell: &Cell<'_>) -> orm::Result<Self> {
        let opened = open(cell.bytes()?)?;
        String::from_utf8(opened).map(Sealed).map_err(|error| Error::new(Code::Decode, error.to_string()))
    }

    fn from_untyped(given: Untyped<'_>) -> orm::Result<Self> {
        String::from_untyped(given).map(Sealed) // from a form or a JSON document: the text itself
    }
}

impl Plain for Sealed {} // it is never NULL; `Option<Sealed>` may be

/// What stands for a cipher here hides nothing from anybody: each byte is turned around behind a fresh beginning.
fn seal(text: &[u8]) -> orm::Result<Vec<u8>> {
    let mut sealed = Uuid::new_v4().as_bytes().to_vec();
    sealed.extend(text.iter().map(|byte| !byte));
    Ok(sealed)
}

fn open(sealed: Vec<u8>) -> orm::Result<Vec<u8>> {
    let text = sealed.get(16..).ok_or_else(|| Error::new(Code::Decode, "it was not sealed here"))?;
    Ok(text.iter().map(|byte| !byte).collect())
}

behaviour! {
    async fn files_and_types(bed) {
        orm::migrate::create_tables(&bed.db, &[stage()]).await?;
        let folder = std::env::temp_dir().join(format!("orm_stage_{}_{:?}", std::process::id(), bed.backend));

        let media = LocalStorage::new(&folder).served_at("/media/");
        let sheet = media.save("sheets", "Act 1.pdf", b"..".to_vec()).await?; // sheets/Act_1.pdf, or another name where that is taken
        let score = Score::draft().sheet(sheet).create(&bed.db).await?;
        assert_eq!(media.url(score.sheet.as_ref().unwrap()).as_deref(), Some("/media/sheets/Act_1.pdf"));

        std::fs::remove_dir_all(folder).unwrap();
        let notes = ["fortissimo", "ü"].map(|note| Score::draft().note(Sealed(note.to_owned())));
        let scores = Score::objects().bulk_create(notes, &bed.db).await?;
        assert_eq!(scores[1].note, Some(Sealed("ü".to_owned())));
        let mut edit = Score::get(scores[0].id, &bed.db).await?.edit();
        assert_eq!(edit.note, Some(Sealed("fortissimo".to_owned())));
        edit.note = None;
        assert_eq!(edit.save(&bed.db).await?.note, None);
        let from_outside = Score::draft_from([("note", "piano")])?.create(&bed.db).await?;
        assert_eq!(from_outside.note, Some(Sealed("piano".to_owned())));
        bed.db.batch("UPDATE stage_score SET note = NULL").await?;
        assert_eq!(Score::objects().filter(|s| s.note.is_null()).count(&bed.db).await?, 4);
        Ok(())
    }
}
