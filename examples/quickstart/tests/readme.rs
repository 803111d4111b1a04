//! The README shows code of the example, not code like it.

use std::{fs, path::Path};

/// Every Rust block of the README stands in a file of an example, indentation aside.
#[test]
fn the_code_of_the_readme_is_that_of_the_example() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(example.join("../../README.md")).unwrap();
    let sources: Vec<String> = [example.join("src"), example.join("../notes/src")]
        .into_iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|entry| plain(&fs::read_to_string(entry.unwrap().path()).unwrap()))
        .collect();
    let blocks: Vec<&str> = readme
        .split("```rust\n")
        .skip(1)
        .map(|block| block.split_once("\n```").expect("a block has an end").0)
        .collect();
    assert!(blocks.len() >= 4, "the README shows the example");
    for block in blocks {
        assert!(sources.iter().any(|source| source.contains(&plain(block))), "not in the example:\n{block}");
    }
}

/// Without blanks at the ends of lines, and without empty lines.
fn plain(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}
