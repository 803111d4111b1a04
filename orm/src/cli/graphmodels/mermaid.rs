//! The graph as an entity relationship diagram of Mermaid's, <https://mermaid.js.org/syntax/entityRelationshipDiagram.html>.

use super::graph::{Graph, Kind, Node, Row};
use std::fmt::Write as _;

pub(super) fn draw(graph: &Graph) -> String {
    let mut out = String::from("erDiagram\n");
    for node in &graph.nodes {
        let alias = if graph.apps { format!("[\"{}\"]", graph.title(node)) } else { String::new() };
        if node.rows.is_empty() {
            let _ = writeln!(out, "    {}{alias}", id(graph, node));
            continue;
        }
        let _ = writeln!(out, "    {}{alias} {{", id(graph, node));
        for row in &node.rows {
            let _ = writeln!(out, "        {} {}{}", word(&row.ty), word(&row.name), marks(row));
        }
        out.push_str("    }\n");
    }
    for edge in &graph.edges {
        let line = match (edge.kind, edge.null) {
            (Kind::Foreign, false) => "}o--||",
            (Kind::Foreign, true) => "}o--o|",
            (Kind::One, false) => "|o--||",
            (Kind::One, true) => "|o--o|",
            (Kind::Many, _) => "}o--o{",
        };
        let (from, to) = (&graph.nodes[edge.from], &graph.nodes[edge.to]);
        let _ = writeln!(out, "    {} {line} {} : \"{}\"", id(graph, from), id(graph, to), edge.name);
    }
    out
}

fn id(graph: &Graph, node: &Node) -> String {
    word(&graph.title(node))
}

/// Mermaid takes letters, digits, `_`, `-`, brackets and parentheses in names and types.
fn word(text: &str) -> String {
    let text = text.replace(", ", "-");
    text.chars()
        .map(|letter| if letter.is_alphanumeric() || "_-()[]".contains(letter) { letter } else { '_' })
        .collect()
}

fn marks(row: &Row) -> String {
    let marks: Vec<&str> = [(row.key, "PK"), (row.relation, "FK"), (row.unique && !row.key, "UK")]
        .into_iter()
        .filter_map(|(is, mark)| is.then_some(mark))
        .collect();
    let null = if row.null { " \"or NULL\"" } else { "" };
    if marks.is_empty() { null.to_owned() } else { format!(" {}{null}", marks.join(", ")) }
}
