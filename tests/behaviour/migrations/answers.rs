//! Values that people give for the rows that are there: read as the fields read them, or refused before a file is written.

use super::{
    commands::{Shell, folder},
    one,
};
use crate::bed::{Bed, behaviour};
use orm::{
    Code, Model,
    migrate::{Migrator, engine::MigrationSet, engine_error},
};

mod before {
    use orm::prelude::*;

    orm::app! { pub shelf { Author, Book } }

    #[derive(Model, Debug, Clone)]
    pub struct Author {
        pub id: i64,
        #[field(max_length = 20)]
        pub name: Option<String>,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Book {
        pub id: i64,
    }
}

mod after {
    use orm::prelude::*;

    orm::app! { pub shelf { Author, Book } }

    #[derive(Choices, Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Status {
        Draft,
        Published,
    }

    #[derive(Choices, Debug, Clone, Copy, PartialEq, Eq)]
    #[choices(integer)]
    pub enum Level {
        Low = 1,
        High = 2,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Author {
        pub id: i64,
        #[field(max_length = 20)]
        pub name: String,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Book {
        pub id: i64,
        pub active: bool,
        pub status: Status,
        pub level: Level,
        #[field(max_length = 5)]
        pub code: String,
        pub pages: i16,
        #[field(max_digits = 6, decimal_places = 2)]
        pub price: Decimal,
        pub weight: f64,
        pub born: NaiveDate,
        pub opens: NaiveTime,
        pub seen: DateTime<Utc>,
        pub span: TimeDelta,
        pub number: Uuid,
        pub data: Json<serde_json::Value>,
        pub cover: Vec<u8>,
        pub author: ForeignKey<Author>,
    }
}

/// What each field takes, and what it does not, with a word of what is wrong.
type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const CASES: &[Case] = &[
    ("Book.active", "yes", &[("maybe", "true or false"), ("2", "true or false"), ("", "a value is required")]),
    ("Book.status", "published", &[("gone", "draft, published"), ("'gone'", "draft, published")]),
    ("Book.level", "2", &[("3", "1, 2"), ("High", "1, 2")]),
    ("Book.code", "en-GB", &[("much too long", "13 characters"), ("'much too long'", "13 characters")]),
    ("Book.pages", "100", &[("40000", "outside the range"), ("many", "a whole number"), ("1.5", "a whole number")]),
    (
        "Book.price",
        "19.90",
        &[("10000", "digits before the point"), ("0.001", "after the point"), ("cheap", "a decimal number")],
    ),
    ("Book.weight", "1.5", &[("heavy", "a number"), ("NaN", "a number")]),
    ("Book.born", "2024-02-29", &[("2023-02-29", "YYYY-MM-DD"), ("yesterday", "YYYY-MM-DD"), ("now", "YYYY-MM-DD")]),
    ("Book.opens", "08:30:00", &[("25:00", "HH:MM:SS")]),
    ("Book.seen", "2024-02-29T12:00:00+02:00", &[("2024-02-30T12:00:00Z", "offset"), ("soon", "offset")]),
    ("Book.span", "90s", &[("long", "a span of time")]),
    ("Book.number", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", &[("6ba7", "a UUID")]),
    ("Book.data", "{\"a\": [1]}", &[("{a}", "JSON"), ("nope", "JSON")]),
    ("Book.cover", "aGk=", &[("???", "base64")]),
    ("Book.author", "1", &[("Ada", "the key of a `Author`"), ("1.5", "the key of a `Author`")]),
    ("Author.name", "nobody", &[("a name of more than twenty", "26 characters")]),
];

/// All the answers, with one of them changed.
fn answers(changed: Option<(&str, &str)>) -> Vec<String> {
    let given = |(field, good, _): &Case| {
        let value = changed.filter(|(name, _)| name == field).map_or(*good, |(_, value)| value);
        ["--default".to_owned(), format!("shelf.{field}={value}")]
    };
    ["makemigrations".to_owned(), "--no-input".to_owned()].into_iter().chain(CASES.iter().flat_map(given)).collect()
}

behaviour! {
    async fn a_value_is_read_as_its_field_reads_it_or_refused(bed) {
        let Bed { db, backend, .. } = &*bed;
        if bed.url.contains(":memory:") {
            return Ok(()); // every command connects anew
        }
        let mut shell = Shell { app: before::shelf, folder: folder(&format!("answers_{backend:?}")), url: bed.url.clone() };
        shell.run("makemigrations")?;
        shell.run("migrate")?;
        db.batch("INSERT INTO shelf_author (id, name) VALUES (1, NULL); INSERT INTO shelf_book (id) VALUES (1)").await?;
        shell.app = after::shelf;
        let second = shell.folder.join("migrations/shelf/0002_author_name_and_more.toml");
        for (field, _, misfits) in CASES {
            for (value, wrong) in *misfits {
                let arguments = answers(Some((field, value)));
                let refused = shell.run_all(arguments.iter().map(String::as_str)).expect_err(value);
                let text = format!("{refused:?}");
                assert_eq!(refused.code(), Code::Migration, "{text}");
                assert!(text.contains(&format!("M003: `shelf.{field}`")) && text.contains(wrong), "{field}={value}: {text}");
                assert!(refused.hint().is_some_and(|hint| hint.starts_with("write ")), "{field}={value}: {text}");
                // A file of answers is read by the same rules.
                let file = shell.folder.join("answers.toml");
                let lines = arguments.chunks(2).skip(1).map(|pair| format!("'''{}'''", pair[1]));
                std::fs::write(&file, format!("default = [{}]", lines.collect::<Vec<_>>().join(", "))).unwrap();
                let from_file = shell.refused(&format!("makemigrations --no-input --answers {}", file.display()));
                assert_eq!(from_file.message(), refused.message());
            }
        }
        assert_eq!(std::fs::read_dir(second.parent().unwrap()).unwrap().count(), 1);
        let arguments = answers(None);
        shell.run_all(arguments.iter().map(String::as_str))?;
        shell.run("migrate")?;
        // What was given is what is read.
        let book = after::Book::get(1, db).await?;
        assert!(book.active && book.status == after::Status::Published && book.level == after::Level::High);
        assert_eq!((book.code.as_str(), book.pages, book.price.to_string().as_str()), ("en-GB", 100, "19.90"));
        assert_eq!((book.born.to_string(), book.opens.to_string()), ("2024-02-29".into(), "08:30:00".into()));
        assert_eq!((book.seen.to_rfc3339(), book.span.num_seconds()), ("2024-02-29T10:00:00+00:00".into(), 90));
        assert_eq!((book.data.0["a"][0].as_i64(), book.cover.as_slice(), *book.author.key()), (Some(1), &b"hi"[..], 1));
        assert_eq!(after::Author::get(1, db).await?.name, "nobody");
        std::fs::remove_dir_all(&shell.folder).unwrap();
        Ok(())
    }

    async fn constants_in_a_file_that_was_edited_are_looked_at_before_anything_runs(bed) {
        let Bed { db, .. } = &*bed;
        let first = "[[operations]]\nop = \"create_model\"\nmodel = \"shelf.Book\"\ntable = \"shelf_book\"\nprimary_key = [\"id\"]\n\
            fields = [{ name = \"id\", type = \"bigint\", auto = true }]\n";
        let add = |field: &str, fill: &str| {
            format!(
                "depends_on = [\"shelf.0001_initial\"]\n[[operations]]\nop = \"run_sql\"\nsql = {{ all = [\"INSERT INTO shelf_book (id) VALUES (7)\"] }}\n\
                 [[operations]]\nop = \"add_field\"\nmodel = \"shelf.Book\"\nfield = {{ name = \"rank\", {field} }}\n{fill}"
            )
        };
        let set = |second: &str| {
            let set = MigrationSet::from_embedded(&[("shelf/0001_initial.toml", first), ("shelf/0002_rank.toml", second)]);
            set.map_err(engine_error)
        };
        Migrator::with_set(set(&add("type = \"integer\", null = true", ""))?).to("shelf", Some("0001"))?.run(db).await?;
        for (field, fill, expected) in [
            ("type = \"char(3)\"", "fill = \"'long'\"", "`fill` of `shelf.Book.rank`: `'long'` has 4 characters"),
            ("type = \"char(3)\", default = \"'long'\"", "", "`default` of `shelf.Book.rank`"),
            ("type = \"date\", db_default = \"'soon'\"", "", "`db_default` of `shelf.Book.rank`"),
            ("type = \"bool\", default = \"'yes'\"", "", "no value for bool"),
            ("type = \"smallint\"", "fill = \"40000\"", "outside the range"),
            ("type = \"decimal(4, 2)\"", "fill = \"123\"", "3 digits before the point"),
            ("type = \"uuid\"", "fill = \"'6ba7'\"", "is not a uuid"),
            ("type = \"json\"", "fill = \"json '{'\"", "is not JSON"),
            ("type = \"integer\"", "fill = \"case when id > 1 then 'many' else 1 end\"", "no value for integer"),
        ] {
            let refused = Migrator::with_set(set(&add(field, fill))?).run(db).await.expect_err(field);
            let text = format!("{refused:?}");
            assert!(refused.message().starts_with("M003") && text.contains(expected), "{field} {fill}: {text}");
            assert_eq!(one(db, "SELECT COUNT(*) FROM shelf_book").await?, 0, "{text}");
        }
        Migrator::with_set(set(&add("type = \"char(3)\"", "fill = \"'any'\""))?).run(db).await?;
        assert_eq!(one(db, "SELECT COUNT(*) FROM shelf_book WHERE rank = 'any'").await?, 1);
        Ok(())
    }
}
