//! How deep terms and queries may stand in each other, whatever a catalog's limits say: all that is done with them, to the dropping of
//! them, goes down into them, and the stack of a thread ends.

use super::{Call, Node, Order, Pick, Prefetch, Query, Term};
use serde::{Deserialize, Deserializer, de::Error};
use std::cell::Cell;

/// How deep terms and queries may stand in each other: what a thread of 2 MiB can check, in a build that is not optimised.
pub(super) const DEEPEST: usize = 100;

/// How much deeper a query makes what stands in it.
const QUERY: usize = 2;

/// How deep those may stand in each other that are read from another format: reading one takes more of the stack than anything else.
const READABLE: usize = 50;

thread_local! {
    /// How deep the term is that is being read.
    static READ: Cell<usize> = const { Cell::new(0) };
}

/// Reads what stands in others, unless it is too deep.
pub(super) fn nested<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    read: impl FnOnce(D) -> Result<T, D::Error>,
) -> Result<T, D::Error> {
    /// One level, to its end.
    struct Level;

    impl Drop for Level {
        fn drop(&mut self) {
            READ.set(READ.get().saturating_sub(1));
        }
    }

    READ.set(READ.get() + 1);
    let _level = Level;
    match READ.get() > READABLE {
        true => Err(D::Error::custom(format!("terms and queries stand in each other more than {READABLE} deep"))),
        false => read(deserializer),
    }
}

/// The same, as an attribute of a field.
pub(super) fn read<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    nested(deserializer, T::deserialize)
}

impl Term {
    /// The term, or what stands in its place where it is too deep.
    pub(super) fn bounded(self) -> Term {
        match self.is_deeper(DEEPEST) {
            true => Term::Node(Box::new(Node::TooDeep(DEEPEST))),
            false => self,
        }
    }

    /// Whether another term can hold it.
    pub(super) fn fits_inside(&self) -> bool {
        !self.is_deeper(DEEPEST - 1)
    }

    fn is_deeper(&self, levels: usize) -> bool {
        let Some(below) = levels.checked_sub(1) else { return true };
        match self {
            Term::Value(_) => false,
            Term::List(terms) => terms.iter().any(|term| term.is_deeper(below)),
            Term::Node(node) => match &**node {
                Node::Exists(query) | Node::Query(query) => query.is_deeper(below),
                node => node.parts().into_iter().any(|term| term.is_deeper(below)),
            },
        }
    }
}

impl Query {
    fn is_deeper(&self, levels: usize) -> bool {
        let Some(below) = levels.checked_sub(QUERY) else { return true };
        self.calls.iter().any(|call| call.is_deeper(below))
    }
}

impl Call {
    /// The call, or one that refuses the query where it is too deep.
    pub(super) fn bounded(self) -> Call {
        match self.is_deeper(DEEPEST) {
            true => Call::Filter(Node::TooDeep(DEEPEST).into()),
            false => self,
        }
    }

    fn is_deeper(&self, levels: usize) -> bool {
        let pick = |pick: &Pick| matches!(pick, Pick::Term { term, .. } if term.is_deeper(levels));
        let order = |order: &Order| matches!(order, Order::Term { by, .. } if by.is_deeper(levels));
        let rows = |prefetch: &Prefetch| match prefetch {
            Prefetch::Rows(rows) => rows.query.as_ref().is_some_and(|query| query.is_deeper(levels)),
            Prefetch::Path(_) => false,
        };
        match self {
            Call::Filter(term) | Call::Exclude(term) => term.is_deeper(levels),
            Call::Annotate(items) | Call::Alias(items) | Call::Aggregate(items) => {
                items.iter().any(|(_, term)| term.is_deeper(levels))
            }
            Call::Join(join) => join.on.iter().any(|term| term.is_deeper(levels)),
            Call::Values(picks) | Call::GroupBy(picks) | Call::DistinctOn(picks) => picks.iter().any(pick),
            Call::OrderBy(keys) => keys.iter().any(order),
            Call::Prefetch(relations) => relations.iter().any(rows),
            Call::Union(other) | Call::UnionAll(other) | Call::Intersection(other) | Call::Difference(other) => {
                other.is_deeper(levels)
            }
            Call::Reverse
            | Call::Distinct
            | Call::SelectRelated(_)
            | Call::Zone(_)
            | Call::Limit(_)
            | Call::Offset(_)
            | Call::Nothing => false,
        }
    }
}
