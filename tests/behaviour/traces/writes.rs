//! Recorded writes: made by name inside a transaction, and the tables compared with what Django left.

use super::{
    Other,
    compare::same,
    fresh::{by_clock_after, computed, expressions, new_row, written},
    lineage::{create, deleted, updated},
    pack::{Pack, is_true, list, text},
    tables::compare,
    terms::literal,
    translate::{Level, Translated},
};
use crate::bed::Bed;
use orm::{
    Kind, Transaction, Value,
    dynamic::{
        Change, Changed, Create, DynRow, OnConflict, Overwrite, Query, Relate, Related, Term, Update, UpdateEach,
    },
};
use serde_json::{Map, Value as Json, json};

/// What a write gave back.
pub struct Done {
    pub total: u64,
    pub created: Option<bool>,
}

/// Makes the write, compares, and takes it back.
pub async fn evaluate(pack: &Pack, eval: &Json, bed: &Bed) -> Result<(), Other> {
    let tx = bed.db.begin().await?;
    let compared = match make(pack, eval, &tx).await {
        Ok(_) if eval["expect"]["kind"] == "error" => {
            let said: String = text(&eval["expect"]["message"]).chars().take(60).collect();
            Err(Other::Left(format!("answered here, where Django raises {}: {said}", text(&eval["expect"]["class"]))))
        }
        Ok(done) => compare(pack, eval, &done, &tx).await,
        Err(Other::Left(why)) if eval["expect"]["kind"] == "error" && why.starts_with("refused") => Ok(()),
        Err(other) => Err(other),
    };
    tx.rollback().await?;
    compared
}

async fn make(pack: &Pack, eval: &Json, tx: &Transaction) -> Result<Done, Other> {
    let (query, order) = (&eval["query"], &eval["do"]);
    let m = text(&order["m"]);
    match m {
        "instance_delete" => {
            let obj = &order["obj"];
            let rows = Query::of(pack.label(text(&obj["$obj"]))).filter("pk", literal(&obj["pk"])?);
            return deleted(pack, rows, tx).await;
        }
        "rel_add" | "rel_remove" | "rel_set" | "rel_clear" => {
            return related(pack, order, m, tx).await;
        }
        _ => {}
    }
    let on_sqlite = eval["backend"] == "sqlite";
    let mut level = Level::new(pack, text(&query["model"]), on_sqlite);
    if !query["related"].is_null() {
        level.belongs(&query["related"])?;
    }
    level.calls(list(&query["calls"]))?;
    match m {
        "update" => updated(pack, level, list(&order["set"]), tx).await,
        "delete" => deleted(pack, rows_of(level)?, tx).await,
        "create" => {
            let pairs = list(&order["set"]).iter().map(|pair| (text(&pair[0]).to_owned(), pair[1].clone()));
            let pairs: Vec<(String, Json)> = pairs.chain(owner(pack, query)?).collect();
            made(pack, query, &level.model, pairs, tx).await?;
            Ok(Done { total: 1, created: None })
        }
        "bulk_create" => {
            let on_conflict = conflict(pack, &level.model, order)?;
            let mut create = Create { automatic: true, on_conflict, ..Create::of(level.model.clone()) };
            let more = owner(pack, query)?;
            let mut later = Vec::new();
            for obj in list(&order["objs"]) {
                let pairs = obj["fields"].as_object().into_iter().flatten();
                let pairs = pairs.map(|(name, value)| (name.clone(), value.clone())).chain(more.clone());
                let pairs: Vec<(String, Json)> = pairs.collect();
                later.push(expressions(&pairs));
                create = create.row(new_row(pack, &level.model, pairs)?);
            }
            let plain = later.iter().all(Vec::is_empty);
            if !plain && create.on_conflict.is_some() {
                return Err(Other::Left("a new row with an expression".to_owned()));
            }
            let changed = run(pack, create.into(), tx).await?;
            let key = pack.models.get(&level.model).map_or(0, |meta| usize::from(meta.key[0]));
            for (row, set) in changed.created.iter().zip(later).filter(|(_, set)| !set.is_empty()) {
                let key = row.values().get(key).map(Value::to_json).unwrap_or_default();
                computed(pack, &level.model, &key, &set, tx).await?;
            }
            done(changed)
        }
        "bulk_update" => each_updated(pack, level, order, tx).await,
        "get_or_create" | "update_or_create" => found_or_made(pack, query, order, level, tx).await,
        other => Err(Other::Left(format!("the write {other}"))),
    }
}

/// What becomes of rows whose unique key is taken.
fn conflict(pack: &Pack, model: &str, order: &Json) -> Result<Option<OnConflict>, Other> {
    let is = |name: &str| order[name] == Json::Bool(true);
    let names = |name: &str| -> Vec<String> {
        list(&order[name]).iter().map(|name| field_name(pack, model, text(name))).collect()
    };
    match (is("ignore_conflicts"), is("update_conflicts")) {
        (false, false) => Ok(None),
        (true, false) => Ok(Some(OnConflict::Ignore)),
        (false, true) if !list(&order["update_fields"]).is_empty() => {
            Ok(Some(OnConflict::Update(Overwrite { key: names("unique_fields"), set: Some(names("update_fields")) })))
        }
        _ => Err(Other::Left("refused, by its form: one way to give way, and what is written over".to_owned())),
    }
}

/// Values of their own for some rows; expressions of Django's are those of a change for each.
async fn each_updated(pack: &Pack, level: Level<'_>, order: &Json, tx: &Transaction) -> Result<Done, Other> {
    let model = &*level.model.clone();
    let fields: Vec<&str> = list(&order["fields"]).iter().map(text).collect();
    if fields.is_empty() {
        return Err(Other::Left("refused, by its form: it names no field".to_owned()));
    }
    let (json, mut each, mut total) = (pack.model(model), UpdateEach::of(model), 0);
    // What a parent has stands in its rows.
    let of_parent = |name: &&str| {
        let known = list(&json["fields"]).iter().any(|field| field["name"] == **name || field["attname"] == **name);
        !known && !list(&json["parents"]).is_empty()
    };
    let (above, fields): (Vec<&str>, Vec<&str>) = fields.into_iter().partition(of_parent);
    if !above.is_empty() {
        let mut theirs = order.clone();
        theirs["fields"] = json!(above);
        let parent = Level::new(pack, pack.label(text(&json["parents"][0])), false);
        let done = Box::pin(each_updated(pack, parent, &theirs, tx)).await?;
        if fields.is_empty() {
            return Ok(done);
        }
    }
    // Of the rows that are given, those change that the query means.
    let among = match level.filters.is_empty() {
        true => None,
        false => Some(pack.catalog.check(&rows_of(level)?.values(["pk"]))?.all(tx).await?),
    };
    for obj in list(&order["objs"]) {
        let value = |name: &str| {
            let field = list(&json["fields"]).iter().find(|field| field["name"] == name || field["attname"] == name);
            field.map_or(Json::Null, |field| obj["fields"][text(&field["attname"])].clone())
        };
        let key = pack.key_parts(json);
        let is_its = |row: &DynRow| same(&row.values()[0], &value(&key[0]));
        if key.len() == 1 && among.as_ref().is_some_and(|rows| !rows.iter().any(is_its)) {
            continue;
        }
        // A row that is given again in another batch is written again.
        if order["batch_size"].as_u64().is_some_and(|size| each.rows.len() as u64 >= size) {
            let batch = std::mem::replace(&mut each, UpdateEach::of(model));
            total += run(pack, Change::UpdateEach(batch), tx).await?.total;
        }
        if fields.iter().any(|name| value(name)["e"].is_string()) {
            let parts = key.iter().map(|name| literal(&value(name))).collect::<Translated<Vec<_>>>()?;
            let key = if parts.len() == 1 { parts[0].clone() } else { Term::List(parts) };
            let mut level = Level::new(pack, model, false);
            level.filters.push(Term::named("pk", key));
            let set: Vec<Json> = fields.iter().map(|name| json!([name, value(name)])).collect();
            total += updated(pack, level, &set, tx).await?.total;
            continue;
        }
        let mut row = Map::new();
        for name in key.iter().map(String::as_str).chain(fields.iter().copied()) {
            row.insert(field_name(pack, model, name), written(pack, model, name, &value(name))?);
        }
        each = each.row(row);
    }
    if !each.rows.is_empty() {
        total += run(pack, Change::UpdateEach(each), tx).await?.total;
    }
    Ok(Done { total, created: None })
}

pub fn done(changed: Changed) -> Result<Done, Other> {
    Ok(Done { total: changed.total, created: None })
}

pub async fn run(pack: &Pack, change: Change, tx: &Transaction) -> orm::Result<Changed> {
    let sent: Change = serde_json::from_str(&serde_json::to_string(&change).unwrap()).unwrap();
    assert_eq!(sent, change);
    pack.writable().check_change(&sent)?.run(tx).await
}

/// The rows that a query means; of others than plain ones, by their keys.
pub fn rows_of(mut level: Level<'_>) -> Translated<Query> {
    if level.is_grouped()
        || level.is_cut()
        || level.combined.is_some()
        || level.picked.is_some()
        || !level.joined.is_empty()
    {
        let model = level.model.clone();
        level.bare = true;
        level.picked = None;
        return Ok(Query::of(model).filter("pk__in", level.ready()?.query));
    }
    let mut query = level.over(level.model.clone());
    level.set_order(Vec::new(), false);
    level.emit(&mut query)?;
    Ok(query)
}

/// The name here of a field that Django knows by its own name or its column's.
pub fn field_name(pack: &Pack, model: &str, name: &str) -> String {
    let json = pack.model(model);
    let name = if name == "pk" { text(&json["pk"]) } else { name };
    let known = list(&json["fields"]).iter().find(|field| text(&field["attname"]) == name && !field["fk"].is_null());
    match known.filter(|field| pack.leads(field)) {
        Some(field) => text(&field["name"]).to_owned(),
        None => name.to_owned(),
    }
}

pub fn assigned(level: &mut Level<'_>, pair: &Json) -> Translated<Term> {
    match pair[1]["e"].is_null() {
        true => written(level.pack, &level.model.clone(), text(&pair[0]), &pair[1]).map(Term::Value),
        false if text(&pair[1]["e"]) == "value" => {
            written(level.pack, &level.model.clone(), text(&pair[0]), &pair[1]["value"]).map(Term::Value)
        }
        // A moment without an offset is that of the clock of the database.
        false if pair[1]["name"] == "Now" && field_kind(level, text(&pair[0])) == Some(Kind::Timestamp) => {
            Ok(level.term(&pair[1])?.cast(Kind::Timestamp))
        }
        false => level.term(&pair[1]),
    }
}

fn field_kind(level: &Level<'_>, name: &str) -> Option<Kind> {
    level.pack.field(level.pack.model(&level.model), name).map(|field| level.pack.kind(field))
}

/// The foreign key that a related manager sets in a new row.
fn owner(pack: &Pack, query: &Json) -> Translated<Vec<(String, Json)>> {
    let related = &query["related"];
    if related.is_null() {
        return Ok(Vec::new());
    }
    let owner = pack.model(text(&related["model"]));
    let reverse = list(&owner["reverse"]).iter().find(|reverse| reverse["accessor"] == related["accessor"]);
    match reverse {
        Some(reverse) if text(&reverse["kind"]) == "one_to_many" => {
            let (model, name) = (pack.model(text(&reverse["model"])), text(&reverse["field"]));
            let held = pack.field(model, name).map(|field| pack.held(field, &related["pk"]));
            Ok(vec![(name.to_owned(), held.unwrap_or_else(|| related["pk"].clone()))])
        }
        // Of a many-to-many, the table between is what tells.
        _ => Ok(Vec::new()),
    }
}

/// A new row; that of a many-to-many is added to the relation.
async fn made(
    pack: &Pack,
    query: &Json,
    model: &str,
    mut pairs: Vec<(String, Json)>,
    tx: &Transaction,
) -> Result<(), Other> {
    let place = pairs.iter().position(|(name, _)| name == "through_defaults");
    let between = place.map(|place| pairs.remove(place).1["$json"].clone()).unwrap_or_default();
    let key = create(pack, model, pairs, tx).await?;
    let related = &query["related"];
    let owner = pack.with_accessor(text(&related["model"]), text(&related["accessor"]));
    if owner.is_some_and(|owner| pack.far_side(owner, &related["accessor"]).is_some()) {
        let between: Vec<Json> =
            between.as_object().into_iter().flatten().map(|(name, value)| json!([name, value])).collect();
        let add = json!({"related": related, "objs": [{"$obj": model, "pk": key}], "through_defaults": between});
        self::related(pack, &add, "rel_add", tx).await?;
    }
    Ok(())
}

async fn found_or_made(
    pack: &Pack,
    query: &Json,
    order: &Json,
    mut level: Level<'_>,
    tx: &Transaction,
) -> Result<Done, Other> {
    let model = level.model.clone();
    let pairs = |name: &str| list(&order[name]).iter().map(|pair| (text(&pair[0]).to_owned(), pair[1].clone()));
    let exact: Vec<(String, Json)> = pairs("where").filter(|(name, _)| !name.contains("__")).collect();
    let children: Vec<Json> = pairs("where").map(|(path, value)| json!({"path": path, "value": value})).collect();
    level.filter(&json!({"e": "q", "op": "AND", "children": children}), false)?;
    let rows = rows_of(level)?;
    let there = pack.catalog.check(&rows.clone().values(["pk"]))?.all(tx).await?;
    if there.len() > 1 {
        return Err(Other::Left("refused, several rows".to_owned()));
    }
    let update = text(&order["m"]) == "update_or_create";
    let defaults = match &order["create_defaults"] {
        Json::Null => "defaults",
        _ if there.is_empty() => "create_defaults",
        _ => "defaults",
    };
    if there.is_empty() {
        let mut pairs: Vec<(String, Json)> =
            exact.into_iter().chain(pairs(defaults)).chain(owner(pack, query)?).collect();
        if !order["through_defaults"].is_null() {
            pairs.push(("through_defaults".to_owned(), order["through_defaults"].clone()));
        }
        made(pack, query, &model, pairs, tx).await?;
        return Ok(Done { total: 1, created: Some(true) });
    }
    if update && !list(&order[defaults]).is_empty() {
        let mut level = Level::new(pack, &model, false);
        level.filters.push(Term::named("pk__in", rows.values(["pk"])));
        let mut set = list(&order[defaults]).to_vec();
        set.extend(by_clock_after(pack, &model, &there[0].values()[0]));
        updated(pack, level, &set, tx).await?;
    }
    Ok(Done { total: 1, created: Some(false) })
}

/// A relation of an instance: foreign keys that point to it, or pairs in the table between.
async fn related(pack: &Pack, order: &Json, m: &str, tx: &Transaction) -> Result<Done, Other> {
    let related = &order["related"];
    let more = list(&order["through_defaults"]).iter();
    let more: Vec<(String, Json)> = more.map(|pair| (text(&pair[0]).to_owned(), pair[1].clone())).collect();
    let Some(owner) = pack.with_accessor(text(&related["model"]), text(&related["accessor"])) else {
        return Err(Other::Left("a relation that is not there".to_owned()));
    };
    let mut related = related.clone();
    if let Some(above) = pack.key_above(text(&related["model"]), owner, &related["pk"]) {
        related["pk"] = above;
    }
    let related = &related;
    let far = pack.far_side(owner, &related["accessor"]);
    let key = |obj: &Json| match obj["$obj"].is_null() {
        // What is no row is what the table between holds.
        true => far.map_or_else(|| bare(obj), |far| pack.key_of(far, &bare(obj))),
        false => bare(&obj["pk"]),
    };
    let keys: Vec<Json> = list(&order["objs"]).iter().map(key).collect();
    if keys.iter().any(|key| key.is_object() || key.is_array()) || related["pk"].is_array() {
        return Err(Other::Left("refused, no key of a row".to_owned()));
    }
    let reverse = list(&owner["reverse"]).iter().find(|reverse| reverse["accessor"] == related["accessor"]);
    let forward = pack.field(owner, text(&related["accessor"])).filter(|field| !field["m2m"].is_null());
    let name = forward.map(|field| text(&field["name"])).or(reverse.map(|reverse| text(&reverse["query_name"])));
    let symmetrical = forward.is_some_and(|field| field["m2m"]["symmetrical"] == Json::Bool(true));
    let label = text(&owner["label"]).to_owned();
    let known = pack.models.get(&label).is_some_and(|model| model.field(name.unwrap_or_default()).is_some());
    // A model between may have defaults, which are its own.
    let known = known
        && far.is_none_or(|far| {
            !has_defaults(pack, owner, &related["accessor"], far) || m == "rel_remove" || m == "rel_clear"
        });
    if let (Some(name), true) = (name, known && more.is_empty() && !symmetrical) {
        // A key that is never NULL cannot be taken away, in Django neither: it adds.
        let fixed = reverse.filter(|reverse| text(&reverse["kind"]) != "many_to_many").is_some_and(|reverse| {
            let field = pack.field(pack.model(text(&reverse["model"])), text(&reverse["field"]));
            field.is_some_and(|field| field["null"] != Json::Bool(true))
        });
        let change = match m {
            "rel_remove" => Related::Remove(keys),
            "rel_clear" => Related::Clear,
            "rel_set" if !fixed => Related::Set(keys),
            _ => Related::Add(keys),
        };
        run(pack, Change::Relate(Relate::of(label, bare(&related["pk"]), name, change)), tx).await?;
        return Ok(Done { total: 0, created: None });
    }
    let (m2m, source, target) = match (forward, reverse) {
        (Some(field), _) => (&field["m2m"], "source_field", "target_field"),
        (None, Some(reverse)) if text(&reverse["kind"]) == "many_to_many" => {
            let field = pack.field(pack.model(text(&reverse["model"])), text(&reverse["field"]));
            let Some(field) = field else {
                return Err(Other::Left("a relation that is not there".to_owned()));
            };
            (&field["m2m"], "target_field", "source_field")
        }
        (None, Some(reverse)) => {
            return pointing(pack, reverse, &related["pk"], m, &keys, tx).await;
        }
        (None, None) => return Err(Other::Left("a relation that is not there".to_owned())),
    };
    let through = pack.label(text(&m2m["through"])).to_owned();
    let (source, target) = (text(&m2m[source]), text(&m2m[target]));
    let held = |side: &str, key: &Json| match pack.field(pack.model(&through), side) {
        Some(field) => pack.held(field, key),
        None => key.clone(),
    };
    let literal_key = |key: &Json| literal(key);
    let mine = Query::of(&through).filter(source, literal_key(&held(source, &related["pk"]))?);
    let symmetrical = m2m["symmetrical"] == Json::Bool(true);
    let back = Query::of(&through).filter(target, literal_key(&held(target, &related["pk"]))?);
    let among = |query: &Query, side: &str| -> Translated<Query> {
        let keys: Vec<Term> = keys.iter().map(|key| literal(&held(side, key))).collect::<Translated<_>>()?;
        Ok(query.clone().filter(format!("{side}__in"), keys))
    };
    let gone: Vec<Query> = match m {
        "rel_clear" => [Some(mine.clone()), symmetrical.then(|| back.clone())].into_iter().flatten().collect(),
        "rel_remove" => {
            let other = symmetrical.then(|| among(&back, source)).transpose()?;
            [Some(among(&mine, target)?), other].into_iter().flatten().collect()
        }
        "rel_set" if order["clear"] == Json::Bool(true) => {
            [Some(mine.clone()), symmetrical.then(|| back.clone())].into_iter().flatten().collect()
        }
        "rel_set" => {
            let among =
                |side: &str| keys.iter().map(|key| literal(&held(side, key))).collect::<Translated<Vec<Term>>>();
            let others = mine.clone().exclude(format!("{target}__in"), among(target)?);
            let near = among(source)?;
            let back = symmetrical.then(|| back.clone().exclude(format!("{source}__in"), near));
            [Some(others), back].into_iter().flatten().collect()
        }
        _ => Vec::new(),
    };
    for rows in gone {
        run(pack, Change::Delete(rows), tx).await?;
    }
    if ["rel_add", "rel_set"].contains(&m) {
        let mut create = Create { automatic: true, ..Create::of(&through) };
        let mut pairs: Vec<(&Json, &Json)> = keys.iter().map(|key| (&related["pk"], key)).collect();
        if symmetrical {
            pairs.extend(keys.iter().map(|key| (key, &related["pk"])));
        }
        for (place, (from, to)) in pairs.iter().enumerate() {
            let (near, far) = (held(source, from), held(target, to));
            let there = Query::of(&through).filter(source, literal(&near)?).filter(target, literal(&far)?);
            let known = pairs[..place].contains(&(*from, *to)) || pack.catalog.check(&there)?.exists(tx).await?;
            if !known {
                let row = [(source.to_owned(), near), (target.to_owned(), far)];
                create = create.row(new_row(pack, &through, row.into_iter().chain(more.clone()))?);
            }
        }
        run(pack, create.into(), tx).await?;
    }
    Ok(Done { total: 0, created: None })
}

/// Whether the rows of a model between have more values than those of the two sides.
fn has_defaults(pack: &Pack, owner: &Json, accessor: &Json, far: &Json) -> bool {
    let between = list(&owner["reverse"]).iter().find(|reverse| reverse["accessor"] == *accessor);
    let field = match between {
        Some(reverse) => pack.field(pack.model(text(&reverse["model"])), text(&reverse["field"])),
        None => pack.field(owner, text(accessor)),
    };
    let through = field.map(|field| pack.model(text(&field["m2m"]["through"])));
    let sides =
        field.map_or(["", ""], |field| [text(&field["m2m"]["source_field"]), text(&field["m2m"]["target_field"])]);
    debug_assert!(sides.contains(&text(&far["name"])));
    through.is_some_and(|through| {
        let mut fields = list(&through["fields"]).iter();
        fields.any(|field| {
            let more = !sides.contains(&text(&field["name"])) && !text(&field["type"]).contains("Auto");
            more && !field["column"].is_null() && !(is_true(&field["null"]) && field["default"].is_null())
        })
    })
}

/// A literal without its tag.
fn bare(json: &Json) -> Json {
    let tagged = json.as_object().and_then(|map| map.iter().next());
    tagged
        .filter(|(tag, _)| ["$uuid", "$dec", "$date"].contains(&tag.as_str()))
        .map_or(json, |(_, inner)| inner)
        .clone()
}

/// Rows that a foreign key points from.
async fn pointing(
    pack: &Pack,
    reverse: &Json,
    owner: &Json,
    m: &str,
    keys: &[Json],
    tx: &Transaction,
) -> Result<Done, Other> {
    let (model, field) = (pack.label(text(&reverse["model"])).to_owned(), text(&reverse["field"]));
    let keys: Vec<Term> = keys.iter().map(literal).collect::<Translated<_>>()?;
    let these = Query::of(&model).filter("pk__in", keys.clone());
    let mine = Query::of(&model).filter(field, literal(owner)?);
    let out = match m {
        "rel_clear" => Some(mine),
        "rel_remove" => Some(mine.filter("pk__in", keys)),
        "rel_set" => Some(mine.exclude("pk__in", keys)),
        _ => None,
    };
    if let Some(rows) = out {
        run(pack, Update::of(rows).set(field, None::<i64>).into(), tx).await?;
    }
    if ["rel_add", "rel_set"].contains(&m) {
        run(pack, Update::of(these).set(field, Term::Value(owner.clone())).into(), tx).await?;
    }
    Ok(Done { total: 0, created: None })
}
