//! The process is killed in the middle of a migration: the database is at a state that has a name, and no row is lost.
//!
//! A process of its own migrates and dies at a given statement, before it or after it. `ORM_KILLS=all` kills at every
//! statement, else at a few.

use super::django::databases::drop_all;
use super::undo::{ROWS, set};
use super::{one, others};
use crate::bed::{Backend, Bed, behaviour};
use orm::migrate::{
    Migrator, Step, StepFuture,
    engine::{
        Direction, MigrationSet,
        execute::{Event, Remedy},
    },
};
use orm::{Database, Frozen, Result};
use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicUsize, Ordering},
};

const CHANGES: (&str, &str) = (
    "shop/0002_changes.toml",
    r#"
depends_on = ["shop.0001_initial"]

[[operations]]
op = "create_model"
model = "shop.Tag"
table = "shop_tag"
primary_key = ["id"]
fields = [{ name = "id", type = "bigint", auto = true }, { name = "label", type = "char(20)", unique = true }]

[[operations]]
op = "add_field"
model = "shop.Book"
field = { name = "tags", to = "shop.Tag", many = true, table = "shop_book_tags", columns = ["book_id", "tag_id"] }

[[operations]]
op = "add_field"
model = "shop.Book"
field = { name = "stock", type = "integer", default = "7" }

[[operations]]
op = "create_model"
model = "shop.Log"
table = "shop_log"
primary_key = ["id"]
fields = [
    { name = "id", type = "bigint", auto = true },
    { name = "book", to = "shop.Book", on_delete = "cascade", index = true },
]

[[operations]]
op = "add_field"
model = "shop.Book"
field = { name = "sold", type = "integer", default = "1" }

[[operations]]
op = "add_field"
model = "shop.Book"
field = { name = "editor", to = "shop.Author", on_delete = "set null", null = true, index = true }

[[operations]]
op = "alter_field"
model = "shop.Book"
field = { name = "title", type = "char(90)", index = true }

[[operations]]
op = "rename_field"
model = "shop.Book"
field = "pages"
to = "length"

[[operations]]
op = "add_constraint"
model = "shop.Book"
constraint = { kind = "check", name = "shop_book_stock", check = "stock >= 0" }
"#,
);

const STEPS: (&str, &str) = (
    "shop/0003_steps.toml",
    r#"
depends_on = ["shop.0002_changes"]
atomic = false

[[operations]]
op = "add_index"
model = "shop.Book"
index = { name = "shop_book_by_length", on = ["length", "title"] }

[[operations]]
op = "add_constraint"
model = "shop.Book"
constraint = { kind = "unique", name = "shop_book_once", on = ["title", "author"] }

[[operations]]
op = "alter_field"
model = "shop.Book"
field = { name = "note", type = "char(30)" }
fill = "'none'"

[[operations]]
op = "add_constraint"
model = "shop.Author"
constraint = { kind = "check", name = "shop_author_named", check = "name <> ''" }

[[operations]]
op = "run_sql"
describe = "count once"
sql = { all = ["UPDATE shop_book SET stock = stock + 1"] }
reverse = { all = ["UPDATE shop_book SET stock = stock - 1"] }

[[operations]]
op = "run_sql"
describe = "a tag"
sql = { all = ["INSERT INTO shop_tag (label) VALUES ('new')"] }
reverse = { all = ["DELETE FROM shop_tag"] }

[[operations]]
op = "run_sql"
describe = "on all books"
sql = { all = ["INSERT INTO shop_book_tags (book_id, tag_id) SELECT b.id, t.id FROM shop_book AS b, shop_tag AS t"] }
reverse = { all = ["DELETE FROM shop_book_tags"] }
"#,
);

const NAMES: (&str, &str) = (
    "shop/0004_names.toml",
    r#"
depends_on = ["shop.0003_steps"]

[[operations]]
op = "remove_constraint"
model = "shop.Book"
name = "shop_book_pages"

[[operations]]
op = "rename_model"
model = "shop.Author"
to = "Writer"

[[operations]]
op = "add_field"
model = "shop.Writer"
field = { name = "born", type = "date", null = true }

[[operations]]
op = "remove_index"
model = "shop.Book"
name = "shop_book_by_length"
"#,
);

const KEYS: (&str, &str) = (
    "shop/0005_keys.toml",
    r#"
depends_on = ["shop.0004_names"]
atomic = false

[[operations]]
op = "alter_primary_key"
model = "shop.Tag"
primary_key = ["label"]

[[operations]]
op = "remove_field"
model = "shop.Tag"
field = "id"

[[operations]]
op = "alter_field"
model = "shop.Book"
field = { name = "sold", type = "bool", default = "true" }

[[operations]]
op = "remove_field"
model = "shop.Book"
field = "editor"

[[operations]]
op = "delete_model"
model = "shop.Log"
"#,
);

const LABELS: (&str, &str) = (
    "shop/0002_labels.toml",
    r#"
depends_on = ["shop.0001_initial"]

[[operations]]
op = "add_field"
model = "shop.Book"
field = { name = "label", type = "char(60)", null = true }

[[operations]]
op = "run_rust"
name = "shop.label"
reverse = ""

[[operations]]
op = "alter_field"
model = "shop.Book"
field = { name = "label", type = "char(60)" }
"#,
);

#[derive(Frozen)]
#[frozen(app = "shop", at = "0002")]
struct Book {
    id: i64,
    title: String,
    label: Option<String>,
}

/// The row at which the process dies within the step, once it has changed it; 0 where it does not.
static DIES_AT: AtomicI64 = AtomicI64::new(0);

fn label(mut step: Step<'_>) -> StepFuture<'_> {
    Box::pin(async move {
        let label = |book: &mut Book| {
            // One that is seen again would be labelled twice.
            book.label = Some(book.label.take().unwrap_or_default() + &book.title);
            if book.id == DIES_AT.load(Ordering::Relaxed) {
                std::process::abort();
            }
            Ok(())
        };
        step.each(2, label).await.map(drop)
    })
}

/// The step alone, in one transaction where that can be, or in pieces.
fn labels(atomic: bool) -> Result<Migrator> {
    let (path, text) = LABELS;
    Ok(Migrator::with_set(set(&[(path, &format!("atomic = {atomic}\n{text}"))])?).step("shop.label", label))
}

fn migrations() -> Result<MigrationSet> {
    let (path, text) = CHANGES;
    let note = "\n[[operations]]\nop = \"add_field\"\nmodel = \"shop.Book\"\nfield = { name = \"note\", type = \"char(30)\", null = true }\n";
    set(&[(path, &format!("{text}{note}")), STEPS, NAMES, KEYS])
}

/// Where the process dies: its number among the statements of the whole way, and whether that one is done.
#[derive(Debug, Clone, Copy)]
struct Point {
    at: usize,
    after: bool,
}

fn target(forward: bool) -> &'static str {
    if forward { "0005" } else { "0001" }
}

/// What the process migrates: the application, its migrations, and where it goes.
fn history(app: &str, forward: bool) -> Result<Migrator> {
    match app {
        "labels" | "labels_in_pieces" => labels(app == "labels"),
        "others" => Migrator::with_set(others::migrations()?).to(app, Some(if forward { "0003" } else { "0001" })),
        _ => Migrator::with_set(migrations()?).to(app, Some(target(forward))),
    }
}

/// Migrates in a process of its own that dies at the point; tells whether it got so far.
fn killed(url: &str, app: &str, forward: bool, point: Point) -> bool {
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "migrations::kills::the_process_that_dies", "--test-threads=1"])
        .env("ORM_KILL_URL", url)
        .env("ORM_KILL_AT", format!("{} {} {} {app}", point.at, point.after, forward))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    !status.success()
}

#[test]
fn the_process_that_dies() {
    let Ok(url) = std::env::var("ORM_KILL_URL") else {
        println!("NOT RUN: the tests beside it start it, with ORM_KILL_URL, in a process of its own");
        return;
    };
    let plan = std::env::var("ORM_KILL_AT").unwrap();
    let words: Vec<&str> = plan.split(' ').collect();
    let point = Point { at: words[0].parse().unwrap(), after: words[1] == "true" };
    if words[3].starts_with("labels") {
        DIES_AT.store(point.at as i64, Ordering::Relaxed);
    }
    let within = DIES_AT.load(Ordering::Relaxed) > 0;
    let mut seen = 0;
    let die = move |event: &Event<'_>| match event {
        _ if within => {}
        Event::Statement { .. } if !point.after && seen == point.at => std::process::abort(),
        Event::Ran { .. } if point.after && seen == point.at => std::process::abort(),
        Event::Ran { .. } => seen += 1,
        _ => {}
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let db = Database::connect(url).await.unwrap();
        let migrator = history(words[3], words[2] == "true").unwrap();
        migrator.on_progress(die).run(&db).await.unwrap();
    });
}

/// What must be there whatever happened.
async fn rows(db: &Database, forward: bool) -> Result<Vec<i64>> {
    let (author, length) = if forward { ("shop_writer", "length") } else { ("shop_author", "pages") };
    let mut found = vec![
        one(db, &format!("SELECT COUNT(*) FROM {author} WHERE name IN ('Ada', 'Bob')")).await?,
        one(db, &format!("SELECT COUNT(*) FROM shop_book WHERE title = 'One' AND author_id = 1 AND {length} = 10"))
            .await?,
        one(db, &format!("SELECT COUNT(*) FROM shop_book WHERE title = 'Two' AND author_id = 2 AND {length} = 20"))
            .await?,
    ];
    if forward {
        found.push(one(db, "SELECT COUNT(*) FROM shop_book WHERE stock = 8 AND note = 'none' AND sold").await?);
        let tags =
            "SELECT COUNT(*) FROM shop_book_tags AS b JOIN shop_tag AS t ON t.label = b.tag_id WHERE t.label = 'new'";
        found.push(one(db, tags).await?);
    }
    Ok(found)
}

async fn begin(db: &Database, backend: Backend, forward: bool) -> Result<()> {
    drop_all(db, backend).await?;
    let to = |name: &str| Migrator::with_set(migrations()?).to("shop", Some(name));
    to("0001")?.run(db).await?;
    db.batch(ROWS).await?;
    if !forward {
        to("0005")?.run(db).await?;
    }
    Ok(())
}

/// Goes on after a kill, as a person would.
async fn go_on(db: &Database, backend: Backend, forward: bool, point: Point) -> Result<usize> {
    let migrator = || Migrator::with_set(migrations()?).to("shop", Some(target(forward)));
    let history = migrator()?.history(db).await?;
    for entry in history.iter().filter_map(|entry| entry.progress.as_ref()) {
        assert!(entry.done <= entry.total, "{entry:?}");
        assert_eq!(entry.direction == Direction::Forward, forward);
    }
    let Err(stopped) = migrator()?.run(db).await else { return Ok(0) };
    // Only SQL by hand cannot be looked up, and not everywhere: there the person is told so.
    assert!(
        stopped.message().contains("M073") && stopped.message().contains("during statement"),
        "{point:?}: {stopped}"
    );
    let by_hand =
        ["SET stock = stock", "INTO shop_tag ", "FROM shop_tag", "INTO shop_book_tags ", "FROM shop_book_tags"];
    let sql = stopped.message();
    assert!(backend == Backend::MariaDb && by_hand.iter().any(|known| sql.contains(known)), "{point:?}: {stopped}");
    let finding = migrator()?.findings(db).await?.remove(0);
    assert_eq!(finding.code.as_str(), "M073");
    let remedy = if point.after { Remedy::Done } else { Remedy::NotDone };
    migrator()?.repair(db, &finding.migration, remedy).await?;
    migrator()?.run(db).await?;
    Ok(1)
}

behaviour! {
    async fn a_killed_migration_is_taken_up_and_loses_nothing(bed) {
        let Bed { db, backend, url, .. } = &*bed;
        if *backend == Backend::SqliteMemory {
            return Ok(()); // it dies with its process
        }
        for forward in [true, false] {
            begin(db, *backend, forward).await?;
            let count = Arc::new(AtomicUsize::new(0));
            let counter = count.clone();
            let count_ran = move |event: &Event<'_>| {
                if matches!(event, Event::Ran { .. }) {
                    counter.fetch_add(1, Ordering::Relaxed);
                }
            };
            let whole = Migrator::with_set(migrations()?).to("shop", Some(target(forward)))?;
            whole.on_progress(count_ran).run(db).await?;
            let wanted = rows(db, forward).await?;
            assert!(wanted.iter().all(|count| *count > 0), "{wanted:?}");
            let statements = count.load(Ordering::Relaxed);
            assert!(statements >= 30, "{statements} statements");
            let step = if std::env::var("ORM_KILLS").as_deref() == Ok("all") { 1 } else { statements / 3 };
            let (mut kills, mut asked) = (0, 0);
            for at in (0..statements).step_by(step) {
                for after in [false, true] {
                    let point = Point { at, after };
                    begin(db, *backend, forward).await?;
                    assert!(killed(url, "shop", forward, point), "{point:?} of {statements} was not reached");
                    kills += 1;
                    asked += go_on(db, *backend, forward, point).await?;
                    assert_eq!(rows(db, forward).await?, wanted, "{point:?} of {statements}, forward: {forward}");
                }
            }
            println!("{backend:?}: killed {kills} times in {statements} statements; asked a person {asked} times");
        }
        Ok(())
    }

    async fn what_a_key_says_of_changed_keys_outlives_a_kill(bed) {
        let Bed { db, backend, url, .. } = &*bed;
        if *backend == Backend::SqliteMemory {
            return Ok(()); // it dies with its process
        }
        for forward in [true, false] {
            let begin = async || -> Result<()> {
                drop_all(db, *backend).await?;
                db.batch(others::tables(*backend)).await?;
                Migrator::with_set(others::migrations()?).to("others", Some("0001"))?.fake_initial(true).run(db).await?;
                if !forward {
                    history("others", true)?.run(db).await?;
                }
                db.batch("INSERT INTO others_kind (code) VALUES (1); INSERT INTO others_item (age, kind_id) VALUES (7, 1)").await
            };
            let mut killed_at = 0;
            for at in 0.. {
                begin().await?;
                if !killed(url, "others", forward, Point { at, after: true }) {
                    break;
                }
                for after in [false, true] {
                    let point = Point { at, after };
                    begin().await?;
                    assert!(killed(url, "others", forward, point), "{point:?} was not reached");
                    history("others", forward)?.run(db).await?;
                    db.batch("UPDATE others_kind SET code = 2").await?;
                    let followed = one(db, "SELECT COUNT(*) FROM others_item WHERE age = 7 AND kind_id = 2").await?;
                    assert_eq!(followed, 1, "{point:?}, forward: {forward}");
                    let left = if forward { "kind_id IS NULL" } else { "age > 0" };
                    db.batch("DELETE FROM others_kind").await?;
                    let left = one(db, &format!("SELECT COUNT(*) FROM others_item WHERE {left}")).await?;
                    assert_eq!(left, i64::from(forward), "{point:?}, forward: {forward}");
                    killed_at += 1;
                }
            }
            assert!(killed_at >= 4, "{killed_at} kills");
        }
        Ok(())
    }

    async fn a_step_that_is_killed_within_goes_on_and_changes_no_row_twice(bed) {
        let Bed { db, backend, url, .. } = &*bed;
        if *backend == Backend::SqliteMemory {
            return Ok(()); // it dies with its process
        }
        let books: Vec<String> = (3..=7).map(|n| format!("({n}, 'Book {n}', 1, {n})")).collect();
        let more = format!("INSERT INTO shop_book (id, title, author_id, pages) VALUES {}", books.join(", "));
        for (app, atomic) in [("labels", true), ("labels_in_pieces", false)] {
            let whole = atomic && db.dialect().capabilities().transactional_ddl;
            // In the first batch, at the beginning and the end of another, and in the last.
            for at in [1, 3, 4, 7] {
                drop_all(db, *backend).await?;
                labels(atomic)?.to("shop", Some("0001"))?.run(db).await?;
                db.batch(ROWS).await?;
                db.batch(&more).await?;
                assert!(killed(url, app, true, Point { at, after: false }), "row {at} was not reached");

                let history = labels(atomic)?.history(db).await?;
                if whole {
                    assert_eq!(history.len(), 1, "row {at}");
                } else {
                    let progress = history.last().and_then(|entry| entry.progress.as_ref()).unwrap();
                    assert!(progress.doing && progress.done == 1, "row {at}: {progress:?}");
                    // Batches of two are committed whole.
                    let labelled = one(db, "SELECT COUNT(*) FROM shop_book WHERE label = title").await?;
                    assert_eq!(labelled, (at as i64 - 1) / 2 * 2, "row {at}");
                    let stopped = labels(atomic)?.run(db).await.unwrap_err();
                    assert!(stopped.message().contains("M073") && stopped.message().contains("shop.label"), "{stopped}");
                    let finding = labels(atomic)?.findings(db).await?.remove(0);
                    labels(atomic)?.repair(db, &finding.migration, Remedy::NotDone).await?;
                }
                labels(atomic)?.run(db).await?;
                assert_eq!(one(db, "SELECT COUNT(*) FROM shop_book WHERE label = title").await?, 7, "row {at}");
                labels(atomic)?.to("shop", Some("0001"))?.run(db).await?;
                assert_eq!(one(db, "SELECT COUNT(*) FROM shop_book WHERE pages > 0").await?, 7, "row {at}");
            }
        }
        Ok(())
    }

    async fn two_at_once_do_each_statement_once(bed) {
        let Bed { db, backend, url, .. } = &*bed;
        let url = url.as_str();
        begin(db, *backend, true).await?;
        // A database in memory has one connection only, which is another way to take turns.
        let other = if url.contains(":memory:") { db.clone() } else { Database::connect(url).await? };
        let run = |db: &Database| {
            let db = db.clone();
            tokio::spawn(async move { Migrator::with_set(migrations()?).to("shop", Some("0005"))?.run(&db).await })
        };
        let (first, second) = (run(db), run(&other));
        let (first, second) = (first.await.unwrap()?, second.await.unwrap()?);
        assert_eq!(first.len() + second.len(), 4, "{first:?}, {second:?}");
        // By hand every book was counted once.
        assert_eq!(rows(db, true).await?, [2, 1, 1, 2, 2]);
        other.close().await;
        Ok(())
    }
}
