//! What holds for every source file and every document.

use crate::repository::{files, files_with, none, read, root};
use std::path::Path;

/// The most lines of a source file.
const LONG: usize = 600;

/// Files that are longer, and why they are still one room.
const LONGER: &[(&str, &str)] = &[(
    "orm/src/model/describe.rs",
    "what is described and how its names are found share private parts; half of it is examples",
)];

/// Paths that documents name although they are in people's projects, not in this repository.
const ELSEWHERE: &[&str] = &["index.toml", "migrations/index.toml", "src/main.rs", "src/models.rs"];

/// Inputs of compile-fail tests: what they show is the whole file, as a person would write it.
fn is_a_case(file: &str) -> bool {
    ["/ui/", "/compile_fail/", "/tests/workspace/"].iter().any(|folder| file.contains(folder))
}

#[test]
fn every_source_file_says_what_belongs_in_it() {
    let silent = |file: &String| !is_a_case(file) && !read(file).starts_with("//! ");
    none(files_with(".rs").into_iter().filter(silent).collect(), "the first line of a source file is `//! ..`");
}

#[test]
fn no_source_file_is_too_long() {
    let mut mistakes = Vec::new();
    for file in files_with(".rs") {
        let lines = read(&file).lines().count();
        let excused = LONGER.iter().any(|(name, _)| *name == file);
        if lines > LONG && !excused {
            mistakes.push(format!("{file}: {lines} lines"));
        }
    }
    none(mistakes, &format!("a source file has at most {LONG} lines, or a reason in LONGER"));
    let stale = |(file, _): &&(&str, &str)| !root().join(file).exists() || read(file).lines().count() <= LONG;
    let stale = LONGER.iter().filter(stale).map(|(file, _)| (*file).to_owned());
    none(stale.collect(), "these are not too long any more: take them off LONGER");
}

#[test]
fn documents_name_paths_that_exist() {
    let files = files();
    let exists = |path: &str| {
        let path = path.trim_end_matches('/');
        root().join(path).exists()
            // A path inside a crate, named without the crate.
            || files.iter().any(|file| file.ends_with(&format!("/{path}")))
    };
    let mut mistakes = Vec::new();
    for document in files_with(".md") {
        let text = read(&document);
        let here = Path::new(&document).parent().unwrap();
        for (number, line) in prose(&text) {
            for word in line.split('`').skip(1).step_by(2).filter(|word| is_a_path(word)) {
                if !exists(word) && !root().join(here).join(word).exists() && !ELSEWHERE.contains(&word) {
                    mistakes.push(format!("{document}:{number}: `{word}`"));
                }
            }
            for link in line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
                let path = link.split('#').next().unwrap_or_default();
                if !link.contains("://") && !path.is_empty() && !root().join(here).join(path).exists() {
                    mistakes.push(format!("{document}:{number}: link to {link}"));
                }
            }
        }
    }
    none(mistakes, "every path in a document exists");
}

/// The lines outside code blocks, numbered.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut code = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        if line.trim_start().starts_with("```") {
            code = !code;
        }
        (!code).then_some((index + 1, line))
    })
}

fn is_a_path(word: &str) -> bool {
    const ENDINGS: &[&str] = &[".rs", ".toml", ".md", ".sql", ".json"];
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
    let names_a_file = ENDINGS.iter().any(|ending| word.ends_with(ending));
    plain && !word.starts_with(['/', '-']) && word.len() > 3 && (names_a_file || word.ends_with('/'))
}

#[test]
fn every_doc_example_and_every_test_runs() {
    // In pieces, so that this file does not find itself.
    let forbidden = [concat!("```", "ignore"), concat!("```rust,", "ignore"), concat!("#[", "ignore")];
    let mut mistakes = Vec::new();
    for file in files_with(".rs").into_iter().chain(files_with(".md")) {
        for (index, line) in read(&file).lines().enumerate() {
            if forbidden.iter().any(|word| line.contains(word)) {
                mistakes.push(format!("{file}:{}: {}", index + 1, line.trim()));
            }
        }
    }
    none(mistakes, "nothing is marked to be skipped: a test that lacks what it needs says so as it runs");
}
