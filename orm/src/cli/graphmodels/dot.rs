//! The graph in the language of Graphviz, <https://graphviz.org/doc/info/lang.html>.

use super::graph::{Graph, Kind, Node};
use std::fmt::Write as _;

pub(super) fn draw(graph: &Graph) -> String {
    let mut out =
        String::from("digraph models {\n    rankdir = RL;\n    node [shape = plain, fontname = \"Helvetica\"];\n");
    out += "    edge [fontname = \"Helvetica\", fontsize = 10];\n";
    let mut apps: Vec<&str> = graph.nodes.iter().map(|node| node.app.as_str()).collect();
    apps.dedup();
    for app in apps {
        if graph.apps {
            let _ = writeln!(out, "    subgraph \"cluster_{app}\" {{\n    label = \"{app}\";");
        }
        for (at, node) in graph.nodes.iter().enumerate().filter(|(_, node)| node.app == app) {
            let _ = writeln!(out, "    m{at} [label = <{}>];", table(node));
        }
        if graph.apps {
            out.push_str("    }\n");
        }
    }
    for edge in &graph.edges {
        let tail = match edge.kind {
            Kind::Foreign => "crow",
            Kind::One => "tee",
            Kind::Many => "crow",
        };
        let head = if edge.kind == Kind::Many { "crow" } else { "none" };
        let style = if edge.null { "dashed" } else { "solid" };
        let port = edge.row.map_or_else(String::new, |row| format!(":r{row}"));
        let _ = writeln!(
            out,
            "    m{}{port} -> m{} [label = \"{}\", dir = both, arrowtail = {tail}, arrowhead = {head}, style = {style}];",
            edge.from,
            edge.to,
            edge.name.replace('\\', "\\\\").replace('"', "\\\"")
        );
    }
    out.push_str("}\n");
    out
}

fn table(node: &Node) -> String {
    let mut out = String::from("<table border=\"0\" cellborder=\"1\" cellspacing=\"0\" cellpadding=\"4\">");
    let _ = write!(out, "<tr><td bgcolor=\"#dde6f0\"><b>{}</b></td></tr>", escape(&node.name));
    for (at, row) in node.rows.iter().enumerate() {
        let name = if row.key { format!("<u>{}</u>", escape(&row.name)) } else { escape(&row.name) };
        let null = if row.null { "?" } else { "" };
        let _ = write!(out, "<tr><td align=\"left\" port=\"r{at}\">{name}: {}{null}</td></tr>", escape(&row.ty));
    }
    out + "</table>"
}

/// Text in HTML and in SVG.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
