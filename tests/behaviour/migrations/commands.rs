//! The project's commands, from the first model to zero, as they are typed.

use super::{after, before};
use crate::bed::{Bed, behaviour};
use orm::{App, Code, Dialect, Error, Model, Project, Result, model::AppSpec};
use std::path::{Path, PathBuf};

/// The application, as if it were declared by a crate in this folder.
pub(super) fn moved(app: App, folder: &Path) -> App {
    let spec = app.spec();
    let manifest_dir = folder.display().to_string().leak();
    App::new(Box::leak(Box::new(AppSpec {
        label: spec.label,
        manifest_dir,
        file: "tests/no_such_file.rs",
        package: spec.package,
        models: spec.models,
        migrations: &[],
    })))
}

pub(super) fn folder(name: &str) -> PathBuf {
    // Within the workspace, also where what is built is not.
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = workspace.join(format!("target/tmp/commands_{}_{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

pub(super) struct Shell {
    pub(super) app: fn() -> App,
    pub(super) folder: PathBuf,
    pub(super) url: String,
}

impl Shell {
    /// Runs a command line, and gives what it prints.
    pub(super) fn run(&self, line: &str) -> Result<String> {
        self.run_all(line.split_whitespace())
    }

    pub(super) fn run_all<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Result<String> {
        let project = Project::new().app(moved((self.app)(), &self.folder)).database(&self.url);
        let mut printed = String::new();
        let done = project.run_into(["manage"].into_iter().chain(arguments), &mut printed);
        print!("{printed}");
        done.map(|()| printed)
    }

    pub(super) fn refused(&self, line: &str) -> Error {
        self.run(line).expect_err(line)
    }

    fn files(&self) -> Vec<String> {
        let folder = self.folder.join("migrations").join("chinook");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .map(|entries| entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
            .unwrap_or_default();
        files.sort();
        files
    }
}

behaviour! {
    async fn the_commands_take_a_project_through_its_life(bed) {
        let Bed { db, backend, .. } = &*bed;
        if bed.url.contains(":memory:") {
            // Every command connects anew, so that a database in memory would be another each time.
            return Ok(());
        }
        let mut shell = Shell { app: before::chinook, folder: folder(&format!("{backend:?}")), url: bed.url.clone() };

        let unmade = "`chinook` has models and no migrations: run `makemigrations`";
        for line in ["migrate", "migrate --plan", "migrate --check"] {
            let printed = shell.run(line)?;
            assert!(printed.starts_with("Nothing to migrate yet.\n") && printed.contains(unmade), "{line}: {printed}");
        }
        assert!(shell.run("showmigrations")?.contains("`makemigrations` writes them"));
        assert_eq!(shell.refused("inspectdb").message(), "the database has no tables to write models for");
        assert!(shell.refused("showmigrations nowhere").hint().unwrap().contains("chinook"));
        assert_eq!(shell.refused("makemigrations --check").code(), Code::Migration);
        shell.run("makemigrations --dry-run")?;
        assert!(shell.files().is_empty());
        assert!(shell.refused("makemigrations nowhere").hint().unwrap().contains("chinook"));
        shell.run("makemigrations")?;
        assert_eq!(shell.files(), ["0001_initial.toml"]);
        assert!(shell.folder.join("migrations/index.toml").exists());
        shell.run("makemigrations --check")?;

        shell.run("check --no-database")?;
        assert!(shell.refused("check").message().starts_with("1 difference "));
        assert_eq!(shell.refused("migrate --check").code(), Code::Migration);
        shell.run("migrate --plan")?;
        shell.run("showmigrations")?;
        assert_eq!(shell.run("migrate")?, "Applying chinook.0001_initial\n");
        for line in ["migrate", "migrate --check", "migrate chinook", "migrate chinook 0001"] {
            assert_eq!(shell.run(line)?, "Nothing to migrate.\n", "{line}");
        }
        shell.run("showmigrations --plan")?;
        shell.run("check")?;
        db.batch("ALTER TABLE chinook_artist ADD COLUMN extra integer").await?;
        let differs = shell.refused("check");
        assert!(differs.message().starts_with("1 difference "), "{differs}");
        shell.run("check --allow D020")?;
        assert!(shell.refused("check --allow D999").message().contains("D999"));
        db.batch("ALTER TABLE chinook_artist DROP COLUMN extra").await?;
        for (end, begin) in [("svg", "<svg "), ("dot", "digraph "), ("mmd", "erDiagram\n")] {
            let picture = shell.folder.join(format!("models.{end}"));
            shell.run(&format!("graphmodels chinook --output {}", picture.display()))?;
            let drawn = std::fs::read_to_string(&picture).unwrap();
            assert!(drawn.starts_with(begin) && drawn.contains("InvoiceLine") && drawn.contains("unit_price"), "{drawn}");
        }
        shell.run("graphmodels --no-columns --format dot")?;
        assert!(shell.refused("graphmodels nowhere").hint().unwrap().contains("chinook"));
        for dialect in ["sqlite", "postgres", "mariadb", "mysql"] {
            shell.run(&format!("sqlmigrate chinook 0001 --dialect {dialect}"))?;
            shell.run(&format!("sqlmigrate chinook 0001 --backwards --dialect {dialect}"))?;
        }
        db.batch("INSERT INTO chinook_artist (id, name) VALUES (1, 'Ada')").await?;

        shell.app = after::chinook;
        let differs = "The models of `chinook` have changes that no migration makes: run `makemigrations`";
        assert!(shell.run("migrate")?.contains(differs));
        assert!(shell.run("migrate chinook --plan")?.contains(differs));
        assert_eq!(shell.run("migrate chinook 0001")?, "Nothing to migrate.\n");
        assert!(shell.refused("check --no-database").message().starts_with("1 difference "));
        let refused = shell.refused("makemigrations --no-input");
        assert!(refused.to_string().contains("--remove chinook.Track.bytes"), "{refused}");
        assert_eq!(shell.files().len(), 1);
        shell.run("makemigrations --no-input --remove chinook.Track.bytes --safe --dry-run")?;
        shell.run("lintmigrations chinook 0001 --dialect postgres --format json")?;
        assert!(shell.refused("lintmigrations --allow L999").message().contains("no rule"));
        // An empty one first, which the changes are then put into.
        shell.run("makemigrations --empty --name later")?;
        shell.run("makemigrations --no-input --remove chinook.Track.bytes --update")?;
        assert_eq!(shell.files(), ["0001_initial.toml", "0002_later.toml"]);
        shell.run("makemigrations --check")?;
        let told = shell.refused("lintmigrations --dialect postgres --allow L001");
        assert!(told.message().contains("things to know"), "{told}");
        assert_eq!(shell.files()[..2], ["0001_initial.toml", "0002_later.toml"]);
        let planned = shell.run("migrate --plan")?;
        // An operation is a line, and what becomes of it another; of how SQLite writes a table anew nothing is said.
        let becomes = match db.dialect() {
            Dialect::Sqlite => "write chinook_customer anew, with all its rows",
            _ => "add unique chinook_customer_email_aea8b144_uniq",
        };
        let told = format!("    Alter field email of chinook.Customer\n        {becomes}\n");
        assert!(planned.contains(&told) && !planned.contains("sequence"), "{planned}");
        shell.run("migrate")?;
        shell.run("migrate chinook 0001")?;
        shell.run("migrate")?;
        assert_eq!(after::Artist::objects().count(db).await?, 1);

        // An edited file is noticed, not run.
        let first = shell.folder.join("migrations/chinook/0001_initial.toml");
        let text = std::fs::read_to_string(&first).unwrap();
        std::fs::write(&first, text.replace("max_length = 120", "max_length = 121").replace("char(120)", "char(121)")).unwrap();
        let edited = shell.refused("migrate");
        assert!(edited.message().contains("M052") || edited.message().contains("M070"), "{edited}");
        std::fs::write(&first, text).unwrap();

        // Where history and files disagree, the list says so.
        assert!(!shell.run("showmigrations")?.contains("[!]"));
        db.batch("UPDATE orm_migrations SET name = '0002_gone' WHERE name = '0002_later'").await?;
        db.batch("UPDATE orm_migrations SET checksum = 'another' WHERE name = '0001_initial'").await?;
        for line in ["showmigrations", "showmigrations chinook --plan"] {
            let shown = shell.run(line)?;
            let told: Vec<&str> = shown.lines().filter_map(|line| line.strip_prefix("[!] ")).collect();
            assert!(told.len() == 2 && told.iter().all(|line| line.ends_with("; see `repair`")), "{shown}");
            assert!(told.iter().any(|line| line.starts_with("M070: `chinook.0001_initial` was edited ")), "{shown}");
            assert!(told.iter().any(|line| line.starts_with("M071: `chinook.0002_gone` was applied ")), "{shown}");
        }
        assert!(shell.refused("repair --no-input").message().starts_with("2 of 2 "));
        // Django's other spelling of it.
        assert!(shell.refused("repair --noinput").message().starts_with("2 of 2 "));
        db.batch("UPDATE orm_migrations SET name = '0002_later' WHERE name = '0002_gone'").await?;
        shell.run("repair --accept chinook.0001_initial")?;
        assert!(!shell.run("showmigrations")?.contains("[!]"));

        // A change that belongs to what was made last; an answer that nothing asks for; answers in a file.
        assert_eq!(shell.refused("makemigrations --remove chinook.Track.bytes").hint().unwrap(), "look for a slip in the name, or leave the answer out");
        let answers = shell.folder.join("answers.toml");
        std::fs::write(&answers, "remove = []\n").unwrap();
        shell.run(&format!("makemigrations --check --answers {}", answers.display()))?;
        shell.run("makemigrations --merge")?;
        shell.run("repair")?;
        let count = shell.files().len();
        shell.run("squashmigrations chinook 0001 0002 --dry-run")?;
        shell.run("squashmigrations chinook 0002 --squashed-name begin")?;
        assert_eq!(shell.files().len(), count + 1);
        shell.run("makemigrations --check")?;
        shell.run("migrate --check")?;
        shell.run("migrate")?;
        shell.run("showmigrations")?;
        shell.run("showmigrations --plan")?;
        shell.run("optimizemigration chinook 0001_begin --check")?;
        assert!(shell.refused("repair --undo chinook.0001_begin").message().contains("M074"));

        shell.run("makemigrations --noinput --empty -n by_hand")?;
        let by_hand = shell.files().into_iter().find(|file| file.ends_with("_by_hand.toml")).unwrap();
        let text = std::fs::read_to_string(shell.folder.join("migrations/chinook").join(by_hand)).unwrap();
        assert!(text.contains("# [[operations]]\n# op = \"run_sql\"\n"), "{text}");
        shell.run("migrate --fake --noinput")?;
        shell.run("migrate chinook zero")?;
        assert_eq!(after::Artist::objects().count(db).await.unwrap_err().code(), Code::MissingTable);
        std::fs::remove_dir_all(&shell.folder).unwrap();
        Ok(())
    }
}
