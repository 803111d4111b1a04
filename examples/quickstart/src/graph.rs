//! Reads a workspace's dependency graph from Cargo into plain structs; no database is spoken of here.

use crate::models::{EdgeKind, Origin};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Node, Package, PackageId};
use std::{
    collections::{BTreeSet, HashMap},
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

/// What to read, and how.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// The manifest of the workspace; without one, that of the working directory.
    pub manifest: Option<PathBuf>,
    /// Also what is only built on other platforms; Cargo has to download it first.
    pub all_platforms: bool,
    /// Never ask the network, not even when something is missing.
    pub offline: bool,
}

/// A dependency graph, as Cargo resolves it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Graph {
    /// The packages, members of the workspace and all that they need.
    pub packages: Vec<PackageInfo>,
    /// The edges between them.
    pub edges: Vec<Edge>,
}

/// One version of a package.
#[derive(Debug, Clone, PartialEq)]
pub struct PackageInfo {
    /// Its name on the registry.
    pub name: String,
    /// Its version number.
    pub number: String,
    /// Where it comes from.
    pub origin: Origin,
    /// What it says about itself.
    pub description: Option<String>,
    /// Its licence expression, as written.
    pub licence: Option<String>,
    /// Whether it is a member of the workspace.
    pub member: bool,
    /// The licences that the expression names.
    pub licences: BTreeSet<String>,
    /// Its keywords, as written.
    pub keywords: BTreeSet<String>,
    /// Its authors, without their addresses.
    pub authors: BTreeSet<String>,
    /// Its features, and which of them are switched on.
    pub features: Vec<(String, bool)>,
    /// Its Rust files.
    pub files: Vec<FileInfo>,
}

/// A source file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileInfo {
    /// The path within the package, with `/`.
    pub path: String,
    /// The size in bytes.
    pub bytes: i64,
    /// When it was modified last.
    pub modified: SystemTime,
}

/// One package needs another.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// Which package needs; an index into [`Graph::packages`].
    pub dependent: usize,
    /// Which is needed; an index into [`Graph::packages`].
    pub dependency: usize,
    /// What for.
    pub kind: EdgeKind,
    /// The platforms, as `cfg(..)` or target triples with `or` between them; empty for all.
    pub target: String,
    /// Whether a feature switches it on.
    pub optional: bool,
    /// Whether the default features are taken.
    pub default_features: bool,
    /// The version requirement, such as `^1.0`.
    pub requirement: String,
}

/// Reads the graph. Cargo's own cache is asked first, the network only for what is missing.
///
/// # Errors
/// What Cargo says when there is no manifest, or something has to be downloaded and cannot.
pub fn read(source: &Source) -> Result<Graph, Box<dyn Error + Send + Sync>> {
    let metadata = match metadata(source, true) {
        Err(_) if !source.offline => metadata(source, false)?,
        tried => tried?,
    };
    Ok(graph(&metadata))
}

fn metadata(source: &Source, offline: bool) -> Result<Metadata, Box<dyn Error + Send + Sync>> {
    let mut command = MetadataCommand::new();
    if let Some(manifest) = &source.manifest {
        command.manifest_path(manifest);
    }
    let mut options = Vec::new();
    if offline {
        options.push("--offline".to_owned());
    }
    if !source.all_platforms {
        options.push(format!("--filter-platform={}", host()?));
    }
    Ok(command.other_options(options).exec()?)
}

/// The platform that Cargo builds for on this machine.
fn host() -> Result<String, Box<dyn Error + Send + Sync>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let said = String::from_utf8(Command::new(cargo).arg("-vV").output()?.stdout)?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("`cargo -vV` names no host")?.to_owned())
}

fn graph(metadata: &Metadata) -> Graph {
    let nodes: HashMap<&PackageId, &Node> =
        metadata.resolve.iter().flat_map(|resolve| &resolve.nodes).map(|node| (&node.id, node)).collect();
    let mut graph = Graph::default();
    let mut places: HashMap<&PackageId, usize> = HashMap::new();
    for package in metadata.packages.iter().filter(|package| nodes.contains_key(&package.id)) {
        places.insert(&package.id, graph.packages.len());
        let member = metadata.workspace_members.contains(&package.id);
        graph.packages.push(describe(package, nodes[&package.id], member));
    }
    for package in &metadata.packages {
        let Some(node) = nodes.get(&package.id) else { continue };
        for needed in &node.deps {
            let (Some(&dependent), Some(&dependency)) = (places.get(&package.id), places.get(&needed.pkg)) else {
                continue;
            };
            let found = &metadata[&needed.pkg];
            for resolved in &needed.dep_kinds {
                // The resolved edge has no options: they stand where the package declares its dependencies.
                let declared = package.dependencies.iter().find(|declared| {
                    declared.kind == resolved.kind
                        && declared.target == resolved.target
                        && *declared.name == *found.name
                        && declared.req.matches(&found.version)
                });
                graph.edges.push(Edge {
                    dependent,
                    dependency,
                    kind: match resolved.kind {
                        DependencyKind::Build => EdgeKind::Build,
                        DependencyKind::Development => EdgeKind::Dev,
                        _ => EdgeKind::Normal,
                    },
                    target: resolved.target.as_ref().map(ToString::to_string).unwrap_or_default(),
                    optional: declared.is_some_and(|declared| declared.optional),
                    default_features: declared.is_none_or(|declared| declared.uses_default_features),
                    requirement: declared.map(|declared| declared.req.to_string()).unwrap_or_default(),
                });
            }
        }
    }
    graph.edges = merged(graph.edges);
    graph
}

/// One edge for each pair and kind: what is needed on several platforms, or under several names, is needed once.
fn merged(edges: Vec<Edge>) -> Vec<Edge> {
    let mut places = HashMap::new();
    let mut out: Vec<Edge> = Vec::new();
    for edge in edges {
        let place = *places.entry((edge.dependent, edge.dependency, edge.kind)).or_insert(out.len());
        let Some(first) = out.get_mut(place) else {
            out.push(edge);
            continue;
        };
        first.optional &= edge.optional;
        first.default_features |= edge.default_features;
        if first.target.is_empty() || edge.target.is_empty() {
            first.target.clear();
        } else if first.target != edge.target {
            first.target = format!("{} or {}", first.target, edge.target);
        }
    }
    out
}

fn describe(package: &Package, node: &Node, member: bool) -> PackageInfo {
    let folder = package.manifest_path.parent().map(|folder| folder.as_std_path().to_owned()).unwrap_or_default();
    let mut files = Vec::new();
    source_files(&folder, &folder, &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let enabled: BTreeSet<&str> = node.features.iter().map(|feature| feature.as_str()).collect();
    PackageInfo {
        name: package.name.to_string(),
        number: package.version.to_string(),
        origin: match package.source.as_ref().map(|source| source.repr.as_str()) {
            None => Origin::Path,
            Some(source) if source.starts_with("git+") => Origin::Git,
            Some(_) => Origin::Registry,
        },
        description: package.description.as_deref().map(one_line).filter(|text| !text.is_empty()),
        licence: package.license.clone(),
        member,
        licences: package.license.as_deref().map(licences).unwrap_or_default(),
        keywords: package.keywords.iter().cloned().collect(),
        authors: package.authors.iter().map(|author| name_of(author)).filter(|name| !name.is_empty()).collect(),
        features: package.features.keys().map(|name| (name.clone(), enabled.contains(name.as_str()))).collect(),
        files,
    }
}

/// The licences that an SPDX expression names. `WITH` belongs to the licence before it; `/` is an old way to write `OR`.
///
/// ```
/// use quickstart::graph::licences;
///
/// let found = licences("(MIT OR Apache-2.0 WITH LLVM-exception) AND Unicode-3.0");
/// assert!(found.into_iter().eq(["Apache-2.0 WITH LLVM-exception", "MIT", "Unicode-3.0"]));
/// ```
pub fn licences(expression: &str) -> BTreeSet<String> {
    let mut found: Vec<String> = Vec::new();
    let mut with = false;
    for word in expression.split([' ', '/', '(', ')']).filter(|word| !word.is_empty()) {
        match (word, found.last_mut()) {
            ("AND" | "OR", _) => {}
            ("WITH", _) => with = true,
            (exception, Some(licence)) if with => {
                licence.push_str(" WITH ");
                licence.push_str(exception);
                with = false;
            }
            (licence, _) => found.push(licence.to_owned()),
        }
    }
    found.into_iter().collect()
}

fn name_of(author: &str) -> String {
    author.split('<').next().unwrap_or_default().trim().to_owned()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The Rust files of a folder and those below, but for other packages, hidden folders and what was built. What cannot be read
/// is left out.
fn source_files(root: &Path, folder: &Path, out: &mut Vec<FileInfo>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            let hidden = name.to_string_lossy().starts_with('.') || name == "target";
            if !hidden && !path.join("Cargo.toml").exists() {
                source_files(root, &path, out);
            }
        } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "rs") {
            let (Ok(about), Ok(within)) = (entry.metadata(), path.strip_prefix(root)) else { continue };
            let parts: Vec<_> = within.iter().map(|part| part.to_string_lossy()).collect();
            out.push(FileInfo {
                path: parts.join("/"),
                bytes: i64::try_from(about.len()).unwrap_or(i64::MAX),
                modified: about.modified().unwrap_or(SystemTime::UNIX_EPOCH),
            });
        }
    }
}
