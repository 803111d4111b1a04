//! Which links a change makes and takes, before it does; and whether those that it makes may be.

use super::{
    Side,
    relate::{Relate, RelationChange, distinct, shown, text, values_in},
};
use crate::{
    Access, Code, Connection, Error, Operation, Result, ValidationError, Value,
    model::FieldMeta,
    tree::{ModelRef, Select, Step},
    write::{
        delete::{For, lock_rows},
        point::{columns_in, not_found},
    },
};
use std::collections::HashSet;

/// What is said of a relation on the side that declares it.
pub(super) struct Said {
    pub(super) step: Step,
    /// It is not the side where the change begins.
    pub(super) from_far_side: bool,
}

impl Said {
    /// Both sides of a many-to-many, as far as models have it.
    pub(super) fn all(side: &Side) -> Vec<Said> {
        let Side::Between { model, of, .. } = side else { return Vec::new() };
        let mut all = vec![Said { step: Step::new(of.model.clone(), of.field), from_far_side: of.reverse }];
        let (Some(start), Some(far)) = (of.start(), of.target()) else { return all };
        for (at, field) in (0..).zip(&far.fields) {
            let back = Step::new(far.clone(), at);
            let known = far == of.model && at == of.field;
            if !known
                && field.is_many_to_many()
                && back.target().as_ref() == Some(&start)
                && let (Some(own), Some(theirs)) = (of.between(), back.between())
                && theirs.model() == *model
                && (theirs.source, theirs.target) == (own.target, own.source)
            {
                all.push(Said { step: back, from_far_side: true });
            }
        }
        all
    }

    fn field(&self) -> &FieldMeta {
        self.step.field()
    }
}

/// A related row: its key, and what the table between holds of it.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) key: Vec<Value>,
    pub(super) held: Vec<Value>,
}

/// What a change does.
pub(super) struct Foreseen {
    pub(super) relate: Relate,
    /// The key of the row whose relation is changed.
    pub(super) owner: Vec<Value>,
    pub(super) gone: Vec<Link>,
    pub(super) new: Vec<Link>,
    /// How many rows between went that led nowhere.
    pub(super) led_nowhere: u64,
}

/// Finds out what a change does. Until the transaction ends, nobody else changes these links: of each the row is locked whose model declares
/// the relation; of a relation of a model to itself all of both sides, in one order.
pub(super) struct Foresee(pub(super) Option<Relate>, pub(super) bool);

impl Operation for Foresee {
    type Output = Option<Foreseen>;

    fn access(&self) -> Access {
        Access::Write
    }

    async fn run(&mut self, conn: &mut Connection<'_>) -> Result<Option<Foreseen>> {
        let (Some(mut relate), from_far_side) = (self.0.take(), self.1) else { return Ok(None) };
        if relate.keys.is_empty() && matches!(relate.change, RelationChange::Add | RelationChange::Remove) {
            return Ok(None);
        }
        relate.refuse_unseen()?;
        relate.name_rows(conn).await?;
        let Side::Between { ends, of, .. } = relate.side.clone() else { return Ok(None) };
        let (Some(start), Some(far), Some(own)) = (of.start(), of.target(), of.held()) else { return Ok(None) };
        let owner = keys_by(conn, &start, &own, std::slice::from_ref(&relate.owner)).await?;
        let owner = owner.into_iter().next().ok_or_else(|| not_found(&start))?.key;
        let (to_itself, mut keys) = (start == far, Vec::new());
        if from_far_side || to_itself {
            let concerned = [relate.linked(conn).await?, relate.keys.clone()].concat();
            keys.extend(keys_by(conn, &far, &ends, &concerned).await?.into_iter().map(|link| link.key));
        }
        if !from_far_side || to_itself {
            keys.push(owner.clone());
        }
        let mut keys = distinct(keys);
        keys.sort_by_cached_key(|key| text(key));
        lock_rows(conn, if from_far_side { &far } else { &start }, &keys, For::Change).await?;
        let (gone, new) = relate.comes_and_goes(conn).await?;
        relate.refuse_unchosen(conn, &new).await?;
        let (gone, new) = (keys_by(conn, &far, &ends, &gone).await?, keys_by(conn, &far, &ends, &new).await?);
        let led_nowhere = relate.clear_nowhere(conn).await?;
        Ok(Some(Foreseen { relate, owner, gone, new, led_nowhere }))
    }
}

/// Rows by what foreign keys hold of them.
async fn keys_by(
    conn: &mut Connection<'_>,
    model: &ModelRef,
    held: &[u16],
    values: &[Vec<Value>],
) -> Result<Vec<Link>> {
    if *held == *model.key {
        return Ok(values.iter().map(|key| Link { key: key.clone(), held: key.clone() }).collect());
    }
    let columns: Vec<u16> = model.key.iter().chain(held).copied().collect();
    let mut links = Vec::with_capacity(values.len());
    for values in values.chunks(super::relate::CHUNK) {
        let mut select = Select::bare(model.clone());
        select.add_filter(columns_in(model, held, values.to_vec()));
        for mut key in values_in(conn, select, &columns).await? {
            let held = key.split_off(model.key.len());
            links.push(Link { key, held });
        }
    }
    Ok(links)
}

impl Relate {
    /// What the table between holds of the rows that are linked, in one direction or the other where both count. A row of it that leads
    /// nowhere is no link.
    async fn linked(&self, conn: &mut Connection<'_>) -> Result<Vec<Vec<Value>>> {
        let mut linked = self.related(conn).await?;
        if let Side::Between { source, target, of, .. } = &self.side
            && of.field().options.symmetrical
        {
            linked.extend(values_in(conn, self.rows_where(target, &self.owner), source).await?);
        }
        linked.retain(|key| !key.iter().any(|value| matches!(value, Value::Null(_))));
        Ok(distinct(linked))
    }

    /// The links that go and those that come, by what the table between holds.
    async fn comes_and_goes(&self, conn: &mut Connection<'_>) -> Result<(Vec<Vec<Value>>, Vec<Vec<Value>>)> {
        let there = self.linked(conn).await?;
        let texts = |keys: &[Vec<Value>]| keys.iter().map(|key| text(key)).collect::<HashSet<_>>();
        let (known, given) = (texts(&there), texts(&self.keys));
        let new = || self.keys.iter().filter(|key| !known.contains(&text(key))).cloned().collect();
        Ok(match self.change {
            RelationChange::Add => (Vec::new(), new()),
            RelationChange::Remove => {
                (there.into_iter().filter(|key| given.contains(&text(key))).collect(), Vec::new())
            }
            RelationChange::Set => {
                let new = new();
                (there.into_iter().filter(|key| !given.contains(&text(key))).collect(), new)
            }
            RelationChange::Clear => (there, Vec::new()),
        })
    }

    /// Refuses links to rows that `choices_from` leaves out, of those that come.
    pub(super) async fn refuse_unchosen_ones(&self, conn: &mut Connection<'_>) -> Result<()> {
        let adds = matches!(self.change, RelationChange::Add | RelationChange::Set);
        let limited = || Said::all(&self.side).iter().any(|said| said.field().options.choices_from.is_some());
        if !adds || self.keys.is_empty() || self.skips.validation || !limited() {
            return Ok(());
        }
        let (_, new) = self.comes_and_goes(conn).await?;
        self.refuse_unchosen(conn, &new).await
    }

    /// The same of these links.
    async fn refuse_unchosen(&self, conn: &mut Connection<'_>, new: &[Vec<Value>]) -> Result<()> {
        let Side::Between { ends, of, .. } = &self.side else { return Ok(()) };
        if new.is_empty() || self.skips.validation {
            return Ok(());
        }
        for said in Said::all(&self.side) {
            let Some(choices) = said.field().options.choices_from else { continue };
            let both = said.field().options.symmetrical;
            let far = (both || !said.from_far_side).then(|| (of.target(), Some(ends.clone()), new.to_vec()));
            let own = (both || said.from_far_side).then(|| (of.start(), of.held(), vec![self.owner.clone()]));
            for (model, held, rows) in far.into_iter().chain(own) {
                let (Some(model), Some(held)) = (model, held) else { continue };
                let mut may = HashSet::new();
                for rows in rows.chunks(super::relate::CHUNK) {
                    let mut select = Select::bare(model.clone());
                    select.add_filter(columns_in(&model, &held, rows.to_vec()));
                    select.add_filter(choices());
                    may.extend(values_in(conn, select, &held).await?.iter().map(|key| text(key)));
                }
                let others: Vec<&Vec<Value>> = rows.iter().filter(|key| !may.contains(&text(key))).collect();
                if !others.is_empty() {
                    return Err(unchosen(&said.step, &others, rows.len()));
                }
            }
        }
        Ok(())
    }
}

/// A link to a row that may not be chosen.
#[cold]
fn unchosen(step: &Step, others: &[&Vec<Value>], all: usize) -> Error {
    let (model, field) = (&step.model.name, &step.field().name);
    let what = match (others.len(), all) {
        (1, 1) => "the row that it would lead to is none that may be chosen".to_owned(),
        (count, all) => format!("{count} of the {all} rows that it would lead to are none that may be chosen"),
    };
    let first: Vec<String> = others.iter().take(10).map(|key| shown(key)).collect();
    let mistake = ValidationError::new(field.to_string(), Code::InvalidValue, what.clone());
    Error::new(Code::InvalidValue, format!("`{model}.{field}`: {what}"))
        .with_model(model.clone())
        .with_fields([field.to_string()])
        .with_validation(vec![mistake])
        .with_unredacted(format!("the first of the keys: {}", first.join(", ")))
        .with_hint("`skip_validation()` passes `choices_from` by")
}
