//! Queries that are read as a table.

use super::{Sql, select::Names};
use crate::{
    Dialect, Result,
    tree::{Derived, Select, SetOp},
};

impl Sql {
    /// A query where a table may stand: between parentheses, or by its name.
    pub(super) fn derived(&mut self, derived: &Derived) -> Result<()> {
        if self.dialect == Dialect::MariaDb && derived.reaches_out() {
            return Err(self.unsupported(
                "query in place of a table that looks at the rows around it",
                "put the condition on the rows that come out of it, or ask in two queries",
            ));
        }
        match derived {
            Derived::Query(query) => {
                self.push("(");
                self.select_named(query, Names::Derived)?;
            }
            Derived::Set { op, left, right } => {
                self.push("(");
                self.part(left)?;
                self.push(match op {
                    SetOp::Union => " UNION ",
                    SetOp::UnionAll => " UNION ALL ",
                    SetOp::Intersection => " INTERSECT ",
                    SetOp::Difference => " EXCEPT ",
                });
                self.part(right)?;
            }
            Derived::Common(common) => return self.common(common),
            Derived::Before => return self.before(),
        }
        self.push(")");
        Ok(())
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
