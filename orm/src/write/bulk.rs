//! Many rows at once: inserts, upserts and updates in chunks under the database's limits.

use super::{
    UniqueKey,
    check::checked,
    draft::{IntoDraftRow, NewRow},
    fault::explained,
    point::{all_columns, known_key, not_found, read_by_key},
    update::Columns,
    upsert::{ByKey, columns_of, finish, is_only_key, overwrite, overwrites, upsert_in_steps},
};
use crate::{
    Access, Code, Connection, Dialect, Error, Executor, Model, Operation, QuerySet, Result, Row, Statement, Value,
    compile,
    field::At,
    model::{ModelMeta, Reader, Writer},
    tree::{Assignment, BinaryOp, Conflict, Expr, Insert, ModelRef, Order, Select, Update},
};
use std::{borrow::Borrow, collections::HashSet, marker::PhantomData};

/// The most rows in one INSERT: more gain nothing, and the text grows.
const ROWS: usize = 500;

/// The most rows in one UPDATE, which looks each of them up in a list.
const UPDATES: usize = 100;

/// The most rows in one INSERT that gives way where the database tells what it left out by warnings, of which it keeps 64.
const WATCHED: usize = 60;

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
        draft.into_row().create(ex).await
    }

    /// Writes any number of drafts and gives the rows as they are stored, in the order of the drafts.
    ///
    /// SQL: one `INSERT` for up to 500 rows, all in one transaction or savepoint: all rows or none.
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
        let inserts = Inserts::new::<M>(complete(drafts)?, None);
        if inserts.rows == 0 {
            return Ok(Vec::new());
        }
        ex.run(CreateMany { inserts, _model: PhantomData }).await
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
        insert_many(Inserts::new::<M>(complete(drafts)?, None), ex).await
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
        let ignore = Conflict { target: Vec::new(), update: Vec::new() };
        insert_many(Inserts::new::<M>(complete(drafts)?, Some(ignore)), ex).await
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
    pub async fn bulk_upsert<E, D, K>(self, drafts: impl IntoIterator<Item = D>, key: K, ex: &E) -> Result<u64>
    where
        E: Executor,
        D: IntoDraftRow<M>,
        K: FnOnce(M::UniqueKeys) -> UniqueKey<M>,
    {
        let key = key(M::unique_keys());
        let rows = complete(drafts)?.into_iter().map(|row| ByKey::new(row, key)).collect::<Result<Vec<_>>>()?;
        if rows.is_empty() {
            return Ok(0);
        }
        let target = columns_of(key);
        let single = ex.dialect().capabilities().conflict_target
            || rows.iter().all(|row| is_only_key(M::meta(), &row.row, &target));
        if !single {
            return ex.run(UpsertInSteps(rows)).await;
        }
        let rows = rows.into_iter().map(|row| row.row).collect();
        insert_many(Inserts::upserts::<M>(rows, target), ex).await
    }

    /// Writes some fields of any number of rows that exist, and gives the number of rows that were found.
    ///
    /// `rows` are rows, or references to them, with their new values; fields that say `auto_now` are set as well.
    /// SQL: one `UPDATE .. SET title = CASE WHEN id = .. THEN .. END WHERE id IN (..)` for up to 100 rows, all in one
    /// transaction or savepoint.
    ///
    /// # Errors
    /// Those of an edit's `save`; a row that is gone is none.
    ///
    /// ```
    /// # use library::*;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
    /// # let db = filled().await?;
    /// let mut books = Book::objects().all(&db).await?;
    /// for book in &mut books {
    ///     book.price *= Decimal::from(2);
    /// }
    /// assert_eq!(Book::objects().bulk_update(&books, |b| b.price, &db).await?, 4);
    /// assert_eq!(Book::get(1, &db).await?.price, Decimal::from(25));
    /// # Ok(()) }
    /// ```
    pub async fn bulk_update<E, B, C, L>(self, rows: impl IntoIterator<Item = B>, fields: C, ex: &E) -> Result<u64>
    where
        E: Executor,
        B: Borrow<M>,
        C: FnOnce(M::Fields<At<M>>) -> L,
        L: Columns<M>,
    {
        let meta = M::meta();
        let mut columns = Vec::new();
        fields(M::fields()).add_to(&mut columns)?;
        if columns.iter().any(|column| meta.key.contains(column)) {
            return Err(Error::new(Code::BadQuery, "the key of a row cannot be changed").with_model(meta.static_name()));
        }
        let mut given = Vec::new();
        for row in rows {
            let mut out = Writer::with_capacity(meta.columns.len());
            row.borrow().write_columns(&mut out)?;
            given.push(out.into_values());
        }
        if given.is_empty() || columns.is_empty() {
            return Ok(0);
        }
        let op = UpdateMany::new(meta, columns, given)?;
        ex.run(op).await
    }
}

fn complete<M: Model, D: IntoDraftRow<M>>(drafts: impl IntoIterator<Item = D>) -> Result<Vec<NewRow>> {
    drafts.into_iter().map(|draft| draft.into_row().into_values()).collect()
}

async fn insert_many<E: Executor>(inserts: Inserts, ex: &E) -> Result<u64> {
    if inserts.rows == 0 {
        return Ok(0);
    }
    ex.run(inserts).await
}

/// Rows that have the same columns, for one statement after the other.
struct Group {
    columns: Vec<u16>,
    conflict: Option<Conflict>,
    rows: Vec<Vec<Value>>,
    /// The number of each row among all drafts.
    places: Vec<usize>,
    /// The keys that the rows already have; empty where the database makes them.
    keys: Vec<Vec<Value>>,
}

/// Rows to insert, grouped by what they have.
struct Inserts {
    meta: &'static ModelMeta,
    groups: Vec<Group>,
    rows: usize,
}

impl Inserts {
    fn new<M: Model>(rows: Vec<NewRow>, conflict: Option<Conflict>) -> Inserts {
        let mut inserts = Inserts { meta: M::meta(), groups: Vec::new(), rows: rows.len() };
        for (place, row) in rows.into_iter().enumerate() {
            let columns = row.columns();
            let known = inserts.groups.iter().rposition(|group| group.columns == columns);
            inserts.add(known, columns, conflict.clone(), row, place);
        }
        inserts
    }

    /// Upserts: a key that comes twice comes in two statements, in the order of the drafts.
    fn upserts<M: Model>(rows: Vec<NewRow>, target: Vec<u16>) -> Inserts {
        let meta = M::meta();
        let mut inserts = Inserts { meta, groups: Vec::new(), rows: rows.len() };
        let mut keys: HashSet<String> = HashSet::new();
        let mut over: Vec<u16> = Vec::new();
        for (place, row) in rows.into_iter().enumerate() {
            let columns = row.columns();
            let key = target.iter().map(|&column| format!("{:?}", row.values[usize::from(column)])).collect();
            let own = overwrites(meta, &row, &target);
            let repeated = !keys.insert(key);
            let last = inserts.groups.len().checked_sub(1);
            let same = last.filter(|&last| inserts.groups[last].columns == columns && over == own && !repeated);
            if same.is_none() {
                let key = target.iter().map(|&column| format!("{:?}", row.values[usize::from(column)])).collect();
                keys = HashSet::from([key]);
            }
            let conflict = overwrite(meta, &own, &target);
            over = own;
            inserts.add(same, columns, Some(conflict), row, place);
        }
        inserts
    }

    fn add(&mut self, group: Option<usize>, columns: Vec<u16>, conflict: Option<Conflict>, row: NewRow, place: usize) {
        let index = group.unwrap_or_else(|| {
            let (rows, places, keys) = (Vec::new(), Vec::new(), Vec::new());
            self.groups.push(Group { columns, conflict, rows, places, keys });
            self.groups.len() - 1
        });
        let group = &mut self.groups[index];
        group.keys.extend(known_key(self.meta, &row));
        group.rows.push(row.into_binds());
        group.places.push(place);
    }

    /// Whether it takes one statement, which needs no transaction.
    fn is_single(&self, dialect: Dialect) -> bool {
        self.groups.len() == 1 && self.groups.iter().all(|group| group.rows.len() <= group.chunk(dialect))
    }

    /// Runs the statements. `each` gets the number of the draft and its row, where `returning` asks for rows.
    async fn insert(
        &mut self,
        conn: &mut Connection,
        returning: &[u16],
        each: &mut (dyn FnMut(usize, &Row<'_>) -> Result<()> + Send),
    ) -> Result<u64> {
        let meta = self.meta;
        let mut count = 0;
        for group in &mut self.groups {
            let chunk = group.chunk(conn.dialect());
            let mut rows = std::mem::take(&mut group.rows).into_iter();
            let mut from = 0;
            loop {
                let some: Vec<_> = rows.by_ref().take(chunk).collect();
                if some.is_empty() {
                    break;
                }
                let length = some.len();
                let insert = Insert {
                    model: ModelRef::Static(meta),
                    columns: group.columns.clone(),
                    rows: some,
                    conflict: group.conflict.clone(),
                    returning: returning.to_vec(),
                };
                let mut statement = compile::insert(insert, conn.dialect())?;
                statement.once = length > 1 && length != chunk;
                let mut at = from;
                let ran = match returning.is_empty() {
                    true => conn.execute(&statement).await,
                    false => {
                        let read = &mut |row: &Row<'_>| {
                            let place = group.places.get(at).copied().unwrap_or_default();
                            at += 1;
                            each(place, row)
                        };
                        conn.query(&statement, read).await.map(|()| length as u64)
                    }
                };
                let ran = match ran {
                    Ok(ran) => ran,
                    Err(error) => return Err(explained(error, meta, conn).await),
                };
                if group.ignores() && !conn.dialect().capabilities().conflict_target {
                    refuse_hidden_errors(conn, meta).await?;
                }
                let updates = group.conflict.is_some() && !group.ignores();
                count += if updates { length as u64 } else { ran };
                from += length;
            }
        }
        Ok(count)
    }
}

impl Group {
    fn ignores(&self) -> bool {
        self.conflict.as_ref().is_some_and(|conflict| conflict.update.is_empty())
    }

    /// The rows of one statement.
    fn chunk(&self, dialect: Dialect) -> usize {
        let can = dialect.capabilities();
        let most = if self.ignores() && !can.conflict_target { WATCHED } else { ROWS };
        match self.columns.len() {
            // `DEFAULT VALUES` is one row.
            0 => 1,
            columns => (can.max_binds / columns).clamp(1, most),
        }
    }
}

/// INSERT IGNORE turns every error into a warning: all but those about unique keys become errors again.
pub(super) async fn refuse_hidden_errors(conn: &mut Connection, meta: &ModelMeta) -> Result<()> {
    let mut hidden = None;
    conn.query(&Statement::raw("SHOW WARNINGS", []), &mut |row| {
        // "Duplicate entry '..' for key '..'".
        if row.cell(1).i64()? != 1062 {
            hidden.get_or_insert(row.cell(2).text()?);
        }
        Ok(())
    })
    .await?;
    match hidden {
        None => Ok(()),
        Some(message) => {
            let code = match message.contains("foreign key constraint") {
                true => Code::ForeignKeyViolation,
                false if message.contains("CONSTRAINT") => Code::CheckViolation,
                false => Code::Sql,
            };
            Err(explained(Error::new(code, message), meta, conn).await)
        }
    }
}

impl Operation for Inserts {
    type Output = u64;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection) -> Result<u64> {
        let watched = !conn.dialect().capabilities().conflict_target && self.groups.iter().any(Group::ignores);
        if self.is_single(conn.dialect()) && !watched {
            return self.insert(conn, &[], &mut |_, _| Ok(())).await;
        }
        let mark = conn.savepoint().await?;
        let done = self.insert(conn, &[], &mut |_, _| Ok(())).await;
        finish(conn, mark, done).await
    }
}

struct CreateMany<M> {
    inserts: Inserts,
    _model: PhantomData<fn() -> M>,
}

impl<M: Model> CreateMany<M> {
    async fn create(&mut self, conn: &mut Connection) -> Result<Vec<M>> {
        let mut rows: Vec<Option<M>> = Vec::new();
        rows.resize_with(self.inserts.rows, || None);
        if conn.dialect().capabilities().insert_returning {
            let each = &mut |place: usize, row: &Row<'_>| {
                rows[place] = Some(Reader::new(row, &[]).columns()?);
                Ok(())
            };
            self.inserts.insert(conn, &all_columns(M::meta()), each).await?;
        } else {
            self.create_and_read(conn, &mut rows).await?;
        }
        rows.into_iter().map(|row| row.ok_or_else(|| not_found(M::meta()))).collect()
    }

    /// Without RETURNING: one statement after the other, each with the reading of its rows.
    async fn create_and_read(&mut self, conn: &mut Connection, rows: &mut [Option<M>]) -> Result<()> {
        let meta = M::meta();
        for group in std::mem::take(&mut self.inserts.groups) {
            let chunk = group.chunk(conn.dialect());
            let Group { columns, rows: values, places, keys, .. } = group;
            let mut values = values.into_iter();
            for places in places.chunks(chunk) {
                let insert = Insert {
                    model: ModelRef::Static(meta),
                    columns: columns.clone(),
                    rows: values.by_ref().take(places.len()).collect(),
                    conflict: None,
                    returning: Vec::new(),
                };
                let statement = compile::insert(insert, conn.dialect())?;
                if let Err(error) = conn.execute(&statement).await {
                    return Err(explained(error, meta, conn).await);
                }
                if keys.is_empty() {
                    let mut places = places.iter();
                    let first = conn.last_insert_id().await?;
                    let statement = from_key(meta, first, places.len(), conn.dialect())?;
                    let each = &mut |row: &Row<'_>| {
                        if let Some(&place) = places.next() {
                            rows[place] = Some(Reader::new(row, &[]).columns()?);
                        }
                        Ok(())
                    };
                    conn.query(&statement, each).await?;
                }
            }
            for (&place, key) in places.iter().zip(keys) {
                rows[place] = read_by_key(conn, key).await?;
            }
        }
        Ok(())
    }
}

/// The rows from an automatic key on: those of one INSERT follow each other.
fn from_key(meta: &'static ModelMeta, first: i64, count: usize, dialect: Dialect) -> Result<Statement> {
    let model = ModelRef::Static(meta);
    let key = Expr::own(model.clone(), meta.key[0]);
    let mut select = Select::all(model);
    select.default_order = false;
    select.add_filter(key.clone().binary(BinaryOp::Ge, Expr::Value(Value::I64(first))));
    select.order = vec![Order { expr: key, descending: false, nulls_first: None }];
    select.limit = Some(count as u64);
    compile::select(&select, dialect)
}

impl<M: Model> Operation for CreateMany<M> {
    type Output = Vec<M>;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection) -> Result<Vec<M>> {
        if self.inserts.is_single(conn.dialect()) {
            return self.create(conn).await;
        }
        let mark = conn.savepoint().await?;
        let done = self.create(conn).await;
        finish(conn, mark, done).await
    }
}

/// Upserts where the database cannot name the key in its statement.
struct UpsertInSteps<M>(Vec<ByKey<M>>);

impl<M: Model> Operation for UpsertInSteps<M> {
    type Output = u64;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection) -> Result<u64> {
        let rows = std::mem::take(&mut self.0);
        let count = rows.len() as u64;
        let mark = conn.savepoint().await?;
        let mut done = Ok(count);
        for row in rows {
            if let Err(error) = upsert_in_steps(row, conn).await {
                done = Err(error);
                break;
            }
        }
        finish(conn, mark, done).await
    }
}

struct UpdateMany {
    meta: &'static ModelMeta,
    columns: Vec<u16>,
    /// By row: the key, then the columns.
    rows: Vec<(Vec<Value>, Vec<Value>)>,
}

impl UpdateMany {
    fn new(meta: &'static ModelMeta, mut columns: Vec<u16>, given: Vec<Vec<Value>>) -> Result<Self> {
        let now = auto_now(meta, &columns);
        columns.extend(now.iter().map(|(column, _)| *column));
        let mut rows = Vec::with_capacity(given.len());
        for mut values in given {
            for (column, value) in &now {
                values[usize::from(*column)] = value.clone();
            }
            let key = meta.key.iter().map(|&column| values[usize::from(column)].clone()).collect();
            let take = |&column: &u16| {
                let place = &mut values[usize::from(column)];
                let value = std::mem::replace(place, Value::Null(place.kind()));
                checked(meta, column, value)
            };
            rows.push((key, columns.iter().map(take).collect::<Result<Vec<_>>>()?));
        }
        Ok(UpdateMany { meta, columns, rows })
    }

    fn statement(&self, rows: &[(Vec<Value>, Vec<Value>)], dialect: Dialect) -> Result<Statement> {
        let model = ModelRef::Static(self.meta);
        let keys = rows.iter().map(|(key, _)| key.clone()).collect();
        let mut select = Select::bare(model.clone());
        select.add_filter(super::point::key_in(&model, keys));
        let case = |(at, &column): (usize, &u16)| {
            let branch = |(key, values): &(Vec<Value>, Vec<Value>)| {
                (super::point::key_is(&model, key), Expr::Value(values[at].clone()))
            };
            let value = Expr::Case { branches: rows.iter().map(branch).collect(), otherwise: None };
            Assignment { column, value }
        };
        let set = self.columns.iter().enumerate().map(case).collect();
        let mut statement = compile::update(&Update { rows: select, set, returning: Vec::new() }, dialect)?;
        statement.once = rows.len() > 1 && rows.len() != self.chunk(dialect);
        Ok(statement)
    }

    fn chunk(&self, dialect: Dialect) -> usize {
        let binds = self.meta.key.len() + self.columns.len() * (self.meta.key.len() + 1);
        (dialect.capabilities().max_binds / binds).clamp(1, UPDATES)
    }

    async fn update(&self, conn: &mut Connection) -> Result<u64> {
        let mut count = 0;
        for rows in self.rows.chunks(self.chunk(conn.dialect())) {
            let statement = self.statement(rows, conn.dialect())?;
            count += match conn.execute(&statement).await {
                Ok(count) => count,
                Err(error) => return Err(explained(error, self.meta, conn).await),
            };
        }
        Ok(count)
    }
}

/// The fields that every save sets, with the present.
pub(super) fn auto_now(meta: &ModelMeta, but: &[u16]) -> Vec<(u16, Value)> {
    let columns = meta.columns.iter().enumerate().filter(|(index, column)| {
        meta.fields[usize::from(column.field)].options.auto_now && !but.contains(&(*index as u16))
    });
    columns.filter_map(|(index, column)| Some((index as u16, super::clock::now(column.kind)?))).collect()
}

impl Operation for UpdateMany {
    type Output = u64;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection) -> Result<u64> {
        if self.rows.len() <= self.chunk(conn.dialect()) {
            return self.update(conn).await;
        }
        let mark = conn.savepoint().await?;
        let done = self.update(conn).await;
        finish(conn, mark, done).await
    }
}
