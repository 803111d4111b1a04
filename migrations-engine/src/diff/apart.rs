//! Fields that are renamed and changed otherwise at once: the one is done apart from the other.

use super::expand::expanded;
use crate::operation::Operation;
use crate::schema::{ColumnType, Field, Schema};

/// The operations of a migration, with what else changes of a field that is renamed before the rename or after all.
pub(super) struct Apart {
    /// Where what changes before has been put in front of the rename.
    pub(super) operations: Vec<Operation>,
    /// What changes when programs of the version before are gone.
    pub(super) after: Option<Operation>,
}

/// Takes what else changes of a field apart from its rename, if that can be done in steps then and programs of both versions can do with
/// what the columns are meanwhile: text that becomes longer is so from the beginning, and all else in the end. Programs of the new version cannot
/// do with NULL where they know of none.
pub(super) fn apart(state: &Schema, operations: &[Operation], at: usize) -> Option<Apart> {
    let Operation::RenameField { model, field: from, to, .. } = operations.get(at)? else { return None };
    let changes = |other: &Operation| matches!(other, Operation::AlterField { model: of, field, .. } if of == model && field.name == *to);
    let place = at + 1 + operations[at + 1..].iter().position(changes)?;
    let mut operations = operations.to_vec();
    let alter = operations.remove(place);
    let Operation::AlterField { field, .. } = &alter else { return None };
    expanded(state, &operations, at)?;
    let old = state.models.get(model)?.field(from)?;
    let mut after = state.clone();
    operations[at].apply(&mut after).ok()?;
    let renamed = after.models.get(model)?.field(to)?;
    let plain = |field: &Field| field.relation.is_none() && field.generated.is_none() && !field.auto;
    let unknown_null = old.null && !field.null;
    if unknown_null
        || renamed.column != field.column
        || !plain(old)
        || !plain(field)
        || !serves_both(&old.ty, &field.ty)
    {
        return None;
    }
    let longer = longer(&old.ty, &field.ty);
    let ty = if longer { &field.ty } else { &old.ty };
    let nameless = |field: &Field| Field { names: Default::default(), ..field.clone() };
    let is_all = nameless(field) == Field { ty: ty.clone(), ..nameless(renamed) };
    if longer {
        let first = Field { ty: ty.clone(), ..nameless(old) };
        operations.insert(at, Operation::AlterField { model: model.clone(), field: first, fill: None });
    }
    Some(Apart { operations, after: (!is_all).then_some(alter) })
}

/// Whether text may be longer.
fn longer(old: &ColumnType, new: &ColumnType) -> bool {
    match (old, new) {
        (ColumnType::Char { max_length: old }, ColumnType::Char { max_length: new }) => new > old,
        (ColumnType::Char { .. }, ColumnType::Text) => true,
        _ => false,
    }
}

/// Whether programs that know either type can do with the column of the other for a time.
fn serves_both(old: &ColumnType, new: &ColumnType) -> bool {
    let width = |ty: &ColumnType| match ty {
        ColumnType::SmallInt => Some(16),
        ColumnType::Integer => Some(32),
        ColumnType::BigInt => Some(64),
        _ => None,
    };
    let wider = width(old).zip(width(new)).is_some_and(|(old, new)| new > old);
    old == new || wider || longer(old, new) || longer(new, old)
}
