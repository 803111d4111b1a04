//! Days and times: the same numbers as chrono's, everywhere.

use crate::bed::{Bed, behaviour};
use chrono::{Datelike, FixedOffset, TimeZone, Timelike};
use orm::{Code, Dialect, Zone, prelude::*};

orm::app! { pub calendar { Moment } }

#[derive(Model, Debug, Clone)]
pub struct Moment {
    pub id: i64,
    pub day: NaiveDate,
    pub clock: NaiveTime,
    pub local: NaiveDateTime,
    pub instant: DateTime<Utc>,
    pub maybe_day: Option<NaiveDate>,
    pub maybe: Option<DateTime<Utc>>,
    pub span: TimeDelta,
}

/// Moments of every kind: ends of years, leap days, weeks that belong to another year, microseconds, and random ones.
fn moments() -> Vec<NaiveDateTime> {
    let mut all = Vec::new();
    for year in [1, 4, 999, 1582, 1843, 1900, 1969, 1970, 1999, 2000, 2004, 2009, 2015, 2016, 2020, 2024, 2026, 9998] {
        for (month, day) in [(1, 1), (1, 3), (1, 4), (2, 28), (2, 29), (3, 1), (3, 31), (4, 1), (12, 28), (12, 31)] {
            all.extend(NaiveDate::from_ymd_opt(year, month, day).and_then(|day| day.and_hms_opt(0, 0, 0)));
            all.extend(
                NaiveDate::from_ymd_opt(year, month, day).and_then(|day| day.and_hms_micro_opt(23, 59, 59, 999_999)),
            );
        }
    }
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..200 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // From the year 1 to 9998.
        let micros = (state % 315_500_000_000_000_000) as i64 - 62_135_000_000_000_000;
        all.push(DateTime::from_timestamp_micros(micros).unwrap().naive_utc());
    }
    all
}

async fn filled(bed: &Bed) -> orm::Result<Vec<Moment>> {
    orm::migrate::create_tables(&bed.db, &[calendar()]).await?;
    let drafts = moments().into_iter().enumerate().map(|(index, at)| {
        let maybe = (index % 5 != 0).then_some(at);
        Moment::draft()
            .day(at.date())
            .clock(at.time())
            .local(at)
            .instant(at.and_utc())
            .maybe_day(maybe.map(|at| at.date()))
            .maybe(maybe.map(|at| at.and_utc()))
            .span(TimeDelta::microseconds(index as i64 * 37_000_001_234 - 2_000_000_000_000))
    });
    Moment::objects().bulk_create(drafts, &bed.db).await?;
    Moment::objects().order_by(|m| m.id.asc()).all(&bed.db).await
}

type Parts = (i32, i32, i32, i32, i32, i32, i32, i32);

fn parts(day: NaiveDate) -> Parts {
    let quarter = (day.month0() / 3 + 1) as i32;
    (
        day.year(),
        day.iso_week().year(),
        quarter,
        day.month() as i32,
        day.iso_week().week() as i32,
        day.day() as i32,
        day.weekday().num_days_from_sunday() as i32 + 1,
        day.weekday().number_from_monday() as i32,
    )
}

macro_rules! parts_of {
    ($on:expr) => {
        (
            $on.year(),
            $on.iso_year(),
            $on.quarter(),
            $on.month(),
            $on.week(),
            $on.day(),
            $on.week_day(),
            $on.iso_week_day(),
        )
    };
}

fn midnight(day: NaiveDate) -> NaiveDateTime {
    day.and_time(NaiveTime::MIN)
}

fn begin(unit: DateUnit, day: NaiveDate) -> NaiveDate {
    match unit {
        DateUnit::Year => day.with_day(1).unwrap().with_month(1).unwrap(),
        DateUnit::Quarter => day.with_day(1).unwrap().with_month(day.month0() / 3 * 3 + 1).unwrap(),
        DateUnit::Month => day.with_day(1).unwrap(),
        DateUnit::Week => day - TimeDelta::days(day.weekday().num_days_from_monday().into()),
        DateUnit::Day => day,
    }
}

behaviour! {
    async fn parts_are_those_of_chrono(bed) {
        let rows = filled(&bed).await?;
        let days = Moment::objects().order_by(|m| m.id.asc()).values(|m| parts_of!(m.day)).all(&bed.db).await?;
        let locals = Moment::objects().order_by(|m| m.id.asc()).values(|m| parts_of!(m.local)).all(&bed.db).await?;
        let instants = Moment::objects().order_by(|m| m.id.asc()).values(|m| parts_of!(m.instant)).all(&bed.db).await?;
        let maybes = Moment::objects().order_by(|m| m.id.asc()).values(|m| parts_of!(m.maybe)).all(&bed.db).await?;
        let clocks = Moment::objects().order_by(|m| m.id.asc())
            .values(|m| (m.clock.hour(), m.clock.minute(), m.clock.second(), m.instant.hour(), m.local.minute(), m.maybe.second(), m.instant.date(), m.instant.time()))
            .all(&bed.db).await?;
        for (index, row) in rows.iter().enumerate() {
            assert_eq!(days[index], parts(row.day), "{}", row.day);
            assert_eq!(locals[index], parts(row.day), "{}", row.local);
            assert_eq!(instants[index], parts(row.day), "{}", row.instant);
            let p = row.maybe.map(|at| parts(at.date_naive()));
            let m = maybes[index];
            assert_eq!(m.0.map(|_| (m.0.unwrap(), m.1.unwrap(), m.2.unwrap(), m.3.unwrap(), m.4.unwrap(), m.5.unwrap(), m.6.unwrap(), m.7.unwrap())), p);
            let (hour, minute, second) = (row.clock.hour() as i32, row.clock.minute() as i32, row.clock.second() as i32);
            assert_eq!(clocks[index], (hour, minute, second, hour, minute, row.maybe.map(|_| second), row.day, row.clock), "{}", row.local);
        }
        Ok(())
    }

    async fn truncation_is_that_of_chrono(bed) {
        let rows = filled(&bed).await?;
        for unit in [DateUnit::Year, DateUnit::Quarter, DateUnit::Month, DateUnit::Week, DateUnit::Day] {
            let found = Moment::objects().order_by(|m| m.id.asc())
                .values(|m| (m.day.trunc(unit), m.local.trunc(unit), m.instant.trunc(unit), m.maybe.trunc(unit), m.maybe_day.trunc(unit))).all(&bed.db).await?;
            for (row, found) in rows.iter().zip(found) {
                let day = begin(unit, row.day);
                let maybe = row.maybe.map(|_| midnight(day).and_utc());
                assert_eq!(found, (day, midnight(day), midnight(day).and_utc(), maybe, row.maybe_day.map(|_| day)), "{unit:?} {}", row.local);
            }
        }
        for (unit, step) in [(TimeUnit::Hour, 3600), (TimeUnit::Minute, 60), (TimeUnit::Second, 1)] {
            let found = Moment::objects().order_by(|m| m.id.asc())
                .values(|m| (m.clock.trunc(unit), m.local.trunc(unit), m.maybe.trunc(unit))).all(&bed.db).await?;
            for (row, found) in rows.iter().zip(found) {
                let clock = NaiveTime::from_num_seconds_from_midnight_opt(row.clock.num_seconds_from_midnight() / step * step, 0).unwrap();
                let local = row.day.and_time(clock);
                assert_eq!(found, (clock, local, row.maybe.map(|_| local.and_utc())), "{unit:?} {}", row.local);
            }
        }
        Ok(())
    }

    async fn zones_of_a_fixed_offset(bed) {
        let rows = filled(&bed).await?;
        for seconds in [0, 3600, -34_200, 50_400, -43_200, 1_172] {
            let zone = FixedOffset::east_opt(seconds).unwrap();
            let found = Moment::objects().order_by(|m| m.id.asc()).filter(|m| m.instant.year().between(2, 9997))
                .values(|m| (m.id, m.instant.at(zone), m.instant.at(zone).date(), m.instant.at(zone).hour(), m.instant.at(zone).iso_week_day(), m.maybe.at(zone).trunc(DateUnit::Month)))
                .all(&bed.db).await?;
            assert!(found.len() > 300);
            for (id, local, day, hour, week_day, month) in found {
                let row = rows.iter().find(|row| row.id == id).unwrap();
                let there = zone.from_utc_datetime(&row.instant.naive_utc()).naive_local();
                assert_eq!((local, day, hour, week_day), (there, there.date(), there.hour() as i32, there.weekday().number_from_monday() as i32));
                assert_eq!(month, row.maybe.map(|_| midnight(begin(DateUnit::Month, there.date()))));
            }
        }
        Ok(())
    }

    async fn named_zones_or_a_plain_refusal(bed) {
        filled(&bed).await?;
        let berlin = || Zone::named("Europe/Berlin");
        let summer = NaiveDate::from_ymd_opt(2024, 7, 1).unwrap().and_hms_opt(12, 0, 0).unwrap();
        let winter = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap().and_hms_opt(12, 0, 0).unwrap();
        Moment::objects().delete(&bed.db).await?;
        for at in [summer, winter] {
            Moment::draft().day(at.date()).clock(at.time()).local(at).instant(at.and_utc()).span(TimeDelta::zero()).create(&bed.db).await?;
        }
        let hours = Moment::objects().order_by(|m| m.id.asc()).values(|m| (m.instant.at(berlin()).hour(), m.maybe.at(berlin()).hour())).all(&bed.db).await;
        let nowhere = Moment::objects().values(|m| m.instant.at(Zone::named("Nowhere/At all"))).all(&bed.db).await.unwrap_err();
        match bed.db.dialect() {
            Dialect::Sqlite | Dialect::Postgres => {
                assert_eq!(hours?, [(14, None), (13, None)]);
                assert_eq!(nowhere.code(), Code::UnknownZone);
            }
            _ => {
                // The zones are there, or it is said that they are not: never NULL.
                match hours {
                    Ok(hours) => assert_eq!(hours, [(14, None), (13, None)]),
                    Err(error) => assert_eq!(error.code(), Code::UnknownZone, "{error:?}"),
                }
                assert_eq!(nowhere.code(), Code::UnknownZone);
            }
        }
        Ok(())
    }

    async fn spans_move_times(bed) {
        let rows = filled(&bed).await?;
        for span in [TimeDelta::zero(), TimeDelta::microseconds(-1), TimeDelta::hours(1), TimeDelta::hours(-25), TimeDelta::days(400)] {
            let moved = Moment::objects().order_by(|m| m.id.asc()).values(|m| (m.clock + span, m.clock - span, m.clock - m.span)).all(&bed.db).await?;
            for (row, (later, earlier, by_column)) in rows.iter().zip(moved) {
                assert_eq!((later, earlier, by_column), (row.clock + span, row.clock - span, row.clock - row.span), "{} {span}", row.clock);
            }
        }
        let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap();
        let late = Moment::objects().filter(|m| (m.clock + TimeDelta::hours(1)).lt(noon)).count(&bed.db).await?;
        assert_eq!(late as usize, rows.iter().filter(|row| row.clock + TimeDelta::hours(1) < noon).count());
        let all = Moment::objects().count(&bed.db).await?;
        assert_eq!(Moment::objects().update(|m| m.clock.set(m.clock + TimeDelta::minutes(90)), &bed.db).await?, all);
        let after = Moment::objects().order_by(|m| m.id.asc()).values(|m| m.clock).all(&bed.db).await?;
        assert!(rows.iter().zip(after).all(|(row, clock)| row.clock + TimeDelta::minutes(90) == clock));
        Ok(())
    }

    async fn spans_move_days_and_moments(bed) {
        let rows = filled(&bed).await?;
        for span in [TimeDelta::zero(), TimeDelta::microseconds(1), TimeDelta::hours(36), TimeDelta::hours(-36), TimeDelta::days(-59), TimeDelta::microseconds(-86_400_000_001)] {
            let moved = Moment::objects().order_by(|m| m.id.asc()).filter(|m| m.day.year().between(3, 9996))
                .values(|m| (m.id, m.day + span, m.local + span, m.instant - span, m.maybe + span)).all(&bed.db).await?;
            assert!(moved.len() > 300);
            for (id, day, local, instant, maybe) in moved {
                let row = rows.iter().find(|row| row.id == id).unwrap();
                assert_eq!(day, (midnight(row.day) + span).date(), "{} + {span}", row.day);
                assert_eq!((local, instant, maybe), (row.local + span, row.instant - span, row.maybe.map(|at| at + span)));
            }
        }
        let by_column = Moment::objects().order_by(|m| m.id.asc()).filter(|m| m.day.year().between(3, 9996))
            .values(|m| (m.id, m.local + m.span, m.instant - m.span, (m.instant + m.span).since(m.instant), m.span * 3, m.day.since(m.maybe_day))).all(&bed.db).await?;
        for (id, local, instant, span, thrice, none) in by_column {
            let row = rows.iter().find(|row| row.id == id).unwrap();
            assert_eq!((local, instant, span, thrice), (row.local + row.span, row.instant - row.span, row.span, row.span * 3));
            assert_eq!(none, row.maybe_day.map(|_| TimeDelta::zero()));
        }
        let start = NaiveDate::from_ymd_opt(2000, 2, 28).unwrap();
        let since = Moment::objects().order_by(|m| m.id.asc()).values(|m| (m.day.since(start), m.local.since(midnight(start)))).all(&bed.db).await?;
        for (row, (days, span)) in rows.iter().zip(since) {
            assert_eq!((days, span), (row.day - start, row.local - midnight(start)));
        }
        let far = Moment::objects().filter(|m| m.day.since(start).gt(TimeDelta::days(365_000))).count(&bed.db).await?;
        assert_eq!(far as usize, rows.iter().filter(|row| row.day - start > TimeDelta::days(365_000)).count());
        assert_eq!(Moment::objects().filter(|m| m.instant.gt(now() - TimeDelta::days(365_000))).count(&bed.db).await? as usize, rows.iter().filter(|row| row.instant > Utc::now() - TimeDelta::days(365_000)).count());
        Ok(())
    }

    async fn years_and_days_are_compared_as_ranges(bed) {
        let rows = filled(&bed).await?;
        let zone = FixedOffset::east_opt(19_800).unwrap();
        for year in [0, 1, 2, 1843, 1999, 2000, 2020, 2026, 9998, 9999, 10_000, -5] {
            let here = |row: &Moment| zone.from_utc_datetime(&row.instant.naive_utc()).year();
            let count = async |q: Q<Moment>| Moment::objects().filter(|_| q).count(&bed.db).await;
            let of = |test: &dyn Fn(&Moment) -> bool| rows.iter().filter(|row| test(row)).count() as u64;
            let m = Moment::fields();
            assert_eq!(count(m.day.year().eq(year)).await?, of(&|row| row.day.year() == year));
            assert_eq!(count(m.instant.year().lt(year)).await?, of(&|row| row.instant.year() < year));
            assert_eq!(count(m.local.year().lte(year)).await?, of(&|row| row.local.year() <= year));
            assert_eq!(count(m.maybe.year().gt(year)).await?, of(&|row| row.maybe.is_some_and(|at| at.year() > year)));
            assert_eq!(count(m.maybe_day.year().gte(year)).await?, of(&|row| row.maybe_day.is_some_and(|at| at.year() >= year)));
            assert_eq!(count(m.maybe_day.year().ne(year)).await?, of(&|row| row.maybe_day.is_none_or(|at| at.year() != year)));
            assert_eq!(count(m.day.iso_year().eq(year)).await?, of(&|row| row.day.iso_week().year() == year));
            assert_eq!(count(m.instant.year().between(2, 9997) & m.instant.at(zone).year().eq(year)).await?, of(&|row| (2..=9997).contains(&row.instant.year()) && here(row) == year));
        }
        for day in [rows[3].day, rows[250].day, NaiveDate::from_ymd_opt(2020, 2, 29).unwrap()] {
            assert_eq!(Moment::objects().filter(|m| m.instant.date().eq(day)).count(&bed.db).await? as usize, rows.iter().filter(|row| row.day == day).count());
            assert_eq!(Moment::objects().filter(|m| m.local.date().lte(day)).count(&bed.db).await? as usize, rows.iter().filter(|row| row.day <= day).count());
        }
        let sql = Moment::objects().filter(|m| m.instant.year().eq(2020)).values(|m| m.id).to_sql(bed.db.dialect())?;
        assert!(sql.contains(">=") && sql.contains('<') && !sql.to_uppercase().contains("YEAR"), "{sql}");
        Ok(())
    }

    async fn years_that_cannot_be_kept_are_refused_alike(bed) {
        filled(&bed).await?;
        for year in [-1, 0, 10_000] {
            let day = NaiveDate::from_ymd_opt(year, 1, 1).unwrap();
            let error = Moment::objects().filter(|m| m.day.eq(day)).count(&bed.db).await.unwrap_err();
            assert_eq!(error.code(), Code::OutOfRange, "{error:?}");
            let error = Moment::objects().filter(|m| m.id.eq(1)).update(|m| m.local.set(midnight(day)), &bed.db).await.unwrap_err();
            assert_eq!(error.code(), Code::OutOfRange, "{error:?}");
        }
        Ok(())
    }
}
