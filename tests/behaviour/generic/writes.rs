//! Generic foreign keys set: by drafts, edits, updates, upserts, documents, and from the other side.

use super::{Bag, Book, Comment, Like, Person, Pin, filled};
use crate::bed::behaviour;
use orm::{Code, Input, prelude::*};
use serde_json::json;

behaviour! {
    async fn edits_and_updates(bed) {
        let rows = filled(&bed).await?;
        let db = &bed.db;
        let mut edit = Comment::objects().filter(|c| c.text.eq("cold")).get(db).await?.edit();
        edit.about = (&rows.grace).into();
        let edited = edit.save(db).await?;
        assert_eq!(Comment::get(edited.id, db).await?.about.fetch::<Person>(db).await?.unwrap(), rows.grace);
        let changed = Comment::objects().filter(|c| c.about.is::<Book>()).update(|c| c.about.set(&rows.sketches), db).await?;
        assert_eq!(changed, 2);
        assert_eq!(Book::objects().annotate(|b| b.comments.count()).all(db).await?[1].1, 2);
        let like = Like::draft().of(Some(&rows.notes)).stars(1).create(db).await?;
        let none = Like::draft().of(None::<&Book>).stars(1).create(db).await?;
        assert_eq!(none.of, None);
        Like::objects().filter(|l| l.id.eq(like.id)).update(|l| l.of.set_null(), db).await?;
        assert_eq!(Like::get(like.id, db).await?.of, None);
        Like::objects().update(|l| l.of.set(&rows.sketches), db).await?;
        assert!(Like::get(none.id, db).await?.of.unwrap().is::<Book>());
        let mut edit = Like::get(none.id, db).await?.edit();
        edit.of = None;
        assert_eq!(edit.save(db).await?.of, None);
        let created = Comment::objects().bulk_create([Comment::draft().about(&rows.notes).text("a"), Comment::draft().about(&rows.ada).text("b")], db).await?;
        assert!(created[0].about.is::<Book>() && created[1].about.is::<Person>());
        Ok(())
    }

    async fn from_the_other_side(bed) {
        let rows = filled(&bed).await?;
        let db = &bed.db;
        let comments = Comment::objects().order_by(|c| c.id.asc()).all(db).await?;
        assert_eq!(rows.sketches.many(|b| b.comments).add(&comments[..3], db).await?, 3);
        assert_eq!(rows.sketches.many(|b| b.comments).all(db).await?.len(), 3);
        assert!(Comment::get(comments[2].id, db).await?.about.is::<Book>());
        let error = rows.sketches.many(|b| b.comments).clear(db).await.unwrap_err();
        assert_eq!(error.code(), Code::BadQuery, "{error}");
        let likes = [Like::draft().stars(1).create(db).await?, Like::draft().stars(2).create(db).await?];
        assert_eq!(rows.notes.many(|b| b.likes).set(&likes, db).await?, 2);
        assert_eq!(rows.notes.many(|b| b.likes).remove([&likes[0]], db).await?, 1);
        assert_eq!(Like::get(likes[0].id, db).await?.of, None);
        assert_eq!(rows.notes.many(|b| b.likes).clear(db).await?, 1);
        Ok(())
    }

    async fn from_documents_and_back(bed) {
        let rows = filled(&bed).await?;
        let db = &bed.db;
        let body = json!({"about": {"model": "talk.Person", "key": rows.ada.id}, "text": "new"});
        let comment = Comment::draft_from(Input::from(body))?.create(db).await?;
        assert_eq!(comment.about, GenericForeignKey::from(&rows.ada));
        let form = [("about", format!("talk.Book:{}", rows.notes.id)), ("text", "form".to_owned())];
        let comment = Comment::draft_from(Input::from(form))?.create(db).await?;
        assert_eq!(comment.about.key_of::<Book>(), Some(rows.notes.id));
        assert_eq!(Like::draft_from([("of", ""), ("stars", "3")])?.create(db).await?.of, None);
        let like = Like::draft_from(json!({"of": {"model": "talk.Bag", "key": 7}, "stars": 1}))?.create(db).await?;
        assert_eq!(serde_json::to_value(like.of).unwrap(), json!({"model": "talk.Bag", "key": 7}));
        for wrong in [
            json!({"model": "talk.Newspaper", "key": 7}),
            json!({"model": "talk.Book", "key": "seven"}),
            json!({"model": "talk.Book"}),
            json!({"model": "talk.Book", "key": 7, "more": 1}),
            json!(7),
            json!("talk.Book"),
        ] {
            let error = Comment::draft_from(json!({"about": wrong, "text": ""})).err().unwrap();
            assert_eq!((error.validation().len(), error.validation()[0].field.as_deref()), (1, Some("about")), "{error}");
        }
        // A key that the column does not hold.
        let error = Like::draft_from(json!({"of": {"model": "talk.Person", "key": rows.ada.id}, "stars": 1})).err().unwrap();
        assert_eq!(error.validation()[0].code, Code::InvalidValue);
        Ok(())
    }

    async fn null_is_refused_where_it_cannot_be(bed) {
        filled(&bed).await?;
        let error = Pin::draft_from(json!({})).err().unwrap();
        assert_eq!(error.validation()[0].code, Code::MissingValue);
        let error = Pin::draft_from(json!({"on": null})).err().unwrap();
        assert_eq!(error.validation()[0].field.as_deref(), Some("on"));
        let _ = Bag::draft();
        Ok(())
    }
}
