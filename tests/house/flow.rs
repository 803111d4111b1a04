//! The flow inside `orm`: which folder may use which.

use crate::repository::{files, none, read};
use std::collections::{BTreeMap, BTreeSet};
use syn::visit::Visit;

/// The folders and files below `orm/src`, and what each may use.
///
/// The typed surface builds data, and only its terminals go to the database. From `tree` on, nothing knows what is above it.
const FLOW: &[(&str, &[&str])] = &[
    // Plain data that everything may use.
    ("error", &[]),
    ("validation", &[]),
    ("finding", &[]),
    ("nearest", &[]),
    // The macros, with their documentation.
    ("derives", &[]),
    ("dialect", &[]),
    // Waits for futures, whatever they do.
    ("blocking", &[]),
    ("value", &["dialect", "error"]),
    ("statement", &["dialect", "value"]),
    // What a person declared; its traits name the handles and queries that the macro makes for it.
    ("model", &["db", "field", "query", "statement", "tree", "write"]),
    // The typed surface.
    ("field", &["db", "model", "query", "tree", "write"]),
    ("query", &["compile", "db", "field", "model", "statement", "tree", "write"]),
    ("write", &["compile", "db", "field", "model", "query", "statement", "tree"]),
    // What PostgreSQL alone has, under one name.
    ("postgres", &["field", "query", "tree"]),
    // Queries and changes by name: checked against metadata, they become the same tree.
    ("dynamic", &["compile", "db", "field", "model", "query", "statement", "tree", "write"]),
    // Rows as text, read and written by their metadata.
    ("fixtures", &["compile", "db", "dynamic", "model", "query", "statement", "tree", "write"]),
    // Files beside rows.
    ("files", &["db", "field"]),
    // Databases and rows for tests.
    ("testing", &["blocking", "db", "field", "migrate", "model", "query", "tree", "write"]),
    // Untyped from here on.
    ("tree", &["model"]),
    ("resolve", &["model", "tree"]),
    ("compile", &["model", "resolve", "statement", "tree"]),
    // What borrows a connection of SQLite waits where it is called.
    ("db", &["blocking", "statement"]),
    // Where models and the migration engine meet, and the commands over that.
    ("migrate", &["compile", "db", "field", "model", "statement", "tree", "write"]),
    ("cli", &["db", "fixtures", "migrate", "model", "write"]),
];

/// What every folder may use.
const COMMON: &[&str] = &["dialect", "error", "finding", "nearest", "validation", "value"];

#[test]
fn the_folders_of_orm_point_one_way() {
    let exported = root_exports();
    let mut mistakes = Vec::new();
    for file in files().iter().filter(|file| file.starts_with("orm/src/") && file.ends_with(".rs")) {
        let place = file.trim_start_matches("orm/src/").trim_end_matches(".rs");
        let folder = place.split('/').next().unwrap_or_default();
        if matches!(folder, "lib" | "main") {
            continue;
        }
        let Some((_, allowed)) = FLOW.iter().find(|(name, _)| *name == folder) else {
            mistakes.push(format!("{file}: `{folder}` has no place in the flow; give it one in {}", file!()));
            continue;
        };
        let module = place.trim_end_matches("/mod").split('/').map(str::to_owned).collect();
        let mut uses = Uses { module, found: BTreeSet::new() };
        uses.visit_file(&syn::parse_file(&read(file)).unwrap_or_else(|error| panic!("{file}: {error}")));
        for name in uses.found {
            let target = exported.get(&name).unwrap_or(&name);
            if target != folder && !COMMON.contains(&target.as_str()) && !allowed.contains(&target.as_str()) {
                mistakes.push(format!("{file}: `{folder}` uses `{target}` (as crate::{name})"));
            }
        }
    }
    none(mistakes, "model -> field, query, write -> tree -> resolve -> compile -> db");
}

/// Which folder each name comes from that `lib.rs` exports.
fn root_exports() -> BTreeMap<String, String> {
    let mut exported = BTreeMap::new();
    for item in syn::parse_file(&read("orm/src/lib.rs")).expect("lib.rs parses").items {
        if let syn::Item::Use(item) = item {
            let mut names = Vec::new();
            flatten(&item.tree, &mut Vec::new(), &mut names);
            for mut path in names {
                if path.first().is_some_and(|first| first == "crate" || first == "self") {
                    path.remove(0);
                }
                // The derives share their names with traits of ours.
                if let (Some(folder), Some(name)) = (path.first().filter(|name| *name != "orm_derive"), path.last()) {
                    // A name that is also exported under another, such as `Row as QueryRow`, keeps its first meaning.
                    exported.entry(name.clone()).or_insert_with(|| folder.clone());
                }
            }
        }
    }
    assert!(exported.len() > 10, "lib.rs exports {exported:?}");
    exported
}

/// Collects the first name after `crate` of everything that a file uses.
struct Uses {
    module: Vec<String>,
    found: BTreeSet<String>,
}

impl Uses {
    fn add(&mut self, path: &[String]) {
        let supers = path.iter().take_while(|part| *part == "super").count();
        let name = match path.first().map(String::as_str) {
            Some("crate") => path.get(1).cloned(),
            // Out of the folder, and from the root down again.
            Some("super") if supers >= self.module.len() => path.get(supers).cloned(),
            _ => None,
        };
        self.found.extend(name);
    }
}

impl<'ast> Visit<'ast> for Uses {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let mut paths = Vec::new();
        flatten(&item.tree, &mut Vec::new(), &mut paths);
        for path in paths {
            self.add(&path);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.add(&parts);
        syn::visit::visit_path(self, path);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        // Unit tests may use whatever they need.
        let is_test = |attribute: &syn::Attribute| {
            attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Ident>().is_ok_and(|cfg| cfg == "test")
        };
        if !item.attrs.iter().any(is_test) {
            self.module.push(item.ident.to_string());
            syn::visit::visit_item_mod(self, item);
            self.module.pop();
        }
    }
}

/// The paths of a `use`, each whole.
fn flatten(tree: &syn::UseTree, before: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
    match tree {
        syn::UseTree::Path(path) => {
            before.push(path.ident.to_string());
            flatten(&path.tree, before, paths);
            before.pop();
        }
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, before, paths)),
        syn::UseTree::Name(name) => paths.push(with(before, &name.ident.to_string())),
        syn::UseTree::Rename(rename) => paths.push(with(before, &rename.ident.to_string())),
        syn::UseTree::Glob(_) => paths.push(before.clone()),
    }
}

fn with(before: &[String], name: &str) -> Vec<String> {
    before.iter().cloned().chain([name.to_owned()]).collect()
}
