//! The program as it is started: where its arguments may stand, what it prints, and how it ends.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

/// A folder for the database of one test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("orm_quickstart_{}_{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Folder(folder)
    }

    fn url(&self) -> String {
        format!("sqlite://{}/program.db", self.0.display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quickstart"));
    command.args(arguments).env_remove("DATABASE_URL").env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    command
}

fn run(arguments: &[&str]) -> Output {
    program(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const COMMANDS: &[&[&str]] = &[
    &["migrate"],
    &["migrate", "--plan"],
    &["showmigrations"],
    &["showmigrations", "--plan"],
    &["makemigrations", "--check"],
    &["makemigrations", "--empty", "--dry-run"],
    &["sqlmigrate", "cargo", "0001"],
    &["lintmigrations"],
    &["repair"],
    &["inspectdb"],
    &["check"],
    &["graphmodels"],
    &["--help"],
    &["migrate", "--help"],
    &["tour", "--offline"],
];

#[test]
fn the_database_is_named_before_the_command_or_after_it() {
    let folder = Folder::new("order");
    let url = folder.url();
    assert!(run(&["--database", &url, "migrate"]).status.success());
    let wanted = text(&run(&["showmigrations", "--database", &url]).stdout);
    assert!(wanted.contains("[X] 0001_initial"), "{wanted}");
    for arguments in [
        &["--database", &url, "showmigrations"][..],
        &[&format!("--database={url}"), "showmigrations"],
        &["showmigrations", &format!("--database={url}")],
    ] {
        let done = run(arguments);
        assert_eq!(text(&done.stdout), wanted, "{arguments:?}: {}", text(&done.stderr));
    }
    // Without a command it is the tour, whose arguments may come at once.
    let told = text(&run(&["--database", &url, "--manifest-path"]).stderr);
    assert!(told.contains("--manifest-path <PATH>"), "{told}");
}

#[test]
fn every_command_ends_quietly_when_nobody_reads() {
    let folder = Folder::new("closed");
    let url = folder.url();
    for arguments in COMMANDS {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let arguments = [arguments, &["--database", url.as_str()][..]].concat();
        let done = program(&arguments).stdout(writer.try_clone().unwrap()).stderr(Stdio::piped()).output().unwrap();
        let told = text(&done.stderr);
        assert!(!told.contains("panicked") && !told.contains("pipe"), "{arguments:?}: {told}");
        let may_fail = ["lintmigrations", "check"].contains(&arguments[0]);
        assert!(done.status.success() || may_fail && done.status.code() == Some(1), "{arguments:?}: {told}");
        // And nobody to tell a mistake either.
        let done = program(&arguments).stdout(writer.try_clone().unwrap()).stderr(writer).status().unwrap();
        assert!(done.code().is_some_and(|code| code < 2), "{arguments:?}: {done}");
    }
}

#[test]
fn colours_are_for_people() {
    let folder = Folder::new("colours");
    let url = folder.url();
    let arguments = ["migrate", "--plan", "--database", &url];
    let plain = text(&run(&arguments).stdout);
    assert!(plain.contains("Apply cargo.0001_initial\n") && !plain.contains('\x1b'), "{plain}");
    let coloured = text(&program(&arguments).env("CLICOLOR_FORCE", "1").output().unwrap().stdout);
    assert!(coloured.contains("\x1b[32mApply\x1b[0m"), "{coloured}");
    let asked = program(&arguments).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").output().unwrap();
    assert_eq!(text(&asked.stdout), plain);
}

#[test]
fn an_error_says_each_thing_once() {
    let folder = Folder::new("once");
    let url = folder.url();
    assert!(run(&["migrate", "legal", "--database", &url]).status.success());
    let made = batch(&url, "CREATE TABLE cargo_package (id integer)");
    assert!(made.is_ok(), "{made:?}");
    let cases: &[(&[&str], &[&str])] = &[
        (&["migrate"], &["M081", "CREATE TABLE \"cargo_package\"", "already exists"]),
        (&["migrate", "nowhere"], &["M060", "has no migrations"]),
        (&["migrate", "cargo", "0009"], &["M060", "begins with `0009`", "0001_initial"]),
        (&["makemigrations", "nowhere"], &["no application `nowhere`", "it has:"]),
        (&["repair", "--accept", "cargo.0001_initial"], &["M074"]),
    ];
    for (arguments, once) in cases {
        let done = run(&[arguments, &["--database", url.as_str()][..]].concat());
        let told = text(&done.stderr);
        assert!(!done.status.success() && told.starts_with("error: ["), "{arguments:?}: {told}");
        for part in *once {
            assert_eq!(told.matches(part).count(), 1, "{arguments:?}: {part} in\n{told}");
        }
        assert!(told.matches("help:").count() <= 1 && !told.contains("hint:"), "{arguments:?}: {told}");
        let lines: Vec<&str> = told.lines().collect();
        assert!(lines.iter().enumerate().all(|(at, line)| !lines[..at].contains(line)), "{arguments:?}: {told}");
    }
}

/// Runs SQL on the file of a URL.
fn batch(url: &str, sql: &str) -> orm::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let db = orm::Database::connect(url.to_owned()).await?;
        db.batch(sql.to_owned()).await?;
        db.close().await;
        Ok(())
    })
}

#[test]
fn the_tour_says_where_it_writes_and_leaves_a_whole_file() {
    let folder = Folder::new("elsewhere");
    let url = folder.url();
    let workspace = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/workspace/Cargo.toml");
    let done = program(&["--offline", "--manifest-path", workspace]).env("DATABASE_URL", &url).output().unwrap();
    assert!(text(&done.stdout).contains(&format!("in {url}\n")), "{}", text(&done.stdout));
    assert_eq!(text(&done.stderr), format!("Database: {url}, from DATABASE_URL\n"));
    let files: Vec<_> = fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, ["program.db"]);
    let told = text(&run(&["--manifest-path", "nowhere/Cargo.toml"]).stderr);
    assert!(told.contains("--manifest-path") && told.contains("there is no such file"), "{told}");
}
