//! Many rows at once: inserts, upserts and updates in chunks under the database's limits.

mod computed;
mod each;
mod hooked;
mod inserts;
mod made;
mod updates;
mod within;

pub(crate) use inserts::Inserts;
pub(super) use inserts::{CreateMany, refuse_hidden_errors};
pub(super) use updates::auto_now;
use updates::unnamed;
pub(crate) use updates::{UpdateMany, Versions};
use within::conditions;

use super::{
    Assigns, NamesUniqueKey, UniqueKey,
    draft::{DraftRow, IntoDraftRow},
    hooks,
    over::Over,
    parent,
    point::{ReadRow, Typed, all_columns},
    upsert::{ByKey, FindAll, columns_of, in_steps, is_only_key},
};
use crate::{
    Code, Dialect, Error, Executor, Model, QuerySet, Result, Transaction, Value,
    field::At,
    model::ModelMeta,
    query::Skips,
    tree::{Conflict, ModelRef},
};
use inserts::UpsertInSteps;
use std::{marker::PhantomData, sync::Arc};

/// About how many bytes a statement may have on MySQL and MariaDB, whose servers refuse packets from 4 MiB on, by default 16 or 64.
const PACKET: usize = 1 << 20;

/// How many of these rows, which are more than none, one statement takes there.
fn in_packet<'v>(rows: impl Iterator<Item = impl Iterator<Item = &'v Value>>) -> usize {
    let mut bytes = 0;
    let sizes = rows.map(|row| row.map(Value::size).sum::<usize>());
    let fits = |size: &usize| {
        bytes += size;
        bytes <= PACKET
    };
    sizes.take_while(fits).count().max(1)
}

/// An insert that may leave out rows.
const IGNORED: &str = "rows that are left out where they are there already";

/// Gives way to any unique key.
pub(crate) fn ignore() -> Conflict {
    Conflict { target: Vec::new(), update: Vec::new() }
}

/// Refuses to leave out rows whose keys are looked at only in the end.
fn refuse_deferred(meta: &ModelMeta) -> Result<()> {
    if meta.options().unique.iter().all(|unique| unique.deferrable.is_none()) {
        return Ok(());
    }
    let what =
        format!("`{}` has a unique key that is deferred: whether it is taken is not known before the end", meta.name);
    Err(Error::new(Code::BadQuery, what)
        .with_model(meta.name.clone())
        .with_hint("name the key that counts: `bulk_upsert`, or `get_or_create` one by one"))
}

/// How rows are upserted: by statements of many rows, or each in steps where the database cannot name the key.
pub(crate) enum Upserts<R> {
    Statements(Inserts),
    Steps(Vec<ByKey<R>>),
}

impl<R: ReadRow> Upserts<R> {
    /// Upserts of these rows, by the columns of one unique key.
    pub(crate) fn of(model: ModelRef, rows: Vec<ByKey<R>>, target: &[u16], dialect: Dialect) -> Result<Upserts<R>> {
        let only = |row: &ByKey<R>| is_only_key(&model, &row.row, target);
        if !dialect.capabilities().conflict_target && !rows.iter().all(only) {
            return Ok(Upserts::Steps(rows));
        }
        let rows = rows.into_iter().map(|by_key| Ok((by_key.row, Some(by_key.over))));
        Inserts::upserts(model, rows, target, dialect).map(Upserts::Statements)
    }

    /// Runs them, and gives the number of rows.
    pub(crate) async fn run<E: Executor>(self, ex: &E) -> Result<u64> {
        match self {
            Upserts::Statements(inserts) => ex.run(inserts).await,
            Upserts::Steps(rows) => ex.run(UpsertInSteps(rows)).await,
        }
    }

    /// The SQL, where statements do it.
    pub(crate) fn sql(self, dialect: Dialect) -> Result<Vec<String>> {
        match self {
            Upserts::Statements(inserts) => inserts.sql(),
            Upserts::Steps(_) => Err(in_steps(dialect)),
        }
    }
}

/// Drafts as rows that are found by a unique key.
fn by_keys<M: Model, D: IntoDraftRow<M>>(
    drafts: impl IntoIterator<Item = D>,
    target: &Arc<[u16]>,
    dialect: Dialect,
) -> Result<Vec<ByKey<Typed<M>>>> {
    drafts.into_iter().map(|draft| draft.into_row().by_columns(Arc::clone(target), dialect)).collect()
}

fn upserts<M: Model, D: IntoDraftRow<M>>(
    drafts: impl IntoIterator<Item = D>,
    key: UniqueKey<M>,
    over: Option<Over>,
    dialect: Dialect,
) -> Result<Upserts<Typed<M>>> {
    let (target, model) = (columns_of(key), ModelRef::Static(M::meta()));
    if dialect.capabilities().conflict_target {
        let rows = drafts.into_iter().map(|draft| {
            let row = draft.into_row().into_values(dialect)?;
            row.has_key(M::meta(), &target).map(|()| (row, over.clone()))
        });
        return Inserts::upserts(model, rows, &target, dialect).map(Upserts::Statements);
    }
    let mut rows = by_keys(drafts, &target, dialect)?;
    if let Some(over) = over {
        rows.iter_mut().for_each(|row| row.over = over.clone());
    }
    Upserts::of(model, rows, &target, dialect)
}

/// Drafts as rows, with what the query passes by.
fn rows_of<M: Model, D: IntoDraftRow<M>>(
    drafts: impl IntoIterator<Item = D>,
    skips: Skips,
) -> impl Iterator<Item = DraftRow<M>> {
    drafts.into_iter().map(move |draft| draft.into_row().skipping(skips))
}

/// Makes rows of drafts, whatever their model does around writes.
pub(super) async fn create_drafts<M: Model>(drafts: Vec<DraftRow<M>>, tx: &Transaction) -> Result<Vec<M>> {
    let inserts = Inserts::of(drafts, None, tx.dialect(), all_columns(M::meta()))?;
    tx.run(CreateMany { inserts, _model: PhantomData }).await
}

impl<M: Model> QuerySet<M> {
    /// Writes a complete draft; the same as the draft's own `create`, for models with a field of that name.
    ///
    /// # Errors
    /// See [`DraftRow::create`](crate::write::DraftRow::create).
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let tag = Tag::objects().create(Tag::draft().slug("logic").name("Logic"), &db).await?;
    /// assert_eq!(tag.slug, "logic");
    /// # Ok(()) }
    /// ```
    pub async fn create<E: Executor>(self, draft: impl IntoDraftRow<M>, ex: &E) -> Result<M> {
        draft.into_row().skipping(self.skips()).create(ex).await
    }

    /// Writes any number of drafts and gives the rows as they are stored, in the order of the drafts.
    ///
    /// SQL: one `INSERT` for up to 500 rows on SQLite, for 2 000 that have not more than a megabyte on MariaDB and MySQL, and on
    /// PostgreSQL for 5 000, which it takes as a list for each column; all in one transaction or savepoint: all rows or none.
    /// More than 500 rows on SQLite whose keys SQLite makes are read by these afterwards, which is quicker there than to have them given
    /// back, unless the table has triggers.
    ///
    /// # Errors
    /// Those of a draft's `create`; checks come before the first statement.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let drafts = ["logic", "music"].map(|word| Tag::draft().slug(word).name(word));
    /// let tags = Tag::objects().bulk_create(drafts, &db).await?;
    /// assert_eq!((tags[0].id, tags[1].slug.as_str()), (5, "music"));
    /// # Ok(()) }
    /// ```
    pub async fn bulk_create<E, D>(self, drafts: impl IntoIterator<Item = D>, ex: &E) -> Result<Vec<M>>
    where
        E: Executor,
        D: IntoDraftRow<M>,
    {
        let skips = self.skips();
        if M::PARENT.is_some() {
            let drafts: Vec<DraftRow<M>> = rows_of(drafts, skips).collect();
            return ex.atomic(move |tx| Box::pin(parent::create_all(drafts, skips.hooks, skips.hooks, tx))).await;
        }
        if let Some(hooks) = M::HOOKS.filter(|_| !skips.hooks) {
            return hooks::create_all(hooks, rows_of(drafts, skips).collect(), ex).await;
        }
        let inserts = Inserts::of(rows_of(drafts, skips), None, ex.dialect(), all_columns(M::meta()))?;
        ex.run(CreateMany { inserts, _model: PhantomData }).await
    }

    /// The SQL of a [`bulk_create`](QuerySet::bulk_create) in a dialect, statement by statement; no connection is needed.
    ///
    /// There are several where the drafts have different columns, or are more than one statement takes. MySQL has no
    /// `RETURNING`: there the rows are read after each of them. On SQLite this is what runs where the table has no triggers; with
    /// them, several statements are plain `INSERT`s, which give their rows back.
    ///
    /// # Errors
    /// Those that `bulk_create` has before its first statement.
    ///
    /// ```
    /// # use library::*;
    /// let drafts = ["logic", "music"].map(|word| Tag::draft().slug(word).name(word));
    /// let sql = Tag::objects().bulk_create_sql(drafts, Dialect::Sqlite)?;
    /// assert_eq!(sql, [r#"INSERT INTO "library_tag" ("slug", "name") VALUES (?, ?), (?, ?) RETURNING "id", "slug", "name""#]);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn bulk_create_sql<D>(self, drafts: impl IntoIterator<Item = D>, dialect: Dialect) -> Result<Vec<String>>
    where
        D: IntoDraftRow<M>,
    {
        Inserts::of(rows_of(drafts, self.skips()), None, dialect, all_columns(M::meta()))?.sql()
    }

    /// Writes any number of drafts and gives their number: [`bulk_create`](QuerySet::bulk_create) without reading back.
    ///
    /// # Errors
    /// Those of a draft's `create`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let drafts = (0..1000).map(|n| Tag::draft().slug(format!("tag-{n}")).name("Numbered"));
    /// assert_eq!(Tag::objects().bulk_insert(drafts, &db).await?, 1000);
    /// # Ok(()) }
    /// ```
    pub async fn bulk_insert<E, D>(self, drafts: impl IntoIterator<Item = D>, ex: &E) -> Result<u64>
    where
        E: Executor,
        D: IntoDraftRow<M>,
    {
        if M::PARENT.is_some() || M::HOOKS.is_some_and(|_| !self.skips().hooks) {
            return Ok(self.bulk_create(drafts, ex).await?.len() as u64);
        }
        ex.run(Inserts::of(rows_of(drafts, self.skips()), None, ex.dialect(), Vec::new())?).await
    }

    /// The SQL of a [`bulk_insert`](QuerySet::bulk_insert) in a dialect, statement by statement; no connection is needed.
    ///
    /// # Errors
    /// Those that `bulk_insert` has before its first statement.
    ///
    /// ```
    /// # use library::*;
    /// let drafts = (0..1000).map(|n| Tag::draft().slug(format!("tag-{n}")).name("Numbered"));
    /// assert_eq!(Tag::objects().bulk_insert_sql(drafts, Dialect::Sqlite)?.len(), 2); // 500 rows each
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn bulk_insert_sql<D>(self, drafts: impl IntoIterator<Item = D>, dialect: Dialect) -> Result<Vec<String>>
    where
        D: IntoDraftRow<M>,
    {
        Inserts::of(rows_of(drafts, self.skips()), None, dialect, Vec::new())?.sql()
    }

    /// Writes the drafts whose unique keys are free, leaves out the others, and gives the number of new rows.
    ///
    /// Nothing but a unique key is a reason to leave a draft out: other errors are errors, on every database.
    /// SQL: `INSERT .. ON CONFLICT DO NOTHING`.
    ///
    /// # Errors
    /// Those of a draft's `create`, without violated unique keys.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let drafts = ["code", "logic"].map(|word| Tag::draft().slug(word).name(word));
    /// assert_eq!(Tag::objects().bulk_insert_ignore(drafts, &db).await?, 1); // there is a tag `code` already
    /// # Ok(()) }
    /// ```
    pub async fn bulk_insert_ignore<E, D>(self, drafts: impl IntoIterator<Item = D>, ex: &E) -> Result<u64>
    where
        E: Executor,
        D: IntoDraftRow<M>,
    {
        hooks::refuse(M::meta(), self.skips().hooks, IGNORED, "make them one by one by `get_or_create`")?;
        refuse_deferred(M::meta())?;
        ex.run(Inserts::of(rows_of(drafts, self.skips()), Some(ignore()), ex.dialect(), Vec::new())?).await
    }

    /// The SQL of a [`bulk_insert_ignore`](QuerySet::bulk_insert_ignore) in a dialect, statement by statement; no connection is
    /// needed.
    ///
    /// # Errors
    /// Those that `bulk_insert_ignore` has before its first statement.
    ///
    /// ```
    /// # use library::*;
    /// let sql = Tag::objects().bulk_insert_ignore_sql([Tag::draft().slug("code").name("Code")], Dialect::MySql)?;
    /// assert_eq!(sql, ["INSERT IGNORE INTO `library_tag` (`slug`, `name`) VALUES (?, ?)"]);
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn bulk_insert_ignore_sql<D>(self, drafts: impl IntoIterator<Item = D>, dialect: Dialect) -> Result<Vec<String>>
    where
        D: IntoDraftRow<M>,
    {
        refuse_deferred(M::meta())?;
        Inserts::of(rows_of(drafts, self.skips()), Some(ignore()), dialect, Vec::new())?.sql()
    }

    /// Writes the drafts, over the rows that have their values in this unique key where there are such, and gives the number
    /// of drafts. As for single upserts, defaults and keys are not written over existing rows.
    ///
    /// # Errors
    /// Those of a draft's `upsert`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let drafts = ["code", "logic"].map(|word| Tag::draft().slug(word).name("New"));
    /// assert_eq!(Tag::objects().bulk_upsert(drafts, |t| t.slug, &db).await?, 2);
    /// assert_eq!(Tag::get(1, &db).await?.name, "New");
    /// # Ok(()) }
    /// ```
    pub async fn bulk_upsert<E, D, K, U>(self, drafts: impl IntoIterator<Item = D>, key: K, ex: &E) -> Result<u64>
    where
        E: Executor,
        D: IntoDraftRow<M>,
        K: FnOnce(M::UniqueKeys) -> U,
        U: NamesUniqueKey<M>,
    {
        hooks::refuse(M::meta(), self.skips().hooks, hooks::UPSERT, hooks::INSTEAD_OF_UPSERT)?;
        upserts(rows_of(drafts, self.skips()), key(M::unique_keys()).unique_key(), None, ex.dialect())?.run(ex).await
    }

    /// Like [`bulk_upsert`](QuerySet::bulk_upsert), and gives the rows as they are stored, in the order of the drafts. They are read by
    /// their unique keys in the same transaction, by one query for up to 400.
    ///
    /// # Errors
    /// Those of a draft's `upsert`.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let drafts = ["logic", "code"].map(|word| Tag::draft().slug(word).name("New"));
    /// let tags = Tag::objects().bulk_upsert_returning(drafts, |t| t.slug, &db).await?;
    /// assert_eq!((tags[0].slug.as_str(), tags[1].id), ("logic", 1));
    /// # Ok(()) }
    /// ```
    pub async fn bulk_upsert_returning<E, D, K, U>(
        self,
        drafts: impl IntoIterator<Item = D>,
        key: K,
        ex: &E,
    ) -> Result<Vec<M>>
    where
        E: Executor,
        D: IntoDraftRow<M>,
        K: FnOnce(M::UniqueKeys) -> U,
        U: NamesUniqueKey<M>,
    {
        hooks::refuse(M::meta(), self.skips().hooks, hooks::UPSERT, hooks::INSTEAD_OF_UPSERT)?;
        let target = columns_of(key(M::unique_keys()).unique_key());
        let rows = by_keys(rows_of(drafts, self.skips()), &target, ex.dialect())?;
        let find = FindAll(rows.clone());
        let upserts = Upserts::of(ModelRef::Static(M::meta()), rows, &target, ex.dialect())?;
        ex.atomic(move |tx| {
            Box::pin(async move {
                upserts.run(tx).await?;
                tx.run(find).await
            })
        })
        .await
    }

    /// Writes the drafts; a row that has the values of one in this unique key is changed as is said instead, made of that row and of the
    /// new one. It gives the number of drafts.
    ///
    /// SQL: `INSERT .. ON CONFLICT (slug) DO UPDATE SET uses = tag.uses + excluded.uses`.
    ///
    /// # Errors
    /// Those of a draft's `upsert`; [`Code::BadQuery`] where what is said follows a relation.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let draft = |title: &'static str| Book::draft().author(1).title(title).price(5).views(1);
    /// let drafts = [draft("Notes"), draft("Letters")];
    /// let seen = Book::objects().bulk_upsert_with(drafts, |b| b.author_title, |b, new| b.views.set(b.views + new.views), &db);
    /// assert_eq!(seen.await?, 2);
    /// assert_eq!(Book::get(1, &db).await?.views, 11);
    /// # Ok(()) }
    /// ```
    pub async fn bulk_upsert_with<E, D, K, U, C, A>(
        self,
        drafts: impl IntoIterator<Item = D>,
        key: K,
        set: C,
        ex: &E,
    ) -> Result<u64>
    where
        E: Executor,
        D: IntoDraftRow<M>,
        K: FnOnce(M::UniqueKeys) -> U,
        U: NamesUniqueKey<M>,
        C: FnOnce(M::Fields<At<M>>, M::Fields<At<M>>) -> A,
        A: Assigns<M>,
    {
        let skips = self.skips();
        hooks::refuse(M::meta(), skips.hooks, hooks::UPSERT, hooks::INSTEAD_OF_UPSERT)?;
        let over = Over::said(set, !skips.validation)?;
        let upserts =
            upserts(rows_of(drafts, self.skips()), key(M::unique_keys()).unique_key(), Some(over), ex.dialect())?;
        if let Upserts::Steps(rows) = &upserts {
            rows.iter().try_for_each(ByKey::can_change)?;
        }
        upserts.run(ex).await
    }

    /// The SQL of a [`bulk_upsert_with`](QuerySet::bulk_upsert_with) in a dialect, statement by statement; no connection is needed.
    ///
    /// # Errors
    /// Those of [`bulk_upsert_sql`](QuerySet::bulk_upsert_sql).
    ///
    /// ```
    /// # use library::*;
    /// let drafts = [Book::draft().author(1).title("Notes").price(1).views(5)];
    /// let more = Book::objects().bulk_upsert_with_sql(drafts, |b| b.author_title, |b, new| b.views.set(b.views + new.views), Dialect::Postgres)?;
    /// assert!(more[0].ends_with(r#"DO UPDATE SET "views" = "book"."views" + excluded."views""#), "{more:?}");
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn bulk_upsert_with_sql<D, K, U, C, A>(
        self,
        drafts: impl IntoIterator<Item = D>,
        key: K,
        set: C,
        dialect: Dialect,
    ) -> Result<Vec<String>>
    where
        D: IntoDraftRow<M>,
        K: FnOnce(M::UniqueKeys) -> U,
        U: NamesUniqueKey<M>,
        C: FnOnce(M::Fields<At<M>>, M::Fields<At<M>>) -> A,
        A: Assigns<M>,
    {
        let over = Over::said(set, !self.skips().validation)?;
        upserts(rows_of(drafts, self.skips()), key(M::unique_keys()).unique_key(), Some(over), dialect)?.sql(dialect)
    }

    /// The SQL of a [`bulk_upsert`](QuerySet::bulk_upsert) in a dialect, statement by statement; no connection is needed.
    ///
    /// # Errors
    /// Those that `bulk_upsert` has before its first statement; [`Code::Unsupported`] on MariaDB and MySQL where each row takes
    /// several, since another unique key may stand in the way.
    ///
    /// ```
    /// # use library::*;
    /// let drafts = ["code", "logic"].map(|word| Tag::draft().slug(word).name("New"));
    /// let sql = Tag::objects().bulk_upsert_sql(drafts, |t| t.slug, Dialect::Sqlite)?;
    /// assert!(sql[0].ends_with(r#"VALUES (?, ?), (?, ?) ON CONFLICT ("slug") DO UPDATE SET "name" = excluded."name""#));
    /// # Ok::<(), orm::Error>(())
    /// ```
    pub fn bulk_upsert_sql<D, K, U>(
        self,
        drafts: impl IntoIterator<Item = D>,
        key: K,
        dialect: Dialect,
    ) -> Result<Vec<String>>
    where
        D: IntoDraftRow<M>,
        K: FnOnce(M::UniqueKeys) -> U,
        U: NamesUniqueKey<M>,
    {
        upserts(rows_of(drafts, self.skips()), key(M::unique_keys()).unique_key(), None, dialect)?.sql(dialect)
    }
}
