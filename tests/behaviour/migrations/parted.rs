//! A part of a key of several columns gets another type, while rows refer to it by all of them.

use super::{one, rows::query};
use crate::bed::behaviour;
use orm::{
    Code, Database, Result,
    migrate::{
        Migrator,
        engine::{
            self, MigrationSet,
            diff::Refuse,
            introspect::{as_stored, differences},
            schema::{ColumnType, Constraint, Field, Model, OnDelete, Schema},
        },
        engine_error, introspect,
    },
};

/// Shelves by hall and number, and jars on them, in another application.
fn state(number: &ColumnType) -> Schema {
    let mut shelf = Model::new("halls", "Shelf")
        .with(Field::new("hall", ColumnType::Char { max_length: 8 }))
        .with(Field::new("number", number.clone()));
    shelf.primary_key = vec!["hall".into(), "number".into()];
    let of = |fields: [&str; 2]| fields.map(str::to_owned).to_vec();
    let jar = Model::new("jars", "Jar")
        .with(Field::auto_id())
        .with(Field::new("shelf_hall", ColumnType::Char { max_length: 8 }))
        .with(Field::new("shelf_number", number.clone()))
        .with_constraint(Constraint::ForeignKey {
            name: "jars_jar_shelf".into(),
            fields: of(["shelf_hall", "shelf_number"]),
            to: shelf.key.clone(),
            to_fields: of(["hall", "number"]),
            on_delete: OnDelete::Cascade,
        });
    let mut schema = Schema::default();
    schema.insert(shelf);
    schema.insert(jar);
    schema
}

const ROWS: &str = "INSERT INTO halls_shelf (hall, number) VALUES ('a', 1), ('a', 2), ('b', 1);
    INSERT INTO jars_jar (shelf_hall, shelf_number) VALUES ('a', 1), ('a', 2), ('a', 2), ('b', 1)";

async fn stands(db: &Database, schema: &Schema) -> Result<()> {
    let wanted = as_stored(db.dialect().into(), schema).map_err(engine_error)?;
    assert_eq!(differences(&wanted, &introspect(db).await?), []);
    let places = "SELECT CONCAT(j.id, ' ', s.hall, ' ', s.number) FROM jars_jar AS j JOIN halls_shelf AS s ON s.hall = j.shelf_hall AND s.number = j.shelf_number ORDER BY j.id";
    let rows = query(db, places).await?;
    let rows: Vec<String> = rows.iter().map(|row| row[0].clone().unwrap_or_default()).collect();
    assert_eq!(rows, ["1 a 1", "2 a 2", "3 a 2", "4 b 1"]);
    assert_eq!(one(db, "SELECT COUNT(*) FROM halls_shelf").await?, 3);
    let lost = db.batch("INSERT INTO jars_jar (shelf_hall, shelf_number) VALUES ('c', 1)").await.unwrap_err();
    assert_eq!(lost.code(), Code::ForeignKeyViolation, "{lost}");
    Ok(())
}

behaviour! {
    async fn a_part_of_a_key_changes_its_type_with_what_refers_to_it(bed) {
        let db = &bed.db;
        let (narrow, wide) = (state(&ColumnType::Integer), state(&ColumnType::BigInt));
        let mut set = MigrationSet::default();
        let mut filled = false;
        for schema in [&narrow, &wide] {
            for migration in engine::autodetect(&set, schema, &mut Refuse).map_err(engine_error)? {
                set.add(migration).map_err(engine_error)?;
            }
            Migrator::with_set(set.clone()).run(db).await?;
            if !std::mem::replace(&mut filled, true) {
                db.batch(ROWS).await?;
            }
            stands(db, schema).await?;
        }
        // A number that only the wide one holds keeps the way back closed, and changes nothing.
        db.batch("INSERT INTO halls_shelf (hall, number) VALUES ('z', 5000000000)").await?;
        let back = async |app: &str| Migrator::with_set(set.clone()).to(app, Some("0001"))?.run(db).await;
        let refused = back("halls").await.unwrap_err();
        assert!(format!("{refused:?}").contains("M086"), "{refused:?}");
        db.batch("DELETE FROM halls_shelf WHERE hall = 'z'").await?;
        stands(db, &wide).await?;
        back("halls").await?;
        back("jars").await?;
        stands(db, &narrow).await?;
        db.batch("DELETE FROM halls_shelf WHERE hall = 'a'").await?;
        assert_eq!(one(db, "SELECT COUNT(*) FROM jars_jar").await?, 1);
        Ok(())
    }
}
