//! Loading related rows: which keys to ask for, one query per relation, and each row to its place. Nothing here knows a
//! model's type.
//!
//! It goes in three steps, so that nothing is taken from the rows before everything has been read: [`collect`] gathers keys,
//! [`load`] reads, [`attach`] hangs the rows where they belong.

use super::{Prefetch, erased::AnyRow};
use crate::{
    Code, Connection, Error, Kind, PgKind, PgValue, Result, Statement, Value, compile,
    db::{Cell, Row},
    field::{Held, Loaded},
    model::{Reader, Writer},
    tree::{BinaryOp, Expr, Join, JoinKind, Labelled, ModelRef, Path, Select, Selected, Step},
};
use futures_util::future::BoxFuture;
use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

/// The slot of a row that has no key to ask for.
const NONE: u32 = u32::MAX;

/// The most keys in one statement where they are bound one by one.
const CHUNK: usize = 500;

/// The rows to load of one relation.
pub(super) struct Job {
    plan: Arc<Prefetch>,
    /// Where each owner's related rows will be.
    slots: Vec<u32>,
    keys: Keys,
    /// What to load below rows that are there already.
    through: Option<Vec<Job>>,
}

/// What was loaded for a job.
pub(super) struct Filled {
    loaded: Vec<Option<Loaded>>,
    through: Vec<Filled>,
}

/// Different keys, numbered as they come.
#[derive(Default)]
struct Keys {
    slots: HashMap<KeyPart<'static>, u32>,
    /// Those of all columns, key by key.
    values: Vec<Value>,
}

/// A key in a form that can be looked up. It borrows the texts of the values that it is made of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum KeyPart<'v> {
    Integer(i64),
    Text(Cow<'v, str>),
    Uuid(uuid::Uuid),
    Ip(std::net::IpAddr),
    Several(Vec<KeyPart<'v>>),
}

impl<'v> KeyPart<'v> {
    pub(crate) fn of(value: &'v Value) -> KeyPart<'v> {
        match value {
            Value::I16(value) => KeyPart::Integer(i64::from(*value)),
            Value::I32(value) => KeyPart::Integer(i64::from(*value)),
            Value::I64(value) => KeyPart::Integer(*value),
            Value::Text(value) => KeyPart::Text(value.as_str().into()),
            Value::Uuid(value) => KeyPart::Uuid(*value),
            Value::Ip(value) => KeyPart::Ip(*value),
            Value::Decimal(value) => KeyPart::Text(value.normalize().to_string().into()),
            other => KeyPart::Text(format!("{other:?}").into()),
        }
    }

    /// Of a key's columns together.
    pub(crate) fn of_all(values: &'v [Value]) -> KeyPart<'v> {
        KeyPart::of_each(values.iter())
    }

    /// The same of columns that do not stand beside each other.
    pub(crate) fn of_each(mut values: impl ExactSizeIterator<Item = &'v Value>) -> KeyPart<'v> {
        match (values.len(), values.next()) {
            (1, Some(one)) => KeyPart::of(one),
            (_, first) => KeyPart::Several(first.into_iter().chain(values).map(KeyPart::of).collect()),
        }
    }

    /// One that stays.
    pub(crate) fn into_owned(self) -> KeyPart<'static> {
        match self {
            KeyPart::Integer(value) => KeyPart::Integer(value),
            KeyPart::Text(value) => KeyPart::Text(value.into_owned().into()),
            KeyPart::Uuid(value) => KeyPart::Uuid(value),
            KeyPart::Ip(value) => KeyPart::Ip(value),
            KeyPart::Several(parts) => KeyPart::Several(parts.into_iter().map(KeyPart::into_owned).collect()),
        }
    }
}

impl Keys {
    /// The number of a key.
    fn slot(&mut self, values: &[Value]) -> u32 {
        let next = self.slots.len() as u32;
        match self.slots.entry(KeyPart::of_all(values).into_owned()) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                new.insert(next);
                self.values.extend_from_slice(values);
                next
            }
        }
    }

    fn find(&self, values: &[Value]) -> Option<u32> {
        self.slots.get(&KeyPart::of_all(values)).copied()
    }
}

/// Reads a value of a kind.
pub(crate) fn value_of(cell: &Cell<'_>, kind: Kind) -> Result<Value> {
    if cell.is_null() {
        return Ok(Value::Null(kind));
    }
    Ok(match kind {
        Kind::Bool => Value::Bool(cell.bool()?),
        Kind::I16 => Value::I16(cell.i16()?),
        Kind::I32 => Value::I32(cell.i32()?),
        Kind::I64 => Value::I64(cell.i64()?),
        Kind::F32 => Value::F32(cell.f32()?),
        Kind::F64 => Value::F64(cell.f64()?),
        Kind::Decimal => Value::Decimal(cell.decimal()?),
        Kind::Text => Value::Text(cell.text()?),
        Kind::Bytes => Value::Bytes(cell.bytes()?),
        Kind::Date => Value::Date(cell.date()?),
        Kind::Time => Value::Time(cell.time()?),
        Kind::Timestamp => Value::Timestamp(cell.timestamp()?),
        Kind::DateTime => Value::DateTime(cell.datetime()?),
        Kind::Duration => Value::Duration(cell.duration()?),
        Kind::Uuid => Value::Uuid(cell.uuid()?),
        Kind::Ip => Value::Ip(cell.ip()?),
        Kind::Json => Value::Json(cell.json()?),
        Kind::Postgres(own) => Value::Postgres(own, Box::new(own_value(cell, own)?)),
    })
}

fn own_value(cell: &Cell<'_>, kind: &PgKind) -> Result<PgValue> {
    Ok(match kind {
        PgKind::Array(_) => PgValue::Array(cell.array()?),
        PgKind::Range(_) => PgValue::Range(cell.range()?),
        PgKind::HStore => PgValue::HStore(cell.hstore()?),
        PgKind::SearchVector => PgValue::Text(cell.search_vector()?),
        PgKind::SearchQuery | PgKind::Enum(_) => PgValue::Text(cell.text()?),
    })
}

/// Gathers what has to be loaded for these rows.
pub(super) fn collect(plans: &[Arc<Prefetch>], owners: &[&dyn AnyRow]) -> Result<Vec<Job>> {
    plans.iter().map(|plan| job(plan, owners)).collect()
}

fn job(plan: &Arc<Prefetch>, owners: &[&dyn AnyRow]) -> Result<Job> {
    if let Some(rows) = loaded_already(plan, owners) {
        let through = Some(collect(&plan.below, &rows)?);
        return Ok(Job { plan: plan.clone(), slots: Vec::new(), keys: Keys::default(), through });
    }
    let (mut slots, mut out) = (Vec::with_capacity(owners.len()), Writer::default());
    let mut keys = Keys { slots: HashMap::with_capacity(owners.len()), values: Vec::with_capacity(owners.len()) };
    let (labelled, by) = (plan.step.labelled(), plan.step.held_field());
    for owner in owners {
        own_values(&plan.step, by, *owner, &mut out)?;
        let values = out.values();
        slots.push(match &labelled {
            _ if values.iter().any(Value::is_null) => NONE,
            Some(labelled) => labelled.tied(values).map_or(NONE, |values| keys.slot(&values)),
            None => keys.slot(values),
        });
        out.clear();
    }
    Ok(Job { plan: plan.clone(), slots, keys, through: None })
}

/// What a row has that ties it to its related rows; `by` is the unique field that those hold, if it is not the key.
fn own_values(step: &Step, by: Option<u16>, owner: &dyn AnyRow, out: &mut Writer) -> Result<()> {
    match (step.has_key(), by) {
        (true, _) => owner.field_values(step.field, out),
        (false, Some(field)) => owner.field_values(field, out),
        (false, None) => owner.key_values(out),
    }
}

/// The rows of a relation on the way to another, when all of them are there: each once.
fn loaded_already<'a>(plan: &Prefetch, owners: &[&'a dyn AnyRow]) -> Option<Vec<&'a dyn AnyRow>> {
    if plan.asked {
        return None;
    }
    let (mut rows, mut holders) = (Vec::new(), HashMap::new());
    for owner in owners {
        let Some(loaded) = owner.held(plan.step.field).and_then(Held::rows) else {
            let mut out = Writer::default();
            owner.field_values(plan.step.field, &mut out).ok()?;
            let mut values = out.drain();
            if values.len() > 0 && values.any(|value| value.is_null()) {
                continue;
            }
            return None;
        };
        let Some(row) = (plan.ops.row)(loaded.any()) else { continue };
        let (identity, count) = loaded.identity();
        holders
            .entry(identity)
            .or_insert_with(|| {
                rows.push(row);
                (count, 0)
            })
            .1 += 1;
    }
    // A row that somebody else holds as well cannot be changed.
    holders.values().all(|(count, here)| count == here).then_some(rows)
}

/// Reads what the jobs ask for; one statement for each, and one for each relation below.
pub(super) fn load<'a>(conn: &'a mut Connection<'_>, jobs: &'a [Job]) -> BoxFuture<'a, Result<Vec<Filled>>> {
    Box::pin(async move {
        let mut filled = Vec::with_capacity(jobs.len());
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs {
            answers.push(Answer::new(job, conn)?);
        }
        let (mut statements, mut readings): (Vec<Statement>, Vec<Reading<'_>>) = (Vec::new(), Vec::new());
        let mut reader_of = Vec::new();
        for answer in answers {
            reader_of.extend(std::iter::repeat_n(readings.len(), answer.statements.len()));
            statements.extend(answer.statements);
            readings.push(answer.reading);
        }
        if !statements.is_empty() {
            // They do not need each other's answers: where the database can, all are sent at once.
            conn.query_many(&statements, &mut |index, row| readings[reader_of[index]].take(row)).await?;
        }
        for reading in readings {
            let Reading { job, mut rows, .. } = reading;
            let plan = &job.plan;
            if let Some(through) = &job.through {
                filled.push(Filled { loaded: Vec::new(), through: load(conn, through).await? });
                continue;
            }
            if !plan.below.is_empty() {
                let below = collect(&plan.below, &rows.all())?;
                let filled = load(conn, &below).await?;
                attach(&mut rows.all_mut(), &below, filled);
            }
            filled.push(Filled { loaded: rows.into_loaded(), through: Vec::new() });
        }
        Ok(filled)
    })
}

/// The rows that were loaded for each owner, apart from it. `None` when an owner was there twice.
pub(super) fn apart<O: Send + Sync + 'static>(job: &Job, filled: Filled) -> Option<Vec<Vec<O>>> {
    let mut loaded = filled.loaded;
    let none = || Some(Vec::new());
    let take = |&slot: &u32| match loaded.get_mut(slot as usize) {
        Some(rows) => rows.take()?.into_inner(),
        None => none(),
    };
    job.slots.iter().map(take).collect()
}

/// Hangs what was loaded under the rows that it was collected for.
pub(super) fn attach(owners: &mut [&mut dyn AnyRow], jobs: &[Job], filled: Vec<Filled>) {
    for (job, filled) in jobs.iter().zip(filled) {
        let field = job.plan.step.field;
        if let Some(through) = &job.through {
            attach_through(owners, &job.plan, through, filled.through);
            continue;
        }
        let is_key = job.plan.step.has_key() && job.plan.step.field().generic.is_none();
        for (owner, &slot) in owners.iter_mut().zip(&job.slots) {
            match filled.loaded.get(slot as usize) {
                Some(Some(loaded)) => owner.attach(field, loaded.clone()),
                Some(None) if is_key => owner.attach(field, Loaded::nowhere(job.plan.step.field())),
                Some(None) => owner.attach(field, Loaded::new(())),
                None => {}
            }
        }
    }
}

/// Takes the rows on the way out of their owners, hangs what was loaded under them, and puts them back.
fn attach_through(owners: &mut [&mut dyn AnyRow], plan: &Prefetch, jobs: &[Job], filled: Vec<Filled>) {
    let field = plan.step.field;
    let mut places: Vec<(usize, usize)> = Vec::new();
    let mut taken: Vec<Loaded> = Vec::new();
    let mut known: HashMap<usize, usize> = HashMap::new();
    for (index, owner) in owners.iter_mut().enumerate() {
        let Some(loaded) =
            owner.held(field).and_then(Held::rows).filter(|loaded| (plan.ops.row)(loaded.any()).is_some()).cloned()
        else {
            continue;
        };
        owner.attach(field, Loaded::new(()));
        let place = *known.entry(loaded.identity().0).or_insert(taken.len());
        if place == taken.len() {
            taken.push(loaded);
        }
        places.push((index, place));
    }
    let mut rows: Vec<&mut dyn AnyRow> =
        taken.iter_mut().filter_map(|loaded| loaded.any_mut().and_then(plan.ops.row_mut)).collect();
    attach(&mut rows, jobs, filled);
    for (index, place) in places {
        owners[index].attach(field, taken[place].clone());
    }
}

/// The statements of a job, and what reads their rows.
struct Answer<'a> {
    statements: Vec<Statement>,
    reading: Reading<'a>,
}

struct Reading<'a> {
    job: &'a Job,
    rows: Box<dyn super::erased::AnyRows>,
    tie: Tie,
    /// What the last row said, and its slot: the rows of one owner often come together.
    last: (Vec<Value>, Option<u32>),
    out: Writer,
}

/// What tells where a row belongs.
enum Tie {
    /// Its key.
    Key,
    /// One of its fields.
    Field(u16),
    /// Columns beside it, with their kinds.
    Columns(Vec<(usize, Kind)>),
}

impl<'a> Answer<'a> {
    fn new(job: &'a Job, conn: &Connection<'_>) -> Result<Answer<'a>> {
        let plan = &*job.plan;
        let slots = job.keys.slots.len();
        let rows = match plan.step.is_to_one() {
            true => (plan.ops.singles)(slots),
            false => (plan.ops.lists)(slots),
        };
        let reading = Reading { job, rows, tie: Tie::Key, last: (Vec::new(), None), out: Writer::default() };
        let mut answer = Answer { statements: Vec::new(), reading };
        if slots == 0 || plan.select.empty {
            return Ok(answer);
        }
        let mut select = plan.select.clone();
        let tie = tie(&plan.step, &mut select)?;
        answer.reading.tie = match tie.first() {
            Some(Expr::Column { path, model, column }) if path.source == 0 => {
                let field = model.columns[usize::from(*column)].field;
                let of_field = model.fields[usize::from(field)].columns().len() == tie.len();
                if of_field { Tie::Field(field) } else { Tie::Key }
            }
            _ => {
                let related = select.related.iter().map(|(_, model)| model.columns.len()).sum::<usize>();
                // The row itself, and the values beside it.
                let first = select.model.columns.len() + related + select.selection.len() - 1;
                select.selection.extend(tie.iter().cloned().map(Selected::Expr));
                Tie::Columns(tie.iter().enumerate().map(|(part, it)| (first + part, kind_of(it))).collect())
            }
        };
        if select.is_sliced() {
            select.limit_by.clone_from(&tie);
        }
        let labelled = plan.step.labelled();
        for keys in job.keys.values.chunks(chunk(&tie).saturating_mul(tie.len())) {
            let mut select = select.clone();
            select.add_first_filter(one_of(labelled.as_ref(), tie.clone(), keys.to_vec()));
            answer.statements.push(compile::select(&select, conn.dialect())?);
        }
        Ok(answer)
    }
}

impl Reading<'_> {
    fn take(&mut self, row: &Row<'_>) -> Result<()> {
        let Reading { job, rows, tie, last, out } = self;
        let slot = &mut |read: &dyn AnyRow| {
            match tie {
                Tie::Key => read.key_values(out)?,
                Tie::Field(field) => read.field_values(*field, out)?,
                Tie::Columns(columns) => {
                    for &(column, kind) in columns.iter() {
                        out.push(value_of(&row.cell(column), kind)?);
                    }
                }
            }
            let (known, slot) = last;
            if known != out.values() {
                // A collation of the database's own may find more than was asked for.
                *slot = job.keys.find(out.values());
                known.clear();
                known.extend_from_slice(out.values());
            }
            out.clear();
            Ok(*slot)
        };
        rows.read(&mut Reader::new(row, &job.plan.related), slot)
    }
}

/// What ties the rows of a relation to those that they belong to: columns that hold the owner's key, or, where the owner holds the
/// key, the key itself. The key of either may be another unique field. A model between the two is joined.
pub(crate) fn tie(step: &Step, select: &mut Select) -> Result<Vec<Expr>> {
    let target = select.model.clone();
    let (model, field) = (&step.model, step.field());
    let at = |source: u16, model: &ModelRef, columns: &mut dyn Iterator<Item = u16>| -> Vec<Expr> {
        let column = |column| Expr::Column { path: Path::source(source), model: model.clone(), column };
        columns.map(column).collect()
    };
    if step.has_key() {
        return Ok(at(0, &target, &mut field.ends(&target).iter().copied()));
    }
    if let Some(through) = step.between() {
        let between = through.model();
        let far = &between.fields[usize::from(through.target)];
        let key = at(0, &target, &mut far.ends(&target).iter().copied());
        let far = at(1, &between, &mut far.columns());
        let near = at(1, &between, &mut between.fields[usize::from(through.source)].columns());
        let pairs = far.into_iter().zip(key).map(|(far, key)| far.binary(BinaryOp::Eq, key)).collect();
        select.joins.push(Join::of(between, JoinKind::Inner, Expr::And(pairs)));
        return Ok(near);
    }
    match step.foreign_key() {
        Some(key) => Ok(at(0, &target, &mut target.fields[usize::from(key)].columns())),
        None => {
            let what = format!("`{}.{}` has no foreign key on the other side", model.name, field.name);
            Err(Error::new(Code::BadModel, what))
        }
    }
}

/// The rows that these values tie to those that they belong to; the values stand one after the other.
pub(crate) fn one_of(labelled: Option<&Labelled>, tie: Vec<Expr>, values: Vec<Value>) -> Expr {
    match labelled {
        Some(labelled) => labelled.one_of(tie, values),
        None => {
            let kind = tie.first().map_or(Kind::I64, kind_of);
            Expr::one_of_keys(tie, kind, values)
        }
    }
}

/// The rows of a relation that belong to one row, as a query.
pub(super) fn rows_of(plan: Prefetch, owner: &dyn AnyRow) -> Result<(Select, Vec<super::Related>, Vec<Arc<Prefetch>>)> {
    let (mut select, mut out) = (plan.select.clone(), Writer::default());
    let tie = tie(&plan.step, &mut select)?;
    own_values(&plan.step, plan.step.held_field(), owner, &mut out)?;
    let values: Vec<Value> = match plan.step.labelled() {
        Some(labelled) => labelled.tied(out.values()).unwrap_or_else(|| vec![Value::Null(Kind::Text)]),
        None => out.drain().collect(),
    };
    let same = tie.into_iter().zip(values).map(|(tie, value)| match value.is_null() {
        true => Expr::Or(Vec::new()),
        false => tie.binary(BinaryOp::Eq, Expr::Value(value)),
    });
    select.add_first_filter(same.fold(Expr::And(Vec::new()), Expr::and));
    Ok((select, plan.related, plan.below))
}

/// The kind of a column.
pub(crate) fn kind_of(column: &Expr) -> Kind {
    match column {
        Expr::Column { model, column, .. } => model.columns[usize::from(*column)].kind,
        _ => Kind::I64,
    }
}

/// How many keys one statement takes: any number where they are one bind.
fn chunk(tie: &[Expr]) -> usize {
    let alone = |part: &Expr| matches!(kind_of(part), Kind::Json | Kind::Postgres(_));
    if tie.iter().any(alone) { CHUNK } else { usize::MAX }
}
