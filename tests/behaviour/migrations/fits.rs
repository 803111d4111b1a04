//! Rows that a change of the tables would not hold: counted and named before anything is changed, on every database alike.

use super::one;
use crate::bed::{Backend, Bed, behaviour};
use orm::{
    Code, Database, Error, Result,
    migrate::{Migrator, engine::MigrationSet, engine_error},
};

/// The first migration: a table of one column beside its key.
fn table(ty: &str) -> String {
    format!(
        "[[operations]]\nop = \"create_model\"\nmodel = \"lab.Probe\"\ntable = \"lab_probe\"\nprimary_key = [\"id\"]\n\
         fields = [{{ name = \"id\", type = \"bigint\", auto = true }}, {{ name = \"value\", {ty}, null = true }}]\n"
    )
}

fn set(first: &str, second: &str) -> Result<MigrationSet> {
    let second = format!("depends_on = [\"lab.0001_first\"]\n{second}");
    MigrationSet::from_embedded(&[("lab/0001_first.toml", first), ("lab/0002_second.toml", second.as_str())])
        .map_err(engine_error)
}

fn alter(field: &str) -> String {
    format!("[[operations]]\nop = \"alter_field\"\nmodel = \"lab.Probe\"\nfield = {{ name = \"value\", {field} }}\n")
}

async fn back_to(db: &Database, set: &MigrationSet, name: &str) -> Result<()> {
    Migrator::with_set(set.clone()).to("lab", Some(name))?.run(db).await.map(drop)
}

/// Running is refused, and nothing has happened.
async fn refused(db: &Database, set: &MigrationSet) -> Result<Error> {
    let error = Migrator::with_set(set.clone()).run(db).await.expect_err("rows are in the way");
    assert_eq!(error.code(), Code::Migration, "{error:?}");
    assert!(error.message().starts_with("M086: lab.0002_second: "), "{error:?}");
    let history = Migrator::with_set(set.clone()).history(db).await?;
    assert_eq!((history.len(), history[0].progress.is_some()), (1, false), "{error:?}");
    Ok(error)
}

/// A type and another, values that fit both, and values that fit only the first; `'..'` is text in SQL.
type Case = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const CASES: &[Case] = &[
    ("char(20)", "char(5)", &["'short'", "'äöüßé'", "''"], &["'longer'", "'äöüßéñ'"]),
    ("text", "char(5)", &["'short'"], &["'a whole sentence'"]),
    ("bigint", "integer", &["2147483647", "-2147483648"], &["2147483648", "-2147483649"]),
    ("integer", "smallint", &["32767"], &["32768", "-40000"]),
    ("integer", "positive integer", &["0", "7"], &["-1"]),
    ("bigint", "positive smallint", &["0", "32767"], &["-1", "32768"]),
    ("integer", "decimal(4, 2)", &["99", "-99"], &["100", "-2000000000"]),
    ("decimal(8, 2)", "decimal(4, 2)", &["99.99", "-5"], &["100.00", "-123456.78"]),
    ("decimal(8, 4)", "decimal(8, 2)", &["1.25", "3"], &["1.255", "-0.0001"]),
    ("decimal(8, 2)", "integer", &["12", "-3.00"], &["12.50", "-0.01"]),
    ("double", "integer", &["12", "-3"], &["12.5", "3000000000"]),
    ("double", "decimal(6, 2)", &["12.25", "-3"], &["12.255", "10000"]),
    ("double", "real", &["1.5"], &["1e300"]),
    ("integer", "char(3)", &["999", "-99"], &["1000", "-100"]),
    ("text", "integer", &["'12'", "'-7'"], &["'twelve'", "''", "'1.5'", "'3000000000'", "'12 pieces'"]),
    ("char(20)", "bigint", &["'9000000000000000000'"], &["'x'", "'9300000000000000000'"]),
    ("text", "positive integer", &["'12'"], &["'-7'", "'many'"]),
    ("text", "decimal(6, 2)", &["'12.50'", "'-3'"], &["'12.555'", "'10000'", "'dear'"]),
    ("text", "double", &["'12.5'", "'1e3'"], &["'much'", "'1.5.2'"]),
    ("text", "bool", &["'1'", "'0'"], &["'perhaps'", "'2'"]),
    ("char(20)", "date", &["'2024-02-29'"], &["'2023-02-29'", "'yesterday'", "'2024-13-01'"]),
    ("text", "time", &["'12:30:00'"], &["'25:00:00'", "'noon'"]),
    (
        "text",
        "timestamp",
        &["'2024-02-29 12:30:00'", "'2024-02-29 12:30:00.5'"],
        &["'2024-02-30 12:30:00'", "'now then'"],
    ),
    (
        "text",
        "uuid",
        &["'6ba7b810-9dad-11d1-80b4-00c04fd430c8'"],
        &["'6ba7'", "'zba7b810-9dad-11d1-80b4-00c04fd430c8'"],
    ),
    ("text", "json", &["'{\"a\": 1}'", "'[]'"], &["'{a}'", "''"]),
    ("timestamp", "date", &["'2024-02-29 00:00:00'"], &["'2024-02-29 12:30:00'", "'2024-02-29 00:00:00.5'"]),
];

behaviour! {
    async fn values_that_a_narrower_column_would_not_hold_are_counted_and_named(bed) {
        let Bed { db, .. } = &*bed;
        for (from, to, fitting, misfits) in CASES {
            let what = format!("{from} to {to} on {:?}", bed.backend);
            let set = set(&table(&format!("type = \"{from}\"")), &alter(&format!("type = \"{to}\", null = true")))?;
            back_to(db, &set, "0001").await?;
            let values: Vec<String> = ["NULL"].iter().chain(*fitting).chain(*misfits).enumerate()
                .map(|(at, value)| format!("({}, {value})", at + 1)).collect();
            db.batch(format!("INSERT INTO lab_probe (id, value) VALUES {}", values.join(", "))).await?;
            let error = refused(db, &set).await?;
            let first = fitting.len() + 2;
            let keys: Vec<String> = (first..first + misfits.len()).map(|key| key.to_string()).collect();
            let rows = if misfits.len() == 1 { "row" } else { "rows" };
            let counted = format!("`lab_probe` has {} {rows} ", misfits.len());
            assert!(error.message().contains(&counted), "{what}: {error:?}");
            let said = error.message().lines().next().unwrap_or_default();
            assert!(said.ends_with(&format!("(id: {})", keys.join(", "))), "{what}: {error:?}");
            assert!(error.hint().is_some_and(|hint| hint.contains("migrate again")), "{what}: {error:?}");
            assert_eq!(one(db, "SELECT COUNT(*) FROM lab_probe").await?, values.len() as i64, "{what}");
            // Without them the change is made, and the others are all still there.
            db.batch(format!("DELETE FROM lab_probe WHERE id >= {first}")).await?;
            Migrator::with_set(set.clone()).run(db).await.map_err(|error| panic!("{what}: {error:?}")).ok();
            assert_eq!(one(db, "SELECT COUNT(*) FROM lab_probe").await?, fitting.len() as i64 + 1, "{what}");
            assert_eq!(one(db, "SELECT COUNT(*) FROM lab_probe WHERE value IS NULL").await?, 1, "{what}");
            db.batch("DELETE FROM lab_probe").await?;
            back_to(db, &set, "zero").await?;
        }
        Ok(())
    }

    async fn only_the_first_rows_are_named(bed) {
        let Bed { db, .. } = &*bed;
        let set = set(&table("type = \"char(20)\""), &alter("type = \"char(5)\", null = true"))?;
        back_to(db, &set, "0001").await?;
        for id in 1..=40 {
            db.batch(format!("INSERT INTO lab_probe (id, value) VALUES ({id}, 'not so short')")).await?;
        }
        let error = refused(db, &set).await?;
        assert!(error.message().ends_with("has 40 rows with more than 5 characters in `value` (id: 1, 2, 3, 4, 5, ..)"), "{error:?}");
        Ok(())
    }

    async fn constraints_count_the_rows_that_break_them(bed) {
        let Bed { db, backend, .. } = &*bed;
        let first = "[[operations]]\nop = \"create_model\"\nmodel = \"lab.Kind\"\ntable = \"lab_kind\"\nprimary_key = [\"code\"]\n\
            fields = [{ name = \"code\", type = \"char(3)\" }]\n\
            [[operations]]\nop = \"create_model\"\nmodel = \"lab.Probe\"\ntable = \"lab_probe\"\nprimary_key = [\"id\"]\n\
            fields = [{ name = \"id\", type = \"bigint\", auto = true }, { name = \"code\", type = \"char(3)\", null = true }, { name = \"rank\", type = \"integer\", null = true }, { name = \"kind\", to = \"lab.Kind\", on_delete = \"restrict\", null = true, index = true }]\n";
        let model = "model = \"lab.Probe\"";
        let cases: &[(&str, String, &str)] = &[
            ("null", format!("op = \"alter_field\"\n{model}\nfield = {{ name = \"rank\", type = \"integer\" }}"), "2 rows with NULL in `rank`, which is to be without (id: 3, 4)"),
            ("fill that is NULL too", format!("op = \"alter_field\"\n{model}\nfield = {{ name = \"code\", type = \"char(3)\" }}\nfill = \"nullif(code, 'a')\""), "1 row with NULL in `code`, which is to be without (id: 4)"),
            ("unique", format!("op = \"alter_field\"\n{model}\nfield = {{ name = \"rank\", type = \"integer\", null = true, unique = true }}"), "2 rows with equal values in rank, which is to be unique (id: 1, 2)"),
            ("unique together", format!("op = \"add_constraint\"\n{model}\nconstraint = {{ kind = \"unique\", name = \"lab_probe_u\", on = [\"code\", \"rank\"] }}"), "2 rows with equal values in code, rank, which is to be unique (id: 1, 2)"),
            ("check", format!("op = \"add_constraint\"\n{model}\nconstraint = {{ kind = \"check\", name = \"lab_probe_c\", check = \"code = 'a'\" }}"), "1 row that would break the check `lab_probe_c`"),
            ("reference", format!("op = \"alter_field\"\n{model}\nfield = {{ name = \"code\", column = \"code\", to = \"lab.Kind\", on_delete = \"restrict\", null = true, index = true }}"), "1 row whose code refers to no row of `lab_kind` (id: 3)"),
            ("text as a reference to a number", format!("op = \"alter_field\"\n{model}\nfield = {{ name = \"code\", column = \"code\", to = \"lab.Probe\", on_delete = \"restrict\", null = true, index = true }}"), "3 rows whose `code`, now char(3), does not fit bigint (id: 1, 2, 3)"),
            ("new field", format!("op = \"add_field\"\n{model}\nfield = {{ name = \"extra\", type = \"integer\" }}"), "4 rows without a value for the new column `extra` (id: 1, 2, 3, 4)"),
            ("filled with NULL", format!("op = \"add_field\"\n{model}\nfield = {{ name = \"extra\", type = \"integer\" }}\nfill = \"rank\""), "2 rows without a value for the new column `extra` (id: 3, 4)"),
            ("new unique field", format!("op = \"add_field\"\n{model}\nfield = {{ name = \"extra\", type = \"integer\", unique = true }}\nfill = \"1\""), "4 rows which cannot all have the same value in the unique column `extra` (id: 1, 2, 3, 4)"),
            ("new reference", format!("op = \"add_field\"\n{model}\nfield = {{ name = \"other\", to = \"lab.Kind\", on_delete = \"restrict\", index = true }}\nfill = \"'zzz'\""), "4 rows that would refer to 'zzz', but `lab_kind` has no such row (id: 1, 2, 3, 4)"),
            ("default of a reference", format!("op = \"add_field\"\n{model}\nfield = {{ name = \"other\", to = \"lab.Kind\", on_delete = \"restrict\", index = true, default = \"'zzz'\" }}"), "4 rows that would refer to 'zzz'"),
            ("db_default of a reference", format!("op = \"add_field\"\n{model}\nfield = {{ name = \"other\", to = \"lab.Kind\", on_delete = \"restrict\", index = true, db_default = \"'zzz'\" }}"), "4 rows that would refer to 'zzz'"),
            ("filled reference", format!("op = \"alter_field\"\n{model}\nfield = {{ name = \"kind\", to = \"lab.Kind\", on_delete = \"restrict\", index = true }}\nfill = \"'zzz'\""), "4 rows that would refer to 'zzz', but `lab_kind` has no such row"),
        ];
        for (name, operation, expected) in cases {
            let set = set(first, &format!("[[operations]]\n{operation}\n"))?;
            back_to(db, &set, "0001").await?;
            db.batch("INSERT INTO lab_kind (code) VALUES ('a'), ('b')").await?;
            db.batch("INSERT INTO lab_probe (id, code, rank) VALUES (1, 'a', 7), (2, 'a', 7), (3, 'x', NULL), (4, NULL, NULL)").await?;
            let error = refused(db, &set).await?;
            assert!(error.message().contains(&format!("`lab_probe` has {expected}")), "{name} on {backend:?}: {error:?}");
            assert_eq!(one(db, "SELECT COUNT(*) FROM lab_probe").await?, 4, "{name}");
            db.batch("DELETE FROM lab_probe; DELETE FROM lab_kind").await?;
            Migrator::with_set(set.clone()).run(db).await.map_err(|error| panic!("{name}: {error:?}")).ok();
            back_to(db, &set, "zero").await?;
        }
        Ok(())
    }

    async fn a_new_primary_key_counts_equal_rows(bed) {
        let Bed { db, .. } = &*bed;
        let first = "[[operations]]\nop = \"create_model\"\nmodel = \"lab.Place\"\ntable = \"lab_place\"\nprimary_key = [\"shelf\", \"spot\"]\n\
            fields = [{ name = \"shelf\", type = \"char(3)\" }, { name = \"spot\", type = \"integer\" }]\n";
        let set = set(first, "[[operations]]\nop = \"alter_primary_key\"\nmodel = \"lab.Place\"\nprimary_key = [\"spot\"]\n")?;
        back_to(db, &set, "0001").await?;
        db.batch("INSERT INTO lab_place (shelf, spot) VALUES ('a', 1), ('a', 2), ('b', 2)").await?;
        let error = refused(db, &set).await?;
        let wanted = "`lab_place` has 2 rows with equal values in spot, which is to be unique (shelf, spot: (a, 2), (b, 2))";
        assert!(error.message().ends_with(wanted), "{error:?}");
        db.batch("DELETE FROM lab_place WHERE shelf = 'b'").await?;
        Migrator::with_set(set).run(db).await?;
        assert_eq!(one(db, "SELECT COUNT(*) FROM lab_place").await?, 2);
        Ok(())
    }

    // A table that the same migration makes has no rows to refer to: known before it is made.
    async fn a_reference_to_a_table_that_is_made_has_no_row_to_lead_to(bed) {
        let Bed { db, .. } = &*bed;
        let set = set(
            &table("type = \"integer\""),
            "[[operations]]\nop = \"create_model\"\nmodel = \"lab.Kind\"\ntable = \"lab_kind\"\nprimary_key = [\"id\"]\nfields = [{ name = \"id\", type = \"bigint\", auto = true }]\n\
             [[operations]]\nop = \"add_field\"\nmodel = \"lab.Probe\"\nfield = { name = \"kind\", to = \"lab.Kind\", on_delete = \"restrict\", index = true }\nfill = \"1\"\n",
        )?;
        back_to(db, &set, "0001").await?;
        db.batch("INSERT INTO lab_probe (id) VALUES (1), (2)").await?;
        let error = refused(db, &set).await?;
        assert!(error.message().contains("has 2 rows that would refer to 1, but `lab_kind` has no such row (id: 1, 2)"), "{error:?}");
        db.batch("DELETE FROM lab_probe").await?;
        Migrator::with_set(set).run(db).await?;
        Ok(())
    }

    // Rows are looked at after SQL that mends them, and before the operation that would not hold the others.
    async fn rows_are_looked_at_after_what_mends_them(bed) {
        let Bed { db, backend, .. } = &*bed;
        let mend = |rest: &str| {
            format!(
                "[[operations]]\nop = \"run_sql\"\nsql = {{ all = [\"UPDATE lab_probe SET value = 'mended' WHERE id {rest}\"] }}\nreverse = {{ all = [] }}\n{}",
                alter("type = \"char(6)\", null = true")
            )
        };
        let first = table("type = \"char(20)\"");
        let set = |rest: &str| set(&first, &mend(rest));
        back_to(db, &set("> 0")?, "0001").await?;
        db.batch("INSERT INTO lab_probe (id, value) VALUES (1, 'much too long'), (2, 'too long as well')").await?;
        let error = Migrator::with_set(set("> 1")?).run(db).await.unwrap_err();
        assert!(error.message().contains("`lab_probe` has 1 row with more than 6 characters in `value` (id: 1)"), "{error:?}");
        let mended = one(db, "SELECT COUNT(*) FROM lab_probe WHERE value = 'mended'").await?;
        if *backend == Backend::MariaDb {
            // Each statement is committed there; it goes on when the row is mended.
            assert!(mended == 1 && error.hint().unwrap().contains("1 of 2 statements are done"), "{error:?}");
            // It is looked at again each time.
            let again = Migrator::with_set(set("> 1")?).run(db).await.unwrap_err();
            assert_eq!(again.message(), error.message());
            db.batch("UPDATE lab_probe SET value = 'mended'").await?;
            Migrator::with_set(set("> 1")?).run(db).await?;
            return Ok(());
        }
        assert_eq!(mended, 0);
        Migrator::with_set(set("> 0")?).run(db).await?;
        assert_eq!(one(db, "SELECT COUNT(*) FROM lab_probe WHERE value = 'mended'").await?, 2);
        Ok(())
    }
}
