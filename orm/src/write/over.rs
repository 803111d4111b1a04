//! What an upsert writes over the row that is there.

use super::{
    Assigns,
    bulk::auto_now,
    check::{field_name, together},
    new_row::NewRow,
    update,
};
use crate::{
    Code, Error, Model, Result,
    compile::trimmed,
    field::{At, PathNode},
    model::ModelMeta,
    tree::{Assignment, Conflict, Expr, ModelRef},
};
use smallvec::SmallVec;

/// The source whose handles stand for the new row.
const NEW: u16 = 1;

/// What an upsert writes over the row that is there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Over {
    /// These columns of the new row.
    Columns(SmallVec<[u16; 8]>),
    /// What was said, made of the row that is there and of the new one.
    Set(Vec<Assignment>),
}

impl Over {
    /// What a function of the row that is there and of the new one says. Fields that say `auto_now` are set as well.
    pub(super) fn said<M: Model, A: Assigns<M>>(
        set: impl FnOnce(M::Fields<At<M>>, M::Fields<At<M>>) -> A,
        rules: bool,
    ) -> Result<Over> {
        let meta = M::meta();
        let mut said = said_of_both(set, rules)?;
        let set: Vec<u16> = said.iter().map(|assignment| assignment.column).collect();
        let model = ModelRef::Static(meta);
        said.extend(auto_now(meta, &set).into_iter().map(|(column, _)| of_new(&model, column)));
        Ok(Over::Set(said))
    }

    /// What an insert does with a row that exists.
    pub(super) fn conflict(&self, model: &ModelRef, target: &[u16]) -> Conflict {
        let mut update = match self {
            // With nothing to change the key is set to itself, so that the row is given back.
            Over::Columns(columns) if columns.is_empty() => vec![of_new(model, target[0])],
            Over::Columns(columns) => columns.iter().map(|&column| of_new(model, column)).collect(),
            Over::Set(set) => set.clone(),
        };
        if !self.is_empty() {
            update.extend(Assignment::next_version(model, &update));
        }
        Conflict { target: target.to_vec(), update }
    }

    /// The same, as changes of the row that is there, by the values of the new one.
    pub(super) fn changes(&self, meta: &ModelMeta, row: &NewRow) -> Result<Vec<Assignment>> {
        match self {
            Over::Columns(columns) => {
                let value = |&column: &u16| row.term(column).map(|value| Assignment { column, value });
                Ok(columns.iter().filter_map(value).collect())
            }
            Over::Set(set) => {
                let mut missing = Vec::new();
                let mut set = set.clone();
                for assignment in &mut set {
                    assignment.value.update(0, &mut |expr, _| {
                        if let Expr::Proposed { column, .. } = *expr {
                            match row.term(column) {
                                Some(term) => *expr = term,
                                None => missing.push(column),
                            }
                        }
                    });
                }
                let error = |column: u16| {
                    let name = field_name(meta, column);
                    Error::new(Code::BadQuery, format!("the new row has no `{name}` before it is stored"))
                        .with_fields([name])
                        .with_hint("give it in the draft")
                };
                together(meta, missing.into_iter().map(error).collect())?;
                Ok(set)
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Over::Columns(columns) => columns.is_empty(),
            Over::Set(set) => set.is_empty(),
        }
    }
}

/// What a function of the row that is there and of the new one says: of the latter [`Expr::Proposed`].
pub(super) fn said_of_both<M: Model, A: Assigns<M>>(
    set: impl FnOnce(M::Fields<At<M>>, M::Fields<At<M>>) -> A,
    rules: bool,
) -> Result<Vec<Assignment>> {
    let meta = M::meta();
    let mut said = Vec::new();
    let new = M::fields_at::<At<M>>(PathNode::root(meta, NEW));
    set(M::fields(), new).add_to(&mut said).map_err(|error| error.with_model(meta.name.clone()))?;
    for assignment in &mut said {
        proposed(&mut assignment.value).map_err(|error| error.with_model(meta.name.clone()))?;
    }
    update::settable(meta, &said)?;
    if rules {
        update::followed(meta, &said)?;
    }
    Ok(said)
}

/// A column that becomes what it is in the new row.
pub(super) fn of_new(model: &ModelRef, column: u16) -> Assignment {
    Assignment { column, value: Expr::Proposed { model: model.clone(), column } }
}

/// Makes the handles of the new row what they stand for, and refuses what neither row says.
pub(crate) fn proposed(value: &mut Expr) -> Result<()> {
    let mut wrong = None;
    value.update(0, &mut |expr, depth| match expr {
        Expr::Column { path, model, column } if depth == 0 => {
            // What a foreign key holds of another row stands in the row itself.
            let (steps, own, column) = trimmed(&path.steps, model, *column);
            match (path.source == NEW, steps) {
                (true, 0) => *expr = Expr::Proposed { model: own, column },
                (false, 0) => *expr = Expr::own(own, column),
                _ => {
                    wrong = Some(
                        "what is written over a row is made of that row and of the new one, not of rows that they point to",
                    );
                }
            }
        }
        Expr::Exists(_) | Expr::Scalar(_) | Expr::InQuery(..) => {
            wrong = Some("what is written over a row is made of that row and of the new one, and no query");
        }
        _ => {}
    });
    match wrong {
        None => Ok(()),
        Some(what) => Err(Error::new(Code::BadQuery, what).with_hint("read it before, and give it as a value")),
    }
}
