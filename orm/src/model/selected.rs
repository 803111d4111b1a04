//! The handles of a model that a query selects.

use super::Model;
use crate::{
    field::{At, Opt, PathNode},
    tree::{Expr, Select, Selected},
};

/// The handles of a model that is selected at `place`; the derive's `RowPart` calls it.
#[doc(hidden)]
pub fn model_handles<M: Model, R: 'static>(select: &Select, place: u16) -> M::Fields<At<R>> {
    M::fields_at(place_of::<M>(select, place))
}

/// The same below an outer join.
#[doc(hidden)]
pub fn optional_model_handles<M: Model, R: 'static>(select: &Select, place: u16) -> M::Fields<Opt<At<R>>> {
    M::fields_at(place_of::<M>(select, place))
}

/// Where the model that is selected at `place` stands: as a whole, or column by column.
fn place_of<M: Model>(select: &Select, place: u16) -> &'static PathNode {
    match select.selection.get(usize::from(place)) {
        Some(Selected::Model { path, .. }) => PathNode::root(M::meta(), path.source),
        Some(Selected::Expr(Expr::Column { path, .. })) => {
            PathNode::at(path).unwrap_or_else(|| PathNode::root(M::meta(), 0))
        }
        _ => PathNode::root(M::meta(), 0),
    }
}
