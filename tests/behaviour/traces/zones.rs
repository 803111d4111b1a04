//! Time zones of recorded evaluations, and what has to be said otherwise before one is translated.

use super::{
    functions::{lookup, transform},
    pack::{Pack, list, text},
    translate::{Translated, left},
};
use serde_json::Value as Json;

/// Zones whose clocks have shown the same all the time that is recorded: every database knows how far they are.
const FIXED: &[(&str, &str)] = &[("UTC", "+00:00"), ("Africa/Nairobi", "+03:00"), ("Asia/Bangkok", "+07:00")];

/// A zone as it is asked for by name.
pub fn zone(name: &str) -> String {
    FIXED.iter().find(|(known, _)| *known == name).map_or(name, |(_, offset)| *offset).to_owned()
}

/// How far a zone is from UTC, if that is always the same.
fn offset(name: &str) -> Option<String> {
    Some(zone(name)).filter(|zone| zone.starts_with(['+', '-']))
}

/// The settings of an evaluation.
fn settings<'p>(pack: &'p Pack, eval: &'p Json) -> &'p Json {
    if eval["set"].is_null() { &pack.json["settings"] } else { &eval["set"] }
}

/// Whether moments are instants.
pub fn uses_zones(json: &Json, eval: &Json) -> bool {
    let set = if eval["set"].is_null() { &json["settings"] } else { &eval["set"] };
    set["USE_TZ"] == Json::Bool(true)
}

/// The zone in which parts of instants are asked for, unless it is UTC.
pub fn current(pack: &Pack, eval: &Json) -> Option<String> {
    let set = settings(pack, eval);
    let zone = set["current_tz"].as_str().or(set["TIME_ZONE"].as_str()).filter(|zone| *zone != "UTC")?;
    (set["USE_TZ"] == Json::Bool(true)).then(|| zone.to_owned())
}

/// The evaluation with moments as instants, and the names of transforms as they are here.
pub fn prepared(pack: &Pack, eval: &Json) -> Translated<Json> {
    let mut eval = eval.clone();
    let mut names = Vec::new();
    for registered in list(&eval["registered"]) {
        match transform(text(&registered["class"])).or_else(|| lookup(text(&registered["class"]))) {
            Some(ours) => names.push((text(&registered["name"]).to_owned(), ours)),
            None => return left("lookups that a test registers"),
        }
    }
    if settings(pack, &eval)["db_tz"].as_str().is_some_and(|zone| zone != "UTC") {
        return left("time zones of a database");
    }
    let instants = uses_zones(&pack.json, &eval);
    for part in ["query", "do"] {
        let mut json = eval[part].take();
        named(&mut json, &names);
        if instants {
            instant(&mut json, &pack.zone)?;
        }
        eval[part] = json;
    }
    Ok(eval)
}

fn named(json: &mut Json, names: &[(String, &str)]) {
    match json {
        Json::Array(all) => all.iter_mut().for_each(|one| named(one, names)),
        Json::Object(map) => {
            for (key, value) in map {
                match value {
                    Json::String(path) if ["path", "name"].contains(&key.as_str()) && path.contains("__") => {
                        let parts = path.split("__").enumerate();
                        let ours = |part: &str| names.iter().find(|(known, _)| known == part).map(|(_, ours)| *ours);
                        let parts = parts.map(|(at, part)| ours(part).filter(|_| at > 0).unwrap_or(part));
                        *path = parts.collect::<Vec<_>>().join("__");
                    }
                    other => named(other, names),
                }
            }
        }
        _ => {}
    }
}

/// Django reads moments without an offset in the zone that is active.
fn instant(json: &mut Json, zone: &Option<String>) -> Translated<()> {
    match json {
        Json::Array(all) => all.iter_mut().try_for_each(|one| instant(one, zone)),
        Json::Object(map) => {
            if let Some(Json::String(moment)) = map.get_mut("$datetime") {
                let naive = moment.len() <= 19 || !moment[19..].contains(['+', '-', 'Z']);
                if naive {
                    moment.push_str(&offset_of(zone)?);
                }
                return Ok(());
            }
            map.values_mut().try_for_each(|one| instant(one, zone))
        }
        _ => Ok(()),
    }
}

/// The day of a moment, in the zone of the settings where it is an instant.
pub fn day(pack: &Pack, written: &str) -> String {
    let zone = pack.json["settings"]["TIME_ZONE"].as_str().map(zone).unwrap_or_default();
    let offset: Option<chrono::FixedOffset> = zone.parse().ok();
    let instant = chrono::DateTime::parse_from_rfc3339(written).ok().filter(|_| pack.moment() == orm::Kind::DateTime);
    match instant.zip(offset) {
        Some((instant, offset)) => instant.with_timezone(&offset).date_naive().to_string(),
        None => written[..10].to_owned(),
    }
}

/// What is written behind a moment of the active zone.
pub fn offset_of(zone: &Option<String>) -> Translated<String> {
    match zone.as_deref().map_or(Some("+00:00".to_owned()), offset) {
        Some(offset) => Ok(offset),
        None => left("time zones whose distance from UTC changes"),
    }
}
