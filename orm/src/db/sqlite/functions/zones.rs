//! Time zones by their names, which SQLite does not know: from the files that the system keeps of them (RFC 8536).

use super::Given;
use crate::{
    db::{bind, decode::text},
    dialect::NO_ZONE,
};
use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta};
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

/// Where systems keep the files.
const FOLDERS: [&str; 3] = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo"];

/// The largest file that is one of a zone.
const LARGEST: u64 = 1 << 20;

/// A moment in UTC as the clocks of a zone show it.
pub(super) fn at_zone(moment: Option<String>, name: String) -> Given<String> {
    let Some(moment) = moment else { return Given(Ok(None)) };
    let local = known(&name).ok_or_else(|| NO_ZONE.to_owned()).and_then(|zone| {
        let utc = text::datetime(&moment).map_err(|_| format!("{moment:?} is no moment"))?;
        let offset = TimeDelta::seconds(zone.offset(utc.and_utc().timestamp()).into());
        let local = utc.checked_add_signed(offset).and_then(|local| bind::timestamp_text(local).ok());
        local.ok_or_else(|| crate::db::failure::OUT_OF_RANGE.to_owned())
    });
    Given(local.map(Some))
}

/// The zones that have been asked for; there are no more of them than files.
static ZONES: LazyLock<Mutex<HashMap<String, Arc<Zone>>>> = LazyLock::new(Mutex::default);

fn known(name: &str) -> Option<Arc<Zone>> {
    if let Some(zone) = ZONES.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
        return Some(zone.clone());
    }
    // A name is no path to anywhere else.
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+' | b'-');
    let good = name.len() < 64 && name.split('/').all(|part| !part.is_empty() && part.bytes().all(letter));
    let zone = FOLDERS.iter().filter(|_| good).find_map(|folder| {
        let path = format!("{folder}/{name}");
        let file = std::fs::metadata(&path).ok().filter(|file| file.is_file() && file.len() <= LARGEST);
        Zone::read(&file.and_then(|_| std::fs::read(&path).ok())?)
    });
    let zone = Arc::new(zone?);
    ZONES.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), zone.clone());
    Some(zone)
}

/// How far a zone was, is and will be from UTC, in seconds to the east.
#[derive(Debug)]
struct Zone {
    /// Before the first change.
    first: i32,
    /// From which moment on, in seconds of UTC.
    changes: Vec<(i64, i32)>,
    /// After the last change.
    rule: Option<Rule>,
}

impl Zone {
    fn read(file: &[u8]) -> Option<Zone> {
        // The first part has only 32 bits for a moment; the second is the same with 64.
        let counts = |from: usize| -> Option<[usize; 6]> {
            let header = file.get(from..from + 44)?;
            header.starts_with(b"TZif").then_some(())?;
            let count =
                |at: usize| Some(u32::from_be_bytes(header.get(20 + 4 * at..24 + 4 * at)?.try_into().ok()?) as usize);
            Some([count(0)?, count(1)?, count(2)?, count(3)?, count(4)?, count(5)?])
        };
        (*file.get(4)? >= b'2').then_some(())?;
        let [utc, standard, leaps, times, types, letters] = counts(0)?;
        let second = 44 + times * 5 + types * 6 + letters + leaps * 8 + standard + utc;
        let [utc, standard, leaps, times, types, letters] = counts(second)?;
        let at = second + 44;
        let (indices, records) = (at + times * 8, at + times * 9);
        let offset = |kind: usize| {
            Some(i32::from_be_bytes(file.get(records + 6 * kind..records + 6 * kind + 4)?.try_into().ok()?))
        };
        let change = |place: usize| {
            let moment = i64::from_be_bytes(file.get(at + 8 * place..at + 8 * place + 8)?.try_into().ok()?);
            Some((moment, offset(usize::from(*file.get(indices + place)?))?))
        };
        let changes = (0..times).map(change).collect::<Option<Vec<_>>>()?;
        let end = records + types * 6 + letters + leaps * 12 + standard + utc;
        let rule = std::str::from_utf8(file.get(end..)?).ok()?.trim();
        Some(Zone { first: offset(0)?, changes, rule: Rule::read(rule) })
    }

    fn offset(&self, moment: i64) -> i32 {
        let before = self.changes.partition_point(|(from, _)| *from <= moment);
        match (&self.rule, before) {
            (Some(rule), before) if before == self.changes.len() => rule.offset(moment),
            (_, 0) => self.first,
            (_, before) => self.changes[before - 1].1,
        }
    }
}

/// What a zone does every year, in POSIX's notation: `CET-1CEST,M3.5.0,M10.5.0/3`.
#[derive(Debug)]
struct Rule {
    usual: i32,
    summer: Option<Summer>,
}

#[derive(Debug)]
struct Summer {
    offset: i32,
    begin: Turn,
    end: Turn,
}

/// A day of every year, and the seconds after its midnight.
#[derive(Debug)]
struct Turn {
    day: Day,
    seconds: i64,
}

#[derive(Debug)]
enum Day {
    /// From 1, without the day that leap years have more.
    Julian(u64),
    /// From 0.
    Number(u64),
    /// A day of the week in the first to fourth, or 5 for the last, week of a month.
    Week { month: u32, week: u32, day: u32 },
}

impl Rule {
    fn read(text: &str) -> Option<Rule> {
        let rest = after_name(text)?;
        let (usual, rest) = span(rest)?;
        let usual = -i32::try_from(usual).ok()?;
        if rest.is_empty() {
            return Some(Rule { usual, summer: None });
        }
        let rest = after_name(rest)?;
        let (offset, rest) = match rest.starts_with(',') {
            true => (usual + 3_600, rest),
            false => span(rest).and_then(|(seconds, rest)| Some((-i32::try_from(seconds).ok()?, rest)))?,
        };
        let (begin, end) = rest.strip_prefix(',')?.split_once(',')?;
        Some(Rule { usual, summer: Some(Summer { offset, begin: Turn::read(begin)?, end: Turn::read(end)? }) })
    }

    fn offset(&self, moment: i64) -> i32 {
        let Some(summer) = &self.summer else { return self.usual };
        let local = chrono::DateTime::from_timestamp(moment.saturating_add(self.usual.into()), 0);
        let Some(year) = local.map(|local| local.year()) else { return self.usual };
        let begin = summer.begin.of(year).map(|at| at.and_utc().timestamp() - i64::from(self.usual));
        let end = summer.end.of(year).map(|at| at.and_utc().timestamp() - i64::from(summer.offset));
        let (Some(begin), Some(end)) = (begin, end) else { return self.usual };
        // South of the equator it is summer at both ends of the year.
        let is_summer = match begin < end {
            true => (begin..end).contains(&moment),
            false => !(end..begin).contains(&moment),
        };
        if is_summer { summer.offset } else { self.usual }
    }
}

impl Turn {
    fn read(text: &str) -> Option<Turn> {
        let (day, time) = text.split_once('/').unwrap_or((text, "2"));
        let day = match day.as_bytes().first()? {
            b'M' => {
                let mut parts = day[1..].split('.').map(|part| part.parse::<u32>().ok());
                let (month, week, day) = (parts.next()??, parts.next()??, parts.next()??);
                ((1..=12).contains(&month) && (1..=5).contains(&week) && day < 7).then_some(())?;
                Day::Week { month, week, day }
            }
            b'J' => Day::Julian(day[1..].parse().ok()?),
            _ => Day::Number(day.parse().ok()?),
        };
        let (seconds, rest) = span(time)?;
        rest.is_empty().then_some(Turn { day, seconds })
    }

    /// In this year, on the clocks that are about to change.
    fn of(&self, year: i32) -> Option<NaiveDateTime> {
        let first = NaiveDate::from_ymd_opt(year, 1, 1)?;
        let day = match self.day {
            Day::Number(number) => first.checked_add_days(Days::new(number))?,
            Day::Julian(number) => {
                let leap = u64::from(first.leap_year() && number > 59);
                first.checked_add_days(Days::new((number + leap).checked_sub(1)?))?
            }
            Day::Week { month, week, day } => {
                let first = NaiveDate::from_ymd_opt(year, month, 1)?;
                let from = u64::from((day + 7 - first.weekday().num_days_from_sunday()) % 7);
                let found = first.checked_add_days(Days::new(from + 7 * u64::from(week - 1)))?;
                // The fifth may be in the next month: then it is the fourth.
                let next = first.checked_add_months(Months::new(1))?;
                if found < next { found } else { found.checked_sub_days(Days::new(7))? }
            }
        };
        day.and_hms_opt(0, 0, 0)?.checked_add_signed(TimeDelta::seconds(self.seconds))
    }
}

/// What stands behind the name of a zone: letters, or anything between `<` and `>`.
fn after_name(text: &str) -> Option<&str> {
    match text.strip_prefix('<') {
        Some(quoted) => quoted.split_once('>').map(|(_, rest)| rest),
        None => {
            let end = text.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(text.len());
            (end > 0).then(|| &text[end..])
        }
    }
}

/// Hours, perhaps with minutes and seconds, at the beginning of a text; in seconds, with what follows.
fn span(text: &str) -> Option<(i64, &str)> {
    let end = text.find(|letter: char| !(letter.is_ascii_digit() || matches!(letter, '+' | '-' | ':')));
    let (span, rest) = text.split_at(end.unwrap_or(text.len()));
    let (negative, digits) = match span.as_bytes().first()? {
        b'-' => (true, &span[1..]),
        b'+' => (false, &span[1..]),
        _ => (false, span),
    };
    let mut seconds = 0;
    for (part, unit) in digits.split(':').zip([3_600, 60, 1]) {
        seconds += part.parse::<i64>().ok().filter(|part| *part < 1_000)? * unit;
    }
    Some((if negative { -seconds } else { seconds }, rest))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn utc(text: &str) -> i64 {
        text.parse::<NaiveDateTime>().unwrap().and_utc().timestamp()
    }

    #[test]
    fn rules_of_every_year() {
        let berlin = Rule::read("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        for (moment, hours) in [
            ("2024-03-31T00:59:59", 1),
            ("2024-03-31T01:00:00", 2),
            ("2024-10-27T00:59:59", 2),
            ("2024-10-27T01:00:00", 1),
            ("2124-07-01T00:00:00", 2),
        ] {
            assert_eq!(berlin.offset(utc(moment)), hours * 3_600, "{moment}");
        }
        let melbourne = Rule::read("AEST-10AEDT,M10.1.0,M4.1.0/3").unwrap();
        for (moment, hours) in [("2030-01-01T00:00:00", 11), ("2030-07-01T00:00:00", 10), ("2030-12-31T23:00:00", 11)] {
            assert_eq!(melbourne.offset(utc(moment)), hours * 3_600, "{moment}");
        }
        assert_eq!(Rule::read("<+0545>-5:45").unwrap().offset(0), 20_700);
        assert_eq!(Rule::read("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1").unwrap().offset(utc("2024-07-01T00:00:00")), -7_200);
        let julian = Rule::read("X0Y,J60/0,300/0").unwrap();
        assert_eq!(julian.offset(utc("2024-02-29T23:00:00")), 0);
        assert_eq!(julian.offset(utc("2024-03-01T00:00:00")), 3_600);
        for wrong in ["", "CET", "1", "CET-1CEST", "CET-1CEST,M13.1.0,M10.5.0", "CET-1CEST,M3.5.0", "CET-x"] {
            assert!(Rule::read(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_file_of_a_zone_is_none() {
        for name in [
            "",
            ".",
            "..",
            "/etc/passwd",
            "../../../etc/passwd",
            "Europe//Berlin",
            "Europe",
            "Nowhere/At",
            "a b",
            "x\0",
        ] {
            assert!(known(name).is_none(), "{name:?}");
        }
        for after in [vec![], vec![0xff; 200], vec![0; 39], vec![0; 200]] {
            assert!(Zone::read(&[&b"TZif2"[..], &after].concat()).is_none());
        }
        assert!(Zone::read(b"").is_none() && Zone::read(b"TZif").is_none());
    }
}
