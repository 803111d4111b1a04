//! A pack of cases with what Django answers, for databases of real data: the folder that `ORM_ORACLE` names.

use crate::bed::Bed;
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, path::Path};

/// What the pack expects of each case on one of its databases.
pub struct Pack {
    cases: BTreeMap<String, Json>,
    asked: Vec<&'static str>,
    wrong: Vec<String>,
}

impl Pack {
    pub fn read(folder: &Path, db: &str) -> Pack {
        let text = std::fs::read_to_string(folder.join("queries.json")).unwrap();
        let all: Json = serde_json::from_str(&text).unwrap();
        let all = all.as_array().or_else(|| all["cases"].as_array()).unwrap().clone();
        let ours = all.into_iter().filter(|case| case["db"] == db);
        let cases = ours.map(|case| (case["id"].as_str().unwrap().to_owned(), case)).collect();
        Pack { cases, asked: Vec::new(), wrong: Vec::new() }
    }

    /// The rows that are right: `correct` where Django's are wrong, PostgreSQL's where its order or letters differ from SQLite's.
    pub fn check(&mut self, id: &'static str, found: Json) {
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

    pub fn right(&self, id: &str) -> &Json {
        let case = &self.cases[id];
        if case["correct"].is_null() { &case["expected"] } else { &case["correct"] }
    }

    /// The rows, and no more statements than Django needs.
    pub fn counted(&mut self, id: &'static str, bed: &Bed, found: Json) {
        let most = self.right(id)["queries"].as_u64().unwrap();
        let needed = bed.log.statements().len() as u64;
        assert!(needed <= most, "{id} needs {needed} statements");
        self.check(id, json!({"queries": most, "result": found}));
    }

    /// What Django refuses, and this library answers.
    pub fn lifted(&mut self, id: &'static str, refusal: &str, found: Json, right: Json) {
        assert_eq!(*self.right(id), json!(refusal));
        assert!(alike(&found, &right), "{id}: {found}");
        self.asked.push(id);
    }

    pub fn finish(self, left_out: &[(&str, &str)]) {
        let known = |id: &String| self.asked.contains(&id.as_str()) || left_out.iter().any(|(left, _)| left == id);
        let missing: Vec<&String> = self.cases.keys().filter(|id| !known(id)).collect();
        assert!(
            self.wrong.is_empty(),
            "{} of {} differ:\n{}",
            self.wrong.len(),
            self.asked.len(),
            self.wrong.join("\n")
        );
        assert!(missing.is_empty(), "cases that nobody asks: {missing:?}");
        println!("{} cases, {} left out", self.asked.len(), left_out.len());
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
