//! Functions on text and numbers: the same values everywhere.

use crate::{bed::behaviour, shop::*};
use orm::{
    At, Code, Dialect, Value,
    dynamic::{Catalog, Query},
    prelude::*,
};

fn close(found: Option<f64>, wanted: f64) {
    assert!(found.is_some_and(|found| (found - wanted).abs() < 1e-9), "{found:?} is not {wanted}");
}

orm::app! { pub lengths { Parcel } }

#[derive(Model, Debug, Clone)]
pub struct Parcel {
    pub id: i64,
    pub content: Vec<u8>,
    pub seal: Option<Vec<u8>>,
}

behaviour! {
    async fn bytes_have_a_length(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[lengths()]).await?;
        // Not a text, nor the beginning of one.
        let parcels = [
            Parcel::draft().content(vec![0, 255, 0]).seal(vec![]),
            Parcel::draft().content("é".as_bytes().to_vec()).seal(None),
        ];
        Parcel::objects().bulk_create(parcels, db).await?;
        let asked = Parcel::objects().order_by(|p| p.id.asc()).values(|p| (p.content.length(), p.seal.length()));
        assert_eq!(asked.all(db).await?, [(3, Some(0)), (2, None)]);
        let named = Query::of("lengths.Parcel").filter("content__length__gt", 2).values(["id", "seal__length"]);
        let rows = Catalog::new().app(lengths()).check(&named)?.all(db).await?;
        assert_eq!((rows.len(), &rows[0]["seal__length"]), (1, &Value::I64(0)));
        Ok(())
    }

    async fn text(bed) {
        filled(&bed).await?;
        let book = |id: i64| Book::objects().filter(move |b| b.id.eq(id));
        let db = &bed.db;
        // émile_x
        assert_eq!(book(4).values(|b| (b.title.left(2), b.title.right(2), b.title.substr(2, 3), b.title.left(0), b.title.right(0), b.title.right(99), b.title.substr(99, 1))).get(db).await?,
            ("ém".into(), "_x".into(), "mil".into(), String::new(), String::new(), "émile_x".into(), String::new()));
        assert_eq!(book(4).values(|b| (b.title.pad_start(9, "ü*"), b.title.pad_end(8, "-"), b.title.pad_start(3, "-"), b.title.pad_end(2, "-"), b.title.repeat(2), b.title.repeat(0), b.title.reverse())).get(db).await?,
            ("ü*émile_x".into(), "émile_x-".into(), "émi".into(), "ém".into(), "émile_xémile_x".into(), String::new(), "x_elimé".into()));
        assert_eq!(book(4).values(|b| (b.title.position("m"), b.title.position("M"), b.title.position("é"), b.title.length(), b.title.replace("e", "EE"), b.title.replace("E", "?"))).get(db).await?,
            (2, 0, 1, 7, "émilEE_x".into(), "émile_x".into()));
        assert_eq!(book(4).values(|b| (b.title.md5(), b.title.sha256())).get(db).await?,
            ("af70ce9921ebaca49a229ab3a228f43f".to_owned(), "d89f3cc0764a51e582a11e3ece9e2af8fb955c1f8e31fb81f6e995e404fd6124".to_owned()));
        assert_eq!(book(1).values(|b| (b.title.concat("/").concat(b.author.name), b.title.concat(b.editor.name), b.title.concat(b.editor.name.or("")))).get(db).await?,
            ("Notes/Ada".into(), None, "Notes".into()));
        let changed = book(1).update(|b| b.title.set(b.title.concat(" (2nd)")), db).await?;
        assert_eq!((changed, book(1).values(|b| b.title).get(db).await?.as_str()), (1, "Notes (2nd)"));
        book(1).update(|b| b.title.set("  a b "), db).await?;
        assert_eq!(book(1).values(|b| (b.title.trim(), b.title.trim_start(), b.title.trim_end())).get(db).await?, ("a b".into(), "a b ".into(), "  a b".into()));
        assert_eq!(book(1).values(|b| b.title.substr(0, 1)).get(db).await.unwrap_err().code(), Code::BadQuery);
        assert_eq!(ids(&bed, |b| b.author.email.left(3).eq("ada")).await?, [1, 5]);
        assert_eq!(ids(&bed, |b| b.title.lower().position("c").gt(0)).await?, [2, 3, 5]);
        Ok(())
    }

    async fn text_that_is_no_column_is_compared_exactly(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let sorts = || Book::objects().values(|b| case().when(b.active, "abc").when(b.stock.gt(0), "ABC").otherwise("abc "));
        assert_eq!(sorts().distinct().count(db).await?, 2);
        assert_eq!(sorts().filter(|sort| sort.eq("abc")).count(db).await?, 3);
        assert_eq!(sorts().filter(|sort| sort.is_in(["ABC", "x"])).count(db).await?, 2);
        let counted = sorts().group_by(|sort| sort).annotate(|_| count()).order_by(|(sort, _)| sort.asc());
        assert_eq!(counted.all(db).await?.iter().map(|(_, n)| *n).collect::<Vec<_>>().len(), 2);
        let one = || Book::objects().filter(|b| b.id.eq(1));
        let equal = one().values(|b| {
            let a = || orm::value::<Book, _>("a");
            (a().eq("A"), a().eq("a "), orm::value::<Book, _>("é").eq("e"), a().eq("a"), orm::value::<Book, _>("Abc").contains("a"), b.title.md5().eq("X"))
        });
        assert_eq!(equal.get(db).await?, (false, false, false, true, false, false));
        let places = one().values(|b| (orm::value::<Book, _>("aXb").position("x"), b.id.cast::<String>().concat("x").eq("1X"), b.active.cast::<String>().eq("TRUE")));
        assert_eq!(places.get(db).await?, (0, false, false));
        let both = one().values(|_| orm::value("a")).union(one().values(|_| orm::value("A")));
        assert_eq!(both.count(db).await?, 2);
        // No text contains what is not there.
        assert_eq!(Book::objects().filter(|b| b.title.contains(b.editor.name) | b.title.istarts_with(b.editor.name) | b.title.ends_with(b.editor.name)).count(db).await?, 0);
        assert_eq!(Book::objects().filter(|b| b.author.name.contains(b.author.name) & b.title.starts_with(b.title)).count(db).await?, 5);
        assert_eq!(Book::objects().filter(|b| b.title.starts_with("q".repeat(60_000))).count(db).await?, 0);
        // A number before an expression.
        let numbers = one().values(|b| (10 - b.stock, 2 * b.id + 1, 7 / b.stock, 7 % b.stock, 1.0 / b.rating, dec("1.00") - b.price, 3 - b.stock.least(1)));
        let numbers = numbers.get(db).await?;
        assert_eq!((numbers.0, numbers.1, numbers.2, numbers.3, numbers.5, numbers.6), (7, 3, Some(2), Some(1), dec("-11.50"), 2));
        close(numbers.4, 1.0 / 4.5);
        let sums = Book::objects().aggregate(|b| (100 - b.stock.sum(), 10 * count().filter(b.active)));
        assert_eq!(sums.get(db).await?, (Some(85), 30));
        Ok(())
    }

    async fn texts_by_expressions(bed) {
        filled(&bed).await?;
        let book = |id: i64| Book::objects().filter(move |b| b.id.eq(id));
        let db = &bed.db;
        // émile_x: stock -2, rating 2.5; no editor.
        let parts = book(4).values(|b| (b.title.left(b.title.length() - 2), b.title.right(b.title.length() - 2), b.title.substr(b.title.position("l"), 2), b.title.substr_from(b.title.position("_") + 1), b.title.substr_from(3), b.title.left(b.id)));
        assert_eq!(parts.get(db).await?, ("émile".into(), "ile_x".into(), "le".into(), "x".into(), "ile_x".into(), "émil".into()));
        // What is below the least is the least.
        let least = book(4).values(|b| (b.title.left(b.stock), b.title.right(b.stock), b.title.right(b.stock + 2), b.title.substr(b.stock, 3), b.title.substr(2, b.stock), b.title.repeat(b.stock), b.title.substr_from(b.title.position("?"))));
        assert_eq!(least.get(db).await?, (String::new(), String::new(), String::new(), "émi".into(), String::new(), String::new(), "émile_x".into()));
        let filled = book(4).values(|b| (b.title.repeat(b.id - 2), b.title.pad_start(b.id * 2 + 1, b.title.left(1)), b.title.pad_end(b.title.length() + 2, "-"), b.title.pad_start(b.id, b.title.left(0)), b.title.pad_end(b.title.length() + 1, b.title.left(0))));
        assert_eq!(filled.get(db).await?, ("émile_xémile_x".into(), "ééémile_x".into(), "émile_x--".into(), "émil".into(), "émile_x".into()));
        let title = |b: &BookFields<At<Book>>| b.title.nullable();
        let unknown = book(1).values(|b| (title(&b).left(b.editor.id), title(&b).repeat(b.editor.id), title(&b).pad_end(b.editor.id, "x")));
        assert_eq!(unknown.get(db).await?, (None, None, None));
        let (near, far) = (book(3).values(|b| b.author.email.left(b.author.email.position("@") - 1)), book(3).values(|b| b.author.email.substr_from(b.author.email.position("@") + 1)));
        let whole = book(3).values(|b| b.author.email).get(db).await?;
        assert_eq!(near.get(db).await?.zip(far.get(db).await?).map(|(near, far)| format!("{near}@{far}")), whole);
        assert_eq!(ids(&bed, |b| b.title.left(b.title.length() - 6).eq("é")).await?, [4]);
        for wrong in [book(1).values(|b| b.title.left(-1)), book(1).values(|b| b.title.substr_from(0)), book(1).values(|b| b.title.pad_end(9, ""))] {
            assert_eq!(wrong.get(db).await.unwrap_err().code(), Code::BadQuery);
        }
        Ok(())
    }

    async fn code_points_hashes_and_collations(bed) {
        filled(&bed).await?;
        let book = |id: i64| Book::objects().filter(move |b| b.id.eq(id));
        let db = &bed.db;
        assert_eq!(book(4).values(|b| (b.title.code_point(), b.title.left(0).code_point(), (b.id + 229).chr(), (b.id + 128_508).chr(), b.title.right(1).code_point())).get(db).await?, (Some(233), None, "é".into(), "😀".into(), Some(120)));
        // Numbers of no letter, and places that are none.
        let none = book(4).values(|b| ((b.id - 4).chr(), (b.id - 9).chr(), (b.id + 55_300).chr(), (b.id + 2_000_000).chr()));
        let shown = || "\u{fffd}".to_owned();
        assert_eq!(none.get(db).await?, (shown(), shown(), shown(), shown()));
        let moved = book(4).values(|b| (b.id.shift_left(64), b.id.shift_right(64), b.id.shift_right(1)));
        assert_eq!(moved.get(db).await?, (0, 0, 2));
        let sha1 = book(4).values(|b| b.title.sha1()).get(db).await;
        match db.dialect() {
            Dialect::Postgres => assert_eq!(sha1.unwrap_err().code(), Code::Unsupported),
            _ => assert_eq!(sha1?, "992644a8e212a1b7ed2ccd70812538f677c8d7ce"),
        }
        close(book(4).values(|b| b.rating.cot()).get(db).await?, 2.5_f64.tan().recip());
        assert_eq!(book(4).values(|b| (b.stock * 0).cot()).get(db).await?, None);
        // By a collation of the database's own: where capitals do not matter, where they do.
        let (without, with) = match db.dialect() {
            Dialect::Sqlite => ("NOCASE", "BINARY"),
            Dialect::Postgres => ("und-x-icu", "C"),
            _ => ("utf8mb4_unicode_ci", "utf8mb4_bin"),
        };
        assert_eq!(ids(&bed, |b| b.title.collate(with).eq("notes")).await?, [0_i64; 0]);
        let folded = ids(&bed, |b| b.title.collate(without).eq("notes")).await?;
        assert_eq!(folded, if db.dialect() == Dialect::Postgres { vec![] } else { vec![1] });
        let ordered = Book::objects().order_by(|b| b.title.collate(with).asc()).values(|b| b.title).all(db).await?;
        assert!(ordered.is_sorted(), "{ordered:?}");
        Ok(())
    }

    async fn numbers(bed) {
        filled(&bed).await?;
        let book = |id: i64| Book::objects().filter(move |b| b.id.eq(id));
        let db = &bed.db;
        // 9.99, discount 1.25, stock 7, no rating; 4: 0.10, stock -2, rating 2.5
        assert_eq!(book(3).values(|b| (b.price.floor(), b.price.ceil(), b.price.round(1), b.stock.sign(), b.price.sign(), b.stock.ceil(), b.rating.floor())).get(db).await?, (dec("9"), dec("10"), dec("10.0"), 1, 1, 7, None));
        assert_eq!(book(4).values(|b| (b.rating.floor(), b.rating.ceil(), b.rating.round(0), (b.price * -1).floor(), b.stock.sign(), b.stock.abs(), (b.price * -1).round(1))).get(db).await?, (Some(2.0), Some(3.0), Some(3.0), dec("-1"), -1, 2, dec("-0.1")));
        let (a, b, c, d, e) = book(4).values(|b| (b.rating.sqrt(), b.rating.exp(), b.rating.ln(), b.rating.log(2.0), b.rating.power(3))).get(db).await?;
        [(a, 2.5_f64.sqrt()), (b, 2.5_f64.exp()), (c, 2.5_f64.ln()), (d, 2.5_f64.log2()), (e, 15.625)].into_iter().for_each(|(found, wanted)| close(found, wanted));
        let (a, b, c, d, e, f) = book(4).values(|b| (b.price.sin(), b.price.cos(), b.price.tan(), b.price.asin(), b.price.acos(), b.price.atan())).get(db).await?;
        [(Some(a), 0.1_f64.sin()), (Some(b), 0.1_f64.cos()), (Some(c), 0.1_f64.tan()), (d, 0.1_f64.asin()), (e, 0.1_f64.acos()), (Some(f), 0.1_f64.atan())].into_iter().for_each(|(found, wanted)| close(found, wanted));
        let undefined = book(4).values(|b| (b.stock.sqrt(), b.stock.ln(), (b.stock * 0).ln(), b.stock.log(10.0), b.stock.asin(), b.stock.acos(), b.stock.power(0.5), (b.stock * 0).power(-1))).get(db).await?;
        assert_eq!(undefined, (None, None, None, None, None, None, None, None));
        let (power, degrees, radians) = book(4).values(|b| (b.stock.power(b.stock), b.stock.degrees(), b.stock.radians())).get(db).await?;
        close(power, 0.25);
        close(Some(degrees), (-2.0_f64).to_degrees());
        close(Some(radians), (-2.0_f64).to_radians());
        assert_eq!(book(3).values(|b| (b.price.cast::<i64>(), (b.price * -1).cast::<i32>(), b.stock.cast::<f64>(), b.discount.cast::<i64>(), b.stock.cast::<Decimal>())).get(db).await?, (9, -9, 7.0, Some(1), dec("7")));
        assert_eq!(book(4).values(|b| (b.rating.cast::<i64>(), b.rating.cast::<Decimal>())).get(db).await?, (Some(2), Some(dec("2.5"))));
        // Too large for the type.
        for far in [1e19, -1e19, 1e300] {
            let cast = book(4).values(|b| (b.rating * 0.0 + far).cast::<i64>()).get(db).await;
            assert_eq!(cast.unwrap_err().code(), Code::OutOfRange, "{far}");
        }
        let most = book(4).values(|b| ((b.rating * 0.0 + 9e18).cast::<i64>(), (b.rating * 0.0 + 1.2345678901234567e18).cast::<i64>()));
        assert_eq!(most.get(db).await?, (Some(9_000_000_000_000_000_000), Some(1_234_567_890_123_456_768)));
        let wide = book(4).values(|b| (b.rating * 0.0 + 3e9).cast::<i32>()).get(db).await.unwrap_err().code();
        let narrow = book(4).values(|b| (b.id + 70_000).cast::<i16>()).get(db).await.unwrap_err().code();
        // MariaDB has one whole number for all: what is too large is found out where it is read.
        let expected = if db.dialect() == Dialect::MariaDb { Code::Decode } else { Code::OutOfRange };
        assert_eq!((wide, narrow), (expected, expected));
        assert_eq!(book(4).values(|b| (b.stock.cast::<i16>(), b.discount.cast::<i16>())).get(db).await?, (-2, None));
        assert_eq!(book(4).values(|b| (b.stock.bit_and(7), b.stock.bit_or(1), b.stock.bit_xor(5), b.id.bit_xor(b.id))).get(db).await?, (6, -1, -5, 0));
        assert_eq!(ids(&bed, |b| b.rating.log(0.0).gt(1.0)).await.unwrap_err().code(), Code::BadQuery);
        let (by_id, none, one, by_name) = book(4).values(|b| (b.rating.log(b.id), b.rating.log(b.stock), b.rating.log(b.id - 3), (b.rating * std::f64::consts::PI).log(10))).get(db).await?;
        [(by_id, 2.5_f64.log(4.0)), (by_name, (2.5 * std::f64::consts::PI).log10())].into_iter().for_each(|(found, wanted)| close(found, wanted));
        assert_eq!((none, one), (None, None));
        let tens = book(3).values(|b| ((b.price * 100).round(-1), (b.price * 100).round(-3), (b.rating.or(2.5) * 10.0).round(-1)));
        assert_eq!(tens.get(db).await?, (dec("1000"), dec("1000"), 30.0));
        // Whole numbers are rounded as such, however many digits they have.
        let large = book(3).values(|b| ((b.id + 123_456_789_012_345_675).round(-1), (b.id * -5).round(-1), b.id.round(-20)));
        assert_eq!(large.get(db).await?, (123_456_789_012_345_680, -20, 0));
        Ok(())
    }

    async fn comparing_and_choosing(bed) {
        filled(&bed).await?;
        let rows = Book::objects().order_by(|b| b.id.asc()).values(|b| (b.price.greatest(10), b.price.least(b.discount), b.discount.greatest(1), b.stock.null_if(7))).all(&bed.db).await?;
        assert_eq!(rows[0], (dec("12.50"), Some(dec("0.50")), Some(dec("1")), Some(3)));
        assert_eq!(rows[1], (dec("40.00"), None, None, Some(0)));
        assert_eq!(rows[2], (dec("10"), Some(dec("1.25")), Some(dec("1.25")), None));
        let shuffled = Book::objects().order_by(|_| orm::random().asc()).values(|b| b.id).all(&bed.db).await?;
        assert_eq!(shuffled.iter().sum::<i64>(), 15);
        let numbers = Book::objects().values(|_| orm::random()).all(&bed.db).await?;
        assert!(numbers.iter().all(|number| (0.0..1.0).contains(number)));
        Ok(())
    }

    async fn dividing_tells_of_nothing(bed) {
        filled(&bed).await?;
        // Stock: 3, 0, 7, -2, 7.
        let rows: Vec<(Option<i32>, Option<i32>, i32, i32, Option<Decimal>)> = Book::objects().order_by(|b| b.id.asc())
            .values(|b| (b.stock / (b.stock * 1), b.stock % (b.stock * 1), b.stock / 2, b.stock % 2, b.price / b.discount)).all(&bed.db).await?;
        assert_eq!(rows[0], (Some(1), Some(0), 1, 1, Some(dec("25"))));
        assert_eq!(rows[1], (None, None, 0, 0, None));
        assert_eq!(rows[3], (Some(1), Some(0), -1, 0, None));
        assert_eq!(rows[4].4, None); // a discount of 0.00
        for by_zero in [Book::objects().values(|b| b.stock / 0), Book::objects().values(|b| b.stock % 0)] {
            assert_eq!(by_zero.all(&bed.db).await.unwrap_err().code(), Code::BadQuery);
        }
        assert_eq!(Book::objects().values(|b| b.price / 0).all(&bed.db).await.unwrap_err().code(), Code::BadQuery);
        Ok(())
    }
}
