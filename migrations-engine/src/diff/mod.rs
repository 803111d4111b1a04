//! The autodetector: the operations that lead from one state to another.
//!
//! [`diff`] works in passes: renames first (they decide what is compared with what), then a list of
//! wanted operations, then their order, found by applying to a copy of the state whatever already
//! fits. [`autodetect`] cuts the result into migrations per application.

mod apart;
mod asked;
mod between;
mod circle;
mod compare;
mod exchange;
mod expand;
mod order;
mod past;
mod questions;
mod reduce;
mod rename;
mod safe;
mod split;
mod wish;

pub(crate) use compare::fits;
pub use questions::{Answers, Questioner, Refuse, answer, refused_value};
pub use reduce::{reduce, reduce_from};
pub use safe::{SafeStep, safe, safe_steps};

use std::collections::BTreeSet;

use crate::error::Result;
use crate::graph::MigrationSet;
use crate::migration::Migration;
use crate::operation::Operation;
use crate::schema::Schema;
use asked::Asked;
use wish::FormerNames;

/// The operations, in order, that lead from the state `from` to the state `to`.
///
/// ```
/// use migrations_engine::{diff, Schema};
/// use migrations_engine::diff::{Answers, Refuse};
/// use migrations_engine::schema::{Model, Field, ColumnType};
/// let model = |fields: &[&str]| {
///     let model = Model::new("library", "Tag").with(Field::auto_id());
///     fields.iter().fold(model, |model, name| model.with(Field::new(*name, ColumnType::Integer).nullable()))
/// };
/// let (mut from, mut to) = (Schema::default(), Schema::default());
/// from.insert(model(&["label"]));
/// to.insert(model(&["name"]));
/// let refused = diff(&from, &to, &mut Refuse).unwrap_err();
/// assert_eq!(refused.code(), "M020");
/// assert!(refused.hint().unwrap().contains("--rename library.Tag.label=name"));
/// let mut answers = Answers::new();
/// answers.rename("library.Tag.label=name")?;
/// let operations = diff(&from, &to, &mut answers)?;
/// assert_eq!(operations[0].describe(), "Rename field label of library.Tag to name");
/// # Ok::<(), migrations_engine::Error>(())
/// ```
pub fn diff(from: &Schema, to: &Schema, questioner: &mut dyn Questioner) -> Result<Vec<Operation>> {
    diff_after(&FormerNames::default(), from, to, questioner)
}

/// The same after migrations that have renamed fields already.
fn diff_after(
    former: &FormerNames,
    from: &Schema,
    to: &Schema,
    questioner: &mut dyn Questioner,
) -> Result<Vec<Operation>> {
    to.validate_wanted()?;
    let mut state = from.clone();
    let mut asked = Asked::new(questioner);
    let found = find(&mut state, to, former, &mut asked);
    let (mut operations, wanted) = asked.unless_refused(found)?;
    operations.extend(order::order(&mut state, to, wanted)?);
    Ok(operations)
}

/// The renames, carried out on the state, and what is wanted after them.
fn find(
    state: &mut Schema,
    to: &Schema,
    former: &FormerNames,
    asked: &mut Asked<'_>,
) -> Result<(Vec<Operation>, Vec<Operation>)> {
    let mut operations = rename::renames(state, to, former, asked)?;
    operations.extend(between::models_between(state, to)?);
    let wanted = compare::compare(state, to, asked)?;
    Ok((operations, wanted))
}

/// The new migrations that lead from the migrations in `set` to the state `to`; none if nothing changed.
///
/// They are not written: see [`MigrationSet::add`] and [`MigrationSet::write`].
pub fn autodetect(set: &MigrationSet, to: &Schema, questioner: &mut dyn Questioner) -> Result<Vec<Migration>> {
    let former = FormerNames::of(set);
    let (set, _) = set.effective(&BTreeSet::new())?;
    set.check_leaves()?;
    let from = set.state()?;
    let operations = diff_after(&former, &from, to, questioner)?;
    Ok(split::split(&set, &from, operations))
}
