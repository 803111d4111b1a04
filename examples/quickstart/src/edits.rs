//! The changes of the tour: one row in a transaction that is rolled back, and many rows at once.

use crate::models::Version;
use orm::prelude::*;

/// Change a row in a transaction, look at it from inside, and take all of it back.
pub async fn taken_back(db: &Database) -> orm::Result<[Option<String>; 2]> {
    let mut version =
        Version::objects().filter(|v| v.member).order_by(|v| v.package.name.asc()).limit(1).get(db).await?.edit();

    let tx = db.begin().await?;
    version.description = Some("the best package of all".to_owned());
    version.reviewed = true;
    let key = version.save(&tx).await?.id;
    let inside = Version::get(key, &tx).await?.description;
    tx.rollback().await?;

    let outside = Version::get(key, db).await?.description;
    Ok([inside, outside])
}

/// Mark as reviewed whatever comes under one of the licences that nobody has to think about.
pub async fn reviewed(db: &Database) -> orm::Result<u64> {
    Version::objects()
        .filter(|v| v.licences.any(|l| l.name.is_in(["MIT", "Apache-2.0", "BSD-3-Clause"])))
        .update(|v| v.reviewed.set(true), db)
        .await
}
