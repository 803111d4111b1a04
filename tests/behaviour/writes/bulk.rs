//! Many rows at once.

use super::press::*;
use crate::bed::{Backend, behaviour};
use orm::{Code, Dialect, prelude::*};

fn tag(number: usize) -> impl orm::write::IntoDraftRow<Tag> {
    Tag::draft().slug(format!("t{number}")).name(format!("Tag {number}"))
}

orm::app! { pub probes { Probe } }

/// A column of each kind, and of some that can be NULL.
#[derive(Model, Debug, Clone, PartialEq)]
pub struct Probe {
    pub id: i32,
    pub truth: bool,
    pub small: i16,
    pub whole: i64,
    pub single: f32,
    pub double: f64,
    #[field(max_digits = 20, decimal_places = 6)]
    pub exact: Option<Decimal>,
    pub text: String,
    pub bytes: Vec<u8>,
    pub day: NaiveDate,
    pub time: NaiveTime,
    pub local: NaiveDateTime,
    pub at: Option<DateTime<Utc>>,
    pub span: TimeDelta,
    pub token: Uuid,
    pub document: serde_json::Value,
    pub note: Option<String>,
}

fn probe(number: i64) -> Probe {
    let at = DateTime::from_timestamp_micros(1_700_000_000_000_000 + number * 86_399_123_456).unwrap();
    let odd = number % 2 == 1;
    Probe {
        id: number as i32,
        truth: odd,
        small: number as i16,
        whole: i64::MAX - number,
        single: number as f32 / 3.0,
        double: number as f64 / 7.0 * 1e-12,
        exact: odd.then(|| Decimal::new(1_234_567 * number, 6)),
        text: format!("né\"\\{number}\n'%\u{1f600}"),
        bytes: vec![0, 255, number as u8],
        day: at.date_naive(),
        time: at.time(),
        local: at.naive_utc(),
        at: odd.then_some(at),
        span: TimeDelta::microseconds(number * 1_000_001 - 5_000_000),
        token: Uuid::from_u128(u128::MAX - number as u128),
        document: serde_json::json!({"n": [number, null, "é\\"], "x": 1.5}),
        note: odd.then(String::new),
    }
}

behaviour! {
    async fn any_number_of_rows_in_few_statements(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        assert_eq!(Tag::objects().bulk_create(Vec::<orm::write::DraftRow<Tag>>::new(), db).await?.len(), 0);
        bed.log.assert_queries(0);
        let rows = Tag::objects().bulk_create((0..100).map(tag), db).await?;
        bed.log.assert_queries(1);
        assert_eq!(rows.len(), 100);
        assert!(rows.iter().enumerate().all(|(number, row)| row.slug == format!("t{number}") && row.id > 0));
        bed.log.clear();
        assert_eq!(Tag::objects().bulk_insert((100..1_700).map(tag), db).await?, 1_600);
        let inserts = bed.log.statements().iter().filter(|query| query.sql.starts_with("INSERT")).count();
        assert_eq!(inserts, if db.dialect() == Dialect::Sqlite { 4 } else { 1 });
        assert_eq!(Tag::objects().count(db).await?, 1_700);
        assert!(Tag::objects().filter(|tag| tag.slug.eq("t7")).exists(db).await?);
        assert!(!Tag::objects().filter(|tag| tag.slug.eq("none")).exists(db).await?);
        // All or nothing.
        let error = Tag::objects().bulk_insert((1_000..3_000).rev().map(tag), db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::UniqueViolation, vec!["slug"]));
        assert_eq!(Tag::objects().count(db).await?, 1_700);
        Ok(())
    }

    async fn rows_of_different_shapes_keep_their_order(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let ada = author("Ada", db).await?;
        let draft = |title: &str| Book::draft().title(title).price(dec("1")).author(&ada);
        let drafts = [draft("a"), draft("b").rank(1), draft("c"), draft("d").id(500).rank(2), draft("e").note("x")];
        let rows = Book::objects().bulk_create(drafts, db).await?;
        let seen: Vec<_> = rows.iter().map(|row| (row.title.as_str(), row.rank)).collect();
        assert_eq!(seen, [("a", 7), ("b", 1), ("c", 7), ("d", 2), ("e", 7)]);
        assert_eq!(rows[3].id, 500);
        let error = Book::objects().bulk_create([draft("f"), draft(&"x".repeat(201))], db).await.unwrap_err();
        assert_eq!(error.code(), Code::TooLong);
        assert_eq!(Book::objects().count(db).await?, 5);
        Ok(())
    }

    async fn existing_rows_are_left_out(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        Tag::objects().bulk_insert((0..150).map(tag), db).await?;
        assert_eq!(Tag::objects().bulk_insert_ignore((100..300).map(tag), db).await?, 150);
        assert_eq!(Tag::objects().bulk_insert_ignore((0..300).map(tag), db).await?, 0);
        assert_eq!(Tag::objects().count(db).await?, 300);
        // No other error is hidden.
        let ada = author("Ada", db).await?;
        let draft = |title: &str, author: i64| Book::draft().title(title).price(dec("1")).author(author);
        let error = Book::objects().bulk_insert_ignore([draft("a", ada.id), draft("b", 999)], db).await.unwrap_err();
        assert_eq!(error.code(), Code::ForeignKeyViolation, "{error}");
        let bad = [draft("a", ada.id), draft("b", ada.id).price(dec("-1"))];
        let error = Book::objects().bulk_insert_ignore(bad, db).await.unwrap_err();
        assert_eq!(error.code(), Code::CheckViolation, "{error}");
        assert_eq!(Book::objects().count(db).await?, 0);
        Ok(())
    }

    async fn upserts_write_what_was_given(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        Tag::draft().slug("a").name("A").uses(5).create(db).await?;
        let drafts = [
            Tag::draft().slug("a").name("A2"),
            Tag::draft().slug("b").name("B"),
            Tag::draft().slug("b").name("B2"),
        ];
        assert_eq!(Tag::objects().bulk_upsert(drafts, |t| t.slug, db).await?, 3);
        let rows = Tag::objects().order_by(|t| t.slug.asc()).values(|t| (t.name, t.uses)).all(db).await?;
        // The default of `uses` is not written over the 5.
        assert_eq!(rows, [("A2".to_owned(), 5), ("B2".to_owned(), 0)]);
        let many = (0..1_200).map(|n| Tag::draft().slug(format!("t{}", n % 700)).name(format!("n{n}")).uses(n));
        Tag::objects().bulk_upsert(many, |t| t.slug, db).await?;
        let last = Tag::objects().filter(|t| t.slug.eq("t499")).get(db).await?;
        assert_eq!((last.name.as_str(), last.uses), ("n1199", 1199));
        assert_eq!(Tag::objects().count(db).await?, 702);
        Ok(())
    }

    async fn upserts_beside_another_unique_key(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let member = |email: &str, nick: &str| Member::draft().email(email).nick(nick);
        member("a", "ann").create(db).await?;
        assert_eq!(Member::objects().bulk_upsert([member("a", "anna"), member("b", "bob")], |m| m.email, db).await?, 2);
        let nicks = Member::objects().order_by(|m| m.email.asc()).values(|m| m.nick).all(db).await?;
        assert_eq!(nicks, ["anna", "bob"]);
        // The other key is no reason to write over another row.
        let error = Member::objects().bulk_upsert([member("c", "cid"), member("d", "bob")], |m| m.email, db).await;
        let error = error.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::UniqueViolation, vec!["nick"]), "{error}");
        assert_eq!(Member::objects().count(db).await?, 2);
        Ok(())
    }

    async fn every_kind_of_value_in_many_rows(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[probes()]).await?;
        let blank = |id: i32| {
            let of = probe(0);
            let draft = Probe::draft().truth(true).small(1).whole(1).single(0.0).double(0.0).text("").bytes(vec![]);
            let draft = draft.day(of.day).time(of.time).local(of.local).span(of.span).token(of.token);
            draft.document(serde_json::Value::Null).id(id)
        };
        let made = Probe::objects().bulk_create((1..=1_200).map(blank), db).await?;
        assert_eq!((made.len(), made[1_199].id), (1_200, 1_200));
        let rows: Vec<Probe> = (1..=1_200).map(probe).collect();
        let fields = |p: ProbeFields<orm::At<Probe>>| {
            ((p.truth, p.small, p.whole, p.single, p.double, p.exact, p.text, p.bytes), (p.day, p.time, p.local, p.at, p.span, p.token, p.document, p.note))
        };
        bed.log.clear();
        assert_eq!(Probe::objects().bulk_update(&rows, |p| fields(p).0, db).await?, 1_200);
        assert_eq!(Probe::objects().bulk_update(&rows, |p| fields(p).1, db).await?, 1_200);
        if bed.backend == Backend::Postgres {
            // A statement for each, whatever their number.
            bed.log.assert_queries(2);
        }
        let found = Probe::objects().order_by(|p| p.id.asc()).all(db).await?;
        for (found, row) in found.iter().zip(&rows) {
            assert_eq!(found, row);
        }
        // New rows with all their values, and a row that is given twice: the last counts.
        Probe::objects().delete(db).await?;
        let mut twice = vec![probe(1), probe(2), probe(3)];
        let draft = |row: &Probe| {
            let draft = Probe::draft().truth(row.truth).small(row.small).whole(row.whole).single(row.single);
            let draft = draft.double(row.double).exact(row.exact).text(row.text.clone()).bytes(row.bytes.clone());
            let draft = draft.day(row.day).time(row.time).local(row.local).at(row.at).span(row.span).token(row.token);
            draft.document(row.document.clone()).note(row.note.clone()).id(row.id)
        };
        let made = Probe::objects().bulk_create(twice.iter().map(draft), db).await?;
        assert_eq!(made, twice);
        let other: Vec<Probe> = (1..=3).map(|id| Probe { id, ..probe(i64::from(id) + 70) }).collect();
        Probe::objects().bulk_update(&other, |p| fields(p).0, db).await?;
        Probe::objects().bulk_update(&other, |p| fields(p).1, db).await?;
        assert_eq!(Probe::objects().order_by(|p| p.id.asc()).all(db).await?, other);
        if bed.backend != Backend::Postgres {
            twice[1].text = "a\0b".to_owned();
            Probe::objects().bulk_update(&twice, |p| p.text, db).await?;
            assert_eq!(Probe::get(2, db).await?.text, "a\0b");
        }
        twice.push(Probe { text: "last".to_owned(), ..probe(1) });
        assert_eq!(Probe::objects().bulk_update(&twice, |p| p.text, db).await?, 3);
        assert_eq!(Probe::get(1, db).await?.text, "last");
        Ok(())
    }

    async fn every_kind_of_value_beside_the_one_that_is_there(bed) {
        let db = &bed.db;
        orm::migrate::create_tables(db, &[probes()]).await?;
        let draft = |row: &Probe| {
            let draft = Probe::draft().truth(row.truth).small(row.small).whole(row.whole).single(row.single);
            let draft = draft.double(row.double).exact(row.exact).text(row.text.clone()).bytes(row.bytes.clone());
            let draft = draft.day(row.day).time(row.time).local(row.local).at(row.at).span(row.span).token(row.token);
            draft.document(row.document.clone()).note(row.note.clone()).id(row.id)
        };
        let mut rows = Probe::objects().bulk_create((1..5).map(|n| draft(&probe(n))), db).await?;
        let given: Vec<Probe> = (1..5).map(|id| Probe { id, ..probe(i64::from(id) + 70) }).collect();
        // One row gets what is given, the others stay as they are; by statements of one row and of many.
        macro_rules! last {
            ($($field:ident: $type:ty),+) => {
                |p, new| ($(p.$field.set(case::<Probe, $type>().when(p.id.eq(4), new.$field).otherwise(p.$field))),+)
            };
        }
        type Document = serde_json::Value;
        for given in [&given[..3], &given[3..], &given[1..]] {
            let changed = Probe::objects().bulk_update_with(
                given,
                last!(truth: bool, small: i16, whole: i64, single: f32, double: f64, exact: Decimal, text: String, bytes: Vec<u8>),
                db,
            );
            assert_eq!(changed.await?, given.len() as u64);
            let changed = Probe::objects().bulk_update_with(
                given,
                last!(day: NaiveDate, time: NaiveTime, local: NaiveDateTime, at: DateTime<Utc>, span: TimeDelta, token: Uuid, document: Document, note: String),
                db,
            );
            assert_eq!(changed.await?, given.len() as u64);
            if given.len() == 1 {
                rows[3] = given[0].clone();
            }
            assert_eq!(Probe::objects().order_by(|p| p.id.asc()).all(db).await?, rows);
        }
        Ok(())
    }

    async fn rows_that_are_larger_than_a_packet_together(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let long = "é".repeat(100_000);
        // 40 MB, where servers take 16.
        let ada = author("Ada", db).await?;
        let draft = |n: i32| Book::draft().title(format!("b{n}")).price(dec("1")).author(&ada).note(long.clone());
        let mut made = Book::objects().bulk_create((0..200).map(draft), db).await?;
        assert_eq!(made.len(), 200);
        assert!(made.iter().zip(0..).all(|(row, n)| row.title == format!("b{n}") && row.note.as_ref() == Some(&long)));
        for row in &mut made {
            row.note = Some(format!("{} {long}", row.title));
        }
        assert_eq!(Book::objects().bulk_update(&made, |b| b.note, db).await?, 200);
        let read = Book::objects().order_by(|b| b.id.asc()).all(db).await?;
        assert!(read.iter().zip(&made).all(|(read, made)| read.note == made.note));
        Ok(())
    }

    async fn many_rows_beside_triggers_and_used_up_keys(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        if db.dialect() != Dialect::Sqlite {
            return Ok(());
        }
        let slugs = |rows: &[Tag]| rows.iter().map(|tag| tag.slug.clone()).collect::<Vec<_>>();
        let expected = |from: usize| (from..from + 1_201).map(|n| format!("t{n}")).collect::<Vec<_>>();
        // Rows that are there before, and a key that was given and is gone.
        Tag::objects().bulk_insert((0..3).map(tag), db).await?;
        Tag::draft().slug("far").name("Far").id(5_000).create(db).await?;
        Tag::objects().filter(|t| t.id.eq(5_000)).delete(db).await?;
        bed.log.clear();
        let made = Tag::objects().bulk_create((10_000..11_201).map(tag), db).await?;
        let statements = bed.log.statements();
        assert!(statements.iter().any(|query| query.sql.starts_with("INSERT OR FAIL") && !query.sql.contains("RETURNING")));
        assert_eq!((slugs(&made), made[0].id, made[1_200].id), (expected(10_000), 5_001, 6_201));
        // In a transaction that goes on after a failure.
        let tx = db.begin().await?;
        let mut broken: Vec<_> = (20_000..21_201).map(tag).collect();
        broken.push(tag(20_600));
        let error = Tag::objects().bulk_create(broken, &tx).await.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::UniqueViolation, vec!["slug"]));
        assert_eq!(Tag::objects().count(&tx).await?, 1_204);
        let made = Tag::objects().bulk_create((30_000..31_201).map(tag), &tx).await?;
        assert_eq!(slugs(&made), expected(30_000));
        tx.commit().await?;
        assert_eq!(Tag::objects().count(db).await?, 2_405);
        // What a trigger says of its own conflicts counts, and rows that it adds are not taken for others.
        db.batch(
            "CREATE TABLE seen (word text UNIQUE); INSERT INTO seen VALUES ('Tag 40001');
             CREATE TRIGGER look AFTER INSERT ON PRESS_TAG WHEN new.name LIKE 'Tag 4%' BEGIN
                 INSERT OR IGNORE INTO seen VALUES (new.name);
                 INSERT INTO press_tag (slug, name, uses) VALUES ('of ' || new.slug, 'made', 0);
             END",
        )
        .await?;
        let made = Tag::objects().bulk_create((40_000..41_201).map(tag), db).await?;
        assert_eq!(slugs(&made), expected(40_000));
        for row in [&made[0], &made[700], &made[1_200]] {
            assert_eq!(&Tag::get(row.id, db).await?, row);
        }
        assert_eq!(Tag::objects().filter(|t| t.name.eq("made")).count(db).await?, 1_201);
        // What a table says of conflicts counts for many rows as for few.
        db.batch("CREATE TABLE kept AS SELECT * FROM press_tag; DROP TRIGGER look; DROP TABLE press_tag;
             CREATE TABLE press_tag (id integer PRIMARY KEY, slug text UNIQUE ON CONFLICT IGNORE, name text, uses integer);
             INSERT INTO press_tag SELECT * FROM kept").await?;
        assert_eq!(Tag::objects().bulk_insert((41_200..42_401).map(tag), db).await?, 1_200);
        db.batch("CREATE TRIGGER look AFTER INSERT ON press_tag BEGIN SELECT 1; END").await?;
        // The last key is used up: SQLite takes others by chance.
        db.batch(
            "DROP TRIGGER look; ALTER TABLE press_tag RENAME TO old;
             CREATE TABLE press_tag (id integer PRIMARY KEY, slug text UNIQUE, name text, uses integer);
             INSERT INTO press_tag VALUES (9223372036854775807, 'last', 'Last', 0)",
        )
        .await?;
        let made = Tag::objects().bulk_create((50_000..51_201).map(tag), db).await?;
        assert_eq!(slugs(&made), expected(50_000));
        for row in [&made[0], &made[700], &made[1_200]] {
            assert_eq!(&Tag::get(row.id, db).await?, row);
        }
        Ok(())
    }

    async fn some_fields_of_many_rows(bed) {
        tables(&bed).await?;
        let db = &bed.db;
        let ada = author("Ada", db).await?;
        let bob = author("Bob", db).await?;
        let drafts = (0..250).map(|n| Book::draft().title(format!("b{n}")).price(dec("1")).author(&ada));
        let mut rows = Book::objects().bulk_create(drafts, db).await?;
        for (number, row) in rows.iter_mut().enumerate() {
            row.price = Decimal::new(number as i64, 2);
            row.note = (number % 2 == 0).then(|| format!("né {number}"));
            row.editor = Some(ForeignKey::to(bob.id));
            row.views = 99;
        }
        bed.log.clear();
        assert_eq!(Book::objects().bulk_update(&rows, |b| (b.price, b.note, b.editor), db).await?, 250);
        let updates = bed.log.statements().iter().filter(|query| query.sql.starts_with("UPDATE")).count();
        assert_eq!(updates, 1);
        let read = Book::objects().order_by(|b| b.id.asc()).all(db).await?;
        for (number, (row, old)) in read.iter().zip(&rows).enumerate() {
            assert_eq!((row.price, row.note.clone(), row.views), (Decimal::new(number as i64, 2), old.note.clone(), 0));
            assert_eq!(row.editor, old.editor);
            assert!(row.updated >= old.updated);
        }
        rows[0].price = dec("0.001");
        assert_eq!(Book::objects().bulk_update(&rows, |b| b.price, db).await.unwrap_err().code(), Code::InexactDecimal);
        let error = Book::objects().bulk_update(&rows, |b| b.id, db).await.unwrap_err();
        assert_eq!(error.code(), Code::BadQuery);
        let error = Book::objects().bulk_update(&rows, |b| b.author.name, db).await.unwrap_err();
        assert_eq!(error.code(), Code::BadQuery);
        Ok(())
    }
}
