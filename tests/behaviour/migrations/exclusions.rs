//! Exclusions: pairs of rows that PostgreSQL keeps from each other, and what the others say to that.

use super::{
    commands::{Shell, folder},
    one,
};
use crate::bed::{Backend, Bed, behaviour};
use orm::{Code, postgres::Range, prelude::*};

macro_rules! versions {
    ($($module:ident [$($options:tt)*])+) => {$(
        mod $module {
            use orm::{postgres::Range, prelude::*};

            orm::app! { pub inn { Room, Stay } }

            #[derive(Model, Debug, Clone)]
            pub struct Room {
                pub id: i64,
            }

            #[derive(Model, Debug, Clone)]
            #[model($($options)*)]
            pub struct Stay {
                pub id: i64,
                pub room: ForeignKey<Room>,
                pub nights: Range<NaiveDate>,
                #[field(default = false)]
                pub cancelled: bool,
                #[field(max_length = 20)]
                pub guest: Option<String>,
            }
        }
    )+};
}

versions! {
    plain []
    first [exclude("room_once", |a, b| a.room.eq(b.room) & a.nights.overlap(b.nights), condition = |s| s.cancelled.eq(false))]
    renamed [exclude("one_guest", |a, b| a.room.eq(b.room) & a.nights.overlap(b.nights), condition = |s| s.cancelled.eq(false))]
    second [
        exclude("one_guest", |a, b| b.nights.overlap(a.nights) & a.room.eq(b.room), deferrable = deferred),
        exclude("not_side_by_side", |a, b| a.guest.lower().ne(b.guest.lower()) & a.nights.adjacent_to(b.nights) & a.room.eq(b.room)),
    ]
}

mod numbers {
    use orm::prelude::*;

    orm::app! { pub inn { Seat } }

    #[derive(Model, Debug, Clone)]
    #[model(exclude("one_class", |a, b| a.row.eq(b.row) & a.class.ne(b.class)))]
    pub struct Seat {
        pub id: i64,
        pub row: i32,
        pub class: i32,
    }
}

mod wrong {
    use orm::prelude::*;

    orm::app! { pub inn { Seat } }

    #[derive(Model, Debug, Clone)]
    #[model(exclude("lower", |a, b| a.row.lt(b.row)))]
    pub struct Seat {
        pub id: i64,
        pub row: i32,
    }
}

fn nights(from: u32, to: u32) -> Range<NaiveDate> {
    let day = |day| NaiveDate::from_ymd_opt(2026, 5, day).unwrap();
    (day(from)..day(to)).into()
}

#[test]
fn what_is_no_exclusion_is_told() {
    let error = orm::migrate::schema(&[wrong::inn()]).unwrap_err();
    assert_eq!(error.code(), Code::BadModel);
    assert!(error.message().contains("`inn.Seat: lower`") && error.hint().unwrap().contains("`overlap`"), "{error:?}");
}

behaviour! {
    async fn exclusions_are_migrated(bed) {
        let Bed { db, backend, .. } = &*bed;
        if bed.url.contains(":memory:") {
            return Ok(()); // every command connects anew
        }
        let mut shell = Shell { app: numbers::inn, folder: folder(&format!("exclusions_{backend:?}")), url: bed.url.clone() };
        if *backend != Backend::Postgres {
            shell.run("makemigrations")?;
            let refused = shell.refused("migrate").to_string();
            assert!(refused.contains("M044") && refused.contains("has no exclusions"), "{refused}");
            assert!(db.batch("SELECT 1 FROM inn_seat").await.is_err(), "something was begun");
            return Ok(());
        }
        shell.app = plain::inn;
        shell.run("makemigrations")?;
        shell.run("migrate")?;
        let room = plain::Room::draft().create(db).await?;
        for (from, to) in [(1, 5), (4, 8), (20, 22)] {
            plain::Stay::draft().room(room.id).nights(nights(from, to)).create(db).await?;
        }
        shell.app = first::inn;
        let made = shell.run("makemigrations --no-input")?;
        assert!(made.contains("ACCESS EXCLUSIVE") && made.contains("inn_stay_room_once"), "{made}");
        let refused = shell.refused("migrate").to_string();
        assert!(refused.contains("M086") && refused.contains("btree_gist"), "{refused}");
        db.batch("CREATE EXTENSION btree_gist").await?;
        let refused = shell.refused("migrate").to_string();
        assert!(refused.contains("M086") && refused.contains("`inn_stay_room_once` forbids") && refused.contains("(id: 1, 2)"), "{refused}");
        db.batch("UPDATE inn_stay SET cancelled = true WHERE id = 2").await?;
        shell.run("migrate")?;
        shell.run("check")?;
        shell.run("makemigrations --check")?;

        // A violation is one of its fields, and shows no value.
        let error = first::Stay::draft().room(room.id).nights(nights(3, 4)).create(db).await.unwrap_err();
        assert_eq!((error.code(), error.constraint()), (Code::ExclusionViolation, Some("inn_stay_room_once")));
        assert_eq!(error.fields(), ["room", "nights"]);
        assert!(!format!("{error} {error:?}").contains("2026-05"), "{error:?}");
        let mut stay = first::Stay::draft().room(room.id).nights(nights(8, 9)).create(db).await?.edit();
        stay.nights = nights(2, 3);
        assert_eq!(stay.save(db).await.unwrap_err().code(), Code::ExclusionViolation);
        let moved = first::Stay::objects().filter(|s| s.id.eq(3)).update(|s| s.nights.set(nights(1, 2)), db).await;
        assert_eq!(moved.unwrap_err().fields(), ["room", "nights"]);
        first::Stay::draft().room(room.id).nights(nights(3, 4)).cancelled(true).create(db).await?;

        shell.app = renamed::inn;
        shell.run("makemigrations --no-input")?;
        let sql = shell.run("sqlmigrate inn 0003")?;
        assert!(sql.contains(r#"RENAME CONSTRAINT "inn_stay_room_once" TO "inn_stay_one_guest""#), "{sql}");
        shell.run("migrate")?;
        shell.run("check")?;

        db.batch("DELETE FROM inn_stay WHERE cancelled").await?;
        shell.app = second::inn;
        shell.run("makemigrations --no-input")?;
        shell.run("migrate")?;
        shell.run("check")?;
        shell.run("makemigrations --check")?;
        // At the end of the transaction.
        let done = db
            .transaction(async |tx| {
                let first = second::Stay::draft().room(room.id).nights(nights(2, 4)).create(tx).await?;
                second::Stay::objects().filter(|s| s.id.eq(first.id)).delete(tx).await?;
                second::Stay::draft().room(room.id).nights(nights(1, 3)).create(tx).await?;
                Ok::<_, orm::Error>(())
            })
            .await;
        assert_eq!(done.unwrap_err().code(), Code::ExclusionViolation);
        assert!(second::Stay::objects().filter(|s| s.nights.eq(nights(1, 3))).first(db).await?.is_none());

        // Somebody's, read back as models.
        let written = shell.folder.join("written.rs");
        shell.run(&format!("inspectdb inn_room inn_stay --app inn --output {}", written.display()))?;
        let source = std::fs::read_to_string(written).unwrap();
        let kept = r#"exclude("one_guest", |a, b| a.nights.overlap(b.nights) & a.room.eq(b.room), deferrable = deferred)"#;
        assert!(source.contains(kept), "{source}");
        assert!(source.contains("the exclusion `inn_stay_not_side_by_side` is not kept"), "{source}");

        shell.run("migrate inn 0001")?;
        assert_eq!(one(db, "SELECT COUNT(*) FROM pg_constraint WHERE contype = 'x'").await?, 0);
        shell.run("migrate")?;
        shell.run("check")?;
        std::fs::remove_dir_all(&shell.folder).unwrap();
        Ok(())
    }
}
