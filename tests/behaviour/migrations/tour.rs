//! A small shop on its way through the less usual commands: squashes, branches, repairs, tables that are there, changes by hand.

use super::{
    commands::{Shell, folder, moved},
    one,
};
use crate::bed::{Backend, Bed, behaviour};
use orm::{Database, Result};
use std::path::PathBuf;

macro_rules! version {
    ($name:ident { $($author:tt)* } $($book:tt)*) => {
        mod $name {
            use orm::prelude::*;

            orm::app! { pub stall { Author, Book } }

            #[derive(Model, Debug, Clone)]
            pub struct Author {
                pub id: i64,
                #[field(max_length = 40, unique)]
                pub name: String,
                $($author)*
            }

            #[derive(Model, Debug, Clone)]
            $($book)*
        }
    };
}

version!(first {}
    pub struct Book {
        pub id: i64,
        #[field(max_length = 50, index)]
        pub title: String,
        pub author: ForeignKey<Author>,
    }
);
version!(second {}
    #[model(index(title, author), check("sane_pages", |b| b.pages.gt(0)))]
    pub struct Book {
        pub id: i64,
        #[field(max_length = 50, index)]
        pub title: String,
        #[field(default = 1)]
        pub pages: i32,
        pub author: ForeignKey<Author>,
    }
);
version!(third {}
    #[model(index(headline, author), check("sane_pages", |b| b.pages.gt(0)), unique(headline, pages))]
    pub struct Book {
        pub id: i64,
        #[field(max_length = 80, index, renamed_from = "title")]
        pub headline: String,
        #[field(default = 1)]
        pub pages: i32,
        pub note: Option<String>,
        pub author: ForeignKey<Author>,
    }
);
version!(fourth { pub born: Option<i32>, }
    #[model(index(headline, author), check("sane_pages", |b| b.pages.gt(0)), unique(headline, pages))]
    pub struct Book {
        pub id: i64,
        #[field(max_length = 80, index)]
        pub headline: String,
        #[field(default = 1)]
        pub pages: i32,
        pub note: Option<String>,
        #[field(max_digits = 8, decimal_places = 2, db_default = Decimal::new(5, 0))]
        pub price: Decimal,
        pub author: ForeignKey<Author>,
    }
);

fn files(shell: &Shell) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(shell.folder.join("migrations/stall"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The full path of a file by the beginning of its name.
fn file(shell: &Shell, name: &str) -> PathBuf {
    let found = files(shell).into_iter().find(|file| file.starts_with(name)).expect(name);
    shell.folder.join("migrations/stall").join(found)
}

/// What one of the migrations is called.
fn called(shell: &Shell, name: &str) -> String {
    file(shell, name).file_stem().unwrap().to_str().unwrap().to_owned()
}

fn write(shell: &Shell, path: &PathBuf, text: &str) -> Result<()> {
    std::fs::write(path, text).unwrap();
    shell.run("makemigrations --no-input").map(drop)
}

/// The message, and what to do.
fn refused(shell: &Shell, line: &str) -> String {
    format!("{:?}", shell.refused(line))
}

fn made(name: &str, bed: &Bed) -> Shell {
    Shell { app: first::stall, folder: folder(&format!("{name}_{:?}", bed.backend)), url: bed.url.clone() }
}

const ROWS: &str = "INSERT INTO stall_author (id, name) VALUES (1, 'Ada'), (2, 'Bob'); \
    INSERT INTO stall_book (id, title, author_id) VALUES (1, 'One', 1), (2, 'Two', 2)";

async fn books(db: &Database) -> Result<i64> {
    one(db, "SELECT COUNT(*) FROM stall_book").await
}

behaviour! {
    async fn squashes_and_branches_are_lived_through(bed) {
        let Bed { db, .. } = &*bed;
        if bed.url.contains(":memory:") {
            return Ok(()); // every command connects anew
        }
        let mut shell = made("squashes", &bed);
        shell.run("makemigrations")?;
        shell.run("migrate")?;
        db.batch(ROWS).await?;
        shell.app = second::stall;
        shell.run("makemigrations --no-input")?;
        shell.run("migrate")?;
        shell.app = third::stall;
        shell.run("makemigrations --no-input")?;

        // A database that has all that a squash stands for goes on after it; a squash of the squash is no other.
        shell.run("squashmigrations stall 0002 --squashed-name begin")?;
        assert!(shell.run("showmigrations")?.contains(" [X] 0001_begin  (all that it stands for is applied)\n [ ] 0003"));
        assert_eq!(shell.run("migrate")?, format!("Applying stall.{}\n", called(&shell, "0003")));
        shell.run("check")?;
        shell.run("squashmigrations stall 0003 --squashed-name whole")?;
        assert_eq!(shell.run("migrate")?, "Nothing to migrate.\n");
        assert!(shell.run("showmigrations")?.starts_with("stall\n [X] 0001_whole"));
        shell.run("check")?;
        shell.run("makemigrations --check")?;
        assert_eq!(books(db).await?, 2);
        let gone = refused(&shell, "migrate stall 0001_initial");
        assert!(gone.contains("`stall.0001_whole` has taken its place"), "{gone}");

        // An empty database runs the last squash alone, and so back.
        assert_eq!(shell.run("migrate stall zero")?, "Undoing stall.0001_whole\n");
        assert_eq!(shell.run("migrate")?, "Applying stall.0001_whole\n");
        shell.run("check")?;
        let rows = "INSERT INTO stall_author (id, name) VALUES (1, 'Ada'), (2, 'Bob'); \
             INSERT INTO stall_book (id, headline, pages, author_id) VALUES (1, 'One', 1, 1), (2, 'Two', 2, 2)";
        db.batch(rows).await?;

        // What it stands for may go.
        for name in files(&shell).into_iter().filter(|name| name != "0001_whole.toml") {
            std::fs::remove_file(shell.folder.join("migrations/stall").join(name)).unwrap();
        }
        assert!(refused(&shell, "migrate").contains("M052"));
        shell.run("makemigrations")?;
        assert_eq!(shell.run("migrate")?, "Nothing to migrate.\n");
        assert_eq!(shell.run("repair --no-input")?, "Nothing is wrong with the history.\n");
        shell.run("check")?;

        // Two branches, one of which another has merged.
        shell.app = fourth::stall;
        shell.run("makemigrations --no-input -n both")?;
        let both = file(&shell, "0002_both");
        let text = std::fs::read_to_string(&both).unwrap();
        let (begin, operations) = text.split_once("[[operations]]").unwrap();
        let parts: Vec<&str> = operations.split("[[operations]]").collect();
        assert_eq!(parts.len(), 2, "{text}");
        std::fs::remove_file(&both).unwrap();
        for (name, part) in ["0002_left", "0002_right"].iter().zip(&parts) {
            let path = shell.folder.join(format!("migrations/stall/{name}.toml"));
            std::fs::write(path, format!("{begin}[[operations]]{part}")).unwrap();
        }
        assert!(refused(&shell, "migrate").contains("M052"));
        shell.run("makemigrations --merge")?;
        let merged = called(&shell, "0003");
        assert_eq!(shell.run("migrate")?, format!("Applying stall.0002_left\nApplying stall.0002_right\nRecording stall.{merged}\n"));
        shell.run("makemigrations --check")?;
        shell.run("check")?;
        assert_eq!(books(db).await?, 2);
        shell.run("migrate stall 0001")?;
        shell.run("migrate")?;
        shell.run("check")?;
        std::fs::remove_dir_all(&shell.folder).unwrap();
        Ok(())
    }

    async fn histories_that_went_wrong_are_set_right(bed) {
        let Bed { db, .. } = &*bed;
        if bed.url.contains(":memory:") {
            return Ok(()); // every command connects anew
        }
        let mut shell = made("histories", &bed);
        shell.run("makemigrations")?;
        shell.app = second::stall;
        shell.run("makemigrations --no-input")?;
        shell.app = third::stall;
        shell.run("makemigrations --no-input")?;

        // Tables that are there already: refused without a trace, and taken over.
        orm::migrate::create_tables(db, &[first::stall()]).await?;
        db.batch(ROWS).await?;
        for _ in 0..2 {
            let there = refused(&shell, "migrate");
            assert!(there.contains("M081: stall.0001_initial") && there.contains("`migrate --fake-initial` takes them over"), "{there}");
            assert_eq!(shell.run("repair --no-input")?, "Nothing is wrong with the history.\n");
        }
        let plan = shell.run("migrate --fake-initial --plan")?;
        assert!(plan.starts_with("Record stall.0001_initial\n    what it makes is there: it is not run\nApply stall.0002"), "{plan}");
        assert_eq!(shell.run("migrate --fake-initial stall 0001")?, "Recording stall.0001_initial\n");
        shell.run("migrate")?;
        shell.run("check")?;
        assert_eq!(books(db).await?, 2);

        // A file that is gone, and comes back.
        let (third_file, third_name) = (file(&shell, "0003"), called(&shell, "0003"));
        let text = std::fs::read_to_string(&third_file).unwrap();
        std::fs::remove_file(&third_file).unwrap();
        assert!(refused(&shell, "migrate").contains("M052"));
        shell.app = second::stall;
        shell.run("makemigrations --no-input")?;
        assert!(shell.run("migrate")?.contains(&format!("M071: `stall.{third_name}` was applied")));
        assert!(shell.refused("repair --no-input").message().contains("1 of 1 left"));
        shell.app = third::stall;
        write(&shell, &third_file, &text)?;
        assert_eq!(shell.run("migrate")?, "Nothing to migrate.\n");

        // A file that is edited.
        write(&shell, &third_file, &format!("# edited\n{text}"))?;
        shell.run("migrate")?;
        let longer = text.replacen("char(80)", "char(81)", 1);
        assert_ne!(longer, text);
        std::fs::write(&third_file, &longer).unwrap();
        shell.run("makemigrations --no-input -n shorter_again")?;
        std::fs::remove_file(file(&shell, "0004_shorter_again")).unwrap();
        assert!(refused(&shell, "check").contains("difference") || refused(&shell, "migrate").contains("M0"));
        write(&shell, &third_file, &text)?;
        shell.run("check")?;

        // One that is missing in the middle.
        let second_name = called(&shell, "0002");
        db.batch("DELETE FROM orm_migrations WHERE name LIKE '0002%'").await?;
        assert!(refused(&shell, "migrate").contains(&format!("see `repair --record stall.{second_name}`")));
        shell.run(&format!("repair --record stall.{second_name}"))?;
        shell.run("check")?;

        // One that stops half way, with a file that is wrong: what is done is taken back, and the file corrected.
        shell.app = fourth::stall;
        shell.run("makemigrations --no-input -n price")?;
        let path = file(&shell, "0004_price");
        let right = std::fs::read_to_string(&path).unwrap();
        let wrong = format!("{right}\n[[operations]]\nop = \"run_sql\"\nsql = {{ all = [\"UPDATE stall_nowhere SET a = 1\"] }}\nreverse = {{ all = [] }}\n");
        for atomic in ["", "atomic = false\n"] {
            write(&shell, &path, &format!("{atomic}{wrong}"))?;
            let stopped = refused(&shell, "migrate");
            assert!(stopped.contains("stall_nowhere"), "{stopped}");
            let whole = atomic.is_empty() && bed.backend != Backend::MariaDb;
            assert_eq!(stopped.contains("2 of "), !whole, "{stopped}");
            assert_eq!(shell.run("repair --no-input").is_ok(), whole);
            write(&shell, &path, &format!("{atomic}{right}"))?;
            if !whole {
                assert!(refused(&shell, "migrate").contains("M073"));
                shell.run("repair --undo stall.0004_price")?;
            }
            assert_eq!(shell.run("migrate")?, "Applying stall.0004_price\n");
            shell.run("check")?;
            shell.run("migrate stall 0003")?;
        }

        // One that stops where what it makes is there already: that is neither taken for its own, nor taken back with it.
        db.batch("ALTER TABLE stall_book ADD COLUMN price integer").await?;
        let stopped = refused(&shell, "migrate");
        assert!(stopped.contains("M081") && stopped.contains("`repair --not-done stall.0004_price`") == (bed.backend == Backend::MariaDb), "{stopped}");
        if bed.backend == Backend::MariaDb {
            assert!(refused(&shell, "migrate").contains("M073"));
            assert!(refused(&shell, "repair --undo stall.0004_price").contains("M074"));
            shell.run("repair --not-done stall.0004_price")?;
            assert!(refused(&shell, "migrate").contains("M081"));
            shell.run("repair --not-done stall.0004_price")?;
            shell.run("repair --undo stall.0004_price")?;
        } else {
            shell.run("repair --undo stall.0004_price").map(drop).or_else(|error| if error.message().contains("M074") { Ok(()) } else { Err(error) })?;
        }
        assert_eq!(one(db, "SELECT COUNT(*) FROM stall_book WHERE price IS NULL").await?, 2);
        db.batch("ALTER TABLE stall_book DROP COLUMN price").await?;
        shell.run("migrate")?;
        shell.run("check")?;
        std::fs::remove_dir_all(&shell.folder).unwrap();
        Ok(())
    }

    async fn changes_by_hand_are_found(bed) {
        let Bed { db, backend, .. } = &*bed;
        if bed.url.contains(":memory:") {
            return Ok(()); // every command connects anew
        }
        let mut shell = made("by_hand", &bed);
        shell.app = fourth::stall;
        shell.run("makemigrations")?;
        shell.run("migrate")?;
        let hand: &[(&str, &str)] = match backend {
            Backend::Postgres => &[
                ("ALTER TABLE stall_book ALTER COLUMN note TYPE varchar(20)", "D012 `stall_book`: `note` is char(20), not text"),
                ("ALTER TABLE stall_book ALTER COLUMN note SET NOT NULL", "D013 `stall_book`: `note` cannot be NULL"),
                ("ALTER TABLE stall_book ALTER COLUMN price DROP DEFAULT", "D014 `stall_book`: the default of `price` is none, not `5`"),
                ("ALTER TABLE stall_book DROP CONSTRAINT stall_book_sane_pages", "D019 `stall_book`: the check"),
                ("ALTER TABLE stall_book ADD COLUMN extra integer", "D020 `stall_book`: the column `extra` is in no migration"),
                ("CREATE INDEX by_hand ON stall_book (pages)", "D020 `stall_book`: the index over pages"),
                ("ALTER TABLE stall_book ALTER COLUMN author_id DROP NOT NULL", "D013 `stall_book`: `author_id` can be NULL"),
                ("ALTER TABLE stall_author DROP CONSTRAINT stall_author_name_key", "D019 `stall_author`: the unique constraint over name is missing"),
                ("COMMENT ON TABLE stall_book IS 'by hand'", "D022 `stall_book`: the comment of the table"),
                ("ALTER TABLE stall_author DROP COLUMN born", "D011 `stall_author`: the column `born` is missing"),
                ("DROP TABLE stall_book", "D010 `stall_book`: it is missing"),
            ],
            Backend::MariaDb => &[
                ("ALTER TABLE stall_book MODIFY note varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin", "D012 `stall_book`: `note` is char(20), not text"),
                ("ALTER TABLE stall_book MODIFY headline varchar(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL", "D016 `stall_book`: the collation of `headline`"),
                ("ALTER TABLE stall_book ALTER COLUMN price DROP DEFAULT", "D014 `stall_book`: the default of `price` is none, not `5`"),
                ("ALTER TABLE stall_book DROP CONSTRAINT stall_book_sane_pages", "D019 `stall_book`: the check"),
                ("ALTER TABLE stall_book ADD COLUMN extra integer", "D020 `stall_book`: the column `extra` is in no migration"),
                ("CREATE INDEX by_hand ON stall_book (pages)", "D020 `stall_book`: the index over pages"),
                ("ALTER TABLE stall_author DROP INDEX stall_author_name_key", "D019 `stall_author`: the unique constraint over name is missing"),
                ("ALTER TABLE stall_book COMMENT = 'by hand'", "D022 `stall_book`: the comment of the table"),
                ("ALTER TABLE stall_author DROP COLUMN born", "D011 `stall_author`: the column `born` is missing"),
                ("DROP TABLE stall_book", "D010 `stall_book`: it is missing"),
            ],
            Backend::SqliteFile | Backend::SqliteMemory => &[
                ("ALTER TABLE stall_book ADD COLUMN extra integer", "D020 `stall_book`: the column `extra` is in no migration"),
                ("CREATE INDEX by_hand ON stall_book (pages)", "D020 `stall_book`: the index over pages"),
                ("ALTER TABLE stall_author DROP COLUMN born", "D011 `stall_author`: the column `born` is missing"),
                ("DROP TABLE stall_book", "D010 `stall_book`: it is missing"),
            ],
        };
        assert_eq!(shell.run("check")?, "Nothing differs.\n");
        for (sql, expected) in hand {
            db.batch(*sql).await?;
            let mut printed = String::new();
            let project = orm::Project::new().app(moved((shell.app)(), &shell.folder)).database(&shell.url);
            project.run_into(["manage", "check"], &mut printed).expect_err(sql);
            assert!(printed.contains(expected), "{sql}: {printed}");
        }
        std::fs::remove_dir_all(&shell.folder).unwrap();
        Ok(())
    }
}
