//! The smallest program works, and is what the README shows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::{fs, path::Path, process::Command};

fn run(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_notes"));
    let done = command.args(arguments).current_dir(folder).env_remove("DATABASE_URL").output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn it_makes_its_table_and_keeps_notes() {
    let folder = std::env::temp_dir().join(format!("orm_notes_{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    assert_eq!(run(&folder, &["makemigrations", "--check"]), "No changes detected.\n");
    assert!(run(&folder, &["showmigrations"]).contains("[ ] 0001_initial"));
    assert_eq!(run(&folder, &[]), "1: Buy milk\n");
    assert!(run(&folder, &["showmigrations"]).contains("[X] 0001_initial"));
    assert_eq!(run(&folder, &["migrate"]), "Nothing to migrate.\n");
    assert_eq!(run(&folder, &[]), "1: Buy milk\n2: Buy milk\n");
    // Nothing is left beside the file: it is the whole database.
    assert_eq!(files(&folder), ["notes.db"]);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_program_and_its_commands_mean_the_same_database() {
    let folder = std::env::temp_dir().join(format!("orm_notes_elsewhere_{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let elsewhere = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_notes"));
        command.args(arguments).current_dir(&folder).env("DATABASE_URL", "sqlite://elsewhere.db").output().unwrap()
    };
    assert_eq!(String::from_utf8_lossy(&elsewhere(&[]).stdout), "1: Buy milk\n");
    let shown = elsewhere(&["showmigrations"]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("[X] 0001_initial"));
    assert_eq!(String::from_utf8_lossy(&shown.stderr), "Database: sqlite://elsewhere.db, from DATABASE_URL\n");
    let asked = elsewhere(&["--database", "sqlite://third.db", "showmigrations"]);
    assert!(String::from_utf8_lossy(&asked.stdout).contains("[ ] 0001_initial"));
    // Who only looks makes no file.
    assert!(String::from_utf8_lossy(&asked.stderr).contains("there is no file `third.db` yet"));
    assert_eq!(files(&folder), ["elsewhere.db"]);
    fs::remove_dir_all(folder).unwrap();
}

fn files(folder: &Path) -> Vec<String> {
    let mut files: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    files
}

#[test]
fn the_readme_shows_the_whole_of_it() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(package.join("../../README.md")).unwrap();
    let source = fs::read_to_string(package.join("src/main.rs")).unwrap();
    assert!(readme.contains(&format!("```rust\n{source}```")), "src/main.rs is in the README, as it is");
    // What a package outside of this workspace writes out.
    let shown = readme.split("```toml\n").find(|block| block.contains("name = \"notes\"")).expect("its Cargo.toml");
    let (shown, _) = shown.split_once("```").unwrap();
    let dependencies = |text: &str| -> Vec<String> {
        let (_, after) = text.split_once("[dependencies]\n").expect("dependencies");
        let lines = after.lines().take_while(|line| !line.is_empty());
        lines.map(|line| line.split(['.', ' ']).next().unwrap_or_default().to_owned()).collect()
    };
    let manifest = fs::read_to_string(package.join("Cargo.toml")).unwrap();
    assert_eq!(dependencies(shown), dependencies(&manifest));
    for word in ["macros", "rt-multi-thread"] {
        assert!(shown.contains(word) && manifest.contains(word), "{word}");
    }
}
