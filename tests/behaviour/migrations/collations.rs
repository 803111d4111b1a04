//! Collations of text, by the names that each database has for them: migrated, compared, and refused where there is none.

use super::{
    commands::{Shell, folder},
    one,
};
use crate::bed::{Backend, Bed, behaviour};
use orm::{Code, prelude::*};

mod plain {
    use orm::prelude::*;

    orm::app! { pub desk { Sort, Card } }

    #[derive(Model, Debug, Clone)]
    pub struct Sort {
        #[field(primary_key, max_length = 10)]
        pub code: String,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Card {
        pub id: i64,
        #[field(max_length = 20, index)]
        pub name: String,
        pub note: Option<String>,
        pub sort: ForeignKey<Sort>,
    }
}

mod folded {
    use orm::prelude::*;

    orm::app! { pub desk { Sort, Card } }

    #[derive(Model, Debug, Clone)]
    pub struct Sort {
        #[field(primary_key, max_length = 10, collation(sqlite = "NOCASE", mysql = "utf8mb4_unicode_ci"))]
        pub code: String,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Card {
        pub id: i64,
        #[field(max_length = 20, index, collation(sqlite = "NOCASE", postgres = "C", mysql = "utf8mb4_unicode_ci"))]
        pub name: String,
        #[field(collation(sqlite = "RTRIM", postgres = "und-x-icu", mysql = "utf8mb4_uca1400_ai_ci"))]
        pub note: Option<String>,
        pub sort: ForeignKey<Sort>,
    }
}

mod unknown {
    use orm::prelude::*;

    orm::app! { pub desk { Sort, Card } }

    #[derive(Model, Debug, Clone)]
    pub struct Sort {
        #[field(primary_key, max_length = 10)]
        pub code: String,
        #[field(default = 0)]
        pub place: i32,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Card {
        pub id: i64,
        #[field(max_length = 20, index, collation = "utf8mb4_no_such_ci")]
        pub name: String,
        pub note: Option<String>,
        pub sort: ForeignKey<Sort>,
    }
}

/// Unique texts without regard to case, by a collation that PostgreSQL has to be given.
mod loose {
    use orm::prelude::*;

    orm::app! { pub desk { Sort, Card } }

    #[derive(Model, Debug, Clone)]
    pub struct Sort {
        #[field(
            primary_key,
            max_length = 10,
            collation(sqlite = "NOCASE", postgres = "loose", mysql = "utf8mb4_unicode_ci")
        )]
        pub code: String,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Card {
        pub id: i64,
        #[field(
            unique,
            max_length = 20,
            collation(sqlite = "NOCASE", postgres = "loose", mysql = "utf8mb4_unicode_ci")
        )]
        pub name: String,
        #[field(collation(sqlite = "NOCASE", postgres = "strict", mysql = "utf8mb4_unicode_ci"))]
        pub note: Option<String>,
        pub sort: ForeignKey<Sort>,
    }
}

/// The same, changed and with one field less.
mod looser {
    use orm::prelude::*;

    orm::app! { pub desk { Sort, Card } }

    #[derive(Model, Debug, Clone)]
    pub struct Sort {
        #[field(
            primary_key,
            max_length = 10,
            collation(sqlite = "NOCASE", postgres = "loose", mysql = "utf8mb4_unicode_ci")
        )]
        pub code: String,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Card {
        pub id: i64,
        #[field(max_length = 30)]
        pub name: String,
        #[field(
            index,
            max_length = 40,
            collation(sqlite = "NOCASE", postgres = "loose", mysql = "utf8mb4_unicode_ci")
        )]
        pub note: Option<String>,
        pub sort: ForeignKey<Sort>,
    }
}

behaviour! {
    async fn a_unique_text_without_regard_to_case_has_no_index_for_patterns(bed) {
        let Bed { db, backend, .. } = &*bed;
        if bed.url.contains(":memory:") {
            return Ok(()); // every command connects anew
        }
        let postgres = *backend == Backend::Postgres;
        let mut shell = Shell { app: loose::desk, folder: folder(&format!("loose_{backend:?}")), url: bed.url.clone() };
        shell.run("makemigrations")?;
        // The migration makes the collations itself, so nobody can be asked before.
        let file = shell.folder.join("migrations/desk/0001_initial.toml");
        let made = std::fs::read_to_string(&file).unwrap();
        let collations = "[[operations]]\nop = \"run_sql\"\ndescribe = \"collations\"\nreverse = { postgres = [\"DROP COLLATION loose\", \"DROP COLLATION strict\"], all = [] }\n             sql = { postgres = [\"CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)\",              \"CREATE COLLATION strict (provider = icu, locale = 'und')\"], all = [] }\n\n";
        std::fs::write(&file, made.replacen("[[operations]]", &format!("{collations}[[operations]]"), 1)).unwrap();
        shell.run("makemigrations")?;
        let sql = shell.run("sqlmigrate desk 0001 --dialect postgres")?;
        assert!(sql.contains("THEN CREATE INDEX \"desk_card_name_") && sql.contains("NOT collisdeterministic"), "{sql}");
        shell.run("migrate --plan")?;
        shell.run("migrate")?;
        shell.run("check")?;
        shell.run("makemigrations --check")?;
        let like = "SELECT COUNT(*) FROM pg_indexes WHERE indexdef LIKE '%_pattern_ops%'";
        if postgres {
            assert_eq!(one(db, like).await?, 0);
        }
        db.batch("INSERT INTO desk_sort (code) VALUES ('Book')").await?;
        db.batch("INSERT INTO desk_card (name, sort_id) VALUES ('Ada', 'Book')").await?;
        let taken = db.batch("INSERT INTO desk_card (name, sort_id) VALUES ('ADA', 'Book')").await.unwrap_err();
        assert_eq!(taken.code(), Code::UniqueViolation, "{taken}");

        // An index that is not there is not missed when the field changes, in a transaction or outside of one.
        shell.app = looser::desk;
        for how in ["", " --safe"] {
            shell.run(&format!("makemigrations --no-input{how}"))?;
            shell.run("migrate")?;
            shell.run("check")?;
            if postgres {
                assert_eq!(one(db, like).await?, 0);
            }
            shell.run("migrate desk 0001")?;
            shell.run("check --allow D001 --allow D002")?;
            for entry in std::fs::read_dir(shell.folder.join("migrations/desk")).unwrap() {
                let path = entry.unwrap().path();
                if !path.ends_with("0001_initial.toml") {
                    std::fs::remove_file(path).unwrap();
                }
            }
        }
        shell.app = loose::desk;
        shell.run("makemigrations")?;
        shell.run("migrate desk zero")?;
        std::fs::remove_dir_all(&shell.folder).unwrap();
        Ok(())
    }

    async fn collations_are_migrated(bed) {
        let Bed { db, backend, .. } = &*bed;
        if bed.url.contains(":memory:") {
            return Ok(()); // every command connects anew
        }
        let mut shell = Shell { app: plain::desk, folder: folder(&format!("collations_{backend:?}")), url: bed.url.clone() };
        shell.run("makemigrations")?;
        shell.run("migrate")?;
        db.batch("INSERT INTO desk_sort (code) VALUES ('Book')").await?;
        db.batch("INSERT INTO desk_card (name, sort_id) VALUES ('a', 'Book'), ('B', 'Book'), ('É', 'Book')").await?;
        let exact = one(db, "SELECT COUNT(*) FROM desk_card WHERE name IN ('A', 'b', 'é')").await?;
        assert_eq!(exact, 0);

        shell.app = folded::desk;
        shell.run("makemigrations --no-input")?;
        shell.run("migrate")?;
        shell.run("check")?;
        shell.run("makemigrations --check")?;
        let found = folded::Card::objects().filter(|c| c.name.is_in(["A", "b", "é"])).count(db).await?;
        let (folds, ordered) = match backend {
            Backend::Postgres => (0, ["B", "a", "É"]),
            Backend::MariaDb => (3, ["a", "B", "É"]),
            Backend::SqliteFile | Backend::SqliteMemory => (2, ["a", "B", "É"]),
        };
        assert_eq!(found, folds);
        let names = folded::Card::objects().order_by(|c| c.name.asc()).values(|c| c.name).all(db).await?;
        assert_eq!(names, ordered);
        // What refers to a key compares as that does.
        let of_sort = folded::Card::objects().filter(|c| c.sort.eq("bOOK")).count(db).await?;
        assert_eq!(of_sort, if *backend == Backend::Postgres { 0 } else { 3 });

        shell.app = unknown::desk;
        shell.run("makemigrations --no-input")?;
        for line in ["migrate", "migrate --plan"] {
            let text = match shell.run(line) {
                Ok(printed) => printed,
                Err(refused) => {
                    assert_eq!(refused.code(), Code::Migration);
                    format!("{refused:?}")
                }
            };
            assert!(text.contains("M086") && text.contains("has no collation `utf8mb4_no_such_ci`"), "{line}: {text}");
        }
        assert!(db.batch("SELECT place FROM desk_sort").await.is_err(), "something was begun");
        shell.run("migrate desk 0001")?;
        assert_eq!(one(db, "SELECT COUNT(*) FROM desk_card WHERE name IN ('A', 'b', 'é')").await?, 0);
        std::fs::remove_dir_all(&shell.folder).unwrap();
        Ok(())
    }
}
