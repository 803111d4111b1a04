//! Values at the ends of their ranges, and stored values that a field cannot hold: the same everywhere, or refused by name.

use crate::bed::behaviour;
use chrono::NaiveDate;
use orm::{Code, Dialect, Zone, prelude::*, window};

orm::app! { pub limits { Gauge } }

#[derive(Choices, Debug, Clone, Copy, PartialEq)]
enum Tier {
    Low,
    High,
}

#[derive(Model, Debug)]
struct Gauge {
    id: i64,
    /// A name that generated code could have for its own.
    p: i64,
    count: u32,
    total: u64,
    level: f64,
    tier: Tier,
    read: DateTime<Utc>,
}

fn at(hour: u32, minute: u32) -> DateTime<Utc> {
    NaiveDate::from_ymd_opt(2024, 1, 31).unwrap().and_hms_opt(hour, minute, 0).unwrap().and_utc()
}

behaviour! {
    async fn sums_are_exact_or_refused(bed) {
        orm::migrate::create_tables(&bed.db, &[limits()]).await?;
        let add = async |p: i64| Gauge::draft().p(p).count(0).total(0).level(0.0).tier(Tier::Low).read(at(0, 0)).create(&bed.db).await;
        let sum = async || Gauge::objects().aggregate(|g| g.p.sum()).get(&bed.db).await;
        assert_eq!(sum().await?, None);
        add(i64::MAX - 1).await?;
        add(1).await?;
        assert_eq!(sum().await?, Some(i64::MAX));
        add(1).await?;
        assert_eq!(sum().await.unwrap_err().code(), Code::OutOfRange);
        let groups = Gauge::objects().group_by(|g| g.tier).annotate(|g| g.p.sum()).all(&bed.db).await;
        assert_eq!(groups.unwrap_err().code(), Code::OutOfRange);
        let running = Gauge::objects().values(|g| g.p.sum().over(window())).all(&bed.db).await;
        assert_eq!(running.unwrap_err().code(), Code::OutOfRange);
        Gauge::objects().delete(&bed.db).await?;
        add(i64::MIN + 1).await?;
        add(-1).await?;
        assert_eq!(sum().await?, Some(i64::MIN));
        add(-1).await?;
        assert_eq!(sum().await.unwrap_err().code(), Code::OutOfRange);
        Ok(())
    }

    async fn numbers_past_a_column_are_compared_as_numbers(bed) {
        orm::migrate::create_tables(&bed.db, &[limits()]).await?;
        let row = Gauge::draft().p(1).count(7).total(8).level(0.5).tier(Tier::High).read(at(0, 0)).create(&bed.db).await?;
        let holds = async |q: Q<Gauge>| Gauge::objects().filter(|_| q).exists(&bed.db).await;
        let g = Gauge::fields();
        assert!(holds(g.count.lt(u32::MAX)).await? && holds(g.total.lt(u64::MAX)).await? && holds(g.count.ne(u32::MAX)).await?);
        assert!(!holds(g.count.gt(u32::MAX)).await? && !holds(g.total.eq(u64::MAX)).await?);
        assert!(holds(g.count.is_in([7, u32::MAX])).await? && holds(g.total.between(8, u64::MAX)).await?);
        let refused = Gauge::objects().update(|g| g.count.set(u32::MAX), &bed.db).await.unwrap_err();
        assert_eq!((refused.code(), refused.fields()), (Code::OutOfRange, ["count".to_owned()].as_slice()));
        let mut edit = Gauge::get(row.id, &bed.db).await?.edit();
        edit.total = u64::MAX;
        assert_eq!(edit.save(&bed.db).await.unwrap_err().code(), Code::OutOfRange);
        assert_eq!(Gauge::get(row.id, &bed.db).await?.count, 7);
        Ok(())
    }

    async fn floats_without_an_end(bed) {
        orm::migrate::create_tables(&bed.db, &[limits()]).await?;
        let draft = || Gauge::draft().p(1).count(7).total(8).level(f64::NEG_INFINITY).tier(Tier::High).read(at(0, 0));
        match bed.db.dialect() {
            Dialect::Sqlite | Dialect::Postgres => {
                assert_eq!(draft().create(&bed.db).await?.level, f64::NEG_INFINITY);
                assert!(Gauge::objects().filter(|g| g.level.lt(f64::MIN)).exists(&bed.db).await?);
            }
            _ => {
                bed.log.clear();
                assert_eq!(draft().create(&bed.db).await.unwrap_err().code(), Code::InvalidValue);
                bed.log.assert_queries(0);
            }
        }
        Ok(())
    }

    async fn what_cannot_be_read_is_named(bed) {
        orm::migrate::create_tables(&bed.db, &[limits()]).await?;
        let row = Gauge::draft().p(1).count(7).total(8).level(0.5).tier(Tier::High).read(at(0, 0)).create(&bed.db).await?;
        bed.db.batch("UPDATE limits_gauge SET tier = 'mid'").await?;
        for error in [Gauge::objects().all(&bed.db).await.unwrap_err(), Gauge::get(row.id, &bed.db).await.unwrap_err()] {
            assert_eq!((error.code(), error.fields()), (Code::UnknownChoice, ["tier".to_owned()].as_slice()));
            assert!(error.message().starts_with("`Gauge.tier`: "), "{error}");
        }
        Ok(())
    }

    async fn offsets_have_one_sign(bed) {
        orm::migrate::create_tables(&bed.db, &[limits()]).await?;
        Gauge::draft().p(1).count(7).total(8).level(0.5).tier(Tier::High).read(at(23, 30)).create(&bed.db).await?;
        let clock = async |zone: &'static str| Gauge::objects().values(|g| g.read.at(Zone::named(zone)).hour()).get(&bed.db).await;
        assert_eq!(clock("UTC").await?, 23);
        assert_eq!((clock("+02:00").await?, clock("-05:00").await?, clock("+0030").await?), (1, 18, 0));
        let next = Gauge::objects().filter(|g| g.read.at(Zone::named("+02:00")).date().eq(NaiveDate::from_ymd_opt(2024, 2, 1).unwrap()));
        assert!(next.exists(&bed.db).await?);
        bed.log.clear();
        for name in ["UTC+2", "+2 hours", "-", "GMT-3", "+02:00x", "+02:00'; --"] {
            assert_eq!(clock(name).await.unwrap_err().code(), Code::BadQuery, "{name}");
        }
        bed.log.assert_queries(0);
        Ok(())
    }
}
