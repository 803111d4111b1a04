//! Changes to one row.

use super::press::*;
use crate::bed::behaviour;
use orm::{Code, prelude::*};

behaviour! {
    async fn only_what_changed_is_written(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let ada = author("Ada", db).await?;
        let first = book("Notes", &ada, db).await?;
        bed.log.clear();
        let same = first.clone().edit().save(db).await?;
        bed.log.assert_queries(0);
        let mut edit = same.edit();
        edit.title = "Neue Nötizen".into();
        edit.note = Some("x".into());
        edit.price = dec("5.0");
        assert_eq!(edit.changed()?, ["title", "note"]);
        assert_eq!(edit.title, "Neue Nötizen");
        // Somebody else changes another field: it is not written back.
        Book::objects().update(|b| b.views.set(41), db).await?;
        bed.log.clear();
        let saved = edit.save(db).await?;
        let statements = bed.log.statements();
        assert!(statements.len() <= 2 && !statements[0].sql.contains("views\" ="), "{statements:?}");
        assert_eq!((saved.title.as_str(), saved.views, saved.note.as_deref()), ("Neue Nötizen", 41, Some("x")));
        assert!(saved.updated > first.updated && saved.created == first.created);
        let mut edit = saved.edit();
        edit.note = None;
        edit.editor = Some(ForeignKey::from(&ada));
        let saved = edit.save(db).await?;
        assert_eq!((saved.note, saved.editor.map(|editor| *editor.key())), (None, Some(ada.id)));
        Ok(())
    }

    async fn what_cannot_be_saved(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let ada = author("Ada", db).await?;
        let one = book("One", &ada, db).await?;
        book("Two", &ada, db).await?;
        let mut edit = one.clone().edit();
        edit.id = 77;
        let error = edit.save(db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::BadQuery, vec!["id"]));
        let mut edit = one.clone().edit();
        edit.title = "x".repeat(201);
        assert_eq!(edit.save(db).await.unwrap_err().code(), Code::TooLong);
        let mut edit = one.clone().edit();
        edit.title = "Two".into();
        let error = edit.save(db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::UniqueViolation, vec!["author", "title"]));
        let mut edit = one.clone().edit();
        one.delete(db).await?;
        edit.title = "Three".into();
        let error = edit.save(db).await.unwrap_err();
        assert_eq!((error.code(), error.model()), (Code::NotFound, Some("Book")));
        Ok(())
    }

    async fn loaded_rows_stay(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let ada = author("Ada", db).await?;
        let bob = author("Bob", db).await?;
        Book::draft().title("One").price(dec("1")).author(&ada).editor(Some(&bob)).create(db).await?;
        let loaded = Book::objects().select_related(|b| (b.author, b.editor)).get(db).await?;
        let mut edit = loaded.edit();
        edit.title = "Uno".into();
        edit.editor = Some(ForeignKey::to(ada.id));
        let saved = edit.save(db).await?;
        assert_eq!(saved.author.get()?.name, "Ada");
        assert_eq!(saved.editor.unwrap().get().unwrap_err().code(), Code::NotLoaded);
        Ok(())
    }
}
