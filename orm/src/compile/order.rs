//! The order of rows: where NULLs stand, and what documents are.

use super::{Sql, select::position};
use crate::{
    Dialect, Kind, Result,
    tree::{Expr, Function, Order, Select, Selected},
};

impl Sql {
    pub(super) fn order(&mut self, select: &Select, order: &Order) -> Result<()> {
        let written = || order.expr.clone().with_selected(&select.selection);
        if order.expr.computes_on(|_| true) || self.dialect != Dialect::Postgres && self.is_document(&written()) {
            let order = Order { expr: written(), ..order.clone() };
            return self.order_by(&order, |sql| sql.operand(&order.expr));
        }
        self.order_by(order, |sql| sql.order_key(select, &order.expr))
    }

    /// A key of an ordering, with NULLs in their place.
    pub(super) fn order_by(&mut self, order: &Order, key: impl Fn(&mut Sql) -> Result<()>) -> Result<()> {
        if self.dialect != Dialect::Postgres && self.is_document(&order.expr) {
            return self.order_by_document(order);
        }
        let nullable = self.nullable(&order.expr) || order.nulls_first.is_some();
        let first = order.nulls_first.unwrap_or(order.descending);
        if nullable && !self.dialect.capabilities().nulls_order {
            // FALSE comes before TRUE: rows with a value first, unless NULLs are to be.
            key(self)?;
            self.push(if first { " IS NULL DESC, " } else { " IS NULL, " });
        }
        key(self)?;
        if order.descending {
            self.push(" DESC");
        }
        let natural = order.descending && self.dialect == Dialect::Postgres
            || !order.descending && self.dialect == Dialect::Sqlite;
        let usual = self.dialect.capabilities().nulls_order && (first == natural && self.dialect == Dialect::Postgres);
        if nullable && self.dialect.capabilities().nulls_order && !usual {
            self.push(if first { " NULLS FIRST" } else { " NULLS LAST" });
        }
        Ok(())
    }

    fn order_key(&mut self, select: &Select, expr: &Expr) -> Result<()> {
        let place = match expr {
            Expr::Selected(place) => Some(*place),
            _ => None,
        };
        // An exact sum is selected as text, and has to be ordered as a number.
        let text = |sql: &Self, place: u16| match select.selection.get(usize::from(place)) {
            Some(Selected::Expr(expr)) => sql.is_exact_sum(expr),
            _ => false,
        };
        match place {
            Some(place) if self.dialect.capabilities().nulls_order && !text(self, place) => {
                self.push(&(position(select, place) + 1).to_string());
                Ok(())
            }
            Some(place) => match select.selection.get(place as usize) {
                Some(Selected::Expr(expr)) => self.operand(expr),
                _ => Ok(()),
            },
            None => self.operand(expr),
        }
    }

    fn is_document(&self, expr: &Expr) -> bool {
        self.kind(expr) == Some(Kind::Json)
    }

    /// Whether a set's rows are ordered by documents, which its first part selects.
    pub(super) fn orders_by_documents(&self, set: &Select, first: &Select) -> bool {
        let mut places = set.order.iter().filter_map(|order| order.expr.at_place());
        let selects = |place: u16| match first.selection.get(usize::from(place)) {
            Some(Selected::Expr(expr)) => self.is_document(expr),
            _ => false,
        };
        self.dialect != Dialect::Postgres && places.any(selects)
    }

    /// An order by documents as PostgreSQL has it, where a document is a text: by what each is, then by its number or its text.
    fn order_by_document(&mut self, order: &Order) -> Result<()> {
        let (on, descending) = (&order.expr, if order.descending { " DESC" } else { "" });
        let nulls_first = order.nulls_first.unwrap_or(order.descending);
        self.side(on)?;
        self.push(if nulls_first { " IS NULL DESC, " } else { " IS NULL, " });
        let (type_of, kinds) = match self.dialect {
            Dialect::Sqlite => ("json_type(", ["null", "text", "true", "false", "array", "object"]),
            _ => ("JSON_TYPE(", ["NULL", "STRING", "BOOLEAN", "BOOLEAN", "ARRAY", "OBJECT"]),
        };
        self.around(&format!("CASE {type_of}"), on, ")")?;
        for (kind, place) in kinds.into_iter().zip([0, 1, 3, 3, 4, 5]) {
            self.push(&format!(" WHEN '{kind}' THEN {place}"));
        }
        self.push(&format!(" ELSE 2 END{descending}, "));
        for function in [Function::JsonFloat, Function::JsonText] {
            self.json_as(function, on)?;
            self.push(&format!("{descending}, "));
        }
        self.side(on)?;
        self.push(descending);
        Ok(())
    }
}
