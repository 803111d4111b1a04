//! What rows are ordered by.

use super::{
    Node, Nulls, Order, Term,
    path::{Found, many, parts},
    scope::{Scope, bad},
};
use crate::{
    Result,
    tree::{Expr, Order as OrderBy},
};

impl Scope<'_> {
    /// The keys of an order.
    pub(super) fn order(&self, keys: &[Order]) -> Result<Vec<OrderBy>> {
        let mut order = Vec::new();
        for key in keys {
            match key {
                Order::Path(path) => {
                    let (path, descending) = match path.strip_prefix('-') {
                        Some(path) => (path, true),
                        None => (path.strip_prefix('+').unwrap_or(path), false),
                    };
                    let exprs = self.keys(path)?.into_iter().filter(|expr| !matches!(expr, Expr::Value(_)));
                    order.extend(exprs.map(|expr| OrderBy { expr, descending, nulls_first: None }));
                }
                Order::Term { by, desc, nulls } => {
                    let built = self.term(by, None)?;
                    if matches!(built.expr, Expr::Value(_)) {
                        // A name may stand for a plain value: all rows are alike in it.
                        if matches!(by, Term::Node(node) if matches!(**node, Node::Path(_))) {
                            continue;
                        }
                        return Err(bad("a plain value orders nothing").with_hint("write a path, or `{\"path\": ..}`"));
                    }
                    let nulls_first = nulls.map(|nulls| nulls == Nulls::First);
                    order.push(OrderBy { expr: built.selected().expr, descending: *desc, nulls_first });
                }
            }
        }
        Ok(order)
    }

    /// What a path leads to, as values: the key of a relation may have several.
    pub(super) fn keys(&self, path: &str) -> Result<Vec<Expr>> {
        let parts = parts(path);
        Ok(match self.walk(&parts)? {
            (Found::Key { path: at, model, key }, taken) if taken == parts.len() => Found::key(&at, &model, &key),
            (Found::Many { .. }, _) => return Err(many(path)),
            _ => vec![self.term(&super::path(path), None)?.expr],
        })
    }
}
