//! The tables after a write, beside those that Django left.

use super::{
    Other,
    compare::same,
    pack::{Pack, cell, list, text},
    writes::Done,
};
use orm::{
    Kind, Transaction, Value,
    dynamic::{DynRow, Query},
};
use serde_json::{Value as Json, json};

/// Whether a write gave what was recorded, and left the same rows.
pub async fn compare(pack: &Pack, eval: &Json, done: &Done, tx: &Transaction) -> Result<(), Other> {
    let expect = &eval["expect"];
    let agrees = match text(&expect["kind"]) {
        "scalar" => expect["value"].as_u64() == Some(done.total),
        "deleted" => expect["total"].as_u64() == Some(done.total),
        "instance_created" => expect["created"].as_bool() == done.created,
        _ => true,
    };
    if !agrees {
        return Err(Other::Differs(format!("{} rows, and {expect}", done.total)));
    }
    let (before, after) =
        (&pack.json["snapshots"][text(&eval["snapshot"])], &pack.json["snapshots"][text(&eval["after"])]);
    let mut seen = std::collections::BTreeSet::new();
    for model in pack.models.iter().filter(|model| seen.insert(model.table.clone())) {
        let columns = list(&pack.json["columns"][&model.table]);
        let fields: Vec<String> = columns
            .iter()
            .filter_map(|name| {
                let column = model.columns.iter().find(|column| column.name == text(name))?;
                let field = &model.fields[usize::from(column.field)];
                Some(if field.relation.is_some() { format!("{}_id", field.name) } else { field.name.to_string() })
            })
            .collect();
        if fields.len() != columns.len() {
            continue;
        }
        let query = Query::of(model.label()).order_by(Vec::<String>::new()).values(fields.clone());
        let ours = pack.catalog.check(&query)?.all(tx).await?;
        let rows = |snapshot: &Json| list(&pack.json["tables"][text(&snapshot[&model.table])]["rows"]).to_vec();
        let key = columns
            .iter()
            .position(|name| model.key.len() == 1 && model.columns[usize::from(model.key[0])].name == text(name));
        // A child has the key that its parent was given.
        let json = pack.model(&model.label());
        let automatic = list(&json["fields"]).iter().any(|field| text(&field["type"]).contains("Auto"))
            || !list(&json["parents"]).is_empty();
        let old: Vec<Json> = key
            .filter(|_| automatic)
            .map_or(Vec::new(), |key| rows(before).iter().map(|row| row[key].clone()).collect());
        let key = key.filter(|_| automatic);
        // What the database computes is a column like any here, and stays as it was loaded.
        let computed = |name: &Json| {
            list(&json["fields"]).iter().any(|field| field["column"] == *name && field["type"] == "GeneratedField")
        };
        let rows_after: Vec<Json> = rows(after);
        // What leads to a new row holds the key that it was given.
        let leads: Vec<Option<Vec<Json>>> = columns
            .iter()
            .map(|name| keys_before(pack, &pack.json["snapshots"][text(&eval["snapshot"])], json, name))
            .collect();
        let kinds = model.columns.iter().map(|column| (column.name.clone(), column.kind)).collect::<Vec<_>>();
        let (more, fewer) = apart(
            &ours,
            &rows_after,
            &kinds,
            columns,
            &|but: usize, row: &Json| {
                let to_new = leads[but].as_ref().is_some_and(|known| !row[but].is_null() && !known.contains(&row[but]));
                to_new || key == Some(but) && !old.contains(&row[but])
            },
            &|place: usize| computed(&columns[place]),
        );
        if !more.is_empty() || !fewer.is_empty() {
            return Err(Other::Differs(format!("{}: {more:?} is not {fewer:?}", model.table)));
        }
    }
    Ok(())
}

/// The keys of the rows to which a foreign key may lead, before the write, where the database gives new ones.
fn keys_before(pack: &Pack, before: &Json, json: &Json, column: &Json) -> Option<Vec<Json>> {
    let field = list(&json["fields"]).iter().find(|field| field["column"] == *column)?;
    let target = pack.model(field["fk"]["to"].as_str()?);
    let mut to = pack.field(target, text(&field["fk"]["to_field"]))?;
    let held = to["column"].clone();
    // The key of a child is that of its parent.
    while let Some(parent) = to["fk"]["to"].as_str() {
        to = pack.field(pack.model(parent), text(&to["fk"]["to_field"]))?;
    }
    let place = list(&pack.json["columns"][text(&target["table"])]).iter().position(|name| *name == held)?;
    let rows = &pack.json["tables"][text(&before[text(&target["table"])])]["rows"];
    text(&to["type"]).contains("Auto").then(|| list(rows).iter().map(|row| row[place].clone()).collect())
}

/// The rows here that were not recorded, and those recorded that are not here.
fn apart<'r>(
    ours: &'r [DynRow],
    wanted: &'r [Json],
    kinds: &[(String, Kind)],
    columns: &[Json],
    is_new: &dyn Fn(usize, &Json) -> bool,
    computed: &dyn Fn(usize) -> bool,
) -> (Vec<&'r DynRow>, Vec<&'r Json>) {
    let kind = |place: usize| {
        kinds.iter().find(|(name, _)| *name == text(&columns[place])).map_or(Kind::Text, |(_, kind)| *kind)
    };
    // A key that the database gave to a new row is its own.
    let same_row = |row: &DynRow, wanted: &Json, any_key: bool| {
        let cells = list(wanted).iter().enumerate();
        cells.into_iter().all(|(place, json)| {
            computed(place) || any_key && is_new(place, wanted) || equal(&row.values()[place], json, kind(place))
        })
    };
    let mut left: Vec<&Json> = wanted.iter().collect();
    let mut take = |row: &DynRow, any_key: bool| {
        let place = left.iter().position(|wanted| same_row(row, wanted, any_key));
        place.map(|place| left.swap_remove(place)).is_some()
    };
    let new: Vec<&DynRow> = ours.iter().filter(|row| !take(row, false)).collect();
    let more: Vec<&DynRow> = new.into_iter().filter(|row| !take(row, true)).collect();
    (more, left)
}

fn equal(ours: &Value, json: &Json, kind: Kind) -> bool {
    if json.is_null() {
        return ours.is_null();
    }
    match (kind, cell(json, kind)) {
        (Kind::Decimal, _) => same(ours, &json!({"$dec": json})),
        (Kind::F64, _) => same(ours, json),
        (_, Ok(wanted)) => *ours == wanted || same(ours, &wanted.to_json()),
        (_, Err(_)) => false,
    }
}
