//! What Django answers on the Chinook database, asked in this library's own words. Every case of the pack that is asked here has
//! its id; `LEFT_OUT` says which are not, and why.
//!
//! The pack is the folder that `ORM_ORACLE` names; without it the tests say NOT RUN.

mod changes;
mod models;
mod questions;
mod rows;
mod sets;
mod writes;

use crate::bed::{Bed, behaviour};
use models::*;
use orm::{Access, Connection, Kind, Operation, Statement, Value, prelude::*};
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, path::Path};

/// Cases that are asked elsewhere, or not at all.
const LEFT_OUT: &[(&str, &str)] = &[
    ("V03", "validation is not part of models yet"),
    (
        "P03",
        "a negative place does not compile; what follows a slice is answered here where Django refuses: see `slices`",
    ),
];

/// What the pack expects of each case on Chinook.
struct Pack {
    cases: BTreeMap<String, Json>,
    asked: Vec<&'static str>,
    wrong: Vec<String>,
}

impl Pack {
    fn read(folder: &Path) -> Pack {
        let text = std::fs::read_to_string(folder.join("queries.json")).unwrap();
        let all: Json = serde_json::from_str(&text).unwrap();
        let all = all.as_array().or_else(|| all["cases"].as_array()).unwrap().clone();
        let ours = all.into_iter().filter(|case| case["db"] == "chinook");
        let cases = ours.map(|case| (case["id"].as_str().unwrap().to_owned(), case)).collect();
        Pack { cases, asked: Vec::new(), wrong: Vec::new() }
    }

    /// The rows that are right: `correct` where Django's are wrong, PostgreSQL's where its order or letters differ from SQLite's.
    fn check(&mut self, id: &'static str, found: Json) {
        self.asked.push(id);
        let case = self.cases.get(id).unwrap_or_else(|| panic!("the pack has no case {id}"));
        let (right, other) = (self.right(id), &case["expected_pg"]);
        if !alike(&found, right) && (other.is_null() || !alike(&found, other)) {
            self.wrong.push(format!(
                "{id}: {}\n   found {}\n   right {}",
                case["description"],
                short(&found),
                short(right)
            ));
        }
    }

    fn right(&self, id: &str) -> &Json {
        let case = &self.cases[id];
        if case["correct"].is_null() { &case["expected"] } else { &case["correct"] }
    }

    /// The rows, and no more statements than Django needs.
    fn counted(&mut self, id: &'static str, bed: &Bed, found: Json) {
        let most = self.right(id)["queries"].as_u64().unwrap();
        let needed = bed.log.statements().len() as u64;
        assert!(needed <= most, "{id} needs {needed} statements");
        self.check(id, json!({"queries": most, "result": found}));
    }

    /// What Django refuses, and this library answers.
    fn lifted(&mut self, id: &'static str, refusal: &str, found: Json, right: Json) {
        assert_eq!(*self.right(id), json!(refusal));
        assert!(alike(&found, &right), "{id}: {found}");
        self.asked.push(id);
    }

    fn finish(self) {
        let known = |id: &String| self.asked.contains(&id.as_str()) || LEFT_OUT.iter().any(|(left, _)| left == id);
        let missing: Vec<&String> = self.cases.keys().filter(|id| !known(id)).collect();
        assert!(
            self.wrong.is_empty(),
            "{} of {} differ:\n{}",
            self.wrong.len(),
            self.asked.len(),
            self.wrong.join("\n")
        );
        assert!(missing.is_empty(), "cases that nobody asks: {missing:?}");
        println!("{} cases, {} left out", self.asked.len(), LEFT_OUT.len());
    }
}

fn short(json: &Json) -> String {
    json.to_string().chars().take(600).collect()
}

/// Equal; numbers are, when they differ by less than a millionth, also where one is written as a text.
fn alike(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| alike(one, other))
        }
        (Json::Object(one), Json::Object(other)) => {
            one.len() == other.len() && one.iter().all(|(key, value)| other.get(key).is_some_and(|it| alike(value, it)))
        }
        _ => {
            one == other
                || number(one)
                    .zip(number(other))
                    .is_some_and(|(one, other)| (one - other).abs() < 1e-6 * one.abs().max(1.0))
        }
    }
}

fn number(json: &Json) -> Option<f64> {
    json.as_f64().or_else(|| json.as_str().filter(|text| !text.is_empty()).and_then(|text| text.parse().ok()))
}

/// The form in which the pack writes values.
pub fn shown<T: serde::Serialize>(rows: T) -> Json {
    fn tidy(json: Json) -> Json {
        match json {
            Json::Array(all) => all.into_iter().map(tidy).collect(),
            Json::String(text) if text.len() == 20 && text.ends_with('Z') => {
                Json::String(text.trim_end_matches('Z').to_owned())
            }
            other => other,
        }
    }
    tidy(serde_json::to_value(rows).unwrap())
}

/// The tables on this back end, with the rows of the pack.
async fn load(bed: &Bed, folder: &Path) -> orm::Result<()> {
    orm::migrate::create_tables(&bed.db, &[store()]).await?;
    // It may stand in a folder that cannot be written.
    let copy = std::env::temp_dir().join(format!("orm_oracle_{}_{:?}.sqlite", std::process::id(), bed.backend));
    std::fs::copy(folder.join("data").join("chinook.sqlite"), &copy).unwrap();
    let source = Database::connect(format!("sqlite://{}", copy.display())).await?;
    fill::<Artist>(&source, bed).await?;
    fill::<Album>(&source, bed).await?;
    fill::<Employee>(&source, bed).await?;
    fill::<Customer>(&source, bed).await?;
    fill::<Genre>(&source, bed).await?;
    fill::<MediaType>(&source, bed).await?;
    fill::<Track>(&source, bed).await?;
    fill::<Playlist>(&source, bed).await?;
    fill::<PlaylistTrack>(&source, bed).await?;
    fill::<Invoice>(&source, bed).await?;
    fill::<InvoiceLine>(&source, bed).await?;
    source.close().await;
    std::fs::remove_file(copy).unwrap();
    bed.log.clear();
    Ok(())
}

async fn fill<M: Model>(source: &Database, bed: &Bed) -> orm::Result<()> {
    let columns = &M::meta().columns;
    let names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
    let kinds = columns.iter().map(|column| column.kind).collect();
    let sql = format!("SELECT {} FROM {}", names.join(", "), M::meta().table);
    let rows = source.run(Rows { sql, kinds }).await?;
    for rows in rows.chunks(200) {
        crate::rows::insert(&bed.db, &M::meta().table, &names.join(" "), rows.to_vec()).await?;
    }
    Ok(())
}

struct Rows {
    sql: String,
    kinds: Vec<Kind>,
}

impl Operation for Rows {
    type Output = Vec<Vec<Value>>;

    fn access(&self) -> Access {
        Access::Read
    }

    async fn run(&mut self, conn: &mut Connection) -> orm::Result<Self::Output> {
        let mut rows = Vec::new();
        let kinds = &self.kinds;
        let mut each = |row: &orm::Row<'_>| {
            let value = |(index, kind): (usize, &Kind)| {
                let cell = row.cell(index);
                Ok(match kind {
                    _ if cell.is_null() => Value::Null(*kind),
                    Kind::I64 => Value::I64(cell.i64()?),
                    Kind::I32 => Value::I32(cell.i32()?),
                    Kind::Decimal => Value::Decimal(cell.decimal()?),
                    Kind::DateTime => Value::DateTime(cell.datetime()?),
                    _ => Value::Text(cell.text()?),
                })
            };
            rows.push(kinds.iter().enumerate().map(value).collect::<orm::Result<_>>()?);
            Ok(())
        };
        conn.query(&Statement::raw(&self.sql, []), &mut each).await?;
        Ok(rows)
    }
}

behaviour! {
    async fn what_django_answers(bed) {
        let Ok(folder) = std::env::var("ORM_ORACLE") else {
            println!("NOT RUN: ORM_ORACLE names no folder");
            return Ok(());
        };
        let folder = Path::new(&folder);
        load(&bed, folder).await?;
        let mut pack = Pack::read(folder);
        Box::pin(questions::ask(&bed, &mut pack)).await?;
        Box::pin(sets::ask(&bed, &mut pack)).await?;
        Box::pin(rows::ask(&bed, &mut pack)).await?;
        Box::pin(writes::ask(&bed, &mut pack)).await?;
        Box::pin(changes::ask(&bed, &mut pack)).await?;
        pack.finish();
        Ok(())
    }
}
