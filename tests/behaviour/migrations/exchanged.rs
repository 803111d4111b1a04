//! Models and fields that exchange their names, or take over those of others: every row keeps what it has.

use super::{moves::make, one, rows::query};
use crate::bed::{Bed, behaviour};
use orm::{
    Database, Result,
    migrate::{Migrator, engine::MigrationSet, engine::diff::Answers, engine_error},
};

mod before {
    use orm::prelude::*;

    orm::app! { pub exchanged { Left, Right, Both } }

    #[derive(Model, Debug, Clone)]
    pub struct Left {
        pub id: i64,
        #[field(max_length = 20, unique)]
        pub name: String,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Right {
        pub id: i64,
        #[field(index)]
        pub number: i32,
    }

    #[derive(Model, Debug, Clone)]
    #[model(index(a, b))]
    pub struct Both {
        pub id: i64,
        pub left: ForeignKey<Left>,
        pub right: ForeignKey<Right>,
        pub more: ManyToMany<Left>,
        #[field(max_length = 20)]
        pub a: String,
        #[field(max_length = 20)]
        pub b: String,
        pub x: i32,
        pub y: i32,
    }
}

mod after {
    use orm::prelude::*;

    orm::app! { pub exchanged { Left, Right, Both } }

    #[derive(Model, Debug, Clone)]
    pub struct Right {
        pub id: i64,
        #[field(max_length = 20, unique)]
        pub name: String,
    }

    #[derive(Model, Debug, Clone)]
    pub struct Left {
        pub id: i64,
        #[field(index)]
        pub number: i32,
    }

    /// `y` is what was `x`, and `z` what was `y`.
    #[derive(Model, Debug, Clone)]
    #[model(index(b, a))]
    pub struct Both {
        pub id: i64,
        pub left: ForeignKey<Right>,
        pub right: ForeignKey<Left>,
        pub more: ManyToMany<Right>,
        #[field(max_length = 20)]
        pub a: String,
        #[field(max_length = 20)]
        pub b: String,
        pub y: i32,
        pub z: i32,
    }
}

const ROWS: &str = "INSERT INTO exchanged_left (id, name) VALUES (1, 'one'), (2, 'two');
    INSERT INTO exchanged_right (id, number) VALUES (1, 10), (5, 50);
    INSERT INTO exchanged_both (id, left_id, right_id, a, b, x, y) VALUES (1, 2, 5, 'A', 'B', 7, 8)";

async fn rows(db: &Database, sql: &str) -> Result<Vec<String>> {
    let rows = query(db, sql).await?;
    Ok(rows.into_iter().map(|row| row.into_iter().flatten().collect::<Vec<_>>().join(" ")).collect())
}

fn answers(renames: &[&str]) -> Result<Answers> {
    let mut answers = Answers::new();
    for text in renames {
        answers.rename(text).map_err(engine_error)?;
    }
    Ok(answers)
}

behaviour! {
    async fn names_are_exchanged_and_rows_stay(bed) {
        let Bed { db, .. } = &*bed;
        let mut set = MigrationSet::default();
        make(&mut set, &[before::exchanged()], &mut Answers::new())?;
        Migrator::with_set(set.clone()).run(db).await?;
        db.batch(ROWS).await?;
        let many = "INSERT INTO exchanged_both_more (both_id, left_id) VALUES (1, 2)";
        db.batch(many).await?;

        // A name that is taken, by something of which nothing is said.
        let refused = make(&mut set.clone(), &[after::exchanged()], &mut answers(&["exchanged.Left=Right"])?).unwrap_err();
        assert!(refused.message().contains("M020") && refused.message().contains("exchanged.Right"), "{refused}");

        let all = ["exchanged.Left=Right", "exchanged.Right=Left", "exchanged.Both.a=b", "exchanged.Both.b=a", "exchanged.Both.x=y", "exchanged.Both.y=z"];
        make(&mut set, &[after::exchanged()], &mut answers(&all)?)?;
        // Nothing more is found.
        assert!(make(&mut set, &[after::exchanged()], &mut Answers::new())?.is_empty());
        for _ in 0..2 {
            Migrator::with_set(set.clone()).run(db).await?;
            assert_eq!(rows(db, "SELECT id, name FROM exchanged_right ORDER BY id").await?, ["1 one", "2 two"]);
            assert_eq!(rows(db, "SELECT id, number FROM exchanged_left ORDER BY id").await?, ["1 10", "5 50"]);
            assert_eq!(rows(db, "SELECT left_id, right_id, a, b, y, z FROM exchanged_both").await?, ["2 5 B A 7 8"]);
            assert_eq!(rows(db, "SELECT both_id, right_id FROM exchanged_both_more").await?, ["1 2"]);
            // The keys lead where the rows are.
            for wrong in ["left_id = 5", "right_id = 2"] {
                let orphan = db.batch(format!("UPDATE exchanged_both SET {wrong}")).await.unwrap_err();
                assert_eq!(orphan.code(), orm::Code::ForeignKeyViolation, "{wrong}: {orphan}");
            }
            Migrator::with_set(set.clone()).to("exchanged", Some("0001"))?.run(db).await?;
            assert_eq!(rows(db, "SELECT id, name FROM exchanged_left ORDER BY id").await?, ["1 one", "2 two"]);
            assert_eq!(rows(db, "SELECT left_id, right_id, a, b, x, y FROM exchanged_both").await?, ["2 5 A B 7 8"]);
            assert_eq!(one(db, "SELECT COUNT(*) FROM exchanged_both_more WHERE left_id = 2").await?, 1);
        }
        Migrator::with_set(set).to("exchanged", Some("zero"))?.run(db).await?;
        Ok(())
    }
}
