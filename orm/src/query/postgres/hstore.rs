//! Texts by their keys.

use super::{call, condition};
use crate::{
    Ex, Expression, FieldType, Operand, Q, family,
    field::postgres::HStore,
    query::{Alike, operand::bind},
    tree::PgFunction,
};

/// What can be asked of `hstore`: methods of every [`Expression`] whose values are [`HStore`]s. PostgreSQL only.
///
/// [`contains`](Expression::contains) asks whether all pairs of another one are there.
///
/// ```
/// use orm::{Dialect, postgres::HStore, prelude::*};
///
/// orm::app! { pub shop { Item } }
///
/// #[derive(Model)]
/// pub struct Item {
///     pub id: i64,
///     pub marks: HStore,
/// }
///
/// let red = Item::objects().filter(|i| i.marks.contains(HStore::from([("colour", "red")])) & i.marks.has_key("size"));
/// assert!(red.to_sql(Dialect::Postgres)?.contains(r#"("marks" @> CAST($1 AS hstore)) AND ("marks" ? $2)"#));
/// let sizes: QuerySet<Item, Option<String>> = Item::objects().values(|i| i.marks.key("size"));
/// # let _ = sizes;
/// # Ok::<(), orm::Error>(())
/// ```
pub trait HStoreExpression: Expression<Value: FieldType<Family = family::HStore>> {
    /// Whether the other one has every pair of this one. SQL: `<@`.
    ///
    /// ```
    /// # use orm::{Dialect, postgres::HStore, prelude::*};
    /// # orm::app! { pub shop { Item } }
    /// # #[derive(Model)]
    /// # pub struct Item { pub id: i64, pub marks: HStore }
    /// let plain = Item::objects().filter(|i| i.marks.contained_by(HStore::from([("colour", "red"), ("size", "12")])));
    /// assert!(plain.to_sql(Dialect::Postgres)?.contains(r#"("marks" <@ CAST($1 AS hstore))"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn contained_by<O: Operand<Self::Root, HStore>>(self, other: O) -> Q<Self::Root> {
        condition(PgFunction::ContainedBy, [self.into_expr(), other.into_operand()])
    }

    /// Whether there is such a key. SQL: `?`.
    ///
    /// ```
    /// # use orm::{Dialect, postgres::HStore, prelude::*};
    /// # orm::app! { pub shop { Item } }
    /// # #[derive(Model)]
    /// # pub struct Item { pub id: i64, pub marks: HStore }
    /// assert!(Item::objects().filter(|i| i.marks.has_key("size")).to_sql(Dialect::Postgres)?.contains(r#"("marks" ? $1)"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn has_key<O: Operand<Self::Root, String>>(self, key: O) -> Q<Self::Root> {
        condition(PgFunction::HasKey, [self.into_expr(), key.into_operand()])
    }

    /// Whether all of these keys are there; with none, every row. SQL: `?&`.
    ///
    /// ```
    /// # use orm::{Dialect, postgres::HStore, prelude::*};
    /// # orm::app! { pub shop { Item } }
    /// # #[derive(Model)]
    /// # pub struct Item { pub id: i64, pub marks: HStore }
    /// let query = Item::objects().filter(|i| i.marks.has_keys(["size", "colour"]));
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"("marks" ?& $1)"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn has_keys<I: IntoIterator<Item: Into<String>>>(self, keys: I) -> Q<Self::Root> {
        condition(PgFunction::HasKeys, [self.into_expr(), bind(&texts(keys))])
    }

    /// Whether one of these keys is there; with none, no row. SQL: `?|`.
    ///
    /// ```
    /// # use orm::{Dialect, postgres::HStore, prelude::*};
    /// # orm::app! { pub shop { Item } }
    /// # #[derive(Model)]
    /// # pub struct Item { pub id: i64, pub marks: HStore }
    /// let query = Item::objects().filter(|i| i.marks.has_any_keys(["size", "colour"]));
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"("marks" ?| $1)"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn has_any_keys<I: IntoIterator<Item: Into<String>>>(self, keys: I) -> Q<Self::Root> {
        condition(PgFunction::HasAnyKeys, [self.into_expr(), bind(&texts(keys))])
    }

    /// The text at a key; NULL where there is no such key, too.
    ///
    /// ```
    /// # use orm::{Dialect, postgres::HStore, prelude::*};
    /// # orm::app! { pub shop { Item } }
    /// # #[derive(Model)]
    /// # pub struct Item { pub id: i64, pub marks: HStore }
    /// let query = Item::objects().filter(|i| i.marks.key("colour").istarts_with("re"));
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"("marks" -> $1) ILIKE $2"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn key<O: Operand<Self::Root, String>>(self, key: O) -> Ex<Self::Root, Option<String>> {
        call(PgFunction::HStoreGet, [self.into_expr(), key.into_operand()])
    }

    /// The keys, in no order of theirs.
    ///
    /// ```
    /// # use orm::{Dialect, postgres::HStore, prelude::*};
    /// # orm::app! { pub shop { Item } }
    /// # #[derive(Model)]
    /// # pub struct Item { pub id: i64, pub marks: HStore }
    /// let query: QuerySet<Item, Vec<String>> = Item::objects().values(|i| i.marks.keys());
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"AKEYS("marks")"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn keys(self) -> Ex<Self::Root, Alike<Self, Vec<String>>> {
        call(PgFunction::HStoreKeys, [self.into_expr()])
    }

    /// The texts, in the order of [`keys`](HStoreExpression::keys).
    ///
    /// ```
    /// # use orm::{Dialect, postgres::HStore, prelude::*};
    /// # orm::app! { pub shop { Item } }
    /// # #[derive(Model)]
    /// # pub struct Item { pub id: i64, pub marks: HStore }
    /// let query: QuerySet<Item, Vec<Option<String>>> = Item::objects().values(|i| i.marks.texts());
    /// assert!(query.to_sql(Dialect::Postgres)?.contains(r#"AVALS("marks")"#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    fn texts(self) -> Ex<Self::Root, Alike<Self, Vec<Option<String>>>> {
        call(PgFunction::HStoreValues, [self.into_expr()])
    }
}

impl<E: Expression<Value: FieldType<Family = family::HStore>>> HStoreExpression for E {}

fn texts<I: IntoIterator<Item: Into<String>>>(keys: I) -> Vec<String> {
    keys.into_iter().map(Into::into).collect()
}
