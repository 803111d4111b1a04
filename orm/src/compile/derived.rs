//! Queries that are read as a table.

use super::{Sql, select::Names};
use crate::{
    Result,
    tree::{Derived, Select, SetOp},
};

impl Sql {
    /// A query between parentheses, where a table may stand.
    pub(super) fn derived(&mut self, derived: &Derived) -> Result<()> {
        self.push("(");
        match derived {
            Derived::Query(query) => self.select_named(query, Names::Derived)?,
            Derived::Set { op, left, right } => {
                self.part(left)?;
                self.push(match op {
                    SetOp::Union => " UNION ",
                    SetOp::UnionAll => " UNION ALL ",
                    SetOp::Intersection => " INTERSECT ",
                    SetOp::Difference => " EXCEPT ",
                });
                self.part(right)?;
            }
        }
        self.push(")");
        Ok(())
    }

    /// One side of a set operation: what is cut off has an order of its own, which stands one query further inside.
    fn part(&mut self, query: &Select) -> Result<()> {
        if !query.is_sliced() {
            return self.select_named(query, Names::Derived);
        }
        self.push("SELECT * FROM (");
        self.select_named(query, Names::Derived)?;
        self.push(") AS part");
        Ok(())
    }

    /// A value that the derived table has selected.
    pub(super) fn derived_column(&mut self, place: u16) {
        let alias = self.frames.last().filter(|_| self.qualified).map(|frame| frame.tables[0].alias.clone());
        if let Some(alias) = alias {
            self.name(&alias);
            self.push(".");
        }
        self.push(&format!("c{place}"));
    }
}
