//! What goes with a row that generic foreign keys lead to.

use super::{Bag, Book, Comment, Like, Person, Pin, filled};
use crate::bed::behaviour;
use orm::{Code, prelude::*};

behaviour! {
    async fn a_declared_reverse_side_goes_along(bed) {
        let rows = filled(&bed).await?;
        let db = &bed.db;
        let like = Like::draft().of(&rows.notes).stars(3).create(db).await?;
        let first = Comment::objects().filter(|c| c.text.eq("long")).get(db).await?;
        let answer = Comment::draft().about(&first).text("short").create(db).await?;
        Comment::draft().about(&answer).text("shorter").create(db).await?;
        // The comments on the book, what answers them, and what answers that; likes are left behind with nothing.
        let gone = rows.notes.delete(db).await?;
        assert_eq!((gone.total, gone.per_model["talk.Comment"], gone.per_model["talk.Book"]), (5, 4, 1));
        assert_eq!(Like::get(like.id, db).await?.of, None);
        assert_eq!(Comment::objects().count(db).await?, 3);
        // By a query, of several rows, none of which anything leads to.
        let gone = Book::objects().filter(|b| b.title.ne("nothing")).delete(db).await?;
        assert_eq!(gone.total, 1);
        Ok(())
    }

    async fn protected(bed) {
        let rows = filled(&bed).await?;
        let db = &bed.db;
        Book::objects().delete(db).await?;
        let pin = Pin::draft().on(&rows.ada).create(db).await?;
        let error = rows.ada.delete(db).await.unwrap_err();
        assert_eq!(error.code(), Code::Protected, "{error}");
        assert!(error.message().contains("`Pin`") && error.message().contains("`on`"), "{error}");
        assert_eq!(Person::objects().count(db).await?, 2);
        pin.delete(db).await?;
        assert_eq!(rows.ada.delete(db).await?.per_model["talk.Comment"], 2);
        Ok(())
    }

    async fn without_a_reverse_side_keys_are_left(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let bag = Bag::draft().create(db).await?;
        let comment = Comment::draft().about(&bag).text("heavy").create(db).await?;
        assert_eq!(bag.delete(db).await?.total, 1);
        let comment = Comment::get(comment.id, db).await?;
        assert!(comment.about.is::<Bag>() && comment.about.fetch::<Bag>(db).await?.is_none());
        Ok(())
    }
}
