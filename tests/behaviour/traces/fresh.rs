//! New rows: what Django's models give them, and what its programs and its database compute.

use super::{
    Other,
    compare::same,
    lineage::updated,
    pack::{Pack, cell, is_true, list, text},
    translate::{Level, Translated, left},
    writes::field_name,
};
use orm::{Kind, Transaction, Value, dynamic::Term};
use serde_json::{Map, Value as Json, json};

/// A literal as the document that a field is read from.
pub fn written(pack: &Pack, model: &str, name: &str, json: &Json) -> Translated<Json> {
    let fields = list(&pack.model(model)["fields"]);
    let name = if name == "pk" { text(&pack.model(model)["pk"]) } else { name };
    let named = |field: &&Json| [text(&field["name"]), text(&field["attname"])].contains(&name);
    let field = fields.iter().find(named);
    let kind = field.map(|field| pack.kind(field));
    Ok(match (json, kind) {
        (Json::Object(map), _) => match map.iter().next() {
            Some((tag, _)) if tag == "$obj" => {
                let key = &json["pk"];
                let held = field.map_or_else(|| key.clone(), |field| pack.held(field, key));
                written(pack, model, name, &held)?
            }
            Some((tag, inner)) if tag == "$date" && kind == Some(Kind::DateTime) => {
                Json::from(format!("{}T00:00:00{}", text(inner), super::zones::offset_of(&pack.zone)?))
            }
            Some((tag, inner)) if tag == "$date" && kind == Some(Kind::Timestamp) => {
                Json::from(format!("{}T00:00:00", text(inner)))
            }
            Some((tag, inner)) if tag == "$datetime" && kind == Some(Kind::Date) => Json::from(&text(inner)[..10]),
            Some((tag, inner)) if tag == "$datetime" && kind == Some(Kind::Time) && text(inner).len() > 11 => {
                Json::from(&text(inner)[11..])
            }
            Some((tag, inner)) if tag == "$datetime" && kind == Some(Kind::Timestamp) => {
                let moment = super::pack::moment(text(inner)).map(|moment| moment.naive_utc());
                moment.map_or_else(|| inner.clone(), |moment| Value::Timestamp(moment).to_json())
            }
            Some((tag, inner)) if ["$dec", "$date", "$datetime", "$time", "$uuid", "$json"].contains(&tag.as_str()) => {
                inner.clone()
            }
            Some((tag, inner)) if tag == "$duration_us" => cell(inner, Kind::Duration)?.to_json(),
            Some((tag, inner)) if tag == "$hex" => cell(inner, Kind::Bytes)?.to_json(),
            _ => return left("a literal in a write"),
        },
        (Json::String(address), _)
            if address.is_empty() && field.is_some_and(|field| field["type"] == "GenericIPAddressField") =>
        {
            Json::Null
        }
        // Django makes a value one of the field.
        (Json::Number(number), Some(Kind::Text)) => Json::from(number.to_string()),
        (Json::String(number), Some(Kind::I16 | Kind::I32 | Kind::I64)) => {
            number.trim().parse::<i64>().map_or_else(|_| json.clone(), Json::from)
        }
        (Json::String(number), Some(Kind::F64)) => {
            number.trim().parse::<f64>().map_or_else(|_| json.clone(), Json::from)
        }
        (Json::Number(number), Some(Kind::I16 | Kind::I32 | Kind::I64)) if number.is_f64() => {
            let whole = number.as_f64().map(|number| number.trunc() as i64);
            whole.map_or_else(|| json.clone(), Json::from)
        }
        (Json::Bool(truth), Some(Kind::I16 | Kind::I32 | Kind::I64)) => Json::from(i64::from(*truth)),
        (Json::Number(number), Some(Kind::Bool)) => Json::Bool(number.as_i64() != Some(0)),
        _ => json.clone(),
    })
}

/// What is computed of new rows, each with its field: it is written when the row is there.
pub fn expressions(pairs: &[(String, Json)]) -> Vec<Json> {
    let is_one = |(_, value): &&(String, Json)| value["e"].is_string() && value["e"] != "value";
    pairs.iter().filter(is_one).map(|(name, value)| json!([name, value])).collect()
}

/// Writes what is computed into a new row.
pub async fn computed(pack: &Pack, model: &str, key: &Json, set: &[Json], tx: &Transaction) -> Result<(), Other> {
    let mut level = Level::new(pack, model, false);
    level.filters.push(Term::named("pk", Term::Value(key.clone())));
    updated(pack, level, set, tx).await.map(|_| ())
}

/// A new row with what Django's models give it.
pub fn new_row(pack: &Pack, model: &str, given: impl IntoIterator<Item = (String, Json)>) -> Translated<Json> {
    let mut row = Map::new();
    let fields = list(&pack.model(model)["fields"]);
    let by_clock = |field: &Json| is_true(&field["auto_now"]) || is_true(&field["auto_now_add"]);
    let mut computed = Vec::new();
    for (name, value) in given.into_iter().flat_map(|pair| parts_of(pack, model, pair)) {
        let value = if value["e"] == "value" { value["value"].clone() } else { value };
        let name = field_name(pack, model, &name);
        let field = fields.iter().find(|field| field["name"] == *name);
        match field {
            // The value that was computed stands there until it is computed here.
            Some(field) if !value["e"].is_null() => {
                // What looks at other rows or at the clock gives something else then.
                let said = value.to_string();
                let looks = ["\"name\":\"Now\"", "\"e\":\"subquery\"", "\"e\":\"exists\""];
                if looks.iter().any(|part| said.contains(part)) || is_true(&field["primary_key"]) {
                    return left("a new row with an expression");
                }
                computed.push((name, field));
            }
            _ if !value["e"].is_null() => return left("a new row with an expression"),
            // What the clock says counts, whatever is given; a place among others is given by itself.
            Some(field) if by_clock(field) || field["type"] == "OrderWrt" && value.is_null() => {}
            // A file that there is not has an empty path.
            Some(field) if field["type"] == "FileField" && value.is_null() => {
                row.insert(name, Json::from(""));
            }
            _ => {
                row.insert(name.clone(), written(pack, model, &name, &value)?);
            }
        }
    }
    for field in fields {
        let name = field_name(pack, model, text(&field["attname"]));
        let automatic = text(&field["type"]).contains("Auto");
        if automatic && row.get(&name) == Some(&Json::Null) {
            row.remove(&name);
        }
        let waits = computed.iter().any(|(known, _)| *known == name);
        if field["column"].is_null() || automatic || waits || row.contains_key(&name) {
            continue;
        }
        if field["generated"] != Json::Null {
            return left("a default of the database");
        }
        match &field["default"] {
            _ if by_clock(field) || field["type"] == "OrderWrt" => computed.push((name, field)),
            Json::Null if field["db_default"] != Json::Null => computed.push((name, field)),
            Json::Null if field["null"] == Json::Bool(true) && field["type"] != "FileField" => {}
            Json::Null if pack.kind(field) == Kind::Text && field["fk"].is_null() => {
                row.insert(name, Json::from(""));
            }
            Json::Null => {}
            default if default["$callable"].is_null() && default["$left_out"].is_null() => {
                let default = written(pack, model, text(&field["name"]), default)?;
                row.insert(name, default);
            }
            _ => computed.push((name, field)),
        }
    }
    // What Django's programs or its database compute is given here: the recorded rows say what it was.
    let found = match computed.is_empty() {
        true => Vec::new(),
        false => found_after(pack, model, &row, &computed)?,
    };
    row.extend(found);
    Ok(Json::Object(row))
}

/// A relation of other fields' columns is given by a row: what these columns hold then.
fn parts_of(pack: &Pack, model: &str, (name, value): (String, Json)) -> Vec<(String, Json)> {
    let field = pack.field(pack.model(model), &name).filter(|field| field["type"] == "ForeignObject");
    let Some(field) = field.filter(|_| value["$obj"].is_string()) else {
        return vec![(name, value)];
    };
    let relation = &field["relation"];
    let target = pack.model(text(&relation["to"]));
    let held = list(&relation["to_fields"]).iter().map(|to| {
        let known = [(text(&target["pk"]), &value["pk"])];
        pack.found(target, &known, text(to)).unwrap_or_default()
    });
    list(&relation["from_fields"]).iter().map(|from| text(from).to_owned()).zip(held).collect()
}

/// The values of fields in the new row that Django left, which has the values that are given.
fn found_after(
    pack: &Pack,
    model: &str,
    given: &Map<String, Json>,
    wanted: &[(String, &Json)],
) -> Translated<Vec<(String, Json)>> {
    let json = pack.model(model);
    let columns = list(&pack.json["columns"][text(&json["table"])]);
    let place = |field: &Json| columns.iter().position(|name| *name == field["column"]);
    // The key of the parent's new row is another one here.
    let known = list(&json["fields"]).iter().filter(|field| !is_true(&field["fk"]["parent_link"]));
    let known = known.filter_map(|field| {
        let value = given.get(&field_name(pack, model, text(&field["attname"])))?;
        Some((place(field)?, pack.kind(field), value)).filter(|(_, kind, _)| !matches!(kind, Kind::Json | Kind::F64))
    });
    let known: Vec<(usize, Kind, &Json)> = known.collect();
    let rows = |snapshot: &str| {
        let rows = &pack.json["snapshots"][snapshot][text(&json["table"])];
        list(&pack.json["tables"][text(rows)]["rows"])
    };
    let before = rows(&pack.snapshot);
    let is_it = |row: &&Json| {
        !before.contains(row)
            && known.iter().all(|(place, kind, value)| {
                let there = &row[*place];
                let same = |made: Value| made.to_json() == **value || text(there) == text(value) && there.is_string();
                there == *value || cell(there, *kind).is_ok_and(same) || kind == &Kind::Decimal
            })
    };
    let Some(row) = rows(&pack.after).iter().find(is_it) else {
        return left("a default that is computed");
    };
    let value = |(name, field): &(String, &Json)| {
        let there = place(field).map_or(&Json::Null, |place| &row[place]);
        Ok((name.clone(), cell(there, pack.kind(field))?.to_json()))
    };
    wanted.iter().map(value).collect()
}

/// What Django's clock said when it saved a row anew.
pub fn by_clock_after(pack: &Pack, model: &str, key: &Value) -> Vec<Json> {
    let json = pack.model(model);
    let fields = list(&json["fields"]).iter().filter(|field| is_true(&field["auto_now"]));
    let rows = &pack.json["snapshots"][&pack.after][text(&json["table"])];
    let columns = list(&pack.json["columns"][text(&json["table"])]);
    let place = |field: &Json| columns.iter().position(|name| *name == field["column"]);
    let at_key = pack.field(json, text(&json["pk"])).and_then(place);
    let row = list(&pack.json["tables"][text(rows)]["rows"]).iter().find(|row| {
        at_key.is_some_and(|at| same(key, &row[at]) || cell(&row[at], key.kind()).is_ok_and(|it| it == *key))
    });
    let tag = |field: &Json| {
        if field["type"] == "DateField" {
            "$date"
        } else if field["type"] == "TimeField" {
            "$time"
        } else {
            "$datetime"
        }
    };
    fields.filter_map(|field| Some(json!([field["name"], {tag(field): row?[place(field)?]}]))).collect()
}
