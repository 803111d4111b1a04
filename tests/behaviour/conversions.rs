//! Casts from each type to each other: the same value on every database.

use crate::bed::{Bed, behaviour};
use orm::{Code, prelude::*};
use serde_json::json;

orm::app! { pub conversions { Thing } }

#[derive(Choices, Debug, Clone, Copy, PartialEq)]
pub enum State {
    Open,
    Closed,
}

#[derive(Model, Debug, Clone)]
pub struct Thing {
    pub id: i64,
    pub small: i16,
    pub big: Option<i64>,
    pub ratio: f64,
    pub single: f32,
    #[field(max_digits = 10, decimal_places = 2)]
    pub price: Decimal,
    pub truth: bool,
    pub maybe: Option<bool>,
    #[field(max_length = 60)]
    pub said: String,
    pub day: NaiveDate,
    pub clock: NaiveTime,
    pub local: NaiveDateTime,
    pub instant: DateTime<Utc>,
    pub code: Uuid,
    pub state: State,
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

async fn filled(bed: &Bed) -> orm::Result<()> {
    orm::migrate::create_tables(&bed.db, &[conversions()]).await?;
    let local = "2026-02-28T23:05:09.25".parse::<NaiveDateTime>().unwrap();
    Thing::draft()
        .small(-7)
        .big(9_007_199_254_740_993_i64)
        .ratio(2.5)
        .single(0.1)
        .price(dec("12.50"))
        .truth(true)
        .said("Notes")
        .day(day("2026-02-28"))
        .clock(NaiveTime::from_hms_opt(7, 5, 0).unwrap())
        .local(local)
        .instant(local.and_utc())
        .code(Uuid::from_u128(0xabcd))
        .state(State::Closed)
        .create(&bed.db)
        .await?;
    Ok(())
}

/// What the text is read as: whole, decimal, float, truth, day, time, moment and UUID.
type Read = (
    (Option<i64>, Option<Decimal>, Option<f64>, Option<bool>),
    (Option<NaiveDate>, Option<NaiveTime>, Option<NaiveDateTime>, Option<Uuid>),
);

async fn read(bed: &Bed, said: &str) -> orm::Result<Read> {
    Thing::objects().update(|t| t.said.set(said), &bed.db).await?;
    let numbers = Thing::objects()
        .values(|t| (t.said.cast::<i64>(), t.said.cast::<Decimal>(), t.said.cast::<f64>(), t.said.cast::<bool>()));
    let times = Thing::objects().values(|t| {
        (t.said.cast::<NaiveDate>(), t.said.cast::<NaiveTime>(), t.said.cast::<NaiveDateTime>(), t.said.cast::<Uuid>())
    });
    Ok((numbers.get(&bed.db).await?, times.get(&bed.db).await?))
}

behaviour! {
    async fn values_become_texts(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let numbers = Thing::objects().values(|t| {
            (t.small.cast::<String>(), t.big.cast::<String>(), t.ratio.cast::<String>(), t.price.cast::<String>())
        });
        assert_eq!(numbers.get(db).await?, ("-7".into(), Some("9007199254740993".into()), "2.5".into(), "12.50".into()));
        let computed = Thing::objects().values(|t| {
            ((t.ratio * 0.5).cast::<String>(), (t.price * -2).cast::<String>(), (t.price / 4).cast::<String>(), t.small.cast::<Decimal>().cast::<String>(), (t.price - 12).round(1).cast::<String>())
        });
        assert_eq!(computed.get(db).await?, ("1.25".into(), "-25.00".into(), "3.125000".into(), "-7".into(), "0.5".into()));
        let others = Thing::objects().values(|t| (t.truth.cast::<String>(), t.maybe.cast::<String>(), t.code.cast::<String>(), t.state.cast::<String>(), t.said.cast::<String>()));
        let code = "00000000-0000-0000-0000-00000000abcd".to_owned();
        assert_eq!(others.get(db).await?, ("true".into(), None, code.clone(), "closed".into(), "Notes".into()));
        let times = Thing::objects().values(|t| (t.day.cast::<String>(), t.clock.cast::<String>(), t.local.cast::<String>(), t.instant.cast::<String>()));
        assert_eq!(times.get(db).await?, ("2026-02-28".into(), "07:05:00".into(), "2026-02-28 23:05:09.250000".into(), "2026-02-28 23:05:09.250000".into()));
        // Where they stand beside others, and are grouped and ordered by.
        let found = Thing::objects().filter(|t| t.price.cast::<String>().starts_with("12.") & t.code.cast::<String>().eq(code.as_str()) & t.small.cast::<String>().contains("7"));
        assert_eq!(found.count(db).await?, 1);
        let grouped = Thing::objects().group_by(|t| t.day.year().cast::<String>().concat("-").concat(t.day.month().cast::<String>().pad_start(2, "0"))).annotate(|_| orm::count());
        assert_eq!(grouped.order_by(|(month, _)| month.asc()).all(db).await?, [("2026-02".to_owned(), 1)]);
        let changed = Thing::objects().update(|t| t.said.set(t.price.cast::<String>().concat(" of ").concat(t.big.cast::<String>().or("?"))), db).await?;
        assert_eq!((changed, Thing::objects().values(|t| t.said).get(db).await?.as_str()), (1, "12.50 of 9007199254740993"));
        Ok(())
    }

    async fn texts_become_values(bed) {
        filled(&bed).await?;
        let none: Read = ((None, None, None, None), (None, None, None, None));
        let times = |day, clock, moment| (none.0, (day, clock, moment, None));
        for (said, wanted) in [("12", "12"), (" 12.75 ", "12.75"), ("-.5", "-0.5"), ("+3.", "3"), ("1e2", "100"), ("25E-1", "2.5")] {
            let number = dec(wanted);
            let float = number.to_string().parse().ok();
            let whole = number.trunc().to_string().parse().ok();
            let wanted = ((whole, Some(number), float, None), none.1);
            assert_eq!(read(&bed, said).await?, wanted, "{said}");
        }
        assert_eq!(read(&bed, "9007199254740993").await?.0.0, Some(9_007_199_254_740_993));
        for said in ["", "Notes", "12 pages", "1,5", "0x10", "--1", "1e", ".", "2026-02-30", "2026-13-01", "0000-01-01", "26-01-01", "24:00", "7:05", "12:60", "2026-02-28 24:00:00", "2026-02-28T", "abcd"] {
            assert_eq!(read(&bed, said).await?, none, "{said}");
        }
        assert_eq!(read(&bed, "2024-02-29").await?, times(Some(day("2024-02-29")), None, None));
        let clock = |hour, minute, second, micro| NaiveTime::from_hms_micro_opt(hour, minute, second, micro);
        assert_eq!(read(&bed, "07:05").await?, times(None, clock(7, 5, 0, 0), None));
        assert_eq!(read(&bed, "23:59:59.25").await?, times(None, clock(23, 59, 59, 250_000), None));
        for said in ["2026-02-28 07:05:09.5", "2026-02-28T07:05:09.500000Z"] {
            let moment = day("2026-02-28").and_time(clock(7, 5, 9, 500_000).unwrap());
            assert_eq!(read(&bed, said).await?, times(None, None, Some(moment)), "{said}");
        }
        for said in ["ABCDABCD-0000-0000-0000-00000000abcd", "abcdabcd00000000000000000000abcd"] {
            assert_eq!(read(&bed, said).await?.1.3, Some(Uuid::from_u128(0xabcd_abcd_0000_0000_0000_0000_0000_abcd)), "{said}");
        }
        for (said, truth) in [("true", true), ("YES", true), ("f", false), ("No", false)] {
            assert_eq!(read(&bed, said).await?, ((None, None, None, Some(truth)), none.1), "{said}");
        }
        assert_eq!(read(&bed, "1").await?.0, (Some(1), Some(dec("1")), Some(1.0), Some(true)));
        // A line feed at the end is part of the text.
        for said in ["12\n", "2026-02-28\n", "07:05:00\n", "abcdabcd-0000-0000-0000-000000000abc\n", "abcdabcd00000000-0000-00000000abcd"] {
            assert_eq!(read(&bed, said).await?, none, "{said:?}");
        }
        // A number that its type does not hold is refused, as any other is.
        Thing::objects().update(|t| t.said.set("1e30"), &bed.db).await?;
        let far = Thing::objects().values(|t| t.said.cast::<i64>()).get(&bed.db).await.unwrap_err();
        assert_eq!(far.code(), Code::OutOfRange);
        // What was read is a value as any other.
        Thing::objects().update(|t| t.said.set("2026-03-01"), &bed.db).await?;
        let later = Thing::objects().filter(|t| t.said.cast::<NaiveDate>().gt(t.day) & t.said.cast::<NaiveDate>().month().eq(3));
        assert_eq!(later.count(&bed.db).await?, 1);
        Thing::objects().update(|t| (t.day.set(t.said.cast::<NaiveDate>().or(t.day)), t.big.set(t.said.left(4).cast::<i64>())), &bed.db).await?;
        assert_eq!(Thing::objects().values(|t| (t.day, t.big)).get(&bed.db).await?, (day("2026-03-01"), Some(2026)));
        Ok(())
    }

    async fn truth_days_and_moments(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let truths = Thing::objects().values(|t| (t.truth.cast::<i64>(), t.maybe.cast::<i32>(), t.truth.cast::<Decimal>(), t.small.cast::<bool>(), (t.price * 0).cast::<bool>(), t.truth.cast::<f64>()));
        assert_eq!(truths.get(db).await?, (1, None, dec("1"), true, false, 1.0));
        let counted = Thing::objects().aggregate(|t| (t.truth.cast::<i64>().sum(), t.small.lt(0).as_value().cast::<i64>().sum()));
        assert_eq!(counted.get(db).await?, (Some(1), Some(1)));
        let moments = Thing::objects().values(|t| (t.instant.cast::<NaiveDate>(), t.local.cast::<NaiveTime>(), t.day.cast::<NaiveDateTime>(), t.instant.cast::<NaiveDateTime>(), t.local.cast::<DateTime<Utc>>()));
        let local = "2026-02-28T23:05:09.25".parse::<NaiveDateTime>().unwrap();
        assert_eq!(moments.get(db).await?, (day("2026-02-28"), local.time(), day("2026-02-28").into(), local, local.and_utc()));
        Ok(())
    }

    async fn documents_of_values(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let card = Thing::objects().values(|t| {
            orm::json_object((
                ("said", t.said),
                ("numbers", orm::json_array((t.small, t.big, t.price, t.ratio, t.big + 1, 7, 2.5))),
                ("truths", orm::json_array((t.truth, t.maybe, t.small.gt(0), true))),
                ("times", orm::json_array((t.day, t.clock, t.local, t.instant))),
                ("code", t.code),
                ("state", t.state),
                ("none", orm::json_array(Vec::<i64>::new())),
            ))
        });
        let wanted = json!({
            "said": "Notes",
            "numbers": [-7, 9_007_199_254_740_993_i64, 12.5, 2.5, 9_007_199_254_740_994_i64, 7, 2.5],
            "truths": [true, null, false, true],
            "times": ["2026-02-28", "07:05:00", "2026-02-28 23:05:09.250000", "2026-02-28 23:05:09.250000"],
            "code": "00000000-0000-0000-0000-00000000abcd",
            "state": "closed",
            "none": [],
        });
        assert_eq!(card.get(db).await?, wanted);
        let found = Thing::objects().filter(|t| orm::json_object::<Thing, _>([("a", t.said)]).key("a").as_str().eq("Notes"));
        assert_eq!(found.count(db).await?, 1);
        let twice = Thing::objects().values(|t| orm::json_object([("a", t.said), ("a", t.said)])).get(db).await;
        assert_eq!(twice.unwrap_err().code(), Code::BadQuery);
        Ok(())
    }

    async fn spans_are_numbers(bed) {
        filled(&bed).await?;
        let db = &bed.db;
        let span = TimeDelta::days(-3) + TimeDelta::microseconds(1_500_001);
        let numbers = Thing::objects().values(|t| {
            let between = || (t.instant + span).since(t.instant);
            (between().total_seconds(), between().total_days().floor(), between().total_microseconds(), t.day.since(t.day).total_days(), (t.maybe.is_null() & t.truth).as_value())
        });
        let (seconds, days, micros, none, truth) = numbers.get(db).await?;
        assert_eq!((days, micros, none, truth), (-3.0, -259_198_499_999, 0.0, true));
        assert!((seconds + 259_198.499_999).abs() < 1e-6, "{seconds}");
        let grouped = Thing::objects().group_by(|t| (t.day.since(t.day) + TimeDelta::hours(49)).total_days().floor().cast::<i64>()).annotate(|t| (t.instant + span).since(t.instant).avg());
        let grouped = grouped.values(|(days, mean)| (days, mean.total_seconds().round(0)));
        assert_eq!(grouped.all(db).await?, [(2, Some(-259_198.0))]);
        Ok(())
    }
}
