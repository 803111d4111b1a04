//! The tour on every back end: what it loads, what it answers, and that it can be taken again.

use crate::{bed::Bed, graph::small};
use indicatif::ProgressBar;
use orm::{migrate::migrate, prelude::*};
use quickstart::{
    change::before::Licence,
    edits,
    graph::{Graph, Source},
    load::{Summary, load},
    models::{Author, Authorship, Dependency, Feature, Keyword, Licensing, Package, SourceFile, Tagging, Version},
    questions,
    tour::{self, apps, tour},
};
use std::path::PathBuf;

/// One test for each back end.
macro_rules! everywhere {
    ($(async fn $name:ident($bed:ident) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn body($bed: &Bed) -> orm::Result<()> $body

            async fn run(bed: Option<Bed>) {
                let Some(bed) = bed else { return };
                body(&bed).await.unwrap();
                bed.finish().await;
            }

            #[tokio::test]
            async fn sqlite() {
                run(Bed::sqlite()).await;
            }

            #[tokio::test]
            async fn postgres() {
                run(Bed::postgres().await).await;
            }

            #[tokio::test]
            async fn mariadb() {
                run(Bed::mariadb().await).await;
            }
        }
    )+};
}

async fn filled(bed: &Bed, graph: &Graph) -> orm::Result<(Database, Summary)> {
    let db = Database::connect(&bed.url).await?;
    migrate(&db, &apps()).await?;
    let summary = load(graph, &db, &ProgressBar::hidden()).await?;
    Ok((db, summary))
}

/// Every row of every table.
async fn contents(db: &Database) -> orm::Result<Vec<String>> {
    let mut out = Vec::new();
    macro_rules! rows {
        ($($model:ident)+) => {$(
            for row in $model::objects().order_by(|row| row.id.asc()).all(db).await? {
                out.push(format!("{row:?}"));
            }
        )+};
    }
    rows! { Package Version Dependency Feature SourceFile Licence Licensing Keyword Tagging Author Authorship }
    Ok(out)
}

fn text(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

everywhere! {
    async fn the_questions_are_answered_rightly(bed) {
        let graph = small();
        let (db, summary) = filled(bed, &graph).await?;
        // 3 packages, 4 versions, 4 edges, 8 features, 5 files; licences 4 + 5, keywords 4 + 5, authors 2 + 3.
        assert_eq!(summary, Summary { rows: 47, gone: 0 });

        let licences = questions::licences().all(&db).await?;
        let names: Vec<&str> = licences.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"]);
        assert!(licences.iter().map(|(_, count)| *count).eq([2, 1, 1, 1]));

        let mut unlicensed = questions::unlicensed().all(&db).await?;
        unlicensed.sort();
        let unlicensed: Vec<String> = unlicensed.into_iter().map(|(name, number, _)| format!("{name} {number}")).collect();
        assert_eq!(unlicensed, ["fixture-log 1.0.0", "fixture-log 2.0.0"]);

        let needed = questions::most_needed().all(&db).await?;
        assert_eq!(needed[0], ("codegen".to_owned(), "1.4.0".to_owned(), 2));
        assert_eq!(needed.iter().map(|(_, _, count)| *count).sum::<i64>(), 4);

        let duplicates = questions::duplicates().all(&db).await?;
        let [first, second] = &duplicates[..] else { panic!("{duplicates:?}") };
        assert_eq!(first.clone().3, "1.4.0");
        assert_eq!(text(&["fixture-log", "1.0.0", "codegen", "1.4.0", "^1"]), [&first.0, &first.1, &first.2, &first.3, &first.4].map(String::clone));
        assert_eq!(text(&["fixture-log", "2.0.0", "app", "0.3.0", "^2"]), [&second.0, &second.1, &second.2, &second.3, &second.4].map(String::clone));

        // The only thing that is needed to build is part of the program as well.
        assert_eq!(questions::only_to_build().all(&db).await?, []);
        assert_eq!(questions::without_defaults().all(&db).await?, [("fixture-log".to_owned(), 1, 1)]);
        assert_eq!(questions::authors().all(&db).await?, [("Ada Lovelace".to_owned(), 2), ("Grace Hopper".to_owned(), 1)]);
        // `Cargo` and `cargo` are two keywords, on every database.
        assert_eq!(questions::keywords().all(&db).await?, [("log".to_owned(), 2)]);

        let chain = questions::longest_chain().all(&db).await?;
        let chain: Vec<String> = chain.into_iter().map(|(depth, name, number)| format!("{depth} {name} {number}")).collect();
        assert_eq!(chain, ["1 app 0.3.0", "2 codegen 1.4.0", "3 fixture-log 1.0.0"]);

        let bytes: i64 = graph.packages.iter().flat_map(|package| &package.files).map(|file| file.bytes).sum();
        let dragged = questions::dragged_in().all(&db).await?;
        assert_eq!(dragged[0], ("app".to_owned(), "0.3.0".to_owned(), 3, Some(bytes)));
        let (files, sum, _, oldest, newest) = questions::all_source().get(&db).await?;
        assert_eq!((files, sum), (5, Some(bytes)));
        assert!(oldest <= newest);

        let members = questions::members().all(&db).await?;
        let needs: orm::Result<Vec<String>> = members[0].dependencies.get()?.iter().map(|edge| Ok(edge.dependency.get()?.package.get()?.name.clone())).collect();
        let mut needs = needs?;
        needs.sort();
        assert_eq!(needs, ["codegen", "fixture-log"]);
        db.close().await;
        Ok(())
    }

    async fn loading_again_changes_nothing(bed) {
        let graph = small();
        let (db, first) = filled(bed, &graph).await?;
        edits::reviewed(&db).await?;
        let before = contents(&db).await?;
        let again = load(&graph, &db, &ProgressBar::hidden()).await?;
        assert_eq!(again, first);
        assert_eq!(contents(&db).await?, before);
        assert!(Version::objects().filter(|v| v.reviewed).exists(&db).await?, "what a person has set stays");
        db.close().await;
        Ok(())
    }

    async fn what_has_changed_is_updated_and_what_has_gone_is_deleted(bed) {
        let graph = small();
        let (db, _) = filled(bed, &graph).await?;
        let mut smaller = graph.clone();
        let app = smaller.packages.iter_mut().find(|package| package.name == "app").unwrap();
        app.description = Some("something else".to_owned());
        app.features.pop();
        app.files[0].bytes = 7;
        app.authors.clear();
        smaller.edges.retain(|edge| edge.kind != quickstart::models::EdgeKind::Build);
        load(&smaller, &db, &ProgressBar::hidden()).await?;

        let app = Version::objects().filter(|v| v.package.name.eq("app")).get(&db).await?;
        assert_eq!(app.description.as_deref(), Some("something else"));
        assert_eq!(Feature::objects().filter(|f| f.version.eq(&app)).count(&db).await?, 3);
        assert_eq!(SourceFile::objects().filter(|f| f.version.eq(&app) & f.bytes.eq(7)).count(&db).await?, 1);
        assert_eq!(Author::objects().values(|a| a.name).all(&db).await?, ["Ada Lovelace"]);
        assert_eq!(Dependency::objects().count(&db).await?, 3);

        // A whole version goes with all that hangs on it.
        let gone = smaller.packages.iter().position(|package| package.number == "2.0.0").unwrap();
        smaller.packages.remove(gone);
        smaller.edges.retain(|edge| edge.dependency != gone && edge.dependent != gone);
        for edge in &mut smaller.edges {
            edge.dependency -= usize::from(edge.dependency > gone);
            edge.dependent -= usize::from(edge.dependent > gone);
        }
        let summary = load(&smaller, &db, &ProgressBar::hidden()).await?;
        assert_eq!(summary.gone, 1);
        assert_eq!(Version::objects().count(&db).await?, 3);
        assert!(!Dependency::objects().filter(|d| d.requirement.eq("^2")).exists(&db).await?);
        db.close().await;
        Ok(())
    }

    async fn the_tour_shows_what_it_runs_and_can_be_taken_twice(bed) {
        let source = small_workspace();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        tour(&bed.url, &source, &mut first).await?;
        tour(&bed.url, &source, &mut second).await?;
        let first = String::from_utf8(first).unwrap();
        assert!(first.contains("applied cargo.0001_initial"), "{first}");
        assert!(String::from_utf8(second).unwrap().contains("all migrations have been applied"));
        assert!(first.contains("4 of 4 rows are as they were"), "{first}");
        // The text of every question is there, line by line, and so is what the edits leave.
        let code = include_str!("../src/questions.rs");
        for line in code.split_once("pub fn licences").unwrap().1.lines().filter(|line| !line.starts_with("///")) {
            assert!(first.contains(line.trim()), "{line}");
        }
        assert!(first.contains("the best package of all") && first.contains("A program of two lines."));
        assert!(first.contains("\"legal.Licence\"") && first.contains("risk_up_to_nine"));
        Ok(())
    }
}

fn small_workspace() -> Source {
    let manifest = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/workspace/Cargo.toml"));
    Source { manifest: Some(manifest), offline: true, ..Source::default() }
}

async fn tour_of_a_guest(bed: Option<Bed>) {
    let Some(bed) = bed else { return };
    let url = bed.of_a_guest().await.unwrap();
    let mut out = Vec::new();
    tour(&url, &small_workspace(), &mut out).await.unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains("risk_up_to_nine") && out.trim_end().ends_with("may not create one: left out."), "{out}");
    bed.finish_with_guest().await;
}

#[tokio::test]
async fn a_login_that_may_not_create_databases_takes_the_tour_on_postgres() {
    tour_of_a_guest(Bed::postgres().await).await;
}

#[tokio::test]
async fn a_login_that_may_not_create_databases_takes_the_tour_on_mariadb() {
    tour_of_a_guest(Bed::mariadb().await).await;
}

#[tokio::test]
async fn the_tour_of_the_own_workspace_runs() {
    let bed = Bed::sqlite().unwrap();
    let mut out = Vec::new();
    tour(&bed.url, &Source::default(), &mut out).await.unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains("quickstart") && out.contains("orm-derive"));
    // The chain is shown whole, and SQL fits the page.
    let (_, chain) = out.split_once("longest chain").unwrap();
    assert!(!chain.split_once("\n── ").unwrap().0.contains("more)"), "{chain}");
    let longest = out.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(longest <= 130, "{longest}");
    bed.finish().await;
}

#[tokio::test]
async fn a_change_that_is_taken_back_leaves_no_trace() {
    let bed = Bed::sqlite().unwrap();
    let (db, _) = filled(&bed, &small()).await.unwrap();
    let before = contents(&db).await.unwrap();
    let [inside, outside] = edits::taken_back(&db).await.unwrap();
    assert_eq!(inside.as_deref(), Some("the best package of all"));
    assert_eq!(outside.as_deref(), Some("A program of two lines."));
    assert_eq!(contents(&db).await.unwrap(), before);
    db.close().await;
    bed.finish().await;
}

#[test]
fn the_migrations_are_those_of_the_models() {
    tour::project().run(["quickstart", "makemigrations", "--check", "--no-input"]).unwrap();
}
