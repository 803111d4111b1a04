//! What unique keys, indexes and foreign keys can say besides: kept, found again, and written back as models; refused where a database
//! has no such thing.

use super::{
    commands::{Shell, folder},
    one,
};
use crate::bed::{Backend, Bed, behaviour};
use orm::{Code, prelude::*};

/// What PostgreSQL has.
mod full {
    use orm::prelude::*;

    orm::app! { pub depot { Crate } }

    #[derive(Model, Debug, Clone)]
    #[model(
        unique(shelf, place, deferrable = deferred),
        unique(label, name = "one_label", nulls_equal, include(weight)),
        unique(|c| c.code.lower().asc(), name = "one_code", condition = |c| c.weight.gt(0)),
        index(shelf, -weight, name = "by_shelf", include(label, place)),
        index(|c| (c.weight.desc().nulls_last(), c.code.asc()), name = "by_weight"),
        index(code, name = "code_like", opclass = "varchar_pattern_ops"),
        index(label, code, name = "both_like", opclass("", "varchar_pattern_ops"))
    )]
    pub struct Crate {
        pub id: i64,
        pub shelf: i32,
        pub place: i32,
        #[field(max_length = 20)]
        pub label: Option<String>,
        #[field(max_length = 20)]
        pub code: String,
        pub weight: i32,
    }
}

/// What SQLite has as well.
mod expressions {
    use orm::prelude::*;

    orm::app! { pub depot { Crate } }

    #[derive(Model, Debug, Clone)]
    #[model(unique(|c| c.code.lower().asc(), name = "one_code"))]
    pub struct Crate {
        pub id: i64,
        #[field(max_length = 20)]
        pub code: String,
    }
}

mod deferred {
    use orm::prelude::*;

    orm::app! { pub depot { Crate } }

    #[derive(Model, Debug, Clone)]
    #[model(unique(shelf, place, deferrable = deferred))]
    pub struct Crate {
        pub id: i64,
        pub shelf: i32,
        pub place: i32,
    }
}

/// A key that the database does not look after.
mod loose {
    use orm::prelude::*;

    orm::app! { pub pier { Shelf, Crate } }

    #[derive(Model, Debug, Clone)]
    pub struct Shelf {
        pub id: i64,
        pub crates: HasMany<Crate>,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Crate {
        pub id: i64,
        #[field(db_constraint = false, on_delete = cascade)]
        pub shelf: ForeignKey<Shelf>,
    }
}

fn shell(bed: &Bed, what: &str, app: fn() -> orm::App) -> Shell {
    Shell { app, folder: folder(&format!("{what}_{:?}", bed.backend)), url: bed.url.clone() }
}

behaviour! {
    async fn what_a_key_says_besides(bed) {
        if bed.url.contains(":memory:") {
            return Ok(()); // every command connects anew
        }
        let db = &bed.db;
        let mut shell = shell(&bed, "key_options", full::depot);
        if bed.backend != Backend::Postgres {
            shell.app = deferred::depot;
            shell.run("makemigrations")?;
            let refused = shell.refused("migrate").to_string();
            assert!(refused.contains("M0") && refused.contains("defer"), "{refused}");
            std::fs::remove_dir_all(&shell.folder).unwrap();
            return Ok(());
        }
        shell.run("makemigrations")?;
        shell.run("migrate")?;
        shell.run("check")?;
        shell.run("makemigrations --check")?;
        let new = |place: i32, code: &'static str| full::Crate::draft().shelf(1).place(place).code(code).weight(5);
        let (a, b) = (new(1, "A").label("x").create(db).await?, new(2, "B").create(db).await?);
        // Two NULLs are equal, and so are codes that differ by case; the error has the fields.
        let error = new(3, "C").create(db).await.unwrap_err();
        assert_eq!((error.code(), error.fields()), (Code::UniqueViolation, &["label".to_owned()][..]), "{error:?}");
        let error = new(3, "a").label("y").create(db).await.unwrap_err();
        assert_eq!((error.code(), error.constraint(), error.fields()), (Code::UniqueViolation, Some("one_code"), &["code".to_owned()][..]));
        // Asked before: the same.
        let asked = |draft: orm::write::DraftRow<full::Crate>| async move {
            let error = draft.validated(db).await.err().expect("it is not unique");
            let told = error.validation().iter().map(|wrong| (wrong.field.clone().unwrap_or_default(), wrong.code));
            Ok::<_, orm::Error>(told.collect::<Vec<_>>())
        };
        use orm::write::IntoDraftRow;
        assert_eq!(asked(new(3, "C").into_row()).await?, [("label".to_owned(), Code::UniqueViolation)]);
        assert_eq!(asked(new(3, "a").label("y").into_row()).await?, [("code".to_owned(), Code::UniqueViolation)]);
        assert!(new(3, "a").label("y").weight(0).validated(db).await.is_ok());
        // Checked at the end: two rows exchange their places.
        db.transaction(async |tx| {
            full::Crate::objects().filter(|c| c.id.eq(a.id)).update(|c| c.place.set(2), tx).await?;
            full::Crate::objects().filter(|c| c.id.eq(b.id)).update(|c| c.place.set(1), tx).await
        })
        .await?;
        let written = shell.folder.join("written.rs");
        shell.run(&format!("inspectdb depot_crate --app depot --output {}", written.display()))?;
        let source = std::fs::read_to_string(written).unwrap();
        for said in [
            "unique(shelf, place, deferrable = deferred, name = ",
            r#"unique(label, nulls_equal, include(weight), name = "one_label")"#,
            r#"unique(|m| m.code.lower().asc(), name = "one_code", condition = |m| m.weight.gt(0))"#,
            r#"index(shelf, -weight, include(label, place), name = "by_shelf")"#,
            r#"index(|m| (m.weight.desc().nulls_last(), m.code.asc()), name = "by_weight")"#,
            r#"index(code, opclass = "varchar_pattern_ops", name = "code_like")"#,
            r#"index(label, code, opclass("", "varchar_pattern_ops"), name = "both_like")"#,
        ] {
            assert!(source.contains(said), "{said}\n{source}");
        }
        assert!(!source.contains("not kept"), "{source}");
        std::fs::remove_dir_all(&shell.folder).unwrap();
        Ok(())
    }

    async fn a_unique_key_over_an_expression(bed) {
        if bed.url.contains(":memory:") {
            return Ok(());
        }
        let db = &bed.db;
        let shell = shell(&bed, "unique_expression", expressions::depot);
        shell.run("makemigrations")?;
        if bed.backend == Backend::MariaDb {
            let refused = shell.refused("migrate").to_string();
            assert!(refused.contains("M0"), "{refused}");
            std::fs::remove_dir_all(&shell.folder).unwrap();
            return Ok(());
        }
        shell.run("migrate")?;
        shell.run("check")?;
        shell.run("makemigrations --check")?;
        expressions::Crate::draft().code("Ab").create(db).await?;
        assert_eq!(expressions::Crate::draft().code("aB").create(db).await.unwrap_err().code(), Code::UniqueViolation);
        let error = expressions::Crate::draft().code("AB").validated(db).await.err().unwrap();
        assert_eq!(error.validation()[0].field.as_deref(), Some("code"));
        std::fs::remove_dir_all(&shell.folder).unwrap();
        Ok(())
    }

    async fn a_foreign_key_without_a_constraint(bed) {
        if bed.url.contains(":memory:") {
            return Ok(());
        }
        let db = &bed.db;
        let shell = shell(&bed, "loose_key", loose::pier);
        shell.run("makemigrations")?;
        shell.run("migrate")?;
        shell.run("check")?;
        shell.run("makemigrations --check")?;
        // The database takes any key; what the library does with relations it does all the same.
        let lost = loose::Crate::draft().shelf(77).create(db).await?;
        assert_eq!(lost.shelf.fetch(db).await.unwrap_err().code(), Code::NotFound);
        let shelf = loose::Shelf::draft().create(db).await?;
        loose::Crate::draft().shelf(&shelf).create(db).await?;
        assert_eq!(shelf.delete(db).await?.total, 2);
        let left = match bed.backend {
            Backend::MariaDb => "SELECT COUNT(*) FROM information_schema.referential_constraints WHERE table_name = 'pier_crate' AND constraint_schema = DATABASE()",
            Backend::Postgres => "SELECT COUNT(*) FROM pg_constraint WHERE contype = 'f'",
            _ => "SELECT COUNT(*) FROM pragma_foreign_key_list('pier_crate')",
        };
        assert_eq!(one(db, left).await?, 0);
        std::fs::remove_dir_all(&shell.folder).unwrap();
        Ok(())
    }
}
