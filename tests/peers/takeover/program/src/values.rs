//! What the library reads: every row of every model, and both sides of each many-to-many.

use crate::models;
use orm::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The rows of a model, as they serialise.
async fn rows<M: Model + orm::QueryRow + Serialize>(out: &mut Map<String, Value>, db: &Database) -> orm::Result<Vec<M>> {
    let rows = M::objects().all(db).await?;
    out.insert(M::meta().label(), serde_json::to_value(&rows).expect("rows serialise"));
    Ok(rows)
}

/// Tells NULL from the `null` of JSON, which serialise alike.
fn in_json<M: Model>(out: &mut Map<String, Value>, held: Vec<Option<&Value>>) {
    let rows = out.get_mut(&M::meta().label()).and_then(Value::as_array_mut).expect("they are there");
    for (row, held) in rows.iter_mut().zip(held) {
        row["json"] = held.map_or(Value::Null, |held| json!({"is": held}));
    }
}

/// The pairs of a many-to-many by one of its sides, as rows of the table between.
macro_rules! pairs {
    ($out:ident, $db:ident, $label:literal, $model:path, $field:ident, $from:literal $key:ident, $to:literal $other:ident) => {
        let mut pairs = Vec::new();
        for row in <$model>::objects().prefetch(|m| m.$field).all($db).await? {
            for other in row.$field.get()? {
                pairs.push(json!({ $from: row.$key, $to: other.$other }));
            }
        }
        let known = $out.entry($label).or_insert_with(|| json!([]));
        known.as_array_mut().expect("a list").push(pairs.into());
    };
}

pub async fn values(db: &Database) -> orm::Result<Map<String, Value>> {
    let mut out = Map::new();
    rows::<models::ContentType>(&mut out, db).await?;
    rows::<models::Permission>(&mut out, db).await?;
    rows::<models::Group>(&mut out, db).await?;
    rows::<models::User>(&mut out, db).await?;
    rows::<models::Country>(&mut out, db).await?;
    rows::<models::Person>(&mut out, db).await?;
    rows::<models::Publisher>(&mut out, db).await?;
    rows::<models::Tag>(&mut out, db).await?;
    rows::<models::Book>(&mut out, db).await?;
    rows::<models::Credit>(&mut out, db).await?;
    rows::<models::Place>(&mut out, db).await?;
    rows::<models::Restaurant>(&mut out, db).await?;
    rows::<models::Pizzeria>(&mut out, db).await?;
    rows::<models::Note>(&mut out, db).await?;
    rows::<models::Seat>(&mut out, db).await?;
    rows::<models::Small>(&mut out, db).await?;
    rows::<models::Middle>(&mut out, db).await?;
    rows::<models::Given>(&mut out, db).await?;
    let plain = rows::<models::Plain>(&mut out, db).await?;
    in_json::<models::Plain>(&mut out, plain.iter().map(|row| Some(&row.json)).collect());
    let maybe = rows::<models::Maybe>(&mut out, db).await?;
    in_json::<models::Maybe>(&mut out, maybe.iter().map(|row| row.json.as_ref()).collect());
    #[cfg(feature = "own")]
    rows::<models::Room>(&mut out, db).await?;

    pairs!(out, db, "auth.Group.permissions", models::Group, permissions, "group" id, "permission" id);
    pairs!(out, db, "auth.Group.permissions", models::Permission, groups, "permission" id, "group" id);
    pairs!(out, db, "auth.User.groups", models::User, groups, "user" id, "group" id);
    pairs!(out, db, "auth.User.groups", models::Group, users, "group" id, "user" id);
    pairs!(out, db, "auth.User.user_permissions", models::User, user_permissions, "user" id, "permission" id);
    pairs!(out, db, "auth.User.user_permissions", models::Permission, users, "permission" id, "user" id);
    pairs!(out, db, "store.Person.friends", models::Person, friends, "from_person" id, "to_person" id);
    pairs!(out, db, "store.Person.follows", models::Person, follows, "from_person" id, "to_person" id);
    pairs!(out, db, "store.Person.groups", models::Person, groups, "person" id, "group" id);
    pairs!(out, db, "store.Person.groups", models::Group, people, "group" id, "person" id);
    pairs!(out, db, "store.Book.tags", models::Book, tags, "book" id, "tag" slug);
    pairs!(out, db, "store.Book.tags", models::Tag, books, "tag" slug, "book" id);
    pairs!(out, db, "store.Book.similar", models::Book, similar, "from_book" id, "to_book" id);
    pairs!(out, db, "store.Book.authors", models::Book, authors, "book" id, "person" id);
    pairs!(out, db, "store.Book.authors", models::Person, books, "person" id, "book" id);
    Ok(out)
}
