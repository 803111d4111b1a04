//! What `check` says of models together, of a database that lacks what they ask for, and of settings.

use crate::bed::behaviour;
use orm::{Dialect, Finding, Level, SystemCheck, migrate, prelude::*};
use std::time::Duration;

/// Models that fit together, with something to say about each.
mod odd {
    use orm::{Change, Hooks, prelude::*};

    orm::app! { pub odd { Author, Book, Note } }

    #[derive(Model, Debug)]
    #[model(comment = "people")]
    pub struct Author {
        pub id: i64,
        #[field(collation(sqlite = "NOCASE"), max_length = 20)]
        pub name: String,
        #[field(via = author)]
        pub books: HasMany<Book>,
        #[field(via = author)]
        pub works: HasMany<Book>,
    }

    #[derive(Model, Debug)]
    #[model(index(title, include(code)), index(code, opclass = "varchar_pattern_ops", name = "odd_by_class"))]
    pub struct Book {
        pub id: i64,
        #[field(max_length = 5, min_length = 2, default = || "x".to_owned())]
        pub title: String,
        #[field(max_length = 5, pattern = "(")]
        pub code: String,
        #[field(max_digits = 20, decimal_places = 2)]
        pub price: Decimal,
        pub author: ForeignKey<Author>,
        pub notes: HasMany<Note>,
    }

    #[derive(Model, Debug)]
    #[model(hooks)]
    pub struct Note {
        pub id: i64,
        #[field(on_delete = cascade)]
        pub book: ForeignKey<Book>,
    }

    impl Hooks for Note {
        async fn before_create(_: &mut Change<Note>, _: &Transaction) -> orm::Result<()> {
            Ok(())
        }
    }
}

/// Models that do not fit together.
mod askew {
    use orm::prelude::*;

    orm::app! { pub askew { Post, Tag, Draft } }

    #[derive(Model, Debug)]
    pub struct Post {
        pub id: i64,
        #[field(table = "askew_draft")]
        pub tags: ManyToMany<Tag>,
    }

    #[derive(Model, Debug)]
    #[model(index(name, name = "one_name"))]
    pub struct Tag {
        pub id: i64,
        pub name: i32,
    }

    #[derive(Model, Debug)]
    #[model(index(name, name = "one_name"))]
    pub struct Draft {
        pub id: i64,
        pub name: i32,
    }
}

/// Models that only some databases can have.
mod choosy {
    use orm::prelude::*;

    orm::app! { pub choosy { Shift } }

    #[derive(Model, Debug)]
    #[model(unique(day, name = "one_day", deferrable = deferred), unique(|s| s.name.lower().asc(), name = "one_name"))]
    pub struct Shift {
        pub id: i64,
        pub day: i32,
        #[field(max_length = 20)]
        pub name: String,
    }
}

/// What a rule fills before it is written.
mod filled {
    use orm::{Change, prelude::*};

    orm::app! { pub filled { Page } }

    #[derive(Model, Debug)]
    #[model(validate = Page::named)]
    pub struct Page {
        pub id: i64,
        #[field(min_length = 2, default = || "".to_owned())]
        pub path: String,
    }

    impl Page {
        fn named(page: &mut Change<Page>) {
            page.set(|p| p.path, "home");
        }
    }
}

/// Checks that a file of migrations can say, and that it cannot.
mod nested {
    use orm::prelude::*;

    orm::app! { pub nested { Sum } }

    #[derive(Model, Debug)]
    #[model(check("near", |s| (0..60).fold(s.n + 0, |sum, _| s.n - sum).gt(0)))]
    pub struct Sum {
        pub id: i64,
        pub n: i32,
    }
}

mod too_nested {
    use orm::prelude::*;

    orm::app! { pub too_nested { Sum } }

    #[derive(Model, Debug)]
    #[model(check("far", |s| (0..70).fold(s.n + 0, |sum, _| s.n - sum).gt(0)))]
    pub struct Sum {
        pub id: i64,
        pub n: i32,
    }
}

/// Whole numbers that are made wider than anything they are computed from, and some beside which something is as wide.
mod wider {
    use orm::prelude::*;

    orm::app! { pub wider { Sum } }

    #[derive(Model, Debug)]
    #[model(check("small", |s| ((s.a + s.b).cast::<i64>() + 1).gt(0)))]
    pub struct Sum {
        pub id: i64,
        pub a: i32,
        pub b: i32,
    }
}

mod as_wide {
    use orm::prelude::*;

    orm::app! { pub as_wide { Sum } }

    #[derive(Model, Debug)]
    #[model(check("small", |s| ((s.a + s.b).cast::<i64>() + s.total).gt(0)), check("less", |s| (s.a + s.b).cast::<i64>().lte(s.total)))]
    pub struct Sum {
        pub id: i64,
        pub a: i32,
        pub b: i32,
        pub total: i64,
    }
}

/// A many-to-many whose sides both have hooks.
mod both_sides {
    use orm::{LinkHooks, prelude::*};

    orm::app! { pub both_sides { Song, Singer, Part } }

    #[derive(Model, Debug)]
    pub struct Song {
        pub id: i64,
        #[field(through = Part, hooks = Sung)]
        pub singers: ManyToMany<Singer>,
    }

    #[derive(Model, Debug)]
    pub struct Singer {
        pub id: i64,
        #[field(through = Part, hooks = Sings)]
        pub songs: ManyToMany<Song>,
    }

    #[derive(Model, Debug)]
    pub struct Part {
        pub id: i64,
        #[field(on_delete = cascade)]
        pub song: ForeignKey<Song>,
        #[field(on_delete = cascade)]
        pub singer: ForeignKey<Singer>,
    }

    pub struct Sung;

    impl LinkHooks<Song, Singer> for Sung {}

    pub struct Sings;

    impl LinkHooks<Singer, Song> for Sings {}
}

fn ids(found: &[Finding]) -> Vec<(&str, Level)> {
    let mut ids: Vec<_> = found.iter().map(|finding| (&*finding.id, finding.level)).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

#[test]
fn hooks_of_links_are_said_on_one_side() {
    let found = migrate::check(&[both_sides::both_sides()], None);
    assert_eq!(ids(&found), [("S117", Level::Error)]);
    let objects: Vec<_> = found.iter().filter_map(|finding| finding.object.as_deref()).collect();
    assert_eq!(objects, ["both_sides.Song.singers", "both_sides.Singer.songs"]);
}

#[test]
fn models_are_looked_at_together() {
    use Level::{Error, Info, Warning};
    let found = migrate::check(&[odd::odd()], None);
    assert_eq!(ids(&found), [("S113", Warning), ("S114", Info), ("S115", Error), ("S116", Error)]);
    let of = |id: &str| found.iter().find(|finding| finding.id == id).unwrap();
    assert_eq!(of("S113").object.as_deref(), Some("odd.Author.works"));
    assert_eq!(of("S114").object.as_deref(), Some("odd.Note.book"));
    assert!(of("S115").message.contains("`odd.Book.title`"), "{found:?}");
    assert_eq!((of("S116").object.as_deref(), &*of("S116").tags[0]), (Some("odd.Book.code"), "models"));

    // A default that something may fill before the write is no mistake yet.
    assert_eq!(ids(&migrate::check(&[filled::filled()], None)), [("S115", Warning)]);

    // All of it is told, where the rest refuses at the first.
    let found = migrate::check(&[askew::askew()], Some(Dialect::Sqlite));
    assert_eq!(ids(&found), [("S110", Error), ("S111", Error)]);
    assert_eq!(migrate::schema(&[askew::askew()]).unwrap_err().message(), found[0].message);
}

#[test]
fn what_no_file_can_say_is_told_of_the_models() {
    let found = migrate::check(&[nested::nested()], Some(Dialect::Sqlite));
    assert!(found.is_empty(), "{found:?}");
    migrate::schema(&[nested::nested()]).unwrap();
    let found = migrate::check(&[too_nested::too_nested()], Some(Dialect::Sqlite));
    assert_eq!(ids(&found), [("S112", Level::Error)]);
    let message = "M001: an expression of `too_nested_sum_far` of `too_nested.Sum` is nested too deeply";
    assert_eq!(found[0].message, message);
    assert!(found[0].hint.as_deref().is_some_and(|hint| hint.contains("128 levels")), "{found:?}");
    assert_eq!(migrate::schema(&[too_nested::too_nested()]).unwrap_err().message(), message);
}

#[test]
fn a_conversion_to_wider_numbers_needs_something_as_wide() {
    // Left out, what is computed would not fit where it did with it.
    let refused = migrate::schema(&[wider::wider()]).unwrap_err();
    assert_eq!(refused.code(), orm::Code::BadModel, "{refused}");
    assert_eq!(refused.message(), "a conversion cannot stand in a constraint, an index or a generated field");
    let state = migrate::schema(&[as_wide::as_wide()]).unwrap();
    let checks = format!("{:?}", state.model("as_wide", "Sum").unwrap().constraints);
    assert!(!checks.to_lowercase().contains("cast"), "{checks}");
}

#[test]
fn databases_lack_something() {
    use Level::{Error, Info, Warning};
    let on = |dialect| {
        let found = migrate::check(&[odd::odd()], Some(dialect));
        found.into_iter().filter(|finding| finding.tags == ["database"]).collect::<Vec<_>>()
    };
    assert_eq!(ids(&on(Dialect::Sqlite)), [("S202", Warning), ("S203", Warning), ("S204", Info), ("S206", Warning)]);
    assert_eq!(ids(&on(Dialect::Postgres)), [("S205", Warning)]);
    assert_eq!(ids(&on(Dialect::MariaDb)), [("S202", Warning), ("S203", Warning), ("S205", Warning)]);
    let choosy = |dialect| migrate::check(&[choosy::choosy()], Some(dialect));
    assert_eq!(ids(&choosy(Dialect::Sqlite)), [("S201", Error)]);
    assert!(choosy(Dialect::Postgres).is_empty());
    let found = choosy(Dialect::MariaDb);
    assert_eq!((ids(&found), found[0].object.as_deref()), (vec![("S201", Error)], Some("choosy.Shift")));
    assert!(found[0].message.starts_with("M044"), "{found:?}");
}

#[test]
fn settings_are_looked_at() {
    let told =
        |url: &str| -> Vec<String> { Database::builder(url).check().iter().map(|it| it.id.to_string()).collect() };
    assert_eq!(told("sqlite::memory:"), ["S902", "S904"]);
    assert_eq!(told("sqlite://shop.db"), ["S903", "S904"]);
    assert_eq!(told("postgres://ada@localhost/shop"), ["S904", "S905"]);
    assert_eq!(told("postgres://ada:x@[::1]:5432/shop"), ["S904", "S905"]);
    assert_eq!(told("postgres://ada@%2Frun%2Fpostgresql/shop"), ["S904", "S905"]);
    assert_eq!(
        told("postgres://postgres@db.example.org/shop?sslmode=require"),
        ["S904", "S905", "S906", "S910", "S907"]
    );
    assert_eq!(told("mysql://root:x@10.0.0.1/shop"), ["S904", "S905", "S906", "S907"]);
    assert_eq!(told("mysql://ada:p@ss@10.0.0.1/shop?sslmode=verify-full"), ["S904", "S905"]);
    let second = Duration::from_secs(1);
    let settled = Database::builder("postgres://ada:secret@db.example.org/shop?sslmode=verify-ca");
    let settled = settled.statement_timeout(second).lock_timeout(second);
    assert!(settled.check().is_empty());
    let found = settled.log_values(true).check();
    assert_eq!((found.len(), found[0].id.as_ref()), (1, "S908"));
    assert!(!found[0].object.as_ref().unwrap().contains("secret"));
}

fn manage(project: orm::Project, arguments: &[&str]) -> (String, Option<String>) {
    let mut printed = String::new();
    let done = project.run_into(["program"].iter().chain(arguments), &mut printed);
    (printed, done.err().map(|error| error.message().to_owned()))
}

behaviour! {
    async fn the_command_tells_and_fails_by_level(bed) {
        let url = bed.url.clone();
        tokio::task::spawn_blocking(move || {
            let project = || orm::Project::new().app(odd::odd()).database(url.clone());
            let only = |more: &[&str]| manage(project(), &[&["check", "--tag", "models"], more].concat());
            let (printed, failed) = only(&[]);
            assert!(printed.contains("S115 error: the default of `odd.Book.title`"), "{printed}");
            assert!(printed.find("S116").unwrap() < printed.find("S113").unwrap(), "the worst first: {printed}");
            assert_eq!(failed.as_deref(), Some("2 findings of the level `error` or above"));
            let quiet = ["--allow", "S115", "--allow", "S116"];
            assert_eq!(only(&quiet).1, None);
            // Errors of models do not keep the rest from being compared, unless there is no state of them.
            let (printed, failed) = manage(project(), &["check"]);
            assert!(printed.contains("D001") && failed.unwrap().contains("difference"), "{printed}");
            let askew = orm::Project::new().app(askew::askew()).database(url.clone());
            let (printed, failed) = manage(askew, &["check", "--allow", "S110", "--allow", "S111"]);
            assert!(printed.contains("Nothing was compared") && !printed.contains("Nothing differs"), "{printed}");
            assert_eq!(failed, None);
            let askew = orm::Project::new().app(askew::askew()).database(url.clone());
            let (printed, failed) = manage(askew, &["check", "--allow", "S110", "--allow", "S111", "--format", "json"]);
            let told: Vec<serde_json::Value> = serde_json::from_str(&printed).unwrap();
            assert_eq!((told.len(), &told[0]["id"], &told[0]["level"], failed), (1, &"S301".into(), &"info".into(), None), "{printed}");
            assert!(told[0]["message"].as_str().unwrap().starts_with("Nothing was compared"), "{printed}");
            assert_eq!(only(&[&quiet[..], &["--fail-level", "warning"]].concat()).1.unwrap(), "1 finding of the level `warning` or above");
            let (printed, _) = only(&[&quiet[..], &["--format", "json"]].concat());
            let told: serde_json::Value = serde_json::from_str(&printed).unwrap();
            assert_eq!(told[0], serde_json::json!({
                "id": "S113",
                "level": "warning",
                "message": "`odd.Author.books` and `odd.Author.works` are the reverse side of one foreign key",
                "hint": "name another by `via`, or remove one",
                "object": "odd.Author.works",
                "tags": ["models"],
            }));
            assert_eq!(only(&["--tag", "model"]).1.unwrap(), "no check has the tag `model`");
            assert_eq!(only(&["--tag", "deploy"]).1.unwrap(), "the settings are asked for, and not looked at");
            assert_eq!(only(&["--allow", "S999"]).1.unwrap(), "there is no difference of the code `S999`");

            // One's own, and what the project never wants to hear.
            let own = || {
                let check = |apps: &[orm::App]| vec![Finding::new(Level::Critical, "odd.C001", format!("{} apps", apps.len())).with_tag("odd")];
                project().check(check)
            };
            let (printed, failed) = manage(own(), &["check", "--tag", "odd"]);
            assert_eq!((printed.as_str(), failed.as_deref()), ("odd.C001 critical: 1 apps\n", Some("1 finding of the level `error` or above")));
            assert_eq!(manage(own().silence("odd.C001"), &["check", "--tag", "odd"]), ("Nothing differs.\n".to_owned(), None));

            let deploy = |project| manage(project, &["check", "--tag", "deploy", "--deploy", "--fail-level", "critical"]).0;
            let printed = deploy(project());
            assert!(printed.contains("S904 warning: ") && printed.contains("S901 warning: "), "{printed}");
            let settled = project().connect_with(|database| database.statement_timeout(Duration::from_secs(9)));
            assert!(!deploy(settled).contains("S904"));
            assert!(!manage(project(), &["check", "--tag", "deploy"]).0.contains("S9"));
            let (printed, _) = manage(project(), &["check", "--list"]);
            assert!(SystemCheck::ALL.iter().all(|(check, _)| printed.contains(check.as_str())) && printed.contains("D021"));
        })
        .await
        .unwrap();
        Ok(())
    }
}
