//! Types that one database has alone: migrated there, as everything else is, and refused by the others before anything runs.

use super::{
    commands::{Shell, folder},
    one,
};
use crate::bed::{Backend, Bed, behaviour};
use orm::{
    Code, Frozen,
    migrate::{Migrator, Step, StepFuture, engine::MigrationSet, engine_error},
    prelude::*,
};

mod before {
    use orm::prelude::*;

    orm::app! { pub shelf { Book } }

    #[derive(Model, Debug, Clone)]
    pub struct Book {
        pub id: i64,
    }
}

mod after {
    use orm::{postgres::Range, prelude::*};

    orm::app! { pub shelf { Book } }

    #[derive(Choices, Debug, Clone, Copy, PartialEq)]
    #[choices(db_type = "binding")]
    pub enum Binding {
        Hard,
        #[choice(value = "paper back")]
        Paper,
    }

    #[derive(Model, Debug, Clone)]
    #[model(index(tags, method = "gin"), index(words, method = "gist", name = "book_words"))]
    pub struct Book {
        pub id: i64,
        #[field(default = ["new", "it's \"so\""])]
        pub tags: Vec<String>,
        #[field(db_default = vec![1, 2])]
        pub numbers: Vec<i32>,
        pub sold: Option<Range<NaiveDate>>,
        #[field(default = Binding::Paper)]
        pub binding: Binding,
        pub bindings: Vec<Binding>,
        pub words: Option<orm::postgres::SearchVector>,
        pub gaps: Vec<Option<Decimal>>,
    }
}

/// Things as they are at that migration.
#[derive(Frozen)]
#[frozen(app = "shelf", at = "0002")]
struct Book {
    id: i64,
    tags: Vec<String>,
    binding: after::Binding,
    sold: Option<orm::postgres::Range<NaiveDate>>,
}

fn mark(mut step: Step<'_>) -> StepFuture<'_> {
    Box::pin(async move {
        step.each(10, |book: &mut Book| {
            book.tags.push(format!("{:?}", book.binding));
            book.binding = after::Binding::Hard;
            book.sold = Some((NaiveDate::default()..NaiveDate::default()).into());
            Ok(())
        })
        .await?;
        Ok(())
    })
}

/// The tables of the models as they were, and a step over them.
const STEP: [(&str, &str); 2] = [
    (
        "shelf/0001_initial.toml",
        r#"
[[operations]]
op = "create_model"
model = "shelf.Book"
table = "shelf_book"
primary_key = ["id"]
fields = [
    { name = "id", type = "bigint", auto = true },
    { name = "tags", type = { postgres = "text[]" }, db_default = "'{}'" },
    { name = "binding", type = { postgres = "binding" }, db_default = "'paper back'" },
    { name = "sold", type = { postgres = "daterange" }, null = true },
]
"#,
    ),
    (
        "shelf/0002_mark.toml",
        "depends_on = [\"shelf.0001_initial\"]\n[[operations]]\nop = \"run_rust\"\nname = \"shelf.mark\"\n",
    ),
];

behaviour! {
    async fn steps_change_types_of_one_database(bed, requires(PostgresTypes)) {
        let Bed { db, .. } = &*bed;
        db.batch("CREATE TYPE binding AS ENUM ('hard', 'paper back')").await?;
        let set = MigrationSet::from_embedded(&STEP).map_err(engine_error)?;
        Migrator::with_set(set.clone()).to("shelf", Some("0001"))?.run(db).await?;
        db.batch("INSERT INTO shelf_book (id) VALUES (1), (2)").await?;
        Migrator::with_set(set).step("shelf.mark", mark).run(db).await?;
        let marked = "SELECT COUNT(*) FROM shelf_book WHERE tags = ARRAY['Paper'] AND binding = 'hard' AND isempty(sold)";
        assert_eq!(one(db, marked).await?, 2);
        Ok(())
    }

    async fn types_of_one_database_are_migrated(bed) {
        let Bed { db, backend, .. } = &*bed;
        if bed.url.contains(":memory:") {
            return Ok(()); // every command connects anew
        }
        let mut shell = Shell { app: before::shelf, folder: folder(&format!("own_{backend:?}")), url: bed.url.clone() };
        shell.run("makemigrations")?;
        shell.run("migrate")?;
        let row = if *backend == Backend::MariaDb { "() VALUES ()" } else { "DEFAULT VALUES" };
        db.batch(format!("INSERT INTO shelf_book {row}")).await?;
        shell.app = after::shelf;
        let with = |gaps| {
            let bindings = "shelf.Book.bindings=[\"hard\"]";
            shell.run_all(["makemigrations", "--no-input", "--default", bindings, "--default", gaps])
        };
        let wrong = with("shelf.Book.gaps=1").unwrap_err();
        assert!(format!("{wrong:?}").contains("M003: `shelf.Book.gaps`"), "{wrong:?}");
        with("shelf.Book.gaps=[1.5, null]")?;
        if *backend != Backend::Postgres {
            let refused = shell.refused("migrate");
            assert_eq!(refused.code(), Code::Migration);
            let text = refused.to_string();
            assert!(text.contains("M044") && text.contains("shelf.Book.tags") && text.contains("has no `text[]`"), "{text}");
            assert_eq!(one(db, "SELECT COUNT(*) FROM shelf_book").await?, 1);
            return Ok(());
        }
        db.batch("CREATE TYPE binding AS ENUM ('hard', 'paper back')").await?;
        let file = std::fs::read_to_string(shell.folder.join("migrations/shelf/0002_book_tags_book_numbers_book_sold_book_binding_and_more.toml")).unwrap();
        for part in ["type = { postgres = \"text[]\" }", "type = { postgres = \"binding\" }", "type = { postgres = \"daterange\" }", "method = \"gin\""] {
            assert!(file.contains(part), "{file}");
        }
        shell.run("migrate")?;
        shell.run("check")?;
        let book = after::Book::get(1, db).await?;
        assert_eq!(book.tags, ["new", "it's \"so\""]);
        assert_eq!((book.numbers, book.sold, book.binding), (vec![1, 2], None, after::Binding::Paper));
        assert_eq!(book.bindings, [after::Binding::Hard]);
        assert_eq!(book.gaps, [Some("1.5".parse().unwrap()), None]);
        let made = after::Book::draft().bindings(vec![]).gaps(vec![]).create(db).await?;
        assert_eq!((made.tags.len(), made.numbers), (2, vec![1, 2]));
        shell.run("migrate shelf 0001")?;
        shell.run("migrate")?;
        shell.run("check")?;
        shell.run("makemigrations --check")?;
        std::fs::remove_dir_all(&shell.folder).unwrap();
        Ok(())
    }

    async fn lists_of_limited_texts_change_and_nothing_is_cut(bed, requires(PostgresTypes)) {
        let Bed { db, .. } = &*bed;
        let made = "[[operations]]\nop = \"create_model\"\nmodel = \"lists.Item\"\ntable = \"lists_item\"\nprimary_key = [\"id\"]\nfields = [\n\
                    { name = \"id\", type = \"bigint\", auto = true },\n{ name = \"c\", type = { postgres = \"varchar(6)[]\" }, null = true },\n]\n";
        let alter = |before: &str, ty: &str| {
            format!("depends_on = [\"lists.{before}\"]\n[[operations]]\nop = \"alter_field\"\nmodel = \"lists.Item\"\nfield = {{ name = \"c\", type = {{ postgres = \"{ty}\" }}, null = true }}\n")
        };
        let (shorter, longer) = (alter("0001_initial", "varchar(4)[]"), alter("0002_shorter", "varchar(9)[]"));
        let (text, limited) = (alter("0003_longer", "text[]"), alter("0004_text", "varchar(5)[]"));
        let files = [
            ("lists/0001_initial.toml", made),
            ("lists/0002_shorter.toml", &shorter),
            ("lists/0003_longer.toml", &longer),
            ("lists/0004_text.toml", &text),
            ("lists/0005_limited.toml", &limited),
        ];
        let set = MigrationSet::from_embedded(&files).map_err(engine_error)?;
        let to = |name: &str| Migrator::with_set(set.clone()).to("lists", Some(name));
        to("0001")?.run(db).await?;
        db.batch(
            "INSERT INTO lists_item (id, c) VALUES (1, '{ab,\"\",NULL,žluť}'), (2, '{}'), (3, NULL), (4, '{{a,b},{c,d}}'), (5, '{longer,a}')",
        )
        .await?;
        let fits = "SELECT COUNT(*) FROM lists_item WHERE c::text IN ('{ab,\"\",NULL,žluť}', '{}', '{{a,b},{c,d}}') OR c IS NULL";
        let is = |c: &str| format!("SELECT COUNT(*) FROM lists_item WHERE id = 5 AND c::text = '{c}'");
        let ty = "SELECT COUNT(*) FROM pg_attribute WHERE attrelid = 'lists_item'::regclass AND attname = 'c' AND format_type(atttypid, atttypmod) = ";

        // Shorter: what does not fit is refused whole, and nothing is cut.
        let refused = to("0002")?.run(db).await.unwrap_err().to_string();
        assert!(refused.contains("M086") || refused.contains("M081"), "{refused}");
        assert_eq!((one(db, fits).await?, one(db, &is("{longer,a}")).await?), (4, 1));
        assert_eq!(one(db, &format!("{ty}'character varying(6)[]'")).await?, 1);
        db.batch("UPDATE lists_item SET c = '{long,a}' WHERE id = 5").await?;
        to("0002")?.run(db).await?;
        assert_eq!((one(db, fits).await?, one(db, &is("{long,a}")).await?), (4, 1));
        assert_eq!(one(db, &format!("{ty}'character varying(4)[]'")).await?, 1);

        // Longer, and without a limit: everything fits.
        to("0004")?.run(db).await?;
        assert_eq!(one(db, fits).await?, 4);
        let long = format!("{{{},a}}", "long".repeat(100));
        db.batch(format!("UPDATE lists_item SET c = '{long}' WHERE id = 5")).await?;
        // From no limit to one, and back to the shortest.
        for name in ["0005", "0003"] {
            let refused = to(name)?.run(db).await.unwrap_err().to_string();
            assert!(refused.contains("M086") || refused.contains("M081"), "{name}: {refused}");
            assert_eq!((one(db, fits).await?, one(db, &is(&long)).await?), (4, 1), "{name}");
            assert_eq!(one(db, &format!("{ty}'text[]'")).await?, 1);
        }
        db.batch("UPDATE lists_item SET c = '{fives,NULL}' WHERE id = 5").await?;
        to("0005")?.run(db).await?;
        to("0003")?.run(db).await?;
        assert!(to("0002")?.run(db).await.unwrap_err().to_string().contains("M08"));
        assert_eq!((one(db, fits).await?, one(db, &is("{fives,NULL}")).await?), (4, 1));
        db.batch("DELETE FROM lists_item WHERE id = 5").await?;
        to("0001")?.run(db).await?;
        assert_eq!(one(db, fits).await?, 4);
        let wanted = orm::migrate::engine::introspect::as_stored(db.dialect().into(), &set.state_before(set.resolve("lists", "0002").map_err(engine_error)?).map_err(engine_error)?);
        assert_eq!(orm::migrate::introspect(db).await?.schema, wanted.map_err(engine_error)?.schema);
        Ok(())
    }
}
