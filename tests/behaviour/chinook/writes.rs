//! Changes, each in a transaction that is rolled back.

use super::{Pack, models::*};
use crate::bed::Bed;
use orm::{Code, Executor, Transaction, prelude::*};
use serde_json::json;

pub async fn ask(bed: &Bed, pack: &mut Pack) -> orm::Result<()> {
    updates(&bed.db, pack).await?;
    mistakes(&bed.db, pack).await?;
    deletions(&bed.db, pack).await
}

async fn totals(tx: &Transaction, pack: &mut Pack) -> orm::Result<()> {
    Invoice::objects().update(|i| i.total.set(0), tx).await?;
    let changed = Invoice::objects()
        .update(|i| i.total.set(i.lines.sum(|l| l.unit_price * l.quantity.cast::<Decimal>()).or(0)), tx)
        .await?;
    let sum = Invoice::objects().aggregate(|i| i.total.sum()).get(tx).await?;
    pack.check("X09", json!([changed, sum, Invoice::get(5, tx).await?.total]));
    Ok(())
}

async fn updates(db: &Database, pack: &mut Pack) -> orm::Result<()> {
    let tx = db.begin().await?;
    totals(&tx, pack).await?;
    let changed = Track::objects()
        .filter(|t| t.album.artist.name.eq("AC/DC"))
        .update(|t| t.composer.set("Young/Young".to_owned()), &tx)
        .await?;
    let found = Track::objects().filter(|t| t.composer.eq("Young/Young")).count(&tx).await?;
    pack.check("X10", json!([changed, found]));
    let changed = Customer::objects()
        .filter(|c| c.country.is_in(["USA", "Canada", "Brazil"]))
        .update(
            |c| {
                c.fax.set(
                    case::<Customer, _>()
                        .when(c.country.eq("USA"), "us")
                        .when(c.country.eq("Canada"), "ca")
                        .otherwise("other"),
                )
            },
            &tx,
        )
        .await?;
    let of = async |fax: &str| Customer::objects().filter(|c| c.fax.eq(fax)).count(&tx).await;
    pack.check("X12", json!([changed, {"us": of("us").await?, "ca": of("ca").await?, "other": of("other").await?}]));
    let changed = Artist::objects()
        .filter(|a| a.artist_id.lte(3))
        .update(|a| a.name.set(a.name.concat(" (remastered)")), &tx)
        .await?;
    let names = Artist::objects().order_by(|a| a.artist_id.asc()).limit(4).values(|a| a.name).all(&tx).await?;
    pack.check("X27", json!([changed, names]));
    let before = Genre::get(2, &tx).await?;
    Genre::objects().filter(|g| g.genre_id.eq(2)).update(|g| g.name.set("J".to_owned()), &tx).await?;
    pack.check("V01", json!([before.name, Genre::get(2, &tx).await?.name]));
    let before = Track::get(10, &tx).await?.milliseconds;
    Track::objects().filter(|t| t.track_id.eq(10)).update(|t| t.milliseconds.set(t.milliseconds + 5), &tx).await?;
    pack.check("V02", json!(Track::get(10, &tx).await?.milliseconds - before));
    tx.rollback().await
}

/// The mistakes in a row, by field, with Django's words for them.
async fn told<M: Model>(values: serde_json::Value, db: &Database) -> serde_json::Value {
    let Err(error) = M::draft_validated(values, db).await else { return serde_json::Value::Null };
    let mut told = serde_json::Map::new();
    for mistake in error.validation() {
        let code = match mistake.code {
            Code::TooLong => "max_length",
            Code::TooShort => "blank",
            Code::OutOfRange if mistake.params.contains_key("max_digits") => "max_digits",
            Code::InvalidValue | Code::ForeignKeyViolation => "invalid",
            code => code.as_str(),
        };
        let codes = told.entry(mistake.field.clone().unwrap()).or_insert(json!([]));
        codes.as_array_mut().unwrap().push(json!(code));
    }
    told.into()
}

async fn mistakes(db: &Database, pack: &mut Pack) -> orm::Result<()> {
    let track = json!({"name": "n", "media_type": 1, "milliseconds": "abc", "unit_price": "123456789.999"});
    let told = json!([
        told::<Album>(json!({"title": "x".repeat(161), "artist": 1}), db).await,
        told::<Album>(json!({"title": "", "artist": 99_999}), db).await,
        told::<Track>(track, db).await,
        told::<Genre>(json!({"name": "ok"}), db).await,
    ]);
    pack.check("V03", told);
    Ok(())
}

pub async fn counted<M: Model, E: Executor>(query: QuerySet<M>, ex: &E) -> orm::Result<(u64, serde_json::Value)> {
    let deleted = query.delete(ex).await?;
    let names =
        deleted.per_model.iter().map(|(label, rows)| (label.trim_start_matches("store.").to_owned(), json!(rows)));
    let per_model: serde_json::Map<_, _> = names.collect();
    Ok((deleted.total, per_model.into()))
}

async fn deletions(db: &Database, pack: &mut Pack) -> orm::Result<()> {
    let tx = db.begin().await?;
    let (all, per_model) = counted(Customer::objects(), &tx).await?;
    pack.check("X17", json!([all, per_model, InvoiceLine::objects().count(&tx).await?]));
    tx.rollback().await?;
    let tx = db.begin().await?;
    let (one, per_model) = counted(Genre::objects().filter(|g| g.genre_id.eq(25)), &tx).await?;
    let (two, _) = counted(Employee::objects().filter(|e| e.employee_id.eq(3)), &tx).await?;
    let (three, _) = counted(Employee::objects().filter(|e| e.employee_id.eq(2)), &tx).await?;
    let tracks = Track::objects().filter(|t| t.genre.is_null()).count(&tx).await?;
    let customers = Customer::objects().filter(|c| c.support_rep.is_null()).count(&tx).await?;
    let heads = Employee::objects().filter(|e| e.reports_to.is_null()).order_by(|e| e.employee_id.asc());
    let heads = heads.values(|e| e.employee_id).all(&tx).await?;
    pack.check("X18", json!([[one, per_model], two, three, tracks, customers, heads]));
    tx.rollback().await
}
