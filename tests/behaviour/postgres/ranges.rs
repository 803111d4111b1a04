//! Ranges.

use crate::bed::behaviour;
use orm::{postgres::Range, prelude::*};
use std::ops::Bound::{Excluded, Unbounded};

orm::app! { pub hotel { Stay, Everything } }

#[derive(Model, Debug, Clone, PartialEq)]
pub struct Stay {
    pub id: i64,
    pub room: i32,
    pub nights: Range<NaiveDate>,
    pub guests: Option<Range<i32>>,
}

/// A range of each kind.
#[derive(Model, Debug, Clone, PartialEq)]
pub struct Everything {
    pub id: i64,
    pub whole: Range<i32>,
    pub large: Range<i64>,
    pub exact: Range<Decimal>,
    pub days: Range<NaiveDate>,
    pub stamps: Range<NaiveDateTime>,
    pub moments: Range<DateTime<Utc>>,
}

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 5, day).unwrap()
}

behaviour! {
    async fn ranges_of_every_kind_come_back(bed, requires(PostgresTypes)) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[hotel()]).await?;
        let noon = day(1).and_hms_micro_opt(12, 30, 0, 7).unwrap();
        let exact = Range::Between(Excluded("1.50".parse().unwrap()), Excluded(Decimal::from(9)));
        let made = Everything::draft()
            .whole(1..=4)
            .large(i64::MIN..)
            .exact(exact)
            .days(day(1)..day(8))
            .stamps(noon..=noon)
            .moments(..noon.and_utc())
            .create(db)
            .await?;
        // Ranges of whole numbers and days are written in one form.
        assert_eq!((made.whole, made.large), ((1..5).into(), (i64::MIN..).into()));
        assert_eq!((made.exact, made.days), (exact, (day(1)..day(8)).into()));
        assert_eq!((made.stamps, made.moments), ((noon..=noon).into(), (..noon.and_utc()).into()));
        let same = Everything::objects().filter(|e| {
            e.whole.eq(1..=4) & e.large.eq(made.large) & e.exact.eq(exact) & e.days.eq(made.days) & e.stamps.eq(made.stamps)
                & e.moments.eq(made.moments)
        });
        assert_eq!(same.count(db).await?, 1);
        let mut edit = made.edit();
        (edit.whole, edit.exact, edit.days) = (Range::Empty, Range::Between(Unbounded, Unbounded), (day(3)..day(3)).into());
        let changed = edit.save(db).await?;
        assert_eq!((changed.whole, changed.exact, changed.days), (Range::Empty, (..).into(), Range::Empty));
        Ok(())
    }

    async fn ranges_are_asked_where_they_lie(bed, requires(PostgresTypes)) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[hotel()]).await?;
        let stays = [
            Stay::draft().room(1).nights(day(1)..day(5)).guests(1..3),
            Stay::draft().room(2).nights(day(5)..day(9)).guests(None),
            Stay::draft().room(3).nights(day(7)..).guests(Some(Range::Empty)),
        ];
        Stay::objects().bulk_create(stays, db).await?;
        let rooms = async |query: QuerySet<Stay>| query.order_by(|s| s.id.asc()).values(|s| s.room).all(db).await;
        let ask = Stay::objects;
        assert_eq!(rooms(ask().filter(|s| s.nights.contains_value(day(5)))).await?, [2]);
        assert_eq!(rooms(ask().filter(|s| s.nights.contains(day(2)..=day(4)))).await?, [1]);
        assert_eq!(rooms(ask().filter(|s| s.nights.contained_by(day(1)..=day(20)))).await?, [1, 2]);
        assert_eq!(rooms(ask().filter(|s| s.nights.overlap(day(8)..day(10)))).await?, [2, 3]);
        assert_eq!(rooms(ask().filter(|s| s.nights.fully_lt(day(5)..day(6)))).await?, [1]);
        assert_eq!(rooms(ask().filter(|s| s.nights.fully_gt(day(1)..day(5)))).await?, [2, 3]);
        assert_eq!(rooms(ask().filter(|s| s.nights.not_lt(day(5)..day(6)))).await?, [2, 3]);
        assert_eq!(rooms(ask().filter(|s| s.nights.not_gt(day(1)..day(9)))).await?, [1, 2]);
        assert_eq!(rooms(ask().filter(|s| s.nights.adjacent_to(day(5)..day(7)))).await?, [1, 3]);
        assert_eq!(rooms(ask().filter(|s| s.nights.start().gte(day(5)))).await?, [2, 3]);
        assert_eq!(rooms(ask().filter(|s| s.nights.end().is_null())).await?, [3]);
        assert_eq!(rooms(ask().filter(|s| s.nights.end_unbounded() & !s.nights.start_unbounded())).await?, [3]);
        assert_eq!(rooms(ask().filter(|s| s.nights.start_included() & !s.nights.end_included())).await?, [1, 2, 3]);
        assert_eq!(rooms(ask().filter(|s| s.guests.is_empty())).await?, [3]);
        assert_eq!(rooms(ask().exclude(|s| s.guests.contains_value(s.room))).await?, [2, 3]);
        let ends = ask().order_by(|s| s.id.asc()).values(|s| (s.nights.start(), s.nights.end(), s.guests.start()));
        assert_eq!(ends.all(db).await?[1..], [(Some(day(5)), Some(day(9)), None), (Some(day(7)), None, None)]);
        let later = ask().filter(|s| s.room.eq(1)).update(|s| s.nights.set(Range::from(day(2)..day(3))), db).await?;
        assert_eq!((later, rooms(ask().filter(|s| s.nights.eq(day(2)..day(3)))).await?), (1, vec![1]));
        Ok(())
    }
}
