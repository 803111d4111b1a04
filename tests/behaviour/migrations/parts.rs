//! Commands that are given a part of a project: some of its applications, or of its databases.

use super::commands::{folder, moved};
use orm::{Error, Project, Result};
use std::path::PathBuf;

mod authors {
    use orm::prelude::*;

    orm::app! { pub penmen { Writer } }

    #[derive(Model, Debug, Clone)]
    pub struct Writer {
        pub id: i64,
        #[field(max_length = 50)]
        pub name: String,
    }
}

mod books {
    use orm::prelude::*;

    orm::app! { pub volumes { Volume } }

    #[derive(Model, Debug, Clone)]
    pub struct Volume {
        pub id: i64,
        pub writer: ForeignKey<super::authors::Writer>,
    }
}

mod shelves {
    use orm::prelude::*;

    orm::app! { pub planks { Plank } }

    #[derive(Model, Debug, Clone)]
    pub struct Plank {
        pub id: i64,
        pub width: i32,
    }
}

struct Shell {
    folder: PathBuf,
    /// Whether shelves are in a database of their own.
    apart: bool,
}

impl Shell {
    fn new(name: &str, apart: bool) -> Self {
        Shell { folder: folder(name), apart }
    }

    fn url(&self, name: &str) -> String {
        format!("sqlite://{}/{name}.db", self.folder.display())
    }

    fn run(&self, line: &str) -> Result<String> {
        let app = |app| moved(app, &self.folder);
        let project = Project::new().app(app(authors::penmen())).app(app(books::volumes()));
        let project = match self.apart {
            true => project.app_in("far", app(shelves::planks())).database_named("far", self.url("far")),
            false => project.app(app(shelves::planks())),
        };
        let mut printed = String::new();
        let line = ["manage"].into_iter().chain(line.split_whitespace());
        let done = project.database(self.url("near")).run_into(line, &mut printed);
        print!("{printed}");
        done.map(|()| printed)
    }

    fn refused(&self, line: &str) -> Error {
        self.run(line).expect_err(line)
    }

    fn file(&self, path: &str) -> PathBuf {
        self.folder.join("migrations").join(path)
    }
}

#[test]
fn what_the_named_applications_need_is_made_too() {
    let shell = Shell::new("needed", false);
    let printed = shell.run("makemigrations volumes").unwrap();
    let why = "penmen.0001_initial\n  `penmen` was not named, but `volumes.0001_initial` depends on this\n";
    assert!(printed.starts_with(why), "{printed}");
    assert!(!printed.contains("planks"), "{printed}");
    // What is there can be run, and the rest is made later.
    assert_eq!(shell.run("migrate").unwrap().matches("Applying").count(), 2);
    assert!(!shell.file("planks").exists());
    assert_eq!(shell.run("makemigrations penmen volumes").unwrap(), "No changes detected.\n");
    let printed = shell.run("makemigrations --name shelves").unwrap();
    assert!(printed.contains("planks.0001_shelves") && !printed.contains("was not named"), "{printed}");
    assert_eq!(shell.run("migrate").unwrap(), "Applying planks.0001_shelves\n");
}

#[test]
fn migrations_after_a_squash_are_looked_at_without_what_it_replaced() {
    let shell = Shell::new("squashed", false);
    shell.run("makemigrations").unwrap();
    let later = |name: &str, needs: &str, operation: &str| {
        let text = format!("depends_on = [\"{needs}\"]\n[[operations]]\n{operation}");
        std::fs::write(shell.file(&format!("planks/{name}.toml")), text).unwrap();
        // The index follows.
        shell.run("makemigrations --merge").unwrap();
    };
    let add = |field: &str| {
        format!(
            "op = \"add_field\"\nmodel = \"planks.Plank\"\nfield = {{ name = \"{field}\", type = \"integer\", null = true }}\n"
        )
    };
    later("0002_depth", "planks.0001_initial", &add("depth"));
    shell.run("squashmigrations planks 0002").unwrap();
    let squash = "planks.0001_squashed_0002_depth";
    // It drops what only the squash makes now.
    later("0003_no_depth", squash, "op = \"remove_field\"\nmodel = \"planks.Plank\"\nfield = \"depth\"\n");
    let told = |shell: &Shell| shell.refused("lintmigrations --allow L001").message().to_owned();
    assert_eq!(told(&shell), "2 things to know about these migrations");
    for gone in ["0001_initial", "0002_depth"] {
        std::fs::remove_file(shell.file(&format!("planks/{gone}.toml"))).unwrap();
    }
    shell.run("makemigrations --merge").unwrap();
    assert_eq!(told(&shell), "2 things to know about these migrations");
    assert!(shell.refused("lintmigrations planks 0003").message().starts_with("2 things"));
}

#[test]
fn what_is_lost_is_told_wherever_it_is_planned() {
    let shell = Shell::new("lost", false);
    shell.run("makemigrations").unwrap();
    let depth = "{ name = \"depth\", type = \"integer\", null = true }";
    let add = format!(
        "depends_on = [\"planks.0001_initial\"]\n[[operations]]\nop = \"add_field\"\nmodel = \"planks.Plank\"\nfield = {depth}\n"
    );
    std::fs::write(shell.file("planks/0002_depth.toml"), add).unwrap();
    shell.run("makemigrations --merge").unwrap();
    // Forward nothing goes, and back it does.
    let forward = shell.run("migrate --plan").unwrap();
    assert!(forward.contains("Add field depth to planks.Plank") && !forward.contains("L004"), "{forward}");
    shell.run("migrate").unwrap();
    let back = shell.run("migrate planks zero --plan").unwrap();
    let told: Vec<&str> = back.lines().filter(|line| line.contains("L00")).map(str::trim).collect();
    assert_eq!(
        told,
        ["L004 `planks.Plank.depth` goes with all its values", "L004 `planks_plank` goes with all its rows"],
        "{back}"
    );
    assert!(shell.run("migrate planks 0001").unwrap().contains("Undoing planks.0002_depth"));
    // What is put into the latest migration is looked at as a part of that, after another of its operations.
    let text = "depends_on = [\"planks.0001_initial\"]\n[[operations]]\nop = \"remove_field\"\nmodel = \"planks.Plank\"\nfield = \"width\"\n";
    std::fs::write(shell.file("planks/0002_depth.toml"), text).unwrap();
    let printed =
        shell.run("makemigrations planks --update --dry-run --no-input --default planks.Plank.width=1").unwrap();
    assert!(printed.contains("planks.0002_depth"), "{printed}");
    assert!(printed.contains("L004") || printed.contains("L006"), "{printed}");
}

#[test]
fn a_repair_is_of_the_database_that_has_the_application() {
    let shell = Shell::new("repaired", true);
    shell.run("makemigrations").unwrap();
    shell.run("migrate").unwrap();
    let edit = |path: &str| {
        let path = shell.file(path);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, format!("{text}\n[[operations]]\nop = \"run_sql\"\nsql = {{ all = [] }}\n")).unwrap();
    };
    edit("planks/0001_initial.toml");
    edit("penmen/0001_initial.toml");
    let done = shell.run("repair --accept planks.0001_initial").unwrap();
    assert!(!done.contains("Database near") && done.ends_with("Done.\n"), "{done}");
    edit("planks/0001_initial.toml");
    let done = shell.run("repair --accept planks.0001_initial --accept penmen.0001_initial").unwrap();
    assert_eq!(done.matches("Done.\n").count(), 2, "{done}");
    assert_eq!(shell.run("repair").unwrap().matches("Nothing is wrong").count(), 2);
    assert!(shell.refused("repair --accept planks.0001_initial").message().contains("M074"));
}
