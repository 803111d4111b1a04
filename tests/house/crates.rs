//! Which crate may know which, and what the workspace depends on.

use crate::repository::{files, files_with, manifest, metadata, none, read};
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::PathBuf,
};

/// Direct dependencies that are in the lock file twice, and why.
const TWICE: &[(&str, &str)] = &[
    ("syn", "diesel's derives are on 2, those of serde and tokio on 3"),
    ("sha2", "mysql_async is on 0.10, tokio-postgres on 0.11"),
    ("webpki-roots", "mysql_async is on 0.26"),
    ("md-5", "tokio-postgres is on 0.11"),
];

/// A package of the workspace, with the names of its dependencies by kind.
struct Package {
    name: String,
    folder: String,
    rust_version: String,
    dependencies: Vec<(String, String)>,
}

fn packages() -> Vec<Package> {
    let metadata = metadata();
    let root = metadata["workspace_root"].as_str().unwrap().to_owned() + "/";
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let package = |package: &serde_json::Value| Package {
        name: text(&package["name"]),
        folder: text(&package["manifest_path"]).replace(&root, "").replace("/Cargo.toml", ""),
        rust_version: text(&package["rust_version"]),
        dependencies: package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|dependency| (text(&dependency["name"]), text(&dependency["kind"])))
            .collect(),
    };
    metadata["packages"].as_array().unwrap().iter().map(package).collect()
}

#[test]
fn crates_point_one_way() {
    let packages = packages();
    let members: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut mistakes = Vec::new();
    for package in &packages {
        for (name, kind) in &package.dependencies {
            let ours = members.contains(name.as_str());
            let allowed = match package.name.as_str() {
                "migrations-engine" => !ours && !name.starts_with("diesel"),
                "orm-derive" => !ours && !name.starts_with("diesel") && !name.starts_with("rusqlite"),
                "orm" => !ours || ["orm-derive", "migrations-engine"].contains(&name.as_str()),
                _ if package.folder.starts_with("orm/") => !ours || name == "orm" || name.starts_with("orm-"),
                // Tests and examples use what a user can use, and each other.
                _ => !["orm-derive", "migrations-engine"].contains(&name.as_str()),
            };
            // A derive is tried out with the library that it is for.
            let tried = package.name == "orm-derive" && kind == "dev" && name == "orm";
            // The examples in the documentation share their models.
            let shown = package.name == "orm" && kind == "dev" && name == "library";
            if !allowed && !tried && !shown {
                mistakes.push(format!("{} depends on {name}", package.name));
            }
        }
    }
    none(mistakes, "user code -> orm -> orm-derive and migrations-engine; nothing points back");
}

#[test]
fn every_dependency_is_in_the_workspace_and_used() {
    let workspace = manifest("Cargo.toml");
    let listed = workspace["workspace"]["dependencies"].as_table().unwrap();
    let mut unused: BTreeSet<&str> = listed.keys().map(String::as_str).collect();
    let mut mistakes = Vec::new();
    for package in packages() {
        let path = format!("{}/Cargo.toml", package.folder);
        let table = manifest(&path);
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, value) in table.get(section).and_then(|section| section.as_table()).into_iter().flatten() {
                unused.remove(name.as_str());
                let inherited = value.get("workspace").and_then(toml::Value::as_bool) == Some(true);
                if !inherited {
                    mistakes.push(format!("{path}: `{name}` has a version of its own; write it in the workspace"));
                }
                let named = files().iter().any(|file| {
                    file.starts_with(&format!("{}/", package.folder)) && file.ends_with(".rs") && names(file, name)
                });
                if !named && !is_a_feature_of(&table, name) {
                    mistakes.push(format!("{path}: no source of the package names `{name}`"));
                }
            }
        }
    }
    mistakes.extend(unused.into_iter().map(|name| format!("Cargo.toml: no package uses `{name}`")));
    none(mistakes, "each dependency is in [workspace.dependencies], and there for a reason");
}

/// Whether a source file names a dependency; `md-5` calls its library `md5`.
fn names(file: &str, dependency: &str) -> bool {
    let text = read(file);
    text.contains(&dependency.replace('-', "_")) || text.contains(&dependency.replace('-', ""))
}

/// Whether a feature of the package switches something on in the dependency.
fn is_a_feature_of(manifest: &toml::Table, name: &str) -> bool {
    manifest.get("features").is_some_and(|features| features.to_string().contains(&format!("\"{name}/")))
}

#[test]
fn there_is_one_version_of_each_dependency() {
    let workspace = manifest("Cargo.toml");
    let listed = workspace["workspace"]["dependencies"].as_table().unwrap();
    let lock = manifest("Cargo.lock");
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in lock["package"].as_array().unwrap() {
        versions.entry(package["name"].as_str().unwrap()).or_default().push(package["version"].as_str().unwrap());
    }
    let twice = |name: &&String| {
        versions.get(name.as_str()).is_some_and(|versions| versions.len() > 1)
            && !TWICE.iter().any(|(excused, _)| excused == name)
    };
    let mistakes = listed.keys().filter(twice).map(|name| format!("{name}: {:?}", versions[name.as_str()]));
    none(mistakes.collect(), "Cargo.lock has one version of each direct dependency");
}

#[test]
fn the_oldest_rust_is_stated_and_no_dependency_needs_a_newer_one() {
    let workspace = manifest("Cargo.toml");
    let stated = workspace["workspace"]["package"]["rust-version"].as_str().unwrap();
    let number = |version: &str| -> Vec<u32> {
        version.split('.').map(|part| part.parse().unwrap_or(0)).chain([0, 0]).take(3).collect()
    };
    let mut mistakes: Vec<String> = packages()
        .iter()
        .filter(|package| package.rust_version != stated)
        .map(|package| format!("{}: rust-version is {:?}, not {stated}", package.name, package.rust_version))
        .collect();
    let sources = dependencies_on_disk();
    assert!(sources.len() > 50, "{} packages found in cargo's registry", sources.len());
    for (name, manifest) in sources {
        let needs = manifest["package"].get("rust-version").and_then(toml::Value::as_str).unwrap_or("1.0");
        if number(needs) > number(stated) {
            mistakes.push(format!("{name} needs Rust {needs}"));
        }
    }
    none(mistakes, &format!("everything builds with Rust {stated}"));
}

/// The packages of the lock file that this machine has unpacked, which are those that it compiled, with their manifests.
fn dependencies_on_disk() -> Vec<(String, toml::Table)> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo"))).expect("cargo has a home");
    let registries: Vec<PathBuf> =
        fs::read_dir(home.join("registry/src")).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    let lock = manifest("Cargo.lock");
    let mut found = Vec::new();
    for package in lock["package"].as_array().unwrap() {
        let name = format!("{}-{}", package["name"].as_str().unwrap(), package["version"].as_str().unwrap());
        let text = registries.iter().find_map(|folder| fs::read_to_string(folder.join(&name).join("Cargo.toml")).ok());
        found.extend(text.map(|text| (name, text.parse().expect("a manifest"))));
    }
    found
}

#[test]
fn unsafe_code_is_in_one_module() {
    const MODULE: &str = "orm/src/db/sqlite/budget.rs";
    let allows = |text: &str| text.contains("allow(unsafe_code") || text.contains("expect(unsafe_code");
    let mistakes: Vec<String> = files_with(".rs")
        .into_iter()
        .filter(|file| file != MODULE && file != "tests/house/crates.rs" && allows(&read(file)))
        .collect();
    none(mistakes, &format!("unsafe code is allowed in {MODULE} only"));
    let workspace = manifest("Cargo.toml");
    assert_eq!(workspace["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("deny"));
    for package in packages() {
        let lints = &manifest(&format!("{}/Cargo.toml", package.folder))["lints"];
        assert_eq!(lints["workspace"].as_bool(), Some(true), "{} has the workspace's lints", package.name);
    }
}
