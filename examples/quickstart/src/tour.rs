//! The tour: load the graph, ask the questions, change some rows, change a model.

use crate::{
    change::{after, before},
    copy::Copy,
    edits,
    graph::{self, Graph},
    load::load,
    models::cargo,
    questions,
    show::{MOST_ROWS, Show, function},
};
use indicatif::{ProgressBar, ProgressStyle};
use orm::{
    App, Code, Error, LoggedQuery, Project,
    migrate::{Migrator, engine, engine_error, migrations, schema},
    prelude::*,
};
use std::{io::Write, time::Instant};

const QUESTIONS: &str = include_str!("questions.rs");
const EDITS: &str = include_str!("edits.rs");
const CHANGE: &str = include_str!("change.rs");

/// The applications whose models the database holds.
pub fn apps() -> [App; 2] {
    [before::legal(), cargo()]
}

/// The project: the applications, the usual database, and the commands for migrations.
pub fn project() -> Project {
    apps().into_iter().fold(Project::new().database("sqlite://quickstart.db"), Project::app)
}

/// Shows a question, its SQL and its answer; the text that is shown is that of the function which is called.
macro_rules! ask {
    ($show:ident, $db:ident, $question:ident, [$($header:literal),+]) => {
        ask!($show, $db, $question, [$($header),+], MOST_ROWS)
    };
    ($show:ident, $db:ident, $question:ident, [$($header:literal),+], $most:expr) => {
        let query = questions::$question();
        $show.question(text(QUESTIONS, stringify!($question))?).map_err(output)?;
        $show.sql(&query.to_sql($db.dialect())?).map_err(output)?;
        let (db, log) = $db.recording();
        let rows = query.all(&db).await?;
        // A prefetch runs a query for each relation after the first.
        for further in log.statements().iter().skip(1) {
            $show.sql(&further.sql).map_err(output)?;
        }
        $show.rows(&[$($header),+], &rows, $most).map_err(output)?;
    };
}

/// The whole tour.
///
/// # Errors
/// When the graph cannot be read, when the database refuses something, and when `out` cannot be written to.
pub async fn tour(url: &str, source: &graph::Source, out: &mut (dyn Write + Send)) -> orm::Result<()> {
    let db = Database::connect(url).await?;
    let taken = take(&db, url, source, out).await;
    db.close().await;
    taken
}

/// The tour on a database that is connected to, which this is the URL of.
///
/// # Errors
/// Those of [`tour`].
pub async fn take(db: &Database, url: &str, source: &graph::Source, out: &mut (dyn Write + Send)) -> orm::Result<()> {
    let show = &mut Show::new(out);
    let begun = Instant::now();
    // Before anything is written.
    let graph = read(source)?;
    let done = Migrator::new(&apps())?.run(db).await?;
    show.heading("The tables").map_err(output)?;
    show.say(&format!("    in {}", db.url())).map_err(output)?;
    for (migration, _) in &done {
        show.say(&format!("    applied {migration}")).map_err(output)?;
    }
    if done.is_empty() {
        show.say("    are there already, all migrations have been applied").map_err(output)?;
    }

    let bar = progress_bar();
    let written = load(&graph, db, &bar).await?;
    bar.finish_and_clear();
    show.heading("The graph").map_err(output)?;
    let [versions, edges] = [graph.packages.len(), graph.edges.len()];
    show.say(&format!(
        "    {versions} versions of packages, {edges} dependencies; {} rows inserted or written over, {} removed, {:.1} s in all",
        written.rows,
        written.gone,
        begun.elapsed().as_secs_f64()
    ))
    .map_err(output)?;

    questions(show, db).await?;
    edits(show, db).await?;
    change(show, db, url, &graph).await
}

/// The questions, each with its Rust, its SQL and its answer.
async fn questions(show: &mut Show<'_>, db: &Database) -> orm::Result<()> {
    ask!(show, db, licences, ["Licence", "Versions"]);
    ask!(show, db, unlicensed, ["Package", "Version", "From"]);
    ask!(show, db, most_needed, ["Package", "Version", "Dependents"]);
    ask!(show, db, duplicates, ["Package", "Version", "Wanted by", "Version", "As"]);
    ask!(show, db, only_to_build, ["Package", "Version", "Dependents"]);
    ask!(show, db, largest, ["Package", "Version", "Files", "Bytes"]);
    ask!(show, db, idle_features, ["Package", "Version", "Idle features"]);
    ask!(show, db, without_defaults, ["Package", "Dependencies", "Dependents"]);
    ask!(show, db, authors, ["Author", "Versions"]);
    ask!(show, db, keywords, ["Keyword", "Versions"]);
    ask!(show, db, latest_files, ["Package", "File", "Bytes", "Modified"]);
    ask!(show, db, all_source, ["Files", "Bytes", "Mean", "Oldest", "Newest"]);
    ask!(show, db, members, ["Package", "Version", "Needs"]);
    ask!(show, db, longest_chain, ["Depth", "Package", "Version"], usize::MAX);
    ask!(show, db, dragged_in, ["Package", "Version", "Drags in", "Bytes in all"]);
    Ok(())
}

/// One row changed and taken back, many rows changed.
async fn edits(show: &mut Show<'_>, db: &Database) -> orm::Result<()> {
    let (db, log) = db.recording();
    let ran = |statements: Vec<LoggedQuery>| statements.into_iter().map(|it| it.sql).collect::<Vec<_>>();

    show.question(text(EDITS, "taken_back")?).map_err(output)?;
    let [inside, outside] = edits::taken_back(&db).await?;
    for sql in ran(log.statements()) {
        show.sql(&sql).map_err(output)?;
    }
    let rows = [("inside the transaction".to_owned(), inside), ("after the rollback".to_owned(), outside)];
    show.rows(&["When", "Description"], &rows, MOST_ROWS).map_err(output)?;

    log.clear();
    show.question(text(EDITS, "reviewed")?).map_err(output)?;
    let changed = edits::reviewed(&db).await?;
    for sql in ran(log.statements()) {
        show.sql(&sql).map_err(output)?;
    }
    show.say(&format!("\n    {changed} versions were marked with one statement.")).map_err(output)
}

/// Another version of a model: its migration is made, shown, and run on a copy of the database.
async fn change(show: &mut Show<'_>, db: &Database, url: &str, graph: &Graph) -> orm::Result<()> {
    show.heading("A model changes").map_err(output)?;
    show.code(CHANGE.split_once("/// The model as it is.").map_or(CHANGE, |(_, modules)| modules.trim()))
        .map_err(output)?;

    let apps = [after::legal(), cargo()];
    let mut set = migrations(&apps)?;
    let new = engine::autodetect(&set, &schema(&apps)?, &mut engine::diff::Refuse).map_err(engine_error)?;
    for migration in new {
        show.say(&format!("\n    `makemigrations` writes migrations/{}:", migration.id.path())).map_err(output)?;
        show.code(&migration.to_toml().map_err(engine_error)?).map_err(output)?;
        let before = set.state().map_err(engine_error)?;
        let script = engine::plan::script(db.dialect().into(), &before, &migration, engine::Direction::Forward)
            .map_err(engine_error)?;
        show.say("\n    `migrate` runs it:").map_err(output)?;
        show.sql(&script).map_err(output)?;
        set.add(migration).map_err(engine_error)?;
    }

    let Some(copy) = Copy::make(db, url, &self::apps(), graph).await? else {
        let left_out = "\n    Here it would run on a copy of the database. This login may not create one: left out.";
        return show.say(left_out).map_err(output);
    };
    let changed = changed(show, &copy.db, set).await;
    copy.remove(db).await?;
    changed
}

async fn changed(show: &mut Show<'_>, copy: &Database, set: engine::MigrationSet) -> orm::Result<()> {
    let rows_before =
        before::Licence::objects().order_by(|l| l.name.asc()).values(|l| (l.id, l.name)).all(copy).await?;
    Migrator::with_set(set).run(copy).await?;
    let rows = after::Licence::objects().values(|l| (l.id, l.spdx, l.risk)).all(copy).await?;
    let kept = rows_before.iter().zip(&rows).filter(|((id, name), (new_id, spdx, _))| id == new_id && name == spdx);
    let (kept, all) = (kept.count(), rows_before.len());
    show.say(&format!("\n    On a copy of the database {kept} of {all} rows are as they were:")).map_err(output)?;
    let rows: Vec<_> = rows.into_iter().map(|(id, spdx, risk)| (id, spdx, i64::from(risk))).collect();
    show.rows(&["id", "spdx", "risk"], &rows, 5).map_err(output)
}

fn read(source: &graph::Source) -> orm::Result<Graph> {
    graph::read(source).map_err(|error| {
        Error::new(Code::BadSetting, format!("the dependency graph cannot be read: {error}")).with_hint(
            "name the workspace with `--manifest-path`; without a network, run `cargo fetch` while there is one",
        )
    })
}

fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("    {msg:12} [{bar:40}] {pos}/{len} rows");
    ProgressBar::new(0)
        .with_style(style.map_or_else(|_| ProgressStyle::default_bar(), |style| style.progress_chars("=> ")))
}

fn text<'s>(source: &'s str, name: &str) -> orm::Result<&'s str> {
    function(source, name).ok_or_else(|| Error::new(Code::BadQuery, format!("the tour has no text for `{name}`")))
}

fn output(error: std::io::Error) -> Error {
    Error::new(Code::BadSetting, "the tour cannot be written").with_source(error)
}
