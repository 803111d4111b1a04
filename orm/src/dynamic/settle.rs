//! Queries whose rows are looked at again: after windows, slices, groups and sets.

use super::{
    scope::{Built, Name, Scope, bad},
    select::{Builder, Stage},
};
use crate::{
    Result,
    tree::{Expr, Order as OrderBy, Select, Selected},
};

impl<'s> Builder<'s> {
    /// Makes the query as it is a table, so that what follows is about its rows.
    pub(super) fn derive(&mut self) -> Result<()> {
        let (mut select, row) = self.take()?.finish()?;
        select.derive_values();
        // The order that the rows have is known by what they hold; what else they were ordered by is gone.
        let order = std::mem::take(&mut select.order).into_iter().map_while(|order| {
            let place = match &order.expr {
                Expr::Selected(place) => Some(usize::from(*place)),
                expr => row.iter().position(|(_, built)| built.expr == *expr),
            };
            match select.selection.get(place?)? {
                Selected::Expr(expr) => Some(OrderBy { expr: expr.clone(), ..order }),
                Selected::Model { .. } => None,
            }
        });
        select.order = order.collect();
        select.default_order = false;
        self.stand_on(select, row)
    }

    /// The query so far; what is left in its place is over the same model.
    pub(super) fn take(&mut self) -> Result<Builder<'s>> {
        if self.stage == Stage::Typed {
            return Err(bad("a query that is applied to a typed one cannot change what its rows are"));
        }
        let mut scope = Scope::new(self.scope.catalog, self.budget, self.scope.model.clone(), self.scope.around);
        scope.zone.clone_from(&self.scope.zone);
        Ok(std::mem::replace(self, Builder::new(scope)))
    }

    /// Goes on with rows that queries inside give.
    pub(super) fn stand_on(&mut self, select: Select, row: Vec<(String, Built)>) -> Result<()> {
        let derived = row.into_iter().zip(&select.selection).map(|((name, built), selected)| {
            let expr = match selected {
                Selected::Expr(expr) => expr.clone(),
                Selected::Model { .. } => built.expr,
            };
            (name, Built { expr, ..built })
        });
        self.row = derived.collect();
        self.scope.names = self.row.iter().map(|(name, built)| (name.clone(), Name::Term(built.clone()))).collect();
        (self.scope.derived, self.stage, self.select) = (true, Stage::Values, select);
        Ok(())
    }

    /// Whether the rows are known by what they hold, and by no fields of a model: what was picked of joined rows, too.
    fn holds_values(&self) -> bool {
        let joined = self.stage == Stage::Values && !self.select.joins.is_empty();
        self.stage == Stage::Groups || self.select.distinct || self.scope.derived || joined
    }

    /// Makes sure that what follows is about the rows as they are, after windows and slices.
    pub(super) fn settle_rows(&mut self) -> Result<()> {
        let mut windows = self.windows();
        match windows.is_empty() && !self.select.has_window() {
            true => self.settle(),
            false => self.derive_windows(&mut windows),
        }
    }

    /// What windows give, that rows, names and the order know.
    pub(super) fn windows(&self) -> Vec<Expr> {
        let named = self.scope.names.iter().filter_map(|(_, name)| match name {
            Name::Term(built) => Some(&built.expr),
            Name::Join(..) => None,
        });
        let order = self.select.order.iter().map(|order| &order.expr);
        let mut windows = Vec::new();
        for expr in self.row.iter().map(|(_, built)| &built.expr).chain(named).chain(order) {
            expr.visit(0, &mut |part, depth| {
                let window = matches!(part, Expr::Window(_)) || part.makes_rows();
                if depth == 0 && window && !windows.contains(part) {
                    windows.push(part.clone());
                }
            });
        }
        windows
    }

    /// Makes the query a table in which the windows have their values; the fields of its rows can still be named.
    fn derive_windows(&mut self, windows: &mut Vec<Expr>) -> Result<()> {
        if self.holds_values() {
            return self.derive();
        }
        if !self.select.joins.is_empty() {
            return Err(bad("joined rows are rows of several models, which a filter after a window cannot keep apart")
                .with_hint(
                    "filter first, or name what is wanted of them by `values`, the window too, and filter then",
                ));
        }
        let before = self.select.selection.len();
        self.select.selection.extend(windows.iter().cloned().map(Selected::Expr));
        self.select.derive();
        let places = self.select.selection.split_off(before).into_iter();
        let known: Vec<(Expr, Expr)> = windows
            .drain(..)
            .zip(places)
            .filter_map(|(window, place)| match place {
                Selected::Expr(place) => Some((window, place)),
                Selected::Model { .. } => None,
            })
            .collect();
        let read = |expr: &mut Expr| {
            expr.update(0, &mut |part, depth| {
                if let Some((_, place)) = known.iter().find(|(window, _)| depth == 0 && window == part) {
                    *part = place.clone();
                }
            });
        };
        self.row.iter_mut().for_each(|(_, built)| read(&mut built.expr));
        self.select.order.iter_mut().for_each(|order| read(&mut order.expr));
        for (_, name) in &mut self.scope.names {
            if let Name::Term(built) = name {
                read(&mut built.expr);
            }
        }
        Ok(())
    }

    /// Makes a slice a condition, so that what follows is about its rows.
    pub(super) fn settle(&mut self) -> Result<()> {
        if !self.select.is_sliced() {
            return Ok(());
        }
        if self.holds_values() {
            return self.derive();
        }
        if !self.select.joins.is_empty() {
            return Err(bad("joined rows cannot be changed after `limit` or `offset`")
                .with_hint("cut them at the end, or name what is wanted of them by `values` first"));
        }
        self.select.settle_slice();
        Ok(())
    }
}
