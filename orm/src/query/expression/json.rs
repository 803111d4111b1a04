//! JSON documents: ways into them, and what they hold.

use super::{Ex, Expression, Operand, Q, call};
use crate::{
    FieldType, Value,
    family::Json,
    tree::{Expr, Function},
};

/// What can be asked of JSON documents: methods of every [`Expression`] whose values are documents.
///
/// Keys and values are bound, never part of the SQL. The same is found on every database, whatever the writing of a document:
/// `1` and `1.0` are equal, and so are objects whose keys stand in another order. NULL of SQL and `null` of JSON are two things:
/// `is_null` asks for a row without a document, or a path that leads nowhere; [`is_json_null`](JsonExpression::is_json_null)
/// for a `null` that is there.
///
/// ```
/// use orm::{Dialect, prelude::*};
/// use serde_json::json;
///
/// orm::app! { pub shop { Item } }
///
/// #[derive(Model, Debug)]
/// pub struct Item {
///     pub id: i64,
///     pub data: serde_json::Value,
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = Database::connect("sqlite::memory:").await?;
/// # orm::migrate::create_tables(&db, &[shop()]).await?;
/// let sizes = json!({"name": "Desk", "sizes": [{"width": 120}, {"width": 160}], "sold": null});
/// Item::draft().data(sizes).create(&db).await?;
///
/// let wide = Item::objects().filter(|i| i.data.key("sizes").index(1).key("width").as_i64().gt(150));
/// assert_eq!(wide.count(&db).await?, 1);
/// let desks = Item::objects().filter(|i| i.data.key("name").as_str().istarts_with("de"));
/// assert_eq!(desks.count(&db).await?, 1);
/// let held = Item::objects().filter(|i| i.data.contains(json!({"sizes": [{"width": 120}]})));
/// assert_eq!(held.count(&db).await?, 1);
/// let named = Item::objects().filter(|i| i.data.key("name").eq(json!("Desk")));
/// assert_eq!(named.count(&db).await?, 1);
/// # Ok(()) }
/// ```
#[allow(clippy::wrong_self_convention, reason = "handles are small values that conditions are made of")]
pub trait JsonExpression: Expression<Value: FieldType<Family = Json>> {
    /// The value at a key of an object; NULL where there is none.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub shop { Item } }
    /// # #[derive(Model, Debug)]
    /// # pub struct Item { pub id: i64, pub data: serde_json::Value }
    /// let query = Item::objects().filter(|i| i.data.key("a").key("b \"c\"").is_not_null());
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"("data" -> $1 -> $2) IS NOT NULL"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn key<K: Into<String>>(self, key: K) -> Ex<Self::Root, Option<serde_json::Value>> {
        step(self.into_expr(), Value::Text(key.into()))
    }

    /// The element at a place of a list, from 0; NULL where there is none.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub shop { Item } }
    /// # #[derive(Model, Debug)]
    /// # pub struct Item { pub id: i64, pub data: serde_json::Value }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[shop()]).await?;
    /// Item::draft().data(serde_json::json!(["a", "b"])).create(&db).await?;
    /// let second = Item::objects().values(|i| i.data.index(1));
    /// assert_eq!(second.get(&db).await?, Some(serde_json::json!("b")));
    /// # Ok(()) }
    /// ```
    fn index(self, place: u32) -> Ex<Self::Root, Option<serde_json::Value>> {
        match i32::try_from(place) {
            Ok(place) => step(self.into_expr(), Value::I32(place)),
            Err(_) => Ex::new(Expr::invalid(format!("a JSON list has no place {place}"))),
        }
    }

    /// Each element of a list in a row of its own, with the other values of the row beside it; none for what is no list, or an empty
    /// one. What follows is about these rows: filters, orders, groups and counts.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub shop { Item } }
    /// # #[derive(Model, Debug)]
    /// # pub struct Item { pub id: i64, pub data: serde_json::Value }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[shop()]).await?;
    /// Item::draft().data(serde_json::json!({"tags": ["wood", "oak"]})).create(&db).await?;
    /// let tags = Item::objects().values(|i| (i.id, i.data.key("tags").elements().as_str()));
    /// assert_eq!(tags.filter(|(_, tag)| tag.starts_with("o")).get(&db).await?, (1, Some("oak".to_owned())));
    /// # Ok(()) }
    /// ```
    fn elements(self) -> Ex<Self::Root, serde_json::Value> {
        Ex::new(Expr::Call(Function::JsonElements, vec![self.into_expr()]))
    }

    /// The text, where the value is a string; else NULL.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub shop { Item } }
    /// # #[derive(Model, Debug)]
    /// # pub struct Item { pub id: i64, pub data: serde_json::Value }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[shop()]).await?;
    /// Item::draft().data(serde_json::json!({"name": "Desk", "price": 90})).create(&db).await?;
    /// let texts = Item::objects().values(|i| (i.data.key("name").as_str(), i.data.key("price").as_str()));
    /// assert_eq!(texts.get(&db).await?, (Some("Desk".to_owned()), None));
    /// # Ok(()) }
    /// ```
    fn as_str(self) -> Ex<Self::Root, Option<String>> {
        call(Function::JsonText, self)
    }

    /// The number, where the value is a whole one in the range of `i64`, also written as `1.0`; else NULL.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub shop { Item } }
    /// # #[derive(Model, Debug)]
    /// # pub struct Item { pub id: i64, pub data: serde_json::Value }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[shop()]).await?;
    /// Item::draft().data(serde_json::json!([1, 2.0, 2.5, "3"])).create(&db).await?;
    /// let numbers = Item::objects().values(|i| {
    ///     (i.data.index(0).as_i64(), i.data.index(1).as_i64(), i.data.index(2).as_i64(), i.data.index(3).as_i64())
    /// });
    /// assert_eq!(numbers.get(&db).await?, (Some(1), Some(2), None, None));
    /// # Ok(()) }
    /// ```
    fn as_i64(self) -> Ex<Self::Root, Option<i64>> {
        call(Function::JsonInteger, self)
    }

    /// The number, where the value is one; else NULL.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub shop { Item } }
    /// # #[derive(Model, Debug)]
    /// # pub struct Item { pub id: i64, pub data: serde_json::Value }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[shop()]).await?;
    /// Item::draft().data(serde_json::json!({"price": 2.5})).create(&db).await?;
    /// let dear = Item::objects().filter(|i| i.data.key("price").as_f64().gt(2.4));
    /// assert!(dear.exists(&db).await?);
    /// # Ok(()) }
    /// ```
    fn as_f64(self) -> Ex<Self::Root, Option<f64>> {
        call(Function::JsonFloat, self)
    }

    /// The truth value, where the value is one; else NULL.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub shop { Item } }
    /// # #[derive(Model, Debug)]
    /// # pub struct Item { pub id: i64, pub data: serde_json::Value }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[shop()]).await?;
    /// Item::draft().data(serde_json::json!({"sold": true})).create(&db).await?;
    /// assert!(Item::objects().filter(|i| i.data.key("sold").as_bool().eq(true)).exists(&db).await?);
    /// # Ok(()) }
    /// ```
    fn as_bool(self) -> Ex<Self::Root, Option<bool>> {
        call(Function::JsonBool, self)
    }

    /// Whether the value is JSON's `null`, which is there, unlike NULL of SQL.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub shop { Item } }
    /// # #[derive(Model, Debug)]
    /// # pub struct Item { pub id: i64, pub data: serde_json::Value }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[shop()]).await?;
    /// Item::draft().data(serde_json::json!({"sold": null})).create(&db).await?;
    /// assert!(Item::objects().filter(|i| i.data.key("sold").is_json_null()).exists(&db).await?);
    /// assert!(!Item::objects().filter(|i| i.data.key("lent").is_json_null()).exists(&db).await?);
    /// # Ok(()) }
    /// ```
    fn is_json_null(self) -> Q<Self::Root> {
        Q::from_expr(Expr::Call(Function::JsonIsNull, vec![self.into_expr()]))
    }

    /// Whether it is an object with this key.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub shop { Item } }
    /// # #[derive(Model, Debug)]
    /// # pub struct Item { pub id: i64, pub data: serde_json::Value }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[shop()]).await?;
    /// Item::draft().data(serde_json::json!({"größe": null})).create(&db).await?;
    /// assert!(Item::objects().filter(|i| i.data.has_key("größe")).exists(&db).await?);
    /// # Ok(()) }
    /// ```
    fn has_key<K: Into<String>>(self, key: K) -> Q<Self::Root> {
        Q::from_expr(has_key(self.into_expr(), key.into()))
    }

    /// Whether it is an object with all of these keys; with none, every row.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub shop { Item } }
    /// # #[derive(Model, Debug)]
    /// # pub struct Item { pub id: i64, pub data: serde_json::Value }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[shop()]).await?;
    /// Item::draft().data(serde_json::json!({"a": 1, "b": 2})).create(&db).await?;
    /// assert!(Item::objects().filter(|i| i.data.has_keys(["a", "b"])).exists(&db).await?);
    /// assert!(!Item::objects().filter(|i| i.data.has_keys(["a", "c"])).exists(&db).await?);
    /// # Ok(()) }
    /// ```
    fn has_keys<I>(self, keys: I) -> Q<Self::Root>
    where
        I: IntoIterator<Item: Into<String>>,
    {
        let expr = self.into_expr();
        Q::from_expr(Expr::And(keys.into_iter().map(|key| has_key(expr.clone(), key.into())).collect()))
    }

    /// Whether it is an object with one of these keys; with none, no row.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub shop { Item } }
    /// # #[derive(Model, Debug)]
    /// # pub struct Item { pub id: i64, pub data: serde_json::Value }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[shop()]).await?;
    /// Item::draft().data(serde_json::json!({"a": 1, "b": 2})).create(&db).await?;
    /// assert!(Item::objects().filter(|i| i.data.has_any_keys(["c", "a"])).exists(&db).await?);
    /// # Ok(()) }
    /// ```
    fn has_any_keys<I>(self, keys: I) -> Q<Self::Root>
    where
        I: IntoIterator<Item: Into<String>>,
    {
        let expr = self.into_expr();
        Q::from_expr(Expr::Or(keys.into_iter().map(|key| has_key(expr.clone(), key.into())).collect()))
    }

    /// Whether the other document [contains](Expression::contains) this one. SQL: `<@` on PostgreSQL.
    ///
    /// ```
    /// # use orm::{Dialect, prelude::*};
    /// # orm::app! { pub shop { Item } }
    /// # #[derive(Model, Debug)]
    /// # pub struct Item { pub id: i64, pub data: serde_json::Value }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # orm::migrate::create_tables(&db, &[shop()]).await?;
    /// Item::draft().data(serde_json::json!({"a": 1})).create(&db).await?;
    /// let held = Item::objects().filter(|i| i.data.contained_by(serde_json::json!({"a": 1, "b": 2})));
    /// assert!(held.exists(&db).await?);
    /// # Ok(()) }
    /// ```
    fn contained_by<O: Operand<Self::Root, serde_json::Value>>(self, other: O) -> Q<Self::Root> {
        Q::from_expr(Expr::Call(Function::JsonContains, vec![other.into_operand(), self.into_expr()]))
    }
}

impl<E: Expression<Value: FieldType<Family = Json>>> JsonExpression for E {}

/// One step further into a document.
fn step<R>(expr: Expr, step: Value) -> Ex<R, Option<serde_json::Value>> {
    Ex::new(match expr {
        Expr::Call(Function::JsonGet, mut path) => {
            path.push(Expr::Value(step));
            Expr::Call(Function::JsonGet, path)
        }
        expr => Expr::Call(Function::JsonGet, vec![expr, Expr::Value(step)]),
    })
}

fn has_key(expr: Expr, key: String) -> Expr {
    Expr::Call(Function::JsonHasKey, vec![expr, Expr::Value(Value::Text(key))])
}
