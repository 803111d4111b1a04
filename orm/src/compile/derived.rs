//! Queries that are read as a table.

use super::{Sql, select::Names};
use crate::{
    Dialect, Error, Result,
    resolve::Frame,
    tree::{Derived, Select, SetOp},
};

impl Sql {
    /// A query where a table may stand: between parentheses, or by its name.
    pub(super) fn derived(&mut self, derived: &Derived) -> Result<()> {
        if self.stands_alone(derived) {
            return Err(self.reaches_out());
        }
        match derived {
            Derived::Query(query) => {
                self.push("(");
                self.select_named(query, Names::Derived)?;
            }
            Derived::Set { op, left, right } => {
                self.push("(");
                self.parts(*op, [left, right])?;
            }
            Derived::Common(common) => return self.common(common),
            Derived::Before => return self.before(),
        }
        self.push(")");
        Ok(())
    }

    /// Whether what is written as a table would look at rows around it, where a table has to stand alone.
    pub(super) fn stands_alone(&self, derived: &Derived) -> bool {
        self.dialect == Dialect::MariaDb && derived.reaches_out()
    }

    fn reaches_out(&self) -> Error {
        self.unsupported(
            "query in place of a table that looks at the rows around it",
            "put the condition on the rows that come out of it, or ask in two queries",
        )
    }

    /// Two queries as sets, which are no table: put in order and cut off where they stand.
    pub(super) fn plain_set(&mut self, select: &Select, op: SetOp, parts: [&Select; 2], from: &Derived) -> Result<()> {
        // A part that is a set itself, or cut off, would need parentheses, which MariaDB takes for a table.
        let bare = |part: &Select| part.is_sliced() || part.from.as_deref().is_some_and(Derived::reaches_out);
        if parts.iter().any(|part| bare(part)) && from.reaches_out() {
            return Err(self.reaches_out());
        }
        let frame = Frame::new(select, &self.frames)?;
        self.frames.push(frame);
        let written = self.parts(op, parts);
        self.frames.pop();
        written?;
        if !select.order.is_empty() {
            self.push(" ORDER BY ");
            self.list(&select.order, ", ", |sql, order| {
                let place = order.expr.at_place().unwrap_or_default();
                sql.order_by(order, |sql| {
                    sql.push(&format!("c{place}"));
                    Ok(())
                })
            })?;
        }
        self.slice(select.limit, select.offset);
        Ok(())
    }

    fn parts(&mut self, op: SetOp, [left, right]: [&Select; 2]) -> Result<()> {
        self.part(left)?;
        self.push(match op {
            SetOp::Union => " UNION ",
            SetOp::UnionAll => " UNION ALL ",
            SetOp::Intersection => " INTERSECT ",
            SetOp::Difference => " EXCEPT ",
        });
        self.part(right)
    }

    /// One side of a set operation: what is cut off has an order of its own, which stands one query further inside.
    pub(super) fn part(&mut self, query: &Select) -> Result<()> {
        if !query.is_sliced() {
            return self.select_named(query, Names::Derived);
        }
        self.push("SELECT * FROM (");
        self.select_named(query, Names::Derived)?;
        self.push(") AS part");
        Ok(())
    }

    /// A value that the derived table at a source has selected.
    pub(super) fn derived_column(&mut self, source: u16, place: u16) -> Result<()> {
        if let Some(frame) = self.frames.last().filter(|_| self.qualified) {
            self.alias(frame.source(source)?);
            self.push(".");
        }
        self.push(&format!("c{place}"));
        Ok(())
    }
}
