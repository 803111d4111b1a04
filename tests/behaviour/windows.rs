//! Windows: values beside rows, and filters on them.

use crate::{bed::behaviour, shop::*};
use orm::{cume_dist, dense_rank, ntile, percent_rank, prelude::*, rank, row_number, window};

behaviour! {
    async fn functions(bed) {
        filled(&bed).await?;
        let by_id = || window().order_by(Book::fields().id.asc());
        let by_author = || window().partition_by(Book::fields().author.key()).order_by(Book::fields().price.desc());
        let rows = Book::objects().order_by(|b| b.id.asc()).values(|b| (b.id, row_number().over(by_author()), b.price.lag(1).over(by_author()), b.price.lead(1).over(by_id()), b.price.sum().over(window().partition_by(b.author.key())), b.stock.sum().over(by_id()))).all(&bed.db).await?;
        assert_eq!(rows[0], (1, 1, None, Some(dec("40.00")), Some(dec("12.70")), Some(3)));
        assert_eq!(rows[2], (3, 2, Some(dec("40.00")), Some(dec("0.10")), Some(dec("49.99")), Some(10)));
        assert_eq!(rows[4], (5, 2, Some(dec("12.50")), None, Some(dec("12.70")), Some(15)));
        // What stands for a row that is not there does not stand for a NULL of one that is.
        let ratings = Book::objects().order_by(|b| b.id.asc()).values(|b| (b.rating.lag_or(1, 9.0).over(by_id()), b.id.lead_or(2, 0).over(by_id())));
        assert_eq!(ratings.all(&bed.db).await?, [(Some(9.0), 3), (Some(4.5), 4), (Some(4.0), 5), (None, 0), (Some(2.5), 0)]);
        // Stock: 3, 0, 7, -2, 7.
        let by_stock = || window().order_by(Book::fields().stock.asc());
        let ranks = Book::objects().order_by(|b| b.id.asc()).values(|_| (rank().over(by_stock()), dense_rank().over(by_stock()), percent_rank().over(by_stock()), cume_dist().over(by_stock()), ntile(2).over(window().order_by((Book::fields().stock.asc(), Book::fields().id.asc()))))).all(&bed.db).await?;
        assert_eq!(ranks, [(3, 3, 0.5, 0.6, 1), (2, 2, 0.25, 0.4, 1), (4, 4, 0.75, 1.0, 2), (1, 1, 0.0, 0.2, 1), (4, 4, 0.75, 1.0, 2)]);
        let values = Book::objects().order_by(|b| b.id.asc()).values(|b| (b.title.first_value().over(by_id()), b.title.last_value().over(by_id().rows(..)), b.title.nth_value(2).over(by_id()), b.stock.avg().over(by_id().rows(-1..=1)), count().filter(b.active).over(by_id().rows(0..)), b.id.max().over(by_id().rows(..=-1)))).all(&bed.db).await?;
        assert_eq!(values[0], (Some("Notes".into()), Some("Sketch\\[a*b?".into()), None, Some(1.5), 3, None));
        assert_eq!(values[3], (Some("Notes".into()), Some("Sketch\\[a*b?".into()), Some("Compilers".into()), Some(4.0), 1, Some(3)));
        let near = Book::objects().order_by(|b| b.id.asc()).values(|b| b.id.count().over(window().order_by(b.stock.asc()).range(-3..=0))).all(&bed.db).await?;
        assert_eq!(near, [2, 2, 2, 1, 2]);
        let nulls = Book::objects().order_by(|b| b.id.asc()).values(|b| row_number().over(window().order_by((b.published.asc(), b.id.asc())))).all(&bed.db).await?;
        assert_eq!(nulls, [1, 2, 3, 5, 4]);
        Ok(())
    }
}

#[test]
fn a_query_inside_looks_at_no_window_around_it() {
    let ranked = || Book::objects().annotate(|b| orm::rank().over(orm::window().order_by(b.id.asc())));
    let inside = ranked().annotate(|(_, place)| Tag::objects().within(place).filter(|t| t.id.eq(place)).has_rows());
    for dialect in orm::Dialect::ALL {
        assert_eq!(inside.to_sql(dialect).unwrap_err().code(), orm::Code::BadQuery);
    }
    // Once it is a value of the rows, it can be looked at.
    let settled = ranked().filter(|(_, place)| place.lt(3));
    let inside = settled.annotate(|(_, place)| Tag::objects().within(place).filter(|t| t.id.eq(place)).has_rows());
    assert!(inside.to_sql(orm::Dialect::Sqlite).is_ok());
}

#[test]
fn a_window_is_no_key_of_a_group() {
    let ranked = || orm::rank().over(orm::window().order_by(Book::fields().id.asc()));
    for dialect in orm::Dialect::ALL {
        let groups = Book::objects().group_by(|b| (b.active, ranked() + 1)).annotate(|_| orm::count());
        let refused = groups.to_sql(dialect).unwrap_err();
        assert_eq!(refused.code(), orm::Code::BadQuery);
        assert!(refused.hint().unwrap().contains(".annotate(..).group_by("), "{refused}");
        // It is one as a value of the rows.
        let settled = Book::objects().annotate(|_| ranked()).group_by(|(_, rank)| rank).annotate(|_| orm::count());
        assert!(settled.to_sql(dialect).is_ok());
        let summed = Book::objects().group_by(|b| b.price.sum()).annotate(|_| orm::count());
        assert_eq!(summed.to_sql(dialect).unwrap_err().code(), orm::Code::BadQuery);
    }
}
