//! What Django's own migrations do, compared with ours: states and operations are translated, differences are listed.

mod change;
pub(super) mod databases;
mod detector;
mod expr;
mod operations;
mod optimizer;
mod state;

use serde_json::Value as Json;

/// A file of the folder that `ORM_ORACLE` names; without the folder the test says NOT RUN.
pub(super) fn oracle(file: &str) -> Option<Json> {
    let Ok(folder) = std::env::var("ORM_ORACLE") else {
        println!("NOT RUN: ORM_ORACLE names no folder with {file}");
        return None;
    };
    let path = std::path::Path::new(&folder).join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_str(&text).unwrap())
}

pub(super) fn text(json: &Json) -> &str {
    json.as_str().unwrap_or_default()
}

pub(super) fn texts(json: &Json) -> Vec<&str> {
    json.as_array().into_iter().flatten().map(text).collect()
}

/// Case numbers that differ for a reason that is written down.
type Listed = &'static [(&'static str, &'static str)];

/// Fails if cases differ that are not listed, or do not although they are; prints how many ran.
fn settle(what: &str, ran: usize, wrong: Vec<(String, String)>, listed: Listed) {
    let is_listed = |id: &str| listed.iter().any(|(listed, _)| *listed == id);
    println!(
        "{what}: {ran} cases ran, {} of them differ by design",
        wrong.iter().filter(|(id, _)| is_listed(id)).count()
    );
    let shown: Vec<String> =
        wrong.iter().filter(|(id, _)| !is_listed(id)).map(|(id, why)| format!("{id}: {why}")).collect();
    let stale: Vec<&str> =
        listed.iter().map(|(id, _)| *id).filter(|id| !wrong.iter().any(|(wrong, _)| wrong == id)).collect();
    assert!(shown.is_empty(), "{} cases of {what} differ:\n{}", shown.len(), shown.join("\n"));
    assert!(stale.is_empty(), "{what}: listed, but the same: {stale:?}");
}
