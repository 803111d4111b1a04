//! Lookups where databases go different ways of their own: odd characters, long lists, text that is no pattern.

use crate::{bed::behaviour, shop::*};
use orm::{Code, Dialect, prelude::*};

behaviour! {
    async fn the_character_zero_is_one_like_others(bed) {
        filled(&bed).await?;
        let text = "a\0Bc%d\0E";
        let stored = Book::objects().filter(|b| b.id.eq(1)).update(|b| b.title.set(text), &bed.db).await;
        if bed.db.dialect() == Dialect::Postgres {
            assert_eq!(stored.unwrap_err().code(), Code::InvalidValue);
            return Ok(());
        }
        stored?;
        assert_eq!(ids(&bed, |b| b.title.contains("c%d")).await?, [1]);
        assert_eq!(ids(&bed, |b| b.title.contains("\0B")).await?, [1]);
        assert_eq!(ids(&bed, |b| b.title.contains("\0C")).await?, [0i64; 0]);
        assert_eq!(ids(&bed, |b| b.title.icontains("D\0e")).await?, [1]);
        assert_eq!(ids(&bed, |b| b.title.starts_with("a\0B")).await?, [1]);
        assert_eq!(ids(&bed, |b| b.title.starts_with("a\0X")).await?, [0i64; 0]);
        assert_eq!(ids(&bed, |b| b.title.istarts_with("A\0b")).await?, [1]);
        assert_eq!(ids(&bed, |b| b.title.ends_with("d\0E")).await?, [1]);
        assert_eq!(ids(&bed, |b| b.title.iends_with("\0e")).await?, [1]);
        assert_eq!(ids(&bed, |b| b.title.iexact("A\0bC%D\0e")).await?, [1]);
        assert_eq!(ids(&bed, |b| b.title.eq(text)).await?, [1]);
        assert_eq!(ids(&bed, |b| b.title.like("a_B%E")).await?, [1]);
        assert_eq!(ids(&bed, |b| b.title.like("a%B")).await?, [0i64; 0]);
        Ok(())
    }

    async fn letters_are_folded_one_by_one(bed) {
        filled(&bed).await?;
        Book::objects().filter(|b| b.id.eq(1)).update(|b| b.title.set("ΟΔΟΣ Straße"), &bed.db).await?;
        assert_eq!(ids(&bed, |b| b.title.icontains("δοσ")).await?, [1]);
        assert_eq!(ids(&bed, |b| b.title.icontains("οδοσ STRAß")).await?, [1]);
        Ok(())
    }

    async fn lists_of_any_length_and_type(bed) {
        filled(&bed).await?;
        let floats: Vec<f64> = (0..70_000).map(|n| f64::from(n) / 7.0).chain([4.5, 2.5, 0.1 + 0.2]).collect();
        assert_eq!(ids(&bed, |b| b.rating.is_in(&floats)).await?, [1, 2, 4]); // 4.0 is 28/7
        assert_eq!(ids(&bed, |b| !b.rating.is_in(&floats) | b.id.eq(1)).await?, [1, 3, 5]);
        let odd = 0.1 + 0.2;
        Book::objects().filter(|b| b.id.eq(3)).update(|b| b.rating.set(odd), &bed.db).await?;
        assert_eq!(ids(&bed, |b| b.rating.is_in(vec![odd; 20])).await?, [3]);
        assert_eq!(ids(&bed, |b| b.rating.is_in(vec![0.3; 20])).await?, [0i64; 0]);
        let texts: Vec<String> = (0..70_000).map(|n| format!("text {n}")).chain(["Notes".to_owned()]).collect();
        assert_eq!(ids(&bed, |b| b.title.is_in(&texts)).await?, [1]);
        let prices: Vec<Decimal> = (0..70_000).map(|n| Decimal::new(n, 2)).collect();
        assert_eq!(ids(&bed, |b| b.price.is_in(&prices)).await?, [1, 2, 3, 4, 5]);
        let days: Vec<NaiveDate> = (0..40_000).map(|n| day(1900, 1, 1) + TimeDelta::days(n)).collect();
        assert_eq!(ids(&bed, |b| b.published.is_in(&days)).await?, [2, 3]);
        let moments: Vec<DateTime<Utc>> = (0..40_000).map(|n| at(2024, 1, 31, 23, 59, 58) + TimeDelta::seconds(n)).collect();
        assert_eq!(Order::objects().filter(|o| o.placed.is_in(&moments)).count(&bed.db).await?, 1);
        let keys: Vec<Uuid> = (0..40_000).map(order_id).collect();
        assert_eq!(Order::objects().filter(|o| o.id.is_in(&keys)).count(&bed.db).await?, 3);
        // Bytes, against a hash that is computed.
        let bytes: Vec<Vec<u8>> = (0..40_000_u32).map(|n| n.to_be_bytes().to_vec()).collect();
        let wanted = bytes[7].clone();
        let query = Tag::objects().filter(|_| orm::value::<Tag, _>(wanted.clone()).is_in(&bytes) & !orm::value::<Tag, _>(vec![255_u8]).is_in(&bytes));
        assert_eq!(query.count(&bed.db).await?, 4);
        Ok(())
    }

    async fn regular_expressions_that_are_none(bed) {
        filled(&bed).await?;
        let error = ids(&bed, |b| b.title.regex("(open")).await.unwrap_err();
        assert_eq!(error.code(), Code::BadRegex, "{error:?}");
        assert!(error.hint().is_some_and(|hint| hint.contains("contains")), "{error:?}");
        Ok(())
    }

    async fn columns_that_nobody_reads(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let (id, title) = orm::raw::<(i64, String)>("SELECT id, title FROM shop_book WHERE id = 1").get(db).await?;
        assert_eq!((id, &*title), (1, "Notes"));
        let more = orm::raw::<i64>("SELECT id, title FROM shop_book").all(db).await.unwrap_err();
        assert_eq!((more.code(), more.message()), (Code::Decode, "the answer has 2 columns, and a row is made of 1"));
        let fewer = orm::raw::<(i64, String)>("SELECT id FROM shop_book").all(db).await.unwrap_err();
        assert_eq!(fewer.code(), Code::Decode);
        Ok(())
    }

    async fn braces_in_sql_of_ones_own(bed) {
        filled(&bed).await?;
        let titles = Book::objects().filter(|b| b.id.eq(1)).values(|b| orm::sql::<_, String>("CONCAT('{{}}', {}, '{', '}')").part(b.title));
        assert_eq!(titles.get(&bed.db).await?, "{}Notes{}");
        Ok(())
    }

    async fn question_marks_in_sql_of_ones_own(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let asked = orm::raw::<(String, String)>("SELECT 'it''s \"why?\"', title FROM shop_book WHERE id = ? /* or which? */ -- what?");
        assert_eq!(asked.bind(1_i64).get(db).await?, ("it's \"why?\"".to_owned(), "Notes".to_owned()));
        assert_eq!(orm::raw::<i64>("SELECT id FROM shop_book WHERE title = ?").bind("Notes").get(db).await?, 1);
        let named = Book::objects().filter(|b| orm::sql::<_, bool>("{} = {}").part(b.title).bind("Notes"));
        assert_eq!(named.get(db).await?.id, 1);
        let few = orm::raw::<i64>("SELECT id FROM shop_book WHERE title <> '?' AND id = ?").get(db).await.unwrap_err();
        assert_eq!((few.code(), few.message()), (Code::BadQuery, "the query has 1 `?` and 0 values"));
        if bed.db.dialect() == orm::Dialect::Postgres {
            let own = orm::raw::<(bool, String)>("SELECT CAST('{\"a\": 1}' AS jsonb) ?? CAST(? AS text), $body$ what? $body$");
            assert_eq!(own.bind("a".to_owned()).get(db).await?, (true, " what? ".to_owned()));
        }
        Ok(())
    }
}
