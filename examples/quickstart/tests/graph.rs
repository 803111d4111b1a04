//! Reading the graph: of a workspace whose every edge is known, and of the example's own.

use quickstart::{
    graph::{Edge, Graph, PackageInfo, Source, read},
    models::{EdgeKind, Origin},
};
use std::{collections::BTreeSet, path::PathBuf, time::SystemTime};

/// The graph of the small workspace beside the tests.
pub fn small() -> Graph {
    let manifest = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/workspace/Cargo.toml"));
    read(&Source { manifest: Some(manifest), offline: true, ..Source::default() }).unwrap()
}

fn package<'a>(graph: &'a Graph, name: &str, number: &str) -> &'a PackageInfo {
    let mut found = graph.packages.iter().filter(|package| package.name == name && package.number == number);
    let package = found.next().unwrap_or_else(|| panic!("no {name} {number}"));
    assert_eq!(found.next(), None);
    package
}

fn set(values: &[&str]) -> BTreeSet<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

#[test]
fn a_package_is_read_with_all_that_it_says_of_itself() {
    let graph = small();
    let app = package(&graph, "app", "0.3.0");
    assert_eq!(app.description.as_deref(), Some("A program of two lines."));
    assert_eq!(app.licences, set(&["Apache-2.0 WITH LLVM-exception", "MIT", "Unicode-3.0"]));
    assert_eq!(app.authors, set(&["Ada Lovelace", "Grace Hopper"]));
    assert_eq!(app.keywords, set(&["Cargo", "graph"]));
    assert_eq!((app.origin, app.member), (Origin::Path, true));
    let features = [("default", true), ("fast", true), ("old-log", false), ("slow", false)];
    assert!(app.features.iter().map(|(name, on)| (name.as_str(), *on)).eq(features));
    let files: Vec<_> = app.files.iter().map(|file| (file.path.as_str(), file.bytes)).collect();
    assert_eq!(files, [("build.rs", 35), ("src/main.rs", 28)]);
    assert!(app.files.iter().all(|file| file.modified > SystemTime::UNIX_EPOCH));

    let codegen = package(&graph, "codegen", "1.4.0");
    assert_eq!(codegen.licences, set(&["Apache-2.0", "MIT"]));
    assert!(!codegen.member);
    assert_eq!(package(&graph, "fixture-log", "1.0.0").licences, set(&[]));
}

#[test]
fn an_edge_is_read_for_each_kind_and_target() {
    let graph = small();
    let shown = |edge: &Edge| {
        let name = |index: usize| format!("{} {}", graph.packages[index].name, graph.packages[index].number);
        (name(edge.dependent), name(edge.dependency), edge.kind, edge.target.clone())
    };
    let edges: BTreeSet<_> = graph.edges.iter().map(shown).collect();
    let expected = [
        ("app 0.3.0", "codegen 1.4.0", EdgeKind::Normal, "cfg(not(target_os = \"none\"))"),
        ("app 0.3.0", "codegen 1.4.0", EdgeKind::Build, ""),
        ("app 0.3.0", "fixture-log 2.0.0", EdgeKind::Normal, ""),
        ("codegen 1.4.0", "fixture-log 1.0.0", EdgeKind::Normal, ""),
    ];
    let expected = expected.map(|(from, to, kind, target)| (from.to_owned(), to.to_owned(), kind, target.to_owned()));
    assert_eq!(edges, BTreeSet::from(expected));

    let log = graph.edges.iter().find(|edge| graph.packages[edge.dependency].number == "2.0.0").unwrap();
    assert_eq!((log.default_features, log.optional, log.requirement.as_str()), (false, false, "^2"));
}

#[test]
fn the_own_workspace_is_read_without_being_told() {
    let graph = read(&Source::default()).unwrap();
    let own = package(&graph, "quickstart", env!("CARGO_PKG_VERSION"));
    assert!(own.member);
    assert!(own.files.iter().any(|file| file.path == "src/graph.rs"));
    assert!(!own.files.iter().any(|file| file.path.contains("workspace")), "packages inside are packages of their own");
    let metadata = graph.packages.iter().find(|package| package.name == "cargo_metadata").unwrap();
    assert_eq!(metadata.origin, Origin::Registry);
    assert!(metadata.licences.contains("MIT"));
    assert!(graph.edges.len() > graph.packages.len());
}

#[test]
fn a_manifest_that_does_not_exist_is_an_error_in_cargos_words() {
    let error = read(&Source { manifest: Some("no/Cargo.toml".into()), offline: true, ..Source::default() });
    assert!(error.unwrap_err().to_string().contains("no/Cargo.toml"));
}
