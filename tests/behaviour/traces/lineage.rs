//! Recorded writes of children, whose rows stand in the tables of their parents as well, and of new rows in their place.

use super::{
    Other,
    fresh::{computed, expressions, new_row, written},
    pack::{Pack, list, text},
    translate::{Level, Translated},
    writes::{Done, assigned, done, field_name, rows_of, run},
};
use orm::{
    Transaction, Value,
    dynamic::{Change, Create, Query, Term, Update, max, path},
};
use serde_json::Value as Json;

/// Rows that go; those of a child with those of its parents, by which it goes.
pub async fn deleted(pack: &Pack, rows: Query, tx: &Transaction) -> Result<Done, Other> {
    let label = rows.model.clone();
    let mut roots = parents(pack, &label);
    roots.retain(|(_, parent)| list(&pack.model(parent)["parents"]).is_empty());
    if roots.is_empty() {
        return done(run(pack, Change::Delete(rows), tx).await?);
    }
    let mut gone = Vec::new();
    for (path, root) in roots {
        let keys = pack.catalog.check(&rows.clone().values([format!("{path}__pk")]))?.all(tx).await?;
        let keys = keys.iter().map(|row| Term::Value(row.values()[0].to_json())).collect::<Vec<_>>();
        gone.push(Query::of(root).filter("pk__in", keys));
    }
    let mut total = 0;
    for rows in gone {
        total += run(pack, Change::Delete(rows), tx).await?.total;
    }
    Ok(Done { total, created: None })
}

/// The parents of a model and theirs, and the paths to them.
fn parents(pack: &Pack, label: &str) -> Vec<(String, String)> {
    let json = pack.model(label);
    let mut found = Vec::new();
    for parent in list(&json["parents"]).iter().map(|parent| pack.label(text(parent))) {
        let Some(link) = pack.link(json, parent) else {
            continue;
        };
        let above = parents(pack, parent).into_iter().map(|(path, above)| (format!("{link}__{path}"), above));
        found.extend(above.collect::<Vec<_>>());
        found.push((link, parent.to_owned()));
    }
    found
}

/// The place of a new row behind those of the same row that they have an order in.
async fn last_place(
    pack: &Pack,
    label: &str,
    own: &[(String, Json)],
    tx: &Transaction,
) -> Result<Option<(String, Json)>, Other> {
    let json = pack.model(label);
    let of = json["meta"]["order_with_respect_to"].as_str();
    let Some(field) = of.and_then(|of| pack.field(json, of)).filter(|_| !own.iter().any(|(name, _)| name == "_order"))
    else {
        return Ok(None);
    };
    let named = |(name, _): &&(String, Json)| [text(&field["name"]), text(&field["attname"])].contains(&name.as_str());
    let Some((name, value)) = own.iter().find(named) else {
        return Ok(None);
    };
    let (name, held) = (field_name(pack, label, name), written(pack, label, name, value)?);
    let last = Query::of(label).filter(name, Term::Value(held)).aggregate("last", max(path("_order")));
    let last = pack.catalog.check(&last)?.all(tx).await?[0].values()[0].to_json().as_i64();
    Ok(Some(("_order".to_owned(), Json::from(last.map_or(0, |last| last + 1)))))
}

/// A key of several parts is given as a list of them.
fn with_parts_of_keys(json: &Json, key: &[String], pairs: Vec<(String, Json)>) -> Vec<(String, Json)> {
    let attname = |part: &String| {
        let field = list(&json["fields"]).iter().find(|field| field["name"] == **part);
        field.map_or(part.clone(), |field| text(&field["attname"]).to_owned())
    };
    let parts = pairs.into_iter().flat_map(|(name, value)| match list(&value) {
        parts if name == "pk" && key.len() > 1 && parts.len() == key.len() => {
            key.iter().map(attname).zip(parts.iter().cloned()).collect()
        }
        _ => vec![(name, value)],
    });
    parts.collect()
}

/// A model behind its parents and theirs, each once.
fn ancestry(pack: &Pack, label: &str, line: &mut Vec<String>) {
    for parent in list(&pack.model(label)["parents"]) {
        ancestry(pack, pack.label(text(parent)), line);
    }
    if !line.iter().any(|known| known == label) {
        line.push(label.to_owned());
    }
}

/// A new row; of a child, after those of its parents.
pub async fn create(pack: &Pack, model: &str, pairs: Vec<(String, Json)>, tx: &Transaction) -> Result<Json, Other> {
    let mut pairs = with_parts_of_keys(pack.model(model), &pack.key_parts(pack.model(model)), pairs);
    // From the oldest of the parents down.
    let mut line = Vec::new();
    ancestry(pack, model, &mut line);
    // The keys of the rows of parents that are there already, and are taken for those of the new row.
    let mut taken: Vec<(String, Json)> = Vec::new();
    for label in line.iter().rev() {
        let child = pack.model(label);
        for parent in list(&child["parents"]).iter().map(|parent| pack.label(text(parent)).to_owned()) {
            let Some(link) = pack.link(child, &parent) else { continue };
            let attname = pack.field(child, &link).map_or("", |field| text(&field["attname"]));
            let is_key = child["pk"] == *link;
            let names = |name: &str| name == link || name == attname || is_key && name == "pk";
            let given = pairs.iter().find(|(name, _)| names(name)).map(|(_, value)| value.clone());
            let of_child = || taken.iter().find(|(known, _)| known == label && is_key).map(|(_, key)| key.clone());
            if let Some(key) = given.or_else(of_child).filter(|key| !key.is_null()) {
                taken.push((parent, key));
            }
        }
    }
    let mut done: Vec<(String, Json)> = Vec::new();
    for label in line {
        let json = pack.model(&label);
        let is_own = |name: &str| {
            let name = if name == "pk" { text(&json["pk"]) } else { name };
            list(&json["fields"]).iter().any(|field| text(&field["name"]) == name || text(&field["attname"]) == name)
        };
        let (mut own, rest): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(name, _)| is_own(name));
        pairs = rest;
        own.extend(last_place(pack, &label, &own, tx).await?);
        if let Some((_, key)) = taken.iter().find(|(known, _)| *known == label) {
            let key = if key["$obj"].is_null() { key.clone() } else { key["pk"].clone() };
            if written_over(pack, &label, &key, own.clone(), tx).await? {
                done.push((label, key));
                continue;
            }
            own.push((text(&json["pk"]).to_owned(), key));
        }
        let links = list(&json["parents"]).iter().filter_map(|parent| {
            let parent = pack.label(text(parent));
            let (_, key) = done.iter().find(|(known, _)| known == parent)?;
            Some((pack.link(json, parent)?, key.clone()))
        });
        let links: Vec<(String, Json)> = links.filter(|(link, _)| !own.iter().any(|(name, _)| name == link)).collect();
        let later = expressions(&own);
        let row = new_row(pack, &label, own.into_iter().chain(links))?;
        let new = Create { automatic: true, ..Create::of(&label) }.row(row);
        let made = run(pack, new.into(), tx).await?;
        let key = made.created[0].values().first().map(Value::to_json).unwrap_or_default();
        let meta = pack.models.get(&label).unwrap();
        let column = usize::from(meta.key[0]);
        let key = made.created[0].values().get(column).map_or(key, Value::to_json);
        if !later.is_empty() {
            computed(pack, &label, &key, &later, tx).await?;
        }
        done.push((label, key));
    }
    match pairs.first() {
        None => Ok(done.pop().map(|(_, key)| key).unwrap_or_default()),
        Some((name, _)) => Err(Other::Left(format!("refused, name.unknown: {name}"))),
    }
}

/// Whether there is a row of a parent by this key; if so, it is given all values of a new one.
async fn written_over(
    pack: &Pack,
    label: &str,
    key: &Json,
    own: Vec<(String, Json)>,
    tx: &Transaction,
) -> Result<bool, Other> {
    let json = pack.model(label);
    let row = new_row(pack, label, own)?;
    let fields = list(&json["fields"]).iter().filter(|field| !field["column"].is_null() && field["name"] != json["pk"]);
    let value = |field: &Json| {
        let name = field_name(pack, label, text(&field["attname"]));
        let value = row.get(&name).cloned().unwrap_or_default();
        (name, Term::Value(value))
    };
    let set: Vec<(String, Term)> = fields.map(value).collect();
    let rows = Query::of(label).filter("pk", super::terms::literal(key)?);
    if set.is_empty() {
        return Ok(pack.catalog.check(&rows)?.exists(tx).await?);
    }
    Ok(run(pack, Update { rows, set }.into(), tx).await?.total > 0)
}

/// Other values in the rows of a query; those of a parent stand in its rows.
pub async fn updated(pack: &Pack, mut level: Level<'_>, set: &[Json], tx: &Transaction) -> Result<Done, Other> {
    let model = level.model.clone();
    let json = pack.model(&model);
    let own = |pair: &&Json| {
        let name = text(&pair[0]);
        list(&json["fields"]).iter().any(|field| text(&field["name"]) == name || text(&field["attname"]) == name)
    };
    let (mine, theirs): (Vec<&Json>, Vec<&Json>) = set.iter().partition(own);
    if theirs.is_empty() || list(&json["parents"]).is_empty() {
        let assign = |pair: &Json| Ok((field_name(pack, &model, text(&pair[0])), assigned(&mut level, pair)?));
        let set: Vec<(String, Term)> = set.iter().map(assign).collect::<Translated<_>>()?;
        let rows = rows_of(level)?;
        return done(run(pack, Update { rows, set }.into(), tx).await?);
    }
    // The rows are chosen before any of them changes.
    let line = parents(pack, &model);
    let keys = std::iter::once("pk".to_owned()).chain(line.iter().map(|(path, _)| format!("{path}__pk")));
    let keys = pack.catalog.check(&rows_of(level)?.values(keys.collect::<Vec<_>>()))?.all(tx).await?;
    let mut labels = vec![(model.clone(), mine)];
    for (_, parent) in &line {
        let there = pack.model(parent);
        let is_own = |pair: &&&Json| {
            let name = &pair[0];
            list(&there["fields"]).iter().any(|field| field["name"] == *name || field["attname"] == *name)
        };
        labels.push((parent.clone(), theirs.iter().filter(is_own).copied().collect()));
    }
    for (place, (label, pairs)) in labels.into_iter().enumerate() {
        let mut level = Level::new(pack, &label, false);
        let assign = |pair: &&Json| Ok((field_name(pack, &label, text(&pair[0])), assigned(&mut level, pair)?));
        let set: Vec<(String, Term)> = pairs.iter().map(assign).collect::<Translated<_>>()?;
        if !set.is_empty() {
            let keys = keys.iter().map(|row| Term::Value(row.values()[place].to_json())).collect::<Vec<_>>();
            let rows = Query::of(&label).filter("pk__in", keys);
            run(pack, Update { rows, set }.into(), tx).await?;
        }
    }
    Ok(Done { total: keys.len() as u64, created: None })
}
