//! Generated fields from the first model to none, as the commands take them: nothing is found twice, and the tables are what they
//! should be.

use super::{
    commands::{Shell, folder},
    one,
    rows::query,
};
use crate::bed::{Bed, behaviour};
use orm::App;

macro_rules! versions {
    ($($module:ident [$($options:tt)*] { $($fields:tt)* })+) => {$(
        mod $module {
            use orm::prelude::*;

            orm::app! { pub mill { Sack } }

            #[derive(Model, Debug, Clone)]
            #[model($($options)*)]
            pub struct Sack {
                pub id: i64,
                $($fields)*
            }
        }
    )+};
}

versions! {
    plain [] {
        pub weight: i32,
        #[field(max_length = 20)]
        pub kind: String,
        #[field(max_length = 20)]
        pub note: Option<String>,
    }
    first [index(gross, weight), unique(kind, gross), check("gross_is_sane", |s| s.gross.lt(1000))] {
        pub weight: i32,
        #[field(max_length = 20)]
        pub kind: String,
        #[field(max_length = 20)]
        pub note: Option<String>,
        #[field(generated = |s| s.weight + 1, index, comment = "with the sack")]
        pub gross: i32,
        #[field(max_length = 50, generated = |s| s.kind.concat(": ").concat(s.note))]
        pub label: Option<String>,
        #[field(generated = |s| s.kind.length())]
        pub letters: i64,
    }
    // Another expression, and another type under one that stays.
    second [index(gross, weight), unique(kind, gross), check("gross_is_sane", |s| s.gross.lt(1000))] {
        #[field(default = 0)]
        pub weight: i64,
        #[field(max_length = 30)]
        pub kind: String,
        #[field(max_length = 20)]
        pub note: Option<String>,
        #[field(generated = |s| s.weight * 2, index, comment = "with the sack")]
        pub gross: i64,
        #[field(max_length = 50, generated = |s| s.kind.concat(": ").concat(s.note))]
        pub label: Option<String>,
        #[field(generated = |s| s.kind.length())]
        pub letters: i64,
    }
    // Other names below, and a plain column in the place of a computed one.
    third [index(gross, mass), unique(kind, gross), check("gross_is_sane", |s| s.gross.lt(1000))] {
        #[field(renamed_from = "weight", default = 0)]
        pub mass: i64,
        #[field(max_length = 30)]
        pub kind: String,
        #[field(max_length = 20, renamed_from = "note")]
        pub remark: Option<String>,
        #[field(generated = |s| s.mass * 2, index, comment = "with the sack")]
        pub gross: i64,
        #[field(max_length = 50, generated = |s| s.kind.concat(": ").concat(s.remark))]
        pub label: Option<String>,
        #[field(default = 7)]
        pub letters: i64,
    }
    // What they were computed from goes with them, or first.
    fourth [] {
        #[field(max_length = 30)]
        pub kind: String,
        #[field(max_length = 50, generated = |s| s.kind.upper())]
        pub label: Option<String>,
        #[field(default = 7)]
        pub letters: i64,
    }
}

/// A version of the models, what is answered, and what the rows are then asked.
type Version = (fn() -> App, &'static [&'static str], &'static str);

const VERSIONS: [Version; 4] = [
    (
        first::mill,
        &[],
        "SELECT COUNT(*) FROM mill_sack WHERE gross = weight + 1 AND letters = 3 AND label IN ('rye: x')",
    ),
    (
        second::mill,
        &[],
        "SELECT COUNT(*) FROM mill_sack WHERE gross = weight * 2 AND letters = 3 AND label IN ('rye: x')",
    ),
    (third::mill, &[], "SELECT COUNT(*) FROM mill_sack WHERE gross = mass * 2 AND letters = 7 AND label IN ('rye: x')"),
    (
        fourth::mill,
        &["--remove", "mill.Sack.mass", "--remove", "mill.Sack.remark"],
        "SELECT COUNT(*) FROM mill_sack WHERE label = 'RYE' AND letters = 7",
    ),
];

behaviour! {
    async fn generated_fields_are_migrated(bed) {
        let Bed { db, backend, .. } = &*bed;
        if bed.url.contains(":memory:") {
            return Ok(()); // every command connects anew
        }
        let mut shell = Shell { app: plain::mill, folder: folder(&format!("generated_{backend:?}")), url: bed.url.clone() };
        shell.run("makemigrations")?;
        shell.run("migrate")?;
        db.batch("INSERT INTO mill_sack (weight, kind, note) VALUES (10, 'rye', 'x'), (20, 'oat', NULL)").await?;
        for (app, answers, asked) in VERSIONS {
            shell.app = app;
            shell.run_all(["makemigrations", "--no-input"].iter().chain(answers).copied())?;
            shell.run("migrate")?;
            shell.run("check")?;
            shell.run("makemigrations --check")?;
            let computed = one(db, asked).await?;
            assert_eq!(computed, 1, "{:?}: {:?}", bed.backend, query(db, "SELECT * FROM mill_sack").await?);
        }
        // And back, one by one: what was computed is computed again.
        for (number, (_, _, asked)) in VERSIONS.into_iter().enumerate().take(3).rev() {
            shell.run(&format!("migrate mill {:04}", number + 2))?;
            let asked = asked.split(" AND letters").next().unwrap_or_default();
            let found = one(db, asked).await?;
            assert!(found >= 0, "{asked}");
        }
        shell.run("migrate mill zero")?;
        shell.run("migrate")?;
        shell.run("check")?;
        std::fs::remove_dir_all(&shell.folder).unwrap();
        Ok(())
    }
}
