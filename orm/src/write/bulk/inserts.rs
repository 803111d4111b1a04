//! Inserts and upserts in chunks.

use super::super::{
    check::{MOST_MISTAKEN, together_by_row},
    draft::IntoDraftRow,
    fault::{Sent, explained, explained_by},
    new_row::NewRow,
    over::Over,
    point::{ReadRow, known_key, not_found},
    upsert::{ByKey, finish, upsert_in_steps},
};
use super::{computed::Computed, in_packet, made::has_no_triggers};
use crate::{
    Access, Connection, Dialect, Error, Model, Operation, Result, Row, Statement, Value, compile,
    db::of_warning,
    model::{ModelMeta, Reader},
    query::KeyPart,
    tree::{Conflict, Expr, Insert, ModelRef, NewValues},
};
use std::{
    borrow::Cow,
    collections::HashSet,
    hash::{BuildHasher, Hash, Hasher, RandomState},
    marker::PhantomData,
};

/// The most rows in one INSERT: more gain nothing, and the text grows.
pub(super) const ROWS: usize = 500;

/// The most rows in one INSERT that takes a list for each column, whose text stays the same.
const LISTED: usize = 5_000;

/// The most rows in one INSERT to MySQL and MariaDB, which stays prepared: a way to the server costs more there than a row.
const SENT: usize = 2_000;

/// For how many keys there is room from the beginning.
const MANY: usize = 10_000;

/// The most rows in one INSERT that gives way where the database tells what it left out by warnings, of which it keeps 64.
const WATCHED: usize = 60;

/// Rows that have the same columns, for one statement after the other.
pub(super) struct Group {
    pub(super) columns: Vec<u16>,
    pub(super) conflict: Option<Conflict>,
    /// Row after row.
    pub(super) values: Vec<Value>,
    /// In their place, where the database computes something of the rows: one statement makes them.
    computed: Computed,
    /// The number of each row among all drafts.
    pub(super) places: Vec<usize>,
    /// The keys that the rows already have, where they are not given back; empty where the database makes them.
    pub(super) keys: Vec<Vec<Value>>,
}

/// Rows to insert, grouped by what they have.
pub(crate) struct Inserts {
    pub(super) model: ModelRef,
    pub(super) dialect: Dialect,
    /// The columns to give back.
    pub(super) returning: Vec<u16>,
    pub(super) groups: Vec<Group>,
    pub(super) rows: usize,
    /// How many groups there were with the last row that asks a query.
    asked: usize,
    /// The statement where one does it all.
    single: Option<Statement>,
    /// Whether a statement is undone with others, when it fails.
    pub(super) in_savepoint: bool,
}

/// Which unique keys a statement has, by their hashes: of two keys with one hash the second one comes in a statement of its own, as
/// one that comes twice does.
struct Keys {
    known: HashSet<u64>,
    hashes: RandomState,
}

impl Keys {
    /// Whether the key of the row is new here.
    fn add(&mut self, row: &NewRow, target: &[u16]) -> bool {
        let mut hasher = self.hashes.build_hasher();
        for value in target.iter().filter_map(|&column| row.value(column)) {
            KeyPart::of(value).hash(&mut hasher);
        }
        self.known.insert(hasher.finish())
    }
}

impl Inserts {
    pub(super) fn new(model: ModelRef, dialect: Dialect, returning: Vec<u16>) -> Inserts {
        Inserts { model, dialect, returning, groups: Vec::new(), rows: 0, asked: 0, single: None, in_savepoint: false }
    }

    /// Inserts of these drafts, which are checked; a group for each set of columns.
    pub(super) fn of<M: Model, D: IntoDraftRow<M>>(
        drafts: impl IntoIterator<Item = D>,
        conflict: Option<Conflict>,
        dialect: Dialect,
        returning: Vec<u16>,
    ) -> Result<Inserts> {
        let mut inserts = Inserts::new(ModelRef::Static(M::meta()), dialect, returning);
        let drafts = drafts.into_iter();
        let expected = drafts.size_hint().0;
        let mut mistakes = Vec::new();
        for (place, draft) in drafts.enumerate() {
            let row = match draft.into_row().into_values(dialect) {
                Ok(row) => row,
                Err(error) => {
                    mistakes.push((place, error));
                    if mistakes.len() == MOST_MISTAKEN {
                        break;
                    }
                    continue;
                }
            };
            let known = inserts.group_for(&row);
            inserts.add(known, || conflict.clone(), row, expected);
        }
        together_by_row(M::meta(), mistakes)?;
        inserts.settled()
    }

    /// New rows of a model.
    pub(in crate::write) fn of_rows(
        model: ModelRef,
        rows: Vec<NewRow>,
        conflict: Option<Conflict>,
        dialect: Dialect,
        returning: Vec<u16>,
    ) -> Result<Inserts> {
        let mut inserts = Inserts::new(model, dialect, returning);
        let expected = rows.len();
        for row in rows {
            let known = inserts.group_for(&row);
            inserts.add(known, || conflict.clone(), row, expected);
        }
        inserts.settled()
    }

    /// Upserts of rows, with what each writes over an existing one, or what it was given where that is not said: a key that comes twice
    /// comes in two statements, in the order of the drafts.
    pub(super) fn upserts(
        model: ModelRef,
        rows: impl Iterator<Item = Result<(NewRow, Option<Over>)>>,
        target: &[u16],
        dialect: Dialect,
    ) -> Result<Inserts> {
        let mut inserts = Inserts::new(model.clone(), dialect, Vec::new());
        let expected = rows.size_hint().0;
        let mut keys = Keys { known: HashSet::with_capacity(expected.min(MANY)), hashes: RandomState::new() };
        let mut over: Option<Over> = None;
        for row in rows {
            let (row, said) = row?;
            let alike = match (&over, &said) {
                (Some(Over::Columns(last)), None) => last.iter().copied().eq(row.overwrites(&model, target)),
                (Some(last), Some(said)) => last == said,
                _ => false,
            };
            // A row that lacks a part of the key has other columns.
            let last = inserts.groups.len().checked_sub(1);
            let last = last.filter(|&last| alike && inserts.groups[last].takes(&row) && keys.add(&row, target));
            if last.is_none() {
                keys.known.clear();
                keys.add(&row, target);
                over = Some(said.unwrap_or_else(|| Over::Columns(row.overwrites(&model, target).collect())));
            }
            inserts.add(last, || over.as_ref().map(|over| over.conflict(&model, target)), row, expected);
        }
        inserts.settled()
    }

    fn add(&mut self, group: Option<usize>, conflict: impl FnOnce() -> Option<Conflict>, row: NewRow, expected: usize) {
        let index = group.unwrap_or_else(|| {
            let (columns, conflict) = (row.columns(), conflict());
            let rows = if row.is_computed() { 0 } else { expected.min(ROWS) };
            let (values, places) = (Vec::with_capacity(rows * columns.len()), Vec::with_capacity(rows));
            let computed = Computed::default();
            self.groups.push(Group { columns, conflict, values, computed, places, keys: Vec::new() });
            self.groups.len() - 1
        });
        let gives_rows = self.gives_rows();
        let group = &mut self.groups[index];
        if !gives_rows {
            group.keys.extend(known_key(&self.model, &row));
        }
        match row.is_computed() {
            false => row.add_to(&mut group.values),
            true => group.computed.add(row),
        }
        if group.computed.asks() {
            self.asked = index + 1;
        }
        group.places.push(self.rows);
        self.rows += 1;
    }

    /// The group that a row can join: none before a row that asks a query, which sees what was written before it.
    fn group_for(&self, row: &NewRow) -> Option<usize> {
        let known = self.groups[self.asked..].iter().rposition(|group| group.takes(row));
        known.map(|place| self.asked + place)
    }

    /// Whether the statements give the rows back that are wanted.
    pub(crate) fn gives_rows(&self) -> bool {
        self.returning.is_empty() || self.dialect.capabilities().insert_returning
    }

    /// What takes one statement has it ready, so that it can be run again.
    fn settled(mut self) -> Result<Inserts> {
        if self.gives_rows()
            && let [group] = self.groups.as_mut_slice()
            && group.places.len() <= group.next(&group.values, &self.model, self.dialect)
            && (self.dialect.capabilities().conflict_target || !group.ignores())
        {
            let (group, values) = (0, std::mem::take(&mut group.values));
            self.single = Some(self.groups[group].statement(values, &self.returning, &self)?);
        }
        Ok(self)
    }

    /// The text of each statement, in the order in which they run.
    pub(crate) fn sql(mut self) -> Result<Vec<String>> {
        let dialect = self.dialect;
        if let Some(statement) = &self.single {
            return Ok(vec![statement.sql(dialect)]);
        }
        self.in_savepoint = dialect == Dialect::Sqlite;
        let reads = !self.gives_rows() || self.keys_may_follow();
        let mut all = Vec::new();
        for mut group in std::mem::take(&mut self.groups) {
            let values = std::mem::take(&mut group.values);
            let mut chunks = Chunks::of(&group, values, if reads { &[] } else { &self.returning }, &self);
            while let Some((statement, _)) = chunks.next()? {
                all.push(statement.sql(dialect));
            }
        }
        Ok(all)
    }

    fn access(&self) -> Access {
        // What asks a query may take long.
        let short =
            self.single.is_some() && self.rows <= ROWS && self.groups.iter().all(|group| group.computed.is_empty());
        if short { Access::ShortWrite } else { Access::Write }
    }

    /// Runs the statements: all or none of them. `each` gets the number of the draft and its row, where rows are given back.
    pub(crate) async fn insert(&mut self, conn: &mut Connection<'_>, each: EachPlace<'_>) -> Result<u64> {
        if let (Some(statement), [group]) = (&self.single, self.groups.as_slice()) {
            return group.insert(self, conn, statement, &group.places, each).await;
        }
        let mark = conn.savepoint().await?;
        let done = self.insert_all(conn, each).await;
        finish(conn, mark, done).await
    }

    pub(super) async fn insert_all(&mut self, conn: &mut Connection<'_>, each: EachPlace<'_>) -> Result<u64> {
        let mut count = 0;
        self.in_savepoint = has_no_triggers(conn, &self.model).await?;
        for mut group in std::mem::take(&mut self.groups) {
            let values = std::mem::take(&mut group.values);
            let mut chunks = Chunks::of(&group, values, &self.returning, self);
            while let Some((statement, places)) = chunks.next()? {
                count += group.insert(self, conn, statement, places, each).await?;
            }
        }
        Ok(count)
    }
}

/// The statements for the rows of a group, each with the numbers of its drafts.
pub(super) struct Chunks<'a> {
    group: &'a Group,
    inserts: &'a Inserts,
    returning: &'a [u16],
    values: std::vec::IntoIter<Value>,
    places: &'a [usize],
    /// The last one, and the number of its rows.
    statement: Option<(Statement, usize)>,
}

impl<'a> Chunks<'a> {
    pub(super) fn of(group: &'a Group, values: Vec<Value>, returning: &'a [u16], inserts: &'a Inserts) -> Chunks<'a> {
        Chunks { group, inserts, returning, values: values.into_iter(), places: &group.places, statement: None }
    }

    pub(super) fn next(&mut self) -> Result<Option<(&Statement, &'a [usize])>> {
        if self.places.is_empty() {
            return Ok(None);
        }
        let rows = self.group.next(self.values.as_slice(), &self.inserts.model, self.inserts.dialect);
        let (places, rest) = self.places.split_at(rows.min(self.places.len()));
        self.places = rest;
        let values = self.values.by_ref().take(places.len() * self.group.columns.len());
        let statement = match self.statement.take() {
            // The same text, where each value is bound by itself, and nothing else is.
            Some((mut last, rows)) if places.len() == rows && last.binds.len() == values.len() => {
                last.binds = values.collect();
                last
            }
            _ => self.group.statement(values.collect(), self.returning, self.inserts)?,
        };
        let (statement, _) = self.statement.insert((statement, places.len()));
        Ok(Some((statement, places)))
    }
}

/// What gets the number of a draft, and its row.
pub(super) type EachPlace<'a> = &'a mut (dyn FnMut(usize, &Row<'_>) -> Result<()> + Send);

/// The values of a statement's rows, which it may bind as a list for each column.
#[cold]
fn row_after_row(binds: &[Value]) -> Cow<'_, [Value]> {
    let lists = binds.iter().map(|bind| if let Value::List(list) = bind { Some(&list.values) } else { None });
    match lists.collect::<Option<Vec<&Vec<Value>>>>() {
        Some(lists) if !lists.is_empty() => {
            let row = |at: usize| lists.iter().map(move |list| list[at].clone());
            Cow::Owned((0..lists[0].len()).flat_map(row).collect())
        }
        _ => Cow::Borrowed(binds),
    }
}

impl Group {
    /// The columns that an upsert computes in the database.
    fn computed_over(&self) -> Vec<u16> {
        let set = self.conflict.iter().flat_map(|conflict| &conflict.update);
        let computed = set.filter(|set| !matches!(set.value, Expr::Value(_) | Expr::Proposed { .. }));
        computed.map(|set| set.column).collect()
    }

    /// Whether a row has the columns of this group, and there is room for it.
    fn takes(&self, row: &NewRow) -> bool {
        if row.is_computed() == self.computed.is_empty() || row.is_computed() && !self.computed.has_room(row) {
            return false;
        }
        let mut columns = self.columns.iter();
        let mut next = columns.next();
        (0..).zip(row.sent()).all(|(column, sent)| {
            let here = next == Some(&column);
            if here {
                next = columns.next();
            }
            here == sent
        })
    }

    fn ignores(&self) -> bool {
        self.conflict.as_ref().is_some_and(|conflict| conflict.update.is_empty())
    }

    /// Whether a statement of several rows takes a list for each column.
    fn lists(&self, meta: &ModelMeta, dialect: Dialect) -> bool {
        let kinds = self.columns.iter().map(|&column| meta.columns[usize::from(column)].kind);
        !self.columns.is_empty() && compile::inserts_lists(dialect, kinds)
    }

    /// The most rows of one statement.
    fn most(&self, meta: &ModelMeta, dialect: Dialect) -> usize {
        let can = dialect.capabilities();
        if self.lists(meta, dialect) {
            return LISTED;
        }
        let most = match dialect {
            _ if self.ignores() && !can.conflict_target => WATCHED,
            _ if dialect.is_mysql() => SENT,
            _ => ROWS,
        };
        match self.columns.len() {
            // `DEFAULT VALUES` is one row.
            0 => 1,
            columns => (can.max_binds / columns).clamp(1, most),
        }
    }

    /// How many of the rows with these values the next statement takes.
    fn next(&self, values: &[Value], meta: &ModelMeta, dialect: Dialect) -> usize {
        if !self.computed.is_empty() {
            return self.places.len();
        }
        let most = self.most(meta, dialect);
        match self.columns.len() {
            columns if columns > 0 && dialect.is_mysql() => {
                in_packet(values.chunks(columns).take(most).map(|row| row.iter()))
            }
            _ => most,
        }
    }

    /// The statement for rows of these values.
    fn statement(&self, values: Vec<Value>, returning: &[u16], inserts: &Inserts) -> Result<Statement> {
        let Inserts { model, dialect, in_savepoint, .. } = inserts;
        let rows = values.len() / self.columns.len().max(1);
        let computed = !self.computed.is_empty();
        let insert = Insert {
            model: model.clone(),
            columns: self.columns.clone(),
            values: match computed {
                true => self.computed.values(),
                false => NewValues::Known(values),
            },
            conflict: self.conflict.clone(),
            returning: returning.to_vec(),
            in_savepoint: *in_savepoint,
        };
        let mut statement = compile::insert(insert, *dialect)?;
        let full = rows == ROWS || rows == self.most(model, *dialect);
        statement.once = match computed {
            true => self.places.len() > 1,
            false => !self.lists(model, *dialect) && !full && (rows > ROWS || !comes_again(rows)),
        };
        Ok(statement)
    }

    /// The error of a statement for some of its rows, in the words of the model.
    #[cold]
    pub(super) async fn explained(
        &self,
        error: Error,
        statement: &Statement,
        rows: usize,
        meta: &ModelMeta,
        conn: &mut Connection<'_>,
    ) -> Error {
        let mut computed = self.computed_over();
        if !self.computed.is_empty() {
            let mut told = self.computed.told(&self.columns);
            told.computed.append(&mut computed);
            return explained_by(told.sent(), error, meta, conn).await;
        }
        // The values of the rows come first; what an upsert says besides comes behind them.
        let binds = statement.binds();
        let lists = matches!(binds.first(), Some(Value::List(..)));
        let sent = if lists { self.columns.len() } else { self.columns.len() * rows };
        let values = row_after_row(&binds[..sent.min(binds.len())]);
        let sent = Sent { computed: &computed, ..Sent::of(&self.columns, &values) };
        explained_by(sent, error, meta, conn).await
    }

    /// Runs a statement for the rows of these drafts.
    async fn insert(
        &self,
        inserts: &Inserts,
        conn: &mut Connection<'_>,
        statement: &Statement,
        places: &[usize],
        each: EachPlace<'_>,
    ) -> Result<u64> {
        let (meta, rows) = (&*inserts.model, places.len() as u64);
        let ran = match inserts.returning.is_empty() {
            true => conn.execute(statement).await,
            false => {
                let mut places = places.iter();
                let read = &mut |row: &Row<'_>| places.next().map_or(Ok(()), |&place| each(place, row));
                conn.query(statement, read).await.map(|()| rows)
            }
        };
        let ran = match ran {
            Ok(ran) => ran,
            Err(error) => return Err(self.explained(error, statement, places.len(), meta, conn).await),
        };
        if self.ignores() && !conn.dialect().capabilities().conflict_target {
            refuse_hidden_errors(conn, meta).await?;
        }
        let updates = self.conflict.is_some() && !self.ignores();
        Ok(if updates { rows } else { ran })
    }
}

/// Sizes of batches that people choose: their statements stay prepared, and they are few. Others would fill the connection's
/// memory with texts that hardly come again.
fn comes_again(rows: usize) -> bool {
    rows <= 8 || rows.is_power_of_two() || rows.is_multiple_of(50)
}

/// INSERT IGNORE turns every error into a warning: all but those about unique keys become errors again.
pub(in crate::write) async fn refuse_hidden_errors(conn: &mut Connection<'_>, meta: &ModelMeta) -> Result<()> {
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
        Some(message) => Err(explained(of_warning(&message), meta, conn).await),
    }
}

impl Operation for Inserts {
    type Output = u64;

    fn access(&self) -> Access {
        self.access()
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<u64> {
        if self.rows == 0 {
            return Ok(0);
        }
        self.insert(conn, &mut |_, _| Ok(())).await
    }
}

/// Inserts that give their rows.
pub(in crate::write) struct CreateMany<M> {
    pub(in crate::write) inserts: Inserts,
    pub(in crate::write) _model: PhantomData<fn() -> M>,
}

impl<M: Model> Operation for CreateMany<M> {
    type Output = Vec<M>;

    fn access(&self) -> Access {
        self.inserts.access()
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Vec<M>> {
        let count = self.inserts.rows;
        let mut rows: Vec<(usize, M)> = Vec::with_capacity(count);
        if count == 0 {
            return Ok(Vec::new());
        }
        let several = self.inserts.groups.len() > 1;
        let each = &mut |place: usize, row: &Row<'_>| {
            rows.push((place, Reader::new(row, &[]).columns()?));
            Ok(())
        };
        self.inserts.insert_and_read(conn, each).await?;
        if several {
            rows.sort_by_key(|(place, _)| *place);
        }
        match rows.len() == count {
            true => Ok(rows.into_iter().map(|(_, row)| row).collect()),
            false => Err(not_found(M::meta())),
        }
    }
}

/// Upserts where the database cannot name the key in its statement.
pub(super) struct UpsertInSteps<R>(pub(super) Vec<ByKey<R>>);

impl<R: ReadRow> Operation for UpsertInSteps<R> {
    type Output = u64;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<u64> {
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
