//! Rows whose type is not known: what loading related rows needs of a model, so that the rest is written once for all.

use super::Related;
use crate::{
    Model, Result,
    field::Loaded,
    model::{Reader, Writer},
};
use std::any::Any;

/// A row of some model.
pub trait AnyRow: Any + Send + Sync {
    /// The values of its primary key.
    fn key_values(&self, out: &mut Writer) -> Result<()>;
    /// The values of the columns of one field.
    fn field_values(&self, field: u16, out: &mut Writer) -> Result<()>;
    /// Hangs loaded rows under a relation.
    fn attach(&mut self, field: u16, rows: Loaded);
    /// What is loaded under a relation.
    fn loaded(&self, field: u16) -> Option<&Loaded>;
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

    fn loaded(&self, field: u16) -> Option<&Loaded> {
        self.related(field)
    }
}

/// Rows of some model.
pub trait AnyRows: Send {
    /// Reads one more row.
    fn read(&mut self, row: &mut Reader<'_, '_>) -> Result<()>;
    /// All of them.
    fn all(&self) -> Vec<&dyn AnyRow>;
    /// All of them.
    fn all_mut(&mut self) -> Vec<&mut dyn AnyRow>;
    /// The rows of each slot as one list; `slots` says where each row belongs.
    fn lists(self: Box<Self>, slots: &[u32], count: usize) -> Vec<Option<Loaded>>;
    /// The one row of each slot.
    fn singles(self: Box<Self>, slots: &[u32], count: usize) -> Vec<Option<Loaded>>;
}

impl<M: Model> AnyRows for Vec<M> {
    fn read(&mut self, row: &mut Reader<'_, '_>) -> Result<()> {
        self.push(row.model()?);
        Ok(())
    }

    fn all(&self) -> Vec<&dyn AnyRow> {
        all(self)
    }

    fn all_mut(&mut self) -> Vec<&mut dyn AnyRow> {
        all_mut(self)
    }

    fn lists(self: Box<Self>, slots: &[u32], count: usize) -> Vec<Option<Loaded>> {
        let mut sizes = vec![0; count];
        slots.iter().for_each(|&slot| sizes[slot as usize] += 1);
        let mut lists: Vec<Vec<M>> = sizes.into_iter().map(Vec::with_capacity).collect();
        for (row, &slot) in self.into_iter().zip(slots) {
            lists[slot as usize].push(row);
        }
        lists.into_iter().map(|list| Some(Loaded::new(list))).collect()
    }

    fn singles(self: Box<Self>, slots: &[u32], count: usize) -> Vec<Option<Loaded>> {
        let mut singles = vec![None; count];
        for (row, &slot) in self.into_iter().zip(slots) {
            singles[slot as usize] = Some(Loaded::new(row));
        }
        singles
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
    /// An empty list of rows.
    pub(crate) rows: fn() -> Box<dyn AnyRows>,
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

struct Of<M>(M);

impl<M: Model> Of<M> {
    const OPS: RowOps = RowOps {
        read: super::related::read_row::<M>,
        rows: || Box::new(Vec::<M>::new()),
        row: |any| any.downcast_ref::<M>().map(|row| row as &dyn AnyRow),
        row_mut: |any| any.downcast_mut::<M>().map(|row| row as &mut dyn AnyRow),
    };
}

/// The operations on rows of `M`: what the derive puts into the model's metadata.
pub fn read_related<M: Model>() -> &'static RowOps {
    &Of::<M>::OPS
}
