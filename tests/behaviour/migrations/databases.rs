//! A project with several databases: each has the tables of its own applications, and a history of its own.

use super::commands::{folder, moved};
use crate::bed::{Bed, behaviour};
use orm::{App, Code, Command, CommandFuture, Context, Error, Model, Project, Result};
use std::path::PathBuf;

mod shop {
    use orm::prelude::*;

    orm::app! { pub store { Book } }

    #[derive(Model, Debug, Clone)]
    pub struct Book {
        pub id: i64,
        #[field(max_length = 50)]
        pub title: String,
    }
}

mod stats {
    use orm::prelude::*;

    orm::app! { pub visits { Visit } }

    #[derive(Model, Debug, Clone)]
    pub struct Visit {
        pub id: i64,
        pub book: i64,
    }
}

/// The same with one field more.
mod stats_later {
    use orm::prelude::*;

    orm::app! { pub visits { Visit } }

    #[derive(Model, Debug, Clone)]
    pub struct Visit {
        pub id: i64,
        pub book: i64,
        pub seconds: Option<i32>,
    }
}

/// And with a relation into the other database.
mod stats_wrong {
    use orm::prelude::*;

    orm::app! { pub visits { Visit } }

    #[derive(Model, Debug, Clone)]
    pub struct Visit {
        pub id: i64,
        pub book: ForeignKey<super::shop::Book>,
    }
}

struct Shell {
    folder: PathBuf,
    analytics: String,
    stats: fn() -> App,
}

impl Shell {
    fn main(&self) -> String {
        format!("sqlite://{}/main.db", self.folder.display())
    }

    fn run(&self, line: &str) -> Result<String> {
        let (done, printed) = self.told(line);
        done.map(|()| printed)
    }

    /// What it comes to, and what is printed.
    fn told(&self, line: &str) -> (Result<()>, String) {
        let project = Project::new()
            .app(moved(shop::store(), &self.folder))
            .database(self.main())
            .app_in("analytics", moved((self.stats)(), &self.folder))
            .database_named("analytics", &self.analytics)
            .command(Whereabouts { says: false })
            .command(Whereabouts { says: true });
        let mut printed = String::new();
        let done = project.run_into(["manage"].into_iter().chain(line.split_whitespace()), &mut printed);
        print!("{printed}");
        (done, printed)
    }

    fn refused(&self, line: &str) -> Error {
        self.run(line).expect_err(line)
    }
}

/// A command of one's own, whose argument is called as those of the library are.
struct Whereabouts {
    says: bool,
}

impl Command for Whereabouts {
    fn arguments(&self) -> clap::Command {
        let name = if self.says { "whereabouts-of" } else { "whereabouts" };
        clap::Command::new(name).arg(clap::Arg::new("app").required(true))
    }

    fn app_arguments(&self) -> &[&str] {
        if self.says { &["app"] } else { &[] }
    }

    fn run<'a>(&'a self, context: &'a Context<'a>) -> CommandFuture<'a> {
        Box::pin(async move { context.say(context.url().unwrap_or_default()) })
    }
}

behaviour! {
    async fn each_database_has_the_tables_of_its_own_applications(bed) {
        let Bed { db, backend, .. } = &*bed;
        if bed.url.contains(":memory:") {
            return Ok(());
        }
        let folder = folder(&format!("several_{backend:?}"));
        let mut shell = Shell { folder, analytics: bed.url.clone(), stats: stats::visits };
        shell.run("makemigrations")?;
        shell.run("makemigrations --check")?;

        // One at a time, by its name or by the application; and all of them.
        assert!(shell.run("showmigrations")?.contains("Database default\nstore\n [ ] 0001_initial\nDatabase analytics\nvisits\n"));
        assert_eq!(shell.run("showmigrations visits")?, "visits\n [ ] 0001_initial\n");
        assert_eq!(shell.run("showmigrations --database default")?, "store\n [ ] 0001_initial\n");
        assert_eq!(shell.run("migrate --database analytics")?, "Applying visits.0001_initial\n");
        assert!(shell.refused("migrate --check").message().contains("1 migrations"));
        assert_eq!(stats::Visit::objects().count(db).await?, 0);
        assert_eq!(
            shell.run("migrate")?,
            "Database default\nApplying store.0001_initial\nDatabase analytics\nNothing to migrate.\n"
        );
        for line in ["check", "check --database analytics", "migrate --check", "repair"] {
            shell.run(line)?;
        }
        assert!(shell.run("sqlmigrate visits 0001")?.contains("CREATE TABLE"));
        assert_eq!(shell.run("lintmigrations --format json")?.trim(), "[]");
        let named = db.dialect().name();
        let told = if named == "sqlite" { "sqlite".to_owned() } else { format!("sqlite and {named}") };
        assert_eq!(shell.run("lintmigrations")?, format!("Nothing to tell about {told}.\n"));
        assert_eq!(shell.run("lintmigrations visits")?, format!("Nothing to tell about {named}.\n"));
        let main = orm::Database::connect(shell.main()).await?;
        assert_eq!(shop::Book::objects().count(&main).await?, 0);
        assert_eq!(stats::Visit::objects().count(&main).await.unwrap_err().code(), Code::MissingTable);
        assert_eq!(shop::Book::objects().count(db).await.unwrap_err().code(), Code::MissingTable);

        // What only looks goes on to the next where one database differs.
        main.batch("ALTER TABLE store_book ADD COLUMN extra integer").await?;
        let (done, printed) = shell.told("check");
        assert!(printed.ends_with("Database analytics\nNothing differs.\n"), "{printed}");
        assert!(printed.contains("Failed: 1 difference between models, migrations and database\nDatabase analytics"), "{printed}");
        assert_eq!(done.unwrap_err().message(), "1 difference between models, migrations and database");
        db.batch("ALTER TABLE visits_visit ADD COLUMN extra integer").await?;
        let both = "in `default`: 1 difference between models, migrations and database; in `analytics`: 1 difference";
        assert!(shell.refused("check").message().starts_with(both));
        // For machines it is one document.
        let document = |line: &str| -> (Result<()>, Vec<(String, String, String)>) {
            let (done, printed) = shell.told(line);
            let list: Vec<serde_json::Value> = serde_json::from_str(&printed).expect(&printed);
            let text = |it: &serde_json::Value, key: &str| it[key].as_str().unwrap_or_default().to_owned();
            (done, list.iter().map(|it| (text(it, "database"), text(it, "id"), text(it, "level"))).collect())
        };
        let differs = |database: &str| (database.to_owned(), "D020".to_owned(), "error".to_owned());
        let (done, told) = document("check --format json");
        assert_eq!(told, [differs("default"), differs("analytics")]);
        assert!(done.unwrap_err().message().starts_with(both));
        assert_eq!(document("check --format json --database analytics").1, [differs("analytics")]);
        db.batch("ALTER TABLE visits_visit DROP COLUMN extra").await?;
        // One that fails alone is named as well.
        let (done, told) = document("check --format json");
        assert_eq!(told, [differs("default")]);
        assert!(done.unwrap_err().hint().unwrap().starts_with("it is the database `default`: "));
        assert!(shell.refused("check").hint().unwrap().starts_with("it is the database `default`: "));
        main.batch("ALTER TABLE store_book DROP COLUMN extra").await?;
        main.close().await;
        assert_eq!(document("check --format json").1, []);
        // What cannot be looked at stands in it, too, and the rest is looked at.
        let gone = Shell { analytics: "sqlite:///no/such/folder/visits.db".to_owned(), folder: shell.folder.clone(), stats: stats::visits };
        let (done, printed) = gone.told("check --format json");
        let list: Vec<serde_json::Value> = serde_json::from_str(&printed).expect(&printed);
        assert_eq!((list.len(), &list[0]["database"], &list[0]["tags"][0]), (1, &"analytics".into(), &"database".into()), "{printed}");
        assert_eq!(list[0]["id"].as_str(), Some(done.unwrap_err().code().as_str()));

        // Of an application that is named the database is known, and another is refused.
        db.batch("INSERT INTO visits_visit (id, book) VALUES (1, 7)").await?;
        let row = "{\"model\":\"visits.Visit\",\"pk\":1,\"fields\":{\"book\":7}}\n";
        for named in ["visits", "visits.Visit", "--database analytics"] {
            assert_eq!(shell.run(&format!("dumpdata --format jsonl {named}"))?, row, "{named}");
        }
        assert_eq!(shell.run("dumpdata --format jsonl")?, "");
        // A fixture is of one database.
        let refused = shell.refused("dumpdata store visits.Visit");
        assert_eq!(refused.message(), "the tables are in 2 databases: `visits.Visit` in `analytics`, `store` in `default`");
        assert_eq!(refused.hint(), Some("a fixture is of one: say `dumpdata visits.Visit`, and `dumpdata store`"));
        // An argument of one's own command names an application only where the command says so.
        assert_eq!(shell.run("whereabouts visits")?, format!("{}\n", shell.main()));
        assert_eq!(shell.run("whereabouts-of visits")?, format!("{}\n", shell.analytics));
        assert_eq!(shell.run("whereabouts-of store")?, format!("{}\n", shell.main()));
        // What models are to be called says nothing of where the tables are.
        for line in ["inspectdb --app visits", "inspectdb --app visits --database default"] {
            assert!(shell.run(line)?.contains("pub struct StoreBook"), "{line}");
        }
        for line in ["migrate --database default visits", "showmigrations visits --database default", "dumpdata visits --database default"] {
            let refused = shell.refused(line);
            assert_eq!(refused.message(), "the tables of `visits` are in the database `analytics`, and not in `default`", "{line}");
            assert!(refused.hint().unwrap().ends_with("`--database analytics`"), "{refused}");
        }
        db.batch("DELETE FROM visits_visit").await?;

        // Whatever is in the history of the other is no concern of either.
        db.batch("UPDATE orm_migrations SET checksum = 'another'").await?;
        shell.run("migrate --database default")?;
        assert!(shell.refused("migrate visits").message().contains("M070"));
        shell.run("repair --accept visits.0001_initial --database analytics")?;

        // A change in one; whether it is applied is looked up there.
        shell.stats = stats_later::visits;
        shell.run("makemigrations --update")
            .map(|_| panic!("it is applied"))
            .unwrap_or_else(|refused: Error| assert!(refused.message().contains("`visits.0001_initial` is applied"), "{refused}"));
        shell.run("makemigrations")?;
        assert_eq!(shell.run("migrate visits")?, "Applying visits.0002_visit_seconds\n");
        assert_eq!(stats_later::Visit::objects().count(db).await?, 0);
        shell.run("check")?;

        // What leads from one to the other is refused.
        let unknown = shell.refused("migrate --database analysis");
        assert_eq!((unknown.code(), unknown.hint().unwrap().contains("default, analytics")), (Code::BadSetting, true));
        shell.stats = stats_wrong::visits;
        for line in ["makemigrations", "migrate", "check"] {
            let refused = shell.refused(line);
            assert_eq!(refused.code(), Code::BadModel, "{line}: {refused}");
            assert!(refused.message().contains("`visits.Visit.book` leads to `store.Book`"), "{refused}");
        }
        shell.stats = stats_later::visits;
        let file = shell.folder.join("migrations/visits/0002_visit_seconds.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let dependent = text.replace("\"visits.0001_initial\"", "\"visits.0001_initial\", \"store.0001_initial\"");
        std::fs::write(&file, dependent).unwrap();
        let refused = shell.refused("migrate");
        assert!(refused.message().contains("`visits.0002_visit_seconds` needs `store`"), "{refused}");
        std::fs::remove_dir_all(&shell.folder).unwrap();
        Ok(())
    }
}

#[tokio::test]
async fn a_database_has_to_be_somewhere() {
    let project = || Project::new().app_in("archive", stats::visits());
    let refused = project().connect_to("archive").await.unwrap_err();
    assert_eq!(refused.code(), Code::BadSetting);
    assert!(refused.hint().unwrap().contains("DATABASE_URL_ARCHIVE"), "{refused}");
    let refused = project().run(["manage", "migrate"]).unwrap_err();
    assert!(refused.message().contains("`archive`"), "{refused}");
    // What is given as a URL is the database of the application that is named.
    project().run(["manage", "--database", "sqlite::memory:", "showmigrations", "visits"]).unwrap();
}
