//! Models of another crate: the books of `catalogue`, read by the members of a club, of which that crate knows nothing.

use crate::bed::{Bed, behaviour};
use catalogue::{Author, Book, Country, Tag};
use orm::{
    Code,
    migrate::{
        Migrator,
        engine::{self, MigrationSet, diff::Refuse},
        schema,
    },
    prelude::*,
};

mod club {
    use orm::prelude::*;

    orm::app! { pub club { Member, Review, Loan, Portrait } }

    #[derive(Model, Debug, Clone)]
    #[model(ordering(name))]
    pub struct Member {
        pub id: i64,
        #[field(max_length = 100)]
        pub name: String,
        pub country: Option<ForeignKey<catalogue::Country>>,
        pub favourites: ManyToMany<catalogue::Book>,
    }

    #[derive(Model, Debug, Clone)]
    #[model(unique(book, member))]
    pub struct Review {
        pub id: i64,
        pub stars: i32,
        #[field(on_delete = cascade)]
        pub book: ForeignKey<catalogue::Book>,
        #[field(on_delete = cascade)]
        pub member: ForeignKey<Member>,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Loan {
        pub id: i64,
        #[field(on_delete = set_null)]
        pub book: Option<ForeignKey<catalogue::Book>>,
        pub borrower: ForeignKey<Member>,
        pub lender: ForeignKey<Member>,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Portrait {
        pub id: i64,
        #[field(on_delete = protect)]
        pub author: OneToOne<catalogue::Author>,
        #[field(max_length = 50)]
        pub painter: String,
    }
}
use club::{Loan, Member, Portrait, Review};

/// Books 1 Notes and 2 Sketches by Ada, 3 Compilers by Grace, who has a portrait; Ann and Ben with their reviews:
///
/// | | Notes | Sketches | Compilers |
/// |---|---|---|---|
/// | Ann (UK) | 5 | 2 | |
/// | Ben | 4 | | 3 |
async fn filled(bed: &Bed) -> orm::Result<()> {
    let db = &bed.db;
    orm::migrate::create_tables(db, &[catalogue::catalogue(), club::club()]).await?;
    let uk = Country::draft().code("UK").name("Britain").create(db).await?;
    let author = |name: &'static str| Author::draft().name(name).country(&uk);
    let (ada, grace) = (author("Ada").create(db).await?, author("Grace").create(db).await?);
    let book = |title: &'static str, author: &Author| Book::draft().title(title).author(author);
    let notes = book("Notes", &ada).create(db).await?;
    let sketches = book("Sketches", &ada).create(db).await?;
    let compilers = book("Compilers", &grace).create(db).await?;
    Portrait::draft().author(&grace).painter("Anonymous").create(db).await?;
    let ann = Member::draft().name("Ann").country(&uk).create(db).await?;
    let ben = Member::draft().name("Ben").create(db).await?;
    let review = |book: &Book, member: &Member, stars: i32| Review::draft().book(book).member(member).stars(stars);
    let reviews =
        [review(&notes, &ann, 5), review(&sketches, &ann, 2), review(&notes, &ben, 4), review(&compilers, &ben, 3)];
    Review::objects().bulk_insert(reviews, db).await?;
    ann.many(|m| m.favourites).add([&notes, &compilers], db).await?;
    Loan::draft().book(&notes).borrower(&ann).lender(&ben).create(db).await?;
    bed.log.clear();
    Ok(())
}

fn titles(books: &[Book]) -> Vec<&str> {
    books.iter().map(|book| book.title.as_str()).collect()
}

behaviour! {
    async fn relations_lead_into_another_crate(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let reviews = Review::objects()
            .filter(|r| r.book.author.name.eq("Ada") & r.member.country.code.eq("UK"))
            .select_related(|r| (r.book.author, r.member.country))
            .order_by(|r| r.stars.desc());
        let reviews = reviews.all(db).await?;
        bed.log.assert_queries(1);
        assert_eq!(reviews.iter().map(|review| review.stars).collect::<Vec<_>>(), [5, 2]);
        assert_eq!(reviews[0].book.get()?.author.get()?.name, "Ada");
        assert_eq!(reviews[0].member.get()?.country.as_ref().unwrap().get()?.name, "Britain");

        let members = Member::objects().prefetch(|m| m.favourites.order_by(|b| b.title.asc()).prefetch(|b| b.tags)).all(db).await?;
        assert_eq!(titles(members[0].favourites.get()?), ["Compilers", "Notes"]);
        assert!(members[1].favourites.get()?.is_empty());
        let portrait = Portrait::objects().filter(|p| p.author.born.is_null()).select_related(|p| p.author).get(db).await?;
        assert_eq!(portrait.author.get()?.name, "Grace");
        Ok(())
    }

    async fn reverse_sides_by_type_are_sets(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let loved = Book::objects().filter(|b| b.reverse::<Review>().any(|r| r.stars.gte(4))).all(db).await?;
        assert_eq!(titles(&loved), ["Notes"]);
        let unloved = Book::objects().exclude(|b| b.reverse::<Review>().any(|r| r.stars.gte(3)));
        assert_eq!(titles(&unloved.all(db).await?), ["Sketches"]);
        let without = Book::objects().filter(|b| b.reverse::<Review>().none(|r| r.member.name.eq("Ben")));
        assert_eq!(titles(&without.all(db).await?), ["Sketches"]);
        let all = Book::objects().filter(|b| b.reverse::<Review>().all(|r| r.stars.gt(3))).all(db).await?;
        assert_eq!(titles(&all), ["Notes"]);

        let numbers = Book::objects()
            .annotate(|b| {
                let reviews = b.reverse::<Review>();
                (reviews.count(), reviews.filter(|r| r.stars.gt(4)).count(), reviews.max(|r| r.stars), reviews.avg(|r| r.stars))
            })
            .order_by(|(b, ..)| b.id.asc())
            .all(db)
            .await?;
        let numbers: Vec<_> = numbers.into_iter().map(|(_, n, best, max, mean)| (n, best, max, mean)).collect();
        assert_eq!(numbers, [(2, 1, Some(5), Some(4.5)), (1, 0, Some(2), Some(2.0)), (1, 0, Some(3), Some(3.0))]);

        // Along a path, and inside a set.
        let members = Loan::objects().filter(|l| l.borrower.reverse::<Review>().count().eq(2) & l.book.reverse::<Review>().exists());
        assert_eq!(members.count(db).await?, 1);
        let authors = Author::objects().filter(|a| a.books.any(|b| b.reverse::<Review>().any(|r| r.stars.lt(3))));
        assert_eq!(authors.get(db).await?.name, "Ada");
        let painted = Author::objects().filter(|a| a.reverse::<Portrait>().any(|p| p.painter.eq("Anonymous")));
        assert_eq!(painted.get(db).await?.name, "Grace");
        let pairs = Book::objects().left_join(|b| b.reverse::<Review>()).order_by(|(b, r)| (b.id.asc(), r.stars.asc()));
        let pairs: Vec<_> = pairs.all(db).await?.into_iter().map(|(b, r)| (b.id, r.map(|r| r.stars))).collect();
        assert_eq!(pairs, [(1, Some(4)), (1, Some(5)), (2, Some(2)), (3, Some(3))]);
        Ok(())
    }

    async fn several_keys_are_told_apart_by_name(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let borrowers = Member::objects().filter(|m| m.reverse_via(Loan::fields().borrower).exists());
        assert_eq!(borrowers.get(db).await?.name, "Ann");
        let lenders = Member::objects().filter(|m| m.reverse_via(Loan::fields().lender).exists());
        assert_eq!(lenders.get(db).await?.name, "Ben");
        let ben = Member::objects().filter(|m| m.name.eq("Ben")).get(db).await?;
        assert_eq!(ben.rows_of(|m| m.reverse_via(Loan::fields().lender)).count(db).await?, 1);
        assert_eq!(ben.rows_of(|m| m.reverse_via(Loan::fields().borrower)).count(db).await?, 0);
        // A relation that can be NULL points here as well.
        assert_eq!(Book::objects().filter(|b| b.reverse::<Loan>().exists()).get(db).await?.title, "Notes");
        Ok(())
    }

    async fn reverse_rows_come_beside_their_owners(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let reviewed: Vec<(Book, Vec<Review>)> = Book::objects()
            .select_related(|b| b.author)
            .order_by(|b| b.id.asc())
            .all_with(|b| b.reverse::<Review>().order_by(|r| r.stars.asc()).select_related(|r| r.member), db)
            .await?;
        bed.log.assert_queries(2);
        let stars = |at: usize| reviewed[at].1.iter().map(|review| review.stars).collect::<Vec<_>>();
        assert_eq!((stars(0), stars(1), stars(2)), (vec![4, 5], vec![2], vec![3]));
        assert_eq!(reviewed[0].1[1].member.get()?.name, "Ann");
        assert!(reviewed[0].0.author.is_loaded());

        let best = Book::objects().all_with(|b| b.reverse::<Review>().order_by(|r| r.stars.desc()).limit(1), db).await?;
        assert!(best.iter().all(|(_, reviews)| reviews.len() == 1));
        let tagged = Book::objects().all_with(|b| b.tags, db).await?;
        assert!(tagged.iter().all(|(_, tags): &(Book, Vec<Tag>)| tags.is_empty()));
        let none = Book::objects().filter(|b| b.id.eq(99)).all_with(|b| b.reverse::<Review>(), db).await?;
        assert!(none.is_empty());
        let far = Review::objects().all_with(|r| r.book.reverse::<Loan>(), db).await.unwrap_err();
        assert_eq!(far.code(), Code::BadQuery);
        Ok(())
    }

    async fn reverse_rows_of_a_row_are_read_and_changed(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let notes = Book::get(1, db).await?;
        let reviews = notes.rows_of(|b| b.reverse::<Review>()).filter(|r| r.stars.gt(4));
        assert_eq!(reviews.count(db).await?, 1);
        assert_eq!(notes.many(|b| b.reverse::<Loan>()).clear(db).await?, 1);
        assert_eq!(Loan::objects().filter(|l| l.book.is_null()).count(db).await?, 1);
        let loan = Loan::objects().get(db).await?;
        assert_eq!(notes.many(|b| b.reverse::<Loan>()).add([&loan], db).await?, 1);
        assert_eq!(Loan::objects().get(db).await?.book.unwrap().key(), &1);
        Ok(())
    }

    async fn deletion_keeps_what_another_crate_says(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let protected = Author::get(2, db).await?.delete(db).await.unwrap_err();
        assert_eq!(protected.code(), Code::Protected);
        assert_eq!((Author::objects().count(db).await?, Book::objects().count(db).await?), (2, 3));

        let gone = Book::get(1, db).await?.delete(db).await?;
        let counts: Vec<(&str, u64)> = gone.per_model.iter().map(|(model, n)| (model.as_str(), *n)).collect();
        assert_eq!(counts, [("catalogue.Book", 1), ("club.Member_favourites", 1), ("club.Review", 2)]);
        assert!(Loan::objects().get(db).await?.book.is_none());
        let restricted = Country::get(1, db).await?.delete(db).await.unwrap_err();
        assert_eq!(restricted.code(), Code::Protected);
        Ok(())
    }

    async fn applications_migrate_in_the_order_of_their_keys(bed) {
        let failed = |error: engine::Error| orm::Error::new(Code::Migration, error.to_string());
        // Whatever the order in which the project names them.
        let wanted = schema(&[club::club(), catalogue::catalogue()])?;
        let mut set = MigrationSet::default();
        for migration in engine::autodetect(&set, &wanted, &mut Refuse).map_err(failed)? {
            set.add(migration).map_err(failed)?;
        }
        let db = &bed.db;
        let run = Migrator::with_set(set).run(db).await?;
        let apps: Vec<&str> = run.iter().map(|(migration, _)| migration.app.as_str()).collect();
        assert_eq!(apps, ["catalogue", "club"]);
        let uk = Country::draft().code("UK").name("Britain").create(db).await?;
        Member::draft().name("Ann").country(&uk).create(db).await?;
        let error = Member::draft().name("Bob").country(99).create(db).await.unwrap_err();
        assert_eq!(error.code(), Code::ForeignKeyViolation);
        Ok(())
    }
}
