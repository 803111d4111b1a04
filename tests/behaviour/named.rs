//! Rows of structs, functions that are declared, plans, and locks of related rows.

use crate::{
    bed::{Backend, behaviour},
    shop::*,
};
use orm::{Code, Dialect, Explain, prelude::*, value};

#[derive(Row, Debug, Clone, PartialEq)]
#[row(model = Book)]
struct Card {
    title: String,
    price: Decimal,
    published: Option<NaiveDate>,
    #[row(|b| b.author.name)]
    author: String,
    #[row(|b| b.editor.name)]
    editor: Option<String>,
    #[row(|b| b.tags.count())]
    tags: i64,
    #[row(|b| b.price.gt(10))]
    dear: bool,
}

#[derive(Row, Debug, PartialEq)]
struct Sales {
    author: String,
    books: i64,
    stock: Option<i64>,
}

#[derive(Row, Debug)]
struct Owner {
    person: Person,
    books: i64,
    dearest: Option<Decimal>,
}

#[derive(Row, Debug, PartialEq)]
struct Step {
    id: i64,
    depth: i64,
    r#type: String,
}

orm::sql_function! {
    /// Where a part begins, from 1; 0 where it does not.
    fn place_of(text: String, part: String) -> i64 = { sqlite: "instr", postgres: "strpos", mysql: "instr" };
    fn upper_case(text: String) -> String = "upper";
    fn only_postgres(text: String) -> String = { postgres: "pg_catalog.initcap" };
    fn largest(value: i64) -> orm::AggregateOf<Option<i64>> = "max";
    fn number_of(value: i64) -> orm::AggregateOf<i64> = "count";
    fn text_of_all(text: String) -> orm::AggregateOf<Option<String>> = { mysql: "group_concat", sqlite: "group_concat" };
}

behaviour! {
    async fn rows_by_a_unique_field(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let tags = Tag::objects().in_bulk_by(|t| t.slug, ["code", "maths", "none"], db).await?;
        let mut slugs: Vec<_> = tags.into_iter().map(|(slug, tag)| (slug, tag.id)).collect();
        slugs.sort();
        assert_eq!(slugs, [("code".to_owned(), 3), ("maths".to_owned(), 1)]);
        let some = Tag::objects().filter(|t| t.id.gt(1)).in_bulk_by(|t| t.slug, vec!["code".to_owned(), "maths".to_owned()], db).await?;
        assert_eq!(some.keys().collect::<Vec<_>>(), ["code"]);
        assert_eq!(Person::objects().in_bulk_by(|p| p.id, [1, 2, 99], db).await?[&2].name, "Grace");
        bed.log.clear();
        assert!(Tag::objects().in_bulk_by(|t| t.slug, Vec::<String>::new(), db).await?.is_empty());
        let ambiguous = Person::objects().in_bulk_by(|p| p.name, ["Ada"], db).await.unwrap_err();
        assert_eq!(ambiguous.code(), Code::BadQuery);
        bed.log.assert_queries(0);
        Ok(())
    }

    async fn plans_for_programs(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let book = || Book::objects().filter(|b| b.author.name.eq("Ada"));
        let plan = book().explain_with(orm::Explain::new().json(), db).await;
        if db.dialect() == orm::Dialect::Sqlite {
            assert_eq!(plan.unwrap_err().code(), Code::Unsupported);
            return Ok(());
        }
        let plan: serde_json::Value = serde_json::from_str(&plan?.to_string()).unwrap();
        assert!(plan.to_string().contains("shop_book") || plan.to_string().contains("book"), "{plan}");
        let measured = book().explain_with(orm::Explain::new().json().analyze(), db).await?;
        serde_json::from_str::<serde_json::Value>(&measured.to_string()).unwrap();
        Ok(())
    }

    async fn values_by_name(bed) {
        filled(&bed).await?;
        let cards = Book::objects().order_by(|b| b.id.asc()).values_as::<Card>().all(&bed.db).await?;
        let compilers = Card {
            title: "Compilers".to_owned(),
            price: dec("40.00"),
            published: Some(day(1952, 5, 2)),
            author: "Grace".to_owned(),
            editor: Some("Ada".to_owned()),
            tags: 1,
            dear: true,
        };
        assert_eq!((cards.len(), &cards[1]), (5, &compilers));
        assert_eq!((cards[0].editor.as_deref(), cards[3].published, cards[3].dear), (None, None, false));
        // Only what is named is read.
        let sql = Book::objects().values_as::<Card>().to_sql(bed.db.dialect())?;
        assert!(!sql.contains("stock") && !sql.contains("rating"), "{sql}");
        // What comes after sees the names.
        let tagged = Book::objects().values_as::<Card>().filter(|card| card.tags.gte(1) & card.author.ne("Grace")).order_by(|card| card.price.desc());
        assert_eq!(tagged.clone().all(&bed.db).await?.iter().map(|card| card.title.as_str()).collect::<Vec<_>>(), ["Notes", "Sketch\\[a*b?"]);
        assert_eq!((tagged.clone().count(&bed.db).await?, tagged.clone().limit(1).get(&bed.db).await?.title.as_str()), (2, "Notes"));
        assert_eq!(tagged.clone().values(|card| (card.title.length(), card.tags)).all(&bed.db).await?, [(5, 2), (12, 1)]);
        assert_eq!(tagged.clone().page_after(None, 1, &bed.db).await?.rows[0].tags, 2);
        let both = tagged.union(Book::objects().filter(|b| b.id.eq(2)).values_as::<Card>());
        assert_eq!(both.filter(|card| card.dear).order_by(|card| card.title.asc()).all(&bed.db).await?[0], compilers);
        assert_eq!(Book::objects().none().values_as::<Card>().all(&bed.db).await?, []);
        assert_eq!(Book::objects().filter(|b| b.id.eq(99)).values_as::<Card>().get(&bed.db).await.unwrap_err().code(), Code::NotFound);
        Ok(())
    }

    async fn groups_and_aggregates_by_name(bed) {
        filled(&bed).await?;
        let sales = Book::objects()
            .group_by(|b| b.author.name)
            .annotate(|b| (count(), b.stock.sum()))
            .values(|(author, books, stock)| SalesFields { stock, author, books })
            .filter(|sales| sales.books.gt(1))
            .order_by(|sales| sales.author.asc());
        let row = |author: &str, books, stock| Sales { author: author.to_owned(), books, stock };
        assert_eq!(sales.all(&bed.db).await?, [row("Ada", 2, Some(10)), row("Grace", 2, Some(7))]);
        let all = Book::objects().aggregate(|b| SalesFields { author: b.author.name.max().or(""), books: count(), stock: b.stock.sum() });
        assert_eq!(all.get(&bed.db).await?.books, 5);
        // A tuple gets names; the first of them may be a whole row, with what hangs on it.
        let owners = Person::objects()
            .select_related(|p| p.country)
            .prefetch(|p| p.written)
            .annotate(|p| (p.written.count(), p.written.max(|b| b.price)))
            .named::<Owner>()
            .filter(|owner| owner.books.gt(0) & owner.person.country.name.ne("France"))
            .order_by(|owner| (owner.dearest.desc(), owner.person.id.asc()));
        let owners = owners.all(&bed.db).await?;
        assert_eq!(owners.iter().map(|owner| (owner.person.id, owner.books, owner.dearest)).collect::<Vec<_>>(), [(2, 2, Some(dec("40"))), (1, 2, Some(dec("12.5")))]);
        assert_eq!(owners[0].person.country.as_ref().unwrap().get()?.code, "US");
        assert_eq!(written(&owners[1].person)?.len(), 2);
        Ok(())
    }

    async fn recursion_and_joins_by_name(bed) {
        filled(&bed).await?;
        let school = Person::objects()
            .filter(|p| p.id.eq(1))
            .values(|p| StepFields { id: p.id, depth: value(0_i64), r#type: p.name })
            .recursive(|before| {
                Person::objects()
                    .filter(|p| p.mentor.eq(before.id))
                    .values(|p| StepFields { id: p.id, depth: before.depth + 1, r#type: before.r#type.concat("/").concat(p.name) })
            });
        let last = school.clone().order_by(|step| step.depth.desc()).first(&bed.db).await?;
        assert_eq!(last, Some(Step { id: 3, depth: 2, r#type: "Ada/Grace/Émile".to_owned() }));
        let joined = Book::objects().join_query(school, |b, step| b.author.eq(step.id)).filter(|(b, _, depth, _)| depth.eq(1) & b.active);
        assert_eq!(joined.values(|(b, _, _, way)| (b.id, way)).all(&bed.db).await?, [(2, "Ada/Grace".to_owned())]);
        Ok(())
    }

    async fn declared_functions(bed) {
        filled(&bed).await?;
        let found = Book::objects().filter(|b| place_of(b.title, "o").gt(1) & place_of(b.title, b.author.name).eq(0));
        let found = found.order_by(|b| b.id.asc()).values(|b| (place_of(upper_case(b.title), "O"), upper_case(b.title)));
        assert_eq!(found.all(&bed.db).await?, [(2, "NOTES".to_owned()), (2, "COMPILERS".to_owned())]);
        // NULL where an argument is; a value is bound, whatever it holds.
        let editors = Book::objects().order_by(|b| b.id.asc()).limit(2).values(|b| place_of(b.editor.name, "'); DROP TABLE shop_book; --"));
        assert_eq!(editors.all(&bed.db).await?, [None, Some(0)]);
        let longest = Person::objects().annotate(|p| p.written.max(|b| place_of(b.title, "e"))).order_by(|(p, _)| p.id.asc());
        assert_eq!(longest.values(|(_, place)| place).all(&bed.db).await?, [Some(4), Some(7), Some(5), None]);
        let one = Book::objects().filter(|b| b.id.eq(1)).values(|b| only_postgres(upper_case(b.title)));
        match bed.backend {
            Backend::Postgres => assert_eq!(one.get(&bed.db).await?, "Notes"),
            _ => {
                bed.log.clear();
                assert_eq!(one.get(&bed.db).await.unwrap_err().code(), Code::Unsupported);
                bed.log.assert_queries(0);
            }
        }
        Ok(())
    }

    async fn declared_aggregates(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        // As those of the library: over all rows, groups, sets and windows, narrowed and of different values.
        let all = Book::objects().aggregate(|b| (largest(b.id).filter(b.id.lt(3)), number_of(b.author.id).distinct(), b.author.id.count().distinct()));
        let (largest_id, authors, known) = all.get(db).await?;
        assert_eq!((largest_id, authors), (Some(2), known));
        let groups = Book::objects().group_by(|b| b.active).annotate(|b| largest(b.id)).filter(|(_, id)| id.gt(0)).order_by(|(active, _)| active.asc());
        let same = Book::objects().group_by(|b| b.active).annotate(|b| b.id.max()).order_by(|(active, _)| active.asc());
        assert_eq!(groups.all(db).await?, same.all(db).await?);
        let sets = Person::objects().order_by(|p| p.id.asc()).values(|p| (p.written.aggregate(|b| largest(b.id).filter(b.active)), p.written.filter(|b| b.active).max(|b| b.id)));
        assert!(sets.all(db).await?.iter().all(|(one, other)| one == other));
        let sets = Person::objects().order_by(|p| p.id.asc()).values(|p| p.written.aggregate(|b| largest(b.id).or(0) * 2 - count()));
        let ids = Person::objects().order_by(|p| p.id.asc()).values(|p| (p.written.max(|b| b.id), p.written.count()));
        let ids: Vec<Option<i64>> = ids.all(db).await?.iter().map(|(id, n)| Some(id.unwrap_or(0) * 2 - n)).collect();
        assert_eq!(sets.all(db).await?.into_iter().map(Some).collect::<Vec<_>>(), ids);
        let beside = Book::objects().order_by(|b| b.id.asc()).values(|b| (largest(b.id).over(orm::window().partition_by(b.active)), b.id.max().over(orm::window().partition_by(b.active))));
        assert!(beside.all(db).await?.iter().all(|(one, other)| one == other));
        // SQL of one's own, alone and as part of more.
        let span = Book::objects().aggregate(|b| orm::sql::<_, Option<i64>>("MAX({}) - MIN({})").part(b.id).part(b.id).aggregated() * 2);
        let (first, last) = Book::objects().aggregate(|b| (b.id.min(), b.id.max())).get(db).await?;
        assert_eq!(span.get(db).await?, Some((last.unwrap() - first.unwrap()) * 2));
        let narrowed = Book::objects().aggregate(|b| orm::sql::<_, Option<i64>>("MAX({})").part(b.id).aggregated().filter(b.id.lt(3))).get(db).await;
        match bed.backend {
            Backend::MariaDb => assert_eq!(narrowed.unwrap_err().code(), Code::Unsupported),
            _ => assert_eq!(narrowed?, Some(2)),
        }
        if bed.backend == Backend::Postgres {
            let middle = Book::objects().filter(|b| b.id.lte(3)).aggregate(|b| orm::sql::<_, Option<f64>>("percentile_cont(0.5) WITHIN GROUP (ORDER BY {})").part(b.id).aggregated());
            assert_eq!(middle.get(db).await?, Some(2.0));
        }
        // What is none, is refused before a statement runs.
        bed.log.clear();
        let codes = [
            Person::objects().values(|p| p.written.aggregate(|b| b.id)).all(db).await.unwrap_err().code(),
            Book::objects().filter(|b| largest(b.id).gt(1)).count(db).await.unwrap_err().code(),
        ];
        assert_eq!(codes, [Code::BadQuery; 2]);
        if bed.backend == Backend::Postgres {
            assert_eq!(Book::objects().aggregate(|b| text_of_all(b.title)).get(db).await.unwrap_err().code(), Code::Unsupported);
        }
        bed.log.assert_queries(0);
        Ok(())
    }

    async fn plans(bed) {
        filled(&bed).await?;
        let query = || Book::objects().filter(|b| b.author.name.eq("Ada") & b.price.gt(1)).order_by(|b| b.title.asc());
        let plan = query().explain(&bed.db).await?;
        let text = plan.to_string();
        assert!(text.contains("author") && text.contains("book") && plan.lines().len() >= 2, "{text}");
        let recursive = Person::objects().filter(|p| p.id.eq(1)).recursive(|before| Person::objects().filter(|p| p.mentor.eq(before.id)));
        assert!(recursive.explain(&bed.db).await?.lines().len() > 2);
        bed.log.clear();
        let measured = query().explain_with(Explain::new().analyze(), &bed.db).await;
        match bed.db.dialect() {
            Dialect::Sqlite => {
                assert_eq!(measured.unwrap_err().code(), Code::Unsupported);
                bed.log.assert_queries(0);
            }
            Dialect::Postgres => {
                assert!(measured?.to_string().contains("actual time"));
                let full = query().explain_with(Explain::new().analyze().verbose().buffers(), &bed.db).await?.to_string();
                assert!(full.contains("Output:") && full.contains("Buffers:"), "{full}");
            }
            _ => assert!(measured?.to_string().contains("r_rows")),
        }
        if bed.db.dialect() != Dialect::Postgres {
            for how in [Explain::new().verbose(), Explain::new().buffers()] {
                assert_eq!(query().explain_with(how, &bed.db).await.unwrap_err().code(), Code::Unsupported);
            }
        }
        Ok(())
    }

    async fn a_lock_that_lets_others_refer(bed, requires(SelectForUpdate)) {
        filled(&bed).await?;
        let tx = bed.db.begin().await?;
        Person::objects().filter(|p| p.id.eq(2)).for_no_key_update().get(&tx).await?;
        let other = bed.db.begin().await?;
        let free = Person::objects().filter(|p| p.id.lte(2)).for_no_key_update().for_update_skip_locked().unordered().all(&other).await?;
        assert_eq!(free.iter().map(|p| p.id).collect::<Vec<_>>(), [1]);
        if bed.db.dialect().capabilities().no_key_lock {
            // A new row may point to the one that is locked.
            Profile::draft().person(2).bio("second").create(&other).await.map(drop).or_else(|error| match error.code() {
                Code::UniqueViolation => Ok(()),
                _ => Err(error),
            })?;
        }
        other.rollback().await?;
        tx.rollback().await?;
        Ok(())
    }

    async fn locks_of_related_rows(bed, requires(SelectForUpdate)) {
        filled(&bed).await?;
        let free = async |other: &orm::Transaction, id: i64| {
            Person::objects().filter(|p| p.id.eq(id)).for_update_skip_locked().all(other).await.map(|rows| rows.len())
        };
        let tx = bed.db.begin().await?;
        let book = Book::objects().filter(|b| b.id.eq(1)).select_related(|b| b.author).for_update_of(|b| b.author).get(&tx).await?;
        assert_eq!(book.author.get()?.name, "Ada");
        let other = bed.db.begin().await?;
        assert_eq!((free(&other, 1).await?, free(&other, 2).await?), (0, 1));
        other.rollback().await?;
        tx.rollback().await?;
        // A relation that may lead nowhere has to be asked for first.
        let edited = Book::objects().filter(|b| b.id.lte(2)).for_update_of(|b| b.editor);
        if bed.db.dialect().capabilities().lock_of {
            assert_eq!(edited.clone().all(&bed.db).await.unwrap_err().code(), Code::BadQuery);
        }
        let tx = bed.db.begin().await?;
        assert_eq!(edited.filter(|b| b.editor.name.is_not_null()).all(&tx).await?.len(), 1);
        tx.rollback().await?;
        Ok(())
    }
}
