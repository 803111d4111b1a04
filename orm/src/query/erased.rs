//! Rows whose type is not known: what loading related rows needs of a model, so that the rest is written once for all.

use super::{Related, StartsWith};
use crate::{
    Model, Result,
    field::{Held, Loaded},
    model::{Reader, Writer},
};
use std::{any::Any, marker::PhantomData};

/// A row of some model.
pub trait AnyRow: Any + Send + Sync {
    /// The values of its primary key.
    fn key_values(&self, out: &mut Writer) -> Result<()>;
    /// The values of the columns of one field.
    fn field_values(&self, field: u16, out: &mut Writer) -> Result<()>;
    /// Hangs loaded rows under a relation.
    fn attach(&mut self, field: u16, rows: Loaded);
    /// What a relation holds.
    fn held(&self, field: u16) -> Option<&Held>;
}

impl<M: Model> AnyRow for M {
    fn key_values(&self, out: &mut Writer) -> Result<()> {
        crate::model::Key::write(&self.key(), out)
    }

    fn field_values(&self, field: u16, out: &mut Writer) -> Result<()> {
        self.write_field(field, out)
    }

    fn attach(&mut self, field: u16, rows: Loaded) {
        self.attach_related(field, rows);
    }

    fn held(&self, field: u16) -> Option<&Held> {
        Model::held(self, field)
    }
}

/// Rows of some model, each in the slot of what it belongs to.
pub trait AnyRows: Send {
    /// Reads one more row, and puts it into the slot that `slot` names for it.
    fn read(
        &mut self,
        row: &mut Reader<'_, '_>,
        slot: &mut dyn FnMut(&dyn AnyRow) -> Result<Option<u32>>,
    ) -> Result<()>;
    /// All of them.
    fn all(&self) -> Vec<&dyn AnyRow>;
    /// All of them.
    fn all_mut(&mut self) -> Vec<&mut dyn AnyRow>;
    /// What stands in each slot, as it is hung under an owner.
    fn into_loaded(self: Box<Self>) -> Vec<Option<Loaded>>;
}

/// Any number of rows in each slot: rows of `M`, or such that begin with one.
struct Lists<M, O>(Vec<Vec<O>>, PhantomData<M>);

impl<M: Model, O: StartsWith<M>> AnyRows for Lists<M, O> {
    fn read(
        &mut self,
        row: &mut Reader<'_, '_>,
        slot: &mut dyn FnMut(&dyn AnyRow) -> Result<Option<u32>>,
    ) -> Result<()> {
        let row = O::read_whole(row)?;
        if let Some(list) = slot(row.start())?.and_then(|slot| self.0.get_mut(slot as usize)) {
            list.push(row);
        }
        Ok(())
    }

    fn all(&self) -> Vec<&dyn AnyRow> {
        self.0.iter().flatten().map(|row| row.start() as &dyn AnyRow).collect()
    }

    fn all_mut(&mut self) -> Vec<&mut dyn AnyRow> {
        self.0.iter_mut().flatten().map(|row| row.start_mut() as &mut dyn AnyRow).collect()
    }

    fn into_loaded(self: Box<Self>) -> Vec<Option<Loaded>> {
        self.0.into_iter().map(|list| Some(Loaded::new(list))).collect()
    }
}

/// One row in each slot, or none.
struct Singles<M>(Vec<Option<M>>);

impl<M: Model> AnyRows for Singles<M> {
    fn read(
        &mut self,
        row: &mut Reader<'_, '_>,
        slot: &mut dyn FnMut(&dyn AnyRow) -> Result<Option<u32>>,
    ) -> Result<()> {
        let row: M = row.model()?;
        if let Some(single) = slot(&row)?.and_then(|slot| self.0.get_mut(slot as usize)) {
            *single = Some(row);
        }
        Ok(())
    }

    fn all(&self) -> Vec<&dyn AnyRow> {
        self.0.iter().flatten().map(|row| row as &dyn AnyRow).collect()
    }

    fn all_mut(&mut self) -> Vec<&mut dyn AnyRow> {
        self.0.iter_mut().flatten().map(|row| row as &mut dyn AnyRow).collect()
    }

    fn into_loaded(self: Box<Self>) -> Vec<Option<Loaded>> {
        self.0.into_iter().map(|single| single.map(Loaded::new)).collect()
    }
}

/// Rows that one has, without their type.
pub(super) fn all<M: Model>(rows: &[M]) -> Vec<&dyn AnyRow> {
    rows.iter().map(|row| row as &dyn AnyRow).collect()
}

/// Rows that one has, without their type.
pub(super) fn all_mut<M: Model>(rows: &mut [M]) -> Vec<&mut dyn AnyRow> {
    rows.iter_mut().map(|row| row as &mut dyn AnyRow).collect()
}

/// What can be done with the rows of a model without knowing its type.
pub struct RowOps {
    /// Reads a related row, and those below it; `None` when there is none.
    pub(crate) read: fn(&mut Reader<'_, '_>, &[Related]) -> Result<Option<Loaded>>,
    /// So many empty slots, for any number of rows each.
    pub(crate) lists: fn(usize) -> Box<dyn AnyRows>,
    /// So many empty slots, for one row each.
    pub(crate) singles: fn(usize) -> Box<dyn AnyRows>,
    /// What is loaded, if it is a row of the model.
    pub(crate) row: fn(&dyn Any) -> Option<&dyn AnyRow>,
    /// What is loaded, if it is a row of the model.
    pub(crate) row_mut: fn(&mut dyn Any) -> Option<&mut dyn AnyRow>,
}

impl std::fmt::Debug for RowOps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RowOps")
    }
}

struct Of<M, O>(M, O);

impl<M: Model, O: StartsWith<M>> Of<M, O> {
    const OPS: RowOps = RowOps {
        read: super::related::read_row::<M>,
        lists: |slots| Box::new(Lists::<M, O>(std::iter::repeat_with(Vec::new).take(slots).collect(), PhantomData)),
        singles: |slots| Box::new(Singles::<M>(std::iter::repeat_with(|| None).take(slots).collect())),
        row: |any| any.downcast_ref::<M>().map(|row| row as &dyn AnyRow),
        row_mut: |any| any.downcast_mut::<M>().map(|row| row as &mut dyn AnyRow),
    };
}

/// The operations on rows of `M`: what the derive puts into the model's metadata.
pub fn read_related<M: Model>() -> &'static RowOps {
    &Of::<M, M>::OPS
}

/// The operations on rows of `M` that have other values beside them.
pub(crate) fn read_beside<M: Model, O: StartsWith<M>>() -> &'static RowOps {
    &Of::<M, O>::OPS
}
