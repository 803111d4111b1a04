//! The index of a crate's migrations, which is mended by `makemigrations` alone; and databases that are not there yet.

use super::{
    before,
    commands::{Shell, folder},
};
use orm::{App, Code, migrate::migrations, model::AppSpec};
use std::path::Path;

fn shell(name: &str) -> Shell {
    let folder = folder(name);
    let url = format!("sqlite://{}/shop.db", folder.display());
    Shell { app: before::chinook, folder, url }
}

#[test]
fn an_index_that_disagrees_with_the_files_is_refused_and_mended() {
    let shell = shell("index");
    shell.run("makemigrations").unwrap();
    let index = shell.folder.join("migrations/index.toml");
    let right = std::fs::read_to_string(&index).unwrap();
    let name = index.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()).unwrap();
    let mended = |line: &str, why: &str| {
        let printed = shell.run(line).unwrap();
        assert!(printed.starts_with(&format!("wrote {}: {why}", name.display())), "{printed}");
        assert_eq!(std::fs::read_to_string(&index).unwrap(), right, "{line}");
        shell.run("makemigrations --check").unwrap();
    };

    // Without its line a release build would not have the migration.
    std::fs::write(&index, right.replace("0001_initial", "0002_other")).unwrap();
    for line in ["migrate", "migrate --plan", "showmigrations", "sqlmigrate chinook 0001", "makemigrations --check"] {
        let refused = shell.refused(line);
        assert_eq!(refused.code(), Code::Migration);
        assert!(
            refused.message().contains("M052: index.toml does not list `chinook.0001_initial`"),
            "{line}: {refused}"
        );
        assert!(refused.hint().unwrap().contains("makemigrations"), "{refused}");
    }
    // What writes nothing mends nothing.
    assert_eq!(shell.run("makemigrations --dry-run").unwrap(), "No changes detected.\n");
    assert_ne!(std::fs::read_to_string(&index).unwrap(), right);
    mended("makemigrations", "index.toml does not list `chinook.0001_initial`");

    std::fs::write(&index, format!("{right}\"0002_gone\" = \"1\"\n")).unwrap();
    let refused = shell.refused("migrate");
    assert!(refused.message().contains("M052: index.toml lists `chinook.0002_gone`, which has no file"), "{refused}");
    mended("makemigrations", "index.toml lists `chinook.0002_gone`, which has no file");

    std::fs::remove_file(&index).unwrap();
    assert!(shell.refused("migrate").message().contains("M052: there is no index.toml that lists"));
    mended("makemigrations", "there is no index.toml that lists `chinook.0001_initial`");

    // Branches that were not brought together.
    std::fs::write(&index, format!("<<<<<<< ours\n{right}")).unwrap();
    assert!(shell.refused("migrate").message().contains("M052: index.toml: "));
    mended("makemigrations", "index.toml: ");

    // A file that was filled in by hand runs; before it is committed the index has to know.
    shell.run("makemigrations --empty --name by_hand").unwrap();
    let file = shell.folder.join("migrations/chinook/0002_by_hand.toml");
    let mut text = std::fs::read_to_string(&file).unwrap();
    text.push_str("\n[[operations]]\nop = \"run_sql\"\nsql = { all = [\"SELECT 1\"] }\n");
    std::fs::write(&file, text).unwrap();
    let refused = shell.refused("makemigrations --check");
    assert!(refused.message().contains("M052: `chinook.0002_by_hand` was changed since"), "{refused}");
    shell.run("migrate").unwrap();
    assert!(shell.run("makemigrations").unwrap().contains("`chinook.0002_by_hand` was changed since"));
    shell.run("makemigrations --check").unwrap();
    std::fs::remove_dir_all(&shell.folder).unwrap();
}

#[test]
fn what_is_built_in_is_compared_with_the_index_that_is_built_in() {
    const FIRST: (&str, &str) = ("chinook/0001_initial.toml", "");
    let app = |migrations: &'static [(&'static str, &'static str)]| {
        let spec = before::chinook().spec();
        App::new(Box::leak(Box::new(AppSpec {
            label: spec.label,
            manifest_dir: "/no/such/folder",
            file: spec.file,
            package: spec.package,
            models: spec.models,
            migrations,
        })))
    };
    let read = |files: &'static [(&'static str, &'static str)]| migrations(&[app(files)]);
    assert_eq!(read(&[FIRST, ("index.toml", "[chinook]\n0001_initial = \"1\"\n")]).unwrap().iter().count(), 1);
    // Another application of the crate is no concern of this one.
    assert!(read(&[("index.toml", "[other]\n0001_initial = \"1\"\n")]).unwrap().is_empty());
    assert!(read(&[]).unwrap().is_empty());
    assert!(read(&[FIRST]).unwrap_err().message().contains("M052"));
    let later = read(&[FIRST, ("index.toml", "[chinook]\n0001_initial = \"1\"\n0002_later = \"1\"\n")]);
    assert!(later.unwrap_err().message().contains("M052: index.toml lists `chinook.0002_later`"));
}

#[test]
fn commands_that_only_look_make_no_file() {
    let shell = shell("look");
    let file = shell.folder.join("shop.db");
    shell.run("makemigrations").unwrap();
    assert!(shell.run("showmigrations").unwrap().contains(" [ ] 0001_initial"));
    assert!(shell.run("showmigrations --plan").unwrap().contains("[ ] chinook.0001_initial"));
    assert!(shell.run("migrate --plan").unwrap().contains("Apply chinook.0001_initial"));
    assert!(shell.refused("migrate --check").message().contains("1 migrations have not been run"));
    assert!(shell.refused("check").message().starts_with("1 difference "));
    shell.run("sqlmigrate chinook 0001").unwrap();
    assert_eq!(shell.run("repair").unwrap(), "Nothing is wrong with the history.\n");
    assert_eq!(shell.refused("inspectdb").code(), Code::NoDatabase);
    assert!(!file.exists());
    shell.run("migrate").unwrap();
    assert!(file.exists());
    assert!(shell.run("showmigrations").unwrap().contains(" [X] 0001_initial"));
    shell.run("inspectdb").unwrap();
    // A folder that is not there is a slip.
    let elsewhere =
        Shell { app: before::chinook, folder: shell.folder.clone(), url: "sqlite:///no/such/shop.db".into() };
    assert_eq!(elsewhere.refused("showmigrations").code(), Code::NoDatabase);
    std::fs::remove_dir_all(&shell.folder).unwrap();
}
