//! What an update computes: rounded to the digits of its field, and refused where the field cannot hold it, on all databases.

use super::press::{dec, fields};
use crate::bed::{Bed, behaviour};
use orm::{Code, prelude::*};

orm::app! { pub dials { Dial } }

#[derive(Model, Debug, Clone)]
pub struct Dial {
    pub id: i64,
    #[field(default = 100)]
    pub small: i16,
    #[field(default = 100)]
    pub whole: i32,
    #[field(default = 100)]
    pub large: i64,
    #[field(default = 5u16)]
    pub few: u16,
    #[field(default = 5u64)]
    pub many: u64,
    #[field(default = 1.5f32)]
    pub single: f32,
    #[field(default = 1.5)]
    pub double: f64,
    #[field(max_length = 5, default = "abc")]
    pub short: String,
    #[field(max_length = 50, default = "Émile et Zoé")]
    pub long: String,
    #[field(max_digits = 8, decimal_places = 2)]
    pub price: Decimal,
    #[field(max_digits = 12, decimal_places = 4, default = dec("2.3456"))]
    pub fine: Decimal,
    #[field(max_digits = 20, decimal_places = 6, default = 0)]
    pub huge: Decimal,
    #[field(default = TimeDelta::days(2))]
    pub lasts: TimeDelta,
    #[field(default = 1)]
    pub unique: i32,
}

/// One row, with the key 1.
async fn filled(bed: &Bed) -> orm::Result<()> {
    orm::migrate::create_tables(&bed.db, &[dials()]).await?;
    Dial::draft().price(dec("12.50")).create(&bed.db).await?;
    bed.log.clear();
    Ok(())
}

/// The update is refused with this code, of this field, and leaves the row as it was.
macro_rules! refused {
    ($bed:ident, $code:expr, $($field:ident: |$d:ident| $value:expr),+ $(,)?) => {$({
        let before = format!("{:?}", Dial::get(1, &$bed.db).await?);
        let done = Dial::objects().update(|$d| ($d.$field.set($value), $d.unique.set(2)), &$bed.db).await;
        let error = done.expect_err(concat!(stringify!($field), " = ", stringify!($value)));
        let what = (error.code(), fields(&error), error.model());
        assert_eq!(what, ($code, vec![stringify!($field)], Some("Dial")), "{error:?}");
        assert!(error.message().contains(concat!("`Dial.", stringify!($field), "`")), "{error}");
        assert_eq!(format!("{:?}", Dial::get(1, &$bed.db).await?), before);
    })+};
}

behaviour! {
    async fn decimals_are_rounded_to_their_field(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let price = || async { Dial::objects().values(|d| d.price).get(db).await };
        Dial::objects().update(|d| d.price.set(d.price * dec("1.111")), db).await?;
        assert_eq!(price().await?.to_string(), "13.89");
        Dial::objects().update(|d| d.price.set(d.price / -3), db).await?;
        assert_eq!(price().await?.to_string(), "-4.63");
        // A half goes away from zero.
        for (by, expected) in [("0.005", "0.01"), ("-0.005", "-0.01"), ("2.675", "2.68"), ("0.004", "0.00"), ("1", "1.00")] {
            Dial::objects().update(|d| d.price.set(d.price * 0 + dec(by)), db).await?;
            assert_eq!(price().await?.to_string(), expected);
        }
        // Of another field of more digits.
        Dial::objects().update(|d| d.price.set(d.fine), db).await?;
        assert_eq!(Dial::get(1, db).await?.price, dec("2.35"));
        assert_eq!(Dial::objects().filter(|d| d.price.eq(dec("2.35"))).count(db).await?, 1);
        Ok(())
    }

    async fn what_a_field_cannot_hold_is_refused(bed) {
        filled(&bed).await?;
        refused!(bed, Code::OutOfRange,
            small: |d| d.small * 30_000_i16,
            whole: |d| d.whole * 2_000_000_000,
            large: |d| d.large * i64::MAX,
            few: |d| d.few - 6,
            few: |d| d.few * 30_000_u16,
            many: |d| d.many - 6,
            single: |d| d.single * f32::MAX,
            double: |d| d.double * f64::MAX,
            price: |d| d.price * 1_000_000,
            price: |d| d.price - dec("1000012.50"),
        );
        refused!(bed, Code::TooLong,
            short: |d| d.short.concat("def"),
            short: |d| d.long,
            short: |d| d.short.upper().concat("ÉÉÉ"),
        );
        // What just fits.
        let changed = Dial::objects().update(|d| (
            d.small.set(d.small * 327), d.whole.set(d.whole + (i32::MAX - 100)), d.large.set(d.large + (i64::MAX - 100)),
            d.few.set(d.few - 5), d.many.set(d.many + (i64::MAX as u64 - 5)), d.price.set(d.price + dec("999987.49")), d.short.set(d.short.concat("éé")),
        ), &bed.db);
        assert_eq!(changed.await?, 1);
        let dial = Dial::get(1, &bed.db).await?;
        assert_eq!((dial.small, dial.whole, dial.large, dial.few, dial.many), (32_700, i32::MAX, i64::MAX, 0, i64::MAX as u64));
        assert_eq!((dial.price, &*dial.short), (dec("999999.99"), "abcéé"));
        Ok(())
    }

    async fn blanks_that_are_too_many_are_cut(bed) {
        filled(&bed).await?;
        Dial::objects().update(|d| d.short.set(d.short.concat("é    ")), &bed.db).await?;
        assert_eq!(Dial::get(1, &bed.db).await?.short, "abcé ");
        refused!(bed, Code::TooLong, short: |d| d.short.concat("  x"));
        Ok(())
    }

    async fn decimals_that_are_longer_than_the_database_counts(bed) {
        filled(&bed).await?;
        let set = Dial::objects().update(|d| d.huge.set(d.huge + d.price * dec("98765432100.5")), &bed.db).await;
        match bed.db.dialect().capabilities().decimal_digits {
            15 => {
                set?;
                refused!(bed, Code::InexactDecimal, huge: |d| d.huge * dec("7.77"));
            }
            _ => {
                set?;
                Dial::objects().update(|d| d.huge.set(d.huge * dec("7.77")), &bed.db).await?;
                assert_eq!(Dial::get(1, &bed.db).await?.huge, dec("9592592592761.0625"));
            }
        }
        Ok(())
    }

    async fn values_within_an_expression_are_held_to_the_field(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        refused!(bed, Code::TooLong, short: |d| case::<Dial, _>().when(d.small.gt(1), "longer").otherwise(d.short));
        refused!(bed, Code::OutOfRange,
            price: |d| case::<Dial, _>().when(d.small.gt(1), dec("1000000")).otherwise(d.price),
            price: |d| case::<Dial, _>().when(d.small.gt(1), case::<Dial, _>().when(d.whole.gt(1), dec("-1000000.01")).otherwise(dec("1"))).otherwise(d.price),
        );
        let set = Dial::objects().update(|d| (
            d.price.set(case::<Dial, _>().when(d.small.gt(1), dec("1.005")).otherwise(d.price)),
            d.short.set(case::<Dial, _>().when(d.small.gt(1), "ééééé").otherwise("none")),
        ), db);
        assert_eq!(set.await?, 1);
        let dial = Dial::get(1, db).await?;
        assert_eq!((dial.price.to_string().as_str(), dial.short.as_str()), ("1.01", "ééééé"));
        // A draft has nothing to look at, and is held to the same.
        let long = Dial::draft().price(dec("1")).short(case().when(orm::value::<orm::write::NoRow, _>(2).gt(1), "longer").otherwise("x"));
        let error = long.create(db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::TooLong, vec!["short"]), "{error:?}");
        Ok(())
    }

    async fn values_of_another_field_are_held_to_the_field(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        Dial::objects().bulk_create((0..600).map(|_| Dial::draft().price(dec("1"))), db).await?;
        let mut dials = Dial::objects().order_by(|d| d.id.asc()).all(db).await?;
        for dial in &mut dials {
            (dial.long, dial.fine) = ("longer".to_owned(), dec("2.3456"));
        }
        // As many as one statement takes, one, more than a statement takes, and one that is given twice.
        let twice = [dials[0].clone(), dials[0].clone()];
        for some in [&dials[..2], &dials[..1], &dials[..], &twice[..]] {
            let error = Dial::objects().bulk_update_with(some, |d, new| d.short.set(new.long), db).await.unwrap_err();
            assert_eq!((error.code(), fields(&error)), (Code::TooLong, vec!["short"]), "{error:?}");
            assert_eq!(Dial::objects().filter(|d| d.short.eq("abc")).count(db).await?, 601);
            Dial::objects().bulk_update_with(some, |d, new| d.price.set(new.fine), db).await?;
            let prices = Dial::objects().filter(|d| d.price.eq(dec("2.35"))).count(db).await?;
            assert_eq!(prices, if some.len() == 2 && some[1].id == 1 { 1 } else { some.len() as u64 });
            Dial::objects().update(|d| d.price.set(dec("1")), db).await?;
        }
        Ok(())
    }

    async fn values_are_written_as_they_are(bed) {
        filled(&bed).await?;
        let sql = Dial::objects().update_sql(|d| (d.price.set(dec("1.5")), d.short.set("x"), d.small.set(1_i16), d.long.set(d.short), d.fine.set(d.price)), bed.db.dialect())?;
        assert!(!sql.contains("orm_"), "{sql}");
        let mut dial = Dial::get(1, &bed.db).await?;
        dial.price = dec("1.25");
        Dial::objects().bulk_update([&dial], |d| (d.price, d.short, d.whole), &bed.db).await?;
        assert!(bed.log.statements().iter().all(|one| !one.sql.contains("orm_")), "{:?}", bed.log.statements());
        Ok(())
    }
}
