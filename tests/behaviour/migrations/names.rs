//! Fields that exchange their names, or take the name of one that goes: the values stay with whom they belong.

use super::{
    commands::{Shell, folder},
    make, one,
};
use crate::bed::{Bed, behaviour};
use orm::migrate::{Migrator, engine::MigrationSet};

mod before {
    use orm::prelude::*;

    orm::app! { pub swap { Pair } }

    #[derive(Model, Debug, Clone)]
    pub struct Pair {
        pub id: i64,
        #[field(unique)]
        pub a: i32,
        pub b: i32,
    }
}

mod exchanged {
    use orm::prelude::*;

    orm::app! { pub swap { Pair } }

    #[derive(Model, Debug, Clone)]
    pub struct Pair {
        pub id: i64,
        #[field(renamed_from = "b")]
        pub a: i32,
        #[field(unique, renamed_from = "a")]
        pub b: i32,
    }
}

mod replaced {
    use orm::prelude::*;

    orm::app! { pub swap { Pair } }

    #[derive(Model, Debug, Clone)]
    pub struct Pair {
        pub id: i64,
        #[field(unique, renamed_from = "a")]
        pub b: i32,
    }
}

behaviour! {
    async fn fields_exchange_their_names_and_keep_their_values(bed) {
        let Bed { db, backend, .. } = &*bed;
        let mut set = MigrationSet::default();
        make(&mut set, before::swap(), &[])?;
        Migrator::with_set(set.clone()).run(db).await?;
        db.batch("INSERT INTO swap_pair (id, a, b) VALUES (1, 10, 20), (2, 11, 20)").await?;
        assert_eq!(make(&mut set, exchanged::swap(), &[])?, 1);
        assert_eq!(make(&mut set, exchanged::swap(), &[])?, 0);
        Migrator::with_set(set.clone()).run(db).await?;
        assert_eq!(one(db, "SELECT COUNT(*) FROM swap_pair WHERE a = 20 AND b = id + 9").await?, 2);
        Migrator::with_set(set).to("swap", Some("0001"))?.run(db).await?;
        assert_eq!(one(db, "SELECT COUNT(*) FROM swap_pair WHERE b = 20 AND a = id + 9").await?, 2);
        // What the models say stays as long as anybody wants, and no command makes another change of it.
        let mut shell = Shell { app: before::swap, folder: folder(&format!("swap_{backend:?}")), url: bed.url.clone() };
        shell.run("makemigrations")?;
        shell.app = exchanged::swap;
        assert!(shell.refused("check --no-database").message().starts_with("3 differences "));
        for line in ["makemigrations", "makemigrations --check", "check --no-database"] {
            shell.run(line)?;
        }
        std::fs::remove_dir_all(&shell.folder).unwrap();
        Ok(())
    }

    async fn a_field_takes_the_name_of_one_that_goes(bed) {
        let Bed { db, .. } = &*bed;
        let mut set = MigrationSet::default();
        make(&mut set, before::swap(), &[])?;
        Migrator::with_set(set.clone()).run(db).await?;
        db.batch("INSERT INTO swap_pair (id, a, b) VALUES (1, 10, 20), (2, 11, 20)").await?;
        let asked = make(&mut set, replaced::swap(), &[]).unwrap_err();
        assert!(asked.message().contains("--remove swap.Pair.b "), "{asked}");
        assert_eq!(make(&mut set, replaced::swap(), &[("--remove", "swap.Pair.b")])?, 1);
        assert_eq!(make(&mut set, replaced::swap(), &[])?, 0);
        Migrator::with_set(set.clone()).run(db).await?;
        assert_eq!(one(db, "SELECT COUNT(*) FROM swap_pair WHERE b = id + 9").await?, 2);
        Migrator::with_set(set).to("swap", Some("0001"))?.restored("swap.Pair.b=7")?.run(db).await?;
        assert_eq!(one(db, "SELECT COUNT(*) FROM swap_pair WHERE b = 7 AND a = id + 9").await?, 2);
        Ok(())
    }
}
