//! `select_related`: relations to one row that are loaded in the same query.

use super::erased::{RowOps, read_related};
use crate::{
    Model, Result,
    field::{Loaded, Scope, ToOne},
    model::{Reader, Target},
    tree::{ModelRef, Path, Step},
};

/// A related model that is selected beside its owner, and what is selected beside it in turn.
#[derive(Debug, Clone)]
pub struct Related {
    step: Step,
    path: Path,
    model: ModelRef,
    ops: &'static RowOps,
    children: Vec<Related>,
}

impl Related {
    /// Reads the related row and hangs it under its owner.
    pub(crate) fn read_into<M: Model>(&self, owner: &mut M, row: &mut Reader<'_, '_>) -> Result<()> {
        let loaded = match (self.ops.read)(row, &self.children)? {
            Some(loaded) => loaded,
            // A key that is NULL has no place for it.
            None if owner_has_column(&self.step) => Loaded::nowhere(self.step.field()),
            None => Loaded::new(()),
        };
        owner.attach_related(self.step.field, loaded);
        Ok(())
    }

    /// The paths that have to be selected, in the order in which they are read.
    pub(crate) fn paths(&self, out: &mut Vec<(Path, ModelRef)>) {
        out.push((self.path.clone(), self.model.clone()));
        for child in &self.children {
            child.paths(out);
        }
    }

    fn skip(&self) -> usize {
        self.model.columns.len() + self.children.iter().map(Related::skip).sum::<usize>()
    }
}

/// Whether the owner of the relation has its column: a missing row then shows as NULL.
fn owner_has_column(step: &Step) -> bool {
    step.model.fields[step.field as usize].column_count > 0
}

/// Reads `M` as a related row.
pub(super) fn read_row<M: Model>(row: &mut Reader<'_, '_>, children: &[Related]) -> Result<Option<Loaded>> {
    let columns = M::meta().columns.len();
    if row.all_null(columns)? {
        row.skip(columns + children.iter().map(Related::skip).sum::<usize>());
        return Ok(None);
    }
    let mut model: M = row.columns()?;
    for child in children {
        child.read_into(&mut model, row)?;
    }
    Ok(Some(Loaded::new(model)))
}

/// The relations that `select_related` loads: `b.author`, `b.author.country`, or a tuple of them.
///
/// ```
/// # use library::*;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> orm::Result<()> {
/// # let db = filled().await?;
/// let (db, log) = db.recording();
/// let book = Book::objects().select_related(|b| b.author.country).order_by(|b| b.id.asc()).first(&db).await?.unwrap();
/// assert_eq!(book.author.get()?.country.get()?.name, "Britain");
/// log.assert_queries(1);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a relation to one row",
    label = "`select_related` takes foreign keys and one-to-ones",
    note = "rows of a to-many relation are loaded by `prefetch`"
)]
pub trait RelatedSelection {
    /// Adds the relations, and those on the way to them.
    #[doc(hidden)]
    fn add_to(self, out: &mut Vec<Related>);
}

impl<S: Scope, T: Scope, K: Target> RelatedSelection for ToOne<S, T, K> {
    fn add_to(self, out: &mut Vec<Related>) {
        let related = Related {
            step: self.step(),
            path: self.target().path(),
            model: ModelRef::Static(K::Model::meta()),
            ops: read_related::<K::Model>(),
            children: Vec::new(),
        };
        insert(out, related, &self.target().path().steps, 0);
    }
}

/// Puts a relation under the ones on the way to it.
fn insert(level: &mut Vec<Related>, related: Related, steps: &[Step], depth: usize) {
    let known = level.iter().position(|other| other.step == steps[depth]);
    let last = depth + 1 == steps.len();
    match known {
        Some(index) if !last => insert(&mut level[index].children, related, steps, depth + 1),
        Some(_) => {}
        None if last => level.push(related),
        None => {
            // The way there has not been asked for: it is loaded as well, by the relation's own reader.
            let step = steps[depth].clone();
            let field = &step.model.fields[step.field as usize];
            if let Some(relation) = &field.relation {
                let model = relation.target();
                if let Some(ops) = model.ops {
                    let path =
                        Path { source: related.path.source, steps: crate::tree::Steps::Shared(steps[..=depth].into()) };
                    let mut way = Related { step, path, model, ops, children: Vec::new() };
                    insert(&mut way.children, related, steps, depth + 1);
                    level.push(way);
                }
            }
        }
    }
}

macro_rules! tuples {
    ($(($($part:ident . $index:tt),+))+) => {$(
        impl<$($part: RelatedSelection),+> RelatedSelection for ($($part,)+) {
            fn add_to(self, out: &mut Vec<Related>) {
                $(self.$index.add_to(out);)+
            }
        }
    )+};
}

tuples! {
    (A.0)
    (A.0, B.1)
    (A.0, B.1, C.2)
    (A.0, B.1, C.2, D.3)
    (A.0, B.1, C.2, D.3, E.4)
    (A.0, B.1, C.2, D.3, E.4, F.5)
    (A.0, B.1, C.2, D.3, E.4, F.5, G.6)
    (A.0, B.1, C.2, D.3, E.4, F.5, G.6, H.7)
}
