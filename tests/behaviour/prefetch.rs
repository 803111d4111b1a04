//! Related rows: loaded by one more query per relation, and hung where they belong.

use crate::{bed::behaviour, shop::*};
use orm::{Code, prelude::*};

behaviour! {
    async fn one_query_per_relation(bed) {
        filled(&bed).await?;
        let people = Person::objects()
            .order_by(|p| p.id.asc())
            .prefetch(|p| (p.written.order_by(|b| b.id.asc()), p.edited, p.country, p.mentor, p.profile, p.pupils, p.orders))
            .all(&bed.db).await?;
        bed.log.assert_queries(8);
        assert_eq!(written(&people[0])?, ["Notes", "Sketch\\[a*b?"]);
        assert_eq!(written(&people[1])?, ["Compilers", "COBOL 100%"]);
        assert!(written(&people[3])?.is_empty());
        assert_eq!(people[0].edited.get()?.len(), 2);
        assert_eq!(people[2].country.as_ref().unwrap().get()?.name, "France");
        assert!(people[3].country.is_none());
        assert_eq!(people[1].mentor.as_ref().unwrap().get()?.name, "Ada");
        assert_eq!(people[1].profile.get()?.unwrap().bio, "admiral");
        assert!(people[2].profile.get()?.is_none());
        assert_eq!(people[0].pupils.get()?[0].name, "Grace");
        assert_eq!(people[2].orders.get()?.len(), 2);
        Ok(())
    }

    async fn some_rows_of_each_from_a_place_on(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let people = Person::objects().order_by(|p| p.id.asc()).prefetch(|p| p.written.order_by(|b| b.id.asc()).offset(1).limit(1)).all(db).await?;
        assert_eq!(people.iter().map(|p| written(p).unwrap().len()).collect::<Vec<_>>(), [1, 1, 0, 0]);
        assert_eq!(written(&people[1])?, ["COBOL 100%"]);
        // After what is cut off already.
        let people = Person::objects().order_by(|p| p.id.asc()).prefetch(|p| p.written.order_by(|b| b.id.asc()).limit(1).offset(1)).all(db).await?;
        assert!(people.iter().all(|p| written(p).unwrap().is_empty()));
        let second = Person::objects().order_by(|p| p.id.asc()).values(|p| p.written.order_by(|b| b.id.asc()).offset(1).scalar(|b| b.title));
        assert_eq!(second.limit(3).all(db).await?, [Some("Sketch\\[a*b?".to_owned()), Some("COBOL 100%".to_owned()), None]);
        let more = Person::objects().filter(|p| p.written.offset(1).exists()).order_by(|p| p.id.asc()).values(|p| p.id);
        assert_eq!(more.all(db).await?, [1, 2]);
        // Through a model between.
        let tagged = Book::objects().order_by(|b| b.id.asc()).prefetch(|b| b.tags.order_by(|t| t.slug.asc()).offset(1)).all(db).await?;
        let whole = Book::objects().order_by(|b| b.id.asc()).prefetch(|b| b.tags.order_by(|t| t.slug.asc())).all(db).await?;
        for (some, all) in tagged.iter().zip(&whole) {
            let slugs = |book: &Book| book.tags.get().unwrap().iter().map(|tag| tag.slug.clone()).collect::<Vec<_>>();
            assert_eq!(slugs(some), slugs(all).into_iter().skip(1).collect::<Vec<_>>());
        }
        Ok(())
    }

    async fn several_lists_beside_each_row(bed) {
        filled(&bed).await?;
        let people = Person::objects().order_by(|p| p.id.asc());
        let rows: Vec<(Person, Vec<Book>, Vec<Book>, Vec<Person>)> = people
            .all_with(|p| (p.written.filter(|b| b.active).order_by(|b| b.id.asc()), p.written.filter(|b| !b.active).prefetch(|b| b.tags), p.pupils), &bed.db)
            .await?;
        bed.log.assert_queries(5);
        for (person, active, others, pupils) in &rows {
            let all = Book::objects().filter(|b| b.author.eq(person)).count(&bed.db).await?;
            assert_eq!((active.len() + others.len()) as u64, all as u64);
            assert!(active.iter().all(|b| b.active) && others.iter().all(|b| !b.active && b.tags.is_loaded()));
            assert!(pupils.iter().all(|pupil| pupil.mentor.as_ref().unwrap().key() == &person.id));
        }
        assert_eq!(rows[0].3[0].name, "Grace");
        Ok(())
    }

    async fn values_beside_each_of_the_rows(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let people = Person::objects().order_by(|p| p.id.asc());
        let rows: Vec<(Person, Vec<(Book, i64, bool)>, Vec<Person>)> = people
            .all_with(|p| {
                let some = p.written.order_by(|b| b.id.asc()).limit(1).select_related(|b| b.editor).prefetch(|b| b.tags);
                (some.annotate(|b| (b.tags.count(), b.editor.name.is_null())), p.pupils)
            }, db)
            .await?;
        bed.log.assert_queries(4);
        for (person, books, _) in &rows {
            let first = Book::objects().filter(|b| b.author.eq(person)).order_by(|b| b.id.asc()).first(db).await?;
            assert_eq!(books.first().map(|(book, ..)| book.id), first.map(|book| book.id));
            for (book, tags, alone) in books {
                assert_eq!((book.tags.get()?.len() as i64, book.editor.is_none()), (*tags, *alone));
                assert!(book.editor.as_ref().is_none_or(|editor| editor.is_loaded()));
            }
        }
        assert_eq!(rows.iter().map(|(_, books, _)| books.len()).collect::<Vec<_>>(), [1, 1, 1, 0]);
        // Through a model between, whose columns come behind the values.
        let tagged = Book::objects().order_by(|b| b.id.asc());
        let tagged = tagged.all_with(|b| b.tags.order_by(|t| t.slug.asc()).annotate(|t| t.slug.upper()), db).await?;
        let whole = Book::objects().order_by(|b| b.id.asc()).prefetch(|b| b.tags.order_by(|t| t.slug.asc())).all(db).await?;
        for ((book, tags), whole) in tagged.iter().zip(&whole) {
            let upper: Vec<String> = whole.tags.get()?.iter().map(|tag| tag.slug.to_uppercase()).collect();
            assert_eq!((book.id, tags.iter().map(|(_, slug)| slug.clone()).collect::<Vec<_>>()), (whole.id, upper));
        }
        assert!(tagged.iter().any(|(_, tags)| tags.len() > 1));
        Ok(())
    }

    async fn nothing_is_asked_for_no_rows(bed) {
        filled(&bed).await?;
        let none = Person::objects().filter(|p| p.id.eq(99)).prefetch(|p| p.written.prefetch(|b| b.tags)).all(&bed.db).await?;
        assert!(none.is_empty());
        bed.log.assert_queries(1);
        bed.log.clear();
        let lonely = Person::objects().filter(|p| p.id.eq(4)).prefetch(|p| (p.country, p.written.prefetch(|b| b.tags))).get(&bed.db).await?;
        assert!(lonely.written.get()?.is_empty());
        bed.log.assert_queries(2);
        Ok(())
    }

    async fn rows_hang_under_the_row_they_belong_to(bed) {
        filled(&bed).await?;
        let books = Book::objects().order_by(|b| b.id.asc()).prefetch(|b| (b.author.written, b.author.country, b.editor.profile)).all(&bed.db).await?;
        bed.log.assert_queries(6);
        assert_eq!(written(books[1].author.get()?)?.len(), 2);
        assert_eq!(books[0].author.get()?.country.as_ref().unwrap().get()?.code, "UK");
        assert!(books[0].editor.is_none());
        assert_eq!(books[1].editor.as_ref().unwrap().get()?.profile.get()?.unwrap().bio, "first");
        bed.log.clear();
        // What `select_related` has loaded is not loaded again, and stays.
        let books = Book::objects().order_by(|b| b.id.asc())
            .select_related(|b| (b.author.country, b.editor))
            .prefetch(|b| (b.author.written.filter(|w| w.active), b.editor.country))
            .all(&bed.db).await?;
        bed.log.assert_queries(3);
        assert_eq!(written(books[4].author.get()?)?, ["Notes"]);
        assert_eq!(books[4].author.get()?.country.as_ref().unwrap().get()?.name, "Britain");
        assert_eq!(books[3].editor.as_ref().unwrap().get()?.country.as_ref().unwrap().get()?.code, "US");
        Ok(())
    }

    async fn many_to_many_with_and_without_a_model_between(bed) {
        filled(&bed).await?;
        let orders = Order::objects().order_by(|o| o.id.asc())
            .prefetch(|o| (o.books.order_by(|b| b.title.asc()).prefetch(|b| b.tags), o.lines.select_related(|l| l.book), o.customer))
            .all(&bed.db).await?;
        bed.log.assert_queries(5);
        assert_eq!(titles(orders[0].books.get()?), ["Compilers", "Notes"]);
        assert_eq!(titles(orders[1].books.get()?), ["Notes"]);
        assert!(orders[2].books.get()?.is_empty());
        let tags: Vec<_> = orders[1].books.get()?[0].tags.get()?.iter().map(|tag| tag.slug.as_str()).collect();
        assert_eq!(tags, ["maths", "old"]);
        assert_eq!(orders[0].lines.get()?[0].book.get()?.price, dec("12.50"));
        assert_eq!(orders[0].customer.get()?.name, "Émile");
        Ok(())
    }

    async fn a_limit_counts_for_each_row(bed) {
        filled(&bed).await?;
        let people = Person::objects().order_by(|p| p.id.asc())
            .prefetch(|p| p.written.order_by(|b| b.price.desc()).limit(1).prefetch(|b| b.tags.limit(1)))
            .all(&bed.db).await?;
        bed.log.assert_queries(3);
        assert_eq!(written(&people[0])?, ["Notes"]);
        assert_eq!(written(&people[1])?, ["Compilers"]);
        assert_eq!(written(&people[2])?, ["émile_x"]);
        assert_eq!(people[0].written.get()?[0].tags.get()?[0].slug, "maths");
        assert_eq!(people[0].written.get()?[0].tags.get()?.len(), 1);
        let unrated_last = Person::objects().filter(|p| p.id.eq(1)).prefetch(|p| p.written.order_by(|b| b.rating.asc()).limit(1)).get(&bed.db).await?;
        assert_eq!(written(&unrated_last)?, ["Notes"]);
        Ok(())
    }

    async fn one_relation_has_one_list(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let people = || Person::objects().filter(|p| p.id.eq(1));
        // Named twice, or on the way to another: one list, and all that is below.
        let ada = people().prefetch(|p| p.written.filter(|b| b.active).prefetch(|b| b.tags)).prefetch(|p| p.written.filter(|b| b.active).prefetch(|b| b.lines)).get(db).await?;
        bed.log.assert_queries(4);
        assert_eq!((written(&ada)?, ada.written.get()?[0].tags.get()?.len(), ada.written.get()?[0].lines.get()?.len()), (vec!["Notes"], 2, 2));
        bed.log.clear();
        Book::objects().prefetch(|b| (b.author.country, b.author, b.author.written)).all(db).await?;
        bed.log.assert_queries(4);
        bed.log.clear();
        let mut ada = people().get(db).await?;
        bed.log.clear();
        let refused = [
            people().prefetch(|p| (p.written.filter(|b| b.active), p.written.filter(|b| !b.active))).all(db).await.map(drop),
            people().prefetch(|p| p.written).prefetch(|p| p.written.limit(1)).all(db).await.map(drop),
            people().prefetch(|p| (p.written.order_by(|b| b.id.asc()), p.written.order_by(|b| b.id.desc()))).get(db).await.map(drop),
            people().prefetch(|p| (p.written.select_related(|b| b.editor), p.written)).first(db).await.map(drop),
            people().prefetch(|p| (p.written.prefetch(|b| b.tags), p.written.prefetch(|b| b.tags.limit(1)))).page(1, 5, db).await.map(drop),
            Book::objects().prefetch(|b| (b.author.written, b.author.written.filter(|b| b.active))).all(db).await.map(drop),
            people().all_with(|p| p.written.prefetch(|b| (b.tags, b.tags.limit(1))), db).await.map(drop),
            ada.prefetch(|p| (p.written, p.written.filter(|b| b.active)), db).await,
        ];
        for refused in refused {
            let error = refused.unwrap_err();
            assert_eq!(error.code(), Code::BadQuery, "{error}");
            assert!(error.message().contains("` is prefetched twice") && error.message().contains(".all_with("), "{error}");
        }
        bed.log.assert_queries(0);
        let mut stream = people().prefetch(|p| (p.written, p.written.limit(1))).stream(db);
        assert!(stream.try_next().await.is_err());
        Ok(())
    }

    async fn rows_of_annotated_and_joined_queries(bed) {
        filled(&bed).await?;
        let people = Person::objects().annotate(|p| p.written.count()).order_by(|(p, _)| p.id.asc())
            .prefetch(|p| p.written).all(&bed.db).await?;
        for (person, count) in &people {
            assert_eq!(person.written.get()?.len() as i64, *count);
        }
        let pairs = Person::objects().join(|p| p.written).prefetch(|p| p.country).order_by(|(_, b)| b.id.asc()).all(&bed.db).await?;
        assert_eq!(pairs.len(), 5);
        assert_eq!(pairs[4].0.country.as_ref().unwrap().get()?.code, "UK");
        Ok(())
    }

    async fn rows_that_one_has(bed) {
        filled(&bed).await?;
        let mut people = Person::objects().order_by(|p| p.id.asc()).all(&bed.db).await?;
        orm::prefetch_all(&mut people, |p| (p.written, p.country), &bed.db).await?;
        assert_eq!(people[1].written.get()?.len(), 2);
        let ada = &mut people[0];
        ada.prefetch(|p| p.written.filter(|b| b.active), &bed.db).await?;
        assert_eq!(written(ada)?, ["Notes"]);
        let mut books = Book::objects().select_related(|b| b.author.country).order_by(|b| b.id.asc()).all(&bed.db).await?;
        bed.log.clear();
        orm::prefetch_all(&mut books, |b| b.author.written, &bed.db).await?;
        bed.log.assert_queries(1);
        assert_eq!(books[0].author.get()?.written.get()?.len(), 2);
        assert_eq!(books[0].author.get()?.country.as_ref().unwrap().get()?.code, "UK");
        // When it fails the rows are as they were.
        bed.log.fail_before(0);
        assert!(orm::prefetch_all(&mut books, |b| b.author.edited, &bed.db).await.is_err());
        assert_eq!(books[0].author.get()?.written.get()?.len(), 2);
        // A copy of the related row that is held elsewhere is left alone.
        let held = books.clone();
        orm::prefetch_all(&mut books, |b| b.author.edited, &bed.db).await?;
        assert_eq!(books[0].author.get()?.edited.get()?.len(), 2);
        assert!(held[0].author.get()?.edited.get().is_err());
        Ok(())
    }

    async fn from_one_row_to_others(bed) {
        filled(&bed).await?;
        let ada = Person::get(1, &bed.db).await?;
        let active = ada.rows_of(|p| p.written).filter(|b| b.active).all(&bed.db).await?;
        assert_eq!(titles(&active), ["Notes"]);
        let book = Book::get(3, &bed.db).await?;
        assert_eq!(book.rows_of(|b| b.tags).order_by(|t| t.slug.desc()).values(|t| t.slug).all(&bed.db).await?, ["old", "code"]);
        assert_eq!(book.author.fetch(&bed.db).await?.name, "Grace");
        assert_eq!(book.rows_of(|b| b.author).get(&bed.db).await?.name, "Grace");
        assert!(!book.rows_of(|b| b.editor).exists(&bed.db).await?);
        let order = Order::get(order_id(1), &bed.db).await?;
        assert_eq!(order.rows_of(|o| o.books.filter(|b| b.stock.gt(0))).count(&bed.db).await?, 1);
        Ok(())
    }

    async fn what_is_not_loaded_says_so(bed) {
        filled(&bed).await?;
        let book = Book::get(2, &bed.db).await?;
        let error = book.author.get().unwrap_err();
        assert_eq!((error.code(), error.message()), (Code::NotLoaded, "`author` of this `Book` was not loaded"));
        assert_eq!(error.hint(), Some("add `.select_related(|b| b.author)` to the query, or load it with `.author.fetch(&db)`"));
        assert!(book.editor.unwrap().get().unwrap_err().message().contains("`editor` of this `Book`"));
        assert!(book.tags.get().unwrap_err().hint().unwrap().contains(".prefetch(|b| b.tags)"));
        let pair = Person::objects().filter(|p| p.id.eq(2)).join(|p| p.written).first(&bed.db).await?.unwrap();
        assert!(pair.1.lines.get().unwrap_err().message().contains("`lines` of this `Book`"));
        assert!(pair.0.profile.get().unwrap_err().message().contains("`profile` of this `Person`"));
        Ok(())
    }
}

mod nowhere {
    use super::*;

    orm::app! { pub nowhere { Land, Town, House } }

    #[derive(Model, Debug, Clone)]
    pub struct Land {
        pub id: i64,
        #[field(max_length = 20)]
        pub name: String,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Town {
        pub id: i64,
        #[field(max_length = 20)]
        pub name: String,
        #[field(db_constraint = false, on_delete = do_nothing)]
        pub land: ForeignKey<Land>,
    }

    #[derive(Model, Debug, Clone)]
    pub struct House {
        pub id: i64,
        #[field(db_constraint = false, on_delete = do_nothing)]
        pub town: ForeignKey<Town>,
        #[field(db_constraint = false, on_delete = do_nothing)]
        pub second: Option<ForeignKey<Town>>,
    }

    /// What is said of a key that leads nowhere.
    fn said<T: std::fmt::Debug>(row: orm::Result<T>, field: &str) {
        let error = row.unwrap_err();
        assert_eq!((error.code(), error.fields()), (Code::NotFound, &[field.to_owned()][..]), "{error}");
        assert!(
            error.message().starts_with(&format!("`{field}` of this `"))
                && error.unredacted().is_some_and(|key| key.contains("99")),
            "{error}"
        );
        assert!(!error.hint().unwrap_or_default().contains("prefetch"), "{error}");
    }

    behaviour! {
        async fn keys_that_lead_nowhere(bed) {
            orm::migrate::create_tables(&bed.db, &[nowhere()]).await?;
            let db = &bed.db;
            let land = Land::draft().name("Here").create(db).await?;
            let town = Town::draft().name("Near").land(&land).create(db).await?;
            let lost = Town::draft().name("Far").land(ForeignKey::to(99)).create(db).await?;
            House::draft().town(&town).second(Some(ForeignKey::to(99))).create(db).await?;
            House::draft().town(&lost).create(db).await?;
            House::draft().town(ForeignKey::to(99)).second(Some(&town)).create(db).await?;
            let all = House::objects().order_by(|h| h.id.asc());
            let beside = all.clone().select_related(|h| (h.town.land, h.second)).all(db).await?;
            let after = all.prefetch(|h| (h.town.land, h.second)).all(db).await?;
            for houses in [beside, after] {
                assert_eq!(houses.len(), 3);
                assert_eq!(houses[0].town.get()?.land.get()?.name, "Here");
                said(houses[0].second.as_ref().unwrap().get(), "second");
                said(houses[1].town.get()?.land.get(), "land");
                assert!(houses[1].second.is_none());
                said(houses[2].town.get(), "town");
                assert_eq!(houses[2].second.as_ref().unwrap().get()?.name, "Near");
                assert!(houses[2].town.get().optional()?.is_none());
            }
            // What was not asked for is said to be that.
            let plain = House::objects().first(db).await?.unwrap();
            assert_eq!(plain.town.get().unwrap_err().code(), Code::NotLoaded);
            // By name the same rows stay, and conditions and values join them as they do in the typed form.
            let catalog = orm::dynamic::Catalog::new().app(nowhere());
            let named = || orm::dynamic::Query::of("nowhere.House").order_by(["id"]);
            let whole = named().select_related(["town__land", "second"]);
            let rows = serde_json::to_value(catalog.check(&whole)?.all(db).await?).unwrap();
            let names = |at: usize| ["town__name", "town__land__name", "second__name"].map(|name| rows[at][name].as_str());
            assert_eq!(names(0), [Some("Near"), Some("Here"), None]);
            assert_eq!(names(1), [Some("Far"), None, None]);
            assert_eq!(names(2), [None, None, Some("Near")]);
            let key = rows[2].as_object().unwrap().iter().find(|(name, _)| name.starts_with("town") && !name.contains("__"));
            assert_eq!((key.unwrap().1, rows.as_array().unwrap().len()), (&serde_json::json!(99), 3));
            assert_eq!(catalog.check(&whole)?.count(db).await?, 3);
            let kept = named().select_related(["town"]).filter("town__name", "Near");
            assert_eq!(catalog.check(&kept)?.all(db).await?.len(), 1);
            // A window that is filtered by, and the first of rows that are alike, leave them where they are.
            let place = orm::dynamic::call("row_number", []).over(orm::dynamic::Window::new().order_by(["id"]));
            let placed = named().select_related(["town__land", "second"]).annotate("place", place).filter("place__gte", 2);
            let rows = serde_json::to_value(catalog.check(&placed)?.all(db).await?).unwrap();
            let names = |at: usize| ["town__name", "town__land__name", "second__name"].map(|name| rows[at][name].as_str());
            assert_eq!((names(0), names(1), rows.as_array().unwrap().len()), ([Some("Far"), None, None], [None, None, Some("Near")], 2));
            let first = named().select_related(["town"]).distinct_on(["town_id"]);
            assert_eq!(catalog.check(&first)?.all(db).await?.len(), 3);
            let cut = named().select_related(["town"]).limit(3).filter("id__gte", 1);
            assert_eq!(catalog.check(&cut)?.all(db).await?.len(), 3);
            let values = named().select_related(["town"]).values(["town__name"]);
            assert_eq!(catalog.check(&values)?.all(db).await?.len(), 2);
            assert_eq!(House::objects().values(|h| h.town.name).all(db).await?.len(), 2);
            Ok(())
        }
    }
}
