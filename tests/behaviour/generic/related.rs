//! Related rows in both directions: loaded, counted, filtered.

use super::{Book, Comment, Country, Like, Person, filled, texts};
use crate::bed::behaviour;
use orm::{Code, prelude::*};

behaviour! {
    async fn one_query_for_each_model(bed) {
        let rows = filled(&bed).await?;
        let db = &bed.db;
        let comments = Comment::objects().prefetch(|c| c.about).order_by(|c| c.id.asc()).all(db).await?;
        // The comments, and each of the three models that are there.
        bed.log.assert_queries(4);
        assert_eq!(comments[0].about.get::<Book>()?, Some(&rows.notes));
        assert_eq!(comments[1].about.get::<Book>()?, Some(&rows.notes));
        assert_eq!(comments[2].about.get::<Person>()?, Some(&rows.ada));
        assert_eq!(comments[3].about.get::<Country>()?, Some(&rows.norway));
        assert!(comments[0].about.get::<Person>()?.is_none());
        // Some models, and what is below them.
        bed.log.clear();
        let comments = Comment::objects().order_by(|c| c.id.asc())
            .prefetch(|c| (c.about.of::<Book>().filter(|b| b.title.eq("Notes")).select_related(|b| b.author), c.about.of::<Person>().prefetch(|p| p.comments)))
            .all(db).await?;
        bed.log.assert_queries(4);
        assert_eq!(comments[0].about.get::<Book>()?.unwrap().author.get()?.name, "Ada");
        assert_eq!(texts(comments[2].about.get::<Person>()?.unwrap().comments.get()?), ["deep", "kind"]);
        let error = comments[3].about.get::<Country>().unwrap_err();
        assert_eq!(error.code(), Code::NotLoaded);
        assert!(error.hint().unwrap().contains(".prefetch(|c| c.about)") && error.hint().unwrap().contains(".fetch::<Country>(&db)"), "{error}");
        // All, and of one model only some.
        let comments = Comment::objects().order_by(|c| c.id.asc())
            .prefetch(|c| (c.about.of::<Book>().filter(|b| b.title.ne("Notes")), c.about)).all(db).await?;
        assert!(comments[0].about.get::<Book>()?.is_none());
        assert_eq!(comments[2].about.get::<Person>()?, Some(&rows.ada));
        Ok(())
    }

    async fn nothing_is_asked_for_no_rows_and_for_null(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let like = Like::draft().stars(3).create(db).await?;
        bed.log.clear();
        let likes = Like::objects().prefetch(|l| l.of).all(db).await?;
        bed.log.assert_queries(1);
        assert_eq!((likes[0].id, &likes[0].of), (like.id, &None));
        assert_eq!(Like::objects().filter(|l| l.of.is_null()).count(db).await?, 1);
        assert_eq!(Like::objects().filter(|l| l.of.is_not_null()).count(db).await?, 0);
        assert_eq!(Like::objects().filter(|l| l.of.ne(GenericForeignKey::to::<Book>(1))).count(db).await?, 1);
        assert_eq!(Like::objects().values(|l| (l.of.label(), l.of.key())).get(db).await?, (None, None));
        bed.log.clear();
        assert!(Comment::objects().filter(|c| c.id.eq(99)).prefetch(|c| c.about).all(db).await?.is_empty());
        bed.log.assert_queries(1);
        Ok(())
    }

    async fn the_reverse_side_is_a_set(bed) {
        let rows = filled(&bed).await?;
        let db = &bed.db;
        // A comment on a book of the same key as a country, or a person, is none on those.
        let three = Like::draft().of(&rows.notes).stars(3).create(db).await?;
        Like::draft().of(&rows.notes).stars(4).create(db).await?;
        Like::draft().stars(5).create(db).await?;
        assert_eq!(Book::objects().filter(|b| b.comments.any(|c| c.text.eq("dry"))).get(db).await?, rows.notes);
        assert_eq!(Person::objects().filter(|p| p.comments.exists()).get(db).await?, rows.ada);
        assert_eq!(Country::objects().filter(|c| c.comments.none(|c| c.text.eq("warm"))).count(db).await?, 1);
        let counted = Book::objects().annotate(|b| b.comments.count()).annotate(|(b, _)| b.likes.sum(|l| l.stars)).all(db).await?;
        assert_eq!(counted.iter().map(|(_, n, stars)| (*n, *stars)).collect::<Vec<_>>(), [(2, Some(7)), (0, None)]);
        let pairs = Person::objects().join(|p| p.comments).values(|(p, c)| (p.name, c.text)).order_by(|(_, text)| text.asc());
        assert_eq!(pairs.all(db).await?, [("Ada".to_owned(), "deep".to_owned()), ("Ada".to_owned(), "kind".to_owned())]);
        bed.log.clear();
        let people = Person::objects().prefetch(|p| p.comments.order_by(|c| c.text.desc()).limit(1)).all(db).await?;
        bed.log.assert_queries(2);
        assert_eq!((people[0].comments.get()?[0].text.as_str(), people[1].comments.get()?.len()), ("kind", 0));
        let books = Book::objects().prefetch(|b| (b.likes, b.comments)).all(db).await?;
        assert_eq!((books[0].likes.get()?.len(), texts(books[0].comments.get()?)), (2, vec!["dry", "long"]));
        assert_eq!(rows.notes.rows_of(|b| b.likes).order_by(|l| l.stars.asc()).first(db).await?.unwrap(), three);
        assert_eq!(rows.norway.rows_of(|c| c.comments).get(db).await?.text, "cold");
        // And where no field is declared.
        let all = Book::objects().filter(|b| b.reverse_via(Like::fields().of).any(|l| l.stars.gt(3))).get(db).await?;
        assert_eq!(all, rows.notes);
        let beside = Person::objects().all_with(|p| p.reverse_via(Comment::fields().about), db).await?;
        assert_eq!(beside.iter().map(|(_, comments)| comments.len()).collect::<Vec<_>>(), [2, 0]);
        Ok(())
    }

    // What is cut is asked row by row, what is whole by the keys at once: with the same answer.
    async fn a_set_that_is_cut_is_there_or_not(bed) {
        let rows = filled(&bed).await?;
        let db = &bed.db;
        Comment::draft().about(&rows.sketches).text("one").create(db).await?;
        let titles = async |condition: fn(orm::Q<Book>) -> orm::Q<Book>, cut: orm::Q<Book>| {
            let books = Book::objects().filter(|_| condition(cut)).values(|b| b.title);
            books.all(db).await
        };
        let same = |q| q;
        let not = |q: orm::Q<Book>| !q;
        let comments = || Book::fields().comments.order_by(|c| c.text.asc());
        assert_eq!(titles(same, comments().exists()).await?, ["Notes", "Sketches"]);
        assert_eq!(titles(same, comments().limit(1).exists()).await?, ["Notes", "Sketches"]);
        assert_eq!(titles(same, comments().limit(0).exists()).await?, Vec::<String>::new());
        assert_eq!(titles(not, comments().limit(0).exists()).await?, ["Notes", "Sketches"]);
        assert_eq!(titles(same, comments().offset(1).exists()).await?, ["Notes"]);
        assert_eq!(titles(not, comments().offset(1).exists()).await?, ["Sketches"]);
        assert_eq!(titles(same, comments().offset(1).limit(3).exists()).await?, ["Notes"]);
        assert_eq!(titles(same, comments().offset(2).exists()).await?, Vec::<String>::new());
        // A condition comes before the cut, wherever it is written.
        assert_eq!(titles(same, comments().filter(|c| c.text.ne("dry")).offset(1).exists()).await?, Vec::<String>::new());
        // Keys of the same kind, and of one's own.
        for of in [3, 4] {
            Like::draft().of(&rows.notes).stars(of).create(db).await?;
        }
        assert_eq!(titles(same, Book::fields().likes.offset(1).exists()).await?, ["Notes"]);
        let people = Person::objects().filter(|p| p.comments.order_by(|c| c.id.asc()).offset(1).exists());
        assert_eq!(people.values(|p| p.name).all(db).await?, ["Ada"]);
        Ok(())
    }

    async fn rows_that_one_row_leads_to(bed) {
        let rows = filled(&bed).await?;
        let db = &bed.db;
        let comment = Comment::objects().filter(|c| c.text.eq("long")).get(db).await?;
        assert_eq!(comment.rows_of(|c| c.about.of::<Book>()).filter(|b| b.title.eq("Notes")).get(db).await?, rows.notes);
        assert_eq!(comment.rows_of(|c| c.about.of::<Person>()).count(db).await?, 0);
        let mut comment = comment;
        comment.prefetch(|c| c.about, db).await?;
        assert_eq!(comment.about.get::<Book>()?, Some(&rows.notes));
        let error = Comment::objects().all_with(|c| c.about.of::<Book>(), db).await.unwrap_err();
        assert_eq!(error.code(), Code::BadQuery);
        assert!(error.message().contains("`prefetch`"), "{error}");
        Ok(())
    }
}
