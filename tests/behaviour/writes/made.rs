//! New rows of which the database computes something: what drafts are given beside values.

use super::press::{dec, fields};
use crate::bed::{Bed, behaviour};
use orm::{
    Change, Code, Dialect, Ex, Hooks, Transaction,
    prelude::*,
    value, window,
    write::{IntoDraftRow, NoRow},
};

orm::app! { pub kiln { Kind, Pot, Shown, Seen, Clay, Jug } }

#[derive(Model, Debug, Clone, PartialEq)]
#[model(ordering(id))]
pub struct Kind {
    pub id: i64,
    #[field(max_length = 20, unique)]
    pub name: String,
    #[field(via = kind)]
    pub pots: HasMany<Pot>,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[model(ordering(id))]
pub struct Pot {
    pub id: i64,
    #[field(max_length = 12, unique)]
    pub code: String,
    #[field(max_length = 20)]
    pub label: Option<String>,
    #[field(default = 3)]
    pub number: i32,
    #[field(default = 2u16)]
    pub few: u16,
    #[field(max_digits = 8, decimal_places = 2, default = dec("1.00"))]
    pub price: Decimal,
    #[field(db_default = 7)]
    pub rank: i32,
    pub fired: Option<DateTime<Utc>>,
    #[field(auto_now_add)]
    pub made: DateTime<Utc>,
    #[field(on_delete = cascade)]
    pub kind: ForeignKey<Kind>,
    pub spare: Option<ForeignKey<Kind>>,
    #[field(generated = |p| p.number * 2)]
    pub doubled: i32,
}

/// Looks at its rows.
#[derive(Model, Debug, Clone)]
#[model(validate = Shown::validate)]
pub struct Shown {
    pub id: i64,
    #[field(max_length = 20)]
    pub word: String,
}

impl Shown {
    fn validate(row: &mut Change<Shown>) {
        if row.get(|s| s.word).is_none_or(|word| word == "bad") {
            row.refuse(|s| s.word, "shown.word", "not this one");
        }
    }
}

/// Its hooks do.
#[derive(Model, Debug, Clone)]
#[model(hooks)]
pub struct Seen {
    pub id: i64,
    #[field(max_length = 20, unique)]
    pub word: String,
}

impl Hooks for Seen {}

#[derive(Model, Debug, Clone)]
pub struct Clay {
    pub id: i64,
    #[field(max_length = 20)]
    pub colour: String,
}

#[derive(Model, Debug, Clone)]
pub struct Jug {
    #[field(primary_key, parent)]
    pub clay: OneToOne<Clay>,
    #[field(max_length = 20)]
    pub shape: String,
}

async fn kinds(bed: &Bed) -> orm::Result<Vec<Kind>> {
    orm::migrate::create_tables(&bed.db, &[kiln()]).await?;
    let kinds = Kind::objects().bulk_create(["bowl", "cup"].map(|name| Kind::draft().name(name)), &bed.db).await?;
    bed.log.clear();
    Ok(kinds)
}

fn lower(word: &str) -> Ex<NoRow, String> {
    value(word.to_owned()).lower()
}

behaviour! {
    async fn a_row_comes_back_as_it_was_computed(bed) {
        let kinds = kinds(&bed).await?;
        let db = &bed.db;
        let draft = Pot::draft()
            .code(lower("ÄB C").concat("!"))
            .label(case().when(value::<NoRow, _>(2).gt(1), "true").otherwise("false"))
            .number(value(20) * 2 + 2)
            .price(value(dec("10")) / 3)
            .fired(now() - TimeDelta::days(1))
            .kind(Kind::objects().filter(|k| k.name.eq("cup")).values(|k| k.id))
            .spare(Kind::objects().order_by(|k| k.name.asc()).values(|k| k.id));
        let pot = draft.create(db).await?;
        bed.log.assert_queries(1);
        assert_eq!((pot.code.as_str(), pot.label.as_deref(), pot.number, pot.doubled), ("äb c!", Some("true"), 42, 84));
        assert_eq!((pot.price.to_string().as_str(), pot.few, pot.rank), ("3.33", 2, 7));
        assert_eq!((*pot.kind.key(), pot.spare.as_ref().map(|kind| *kind.key())), (kinds[1].id, Some(kinds[0].id)));
        let age = pot.made - pot.fired.unwrap();
        assert!((TimeDelta::hours(23)..TimeDelta::hours(25)).contains(&age), "{age}");
        assert_eq!(Pot::get(pot.id, db).await?, pot);
        // NULL where the field may be: of an expression, and of a query that finds nothing. A value is a value.
        let none = Kind::objects().filter(|k| k.name.eq("none"));
        let draft = Pot::draft().code(value("x")).label(value(None::<String>).upper()).kind(&kinds[0]).spare(none.values(|k| k.id));
        let pot = draft.create(db).await?;
        assert_eq!((pot.code.as_str(), pot.label, pot.spare, pot.number), ("x", None, None, 3));
        let plain = Pot::draft().code(value("y")).kind(value(kinds[0].id));
        assert_eq!(plain.create_sql(db.dialect())?, Pot::draft().code("y").kind(&kinds[0]).create_sql(db.dialect())?);
        Ok(())
    }

    async fn of_many_rows_some_are_computed(bed) {
        let kinds = kinds(&bed).await?;
        let db = &bed.db;
        for many in [4, 130, 700] {
            Pot::objects().delete(db).await?;
            let drafts = (0..many).map(|n| {
                let draft = Pot::draft().code(format!("C{n}")).kind(&kinds[0]);
                match n % 4 {
                    0 => draft.label(lower("É").concat(format!("{n}"))),
                    1 => draft.label("É").number(n),
                    2 => draft.code(lower("C").concat(format!("{n}"))).number(n),
                    _ => draft.number(value(n) + 1000).label("x").rank(1),
                }
            });
            bed.log.clear();
            let made = Pot::objects().bulk_create(drafts, db).await?;
            let inserts = bed.log.statements().iter().filter(|one| one.sql.starts_with("INSERT")).count();
            assert!(inserts <= 4 + 3 * many as usize / 40, "{inserts} statements for {many}");
            for (n, pot) in (0..).zip(&made) {
                let expected = match n % 4 {
                    0 => (format!("C{n}"), Some(format!("é{n}")), 3, 7),
                    1 => (format!("C{n}"), Some("É".to_owned()), n, 7),
                    2 => (format!("c{n}"), None, n, 7),
                    _ => (format!("C{n}"), Some("x".to_owned()), n + 1000, 1),
                };
                assert_eq!((pot.code.clone(), pot.label.clone(), pot.number, pot.rank), expected);
            }
            let mut stored = Pot::objects().all(db).await?;
            let mut made = made;
            stored.sort_by(|one, other| one.code.cmp(&other.code));
            made.sort_by(|one, other| one.code.cmp(&other.code));
            assert_eq!(stored, made);
        }
        let more = ["p", "q"].map(|word| Pot::draft().code(lower(word)).kind(&kinds[1]));
        assert_eq!(Pot::objects().bulk_insert(more, db).await?, 2);
        let taken = ["P", "R"].map(|word| Pot::draft().code(lower(word)).kind(&kinds[1]));
        assert_eq!(Pot::objects().bulk_insert_ignore(taken, db).await?, 1);
        assert_eq!(Pot::objects().filter(|p| p.kind.eq(&kinds[1])).values(|p| p.code).all(db).await?, ["p", "q", "r"]);
        Ok(())
    }

    async fn what_asks_a_query_sees_the_rows_before_it(bed) {
        let kinds = kinds(&bed).await?;
        let db = &bed.db;
        let next = || Pot::objects().order_by(|p| p.number.desc()).limit(5).values(|p| p.number + 1);
        let drafts = ["a", "b", "c"].map(|code| Pot::draft().code(code).kind(&kinds[0]).number(next()));
        assert_eq!(Pot::draft().code("first").kind(&kinds[0]).number(10).create(db).await?.number, 10);
        let made = Pot::objects().bulk_create(drafts, db).await?;
        assert_eq!(made.iter().map(|pot| pot.number).collect::<Vec<_>>(), [11, 12, 13]);
        // So do rows between others, and SQL.
        let by_sql = || orm::sql::<NoRow, i32>("(SELECT MAX(number) + 1 FROM kiln_pot)");
        let between = [Pot::draft().code("d").number(20), Pot::draft().code("e").number(next()), Pot::draft().code("f").number(50)];
        let made = Pot::objects().bulk_create(between.map(|draft| draft.kind(&kinds[0])), db).await?;
        assert_eq!(made.iter().map(|pot| pot.number).collect::<Vec<_>>(), [20, 21, 50]);
        let made = Pot::objects().bulk_create(["g", "h"].map(|code| Pot::draft().code(code).kind(&kinds[0]).number(by_sql())), db).await?;
        assert_eq!(made.iter().map(|pot| pot.number).collect::<Vec<_>>(), [51, 52]);
        // Of a table that has no row it is NULL, which this field never is; nothing is made.
        Pot::objects().delete(db).await?;
        let error = Pot::draft().code("a").kind(&kinds[0]).number(next()).create(db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::NotNullViolation, vec!["number"]), "{error:?}");
        let or = Pot::objects().within(value::<NoRow, _>(0)).order_by(|p| p.number.desc()).scalar(|p| p.number + 1).or(1);
        assert_eq!(Pot::draft().code("a").kind(&kinds[0]).number(or).create(db).await?.number, 1);
        let error = Pot::draft().code("b").kind(Kind::objects().none().values(|k| k.id)).create(db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::NotNullViolation, vec!["kind"]), "{error:?}");
        Ok(())
    }

    async fn by_unique_keys_too(bed) {
        let kinds = kinds(&bed).await?;
        let db = &bed.db;
        let first = || Kind::objects().order_by(|k| k.name.asc()).values(|k| k.id);
        let named = |word: &str| Pot::draft().code("p").kind(first()).label(lower(word)).number(value(4) + 1);
        let (pot, new) = named("ONE").get_or_create(|p| p.code, db).await?;
        assert_eq!((pot.label.as_deref(), pot.number, *pot.kind.key(), new), (Some("one"), 5, kinds[0].id, true));
        let (pot, new) = named("TWO").get_or_create(|p| p.code, db).await?;
        assert_eq!((pot.label.as_deref(), new), (Some("one"), false));
        let (pot, new) = named("TWO").update_or_create(|p| p.code, db).await?;
        assert_eq!((pot.label.as_deref(), new), (Some("two"), false));
        let pot = named("Três").upsert(|p| p.code, db).await?;
        assert_eq!(pot.label.as_deref(), Some("três"));
        let (pot, new) = named("FOUR")
            .update_or_create_with(|p| p.code, |p, new| (p.label.set(new.label), p.number.set(p.number + new.number)), db)
            .await?;
        assert_eq!((pot.label.as_deref(), pot.number, new), (Some("four"), 10, false));
        let rows = [named("FIVE"), Pot::draft().code("q").kind(&kinds[1]).label(lower("SIX")), named("SEVEN")];
        assert_eq!(Pot::objects().bulk_upsert(rows, |p| p.code, db).await?, 3);
        assert_eq!(Pot::objects().values(|p| (p.code, p.label)).all(db).await?, [
            ("p".to_owned(), Some("seven".to_owned())),
            ("q".to_owned(), Some("six".to_owned())),
        ]);
        let rows = Pot::objects().bulk_upsert_returning([named("EIGHT")], |p| p.code, db).await?;
        assert_eq!(rows[0].label.as_deref(), Some("eight"));
        let kind = kinds[1].many(|k| k.pots).create(Pot::draft().code(lower("OF CUPS")), db).await?;
        assert_eq!((kind.code.as_str(), *kind.kind.key()), ("of cups", kinds[1].id));
        // A key by which a row is looked for is a value.
        let error = Pot::draft().code(lower("P")).kind(&kinds[0]).get_or_create(|p| p.code, db).await.unwrap_err();
        assert_eq!((error.code(), fields(&error)), (Code::BadQuery, vec!["code"]));
        Ok(())
    }

    async fn what_a_field_cannot_hold_is_refused(bed) {
        let kinds = kinds(&bed).await?;
        let db = &bed.db;
        let draft = || Pot::draft().code("new").kind(&kinds[0]);
        macro_rules! refused {
            ($draft:expr, $code:expr, $field:literal) => {{
                let error = $draft.create(db).await.unwrap_err();
                assert_eq!((error.code(), fields(&error), error.model()), ($code, vec![$field], Some("Pot")), "{error:?}");
                let drafts = [Pot::draft().code("other").kind(&kinds[0]).into_row(), $draft.into_row()];
                let error = Pot::objects().bulk_create(drafts, db).await.unwrap_err();
                assert_eq!((error.code(), fields(&error)), ($code, vec![$field]), "{error:?}");
                assert_eq!(Pot::objects().filter(|p| p.code.ne("taken")).count(db).await?, 0);
            }};
        }
        Pot::draft().code("taken").kind(&kinds[0]).create(db).await?;
        refused!(draft().code(lower("this is too long")), Code::TooLong, "code");
        refused!(draft().number(value(i32::MAX) + 1), Code::OutOfRange, "number");
        refused!(draft().few(value(1u16) - 2), Code::OutOfRange, "few");
        refused!(draft().price(value(dec("999999")) * 10), Code::OutOfRange, "price");
        refused!(draft().code(lower("TAKEN")), Code::UniqueViolation, "code");
        refused!(draft().kind(value(90_i64) + 9), Code::ForeignKeyViolation, "kind");
        Ok(())
    }

    async fn what_is_not_computed_is_said_before_any_statement(bed) {
        let kinds = kinds(&bed).await?;
        let db = &bed.db;
        let draft = || Pot::draft().code("new").kind(&kinds[0]);
        let windowed = orm::row_number().over(window::<NoRow>()).cast::<i32>();
        let refused = [
            draft().id(value(5_i64) + 1).create(db).await.err(),
            draft().number(windowed.clone()).create(db).await.err(),
            Pot::objects().bulk_create([draft().number(windowed)], db).await.err(),
        ];
        assert_eq!(refused.map(|error| error.map(|error| error.code())), [Some(Code::BadQuery); 3]);
        // What nobody gets to see.
        let refused = [
            Shown::draft().word(lower("BAD")).create(db).await.unwrap_err().code(),
            Shown::objects().bulk_insert([Shown::draft().word(lower("BAD"))], db).await.unwrap_err().code(),
            Seen::draft().word(lower("BAD")).create(db).await.unwrap_err().code(),
            Seen::objects().bulk_create([Seen::draft().word(lower("BAD"))], db).await.unwrap_err().code(),
            Seen::draft().word(lower("BAD")).get_or_create(|s| s.word, db).await.unwrap_err().code(),
        ];
        use Code::{Unhooked, Unvalidated};
        assert_eq!(refused, [Unvalidated, Unvalidated, Unhooked, Unhooked, Unhooked]);
        bed.log.assert_queries(0);
        assert_eq!(Shown::draft().word(lower("BAD")).skip_validation().create(db).await?.word, "bad");
        assert_eq!(Seen::draft().word(lower("BAD")).skip_hooks().create(db).await?.word, "bad");
        // SQL of one's own that lacks a part, and a key by `validated`.
        let lacks = Clay::draft().colour(orm::sql::<_, String>("lower({})")).create(db).await.unwrap_err();
        let key = draft().id(value(5_i64) + 1).validated(db).await.err().unwrap();
        assert_eq!((lacks.code(), key.validation()[0].code, fields(&key)), (Code::BadQuery, Code::BadQuery, vec!["id"]));
        let text = orm::sql::<_, String>("lower({})").bind("RED");
        assert_eq!(Clay::draft().colour(text).create(db).await?.colour, "red");
        Ok(())
    }

    async fn what_is_asked_before_leaves_out_what_is_computed(bed) {
        let kinds = kinds(&bed).await?;
        let db = &bed.db;
        Pot::draft().code("taken").kind(&kinds[0]).create(db).await?;
        // Whether it is free is known only when it is written.
        let draft = Pot::draft().code(lower("TAKEN")).kind(&kinds[0]).validated(db).await?;
        assert_eq!(draft.create(db).await.unwrap_err().code(), Code::UniqueViolation);
        let mistakes = Pot::draft().code(lower("NEW")).label("x".repeat(21)).kind(99).mistakes(db).await?;
        let told: Vec<_> = mistakes.iter().map(|mistake| mistake.field.as_deref()).collect();
        assert_eq!(told, [Some("label"), Some("kind")]);
        let pot = Pot::draft().code(lower("NEW")).kind(&kinds[0]).validated(db).await?.create(db).await?;
        assert_eq!(pot.code, "new");
        Ok(())
    }

    async fn of_rows_that_are_rows_of_another_model_too(bed) {
        kinds(&bed).await?;
        let db = &bed.db;
        let jug = |word: &'static str| Jug::draft().clay(Clay::draft().colour(lower(word))).shape(lower("ROUND"));
        let made = jug("RED").create(db).await?;
        assert_eq!((made.shape.as_str(), made.clay.get()?.colour.as_str()), ("round", "red"));
        let made = Jug::objects().bulk_create([jug("BLUE"), jug("Grün")], db).await?;
        assert_eq!(made.iter().map(|jug| jug.clay.get().unwrap().colour.as_str()).collect::<Vec<_>>(), ["blue", "grün"]);
        let tx: Transaction = db.begin().await?;
        let long = Jug::draft().clay(Clay::draft().colour("black")).shape(lower(&"x".repeat(21))).create(&tx).await.unwrap_err();
        assert_eq!((long.code(), Clay::objects().count(&tx).await?), (Code::TooLong, 3));
        tx.commit().await
    }

    async fn the_text_of_what_is_computed(bed) {
        let draft = || Kind::draft().name(value("ZYDECO").lower());
        let sql = [Dialect::Sqlite, Dialect::Postgres, Dialect::MariaDb, Dialect::MySql].map(|dialect| draft().create_sql(dialect));
        let sql = sql.into_iter().collect::<orm::Result<Vec<_>>>()?;
        assert_eq!(sql, [
            r#"INSERT INTO "kiln_kind" ("name") VALUES (orm_text(orm_lower(?), 20)) RETURNING "id", "name""#,
            r#"INSERT INTO "kiln_kind" ("name") VALUES (LOWER($1)) RETURNING "id", "name""#,
            "INSERT INTO `kiln_kind` (`name`) VALUES (LOWER(?)) RETURNING `id`, `name`",
            "INSERT INTO `kiln_kind` (`name`) VALUES (LOWER(?))",
        ]);
        let many = Kind::objects().bulk_create_sql([draft(), draft()], bed.db.dialect())?;
        assert_eq!(many.len(), 1);
        Ok(())
    }
}
