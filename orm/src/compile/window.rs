//! Window functions.

use super::{Sql, expr::bad};
use crate::{
    Dialect, Result,
    tree::{Aggregate, Aggregation, Bound, Expr, Frame, FrameUnit, Function, Windowed, Without},
};

impl Sql {
    pub(super) fn window(&mut self, windowed: &Windowed) -> Result<()> {
        if let Expr::Aggregate(of) = &windowed.call {
            self.refuse_in_window(of)?;
        }
        let around = self.over.replace(windowed.clone());
        let written = self.expr(&windowed.call);
        self.over = around;
        written
    }

    fn refuse_in_window(&self, of: &Aggregation) -> Result<()> {
        if of.distinct || !of.order.is_empty() {
            return Err(bad("an aggregate over a window is neither distinct nor ordered".to_owned()));
        }
        let spread = !matches!(
            of.function,
            Aggregate::Count
                | Aggregate::Sum
                | Aggregate::Avg
                | Aggregate::Min
                | Aggregate::Max
                | Aggregate::Join
                | Aggregate::Declared(_)
                | Aggregate::Written
        );
        match self.dialect {
            Dialect::Sqlite if spread && of.function != Aggregate::Any => Err(self.unsupported(
                "deviation, variance, truth or bits over a window",
                "compute it from sums and counts over the window",
            )),
            Dialect::MariaDb | Dialect::MySql if of.function == Aggregate::Join => {
                Err(self.unsupported("texts joined over a window", "join them in a subquery, or in Rust"))
            }
            _ => Ok(()),
        }
    }

    /// Writes the arguments of a function, which have nothing to do with its window.
    pub(super) fn inside(&mut self, write: impl FnOnce(&mut Sql) -> Result<()>) -> Result<()> {
        let over = self.over.take();
        let written = write(self);
        self.over = over;
        written
    }

    /// Writes the window after a function, if it has one.
    pub(super) fn over(&mut self) -> Result<()> {
        let Some(windowed) = self.over.take() else { return Ok(()) };
        let written = self.over_clause(&windowed);
        self.over = Some(windowed);
        written
    }

    fn over_clause(&mut self, windowed: &Windowed) -> Result<()> {
        self.push(" OVER (");
        if windowed.partition.is_empty() && windowed.order.is_empty() && self.dialect == Dialect::MariaDb {
            // A window over all rows makes it skip the sorts of others beside it; what is not constant does not, equal as it is.
            self.push("PARTITION BY RAND() * 0");
        }
        if !windowed.partition.is_empty() {
            self.push("PARTITION BY ");
            self.list(&windowed.partition, ", ", |sql, key| sql.operand(key))?;
        }
        if windowed.order.is_empty() && self.dialect == Dialect::MariaDb && needs_order(&windowed.call) {
            self.push(" ORDER BY NULL");
        }
        if !windowed.order.is_empty() {
            self.push(if windowed.partition.is_empty() { "ORDER BY " } else { " ORDER BY " });
            // A span of values counts from one key: MariaDB and MySQL then have no place for where NULLs stand, which are a span of their own.
            let counted =
                |frame: &Frame| frame.unit == FrameUnit::Range && (frame.start.counts() || frame.end.counts());
            let bare = self.dialect.is_mysql() && windowed.frame.as_ref().is_some_and(counted);
            self.list(&windowed.order, ", ", |sql, order| match bare {
                true => {
                    sql.operand(&order.expr)?;
                    sql.push(if order.descending { " DESC" } else { "" });
                    Ok(())
                }
                false => sql.order_by(order, |sql| sql.operand(&order.expr)),
            })?;
        }
        if let Some(frame) = &windowed.frame {
            self.frame(frame)?;
        }
        self.push(")");
        Ok(())
    }

    fn frame(&mut self, frame: &Frame) -> Result<()> {
        self.push(match frame.unit {
            FrameUnit::Rows => " ROWS BETWEEN ",
            FrameUnit::Range => " RANGE BETWEEN ",
        });
        self.bound(frame.start);
        self.push(" AND ");
        self.bound(frame.end);
        let Some(without) = frame.without else { return Ok(()) };
        if !self.dialect.capabilities().frame_exclusion {
            return Err(self.unsupported("frame that leaves rows out", "take their part away from the whole"));
        }
        self.push(match without {
            Without::Current => " EXCLUDE CURRENT ROW",
            Without::Equals => " EXCLUDE GROUP",
            Without::Others => " EXCLUDE TIES",
        });
        Ok(())
    }

    fn bound(&mut self, bound: Bound) {
        match bound {
            Bound::First => self.push("UNBOUNDED PRECEDING"),
            Bound::Last => self.push("UNBOUNDED FOLLOWING"),
            Bound::Current => self.push("CURRENT ROW"),
            // A number that the program wrote: no bind can stand here on MariaDB.
            Bound::Before(rows) => self.push(&format!("{rows} PRECEDING")),
            Bound::After(rows) => self.push(&format!("{rows} FOLLOWING")),
        }
    }

    pub(super) fn window_function(&self, function: Function) -> &'static str {
        match function {
            Function::RowNumber => "ROW_NUMBER",
            Function::Rank => "RANK",
            Function::DenseRank => "DENSE_RANK",
            Function::PercentRank => "PERCENT_RANK",
            Function::CumeDist => "CUME_DIST",
            Function::Ntile => "NTILE",
            Function::Lag => "LAG",
            Function::Lead => "LEAD",
            Function::FirstValue => "FIRST_VALUE",
            Function::LastValue => "LAST_VALUE",
            _ => "NTH_VALUE",
        }
    }

    pub(super) fn random(&mut self) {
        self.push(match self.dialect {
            // 53 bits, as many as a float keeps.
            Dialect::Sqlite => "((random() & 9007199254740991) / 9007199254740992.0)",
            Dialect::Postgres => "RANDOM()",
            Dialect::MariaDb | Dialect::MySql => "RAND()",
        });
    }
}

/// What MariaDB takes over no rows without an order: all rows are equal in one by NULL.
fn needs_order(call: &Expr) -> bool {
    use Function::{CumeDist, DenseRank, Lag, Lead, PercentRank, Rank};
    matches!(call, Expr::Call(Rank | DenseRank | PercentRank | CumeDist | Lag | Lead, _))
}
