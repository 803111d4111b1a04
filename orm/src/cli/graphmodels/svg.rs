//! The graph as a picture: models in columns, what is referred to on the left, so that relations lead there.

use super::{
    dot::escape,
    graph::{Graph, Kind},
};
use std::fmt::Write as _;

/// All in pixels. Letters of the font are at most this wide.
const LETTER: f64 = 7.3;
const LINE: f64 = 18.0;
const HEAD: f64 = 24.0;
const GAP_X: f64 = 110.0;
const GAP_Y: f64 = 28.0;
const MARGIN: f64 = 24.0;

/// Where a model stands.
struct Place {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    /// The column that it stands in, from the left.
    rank: usize,
}

pub(super) fn draw(graph: &Graph) -> String {
    let places = places(graph);
    let width = places.iter().map(|place| place.x + place.width).fold(0.0, f64::max) + MARGIN + GAP_X / 2.0;
    let height = places.iter().map(|place| place.y + place.height).fold(0.0, f64::max) + MARGIN;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\">\n"
    );
    out += "<style>text { font: 12px monospace; fill: #223 } .name { font-weight: bold } .edge { fill: none; stroke: #567; stroke-width: 1.2 } .null { stroke-dasharray: 4 3 } .label { font-size: 10px; fill: #567 }</style>\n";
    out += "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
    for edge in &graph.edges {
        let (from, to) = (&places[edge.from], &places[edge.to]);
        let y1 = from.y + edge.row.map_or(HEAD / 2.0, |row| HEAD + LINE * (row as f64 + 0.5));
        let y2 = to.y + HEAD / 2.0;
        // To the left, or round the right side where the other stands no further left.
        let (x1, x2, bend) = if to.rank < from.rank {
            (from.x, to.x + to.width, -GAP_X / 2.0)
        } else {
            (from.x + from.width, to.x + to.width, GAP_X / 2.0)
        };
        let (c1, c2) = (x1 + bend, if to.rank < from.rank { x2 - bend } else { x2 + bend });
        let null = if edge.null { " null" } else { "" };
        let _ = writeln!(
            out,
            "<path class=\"edge{null}\" d=\"M{x1:.0} {y1:.0} C{c1:.0} {y1:.0} {c2:.0} {y2:.0} {x2:.0} {y2:.0}\"/>"
        );
        let many = if edge.kind == Kind::Many { "*" } else { "1" };
        let near = if edge.kind == Kind::One { "1" } else { "*" };
        let side = if bend < 0.0 { -1.0 } else { 1.0 };
        let other = if to.rank < from.rank { 1.0 } else { side };
        for (x, y, side, text) in [(x1, y1, side, near), (x2, y2, other, many)] {
            let x = if side < 0.0 { x - 10.0 } else { x + 4.0 };
            let _ = writeln!(out, "<text class=\"label\" x=\"{x:.0}\" y=\"{:.0}\">{text}</text>", y - 4.0);
        }
        // Where no column tells it, the relation is named on the way.
        if edge.row.is_none() {
            let (x, y) = ((x1 + x2 + 3.0 * (c1 + c2)) / 8.0, (y1 + y2) / 2.0 - 4.0);
            let _ = writeln!(
                out,
                "<text class=\"label\" text-anchor=\"middle\" x=\"{x:.0}\" y=\"{y:.0}\">{}</text>",
                escape(&edge.name)
            );
        }
    }
    for (node, place) in graph.nodes.iter().zip(&places) {
        let Place { x, y, width, height, .. } = place;
        let _ = writeln!(
            out,
            "<rect x=\"{x:.0}\" y=\"{y:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" rx=\"3\" fill=\"#fff\" stroke=\"#456\"/>\n<rect x=\"{x:.0}\" y=\"{y:.0}\" width=\"{width:.0}\" height=\"{HEAD}\" rx=\"3\" fill=\"#dde6f0\" stroke=\"#456\"/>\n<text class=\"name\" x=\"{:.0}\" y=\"{:.0}\">{}</text>",
            x + 8.0,
            y + 16.0,
            escape(&graph.title(node))
        );
        for (at, row) in node.rows.iter().enumerate() {
            let y = y + HEAD + LINE * (at as f64 + 0.7);
            let under = if row.key { " text-decoration=\"underline\"" } else { "" };
            let _ = writeln!(
                out,
                "<text x=\"{:.0}\" y=\"{y:.0}\"{under}>{}</text>",
                x + 8.0,
                escape(&format!("{}: {}{}", row.name, row.ty, if row.null { "?" } else { "" }))
            );
        }
    }
    out + "</svg>\n"
}

fn places(graph: &Graph) -> Vec<Place> {
    let ranks = ranks(graph);
    let last = ranks.iter().copied().max().unwrap_or(0);
    let mut columns: Vec<Vec<usize>> = vec![Vec::new(); last + 1];
    for (at, rank) in ranks.iter().enumerate() {
        columns[*rank].push(at);
    }
    // Each stands beside the middle of what it is related to in the column before.
    for rank in 1..columns.len() {
        let before = columns[rank - 1].clone();
        let middle = |at: &usize| {
            let related = graph.edges.iter().filter(|edge| edge.from == *at);
            let seats: Vec<usize> =
                related.filter_map(|edge| before.iter().position(|other| *other == edge.to)).collect();
            if seats.is_empty() { usize::MAX } else { seats.iter().sum::<usize>() * 100 / seats.len() }
        };
        columns[rank].sort_by_key(middle);
    }
    let sizes: Vec<(f64, f64)> = graph
        .nodes
        .iter()
        .map(|node| {
            let rows = node.rows.iter().map(|row| row.name.chars().count() + row.ty.chars().count() + 3);
            let letters = rows.chain([graph.title(node).chars().count() + 1]).max().unwrap_or(0);
            (letters as f64 * LETTER + 16.0, HEAD + LINE * node.rows.len() as f64 + 4.0)
        })
        .collect();
    let mut places: Vec<Place> =
        ranks.iter().map(|rank| Place { x: 0.0, y: 0.0, width: 0.0, height: 0.0, rank: *rank }).collect();
    let mut x = MARGIN;
    for column in &columns {
        let widest = column.iter().map(|at| sizes[*at].0).fold(0.0, f64::max);
        let mut y = MARGIN;
        for at in column {
            let place = &mut places[*at];
            (place.x, place.y, place.width, place.height) = (x, y, widest, sizes[*at].1);
            y += sizes[*at].1 + GAP_Y;
        }
        x += widest + GAP_X;
    }
    places
}

/// The column of each model: one to the right of the furthest it refers to. Circles are cut where they are entered.
fn ranks(graph: &Graph) -> Vec<usize> {
    let mut ranks: Vec<Option<usize>> = vec![None; graph.nodes.len()];
    let mut open = vec![false; graph.nodes.len()];
    for at in 0..graph.nodes.len() {
        rank(graph, at, &mut ranks, &mut open);
    }
    ranks.into_iter().map(Option::unwrap_or_default).collect()
}

fn rank(graph: &Graph, at: usize, ranks: &mut [Option<usize>], open: &mut [bool]) -> usize {
    if let Some(rank) = ranks[at] {
        return rank;
    }
    if open[at] {
        return 0;
    }
    open[at] = true;
    let targets = graph.edges.iter().filter(|edge| edge.from == at && edge.to != at).map(|edge| edge.to);
    let targets: Vec<usize> = targets.collect();
    let furthest = targets.into_iter().filter(|to| !open[*to] || ranks[*to].is_some()).collect::<Vec<_>>();
    let furthest = furthest.into_iter().map(|to| rank(graph, to, ranks, open) + 1).max().unwrap_or(0);
    ranks[at] = Some(furthest);
    furthest
}
