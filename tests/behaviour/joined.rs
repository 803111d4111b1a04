//! What follows a join of many rows: windows, slices, different rows and unions of the values that it pairs; and queries far inside.

use crate::{bed::behaviour, shop::*};
use orm::{Code, prelude::*};

behaviour! {
    async fn handles_of_queries_around_at_any_depth(bed) {
        filled(&bed).await?;
        let people = Person::objects().filter(|p| {
            Book::objects().within(p.id).filter(|b| {
                let lines = Line::objects().within(b.id).filter(|l| {
                    let orders = Order::objects().within(l.id).filter(|o| {
                        let customers = Person::objects().within(o.id).filter(|c| {
                            // The outermost row, six queries further out, and one of those between.
                            let countries = Country::objects().within(c.id).filter(|k| k.people.any(|x| x.id.eq(p.id) & x.id.lte(b.id + 99)));
                            countries.has_rows()
                        });
                        customers.has_rows()
                    });
                    orders.has_rows()
                });
                lines.has_rows()
            }).has_rows()
        });
        assert_eq!(people.order_by(|p| p.id.asc()).values(|p| p.id).all(&bed.db).await?, [1, 2, 3]);
        Ok(())
    }

    async fn windows_slices_and_different_values(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let pairs = || Person::objects().join(|p| p.written).order_by(|(p, b)| (p.name.asc(), b.id.desc())).values(|(p, b)| (p.name, b.title, b.id));
        let all = pairs().all(db).await?;
        let names: Vec<(&str, i64)> = all.iter().map(|(name, _, id)| (name.as_str(), *id)).collect();
        assert_eq!(names[..2], [("Ada", 5), ("Ada", 1)]);
        // The last of each: a window, and a filter on what it gives.
        let last = Person::objects().join(|p| p.written)
            .annotate(|(p, b)| orm::row_number().over(orm::window().partition_by(p.id).order_by(b.id.desc())))
            .order_by(|(p, b, _)| (p.email.asc().nulls_last(), b.id.asc()))
            .values(|(p, b, place)| (p.name, b.id, place))
            .filter(|(_, _, place)| place.eq(1));
        let mut found = last.clone().values(|(name, id, _)| (name, id)).all(db).await?;
        found.sort();
        assert_eq!(found, [("Ada".to_owned(), 5), ("Grace".to_owned(), 3), ("Émile".to_owned(), 4)]);
        assert_eq!(last.count(db).await?, 3);
        // A slice keeps its order when it is narrowed, by what is not selected too.
        let cut = Person::objects().join(|p| p.written).order_by(|(p, b)| (p.id.asc(), b.id.desc())).values(|(p, b)| (p.name, b.title)).limit(3);
        let rows = cut.clone().filter(|(name, _)| name.ne("Grace")).all(db).await?;
        assert_eq!(rows, cut.clone().all(db).await?.into_iter().filter(|(name, _)| name != "Grace").collect::<Vec<_>>());
        assert_eq!(cut.clone().filter(|(_, title)| title.icontains("o")).count(db).await?, 2);
        assert_eq!(cut.reverse().values(|(name, _)| name).all(db).await?, ["Grace", "Ada", "Ada"]);
        // Different values are rows for what follows.
        let names = Person::objects().join(|p| p.written).values(|(p, _)| p.name).distinct();
        assert_eq!(names.clone().aggregate(|name| name.count()).get(db).await?, 3);
        assert_eq!(names.order_by(|name| name.length().desc()).limit(1).all(db).await?.len(), 1);
        let first = Person::objects().join(|p| p.written).order_by(|(_, b)| b.id.asc()).values(|(p, b)| (p.id, b.id)).distinct_on(|(p, _)| p);
        assert_eq!(first.all(db).await?, [(1, 1), (2, 2), (3, 4)]);
        Ok(())
    }

    async fn unions_of_joined_values(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let written = Person::objects().join(|p| p.written).values(|(p, b)| (p.name, b.title));
        let edited = Person::objects().join(|p| p.edited).values(|(p, b)| (p.name, b.title));
        let both = written.clone().union(edited.clone()).order_by(|(name, title)| (name.asc(), title.asc()));
        let (one, two) = (written.clone().all(db).await?, edited.clone().all(db).await?);
        let mut wanted: Vec<_> = one.iter().chain(&two).cloned().collect();
        wanted.sort();
        wanted.dedup();
        let mut found = both.clone().all(db).await?;
        found.sort();
        assert_eq!(found, wanted);
        let of_ada = both.filter(|(name, _)| name.eq("Ada")).count(db).await?;
        assert_eq!(of_ada as usize, wanted.iter().filter(|(name, _)| name == "Ada").count());
        assert_eq!(written.clone().difference(edited.clone()).count(db).await? as usize, one.iter().filter(|row| !two.contains(row)).count());
        assert_eq!(written.intersection(edited).count(db).await? as usize, one.iter().filter(|row| two.contains(row)).count());
        Ok(())
    }

    async fn whole_rows_are_values_first(bed) {
        filled(&bed).await?;
        let pairs = || Person::objects().join(|p| p.written);
        let place = || orm::row_number().over(orm::window().order_by(Person::fields().id.asc()));
        for refused in [
            pairs().limit(2).filter(|(p, _)| p.id.eq(1)).count(&bed.db).await,
            pairs().annotate(|_| place()).filter(|(.., place)| place.eq(1)).count(&bed.db).await,
            pairs().union(pairs()).count(&bed.db).await,
        ] {
            let error = refused.unwrap_err();
            assert_eq!(error.code(), Code::BadQuery);
            assert!(error.message().contains("values(..)"), "{error}");
        }
        Ok(())
    }
}
