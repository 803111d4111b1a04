//! How many digits a decimal has after the point: as many as its field or expression, on every database.

use crate::{bed::behaviour, shop::*};
use orm::{case, prelude::*, row_number, window};

/// The text of the values, which tells zeros at the end from none.
fn text<const N: usize>(all: [Decimal; N]) -> Vec<String> {
    all.iter().map(Decimal::to_string).collect()
}

behaviour! {
    async fn columns_keep_the_digits_of_their_field(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let prices = Book::objects().order_by(|b| b.id.asc()).values(|b| b.price).all(db).await?;
        let prices: Vec<String> = prices.iter().map(Decimal::to_string).collect();
        assert_eq!(prices, ["12.50", "40.00", "9.99", "0.10", "0.20"]);
        let lines = Line::objects().filter(|l| l.id.eq(2)).values(|l| (l.price, l.book.price, l.book.discount)).get(db).await?;
        assert_eq!((text([lines.0, lines.1]), lines.2), (vec!["40.00".to_owned(), "40.00".to_owned()], None));
        // Through annotations, subqueries, unions, common tables, groups and windows.
        let (book, beside) = Book::objects().filter(|b| b.id.eq(2)).annotate(|b| b.price).get(db).await?;
        assert_eq!(text([book.price, beside]), ["40.00", "40.00"]);
        let dearest = Person::objects().filter(|p| p.id.eq(2)).values(|p| p.written.max(|b| b.price)).get(db).await?;
        assert_eq!(dearest.unwrap().to_string(), "40.00");
        let dear = || Book::objects().filter(|b| b.id.eq(2)).values(|b| b.price);
        assert_eq!(dear().union(Line::objects().filter(|l| l.id.eq(2)).values(|l| l.price)).get(db).await?.to_string(), "40.00");
        assert_eq!(dear().as_cte().get(db).await?.to_string(), "40.00");
        assert_eq!(dear().distinct().get(db).await?.to_string(), "40.00");
        let grouped = Book::objects().filter(|b| b.id.eq(2)).group_by(|b| b.price).annotate(|_| count()).get(db).await?;
        assert_eq!(grouped.0.to_string(), "40.00");
        let first = Book::objects().filter(|b| b.id.eq(2)).values(|b| (b.price, row_number().over(window().order_by(b.id.asc())), b.price.first_value().over(window().order_by(b.id.asc()))));
        let (price, _, again) = first.get(db).await?;
        assert_eq!((price.to_string(), again.map(|price| price.to_string())), ("40.00".to_owned(), Some("40.00".to_owned())));
        Ok(())
    }

    async fn whole_numbers_stand_beside_decimals(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let one = || Book::objects().filter(|b| b.id.eq(1));
        // Exact, with the digits of the decimal: fields, related ones, counts and computed values.
        let (a, b, c, d) = one().values(|b| (b.price * b.stock, b.price + b.stock * 2, b.price - b.author.id, b.price * b.lines.count())).get(db).await?;
        assert_eq!(text([a, b, c, d]), ["37.50", "18.50", "11.50", "25.00"]);
        let (a, b): (Option<Decimal>, Option<Decimal>) = one().values(|b| (b.price / b.stock, b.price % b.stock)).get(db).await?;
        assert_eq!(text([a.unwrap(), b.unwrap()]), ["4.166667", "0.50"]);
        let none = Book::objects().filter(|b| b.id.eq(2)).values(|b| b.price / b.stock).get(db).await?;
        assert_eq!(none, None);
        let scores = Person::objects().filter(|p| p.id.lte(2)).order_by(|p| p.id.asc()).values(|p| p.written.max(|b| b.price).or(0) * p.profile.score).all(db).await?;
        assert_eq!(scores, [Some(dec("112.50")), None]);
        // In conditions, aggregates, groups, updates, and where one of several is taken.
        assert_eq!(ids(&bed, |b| b.price.gt(b.stock)).await?, [1, 2, 3, 4]);
        assert_eq!(ids(&bed, |b| b.price.lt(b.stock)).await?, [5]);
        let worth = Book::objects().aggregate(|b| (b.price * b.stock).sum()).get(db).await?.unwrap();
        assert_eq!(worth.to_string(), "108.63");
        let mean = Book::objects().group_by(|b| b.author.key()).annotate(|b| (b.price.sum(), count())).order_by(|(author, ..)| author.asc()).values(|(_, sum, n)| sum / n).all(db).await?;
        assert_eq!(mean, [Some(dec("6.35")), Some(dec("24.995")), Some(dec("0.10"))]);
        let chosen = one().values(|b| (b.discount.or(b.stock), b.price.greatest(b.stock), case().when(b.active, b.stock.cast::<Decimal>()).otherwise(b.price))).get(db).await?;
        assert_eq!(text([chosen.0, chosen.1, chosen.2]), ["0.50", "12.50", "3.00"]);
        one().update(|b| b.price.set(b.price + b.stock), db).await?;
        assert_eq!(one().get(db).await?.price.to_string(), "15.50");
        Ok(())
    }

    async fn what_is_computed_has_digits_of_its_own(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let one = || Book::objects().filter(|b| b.id.eq(1));
        // The most of both, those of both together, four more, and as many as it is rounded to.
        let (a, b, c, d) = one().values(|b| (b.price + dec("0.5"), b.price * dec("2.000"), b.price / 5, b.price % 10)).get(db).await?;
        assert_eq!(text([a, b, c, d]), ["13.00", "25.00000", "2.500000", "2.50"]);
        let (a, b, c, d) = one().values(|b| (-b.price, b.price.abs(), b.price.round(1), b.price.ceil())).get(db).await?;
        assert_eq!(text([a, b, c, d]), ["-12.50", "12.50", "12.5", "13"]);
        let (a, b, c) = one().values(|b| (b.discount.or(0), b.price.greatest(b.discount.or(dec("1.250"))), case().when(b.active, b.price).otherwise(dec("1")))).get(db).await?;
        assert_eq!(text([a, b, c]), ["0.50", "12.500", "12.50"]);
        let none = Book::objects().filter(|b| b.id.eq(2)).values(|b| b.discount.or(0)).get(db).await?;
        assert_eq!(none.to_string(), "0.00");
        let all = Book::objects().aggregate(|b| (b.price.sum(), b.price.min(), b.price.avg(), (b.price * b.stock.cast::<Decimal>()).sum())).get(db).await?;
        assert_eq!(text([all.0.unwrap(), all.1.unwrap(), all.2.unwrap()]), ["62.79", "0.10", "12.558000"]);
        // As many digits as SQLite's floats keep, which is fewer than the others have.
        let (quotient, more) = one().values(|b| (b.price * dec("987654321.09") / 7, b.price * dec("987654321.09") / 7 + 1)).get(db).await?;
        assert_eq!(text([quotient, more].map(|it| it.round_dp(4))), ["1763668430.5179", "1763668431.5179"]);
        let mean = Book::objects().aggregate(|b| (b.price * dec("987654321.09")).avg()).get(db).await?;
        assert_eq!(mean.unwrap().round_dp(3).to_string(), "12402962964.248");
        // Half a digit goes away from 0, whatever floats lie beside it; filters and groups round alike.
        for (number, digits, rounded) in [("1.15", 1, "1.2"), ("2.68", 1, "2.7"), ("94.35", 1, "94.4"), ("-1.15", 1, "-1.2"), ("1.5", 0, "2"), ("1250", 3, "1250"), ("-4.35", 1, "-4.4")] {
            let sign = if number.starts_with('-') { -1 } else { 1 };
            one().update(|b| b.price.set(dec(number).abs()), db).await?;
            let found = one().values(|b| (b.price * sign).round(digits)).get(db).await?;
            assert_eq!(found, dec(rounded), "{number} to {digits}");
            assert_eq!(one().filter(|b| (b.price * sign).round(digits).eq(dec(rounded))).count(db).await?, 1, "{number}");
        }
        one().update(|b| b.price.set(dec("12.50")), db).await?;
        // What nothing is known of has no zeros at its end.
        let unknown = one().values(|b| (b.rating.cast::<Decimal>().or(0), orm::sql::<Book, Decimal>("2.50"))).get(db).await?;
        assert_eq!(text([unknown.0, unknown.1]), ["4.5", "2.5"]);
        assert_eq!(orm::raw::<Decimal>("SELECT price FROM shop_book WHERE id = 1").get(db).await?.to_string(), "12.5");
        Ok(())
    }
}
