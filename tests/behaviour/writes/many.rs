//! Sets of related rows.

use super::press::*;
use crate::bed::{Bed, behaviour};
use orm::{Code, Error, prelude::*};

async fn slugs(bed: &Bed, book: &Book) -> orm::Result<Vec<String>> {
    book.many(|b| b.tags).rows()?.order_by(|t| t.slug.asc()).values(|t| t.slug).all(&bed.db).await
}

behaviour! {
    async fn tags_come_and_go(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let ada = author("Ada", db).await?;
        let (one, two) = (book("One", &ada, db).await?, book("Two", &ada, db).await?);
        let drafts = ["a", "b", "c", "d"].map(|slug| Tag::draft().slug(slug).name(slug));
        let tags = Tag::objects().bulk_create(drafts, db).await?;
        assert_eq!(one.many(|b| b.tags).add([&tags[0], &tags[1], &tags[0]], db).await?, 2);
        assert_eq!(one.many(|b| b.tags).add([tags[1].id, tags[2].id], db).await?, 1);
        two.many(|b| b.tags).add(&tags, db).await?;
        assert_eq!(slugs(&bed, &one).await?, ["a", "b", "c"]);
        assert_eq!(one.many(|b| b.tags).remove([&tags[0], &tags[3]], db).await?, 1);
        assert_eq!(slugs(&bed, &one).await?, ["b", "c"]);
        bed.log.clear();
        assert_eq!(one.many(|b| b.tags).set([&tags[2], &tags[3]], db).await?, 2);
        let statements = bed.log.statements();
        let changes = statements.iter().filter(|query| !query.sql.starts_with("SHOW WARNINGS"));
        // BEGIN, SELECT, DELETE, INSERT, COMMIT at the most.
        assert!(changes.count() <= 5, "{statements:?}");
        assert_eq!(slugs(&bed, &one).await?, ["c", "d"]);
        assert_eq!(one.many(|b| b.tags).clear(db).await?, 2);
        assert_eq!((slugs(&bed, &one).await?.len(), slugs(&bed, &two).await?.len()), (0, 4));
        let error = one.many(|b| b.tags).add([&tags[0]], db).await.and(one.many(|b| b.tags).add([9_999], db).await);
        // The table between is nobody's: the error is the relation's, whenever the database finds it out.
        let said = |error: Error| (error.code(), error.model().map(str::to_owned), error.fields().to_vec(), error.message().to_owned());
        let of = |message: &str| (Code::ForeignKeyViolation, Some("Book".to_owned()), vec!["tags".to_owned()], message.to_owned());
        assert_eq!(said(error.unwrap_err()), of("`Book.tags`: there is no `Tag` with the key, or the book itself is not stored"));
        let several = one.many(|b| b.tags).add([9_998, 9_999], db).await.unwrap_err();
        assert_eq!(said(several), of("`Book.tags`: there is no `Tag` with one of the keys, or the book itself is not stored"));
        let deleted = book("Gone", &ada, db).await?;
        Book::objects().filter(|b| b.pk().eq(deleted.id)).delete(db).await?;
        let ownerless = deleted.many(|b| b.tags).add([&tags[0]], db).await.unwrap_err();
        assert_eq!((ownerless.code(), ownerless.fields()), (Code::ForeignKeyViolation, &["tags".to_owned()][..]));
        let committed = db.transaction(async |tx| one.many(|b| b.tags).add([9_999], tx).await).await.unwrap_err();
        assert_eq!((committed.code(), committed.model(), committed.fields()), (Code::ForeignKeyViolation, Some("Book"), &["tags".to_owned()][..]));
        assert_eq!(Book::objects().filter(|b| b.tags.any(|t| t.slug.eq("a"))).count(db).await?, 2);
        Ok(())
    }

    async fn the_reverse_of_a_foreign_key(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let (ada, bob) = (author("Ada", db).await?, author("Bob", db).await?);
        let (one, two) = (book("One", &ada, db).await?, book("Two", &ada, db).await?);
        assert_eq!(bob.many(|a| a.edited).add([&one, &two], db).await?, 2);
        assert_eq!(bob.many(|a| a.edited).add([&one], db).await?, 0);
        assert_eq!(bob.many(|a| a.edited).remove([&one], db).await?, 1);
        assert_eq!(bob.many(|a| a.edited).all(db).await?.len(), 1);
        assert_eq!(bob.many(|a| a.books).add([&two], db).await?, 1);
        assert_eq!(*Book::get(two.id, db).await?.author.key(), bob.id);
        let error = bob.many(|a| a.books).clear(db).await.unwrap_err();
        assert_eq!(error.code(), Code::BadQuery);
        Ok(())
    }

    async fn rows_that_do_not_exist_are_named_and_none_is_related(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let (ada, bob) = (author("Ada", db).await?, author("Bob", db).await?);
        let one = book("One", &ada, db).await?;
        let error = bob.many(|a| a.edited).add([98, one.id, 99], db).await.unwrap_err();
        assert_eq!((error.code(), error.message()), (Code::NotFound, "no `Book` has 2 of the 3 keys"));
        assert_eq!(error.unredacted(), Some("the first of the keys: 98, 99"));
        let error = bob.many(|a| a.edited).set([one.id, 99], db).await.unwrap_err();
        assert_eq!((error.message(), error.unredacted()), ("no `Book` has 1 of the 2 keys", Some("the first of the keys: 99")));
        assert_eq!(bob.many(|a| a.edited).all(db).await?.len(), 0);
        let many = bob.many(|a| a.edited).add((100..1_200).chain([one.id]), db).await.unwrap_err();
        assert_eq!(many.message(), "no `Book` has 1100 of the 1101 keys");
        assert_eq!(bob.many(|a| a.edited).add([one.id], db).await?, 1);
        Ok(())
    }
}
