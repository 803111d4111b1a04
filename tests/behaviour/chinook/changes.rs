//! Rows that are made, saved, tied to others and deleted, and what transactions make of errors.

use super::{Pack, models::*};
use crate::bed::{Backend, Bed};
use orm::{
    Code, Error, ErrorKind, Transaction,
    dynamic::{Catalog, Query},
    prelude::*,
};
use serde_json::{Value as Json, json};
use std::sync::{Arc, Mutex};

pub async fn ask(bed: &Bed, pack: &mut Pack) -> orm::Result<()> {
    if bed.backend == Backend::Postgres {
        // The rows of the pack came with their keys: new ones go on after them.
        for model in ["Artist", "Album", "Genre", "Track", "Customer"] {
            let next = format!(
                r#"setval(pg_get_serial_sequence('"{model}"', '{model}Id'), (SELECT MAX("{model}Id") FROM "{model}"))"#
            );
            bed.db.batch(format!("SELECT {next}")).await?;
        }
    }
    // Each in a transaction of its own that is rolled back; the first takes the first new key.
    made(bed, pack).await?;
    many(bed, pack).await?;
    by_unique_keys(bed, pack).await?;
    tied(bed, pack).await?;
    deleted(bed, pack).await?;
    transactions(bed, pack).await?;
    refused(bed, pack).await
}

/// What Django calls an error.
fn called<T>(done: orm::Result<T>) -> Json {
    let Err(error) = done else { return Json::Null };
    json!(match (error.kind(), error.code()) {
        (_, Code::OutsideTransaction) => "RuntimeError",
        (_, Code::TransactionOver) => "TransactionManagementError",
        (_, Code::TooLong) => "DataError",
        (ErrorKind::Constraint, _) => "IntegrityError",
        (ErrorKind::NotFound, _) => "DatabaseError",
        (_, Code::InvalidValue) => "ValueError",
        (_, Code::UnknownName | Code::BadQuery) => "FieldError",
        _ => panic!("{error:?}"),
    })
}

async fn name(key: i64, tx: &Transaction) -> orm::Result<Option<String>> {
    Ok(Genre::get(key, tx).await?.name)
}

async fn made(bed: &Bed, pack: &mut Pack) -> orm::Result<()> {
    let tx = bed.db.begin().await?;
    let zydeco = Genre::draft().name("Zydeco").create(&tx).await?;
    pack.check("X01", json!([zydeco.genre_id, Genre::objects().count(&tx).await?, name(zydeco.genre_id, &tx).await?]));
    tx.rollback().await?;
    let mut tx = bed.db.begin().await?;
    // A row that is there is edited; one that may not be there is upserted.
    let mut rock = Genre::get(1, &tx).await?.edit();
    bed.log.clear();
    rock.name = Some("Rock!".to_owned());
    rock.save(&tx).await?;
    // MariaDB does not give back what an UPDATE has made of a row: it is read.
    let (saved, reads) = (bed.log.count(), usize::from(bed.backend == Backend::MariaDb));
    bed.log.clear();
    Genre::draft().genre_id(777).name("New").upsert(|g| g.genre_id, &tx).await?;
    let upserted = bed.log.count();
    assert!(upserted <= 2, "{:?}", bed.log.statements());
    let again = tx.transaction(async |tx| Genre::draft().genre_id(777).name("Dup").create(tx).await).await;
    let mut gone = Genre::draft().genre_id(778).name("X").create(&tx).await?.edit();
    Genre::objects().filter(|g| g.genre_id.eq(778)).delete(&tx).await?;
    gone.name = Some("Y".to_owned());
    let missing = gone.save(&tx).await;
    pack.check(
        "X02",
        json!([saved - reads, 2, name(1, &tx).await?, name(777, &tx).await?, called(again), called(missing)]),
    );
    tx.rollback().await
}

async fn many(bed: &Bed, pack: &mut Pack) -> orm::Result<()> {
    let tx = bed.db.begin().await?;
    bed.log.clear();
    Artist::objects().bulk_create((0..300).map(|number| Artist::draft().name(format!("B{number}"))), &tx).await?;
    let inserts = bed.log.count();
    assert!(inserts <= 3, "{inserts} statements");
    let found = Artist::objects().filter(|a| a.name.starts_with("B") & a.artist_id.gt(275)).count(&tx).await?;
    let last = Artist::objects().order_by(|a| a.artist_id.desc()).limit(1).values(|a| a.name).get(&tx).await?;
    pack.check("X04", json!([3, found, last]));
    tx.rollback().await?;
    let tx = bed.db.begin().await?;
    let rows = [(1, "Rock2"), (501, "ins")].map(|(key, name)| Genre::draft().genre_id(key).name(name));
    Genre::objects().bulk_upsert(rows, |g| g.genre_id, &tx).await?;
    pack.check("X06", json!([name(1, &tx).await?, name(501, &tx).await?, Genre::objects().count(&tx).await?]));
    tx.rollback().await?;
    let tx = bed.db.begin().await?;
    let mut genres = Genre::objects().order_by(|g| g.genre_id.asc()).all(&tx).await?;
    for genre in &mut genres {
        genre.name = genre.name.take().map(|name| name.to_uppercase());
    }
    bed.log.clear();
    let changed = Genre::objects().bulk_update(&genres, |g| g.name, &tx).await?;
    let updates = bed.log.count();
    let names = Genre::objects().order_by(|g| g.genre_id.asc()).limit(4).values(|g| g.name).all(&tx).await?;
    pack.check("X07", json!([changed, updates, names]));
    tx.rollback().await
}

async fn by_unique_keys(bed: &Bed, pack: &mut Pack) -> orm::Result<()> {
    let tx = bed.db.begin().await?;
    let (rock, new) = Genre::draft().genre_id(1).name("ROCK").update_or_create(|g| g.genre_id, &tx).await?;
    // A name is no unique key here: what Django guesses is written down.
    let found = Genre::objects().filter(|g| g.name.eq("Nope")).first(&tx).await?;
    let (other, made) = match found {
        Some(genre) => (genre, false),
        None => (Genre::draft().name("Created").create(&tx).await?, true),
    };
    let count = Genre::objects().count(&tx).await?;
    pack.check("X22", json!([rock.genre_id, rock.name, new, other.name, made, name(1, &tx).await?, count]));
    tx.rollback().await
}

async fn tied(bed: &Bed, pack: &mut Pack) -> orm::Result<()> {
    let tx = bed.db.begin().await?;
    let employee = Employee::get(6, &tx).await?;
    let theirs = || employee.many(|e| e.customers);
    let count = async || theirs().rows()?.count(&tx).await;
    let mut seen = vec![json!(count().await?)];
    theirs().add([1, 2, 3], &tx).await?;
    seen.push(json!(count().await?));
    theirs().remove([2], &tx).await?;
    seen.push(json!(count().await?));
    theirs().set([3, 4], &tx).await?;
    let keys = theirs().rows()?.order_by(|c| c.customer_id.asc()).values(|c| c.customer_id);
    seen.push(json!(keys.all(&tx).await?));
    theirs().clear(&tx).await?;
    let alone = Customer::objects().filter(|c| c.support_rep.is_null()).count(&tx).await?;
    seen.push(json!([count().await?, alone]));
    let draft = Customer::draft().first_name("a").last_name("b").email("x@y.z").support_rep(&employee);
    seen.push(json!(draft.create(&tx).await?.support_rep.map(|employee| *employee.key())));
    pack.check("X24", json!(seen));
    tx.rollback().await
}

async fn deleted(bed: &Bed, pack: &mut Pack) -> orm::Result<()> {
    let tx = bed.db.begin().await?;
    let artist = Artist::draft().artist_id(900).name("tmp").create(&tx).await?;
    let album = Album::draft().title("t").artist(&artist).create(&tx).await?;
    for number in 0..3 {
        let track = Track::draft().name(format!("t{number}")).album(&album).media_type(1).milliseconds(1);
        let track = track.unit_price(Decimal::new(99, 2)).create(&tx).await?;
        PlaylistTrack::draft().playlist(1).track(&track).create(&tx).await?;
    }
    let (all, per_model) = super::writes::counted(Artist::objects().filter(|a| a.artist_id.eq(900)), &tx).await?;
    let left = [
        Artist::objects().count(&tx).await?,
        Track::objects().count(&tx).await?,
        PlaylistTrack::objects().count(&tx).await?,
    ];
    // Rows that point to others go first: whether constraints are deferred makes no difference.
    pack.check("X14", json!([all, per_model, left[0], left[1], left[2]]));
    pack.check("X14b", json!([all, per_model, left[0], left[1], left[2]]));
    tx.rollback().await?;
    let tx = bed.db.begin().await?;
    let verbs = || -> Vec<String> {
        let statements = bed.log.statements();
        statements.iter().filter(|one| !one.control).map(|one| one.sql.chars().take(6).collect()).collect()
    };
    bed.log.clear();
    InvoiceLine::objects().filter(|l| l.invoice.customer.eq(1)).delete(&tx).await?;
    let lines = verbs();
    bed.log.clear();
    Invoice::objects().filter(|i| i.customer.eq(1)).delete(&tx).await?;
    pack.check("X20", json!([lines, verbs()]));
    tx.rollback().await
}

async fn transactions(bed: &Bed, pack: &mut Pack) -> orm::Result<()> {
    let db = &bed.db;
    let on_purpose = || Error::new(Code::NotFound, "on purpose");
    let failed: orm::Result<()> = db
        .transaction(async |tx| {
            Genre::draft().name("T1").create(tx).await?;
            Err(on_purpose())
        })
        .await;
    assert!(failed.is_err());
    pack.check("T01", json!(Genre::objects().filter(|g| g.name.eq("T1")).count(db).await?));

    let seen = Arc::new(Mutex::new(Vec::new()));
    let say = |word: &'static str| {
        let seen = seen.clone();
        move || async move { seen.lock().unwrap().push(word) }
    };
    db.transaction(async |tx| {
        tx.on_commit(say("1"));
        let lost: orm::Result<()> = tx
            .transaction(async |tx| {
                tx.on_commit(say("lost"));
                Err(on_purpose())
            })
            .await;
        assert!(lost.is_err());
        tx.transaction(async |tx| {
            tx.on_commit(say("2"));
            Ok(())
        })
        .await?;
        say("end-of-block")().await;
        Ok(())
    })
    .await?;
    // Outside of a transaction there is nothing to wait for.
    say("immediate")().await;
    pack.check("T04", json!(*seen.lock().unwrap()));

    let after: orm::Result<u64> = db
        .transaction(async |tx| {
            assert_eq!(
                Genre::draft().genre_id(1).name("dup").create(tx).await.unwrap_err().code(),
                Code::UniqueViolation
            );
            Genre::objects().count(tx).await
        })
        .await;
    match bed.backend {
        // Only there a statement that fails ends the transaction; elsewhere it goes on without it.
        Backend::Postgres => pack.check("T06", called(after)),
        _ => pack.lifted("T06", "TransactionManagementError", json!(after?), json!(25)),
    }

    // A transaction within another one is a savepoint; one that is to be of its own is refused.
    let nested = db.transaction(async |_| db.begin().await.map(drop)).await;
    pack.check("T07", called(nested));

    let null = Album::objects()
        .filter(|a| a.album_id.eq(1))
        .update(|a| a.title.set(orm::sql::<Album, String>("NULL")), db)
        .await;
    let long = Album::draft().title("x".repeat(200)).artist(1).create(db).await;
    pack.check("T09", json!([called(null), called(long)]));
    Ok(())
}

/// Names that are not there do not compile; by name they are refused.
async fn refused(bed: &Bed, pack: &mut Pack) -> orm::Result<()> {
    let tracks = || Query::of("store.Track");
    let queries = [
        tracks().filter("nope", 1),
        tracks().filter("name__nope", 1),
        tracks().filter("milliseconds", "abc"),
        tracks().order_by(["nope"]),
        tracks().values(["nope"]),
        tracks().select_related(["name"]),
    ];
    let catalog = Catalog::new().app(store());
    bed.log.clear();
    pack.check("E17", queries.iter().map(|query| called(catalog.check(query))).collect());
    bed.log.assert_queries(0);
    Ok(())
}
